//! FASTA of regions: every region that was loaded is found again.
#![no_main]

use std::io::Cursor;
use std::path::Path;

use bindscape_genome::fasta::RegionFasta;
use bindscape_base::input::{Lines, from_reader};
use bindscape_genome::sequence::SequenceSource;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let path = Path::new("fuzz.fa");
    let size = Some(data.len() as u64);
    let Ok(reader) = from_reader(Cursor::new(data.to_vec()), path, size) else {
        return;
    };
    let Ok(mut fasta) = RegionFasta::from_lines(Lines::new(reader, path)) else {
        return;
    };
    let regions = fasta.regions().clone();
    let mut letters = Vec::new();
    for region in regions.iter() {
        letters.clear();
        fasta
            .fetch(region, &mut letters)
            .expect("a region that was loaded");
        assert_eq!(letters.len() as u32, region.end - region.start);
    }
});
