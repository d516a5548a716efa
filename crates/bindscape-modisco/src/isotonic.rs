//! Isotonic regression of the share of real windows on their sum.

/// A function that never falls (or never rises), through the means of pooled values.
pub(crate) struct Isotonic {
    x: Vec<f64>,
    y: Vec<f64>,
}

/// Numbers closer than this are taken for one (the resolution of double precision in NumPy).
const RESOLUTION: f64 = 1e-15;

impl Isotonic {
    /// Fits 1 for each of `real` with weight 1, and 0 for each of `null` with the weight that makes
    /// both of the same weight in all. `real` is not empty, nor is `null`.
    pub(crate) fn fit(real: &[f64], null: &[f64], rising: bool) -> Self {
        let weight = real.len() as f64 / null.len() as f64;
        let mut points: Vec<(f64, f64, f64)> = (real.iter().map(|&x| (x, 1.0, 1.0)))
            .chain(null.iter().map(|&x| (x, 0.0, weight)))
            .collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let unique = average_equal(&points);
        let order = |values: &mut Vec<f64>| {
            if !rising {
                values.reverse();
            }
        };
        let mut y: Vec<f64> = unique.iter().map(|point| point.1).collect();
        let mut weights: Vec<f64> = unique.iter().map(|point| point.2).collect();
        order(&mut y);
        order(&mut weights);
        let mut y = pool(&y, &weights);
        order(&mut y);
        let last = y.len() - 1;
        let (x, y) = (0..y.len())
            .filter(|&i| i == 0 || i == last || y[i] != y[i - 1] || y[i] != y[i + 1])
            .map(|i| (unique[i].0, y[i]))
            .unzip();
        Self { x, y }
    }

    /// Value at the smallest and at the largest x of the fit.
    pub(crate) fn ends(&self) -> [f64; 2] {
        [self.y[0], self.y[self.y.len() - 1]]
    }

    /// Value at `x`, in straight lines between the points of the fit, constant beyond them.
    pub(crate) fn at(&self, x: f64) -> f64 {
        let right = self.x.partition_point(|&other| other <= x);
        if right == 0 {
            return self.y[0];
        }
        if right == self.x.len() {
            return self.y[right - 1];
        }
        let slope = (self.y[right] - self.y[right - 1]) / (self.x[right] - self.x[right - 1]);
        slope * (x - self.x[right - 1]) + self.y[right - 1]
    }
}

/// Points in order of x; those of equal x become one, of their mean y and their sum of weights.
fn average_equal(points: &[(f64, f64, f64)]) -> Vec<(f64, f64, f64)> {
    let mut unique = Vec::new();
    let (mut x, mut y, mut weight) = (points[0].0, 0.0, 0.0);
    for &(next, value, its) in points {
        if next - x >= RESOLUTION {
            unique.push((x, y / weight, weight));
            (x, y, weight) = (next, value * its, its);
        } else {
            weight += its;
            y += value * its;
        }
    }
    unique.push((x, y / weight, weight));
    unique
}

/// The values that never fall and are nearest to `y` in weighted squares: neighbours that fall are
/// pooled, forwards while they do, then backwards (Busing 2022, J. Stat. Softw. 102).
fn pool(y: &[f64], weights: &[f64]) -> Vec<f64> {
    let n = y.len();
    // Value, weight and end of each block.
    let mut blocks: Vec<(f64, f64, usize)> = vec![(y[0], weights[0], 1)];
    let mut i = 1;
    while i < n {
        let (mut value, mut weight) = (y[i], weights[i]);
        let before = blocks[blocks.len() - 1];
        if before.0 >= value {
            blocks.pop();
            let mut sum = before.1 * before.0 + weight * value;
            weight += before.1;
            value = sum / weight;
            while i + 1 < n && value >= y[i + 1] {
                i += 1;
                sum += weights[i] * y[i];
                weight += weights[i];
                value = sum / weight;
            }
            while let Some(&(other, its, _)) = blocks.last()
                && other >= value
            {
                blocks.pop();
                sum += its * other;
                weight += its;
                value = sum / weight;
            }
        }
        i += 1;
        blocks.push((value, weight, i));
    }
    let mut fitted = Vec::with_capacity(n);
    for (value, _, end) in blocks {
        fitted.resize(end, value);
    }
    fitted
}

#[cfg(test)]
mod tests {
    use super::*;

    /// scikit-learn 1.9.1: `isotonic_regression([5, 3, 1, 2, 8, 10, 7, 9, 6, 4])`.
    #[test]
    fn falling_neighbours_are_pooled() {
        let y = [5.0, 3.0, 1.0, 2.0, 8.0, 10.0, 7.0, 9.0, 6.0, 4.0];
        let mut expected = vec![2.75; 4];
        expected.extend([44.0 / 6.0; 6]);
        assert_eq!(pool(&y, &[1.0; 10]), expected);
    }

    #[test]
    fn a_fit_interpolates_and_is_constant_beyond_its_ends() {
        let fit = Isotonic::fit(&[2.0, 3.0], &[0.0, 1.0], true);
        assert_eq!(
            [-1.0, 0.5, 1.5, 4.0].map(|x| fit.at(x)),
            [0.0, 0.0, 0.5, 1.0]
        );
        let falling = Isotonic::fit(&[-2.0, -3.0], &[0.0, -1.0], false);
        assert_eq!([-4.0, -1.5, 1.0].map(|x| falling.at(x)), [1.0, 0.5, 0.0]);
        assert_eq!(falling.ends(), [1.0, 0.0]);
    }
}
