//! Where the patterns of contributions lie.

mod tables;

use std::path::PathBuf;

use bindscape_base::Result;
use bindscape_base::digest::InputFile;
use bindscape_base::progress::{Progress, check};
use bindscape_modisco::hdf5::{self, Stored};
use bindscape_modisco::hits::{Called, Hit, HitOptions, call};
use bindscape_modisco::{Seqlet, Tracks};
use bindscape_motif::Motif;
use serde::{Deserialize, Serialize};

use super::compare::{KnownName, best_matches, best_names, check_q_value};
use super::input::motifs_from;
use super::modisco::{Modisco, core_motif, whole};
use super::places::Places;
use crate::data;
use crate::job::Job;
use crate::output_directory::OutputDirectory;
use crate::run_directory::{refuse_occupied, write_json};
use crate::session::Session;

/// Names of the files of the output directory.
const HITS: &str = "hits.tsv";
const BED: &str = "hits.bed";
const PATTERN_TABLE: &str = "patterns.tsv";
const SEQUENCE_TABLE: &str = "sequences.tsv";
const RECORD: &str = "hits.json";

/// A plan to find where the patterns of a file lie in sequences, by what their bases contribute
/// ([`bindscape_modisco::hits`]).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallHits {
    /// HDF5 file of patterns, as [`Modisco`] and modisco-lite write it.
    pub patterns: PathBuf,
    /// One-hot sequences (`.npz`, `arr_0`, sequences × 4 × positions).
    pub sequences: PathBuf,
    /// Hypothetical contributions, of the same layout.
    pub contributions: PathBuf,
    /// BED file with the region of each sequence, in order.
    #[serde(default)]
    pub regions: Option<PathBuf>,
    /// Positions in the middle of the sequences to look at; `None` for all.
    #[serde(default)]
    pub window: Option<usize>,
    /// How hits are found.
    #[serde(default)]
    pub options: HitOptions,
    /// Motifs that patterns are named after, as [`bindscape_motif::motifs_from`] takes them.
    pub targets: String,
    /// Largest q-value of a match that a pattern is named after.
    pub q_value: f64,
    /// Directory to write, new or empty.
    pub out: PathBuf,
}

/// What was found of a pattern.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PatternHits {
    /// Its name in the file.
    pub name: String,
    /// The known motif that it is most like, if it is like one.
    pub known: Option<String>,
    /// The q-value of that match.
    pub q_value: Option<f64>,
    /// Columns of its core, the last not among them.
    pub core: [usize; 2],
    /// Its hits.
    pub hits: usize,
    /// Sequences with a hit.
    pub sequences: usize,
    /// Mean similarity of its hits.
    pub similarity: Option<f64>,
    /// Mean of the absolute contributions under a hit.
    pub importance: Option<f64>,
    /// Its seqlets, and those of them that a hit of the pattern overlaps; `None` where the file
    /// has none, or they are of other sequences.
    pub seqlets: Option<[usize; 2]>,
}

/// What a search of hits leaves.
#[derive(Debug, Clone)]
pub struct HitsCalled {
    /// Pattern by pattern, as the file has them.
    pub patterns: Vec<PatternHits>,
    /// The hits.
    pub called: Called,
    /// The directory.
    pub directory: PathBuf,
}

/// What `hits.json` tells.
#[derive(Serialize)]
struct Record<'a> {
    bindscape: &'static str,
    command: &'a [String],
    inputs: Vec<InputFile>,
    plan: &'a CallHits,
    sequences: usize,
    hits: usize,
    patterns: &'a [PatternHits],
}

impl CallHits {
    /// A search with the default settings.
    #[must_use]
    pub fn new(
        patterns: PathBuf,
        sequences: PathBuf,
        contributions: PathBuf,
        out: PathBuf,
    ) -> Self {
        Self {
            patterns,
            sequences,
            contributions,
            regions: None,
            window: None,
            options: HitOptions::default(),
            targets: Modisco::TARGETS.to_owned(),
            q_value: Modisco::Q_VALUE,
            out,
        }
    }

    /// What each pattern is most like.
    fn known(&self, patterns: &[Stored], session: &Session<'_>) -> Result<Vec<Option<KnownName>>> {
        let targets = motifs_from(&self.targets, session)?.motifs;
        let motifs = (patterns.iter())
            .map(|pattern| Ok(core_motif(pattern, &whole(pattern)?)))
            .collect::<Result<Vec<Motif>>>()?;
        let matches = best_matches(&motifs, &targets, self.q_value, session)?;
        Ok(best_names(&matches, &targets))
    }

