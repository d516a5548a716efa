//! The simplest against the best: guessing, the PWM, and the best of the other models.

use bindscape_stats::{Effect, mean, mean_difference};

use super::models::{PWM, SCRATCH, name};
use super::results::{Condition, Metric, Results, asked_words, set_name};
use super::statistics::DRAWN;
use crate::number::{counted, fixed};

/// Fewer TFs than these cannot be significant in a test over TFs, nor decide who wins.
const FEW: usize = 6;

/// Guessing, PWM and best model in one condition on one kind of test regions, as means over the
/// TFs that have both PWM and model.
pub(super) struct Contest {
    pub(super) at: Condition,
    pub(super) metric: Metric,
    pub(super) tfs: Vec<usize>,
    pub(super) guess: Option<f64>,
    pub(super) pwm: Option<f64>,
    pub(super) model: usize,
    pub(super) best: f64,
    /// Best model minus PWM.
    pub(super) difference: Option<Effect>,
    /// TFs for which the model is better than the PWM.
    pub(super) better: usize,
}

impl Contest {
    /// The best of the models in a condition: with the largest mean difference from the PWM, or
    /// mean where there is no PWM. `None` if no model has a value.
    pub(super) fn of(results: &Results<'_>, at: Condition, metric: Metric) -> Option<Self> {
        let pwm = results.model(PWM);
        let models = (0..results.models.len()).filter(|&model| Some(model) != pwm);
        let mut contests: Vec<Self> = models
            .filter_map(|model| Self::against(results, at, metric, model, pwm))
            .collect();
        // One with a PWM beside it says more than one without.
        contests.sort_by(|a, b| {
            let key = |contest: &Self| contest.difference.map_or(contest.best, |d| d.value);
            let with = (a.pwm.is_some(), b.pwm.is_some());
            with.0.cmp(&with.1).then(key(a).total_cmp(&key(b)))
        });
        let mut best = contests.pop()?;
        best.fill_in(results);
        Some(best)
    }

    fn against(
        results: &Results<'_>,
        at: Condition,
        metric: Metric,
        model: usize,
        pwm: Option<usize>,
    ) -> Option<Self> {
        let pairs: Vec<(usize, f64, f64)> = results
            .tfs_of(at)
            .into_iter()
            .filter_map(|tf| {
                let (value, other) = results.pair(at, tf, (model, pwm?), metric)?;
                Some((tf, value, other))
            })
            .collect();
        if pairs.is_empty() {
            return Self::alone(results, at, metric, model);
        }
        let tfs: Vec<usize> = pairs.iter().map(|pair| pair.0).collect();
        let values: Vec<f64> = pairs.iter().map(|pair| pair.1).collect();
        let others: Vec<f64> = pairs.iter().map(|pair| pair.2).collect();
        Some(Self {
            at,
            metric,
            guess: guess(results, at, &tfs, metric),
            tfs,
            pwm: mean(&others),
            model,
            best: mean(&values)?,
            difference: mean(&values).zip(mean(&others)).map(|(best, pwm)| Effect {
                value: best - pwm,
                interval: None,
            }),
            better: pairs.iter().filter(|pair| pair.1 > pair.2).count(),
        })
    }

    /// Draws the interval of the difference.
    fn fill_in(&mut self, results: &Results<'_>) {
        let Some(pwm) = results.model(PWM) else {
            return;
        };
        let pair = |&tf: &usize| results.pair(self.at, tf, (self.model, pwm), self.metric);
        let (values, others): (Vec<f64>, Vec<f64>) = self.tfs.iter().filter_map(pair).unzip();
        if self.difference.is_some() {
            self.difference = mean_difference(&values, &others, DRAWN);
        }
    }

    fn alone(results: &Results<'_>, at: Condition, metric: Metric, model: usize) -> Option<Self> {
        let found: Vec<(usize, f64)> = results
            .tfs_of(at)
            .into_iter()
            .filter_map(|tf| Some((tf, results.mean(at, tf, model, metric)?)))
            .collect();
        let tfs: Vec<usize> = found.iter().map(|found| found.0).collect();
        Some(Self {
            at,
            metric,
            guess: guess(results, at, &tfs, metric),
            tfs,
            pwm: None,
            model,
            best: mean(&found.iter().map(|found| found.1).collect::<Vec<_>>())?,
            difference: None,
            better: 0,
        })
    }

