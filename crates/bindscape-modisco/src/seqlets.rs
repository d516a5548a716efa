//! Seqlets: stretches of sequences that contribute more than chance would have them.
//!
//! Sums of contributions over windows are compared with draws from a Laplace distribution of
//! either side; where enough of the real windows stand against the draws, by isotonic regression,
//! a window passes. Of the passing windows of a sequence the strongest become seqlets, one after
//! another, as far as they do not overlap.

use bindscape_base::progress::{Progress, check};
use bindscape_base::{Error, Result};
use rayon::prelude::*;

use crate::isotonic::Isotonic;
use crate::numeric::{Mersenne, fullest_bin, pairwise_sum, quantile};
use crate::options::{Edges, Options};
use crate::stretch::Seqlet;
use crate::tracks::Tracks;

/// Seqlets of both signs, and the thresholds that they passed.
#[derive(Debug, Clone, PartialEq)]
pub struct Seqlets {
    /// Those that raise the prediction, by sequence, the strongest first.
    pub positive: Vec<Seqlet>,
    /// Those that lower it.
    pub negative: Vec<Seqlet>,
    /// Least sum of a window that passes, of either sign; `None` where no window of that sign is.
    pub thresholds: [Option<f64>; 2],
    /// What the sum of a core must exceed for the seqlet to have a sign.
    pub sign_threshold: f64,
    /// Seqlets of neither sign.
    pub unsigned: usize,
}

/// Finds the seqlets of `tracks`.
///
/// # Errors
/// If the sequences are shorter than a seqlet, no window differs from another, or the user asked
/// to stop.
pub fn seqlets(tracks: &Tracks, options: &Options, progress: &dyn Progress) -> Result<Seqlets> {
    options.validate()?;
    let width = options.core;
    let needed = match options.edges {
        Edges::Keep => width,
        Edges::Drop => width + 2 * options.flank,
    };
    if tracks.length() < needed {
        return Err(Error::about(
            "the sequences",
            format!("at least {needed} positions, as many as a seqlet has"),
            tracks.length().to_string(),
        )
        .hint("lower ⟦core⟧ and ⟦flank⟧"));
    }
    progress.begin("finding seqlets", Some(tracks.examples() as u64));
    let windows = tracks.length() + 1 - width;
    let mut sums: Vec<f64> = vec![0.0; tracks.examples() * windows];
    sums.par_chunks_mut(windows)
        .enumerate()
        .for_each(|(example, sums)| window_sums(tracks, example, width, sums));
    let mut distribution: Vec<f64> = sums.iter().map(|sum| sum.abs()).collect();
    distribution.par_sort_unstable_by(f64::total_cmp);
    if distribution[0] == distribution[distribution.len() - 1] {
        return Err(Error::about(
            "the contributions",
            "windows that differ in their sum",
            format!("{} in each", distribution[0]),
        )
        .hint("give hypothetical contributions, not zeros"));
    }
    let thresholds = thresholds(&sums, options);
    check(progress)?;
    let found: Vec<Vec<Seqlet>> = sums
        .par_chunks_mut(windows)
        .enumerate()
        .map(|(example, sums)| {
            pass(sums, thresholds, options);
            progress.advance(1);
            strongest(sums, example as u32, options)
        })
        .collect();
    drop(sums);
    // The quantile of the weaker threshold, or less.
    let weakest = (thresholds.iter().flatten())
        .map(|threshold| {
            let below = distribution.partition_point(|value| *value < threshold.abs());
            below as f64 / distribution.len() as f64
        })
        .fold(f64::INFINITY, f64::min);
    let quantile = (weakest - 0.0001).min(options.sign_quantile);
    let place = (quantile * distribution.len() as f64) as usize;
    let sign_threshold = distribution[place.min(distribution.len() - 1)];
    let mut seqlets = Seqlets {
        positive: Vec::new(),
        negative: Vec::new(),
        thresholds,
        sign_threshold,
        unsigned: 0,
    };
    for seqlet in found.into_iter().flatten() {
        let sum = f64::from(core_sum(tracks, &seqlet, options));
        if sum > sign_threshold {
            seqlets.positive.push(seqlet);
        } else if sum < -sign_threshold {
            seqlets.negative.push(seqlet);
        } else {
            seqlets.unsigned += 1;
        }
    }
    progress.finish();
    Ok(seqlets)
}

