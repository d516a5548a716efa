//! Which open regions have evidence of which TF in which cell.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLockReadGuard};

use rayon::prelude::*;

use super::Evidence;
use super::bits::{RankedBits, SharedBits};
use super::name_table::{NameTable, Names};
use super::pairs::{Named, Pair};
use super::report::EvidenceCounts;
use super::scan::{Outside, Scanned, Scanner, Visitor, other_style, some_of};
use crate::overlap::{RegionIndex, Search};
use crate::sheet::{Aliases, DataSet, Kind};
use bindscape_base::error::{Error, Place, Result};
use bindscape_base::names;
use bindscape_base::reading::Reading;
use bindscape_genome::bed::{Format, Malformed, Record, first_record_line};
use bindscape_genome::region::Regions;

/// Gathers evidence from files.
pub(super) struct Collector<'a> {
    index: RegionIndex<'a>,
    cells: &'a [String],
    open: &'a [RankedBits],
    aliases: &'a Aliases,
    scanner: &'a Scanner<'a>,
    /// Sorted, so that the order in which threads meet names does not matter.
    pairs: Mutex<BTreeMap<(String, usize), Arc<Pair>>>,
    /// Cells without accessible regions, with the first file that has data of each.
    missing: Mutex<BTreeMap<String, PathBuf>>,
    /// TFs that were not asked for, for a hint.
    other_tfs: Mutex<BTreeSet<String>>,
    /// TFs and cells of data that do not profile, and were not profiled.
    not_profiled: Mutex<BTreeSet<(String, String)>>,
}

/// What was read of one kind.
#[derive(Default)]
pub(super) struct Evidences {
    pub(super) counts: EvidenceCounts,
    /// The files in their order.
    pub(super) files: Vec<OfFile>,
}

/// What was read of one file.
pub(super) struct OfFile {
    pub(super) path: PathBuf,
    pub(super) counts: EvidenceCounts,
    pub(super) outside: Outside,
    /// Bases of all its intervals.
    pub(super) bases: u64,
}

/// What was profiled.
pub(super) struct Profiled {
    /// The pairs, by TF and cell.
    pub(super) pairs: Vec<Arc<Pair>>,
    /// Cells that were dropped.
    pub(super) missing: Vec<String>,
    /// TFs and cells of data that do not profile, and were not profiled.
    pub(super) others: BTreeSet<(String, String)>,
}

impl<'a> Collector<'a> {
    pub(super) fn new(
        regions: &'a Regions,
        cells: &'a [String],
        open: &'a [RankedBits],
        aliases: &'a Aliases,
        scanner: &'a Scanner<'a>,
    ) -> Self {
        Self {
            index: RegionIndex::new(regions, scanner.options.width),
            cells,
            open,
            aliases,
            scanner,
            pairs: Mutex::default(),
            missing: Mutex::default(),
            other_tfs: Mutex::default(),
            not_profiled: Mutex::default(),
        }
    }

    /// Reads all data sets of one kind.
    pub(super) fn read(&self, kind: Kind, data_sets: &[DataSet]) -> Result<Evidences> {
        let what = if kind == Kind::Chip {
            "ChIP-seq peaks"
        } else {
            "binding sites"
        };
        // A pair is profiled if it has a file, even an empty one.
        let fixed: Vec<Option<Named>> = data_sets
            .iter()
            .map(|set| {
                set.pair(|cell| self.cell(cell).is_some())
                    .map(|(tf, cell)| self.resolve(kind, &tf, &cell, &set.path))
            })
            .collect();
        self.check_cells()?;
        self.scanner
            .progress
            .begin(&format!("reading {what}"), None);
        let reading = Reading::current();
        let read: Vec<Result<Tally>> = data_sets
            .par_iter()
            .zip(fixed)
            .map(|(set, fixed)| reading.enter(|| self.read_one(kind, set, fixed)))
            .collect();
        let mut total = Tally::default();
        let mut files = Vec::with_capacity(data_sets.len());
        for (set, tally) in data_sets.iter().zip(read) {
            let tally = tally?;
            files.push(OfFile {
                path: set.path.clone(),
                counts: tally.counts.clone(),
                outside: tally.outside.clone(),
                bases: tally.bases,
            });
            total.add(tally);
        }
        self.scanner.progress.finish();
        self.check_cells()?;
        let mut counts = total.counts;
        counts.files = data_sets.len() as u64;
        let dropped = counts.chromosome_without_regions + total.outside.dropped();
        let mut others = total.without_regions;
        others.extend(total.outside.unknown);
        if counts.records == dropped && !others.is_empty() {
            return Err(Error::about(
                what,
                "intervals on chromosomes that have accessible regions",
                format!("only others: {}", some_of(&others)),
            )
            .hint("all files must be of one genome build, with chromosomes named alike"));
        }
        Ok(Evidences { counts, files })
    }