    /// The best of all sets for a number of bound regions.
    pub(super) fn of_asked(results: &Results<'_>, asked: usize, metric: Metric) -> Option<Self> {
        let conditions = results.conditions().into_iter();
        conditions
            .filter(|at| at.asked == asked)
            .filter_map(|at| Self::of(results, at, metric))
            .max_by(|a, b| {
                let key = |contest: &Self| {
                    (
                        contest.pwm.is_some(),
                        contest.difference.map_or(contest.best, |d| d.value),
                    )
                };
                let (a, b) = (key(a), key(b));
                a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))
            })
    }

    /// Whether the PWM is ahead on average.
    pub(super) fn pwm_wins(&self) -> bool {
        self.pwm.is_some_and(|pwm| pwm > self.best)
    }

    /// The model and its set in words.
    pub(super) fn model_words(&self, results: &Results<'_>) -> String {
        let model = name(results.models[self.model]);
        if results.sets.len() > 1 && results.models[self.model] != SCRATCH {
            format!("{model}, set {}", set_name(results.sets[self.at.set]))
        } else {
            model.to_owned()
        }
    }

    fn sentence(&self, results: &Results<'_>, with_number: bool) -> String {
        let of = match self.tfs[..] {
            [tf] => format!("for {}", results.tfs[tf]),
            _ => format!("over {}", counted(self.tfs.len() as u64, "TF")),
        };
        let (average, an_average) = if self.tfs.len() > 1 {
            ("mean ", "a mean ")
        } else {
            ("", "an ")
        };
        let number = if with_number {
            format!("With {}, on", asked_words(results.asked[self.at.asked]))
        } else {
            "On".to_owned()
        };
        let regions = format!("{number} test regions {}", self.metric.words());
        let guess = self.guess.map_or_else(String::new, |guess| {
            format!(" (guessing: {})", fixed(guess, 3))
        });
        let model = self.model_words(results);
        let best = fixed(self.best, 3);
        let Some(pwm) = self.pwm else {
            return format!(
                "{regions}, the best model ({model}) has {an_average}AUCPR of {best} {of}{guess}; there is no PWM to compare it with."
            );
        };
        let share = if self.tfs.len() > 1 {
            let many = counted(self.tfs.len() as u64, "TF");
            format!(
                " The model is better than the PWM for {} of {many}.",
                self.better
            )
        } else {
            String::new()
        };
        let pwm_text = fixed(pwm, 3);
        let interval = self.difference.and_then(|difference| difference.interval);
        let unclear = interval.is_some_and(|(low, high)| {
            // Bootstrap intervals of so few are too narrow to say anything.
            low <= 0.0 && high >= 0.0 || self.tfs.len() < FEW
        });
        let what = if pwm_text == best {
            format!(
                "a PWM of the same peaks and the best model ({model}) do equally well, with {an_average}AUCPR of {best} {of}{guess}"
            )
        } else {
            match (self.pwm_wins(), unclear) {
                (true, false) => format!(
                    "a PWM of the same peaks does best, with {an_average}AUCPR of {pwm_text} {of}; the best model ({model}) has {best}{guess}"
                ),
                (true, true) => format!(
                    "a PWM of the same peaks is ahead of the best model ({model}), but not clearly: {average}AUCPR {pwm_text} and {best} {of}{guess}"
                ),
                (false, false) => format!(
                    "the best model ({model}) has {an_average}AUCPR of {best} {of}, and a PWM of the same peaks {pwm_text}{guess}"
                ),
                (false, true) => format!(
                    "the best model ({model}) is ahead of a PWM of the same peaks, but not clearly: {average}AUCPR {best} and {pwm_text} {of}{guess}"
                ),
            }
        };
        format!("{regions}, {what}.{share}")
    }
}

/// Mean AUCPR of guessing.
pub(super) fn guess(
    results: &Results<'_>,
    at: Condition,
    tfs: &[usize],
    metric: Metric,
) -> Option<f64> {
    let levels: Vec<f64> = tfs
        .iter()
        .filter_map(|&tf| results.no_skill(at, tf, metric))
        .collect();
    mean(&levels)
}

/// The result of the experiment in a few sentences: on both kinds of test regions with most bound
/// regions, and with fewest, where their number varies.
pub(super) fn sentences(results: &Results<'_>) -> String {
    let several = results.asked.len() > 1;
    let mut metrics = results.metrics();
    // The genome's proportion is what a user meets.
    metrics.reverse();
    let mut sentences: Vec<String> = metrics
        .iter()
        .filter_map(|&metric| Contest::of_asked(results, 0, metric))
        .map(|contest| contest.sentence(results, several))
        .collect();
    if let (true, Some(&metric)) = (several, metrics.first()) {
        let fewest = Contest::of_asked(results, results.asked.len() - 1, metric);
        sentences.extend(fewest.map(|contest| contest.sentence(results, true)));
    }
    if sentences.is_empty() {
        return "No model has a defined AUCPR yet.".to_owned();
    }
    sentences.join(" ")
}
