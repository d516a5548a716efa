//! Binding sites as the objective of a training.

use bindscape_base::progress::Progress;
use bindscape_base::{Error, Result};
use bindscape_genome::sequence::Strand;
use bindscape_matrix::dataset::{Dataset, Part, UNRESOLVED};
use bindscape_matrix::results::EpochRecord;
use burn::tensor::{Tensor, TensorData};

use super::batches::split;
use super::options::TrainOptions;
use super::scale::Gradients;
use super::step::Learner;
use super::trainer::{Objective, TrainedEpoch};
use super::validation::validate;
use crate::architecture::Architecture;
use crate::encode::Bases;
use crate::network::{Dropout, Network, Value};
use crate::random;

/// A sequence of a batch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Drawn {
    pub(super) row: usize,
    pub(super) strand: Strand,
    /// Bases that leave at the beginning and come in at the end.
    pub(super) rotated: usize,
}

/// Regions to train and validate on.
pub(super) struct BindingSites<'a> {
    data: &'a Dataset,
    options: &'a TrainOptions,
    train: Vec<(usize, Strand)>,
    validation: Vec<usize>,
}

impl<'a> BindingSites<'a> {
    /// The parts of `data`, for a network of `architecture`.
    ///
    /// # Errors
    /// If they do not fit together.
    pub(super) fn new(
        architecture: &Architecture,
        data: &'a Dataset,
        options: &'a TrainOptions,
    ) -> Result<Self> {
        let unfit = |expected: String, found: String| Err(Error::about("data", expected, found));
        if data.tfs.len() != architecture.outputs() {
            return unfit(
                format!("{} TFs, one per output", architecture.outputs()),
                format!("{} TFs", data.tfs.len()),
            );
        }
        if data.sequences.length() != architecture.length() {
            return unfit(
                format!("sequences of {} bp", architecture.length()),
                format!("{} bp", data.sequences.length()),
            );
        }
        if let Some(row) = (0..data.len()).find(|&row| data.sequences.has_unknown(row)) {
            return unfit(
                "sequences of A, C, G and T alone".into(),
                format!("another letter in {}", data.regions.get(row)),
            );
        }
        options.check_length(architecture.length())?;
        let strands: &[Strand] = if options.reverse_complement {
            &[Strand::Forward, Strand::Reverse]
        } else {
            &[Strand::Forward]
        };
        let train: Vec<_> = data
            .rows(Part::Train)
            .into_iter()
            .flat_map(|row| strands.iter().map(move |&strand| (row, strand)))
            .collect();
        let validation = data.rows(Part::Validation);
        if train.len() < 2 || validation.is_empty() {
            return unfit(
                "at least two regions to train on and one to validate on".into(),
                format!("{} and {}", data.rows(Part::Train).len(), validation.len()),
            )
            .map_err(|error| error.hint("take more regions, or another split"));
        }
        Ok(Self {
            data,
            options,
            train,
            validation,
        })
    }
}

impl Objective for BindingSites<'_> {
    type Item = Drawn;
    /// Sequences, and labels `[batch, TFs]`.
    type Batch = (Bases, Vec<f32>);
    type Record = EpochRecord;

    fn batches(&self, epoch: u32) -> Vec<Vec<Drawn>> {
        let mut items = self.train.clone();
        let streams = ["epoch", "shift"];
        let [mut order, mut shifts] =
            streams.map(|name| random::stream(self.options.seed, name, &[u64::from(epoch)]));
        random::shuffle(&mut items, &mut order);
        let (length, shift) = (self.data.sequences.length(), self.options.shift);
        let mut rotation = || match shift {
            0 => 0,
            // From `shift` to the left to as many to the right.
            _ => (length - shift + random::below(2 * shift + 1, &mut shifts)) % length,
        };
        let items: Vec<Drawn> = items
            .into_iter()
            .map(|(row, strand)| Drawn {
                row,
                strand,
                rotated: rotation(),
            })
            .collect();
        split(&items, self.options.batch_size)
    }

    fn read(&self, items: &[Drawn]) -> Result<(Bases, Vec<f32>)> {
        let labels = items
            .iter()
            .flat_map(|item| self.data.labels_of(item.row))
            // The loss leaves out what is negative.
            .map(|&label| {
                if label == UNRESOLVED {
                    -1.0
                } else {
                    f32::from(label)
                }
            });
        let labels = labels.collect();
        let sequences = items
            .iter()
            .map(|item| (item.row, item.strand, item.rotated));
        Ok((Bases::rotated(&self.data.sequences, sequences), labels))
    }

    fn differentiate(
        &self,
        learner: &mut Learner,
        items: &[Drawn],
        (bases, labels): (Bases, Vec<f32>),
        dropout: Dropout,
    ) -> (f64, Gradients) {
        let shape = [items.len(), self.data.tfs.len()];
        let data = TensorData::new(labels, shape);
        let labels = Tensor::from_data(data, learner.network.device());
        let input = Value::Bases(bases);
        let (loss, gradients) = learner.differentiate_labels(input, labels, Some(dropout));
        (f64::from(loss), gradients)
    }

    fn record(
        &self,
        network: &Network,
        epoch: &TrainedEpoch,
        best: Option<&EpochRecord>,
        progress: &dyn Progress,
    ) -> Result<EpochRecord> {
        let reverse = self.options.reverse_complement;
        let validated = validate(network, self.data, &self.validation, reverse, progress)?;
        epoch.check(validated.loss)?;
        Ok(EpochRecord {
            epoch: epoch.number,
            train_loss: epoch.loss,
            validation_loss: validated.loss,
            validation_aucpr: validated.aucpr,
            validation_no_skill: validated.no_skill,
            best: best.is_none_or(|best| validated.loss < best.validation_loss),
            seconds: epoch.began.elapsed().as_secs_f64(),
            sequences_per_second: epoch.per_second,
        })
    }
}
