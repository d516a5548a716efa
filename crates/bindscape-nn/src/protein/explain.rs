//! Which residues a score comes from: integrated gradients (Sundararajan et al., 2017,
//! "Axiomatic attribution for deep networks").
//!
//! The attribution of an input is its difference from a baseline times the mean gradient on the
//! straight line between them. All attributions add up to the difference of the outputs, up
//! to the error of the mean over a finite number of points ([`Attribution::gap`]); the points and
//! weights are those of Gauss and Legendre, as in Captum.

use bindscape_base::progress::{Progress, check};
use bindscape_base::{Error, Result};
use bindscape_protein::{Features, ProteinClass, Windows};
use serde::{Deserialize, Serialize};

use super::forward::{self, Batch, HeadLogits};
use super::predict::ProteinPredictor;
use crate::host::to_vec;
use crate::network::{Positions, Value};
use crate::quadrature::gauss_legendre;

/// Points of the line that are computed at a time.
const BATCH: usize = 32;

/// What is explained; written as `tf` or the name of a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// The logit of the transcription-factor head.
    Tf,
    /// The logit of a class in the domain head.
    #[serde(untagged)]
    Class(ProteinClass),
}

impl Target {
    /// Its name: `tf`, or that of the class.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Target::Tf => "tf",
            Target::Class(class) => class.name(),
        }
    }
}

/// Where the line begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Baseline {
    /// Features of zero, as in padding.
    #[default]
    Zeros,
    /// At every position the mean over the positions of the protein: its
    /// composition without an order.
    Mean,
}

/// How a score is explained.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ExplainOptions {
    /// Points on the line.
    pub steps: usize,
    /// Where it begins.
    pub baseline: Baseline,
}

impl Default for ExplainOptions {
    fn default() -> Self {
        Self {
            steps: 64,
            baseline: Baseline::Zeros,
        }
    }
}

/// What the positions of a protein contribute to an output.
#[derive(Debug, Clone, PartialEq)]
pub struct Attribution {
    /// Numbers per position.
    features: usize,
    /// The protein, positions x features.
    values: Vec<f32>,
    /// Mean gradient on the line, positions x features.
    gradients: Vec<f64>,
    /// A position of the baseline, `[features]`.
    baseline: Vec<f32>,
    /// The output for the protein, a logit.
    pub output: f64,
    /// The output for the baseline.
    pub baseline_output: f64,
}

impl Attribution {
    /// The attribution of each feature, positions x features.
    #[must_use]
    pub fn features(&self) -> Vec<f64> {
        let baseline = self.baseline.iter().cycle();
        let pairs = self.values.iter().zip(baseline).zip(&self.gradients);
        pairs
            .map(|((&value, &from), gradient)| f64::from(value - from) * gradient)
            .collect()
    }

    /// The attribution of each position: the sum over its features.
    #[must_use]
    pub fn positions(&self) -> Vec<f64> {
        let features = self.features();
        let rows = features.chunks_exact(self.features);
        rows.map(|row| row.iter().sum()).collect()
    }

    /// How much the attributions miss the difference of the outputs by.
    #[must_use]
    pub fn gap(&self) -> f64 {
        let sum: f64 = self.features().iter().sum();
        (sum - (self.output - self.baseline_output)).abs()
    }

    /// The attribution of each residue that the network saw (the first
    /// [`Windows::length`] of `length`).
    ///
    /// A position is the mean of its residues, so the chain rule gives each residue of a
    /// window its own features, less the baseline, times the gradient of the window over their
    /// number. That needs `residues`, the features of single residues (residues x
    /// features). Without them, which is all that there is of stored averages,
    /// the residues of a window have equal shares of its attribution. Either way they
    /// add up to it.
    ///
    /// # Panics
    /// If the windows do not make the positions of this protein, or the features of residues
    /// are too few.
    #[must_use]
    pub fn residues(&self, windows: Windows, length: usize, residues: Option<&[f32]>) -> Vec<f64> {
        let positions = self.positions();
        assert_eq!(
            windows.windows(length),
            positions.len(),
            "windows of this protein"
        );
        let mut all = Vec::with_capacity(length);
        for (window, position) in positions.into_iter().enumerate() {
            let range = windows.residues(window, length);
            let count = range.len() as f64;
            let gradients = &self.gradients[window * self.features..][..self.features];
            for residue in range {
                all.push(match residues {
                    None => position / count,
                    Some(values) => {
                        let own = &values[residue * self.features..][..self.features];
                        let pairs = own.iter().zip(&self.baseline).zip(gradients);
                        let sum: f64 = pairs
                            .map(|((&value, &from), gradient)| f64::from(value - from) * gradient)
                            .sum();
                        sum / count
                    }
                });
            }
        }
        all
    }
}

