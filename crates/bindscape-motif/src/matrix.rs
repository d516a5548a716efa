//! The stages of a motif: counts, frequencies, log-odds.

mod consensus;

use std::ops::Range;

use bindscape_base::{Error, Result};
use serde::Serialize;

use crate::background::Background;
use crate::letters::{LETTERS, letter_index};
use crate::text::excerpt;

/// How far the sum of a row of [`Frequencies`] may be from one: files have six digits.
pub(crate) const SUM_TOLERANCE: f64 = 1e-5;

/// Sites added in all to every position before frequencies are taken, split by the background.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Pseudocount(f64);

impl Pseudocount {
    /// No pseudocount.
    pub const NONE: Self = Self(0.0);

    /// `sites` in all.
    ///
    /// # Errors
    /// If it is negative or not finite.
    pub fn new(sites: f64) -> Result<Self> {
        if sites >= 0.0 && sites.is_finite() {
            Ok(Self(sites))
        } else {
            Err(Error::argument(
                "pseudocount",
                "a number of sites, zero or above",
                sites.to_string(),
            ))
        }
    }

    /// In sites.
    #[must_use]
    pub const fn sites(self) -> f64 {
        self.0
    }
}

/// How many sites have each base: a row of A, C, G, T per position. Counts may be
/// fractions (weighted sites), and positions may have different sums.
///
/// ```
/// use bindscape_motif::{Background, Counts, Pseudocount};
///
/// let counts = Counts::of_sites(["TGACG", "TGACG", "TTACG", "TGATG"])?;
/// assert_eq!(counts.sites(), 4.0);
/// assert_eq!(counts.rows()[1], [0.0, 0.0, 3.0, 1.0]);
///
/// // Counts (PFM) to frequencies (PPM) to log-odds (PWM).
/// let background = Background::uniform();
/// let frequencies = counts.frequencies(Pseudocount::new(1.0)?, &background);
/// assert_eq!(frequencies.rows()[1], [0.05, 0.05, 0.65, 0.25]);
/// let log_odds = frequencies.log_odds(&background)?;
/// assert_eq!(log_odds.rows()[1][3], 0.0);
/// # Ok::<(), bindscape_base::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Counts(Vec<[f64; 4]>);

/// Probabilities of the bases: a row of A, C, G, T per position, each with the
/// sum of one within 1e-5 (files write six digits).
///
/// ```
/// use bindscape_motif::{Background, Frequencies};
///
/// let frequencies = Frequencies::new(vec![[1.0, 0.0, 0.0, 0.0], [0.25; 4], [0.0, 0.5, 0.5, 0.0]])?;
/// assert_eq!(frequencies.information(&Background::uniform()), [2.0, 0.0, 1.0]);
/// assert_eq!(frequencies.consensus(), "ANS");
/// # Ok::<(), bindscape_base::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Frequencies(Vec<[f64; 4]>);

/// Log-odds in bits, `log2(frequency / background)`: a row of A, C, G, T per position, all finite.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LogOdds(Vec<[f64; 4]>);

macro_rules! rows {
    ($name:ident) => {
        impl $name {
            /// Positions.
            #[must_use]
            pub fn width(&self) -> usize {
                self.0.len()
            }

            /// A row of A, C, G, T per position.
            #[must_use]
            pub fn rows(&self) -> &[[f64; 4]] {
                &self.0
            }

            /// The same on the other strand.
            #[must_use]
            pub fn reverse_complement(&self) -> Self {
                Self(
                    self.0
                        .iter()
                        .rev()
                        .map(|&[a, c, g, t]| [t, g, c, a])
                        .collect(),
                )
            }

            /// The positions of `range`.
            ///
            /// # Panics
            /// If the range is empty or ends beyond the motif.
            #[must_use]
            pub fn slice(&self, range: Range<usize>) -> Self {
                assert!(!range.is_empty(), "a motif has at least one position");
                Self(self.0[range].to_vec())
            }
        }
    };
}

rows!(Counts);
rows!(Frequencies);
rows!(LogOdds);

fn not_empty(rows: &[[f64; 4]]) -> Result<()> {
    if rows.is_empty() {
        return Err(Error::about("motif", "at least one position", "none"));
    }
    Ok(())
}

