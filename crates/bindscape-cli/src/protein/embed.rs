//! `bindscape protein embed`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use bindscape::data::thousands;
use bindscape::protein::embed::{Embed, Embedded, EmbeddingOrigin};
use bindscape_base::Result;
use bindscape_base::progress::Progress;
use bindscape_nn::DeviceChoice;
use bindscape_protein::{RowsOf, ShardFormat, StoredType, Windows};
use clap::Args;

use crate::face::Face;

/// Options of `protein embed`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// FASTA of proteins; - reads standard input
    #[arg(value_name = "FASTA")]
    fasta: PathBuf,
    /// ESM-2 by name (facebook/esm2_t6_8M_UR50D), file or directory; or `onehot` or `residue`, which need no weights
    #[arg(long, value_name = "ID|PATH", required_unless_present = "import")]
    model: Option<String>,
    /// Take the embeddings from this folder of .pt files of `esm-extract` instead
    #[arg(long, value_name = "DIR", conflicts_with = "model")]
    import: Option<PathBuf>,
    /// Directory to write or to add to: shards, index.tsv and embedding.json
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Layer whose hidden states are taken, 0 being the embeddings of residues [default: the last]
    #[arg(long, value_name = "N")]
    layer: Option<usize>,
    /// What a row is
    #[arg(long, value_enum, default_value_t = RowsName::Windows)]
    representation: RowsName,
    /// Residues averaged to a row, with --representation windows
    #[arg(long, value_name = "N", default_value = "10")]
    window: NonZeroUsize,
    /// Rows of the standardised length, with --representation windows; what lies beyond is cut
    #[arg(long, value_name = "N", default_value = "300")]
    positions: NonZeroUsize,
    /// Type of the numbers that are written
    #[arg(long, value_enum, default_value_t = TypeName::F32)]
    dtype: TypeName,
    /// Format of the shards
    #[arg(long, value_enum, default_value_t = FormatName::Safetensors)]
    format: FormatName,
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

/// [`RowsOf`] as an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum RowsName {
    /// One row per residue
    Residues,
    /// Averages of --window residues, at most --positions of them
    Windows,
    /// One row, the average of all residues
    Mean,
}

/// [`StoredType`] as an option.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum TypeName {
    /// 32 bits
    F32,
    /// 16 bits: half the size, three decimal digits
    F16,
}

/// [`ShardFormat`] as an option.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum FormatName {
    /// Hugging Face's format
    Safetensors,
    /// NumPy's
    Npz,
}

impl Arguments {
    fn plan(self) -> Embed {
        let model = match (self.import, self.model) {
            (Some(folder), _) => EmbeddingOrigin::EsmExtract(folder),
            // clap requires one of the two.
            (None, model) => EmbeddingOrigin::Named(model.unwrap_or_default()),
        };
        Embed {
            proteins: self.fasta,
            model,
            out: self.out,
            layer: self.layer,
            representation: match self.representation {
                RowsName::Residues => RowsOf::Residues,
                RowsName::Mean => RowsOf::Mean,
                RowsName::Windows => RowsOf::Windows(Windows {
                    window: self.window.get(),
                    positions: self.positions.get(),
                }),
            },
            dtype: match self.dtype {
                TypeName::F32 => StoredType::F32,
                TypeName::F16 => StoredType::F16,
            },
            format: match self.format {
                FormatName::Safetensors => ShardFormat::Safetensors,
                FormatName::Npz => ShardFormat::Npz,
            },
            token_budget: self.token_budget.get(),
            chunk: self.chunk.get(),
            overlap: self.overlap,
        }
    }
}

pub(super) fn run(arguments: Arguments, face: &Face<'_>) -> Result<()> {
    let device = arguments.device;
    face.run_on(&arguments.plan(), device, report)
}

/// Says what was computed, and what is missing.
pub(crate) fn report(outcome: Embedded, face: &Face<'_>) -> Result<()> {
    let terminal = face.terminal;
    let line = |before: &str, count: usize, what: &str| {
        if count > 0 {
            let count = thousands(count as u64);
            terminal.note(&format!("{before}{count} {what}"));
        }
    };
    if let Some(imported) = outcome.imported {
        for (count, what) in [
            (
                imported.strangers,
                "files left out: no such protein in the FASTA file",
            ),
            (
                imported.truncated,
                "proteins were truncated by `esm-extract`",
            ),
            (
                imported.missing,
                "proteins of the FASTA file have no embedding",
            ),
        ] {
            line("warning: ", count, what);
        }
    }
    for (count, what) in [
        (outcome.chunked, "proteins computed in overlapping chunks"),
        (outcome.cut, "proteins cut: residues of the end are missing"),
        (
            outcome.unknown,
            "proteins with residues that the model does not know",
        ),
    ] {
        line("", count, what);
    }
    terminal.note(&format!(
        "wrote {}: {} new, {} in all",
        outcome.out.display(),
        thousands(outcome.computed as u64),
        thousands(outcome.stored as u64)
    ));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_those_of_the_plan() {
        let words = ["p.fa", "--model", "onehot", "--out", "d"];
        let model = EmbeddingOrigin::Named("onehot".into());
        assert_eq!(
            crate::cli::parsed::<Arguments>(&words).plan(),
            Embed::new("p.fa".into(), model, "d".into())
        );
    }
}
