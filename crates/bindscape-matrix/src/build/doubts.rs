//! What makes a matrix doubtful: evidence that does not meet, files that are not what they are
//! taken for, intervals outside of the genome.
//!
//! None of this is an error in a file, and each of it was the silent end of somebody's analysis:
//! names of TFs that differ in letter case, peaks of another genome build, an empty download, two
//! files exchanged.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use bindscape_base::error::{Error, Result};
use bindscape_base::names::{self, plain};
use bindscape_base::words;

use super::Evidence;
use super::evidence::{Evidences, OfFile, Profiled};
use super::report::{EvidenceCounts, StateCounts};
use super::scan::{Outside, some_of};
use crate::sheet::Kind;

/// Fewer peaks, sites or regions than this say nothing of a share.
const FEW: u64 = 20;

/// More than this share of peaks in no region is doubtful: of two builds of one genome, a tenth of
/// them meets by chance, and of one build a half.
const MOSTLY: f64 = 0.75;

/// Sites of so many bases on average are peaks.
const LONG_SITE: f64 = 100.0;

/// Names shown of many.
const SHOWN: usize = 5;

/// A build, once its evidence was combined.
pub(super) struct Combined<'a> {
    pub(super) evidence: Evidence,
    pub(super) chip: &'a Evidences,
    pub(super) tfbs: &'a Evidences,
    pub(super) cells: &'a [String],
    pub(super) profiled: &'a Profiled,
    pub(super) tfs: &'a [String],
    /// Codes by TF.
    pub(super) states: &'a [StateCounts],
    /// Files of accessible regions with what lies outside of the genome.
    pub(super) regions_outside: &'a [(std::path::PathBuf, Outside)],
    pub(super) empty_regions: &'a [std::path::PathBuf],
}

