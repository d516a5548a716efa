//! Multinomial logistic regression.

use bindscape_base::Result;
use bindscape_base::progress::{Progress, check};
use bindscape_stats::minimise;
use rayon::prelude::*;

use super::composition::{MeanFeatures, Standard};
use super::{Baseline, Task, loss, softmax};

/// Penalties that are tried, strongest first: each starts from the weights of the one before.
const PENALTIES: [f64; 9] = [1.0, 0.3, 0.1, 0.03, 0.01, 3e-3, 1e-3, 3e-4, 1e-4];
/// The search ends after so many penalties in a row that validate worse.
const PATIENCE: usize = 2;
/// Rows whose gradient is summed by one thread at a time.
const CHUNK: usize = 256;
/// Steps at most, and the size of the gradient that counts as none.
const ITERATIONS: usize = 200;
const TOLERANCE: f64 = 1e-4;

/// Logistic regression with squared penalty on standardised features. The strength of the penalty
/// is the one with the smallest loss on the validation part.
#[derive(Debug, Clone, Copy)]
pub struct Logistic<'a> {
    /// One vector per protein.
    pub features: &'a MeanFeatures,
}

impl Baseline for Logistic<'_> {
    fn probabilities(
        &self,
        task: &Task<'_>,
        rows: &[usize],
        progress: &dyn Progress,
    ) -> Result<Vec<f64>> {
        Ok(self.fit(task, progress)?.probabilities(self.features, rows))
    }
}

impl Logistic<'_> {
    /// Weights for the proteins of `task`.
    ///
    /// # Errors
    /// If the user asked to stop.
    pub(super) fn fit(&self, task: &Task<'_>, progress: &dyn Progress) -> Result<Fitted> {
        let standard = self.features.standard(&task.train);
        let x = standard.apply(self.features, &task.train);
        let held_out = standard.apply(self.features, &task.validation);
        let mut weights = Weights::zero(task.classes, self.features.columns());
        let mut best: Option<(f64, Weights)> = None;
        let mut worse = 0;
        for penalty in PENALTIES {
            weights.fit(&x, &task.train_answers, penalty, progress)?;
            let loss = loss(
                &weights.probabilities(&held_out),
                &task.validation_answers,
                task.classes,
            );
            if best.as_ref().is_none_or(|(least, _)| loss < *least) {
                best = Some((loss, weights.clone()));
                worse = 0;
            } else {
                worse += 1;
                if worse == PATIENCE {
                    break;
                }
            }
        }
        let (_, weights) = best.expect("the first penalty is the best so far");
        Ok(Fitted { standard, weights })
    }
}

/// A logistic regression, fitted.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fitted {
    pub(crate) standard: Standard,
    pub(crate) weights: Weights,
}

impl Fitted {
    /// Probabilities of the proteins `rows`, rows x classes.
    pub(crate) fn probabilities(&self, features: &MeanFeatures, rows: &[usize]) -> Vec<f64> {
        self.weights
            .probabilities(&self.standard.apply(features, rows))
    }
}

/// One row of weights per class, and a constant each at the end.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Weights {
    pub(crate) classes: usize,
    pub(crate) columns: usize,
    /// Classes x columns, then classes.
    pub(crate) values: Vec<f64>,
}

impl Weights {
    pub(crate) fn zero(classes: usize, columns: usize) -> Self {
        Self {
            classes,
            columns,
            values: vec![0.0; classes * (columns + 1)],
        }
    }

    /// Those of a file; `None` if they are too few, too many or no numbers.
    pub(crate) fn of(values: Vec<f64>, classes: usize, columns: usize) -> Option<Self> {
        let sound = values.len() == classes * (columns + 1) && values.iter().all(|v| v.is_finite());
        sound.then_some(Self {
            classes,
            columns,
            values,
        })
    }

    /// The constants of the classes.
    pub(crate) fn constants(&self) -> &[f64] {
        &self.values[self.classes * self.columns..]
    }

    /// The weights of the features in single precision, classes x columns.
    pub(crate) fn single(&self) -> Vec<f32> {
        let own = &self.values[..self.classes * self.columns];
        own.iter().map(|&weight| weight as f32).collect()
    }

    /// Rounds the weights of the features to single precision.
    pub(crate) fn round(&mut self) {
        for weight in &mut self.values[..self.classes * self.columns] {
            *weight = f64::from(*weight as f32);
        }
    }

    /// Of two classes, what the logit of the second grows by with each feature,
    pub(crate) fn slopes(&self) -> Vec<f64> {
        let (first, rest) = self.values.split_at(self.columns);
        first.iter().zip(rest).map(|(a, b)| b - a).collect()
    }

    /// and what it is without any.
    pub(crate) fn constant(&self) -> f64 {
        let constants = self.constants();
        constants[1] - constants[0]
    }

