//! `bindscape motif scan`: where motifs fit in sequences.

use std::path::PathBuf;

use bindscape::motif::{BackgroundChoice, Scan, ScanOptions, ScanResults};
use bindscape_base::{Error, Result};
use bindscape_motif::scan::{Format, PSEUDOCOUNT};
use clap::Args;

use crate::choice::choice;
use crate::face::Verb;

/// Options of `motif scan`; those that FIMO has are named as there.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Sequences (FASTA), plain or compressed; `-` is standard input. They are read piece by piece:
    /// a chromosome needs no more memory than a short sequence
    #[arg(value_name = "SEQUENCES")]
    sequences: PathBuf,
    /// Motif file
    #[arg(long, value_name = "MOTIFS")]
    motifs: String,
    /// Only the motifs of these ids or names
    #[arg(long = "motif", value_name = "ID,…", value_delimiter = ',')]
    only: Vec<String>,
    /// Largest p-value of a hit [default: 1e-4; 1 with --best; 0.05 with --qv-thresh]
    #[arg(long, value_name = "P")]
    thresh: Option<f64>,
    /// Compare q-values with --thresh, not p-values
    #[arg(long, conflicts_with_all = ["best", "occupancy", "no_qvalue"])]
    qv_thresh: bool,
    /// Write no q-values
    #[arg(long, alias = "text")]
    no_qvalue: bool,
    /// Scan the sequences as they are, not their reverse complements
    #[arg(long)]
    norc: bool,
    /// Background: a file of MEME's background format or a MEME motif file, `--motif--` for that of
    /// the motif file, or `--uniform--`. With both strands, A and T are averaged, and C and G
    /// [default: that of the motif file, or uniform where it has none]
    #[arg(
        long,
        visible_alias = "bgfile",
        value_name = "FILE",
        allow_hyphen_values = true
    )]
    bfile: Option<String>,
    /// Sites added to those of each motif, split by the background
    #[arg(
        long,
        value_name = "SITES",
        default_value_t = PSEUDOCOUNT,
        allow_negative_numbers = true
    )]
    motif_pseudo: f64,
    /// Only the best hit of each motif in each sequence
    #[arg(long)]
    best: bool,
    /// Instead of hits, the sum over all windows and strands of their probability under the motif
    #[arg(long, conflicts_with_all = ["best", "thresh", "format", "parse_genomic_coord"])]
    occupancy: bool,
    /// Positions in the genome for sequences named `chrom:start-end` or `name::chrom:start-end`, as
    /// `bedtools getfasta` or `samtools faidx` name them; their length tells which
    #[arg(long)]
    parse_genomic_coord: bool,
    /// Treat lower-case (soft-masked) bases like N
    #[arg(long)]
    skip_masked: bool,
    /// Format of the hits
    #[arg(long, default_value = "tsv", value_parser = choice::<Format>(FORMATS))]
    format: Format,
    /// File to write [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// The background that `name` stands for; FIMO's names of those that are no files.
fn background(name: Option<&str>) -> Result<BackgroundChoice> {
    match name {
        None => Ok(BackgroundChoice::MotifsOrUniform),
        Some("--motif--") => Ok(BackgroundChoice::Motifs),
        Some("--uniform--") => Ok(BackgroundChoice::Uniform),
        Some(name) if name.starts_with("--") => Err(Error::argument(
            "background",
            "a file, --motif-- or --uniform--",
            format!("{name:?}"),
        )
        .hint("write another background into a file: a letter and its probability on each line")),
        Some(path) => Ok(BackgroundChoice::File(path.into())),
    }
}

/// What is written, with the threshold that was given or is usual for it.
fn results(arguments: &Arguments) -> ScanResults {
    let threshold = |usual: f64| arguments.thresh.unwrap_or(usual);
    if arguments.occupancy {
        ScanResults::Occupancies
    } else if arguments.best {
        ScanResults::BestHits {
            threshold: threshold(ScanResults::BEST_P_VALUE),
        }
    } else if arguments.qv_thresh {
        ScanResults::HitsByQValue {
            threshold: threshold(ScanResults::Q_VALUE),
        }
    } else {
        ScanResults::Hits {
            threshold: threshold(ScanResults::P_VALUE),
            q_values: !arguments.no_qvalue,
        }
    }
}

/// Formats of hits.
const FORMATS: &[(&str, &str)] = &[
    (
        "tsv",
        "FIMO's columns; positions from 1, both ends included",
    ),
    (
        "bed",
        "BED6 and further columns; positions from 0, the end excluded",
    ),
];

impl Verb for Arguments {
    type Job = Scan;

    fn plan(self) -> Result<Scan> {
        Ok(Scan {
            options: ScanOptions {
                results: results(&self),
                background: background(self.bfile.as_deref())?,
                select: self.only,
                pseudocount: self.motif_pseudo,
                single_strand: self.norc,
                skip_masked: self.skip_masked,
                format: self.format,
                genomic_coordinates: self.parse_genomic_coord,
            },
            sequences: self.sequences,
            motifs: self.motifs,
            out: self.out.unwrap_or_else(|| "-".into()),
        })
    }
}
