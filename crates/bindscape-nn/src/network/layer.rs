//! Layers, and the list of them that a network is.

use crate::parameters::{Array, Layout, Role, Slot, Stage};

/// What a layer computes, with its hyperparameters.
///
/// Activations are `[batch, positions, channels]` or, from [`LayerKind::Flatten`] on,
/// `[batch, units]`. Weights have PyTorch's layouts.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum LayerKind {
    /// A convolution of stride 1 without padding, plus a bias.
    ///
    /// # Shapes
    /// - `weight`: `[filters, channels, kernel]`, `bias`: `[filters]`
    /// - `[batch, positions, channels]` to `[batch, positions - kernel + 1, filters]`
    Convolution {
        /// Channels of the input.
        channels: usize,
        /// Number of filters.
        filters: usize,
        /// Width of a filter in positions.
        kernel: usize,
    },
    /// PyTorch's batch normalisation of each channel or unit: by the running statistics, and in
    /// training by those of the batch.
    ///
    /// # Shapes
    /// - `weight`, `bias`, `running_mean`, `running_var`: `[channels]`
    /// - the output has the shape of the input
    BatchNorm {
        /// Channels, or units.
        channels: usize,
    },
    /// `max(x, 0)`.
    Relu,
    /// The largest of each `window` positions; the stride is the window, a remainder is
    /// dropped.
    ///
    /// # Shapes
    /// `[batch, positions, channels]` to `[batch, positions / window, channels]`
    MaxPool {
        /// Positions of a window; `None`: all of them.
        window: Option<usize>,
    },
    /// Inverted dropout in training; nothing in prediction.
    Dropout {
        /// Share of the activations that are set to zero.
        rate: f64,
        /// Number of its stream of random numbers, its own in the network.
        stream: usize,
    },
    /// A bidirectional LSTM from a zero state, PyTorch's gates and biases.
    ///
    /// # Shapes
    /// - each direction: `weight_ih` `[4 * units, inputs]`, `weight_hh` `[4 * units, units]`,
    ///   `bias_ih` and `bias_hh` `[4 * units]`
    /// - `[batch, steps, inputs]` to `[batch, steps, 2 * units]`
    Lstm {
        /// Channels of the input.
        inputs: usize,
        /// Units of a direction.
        units: usize,
    },
    /// The channels of all its inputs beside each other.
    Concatenate,
    /// Zeros before the first and after the last position, so that a convolution of width
    /// `kernel` leaves whole pooling windows that hold every position.
    Pad {
        /// Width of the convolution that follows, odd.
        kernel: usize,
        /// Window of the pooling that follows.
        pool: usize,
        /// Positions after that pooling at most.
        most: usize,
    },
    /// Zero at the positions beyond the end of each protein.
    Mask,
    /// All activations of a sequence in a row.
    ///
    /// # Shapes
    /// `[batch, positions, channels]` to `[batch, positions * channels]`
    Flatten {
        /// Which of them lie next to each other.
        order: FlattenOrder,
    },
    /// A linear layer.
    ///
    /// # Shapes
    /// - `weight`: `[outputs, inputs]`, `bias`: `[outputs]`
    /// - `[batch, inputs]` to `[batch, outputs]`
    Dense {
        /// Units of the input.
        inputs: usize,
        /// Units of the output.
        outputs: usize,
        /// Where the inputs are flattened positions, positions first: how many at most. The
        /// last ones may be left out of the input, which counts as zeros. A file has such a
        /// weight channels first, as PyTorch flattens.
        positions: Option<usize>,
    },
}

/// The order of flattened activations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlattenOrder {
    /// The positions of a channel lie next to each other, as in PyTorch.
    ChannelsFirst,
    /// The channels of a position lie next to each other.
    PositionsFirst,
}

