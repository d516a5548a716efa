//! `bindscape motif scan`: where motifs fit in sequences.

use std::path::PathBuf;

use bindscape::motif::{BackgroundChoice, Scan, ScanOptions, ScanResults};
use bindscape_base::{Error, Result};
use bindscape_motif::scan::{Format, PSEUDOCOUNT};
use clap::Args;

use super::background::background;
use super::fimo::Fimo;
use super::others::Others;
use super::output::Verbosity;
use crate::choice::{choice, name};
use crate::face::Verb;

/// Which hits are sought and how; options that FIMO has are named as there.
#[derive(Debug, Args)]
pub(super) struct Hits {
    /// Only the motifs of these ids or names; may be given several times
    #[arg(long = "motif", value_name = "ID,…", value_delimiter = ',', action = clap::ArgAction::Append, value_parser = name())]
    only: Vec<String>,
    /// Largest p-value of a hit [default: 1e-4; 1 for best hits; with --qv-thresh 0.05, or 1e-4 of
    /// `fimo`]
    #[arg(long, value_name = "P")]
    pub(super) thresh: Option<f64>,
    /// Compare q-values with --thresh, not p-values
    #[arg(long, conflicts_with = "no_qvalue")]
    qv_thresh: bool,
    /// Write no q-values
    #[arg(long)]
    no_qvalue: bool,
    /// Scan the sequences as they are, not their reverse complements
    #[arg(long)]
    norc: bool,
    /// Of hits at one place on both strands only that with the higher score
    #[arg(long)]
    max_strand: bool,
    /// Background: a file of MEME's background format or a MEME motif file, `--motif--` for that of
    /// the motif file, `--uniform--`, or `--nrdb--` for FIMO's own. With both strands, A and T are
    /// averaged, and C and G [default: that of the motif file, or uniform where it has none; with
    /// `fimo`, --nrdb--]
    #[arg(
        long,
        visible_alias = "bgfile",
        value_name = "FILE",
        allow_hyphen_values = true
    )]
    pub(super) bfile: Option<String>,
    /// Sites added to those of each motif, split by the background
    #[arg(
        long,
        value_name = "SITES",
        default_value_t = PSEUDOCOUNT,
        allow_negative_numbers = true
    )]
    motif_pseudo: f64,
    /// Positions in the genome for sequences named `chrom:start-end` or `name::chrom:start-end`, as
    /// `bedtools getfasta` or `samtools faidx` name them; their length tells which
    #[arg(long)]
    parse_genomic_coord: bool,
    /// Leave the bases of hits out; with `fimo`, this is --text, too
    #[arg(long)]
    pub(super) skip_matched_sequence: bool,
}

impl Hits {
    /// What is written, with the threshold that was given or is usual for it.
    pub(super) fn results(&self, best: bool) -> ScanResults {
        let threshold = |usual: f64| self.thresh.unwrap_or(usual);
        if best {
            ScanResults::BestHits {
                threshold: threshold(ScanResults::BEST_P_VALUE),
            }
        } else if self.qv_thresh {
            ScanResults::HitsByQValue {
                threshold: threshold(ScanResults::Q_VALUE),
            }
        } else {
            ScanResults::Hits {
                threshold: threshold(ScanResults::P_VALUE),
                q_values: !self.no_qvalue,
            }
        }
    }

    /// The settings but for what is written, format and background.
    pub(super) fn options(self) -> ScanOptions {
        ScanOptions {
            select: self.only,
            pseudocount: self.motif_pseudo,
            single_strand: self.norc,
            best_strand: self.max_strand,
            without_bases: self.skip_matched_sequence,
            genomic_coordinates: self.parse_genomic_coord,
            ..ScanOptions::default()
        }
    }
}