impl ProteinPredictor {
    /// What the positions of `protein` contribute to `target`.
    ///
    /// # Errors
    /// If the features are not of the model's encoder or cannot be read, the network has no such
    /// head, there are no steps, or the user asked to stop.
    pub fn explain(
        &self,
        features: &dyn Features,
        protein: usize,
        target: Target,
        options: ExplainOptions,
        progress: &dyn Progress,
    ) -> Result<Attribution> {
        self.encoder.check(features)?;
        let heads = self.config.heads();
        let (there, head) = match target {
            Target::Tf => (heads.tf(), "transcription-factor"),
            Target::Class(_) => (heads.domain(), "domain"),
        };
        if !there {
            return Err(Error::about(
                "the model",
                format!("a network with a {head} head"),
                format!("`{}`, which has none", self.config.kind()),
            ));
        }
        if options.steps == 0 {
            return Err(Error::argument("steps", "at least 1", "0"));
        }
        rayon::scope(|_| self.explain_here(features, protein, target, options, progress))
    }

    fn explain_here(
        &self,
        features: &dyn Features,
        protein: usize,
        target: Target,
        options: ExplainOptions,
        progress: &dyn Progress,
    ) -> Result<Attribution> {
        let network = &self.config;
        let width = network.features();
        let mut values = Vec::new();
        features.read(protein, &mut values)?;
        values.truncate(network.positions() * width);
        let rows = values.len() / width;
        let baseline = match options.baseline {
            Baseline::Zeros => vec![0.0; width],
            Baseline::Mean => mean(&values, width),
        };
        // The ends of the line, for the outputs, and the points on it, for the gradients.
        let outputs = self.line(&values, &baseline, &[0.0, 1.0]).0;
        let outputs = to_vec(choose(outputs, target).inner());
        let points = gauss_legendre(options.steps);
        let mut gradients = vec![0.0; values.len()];
        for points in points.chunks(BATCH) {
            check(progress)?;
            let places: Vec<f64> = points.iter().map(|&(place, _)| place).collect();
            let (outputs, batch, x) = self.line(&values, &baseline, &places);
            let mut found = choose(outputs, target).sum().backward();
            let found = x.grad_remove(&mut found).expect("the input is watched");
            let found = to_vec(found);
            for (number, &(_, weight)) in points.iter().enumerate() {
                let own = batch.take(network, number, &found);
                for (sum, gradient) in gradients.iter_mut().zip(own) {
                    *sum += weight * f64::from(gradient);
                }
            }
            progress.advance(points.len() as u64);
        }
        debug_assert_eq!(gradients.len(), rows * width);
        Ok(Attribution {
            features: width,
            values,
            gradients,
            baseline,
            output: f64::from(outputs[1]),
            baseline_output: f64::from(outputs[0]),
        })
    }

    /// What the network says at places of the line from the baseline (0) to the
    /// protein (1); the batch, and the input that gradients are asked for.
    fn line(
        &self,
        values: &[f32],
        baseline: &[f32],
        places: &[f64],
    ) -> (HeadLogits, Batch, burn::tensor::Tensor<3>) {
        let network = &self.config;
        let rows = values.len() / baseline.len();
        let mut batch = Batch::zeros(network, vec![rows; places.len()], rows, false);
        for (number, &place) in places.iter().enumerate() {
            let place = place as f32;
            let point: Vec<f32> = values
                .iter()
                .zip(baseline.iter().cycle())
                .map(|(&value, &from)| from + place * (value - from))
                .collect();
            batch.put(network, number, &point);
        }
        let x = batch
            .tensor(self.network.device())
            .autodiff()
            .require_grad();
        let input = Value::Positions(Positions {
            x: x.clone(),
            kept: Some(batch.rows.clone()),
        });
        let outputs = forward::predict(network, &self.network, input);
        (outputs, batch, x)
    }
}

/// The logits of a target, `[batch, 1]`.
fn choose(outputs: HeadLogits, target: Target) -> burn::tensor::Tensor<2> {
    let head = match target {
        Target::Tf => outputs.tf,
        Target::Class(class) => outputs.domain.map(|all| all.narrow(1, class.index(), 1)),
    };
    head.expect("the head was looked for before")
}

fn mean(values: &[f32], width: usize) -> Vec<f32> {
    let mut sums = vec![0.0_f64; width];
    for row in values.chunks_exact(width) {
        sums.iter_mut()
            .zip(row)
            .for_each(|(sum, &value)| *sum += f64::from(value));
    }
    let rows = (values.len() / width) as f64;
    sums.iter().map(|sum| (sum / rows) as f32).collect()
}
