//! A regression on features that are 0 for the most part equals that of scikit-learn
//! (`golden/sparse_logistic.py`).

use bindscape_stats::{Design, LogisticRegression};
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    columns: usize,
    penalty: f64,
    rows: Vec<Vec<(usize, f64)>>,
    labels: Vec<bool>,
    weights: Vec<f64>,
    constant: f64,
}

impl Design for Golden {
    fn rows(&self) -> usize {
        self.rows.len()
    }

    fn columns(&self) -> usize {
        self.columns
    }

    fn multiply(&self, weights: &[f64], products: &mut [f64]) {
        for (row, product) in self.rows.iter().zip(products) {
            *product = row
                .iter()
                .map(|(column, value)| value * weights[*column])
                .sum();
        }
    }

    fn add_rows(&self, factors: &[f64], sums: &mut [f64]) {
        for (row, factor) in self.rows.iter().zip(factors) {
            for (column, value) in row {
                sums[*column] += factor * value;
            }
        }
    }
}

#[test]
fn weights_are_those_of_scikit_learn() {
    let golden: Golden = serde_json::from_str(include_str!("golden/sparse_logistic.json")).unwrap();
    let penalties = vec![golden.penalty; golden.columns];
    let fitted =
        LogisticRegression::fit_design(&golden, &golden.labels, &penalties, || Ok(())).unwrap();
    assert!((fitted.constant - golden.constant).abs() < 1e-5);
    for (found, expected) in fitted.weights.iter().zip(&golden.weights) {
        assert!((found - expected).abs() < 1e-5, "{found} {expected}");
    }
    // The same features written down.
    let mut dense = vec![0.0; golden.rows.len() * golden.columns];
    for (number, row) in golden.rows.iter().enumerate() {
        for (column, value) in row {
            dense[number * golden.columns + column] = *value as f32;
        }
    }
    let plain = LogisticRegression::fit(&dense, &golden.labels, &penalties, || Ok(())).unwrap();
    for (found, expected) in plain.weights.iter().zip(&golden.weights) {
        assert!((found - expected).abs() < 1e-5, "{found} {expected}");
    }
}
