//! `bindscape protein cluster`.

use std::path::PathBuf;

use bindscape::protein::cluster::Cluster;
use bindscape_base::Result;
use bindscape_protein::{ClusterOptions, Linkage};
use clap::Args;

use crate::choice::choice;
use crate::face::Verb;

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
    #[arg(long, default_value = "connected", value_parser = choice::<Linkage>(LINKAGES))]
    linkage: Linkage,
}

/// How similar pairs become clusters.
const LINKAGES: &[(&str, &str)] = &[
    (
        "connected",
        "All that a chain of similar pairs joins: no similar pair is separated",
    ),
    (
        "representative",
        "A protein and those like it, most neighbours first (greedy set cover)",
    ),
];

impl Verb for Arguments {
    type Job = Cluster;

    fn plan(self) -> Result<Cluster> {
        let clustering = ClusterOptions {
            min_identity: self.min_identity,
            coverage: self.coverage,
            max_e_value: self.max_e_value,
            linkage: self.linkage,
        };
        Ok(Cluster {
            clustering,
            ..Cluster::new(self.fasta, self.out)
        })
    }
}
