//! The rows of the matrix: accessible intervals, resized around their
//! centres, and the cells in which each is accessible.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::bits::RankedBits;
use super::report::RegionCounts;
use super::scan::{Outside, Scanned, Scanner, Visitor};
use super::{Centres, RegionInputs};
use crate::sheet::{Aliases, CellFile, read_sources};
use bindscape_base::error::{Error, Place, Result};
use bindscape_base::words::counted;
use bindscape_genome::bed::{Malformed, Record, coordinate, first_record_line, quoted};
use bindscape_genome::region::{Regions, Window};

/// Regions and where they are open.
pub(super) struct Accessible {
    /// Sorted by start within chromosomes, all of one width, no two the same.
    pub(super) regions: Regions,
    /// Cells in alphabetical order.
    pub(super) cells: Vec<String>,
    /// Per cell, the rows that are open in it.
    pub(super) open: Vec<RankedBits>,
    pub(super) counts: RegionCounts,
    /// Intervals outside of the genome, by file.
    pub(super) outside: Vec<(PathBuf, Outside)>,
    /// Files without intervals.
    pub(super) empty: Vec<PathBuf>,
}

impl Accessible {
    pub(super) fn read(
        inputs: &RegionInputs,
        aliases: &Aliases,
        scanner: &Scanner<'_>,
    ) -> Result<Self> {
        scanner.progress.begin("reading accessible regions", None);
        let (rows, cells) = match inputs {
            RegionInputs::Clusters { bed, sources } => {
                read_clusters(bed, sources, aliases, scanner)?
            }
            RegionInputs::PerCell(files) => read_cells(files, aliases, scanner)?,
        };
        let accessible = rows.resize(cells, scanner);
        scanner.progress.finish();
        if accessible.regions.is_empty() {
            return Err(Error::about(
                "accessible regions",
                "at least one region",
                format!(
                    "none, from {}",
                    counted(accessible.counts.intervals, "interval")
                ),
            ));
        }
        Ok(accessible)
    }
}

/// Intervals before resizing, one column per field.
#[derive(Default)]
struct Rows {
    chromosomes: Regions,
    chrom: Vec<u32>,
    centre: Vec<u32>,
    /// Cells of all rows, one row after the other.
    cells: Vec<u32>,
    /// Number of cells per row.
    cell_counts: Vec<u32>,
    /// Per row, whether its region contains the centre of none of its intervals; empty where that
    /// is not known.
    off_centre: Vec<bool>,
    counts: RegionCounts,
    outside: Vec<(PathBuf, Outside)>,
    empty: Vec<PathBuf>,
}

impl Rows {
    /// Counts what was read of a file.
    fn count(&mut self, path: &Path, scanned: Scanned) {
        self.counts.files += 1;
        self.counts.intervals += scanned.records;
        self.counts.unknown_chromosome += scanned.outside.unknown();
        self.counts.clipped += scanned.outside.clipped;
        self.counts.beyond_end += scanned.outside.past_end;
        self.counts.without_base += scanned.outside.without_base;
        if scanned.records == 0 {
            self.empty.push(path.to_owned());
        }
        self.outside.push((path.to_owned(), scanned.outside));
    }