    fn read_one(&self, kind: Kind, set: &DataSet, fixed: Option<Named>) -> Result<Tally> {
        let format = match set.format.or_else(|| Format::from_path(&set.path)) {
            Some(format) => format,
            None if kind == Kind::Tfbs => Format::Bed,
            None => detect(&set.path)?,
        };
        let names = Names::new(
            |tf, cell| self.resolve(kind, tf, cell, &set.path),
            |cell| self.cell(cell).is_some(),
        );
        let mut total = Tally::default();
        let Scanned { records, outside } = self.scanner.scan(
            &set.path,
            0,
            || Marker {
                source: match &fixed {
                    Some(named) => Source::Fixed(named),
                    None => Source::Named(&names, names.read()),
                },
                places: Places {
                    collector: self,
                    kind,
                    format,
                    chromosome: String::new(),
                    search: None,
                    tally: Tally::default(),
                },
            },
            |tally| {
                total.add(tally);
                Ok(())
            },
        )?;
        total.counts.records = records;
        total.counts.unknown_chromosome = outside.unknown();
        total.counts.clipped = outside.clipped;
        total.counts.beyond_end = outside.past_end;
        total.counts.without_base = outside.without_base;
        total.outside = outside;
        if total.without_regions.values().sum::<u64>() == records && records > 0 {
            let known = |name: &str| self.index.regions().chromosome_index(name).is_some();
            let style = total
                .without_regions
                .keys()
                .find_map(|name| other_style(name, known));
            if let Some(advice) = style {
                return Err(Error::input(
                    &set.path,
                    Place::File,
                    "chromosomes that have accessible regions",
                    format!("only others: {}", some_of(&total.without_regions)),
                )
                .hint(advice));
            }
        }
        Ok(total)
    }

    /// Finds what a TF and a cell stand for. A pair of a kind that profiles is added.
    pub(super) fn resolve(&self, kind: Kind, tf: &str, cell: &str, path: &Path) -> Named {
        let options = self.scanner.options;
        if let Some(tfs) = &options.tfs
            && !tfs.iter().any(|name| name == tf)
        {
            lock(&self.other_tfs).insert(tf.to_owned());
            return Named::TfNotAskedFor;
        }
        let profiles = match options.evidence {
            Evidence::ChipAndTfbs => Kind::Tfbs,
            Evidence::ChipOnly => Kind::Chip,
        };
        let Some(number) = self.cell(cell) else {
            let cell = self.aliases.resolve(cell);
            if kind != profiles {
                return self.note_other(tf, cell);
            }
            let mut missing = lock(&self.missing);
            // The least path, whichever thread comes first.
            let first = missing
                .entry(cell.to_owned())
                .or_insert_with(|| path.to_owned());
            if path < first.as_path() {
                path.clone_into(first);
            }
            return Named::CellWithoutAccessibility;
        };
        let mut pairs = lock(&self.pairs);
        let key = (tf.to_owned(), number);
        let pair = match pairs.get(&key) {
            Some(pair) => Arc::clone(pair),
            None if kind == profiles => {
                let pair = Arc::new(Pair::new(tf, number));
                pairs.insert(key, Arc::clone(&pair));
                pair
            }
            None => return self.note_other(tf, &self.cells[number]),
        };
        pair.add_file(kind, path);
        Named::Pair {
            cell: u32::try_from(number).expect("fewer than 2^32 cells"),
            pair,
        }
    }

    /// The number of a cell with accessible regions that goes by `name`.
    fn cell(&self, name: &str) -> Option<usize> {
        let cell = self.aliases.resolve(name);
        self.cells
            .binary_search_by(|name| name.as_str().cmp(cell))
            .ok()
    }

    /// Remembers a TF and a cell that were not profiled.
    fn note_other(&self, tf: &str, cell: &str) -> Named {
        lock(&self.not_profiled).insert((tf.to_owned(), cell.to_owned()));
        Named::NotProfiled
    }