/// Sums of the contributions of `width` neighbours: differences of a running sum in single
/// precision.
fn window_sums(tracks: &Tracks, example: usize, width: usize, sums: &mut [f64]) {
    let mut running = Vec::with_capacity(tracks.length() + 1);
    running.push(0.0);
    let mut sum = 0.0_f32;
    for position in 0..tracks.length() {
        let contribution = tracks.contribution(example, position);
        sum = if position == 0 {
            contribution
        } else {
            sum + contribution
        };
        running.push(f64::from(sum));
    }
    for (window, out) in sums.iter_mut().enumerate() {
        *out = running[window + width] - running[window];
    }
}

/// Sum of the contributions of a seqlet's core, base after base.
fn core_sum(tracks: &Tracks, seqlet: &Seqlet, options: &Options) -> f32 {
    let first = (seqlet.start + options.flank as i32) as usize;
    let example = seqlet.example as usize;
    let mut of_base = vec![0.0_f32; options.core];
    let mut sum = 0.0;
    for base in 0..4 {
        for (i, value) in of_base.iter_mut().enumerate() {
            *value = match tracks.bases(example)[first + i] == base {
                true => tracks.contribution(example, first + i),
                false => 0.0,
            };
        }
        sum += pairwise_sum(&of_base);
    }
    sum
}

/// Draws from a two-sided Laplace distribution around the most frequent sum: those that are not
/// negative, and those that are.
fn laplace(sums: &[f64]) -> [Vec<f64>; 2] {
    const DRAWS: usize = 10_000;
    let (left, right) = fullest_bin(sums);
    let inside: Vec<f64> = (sums.iter().copied())
        .filter(|sum| left < *sum && *sum < right)
        .collect();
    let (left, right) = fullest_bin(&inside);
    let centre = (left + right) / 2.0;
    let side = |keep: fn(f64, f64) -> bool| {
        let mut side: Vec<f64> = (sums.iter().copied())
            .filter(|&sum| keep(sum, centre))
            .collect();
        side.par_sort_unstable_by(f64::total_cmp);
        side
    };
    let (below, above) = (
        side(|sum, centre| sum <= centre),
        side(|sum, centre| sum >= centre),
    );
    // The steepest decline over the quantiles.
    let steepest = |side: &[f64], up: bool| {
        (1..20)
            .map(|i| {
                let percent = 5.0 * f64::from(i);
                let of = if up { percent } else { 100.0 - percent };
                let distance = match side {
                    [] => f64::NAN,
                    side => (quantile(side, of / 100.0) - centre).abs(),
                };
                -(1.0 - percent / 100.0).ln() / distance
            })
            .fold(f64::NEG_INFINITY, f64::max)
    };
    let (rise, fall) = (steepest(&above, true), steepest(&below, false));
    let share_above = above.len() as f64 / (above.len() + below.len()) as f64;
    let mut rng = Mersenne::new(1234);
    let mut draws = [Vec::new(), Vec::new()];
    for _ in 0..DRAWS {
        let up = rng.uniform() < share_above;
        let logarithm = (1.0 - rng.uniform()).ln();
        let draw = if up {
            -logarithm / rise + centre
        } else {
            centre + logarithm / fall
        };
        draws[usize::from(draw < 0.0)].push(draw);
    }
    draws
}

