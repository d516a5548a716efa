//! `bindscape matrix inspect` and `bindscape matrix similarity`.

use std::path::PathBuf;

use bindscape::matrix::{CompareTfs, InspectMatrix};
use bindscape_base::Result;
use bindscape_genome::load::SequenceInput;
use bindscape_matrix::View;
use clap::Args;

use crate::choice::{VIEWS, choice};
use crate::face::{Show, Verb, print_json, show};

/// Options of `matrix inspect`.
#[derive(Debug, Args)]
pub(crate) struct InspectArguments {
    /// Binding matrix (Parquet)
    matrix: PathBuf,
    #[command(flatten)]
    sequences: OptionalSequences,
    /// Print JSON instead of tables
    #[arg(long)]
    json: bool,
}

/// Sequences, where they are wanted.
#[derive(Debug, Args)]
struct OptionalSequences {
    /// FASTA of the regions, to count GC and unknown letters
    #[arg(long, value_name = "FASTA")]
    sequences: Option<PathBuf>,
    /// Genome of the regions, to count GC and unknown letters
    #[arg(long, value_name = "FILE", conflicts_with = "sequences")]
    genome: Option<PathBuf>,
}

/// Options of `matrix similarity`.
#[derive(Debug, Args)]
pub(crate) struct SimilarityArguments {
    /// Binding matrix (Parquet)
    matrix: PathBuf,
    /// Regions with one kind of evidence only
    #[arg(long, default_value = "sparse", value_parser = choice::<View>(VIEWS))]
    view: View,
    /// Table to write (TSV, TF x TF, NA where it is not defined)
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Clustered heatmap to write (SVG)
    #[arg(long, value_name = "FILE")]
    heatmap: Option<PathBuf>,
}

impl Verb for InspectArguments {
    type Job = InspectMatrix;

    fn show(&self) -> Show<InspectMatrix> {
        if self.json {
            |_, inspection| print_json(inspection)
        } else {
            show
        }
    }

    fn plan(self) -> Result<InspectMatrix> {
        let OptionalSequences { sequences, genome } = self.sequences;
        Ok(InspectMatrix {
            matrix: self.matrix,
            sequences: sequences
                .map(SequenceInput::Fasta)
                .or(genome.map(SequenceInput::Genome)),
        })
    }
}

impl Verb for SimilarityArguments {
    type Job = CompareTfs;

    fn plan(self) -> Result<CompareTfs> {
        Ok(CompareTfs {
            matrix: self.matrix,
            view: self.view,
            out: self.out,
            heatmap: self.heatmap,
        })
    }
}
