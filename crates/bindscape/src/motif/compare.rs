//! Which known motifs are like those of a file.

use std::fmt::Write as _;
use std::path::PathBuf;

use bindscape_base::progress::Progress;
use bindscape_base::{Error, Result};
use bindscape_motif::compare::{Distance, Match, Options, Targets};
use bindscape_motif::logo::letter_definitions;
use bindscape_motif::{Background, Logo, Motif};
use bindscape_report::{ComparedMotif, MatchRow, comparison_page};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::background::BackgroundChoice;
use super::input::{check_known, goes_by, motifs_from};
use super::output::{check_directory, is_standard, remove, trailer, write_text};
use crate::data::counted;
use crate::job::Job;
use crate::output_directory::OutputDirectory;
use crate::session::Session;

/// The files of an output directory.
const TABLE: &str = "tomtom.tsv";
const PAGE: &str = "tomtom.html";

/// Matches of a motif on the page, where that is not too many in all.
const DRAWN: usize = 10;

/// Most matches on a page: a browser cannot show many more.
const MOST_DRAWN: usize = 2000;

/// Below this number of targets their columns make a poor null distribution.
const FEW_TARGETS: usize = 50;
/// Positions of a known motif and one that a network learned that must lie on each other, or all of the narrower one's.
pub(crate) const MIN_OVERLAP: usize = 5;

/// What the offsets of both files are.
const OFFSETS: &str = "Optimal_offset: place of the query's first position in the target (reverse-complemented where Orientation is -), from 0; positive if the query is shifted right.";

/// A plan to find the known motifs that are like those of a file, as Tomtom does.
///
/// ```
/// use bindscape::Session;
/// use bindscape::motif::Compare;
///
/// let directory = tempfile::tempdir()?;
/// let out = directory.path().join("out");
/// let compare = Compare::new("jaspar:MA0139", vec!["jaspar:insects".into()], out.clone());
/// let compared = Session::silent().run(&compare)?;
/// let best = &compared.matches[0][0];
/// // CTCF of humans is like that of flies.
/// assert_eq!(compared.targets[best.alignment.target].name.as_deref(), Some("CTCF"));
/// assert!(best.q_value < 0.01);
/// assert!(out.join("tomtom.tsv").exists() && out.join("tomtom.html").exists());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compare {
    /// Motifs to look up, as [`bindscape_motif::motifs_from`] takes them.
    pub queries: String,
    /// Motifs to compare them with, as [`bindscape_motif::motifs_from`] takes them; several are one set.
    pub targets: Vec<String>,
    /// How they are compared and what is written.
    #[serde(default)]
    pub options: CompareOptions,
    /// Directory to write; `-` writes the table to the session's output and nothing else.
    pub out: PathBuf,
    /// Write into a directory that exists; files of an earlier comparison in it are replaced.
    #[serde(default)]
    pub replace: bool,
}

/// Settings of a [`Compare`]; see [`Options`] for those of the method.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CompareOptions {
    /// Look up only the motifs of these ids or names.
    pub select: Vec<String>,
    /// Look up only the motifs at these places in their file, from 1; beside `select`, those of
    /// either.
    pub numbers: Vec<usize>,
    /// How columns are compared.
    pub distance: Distance,
    /// Largest q-value of a match, or E-value with `by_e_value`.
    pub threshold: f64,
    /// The threshold is of E-values.
    pub by_e_value: bool,
    /// Least number of aligned positions; for narrower motifs, all of theirs.
    pub min_overlap: usize,
    /// Compare with the targets' reverse complements, too.
    pub both_strands: bool,
    /// Each position of the query that is not aligned adds its median score; else aligned
    /// positions alone are scored.
    pub complete_scores: bool,
    /// Sites added to every position, split by the background.
    pub pseudocount: f64,
    /// Probabilities of bases where no site is; the motif file is the first of the targets.
    pub background: BackgroundChoice,
    /// Most matches of a motif on the page, 0 for no page; `None`: 10, or as many as make 2,000
    /// of all motifs, but at least 1.
    pub drawn: Option<usize>,
}

