//! Background files: MEME's own, or the background of a MEME motif file.

use std::collections::BTreeMap;
use std::path::Path;

use bindscape_base::{Error, Place, Result};

use super::meme;
use super::source::Source;
use crate::background::Background;
use crate::letters::letter_index;
use crate::text::excerpt;

impl Background {
    /// Reads a file: MEME's background files (a letter and its probability on a line; words of
    /// higher orders are skipped), or the background of a MEME motif file.
    ///
    /// # Errors
    /// If the file is neither, lacks a letter, or holds no probabilities.
    pub fn read(path: &Path) -> Result<Self> {
        let source = Source::open(path, None)?;
        if meme::is(&source) {
            return of_motif_file(&source);
        }
        let words = words(&source)?;
        let probabilities = [0, 1, 2, 3].map(|base| words.get(&vec![base]).copied());
        let &[Some(a), Some(c), Some(g), Some(t)] = &probabilities else {
            let missing: Vec<&str> = ["A", "C", "G", "T"]
                .into_iter()
                .zip(&probabilities)
                .filter_map(|(letter, p)| p.is_none().then_some(letter))
                .collect();
            return Err(Error::input(
                path,
                Place::File,
                "a probability for each of A, C, G, T",
                format!("none for {}", missing.join(", ")),
            ));
        };
        Self::new([a, c, g, t]).map_err(|error| error.within(&source.path().display().to_string()))
    }
}

/// Words as base numbers, with their probabilities.
type Words = BTreeMap<Vec<u8>, f64>;

/// The words of a background file with their probabilities; `None` for a MEME motif file.
///
/// # Errors
/// If the file cannot be read, or is neither.
pub(crate) fn word_probabilities(path: &Path) -> Result<Option<Words>> {
    let source = Source::open(path, None)?;
    if meme::is(&source) {
        return Ok(None);
    }
    words(&source).map(Some)
}

fn words(source: &Source) -> Result<Words> {
    let mut words = Words::new();
    for (index, line) in source.content() {
        add_line(source, index, line, &mut words)?;
    }
    Ok(words)
}

/// Takes a word and its probability from a line; a comment may end it.
fn add_line(source: &Source, index: usize, line: &str, words: &mut Words) -> Result<()> {
    let fault = |found: String| {
        source
            .fault(index, "a letter and its probability, as in `A 0.3`", found)
            .hint("MEME's `fasta-get-markov` writes such files; a MEME motif file will do too")
    };
    let text = line.split('#').next().unwrap_or_default();
    let mut fields = text.split_whitespace();
    let (Some(word), Some(value), None) = (fields.next(), fields.next(), fields.next()) else {
        return Err(fault(format!("{:?}", excerpt(line))));
    };
    let Some(value) = value.parse().ok().filter(|p: &f64| p.is_finite()) else {
        return Err(fault(format!("{:?}", excerpt(line))));
    };
    let bases: Option<Vec<u8>> = word
        .bytes()
        .map(|letter| letter_index(letter).map(|base| base as u8))
        .collect();
    let bases = bases.ok_or_else(|| {
        fault(format!(
            "{:?}, which is no word of A, C, G, T",
            excerpt(word)
        ))
    })?;
    match words.insert(bases, value) {
        Some(_) => Err(fault(format!("{word} again"))),
        None => Ok(()),
    }
}

/// The background that a MEME motif file names.
fn of_motif_file(source: &Source) -> Result<Background> {
    meme::parse(source)?.background.ok_or_else(|| {
        Error::input(
            source.path(),
            Place::File,
            "the line `Background letter frequencies`",
            "a MEME file without it",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> (tempfile::TempDir, std::path::PathBuf) {
        let directory = tempfile::tempdir().expect("temporary directory");
        let path = directory.path().join("bg.txt");
        std::fs::write(&path, text).expect("written");
        (directory, path)
    }

    fn fault(text: &str) -> String {
        let (_guard, path) = written(text);
        Background::read(&path).expect_err("a fault").to_string()
    }

    #[test]
    fn files_of_any_order_and_motif_files() {
        let (_guard, path) =
            written("# 1st order\nA 3.0e-01\nc 0.2\nG 0.2\nU 0.3\nAA 0.1\nAC 0.05\n");
        assert_eq!(
            Background::read(&path).expect("valid").probabilities(),
            [0.3, 0.2, 0.2, 0.3]
        );
        let (_guard, path) = written(
            "MEME version 4\nBackground letter frequencies\nA 0.3 C 0.2 G 0.1 T 0.4\nMOTIF a\nletter-probability matrix:\n1 0 0 0\n",
        );
        assert_eq!(
            Background::read(&path).expect("valid").probabilities(),
            [0.3, 0.2, 0.1, 0.4]
        );
    }

    #[test]
    fn comments_anywhere_and_two_digits() {
        for text in [
            "A 0.3 # adenine\nC 0.2\nG 0.2 # g\n# T 0.9\nT 0.3# t\n",
            "\u{feff}A\t0.3\r\nC\t0.2\r\nG\t0.2\r\nT\t0.3\r\n",
            "# made\n# by hand\nMEME Version 4\nBackground letter frequencies\nA 0.3 C 0.2\nG 0.2 T 0.3\nMOTIF a\nletter-probability matrix:\n1 0 0 0\n",
            "****\nSTREME - x\n****\nMEME version 5.4.1\nBackground letter frequencies\nA 0.3 C 0.2 G 0.2 T 0.3\nMOTIF a\nletter-probability matrix:\n1 0 0 0\n",
        ] {
            let (_guard, path) = written(text);
            let read = Background::read(&path).expect("valid").probabilities();
            for (read, expected) in read.iter().zip([0.3, 0.2, 0.2, 0.3]) {
                assert!((read - expected).abs() < 1e-12, "{text}");
            }
        }
        for text in [
            "A 0.30\nC 0.21\nG 0.21\nT 0.29\n",
            "A 0.29\nC 0.21\nG 0.21\nT 0.27\n",
        ] {
            let (_guard, path) = written(text);
            let sum: f64 = Background::read(&path)
                .expect("valid")
                .probabilities()
                .iter()
                .sum();
            assert!((sum - 1.0).abs() < 1e-12, "{text}");
        }
    }

    #[test]
    fn faults_are_named() {
        assert!(
            fault("A 0.3\nC x\n").contains("bg.txt, line 2: expected a letter and its probability")
        );
        assert!(fault("A 0.3\nC 0.2\nG 0.2\n").contains("found none for T"));
        assert!(fault("A 0.3\nC 0.2\nG 0.2\nT 0.2\n").contains("which sum to 0.9000"));
        assert!(fault("A 0.5\nC 0.5\nG 0\nT 0\n").contains("above zero"));
        assert!(fault("A 0.5\nA 0.5\n").contains("found A again"));
        assert!(fault("L 0.1\n").contains("\"L\", which is no word"));
    }
}
