//! `bindscape motif cluster`: groups of similar motifs, as binding modes.

use std::path::PathBuf;

use bindscape::motif::{Cluster, Clustered, Label};
use bindscape_base::Result;
use bindscape_base::progress::Progress;
use bindscape_motif::cluster::Thresholds;
use clap::{Args, ValueEnum};

use crate::face::Face;

/// Options of `motif cluster`; thresholds are RSAT's.
#[derive(Debug, Args)]
#[command(after_help = "\
Files: clusters.tsv (cluster, motif, place and strand in the cluster's frame), modes.tsv (TFs \
and the clusters of their motifs), consensus.meme (a motif per cluster), tree.nwk (all motifs).")]
pub(crate) struct Arguments {
    /// Motifs to cluster
    #[arg(value_name = "MOTIFS")]
    motifs: String,
    /// Directory to make and write; must not exist
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
    #[arg(long, value_name = "LABEL")]
    compare_to: Option<LabelChoice>,
    /// Table with columns matrix_id and class or family, for motifs whose file names none
    #[arg(long, value_name = "TSV", requires = "compare_to")]
    metadata: Option<PathBuf>,
}

/// What clusters are compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LabelChoice {
    /// Structural class of the DNA-binding domain.
    Class,
    /// Family within the class.
    Family,
}

impl From<Arguments> for Cluster {
    fn from(arguments: Arguments) -> Self {
        Self {
            motifs: arguments.motifs,
            thresholds: Thresholds {
                correlation: arguments.cor,
                normalized: arguments.ncor,
                overlap: arguments.w,
            },
            compare_to: arguments.compare_to.map(|label| match label {
                LabelChoice::Class => Label::Class,
                LabelChoice::Family => Label::Family,
            }),
            metadata: arguments.metadata,
            out: arguments.out,
        }
    }
}

pub(super) fn run(arguments: Arguments, face: &Face<'_>) -> Result<()> {
    face.run(&Cluster::from(arguments), report)
}

/// Says how many clusters there are, and how they agree with labels.
pub(crate) fn report(outcome: Clustered, face: &Face<'_>) -> Result<()> {
    let clusters = &outcome.clustering.clusters;
    face.terminal.note(&format!(
        "{} motifs in {} clusters, {} of them of one motif",
        clusters.iter().map(Vec::len).sum::<usize>(),
        clusters.len(),
        clusters.iter().filter(|members| members.len() == 1).count()
    ));
    if let Some(found) = outcome.agreement {
        let rand = found.agreement.rand;
        let rand = rand.map_or("undefined".to_owned(), |rand| format!("{rand:.4}"));
        face.terminal.note(&format!(
            "agreement with {}: adjusted Rand index {rand}, homogeneity {:.4}, completeness {:.4} ({} motifs; {} without one left out)",
            found.label.name(),
            found.agreement.homogeneity,
            found.agreement.completeness,
            found.labelled,
            found.unlabelled,
        ));
    }
    Ok(())
}
