//! Adam with PyTorch's defaults and order of operations, and with its decay of weights (`AdamW`).
//!
//! Burn has an Adam too. This one keeps its moments under the names of the
//! parameters, so that a checkpoint holds them and a resumed training continues
//! bit for bit, and on the CPU it updates a parameter in one pass over memory.

use bindscape_kernels::adam::AdamStep;
use burn::tensor::Tensor;

use crate::layers;

const BETA1: f32 = 0.9;
const BETA2: f32 = 0.999;
const EPSILON: f32 = 1e-8;

/// First and second moment of the gradient of one parameter.
#[derive(Debug, Clone)]
pub(crate) struct Moments {
    pub(crate) first: Tensor<1>,
    pub(crate) second: Tensor<1>,
}

/// Bias corrections, step size and decay of one step, counted from 1.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StepSize {
    /// `learning rate / (1 - beta1^step)`.
    size: f32,
    /// `sqrt(1 - beta2^step)`.
    root: f32,
    /// What is left of a parameter before the step.
    keep: f32,
}

impl StepSize {
    pub(crate) fn new(learning_rate: f64, step: u64) -> Self {
        let power = |beta: f64| 1.0 - beta.powf(step as f64);
        Self {
            size: (learning_rate / power(0.9)) as f32,
            root: power(0.999).sqrt() as f32,
            keep: 1.0,
        }
    }

    /// The same for a parameter that loses the share `loss` of itself before the step.
    pub(crate) fn decayed(self, loss: f64) -> Self {
        Self {
            keep: (1.0 - loss) as f32,
            ..self
        }
    }
}

/// `parameter` after one step along `gradient`, and its moments after it.
pub(crate) fn step(
    parameter: Tensor<1>,
    gradient: Tensor<1>,
    moments: Option<Moments>,
    size: StepSize,
) -> (Tensor<1>, Moments) {
    let device = parameter.device();
    let moments = moments.unwrap_or_else(|| {
        let zeros = || Tensor::zeros(parameter.dims(), &device);
        Moments {
            first: zeros(),
            second: zeros(),
        }
    });
    if layers::fits(&device) {
        step_on_host(parameter, gradient, moments, size)
    } else {
        step_on_device(parameter, gradient, moments, size)
    }
}

/// The step as Burn operations, for every device.
fn step_on_device(
    parameter: Tensor<1>,
    gradient: Tensor<1>,
    moments: Moments,
    size: StepSize,
) -> (Tensor<1>, Moments) {
    let first = moments.first.clone() + (gradient.clone() - moments.first) * (1.0 - BETA1);
    let second = moments.second * BETA2 + gradient.square() * (1.0 - BETA2);
    let denominator = second.clone().sqrt() / size.root + EPSILON;
    let parameter = parameter * size.keep - first.clone() / denominator * size.size;
    (parameter, Moments { first, second })
}

/// The step in one pass over memory, in place.
fn step_on_host(
    parameter: Tensor<1>,
    gradient: Tensor<1>,
    moments: Moments,
    size: StepSize,
) -> (Tensor<1>, Moments) {
    let step = AdamStep {
        beta1: BETA1,
        beta2: BETA2,
        epsilon: EPSILON,
        size: size.size,
        root: size.root,
        keep: size.keep,
    };
    let (parameter, first, second) =
        layers::adam(parameter, gradient, moments.first, moments.second, step);
    (parameter, Moments { first, second })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::to_vec;
    use burn::tensor::{Device, TensorData};

    /// By hand: 2 x (1 - 0.01 x 0.5) less a step of 0.01.
    #[test]
    fn what_decays_loses_its_share_before_the_step() {
        let device = Device::flex();
        let tensor =
            |value: f32| Tensor::<1>::from_data(TensorData::new(vec![value], [1]), &device);
        let size = StepSize::new(0.01, 1).decayed(0.01 * 0.5);
        let moments = Moments {
            first: tensor(0.0),
            second: tensor(0.0),
        };
        let (host, _) = step(tensor(2.0), tensor(3.0), None, size);
        let (other, _) = step_on_device(tensor(2.0), tensor(3.0), moments, size);
        for parameter in [host, other] {
            assert!((to_vec(parameter)[0] - 1.98).abs() < 1e-6);
        }
    }

    #[test]
    fn both_ways_agree_and_the_first_step_has_the_size_of_the_learning_rate() {
        let device = Device::flex();
        let tensor = |values: &[f32]| {
            Tensor::<1>::from_data(TensorData::new(values.to_vec(), [values.len()]), &device)
        };
        let (start, gradients) = ([0.5, -1.0, 2.0], [[0.1, -3.0, 0.0], [0.2, 1.0, 1e-3]]);
        let mut host = (tensor(&start), None);
        let mut other = (tensor(&start), None);
        for (number, gradient) in gradients.iter().enumerate() {
            let size = StepSize::new(0.01, number as u64 + 1);
            let (p, m) = step(host.0, tensor(gradient), host.1, size);
            host = (p, Some(m));
            let zeros = Moments {
                first: tensor(&[0.0; 3]),
                second: tensor(&[0.0; 3]),
            };
            let (p, m) = step_on_device(other.0, tensor(gradient), other.1.unwrap_or(zeros), size);
            other = (p, Some(m));
            let (a, b) = (to_vec(host.0.clone()), to_vec(other.0.clone()));
            for (a, b) in a.iter().zip(&b) {
                assert!((a - b).abs() <= 1e-7 * a.abs(), "{a} {b}");
            }
            if number == 0 {
                assert!((a[0] - 0.49).abs() < 1e-6 && (a[1] + 0.99).abs() < 1e-6);
                assert_eq!(a[2], 2.0, "no gradient, no step");
            }
        }
    }
}
