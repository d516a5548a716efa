//! Transfer against scratch: pairs of repeats, mean, spread and test.

use bindscape_matrix::results::{Estimate, Start, TfMetrics};
use bindscape_stats::{mean, mean_interval, standard_deviation};

use crate::run::Run;

/// The metrics of an evaluation, in the order in which they are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Metric {
    Aucpr,
    AveragePrecision,
    Auroc,
    Mcc,
    Precision,
    Recall,
}

impl Metric {
    pub(crate) const ALL: [Self; 6] = [
        Self::Aucpr,
        Self::AveragePrecision,
        Self::Auroc,
        Self::Mcc,
        Self::Precision,
        Self::Recall,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Aucpr => "AUCPR",
            Self::AveragePrecision => "Average precision",
            Self::Auroc => "AUROC",
            Self::Mcc => "MCC",
            Self::Precision => "Precision",
            Self::Recall => "Recall",
        }
    }

    pub(crate) fn of(self, metrics: &TfMetrics) -> Estimate {
        match self {
            Self::Aucpr => metrics.aucpr,
            Self::AveragePrecision => metrics.average_precision,
            Self::Auroc => metrics.auroc,
            Self::Mcc => metrics.mcc,
            Self::Precision => metrics.precision,
            Self::Recall => metrics.recall,
        }
    }
}

/// Mean and spread of a metric over the repeats where it is defined.
#[derive(Debug, Clone, Default)]
pub(crate) struct Spread {
    pub(crate) values: Vec<f64>,
}

impl Spread {
    pub(crate) fn mean(&self) -> Option<f64> {
        mean(&self.values)
    }

    /// Sample standard deviation.
    pub(crate) fn sd(&self) -> Option<f64> {
        standard_deviation(&self.values)
    }
}

/// One repeat, trained both ways on the same data.
#[derive(Debug, Clone)]
pub(crate) struct Pair {
    pub(crate) repeat: u32,
    pub(crate) seed: u64,
    pub(crate) scratch: Option<Estimate>,
    pub(crate) transfer: Option<Estimate>,
}

impl Pair {
    /// Transfer minus scratch.
    pub(crate) fn difference(&self) -> Option<f64> {
        Some(self.transfer?.value? - self.scratch?.value?)
    }
}

/// One metric of one TF, transfer against scratch.
#[derive(Debug, Clone)]
pub(crate) struct Comparison {
    pub(crate) scratch: Spread,
    pub(crate) transfer: Spread,
    pub(crate) difference: Spread,
    pub(crate) pairs: Vec<Pair>,
    /// Interval of the mean difference over the pairs, at [`Comparison::LEVEL`]; `None` with
    /// fewer than two pairs. Repeats of one TF share regions, so they are no independent sample
    /// and no test is done over them.
    pub(crate) interval: Option<(f64, f64)>,
}

impl Comparison {
    /// Level of the interval of the mean difference.
    pub(crate) const LEVEL: f64 = 0.95;

    /// Pairs the repeats of a run by repeat and seed, which fix the split.
    pub(crate) fn new(run: &Run, tf: usize, metric: Metric) -> Self {
        let mut pairs: Vec<Pair> = Vec::new();
        for start in [Start::Scratch, Start::Transfer] {
            for (training, metrics) in run.metrics(tf, start) {
                let (repeat, seed) = (training.record.repeat, training.record.seed);
                let place = pairs
                    .iter()
                    .position(|pair| pair.repeat == repeat && pair.seed == seed)
                    .unwrap_or_else(|| {
                        pairs.push(Pair {
                            repeat,
                            seed,
                            scratch: None,
                            transfer: None,
                        });
                        pairs.len() - 1
                    });
                let estimate = Some(metric.of(metrics));
                match start {
                    Start::Scratch => pairs[place].scratch = estimate,
                    Start::Transfer => pairs[place].transfer = estimate,
                }
            }
        }
        pairs.sort_by_key(|pair| (pair.repeat, pair.seed));
        let defined = |of: fn(&Pair) -> Option<f64>| Spread {
            values: pairs.iter().filter_map(of).collect(),
        };
        let scratch = defined(|pair| pair.scratch?.value);
        let transfer = defined(|pair| pair.transfer?.value);
        let difference = defined(Pair::difference);
        let interval = mean_interval(&difference.values, Self::LEVEL);
        Self {
            scratch,
            transfer,
            difference,
            pairs,
            interval,
        }
    }

    /// Means of scratch and transfer over the pairs that have both.
    pub(crate) fn paired_means(&self) -> Option<(f64, f64)> {
        let both: Vec<(f64, f64)> = self
            .pairs
            .iter()
            .filter_map(|pair| Some((pair.scratch?.value?, pair.transfer?.value?)))
            .collect();
        let (scratch, transfer): (Vec<f64>, Vec<f64>) = both.into_iter().unzip();
        mean(&scratch).zip(mean(&transfer))
    }
}
