//! Numbers of an integral.

/// Places and weights of the quadrature of Gauss and Legendre on [0, 1]: roots of the Legendre
/// polynomial of degree `count` by Newton's method, places rising.
pub(crate) fn gauss_legendre(count: usize) -> Vec<(f64, f64)> {
    let n = count as f64;
    (1..=count)
        .map(|number| {
            let mut x = -(std::f64::consts::PI * (number as f64 - 0.25) / (n + 0.5)).cos();
            let mut slope = 1.0;
            // From this start it converges in a few rounds.
            for _ in 0..20 {
                let (mut before, mut value) = (1.0, x);
                for degree in 2..=count {
                    let degree = degree as f64;
                    let next =
                        ((2.0 * degree - 1.0) * x * value - (degree - 1.0) * before) / degree;
                    (before, value) = (value, next);
                }
                slope = n * (x * value - before) / (x * x - 1.0);
                x -= value / slope;
            }
            ((1.0 + x) / 2.0, 1.0 / ((1.0 - x * x) * slope * slope))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quadrature_is_exact_for_polynomials() {
        for count in [1, 2, 3, 8, 64, 100] {
            let points = gauss_legendre(count);
            assert!(points.is_sorted_by(|a, b| a.0 < b.0));
            // Degree 2 n - 1 at most; high powers test little but rounding.
            for power in 0..(2 * count).min(12) {
                let sum: f64 = points.iter().map(|(x, w)| w * x.powi(power as i32)).sum();
                assert!(
                    (sum - 1.0 / (power as f64 + 1.0)).abs() < 1e-13,
                    "{count} {power}"
                );
            }
        }
    }
}
