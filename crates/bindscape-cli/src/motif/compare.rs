//! `bindscape motif compare`: which known motifs are like those of a file.

use std::fmt::Write as _;
use std::path::PathBuf;

use bindscape_base::progress::Progress;
use bindscape_base::{Error, Result, atomic};
use bindscape_motif::compare::{Distance, Match, Options, Targets};
use bindscape_motif::logo::letter_definitions;
use bindscape_motif::{Background, Logo, Motif, motifs_from};
use bindscape_report::{ComparedMotif, MatchRow, comparison_page};
use clap::Args;
use clap::builder::PossibleValuesParser;
use rayon::prelude::*;

use super::output::{Output, print};
use crate::terminal::Terminal;

/// The files of an output directory.
const TABLE: &str = "tomtom.tsv";
const PAGE: &str = "tomtom.html";

/// Matches of a motif that the page shows where that is not too many in all.
const DRAWN: usize = 10;

/// Matches that a page shows of all motifs, lest it be too large for a browser.
const MOST_DRAWN: usize = 2000;

/// Below this number of targets their columns make a poor null distribution.
const FEW_TARGETS: usize = 50;

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

pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<()> {
    let threshold = threshold(arguments)?;
    arguments.output.check()?;
    let queries = motifs_from(&arguments.queries)?.motifs;
    let mut targets = Vec::new();
    let mut background = None;
    let mut notices: Vec<String> = Vec::new();
    for (number, argument) in arguments.targets.iter().enumerate() {
        let set = motifs_from(argument)?;
        if number == 0 {
            background = set.background;
        }
        notices.extend(set.notice);
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
    let background = options.background;
    let prepared = Targets::new(&targets, options)?;
    terminal.begin("comparing motifs", Some(queries.len() as u64));
    let kept = prepared.compare(&queries, terminal, |_, matches| {
        significant(matches, threshold, arguments.evalue)
    })?;
    terminal.finish();
    let found = kept.iter().filter(|matches| !matches.is_empty()).count();
    let text = table(&queries, &targets, &kept, arguments);
    let page = match arguments.output.directory() {
        Some(_) => {
            let compared = format!(
                "Compared with {} motifs of {}, after Tomtom; matches up to {} {threshold}. {} Offset: \
                 place of the query's first position in the target, from 0, on the strand shown.",
                targets.len(),
                arguments.targets.join(", "),
                if arguments.evalue {
                    "E-value"
                } else {
                    "q-value"
                },
                method(arguments),
            );
            notices.insert(0, compared);
            page(&queries, &targets, &kept, &notices, &background, arguments)?
        }
        None => None,
    };
    terminal.note(&format!(
        "{found} of {} motifs match one of {} targets",
        queries.len(),
        targets.len()
    ));
    write(&arguments.output, &text, page.as_deref())
}

fn threshold(arguments: &Arguments) -> Result<f64> {
    let (expected, largest, default) = if arguments.evalue {
        ("an E-value: a number above 0", f64::INFINITY, 10.0)
    } else {
        ("a q-value: a number above 0, up to 1", 1.0, 0.5)
    };
    match arguments.thresh {
        Some(value) if !(value > 0.0 && value <= largest) => {
            Err(Error::argument("threshold", expected, value.to_string())
                .hint("--evalue makes the threshold one of E-values"))
        }
        value => Ok(value.unwrap_or(default)),
    }
}

/// Matches as good as this one to be expected among so many random targets.
fn e_value(found: &Match, targets: usize) -> f64 {
    found.p_value * targets as f64
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
                e_value(found, matches.len())
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
                e_value(found, targets.len()),
                found.overlap,
                targeted[found.target],
            )
            .expect("writing to a string");
        }
    }
    writeln!(
        text,
        "\n# bindscape {} motif compare, after Tomtom. {}\n\
         # {OFFSETS}",
        env!("CARGO_PKG_VERSION"),
        method(arguments),
    )
    .expect("writing to a string");
    text
}

/// What the offsets of both files are.
const OFFSETS: &str = "Optimal_offset: place of the query's first position in the target (reverse-complemented where Orientation is -), from 0; positive if the query is shifted right.";

/// How the motifs were compared, in a line.
fn method(arguments: &Arguments) -> String {
    let scores = if arguments.incomplete_scores {
        "aligned positions alone"
    } else {
        "complete"
    };
    let strands = if arguments.norc { "one" } else { "both" };
    format!(
        "Distance: {}; scores: {scores}; strands: {strands}; q-values: Benjamini-Hochberg per query.",
        arguments.dist
    )
}

/// The page of the best matches of each query; `None` where none is wanted.
fn page(
    queries: &[Motif],
    targets: &[Motif],
    kept: &[Vec<(Match, f64)>],
    notices: &[String],
    background: &Background,
    arguments: &Arguments,
) -> Result<Option<String>> {
    let found = kept.iter().filter(|matches| !matches.is_empty()).count();
    let most = arguments
        .drawn
        .unwrap_or_else(|| (MOST_DRAWN / found.max(1)).clamp(1, DRAWN));
    if most == 0 {
        return Ok(None);
    }
    let motifs: Vec<ComparedMotif<'_>> = queries
        .par_iter()
        .zip(kept)
        .map(|(query, matches)| {
            let below = Logo::information(&query.frequencies, background)?;
            let rows = matches
                .iter()
                .take(most)
                .map(|found| row(found, targets, &below, background))
                .collect::<Result<_>>()?;
            Ok(ComparedMotif {
                id: &query.id,
                name: query.name.as_deref(),
                found: matches.len(),
                matches: rows,
            })
        })
        .collect::<Result<_>>()?;
    let title = format!("Motifs of {} and what they are like", arguments.queries);
    let notes: Vec<&str> = notices.iter().map(String::as_str).collect();
    Ok(Some(comparison_page(
        &title,
        &notes,
        &letter_definitions(),
        &motifs,
    )))
}

/// A match as the page shows it, above the logo of its query.
fn row<'a>(
    (found, q): &(Match, f64),
    targets: &'a [Motif],
    below: &Logo,
    background: &Background,
) -> Result<MatchRow<'a>> {
    let target = &targets[found.target];
    let above = if found.reverse {
        Logo::information(&target.frequencies.reverse_complement(), background)
    } else {
        Logo::information(&target.frequencies, background)
    }?;
    Ok(MatchRow {
        id: &target.id,
        name: target.name.as_deref(),
        family: target.metadata.family.join("::"),
        url: target.url.as_deref().filter(|url| url.starts_with("http")),
        values: [found.p_value, e_value(found, targets.len()), *q]
            .map(|value| format!("{value:.2e}")),
        offset: found.offset,
        overlap: found.overlap,
        reverse: found.reverse,
        alignment: above.inline_svg_above(below, found.offset),
    })
}

fn write(output: &Output, text: &str, page: Option<&str>) -> Result<()> {
    let Some(directory) = output.directory() else {
        return print(text);
    };
    std::fs::create_dir_all(directory).map_err(|source| Error::io("create", directory, source))?;
    let path = directory.join(PAGE);
    match page {
        Some(page) => atomic::write(&path, page.as_bytes())?,
        // That of an earlier comparison does not stay beside another table.
        None if path.exists() => {
            std::fs::remove_file(&path).map_err(|source| Error::io("remove", &path, source))?;
        }
        None => {}
    }
    atomic::write(directory.join(TABLE), text.as_bytes())
}
