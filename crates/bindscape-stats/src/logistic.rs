//! Logistic regression with a penalty of its own for each feature.

use bindscape_base::Result;

use crate::design::{DenseRows, Design, product};
use crate::optimise::minimise;

/// Steps at most, and the size of the gradient that counts as none.
const ITERATIONS: usize = 500;
const TOLERANCE: f64 = 1e-7;

/// The log odds of a yes as a linear function of features.
#[derive(Debug, Clone, PartialEq)]
pub struct LogisticRegression {
    /// One per feature.
    pub weights: Vec<f64>,
    /// The log odds where all features are 0.
    pub constant: f64,
}

impl LogisticRegression {
    /// Minimises the summed cross-entropy of `labels` plus half of the squared weights, each times
    /// its penalty; the constant bears none. `x` holds a row of features per label; there are as
    /// many features as penalties. Features should be of one scale.
    ///
    /// ```
    /// use bindscape_stats::LogisticRegression;
    ///
    /// // Three of four are right on each side: the log odds at +1 and -1 are ln 3 and -ln 3.
    /// let x = [1.0, 1.0, 1.0, 1.0, -1.0, -1.0, -1.0, -1.0];
    /// let labels = [true, true, true, false, false, false, false, true];
    /// let fitted = LogisticRegression::fit(&x, &labels, &[1e-9], || Ok(()))?;
    /// assert!((fitted.log_odds(&[1.0]) - 3.0_f64.ln()).abs() < 1e-5);
    /// # Ok::<(), bindscape_base::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of `check`, which is asked at every step.
    ///
    /// # Panics
    /// If `x` does not hold a row for each label.
    pub fn fit(
        x: &[f32],
        labels: &[bool],
        penalties: &[f64],
        check: impl FnMut() -> Result<()>,
    ) -> Result<Self> {
        let x = DenseRows::new(x, labels.len(), penalties.len());
        Self::fit_design(&x, labels, penalties, check)
    }

    /// The same for features that are given as a [`Design`], such as sparse ones.
    ///
    /// # Errors
    /// Those of `check`, which is asked at every step.
    ///
    /// # Panics
    /// If `x` has not a row for each label and a column for each penalty.
    pub fn fit_design(
        x: &impl Design,
        labels: &[bool],
        penalties: &[f64],
        mut check: impl FnMut() -> Result<()>,
    ) -> Result<Self> {
        let columns = penalties.len();
        assert_eq!(x.columns(), columns, "a penalty for each column");
        assert_eq!(x.rows(), labels.len(), "a row for each label");
        let share = 1.0 / labels.len().max(1) as f64;
        let mut slopes = vec![0.0; labels.len()];
        let mut values = vec![0.0; columns + 1];
        minimise(&mut values, ITERATIONS, TOLERANCE, |values, gradient| {
            check()?;
            let (weights, constant) = values.split_at(columns);
            let mut loss = 0.0;
            // The log odds, and in their place the slopes of the loss.
            x.multiply(weights, &mut slopes);
            for (slope, &label) in slopes.iter_mut().zip(labels) {
                let z = constant[0] + *slope;
                let signed = if label { z } else { -z };
                // -log sigmoid(signed), without overflow.
                loss += (-signed).max(0.0) + (-signed.abs()).exp().ln_1p();
                *slope = 1.0 / (1.0 + (-z).exp()) - f64::from(u8::from(label));
            }
            gradient.fill(0.0);
            x.add_rows(&slopes, &mut gradient[..columns]);
            gradient[columns] = slopes.iter().sum();
            for ((gradient, weight), penalty) in gradient.iter_mut().zip(weights).zip(penalties) {
                *gradient += penalty * weight;
                loss += 0.5 * penalty * weight * weight;
            }
            // Means have gradients of one size whatever the number of rows.
            gradient.iter_mut().for_each(|gradient| *gradient *= share);
            Ok(share * loss)
        })?;
        let constant = values.pop().expect("the constant is the last");
        Ok(Self {
            weights: values,
            constant,
        })
    }

    /// The log odds of a row of features.
    #[must_use]
    pub fn log_odds(&self, row: &[f32]) -> f64 {
        self.constant + product(row, &self.weights)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `LogisticRegression(C=0.5).fit` of scikit-learn 1.9 on the same rows, the second feature
    /// multiplied by 2 there, which is a quarter of the penalty.
    #[test]
    fn as_scikit_learn() {
        let x: [f32; 16] = [
            0.5, -1.0, 1.5, 0.25, -0.75, 0.5, 2.0, 1.0, -1.25, -0.5, 0.0, 1.5, 1.0, -2.0, -0.5,
            0.75,
        ];
        let labels = [false, true, false, true, false, true, true, false];
        let fitted = LogisticRegression::fit(&x, &labels, &[2.0, 0.5], || Ok(())).unwrap();
        let expected = [0.819752, 0.237967, -0.254499];
        let found = [fitted.weights[0], fitted.weights[1], fitted.constant];
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-4, "{found} {expected}");
        }
    }

    /// The same regression with its features in two tables.
    #[test]
    fn side_by_side_is_one_table() {
        use crate::design::SideBySide;
        let x: [f32; 8] = [0.5, -1.0, 1.5, 0.25, -0.75, 0.5, 2.0, 1.0];
        let labels = [false, true, false, true];
        let [first, second] =
            [0, 1].map(|at| x.iter().skip(at).step_by(2).copied().collect::<Vec<f32>>());
        let [first, second] = [&first, &second].map(|values| DenseRows::new(values, 4, 1));
        let penalties = [2.0, 0.5];
        let apart = SideBySide(&first, &second);
        let apart = LogisticRegression::fit_design(&apart, &labels, &penalties, || Ok(()));
        let together = LogisticRegression::fit(&x, &labels, &penalties, || Ok(()));
        let (apart, together) = (apart.unwrap(), together.unwrap());
        assert!((apart.weights[0] - together.weights[0]).abs() < 1e-9);
        assert!((apart.weights[1] - together.weights[1]).abs() < 1e-9);
        assert!((apart.constant - together.constant).abs() < 1e-9);
    }

    #[test]
    fn a_strong_penalty_leaves_the_share() {
        let x = [1.0, -1.0, 0.5, 0.2];
        let labels = [true, false, false, false];
        let fitted = LogisticRegression::fit(&x, &labels, &[1e9], || Ok(())).unwrap();
        assert!(fitted.weights[0].abs() < 1e-6);
        assert!((fitted.constant - (1.0_f64 / 3.0).ln()).abs() < 1e-4);
    }
}
