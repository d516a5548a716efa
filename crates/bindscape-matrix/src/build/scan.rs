//! Reads the intervals of one file in parallel and checks what holds for
//! every file: well-formed, sorted, on chromosomes of the genome.

use std::collections::BTreeMap;
use std::path::Path;

use rustc_hash::FxHashMap;

use super::BuildOptions;
use bindscape_base::error::{Error, Place, Result};
use bindscape_base::input::lone_carriage_return;
use bindscape_base::progress::Progress;
use bindscape_genome::bed::{Malformed, Order, Record, Run, descending, for_each_block};

/// Receives the intervals of one block of a file.
pub(super) trait Visitor {
    /// What it makes of the block.
    type Output: Send;

    /// The intervals that follow lie on this chromosome.
    fn chromosome(&mut self, name: &[u8]);

    /// An interval on the chromosome last named.
    fn record(&mut self, record: &Record<'_>) -> Result<(), Box<Malformed>>;

    /// The block is over.
    fn finish(self) -> Self::Output;
}

/// Intervals of a file.
#[derive(Debug, Clone, Default)]
pub(super) struct Scanned {
    /// All that were read.
    pub(super) records: u64,
    /// Those that do not lie in the genome, or not wholly.
    pub(super) outside: Outside,
}

/// Intervals that do not lie in the genome, or not wholly: see [`bindscape_genome::region`] for
/// the rule.
#[derive(Debug, Clone, Default)]
pub(super) struct Outside {
    /// Those that cross an end of their chromosome. Visitors saw them clipped.
    pub(super) clipped: u64,
    /// Those that begin past its end or end before its first base; no visitor saw them.
    pub(super) past_end: u64,
    /// Those without a base, whose end is their start; no visitor saw them.
    pub(super) without_base: u64,
    /// The first of these, with its line.
    pub(super) first_without_base: Option<(String, u64)>,
    /// The first at or beyond an end of its chromosome, with its line and the length of the chromosome where that is
    /// known.
    pub(super) first: Option<(String, u64, Option<u64>)>,
    /// Those on chromosomes that the genome lacks, by chromosome; no visitor saw them.
    pub(super) unknown: BTreeMap<String, u64>,
}

impl Outside {
    /// Intervals on chromosomes that the genome lacks.
    pub(super) fn unknown(&self) -> u64 {
        self.unknown.values().sum()
    }

    /// Intervals that no visitor saw.
    pub(super) fn dropped(&self) -> u64 {
        self.past_end + self.without_base + self.unknown()
    }