impl CompareOptions {
    /// The threshold of q-values, unless another is wanted.
    pub const Q_VALUE: f64 = 0.5;

    /// The threshold of E-values, unless another is wanted.
    pub const E_VALUE: f64 = 10.0;

    fn of_method(&self, background: Background) -> Options {
        Options {
            distance: self.distance,
            min_overlap: self.min_overlap,
            both_strands: self.both_strands,
            complete: self.complete_scores,
            pseudocount: self.pseudocount,
            background,
            ..Options::default()
        }
    }

    fn check_threshold(&self) -> Result<()> {
        let (expected, largest) = if self.by_e_value {
            ("an E-value: a number above 0", f64::INFINITY)
        } else {
            ("a q-value: a number above 0, up to 1", 1.0)
        };
        if self.threshold > 0.0 && self.threshold <= largest {
            return Ok(());
        }
        Err(
            Error::argument("threshold", expected, self.threshold.to_string())
                .hint("⟦by_e_value⟧ makes the threshold one of E-values"),
        )
    }

    /// What the threshold is of.
    fn value(&self) -> &'static str {
        if self.by_e_value {
            "E-value"
        } else {
            "q-value"
        }
    }

    /// How the motifs were compared, in a line.
    fn method(&self) -> String {
        let scores = if self.complete_scores {
            "complete"
        } else {
            "aligned positions alone"
        };
        let strands = if self.both_strands { "both" } else { "one" };
        format!(
            "Distance: {}; scores: {scores}; strands: {strands}; q-values: Benjamini-Hochberg per query.",
            self.distance.name()
        )
    }
}

impl Default for CompareOptions {
    fn default() -> Self {
        let method = Options::default();
        Self {
            select: Vec::new(),
            numbers: Vec::new(),
            distance: method.distance,
            threshold: Self::Q_VALUE,
            by_e_value: false,
            min_overlap: method.min_overlap,
            both_strands: method.both_strands,
            complete_scores: method.complete,
            pseudocount: method.pseudocount,
            background: BackgroundChoice::default(),
            drawn: None,
        }
    }
}

/// A match up to the threshold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SignificantMatch {
    /// The alignment, with the number of the target.
    pub alignment: Match,
    /// Matches as good as this one to be expected among so many random targets.
    pub e_value: f64,
    /// False discovery rate among the matches of this query.
    pub q_value: f64,
}

/// The name of a known motif, and the q-value of the match.
pub(crate) type KnownName = (String, f64);

/// The matches of each of `motifs`, found in contributions, among `targets` with a q-value up to
/// `q_value`, the best first. Columns are compared by Pearson's correlation: by Euclidean distance
/// flat ones are alike, and wide patterns have many.
pub(super) fn best_matches(
    motifs: &[Motif],
    targets: &[Motif],
    q_value: f64,
    session: &Session<'_>,
) -> Result<Vec<Vec<SignificantMatch>>> {
    let options = CompareOptions {
        threshold: q_value,
        ..CompareOptions::default()
    };
    let method = Options {
        distance: Distance::Pearson,
        min_overlap: MIN_OVERLAP,
        ..Options::default()
    };
    let prepared = Targets::new(targets, method)?;
    session.begin("comparing with known motifs", Some(motifs.len() as u64));
    let matches = prepared.compare(motifs, session, |_, matches| significant(matches, &options))?;
    session.finish();
    Ok(matches)
}

/// Name and q-value of the best match of each motif, as [`best_matches`] gives them.
pub(super) fn best_names(
    matches: &[Vec<SignificantMatch>],
    targets: &[Motif],
) -> Vec<Option<KnownName>> {
    let best = matches.iter().map(|matches| {
        let best = matches.first()?;
        let target = &targets[best.alignment.target];
        let name = target.name.as_deref().unwrap_or(&target.id);
        Some((name.to_owned(), best.q_value))
    });
    best.collect()
}

