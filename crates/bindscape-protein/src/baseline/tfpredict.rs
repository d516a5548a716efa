//! A classifier in the manner of TFpredict (Eichner et al. 2013, PLoS One 8: e82238).

use bindscape_base::Result;
use bindscape_base::progress::{Progress, check};
use libsvm_rs::predict::predict_values;
use libsvm_rs::probability::{sigmoid_predict, sigmoid_train};
use libsvm_rs::train::svm_train;
use libsvm_rs::{KernelType, SvmModel, SvmNode, SvmParameter, SvmProblem, SvmType};
use rayon::prelude::*;

use super::neighbours::Neighbours;
use super::{Baseline, Task, loss};

/// The percentiles of TFpredict's "percentile features".
const PERCENTILES: [f64; 5] = [0.0, 0.25, 0.5, 0.75, 1.0];

/// Costs of errors that are tried.
const COSTS: [f64; 2] = [1.0, 10.0];
/// Widths of the kernel that are tried, times one over the number of features.
const GAMMAS: [f64; 2] = [0.3, 1.0];

/// Support vector machines with a radial kernel on percentiles of the scores of a protein's
/// alignments to the proteins of each class.
///
/// As in TFpredict, the features are the 0th, 25th, 50th, 75th and 100th percentile per class,
/// 0 where there is no alignment, and a protein is no evidence for itself. Unlike there:
/// proteins of its group are none either (else similarities in the training part would
/// be larger than in a test part without similar proteins); scores enter as logarithms and
/// standardised; one machine per class against the rest, or one where there are two; scores become
/// probabilities by Platt's sigmoid, fitted on the validation part, which also chooses
/// cost and width.
#[derive(Debug, Clone, Copy)]
pub struct TfPredict<'a> {
    /// Of all proteins.
    pub neighbours: &'a Neighbours,
}

impl Baseline for TfPredict<'_> {
    fn probabilities(
        &self,
        task: &Task<'_>,
        rows: &[usize],
        progress: &dyn Progress,
    ) -> Result<Vec<f64>> {
        // The crate would report every iteration on standard error.
        libsvm_rs::set_quiet(true);
        let evidence = task.evidence(self.neighbours.len());
        let features = |rows: &[usize]| -> Vec<Vec<f64>> {
            rows.par_iter()
                .map(|&row| self.percentiles(task, &evidence, row))
                .collect()
        };
        let train = features(&task.train);
        let scale = Scale::of(&train);
        let train = scale.nodes(&train);
        let all = task.with_validation(rows);
        let all = scale.nodes(&features(&all));
        let validation = task.validation.len();
        let settings: Vec<(f64, f64)> = COSTS
            .iter()
            .flat_map(|&cost| GAMMAS.map(|gamma| (cost, gamma)))
            .collect();
        let tried: Vec<Vec<f64>> = settings
            .into_par_iter()
            .map(|(cost, gamma)| {
                let columns = scale.columns.len() as f64;
                machines(task, &train, &all, (cost, gamma / columns), progress)
            })
            .collect::<Result<_>>()?;
        let quality = |p: &Vec<f64>| {
            loss(
                &p[..validation * task.classes],
                &task.validation_answers,
                task.classes,
            )
        };
        let best = tried
            .into_iter()
            .min_by(|a, b| quality(a).total_cmp(&quality(b)));
        let mut best = best.expect("there are settings to try");
        Ok(best.split_off(validation * task.classes))
    }
}

impl TfPredict<'_> {
    /// Classes x percentiles of the logarithms of scores.
    fn percentiles(&self, task: &Task<'_>, evidence: &[Option<usize>], row: usize) -> Vec<f64> {
        let group = |protein: usize| task.groups.and_then(|groups| groups.get(protein));
        let mut scores = vec![Vec::new(); task.classes];
        // Worst first, as quantiles are counted.
        for hit in self.neighbours.of(row).iter().rev() {
            let protein = hit.protein as usize;
            let related = group(row).is_some() && group(row) == group(protein);
            if let (Some(answer), false) = (evidence[protein], related) {
                scores[answer].push(f64::from(1.0 + hit.bits).ln());
            }
        }
        let of_class = |scores: &Vec<f64>| {
            PERCENTILES.map(|share| bindscape_stats::quantile(scores, share).unwrap_or(0.0))
        };
        scores.iter().flat_map(of_class).collect()
    }
}

