//! Writes the input of a full-scale build, simulated from a seed: as many
//! accessible regions, peaks, sites, TFs and cells as the paper had, or more.
//! Also writes what bedtools needs for the overlaps alone: regions already
//! resized, summits as intervals, all sites in one file, each sorted.
//!
//! ```text
//! rustc -O --edition 2024 generate.rs -o generate && ./generate DIRECTORY [PAIRS PEAKS CLUSTERS SITES]
//! ```
//!
//! Simulated are the numbers and the formats, not biology: positions are
//! uniform, 70 % of the summits and 80 % of the sites fall into a cluster, half of
//! the peaks belong to a profiled pair of TF and cell, and a cluster is open in
//! 8 cells on average. Of the pairs of 163 TFs and 52 cells, PAIRS are profiled
//! (420 in the published matrix, 8,476 at most); the other peaks belong to 2,400
//! pairs of 485 TFs and 248 more cells (ReMap 2018 has 2,829 data sets).

use std::fs::{File, create_dir_all};
use std::io::{BufWriter, Result, Write};
use std::path::Path;

const SEED: u64 = 2;
const WIDTH: u64 = 200;
const TFS: u64 = 485;
const CELLS: u64 = 300;
const PROFILED_TFS: u64 = 163;
const PROFILED_CELLS: u64 = 52;

/// Pairs of TF and cell that have peaks but were not profiled.
const OTHER_PAIRS: u64 = 2_400;

/// hg38, in the order in which `sort -k1,1` puts the names.
const CHROMOSOMES: [(&str, u64); 24] = [
    ("chr1", 248_956_422),
    ("chr10", 133_797_422),
    ("chr11", 135_086_622),
    ("chr12", 133_275_309),
    ("chr13", 114_364_328),
    ("chr14", 107_043_718),
    ("chr15", 101_991_189),
    ("chr16", 90_338_345),
    ("chr17", 83_257_441),
    ("chr18", 80_373_285),
    ("chr19", 58_617_616),
    ("chr2", 242_193_529),
    ("chr20", 64_444_167),
    ("chr21", 46_709_983),
    ("chr22", 50_818_468),
    ("chr3", 198_295_559),
    ("chr4", 190_214_555),
    ("chr5", 181_538_259),
    ("chr6", 170_805_979),
    ("chr7", 159_345_973),
    ("chr8", 145_138_636),
    ("chr9", 138_394_717),
    ("chrX", 156_040_895),
    ("chrY", 57_227_415),
];

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        ((u128::from(z) * u128::from(bound)) >> 64) as u64
    }
}

struct Site {
    chrom: usize,
    start: u64,
    end: u64,
    tf: u64,
    cell: u64,
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let directory = Path::new(arguments.first().map_or("data", String::as_str)).to_owned();
    let number = |place: usize, otherwise: u64| {
        arguments
            .get(place)
            .map_or(otherwise, |text| text.parse().expect("a whole number"))
    };
    let pairs = number(1, 420);
    let peaks = number(2, 80_000_000);
    let clusters = number(3, 1_800_000);
    let sites = number(4, 5_000_000);
    create_dir_all(directory.join("sites"))?;
    let open = |name: &str| -> Result<BufWriter<File>> {
        Ok(BufWriter::with_capacity(
            1 << 20,
            File::create(directory.join(name))?,
        ))
    };
    let mut random = Random(SEED);
    let genome: u64 = CHROMOSOMES.iter().map(|(_, length)| length).sum();
    let share = |total: u64, length: u64| total * length / genome;

    // Pairs that step through TFs and cells together: all TFs and all cells occur.
    let profiled: Vec<(u64, u64)> = (0..pairs.min(PROFILED_TFS * PROFILED_CELLS))
        .map(|pair| (pair % PROFILED_TFS, pair % PROFILED_CELLS))
        .collect();
    let others: Vec<(u64, u64)> = (0..OTHER_PAIRS)
        .map(|_| {
            let cell = PROFILED_CELLS + random.below(CELLS - PROFILED_CELLS);
            (random.below(TFS), cell)
        })
        .collect();

    let mut sources = open("dhs_sources.tsv")?;
    for cell in 0..PROFILED_CELLS {
        writeln!(sources, "{cell}\tcell-{cell}")?;
    }

