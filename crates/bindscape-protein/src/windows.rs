//! Proteins of any length as input of fixed length.

use serde::{Deserialize, Serialize};

/// How per-residue features become rows of a network's input: averages over
/// consecutive windows, up to a standardised length.
///
/// The paper standardises proteins to 3,000 residues, averaged by tens to 300
/// positions ([`Windows::default`]). Averages are taken over the residues that are
/// there: padding is never stored nor averaged in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Windows {
    /// Residues per window; 1 keeps residues as they are.
    pub window: usize,
    /// Windows of the standardised length.
    pub positions: usize,
}

impl Default for Windows {
    fn default() -> Self {
        Self {
            window: 10,
            positions: 300,
        }
    }
}

impl Windows {
    /// The standardised length in residues; what lies beyond is cut.
    #[must_use]
    pub fn length(&self) -> usize {
        self.window * self.positions
    }

    /// Windows that hold residues of a protein of `residues` residues: the last one
    /// may be partly filled.
    #[must_use]
    pub fn windows(&self, residues: usize) -> usize {
        residues.min(self.length()).div_ceil(self.window)
    }

    /// Whether a protein of `residues` residues loses some.
    #[must_use]
    pub fn cut(&self, residues: usize) -> bool {
        residues > self.length()
    }

    /// Residues of window number `window` of a protein of `residues` residues, 0-based
    /// and half-open; empty beyond its end.
    #[must_use]
    pub fn residues(&self, window: usize, residues: usize) -> std::ops::Range<usize> {
        let end = residues.min(self.length());
        (window * self.window).min(end)..((window + 1) * self.window).min(end)
    }

    /// Averages per-residue features (residues x `features`, row-major) to windows.
    /// `out` becomes [`Windows::windows`] x `features`.
    ///
    /// # Panics
    /// If the values are no whole number of residues.
    pub fn average(&self, values: &[f32], features: usize, out: &mut Vec<f32>) {
        assert!(
            features > 0 && values.len().is_multiple_of(features),
            "whole residues"
        );
        let residues = values.len() / features;
        out.clear();
        out.reserve(self.windows(residues) * features);
        for window in 0..self.windows(residues) {
            let range = self.residues(window, residues);
            let share = 1.0 / range.len() as f32;
            let start = out.len();
            out.resize(start + features, 0.0);
            let sums = &mut out[start..];
            for row in values[range.start * features..range.end * features].chunks_exact(features) {
                for (sum, value) in sums.iter_mut().zip(row) {
                    *sum += value;
                }
            }
            for sum in sums {
                *sum *= share;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_papers_windows() {
        let windows = Windows::default();
        assert_eq!(windows.length(), 3000);
        let expected = [
            (1, 1),
            (10, 1),
            (11, 2),
            (2999, 300),
            (3000, 300),
            (9000, 300),
        ];
        for (residues, count) in expected {
            assert_eq!(windows.windows(residues), count, "{residues}");
        }
        assert!(windows.cut(3001) && !windows.cut(3000));
        assert_eq!(windows.residues(1, 13), 10..13);
        assert_eq!(windows.residues(299, 5000), 2990..3000);
        assert_eq!(windows.residues(7, 13), 13..13);
    }

    #[test]
    fn averages_leave_padding_out() {
        let windows = Windows {
            window: 2,
            positions: 2,
        };
        let mut out = vec![9.0];
        // Three residues of two features: the last window has one residue.
        windows.average(&[1.0, 10.0, 3.0, 20.0, 7.0, 40.0], 2, &mut out);
        assert_eq!(out, [2.0, 15.0, 7.0, 40.0]);
        windows.average(&[1.0, 3.0, 7.0, 9.0, 100.0], 1, &mut out);
        assert_eq!(out, [2.0, 8.0]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn windows_of_one_are_the_residues(values in prop::collection::vec(-5f32..5.0, 1..40)) {
            let mut out = Vec::new();
            Windows { window: 1, positions: 100 }.average(&values, 1, &mut out);
            prop_assert_eq!(&out, &values);
        }

        #[test]
        fn windows_tile_the_protein(residues in 1usize..200, window in 1usize..20, positions in 1usize..20) {
            let windows = Windows { window, positions };
            let mut next = 0;
            for number in 0..windows.windows(residues) {
                let range = windows.residues(number, residues);
                prop_assert_eq!(range.start, next);
                prop_assert!(!range.is_empty());
                next = range.end;
            }
            prop_assert_eq!(next, residues.min(windows.length()));
        }
    }
}
