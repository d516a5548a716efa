//! The binding matrix, TF x region: built from evidence, read and written, sampled and split
//! for training; and the plain result records that one part writes and another reads.
//!
//! This crate knows nothing of the network framework or of terminals. Coordinates are 0-based
//! and half-open throughout, as in BED.

mod binding;
mod bits;
pub mod build;
pub mod dataset;
pub mod inspect;
pub mod overlap;
pub mod parquet;
pub mod published;
pub mod results;
pub mod sample;
pub mod scores;
pub mod sheet;
pub mod similarity;
pub mod simulate;
pub mod split;

pub use binding::{BindingMatrix, Code, Provenance, View, tf_index};
