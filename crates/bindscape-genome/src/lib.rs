//! Regions of a genome, their sequences, and the files both come in: FASTA, 2bit, BED and
//! narrowPeak.
//!
//! Coordinates are 0-based and half-open throughout, as in BED. This crate knows nothing of
//! matrices or networks.

pub mod bed;
pub mod chromosome;
pub mod fasta;
pub mod genome;
pub mod load;
pub mod region;
pub mod sequence;
pub mod tiling;
pub mod twobit;
