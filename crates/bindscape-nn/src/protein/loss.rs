//! What a network shall answer, and how far it is from it.

use bindscape_protein::{CLASSES, Label};
use serde::{Deserialize, Serialize};

use super::heads::Heads;

/// What each head says of a protein, before sigmoid and softmax.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Logits {
    /// The transcription-factor head; `None` where the network has none.
    pub tf: Option<f32>,
    /// The domain head, in the order of [`ProteinClass::ALL`](bindscape_protein::ProteinClass::ALL).
    pub classes: Option<[f32; CLASSES]>,
}

/// How much the proteins of a class count in the loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClassWeights {
    /// Each protein the same.
    #[default]
    None,
    /// Each class the same in sum.
    Balanced,
}

impl std::fmt::Display for ClassWeights {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Balanced => "balanced",
        })
    }
}

impl std::str::FromStr for ClassWeights {
    type Err = bindscape_base::Error;

    fn from_str(text: &str) -> bindscape_base::Result<Self> {
        match text {
            "none" => Ok(Self::None),
            "balanced" => Ok(Self::Balanced),
            _ => Err(bindscape_base::Error::argument(
                "class_weights",
                "none or balanced",
                format!("`{text}`"),
            )),
        }
    }
}

/// The task of a network: labels, and what they count.
#[derive(Debug, Clone)]
pub(crate) struct Task<'a> {
    labels: &'a [Label],
    /// Factors of the losses of the two heads.
    factors: [f64; 2],
    /// Weights of proteins that are no transcription factor, and of those that are one.
    tf: [f64; 2],
    /// Weights by class; all zero where there is one class only.
    classes: [f64; CLASSES],
    /// Sum of weights of the training proteins: no transcription factor, transcription factor.
    tf_sums: [f64; 2],
    /// The same by class.
    class_sums: [f64; CLASSES],
}

/// Loss of a batch, and its gradient.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Loss {
    pub(crate) total: f64,
    /// Binary cross-entropy of the transcription-factor head.
    pub(crate) tf: Option<f64>,
    /// Cross-entropy of the domain head; `None` if no class is known.
    pub(crate) domain: Option<f64>,
    /// Gradient of the total for the logits, `[proteins]`.
    pub(crate) d_tf: Vec<f32>,
    /// `[proteins][classes]`.
    pub(crate) d_domain: Vec<f32>,
}

impl<'a> Task<'a> {
    /// The task of learning `labels`, weighted as the proteins `train` ask for.
    pub(crate) fn new(
        heads: Heads,
        labels: &'a [Label],
        train: &[usize],
        loss_weights: [f64; 2],
        weights: ClassWeights,
    ) -> Self {
        let mut tf_sums = [0.0; 2];
        let mut class_sums = [0.0; CLASSES];
        for &row in train {
            tf_sums[usize::from(labels[row].tf)] += 1.0;
            if let Some(class) = labels[row].class {
                class_sums[class.index()] += 1.0;
            }
        }
        let mut tf = [1.0; 2];
        // With one class there is nothing to learn (labels without classes have
        // `non_tf` alone): the domain head learns nothing then.
        let several = class_sums.iter().filter(|&&sum| sum > 0.0).count() > 1;
        let mut classes = [if several { 1.0 } else { 0.0 }; CLASSES];
        if weights == ClassWeights::Balanced {
            balance(&mut tf, &tf_sums);
            balance(&mut classes, &class_sums);
        }
        for (sums, weights) in [
            (&mut tf_sums[..], &tf[..]),
            (&mut class_sums[..], &classes[..]),
        ] {
            sums.iter_mut()
                .zip(weights)
                .for_each(|(sum, weight)| *sum *= weight);
        }
        Self {
            labels,
            factors: match heads {
                Heads::Both => loss_weights,
                Heads::Tf => [1.0, 0.0],
                Heads::Domain => [0.0, 1.0],
            },
            tf,
            classes,
            tf_sums,
            class_sums,
        }
    }

    /// Whether there is more than one class to learn.
    pub(crate) fn has_classes(&self) -> bool {
        self.classes.iter().any(|&weight| weight > 0.0)
    }

    /// Share of transcription factors among the training proteins as the loss weighs them;
    /// `None` if it is 0 or 1.
    pub(crate) fn tf_prior(&self) -> Option<f64> {
        share(self.tf_sums[1], self.tf_sums[0])
    }

    /// The same for the domain head.
    pub(crate) fn domain_prior(&self) -> Option<f64> {
        let (non_tf, tf) = self.class_sums.split_last().expect("five classes");
        share(tf.iter().sum(), *non_tf)
    }

