//! FASTA records, plain and compressed, whole and in batches.
#![no_main]

use std::io::Cursor;
use std::path::Path;

use bindscape_genome::fasta::{Reader, Record};
use bindscape_base::input::{Lines, from_reader};
use bindscape_motif::scan::SequenceReader;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let path = Path::new("fuzz.fa");
    let size = Some(data.len() as u64);
    let Ok(reader) = from_reader(Cursor::new(data.to_vec()), path, size) else {
        return;
    };
    let mut reader = Reader::new(Lines::new(reader, path));
    let mut record = Record::default();
    while let Ok(true) = reader.read(&mut record) {
        assert!(!record.name.is_empty() && !record.sequence.is_empty());
        assert!(record.sequence.iter().all(u8::is_ascii_uppercase));
    }
    assert_eq!(windows(data, 1 << 20), windows(data, 7));
});

/// Windows of three bases in batches of about so many bases.
fn windows(data: &[u8], capacity: usize) -> Option<usize> {
    let path = Path::new("fuzz.fa");
    let input = from_reader(Cursor::new(data.to_vec()), path, None).ok()?;
    let mut reader = SequenceReader::new(input, path, 3, false).with_capacity(capacity);
    let mut windows = 0;
    while let Some(batch) = reader.next_batch().ok()? {
        let of = |run| batch.starts(run, 3).len();
        windows += (0..batch.runs.len()).map(of).sum::<usize>();
    }
    Some(windows)
}
