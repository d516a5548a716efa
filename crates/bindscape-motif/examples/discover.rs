//! Prints the motifs that are enriched in the sequences of a FASTA file over shuffled ones:
//! `cargo run --release -p bindscape-motif --example discover -- BOUND.fa`.
#![allow(clippy::print_stdout)]

use std::path::Path;

use bindscape_base::progress::Silent;
use bindscape_motif::discover::{Options, SequenceSet, discover};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args_os()
        .nth(1)
        .ok_or("usage: discover BOUND.fa")?;
    let bound = SequenceSet::read(Path::new(&path))?;
    let found = discover(&bound, None, &Options::default(), &Silent)?;
    for motif in &found.motifs {
        println!(
            "{}\tE-value 1e{:.1}\t{} sites",
            motif.frequencies.consensus(),
            found.log10_e(motif),
            motif.sites.len(),
        );
    }
    Ok(())
}