    /// Minimises the mean loss plus half the penalty times the squared weights.
    pub(crate) fn fit(
        &mut self,
        x: &[f32],
        answers: &[usize],
        penalty: f64,
        progress: &dyn Progress,
    ) -> Result<()> {
        let (classes, columns) = (self.classes, self.columns);
        let mut values = std::mem::take(&mut self.values);
        let done = minimise(&mut values, ITERATIONS, TOLERANCE, |values, gradient| {
            check(progress)?;
            Ok(objective(
                x, answers, classes, columns, penalty, values, gradient,
            ))
        });
        self.values = values;
        done
    }

    /// Of rows of features, rows x classes.
    pub(crate) fn probabilities(&self, x: &[f32]) -> Vec<f64> {
        let (weights, constants) = self.values.split_at(self.classes * self.columns);
        let weights: Vec<f32> = weights.iter().map(|&w| w as f32).collect();
        let mut out = vec![0.0; x.len() / self.columns * self.classes];
        out.par_chunks_exact_mut(self.classes)
            .zip(x.par_chunks_exact(self.columns))
            .for_each(|(out, row)| logits(row, &weights, constants, out));
        out
    }
}

/// Probabilities of one row.
fn logits(row: &[f32], weights: &[f32], constants: &[f64], out: &mut [f64]) {
    for ((out, weights), constant) in out
        .iter_mut()
        .zip(weights.chunks_exact(row.len()))
        .zip(constants)
    {
        *out = constant + f64::from(dot(row, weights));
    }
    softmax(out);
}

/// The loss and its gradient. Parts are added in one order whatever the number of threads.
fn objective(
    x: &[f32],
    answers: &[usize],
    classes: usize,
    columns: usize,
    penalty: f64,
    values: &[f64],
    gradient: &mut [f64],
) -> f64 {
    let (weights, constants) = values.split_at(classes * columns);
    let single: Vec<f32> = weights.iter().map(|&w| w as f32).collect();
    let parts: Vec<(f64, Vec<f32>)> = x
        .par_chunks(CHUNK * columns)
        .zip(answers.par_chunks(CHUNK))
        .map(|(x, answers)| {
            let mut part = vec![0.0_f32; classes * (columns + 1)];
            let (slopes, sums) = part.split_at_mut(classes * columns);
            let mut p = vec![0.0; classes];
            let mut loss = 0.0;
            for (row, &answer) in x.chunks_exact(columns).zip(answers) {
                logits(row, &single, constants, &mut p);
                loss -= p[answer].max(f64::MIN_POSITIVE).ln();
                p[answer] -= 1.0;
                for ((slopes, sum), &p) in slopes
                    .chunks_exact_mut(columns)
                    .zip(sums.iter_mut())
                    .zip(&p)
                {
                    let p = p as f32;
                    *sum += p;
                    for (slope, value) in slopes.iter_mut().zip(row) {
                        *slope += p * value;
                    }
                }
            }
            (loss, part)
        })
        .collect();
    let share = 1.0 / answers.len() as f64;
    let mut value = 0.0;
    gradient.fill(0.0);
    for (loss, part) in parts {
        value += share * loss;
        for (gradient, part) in gradient.iter_mut().zip(part) {
            *gradient += share * f64::from(part);
        }
    }
    for (gradient, &weight) in gradient.iter_mut().zip(weights) {
        *gradient += penalty * weight;
        value += 0.5 * penalty * weight * weight;
    }
    value
}

/// Product of two vectors, in sixteen sums that the compiler keeps in registers.
pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<16>(), b.as_chunks::<16>());
    let mut sums = [0.0_f32; 16];
    for (a, b) in a.iter().zip(b) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use bindscape_base::progress::Silent;

    #[test]
    fn one_feature_has_the_textbook_solution() {
        // Three of four right on each side: the log odds at +1 and -1 are ln 3 and -ln 3.
        let x = [1.0, 1.0, 1.0, 1.0, -1.0, -1.0, -1.0, -1.0];
        let answers = [1, 1, 1, 0, 0, 0, 0, 1];
        let mut weights = Weights::zero(2, 1);
        weights.fit(&x, &answers, 1e-9, &Silent).expect("fitted");
        let p = weights.probabilities(&[1.0, -1.0, 0.0]);
        for (p, expected) in p.chunks(2).zip([0.75, 0.25, 0.5]) {
            assert!((p[1] - expected).abs() < 1e-3, "{p:?}");
        }
    }

    #[test]
    fn threads_do_not_change_the_weights() {
        let n = 700;
        let x: Vec<f32> = (0..n * 3)
            .map(|i| ((i * 7919 % 1009) as f32 / 500.0) - 1.0)
            .collect();
        let answers: Vec<usize> = (0..n)
            .map(|i| usize::from(x[3 * i] > 0.2) + usize::from(x[3 * i + 1] > 0.5))
            .collect();
        let fit = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            let mut weights = Weights::zero(3, 3);
            pool.expect("threads")
                .install(|| weights.fit(&x, &answers, 1e-3, &Silent))
                .expect("fitted");
            weights.values
        };
        assert_eq!(fit(1), fit(3));
    }
}
