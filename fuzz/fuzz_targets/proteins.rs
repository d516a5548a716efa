//! FASTA of proteins: what is read holds letters alone, and has an encoding.
#![no_main]

use std::io::Cursor;
use std::path::Path;

use bindscape_base::input;
use bindscape_base::input::Lines;
use bindscape_protein::{Encoding, Protein, ProteinReader, Windows};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let path = Path::new("fuzz.fa");
    let Ok(text) = input::from_reader(Cursor::new(data.to_vec()), path, None) else {
        return;
    };
    let mut reader = ProteinReader::new(Lines::new(text, path));
    let mut protein = Protein::default();
    let mut out = Vec::new();
    while let Ok(true) = reader.read(&mut protein) {
        assert!(!protein.id.is_empty() && !protein.sequence.is_empty());
        assert!(protein.sequence.iter().all(u8::is_ascii_uppercase));
        Encoding::Residue.encode(&protein.sequence, Windows::default(), &mut out);
        assert!(out.iter().all(|value| value.is_finite()));
    }
});