    fn check_cells(&self) -> Result<()> {
        const SHOWN: usize = 5;
        let missing = lock(&self.missing);
        if self.scanner.options.allow_cells_without_accessibility || missing.is_empty() {
            return Ok(());
        }
        let mut shown: Vec<String> = missing
            .iter()
            .take(SHOWN)
            .map(|(cell, path)| {
                let near = names::nearest(cell, self.cells.iter().map(String::as_str));
                let near = match near.as_slice() {
                    [] => String::new(),
                    near => format!("; near names: {}", near.join(", ")),
                };
                format!("{cell} (in {}{near})", path.display())
            })
            .collect();
        if missing.len() > SHOWN {
            shown.push(format!("{} more", missing.len() - SHOWN));
        }
        Err(Error::about(
            "cells",
            "accessible regions for every cell with binding data",
            format!("none for {}", shown.join(", ")),
        )
        .hint(
            "if a cell goes by another name, give an alias table (⟦aliases⟧, columns alias and cell); to drop such cells, pass ⟦skip_cells_without_accessibility⟧",
        ))
    }

    /// What was profiled.
    pub(super) fn finish(self) -> Result<Profiled> {
        let unlocked = "a thread that held the lock panicked, and so did this call";
        let pairs: Vec<_> = self
            .pairs
            .into_inner()
            .expect(unlocked)
            .into_values()
            .collect();
        let others = self.other_tfs.into_inner().expect(unlocked);
        for tf in self.scanner.options.tfs.iter().flatten() {
            if !pairs.iter().any(|pair| pair.tf == *tf) {
                let known = pairs.iter().map(|pair| &pair.tf).chain(&others);
                return Err(Error::argument(
                    "tfs",
                    "TFs profiled in a cell with accessible regions",
                    format!("{tf:?}"),
                )
                .hint(names::suggestion(
                    tf,
                    known.map(String::as_str).collect::<BTreeSet<_>>(),
                    "check the names in the files of binding data",
                )));
            }
        }
        if pairs.is_empty() {
            return Err(Error::about(
                "binding data",
                "a TF profiled in a cell with accessible regions",
                "none",
            ));
        }
        let missing = self.missing.into_inner().expect(unlocked);
        Ok(Profiled {
            pairs,
            missing: missing.into_keys().collect(),
            others: self.not_profiled.into_inner().expect(unlocked),
        })
    }
}

/// The data behind a lock is whole even if a thread panicked with the lock
/// held: it is only ever extended by complete entries.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The format of a file of peaks, from its first record.
fn detect(path: &Path) -> Result<Format> {
    let Some((number, line)) = first_record_line(path)? else {
        return Ok(Format::Bed);
    };
    let at = |error: Box<Malformed>| error.at(path, number);
    match Record::parse(&line).map_err(at)? {
        Some(record) => Format::detect(&record).map_err(at),
        None => Ok(Format::Bed),
    }
}

enum Source<'a> {
    /// The whole file is of one TF and cell.
    Fixed(&'a Named),
    /// Each record names its own.
    Named(&'a Names<'a>, RwLockReadGuard<'a, NameTable>),
}

/// Counts of a file or block.
#[derive(Default)]
struct Tally {
    counts: EvidenceCounts,
    /// Chromosomes without regions, with the number of records on each.
    without_regions: BTreeMap<String, u64>,
    /// Intervals outside of the genome.
    outside: Outside,
    /// Bases of the intervals.
    bases: u64,
}

impl Tally {
    fn add(&mut self, other: Tally) {
        let (sum, counts) = (&mut self.counts, other.counts);
        sum.records += counts.records;
        sum.clipped += counts.clipped;
        sum.without_summit += counts.without_summit;
        sum.beyond_end += counts.beyond_end;
        sum.without_base += counts.without_base;
        sum.used += counts.used;
        sum.closed += counts.closed;
        sum.outside += counts.outside;
        sum.chromosome_without_regions += counts.chromosome_without_regions;
        sum.unknown_chromosome += counts.unknown_chromosome;
        sum.not_profiled += counts.not_profiled;
        sum.tf_not_asked_for += counts.tf_not_asked_for;
        sum.cell_without_accessibility += counts.cell_without_accessibility;
        for (name, count) in other.without_regions {
            *self.without_regions.entry(name).or_default() += count;
        }
        self.outside.add(other.outside);
        self.bases += other.bases;
    }
}

/// Marks the evidence of one block.
struct Marker<'a> {
    source: Source<'a>,
    places: Places<'a>,
}