/// How differences of a layer's output from a reference are attributed to its input, in the
/// words of DeepLIFT (Shrikumar, Greenside and Kundaje, 2017, "Learning important features
/// through propagating activation differences").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AttributionRule {
    /// In prediction the output is linear in the input, up to a constant: the multiplier is the
    /// gradient, whatever the reference.
    Linear,
    /// An elementwise nonlinearity: the multiplier is the difference of the outputs over that of
    /// the inputs (the rescale rule), and the gradient where the inputs are the same.
    Rescale,
    /// The largest of a window: a difference of the maxima goes to the position that is the
    /// maximum of the input and to that of the reference.
    MaxPool,
    /// Products of states and gates: nonlinearities by the rescale rule, a product of two changing
    /// numbers by the mean of either one times the difference of the other.
    Gates,
    /// No rule: the gradient alone, which [`attribution`](crate::attribution) refuses.
    Gradient,
}

impl LayerKind {
    /// Its rule of attribution.
    #[must_use]
    pub fn attribution(&self) -> AttributionRule {
        match self {
            Self::Convolution { .. }
            | Self::BatchNorm { .. }
            | Self::Dropout { .. }
            | Self::Concatenate
            | Self::Pad { .. }
            | Self::Mask
            | Self::Flatten { .. }
            | Self::Dense { .. } => AttributionRule::Linear,
            Self::Relu => AttributionRule::Rescale,
            Self::MaxPool { .. } => AttributionRule::MaxPool,
            Self::Lstm { .. } => AttributionRule::Gates,
        }
    }

    /// Whether it has weights of its own, a normalisation not counted: it stands with the layer
    /// before it.
    fn weighs(&self) -> bool {
        matches!(
            self,
            Self::Convolution { .. } | Self::Lstm { .. } | Self::Dense { .. }
        )
    }
}

/// What a layer reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// The input of the network.
    Input,
    /// The output of the layer at that place of the list.
    Layer(usize),
}

/// A layer of a network.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    name: String,
    kind: LayerKind,
    reads: Vec<Source>,
    slots: Vec<Slot>,
    first_slot: usize,
}

impl Layer {
    /// Its name, its own in the network.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it computes.
    #[must_use]
    pub fn kind(&self) -> LayerKind {
        self.kind
    }

    /// What it reads.
    #[must_use]
    pub fn reads(&self) -> &[Source] {
        &self.reads
    }

    /// Its parameters, in the order of the `state_dict`.
    #[must_use]
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// Its rule of attribution.
    #[must_use]
    pub fn attribution(&self) -> AttributionRule {
        self.kind.attribution()
    }

    /// Its kind with the sizes that the shapes of its weights show; its own sizes where `shape`
    /// knows none. A trailing singleton dimension of a convolution counts for nothing.
    pub(crate) fn sized<'a>(&self, shape: impl Fn(&str) -> Option<&'a [usize]>) -> LayerKind {
        let of = |number: usize| {
            let slot: Option<&Slot> = self.slots.get(number);
            slot.and_then(|slot| shape(&slot.name))
        };
        match (self.kind, of(0)) {
            (
                LayerKind::Convolution { .. },
                Some(&[filters, channels, kernel] | &[filters, channels, kernel, 1]),
            ) => LayerKind::Convolution {
                channels,
                filters,
                kernel,
            },
            (LayerKind::Dense { positions, .. }, Some(&[outputs, inputs])) => LayerKind::Dense {
                inputs,
                outputs,
                positions,
            },
            (LayerKind::Lstm { .. }, Some(&[_, inputs])) => match of(1) {
                Some(&[_, units]) => LayerKind::Lstm { inputs, units },
                _ => self.kind,
            },
            _ => self.kind,
        }
    }

    /// Place of its first parameter among those of the network.
    pub(crate) fn first_slot(&self) -> usize {
        self.first_slot
    }
}

