//! Probabilities of binding for sequences.

use bindscape_base::progress::{Progress, check};
use bindscape_base::{Error, Result};
use bindscape_genome::sequence::{PackedSequences, Strand};
use burn::tensor::{Device, activation};

use crate::architecture::Architecture;
use crate::encode::Bases;
use crate::model::Model;
use crate::network::{Network, Traced, Tracer, Value};
use crate::precision::Precision;
use crate::reader::Reader;
pub use crate::strands::Strands;

/// A model on a device, ready to predict.
///
/// ```
/// # fn main() -> bindscape_base::Result<()> {
/// use bindscape_base::progress::Silent;
/// use bindscape_genome::sequence::PackedSequences;
/// use bindscape_nn::{Architecture, DanqConfig, Device, Predictor, Strands};
///
/// let mut config = DanqConfig::new(90, 2);
/// (config.filters, config.units, config.hidden) = (4, 3, 5);
/// let predictor = Predictor::initial(&Architecture::Danq(config), 1, &Device::flex())?;
/// let mut sequences = PackedSequences::new(90);
/// sequences.push(&b"CACGTG".repeat(15));
/// sequences.push(&[b'N'; 90]);
/// let probabilities = predictor.predict(&sequences, Strands::Both, 100, &Silent)?;
/// assert!(probabilities[..2].iter().all(|p| p.is_some_and(|p| 0.0 < p && p < 1.0)));
/// assert_eq!(probabilities[2..], [None, None]);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Predictor {
    network: Network,
    length: usize,
    outputs: usize,
    /// What makes one probability of the network's outputs, where the model has it.
    reader: Option<Reader>,
}

impl Predictor {
    /// Puts `model` on `device`.
    #[must_use]
    pub fn new(model: &Model, device: &Device) -> Self {
        Self {
            network: model.network(device),
            length: model.architecture.length(),
            outputs: model.tfs.len(),
            reader: Reader::of(model, device),
        }
    }

    /// A network with the weights before training, which depend on `seed` alone.
    ///
    /// # Errors
    /// As [`Architecture::validate`].
    pub fn initial(architecture: &Architecture, seed: u64, device: &Device) -> Result<Self> {
        Ok(Self {
            network: architecture.initial(seed, device)?,
            length: architecture.length(),
            outputs: architecture.outputs(),
            reader: None,
        })
    }

    /// The same with products in another type; see [`DeviceChoice::open_for`] for whether
    /// a device computes in it.
    ///
    /// [`DeviceChoice::open_for`]: crate::DeviceChoice::open_for
    #[must_use]
    pub fn with_precision(self, precision: Precision) -> Self {
        Self {
            network: self.network.with_precision(precision),
            reader: self.reader.map(|reader| reader.with_precision(precision)),
            ..self
        }
    }

    /// The probability that each TF binds each sequence; `None` for the
    /// TFs of a sequence with letters other than A, C, G, T.
    ///
    /// # Shapes
    /// `[sequences, TFs]`, in the order of `sequences` and of the model's TFs
    ///
    /// `batch` sequences are computed at a time; the numbers do not depend on it
    /// beyond rounding. `progress` advances by one per sequence.
    ///
    /// # Errors
    /// If the sequences have another length than the model's, or the user asked to stop.
    pub fn predict(
        &self,
        sequences: &PackedSequences,
        strands: Strands,
        batch: usize,
        progress: &dyn Progress,
    ) -> Result<Vec<Option<f32>>> {
        self.check(sequences)?;
        // On a thread of the pool: calls of kernels from outside would wake it up each time.
        rayon::scope(|_| self.predict_here(sequences, strands, batch, progress))
    }

    /// TFs that it predicts.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// The network and its weights.
    #[must_use]
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The network, to change its weights: predictions and activations that follow are those of
    /// the changed one.
    pub fn network_mut(&mut self) -> &mut Network {
        &mut self.network
    }