impl Combined<'_> {
    /// What is doubtful, in words.
    ///
    /// # Errors
    /// If no region is bound by any TF.
    pub(super) fn doubts(&self) -> Result<Vec<String>> {
        let mut doubts = Vec::new();
        doubts.extend(self.other_names());
        doubts.extend(self.other_cells());
        for (what, evidence) in self.kinds() {
            doubts.extend(outside_regions(what, evidence));
        }
        if self.states.iter().all(|states| states.bound == 0) {
            return Err(self.nothing_bound(&doubts));
        }
        doubts.extend(self.never_bound());
        doubts.extend(self.mostly_bound());
        doubts.extend(self.long_sites());
        doubts.extend(self.empty());
        doubts.extend(self.outside_genome());
        Ok(doubts)
    }

    fn kinds(&self) -> [(&'static str, &Evidences); 2] {
        [("ChIP-seq peaks", self.chip), ("binding sites", self.tfbs)]
    }

    fn nothing_bound(&self, doubts: &[String]) -> Error {
        let read = |what: &str, counts: &EvidenceCounts| {
            format!(
                "{} of {} {what} in an accessible region of a profiled cell",
                counts.used, counts.records
            )
        };
        let mut found = read("peaks", &self.chip.counts);
        if self.evidence == Evidence::ChipAndTfbs {
            found += &format!(", {}", read("sites", &self.tfbs.counts));
        }
        let error = Error::about(
            "evidence",
            "a region that is bound by a TF",
            format!("none: {found}"),
        );
        error.hint(match doubts.first() {
            Some(doubt) => doubt.clone(),
            None => "are all files of one genome build, and do they name TFs and cells alike? An \
                     empty file or two files exchanged look like this, too"
                .into(),
        })
    }

    /// TFs whose names differ in letter case or in signs alone.
    fn other_names(&self) -> Option<String> {
        let mut spellings: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        let others = self.profiled.others.iter().map(|(tf, _)| tf);
        for tf in self.tfs.iter().chain(others) {
            spellings.entry(plain(tf)).or_default().insert(tf);
        }
        let alike: Vec<String> = spellings
            .into_values()
            .filter(|names| names.len() > 1)
            .map(|names| Vec::from_iter(names).join(" and "))
            .collect();
        (!alike.is_empty()).then(|| {
            format!(
                "names of TFs differ in letter case or signs alone, and are taken for different \
                 TFs: {}; if they are the same, name them alike in all files",
                shown(&alike)
            )
        })
    }

    /// Peaks of a TF in a cell that is named differently than that of its sites, and cells left out
    /// that are named differently than one with accessible regions.
    fn other_cells(&self) -> Option<String> {
        let mut alike: BTreeSet<String> = BTreeSet::new();
        for (tf, cell) in &self.profiled.others {
            for pair in &self.profiled.pairs {
                let ours = &self.cells[pair.cell];
                if pair.tf == *tf && ours != cell && plain(ours) == plain(cell) {
                    alike.insert(format!("{cell} and {ours}"));
                }
            }
        }
        for cell in &self.profiled.missing {
            let ours = self.cells.iter().find(|ours| plain(ours) == plain(cell));
            alike.extend(ours.map(|ours| format!("{cell} and {ours}")));
        }
        let alike = Vec::from_iter(alike);
        (!alike.is_empty()).then(|| {
            format!(
                "names of cells differ in letter case or signs alone, and are taken for different \
                 cells: {}; if they are the same, give a table of ⟦aliases⟧",
                shown(&alike)
            )
        })
    }

    /// TFs without a bound region.
    fn never_bound(&self) -> Option<String> {
        let others: BTreeSet<&str> = self.profiled.others.iter().map(|(tf, _)| &**tf).collect();
        let never: Vec<String> = self
            .tfs
            .iter()
            .zip(self.states)
            .filter(|(_, states)| states.bound == 0)
            .map(
                |(tf, _)| match names::nearest(tf, others.iter().copied()).first() {
                    Some(near) => format!("{tf} (there are peaks of {near})"),
                    None => tf.clone(),
                },
            )
            .collect();
        (!never.is_empty()).then(|| {
            format!(
                "{} of {} TFs have no bound region: {}",
                never.len(),
                self.tfs.len(),
                shown(&never)
            )
        })
    }

    /// TFs bound in most of the regions that are resolved for them.
    fn mostly_bound(&self) -> Option<String> {
        let mostly: Vec<String> = self
            .tfs
            .iter()
            .zip(self.states)
            .filter_map(|(tf, states)| {
                let resolved = states.bound + states.unbound + states.one_evidence;
                (resolved >= FEW && 2 * states.bound > resolved)
                    .then(|| format!("{tf} ({} of {resolved})", states.bound))
            })
            .collect();
        (!mostly.is_empty()).then(|| {
            format!(
                "{} of {} TFs are bound in more than half of the accessible regions of their \
                 cells: {}; were files of accessible regions and of peaks exchanged?",
                mostly.len(),
                self.tfs.len(),
                shown(&mostly)
            )
        })
    }

    fn long_sites(&self) -> Option<String> {
        let counts = &self.tfbs.counts;
        let placed =
            counts.records - counts.beyond_end - counts.without_base - counts.unknown_chromosome;
        let bases: u64 = self.tfbs.files.iter().map(|file| file.bases).sum();
        let mean = bases as f64 / placed as f64;
        (placed > 0 && mean > LONG_SITE).then(|| {
            format!(
                "binding sites are {mean:.0} bp long on average: are these peaks, or were files \
                 of peaks and of sites exchanged?"
            )
        })
    }

    /// Files that hold nothing.
    fn empty(&self) -> Vec<String> {
        let mut doubts: Vec<String> = Vec::new();
        let mut say = |what: &str, empty: Vec<String>, files: usize| {
            if !empty.is_empty() {
                doubts.push(format!(
                    "{} of {files} files of {what} hold none: {}",
                    empty.len(),
                    shown(&empty)
                ));
            }
        };
        let name = |path: &Path| path.display().to_string();
        say(
            "accessible regions",
            self.empty_regions.iter().map(|path| name(path)).collect(),
            self.regions_outside.len(),
        );
        for (what, evidence) in self.kinds() {
            let empty = evidence
                .files
                .iter()
                .filter(|file| file.counts.records == 0);
            say(
                what,
                empty.map(|file| name(&file.path)).collect(),
                evidence.files.len(),
            );
        }
        doubts
    }

    /// Intervals that do not lie in the genome, or not wholly.
    fn outside_genome(&self) -> Vec<String> {
        let regions = self.regions_outside.iter();
        let regions = regions.map(|(path, outside)| (path.as_path(), outside));
        let mut doubts = outside("accessible intervals", regions);
        for (what, evidence) in self.kinds() {
            let files = evidence.files.iter();
            doubts.extend(outside(
                what,
                files.map(|file| (file.path.as_path(), &file.outside)),
            ));
        }
        doubts
    }
}