/// The least positive and the least negative sum that passes.
fn thresholds(sums: &[f64], options: &Options) -> [Option<f64>; 2] {
    const MOST: usize = 1_000_000;
    let null = laplace(sums);
    let sampled: Vec<f64>;
    let values = if sums.len() > MOST {
        let chosen = Mersenne::new(1234).choose(sums.len(), MOST);
        sampled = chosen.into_iter().map(|index| sums[index]).collect();
        &sampled
    } else {
        sums
    };
    let mut sides = [Vec::new(), Vec::new()];
    for &value in values {
        sides[usize::from(value < 0.0)].push(value);
    }
    let [positive, negative] = &mut sides;
    positive.par_sort_unstable_by(f64::total_cmp);
    negative.par_sort_unstable_by(|a, b| b.total_cmp(a));
    let mut thresholds: [Option<f64>; 2] = std::array::from_fn(|side| {
        let (real, null) = (&sides[side], &null[side]);
        (!real.is_empty() && !null.is_empty())
            .then(|| least_precise(real, null, side == 0, options.fdr))
    });
    // The share of windows that pass stays in its range.
    let passing = values
        .iter()
        .filter(|value| passes(**value, thresholds))
        .count();
    let share = passing as f64 / values.len() as f64;
    let forced = if share < options.min_passing {
        Some(options.min_passing)
    } else if share > options.max_passing {
        Some(options.max_passing)
    } else {
        None
    };
    if let Some(share) = forced {
        let mut sizes: Vec<f64> = values.iter().map(|value| value.abs()).collect();
        sizes.par_sort_unstable_by(f64::total_cmp);
        let size = quantile(&sizes, 100.0 * (1.0 - share) / 100.0);
        thresholds = [Some(size), Some(-size)];
    }
    thresholds
}

fn passes(value: f64, [positive, negative]: [Option<f64>; 2]) -> bool {
    positive.is_some_and(|least| value >= least) || negative.is_some_and(|most| value <= most)
}

/// The first of `real` (from 0 outwards) of which no more than the share `fdr` are false.
fn least_precise(real: &[f64], null: &[f64], rising: bool, fdr: f64) -> f64 {
    const LEAST_NULL: f64 = 0.95;
    let fit = Isotonic::fit(real, null, rising);
    let [first, last] = fit.ends();
    let weakest = if rising { first } else { last };
    // The share of windows that are no seqlets, from the weakest of them.
    let share = -1.0 / (1.0 - 1.0 / weakest.max(1e-7));
    let share = share.clamp(LEAST_NULL, 1.0);
    let (&last, others) = real.split_last().expect("a side with windows");
    others
        .iter()
        .copied()
        .find(|&value| {
            let precision = 1.0 + share * (1.0 - 1.0 / fit.at(value).max(1e-7));
            precision.clamp(0.0, 1.0) >= 1.0 - fdr
        })
        .unwrap_or(last)
}

/// Sizes of the sums that pass, negative infinity in the place of others.
fn pass(sums: &mut [f64], thresholds: [Option<f64>; 2], options: &Options) {
    for sum in sums.iter_mut() {
        *sum = match passes(*sum, thresholds) {
            true => sum.abs(),
            false => f64::NEG_INFINITY,
        };
    }
    if options.edges == Edges::Drop {
        let (n, flank) = (sums.len(), options.flank);
        sums[..flank.min(n)].fill(f64::NEG_INFINITY);
        sums[n.saturating_sub(flank)..].fill(f64::NEG_INFINITY);
    }
}

/// The seqlets of a sequence: the largest sum first, then the largest that does not overlap, …
fn strongest(sums: &mut [f64], example: u32, options: &Options) -> Vec<Seqlet> {
    let reach = options.core / 2 + options.flank;
    let mut found = Vec::new();
    loop {
        // The first of equal ones.
        let best = (0..sums.len()).fold(0, |best, i| if sums[i] > sums[best] { i } else { best });
        if sums[best] == f64::NEG_INFINITY {
            return found;
        }
        let start = best as i32 - options.flank as i32;
        found.push(Seqlet {
            example,
            start,
            end: start + (options.core + 2 * options.flank) as i32,
            reverse: false,
        });
        let end = (best + reach + 1).min(sums.len());
        sums[best.saturating_sub(reach)..end].fill(f64::NEG_INFINITY);
    }
}
