//! `bindscape protein embed`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use bindscape::protein::embed::{Embed, EmbeddingOrigin};
use bindscape_base::Result;
use bindscape_nn::DeviceChoice;
use bindscape_protein::{RowsOf, ShardFormat, StoredType, Windows};
use clap::{ArgGroup, Args};

use crate::choice::choice;
use crate::face::Verb;

/// Options of `protein embed`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("origin").args(["model", "import"]).required(true))]
pub(crate) struct Arguments {
    /// FASTA of proteins; - reads standard input
    #[arg(value_name = "FASTA")]
    fasta: PathBuf,
    /// ESM-2 by name (facebook/esm2_t6_8M_UR50D), file or directory; or `onehot` or `residue`, which need no weights
    #[arg(long, value_name = "ID|PATH")]
    model: Option<String>,
    /// Take the embeddings from this folder of .pt files of `esm-extract` instead
    #[arg(long, value_name = "DIR")]
    import: Option<PathBuf>,
    /// Directory to write or to add to: shards, index.tsv and embedding.json
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Layer whose hidden states are taken, 0 being the embeddings of residues [default: the last]
    #[arg(long, value_name = "N")]
    layer: Option<usize>,
    /// What a row is: a residue, the average of --window residues (at most --positions rows), or that of all
    #[arg(long, default_value = "windows", value_parser = ["residues", "windows", "mean"])]
    representation: String,
    /// Residues averaged to a row, with --representation windows
    #[arg(long, value_name = "N", default_value = "10")]
    window: NonZeroUsize,
    /// Rows of the standardised length, with --representation windows; what lies beyond is cut
    #[arg(long, value_name = "N", default_value = "300")]
    positions: NonZeroUsize,
    /// Type of the numbers that are written
    #[arg(long, default_value = "f32", value_parser = choice::<StoredType>(TYPES))]
    dtype: StoredType,
    /// Format of the shards
    #[arg(long, default_value = "safetensors", value_parser = choice::<ShardFormat>(FORMATS))]
    format: ShardFormat,
    /// Most residues computed at once: memory grows with it
    #[arg(long, value_name = "N", default_value = "8192")]
    token_budget: NonZeroUsize,
    /// Longer proteins are computed in overlapping chunks of so many residues
    #[arg(long, value_name = "N", default_value = "1022")]
    chunk: NonZeroUsize,
    /// Residues that neighbouring chunks share at least
    #[arg(long, value_name = "N", default_value_t = 256)]
    overlap: usize,
    /// Compute device
    #[arg(long, value_name = "DEVICE", default_value = "cpu")]
    device: DeviceChoice,
}

/// Types of the numbers of embeddings.
const TYPES: &[(&str, &str)] = &[
    ("f32", "32 bits"),
    ("f16", "16 bits: half the size, three decimal digits"),
];

/// Formats of shards.
const FORMATS: &[(&str, &str)] = &[("safetensors", "Hugging Face's format"), ("npz", "NumPy's")];

impl Verb for Arguments {
    type Job = Embed;

    fn device(&self) -> DeviceChoice {
        self.device
    }

    fn plan(self) -> Result<Embed> {
        let model = match (self.import, self.model) {
            (Some(folder), _) => EmbeddingOrigin::EsmExtract(folder),
            // clap requires one of the two.
            (None, model) => EmbeddingOrigin::Named(model.unwrap_or_default()),
        };
        Ok(Embed {
            proteins: self.fasta,
            model,
            out: self.out,
            layer: self.layer,
            representation: match &*self.representation {
                "residues" => RowsOf::Residues,
                "mean" => RowsOf::Mean,
                _ => RowsOf::Windows(Windows {
                    window: self.window.get(),
                    positions: self.positions.get(),
                }),
            },
            dtype: self.dtype,
            format: self.format,
            token_budget: self.token_budget.get(),
            chunk: self.chunk.get(),
            overlap: self.overlap,
        })
    }
}
