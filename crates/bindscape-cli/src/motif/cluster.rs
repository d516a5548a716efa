//! `bindscape motif cluster`: groups of similar motifs, as binding modes.

use std::path::PathBuf;

use bindscape::motif::{Cluster, Label};
use bindscape_base::Result;
use bindscape_motif::cluster::Thresholds;
use clap::Args;

use crate::choice::choice;
use crate::face::Verb;

/// Options of `motif cluster`; thresholds are RSAT's.
#[derive(Debug, Args)]
#[command(after_help = "\
Files: clusters.html (a page of the clusters with their trees and aligned logos), clusters.tsv \
(cluster, motif, place and strand in the cluster's frame), modes.tsv (TFs and the clusters of their \
motifs), consensus.meme (a motif per cluster), tree.nwk (all motifs).")]
pub(crate) struct Arguments {
    /// Motifs to cluster
    #[arg(value_name = "MOTIFS")]
    motifs: String,
    /// Directory to write, new or empty
    #[arg(short = 'o', long, value_name = "DIR")]
    out: PathBuf,
    /// Least mean correlation of the aligned positions between the sides of a branch
    #[arg(long, value_name = "R", default_value_t = Thresholds::default().correlation)]
    cor: f64,
    /// Least mean correlation times the aligned share of the positions that both motifs span
    #[arg(long, value_name = "R", default_value_t = Thresholds::default().normalized)]
    ncor: f64,
    /// Least number of aligned positions
    #[arg(long, value_name = "N", default_value_t = Thresholds::default().overlap)]
    w: usize,
    /// Print the agreement with classes or families of the motifs
    #[arg(long, value_name = "LABEL", value_parser = choice::<Label>(LABELS))]
    compare_to: Option<Label>,
    /// Table with columns matrix_id and class or family, for motifs whose file names none
    #[arg(long, value_name = "TSV", requires = "compare_to")]
    metadata: Option<PathBuf>,
}

/// What clusters are compared with.
const LABELS: &[(&str, &str)] = &[
    ("class", "Structural class of the DNA-binding domain"),
    ("family", "Family within the class"),
];

impl Verb for Arguments {
    type Job = Cluster;

    fn plan(self) -> Result<Cluster> {
        Ok(Cluster {
            motifs: self.motifs,
            thresholds: Thresholds {
                correlation: self.cor,
                normalized: self.ncor,
                overlap: self.w,
            },
            compare_to: self.compare_to,
            metadata: self.metadata,
            out: self.out,
        })
    }
}