/// Refuses a q-value that is none.
pub(super) fn check_q_value(q_value: f64) -> Result<()> {
    if q_value > 0.0 && q_value <= 1.0 {
        return Ok(());
    }
    Err(Error::argument(
        "q_value",
        "a number above 0, up to 1",
        q_value.to_string(),
    ))
}

/// What a comparison leaves.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared {
    /// The motifs that were looked up.
    pub queries: Vec<Motif>,
    /// The motifs they were compared with.
    pub targets: Vec<Motif>,
    /// For each query its matches, best first.
    pub matches: Vec<Vec<SignificantMatch>>,
}

impl Compared {
    /// Queries with a match.
    #[must_use]
    pub fn matched(&self) -> usize {
        self.matches
            .iter()
            .filter(|found| !found.is_empty())
            .count()
    }
}

impl Compare {
    /// A comparison with Tomtom's settings.
    #[must_use]
    pub fn new(queries: impl Into<String>, targets: Vec<String>, out: PathBuf) -> Self {
        Self {
            queries: queries.into(),
            targets,
            options: CompareOptions::default(),
            out,
            replace: false,
        }
    }

    fn read_targets(&self, session: &Session<'_>) -> Result<TargetSet> {
        let mut set = TargetSet::default();
        for (number, argument) in self.targets.iter().enumerate() {
            let read = motifs_from(argument, session)?;
            if number == 0 {
                let choice = &self.options.background;
                set.background = choice.read(read.background, argument)?;
            }
            set.notices.extend(read.notice);
            set.motifs.extend(read.motifs);
        }
        Ok(set)
    }

    /// The motifs to look up, in the order of their file.
    fn read_queries(&self, session: &Session<'_>) -> Result<Vec<Motif>> {
        let all = motifs_from(&self.queries, session)?.motifs;
        let CompareOptions {
            select, numbers, ..
        } = &self.options;
        if select.is_empty() && numbers.is_empty() {
            return Ok(all);
        }
        check_known(&all, select, &self.queries)?;
        if let Some(number) = numbers.iter().find(|&&n| n == 0 || n > all.len()) {
            return Err(Error::argument(
                "numbers",
                format!(
                    "a number from 1 to {}, of a motif of {}",
                    all.len(),
                    self.queries
                ),
                number.to_string(),
            ));
        }
        let wanted = |(place, motif): (usize, Motif)| {
            let chosen =
                numbers.contains(&(place + 1)) || select.iter().any(|id| goes_by(&motif, id));
            chosen.then_some(motif)
        };
        Ok(all.into_iter().enumerate().filter_map(wanted).collect())
    }

    /// The line above the page's matches.
    fn summary(&self, targets: usize) -> String {
        format!(
            "Compared with {} of {}, after Tomtom; matches up to {} {}. {} Offset: \
             place of the query's first position in the target, from 0, on the strand shown.",
            counted(targets as u64, "motif"),
            self.targets.join(", "),
            self.options.value(),
            self.options.threshold,
            self.options.method(),
        )
    }

    fn write(&self, text: &str, page: Option<&str>, session: &Session<'_>) -> Result<()> {
        if is_standard(&self.out) {
            return write_text(&self.out, text, session);
        }
        let mut directory = OutputDirectory::make(&self.out)?;
        match page {
            Some(page) => directory.write(PAGE, page)?,
            // That of an earlier comparison does not stay beside another table.
            None => {
                remove(&self.out.join(PAGE))?;
            }
        }
        directory.write(TABLE, text)?;
        directory.keep();
        Ok(())
    }
}

/// What queries are compared with.
#[derive(Default)]
struct TargetSet {
    motifs: Vec<Motif>,
    background: Background,
    /// Licences and citations of the motifs.
    notices: Vec<String>,
}

