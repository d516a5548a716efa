//! `bindscape protein cluster`.

use std::path::PathBuf;

use bindscape::data::thousands;
use bindscape::protein::cluster::{Cluster, Clustered};
use bindscape_base::Result;
use bindscape_base::progress::Progress;
use bindscape_protein::{ClusterOptions, Linkage};
use clap::Args;

use crate::face::Face;

/// Options of `protein cluster`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// FASTA of proteins; - reads standard input
    #[arg(value_name = "FASTA")]
    fasta: PathBuf,
    /// Table to write: id, cluster, representative
    #[arg(long, value_name = "TSV")]
    out: PathBuf,
    /// Least identity of two similar proteins' alignment, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = ClusterOptions::default().min_identity)]
    min_identity: f64,
    /// Least share of both proteins inside the alignment, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = ClusterOptions::default().coverage)]
    coverage: f64,
    /// Most chance hits expected per protein
    #[arg(long, value_name = "NUMBER", default_value_t = ClusterOptions::default().max_e_value)]
    max_e_value: f64,
    /// How similar pairs become clusters
    #[arg(long, value_enum, default_value_t = LinkageName::Connected)]
    linkage: LinkageName,
}

/// [`Linkage`] as an option.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum LinkageName {
    /// All that a chain of similar pairs joins: no similar pair is separated
    Connected,
    /// A protein and those like it, most neighbours first (greedy set cover)
    Representative,
}

impl Arguments {
    fn plan(self) -> Cluster {
        let clustering = ClusterOptions {
            min_identity: self.min_identity,
            coverage: self.coverage,
            max_e_value: self.max_e_value,
            linkage: match self.linkage {
                LinkageName::Connected => Linkage::Connected,
                LinkageName::Representative => Linkage::Representative,
            },
        };
        Cluster {
            clustering,
            ..Cluster::new(self.fasta, self.out)
        }
    }
}

pub(super) fn run(arguments: Arguments, face: &Face<'_>) -> Result<()> {
    face.run(&arguments.plan(), report)
}

/// Says how many clusters there are.
pub(crate) fn report(outcome: Clustered, face: &Face<'_>) -> Result<()> {
    let sizes = &outcome.sizes;
    let alone = sizes.iter().filter(|size| **size == 1).count();
    face.terminal.note(&format!(
        "{} proteins in {} clusters: {} alone, {} in the largest; {} similar pairs",
        thousands(sizes.iter().sum::<usize>() as u64),
        thousands(sizes.len() as u64),
        thousands(alone as u64),
        thousands(sizes.iter().copied().max().unwrap_or(0) as u64),
        thousands(outcome.similar_pairs as u64),
    ));
    if outcome.identical > 0 {
        face.terminal.note(&format!(
            "{} proteins have the sequence of another before them",
            thousands(outcome.identical as u64)
        ));
    }
    face.terminal
        .note(&format!("wrote {}", outcome.out.display()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::options::parsed;
    use super::*;

    #[test]
    fn defaults_are_those_of_the_plan() {
        let arguments: Arguments = parsed("p.fa --out clusters.tsv");
        let plan = Cluster::new("p.fa".into(), "clusters.tsv".into());
        assert_eq!(arguments.plan(), plan);
    }
}