    /// Loss and gradient of what the heads say of the proteins `rows`: weighted means over the
    /// proteins, as PyTorch's losses with class weights have them.
    pub(crate) fn loss(&self, rows: &[usize], tf: Option<&[f32]>, domain: Option<&[f32]>) -> Loss {
        let mut loss = Loss {
            total: 0.0,
            tf: None,
            domain: None,
            d_tf: Vec::new(),
            d_domain: Vec::new(),
        };
        if let Some(logits) = tf {
            let weight = |row: usize| self.tf[usize::from(self.labels[row].tf)];
            let all: f64 = rows.iter().map(|&row| weight(row)).sum();
            let mut sum = 0.0;
            for (&row, &x) in rows.iter().zip(logits) {
                let (x, y) = (f64::from(x), f64::from(u8::from(self.labels[row].tf)));
                sum += weight(row) * (x.max(0.0) - x * y + (-x.abs()).exp().ln_1p());
                let d = weight(row) * (sigmoid(x) - y) / all;
                loss.d_tf.push((self.factors[0] * d) as f32);
            }
            loss.tf = Some(sum / all);
            loss.total += self.factors[0] * sum / all;
        }
        if let Some(logits) = domain {
            let weight = |row: usize| {
                let class = self.labels[row].class;
                class.map_or(0.0, |class| self.classes[class.index()])
            };
            let all: f64 = rows.iter().map(|&row| weight(row)).sum();
            let mut sum = 0.0;
            for (&row, x) in rows.iter().zip(logits.as_chunks::<CLASSES>().0) {
                let class = match self.labels[row].class {
                    Some(class) if weight(row) > 0.0 => class.index(),
                    _ => {
                        loss.d_domain.extend([0.0; CLASSES]);
                        continue;
                    }
                };
                let shares = softmax(x);
                sum -= weight(row) * log_softmax(x)[class];
                for (index, share) in shares.into_iter().enumerate() {
                    let y = f64::from(u8::from(index == class));
                    let d = weight(row) * (share - y) / all;
                    loss.d_domain.push((self.factors[1] * d) as f32);
                }
            }
            if all > 0.0 {
                loss.domain = Some(sum / all);
                loss.total += self.factors[1] * sum / all;
            }
        }
        loss
    }
}

/// Weights by which all classes that occur weigh the same, and the mean protein 1.
fn balance(weights: &mut [f64], counts: &[f64]) {
    let all: f64 = counts.iter().sum();
    let present = counts.iter().filter(|&&count| count > 0.0).count() as f64;
    for (weight, &count) in weights.iter_mut().zip(counts) {
        if count > 0.0 {
            *weight *= all / (present * count);
        }
    }
}

fn share(positive: f64, negative: f64) -> Option<f64> {
    (positive > 0.0 && negative > 0.0).then(|| positive / (positive + negative))
}

/// The probability of a logit.
pub(crate) fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// Logarithms of the probabilities of logits.
fn log_softmax(x: &[f32; CLASSES]) -> [f64; CLASSES] {
    let x = x.map(f64::from);
    let most = x.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = x.iter().map(|x| (x - most).exp()).sum();
    x.map(|x| x - most - sum.ln())
}

/// The probabilities of logits.
pub(crate) fn softmax(x: &[f32; CLASSES]) -> [f64; CLASSES] {
    log_softmax(x).map(f64::exp)
}

#[cfg(test)]
mod tests {
    use bindscape_protein::ProteinClass;

    use super::*;

    fn labels() -> Vec<Label> {
        vec![
            ProteinClass::ZincFinger.into(),
            ProteinClass::NonTf.into(),
            Label {
                tf: true,
                class: None,
            },
            ProteinClass::NonTf.into(),
        ]
    }

    #[test]
    fn gradients_are_those_of_the_loss() {
        let labels = labels();
        let rows = [0, 1, 2, 3];
        for weights in [ClassWeights::None, ClassWeights::Balanced] {
            let task = Task::new(Heads::Both, &labels, &rows, [0.7, 0.3], weights);
            let tf: Vec<f32> = vec![0.5, -1.0, 2.0, 0.1];
            let domain: Vec<f32> = (0..20).map(|i| (i as f32 * 0.7).sin()).collect();
            let loss = task.loss(&rows, Some(&tf), Some(&domain));
            let near = |a: f64, b: f32| assert!((a - f64::from(b)).abs() < 1e-4, "{a} {b}");
            for index in 0..tf.len() {
                let moved = |by: f32| {
                    let mut tf = tf.clone();
                    tf[index] += by;
                    task.loss(&rows, Some(&tf), Some(&domain)).total
                };
                near((moved(0.01) - moved(-0.01)) / 0.02, loss.d_tf[index]);
            }
            for index in 0..domain.len() {
                let moved = |by: f32| {
                    let mut domain = domain.clone();
                    domain[index] += by;
                    task.loss(&rows, Some(&tf), Some(&domain)).total
                };
                near((moved(0.01) - moved(-0.01)) / 0.02, loss.d_domain[index]);
            }
            assert_eq!(loss.d_domain[10..15], [0.0; 5], "no class, no gradient");
            let parts = 0.7 * loss.tf.unwrap() + 0.3 * loss.domain.unwrap();
            assert!((loss.total - parts).abs() < 1e-12);
        }
    }

    #[test]
    fn without_classes_the_domain_head_has_nothing_to_learn() {
        let labels = vec![
            Label {
                tf: true,
                class: None,
            },
            ProteinClass::NonTf.into(),
        ];
        let task = Task::new(
            Heads::Both,
            &labels,
            &[0, 1],
            [0.7, 0.3],
            ClassWeights::None,
        );
        let loss = task.loss(&[0, 1], Some(&[0.0, 0.0]), Some(&[1.0; 10]));
        assert!(!task.has_classes() && loss.domain.is_none());
        assert_eq!(loss.d_domain, [0.0; 10]);
        assert!((loss.total - 0.7 * 2_f64.ln()).abs() < 1e-12);
    }

    #[test]
    fn weights_balance_classes_and_the_prior_tells() {
        let labels = labels();
        let rows = [0, 1, 3];
        let task = |weights| Task::new(Heads::Both, &labels, &rows, [0.5, 0.5], weights);
        let plain = task(ClassWeights::None);
        assert!((plain.tf_prior().unwrap() - 1.0 / 3.0).abs() < 1e-12);
        let balanced = task(ClassWeights::Balanced);
        assert!((balanced.tf_prior().unwrap() - 0.5).abs() < 1e-12);
        assert!((balanced.domain_prior().unwrap() - 0.5).abs() < 1e-12);
        let one = Task::new(Heads::Tf, &labels, &[1], [0.5, 0.5], ClassWeights::None);
        assert_eq!(one.tf_prior(), None);
    }
}
