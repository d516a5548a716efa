//! Motifs of DNA-binding proteins: their types, the formats they come in, and what is
//! done with them.
//!
//! A motif passes through stages, each with a type of its own so that none is skipped:
//! [`Counts`] of sites, [`Frequencies`], and [`LogOdds`] against a [`Background`]. The
//! letters are A, C, G, T in this order everywhere; files in another order are
//! permuted when they are read, and U of RNA is read as T.
//!
//! [`read_motifs`] reads every format, [`motifs_from`] also what a user writes for
//! an option.

mod background;
pub mod cluster;
pub mod compare;
pub mod discover;
pub mod format;
pub mod jaspar;
pub mod logo;
mod matrix;
mod motif;
pub mod pvalue;
pub mod scan;
#[cfg(test)]
mod vectors;

pub use background::Background;
pub use format::{Format, motifs_from, read_motifs};
pub use jaspar::jaspar;
pub use logo::Logo;
pub use matrix::{Counts, Frequencies, LogOdds, Pseudocount};
pub use motif::{ASSUMED_SITES, EValue, Metadata, Motif, MotifSet};

/// The letters in the order of every row of a matrix.
pub const LETTERS: [u8; 4] = *b"ACGT";
