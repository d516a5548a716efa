//! `bindscape matrix import` and `bindscape matrix export`: the published
//! layout of NumPy archives and pickles.

use std::path::PathBuf;

use bindscape::matrix::{ExportMatrix, ImportMatrix, PublishedColumns, RegionChoice};
use bindscape_base::{Error, Result};
use bindscape_genome::load::SequenceInput;
use bindscape_matrix::View;
use clap::{ArgGroup, Args};

use crate::choice::name;
use crate::face::Verb;

/// Options of `matrix import`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("columns").args(["tfs", "tf"]).required(true))]
pub(crate) struct ImportArguments {
    /// Sparse matrix (NPZ): regions x TFs, or cells x regions with --tf
    #[arg(long, value_name = "NPZ")]
    sparse: PathBuf,
    /// Less sparse matrix (NPZ); without it, one kind of evidence only cannot be told from closed
    #[arg(long, value_name = "NPZ")]
    less_sparse: Option<PathBuf>,
    /// Rows: regions_idx.pickle.gz
    #[arg(long, value_name = "PICKLE")]
    regions: PathBuf,
    /// Columns: tfs_idx.pickle.gz
    #[arg(long, value_name = "PICKLE")]
    tfs: Option<PathBuf>,
    /// The TF of a cells x regions matrix; needs --samples
    #[arg(long, value_name = "TF", requires = "samples")]
    tf: Option<String>,
    /// Cells of a cells x regions matrix: samples_idx.pickle.gz
    #[arg(long, value_name = "PICKLE", requires = "tf")]
    samples: Option<PathBuf>,
    /// Name of the genome build (hg38), which the published files do not tell
    #[arg(long, value_name = "NAME")]
    build: Option<String>,
    /// Matrix to write (Parquet)
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Options of `matrix export`.
#[derive(Debug, Args)]
pub(crate) struct ExportArguments {
    /// Binding matrix (Parquet)
    matrix: PathBuf,
    /// Views to write
    #[arg(long, default_value = "both", value_parser = ["sparse", "less-sparse", "both"])]
    view: String,
    /// Matrices of single cells of the same build (the --per-cell directory of `matrix build`): writes one cells x regions file per TF too
    #[arg(long, value_name = "DIR")]
    per_cell: Option<PathBuf>,
    /// Write the regions that these TFs bind, as BED or FASTA; with --unbound, those of them that the others leave
    #[arg(long, value_delimiter = ',', value_name = "TF,…", value_parser = name())]
    bound: Vec<String>,
    /// Write the regions that these TFs leave unbound, as BED or FASTA; with --view less-sparse, one kind of evidence only is unbound, too
    #[arg(long, value_delimiter = ',', value_name = "TF,…", value_parser = name())]
    unbound: Vec<String>,
    /// Genome to write FASTA from (2bit, or FASTA with its .fai beside it)
    #[arg(long, value_name = "FILE")]
    genome: Option<PathBuf>,
    /// FASTA of the regions of the matrix to write FASTA from
    #[arg(long, value_name = "FASTA", conflicts_with = "genome")]
    sequences: Option<PathBuf>,
    /// Directory to write to; with --bound or --unbound, a file: .bed or .fa, also with .gz
    #[arg(long, value_name = "DIR|FILE")]
    out: PathBuf,
}

impl Verb for ImportArguments {
    type Job = ImportMatrix;

    fn plan(self) -> Result<ImportMatrix> {
        let columns = match (self.tf, self.samples, self.tfs) {
            (Some(tf), Some(samples), _) => PublishedColumns::Cells { tf, samples },
            (_, _, Some(tfs)) => PublishedColumns::Tfs(tfs),
            _ => {
                return Err(Error::argument(
                    "tfs",
                    "the names of the columns",
                    "nothing",
                ));
            }
        };
        Ok(ImportMatrix {
            sparse: self.sparse,
            less_sparse: self.less_sparse,
            regions: self.regions,
            columns,
            build: self.build,
            out: self.out,
        })
    }
}

impl Verb for ExportArguments {
    type Job = ExportMatrix;

    fn plan(self) -> Result<ExportMatrix> {
        let chosen = !self.bound.is_empty() || !self.unbound.is_empty();
        let regions = chosen.then(|| RegionChoice {
            bound: self.bound,
            unbound: self.unbound,
            view: match &*self.view {
                "less-sparse" => View::LessSparse,
                _ => View::Sparse,
            },
            sequences: self
                .sequences
                .map(SequenceInput::Fasta)
                .or(self.genome.map(SequenceInput::Genome)),
        });
        Ok(ExportMatrix {
            regions,
            matrix: self.matrix,
            views: match &*self.view {
                "sparse" => vec![View::Sparse],
                "less-sparse" => vec![View::LessSparse],
                _ => vec![View::Sparse, View::LessSparse],
            },
            per_cell: self.per_cell,
            out: self.out,
        })
    }
}
