//! A motif with its names, and sets of them.

use std::fmt;
use std::ops::Range;

use serde::Serialize;

use crate::background::Background;
use crate::matrix::{Counts, Frequencies, Pseudocount};

/// Sites of a motif whose file does not give their number (MEME's default).
pub const ASSUMED_SITES: f64 = 20.0;

/// A motif: what a transcription factor binds, position by position.
///
/// ```
/// use bindscape_motif::{Counts, Motif};
///
/// let counts = Counts::of_sites(["AATGACGTCA", "CGTGACGTCA", "GTTGACGTAA"])?;
/// let motif = Motif::from_counts("creb", counts);
/// assert_eq!((motif.width(), motif.sites), (10, Some(3.0)));
///
/// // Ends with little information go; the other strand has the letters paired and reversed.
/// let (core, kept) = motif.trim(1.0).expect("positions with information");
/// assert_eq!(kept, 2..10);
/// assert_eq!(core.frequencies.consensus(), "TGACGTMA");
/// assert_eq!(core.reverse_complement().frequencies.consensus(), "TKACGTCA");
/// # Ok::<(), bindscape_base::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Motif {
    /// Its identifier, unique in its file (`MA0139.2`).
    pub id: String,
    /// Its other name (`CTCF`).
    pub name: Option<String>,
    /// Frequencies of the bases, without pseudocount.
    pub frequencies: Frequencies,
    /// Sites it was made from.
    pub sites: Option<f64>,
    /// Counts, where its file had them.
    pub counts: Option<Counts>,
    /// Its E-value, where its file had one.
    pub e_value: Option<EValue>,
    /// Its p-value, where its file had one (STREME: `P=`).
    pub p_value: Option<EValue>,
    /// Where to read about it.
    pub url: Option<String>,
    /// What else is known of it.
    pub metadata: Metadata,
}

impl Motif {
    /// A motif of which nothing else is known.
    #[must_use]
    pub fn new(id: impl Into<String>, frequencies: Frequencies) -> Self {
        Self {
            id: id.into(),
            name: None,
            frequencies,
            sites: None,
            counts: None,
            e_value: None,
            p_value: None,
            url: None,
            metadata: Metadata::default(),
        }
    }

    /// A motif with its counts; the frequencies have no pseudocount.
    #[must_use]
    pub fn from_counts(id: impl Into<String>, counts: Counts) -> Self {
        Self {
            sites: Some(counts.sites()),
            counts: Some(counts.clone()),
            ..Self::new(
                id,
                counts.frequencies(Pseudocount::NONE, &Background::uniform()),
            )
        }
    }

    /// Positions.
    #[must_use]
    pub fn width(&self) -> usize {
        self.frequencies.width()
    }

    /// Its counts: those of its file, or frequencies times sites. Where the six digits of a file
    /// leave no doubt that a count was whole, it is.
    #[must_use]
    pub fn site_counts(&self) -> Option<Counts> {
        if self.counts.is_some() {
            return self.counts.clone();
        }
        let sites = self.sites.filter(|&sites| sites > 0.0)?;
        let rounding = (sites * 1e-6).min(0.2);
        let whole = |count: f64| {
            let near = count.round();
            if (count - near).abs() <= rounding {
                near
            } else {
                count
            }
        };
        let counts = |row: &[f64; 4]| {
            let counts = row.map(|p| whole(p * sites));
            if counts.iter().all(|count| count.fract() == 0.0) {
                return counts;
            }
            // Six digits may sum to 0.999999, but the counts of a position sum to the sites.
            let sum: f64 = row.iter().sum();
            row.map(|p| whole(p / sum * sites))
        };
        let rows = self.frequencies.rows().iter().map(counts).collect();
        Counts::new(rows).ok()
    }

    /// Its sites, or [`ASSUMED_SITES`] where they are unknown.
    #[must_use]
    pub fn sites_or_assumed(&self) -> f64 {
        let known = self.sites.filter(|&sites| sites > 0.0);
        known.unwrap_or(ASSUMED_SITES)
    }

    /// The motif on the other strand.
    #[must_use]
    pub fn reverse_complement(&self) -> Self {
        Self {
            frequencies: self.frequencies.reverse_complement(),
            counts: self.counts.as_ref().map(Counts::reverse_complement),
            ..self.clone()
        }
    }

