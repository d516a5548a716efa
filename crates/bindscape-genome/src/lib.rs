#![doc = include_str!("../README.md")]

pub mod assembly;
pub mod bed;
pub mod chromosome;
pub mod fasta;
pub mod genome;
pub mod load;
pub mod region;
pub mod sequence;
pub mod tiling;
pub mod twobit;
