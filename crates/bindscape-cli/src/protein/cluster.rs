//! `bindscape protein cluster`.

use std::io::Write;
use std::path::{Path, PathBuf};

use bindscape_base::atomic::AtomicFile;
use bindscape_base::progress::Progress;
use bindscape_base::{Error, Result};
use bindscape_protein::{ClusterOptions, Clusters, Linkage, Protein, read_proteins_with};
use clap::Args;

use crate::terminal::Terminal;
use bindscape::data::thousands;

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
    #[arg(long, value_name = "SHARE", default_value_t = 0.3)]
    min_identity: f64,
    /// Least share of both proteins inside the alignment, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.8)]
    coverage: f64,
    /// Most chance hits expected per protein
    #[arg(long, value_name = "NUMBER", default_value_t = 1e-3)]
    max_e_value: f64,
    /// How similar pairs become clusters
    #[arg(long, value_enum, default_value_t = LinkageName::Connected)]
    linkage: LinkageName,
}

/// [`Linkage`] as an option.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum LinkageName {
    /// All that a chain of similar pairs joins: no similar pair is parted
    Connected,
    /// A protein and those like it, most neighbours first (greedy set cover)
    Representative,
}

pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<()> {
    let options = ClusterOptions {
        min_identity: arguments.min_identity,
        coverage: arguments.coverage,
        max_e_value: arguments.max_e_value,
        linkage: match arguments.linkage {
            LinkageName::Connected => Linkage::Connected,
            LinkageName::Representative => Linkage::Representative,
        },
    };
    options.check()?;
    let file = AtomicFile::create(&arguments.out)?;
    let proteins = read_proteins_with(&arguments.fasta, terminal)?;
    let clusters = Clusters::of(&proteins, &options, terminal)?;
    write(file, &proteins, &clusters, &arguments.out)?;
    tell(&clusters, terminal);
    terminal.note(&format!("wrote {}", arguments.out.display()));
    Ok(())
}

fn write(
    mut file: AtomicFile,
    proteins: &[Protein],
    clusters: &Clusters,
    path: &Path,
) -> Result<()> {
    let mut text = String::from("id\tcluster\trepresentative\n");
    for (protein, &cluster) in proteins.iter().zip(&clusters.cluster) {
        let representative = clusters.representative[cluster as usize] as usize;
        text.push_str(&format!(
            "{}\t{cluster}\t{}\n",
            protein.id, proteins[representative].id
        ));
    }
    file.write_all(text.as_bytes())
        .map_err(|source| Error::io("write", path, source))?;
    file.commit()
}

fn tell(clusters: &Clusters, terminal: &Terminal) {
    let sizes = clusters.sizes();
    let alone = sizes.iter().filter(|size| **size == 1).count();
    terminal.note(&format!(
        "{} proteins in {} clusters: {} alone, {} in the largest; {} similar pairs",
        thousands(clusters.cluster.len() as u64),
        thousands(sizes.len() as u64),
        thousands(alone as u64),
        thousands(sizes.iter().copied().max().unwrap_or(0) as u64),
        thousands(clusters.pairs as u64),
    ));
    if clusters.identical > 0 {
        terminal.note(&format!(
            "{} proteins have the sequence of another before them",
            thousands(clusters.identical as u64)
        ));
    }
}