/// Zeros without a sign: files would show `-0.000000`.
fn without_sign(rows: Vec<[f64; 4]>) -> Vec<[f64; 4]> {
    rows.into_iter().map(|row| row.map(|n| n + 0.0)).collect()
}

fn fault(position: usize, row: [f64; 4], expected: &str) -> Error {
    Error::about(
        format!("motif, position {}", position + 1),
        expected,
        format!("{} {} {} {}", row[0], row[1], row[2], row[3]),
    )
}

impl Counts {
    /// Counts of A, C, G, T per position.
    ///
    /// # Errors
    /// If there is no position, a count is negative or not finite, or a position has none.
    pub fn new(rows: Vec<[f64; 4]>) -> Result<Self> {
        not_empty(&rows)?;
        for (position, &row) in rows.iter().enumerate() {
            let sum: f64 = row.iter().sum();
            if !row.iter().all(|&n| n >= 0.0) || !sum.is_finite() || sum <= 0.0 {
                return Err(fault(
                    position,
                    row,
                    "counts of A, C, G, T, not all of them zero",
                ));
            }
        }
        Ok(Self(without_sign(rows)))
    }

    /// Counts of aligned sites of one length, in upper or lower case; N counts for no base.
    ///
    /// # Errors
    /// If there is no site, their lengths differ, a letter is none of A, C, G, T, U and N, or a
    /// position has only N.
    pub fn of_sites<S: AsRef<[u8]>>(sites: impl IntoIterator<Item = S>) -> Result<Self> {
        let mut rows: Vec<[f64; 4]> = Vec::new();
        for (number, site) in sites.into_iter().enumerate() {
            let site = site.as_ref();
            let wrong = |expected: String| {
                Error::about(
                    format!("site {}", number + 1),
                    expected,
                    format!("{:?}", excerpt(&String::from_utf8_lossy(site))),
                )
            };
            if number == 0 {
                rows.resize(site.len(), [0.0; 4]);
            } else if rows.len() != site.len() {
                return Err(wrong(format!("{} letters, as the first has", rows.len())));
            }
            for (row, &letter) in rows.iter_mut().zip(site) {
                match letter_index(letter) {
                    Some(base) => row[base] += 1.0,
                    None if letter.eq_ignore_ascii_case(&b'N') => {}
                    None => return Err(wrong("letters A, C, G, T and N".into())),
                }
            }
        }
        Self::new(rows)
    }

    /// The sites: the largest sum of a position, since sites at the end of a sequence may
    /// not cover all of them.
    #[must_use]
    pub fn sites(&self) -> f64 {
        self.0
            .iter()
            .map(|row| row.iter().sum())
            .fold(0.0, f64::max)
    }

    /// Frequencies, after `pseudocount` sites split by the background are added to each position.
    #[must_use]
    pub fn frequencies(&self, pseudocount: Pseudocount, background: &Background) -> Frequencies {
        let added = background.probabilities().map(|p| p * pseudocount.0);
        Frequencies(
            self.0
                .iter()
                .map(|row| {
                    let all: f64 = row.iter().sum::<f64>() + pseudocount.0;
                    std::array::from_fn(|base| (row[base] + added[base]) / all)
                })
                .collect(),
        )
    }
}

impl Frequencies {
    /// Frequencies of A, C, G, T per position, kept as they are given.
    ///
    /// # Errors
    /// If there is no position, a frequency is not in 0 to 1, or a sum is off one by more than 1e-5.
    pub fn new(rows: Vec<[f64; 4]>) -> Result<Self> {
        not_empty(&rows)?;
        for (position, &row) in rows.iter().enumerate() {
            let sum: f64 = row.iter().sum();
            let in_range = row.iter().all(|p| (0.0..=1.0 + SUM_TOLERANCE).contains(p));
            if !in_range || (sum - 1.0).abs() > SUM_TOLERANCE {
                return Err(fault(
                    position,
                    row,
                    "frequencies of A, C, G, T that sum to one",
                ));
            }
        }
        Ok(Self(without_sign(rows)))
    }

