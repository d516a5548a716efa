#![doc = include_str!("../README.md")]

mod background;
pub mod cluster;
pub mod compare;
pub mod discover;
pub mod format;
pub mod jaspar;
mod letters;
pub mod logo;
mod matrix;
mod motif;
pub mod pvalue;
pub mod scan;
mod species;
mod text;
#[cfg(test)]
mod vectors;

pub use background::Background;
pub use format::{Format, motifs_from, read_motifs};
pub use jaspar::jaspar;
pub use letters::LETTERS;
pub use logo::Logo;
pub use matrix::{Counts, Frequencies, LogOdds, Pseudocount};
pub use motif::{ASSUMED_SITES, EValue, Metadata, Motif, MotifSet};
