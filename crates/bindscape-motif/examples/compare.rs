//! Prints the motifs of JASPAR that are most like those of a file:
//! `cargo run --release -p bindscape-motif --example compare -- MOTIFS.meme`.
#![allow(clippy::print_stdout)]

use std::path::Path;

use bindscape_base::progress::Silent;
use bindscape_motif::compare::{Options, Targets};
use bindscape_motif::{jaspar, read_motifs};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args_os().nth(1).ok_or("usage: compare MOTIFS")?;
    let queries = read_motifs(Path::new(&path), None)?.motifs;
    let known = &jaspar().motifs;
    let best =
        Targets::new(known, Options::default())?.compare(&queries, &Silent, |_, matches| {
            let mut matches = matches.to_vec();
            matches.sort_by(|a, b| a.p_value.total_cmp(&b.p_value));
            matches.truncate(3);
            matches
        })?;
    for (query, matches) in queries.iter().zip(best) {
        for found in matches {
            let target = &known[found.target];
            println!(
                "{}\t{}\t{:.2e}",
                query.label(),
                target.label(),
                found.p_value
            );
        }
    }
    Ok(())
}
