//! The convolutional network of the paper (Methods, "Model architecture"),
//! adapted there from Basset and AI-TAC: three convolutional blocks, two dense
//! blocks, one output per TF. Parameters bear the names of the authors'
//! `ConvNetDeep`, so that weights go both ways.

use bindscape_base::Result;
use serde::{Deserialize, Serialize};

use crate::network::{Builder, FlattenOrder, LayerKind, Layers};
use crate::parameters::Array;
use crate::sizes::{check_dropout, check_length, check_sizes};

/// Sizes of the convolutional network.
///
/// ```
/// use bindscape_nn::CnnConfig;
/// let paper = CnnConfig::new(200, 50);
/// assert_eq!(paper.flattened(), 1000);
/// assert_eq!(CnnConfig::minimum_length(&paper), 90);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CnnConfig {
    /// Length of the sequences in base pairs.
    pub length: usize,
    /// Number of outputs, one per TF.
    pub outputs: usize,
    /// Filters of the three convolutions.
    pub filters: [usize; 3],
    /// Widths of the three convolutions.
    pub kernels: [usize; 3],
    /// Window and stride of the max-pooling after each convolution; in files one number where all
    /// are the same.
    #[serde(rename = "pool", with = "pools")]
    pub pools: [usize; 3],
    /// Units of each of the two dense layers.
    pub hidden: usize,
    /// Share of the activations of a dense layer that dropout sets to zero, in [0, 1).
    pub dropout: f64,
}

impl CnnConfig {
    /// The paper's sizes for sequences of `length` and `outputs` TFs.
    #[must_use]
    pub fn new(length: usize, outputs: usize) -> Self {
        Self {
            length,
            outputs,
            filters: [100, 200, 200],
            kernels: [19, 7, 4],
            pools: [3; 3],
            hidden: 1000,
            dropout: 0.3,
        }
    }

    /// A network with more filters, which sees their best matches in windows of ten bases: better
    /// than the paper's, and faster (docs/few-shot.md).
    ///
    /// ```
    /// use bindscape_nn::CnnConfig;
    /// let wide = CnnConfig::wide(200, 50);
    /// assert_eq!((wide.flattened(), wide.minimum_length()), (200, 198));
    /// ```
    #[must_use]
    pub fn wide(length: usize, outputs: usize) -> Self {
        Self {
            filters: [400, 200, 200],
            kernels: [19, 3, 2],
            pools: [10, 4, 3],
            hidden: 600,
            dropout: 0.4,
            ..Self::new(length, outputs)
        }
    }

    /// The shortest sequence that leaves one position after the third pooling.
    #[must_use]
    pub fn minimum_length(&self) -> usize {
        self.kernels
            .iter()
            .zip(self.pools)
            .rev()
            .fold(1, |after, (kernel, pool)| after * pool + kernel - 1)
    }

    /// Number of activations that enter the first dense layer.
    ///
    /// # Panics
    /// If the configuration is not valid.
    #[must_use]
    pub fn flattened(&self) -> usize {
        let blocks = self.kernels.iter().zip(self.pools);
        let length = blocks.fold(self.length, |length, (kernel, pool)| {
            (length + 1 - kernel) / pool
        });
        length * self.filters[2]
    }

    /// Checks that the sizes make a network.
    ///
    /// # Errors
    /// If a size is zero, the dropout is no share, or the sequences are too
    /// short (the message names the shortest length that works).
    pub fn validate(&self) -> Result<()> {
        let mut sizes = vec![self.outputs, self.hidden];
        sizes.extend(self.pools);
        sizes.extend(self.filters);
        sizes.extend(self.kernels);
        check_sizes(&sizes, self)?;
        check_dropout(self.dropout)?;
        check_length(self.length, self.minimum_length())
    }

    /// The paper's sizes, replaced by those that the shapes of `arrays` show.
    pub(crate) fn infer(arrays: &[Array], length: usize, outputs: usize) -> Self {
        let mut config = Self::new(length, outputs);
        let mut blocks = config.filters.iter_mut().zip(&mut config.kernels);
        for (name, kind) in Self::new(200, outputs).layers().sized(arrays) {
            match kind {
                LayerKind::Convolution {
                    filters, kernel, ..
                } => {
                    if let Some(block) = blocks.next() {
                        (*block.0, *block.1) = (filters, kernel);
                    }
                }
                LayerKind::Dense { outputs, .. } if name == "d5" => config.hidden = outputs,
                _ => {}
            }
        }
        config
    }

