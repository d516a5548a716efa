//! Negatives with the GC contents of the positives.

use std::collections::BTreeMap;

use rand::seq::SliceRandom;

use bindscape_base::random;

/// A bin of GC content with fewer negatives than were wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShortBin {
    /// Per cent GC above which the bin begins (0 belongs to the first bin).
    pub above: u32,
    /// Per cent GC at which the bin ends, included.
    pub to: u32,
    /// Negatives wanted.
    pub wanted: usize,
    /// Negatives there were, all of which were taken.
    pub available: usize,
}

/// Result of [`match_gc`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchedNegatives {
    /// The negatives taken, ascending.
    pub rows: Vec<usize>,
    /// Bins in which there were too few.
    pub short: Vec<ShortBin>,
}

/// Draws negatives at random so that their GC contents are distributed as the positives'.
///
/// GC is binned by `bin_percent`: with 10, `[0, 10]`, `(10, 20]` … `(90, 100]`
/// per cent, closed on the right as the paper's code has it. In each bin
/// `per_positive` negatives are drawn for each positive, rounded; where there
/// are fewer, all are taken and the bin is reported. `gc` gives the share of G
/// and C of a row, 0 to 1. The draw of a bin depends on the seed alone.
///
/// # Panics
/// If `bin_percent` is not 1 to 100 or `per_positive` is negative or NaN.
#[must_use]
pub fn match_gc(
    positives: &[usize],
    negatives: &[usize],
    gc: impl Fn(usize) -> f64,
    bin_percent: u32,
    per_positive: f64,
    seed: u64,
) -> MatchedNegatives {
    assert!(
        (1..=100).contains(&bin_percent),
        "a bin is 1 to 100 per cent wide"
    );
    assert!(per_positive >= 0.0, "a number of negatives per positive");
    let bin = |row: usize| bin_of(gc(row), bin_percent);
    let mut wanted: BTreeMap<u32, usize> = BTreeMap::new();
    for &row in positives {
        *wanted.entry(bin(row)).or_default() += 1;
    }
    let mut available: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for &row in negatives {
        available.entry(bin(row)).or_default().push(row);
    }
    let mut matched = MatchedNegatives {
        rows: Vec::new(),
        short: Vec::new(),
    };
    for (bin, positives) in wanted {
        let wanted = (positives as f64 * per_positive).round() as usize;
        let mut candidates = available.remove(&bin).unwrap_or_default();
        if candidates.len() < wanted {
            matched.short.push(ShortBin {
                above: bin * bin_percent,
                to: ((bin + 1) * bin_percent).min(100),
                wanted,
                available: candidates.len(),
            });
            matched.rows.append(&mut candidates);
            continue;
        }
        let mut rng = random::stream(seed, "negatives", &[u64::from(bin)]);
        let (drawn, _) = candidates.partial_shuffle(&mut rng, wanted);
        matched.rows.extend_from_slice(drawn);
    }
    matched.rows.sort_unstable();
    matched
}

/// Number of the bin of a GC share.
fn bin_of(gc: f64, bin_percent: u32) -> u32 {
    // Shares such as 110/200 are not exact in binary; their per cent must be.
    let percent = (gc * 1e8).round() / 1e6;
    let bin = (percent / f64::from(bin_percent)).ceil();
    (bin as u32).saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bins_are_closed_on_the_right() {
        for count in 0..=200_u32 {
            let expected = if count == 0 { 0 } else { (count - 1) / 20 };
            assert_eq!(
                bin_of(f64::from(count) / 200.0, 10),
                expected,
                "{count} of 200"
            );
        }
        assert_eq!(bin_of(1.0, 30), 3);
    }

    #[test]
    fn short_bins_are_told() {
        // Rows 0 to 9: positives of 45 % GC; rows 10 to 13: negatives of 50 %, others of 80 %.
        let gc = |row: usize| match row {
            0..10 => 0.45,
            10..14 => 0.5,
            _ => 0.8,
        };
        let positives: Vec<usize> = (0..10).collect();
        let negatives: Vec<usize> = (10..40).collect();
        let matched = match_gc(&positives, &negatives, gc, 10, 1.0, 0);
        assert_eq!(matched.rows, [10, 11, 12, 13]);
        assert_eq!(
            matched.short,
            [ShortBin {
                above: 40,
                to: 50,
                wanted: 10,
                available: 4
            }]
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn bins_are_filled_as_wanted(
            gcs in prop::collection::vec(0..=20_u32, 1..200),
            share in 1..9_usize,
            seed in any::<u64>(),
        ) {
            let gc = |row: usize| f64::from(gcs[row]) / 20.0;
            let (positives, negatives): (Vec<usize>, Vec<usize>) =
                (0..gcs.len()).partition(|row| row * 7 % 10 < share);
            let matched = match_gc(&positives, &negatives, gc, 10, 1.0, seed);
            prop_assert_eq!(&matched, &match_gc(&positives, &negatives, gc, 10, 1.0, seed));
            prop_assert!(matched.rows.is_sorted());
            prop_assert!(matched.rows.iter().all(|row| negatives.contains(row)));
            for bin in 0..10 {
                let count = |rows: &[usize]| rows.iter().filter(|&&row| bin_of(gc(row), 10) == bin).count();
                prop_assert_eq!(count(&matched.rows), count(&positives).min(count(&negatives)));
            }
        }
    }
}
