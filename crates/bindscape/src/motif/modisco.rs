//! The motifs that the contributions of a model form.

mod page;
mod tables;

use std::path::PathBuf;

use bindscape_base::digest::InputFile;
use bindscape_base::progress::check;
use bindscape_base::{Error, Result};
use bindscape_modisco::hdf5::{self, Stored};
use bindscape_modisco::{Found, Options, Tracks, find};
use bindscape_motif::{Format, Frequencies, Motif, MotifSet, format};
use bindscape_report::PatternSection;
use serde::{Deserialize, Serialize};

use super::compare::{KnownName, SignificantMatch, best_matches, best_names, check_q_value};
use super::input::motifs_from;
use super::places::Places;
use crate::data;
use crate::job::Job;
use crate::output_directory::OutputDirectory;
use crate::run_directory::{refuse_occupied, write_json};
use crate::session::Session;

/// Names of the files of the output directory.
const STORED: &str = "patterns.h5";
const PAGE: &str = "patterns.html";
const MOTIFS: &str = "patterns.meme";
const CONTRIBUTIONS: &str = "contributions.meme";
const PATTERN_TABLE: &str = "patterns.tsv";
const MATCH_TABLE: &str = "matches.tsv";
const SEQLETS: &str = "seqlets.bed";
const RECORD: &str = "modisco.json";

/// Columns that contribute less than this share of the strongest, at the ends, are not compared
/// with known motifs.
const COMPARED: f64 = 0.3;

/// A plan to find the patterns that contributions form, as TF-MoDISco does, or to show those of a
/// file, and to compare them with known motifs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Modisco {
    /// One-hot sequences (`.npz`, `arr_0`, sequences × 4 × positions).
    #[serde(default)]
    pub sequences: Option<PathBuf>,
    /// Hypothetical contributions, of the same layout.
    #[serde(default)]
    pub contributions: Option<PathBuf>,
    /// HDF5 file of patterns that were found before, in the place of both.
    #[serde(default)]
    pub patterns: Option<PathBuf>,
    /// BED file with the region of each sequence, in order.
    #[serde(default)]
    pub regions: Option<PathBuf>,
    /// Positions in the middle of the sequences to look at; `None` for all.
    #[serde(default)]
    pub window: Option<usize>,
    /// How patterns are found.
    #[serde(default)]
    pub options: Options,
    /// Motifs that patterns are compared with, as [`bindscape_motif::motifs_from`] takes them.
    pub targets: String,
    /// Largest q-value of a match.
    pub q_value: f64,
    /// Directory to write, new or empty.
    pub out: PathBuf,
}

/// Seqlets that a search found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SeqletCounts {
    /// Sequences.
    pub sequences: usize,
    /// Positions of each that were looked at.
    pub positions: usize,
    /// Seqlets that raise the prediction.
    pub positive: usize,
    /// Seqlets that lower it.
    pub negative: usize,
    /// Seqlets of neither sign.
    pub unsigned: usize,
    /// Positive and negative seqlets that patterns were made from.
    pub used: [usize; 2],
}

/// What a search of patterns leaves.
#[derive(Debug, Clone)]
pub struct PatternsFound {
    /// Patterns, those that raise the prediction first.
    pub patterns: Vec<Stored>,
    /// The motif of each pattern that was compared: the columns that contribute.
    pub motifs: Vec<Motif>,
    /// The motifs that they were compared with.
    pub targets: Vec<Motif>,
    /// For each pattern its matches, the best first.
    pub matches: Vec<Vec<SignificantMatch>>,
    /// What was counted, unless the patterns came from a file.
    pub counts: Option<SeqletCounts>,
    /// The directory.
    pub directory: PathBuf,
}

/// What `modisco.json` tells.
#[derive(Serialize)]
struct Record<'a> {
    bindscape: &'static str,
    command: &'a [String],
    inputs: Vec<InputFile>,
    plan: &'a Modisco,
    seqlets: Option<SeqletCounts>,
    patterns: usize,
}

impl Modisco {
    /// Motifs to compare with, unless others are wanted.
    pub const TARGETS: &str = "jaspar:vertebrates";

    /// Largest q-value of a match, unless another is wanted.
    pub const Q_VALUE: f64 = 0.05;

    /// A search with the default settings.
    #[must_use]
    pub fn new(sequences: PathBuf, contributions: PathBuf, out: PathBuf) -> Self {
        Self {
            sequences: Some(sequences),
            contributions: Some(contributions),
            patterns: None,
            regions: None,
            window: None,
            options: Options::default(),
            targets: Self::TARGETS.to_owned(),
            q_value: Self::Q_VALUE,
            out,
        }
    }

    /// Searches the contributions, or reads the patterns of a file.
    fn patterns(&self, session: &Session<'_>) -> Result<(Source, Places)> {
        let regions = self.regions.as_deref();
        if let Some(path) = &self.patterns {
            let contents = hdf5::read(path)?;
            let places = Places::of_file(regions, &contents, path)?;
            return Ok((Source::File(contents.patterns), places));
        }
        let (Some(sequences), Some(contributions)) = (&self.sequences, &self.contributions) else {
            return Err(nothing_given());
        };
        let tracks = Tracks::read(sequences, contributions, self.window, session)?;
        let places = Places::of_tracks(regions, &tracks, sequences)?;
        let found = find(&tracks, &self.options, session)?;
        Ok((Source::Search(Box::new(tracks), Box::new(found)), places))
    }
}