    fn resize(mut self, names: Vec<String>, scanner: &Scanner<'_>) -> Accessible {
        let width = scanner.options.width;
        let lengths: Vec<u64> = self
            .chromosomes
            .chromosomes()
            .iter()
            .map(|name| {
                scanner
                    .length(name.as_bytes())
                    .unwrap_or(u64::from(u32::MAX))
            })
            .collect();
        let mut first_cell = 0usize;
        // Chromosome, start, and where the cells of the row begin and how many they are.
        let mut placed: Vec<(u32, u32, u32, usize)> = Vec::with_capacity(self.centre.len());
        for row in 0..self.centre.len() {
            let cells = self.cell_counts[row];
            let from = first_cell;
            first_cell += cells as usize;
            let (chrom, centre) = (self.chrom[row], self.centre[row]);
            let window = Window::around(centre, width);
            let Some((start, _)) = window.within(lengths[chrom as usize]) else {
                if window.start < 0 {
                    self.counts.before_start += 1;
                } else {
                    self.counts.past_end += 1;
                }
                continue;
            };
            self.counts.off_centre += u64::from(self.off_centre.get(row) == Some(&true));
            placed.push((chrom, start, cells, from));
        }
        placed.par_sort_unstable_by_key(|&(chrom, start, _, from)| (chrom, start, from));

        // Chromosomes whose regions were all dropped are not named.
        let mut regions = Regions::new();
        let words = placed.len().div_ceil(64);
        let mut open = vec![vec![0u64; words]; names.len()];
        let mut last = None;
        for (chrom, start, cells, from) in placed {
            if last.replace((chrom, start)) == Some((chrom, start)) {
                self.counts.merged += 1;
            } else {
                regions.push(
                    &self.chromosomes.chromosomes()[chrom as usize],
                    start,
                    start + width,
                );
            }
            let row = regions.len() - 1;
            for &cell in &self.cells[from..from + cells as usize] {
                open[cell as usize][row / 64] |= 1 << (row % 64);
            }
        }
        self.counts.kept = regions.len() as u64;
        Accessible {
            regions,
            cells: names,
            open: open.into_iter().map(RankedBits::new).collect(),
            counts: self.counts,
            outside: self.outside,
            empty: self.empty,
        }
    }
}

/// What a file of clusters looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Layout {
    /// Columns before the chromosome: 1 for UCSC's `bin`.
    skip: usize,
    /// The column that holds the number of sources; their ids follow in the next one.
    count_column: usize,
}

impl Layout {
    fn detect(path: &Path) -> Result<Self> {
        let Some((number, line)) = first_record_line(path)? else {
            // Without records, any layout does.
            return Ok(Self {
                skip: 0,
                count_column: 4,
            });
        };
        let fields: Vec<&[u8]> = line.split(|&byte| byte == b'\t').collect();
        let is_number = |place: usize| {
            fields.get(place).is_some_and(|field| {
                let digits = field.strip_prefix(b"-").unwrap_or(field);
                coordinate(digits, "").is_ok()
            })
        };
        let skip = usize::from(is_number(0) && !is_number(1) && is_number(2) && is_number(3));
        let count_column = match fields.len() - skip {
            5 => 4,
            7 | 8 => 6,
            columns => {
                return Err(Error::input(
                    path,
                    Place::Line(number),
                    "5 columns (chromosome, start, end, number of sources, source ids) or the 8 of UCSC's clustered DHS table",
                    format!("{columns} columns"),
                )
                .hint("files of one cell each go into a sample sheet, with their cell"));
            }
        };
        Ok(Self { skip, count_column })
    }
}

fn read_clusters(
    bed: &Path,
    sources: &Path,
    aliases: &Aliases,
    scanner: &Scanner<'_>,
) -> Result<(Rows, Vec<String>)> {
    let by_id = read_sources(sources)?;
    let cells: Vec<String> = by_id
        .values()
        .map(|cell| aliases.resolve(cell).to_owned())
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    let cell_of: FxHashMap<&[u8], u32> = by_id
        .iter()
        .map(|(id, cell)| (id.as_bytes(), place(&cells, aliases.resolve(cell))))
        .collect();
    let layout = Layout::detect(bed)?;
    let mut rows = Rows::default();
    let scanned = scanner.scan(
        bed,
        layout.skip,
        || Clusters {
            layout,
            cell_of: &cell_of,
            sources,
            block: BlockRows::default(),
        },
        |block| {
            let mut at = 0;
            for (name, count) in block.chromosomes {
                let chrom = rows.chromosomes.intern(&name);
                rows.chrom.extend(std::iter::repeat_n(chrom, count));
                at += count;
            }
            debug_assert_eq!(at, block.centre.len());
            rows.centre.extend(block.centre);
            rows.cells.extend(block.cells);
            rows.cell_counts.extend(block.cell_counts);
            rows.counts.longest_cluster = rows.counts.longest_cluster.max(block.longest);
            Ok(())
        },
    )?;
    rows.count(bed, scanned);
    rows.counts.clusters = rows.centre.len() as u64;
    Ok((rows, cells))
}