/// Mean and standard deviation of each column.
struct Scale {
    columns: Vec<(f64, f64)>,
}

impl Scale {
    fn of(rows: &[Vec<f64>]) -> Self {
        let columns = (0..rows[0].len())
            .map(|column| {
                let values: Vec<f64> = rows.iter().map(|row| row[column]).collect();
                let deviation = bindscape_stats::standard_deviation(&values).unwrap_or(0.0);
                let mean = bindscape_stats::mean(&values).expect("there are rows");
                (mean, if deviation > 0.0 { deviation } else { 1.0 })
            })
            .collect();
        Self { columns }
    }

    fn nodes(&self, rows: &[Vec<f64>]) -> Vec<Vec<SvmNode>> {
        let node = |((index, value), (mean, deviation)): ((i32, &f64), &(f64, f64))| SvmNode {
            index,
            value: (value - mean) / deviation,
        };
        rows.iter()
            .map(|row| (1..).zip(row).zip(&self.columns).map(node).collect())
            .collect()
    }
}

/// Probabilities of the proteins `all` (the first of them those to validate on), all x classes.
fn machines(
    task: &Task<'_>,
    train: &[Vec<SvmNode>],
    all: &[Vec<SvmNode>],
    (cost, gamma): (f64, f64),
    progress: &dyn Progress,
) -> Result<Vec<f64>> {
    let of_class = |class: usize| -> Result<Option<Vec<f64>>> {
        check(progress)?;
        let sign = |&answer: &usize| if answer == class { 1.0 } else { -1.0 };
        let problem = SvmProblem {
            labels: task.train_answers.iter().map(sign).collect(),
            instances: train.to_vec(),
        };
        if problem.labels.iter().all(|&label| label < 0.0) {
            return Ok(None);
        }
        let parameters = SvmParameter {
            svm_type: SvmType::CSvc,
            kernel_type: KernelType::Rbf,
            gamma,
            c: cost,
            ..SvmParameter::default()
        };
        let model = svm_train(&problem, &parameters);
        let decisions: Vec<f64> = all.iter().map(|row| decision(&model, row)).collect();
        let labels: Vec<f64> = task.validation_answers.iter().map(sign).collect();
        let (a, b) = sigmoid_train(&decisions[..labels.len()], &labels);
        Ok(Some(
            decisions
                .iter()
                .map(|&value| sigmoid_predict(value, a, b))
                .collect(),
        ))
    };
    let mut p = vec![0.0; all.len() * task.classes];
    if task.classes == 2 {
        let positive = of_class(1)?.expect("both answers occur");
        for (row, positive) in p.as_chunks_mut::<2>().0.iter_mut().zip(positive) {
            *row = [1.0 - positive, positive];
        }
        return Ok(p);
    }
    let classes: Vec<Option<Vec<f64>>> = (0..task.classes)
        .into_par_iter()
        .map(of_class)
        .collect::<Result<_>>()?;
    for (place, row) in p.chunks_exact_mut(task.classes).enumerate() {
        for (p, class) in row.iter_mut().zip(&classes) {
            *p = class.as_ref().map_or(0.0, |class| class[place]);
        }
        let sum: f64 = row.iter().sum();
        row.iter_mut().for_each(|p| *p /= sum);
    }
    Ok(p)
}

/// Above 0 for the class.
fn decision(model: &SvmModel, row: &[SvmNode]) -> f64 {
    let mut value = [0.0];
    predict_values(model, row, &mut value);
    // The first label that the machine met has the positive side.
    if model.labels()[0] == 1 {
        value[0]
    } else {
        -value[0]
    }
}