    /// The network as a list of layers.
    pub(crate) fn layers(&self) -> Layers {
        let mut layers = Builder::default();
        let mut channels = 4;
        for (block, (filters, kernel)) in self.filters.into_iter().zip(self.kernels).enumerate() {
            let number = block + 1;
            let convolution = LayerKind::Convolution {
                channels,
                filters,
                kernel,
            };
            layers.push(format!("c{number}"), convolution);
            let norm = LayerKind::BatchNorm { channels: filters };
            layers.push(format!("bn{number}"), norm);
            layers.push(format!("relu{number}"), LayerKind::Relu);
            let window = Some(self.pools[block]);
            layers.push(format!("pool{number}"), LayerKind::MaxPool { window });
            channels = filters;
        }
        let order = FlattenOrder::ChannelsFirst;
        layers.push("flatten", LayerKind::Flatten { order });
        let dense = |inputs, outputs| LayerKind::Dense {
            inputs,
            outputs,
            positions: None,
        };
        let mut inputs = self.flattened();
        for number in [4, 5] {
            let units = self.hidden;
            layers.push(format!("d{number}"), dense(inputs, units));
            layers.push(
                format!("bn{number}"),
                LayerKind::BatchNorm { channels: units },
            );
            layers.push(format!("relu{number}"), LayerKind::Relu);
            let dropout = LayerKind::Dropout {
                rate: self.dropout,
                stream: number - 1,
            };
            layers.push(format!("dropout{number}"), dropout);
            inputs = units;
        }
        layers.push("d6", dense(inputs, self.outputs));
        layers.finish()
    }
}

/// Windows of the max-poolings as files hold them.
mod pools {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    enum Pools {
        Same(usize),
        Each([usize; 3]),
    }

    pub(super) fn serialize<S: Serializer>(
        pools: &[usize; 3],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let [first, others @ ..] = *pools;
        let written = match others.iter().all(|&other| other == first) {
            true => Pools::Same(first),
            false => Pools::Each(*pools),
        };
        written.serialize(serializer)
    }

    pub(super) fn deserialize<'a, D: Deserializer<'a>>(
        deserializer: D,
    ) -> Result<[usize; 3], D::Error> {
        Ok(match Pools::deserialize(deserializer)? {
            Pools::Same(pool) => [pool; 3],
            Pools::Each(pools) => pools,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Architecture;

    #[test]
    fn the_papers_sizes() {
        let config = CnnConfig::new(200, 50);
        config.validate().unwrap();
        assert_eq!(config.flattened(), 1000);
        assert_eq!(CnnConfig::new(500, 1).flattened(), 3200);
        let architecture = Architecture::Cnn(config);
        // c 7,700 + 140,200 + 160,200; d 2 x 1,001,000 + 50,050; norms 2 x (500 + 2,000).
        assert_eq!(architecture.parameters(), 2_365_150);
        let names: Vec<_> = architecture.slots().into_iter().map(|s| s.name).collect();
        assert_eq!(names[0], "c1.weight");
        assert_eq!(names[6], "bn1.num_batches_tracked");
        assert_eq!(names[36], "d6.bias");
        assert_eq!(names.len(), 37);
    }

    #[test]
    fn files_hold_one_number_for_equal_pools() {
        for (config, expected) in [
            (CnnConfig::new(200, 2), serde_json::json!(3)),
            (CnnConfig::wide(200, 2), serde_json::json!([10, 4, 3])),
        ] {
            let written = serde_json::to_value(&config).unwrap();
            assert_eq!(written["pool"], expected);
            let read: CnnConfig = serde_json::from_value(written).unwrap();
            assert_eq!(read, config);
            config.validate().unwrap();
        }
        let wide = Architecture::WideCnn(CnnConfig::wide(200, 50));
        assert_eq!(
            wide.parameters(),
            // c1 30,800, c2 240,200, c3 80,200; d 120,600 + 360,600 + 30,050; norms 2 x (800 + 1,200).
            866_450
        );
        let short = CnnConfig::wide(197, 2).validate().unwrap_err();
        assert!(short.to_string().contains("at least 198 bp"), "{short}");
    }

    #[test]
    fn too_short_sequences_are_refused_with_the_minimum() {
        let error = CnnConfig::new(89, 1).validate().unwrap_err();
        assert_eq!(
            error.to_string(),
            "length: expected at least 90 bp for this network, found 89 bp"
        );
        CnnConfig::new(90, 1).validate().unwrap();
        assert_eq!(CnnConfig::new(90, 1).flattened(), 200);
        let mut config = CnnConfig::new(200, 1);
        config.dropout = 1.0;
        let error = config.validate().unwrap_err();
        assert!(error.to_string().contains("found 1"), "{error}");
    }
}