    pub(super) fn add(&mut self, other: Outside) {
        self.clipped += other.clipped;
        self.past_end += other.past_end;
        self.without_base += other.without_base;
        self.first = self.first.take().or(other.first);
        self.first_without_base = self.first_without_base.take().or(other.first_without_base);
        for (name, count) in other.unknown {
            *self.unknown.entry(name).or_default() += count;
        }
    }
}

/// What all files of a build have in common.
pub(super) struct Scanner<'a> {
    pub(super) options: &'a BuildOptions,
    pub(super) progress: &'a dyn Progress,
    lengths: Option<FxHashMap<&'a [u8], u64>>,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(options: &'a BuildOptions, progress: &'a dyn Progress) -> Self {
        Self {
            options,
            progress,
            lengths: options.chrom_sizes.as_ref().map(|sizes| {
                sizes
                    .iter()
                    .map(|(name, length)| (name.as_bytes(), *length))
                    .collect()
            }),
        }
    }

    /// Length of a chromosome, where the genome is known.
    pub(super) fn length(&self, chrom: &[u8]) -> Option<u64> {
        self.lengths.as_ref()?.get(chrom).copied()
    }

    /// Reads `path`: a new visitor for each block, its outputs to `merge` in file order.
    ///
    /// `skip` columns before the chromosome are passed over (UCSC's `bin`).
    pub(super) fn scan<V: Visitor>(
        &self,
        path: &Path,
        skip: usize,
        visitor: impl Fn() -> V + Sync,
        mut merge: impl FnMut(V::Output) -> Result<()>,
    ) -> Result<Scanned> {
        let mut order = Order::default();
        let mut scanned = Scanned::default();
        for_each_block(
            path,
            self.progress,
            |block| {
                let mut pass = Pass {
                    scanner: self,
                    path,
                    visitor: visitor(),
                    records: 0,
                    runs: Vec::new(),
                    outside: Outside::default(),
                    place: Placement::Unknown,
                };
                for (number, line) in block.lines() {
                    let line = line.ok_or_else(|| lone_carriage_return(path, number))?;
                    pass.line(after_columns(line, skip), number)?;
                }
                Ok((pass.visitor.finish(), pass.records, pass.runs, pass.outside))
            },
            |(output, records, runs, outside)| {
                if !self.options.allow_unsorted {
                    for run in runs {
                        order.add(path, run)?;
                    }
                }
                scanned.records += records;
                scanned.outside.add(outside);
                self.progress.advance(records);
                merge(output)
            },
        )?;
        let unknown = &scanned.outside.unknown;
        let known = |name: &str| self.length(name.as_bytes()).is_some();
        let style = unknown.keys().find_map(|name| other_style(name, known));
        let all = scanned.outside.unknown() == scanned.records && scanned.records > 0;
        if !unknown.is_empty() && (self.options.refuse_outside || (all && style.is_some())) {
            return Err(self.unknown_chromosomes(path, unknown));
        }
        Ok(scanned)
    }

    fn genome(&self) -> String {
        match &self.options.genome {
            Some(name) => format!("the genome ({name})"),
            None => "the genome".to_owned(),
        }
    }

    fn unknown_chromosomes(&self, path: &Path, unknown: &BTreeMap<String, u64>) -> Error {
        let known = |name: &str| self.length(name.as_bytes()).is_some();
        let hint = match unknown.keys().find_map(|name| other_style(name, known)) {
            Some(advice) => advice,
            None => "wrong genome build? Without ⟦refuse_outside⟧, such intervals are dropped"
                .to_owned(),
        };
        Error::input(
            path,
            Place::File,
            format!("chromosomes of {}", self.genome()),
            format!("others: {}", some_of(unknown)),
        )
        .hint(hint)
    }
}

/// Advice if the chromosome would be known with or without `chr` before its name.
pub(super) fn other_style(name: &str, known: impl Fn(&str) -> bool) -> Option<String> {
    match name.strip_prefix("chr") {
        Some(bare) if known(bare) => Some(format!(
            "the other files name chromosomes without `chr`: {bare}, not {name}; rename them in this one"
        )),
        None if known(&format!("chr{name}")) => Some(format!(
            "the other files name chromosomes with `chr`: chr{name}, not {name}; rename them in this one"
        )),
        _ => None,
    }
}

/// The first names with their counts, for a message.
pub(super) fn some_of(counts: &BTreeMap<String, u64>) -> String {
    const SHOWN: usize = 5;
    let mut shown: Vec<String> = counts
        .iter()
        .take(SHOWN)
        .map(|(name, count)| {
            let plural = if *count == 1 { "" } else { "s" };
            format!("{name} ({count} interval{plural})")
        })
        .collect();
    if counts.len() > SHOWN {
        shown.push(format!("{} more", counts.len() - SHOWN));
    }
    shown.join(", ")
}

/// An interval as its line states it.
fn stated(record: &Record<'_>) -> String {
    let chrom = String::from_utf8_lossy(record.chrom);
    let (start, end) = record.stated();
    format!("{chrom}:{start}-{end}")
}

fn after_columns(mut line: &[u8], skip: usize) -> &[u8] {
    for _ in 0..skip {
        match memchr::memchr(b'\t', line) {
            Some(tab) => line = &line[tab + 1..],
            None => return line,
        }
    }
    line
}

