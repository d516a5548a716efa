//! bindscape's scan and lightmotif's, in turn, in one process and on the same sequences in memory.
//!
//! ```text
//! scan-bench MOTIFS FASTA THREADS ROUNDS
//! ```
//!
//! lightmotif gets bindscape's log-odds and score thresholds, and all sequences as one with an N
//! between them, which is the best case for it: one preparation, no short remainders. Windows
//! with N score too low to be hits. Both scan both strands, and motifs are shared between threads.
//! Times are of scanning alone: motifs, thresholds and encoded sequences are ready.

use std::collections::HashSet;
use std::path::Path;
use std::time::{Duration, Instant};

use bindscape_genome::fasta;
use bindscape_base::progress::Silent;
use bindscape_motif::scan::{Batch, Options, Scanner, SequenceReader, for_each_batch};
use bindscape_motif::{Background, Pseudocount, motifs_from};
use lightmotif::abc::{Background as Uniform, Dna};
use lightmotif::dense::DenseMatrix;
use lightmotif::pwm::ScoringMatrix;
use lightmotif::scan::Scanner as Lightmotif;
use lightmotif::seq::EncodedSequence;
use rayon::prelude::*;

type Hit = (usize, usize, bool);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [motifs, fasta, threads, rounds] = arguments.as_slice() else {
        return Err("MOTIFS FASTA THREADS ROUNDS".into());
    };
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads.parse()?)
        .build_global()?;
    let set = motifs_from(motifs)?;
    let options = Options {
        threshold: 1e-4,
        single_strand: false,
        pseudocount: Pseudocount::new(0.1)?,
    };
    let clock = Instant::now();
    let background = Background::uniform();
    let scanner = Scanner::new(&set.motifs, &background, &options)?;
    println!("scores and p-values of {} motifs: {:.2?}", set.motifs.len(), clock.elapsed());
    let mut batches: Vec<Batch> = Vec::new();
    let mut reader = SequenceReader::open(fasta, scanner.widest(), false)?;
    for_each_batch(&mut reader, &Silent, |batch| {
        batches.push(batch.clone());
        Ok(())
    })?;

    // The sequences as one, and where each begins.
    let mut all = Vec::new();
    let mut begins = Vec::new();
    let mut records = fasta::Reader::open(Path::new(fasta))?;
    let mut record = fasta::Record::default();
    while records.read(&mut record)? {
        begins.push(all.len());
        all.extend_from_slice(&record.sequence);
        all.push(b'N');
    }
    let encoded = EncodedSequence::<Dna>::encode(&all)?;
    let striped = {
        let mut striped = encoded.to_striped();
        striped.configure_wrap(scanner.widest());
        striped
    };
    let matrices: Vec<(usize, bool, f32, ScoringMatrix<Dna>)> = set
        .motifs
        .iter()
        .zip(scanner.motifs())
        .enumerate()
        .filter_map(|(number, (motif, ready))| {
            let threshold = ready.bits(ready.threshold()?) as f32 - 1e-4;
            let frequencies = motif.frequencies.with_pseudocount(
                motif.sites.unwrap_or(20.0),
                options.pseudocount,
                &background,
            );
            let matrix = |rows: &[[f64; 4]]| {
                // lightmotif's letters are A, C, T, G, N.
                let mut data = DenseMatrix::new(rows.len());
                for (row, &[a, c, g, t]) in data.iter_mut().zip(rows) {
                    for (cell, p) in row.iter_mut().zip([a, c, t, g]) {
                        *cell = (p / 0.25).log2() as f32;
                    }
                    row[4] = -1000.0;
                }
                ScoringMatrix::<Dna>::new(Uniform::uniform(), data)
            };
            let reverse = frequencies.reverse_complement();
            Some([
                (number, false, threshold, matrix(frequencies.rows())),
                (number, true, threshold, matrix(reverse.rows())),
            ])
        })
        .flatten()
        .collect();

    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let (mut our_hits, mut their_hits) = (HashSet::new(), HashSet::new());
    for _ in 0..rounds.parse()? {
        let clock = Instant::now();
        let found: Vec<Vec<_>> = batches.iter().map(|batch| scanner.hits(batch)).collect();
        ours.push(clock.elapsed());
        our_hits = found
            .iter()
            .zip(&batches)
            .flat_map(|(hits, batch)| {
                hits.iter().map(|hit| -> Hit {
                    let sequence = batch.sequences[hit.sequence].index as usize;
                    (hit.motif, begins[sequence] + hit.start as usize, hit.reverse)
                })
            })
            .collect();

        let clock = Instant::now();
        let found: Vec<Vec<Hit>> = matrices
            .par_iter()
            .map(|(number, reverse, threshold, matrix)| {
                let mut scanner = Lightmotif::new(matrix, &striped);
                scanner.threshold(*threshold);
                scanner
                    .map(|hit| (*number, hit.position(), *reverse))
                    .collect()
            })
            .collect();
        theirs.push(clock.elapsed());
        their_hits = found.into_iter().flatten().collect();
    }
    let windows: u64 = batches
        .iter()
        .map(|batch| scanner.windows(batch).iter().sum::<u64>())
        .sum();
    let ratio = median(&theirs).as_secs_f64() / median(&ours).as_secs_f64();
    for (name, times) in [("bindscape", &ours), ("lightmotif", &theirs)] {
        let rate = windows as f64 / median(times).as_secs_f64() / 1e9;
        println!("{name}: {:.2?}, {rate:.2} billion windows/s", median(times));
    }
    println!("ratio: {ratio:.2}");
    println!(
        "hits: {} and {}; only bindscape {}, only lightmotif {}",
        our_hits.len(),
        their_hits.len(),
        our_hits.difference(&their_hits).count(),
        their_hits.difference(&our_hits).count()
    );
    Ok(())
}

fn median(times: &[Duration]) -> Duration {
    let mut times = times.to_vec();
    times.sort_unstable();
    times[times.len() / 2]
}