    /// Log-odds in bits against `background`.
    ///
    /// # Errors
    /// If a frequency is zero, whose log-odds are not finite: add a pseudocount first.
    pub fn log_odds(&self, background: &Background) -> Result<LogOdds> {
        let background = background.probabilities();
        let zero = |row: &[f64; 4]| row.contains(&0.0);
        if let Some(position) = self.0.iter().position(zero) {
            return Err(fault(
                position,
                self.0[position],
                "frequencies above zero for log-odds",
            )
            .hint("add a pseudocount"));
        }
        Ok(LogOdds(
            self.0
                .iter()
                .map(|row| std::array::from_fn(|base| (row[base] / background[base]).log2()))
                .collect(),
        ))
    }

    /// Information of each position in bits: relative entropy to the background, which is
    /// two bits less the entropy where that is uniform (Schneider and Stephens 1990, without
    /// their correction for few sites).
    #[must_use]
    pub fn information(&self, background: &Background) -> Vec<f64> {
        let background = background.probabilities();
        self.0
            .iter()
            .map(|row| {
                let bits = |base: usize| match row[base] {
                    0.0 => 0.0,
                    p => p * (p / background[base]).log2(),
                };
                // Rounded frequencies of a row like the background may give -1e-17.
                (0..4).map(bits).sum::<f64>().max(0.0)
            })
            .collect()
    }

    /// The consensus in IUPAC letters: of each position the bases at least half as
    /// frequent as the most frequent one (the rule of the MEME suite's consensus).
    #[must_use]
    pub fn consensus(&self) -> String {
        self.0.iter().map(|row| consensus::letter(*row)).collect()
    }

    /// The most frequent base of each position, of equal ones the first: Tomtom's consensus.
    #[must_use]
    pub fn most_frequent(&self) -> String {
        let letter = |row: &[f64; 4]| {
            let most = (1..4).fold(
                0,
                |most, base| if row[base] > row[most] { base } else { most },
            );
            char::from(LETTERS[most])
        };
        self.0.iter().map(letter).collect()
    }

    /// Without the ends whose positions have less than `min_bits` (against the uniform
    /// background), and the positions kept; `None` if no position has that much.
    #[must_use]
    pub fn trim(&self, min_bits: f64) -> Option<(Self, Range<usize>)> {
        let bits = self.information(&Background::uniform());
        let enough = |&value: &f64| value >= min_bits;
        let start = bits.iter().position(enough)?;
        let end = bits.iter().rposition(enough)? + 1;
        Some((self.slice(start..end), start..end))
    }

    /// Frequencies as if of `sites` sites to which `pseudocount` were added, split by the background.
    ///
    /// # Panics
    /// If `sites` and the pseudocount are both zero, or `sites` is negative or not finite.
    #[must_use]
    pub fn with_pseudocount(
        &self,
        sites: f64,
        pseudocount: Pseudocount,
        background: &Background,
    ) -> Self {
        let all = sites + pseudocount.0;
        assert!(
            sites >= 0.0 && all.is_finite() && all > 0.0,
            "frequencies are of some sites"
        );
        let added = background.probabilities().map(|p| p * pseudocount.0);
        Self(
            self.0
                .iter()
                .map(|row| std::array::from_fn(|base| (row[base] * sites + added[base]) / all))
                .collect(),
        )
    }

    /// Counts of `sites` sites, as fractions.
    ///
    /// # Panics
    /// If `sites` is not above zero.
    #[must_use]
    pub fn counts(&self, sites: f64) -> Counts {
        assert!(sites > 0.0 && sites.is_finite(), "counts are of some sites");
        Counts(self.0.iter().map(|row| row.map(|p| p * sites)).collect())
    }
}

