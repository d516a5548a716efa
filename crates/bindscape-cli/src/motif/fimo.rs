//! `bindscape motif fimo`: [`scan`](super::scan) with FIMO's command line, directory and files.

use std::path::PathBuf;

use bindscape::motif::{BackgroundChoice, Scan, ScanOptions, ScanResults};
use bindscape_base::Result;
use bindscape_motif::scan::Format;
use clap::Args;

use super::background::background;
use super::others::{Effect, Other, Others, Program, flag, valued};
use super::output::{SuiteOutput, Verbosity};
use super::scan::Hits;
use crate::face::Verb;

/// Options of `motif fimo`; names, defaults and files are those of FIMO 5.4.
#[derive(Debug, Args)]
#[command(
    version,
    args_override_self = true,
    after_help = "\
Files: fimo.tsv (hits, best p-value first), fimo.gff (GFF3), fimo.html. With --text the table goes \
to standard output in the order of the sequences, without q-values, as FIMO writes it."
)]
pub(crate) struct Arguments {
    /// Motif file
    #[arg(value_name = "MOTIFS")]
    motifs: String,
    /// Sequences (FASTA), plain or compressed; `-` is standard input
    #[arg(value_name = "SEQUENCES")]
    sequences: PathBuf,
    #[command(flatten)]
    output: SuiteOutput,
    #[command(flatten)]
    hits: Hits,
    /// Only the best hit of each motif in each sequence
    #[arg(long)]
    best_site: bool,
    #[command(flatten)]
    verbosity: Verbosity,
    #[command(flatten)]
    others: Others<Fimo>,
}

/// FIMO.
#[derive(Debug)]
pub(super) struct Fimo;

impl Program for Fimo {
    const OPTIONS: &'static [Other] = &[
        valued(
            "max-stored-scores",
            "N",
            Effect::Usual("all hits are kept, whatever their number"),
        ),
        valued(
            "alpha",
            "NUMBER",
            Effect::None("there are no priors of positions to weigh"),
        ),
        flag(
            "no-pgc",
            Effect::Usual("names of sequences are no regions without --parse-genomic-coord"),
        ),
        valued(
            "psp",
            "FILE",
            Effect::Refused("priors of positions are not read; scan without them"),
        ),
        valued(
            "prior-dist",
            "FILE",
            Effect::Refused("priors of positions are not read; scan without them"),
        ),
    ];
}

impl Verb for Arguments {
    type Job = Scan;

    fn remarks(&self) -> Vec<String> {
        self.others.remarks()
    }

    fn plan(self) -> Result<Scan> {
        self.others.check()?;
        // FIMO leaves sequences out of its text alone.
        let text = self.output.text || self.hits.skip_matched_sequence;
        let results = match self.hits.results(self.best_site) {
            ScanResults::Hits { threshold, .. } if text => ScanResults::Hits {
                threshold,
                q_values: false,
            },
            ScanResults::HitsByQValue { .. } => ScanResults::HitsByQValue {
                threshold: self.hits.thresh.unwrap_or(ScanResults::P_VALUE),
            },
            results => results,
        };
        let (directory, replace) = self.output.destination("fimo_out");
        let options = ScanOptions {
            results,
            background: background(self.hits.bfile.clone(), BackgroundChoice::Nrdb)?,
            format: Format::Fimo,
            ..self.hits.options()
        };
        Ok(Scan {
            sequences: self.sequences,
            motifs: self.motifs,
            options,
            out: if text { "-".into() } else { directory },
            directory: !text,
            replace: replace && !text,
        })
    }
}
