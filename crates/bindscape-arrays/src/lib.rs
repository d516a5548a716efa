#![doc = include_str!("../README.md")]

pub mod npz;
pub mod pickle;
pub mod torch;