impl LogOdds {
    /// Log-odds in bits of A, C, G, T per position.
    ///
    /// # Errors
    /// If there is no position or a value is not finite.
    pub fn new(rows: Vec<[f64; 4]>) -> Result<Self> {
        not_empty(&rows)?;
        if let Some(position) = rows
            .iter()
            .position(|row| !row.iter().all(|bits| bits.is_finite()))
        {
            return Err(fault(position, rows[position], "finite log-odds"));
        }
        Ok(Self(rows))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault_of<T>(result: Result<T>) -> String {
        result.err().expect("a fault").to_string()
    }

    #[test]
    fn stages_of_a_motif() {
        let counts = Counts::new(vec![[8.0, 0.0, 2.0, 0.0], [1.0, 1.0, 1.0, 1.0]]).expect("valid");
        assert_eq!(counts.sites(), 10.0);
        let background = Background::new([0.4, 0.1, 0.1, 0.4]).expect("valid");
        let raw = counts.frequencies(Pseudocount::NONE, &background);
        assert_eq!(raw.rows(), [[0.8, 0.0, 0.2, 0.0], [0.25; 4]]);
        let pseudocount = Pseudocount::new(10.0).expect("valid");
        let smooth = counts.frequencies(pseudocount, &background);
        assert_eq!(smooth.rows()[0], [12.0, 1.0, 3.0, 4.0].map(|n| n / 20.0));
        assert_eq!(
            raw.with_pseudocount(10.0, pseudocount, &background).rows()[0],
            smooth.rows()[0]
        );
        assert!(
            fault_of(raw.log_odds(&background))
                .contains("motif, position 1: expected frequencies above zero")
        );
        let bits = smooth.log_odds(&background).expect("positive");
        assert!((bits.rows()[0][2] - 0.15_f64.log2() + 0.1_f64.log2()).abs() < 1e-12);
        assert_eq!(bits.reverse_complement().rows()[1][1], bits.rows()[0][2]);
    }

    #[test]
    fn sites_are_counted() {
        let counts = Counts::of_sites([&b"ACn"[..], b"aUG", b"AGG"]).expect("valid");
        assert_eq!(
            counts.rows(),
            [
                [3.0, 0.0, 0.0, 0.0],
                [0.0, 1.0, 1.0, 1.0],
                [0.0, 0.0, 2.0, 0.0]
            ]
        );
        assert_eq!(
            fault_of(Counts::of_sites(["ACG", "AC"])),
            "site 2: expected 3 letters, as the first has, found \"AC\""
        );
        assert!(fault_of(Counts::of_sites(["AXG"])).contains("letters A, C, G, T and N"));
        assert!(fault_of(Counts::of_sites(["AN", "CN"])).contains("position 2"));
        assert!(fault_of(Counts::of_sites::<&str>([])).contains("at least one position"));
    }

    #[test]
    fn information_and_trimming() {
        let motif = Frequencies::new(vec![
            [0.25; 4],
            [1.0, 0.0, 0.0, 0.0],
            [0.25; 4],
            [0.0, 0.5, 0.5, 0.0],
            [0.3, 0.2, 0.2, 0.3],
        ])
        .expect("valid");
        let bits = motif.information(&Background::uniform());
        assert_eq!(&bits[..4], [0.0, 2.0, 0.0, 1.0]);
        let (trimmed, kept) = motif.trim(0.5).expect("enough");
        assert_eq!((trimmed.width(), kept), (3, 1..4));
        assert!(motif.trim(2.1).is_none());
        assert_eq!(motif.consensus(), "NANSN");
        assert_eq!(motif.most_frequent(), "AAACA");
    }

    #[test]
    fn faults_name_position_and_values() {
        assert!(fault_of(Counts::new(vec![])).contains("at least one position"));
        assert!(fault_of(Counts::new(vec![[1.0; 4], [0.0; 4]])).contains(
            "motif, position 2: expected counts of A, C, G, T, not all of them zero, found 0 0 0 0"
        ));
        assert!(fault_of(Counts::new(vec![[-1.0, 1.0, 1.0, 1.0]])).contains("found -1 1 1 1"));
        assert!(fault_of(Frequencies::new(vec![[0.5; 4]])).contains("sum to one"));
        assert!(fault_of(Frequencies::new(vec![[1.5, -0.5, 0.0, 0.0]])).contains("sum to one"));
        assert!(fault_of(LogOdds::new(vec![[f64::NEG_INFINITY; 4]])).contains("finite"));
        assert!(fault_of(Pseudocount::new(-1.0)).contains("zero or above"));
    }
}