/// The layers of a network, each after those that it reads.
///
/// Everything else follows from the list: the `state_dict`, the initial weights, what freezing and
/// transfer choose by, the blocks that are computed at once, the outputs (the layers that
/// no other one reads).
///
/// ```
/// use bindscape_nn::{Architecture, CnnConfig};
/// use bindscape_nn::network::{AttributionRule, LayerKind};
///
/// let layers = Architecture::Cnn(CnnConfig::new(200, 50)).layers();
/// let first = layers.get("c1").unwrap();
/// assert_eq!(
///     first.kind(),
///     LayerKind::Convolution { channels: 4, filters: 100, kernel: 19 }
/// );
/// assert_eq!(first.attribution(), AttributionRule::Linear);
/// assert_eq!(first.slots()[0].name, "c1.weight");
/// let names: Vec<&str> = layers.iter().map(|layer| layer.name()).collect();
/// assert_eq!(names[..5], ["c1", "bn1", "relu1", "pool1", "c2"]);
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Layers(Vec<Layer>);

impl Layers {
    /// The layers in their order.
    pub fn iter(&self) -> std::slice::Iter<'_, Layer> {
        self.0.iter()
    }

    /// Number of layers.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The layer of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Layer> {
        self.0.iter().find(|layer| layer.name == name)
    }

    /// Place of the layer of that name.
    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        self.0.iter().position(|layer| layer.name == name)
    }

    /// The kinds of all layers, by name, with the sizes that the shapes of `arrays` show.
    pub(crate) fn sized(&self, arrays: &[Array]) -> impl Iterator<Item = (&str, LayerKind)> {
        let shape = |name: &str| {
            let array = arrays.iter().find(|array| array.name == name);
            array.map(|array| array.shape.as_slice())
        };
        self.0
            .iter()
            .map(move |layer| (layer.name(), layer.sized(shape)))
    }

    /// The layer at a place.
    pub(crate) fn at(&self, place: usize) -> &Layer {
        &self.0[place]
    }

    /// The parameters of all layers: the `state_dict`, in PyTorch's order.
    pub fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.0.iter().flat_map(|layer| &layer.slots)
    }

    /// Number of learned numbers.
    #[must_use]
    pub fn learned(&self) -> u64 {
        self.slots()
            .filter(|slot| slot.role.learned())
            .map(|slot| slot.entries() as u64)
            .sum()
    }

    /// Places of the layers that read each layer.
    pub(crate) fn readers(&self) -> Vec<Vec<usize>> {
        let mut readers = vec![Vec::new(); self.0.len()];
        for (place, layer) in self.0.iter().enumerate() {
            for source in &layer.reads {
                if let Source::Layer(read) = source {
                    readers[*read].push(place);
                }
            }
        }
        readers
    }
}

impl<'a> IntoIterator for &'a Layers {
    type Item = &'a Layer;
    type IntoIter = std::slice::Iter<'a, Layer>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Makes a list of layers, one after the other.
#[derive(Debug, Default)]
pub(crate) struct Builder {
    layers: Vec<Layer>,
    slots: usize,
}

impl Builder {
    /// Appends a layer that reads the last one, or the input if there is none.
    pub(crate) fn push(&mut self, name: impl Into<String>, kind: LayerKind) -> Source {
        let last = match self.layers.len() {
            0 => Source::Input,
            count => Source::Layer(count - 1),
        };
        self.push_reading(name, kind, vec![last])
    }

    /// Appends a layer that reads `reads`. Its parameters bear its name.
    pub(crate) fn push_reading(
        &mut self,
        name: impl Into<String>,
        kind: LayerKind,
        reads: Vec<Source>,
    ) -> Source {
        let name = name.into();
        let slots = slots(&name, kind);
        self.append(name, kind, reads, slots)
    }

    /// Appends the bidirectional LSTM that is layer `number` of PyTorch's module `module`.
    pub(crate) fn push_lstm(
        &mut self,
        module: &str,
        number: usize,
        inputs: usize,
        units: usize,
    ) -> Source {
        let last = Source::Layer(self.layers.len() - 1);
        let gates = 4 * units;
        let mut slots = Vec::new();
        for direction in ["", "_reverse"] {
            for (part, shape) in [
                ("weight_ih", vec![gates, inputs]),
                ("weight_hh", vec![gates, units]),
                ("bias_ih", vec![gates]),
                ("bias_hh", vec![gates]),
            ] {
                // PyTorch draws all arrays of an LSTM by the size of its state.
                let name = format!("{module}.{part}_l{number}{direction}");
                slots.push(Slot::new(name, shape, Role::weight(units)));
            }
        }
        let kind = LayerKind::Lstm { inputs, units };
        self.append(format!("{module}.{number}"), kind, vec![last], slots)
    }

