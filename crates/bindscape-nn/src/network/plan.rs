//! Which layers are computed together, by the fused blocks of [`layers`](crate::layers).

use super::layer::{LayerKind, Layers, Source};

/// What a step computes. Numbers are places in the list of layers.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Operation {
    /// Convolution, normalisation if there is one, ReLU, max-pooling if there is one.
    ConvBlock {
        convolution: usize,
        norm: Option<usize>,
        pool: Option<usize>,
    },
    /// Linear layer, normalisation, ReLU, dropout if there is one.
    DenseBlock {
        dense: usize,
        norm: usize,
        dropout: Option<usize>,
    },
    /// Linear layer and ReLU.
    DenseRelu { dense: usize },
    /// Zeros beyond the end of each protein, and dropout.
    MaskedDropout { dropout: usize },
    /// A layer alone.
    Single { layer: usize },
}

/// One call of the layers' blocks.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Step {
    pub(super) operation: Operation,
    /// What it reads, and whether it is the last to read it.
    pub(super) reads: Vec<(Source, bool)>,
    /// The layer whose output it leaves.
    pub(super) output: usize,
}

/// The steps of a pass through a network, in order.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Plan {
    pub(super) steps: Vec<Step>,
}

impl Plan {
    /// The fewest steps that leave the outputs of the layers `wanted`, and those that no layer
    /// reads.
    pub(super) fn new(layers: &Layers, wanted: &[usize]) -> Self {
        let readers = layers.readers();
        let mut done = vec![false; layers.len()];
        let mut steps: Vec<Step> = Vec::new();
        // The layer after one whose output nothing else needs.
        let next = |place: usize| match readers[place][..] {
            [reader] if !wanted.contains(&place) && layers.at(reader).reads().len() == 1 => {
                Some(reader)
            }
            _ => None,
        };
        let follows = |place: usize, is: fn(LayerKind) -> bool| {
            next(place).filter(|&reader| is(layers.at(reader).kind()))
        };
        for place in 0..layers.len() {
            if done[place] {
                continue;
            }
            let (operation, members) = block(place, layers.at(place).kind(), &follows);
            for &member in &members {
                done[member] = true;
            }
            steps.push(Step {
                operation,
                reads: layers
                    .at(place)
                    .reads()
                    .iter()
                    .map(|&s| (s, false))
                    .collect(),
                output: members[members.len() - 1],
            });
        }
        let mut seen = Vec::new();
        for step in steps.iter_mut().rev() {
            for (source, last) in step.reads.iter_mut().rev() {
                *last = !seen.contains(source);
                seen.push(*source);
            }
        }
        Self { steps }
    }
}

/// The largest block that begins with a layer, and the layers in it.
fn block(
    place: usize,
    kind: LayerKind,
    follows: &impl Fn(usize, fn(LayerKind) -> bool) -> Option<usize>,
) -> (Operation, Vec<usize>) {
    let is_norm: fn(LayerKind) -> bool = |kind| matches!(kind, LayerKind::BatchNorm { .. });
    let is_relu: fn(LayerKind) -> bool = |kind| kind == LayerKind::Relu;
    let is_pool: fn(LayerKind) -> bool = |kind| matches!(kind, LayerKind::MaxPool { .. });
    let is_dropout: fn(LayerKind) -> bool = |kind| matches!(kind, LayerKind::Dropout { .. });
    let alone = (Operation::Single { layer: place }, vec![place]);
    let mut members = vec![place];
    match kind {
        LayerKind::Convolution { .. } | LayerKind::Dense { .. } => {
            let norm = follows(place, is_norm);
            members.extend(norm);
            let Some(relu) = follows(members[members.len() - 1], is_relu) else {
                return alone;
            };
            members.push(relu);
            let operation = match (kind, norm) {
                (LayerKind::Convolution { .. }, _) => {
                    let pool = follows(relu, is_pool);
                    members.extend(pool);
                    Operation::ConvBlock {
                        convolution: place,
                        norm,
                        pool,
                    }
                }
                (_, Some(norm)) => {
                    let dropout = follows(relu, is_dropout);
                    members.extend(dropout);
                    Operation::DenseBlock {
                        dense: place,
                        norm,
                        dropout,
                    }
                }
                (_, None) => Operation::DenseRelu { dense: place },
            };
            (operation, members)
        }
        LayerKind::Mask => match follows(place, is_dropout) {
            Some(dropout) => {
                members.push(dropout);
                (Operation::MaskedDropout { dropout }, members)
            }
            None => alone,
        },
        _ => alone,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::architecture::Architecture;
    use crate::cnn::CnnConfig;

    /// The layers that the steps leave.
    fn left(wanted: &[&str]) -> Vec<String> {
        let layers = Architecture::Cnn(CnnConfig::new(200, 2)).layers();
        let places: Vec<usize> = wanted
            .iter()
            .map(|name| layers.position(name).unwrap())
            .collect();
        let plan = Plan::new(&layers, &places);
        let name = |step: &Step| layers.at(step.output).name().to_owned();
        plan.steps.iter().map(name).collect()
    }

    #[test]
    fn blocks_are_as_large_as_what_is_wanted_allows() {
        let all = [
            "pool1", "pool2", "pool3", "flatten", "dropout4", "dropout5", "d6",
        ];
        assert_eq!(left(&[]), all);
        assert_eq!(left(&["relu1"])[..3], ["relu1", "pool1", "pool2"]);
        assert_eq!(left(&["c1"])[..5], ["c1", "bn1", "relu1", "pool1", "pool2"]);
        assert_eq!(left(&["bn4"])[4..8], ["d4", "bn4", "relu4", "dropout4"]);
    }
}