impl Visitor for Marker<'_> {
    type Output = Tally;

    fn chromosome(&mut self, name: &[u8]) {
        let index = &self.places.collector.index;
        self.places.chromosome = String::from_utf8_lossy(name).into_owned();
        self.places.search = index
            .regions()
            .chromosome_index(&self.places.chromosome)
            .map(|chrom| index.on(chrom));
    }

    #[inline]
    fn record(&mut self, record: &Record<'_>) -> Result<(), Box<Malformed>> {
        if let Source::Named(names, known) = &self.source {
            let name = record.column(4).unwrap_or_default();
            if let Some(named) = known.get(name) {
                return self.places.place(named, record);
            }
            // The guard must not be held while learning. No thread removes
            // names, so that the next guard sees at least as much.
            let names = *names;
            self.source = Source::Fixed(&Named::NotProfiled);
            let named = names.learn(name)?;
            self.source = Source::Named(names, names.read());
            return self.places.place(&named, record);
        }
        match &self.source {
            Source::Fixed(named) => self.places.place(named, record),
            Source::Named(..) => Ok(()),
        }
    }

    fn finish(self) -> Tally {
        self.places.tally
    }
}

/// Finds the regions of peaks and sites, marks and counts.
struct Places<'a> {
    collector: &'a Collector<'a>,
    kind: Kind,
    format: Format,
    /// The current chromosome.
    chromosome: String,
    /// `None` if it has no regions.
    search: Option<Search<'a>>,
    tally: Tally,
}

impl Places<'_> {
    #[inline]
    fn place(&mut self, named: &Named, record: &Record<'_>) -> Result<(), Box<Malformed>> {
        self.tally.bases += u64::from(record.end - record.start);
        if self.search.is_none() {
            self.tally.counts.chromosome_without_regions += 1;
            match self.tally.without_regions.get_mut(&self.chromosome) {
                Some(count) => *count += 1,
                None => {
                    let name = self.chromosome.clone();
                    self.tally.without_regions.insert(name, 1);
                }
            }
            return Ok(());
        }
        let place = match named {
            Named::Several(all) => {
                let mut best = Placed::CellWithoutAccessibility;
                for named in all.iter() {
                    best = best.max(self.place_of(named, record)?);
                }
                best
            }
            one => self.place_of(one, record)?,
        };
        let counts = &mut self.tally.counts;
        match place {
            Placed::Used => counts.used += 1,
            Placed::Closed => counts.closed += 1,
            Placed::Outside => counts.outside += 1,
            Placed::NotProfiled => counts.not_profiled += 1,
            Placed::TfNotAskedFor => counts.tf_not_asked_for += 1,
            Placed::CellWithoutAccessibility => counts.cell_without_accessibility += 1,
        }
        Ok(())
    }

    /// Marks the regions of a peak or site of one TF and cell.
    #[inline]
    fn place_of(&mut self, named: &Named, record: &Record<'_>) -> Result<Placed, Box<Malformed>> {
        let (cell, pair) = match named {
            Named::Pair { cell, pair } => (*cell as usize, pair),
            // Several are never among several.
            Named::NotProfiled | Named::Several(_) => return Ok(Placed::NotProfiled),
            Named::TfNotAskedFor => return Ok(Placed::TfNotAskedFor),
            Named::CellWithoutAccessibility => return Ok(Placed::CellWithoutAccessibility),
        };
        let Some(search) = &mut self.search else {
            return Ok(Placed::Outside);
        };
        // The summit of other peaks is of no concern, and is not read.
        let (start, end) = if self.kind == Kind::Chip {
            let summit = match record.known_summit(self.format)? {
                Some(summit) => summit,
                None => {
                    self.tally.counts.without_summit += 1;
                    record.centre().into()
                }
            };
            // A summit before the first base is in no region.
            let Ok(summit) = u32::try_from(summit) else {
                return Ok(Placed::Outside);
            };
            (summit, summit.saturating_add(1))
        } else {
            (record.start, record.end)
        };
        let rows = search.overlapping(start, end);
        if rows.is_empty() {
            return Ok(Placed::Outside);
        }
        let open = &self.collector.open[cell];
        let mut used = false;
        for rank in rows.filter_map(|row| open.rank(row)) {
            pair.slot(self.kind)
                .get_or_init(|| SharedBits::new(open.len()))
                .insert(rank);
            used = true;
        }
        Ok(if used { Placed::Used } else { Placed::Closed })
    }
}

/// Where a peak or site lies. Of one in several cells, the last of these counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Placed {
    CellWithoutAccessibility,
    TfNotAskedFor,
    NotProfiled,
    Outside,
    Closed,
    Used,
}
