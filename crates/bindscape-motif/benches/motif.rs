//! Scanning, discovery, comparison and clustering: `cargo bench -p bindscape-motif`.
//!
//! Motifs are JASPAR's, sequences are simulated. `RAYON_NUM_THREADS` sets the threads.

use std::io::Cursor;
use std::path::Path;

use bindscape_base::progress::Silent;
use bindscape_base::random;
use bindscape_genome::fasta::Record;
use bindscape_motif::cluster::{Thresholds, cluster};
use bindscape_motif::compare::{self, Targets};
use bindscape_motif::discover::{self, SequenceSet, discover};
use bindscape_motif::scan::{self, Batch, PSEUDOCOUNT, Scanner, SequenceReader};
use bindscape_motif::{Motif, Pseudocount, jaspar};
use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use rand::Rng;

fn main() {
    divan::main();
}

/// `count` random bases.
fn bases(count: usize, purpose: &str, index: u64) -> Vec<u8> {
    let mut random = random::stream(1, purpose, &[index]);
    (0..count)
        .map(|_| b"ACGT"[random.random_range(0..4)])
        .collect()
}

/// Every so many of the built-in motifs.
fn motifs(step: usize) -> Vec<Motif> {
    jaspar().motifs.iter().step_by(step).cloned().collect()
}

fn scanner(threshold: f64) -> Scanner {
    let options = scan::Options {
        threshold,
        single_strand: false,
        pseudocount: Pseudocount::new(PSEUDOCOUNT).expect("a pseudocount"),
    };
    let background = jaspar().background.unwrap_or_default().both_strands();
    Scanner::new(&motifs(26), &background, &options).expect("motifs")
}

/// One batch of a random chromosome.
fn batch(scanner: &Scanner, length: usize) -> Batch {
    let fasta = [
        b">simulated\n",
        bases(length, "chromosome", 0).as_slice(),
        b"\n",
    ]
    .concat();
    let input = Box::new(Cursor::new(fasta));
    let mut reader = SequenceReader::new(input, Path::new("simulated"), scanner.widest(), false);
    let batch = reader.next_batch().expect("FASTA");
    batch.expect("a sequence")
}

/// Windows of about 100 motifs on both strands of 200,000 bases.
#[divan::bench(args = [1e-4, 1e-6])]
fn scan_hits(bencher: Bencher<'_, '_>, threshold: f64) {
    let scanner = scanner(threshold);
    let batch = batch(&scanner, 200_000);
    let windows: u64 = scanner.windows(&batch).iter().sum();
    bencher
        .counter(ItemsCount::new(windows))
        .bench(|| scanner.hits(&batch));
}

/// The best window of each motif.
#[divan::bench]
fn scan_best(bencher: Bencher<'_, '_>) {
    let scanner = scanner(0.01);
    let batch = batch(&scanner, 200_000);
    let windows: u64 = scanner.windows(&batch).iter().sum();
    bencher
        .counter(ItemsCount::new(windows))
        .bench(|| scanner.best(&batch, &mut Vec::new()));
}

/// Motifs made ready, with the exact distribution of their scores.
#[divan::bench(args = [1e-4, 0.01])]
fn scan_prepare(bencher: Bencher<'_, '_>, threshold: f64) {
    bencher.bench(|| scanner(threshold));
}

/// 300 sequences of 100 bases, half of them with a site of CTCF's consensus.
fn bound() -> SequenceSet {
    let site = b"CCACCAGGGGGCGC";
    let records = (0..300).map(|number| {
        let mut sequence = bases(100, "bound", number);
        if number % 2 == 0 {
            sequence[40..40 + site.len()].copy_from_slice(site);
        }
        Record {
            name: format!("s{number}"),
            sequence,
            ..Record::default()
        }
    });
    SequenceSet::new("simulated", records.collect()).expect("distinct names")
}

/// The first motif, over shuffled sequences.
#[divan::bench(sample_count = 10)]
fn discover_one(bencher: Bencher<'_, '_>) {
    let positives = bound();
    let options = discover::Options {
        motifs: Some(1),
        ..discover::Options::default()
    };
    bencher.bench(|| discover(&positives, None, &options, &Silent));
}

/// So many queries with 264 targets.
#[divan::bench(args = [1, 16, 64])]
fn compare_with_jaspar(bencher: Bencher<'_, '_>, queries: usize) {
    let targets = Targets::new(&motifs(10), compare::Options::default()).expect("targets");
    let queries: Vec<Motif> = motifs(40).into_iter().take(queries).collect();
    let pairs = queries.len() * targets.len();
    bencher.counter(ItemsCount::new(pairs)).bench(|| {
        targets.compare(&queries, &Silent, |_, matches| {
            matches
                .iter()
                .map(|found| found.p_value)
                .fold(1.0, f64::min)
        })
    });
}

/// 132 motifs into clusters.
#[divan::bench(sample_count = 20)]
fn cluster_motifs(bencher: Bencher<'_, '_>) {
    let motifs = motifs(20);
    bencher.bench(|| cluster(&motifs, Thresholds::default(), &Silent));
}

/// A MEME file of 132 motifs.
#[divan::bench]
fn read_meme(bencher: Bencher<'_, '_>) {
    use bindscape_motif::format::{Format, parse_motifs, write_motifs};
    let set = bindscape_motif::MotifSet::new(motifs(20));
    let text = write_motifs(&set, Format::Meme);
    bencher
        .counter(BytesCount::of_str(text.as_str()))
        .bench(|| parse_motifs(&text, Path::new("simulated"), None));
}
