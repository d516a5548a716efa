//! Lines of narrowPeak: a summit lies within its peak.
#![no_main]

use bindscape_genome::bed::{Format, Record};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    for line in data.split(|&byte| byte == b'\n') {
        if let Ok(Some(record)) = Record::parse(line) {
            if let Ok(summit) = record.summit(Format::NarrowPeak) {
                let (start, end) = record.stated();
                assert!(start <= summit && summit < end);
            }
        }
    }
});
