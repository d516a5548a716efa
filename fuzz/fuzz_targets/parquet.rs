//! Binding matrices in Parquet.
#![no_main]

use bindscape_matrix::parquet;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let path = std::env::temp_dir().join(format!("bindscape-fuzz-{}.parquet", std::process::id()));
    std::fs::write(&path, data).expect("a temporary file");
    if let Ok(matrix) = parquet::read(&path, None) {
        for column in &matrix.columns {
            assert_eq!(column.len(), matrix.regions.len());
        }
    }
});
