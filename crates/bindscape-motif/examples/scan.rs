//! Prints where a motif of JASPAR fits in the sequences of a FASTA file:
//! `cargo run -p bindscape-motif --example scan -- SEQUENCES.fa CTCF`.
#![allow(clippy::print_stdout)]

use bindscape_base::progress::Silent;
use bindscape_motif::scan::{Options, PSEUDOCOUNT, Scanner, SequenceReader, for_each_batch};
use bindscape_motif::{Pseudocount, jaspar};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [sequences, name] = arguments.as_slice() else {
        return Err("usage: scan SEQUENCES.fa NAME".into());
    };
    let set = jaspar::select(name)?;
    let options = Options {
        threshold: 1e-4,
        single_strand: false,
        pseudocount: Pseudocount::new(PSEUDOCOUNT)?,
    };
    let background = set.background.unwrap_or_default().both_strands();
    let scanner = Scanner::new(&set.motifs, &background, &options)?;
    let mut reader = SequenceReader::open(sequences, scanner.widest(), false)?;
    for_each_batch(&mut reader, &Silent, |batch| {
        for hit in scanner.hits(batch) {
            let motif = &scanner.motifs()[hit.motif];
            println!(
                "{}\t{}\t{}\t{}\t{:.2e}",
                batch.sequences[hit.sequence].name,
                hit.start,
                if hit.reverse { '-' } else { '+' },
                motif.id(),
                motif.p_values().p_value(hit.score),
            );
        }
        Ok(())
    })?;
    Ok(())
}
