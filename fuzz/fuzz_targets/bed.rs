//! Every line of a BED file in every format, through decompression.
#![no_main]

use std::io::Cursor;
use std::path::Path;

use bindscape_genome::bed::{Format, Record};
use bindscape_base::input::{Lines, from_reader};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let path = Path::new("fuzz.bed");
    let size = Some(data.len() as u64);
    let Ok(reader) = from_reader(Cursor::new(data.to_vec()), path, size) else {
        return;
    };
    let mut lines = Lines::new(reader, path);
    while let Ok(Some((_, line))) = lines.next() {
        if let Ok(Some(record)) = Record::parse(line) {
            let (start, end) = record.stated();
            assert!(start < end && record.begins_before() == (start < 0));
            if let Ok(format) = Format::detect(&record) {
                let _ = record.summit(format);
            }
            let Some(record) = record.within(u64::MAX) else {
                assert!(end <= 0);
                continue;
            };
            assert!(record.start <= record.centre() && record.centre() < record.end);
            let length = u64::from(record.centre());
            match record.within(length) {
                Some(clipped) => assert_eq!(u64::from(clipped.end), length),
                None => assert_eq!(record.start, record.centre()),
            }
            let _ = record.columns().count();
        }
    }
});
