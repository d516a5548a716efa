//! Pickles of names and regions; what is read survives being written.
#![no_main]

use std::path::Path;

use bindscape_arrays::pickle;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let path = Path::new("fuzz.pickle");
    if let Ok(names) = pickle::read_names(data, path) {
        let mut bytes = Vec::new();
        pickle::write_names(&mut bytes, names.iter().map(String::as_str)).expect("memory");
        assert_eq!(
            pickle::read_names(&bytes[..], path).expect("our own pickle"),
            names
        );
    }
    if let Ok(regions) = pickle::read_regions(data, path) {
        let mut bytes = Vec::new();
        pickle::write_regions(&mut bytes, &regions).expect("memory");
        let back = pickle::read_regions(&bytes[..], path).expect("our own pickle");
        assert!(regions.iter().eq(back.iter()));
    }
});
