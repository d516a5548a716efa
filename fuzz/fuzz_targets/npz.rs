//! NumPy archives: the first numbers of every array.
#![no_main]

use std::io::Cursor;
use std::path::Path;

use bindscape_arrays::npz::Npz;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(mut npz) = Npz::from_reader(Cursor::new(data), Path::new("fuzz.npz")) else {
        return;
    };
    for name in npz.names().into_iter().take(4) {
        let Ok(mut array) = npz.array(&name) else {
            continue;
        };
        let mut numbers = [0.0; 7];
        for _ in 0..1000 {
            if array.read(&mut numbers).is_err() {
                break;
            }
        }
        let _ = array.finish();
    }
});