/// Where patterns come from.
enum Source {
    /// A search of contributions.
    Search(Box<Tracks>, Box<Found>),
    /// A file.
    File(Vec<Stored>),
}

impl Source {
    fn stored(&self) -> Vec<Stored> {
        match self {
            Self::File(patterns) => patterns.clone(),
            Self::Search(_, found) => [(true, &found.positive), (false, &found.negative)]
                .into_iter()
                .flat_map(|(positive, patterns)| {
                    (patterns.iter().enumerate())
                        .map(move |(number, pattern)| Stored::new(positive, number, pattern))
                })
                .collect(),
        }
    }

    fn counts(&self) -> Option<SeqletCounts> {
        let Self::Search(tracks, found) = self else {
            return None;
        };
        Some(SeqletCounts {
            sequences: tracks.examples(),
            positions: tracks.length(),
            positive: found.seqlets.positive.len(),
            negative: found.seqlets.negative.len(),
            unsigned: found.seqlets.unsigned,
            used: found.used,
        })
    }
}

fn nothing_given() -> Error {
    Error::argument(
        "sequences",
        "one-hot sequences with ⟦contributions⟧, or ⟦patterns⟧",
        "neither",
    )
}

/// The motif of a pattern: all of its columns.
pub(super) fn whole(pattern: &Stored) -> Result<Motif> {
    let rows = (pattern.frequencies.iter())
        .map(|row| {
            // A column of N alone tells nothing.
            let all: f64 = row.iter().sum();
            if all > 0.0 {
                row.map(|p| p / all)
            } else {
                [0.25; 4]
            }
        })
        .collect();
    Ok(Motif {
        sites: Some(pattern.count as f64),
        ..Motif::new(pattern.name.clone(), Frequencies::new(rows)?)
    })
}

impl PatternsFound {
    /// What each pattern is most like.
    pub(crate) fn known(&self) -> Vec<Option<KnownName>> {
        best_names(&self.matches, &self.targets)
    }

    /// The patterns as a page shows them.
    pub(crate) fn sections(&self) -> Result<Vec<PatternSection<'_>>> {
        let whole = (self.patterns.iter().map(whole)).collect::<Result<Vec<_>>>()?;
        page::sections(self, &whole)
    }
}

/// The columns of a pattern that are compared with known motifs.
fn core(pattern: &Stored) -> std::ops::Range<usize> {
    pattern.core(COMPARED)
}

/// The motif of those columns, of the motif of all.
pub(super) fn core_motif(pattern: &Stored, whole: &Motif) -> Motif {
    whole.slice(core(pattern))
}

impl Job for Modisco {
    type Outcome = PatternsFound;

    const NAME: &'static str = "motif modisco";

    fn check(&self) -> Result<()> {
        self.options.validate()?;
        match (&self.sequences, &self.contributions, &self.patterns) {
            (Some(_), Some(_), None) | (None, None, Some(_)) => {}
            (None, None, None) => return Err(nothing_given()),
            (_, _, Some(_)) => {
                return Err(Error::argument(
                    "patterns",
                    "no ⟦sequences⟧ beside it",
                    "both",
                ));
            }
            _ => {
                return Err(Error::argument(
                    "contributions",
                    "⟦sequences⟧ and ⟦contributions⟧",
                    "one of them",
                ));
            }
        }
        check_q_value(self.q_value)
    }

    fn run(&self, session: &Session<'_>) -> Result<PatternsFound> {
        refuse_occupied(&self.out, "out")?;
        let targets = motifs_from(&self.targets, session)?;
        let inputs = data::given(&[
            ("sequences", self.sequences.as_ref()),
            ("contributions", self.contributions.as_ref()),
            ("patterns", self.patterns.as_ref()),
            ("regions", self.regions.as_ref()),
        ])?;
        let (source, places) = self.patterns(session)?;
        let patterns = source.stored();
        let whole = (patterns.iter().map(whole)).collect::<Result<Vec<_>>>()?;
        let motifs: Vec<Motif> = (patterns.iter().zip(&whole))
            .map(|(pattern, whole)| core_motif(pattern, whole))
            .collect();
        let matches = best_matches(&motifs, &targets.motifs, self.q_value, session)?;
        let found = PatternsFound {
            patterns,
            motifs,
            targets: targets.motifs,
            matches,
            counts: source.counts(),
            directory: self.out.clone(),
        };
        let page = page::page(self, &found, &whole, targets.notice.as_deref())?;
        let set = MotifSet::new(whole);
        check(session)?;
        let mut directory = OutputDirectory::make(&self.out)?;
        if let Source::Search(tracks, search) = &source {
            let path = directory.file(STORED);
            hdf5::write(&path, tracks, &search.positive, &search.negative)?;
        }
        for (name, text) in [
            (MOTIFS, format::write_motifs(&set, Format::Meme)),
            (CONTRIBUTIONS, tables::contributions(&found.patterns)),
            (PATTERN_TABLE, tables::patterns(&found)),
            (MATCH_TABLE, tables::matches(&found)),
            (SEQLETS, places.bed(&found.patterns)),
            (PAGE, page),
        ] {
            directory.write(name, text)?;
        }
        // The record comes last: a directory that has it is complete.
        let record = Record {
            bindscape: env!("CARGO_PKG_VERSION"),
            command: session.command(),
            inputs,
            plan: self,
            seqlets: found.counts,
            patterns: found.patterns.len(),
        };
        write_json(&directory.file(RECORD), &record)?;
        directory.keep();
        Ok(found)
    }
}
