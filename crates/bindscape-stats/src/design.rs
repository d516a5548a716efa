//! Tables of features, one row per example, as a regression reads them.

/// A table of features as a linear map. It need not be written down: a table of zeros for the most
/// part, or one that is a product of others, is multiplied without.
///
/// Sums must be made in one order, so that results do not depend on the number of threads.
///
/// ```
/// use bindscape_stats::{Design, LogisticRegression};
///
/// /// One yes a row, the feature of that number.
/// struct OneYes(Vec<usize>);
///
/// impl Design for OneYes {
///     fn rows(&self) -> usize {
///         self.0.len()
///     }
///     fn columns(&self) -> usize {
///         1000
///     }
///     fn multiply(&self, weights: &[f64], products: &mut [f64]) {
///         for (product, &column) in products.iter_mut().zip(&self.0) {
///             *product = weights[column];
///         }
///     }
///     fn add_rows(&self, factors: &[f64], sums: &mut [f64]) {
///         for (factor, &column) in factors.iter().zip(&self.0) {
///             sums[column] += factor;
///         }
///     }
/// }
///
/// let (x, labels) = (OneYes(vec![3, 7, 7]), [true, false, false]);
/// let fitted = LogisticRegression::fit_design(&x, &labels, &[0.1; 1000], || Ok(()))?;
/// assert!(fitted.weights[3] > 0.0 && fitted.weights[7] < 0.0);
/// assert_eq!(fitted.weights[5], 0.0);
/// # Ok::<(), bindscape_base::Error>(())
/// ```
pub trait Design {
    /// Examples.
    fn rows(&self) -> usize;

    /// Features.
    fn columns(&self) -> usize;

    /// Puts the sum over features of each row times `weights` into `products`.
    ///
    /// # Shapes
    /// `[columns]` and `[rows]`
    fn multiply(&self, weights: &[f64], products: &mut [f64]);

    /// Adds each row, times its entry of `factors`, to `sums`.
    ///
    /// # Shapes
    /// `[rows]` and `[columns]`
    fn add_rows(&self, factors: &[f64], sums: &mut [f64]);
}

/// The features of one table, then those of another with as many rows.
#[derive(Debug, Clone, Copy)]
pub struct SideBySide<'a, First, Second>(pub &'a First, pub &'a Second);

impl<First: Design, Second: Design> Design for SideBySide<'_, First, Second> {
    fn rows(&self) -> usize {
        assert_eq!(self.0.rows(), self.1.rows(), "as many rows");
        self.0.rows()
    }

    fn columns(&self) -> usize {
        self.0.columns() + self.1.columns()
    }

    fn multiply(&self, weights: &[f64], products: &mut [f64]) {
        let (first, second) = weights.split_at(self.0.columns());
        self.0.multiply(first, products);
        let mut others = vec![0.0; products.len()];
        self.1.multiply(second, &mut others);
        for (product, other) in products.iter_mut().zip(others) {
            *product += other;
        }
    }

    fn add_rows(&self, factors: &[f64], sums: &mut [f64]) {
        let (first, second) = sums.split_at_mut(self.0.columns());
        self.0.add_rows(factors, first);
        self.1.add_rows(factors, second);
    }
}

/// All features of all rows, row after row.
#[derive(Debug, Clone, Copy)]
pub struct DenseRows<'a> {
    values: &'a [f32],
    columns: usize,
    rows: usize,
}

impl<'a> DenseRows<'a> {
    /// A table of `values`.
    ///
    /// # Shapes
    /// `[rows, columns]`
    ///
    /// # Panics
    /// If there are more or fewer values.
    #[must_use]
    pub fn new(values: &'a [f32], rows: usize, columns: usize) -> Self {
        assert_eq!(values.len(), rows * columns, "a row for each label");
        Self {
            values,
            columns,
            rows,
        }
    }

    fn row(&self, number: usize) -> &'a [f32] {
        &self.values[number * self.columns..][..self.columns]
    }
}

impl Design for DenseRows<'_> {
    fn rows(&self) -> usize {
        self.rows
    }

    fn columns(&self) -> usize {
        self.columns
    }

    fn multiply(&self, weights: &[f64], products: &mut [f64]) {
        for (number, sum) in products.iter_mut().enumerate() {
            *sum = product(self.row(number), weights);
        }
    }

    fn add_rows(&self, factors: &[f64], sums: &mut [f64]) {
        for (number, factor) in factors.iter().enumerate() {
            for (sum, &value) in sums.iter_mut().zip(self.row(number)) {
                *sum += factor * f64::from(value);
            }
        }
    }
}

pub(crate) fn product(row: &[f32], weights: &[f64]) -> f64 {
    row.iter()
        .zip(weights)
        .map(|(&value, weight)| f64::from(value) * weight)
        .sum()
}