/// Matches up to the threshold, best first.
pub(super) fn significant(matches: &[Match], options: &CompareOptions) -> Vec<SignificantMatch> {
    let p_values: Vec<f64> = matches.iter().map(|found| found.p_value).collect();
    let mut kept: Vec<SignificantMatch> = matches
        .iter()
        .zip(bindscape_stats::q_values(&p_values))
        .map(|(&alignment, q_value)| SignificantMatch {
            alignment,
            e_value: alignment.p_value * matches.len() as f64,
            q_value,
        })
        .filter(|found| {
            let value = if options.by_e_value {
                found.e_value
            } else {
                found.q_value
            };
            value <= options.threshold
        })
        .collect();
    kept.sort_by(|a, b| a.alignment.p_value.total_cmp(&b.alignment.p_value));
    kept
}

impl Job for Compare {
    type Outcome = Compared;

    const NAME: &'static str = "motif compare";

    const FILES: &'static [&'static str] = &[TABLE, PAGE];

    fn check(&self) -> Result<()> {
        if self.targets.is_empty() {
            return Err(Error::argument("targets", "at least one", "none"));
        }
        self.options.check_threshold()?;
        self.options.of_method(Background::uniform()).validate()
    }

    fn run(&self, session: &Session<'_>) -> Result<Compared> {
        check_directory(&self.out, self.replace)?;
        let queries = self.read_queries(session)?;
        let targets = self.read_targets(session)?;
        if targets.motifs.len() < FEW_TARGETS {
            session.note(&format!(
                "p-values against {} depend on which they are; {FEW_TARGETS} or more make a fair null distribution",
                counted(targets.motifs.len() as u64, "target")
            ));
        }
        let prepared = Targets::new(&targets.motifs, self.options.of_method(targets.background))?;
        session.begin("comparing motifs", Some(queries.len() as u64));
        let matches = prepared.compare(&queries, session, |_, matches| {
            significant(matches, &self.options)
        })?;
        session.finish();
        let compared = Compared {
            queries,
            targets: targets.motifs,
            matches,
        };
        let text = table(&compared, &self.options, session);
        let page = if is_standard(&self.out) {
            None
        } else {
            let mut notes = vec![self.summary(compared.targets.len())];
            notes.extend(targets.notices);
            page(self, &compared, &notes, &targets.background)?
        };
        self.write(&text, page.as_deref(), session)?;
        Ok(compared)
    }
}

/// The matches in Tomtom's columns.
fn table(compared: &Compared, options: &CompareOptions, session: &Session<'_>) -> String {
    let Compared {
        queries,
        targets,
        matches,
    } = compared;
    let mut text = String::from(
        "Query_ID\tTarget_ID\tOptimal_offset\tp-value\tE-value\tq-value\tOverlap\tQuery_consensus\tTarget_consensus\tOrientation\n",
    );
    let forward: Vec<String> = targets
        .iter()
        .map(|target| target.frequencies.most_frequent())
        .collect();
    let reverse: Vec<String> = targets
        .iter()
        .map(|target| target.frequencies.reverse_complement().most_frequent())
        .collect();
    for (query, matches) in queries.iter().zip(matches) {
        let consensus = query.frequencies.most_frequent();
        for found in matches {
            let alignment = &found.alignment;
            let (strand, targeted) = if alignment.reverse {
                ('-', &reverse)
            } else {
                ('+', &forward)
            };
            writeln!(
                text,
                "{}\t{}\t{}\t{:.5e}\t{:.5e}\t{:.5e}\t{}\t{consensus}\t{}\t{strand}",
                query.id,
                targets[alignment.target].id,
                alignment.offset,
                alignment.p_value,
                found.e_value,
                found.q_value,
                alignment.overlap,
                targeted[alignment.target],
            )
            .expect("writing to a string");
        }
    }
    let what = format!(
        "motif compare, after Tomtom. {} {OFFSETS}",
        options.method()
    );
    text.push_str(&trailer(&what, "tomtom-output-format", session));
    text
}

