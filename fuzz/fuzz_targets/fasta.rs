//! FASTA records, plain and compressed.
#![no_main]

use std::io::Cursor;
use std::path::Path;

use bindscape_core::fasta::{Reader, Record};
use bindscape_core::input::{Lines, from_reader};
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
});