    /// The activations of the layers named `layers`, of which [`Network::layers`] is the list, for sequences read along `strand`, `batch`
    /// sequences at a time. Sequences with letters other than A, C, G, T are left out;
    /// [`Traced::rows`] says which are there. `progress` advances by one per sequence.
    ///
    /// ```
    /// # use bindscape_base::progress::Silent;
    /// # use bindscape_genome::sequence::{PackedSequences, Strand};
    /// # use bindscape_nn::{Architecture, CnnConfig, Device, Predictor};
    /// # fn main() -> bindscape_base::Result<()> {
    /// # let mut config = CnnConfig::new(90, 1);
    /// # (config.filters, config.hidden) = ([4, 4, 4], 8);
    /// # let predictor = Predictor::initial(&Architecture::Cnn(config), 1, &Device::flex())?;
    /// let mut sequences = PackedSequences::new(90);
    /// sequences.push(&b"CACGTG".repeat(15));
    /// let mut shapes = Vec::new();
    /// predictor.trace(&sequences, Strand::Forward, &["relu1", "d6"], 64, &Silent, |batch| {
    ///     shapes.extend(batch.activations.into_iter().map(|array| array.shape));
    ///     Ok(())
    /// })?;
    /// assert_eq!(shapes, [vec![1, 72, 4], vec![1, 1]]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If there is no such layer, the sequences have another length than the model's, the user
    /// asked to stop, or `visit` fails.
    pub fn trace(
        &self,
        sequences: &PackedSequences,
        strand: Strand,
        layers: &[&str],
        batch: usize,
        progress: &dyn Progress,
        mut visit: impl FnMut(Traced) -> Result<()> + Send,
    ) -> Result<()> {
        self.check(sequences)?;
        let tracer = Tracer::new(&self.network, layers)?;
        rayon::scope(|_| {
            let known = known(sequences, progress);
            for rows in known.chunks(batch.max(1)) {
                check(progress)?;
                let items: Vec<_> = rows.iter().map(|&row| (row, strand)).collect();
                let input = Value::Bases(Bases::new(sequences, &items));
                visit(Traced {
                    rows: rows.to_vec(),
                    activations: tracer.activations(input),
                })?;
                progress.advance(rows.len() as u64);
            }
            Ok(())
        })
    }

    /// Refuses sequences of another length.
    fn check(&self, sequences: &PackedSequences) -> Result<()> {
        if sequences.length() == self.length {
            return Ok(());
        }
        Err(Error::about(
            "sequences",
            format!(
                "{} bp, the length that the model was trained on",
                self.length
            ),
            format!("{} bp", sequences.length()),
        )
        .hint("resize the regions, or tile longer sequences"))
    }

    fn predict_here(
        &self,
        sequences: &PackedSequences,
        strands: Strands,
        batch: usize,
        progress: &dyn Progress,
    ) -> Result<Vec<Option<f32>>> {
        let mut out = vec![None; sequences.len() * self.outputs];
        let known = known(sequences, progress);
        for rows in known.chunks(batch.max(1)) {
            check(progress)?;
            let probabilities = match &self.reader {
                None => {
                    let read = activation::sigmoid;
                    self.network.over_strands(sequences, rows, strands, read)
                }
                Some(reader) => reader.probabilities(&self.network, sequences, rows, strands),
            };
            for (&row, values) in rows.iter().zip(probabilities.chunks_exact(self.outputs)) {
                let place = &mut out[row * self.outputs..(row + 1) * self.outputs];
                for (slot, &value) in place.iter_mut().zip(values) {
                    *slot = Some(value);
                }
            }
            progress.advance(rows.len() as u64);
        }
        Ok(out)
    }
}

impl Model {
    /// As [`Predictor::predict`], for a single call.
    ///
    /// # Errors
    /// As there.
    pub fn predict(
        &self,
        sequences: &PackedSequences,
        strands: Strands,
        batch: usize,
        device: &Device,
        progress: &dyn Progress,
    ) -> Result<Vec<Option<f32>>> {
        Predictor::new(self, device).predict(sequences, strands, batch, progress)
    }
}

/// The sequences without unknown letters; the others count as done.
fn known(sequences: &PackedSequences, progress: &dyn Progress) -> Vec<usize> {
    let known: Vec<usize> = (0..sequences.len())
        .filter(|&row| !sequences.has_unknown(row))
        .collect();
    progress.advance((sequences.len() - known.len()) as u64);
    known
}
