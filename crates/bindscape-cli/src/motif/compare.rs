//! `bindscape motif compare`: which known motifs are like those of a file.

use std::path::PathBuf;

use bindscape::motif::{Compare, CompareOptions, Compared};
use bindscape_base::Result;
use bindscape_base::progress::Progress;
use bindscape_motif::compare::{Distance, Options};
use clap::Args;
use clap::builder::PossibleValuesParser;

use super::output::Output;
use crate::face::Face;

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

impl From<Arguments> for Compare {
    fn from(arguments: Arguments) -> Self {
        let by_e_value = arguments.evalue;
        let usual = if by_e_value {
            CompareOptions::E_VALUE
        } else {
            CompareOptions::Q_VALUE
        };
        let distance = Distance::NAMES
            .into_iter()
            .find_map(|(name, distance)| (name == arguments.dist).then_some(distance));
        let (out, replace) = arguments.output.destination();
        Self {
            queries: arguments.queries,
            targets: arguments.targets,
            options: CompareOptions {
                distance: distance.expect("clap takes no other name"),
                threshold: arguments.thresh.unwrap_or(usual),
                by_e_value,
                min_overlap: arguments.min_overlap,
                both_strands: !arguments.norc,
                complete_scores: !arguments.incomplete_scores,
                pseudocount: arguments.motif_pseudo,
                background: arguments.bfile,
                drawn: arguments.drawn,
            },
            out,
            replace,
        }
    }
}

pub(super) fn run(arguments: Arguments, face: &Face<'_>) -> Result<()> {
    face.run(&Compare::from(arguments), report)
}

/// Says how many motifs have a match.
pub(crate) fn report(outcome: Compared, face: &Face<'_>) -> Result<()> {
    face.terminal.note(&format!(
        "{} of {} motifs match one of {} targets",
        outcome.matched(),
        outcome.queries.len(),
        outcome.targets.len()
    ));
    Ok(())
}
