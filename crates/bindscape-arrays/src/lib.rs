#![doc = include_str!("../README.md")]

pub mod model_file;
pub mod npz;
pub mod pickle;
pub mod torch;
