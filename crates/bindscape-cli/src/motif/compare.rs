//! `bindscape motif compare`: which known motifs are like those of a file.

use bindscape::motif::{BackgroundChoice, Compare, CompareOptions};
use bindscape_base::{Error, Result};
use bindscape_motif::compare::{Distance, Options};
use clap::Args;

use super::background::background;
use super::others::{Effect, Other, Others, Program, flag, valued};
use super::output::{Output, SuiteOutput, Verbosity};
use crate::face::Verb;

/// What is compared and how; names and defaults are Tomtom's.
#[derive(Debug, Args)]
struct Comparison {
    /// Motifs to look up
    #[arg(value_name = "QUERIES")]
    queries: String,
    /// Motifs to compare them with; several files are one set
    #[arg(value_name = "TARGETS", required = true)]
    targets: Vec<String>,
    /// Look up only the motifs of these ids or names; may be given several times
    #[arg(short = 'm', long = "m", value_name = "ID")]
    select: Vec<String>,
    /// Look up only the motifs at these places in their file, from 1; may be given several times
    #[arg(long = "mi", value_name = "N")]
    numbers: Vec<usize>,
    /// How columns are compared: ed (Euclidean distance), pearson (correlation), sandelin (Sandelin
    /// and Wasserman's score), kullback (Kullback-Leibler divergence), allr (average log-likelihood
    /// ratio)
    #[arg(long, value_name = "NAME", default_value = "ed")]
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
    /// Background: a file of MEME's background format or a MEME motif file, `--motif--` for that of
    /// the first targets, `--uniform--` or `--nrdb--` [default: that of the first targets, else
    /// uniform]
    #[arg(long, value_name = "FILE", allow_hyphen_values = true)]
    bfile: Option<String>,
    /// Most matches of a motif in tomtom.html, 0 for no page [default: 10, or as many as make
    /// 2000 of all motifs, but at least 1]
    #[arg(long, value_name = "N")]
    drawn: Option<usize>,
    #[command(flatten)]
    verbosity: Verbosity,
    #[command(flatten)]
    others: Others<Tomtom>,
}

/// Tomtom.
#[derive(Debug)]
struct Tomtom;

impl Program for Tomtom {
    const OPTIONS: &'static [Other] = &[
        flag(
            "no-ssc",
            Effect::Usual("logos have no correction for small samples"),
        ),
        flag(
            "png",
            Effect::None("logos are in tomtom.html; `motif logo --png` draws them as files"),
        ),
        flag(
            "eps",
            Effect::None("logos are in tomtom.html; `motif logo` draws them as files"),
        ),
        valued(
            "time",
            "SECONDS",
            Effect::None("a comparison takes seconds"),
        ),
        flag(
            "xalph",
            Effect::None("all motifs are of DNA, and U is read as T"),
        ),
        flag(
            "internal",
            Effect::Refused(
                "shorter motifs may overhang; --min-overlap asks for a number of aligned positions",
            ),
        ),
        valued(
            "query-pseudo",
            "SITES",
            Effect::Refused("--motif-pseudo is for queries and targets"),
        ),
        valued(
            "target-pseudo",
            "SITES",
            Effect::Refused("--motif-pseudo is for queries and targets"),
        ),
        valued(
            "column-scores",
            "FILE",
            Effect::Refused("scores of columns are not written"),
        ),
    ];
}

/// Distances of Tomtom that are no more than names here.
const OTHER_DISTANCES: [&str; 4] = ["blic1", "blic5", "llr1", "llr5"];

/// The distance of that name.
pub(crate) fn distance(name: &str) -> Result<Distance> {
    let known = Distance::NAMES.map(|(name, _)| name);
    let found = Distance::NAMES
        .into_iter()
        .find(|(known, _)| *known == name);
    found.map(|(_, distance)| distance).ok_or_else(|| {
        let otherwise = match OTHER_DISTANCES.contains(&name) {
            true => "this one of Tomtom's is not computed here; `ed` is its default",
            false => "`ed` is the default",
        };
        Error::argument(
            "distance",
            format!("one of {}", known.join(", ")),
            format!("{name:?}"),
        )
        .hint(bindscape_base::names::suggestion(name, known, otherwise))
    })
}

impl Comparison {
    fn plan(self, (out, replace): (std::path::PathBuf, bool)) -> Result<Compare> {
        self.others.check()?;
        let by_e_value = self.evalue;
        let usual = if by_e_value {
            CompareOptions::E_VALUE
        } else {
            CompareOptions::Q_VALUE
        };
        Ok(Compare {
            queries: self.queries,
            targets: self.targets,
            options: CompareOptions {
                select: self.select,
                numbers: self.numbers,
                distance: distance(&self.dist)?,
                threshold: self.thresh.unwrap_or(usual),
                by_e_value,
                min_overlap: self.min_overlap,
                both_strands: !self.norc,
                complete_scores: !self.incomplete_scores,
                pseudocount: self.motif_pseudo,
                background: background(self.bfile, BackgroundChoice::MotifsOrUniform)?,
                drawn: self.drawn,
            },
            out,
            replace,
        })
    }
}

/// What both verbs say of their files.
const FILES: &str = "\
Files: tomtom.tsv, a line per match, by query and then p-value; tomtom.html, a page with the \
logos of the best matches, aligned. Optimal_offset is the place of the query's first position \
in the target, from 0, negative where the query overhangs to the left; on the reverse \
complement of the target where Orientation is -.";

/// Options of `motif compare`; names, defaults and columns are Tomtom's.
#[derive(Debug, Args)]
#[command(args_override_self = true, after_help = FILES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    comparison: Comparison,
    #[command(flatten)]
    output: Output,
}

impl Verb for Arguments {
    type Job = Compare;

    fn remarks(&self) -> Vec<String> {
        self.comparison.others.remarks()
    }

    fn plan(self) -> Result<Compare> {
        self.comparison.plan(self.output.destination())
    }
}

/// Options of `motif tomtom`: those of `motif compare`, with Tomtom's directory by default.
#[derive(Debug, Args)]
#[command(version, args_override_self = true, after_help = FILES)]
pub(crate) struct TomtomArguments {
    #[command(flatten)]
    comparison: Comparison,
    #[command(flatten)]
    output: SuiteOutput,
}

impl Verb for TomtomArguments {
    type Job = Compare;

    fn remarks(&self) -> Vec<String> {
        self.comparison.others.remarks()
    }

    fn plan(self) -> Result<Compare> {
        self.comparison.plan(self.output.destination("tomtom_out"))
    }
}