/// The page of the best matches of each query; `None` where none is wanted.
fn page(
    plan: &Compare,
    compared: &Compared,
    notes: &[String],
    background: &Background,
) -> Result<Option<String>> {
    let most = plan
        .options
        .drawn
        .unwrap_or_else(|| (MOST_DRAWN / compared.matched().max(1)).clamp(1, DRAWN));
    if most == 0 {
        return Ok(None);
    }
    let motifs: Vec<ComparedMotif<'_>> = compared
        .queries
        .par_iter()
        .zip(&compared.matches)
        .map(|(query, matches)| {
            let below = Logo::information(&query.frequencies, background)?;
            let rows = matches
                .iter()
                .take(most)
                .map(|found| row(found, &compared.targets, &below, background))
                .collect::<Result<_>>()?;
            Ok(ComparedMotif {
                id: &query.id,
                name: query.name.as_deref(),
                species: query.metadata.species_names(),
                found: matches.len(),
                matches: rows,
            })
        })
        .collect::<Result<_>>()?;
    let title = format!("Motifs of {} and what they are like", plan.queries);
    let notes: Vec<&str> = notes.iter().map(String::as_str).collect();
    Ok(Some(comparison_page(
        &title,
        &notes,
        &letter_definitions(),
        &motifs,
    )))
}

/// A match as the page shows it, above the logo of its query.
pub(super) fn row<'a>(
    found: &SignificantMatch,
    targets: &'a [Motif],
    below: &Logo,
    background: &Background,
) -> Result<MatchRow<'a>> {
    let alignment = &found.alignment;
    let target = &targets[alignment.target];
    let above = if alignment.reverse {
        Logo::information(&target.frequencies.reverse_complement(), background)
    } else {
        Logo::information(&target.frequencies, background)
    }?;
    Ok(MatchRow {
        id: &target.id,
        name: target.name.as_deref(),
        species: target.metadata.species_names(),
        family: target.metadata.family.join("::"),
        url: target.url.as_deref().filter(|url| url.starts_with("http")),
        values: [alignment.p_value, found.e_value, found.q_value]
            .map(|value| format!("{value:.2e}")),
        offset: alignment.offset,
        overlap: alignment.overlap,
        reverse: alignment.reverse,
        alignment: above.inline_svg_above(below, alignment.offset),
    })
}

#[cfg(test)]
mod tests {
    use bindscape_motif::Frequencies;

    use super::*;

    /// A wide pattern with columns that say next to nothing is like no known motif, though by
    /// Euclidean distance it is like the wide ones; a known one is like itself.
    #[test]
    fn flat_patterns_are_like_nothing() {
        let session = Session::silent();
        let targets = motifs_from("jaspar:vertebrates", &session).expect("built in");
        // Columns of 25 random bases each, as those of noise are.
        let mut state = 1_u32;
        let mut base = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 30) as usize
        };
        let rows: Vec<[f64; 4]> = (0..36)
            .map(|_| {
                let mut row = [0.0; 4];
                (0..25).for_each(|_| row[base()] += 1.0 / 25.0);
                row
            })
            .collect();
        let flat = Motif::new("flat", Frequencies::new(rows).expect("frequencies"));
        let is_ctcf = |motif: &&Motif| motif.name.as_deref() == Some("CTCF");
        let ctcf = targets
            .motifs
            .iter()
            .find(is_ctcf)
            .expect("a motif of CTCF");
        let found = best_matches(&[flat, ctcf.clone()], &targets.motifs, 0.05, &session);
        let found = found.expect("comparable");
        assert_eq!(found[0], [], "{:?}", best_names(&found, &targets.motifs));
        let names = best_names(&found, &targets.motifs);
        assert_eq!(names[1].as_ref().expect("itself").0, "CTCF");
    }
}
