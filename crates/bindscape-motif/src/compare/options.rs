//! How motifs are compared.

use bindscape_base::{Error, Result};
use serde::{Deserialize, Serialize};

use crate::background::Background;

/// How two columns are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Distance {
    /// Euclidean distance.
    #[serde(rename = "ed")]
    Euclidean,
    /// Pearson correlation.
    Pearson,
    /// Sandelin and Wasserman (2004): two less the squared Euclidean distance.
    #[serde(rename = "sandelin")]
    SandelinWasserman,
    /// Kullback-Leibler divergence, the mean of both directions.
    Kullback,
    /// Average log-likelihood ratio (Wang and Stormo 2003), weighted by sites.
    Allr,
}

impl Distance {
    /// Names, as options and files call them.
    pub const NAMES: [(&'static str, Self); 5] = [
        ("ed", Self::Euclidean),
        ("pearson", Self::Pearson),
        ("sandelin", Self::SandelinWasserman),
        ("kullback", Self::Kullback),
        ("allr", Self::Allr),
    ];

    /// The name of this distance in [`Distance::NAMES`].
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES
            .iter()
            .find(|(_, distance)| *distance == self)
            .map_or("", |(name, _)| name)
    }
}

/// Settings of a comparison.
#[derive(Debug, Clone)]
pub struct Options {
    /// Distance between columns; default Euclidean.
    pub distance: Distance,
    /// Least number of aligned columns, or the width of the narrower motif where that is
    /// less; default 1.
    pub min_overlap: usize,
    /// Whether the targets' reverse complements are compared, too; default yes.
    pub both_strands: bool,
    /// Whether query columns without a partner add their median score; default yes.
    /// Without, the best alignment is that of the lowest p-value `p`, and the motif's is
    /// `1 - (1 - p)^m` for `m` possible alignments.
    pub complete: bool,
    /// Added to the sites of every column, split by the background; default 0.1.
    pub pseudocount: f64,
    /// Background of pseudocounts and of [`Distance::Allr`]; averaged over both strands
    /// where both are compared. Default uniform.
    pub background: Background,
    /// Bins over the range of a query's scores, 2 to 100; default 100.
    pub bins: u32,
    /// Steps per unit of frequency within which target columns are taken for one;
    /// `None`, the default, takes only equal columns together.
    pub steps: Option<u32>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            distance: Distance::Euclidean,
            min_overlap: 1,
            both_strands: true,
            complete: true,
            pseudocount: 0.1,
            background: Background::uniform(),
            bins: 100,
            steps: None,
        }
    }
}

impl Options {
    /// Refuses settings that make no sense.
    ///
    /// # Errors
    /// If one is out of the range of its description.
    pub fn validate(&self) -> Result<()> {
        if self.min_overlap == 0 {
            return Err(Error::argument("min_overlap", "at least 1", "0"));
        }
        if !(2..=100).contains(&self.bins) {
            return Err(Error::argument("bins", "2 to 100", self.bins.to_string()));
        }
        if self.steps == Some(0) {
            return Err(Error::argument("steps", "at least 1", "0"));
        }
        if !self.pseudocount.is_finite() || self.pseudocount < 0.0 {
            return Err(Error::argument(
                "pseudocount",
                "a number of at least 0",
                self.pseudocount.to_string(),
            ));
        }
        let logarithms = matches!(self.distance, Distance::Kullback | Distance::Allr);
        if logarithms && self.pseudocount == 0.0 {
            return Err(Error::argument(
                "pseudocount",
                format!(
                    "a number above 0, as ⟦distance⟧ {} takes logarithms",
                    self.distance.name()
                ),
                "0",
            ));
        }
        Ok(())
    }

    /// The background, averaged over both strands where both are compared.
    pub(super) fn background_of_strands(&self) -> [f64; 4] {
        if self.both_strands {
            self.background.both_strands()
        } else {
            self.background
        }
        .probabilities()
    }
}