fn place(cells: &[String], cell: &str) -> u32 {
    let place = cells
        .binary_search_by(|name| name.as_str().cmp(cell))
        .expect("every cell is in the sorted list made of them");
    u32::try_from(place).expect("fewer than 2^32 cells")
}

/// The clusters of one block.
#[derive(Default)]
struct BlockRows {
    /// Chromosomes with the number of clusters on each stretch.
    chromosomes: Vec<(String, usize)>,
    centre: Vec<u32>,
    cells: Vec<u32>,
    cell_counts: Vec<u32>,
    longest: u64,
}

struct Clusters<'a> {
    layout: Layout,
    cell_of: &'a FxHashMap<&'a [u8], u32>,
    sources: &'a Path,
    block: BlockRows,
}

impl Visitor for Clusters<'_> {
    type Output = BlockRows;

    fn chromosome(&mut self, name: &[u8]) {
        let name = String::from_utf8_lossy(name).into_owned();
        self.block.chromosomes.push((name, 0));
    }

    fn record(&mut self, record: &Record<'_>) -> Result<(), Box<Malformed>> {
        let mut columns = record.columns().skip(self.layout.count_column - 4);
        let (Some(count), Some(ids)) = (columns.next(), columns.next()) else {
            return Err(Malformed::new(
                format!("source ids in column {}", self.layout.count_column + 1),
                format!("{} columns", 3 + record.columns().count()),
            ));
        };
        let count = coordinate(count, "number of sources")?;
        let block = &mut self.block;
        let before = block.cells.len();
        for id in ids.split(|&byte| byte == b',').filter(|id| !id.is_empty()) {
            let Some(&cell) = self.cell_of.get(id) else {
                return Err(Malformed::new(
                    format!("source ids of {}", self.sources.display()),
                    quoted(id),
                )
                .hint("the clusters and the table of sources must be of one release"));
            };
            block.cells.push(cell);
        }
        let found = block.cells.len() - before;
        if found != count as usize {
            return Err(Malformed::new(
                format!("{count} source ids"),
                found.to_string(),
            ));
        }
        block.centre.push(record.centre());
        block.cell_counts.push(count);
        block.longest = block.longest.max(u64::from(record.end - record.start));
        if let Some((_, count)) = block.chromosomes.last_mut() {
            *count += 1;
        }
        Ok(())
    }

    fn finish(self) -> BlockRows {
        self.block
    }
}

/// The intervals of one cell's file: per stretch, a chromosome and its intervals.
type Intervals = Vec<(String, Vec<(u32, u32)>)>;

#[derive(Default)]
struct Plain(Intervals);

impl Visitor for Plain {
    type Output = Intervals;

    fn chromosome(&mut self, name: &[u8]) {
        let name = String::from_utf8_lossy(name).into_owned();
        self.0.push((name, Vec::new()));
    }

    fn record(&mut self, record: &Record<'_>) -> Result<(), Box<Malformed>> {
        if let Some((_, intervals)) = self.0.last_mut() {
            intervals.push((record.start, record.end));
        }
        Ok(())
    }

    fn finish(self) -> Intervals {
        self.0
    }
}