    /// Draws the weights of the layer that was appended last as Xavier does. Its fan-out is
    /// that of a layer with `fan_out` outputs for each input.
    pub(crate) fn xavier(&mut self, fan_out: usize) {
        let layer = self.layers.last_mut();
        let slots = layer.into_iter().flat_map(|layer| &mut layer.slots);
        for slot in slots.filter(|slot| slot.shape.len() > 1) {
            if let Role::Weight { fan_out: own, .. } = &mut slot.role {
                *own = Some(fan_out);
            }
        }
    }

    fn append(
        &mut self,
        name: String,
        kind: LayerKind,
        reads: Vec<Source>,
        slots: Vec<Slot>,
    ) -> Source {
        debug_assert!(self.layers.iter().all(|layer| layer.name != name), "{name}");
        let first_slot = self.slots;
        self.slots += slots.len();
        self.layers.push(Layer {
            name,
            kind,
            reads,
            slots,
            first_slot,
        });
        Source::Layer(self.layers.len() - 1)
    }

    /// The list, whose parameters know their stages.
    pub(crate) fn finish(self) -> Layers {
        let mut layers = Layers(self.layers);
        let readers = layers.readers();
        // Whether nothing with weights follows.
        let mut last = vec![true; layers.len()];
        for place in (0..layers.len()).rev() {
            last[place] = readers[place]
                .iter()
                .all(|&reader| last[reader] && !layers.0[reader].kind.weighs());
        }
        let mut stages: Vec<Stage> = Vec::with_capacity(layers.len());
        for (place, layer) in layers.0.iter_mut().enumerate() {
            let stage = match (layer.kind, &layer.reads[..]) {
                (LayerKind::Convolution { .. }, [Source::Input]) => Stage::FirstConvolutional,
                (LayerKind::Convolution { .. }, _) => Stage::Convolutional,
                (LayerKind::BatchNorm { .. }, [Source::Layer(read), ..]) => stages[*read],
                _ if last[place] => Stage::Output,
                _ => Stage::Hidden,
            };
            stages.push(stage);
            for slot in &mut layer.slots {
                slot.stage = stage;
            }
        }
        layers
    }
}

/// The parameters of a layer that PyTorch has as a module of its own.
fn slots(name: &str, kind: LayerKind) -> Vec<Slot> {
    let affine = |shape: Vec<usize>| {
        let fan_in = shape[1..].iter().product();
        let outputs = vec![shape[0]];
        vec![
            Slot::new(format!("{name}.weight"), shape, Role::weight(fan_in)),
            Slot::new(format!("{name}.bias"), outputs, Role::weight(fan_in)),
        ]
    };
    match kind {
        LayerKind::Convolution {
            channels,
            filters,
            kernel,
        } => affine(vec![filters, channels, kernel]),
        LayerKind::Dense {
            inputs,
            outputs,
            positions,
        } => {
            let mut slots = affine(vec![outputs, inputs]);
            if let Some(positions) = positions {
                slots[0].layout = Layout::PositionsFirst { positions };
            }
            slots
        }
        LayerKind::BatchNorm { channels } => {
            let part = |part: &str, shape: &[usize], role| {
                Slot::new(format!("{name}.{part}"), shape.to_vec(), role)
            };
            vec![
                part("weight", &[channels], Role::Scale),
                part("bias", &[channels], Role::Shift),
                part("running_mean", &[channels], Role::RunningMean),
                part("running_var", &[channels], Role::RunningVar),
                part("num_batches_tracked", &[], Role::Counter),
            ]
        }
        _ => Vec::new(),
    }
}
