//! Compares all motifs of a file with all of another, prints the seconds it took, and
//! writes the p-values, offsets and strands for `bench/compare/run.py`.
//!
//!     compare_all QUERIES TARGETS THREADS [STEPS [OUT]]
//!
//! STEPS is that of `Options`, or `exact`. OUT gets, per query and target, little-endian: p-value (f64), offset (f64), overlap
//! (f64), 1 if reversed (f64).
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use bindscape_base::progress::Silent;
use bindscape_motif::compare::{Options, Targets};
use bindscape_motif::read_motifs;

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [queries, targets, threads, more @ ..] = words.as_slice() else {
        return Err("usage: compare_all QUERIES TARGETS THREADS [STEPS [OUT]]".into());
    };
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads.parse()?)
        .build_global()?;
    let queries = read_motifs(Path::new(queries), None)?.motifs;
    let targets = read_motifs(Path::new(targets), None)?.motifs;
    let options = Options {
        pseudocount: 0.0,
        steps: more.first().and_then(|steps| steps.parse().ok()),
        ..Options::default()
    };
    let start = Instant::now();
    let prepared = Targets::new(&targets, options)?;
    let rows = prepared.compare(&queries, &Silent, |_, matches| matches.to_vec())?;
    println!("{:.3}", start.elapsed().as_secs_f64());
    if let [_, path, ..] = more {
        let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
        for matched in rows.iter().flatten() {
            let overlap = matched.overlap as f64;
            let reverse = f64::from(u8::from(matched.reverse));
            for value in [matched.p_value, f64::from(matched.offset), overlap, reverse] {
                file.write_all(&value.to_le_bytes())?;
            }
        }
    }
    Ok(())
}
