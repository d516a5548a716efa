//! Minimisation of a smooth convex function by L-BFGS (Liu and Nocedal 1989).

use bindscape_base::Result;

/// Pairs of steps and gradient changes that are remembered.
const MEMORY: usize = 10;
/// Least share of the decrease that the slope promises (Armijo).
const DECREASE: f64 = 1e-4;

/// Minimises `function`, which puts the gradient at its first argument into its second and
/// gives the value, from `x` on. Ends when no entry of the gradient exceeds `tolerance`, after
/// `iterations`, or when numbers are too coarse for a further decrease.
///
/// # Errors
/// Those of `function`.
pub fn minimise(
    x: &mut Vec<f64>,
    iterations: usize,
    tolerance: f64,
    mut function: impl FnMut(&[f64], &mut [f64]) -> Result<f64>,
) -> Result<()> {
    let mut gradient = vec![0.0; x.len()];
    let mut value = function(x, &mut gradient)?;
    let mut pairs: Vec<Pair> = Vec::new();
    let mut next = x.clone();
    let mut next_gradient = gradient.clone();
    for _ in 0..iterations {
        if gradient.iter().all(|g| g.abs() <= tolerance) {
            break;
        }
        let mut direction = descent(&gradient, &pairs);
        let mut slope = dot(&direction, &gradient);
        if slope >= 0.0 {
            // Rounding has spoilt the memory: start again from the gradient.
            pairs.clear();
            direction = descent(&gradient, &pairs);
            slope = dot(&direction, &gradient);
        }
        // Without memory the gradient says nothing of the length.
        let mut step = if pairs.is_empty() {
            (1.0 / dot(&gradient, &gradient).sqrt()).min(1.0)
        } else {
            1.0
        };
        let found = loop {
            for ((next, &x), &d) in next.iter_mut().zip(x.iter()).zip(&direction) {
                *next = x + step * d;
            }
            let reached = function(&next, &mut next_gradient)?;
            if reached <= value + DECREASE * step * slope {
                break Some(reached);
            }
            step /= 2.0;
            if step < 1e-10 {
                break None;
            }
        };
        let Some(reached) = found else { break };
        let pair = Pair::new(x, &next, &gradient, &next_gradient);
        if let Some(pair) = pair {
            if pairs.len() == MEMORY {
                pairs.remove(0);
            }
            pairs.push(pair);
        }
        std::mem::swap(x, &mut next);
        std::mem::swap(&mut gradient, &mut next_gradient);
        value = reached;
    }
    Ok(())
}

/// A step and the change of the gradient along it.
struct Pair {
    step: Vec<f64>,
    change: Vec<f64>,
    /// One over their product.
    inverse: f64,
}

impl Pair {
    /// `None` where the function does not curve upwards.
    fn new(from: &[f64], to: &[f64], before: &[f64], after: &[f64]) -> Option<Self> {
        let difference = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a - b).collect();
        let step: Vec<f64> = difference(to, from);
        let change: Vec<f64> = difference(after, before);
        let product = dot(&step, &change);
        (product > 1e-12 * dot(&change, &change)).then(|| Self {
            step,
            change,
            inverse: 1.0 / product,
        })
    }
}

/// The direction of the two-loop recursion.
fn descent(gradient: &[f64], pairs: &[Pair]) -> Vec<f64> {
    let mut direction: Vec<f64> = gradient.iter().map(|g| -g).collect();
    let mut weights = vec![0.0; pairs.len()];
    for (pair, weight) in pairs.iter().zip(&mut weights).rev() {
        *weight = pair.inverse * dot(&pair.step, &direction);
        add(&mut direction, -*weight, &pair.change);
    }
    if let Some(last) = pairs.last() {
        let scale = 1.0 / (last.inverse * dot(&last.change, &last.change));
        direction.iter_mut().for_each(|d| *d *= scale);
    }
    for (pair, weight) in pairs.iter().zip(&weights) {
        let back = pair.inverse * dot(&pair.change, &direction);
        add(&mut direction, weight - back, &pair.step);
    }
    direction
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn add(to: &mut [f64], factor: f64, values: &[f64]) {
    for (to, value) in to.iter_mut().zip(values) {
        *to += factor * value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ill_conditioned_bowl() {
        let scales = [1.0, 100.0, 1e4];
        let mut x = vec![5.0, -3.0, 2.0];
        let mut calls = 0;
        minimise(&mut x, 200, 1e-8, |x, gradient| {
            calls += 1;
            let mut value = 0.0;
            for (i, scale) in scales.iter().enumerate() {
                let from = x[i] - i as f64;
                value += scale * from * from / 2.0;
                gradient[i] = scale * from;
            }
            Ok(value)
        })
        .expect("nothing fails");
        for (i, x) in x.iter().enumerate() {
            assert!((x - i as f64).abs() < 1e-7, "{x}");
        }
        assert!(calls < 60, "{calls}");
    }
}