    /// The positions of `range` alone. Without all of them there is no detection threshold: that
    /// of the whole motif may be above the best score of the rest.
    ///
    /// # Panics
    /// If the range is empty or ends beyond the motif.
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> Self {
        let whole = range.len() == self.width();
        Self {
            frequencies: self.frequencies.slice(range.clone()),
            counts: self.counts.as_ref().map(|counts| counts.slice(range)),
            metadata: Metadata {
                threshold: self.metadata.threshold.filter(|_| whole),
                ..self.metadata.clone()
            },
            ..self.clone()
        }
    }

    /// As [`Frequencies::trim`].
    #[must_use]
    pub fn trim(&self, min_bits: f64) -> Option<(Self, Range<usize>)> {
        let (_, kept) = self.frequencies.trim(min_bits)?;
        Some((self.slice(kept.clone()), kept))
    }

    /// Name and id for people: `CTCF (MA0139.2)`, or the id alone.
    #[must_use]
    pub fn label(&self) -> String {
        match &self.name {
            Some(name) if *name != self.id => format!("{name} ({})", self.id),
            _ => self.id.clone(),
        }
    }
}

/// An E-value as it was written: E-values like `1.2e-400` have no other exact form.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EValue {
    text: String,
    log10: f64,
}

impl EValue {
    /// Reads one; `None` if it is no number or below zero.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, f64::from(exponent.parse::<i32>().ok()?)),
            None => (text, 0.0),
        };
        let mantissa: f64 = mantissa.parse().ok()?;
        (mantissa >= 0.0 && mantissa.is_finite()).then(|| Self {
            text: text.to_owned(),
            log10: mantissa.log10() + exponent,
        })
    }

    /// The E-value whose common logarithm is `log10`, with two digits as MEME writes them.
    ///
    /// # Panics
    /// If `log10` is not a number or infinite above.
    #[must_use]
    pub fn from_log10(log10: f64) -> Self {
        assert!(log10 < f64::INFINITY, "an E-value is finite");
        if log10 == f64::NEG_INFINITY {
            return Self {
                text: "0".into(),
                log10,
            };
        }
        let mut exponent = log10.floor();
        let mut mantissa = (10_f64.powf(log10 - exponent) * 10.0).round() / 10.0;
        if mantissa >= 10.0 {
            mantissa /= 10.0;
            exponent += 1.0;
        }
        let sign = if exponent < 0.0 { '-' } else { '+' };
        Self {
            text: format!("{mantissa:.1}e{sign}{:03}", exponent.abs()),
            log10,
        }
    }

    /// The common logarithm; minus infinity for 0.
    #[must_use]
    pub fn log10(&self) -> f64 {
        self.log10
    }

    /// As it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for EValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// What some formats record about a motif besides its matrix.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Metadata {
    /// Structural class of its DNA-binding domain; several for dimers, in the order of the name.
    pub class: Vec<String>,
    /// Family within that class.
    pub family: Vec<String>,
    /// JASPAR's taxonomic group (`vertebrates`).
    pub tax_group: Option<String>,
    /// Species, as NCBI taxonomy ids or names.
    pub species: Vec<String>,
    /// UniProt accessions.
    pub uniprot: Vec<String>,
    /// A second identifier of its file (TRANSFAC: `ID` beside `AC` and `NA`).
    pub other_id: Option<String>,
    /// A line about it (TRANSFAC: `DE`).
    pub description: Option<String>,
    /// HOMER's detection threshold: natural-log odds of a site against a quarter for each base.
    pub threshold: Option<f64>,
    /// Comments of its file, line by line (TRANSFAC: `CC`; HOMER: fields after the threshold).
    pub comments: Vec<String>,
}

impl Metadata {
    /// From columns of a table of JASPAR's profiles: class, family, taxonomic group, species and
    /// UniProt accessions. Several classes and families are joined by `::`, species and
    /// accessions by commas.
    #[must_use]
    pub fn of_columns([class, family, group, species, uniprot]: [&str; 5]) -> Self {
        let list = |text: &str, between: &str| -> Vec<String> {
            let parts = text.split(between).filter(|part| !part.is_empty());
            parts.map(str::to_owned).collect()
        };
        Self {
            class: list(class, "::"),
            family: list(family, "::"),
            tax_group: Some(group.to_owned()).filter(|group| !group.is_empty()),
            species: list(species, ","),
            uniprot: list(uniprot, ","),
            ..Self::default()
        }
    }
}

