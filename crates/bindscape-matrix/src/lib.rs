//! Sequences, coordinates, file formats and the binding matrix.
//!
//! This crate knows biology's data and nothing of networks or terminals.
//! Coordinates are 0-based and half-open throughout, as in BED.

pub mod atomic;
pub mod bed;
mod bits;
pub mod dataset;
pub mod digest;
pub mod error;
pub mod fasta;
pub mod genome;
pub mod input;
pub mod journal;
pub mod load;
pub mod matrix;
pub mod names;
pub mod npz;
pub mod pickle;
pub mod progress;
pub mod protein;
pub mod region;
pub mod results;
pub mod rng;
pub mod sample;
pub mod scores;
pub mod sequence;
pub mod sheet;
pub mod simulate;
pub mod split;
pub mod tiling;
pub mod torch;
pub mod twobit;

pub use error::{Error, InputError, Place, Result};
