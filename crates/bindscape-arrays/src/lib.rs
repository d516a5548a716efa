//! Arrays and objects in files that Python writes: NPZ, pickles and `torch.save`.
//!
//! A pickle is a program. None is run here: each reader understands the few instructions that
//! describe the data it expects, and refuses the others by name.

pub mod npz;
pub mod pickle;
pub mod torch;
