//! Options that verbs on proteins share.

use std::path::PathBuf;

use bindscape::protein::features::EmbeddingOptions;
use bindscape::protein::split::ProteinSplit;
use bindscape_base::{Error, Result, names};
use bindscape_protein::Encoding;
use clap::Args;

/// The name of stored numbers in options: mostly embeddings of ESM-2.
pub(super) const STORED: &str = "esm2";

/// Two values of an option that takes such, as in `example`.
pub(super) fn pair<T: Copy>(
    values: Option<Vec<T>>,
    field: &'static str,
    example: &str,
) -> Result<Option<[T; 2]>> {
    match values.as_deref() {
        None => Ok(None),
        Some(&[first, second]) => Ok(Some([first, second])),
        Some(other) => Err(Error::argument(
            field,
            format!("two numbers, such as {example}"),
            other.len().to_string(),
        )),
    }
}

/// Weights of two losses, such as `0.7,0.3`.
#[derive(Debug, Clone, Copy)]
pub(super) struct LossWeights(pub(super) [f64; 2]);

impl std::str::FromStr for LossWeights {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let numbers: Option<Vec<f64>> = text.split(',').map(|number| number.parse().ok()).collect();
        match numbers.as_deref() {
            Some(&[tf, class]) => Ok(Self([tf, class])),
            _ => Err(Error::argument(
                "loss_weights",
                "two numbers, such as 0.7,0.3",
                text.split(',').count().to_string(),
            )),
        }
    }
}

/// Refuses the first option of `given` that was.
pub(super) fn refuse_given(given: &[(&'static str, bool)], why: &str) -> Result<()> {
    bindscape::protein::refuse(given.iter().copied(), &format!("no such option {why}"))
}

/// An error about embeddings that `wanted` needs.
pub(super) fn no_embeddings(wanted: &str) -> Error {
    let expected = format!("a directory of embeddings for {wanted}");
    Error::argument("embeddings", expected, "none")
        .hint("make one with `bindscape protein embed --model facebook/esm2_t6_8M_UR50D`")
}

/// An error about an encoder that is none.
pub(super) fn unknown_encoder(name: &str) -> Error {
    let all = [Encoding::Onehot.name(), Encoding::Residue.name(), STORED];
    let expected = format!("one of {}", all.join(", "));
    Error::argument("encoder", expected, format!("`{name}`")).hint(names::suggestion(
        name,
        all,
        "see the help of the option",
    ))
}

/// Where a model finds embeddings, if it takes any.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Embeddings")]
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
#[command(next_help_heading = "Split")]
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
