#![doc = include_str!("../README.md")]
//!
//! Each layer has a forward pass, which says what its backward pass will need, and that
//! backward pass, written by hand.
//!
//! - Activations are channels-last, `[batch, length, channels]`; weights are in
//!   PyTorch's layouts. All numbers are `f32`.
//! - Vectors are chosen at run time: AVX-512, AVX2 with FMA, or NEON ([`vectors`]).
//!   A program can ask for narrower ones ([`limit_vectors`]).
//! - [`windows`] is the inner loop of motif scanning: bytes in, candidate windows out.
//! - [`bytes`] compares rounded copies of numbers, for bounds that are cheap.
//! - Intermediate results lie in a [`Buffer`](buffer::Buffer), which is used over again.
// Tiles of products are addressed by hand, and threads write parts of one array.
#![allow(unsafe_code)]
// One index into several arrays of one length is what the compiler turns into vectors.
#![allow(clippy::needless_range_loop)]

mod activation;
pub mod adam;
pub mod buffer;
pub mod bytes;
pub mod conv;
pub mod dense;
pub mod differences;
pub mod first;
mod gemm;
mod lanes;
mod limit;
pub mod lstm;
pub mod norm;
mod parallel;
pub mod products;
pub mod transformer;
pub use limit::{Vectors, limit_vectors};
pub use parallel::{vectorized, vectors};
pub mod windows;
mod winograd;
#[cfg(target_arch = "x86_64")]
mod x86;

#[cfg(test)]
mod tests;