    let mut cluster_file = open("dhs_clusters.bed")?;
    let mut region_file = open("regions.bed")?;
    let mut peak_file = open("remap_peaks.bed")?;
    let mut summit_file = open("summits.bed")?;
    let mut all_sites: Vec<Site> = Vec::new();
    for (chrom, (name, length)) in CHROMOSOMES.iter().enumerate() {
        // Clusters that do not overlap: one in each of equal stretches.
        let count = share(clusters, *length);
        let stretch = length / (count + 1);
        let mut intervals = Vec::new();
        for place in 0..count {
            let size = 90 + random.below(250);
            let start = place * stretch + 150 + random.below(stretch - size - 300);
            intervals.push((start, start + size));
        }
        let mut starts = Vec::new();
        for &(start, end) in &intervals {
            // Few cells for most clusters, all for some; 8 on average.
            let odds = match random.below(10) {
                0..4 => 2,
                4..8 => 6,
                8 => 16,
                _ => 32,
            };
            let mut cells: Vec<u64> = (0..PROFILED_CELLS)
                .filter(|_| random.below(52) < odds)
                .collect();
            if cells.is_empty() {
                cells.push(random.below(PROFILED_CELLS));
            }
            write!(cluster_file, "{name}\t{start}\t{end}\t{}\t", cells.len())?;
            for cell in cells {
                write!(cluster_file, "{cell},")?;
            }
            writeln!(cluster_file)?;
            starts.push((start + end) / 2 - WIDTH / 2);
        }
        starts.sort_unstable();
        for start in starts {
            writeln!(region_file, "{name}\t{start}\t{}", start + WIDTH)?;
        }

        let mut chrom_peaks: Vec<(u32, u32, u32, u16, u16)> = Vec::new();
        for _ in 0..share(peaks, *length) {
            let summit = if random.below(10) < 7 {
                let (start, end) = intervals[random.below(count) as usize];
                start + random.below(end - start)
            } else {
                1_000 + random.below(length - 2_000)
            };
            let start = summit - 20 - random.below(130);
            let end = summit + 20 + random.below(130);
            let (tf, cell) = if random.below(2) == 0 {
                profiled[random.below(profiled.len() as u64) as usize]
            } else {
                others[random.below(OTHER_PAIRS) as usize]
            };
            chrom_peaks.push((
                start as u32,
                end as u32,
                summit as u32,
                tf as u16,
                cell as u16,
            ));
        }
        chrom_peaks.sort_unstable();
        for &(start, end, summit, tf, cell) in &chrom_peaks {
            let experiment = 100_000 + u32::from(tf) * 300 + u32::from(cell);
            writeln!(
                peak_file,
                "{name}\t{start}\t{end}\tEXP{experiment}.TF{tf}.cell-{cell}\t0\t.\t{summit}\t{}\t0,0,0",
                summit + 1
            )?;
        }
        chrom_peaks.sort_unstable_by_key(|peak| peak.2);
        for &(_, _, summit, tf, cell) in &chrom_peaks {
            writeln!(
                summit_file,
                "{name}\t{summit}\t{}\tTF{tf}.cell-{cell}",
                summit + 1
            )?;
        }

        for _ in 0..share(sites, *length) {
            let start = if random.below(10) < 8 {
                let (start, end) = intervals[random.below(count) as usize];
                start + random.below(end - start)
            } else {
                1_000 + random.below(length - 2_000)
            };
            let (tf, cell) = profiled[random.below(profiled.len() as u64) as usize];
            all_sites.push(Site {
                chrom,
                start,
                end: start + 8 + random.below(12),
                tf,
                cell,
            });
        }
    }
    for mut file in [sources, cluster_file, region_file, peak_file, summit_file] {
        file.flush()?;
    }

    all_sites.sort_unstable_by_key(|site| (site.chrom, site.start, site.end, site.tf, site.cell));
    let mut site_file = open("sites.bed")?;
    for site in &all_sites {
        let name = CHROMOSOMES[site.chrom].0;
        let (tf, cell) = (site.tf, site.cell);
        writeln!(
            site_file,
            "{name}\t{}\t{}\tTF{tf}.cell-{cell}",
            site.start, site.end
        )?;
    }
    site_file.flush()?;
    // The sort is stable: within a file, sites keep their order.
    all_sites.sort_by_key(|site| (site.tf, site.cell));
    for of_pair in all_sites.chunk_by(|a, b| (a.tf, a.cell) == (b.tf, b.cell)) {
        let (tf, cell) = (of_pair[0].tf, of_pair[0].cell);
        let experiment = 100_000 + tf * 300 + cell;
        let mut file = open(&format!("sites/EXP{experiment}.cell-{cell}.TF{tf}.pwm.bed"))?;
        for site in of_pair {
            let name = CHROMOSOMES[site.chrom].0;
            writeln!(file, "{name}\t{}\t{}\tTF{tf}\t0\t+", site.start, site.end)?;
        }
        file.flush()?;
    }
    Ok(())
}