/// The motifs of a file.
///
/// ```
/// use bindscape_motif::{Frequencies, Motif, MotifSet};
///
/// let a = Motif::new("a", Frequencies::new(vec![[0.7, 0.1, 0.1, 0.1]])?);
/// let set = MotifSet::new(vec![a.clone(), Motif { name: Some("CTCF".into()), ..a }]);
/// let labels: Vec<String> = set.motifs.iter().map(Motif::label).collect();
/// assert_eq!(labels, ["a", "CTCF (a)"]);
/// # Ok::<(), bindscape_base::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct MotifSet {
    /// In the order of the file; at least one if they were read.
    pub motifs: Vec<Motif>,
    /// The background that the file names.
    pub background: Option<Background>,
    /// Where that comes from, as the file says it (MEME: the text after `from`).
    pub background_source: Option<String>,
    /// Whether the motifs are of one strand only (MEME: `strands: +`).
    pub single_strand: bool,
    /// Licence and citation that go with the motifs wherever they are written.
    pub notice: Option<String>,
    /// What was doubtful in their file, a sentence each, for the user: positions without counts
    /// and what was made of them, sums that were scaled, and the like.
    pub remarks: Vec<String>,
}

impl MotifSet {
    /// Motifs without a background.
    #[must_use]
    pub fn new(motifs: Vec<Motif>) -> Self {
        Self {
            motifs,
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e_values_beyond_floating_point() {
        let e = EValue::parse("1.0e-1200").expect("a number");
        assert_eq!((e.log10(), e.text()), (-1200.0, "1.0e-1200"));
        assert_eq!(EValue::parse("0").expect("zero").log10(), f64::NEG_INFINITY);
        assert_eq!(EValue::parse("-1"), None);
        assert_eq!(EValue::parse("nan"), None);
        assert_eq!(EValue::from_log10(-6.0).text(), "1.0e-006");
        assert_eq!(EValue::from_log10(2.9999999).text(), "1.0e+003");
        assert_eq!(EValue::from_log10(-1200.5).text(), "3.2e-1201");
        assert_eq!(EValue::from_log10(f64::NEG_INFINITY).text(), "0");
    }

    #[test]
    fn whole_counts_from_six_digits() {
        let rows = vec![[0.333333, 0.666667, 0.0, 0.0], [0.1, 0.2, 0.3, 0.4]];
        let mut motif = Motif::new("a", Frequencies::new(rows).expect("valid"));
        assert_eq!(motif.site_counts(), None);
        motif.sites = Some(3.0);
        let counts = motif.site_counts().expect("sites are known");
        assert_eq!(counts.rows()[0], [1.0, 2.0, 0.0, 0.0]);
        assert!((counts.rows()[1][0] - 0.3).abs() < 1e-12);
    }

    #[test]
    fn counts_of_a_position_sum_to_the_sites() {
        let rows = vec![[0.123456, 0.234567, 0.345678, 0.2963], [0.25; 4]];
        let mut motif = Motif::new("a", Frequencies::new(rows).expect("valid"));
        motif.sites = Some(20.5);
        let counts = motif.site_counts().expect("sites are known");
        assert!((counts.sites() - 20.5).abs() < 1e-12);
    }

    #[test]
    fn a_threshold_is_that_of_all_positions() {
        let rows = vec![[0.25; 4], [0.97, 0.01, 0.01, 0.01]];
        let mut motif = Motif::new("a", Frequencies::new(rows).expect("valid"));
        motif.metadata.threshold = Some(3.0);
        let threshold = |bits| {
            let (trimmed, _) = motif.trim(bits).expect("enough");
            trimmed.metadata.threshold
        };
        assert_eq!((threshold(0.0), threshold(1.0)), (Some(3.0), None));
    }

    #[test]
    fn trimming_and_strands_keep_counts_beside_frequencies() {
        let counts = Counts::new(vec![[1.0; 4], [4.0, 0.0, 0.0, 0.0], [0.0, 3.0, 0.0, 1.0]]);
        let motif = Motif::from_counts("a", counts.expect("valid"));
        let (trimmed, kept) = motif.trim(0.5).expect("enough");
        assert_eq!(kept, 1..3);
        let other = trimmed.reverse_complement();
        let counts = other.counts.expect("kept");
        assert_eq!(counts.rows(), [[1.0, 0.0, 3.0, 0.0], [0.0, 0.0, 0.0, 4.0]]);
        assert_eq!(other.frequencies.rows()[0], [0.25, 0.0, 0.75, 0.0]);
    }
}
