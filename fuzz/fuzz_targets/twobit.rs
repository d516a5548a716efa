//! 2bit files: ranges of every chromosome.
#![no_main]

use std::io::Cursor;
use std::path::Path;

use bindscape_genome::twobit::TwoBit;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(mut genome) = TwoBit::from_reader(Cursor::new(data), Path::new("fuzz.2bit")) else {
        return;
    };
    let lengths: Vec<u64> = genome
        .chromosomes()
        .iter()
        .map(|(_, length)| *length)
        .collect();
    let mut letters = Vec::new();
    for (chromosome, length) in lengths.into_iter().enumerate().take(64) {
        for (start, end) in [
            (0, length.min(1000)),
            (length / 3, (length / 3 + 10).min(length)),
        ] {
            letters.clear();
            if genome.fetch(chromosome, start, end, &mut letters).is_ok() {
                assert_eq!(letters.len() as u64, end - start);
            }
        }
    }
});
