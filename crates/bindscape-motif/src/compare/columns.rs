//! The columns of all targets: the null model samples from them, and scores are
//! computed once per distinct column.

use rustc_hash::FxHashMap;

use super::distance::{Column, Features, features};
use super::options::{Distance, Options};

/// Above this number of distinct columns, medians are first sought over coarser cells.
const MEDIAN_COLUMNS: usize = 4096;

/// Steps per unit of the coarser cells.
const MEDIAN_STEPS: f64 = 24.0;

/// The distinct columns of the targets on the strands compared, with how often each
/// occurs.
pub(super) struct Columns {
    pub(super) distinct: Vec<Features>,
    pub(super) weights: Vec<u32>,
    /// Fewer columns with about the same distribution, for medians.
    pub(super) coarse: Vec<Features>,
    pub(super) coarse_weights: Vec<u32>,
    /// The sum of the weights.
    pub(super) total: u64,
    /// Per target, the distinct column of each of its columns.
    pub(super) forward: Vec<Vec<u32>>,
    /// Likewise of its reverse complement; empty where one strand is compared.
    pub(super) reverse: Vec<Vec<u32>>,
}

impl Columns {
    pub(super) fn new(targets: &[Vec<Column>], options: &Options, background: &[f64; 4]) -> Self {
        let fine = Cells::new(targets, options, options.steps.map(f64::from));
        let of = |columns: &[Column]| -> Vec<Features> {
            columns
                .iter()
                .map(|column| features(options.distance, column, background))
                .collect()
        };
        let distinct = of(&fine.columns);
        let (coarse, coarse_weights) = if distinct.len() > MEDIAN_COLUMNS {
            let cells = Cells::new(targets, options, Some(MEDIAN_STEPS));
            (of(&cells.means), cells.weights)
        } else {
            (distinct.clone(), fine.weights.clone())
        };
        Self {
            total: fine.weights.iter().copied().map(u64::from).sum(),
            distinct,
            weights: fine.weights,
            coarse,
            coarse_weights,
            forward: fine.forward,
            reverse: fine.reverse,
        }
    }
}

/// Columns that fall into one cell of a grid, both strands alike: the complement of a
/// column stands for its cell's complement.
struct Cells {
    /// The first column of each cell.
    columns: Vec<Column>,
    /// The mean of each cell.
    means: Vec<Column>,
    weights: Vec<u32>,
    forward: Vec<Vec<u32>>,
    reverse: Vec<Vec<u32>>,
}

type Key = ([u64; 4], u64);

impl Cells {
    /// `steps` per unit of frequency; without, only equal columns share a cell.
    fn new(targets: &[Vec<Column>], options: &Options, steps: Option<f64>) -> Self {
        let both = options.both_strands;
        let key = |column: &Column| -> Key {
            let letters = column.frequencies.map(|value| match steps {
                Some(steps) => (value * steps).round() as u64,
                None => value.to_bits(),
            });
            // Sites matter to one distance alone.
            let sites = match options.distance {
                Distance::Allr => column.sites.to_bits(),
                _ => 0,
            };
            (letters, sites)
        };
        let mut numbers: FxHashMap<Key, u32> = FxHashMap::default();
        let mut cells = Self {
            columns: Vec::new(),
            means: Vec::new(),
            weights: Vec::new(),
            forward: Vec::with_capacity(targets.len()),
            reverse: Vec::new(),
        };
        for target in targets {
            let mut forward = Vec::with_capacity(target.len());
            let mut reverse = Vec::with_capacity(target.len());
            for column in target {
                let number = match numbers.get(&key(column)) {
                    Some(&number) => number,
                    None => cells.open(column, both, &mut numbers, key),
                };
                cells.count(number, column);
                forward.push(number);
                if both {
                    let complement = column.complement();
                    let number = numbers[&key(&complement)];
                    cells.count(number, &complement);
                    reverse.push(number);
                }
            }
            cells.forward.push(forward);
            if both {
                reverse.reverse();
                cells.reverse.push(reverse);
            }
        }
        for (mean, &weight) in cells.means.iter_mut().zip(&cells.weights) {
            mean.frequencies = mean.frequencies.map(|sum| sum / f64::from(weight));
            if both && key(mean) == key(&mean.complement()) {
                *mean = self_complementary(mean);
            }
        }
        cells
    }

    /// Opens the cell of `column` and, where both strands are compared, of its complement.
    fn open(
        &mut self,
        column: &Column,
        both: bool,
        numbers: &mut FxHashMap<Key, u32>,
        key: impl Fn(&Column) -> Key,
    ) -> u32 {
        let complement = column.complement();
        let own = key(column);
        let opposite = key(&complement);
        let number = self.columns.len() as u32;
        numbers.insert(own, number);
        if both && own == opposite {
            self.add(self_complementary(column));
        } else {
            self.add(*column);
            if both {
                numbers.insert(opposite, number + 1);
                self.add(complement);
            }
        }
        number
    }

    fn add(&mut self, column: Column) {
        self.columns.push(column);
        self.means.push(Column {
            frequencies: [0.0; 4],
            ..column
        });
        self.weights.push(0);
    }

    fn count(&mut self, number: u32, column: &Column) {
        self.weights[number as usize] += 1;
        let mean = &mut self.means[number as usize].frequencies;
        for (sum, value) in mean.iter_mut().zip(column.frequencies) {
            *sum += value;
        }
    }
}

/// The mean of a column and its complement: stands for a cell that is its own complement.
fn self_complementary(column: &Column) -> Column {
    let complement = column.complement();
    Column {
        frequencies: std::array::from_fn(|i| {
            0.5 * (column.frequencies[i] + complement.frequencies[i])
        }),
        ..*column
    }
}
