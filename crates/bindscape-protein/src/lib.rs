#![doc = include_str!("../README.md")]
//!
//! A protein goes through these stages:
//!
//! - [`ProteinReader`], [`read_proteins`]: FASTA to [`Protein`]s, checked;
//! - [`Labels`]: the table that says which are transcription factors and of which
//!   DNA-binding domain ([`ProteinClass`]), matched to the proteins;
//! - [`Windows`]: how a protein of any length becomes the input of fixed length that
//!   the networks take (the paper: 3,000 residues, averaged by tens to 300 positions);
//! - [`Representation`]: which numbers stand for a protein; [`Features`]: the numbers
//!   themselves, from [`EncodedProteins`] (no weights needed) or from stored embeddings;
//! - [`Clusters`] of similar proteins and [`Folds`] that keep them together;
//!   [`SimilarityIndex`] searches for the proteins most like another;
//! - [`profile`]: hidden Markov models of domains; [`homology`]: models of labelled proteins.
//!
//! Positions in proteins are 0-based and intervals half-open, as everywhere inside.

mod alphabet;
pub mod baseline;
mod class;
mod compute;
mod domains;
mod encode;
mod encoding;
mod features;
mod folds;
mod hold_out;
pub mod homology;
mod ids;
mod known;
mod labels;
mod letters;
pub mod low_complexity;
pub mod model_file;
pub mod profile;
mod reader;
mod representation;
mod rows;
mod scales;
mod scores;
mod similarity;
mod store;
mod windows;

pub use self::alphabet::{AMINO_ACIDS, amino_acid};
pub use self::class::{CLASSES, Label, ProteinClass};
pub use self::domains::{Domain, Domains, ShareInside, share_inside};
pub use self::encode::EncodedProteins;
pub use self::encoding::Encoding;
pub use self::features::Features;
pub use self::folds::Folds;
pub use self::hold_out::hold_out;
pub use self::ids::ID_COLUMNS;
pub use self::known::KnownSequences;
pub use self::labels::{Labels, MatchedLabels};
pub use self::letters::ProteinLetters;
pub use self::reader::{
    Mended, MendedCounts, Protein, ProteinReader, protein_id, read_proteins, read_proteins_with,
};
pub use self::representation::{ChunkSizes, EmbeddingModel, Embeddings, Representation};
pub use self::rows::{RowsOf, StoredType};
pub use self::scales::{BLOSUM62, SCALES, Scale};
pub use self::scores::{ProteinScores, likely_share, prior_shift};
pub use self::similarity::{
    AlignedRows, ClusterOptions, Clusters, Hit, Linkage, Run, SearchLimits, SimilarityIndex,
    cluster,
};
pub use self::store::{
    EmbeddingInfo, EmbeddingRow, EmbeddingStore, EmbeddingWriter, ShardFormat, StoredEmbeddings,
};
pub use self::windows::Windows;
