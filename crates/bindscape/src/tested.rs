//! Regions of one TF to test on, and what models and simple tools make of them.

use bindscape_base::Result;
use bindscape_base::progress::Progress;
use bindscape_matrix::dataset::{Dataset, Part};
use bindscape_matrix::results::TfMetrics;
use bindscape_motif::{Motif, MotifSet};
use bindscape_nn::evaluate::{self, Bootstrap};
use bindscape_nn::kmers;
use bindscape_nn::{Device, Model, Precision, Predictor, Strands};

use crate::denovo;
use crate::training::{self, PREDICTION_BATCH};

/// Regions of one TF to test on.
pub(crate) struct Tested {
    data: Dataset,
    bootstrap: Bootstrap,
}

/// How sequences are scored by a network.
#[derive(Clone, Copy)]
pub(crate) struct Scoring<'a> {
    pub(crate) strands: Strands,
    pub(crate) precision: Precision,
    pub(crate) device: &'a Device,
}

/// Tests on both kinds of regions: matched in GC content, and in the proportion of the genome.
pub(crate) fn on_both(
    tested: &[Tested; 2],
    test: impl Fn(&Tested) -> Result<TfMetrics>,
) -> Result<[TfMetrics; 2]> {
    Ok([test(&tested[0])?, test(&tested[1])?])
}

/// Whether the region of each row is bound, of a data set of one TF.
pub(crate) fn bound(data: &Dataset) -> Vec<bool> {
    data.labels.iter().map(|&label| label == 1).collect()
}

/// The metrics of a regression on k-mers, fitted to `learned` and, as readouts are, to the unbound
/// regions of `natural`'s training part, whatever their GC content.
pub(crate) fn by_kmers(
    tested: &[Tested; 2],
    learned: &Dataset,
    natural: &Dataset,
    progress: &dyn Progress,
) -> Result<[TfMetrics; 2]> {
    let background = natural.subset(&natural.rows(Part::Train));
    let scores = kmers::scores(
        &[
            (&learned.sequences, &bound(learned)),
            (&background.sequences, &bound(&background)),
        ],
        &[&tested[0].data.sequences, &tested[1].data.sequences],
        progress,
    )?;
    Ok([0, 1].map(|which| tested[which].metrics(&scores[which])))
}

impl Tested {
    /// All rows of `data` are tested on.
    pub(crate) fn all_of(data: Dataset, bootstrap: Bootstrap) -> Self {
        Self { data, bootstrap }
    }

    /// The test part of `data` is tested on.
    pub(crate) fn part_of(data: &Dataset, bootstrap: Bootstrap) -> Self {
        Self::all_of(data.subset(&data.rows(Part::Test)), bootstrap)
    }

    /// The metrics of the sum occupancy of a motif.
    pub(crate) fn by_motif(&self, motif: &Motif) -> Result<TfMetrics> {
        let motif = MotifSet::new(vec![motif.clone()]);
        let scores = denovo::occupancies(&motif, &self.data.sequences)?;
        Ok(denovo::without_threshold(self.metrics(&scores)))
    }

    /// The metrics of one output of a model.
    pub(crate) fn by_model(
        &self,
        model: &Model,
        output: usize,
        scoring: Scoring<'_>,
        progress: &dyn Progress,
    ) -> Result<TfMetrics> {
        progress.begin("testing", Some(self.data.len() as u64));
        let scores = Predictor::new(model, scoring.device)
            .with_precision(scoring.precision)
            .predict(
                &self.data.sequences,
                scoring.strands,
                PREDICTION_BATCH,
                progress,
            )?;
        progress.finish();
        Ok(self.metrics(&training::column(&scores, output, model.tfs.len())))
    }

    fn metrics(&self, scores: &[Option<f32>]) -> TfMetrics {
        let rows = 0..self.data.len();
        let labels: Vec<Option<bool>> = rows.map(|row| self.data.bound(row, 0)).collect();
        evaluate::evaluate(&self.data.tfs[0], scores, &labels, self.bootstrap)
    }
}
