//! Settings of the search.

use bindscape_base::{Error, Result};
use serde::{Deserialize, Serialize};

/// Positions that the words of gaps and bases of a seqlet are drawn from.
pub(crate) const TOP_POSITIONS: usize = 20;
/// Seqlets that each is compared with in detail, beside itself.
pub(crate) const NEIGHBOURS: usize = 500;
/// Least rank correlation of both similarities over a seqlet's neighbours, in the first round.
pub(crate) const RANK_CORRELATION: f64 = 0.15;
/// Perplexity of the neighbourhoods of seqlets.
pub(crate) const PERPLEXITY: f64 = 10.0;
/// Perplexity of the neighbourhoods within a pattern.
pub(crate) const SUBPATTERN_PERPLEXITY: f64 = 50.0;
/// Least overlap of two aligned patterns, as a share of the shorter.
pub(crate) const MIN_OVERLAP: f64 = 0.7;
/// Columns at the ends of a pattern go where they have less than this share of the most seqlets …
pub(crate) const SUPPORT_SHARE: f64 = 0.2;
/// … and fewer than so many.
pub(crate) const SUPPORT: f64 = 30.0;
/// Seqlets of a pattern that are compared with those of another.
pub(crate) const MERGE_SAMPLE: usize = 1000;
/// Columns in which a pattern must have [`LEAST_BITS`] in all.
pub(crate) const BITS_WINDOW: usize = 6;
/// Least information of a pattern's best columns, in bits.
pub(crate) const LEAST_BITS: f64 = 0.6;
/// Added to each probability before its logarithm.
pub(crate) const PSEUDOCOUNT: f64 = 0.001;

/// What happens to seqlets that reach beyond the ends of the sequences given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Edges {
    /// They stay, and each column of a pattern is the mean of the seqlets whose base is known there.
    #[default]
    Keep,
    /// They are left out, as modisco-lite does.
    Drop,
}

/// Settings of [`find`](crate::find). The defaults are those of the command line of modisco-lite
/// 3.0.0, but for `edges`, `leiden_runs` and `min_seqlets`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Positions of the core of a seqlet.
    pub core: usize,
    /// Positions on either side of the core.
    pub flank: usize,
    /// Positions that a pattern is trimmed to.
    pub trim: usize,
    /// Positions added on either side of a trimmed pattern.
    pub pattern_flank: usize,
    /// Positions added on either side of a pattern at the end.
    pub final_flank: usize,
    /// False discovery rate of seqlets.
    pub fdr: f64,
    /// Least share of windows that pass.
    pub min_passing: f64,
    /// Largest share of windows that pass.
    pub max_passing: f64,
    /// Quantile of window sums that the core of a seqlet needs at most to have a sign.
    pub sign_quantile: f64,
    /// Most seqlets of a sign; others are drawn at random.
    pub max_seqlets: usize,
    /// Seqlets that a sign needs.
    pub min_seqlets: usize,
    /// Seqlets that a pattern needs.
    pub min_support: usize,
    /// Clusterings that the best is taken of.
    pub leiden_runs: usize,
    /// Seqlets at the ends of sequences.
    pub edges: Edges,
    /// Seed of the sample of seqlets and of the clusterings.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            core: 20,
            flank: 5,
            trim: 30,
            pattern_flank: 10,
            final_flank: 0,
            fdr: 0.05,
            min_passing: 0.03,
            max_passing: 0.2,
            sign_quantile: 0.8,
            max_seqlets: 20_000,
            min_seqlets: 20,
            min_support: 20,
            leiden_runs: 10,
            edges: Edges::Keep,
            seed: 1,
        }
    }
}

impl Options {
    /// Refuses settings that make no sense.
    ///
    /// # Errors
    /// If a setting is out of its range.
    pub fn validate(&self) -> Result<()> {
        let range = |name: &'static str, value: usize, least: usize, most: usize| {
            if (least..=most).contains(&value) {
                return Ok(());
            }
            Err(Error::argument(
                name,
                format!("{least} to {most}"),
                value.to_string(),
            ))
        };
        range("core", self.core, 4, 200)?;
        range("flank", self.flank, 1, 200)?;
        range("trim", self.trim, 6, 400)?;
        range("pattern_flank", self.pattern_flank, 0, 200)?;
        range("final_flank", self.final_flank, 0, 200)?;
        range("max_seqlets", self.max_seqlets, 20, 1_000_000)?;
        range("min_seqlets", self.min_seqlets, 20, 1_000_000)?;
        range("min_support", self.min_support, 1, 1_000_000)?;
        range("leiden_runs", self.leiden_runs, 1, 10_000)?;
        let share = |name: &'static str, value: f64| {
            if value > 0.0 && value < 1.0 {
                return Ok(());
            }
            Err(Error::argument(
                name,
                "a number between 0 and 1",
                value.to_string(),
            ))
        };
        share("fdr", self.fdr)?;
        share("min_passing", self.min_passing)?;
        share("max_passing", self.max_passing)?;
        share("sign_quantile", self.sign_quantile)?;
        if self.min_passing > self.max_passing {
            return Err(Error::argument(
                "max_passing",
                format!("at least ⟦min_passing⟧ ({})", self.min_passing),
                self.max_passing.to_string(),
            ));
        }
        Ok(())
    }
}
