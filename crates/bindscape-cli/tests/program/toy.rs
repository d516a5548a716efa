//! A genome of two chromosomes with a few regions, peaks and sites of two TFs
//! in two cells: small enough to read, real in its formats.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use crate::succeeds;

/// Regions on each chromosome, if nothing else is said.
const REGIONS: u32 = 150;

/// Numbers below 2^31 that look random, the same for a seed.
pub(crate) fn draws(seed: u64) -> impl FnMut() -> usize {
    let mut state = seed;
    move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) as usize
    }
}

/// A directory with the toy data.
pub(crate) fn directory() -> tempfile::TempDir {
    directory_of(REGIONS)
}

/// A directory with toy data of so many regions on each chromosome.
fn directory_of(regions: u32) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a temporary directory");
    write(directory.path(), regions);
    directory
}

/// The same with their matrix.
pub(crate) fn with_matrix() -> tempfile::TempDir {
    with_matrix_of(REGIONS)
}

/// Toy data of so many regions on each chromosome, with their matrix.
pub(crate) fn with_matrix_of(regions: u32) -> tempfile::TempDir {
    let directory = directory_of(regions);
    succeeds(directory.path(), BUILD);
    directory
}

/// Writes the toy data into `directory`: `genome.fa`, `dhs.bed`, `sources.tsv`,
/// `peaks.bed`, `unibind/`. Of three regions in a row, the TF `MAX` binds the
/// first, which holds `CACGTG`; `JUND` binds the second, with `TGACTCA`.
fn write(directory: &Path, regions: u32) {
    let mut draw = draws(12345);
    let mut genome = String::new();
    let (mut dhs, mut peaks) = (String::new(), String::new());
    let mut sites = [String::new(), String::new()];
    for chrom in ["chr1", "chr2"] {
        let mut bases: Vec<u8> = (0..regions * 300).map(|_| b"ACGT"[draw() % 4]).collect();
        for region in 0..regions {
            let start = region * 300 + 20;
            let end = start + 200 + 2 * (draw() as u32 % 5);
            writeln!(dhs, "{chrom}\t{start}\t{end}\t2\t1,2,").expect("text grows");
            let (tf, motif) = match region % 3 {
                0 => (0, "CACGTG"),
                1 => (1, "TGACTCA"),
                _ => continue,
            };
            let site = start + 80 + draw() as u32 % 20;
            bases[site as usize..site as usize + motif.len()].copy_from_slice(motif.as_bytes());
            let name = ["MAX", "JUND"][tf];
            writeln!(
                peaks,
                "{chrom}\t{}\t{}\tEXP{tf}.{name}.K562\t0\t.\t{}\t{}\t0,0,0",
                site - 40,
                site + 50,
                site + 2,
                site + 3
            )
            .expect("text grows");
            writeln!(
                sites[tf],
                "{chrom}\t{site}\t{}\t{name}\t0\t+",
                site as usize + motif.len()
            )
            .expect("text grows");
        }
        writeln!(genome, ">{chrom}").expect("text grows");
        for line in bases.chunks(60) {
            genome.push_str(std::str::from_utf8(line).expect("bases are text"));
            genome.push('\n');
        }
    }
    let put = |name: &str, text: &str| {
        std::fs::write(directory.join(name), text).expect("a writable directory");
    };
    put("genome.fa", &genome);
    put("dhs.bed", &dhs);
    put("sources.tsv", "1\tK562\n2\tHepG2\n");
    put("peaks.bed", &peaks);
    std::fs::create_dir(directory.join("unibind")).expect("a writable directory");
    put("unibind/EXP0.K562.MAX.pwm.bed", &sites[0]);
    put("unibind/EXP1.K562.JUND.pwm.bed", &sites[1]);
}

/// Compresses `name` to `name.gz`.
pub(crate) fn gzip(directory: &Path, name: &str) {
    let bytes = std::fs::read(directory.join(name)).expect("the file to compress");
    let file =
        std::fs::File::create(directory.join(format!("{name}.gz"))).expect("a writable directory");
    let mut encoder = flate2::write::GzEncoder::new(file, flate2::Compression::default());
    encoder.write_all(&bytes).expect("room on the disk");
    encoder.finish().expect("room on the disk");
}

/// The words of `matrix build` on the toy data.
pub(crate) const BUILD: &[&str] = &[
    "matrix",
    "build",
    "--build",
    "toy",
    "--genome",
    "genome.fa",
    "--dhs",
    "dhs.bed",
    "--dhs-sources",
    "sources.tsv",
    "--chip",
    "peaks.bed",
    "--tfbs",
    "unibind",
    "--out",
    "matrix.parquet",
];

/// [`BUILD`] with the value of one option replaced.
pub(crate) fn build_with<'a>(option: &str, value: &'a str) -> Vec<&'a str> {
    let mut words = BUILD.to_vec();
    let place = words
        .iter()
        .position(|word| *word == option)
        .expect("an option of the build");
    words[place + 1] = value;
    words
}

/// The words of a pre-training of one epoch, but for its directory.
pub(crate) const PRETRAIN: &[&str] = &[
    "pretrain",
    "--matrix",
    "matrix.parquet",
    "--genome",
    "genome.fa",
    "--tfs",
    "MAX,JUND",
    "--epochs",
    "1",
    "--resamples",
    "0",
    "--out",
];
