//! What a user may choose; names are STREME's, and so are defaults but for how many words are
//! matched and refined.

use bindscape_base::{Error, Result};
use serde::{Deserialize, Serialize};

use super::background::WordModel;

/// Smallest and largest width of a motif.
const WIDTHS: std::ops::RangeInclusive<usize> = 3..=30;

/// Largest order of the background model and the shuffle.
const MOST_ORDER: usize = 4;

/// Settings of a discovery.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Smallest width of a motif, at least 3.
    pub min_width: usize,
    /// Largest width of a motif, at most 30.
    pub max_width: usize,
    /// Stop after so many motifs, whatever their significance. `None`: by significance, or
    /// after five motifs if nothing is held out.
    pub motifs: Option<usize>,
    /// Largest p-value (E-value with `by_e_value`) of a motif that is significant.
    pub threshold: f64,
    /// Compare the E-value, the p-value times the number of motifs found, with the threshold.
    pub by_e_value: bool,
    /// Stop after so many motifs in a row that are not significant.
    pub patience: usize,
    /// Share of the sequences of either set that is held out for p-values; 0 to 0.5.
    pub holdout: f64,
    /// Background that is given; `None`: it is estimated from the controls, of `order`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub background: Option<WordModel>,
    /// Order of the background model, and of the shuffle that makes controls (counts of words
    /// of `order + 1` bases are kept); at most 4.
    pub order: usize,
    /// Seed of the shuffle and of the choice of the held-out part.
    pub seed: u64,
    /// Words of each width, from three bases up, that are matched approximately.
    pub evaluated: usize,
    /// Of these, how many of each width are refined; 0 takes the matrix of the best word's sites.
    pub refined: usize,
    /// Largest number of steps of a refinement.
    pub iterations: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            min_width: 8,
            max_width: 15,
            motifs: None,
            threshold: 0.05,
            by_e_value: false,
            patience: 3,
            holdout: 0.1,
            background: None,
            order: 2,
            seed: 0,
            evaluated: 50,
            refined: 6,
            iterations: 20,
        }
    }
}

impl Options {
    /// Refuses settings that make no sense.
    ///
    /// # Errors
    /// If one is out of the range of its description.
    pub fn validate(&self) -> Result<()> {
        let within = |field: &'static str, valid: bool, expected: String, found: String| {
            if valid {
                Ok(())
            } else {
                Err(Error::argument(field, expected, found))
            }
        };
        let widths = format!("a width of {} to {}", WIDTHS.start(), WIDTHS.end());
        for (field, width) in [("min_width", self.min_width), ("max_width", self.max_width)] {
            within(
                field,
                WIDTHS.contains(&width),
                widths.clone(),
                width.to_string(),
            )?;
        }
        within(
            "max_width",
            self.max_width >= self.min_width,
            format!("at least ⟦min_width⟧ ({})", self.min_width),
            self.max_width.to_string(),
        )?;
        within(
            "threshold",
            self.threshold > 0.0 && self.threshold.is_finite(),
            "a number above 0".into(),
            self.threshold.to_string(),
        )?;
        within(
            "holdout",
            (0.0..=0.5).contains(&self.holdout),
            "a share of 0 to 0.5".into(),
            self.holdout.to_string(),
        )?;
        within(
            "order",
            self.order <= MOST_ORDER,
            format!("an order of 0 to {MOST_ORDER}"),
            self.order.to_string(),
        )?;
        within(
            "background",
            self.background.as_ref().is_none_or(WordModel::is_valid),
            "a probability for each word of 1 to 5 bases".into(),
            "others".into(),
        )?;
        let counts = [
            ("evaluated", Some(self.evaluated)),
            ("patience", Some(self.patience)),
            ("motifs", self.motifs),
        ];
        for (field, count) in counts {
            within(field, count != Some(0), "at least 1".into(), "0".into())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_out_of_range_are_named() {
        Options::default().validate().expect("defaults are valid");
        let message = |change: fn(&mut Options)| {
            let mut options = Options::default();
            change(&mut options);
            options.validate().expect_err("out of range").to_string()
        };
        assert_eq!(
            message(|o| o.max_width = 31),
            "max_width: expected a width of 3 to 30, found 31"
        );
        assert_eq!(
            message(|o| o.max_width = 7),
            "max_width: expected at least `min_width` (8), found 7"
        );
        assert!(message(|o| o.min_width = 2).starts_with("min_width: expected a width of 3 to 30"));
        assert!(message(|o| o.holdout = 0.6).contains("holdout: expected a share of 0 to 0.5"));
        assert!(message(|o| o.holdout = f64::NAN).contains("holdout"));
        assert!(message(|o| o.threshold = 0.0).contains("threshold"));
        assert!(message(|o| o.order = 5).contains("order: expected an order of 0 to 4"));
        assert!(message(|o| o.motifs = Some(0)).contains("motifs: expected at least 1"));
        assert!(message(|o| o.patience = 0).contains("patience"));
        assert!(message(|o| o.evaluated = 0).contains("evaluated"));
    }
}
