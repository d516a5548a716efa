//! Motif files of every format: what is read keeps what the types promise, and can be
//! written in every format and drawn.
#![no_main]

use std::path::Path;

use bindscape_motif::{Background, Format, Frequencies, Logo, format};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((&first, text)) = data.split_first() else {
        return;
    };
    let text = String::from_utf8_lossy(text);
    // The first byte chooses the format, or that it is told from the text.
    let chosen = Format::ALL.get(usize::from(first % 8)).copied();
    let Ok(set) = format::parse_motifs(&text, Path::new("fuzz.txt"), chosen) else {
        return;
    };
    assert!(!set.motifs.is_empty());
    for motif in &set.motifs {
        assert!(!motif.id.is_empty());
        assert!(Frequencies::new(motif.frequencies.rows().to_vec()).is_ok());
        assert_eq!(motif.reverse_complement().reverse_complement(), *motif);
        assert_eq!(motif.frequencies.consensus().len(), motif.width());
        if motif.width() < 50 {
            let logo = Logo::information(&motif.frequencies, &Background::uniform());
            assert!(logo.is_ok_and(|logo| !logo.svg().contains("NaN")));
        }
    }
    for format in Format::ALL {
        let written = format::write_motifs(&set, format);
        let again = format::parse_motifs(&written, Path::new("written"), Some(format));
        match again {
            Ok(again) => assert_eq!(
                again.motifs.len(),
                set.motifs.len(),
                "{format:?}\n{written}"
            ),
            Err(error) => panic!("{format:?}: {error}\n{written}"),
        }
    }
});