/// Options of `motif scan`; those that FIMO has are named as there.
#[derive(Debug, Args)]
#[command(args_override_self = true)]
pub(crate) struct Arguments {
    /// Sequences (FASTA), plain or compressed; `-` is standard input. They are read piece by piece:
    /// a chromosome needs no more memory than a short sequence. Without --motifs, the motif file
    /// stands before them
    #[arg(value_name = "SEQUENCES", required = true, num_args = 1..=2)]
    inputs: Vec<PathBuf>,
    /// Motif file
    #[arg(long, value_name = "MOTIFS")]
    motifs: Option<String>,
    #[command(flatten)]
    hits: Hits,
    /// Only the best hit of each motif in each sequence
    #[arg(long, visible_alias = "best-site", conflicts_with = "qv_thresh")]
    best: bool,
    /// Instead of hits, the sum over all windows and strands of their probability under the motif
    #[arg(long, conflicts_with_all = ["best", "thresh", "qv_thresh", "format", "parse_genomic_coord"])]
    occupancy: bool,
    /// Treat lower-case (soft-masked) bases like N
    #[arg(long)]
    skip_masked: bool,
    /// Format of the hits [default: that of the ending of --out (.bed, .gff, .gff3), else tsv]
    #[arg(long, value_parser = choice::<Format>(FORMATS))]
    format: Option<Format>,
    /// File to write [default: standard output]
    #[arg(long, value_name = "FILE", conflicts_with_all = ["o", "oc"])]
    out: Option<PathBuf>,
    /// Directory to make and write as FIMO lays it out (fimo.tsv, fimo.gff, fimo.html); must not exist
    #[arg(short, long, value_name = "DIR", conflicts_with = "oc")]
    o: Option<PathBuf>,
    /// The same, but files of an earlier scan in it are replaced
    #[arg(long, value_name = "DIR", conflicts_with_all = ["format", "occupancy"])]
    oc: Option<PathBuf>,
    /// Standard output, whatever directory is given, without q-values, as FIMO writes it
    #[arg(long)]
    text: bool,
    #[command(flatten)]
    verbosity: Verbosity,
    #[command(flatten)]
    others: Others<Fimo>,
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
    ("gff", "GFF3; positions from 1, both ends included"),
];

/// The motif file and the sequences, in whichever way they are given.
fn inputs(motifs: Option<String>, mut inputs: Vec<PathBuf>) -> Result<(String, PathBuf)> {
    let sequences = inputs.pop().expect("clap asks for one at least");
    match (motifs, inputs.pop()) {
        (Some(motifs), None) => Ok((motifs, sequences)),
        (None, Some(motifs)) => Ok((motifs.to_string_lossy().into_owned(), sequences)),
        (Some(_), Some(_)) => Err(Error::argument(
            "sequences",
            "one file beside ⟦motifs⟧",
            "two",
        )),
        (None, None) => Err(Error::argument(
            "motifs",
            "a motif file, `jaspar` or a part of it such as jaspar:vertebrates",
            "none",
        )
        .hint("`motif scan MOTIFS SEQUENCES` will do, too")),
    }
}

impl Verb for Arguments {
    type Job = Scan;

    fn remarks(&self) -> Vec<String> {
        self.others.remarks()
    }

    fn plan(self) -> Result<Scan> {
        self.others.check()?;
        let (motifs, sequences) = inputs(self.motifs, self.inputs)?;
        let replace = self.oc.is_some();
        let directory = self.o.or(self.oc).filter(|_| !self.text);
        let out = self.out.unwrap_or_else(|| "-".into());
        let results = match (self.occupancy, self.hits.results(self.best)) {
            (true, _) => ScanResults::Occupancies,
            (false, ScanResults::Hits { threshold, .. }) if self.text => ScanResults::Hits {
                threshold,
                q_values: false,
            },
            (false, results) => results,
        };
        Ok(Scan {
            options: ScanOptions {
                results,
                background: background(self.hits.bfile.clone(), BackgroundChoice::MotifsOrUniform)?,
                skip_masked: self.skip_masked,
                format: match (&directory, self.format) {
                    (Some(_), _) => Format::Fimo,
                    (None, Some(format)) => format,
                    (None, None) if self.occupancy => Format::Tsv,
                    (None, None) => Format::of_name(&out).unwrap_or(Format::Tsv),
                },
                ..self.hits.options()
            },
            sequences,
            motifs,
            directory: directory.is_some(),
            replace: replace && directory.is_some(),
            out: directory.unwrap_or(out),
        })
    }
}
