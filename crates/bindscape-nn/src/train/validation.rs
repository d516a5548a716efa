//! Loss and AUCPR on the validation part.

use bindscape_base::Result;
use bindscape_base::progress::{Progress, check};
use bindscape_genome::sequence::Strand;
use bindscape_matrix::dataset::{Dataset, UNRESOLVED};
use rayon::prelude::*;

use crate::encode::Bases;
use crate::host::to_vec;
use crate::network::{Network, Pass, Value};

/// Sequences computed at a time.
const BATCH: usize = 256;

pub(crate) struct Validated {
    /// Mean binary cross-entropy over regions, strands and TFs, where resolved.
    pub(crate) loss: f64,
    /// Mean over the TFs for which it is defined.
    pub(crate) aucpr: Option<f64>,
    /// That of a network without skill.
    pub(crate) no_skill: Option<f64>,
}

/// Runs the network over `rows` as in prediction. The loss takes each strand as
/// a sequence of its own, as training does; AUCPR takes a region's mean over strands.
pub(crate) fn validate(
    network: &Network,
    data: &Dataset,
    rows: &[usize],
    reverse_complement: bool,
    progress: &dyn Progress,
) -> Result<Validated> {
    let tfs = data.tfs.len();
    let strands: &[Strand] = if reverse_complement {
        &[Strand::Forward, Strand::Reverse]
    } else {
        &[Strand::Forward]
    };
    let (mut sum, mut resolved) = (0.0, 0_u64);
    let mut probabilities = vec![0.0_f32; rows.len() * tfs];
    for (chunk, probabilities) in rows
        .chunks(BATCH)
        .zip(probabilities.chunks_mut(BATCH * tfs))
    {
        check(progress)?;
        for &strand in strands {
            let items: Vec<_> = chunk.iter().map(|&row| (row, strand)).collect();
            let input = Value::Bases(Bases::new(&data.sequences, &items));
            let logits = to_vec(network.forward(input, Pass::prediction()).logits());
            let labels = chunk.iter().flat_map(|&row| data.labels_of(row));
            for ((&logit, &label), probability) in
                logits.iter().zip(labels).zip(&mut *probabilities)
            {
                if label == UNRESOLVED {
                    continue;
                }
                let x = f64::from(logit);
                sum += x.max(0.0) - x * f64::from(label) + (-x.abs()).exp().ln_1p();
                resolved += 1;
                *probability += (1.0 / (1.0 + (-x).exp()) / strands.len() as f64) as f32;
            }
        }
    }
    let per_tf: Vec<Option<(f64, f64)>> = (0..tfs)
        .into_par_iter()
        .map(|tf| {
            let (scores, labels): (Vec<f32>, Vec<bool>) = rows
                .iter()
                .zip(probabilities.iter().skip(tf).step_by(tfs))
                .filter_map(|(&row, &score)| Some((score, data.bound(row, tf)?)))
                .unzip();
            let bound = labels.iter().filter(|&&bound| bound).count();
            let share = bound as f64 / labels.len() as f64;
            bindscape_stats::aucpr(&scores, &labels).map(|aucpr| (aucpr, share))
        })
        .collect();
    let (defined, shares): (Vec<f64>, Vec<f64>) = per_tf.into_iter().flatten().unzip();
    Ok(Validated {
        loss: sum / resolved as f64,
        aucpr: bindscape_stats::mean(&defined),
        no_skill: bindscape_stats::mean(&shares),
    })
}