/// What is to be said of the intervals of these files that do not lie in the genome, or hold none
/// of its bases.
fn outside<'a>(what: &str, files: impl Iterator<Item = (&'a Path, &'a Outside)>) -> Vec<String> {
    let mut total = Outside::default();
    let mut first = None;
    let mut without_base = None;
    for (path, outside) in files {
        if without_base.is_none()
            && let Some((interval, line)) = &outside.first_without_base
        {
            without_base = Some(format!("{interval} on line {line} of {}", path.display()));
        }
        if first.is_none()
            && let Some((interval, line, length)) = &outside.first
        {
            let length = length.map_or_else(String::new, |length| {
                format!(", where the chromosome has {length} bp")
            });
            first = Some(format!(
                "the first, {interval} on line {line} of {}{length}",
                path.display()
            ));
        }
        total.add(outside.clone());
    }
    let mut parts = Vec::new();
    if let Some(first) = first {
        parts.push(format!(
            "{} clipped at an end of their chromosome, {} dropped beyond it ({first})",
            total.clipped, total.past_end
        ));
    }
    if !total.unknown.is_empty() {
        parts.push(format!(
            "{} dropped on chromosomes that the genome lacks ({})",
            total.unknown(),
            some_of(&total.unknown)
        ));
    }
    let mut doubts = Vec::new();
    if !parts.is_empty() {
        doubts.push(format!(
            "{what}: {}; if that is not meant, are they of another genome build?",
            parts.join("; ")
        ));
    }
    if let Some(first) = without_base {
        doubts.push(format!(
            "{what}: {} dropped because they hold no base, their end being their start (the first, \
             {first})",
            total.without_base
        ));
    }
    doubts
}

/// Whether most peaks or sites lie in no region, all together or those of single files.
fn outside_regions(what: &str, evidence: &Evidences) -> Option<String> {
    let share = |counts: &EvidenceCounts| {
        let placed = counts.used + counts.closed + counts.outside;
        (placed >= FEW).then(|| counts.outside as f64 / placed as f64)
    };
    let far = |counts: &EvidenceCounts| share(counts).is_some_and(|share| share > MOSTLY);
    let counts = &evidence.counts;
    let ask = "are all files of one genome build?";
    if far(counts) {
        return Some(format!(
            "{} of {} {what} of profiled pairs lie in no accessible region: {ask}",
            counts.outside,
            counts.used + counts.closed + counts.outside,
        ));
    }
    let files: Vec<&OfFile> = evidence
        .files
        .iter()
        .filter(|file| far(&file.counts))
        .collect();
    let names: Vec<String> = files
        .iter()
        .map(|file| {
            let counts = &file.counts;
            let placed = counts.used + counts.closed + counts.outside;
            format!("{} ({} of {placed})", file.path.display(), counts.outside)
        })
        .collect();
    (!names.is_empty()).then(|| {
        format!(
            "most {what} of {} of {} files lie in no accessible region: {}; {ask}",
            names.len(),
            evidence.files.len(),
            shown(&names)
        )
    })
}

/// The first of `names`.
fn shown(names: &[String]) -> String {
    words::first_of(names, SHOWN)
}

/// The cells and data sets of each of `tfs`.
pub(super) fn profiles(
    tfs: &[String],
    profiled: &Profiled,
    cells: &[String],
) -> Vec<crate::binding::TfProfile> {
    tfs.iter()
        .map(|tf| {
            let pairs = || profiled.pairs.iter().filter(|pair| pair.tf == *tf);
            crate::binding::TfProfile {
                tf: tf.clone(),
                cells: pairs().map(|pair| cells[pair.cell].clone()).collect(),
                chip: pairs().map(|pair| pair.data_sets(Kind::Chip)).sum(),
                tfbs: pairs().map(|pair| pair.data_sets(Kind::Tfbs)).sum(),
            }
        })
        .collect()
}
