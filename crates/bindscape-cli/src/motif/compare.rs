//! `bindscape motif compare`: which known motifs are like those of a file.

use std::path::PathBuf;

use bindscape::motif::{Compare, CompareOptions};
use bindscape_base::Result;
use bindscape_motif::compare::{Distance, Options};
use clap::Args;
use clap::builder::PossibleValuesParser;

use super::output::Output;
use crate::face::Verb;

/// Options of `motif compare`; names, defaults and columns are Tomtom's.
#[derive(Debug, Args)]
#[command(after_help = "\
Files: tomtom.tsv, a line per match, by query and then p-value; tomtom.html, a page with the \
logos of the best matches, aligned. Optimal_offset is the place of the query's first position \
in the target, from 0, negative where the query overhangs to the left; on the reverse \
complement of the target where Orientation is -.")]
pub(crate) struct Arguments {
    /// Motifs to look up
    #[arg(value_name = "QUERIES")]
    queries: String,
    /// Motifs to compare them with; several files are one set
    #[arg(value_name = "TARGETS", required = true)]
    targets: Vec<String>,
    #[command(flatten)]
    output: Output,
    /// How columns are compared: Euclidean distance, Pearson correlation, Sandelin and
    /// Wasserman's score, Kullback-Leibler divergence, average log-likelihood ratio
    #[arg(long, value_name = "NAME", default_value = "ed",
          value_parser = PossibleValuesParser::new(Distance::NAMES.map(|(name, _)| name)))]
    dist: String,
    /// Write matches up to this q-value [default: 0.5; with --evalue E-value, 10]
    #[arg(long, value_name = "NUMBER")]
    thresh: Option<f64>,
    /// --thresh is of E-values
    #[arg(long)]
    evalue: bool,
    /// Least number of aligned positions; for narrower motifs, all of theirs
    #[arg(long, value_name = "N", default_value_t = Options::default().min_overlap)]
    min_overlap: usize,
    /// Do not compare with the targets' reverse complements
    #[arg(long)]
    norc: bool,
    /// Score aligned positions alone; else each other position of the query adds its median score
    #[arg(long)]
    incomplete_scores: bool,
    /// Sites added to every position, split by the background
    #[arg(long, value_name = "SITES", default_value_t = Options::default().pseudocount)]
    motif_pseudo: f64,
    /// Background in MEME's format [default: that of the first targets, else uniform]
    #[arg(long, value_name = "FILE")]
    bfile: Option<PathBuf>,
    /// Most matches of a motif in tomtom.html, 0 for no page [default: 10, or as many as make
    /// 2000 of all motifs, but at least 1]
    #[arg(long, value_name = "N")]
    drawn: Option<usize>,
}

impl Verb for Arguments {
    type Job = Compare;

    fn plan(self) -> Result<Compare> {
        let by_e_value = self.evalue;
        let usual = if by_e_value {
            CompareOptions::E_VALUE
        } else {
            CompareOptions::Q_VALUE
        };
        let distance = Distance::NAMES
            .into_iter()
            .find_map(|(name, distance)| (name == self.dist).then_some(distance));
        let (out, replace) = self.output.destination();
        Ok(Compare {
            queries: self.queries,
            targets: self.targets,
            options: CompareOptions {
                distance: distance.expect("clap takes no other name"),
                threshold: self.thresh.unwrap_or(usual),
                by_e_value,
                min_overlap: self.min_overlap,
                both_strands: !self.norc,
                complete_scores: !self.incomplete_scores,
                pseudocount: self.motif_pseudo,
                background: self.bfile,
                drawn: self.drawn,
            },
            out,
            replace,
        })
    }
}
