//! How often each base occurs where no site is.

use bindscape_base::{Error, Result};
use serde::{Deserialize, Serialize};

/// How far the sum of given probabilities may be from one: four of two digits may be off so far.
const TOLERANCE: f64 = 0.02;

/// Counts added in all, split evenly, when probabilities are estimated from sequences
/// (the default of MEME's `fasta-get-markov`), so that no base has probability zero.
const PSEUDOCOUNT: f64 = 0.1;

/// Probabilities of A, C, G and T: each above zero, and one in all.
///
/// ```
/// use bindscape_motif::Background;
///
/// let background = Background::new([0.3, 0.2, 0.2, 0.3])?;
/// assert_eq!(background.both_strands(), background);
/// let counted = Background::of_sequences([&b"AATTCGNN"[..]])?;
/// assert!(counted.probabilities()[0] > counted.probabilities()[1]);
/// assert!(Background::new([0.5, 0.5, 0.0, 0.0]).is_err());
/// # Ok::<(), bindscape_base::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "[f64; 4]", into = "[f64; 4]")]
pub struct Background([f64; 4]);

impl Background {
    /// Probabilities of A, C, G, T, scaled to the sum of one.
    ///
    /// # Errors
    /// If one is not above zero, or the sum is off by more than 0.02.
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
        if (sum - 1.0).abs() > TOLERANCE + 1e-9 {
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

    /// That of a non-redundant database of nucleotides in 1996, FIMO's where none is given.
    #[must_use]
    pub fn nrdb() -> Self {
        let of_letters = [0.281_475_655, 0.221_785_822, 0.228_634_607, 0.267_048_106];
        Self::new(of_letters).expect("four numbers that sum to nearly one")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strands_and_counts() {
        let background = Background::of_sequences([&b"AAAACCGNNn"[..], b"acgu"]).expect("valid");
        let counts = [5.025, 3.025, 2.025, 1.025].map(|n| n / 11.1);
        assert_eq!(background, Background::new(counts).expect("valid"));
        let both = background.both_strands().probabilities();
        assert_eq!((both[0], both[1]), (both[3], both[2]));
        assert_eq!(background.complement().complement(), background);
        // As MEME Suite prints it.
        for (p, printed) in Background::nrdb()
            .probabilities()
            .iter()
            .zip([0.281774, 0.222020, 0.228876, 0.267330])
        {
            assert!((p - printed).abs() < 1e-6);
        }
        let nothing = Background::of_sequences([&b"NNN"[..]]).expect_err("no base");
        assert!(nothing.to_string().contains("not all of them zero"));
    }
}
