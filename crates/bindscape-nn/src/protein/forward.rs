//! One way to run the networks for proteins, whatever they are.

use bindscape_base::Result;
use bindscape_protein::Features;
use burn::tensor::{Device, Tensor, TensorData};

use super::config::ProteinNetwork;
use crate::network::{Network, Output, Pass, Positions, Value};
use crate::parameters::StateDict;

/// What a network gives.
pub(crate) struct HeadLogits {
    /// Logits of the transcription-factor head, `[batch, 1]`.
    pub(crate) tf: Option<Tensor<2>>,
    /// Logits of the domain head, `[batch, classes]`.
    pub(crate) domain: Option<Tensor<2>>,
}

impl HeadLogits {
    /// The heads of `config` in what its network leaves.
    pub(crate) fn new(config: &ProteinNetwork, heads: Vec<Tensor<2>>) -> Self {
        let mut heads = heads.into_iter();
        let mut head = |there: bool| there.then(|| heads.next().expect("one tensor per head"));
        Self {
            tf: head(config.heads().tf()),
            domain: head(config.heads().domain()),
        }
    }
}

/// Runs the network of `config` as in prediction.
pub(crate) fn predict(config: &ProteinNetwork, network: &Network, input: Value) -> HeadLogits {
    let Output { heads, .. } = network.forward(input, Pass::prediction());
    HeadLogits::new(config, heads)
}

impl ProteinNetwork {
    /// The network with its weights on a device.
    pub(crate) fn on(&self, state: &StateDict, device: &Device) -> Network {
        Network::new(self.layers(), state, device)
    }

    /// Positions before a protein in the network's input.
    fn lead(&self) -> usize {
        match self {
            Self::MultiTask(config) => config.lead(),
            Self::DeepTFactor(_) => 0,
        }
    }

    /// Group of proteins that may share a batch in prediction, so that the output for a protein
    /// does not depend on the others.
    pub(crate) fn batch_group(&self, rows: usize) -> usize {
        match self {
            // What a longer batch adds to sums are zeros, at their end.
            Self::MultiTask(_) => 0,
            Self::DeepTFactor(config) => config.shortest(rows),
        }
    }

    /// Positions of the network's input for proteins of at most `rows` positions.
    fn input_length(&self, rows: usize, learning: bool) -> usize {
        match self {
            Self::MultiTask(config) => config.input_length(rows),
            // In training the statistics count the padding, and dropout differs along it.
            Self::DeepTFactor(config) if learning => config.length,
            Self::DeepTFactor(config) => config.shortest(rows),
        }
    }
}

/// The features of some proteins as a network takes them: cropped to the longest one,
/// between zeros.
#[derive(Debug, Clone)]
pub(crate) struct Batch {
    /// `[proteins][length][features]`.
    x: Vec<f32>,
    length: usize,
    features: usize,
    /// Positions of each protein.
    pub(crate) rows: Vec<usize>,
}

impl Batch {
    /// Reads the features of `proteins`. `least` makes the crop that long at least.
    pub(crate) fn read(
        network: &ProteinNetwork,
        features: &dyn Features,
        proteins: &[usize],
        learning: bool,
        least: usize,
    ) -> Result<Self> {
        let count = |&protein: &usize| features.rows(protein).min(network.positions());
        let rows: Vec<usize> = proteins.iter().map(count).collect();
        let longest = rows.iter().copied().max().unwrap_or(1).max(least);
        let mut batch = Self::zeros(network, rows, longest, learning);
        let mut values = Vec::new();
        for (place, &protein) in proteins.iter().enumerate() {
            features.read(protein, &mut values)?;
            batch.put(network, place, &values);
        }
        Ok(batch)
    }

    /// Zeros for proteins of `rows` positions, the crop long enough for `longest`.
    pub(crate) fn zeros(
        network: &ProteinNetwork,
        rows: Vec<usize>,
        longest: usize,
        learning: bool,
    ) -> Self {
        let length = network.input_length(longest.min(network.positions()), learning);
        let features = network.features();
        Self {
            x: vec![0.0; rows.len() * length * features],
            length,
            features,
            rows,
        }
    }

    /// Puts the features of a protein (positions x features) to its place.
    pub(crate) fn put(&mut self, network: &ProteinNetwork, place: usize, values: &[f32]) {
        let start = self.start(network, place);
        let used = self.used(network, place);
        self.x[start..start + used].copy_from_slice(&values[..used]);
    }

    /// Where the numbers of a protein begin.
    fn start(&self, network: &ProteinNetwork, place: usize) -> usize {
        (place * self.length + network.lead()) * self.features
    }

    /// How many numbers of a protein the network sees: where a pooling drops a remainder,
    /// the last positions may have no part in its output.
    fn used(&self, network: &ProteinNetwork, place: usize) -> usize {
        self.rows[place].min(self.length - network.lead()) * self.features
    }

    /// The numbers of a protein (positions x features) in an array of the shape of the
    /// network's input; zeros for positions that it does not see.
    pub(crate) fn take(&self, network: &ProteinNetwork, place: usize, x: &[f32]) -> Vec<f32> {
        let start = self.start(network, place);
        let mut values = x[start..start + self.used(network, place)].to_vec();
        values.resize(self.rows[place] * self.features, 0.0);
        values
    }

    /// As the network takes it.
    pub(crate) fn value(mut self, device: &Device) -> Value {
        Value::Positions(Positions {
            x: self.tensor(device),
            kept: Some(self.rows),
        })
    }

    /// `[proteins, length, features]`.
    pub(crate) fn tensor(&mut self, device: &Device) -> Tensor<3> {
        let shape = [self.rows.len(), self.length, self.features];
        let data = TensorData::new(std::mem::take(&mut self.x), shape);
        Tensor::from_data(data, device)
    }
}
