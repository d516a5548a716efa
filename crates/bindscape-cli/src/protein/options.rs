//! Options that verbs on proteins share.

use std::path::PathBuf;

use bindscape::protein::features::EmbeddingOptions;
use bindscape::protein::split::ProteinSplit;
use clap::Args;

/// Where a model finds embeddings, if it takes any.
#[derive(Debug, Clone, Args)]
pub(super) struct EmbeddingArguments {
    /// Embeddings of the proteins, for a model that was trained on such: a directory that `protein embed` made
    #[arg(long, value_name = "DIR")]
    embeddings: Option<PathBuf>,
    /// ESM-2 by name (facebook/esm2_t6_8M_UR50D), file or directory, to compute the embeddings with; the one that the model was trained on
    #[arg(long, value_name = "ID|PATH", conflicts_with = "embeddings")]
    esm2: Option<String>,
}

impl EmbeddingArguments {
    pub(super) fn options(&self) -> EmbeddingOptions {
        EmbeddingOptions {
            embeddings: self.embeddings.clone(),
            esm2: self.esm2.clone(),
        }
    }
}

/// Options of a split.
#[derive(Debug, Clone, Args)]
pub(super) struct ProteinSplitArguments {
    /// Which proteins are never on both sides of a split: with `similarity` those of a cluster of similar
    /// ones, with the name of a column of the labels those with the same value; with `random` only
    /// a protein itself
    #[arg(
        long,
        default_value = "similarity",
        value_name = "similarity|random|COLUMN"
    )]
    split: String,
    /// Least identity of similar proteins
    #[arg(long, default_value_t = 0.3, value_name = "SHARE")]
    min_identity: f64,
    /// Least share of both proteins inside their alignment
    #[arg(long, default_value_t = 0.8, value_name = "SHARE")]
    coverage: f64,
}

impl ProteinSplitArguments {
    pub(super) fn split(&self) -> ProteinSplit {
        match self.split.as_str() {
            "similarity" => ProteinSplit::Similarity {
                min_identity: self.min_identity,
                coverage: self.coverage,
            },
            "random" => ProteinSplit::Random,
            name => ProteinSplit::Column { name: name.into() },
        }
    }
}
