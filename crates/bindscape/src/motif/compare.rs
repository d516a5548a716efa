//! `bindscape motif compare`: which known motifs are like those of a file.

use std::fmt::Write as _;
use std::path::PathBuf;

use bindscape_core::progress::Progress;
use bindscape_core::{Error, Result, atomic};
use bindscape_motif::compare::{Distance, Match, Options, Targets};
use bindscape_motif::{Background, Motif, motifs_from};
use clap::Args;
use clap::builder::PossibleValuesParser;

use super::output::{Output, print};
use crate::terminal::Terminal;

/// The file of an output directory.
const TABLE: &str = "tomtom.tsv";

/// Below this number of targets their columns make a poor null distribution.
const FEW_TARGETS: usize = 50;

/// Options of `motif compare`; names, defaults and columns are Tomtom's.
#[derive(Debug, Args)]
#[command(after_help = "\
File: tomtom.tsv, a line per match, by query and then p-value. Optimal_offset is the place of \
the query's first position in the target, from 0, negative where the query overhangs to the \
left; on the reverse complement of the target where Orientation is -.")]
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
}

pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<()> {
    let threshold = threshold(arguments)?;
    if let Some(new) = &arguments.output.new
        && new.exists()
    {
        return Err(Error::option(
            "--o",
            "a directory that does not exist",
            new.display().to_string(),
        )
        .hint("--oc writes into a directory that is there"));
    }
    let queries = motifs_from(&arguments.queries)?.motifs;
    let mut targets = Vec::new();
    let mut background = None;
    for (number, argument) in arguments.targets.iter().enumerate() {
        let set = motifs_from(argument)?;
        if number == 0 {
            background = set.background;
        }
        targets.extend(set.motifs);
    }
    if let Some(path) = &arguments.bfile {
        background = Some(Background::read(path)?);
    }
    if targets.len() < FEW_TARGETS {
        terminal.note(&format!(
            "p-values of {} targets depend on which they are; {FEW_TARGETS} or more make a fair null distribution",
            targets.len()
        ));
    }
    let distance = Distance::NAMES
        .into_iter()
        .find_map(|(name, distance)| (name == arguments.dist).then_some(distance))
        .expect("clap takes no other name");
    let options = Options {
        distance,
        min_overlap: arguments.min_overlap,
        both_strands: !arguments.norc,
        complete: !arguments.incomplete_scores,
        pseudocount: arguments.motif_pseudo,
        background: background.unwrap_or(Background::uniform()),
        ..Options::default()
    };
    let prepared = Targets::new(&targets, options)?;
    terminal.begin("comparing motifs", Some(queries.len() as u64));
    let kept = prepared.compare(&queries, terminal, |_, matches| {
        significant(matches, threshold, arguments.evalue)
    })?;
    terminal.finish();
    let found = kept.iter().filter(|matches| !matches.is_empty()).count();
    let text = table(&queries, &targets, &kept, arguments);
    terminal.note(&format!(
        "{found} of {} motifs match one of {} targets",
        queries.len(),
        targets.len()
    ));
    write(&arguments.output, &text)
}

fn threshold(arguments: &Arguments) -> Result<f64> {
    let (expected, largest, default) = if arguments.evalue {
        ("an E-value: a number above 0", f64::INFINITY, 10.0)
    } else {
        ("a q-value: a number above 0, up to 1", 1.0, 0.5)
    };
    match arguments.thresh {
        Some(value) if !(value > 0.0 && value <= largest) => {
            Err(Error::option("--thresh", expected, value.to_string())
                .hint("--evalue makes the threshold one of E-values"))
        }
        value => Ok(value.unwrap_or(default)),
    }
}

/// Matches up to the threshold, the best first, with their q-values.
fn significant(matches: &[Match], threshold: f64, evalue: bool) -> Vec<(Match, f64)> {
    let p_values: Vec<f64> = matches.iter().map(|found| found.p_value).collect();
    let mut kept: Vec<(Match, f64)> = matches
        .iter()
        .copied()
        .zip(bindscape_stats::q_values(&p_values))
        .filter(|(found, q)| {
            let value = if evalue {
                found.p_value * matches.len() as f64
            } else {
                *q
            };
            value <= threshold
        })
        .collect();
    kept.sort_by(|(a, _), (b, _)| a.p_value.total_cmp(&b.p_value));
    kept
}

fn table(
    queries: &[Motif],
    targets: &[Motif],
    kept: &[Vec<(Match, f64)>],
    arguments: &Arguments,
) -> String {
    let mut text = String::from(
        "Query_ID\tTarget_ID\tOptimal_offset\tp-value\tE-value\tq-value\tOverlap\tQuery_consensus\tTarget_consensus\tOrientation\n",
    );
    let forward: Vec<String> = targets
        .iter()
        .map(|target| target.frequencies.consensus())
        .collect();
    let reverse: Vec<String> = targets
        .iter()
        .map(|target| target.frequencies.reverse_complement().consensus())
        .collect();
    for (query, matches) in queries.iter().zip(kept) {
        let consensus = query.frequencies.consensus();
        for (found, q) in matches {
            let (strand, targeted) = if found.reverse {
                ('-', &reverse)
            } else {
                ('+', &forward)
            };
            writeln!(
                text,
                "{}\t{}\t{}\t{:.5e}\t{:.5e}\t{q:.5e}\t{}\t{consensus}\t{}\t{strand}",
                query.id,
                targets[found.target].id,
                found.offset,
                found.p_value,
                found.p_value * targets.len() as f64,
                found.overlap,
                targeted[found.target],
            )
            .expect("writing to a string");
        }
    }
    let scores = if arguments.incomplete_scores {
        "aligned positions alone"
    } else {
        "complete"
    };
    let strands = if arguments.norc { "one" } else { "both" };
    writeln!(
        text,
        "\n# bindscape {} motif compare, after Tomtom. Distance: {}; scores: {scores}; strands: {strands}; q-values: Benjamini-Hochberg per query.\n\
         # Optimal_offset: place of the query's first position in the target (reverse-complemented where Orientation is -), from 0; positive if the query is shifted right.",
        env!("CARGO_PKG_VERSION"),
        arguments.dist,
    )
    .expect("writing to a string");
    text
}

fn write(output: &Output, text: &str) -> Result<()> {
    let Some(directory) = output.directory() else {
        return print(text);
    };
    std::fs::create_dir_all(directory).map_err(|source| Error::io("create", directory, source))?;
    atomic::write(directory.join(TABLE), text.as_bytes())
}
