//! How often each base occurs where no site is.

use std::path::Path;

use bindscape_base::input::Lines;
use bindscape_base::{Error, Place, Result};
use serde::{Deserialize, Serialize};

use crate::format::{Format, read_motifs};

/// How far the sum of given probabilities may be from one; files round them.
const TOLERANCE: f64 = 0.01;

/// Counts added in all, split evenly, when probabilities are estimated from sequences
/// (the default of MEME's `fasta-get-markov`), so that no base has probability zero.
const PSEUDOCOUNT: f64 = 0.1;

/// Probabilities of A, C, G and T: each above zero, and one in all.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "[f64; 4]", into = "[f64; 4]")]
pub struct Background([f64; 4]);

impl Background {
    /// Probabilities of A, C, G, T, scaled to the sum of one.
    ///
    /// # Errors
    /// If one is not above zero, or the sum is off by more than 0.01.
    pub fn new(probabilities: [f64; 4]) -> Result<Self> {
        let sum: f64 = probabilities.iter().sum();
        let fault = |expected: &str, found: String| {
            Err(Error::about("background", expected, found)
                .hint("give the probabilities of A, C, G and T, such as 0.3 0.2 0.2 0.3"))
        };
        if !probabilities.iter().all(|&p| p > 0.0 && p.is_finite()) {
            return fault(
                "a probability above zero for each of A, C, G, T",
                format!("{probabilities:?}"),
            );
        }
        if (sum - 1.0).abs() > TOLERANCE {
            return fault(
                "probabilities that sum to one",
                format!("{probabilities:?}, which sum to {sum:.4}"),
            );
        }
        Ok(Self(probabilities.map(|p| p / sum)))
    }

    /// A quarter for each base.
    #[must_use]
    pub const fn uniform() -> Self {
        Self([0.25; 4])
    }

    /// The estimate from how often each base was seen, with 0.1 added in all, split
    /// evenly (as MEME's `fasta-get-markov` does).
    ///
    /// # Errors
    /// If nothing was counted, or a count is negative or not finite.
    pub fn from_counts(counts: [f64; 4]) -> Result<Self> {
        let sum: f64 = counts.iter().sum();
        if !counts.iter().all(|&n| n >= 0.0) || !sum.is_finite() || sum <= 0.0 {
            return Err(Error::about(
                "background",
                "counts of bases, not all of them zero",
                format!("{counts:?}"),
            )
            .hint("are there letters other than N in the sequences?"));
        }
        Self::new(counts.map(|n| (n + PSEUDOCOUNT / 4.0) / (sum + PSEUDOCOUNT)))
    }

    /// The estimate from sequences: upper and lower case count, other letters do not.
    ///
    /// # Errors
    /// As [`Background::from_counts`].
    pub fn of_sequences<'a>(sequences: impl IntoIterator<Item = &'a [u8]>) -> Result<Self> {
        let mut counts = [0_u64; 256];
        for sequence in sequences {
            for &letter in sequence {
                counts[usize::from(letter)] += 1;
            }
        }
        let of = |letter: u8| {
            (counts[usize::from(letter)] + counts[usize::from(letter.to_ascii_lowercase())]) as f64
        };
        Self::from_counts([of(b'A'), of(b'C'), of(b'G'), of(b'T') + of(b'U')])
    }

    /// Reads a file: MEME's background files (a letter and its probability on a line; words of
    /// higher orders are passed over), or the background of a MEME motif file.
    ///
    /// # Errors
    /// If the file is neither, lacks a letter, or holds no probabilities.
    pub fn read(path: &Path) -> Result<Self> {
        let mut lines = Lines::open(path)?;
        let mut probabilities = [None; 4];
        while let Some((number, line)) = lines.next()? {
            let text = String::from_utf8_lossy(line);
            let text = text.trim();
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            if text.starts_with("MEME version") {
                return Self::of_motif_file(path);
            }
            let fault = |found: String| {
                Err(Error::input(
                    path,
                    Place::Line(number),
                    "a letter and its probability, as in `A 0.3`",
                    found,
                )
                .hint("MEME's `fasta-get-markov` writes such files; a MEME motif file will do too"))
            };
            let mut fields = text.split_whitespace();
            let (Some(word), Some(value), None) = (fields.next(), fields.next(), fields.next())
            else {
                return fault(format!("{:?}", excerpt(text)));
            };
            let Some(value) = value.parse().ok().filter(|p: &f64| p.is_finite()) else {
                return fault(format!("{:?}", excerpt(text)));
            };
            let indices: Option<Vec<usize>> = word.bytes().map(letter_index).collect();
            match indices.as_deref() {
                Some(&[index]) => {
                    if probabilities[index].replace(value).is_some() {
                        return fault(format!("{word} again"));
                    }
                }
                Some(_) => {}
                None => {
                    return fault(format!(
                        "{:?}, which is no word of A, C, G, T",
                        excerpt(word)
                    ));
                }
            }
        }
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
        Self::new([a, c, g, t]).map_err(|error| error.within(&path.display().to_string()))
    }

    fn of_motif_file(path: &Path) -> Result<Self> {
        read_motifs(path, Some(Format::Meme))?
            .background
            .ok_or_else(|| {
                Error::input(
                    path,
                    Place::File,
                    "the line `Background letter frequencies`",
                    "a MEME file without it",
                )
            })
    }

    /// Probabilities of A, C, G, T.
    #[must_use]
    pub const fn probabilities(&self) -> [f64; 4] {
        self.0
    }

    /// The same on both strands: the mean of A and T, and of C and G.
    #[must_use]
    pub fn both_strands(&self) -> Self {
        let [a, c, g, t] = self.0;
        let (at, cg) = ((a + t) / 2.0, (c + g) / 2.0);
        Self([at, cg, cg, at])
    }

    /// The background of the reverse strand.
    #[must_use]
    pub fn complement(&self) -> Self {
        let [a, c, g, t] = self.0;
        Self([t, g, c, a])
    }
}

impl Default for Background {
    fn default() -> Self {
        Self::uniform()
    }
}

impl TryFrom<[f64; 4]> for Background {
    type Error = Error;

    fn try_from(probabilities: [f64; 4]) -> Result<Self> {
        Self::new(probabilities)
    }
}

impl From<Background> for [f64; 4] {
    fn from(background: Background) -> Self {
        background.0
    }
}

/// The place of a letter in every row; `None` for others than A, C, G, T and U.
pub(crate) fn letter_index(letter: u8) -> Option<usize> {
    match letter.to_ascii_uppercase() {
        b'A' => Some(0),
        b'C' => Some(1),
        b'G' => Some(2),
        b'T' | b'U' => Some(3),
        _ => None,
    }
}

/// The beginning of a text, for messages.
pub(crate) fn excerpt(text: &str) -> String {
    let mut short: String = text.chars().take(40).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
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
    fn strands_and_counts() {
        let background = Background::of_sequences([&b"AAAACCGNNn"[..], b"acgu"]).expect("valid");
        let counts = [5.025, 3.025, 2.025, 1.025].map(|n| n / 11.1);
        assert_eq!(background, Background::new(counts).expect("valid"));
        let both = background.both_strands().probabilities();
        assert_eq!((both[0], both[1]), (both[3], both[2]));
        assert_eq!(background.complement().complement(), background);
        let nothing = Background::of_sequences([&b"NNN"[..]]).expect_err("no base");
        assert!(nothing.to_string().contains("not all of them zero"));
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
