//! Votes of the most similar proteins.

use bindscape_base::Result;
use bindscape_base::progress::{Progress, check};
use rayon::prelude::*;

use super::composition::MeanFeatures;
use super::logistic::dot;
use super::neighbours::Neighbours;
use super::{Baseline, Task, loss};

/// Proteins that vote; between 1 and 20 it makes little difference.
pub(super) const VOTERS: usize = 5;

/// Queries that are compared with the proteins to fit on at a time.
const QUERIES: usize = 16;

/// The five proteins to fit on with the best alignments vote, each with the bits of its
/// alignment; the shares of the classes among the proteins to fit on have the weight, in bits, with
/// which the votes have the smallest loss on the validation part.
#[derive(Debug, Clone, Copy)]
pub struct NearestAlignment<'a> {
    /// Of all proteins.
    pub neighbours: &'a Neighbours,
}

/// Weights of the fallback that are tried, in bits.
pub(super) const BITS: [f64; 8] = [1.0, 3.0, 10.0, 30.0, 60.0, 100.0, 300.0, 1000.0];

impl Baseline for NearestAlignment<'_> {
    fn probabilities(
        &self,
        task: &Task<'_>,
        rows: &[usize],
        progress: &dyn Progress,
    ) -> Result<Vec<f64>> {
        let evidence = task.evidence(self.neighbours.len());
        let all = task.with_validation(rows);
        let votes = |place: usize, votes: &mut [f64]| {
            let voters = self
                .neighbours
                .of(all[place])
                .iter()
                .filter_map(|hit| Some((evidence[hit.protein as usize]?, hit.bits.into())));
            count_votes(voters, votes);
        };
        let fallback = task.shares().repeat(all.len());
        blend(task, &fallback, &BITS, votes, progress)
    }
}

/// Adds the bits of the first of `voters`, best first, to the votes for their answers.
pub(super) fn count_votes(voters: impl Iterator<Item = (usize, f64)>, votes: &mut [f64]) {
    for (answer, bits) in voters.take(VOTERS) {
        votes[answer] += bits;
    }
}

/// As [`NearestAlignment`], by the cosine of standardised vectors of features; negative ones
/// count as none.
#[derive(Debug, Clone, Copy)]
pub struct NearestEmbedding<'a> {
    /// One vector per protein.
    pub features: &'a MeanFeatures,
}

/// Weights of the shares that are tried, in units of a vote of cosine 1.
const COSINES: [f64; 7] = [0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0];

impl Baseline for NearestEmbedding<'_> {
    fn probabilities(
        &self,
        task: &Task<'_>,
        rows: &[usize],
        progress: &dyn Progress,
    ) -> Result<Vec<f64>> {
        let columns = self.features.columns();
        let all = task.with_validation(rows);
        let train = unit(
            self.features.standardised(&task.train, &task.train),
            columns,
        );
        let queries = unit(self.features.standardised(&task.train, &all), columns);
        let nearest: Vec<Vec<(f32, usize)>> = queries
            .par_chunks(QUERIES * columns)
            .map(|queries| {
                check(progress)?;
                Ok(most_similar(queries, &train, &task.train_answers, columns))
            })
            .collect::<Result<Vec<_>>>()?
            .concat();
        let votes = |place: usize, votes: &mut [f64]| {
            for &(cosine, answer) in &nearest[place] {
                votes[answer] += f64::from(cosine.max(0.0));
            }
        };
        let fallback = task.shares().repeat(all.len());
        blend(task, &fallback, &COSINES, votes, progress)
    }
}

/// For each query the cosines and answers of the voters. A row of the larger matrix is read
/// once for all queries.
fn most_similar(
    queries: &[f32],
    train: &[f32],
    answers: &[usize],
    columns: usize,
) -> Vec<Vec<(f32, usize)>> {
    let count = queries.len() / columns;
    let mut similar = vec![Vec::with_capacity(answers.len()); count];
    for (row, &answer) in train.chunks_exact(columns).zip(answers) {
        for (query, similar) in queries.chunks_exact(columns).zip(&mut similar) {
            similar.push((dot(query, row), answer));
        }
    }
    for similar in &mut similar {
        let voters = VOTERS.min(similar.len());
        similar.select_nth_unstable_by(voters - 1, |a, b| b.0.total_cmp(&a.0));
        similar.truncate(voters);
    }
    similar
}

/// Divides each row by its length.
fn unit(mut rows: Vec<f32>, columns: usize) -> Vec<f32> {
    rows.par_chunks_exact_mut(columns).for_each(|row| {
        let length = dot(row, row).sqrt();
        if length > 0.0 {
            row.iter_mut().for_each(|value| *value /= length);
        }
    });
    rows
}

/// Probabilities of the proteins after those of the validation part: `votes` of each protein and
/// the `fallback` (one row per protein of both) with the one of `weights` that has the smallest loss
/// on the validation part.
fn blend(
    task: &Task<'_>,
    fallback: &[f64],
    weights: &[f64],
    votes: impl Fn(usize, &mut [f64]) + Sync,
    progress: &dyn Progress,
) -> Result<Vec<f64>> {
    let classes = task.classes;
    let mut voted = vec![0.0; fallback.len()];
    voted
        .par_chunks_exact_mut(classes)
        .enumerate()
        .try_for_each(|(place, row)| {
            check(progress)?;
            votes(place, row);
            Ok(())
        })?;
    let validation = task.validation.len() * classes;
    let weight = best_weight(task, &fallback[..validation], &voted[..validation], weights);
    Ok(mix(
        &fallback[validation..],
        &voted[validation..],
        classes,
        weight,
    ))
}

/// The one of `weights` of the `fallback` with the smallest loss on the validation part, whose
/// votes are `voted`; the first of equals.
pub(super) fn best_weight(
    task: &Task<'_>,
    fallback: &[f64],
    voted: &[f64],
    weights: &[f64],
) -> f64 {
    let quality = |weight: f64| {
        let p = mix(fallback, voted, task.classes, weight);
        loss(&p, &task.validation_answers, task.classes)
    };
    let mut best = (f64::INFINITY, weights[0]);
    for &weight in weights {
        let loss = quality(weight);
        if loss < best.0 {
            best = (loss, weight);
        }
    }
    best.1
}

/// Votes and `weight` times the fallback as shares of their sum, rows x classes.
pub(super) fn mix(fallback: &[f64], voted: &[f64], classes: usize, weight: f64) -> Vec<f64> {
    let mut p = voted.to_vec();
    for (p, fallback) in p
        .chunks_exact_mut(classes)
        .zip(fallback.chunks_exact(classes))
    {
        let sum: f64 = p.iter().sum::<f64>() + weight;
        for (p, fallback) in p.iter_mut().zip(fallback) {
            *p = (*p + weight * fallback) / sum;
        }
    }
    p
}