    /// What was found of number `number` of the patterns, which is like `known`.
    fn summary(
        &self,
        (number, pattern): (usize, &Stored),
        known: Option<KnownName>,
        called: &Called,
        same_sequences: bool,
    ) -> PatternHits {
        let own: Vec<&Hit> = (called.hits.iter())
            .filter(|hit| hit.pattern == number)
            .collect();
        let mean = |of: fn(&Hit) -> f64| {
            let sum: f64 = own.iter().map(|hit| of(hit)).sum();
            (!own.is_empty()).then(|| sum / own.len() as f64)
        };
        let mut examples: Vec<u32> = own.iter().map(|hit| hit.example).collect();
        examples.dedup();
        let found = || {
            let seqlets = pattern.seqlets.iter();
            seqlets.filter(|seqlet| is_found(seqlet, &own)).count()
        };
        let core = pattern.core(self.options.core);
        let (name, q_value) = known.unzip();
        PatternHits {
            name: pattern.name.clone(),
            known: name,
            q_value,
            core: [core.start, core.end],
            hits: own.len(),
            sequences: examples.len(),
            similarity: mean(|hit| hit.similarity),
            importance: mean(|hit| hit.importance),
            seqlets: (same_sequences && !pattern.seqlets.is_empty())
                .then(|| [pattern.seqlets.len(), found()]),
        }
    }
}

/// Whether one of the hits of a pattern, which are in the order of sequences, overlaps a seqlet.
fn is_found(seqlet: &Seqlet, hits: &[&Hit]) -> bool {
    let first = hits.partition_point(|hit| hit.example < seqlet.example);
    let mut there = hits[first..]
        .iter()
        .take_while(|hit| hit.example == seqlet.example);
    there.any(|hit| {
        (hit.start as i64) < i64::from(seqlet.end) && i64::from(seqlet.start) < hit.end as i64
    })
}

impl Job for CallHits {
    type Outcome = HitsCalled;

    const NAME: &'static str = "motif hits";

    fn check(&self) -> Result<()> {
        self.options.validate()?;
        check_q_value(self.q_value)
    }

    fn run(&self, session: &Session<'_>) -> Result<HitsCalled> {
        self.find(None, session)
    }
}

impl CallHits {
    /// Writes all files. What the patterns of the file are most like is found out unless it is
    /// `known`.
    pub(crate) fn find(
        &self,
        known: Option<Vec<Option<KnownName>>>,
        session: &Session<'_>,
    ) -> Result<HitsCalled> {
        refuse_occupied(&self.out, "out")?;
        let contents = hdf5::read(&self.patterns)?;
        let inputs = data::given(&[
            ("patterns", Some(&self.patterns)),
            ("sequences", Some(&self.sequences)),
            ("contributions", Some(&self.contributions)),
            ("regions", self.regions.as_ref()),
        ])?;
        let known = match known {
            Some(known) => known,
            None => self.known(&contents.patterns, session)?,
        };
        let tracks = Tracks::read(&self.sequences, &self.contributions, self.window, session)?;
        let places = Places::of_tracks(self.regions.as_deref(), &tracks, &self.sequences)?;
        let called = call(&tracks, &contents.patterns, self.options, session)?;
        if let count @ 1.. = called.fits.iter().filter(|fit| !fit.exact).count() {
            session.note(&format!(
                "warning: the hits of {} are near the best explanation of the contributions, not \
                 the best itself: the search went on for too long",
                data::counted(count as u64, "sequence")
            ));
        }
        let seqlets = (contents.patterns.iter()).flat_map(|pattern| &pattern.seqlets);
        let last = seqlets.map(|seqlet| seqlet.example as usize).max();
        let same_sequences = contents.window == Some(tracks.length())
            && last.is_some_and(|last| last < tracks.examples());
        let patterns = (contents.patterns.iter().enumerate().zip(known))
            .map(|(pattern, known)| self.summary(pattern, known, &called, same_sequences))
            .collect();
        let found = HitsCalled {
            patterns,
            called,
            directory: self.out.clone(),
        };
        check(session)?;
        let mut directory = OutputDirectory::make(&self.out)?;
        for (name, text) in [
            (
                HITS,
                tables::hits(&found, &contents.patterns, &places, self.options.penalty),
            ),
            (BED, tables::bed(&found, &places)),
            (PATTERN_TABLE, tables::patterns(&found.patterns)),
            (SEQUENCE_TABLE, tables::sequences(&found.called, &places)),
        ] {
            directory.write(name, text)?;
        }
        // The record comes last: a directory that has it is complete.
        let record = Record {
            bindscape: env!("CARGO_PKG_VERSION"),
            command: session.command(),
            inputs,
            plan: self,
            sequences: tracks.examples(),
            hits: found.called.hits.len(),
            patterns: &found.patterns,
        };
        write_json(&directory.file(RECORD), &record)?;
        directory.keep();
        Ok(found)
    }
}