/// Where the current chromosome is known from.
#[derive(Clone, Copy)]
enum Placement {
    /// The genome lacks it.
    Unknown,
    /// In the genome, with its length; the largest number where no genome is given.
    Known(u64),
}

/// The pass over one block.
struct Pass<'a, V> {
    scanner: &'a Scanner<'a>,
    path: &'a Path,
    visitor: V,
    records: u64,
    runs: Vec<Run>,
    outside: Outside,
    place: Placement,
}

impl<V: Visitor> Pass<'_, V> {
    #[inline]
    fn line(&mut self, line: &[u8], number: u64) -> Result<()> {
        let at = |error: Box<Malformed>| error.at(self.path, number);
        let before = self.runs.last().map_or(&b""[..], |run| &run.chrom);
        let Some(record) = Record::parse_after(line, before).map_err(at)? else {
            return Ok(());
        };
        self.records += 1;
        match self.runs.last_mut() {
            Some(run) if run.chrom == record.chrom => {
                if record.start < run.last && !self.scanner.options.allow_unsorted {
                    return Err(descending(self.path, number, run.last, record.start));
                }
                run.last = record.start;
            }
            _ => self.enter(&record, number),
        }
        match self.place {
            Placement::Known(_) if record.is_empty() => {
                self.outside.without_base += 1;
                self.outside
                    .first_without_base
                    .get_or_insert_with(|| (stated(&record), number));
                Ok(())
            }
            Placement::Known(length) => {
                let record = if u64::from(record.end) <= length && !record.begins_before() {
                    record
                } else if let Some(inside) = self.at_end(&record, length, number)? {
                    inside
                } else {
                    return Ok(());
                };
                self.visitor
                    .record(&record)
                    .map_err(|error| error.at(self.path, number))
            }
            Placement::Unknown => {
                let name = String::from_utf8_lossy(record.chrom).into_owned();
                *self.outside.unknown.entry(name).or_default() += 1;
                Ok(())
            }
        }
    }

    fn enter(&mut self, record: &Record<'_>, line: u64) {
        self.runs.push(Run {
            chrom: record.chrom.to_vec(),
            line,
            first: record.start,
            last: record.start,
        });
        self.place = match &self.scanner.lengths {
            None => Placement::Known(u64::MAX),
            Some(lengths) => lengths
                .get(record.chrom)
                .map_or(Placement::Unknown, |&length| Placement::Known(length)),
        };
        if matches!(self.place, Placement::Known(_)) {
            self.visitor.chromosome(record.chrom);
        }
    }

    /// What lies on the chromosome of an interval that reaches beyond one of its ends.
    #[cold]
    fn at_end<'r>(
        &mut self,
        record: &Record<'r>,
        length: u64,
        line: u64,
    ) -> Result<Option<Record<'r>>> {
        if self.scanner.options.refuse_outside {
            return Err(self.beyond(record, length).at(self.path, line));
        }
        if self.outside.first.is_none() {
            let length = Some(length).filter(|&length| length < u64::MAX);
            self.outside.first = Some((stated(record), line, length));
        }
        let inside = record.within(length);
        match inside {
            Some(_) => self.outside.clipped += 1,
            None => self.outside.past_end += 1,
        }
        Ok(inside)
    }

    fn beyond(&self, record: &Record<'_>, length: u64) -> Box<Malformed> {
        if record.begins_before() {
            return Malformed::new("a start of at least 0", record.stated().0.to_string())
                .hint("without ⟦refuse_outside⟧, intervals are clipped at the first base");
        }
        let chrom = String::from_utf8_lossy(record.chrom);
        Malformed::new(
            format!(
                "an end of at most {length}, the length of {chrom} in {}",
                self.scanner.genome()
            ),
            record.end.to_string(),
        )
        .hint("wrong genome build? All files must be of one build")
    }
}
