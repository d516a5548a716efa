//! Effect sizes with intervals: how large a difference is, beside whether there is one.
//!
//! Intervals are bootstrap percentiles, but for Hedges' g. Resamples are drawn as the data were: pairs together,
//! groups each from their own values.

use statrs::distribution::{ContinuousCDF, Normal};
use statrs::function::gamma::ln_gamma;

use crate::bootstrap::{bootstrap_interval, by_strata};
use crate::kruskal::kruskal_wallis;
use crate::summary::{finite, mean, standard_deviation};

/// An effect size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effect {
    /// Its value in the data.
    pub value: f64,
    /// Its interval; `None` where too few resamples define it, there are fewer than two values to
    /// draw from, or no resample can differ from the data.
    pub interval: Option<(f64, f64)>,
}

/// How intervals are drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Resampling {
    /// Number of resamples.
    pub resamples: u32,
    /// Coverage of the intervals, between 0 and 1.
    pub level: f64,
    /// Seed of the draws.
    pub seed: u64,
}

/// Mean of `x - y` over pairs, in the unit of the values.
///
/// `None` without a pair or with a value that is not finite.
///
/// # Panics
/// If the slices differ in length, or the level is not between 0 and 1.
#[must_use]
pub fn mean_difference(x: &[f64], y: &[f64], drawn: Resampling) -> Option<Effect> {
    let differences = differences(x, y)?;
    with_resamples(differences.len(), drawn, |rows| {
        let sum: f64 = rows.iter().map(|&row| differences[row]).sum();
        (!rows.is_empty()).then(|| sum / rows.len() as f64)
    })
}

/// Matched-pairs rank-biserial correlation of `x` with `y`, the effect size of
/// [`crate::wilcoxon_signed_rank`]: the share of the rank sum where `x` is larger, less the share
/// where `y` is (King, Rosopa and Minium 2011; Kerby 2014).
///
/// From -1, where `y` is larger in every pair, to 1; at these ends there is no interval, since all
/// resamples lie there, too. Pairs without a difference are left out, as
/// in the test. `None` if no pair differs or a value is not finite.
///
/// # Panics
/// If the slices differ in length, or the level is not between 0 and 1.
#[must_use]
pub fn rank_biserial(x: &[f64], y: &[f64], drawn: Resampling) -> Option<Effect> {
    let differences = differences(x, y)?;
    // Sorted once: a resample then counts how often each size was drawn, up and down.
    let mut sizes: Vec<f64> = differences.iter().map(|d| d.abs()).collect();
    sizes.sort_unstable_by(f64::total_cmp);
    sizes.dedup();
    let place: Vec<usize> = differences
        .iter()
        .map(|d| sizes.partition_point(|&size| size < d.abs()))
        .collect();
    let effect = with_resamples(differences.len(), drawn, |rows| {
        let mut drawn = vec![[0_u32; 2]; sizes.len()];
        for &row in rows {
            if differences[row] != 0.0 {
                drawn[place[row]][usize::from(differences[row] > 0.0)] += 1;
            }
        }
        let (mut before, mut total, mut signed) = (0.0, 0.0, 0.0);
        for [down, up] in drawn.into_iter().map(|counts| counts.map(f64::from)) {
            let rank = before + (down + up + 1.0) / 2.0;
            total += rank * (down + up);
            signed += rank * (up - down);
            before += down + up;
        }
        (total > 0.0).then(|| signed / total)
    })?;
    let interval = effect.interval.filter(|_| effect.value.abs() < 1.0);
    Some(Effect { interval, ..effect })
}

/// `x - y`; `None` if one is not finite.
fn differences(x: &[f64], y: &[f64]) -> Option<Vec<f64>> {
    assert_eq!(x.len(), y.len(), "paired samples");
    let differences: Vec<f64> = x.iter().zip(y).map(|(x, y)| x - y).collect();
    finite(&differences).then_some(differences)
}

/// A statistic of rows with its interval over resamples of them.
fn with_resamples(
    n: usize,
    drawn: Resampling,
    statistic: impl Fn(&[usize]) -> Option<f64> + Sync,
) -> Option<Effect> {
    let rows: Vec<usize> = (0..n).collect();
    let value = statistic(&rows)?;
    let Resampling {
        resamples,
        level,
        seed,
    } = drawn;
    let interval = (n > 1)
        .then(|| bootstrap_interval(n, resamples, level, seed, statistic))
        .flatten();
    Some(Effect { value, interval })
}