fn read_cells(
    files: &[CellFile],
    aliases: &Aliases,
    scanner: &Scanner<'_>,
) -> Result<(Rows, Vec<String>)> {
    let cells: Vec<String> = files
        .iter()
        .map(|file| aliases.resolve(&file.cell).to_owned())
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    let read: Vec<Result<(Scanned, Intervals)>> = files
        .par_iter()
        .map(|file| {
            let mut all = Intervals::new();
            let scanned = scanner.scan(&file.path, 0, Plain::default, |block| {
                all.extend(block);
                Ok(())
            })?;
            Ok((scanned, all))
        })
        .collect();
    let mut rows = Rows::default();
    // Per chromosome: start, end and cell of every interval.
    let mut by_chrom: Vec<Vec<(u32, u32, u32)>> = Vec::new();
    for (file, result) in files.iter().zip(read) {
        let (scanned, stretches) = result?;
        rows.count(&file.path, scanned);
        let cell = place(&cells, aliases.resolve(&file.cell));
        for (name, intervals) in stretches {
            let chrom = rows.chromosomes.intern(&name) as usize;
            by_chrom.resize_with(by_chrom.len().max(chrom + 1), Vec::new);
            by_chrom[chrom].extend(intervals.into_iter().map(|(start, end)| (start, end, cell)));
        }
    }
    by_chrom
        .par_iter_mut()
        .for_each(|list| list.par_sort_unstable());
    for (chrom, list) in by_chrom.iter().enumerate() {
        let chrom = u32::try_from(chrom).expect("fewer than 2^32 chromosomes");
        match scanner.options.centres {
            Centres::Merged => rows.cluster(chrom, list, scanner.options.width),
            Centres::PerCell => rows.each(chrom, list),
        }
    }
    Ok((rows, cells))
}

fn centre(start: u32, end: u32) -> u32 {
    start + (end - start) / 2
}

impl Rows {
    /// Appends the clusters of intervals (start, end, cell) sorted by start.
    /// Intervals that merely touch share no base and stay apart. Regions of `width` bases around
    /// the centres of clusters may contain none of their intervals' centres.
    fn cluster(&mut self, chrom: u32, sorted: &[(u32, u32, u32)], width: u32) {
        let mut rest = sorted;
        while let Some(&(start, first_end, _)) = rest.first() {
            let mut end = first_end;
            let mut size = 1;
            while let Some(&(next, next_end, _)) = rest.get(size)
                && next < end
            {
                end = end.max(next_end);
                size += 1;
            }
            let middle = centre(start, end);
            let from = i64::from(middle) - i64::from(width / 2);
            let region = from..from + i64::from(width);
            self.off_centre.push(
                rest[..size]
                    .iter()
                    .all(|&(start, end, _)| !region.contains(&i64::from(centre(start, end)))),
            );
            let cells = rest[..size].iter().map(|&(_, _, cell)| cell).collect();
            self.push(chrom, middle, cells);
            self.counts.clusters += 1;
            self.counts.longest_cluster = self.counts.longest_cluster.max(u64::from(end - start));
            rest = &rest[size..];
        }
    }

    /// Appends each of the intervals (start, end, cell), sorted by start, as a row of its own,
    /// with the cells that have an interval over its centre. Rows of equal centres are merged
    /// later; the cells lie in the first.
    fn each(&mut self, chrom: u32, sorted: &[(u32, u32, u32)]) {
        let mut centres: Vec<u32> = sorted
            .iter()
            .map(|&(start, end, _)| centre(start, end))
            .collect();
        centres.par_sort_unstable();
        let mut rest = sorted;
        // End and cell of the intervals that began at or before the centre and may contain it.
        let mut over: Vec<(u32, u32)> = Vec::new();
        let mut last = None;
        for middle in centres {
            if last.replace(middle) == Some(middle) {
                self.push(chrom, middle, Vec::new());
                continue;
            }
            let begun = rest.partition_point(|&(start, _, _)| start <= middle);
            over.extend(rest[..begun].iter().map(|&(_, end, cell)| (end, cell)));
            rest = &rest[begun..];
            over.retain(|&(end, _)| end > middle);
            let cells = over.iter().map(|&(_, cell)| cell).collect();
            self.push(chrom, middle, cells);
        }
    }

    /// Appends a row.
    fn push(&mut self, chrom: u32, centre: u32, mut cells: Vec<u32>) {
        cells.sort_unstable();
        cells.dedup();
        self.chrom.push(chrom);
        self.centre.push(centre);
        self.cell_counts
            .push(u32::try_from(cells.len()).expect("fewer than 2^32 cells"));
        self.cells.extend(cells);
    }
}
