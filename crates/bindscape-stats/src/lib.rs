#![doc = include_str!("../README.md")]
//!
//! Conventions, for every function:
//! - a result that the data do not define is `None`, never 0.5 or NaN in disguise;
//! - scores rise with the predicted probability of the positive class; `f32` and
//!   `f64` are taken alike; a NaN among them makes the result `None`;
//! - ties are handled as scikit-learn handles them: rows with equal scores enter together;
//! - random numbers come from one stream per resample, so that a result depends
//!   on the seed and never on the number of threads.

mod adjust;
mod bootstrap;
mod calibration;
mod confusion;
mod design;
mod effect;
mod kruskal;
mod logistic;
mod multiclass;
mod optimise;
mod pearson;
mod permutations;
mod q_values;
mod ranking;
mod ranks;
mod spearman;
mod summary;
mod welch;
mod wilcoxon;

pub use adjust::{bonferroni, holm};
pub use bootstrap::{
    MetricDifferences, MetricIntervals, bootstrap_interval, bootstrap_interval_stratified,
    bootstrap_metrics, paired_bootstrap,
};
pub use calibration::{
    expected_calibration_error, expected_calibration_error_multiclass, temperature,
    temperature_multiclass,
};
pub use confusion::{Confusion, brier, f1, mcc, precision, recall};
pub use design::{DenseRows, Design, SideBySide};
pub use effect::{Effect, Resampling, epsilon_squared, hedges_g, mean_difference, rank_biserial};
pub use kruskal::{KruskalWallis, kruskal_wallis, kruskal_wallis_least_p};
pub use logistic::LogisticRegression;
pub use multiclass::{
    ClassConfusion, brier_multiclass, log_loss, log_loss_multiclass, macro_mean, most_probable,
    one_against_rest,
};
pub use optimise::minimise;
pub use pearson::pearson;
pub use q_values::{q_values, q_values_of_counts};
pub use ranking::{Curve, aucpr, auroc, average_precision, precision_recall_curve};
pub use spearman::{Spearman, spearman};
pub use summary::{mean, mean_interval, quantile, standard_deviation};
pub use welch::{Welch, welch_t_test};
pub use wilcoxon::{SignedRank, wilcoxon_least_p, wilcoxon_signed_rank};

/// A score: `f32` or `f64`.
pub trait Score: Copy + Sync {
    /// The same number as `f64`.
    fn value(self) -> f64;
}

impl Score for f32 {
    fn value(self) -> f64 {
        f64::from(self)
    }
}

impl Score for f64 {
    fn value(self) -> f64 {
        self
    }
}