/// Hedges' g of two independent samples: the difference of their means in pooled standard
/// deviations, times the correction for small samples with gamma functions (Hedges 1981).
///
/// Any number; 0 is no difference, and positive where `x` is larger. The interval at `level` is
/// that of large samples (Hedges and Olkin 1985, chapter 5), which supposes similar variances;
/// resamples of few values now and then have next to no variance, and would give intervals without
/// bounds. `None` if a sample has fewer than two values, neither varies, or a value is not finite.
///
/// # Panics
/// If the level is not between 0 and 1.
#[must_use]
pub fn hedges_g(x: &[f64], y: &[f64], level: f64) -> Option<Effect> {
    assert!(level > 0.0 && level < 1.0, "a level lies between 0 and 1");
    if !finite(x) || !finite(y) {
        return None;
    }
    let (s, t) = (standard_deviation(x)?, standard_deviation(y)?);
    let (m, n) = (x.len() as f64, y.len() as f64);
    let freedom = m + n - 2.0;
    let pooled = (((m - 1.0) * s * s + (n - 1.0) * t * t) / freedom).sqrt();
    if pooled <= 0.0 {
        return None;
    }
    let correction =
        (ln_gamma(freedom / 2.0) - ln_gamma((freedom - 1.0) / 2.0)).exp() / (freedom / 2.0).sqrt();
    let value = (mean(x)? - mean(y)?) / pooled * correction;
    let error = ((m + n) / (m * n) + value * value / (2.0 * (m + n))).sqrt();
    let half = Normal::standard().inverse_cdf(0.5 + level / 2.0) * error;
    Some(Effect {
        value,
        interval: Some((value - half, value + half)),
    })
}

/// [`crate::KruskalWallis::epsilon_squared`] of several groups, 0 to 1, with its interval. As a
/// share it cannot fall below 0, so resamples lie higher than the data on average: an interval
/// whose lower end is near 0 says nothing against 0.
///
/// `None` where [`kruskal_wallis`] is.
///
/// # Panics
/// If the level is not between 0 and 1.
#[must_use]
pub fn epsilon_squared(groups: &[&[f64]], drawn: Resampling) -> Option<Effect> {
    of_groups(groups, drawn, |groups| {
        let groups: Vec<&[f64]> = groups.iter().map(Vec::as_slice).collect();
        Some(kruskal_wallis(&groups)?.epsilon_squared())
    })
}

fn of_groups(
    groups: &[&[f64]],
    drawn: Resampling,
    statistic: impl Fn(&[Vec<f64>]) -> Option<f64> + Sync,
) -> Option<Effect> {
    if groups
        .iter()
        .any(|group| group.is_empty() || !finite(group))
    {
        return None;
    }
    let given: Vec<Vec<f64>> = groups.iter().map(|group| group.to_vec()).collect();
    let value = statistic(&given)?;
    let values = groups.concat();
    let mut from = 0;
    let mut rows: Vec<Vec<usize>> = Vec::with_capacity(groups.len());
    for group in groups {
        rows.push((from..from + group.len()).collect());
        from += group.len();
    }
    let strata: Vec<&[usize]> = rows.iter().map(Vec::as_slice).collect();
    let again = |drawn: &[usize]| {
        let mut drawn = drawn.iter();
        let taken = |group: &&[f64]| {
            drawn
                .by_ref()
                .take(group.len())
                .map(|&row| values[row])
                .collect()
        };
        let groups: Vec<Vec<f64>> = groups.iter().map(taken).collect();
        statistic(&groups)
    };
    let Resampling {
        resamples,
        level,
        seed,
    } = drawn;
    let interval = groups
        .iter()
        .any(|group| group.len() > 1)
        .then(|| by_strata(&strata, resamples, level, seed, again))
        .flatten();
    Some(Effect { value, interval })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DRAWN: Resampling = Resampling {
        resamples: 500,
        level: 0.95,
        seed: 1,
    };

    #[test]
    fn what_defines_no_effect_is_none() {
        assert_eq!(mean_difference(&[], &[], DRAWN), None);
        assert_eq!(mean_difference(&[f64::NAN], &[1.0], DRAWN), None);
        assert_eq!(rank_biserial(&[1.0, 2.0], &[1.0, 2.0], DRAWN), None);
        assert_eq!(hedges_g(&[1.0], &[1.0, 2.0], 0.95), None);
        assert_eq!(hedges_g(&[1.0, 1.0], &[2.0, 2.0], 0.95), None);
        assert_eq!(epsilon_squared(&[&[1.0], &[1.0]], DRAWN), None);
        assert_eq!(epsilon_squared(&[&[1.0]], DRAWN), None);
        let single = mean_difference(&[3.0], &[1.0], DRAWN).unwrap();
        assert_eq!((single.value, single.interval), (2.0, None));
    }

    #[test]
    fn pairs_all_one_way_are_the_ends_of_the_range() {
        let (low, high) = ([0.1, 0.2, 0.3], [0.5, 0.5, 0.9]);
        let up = rank_biserial(&high, &low, DRAWN).unwrap();
        assert_eq!((up.value, up.interval), (1.0, None));
        assert_eq!(rank_biserial(&low, &high, DRAWN).unwrap().value, -1.0);
    }

    #[test]
    fn intervals_hold_the_value_of_plain_data() {
        let x: Vec<f64> = (0..40).map(|i| f64::from(i * 17 % 40) / 40.0).collect();
        let y: Vec<f64> = (0..40)
            .map(|i| f64::from(i * 23 % 40) / 40.0 - 0.1)
            .collect();
        for effect in [
            mean_difference(&x, &y, DRAWN).unwrap(),
            rank_biserial(&x, &y, DRAWN).unwrap(),
            hedges_g(&x, &y, 0.95).unwrap(),
        ] {
            let (low, high) = effect.interval.unwrap();
            assert!(low < effect.value && effect.value < high, "{effect:?}");
        }
        assert_eq!(
            mean_difference(&x, &y, DRAWN),
            mean_difference(&x, &y, DRAWN)
        );
    }
}
