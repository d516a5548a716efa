//! Encoder layers of a transformer over sequences of unequal length, without padding:
//! layer norm before each part, rotary attention, GELU, and linear layers whose weights
//! are packed once.
//!
//! The tokens of all sequences lie in one array of rows ([`Sequences`]), each sequence
//! in rows of its own. What a sequence comes to depends on nothing but itself: not on its
//! neighbours, and not on the number of threads.

mod attention;
mod encoder;
mod gelu;
mod layer_norm;
mod linear;
mod sequences;

pub use attention::{AttentionShape, Rotary, attention, attention_weights};
pub use encoder::{Encoder, EncoderLayer, Norm, State};
pub use layer_norm::layer_norm;
pub use linear::{Finish, Linear};
pub use sequences::Sequences;

#[cfg(test)]
mod tests;
