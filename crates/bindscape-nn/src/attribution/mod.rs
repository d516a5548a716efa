//! Which bases of a sequence a prediction comes from.
//!
//! What is attributed is the logit of one TF, never its probability. Methods:
//!
//! - **DeepLIFT** (Shrikumar, Greenside & Kundaje 2017, "Learning important features through
//!   propagating activation differences") with the rescale rule. It compares a sequence with
//!   references: linear layers pass multipliers on, ReLU, sigmoid and hyperbolic tangent by the
//!   quotient of the differences, a max-pooling to where the maximum lies, products of gates by the
//!   means of their factors. So the attributions add up to the difference of the two logits, through
//!   LSTMs as well.
//! - **Integrated gradients** (Sundararajan, Taly & Yan 2017): the mean gradient between reference
//!   and sequence, at points of Gauss and Legendre.
//! - **In-silico mutagenesis**: the change of the logit for every other base at every position. Only
//!   what an edit reaches is computed again.
//! - **Saliency**: the gradient at the sequence.
//!
//! Everything runs on the CPU, on arrays of the host. A layer without a rule is refused. The log odds
//! of a readout come from more than layers, and are attributed by in-silico mutagenesis alone
//! ([`ReadoutMutagenesis`]).

mod chain;
mod deeplift;
mod gradients;
mod ism;
mod number;
mod readout;
mod recurrent;
mod tail;
#[cfg(test)]
mod tests;

use bindscape_base::{Error, Result};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::network::Network;
use crate::strands::Strands;
use chain::Chain;
pub use number::Number;
pub use readout::ReadoutMutagenesis;

/// Pairs of sequence and reference that pass through the network together.
const PAIRS: usize = 64;

/// How a logit is attributed to bases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Method {
    /// DeepLIFT, the rescale rule.
    #[default]
    #[serde(rename = "deeplift")]
    DeepLift,
    /// Integrated gradients.
    IntegratedGradients {
        /// Points on the line from a reference to the sequence.
        steps: usize,
    },
    /// In-silico mutagenesis.
    Ism {
        /// Whether the mean over the four bases of a position is subtracted, that of the sequence's
        /// own base counting as 0.
        centred: bool,
    },
    /// The gradient at the sequence.
    Saliency,
}

impl Method {
    /// Whether sequences are compared with references.
    #[must_use]
    pub fn takes_references(self) -> bool {
        matches!(self, Self::DeepLift | Self::IntegratedGradients { .. })
    }
}

/// What a sequence is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reference<'a> {
    /// Another sequence of bases (A 0, C 1, G 2, T 3).
    Bases(&'a [u8]),
    /// No base at any position.
    Zeros,
}

impl<'a> From<&'a Option<Vec<u8>>> for Reference<'a> {
    /// Bases, or zeros where there are none.
    fn from(bases: &'a Option<Vec<u8>>) -> Self {
        match bases {
            Some(bases) => Self::Bases(bases),
            None => Self::Zeros,
        }
    }
}

/// A sequence and its references.
#[derive(Debug, Clone, Copy)]
pub struct Example<'a> {
    /// The bases (A 0, C 1, G 2, T 3).
    pub bases: &'a [u8],
    /// What it is compared with; none for methods without references.
    pub references: &'a [Reference<'a>],
}

/// What the bases of a sequence contribute to a logit.
#[derive(Debug, Clone, PartialEq)]
pub struct Attribution {
    /// The logit of the sequence.
    pub output: f64,
    /// That of each reference.
    pub reference_outputs: Vec<f64>,
    /// Per reference, how far the sum of the contributions misses the difference of the logits. On
    /// two strands the larger one of them.
    pub gaps: Vec<f64>,
    /// The hypothetical contribution of each base at each position: what it would contribute if it
    /// were there, with the multipliers of the sequence; in the mean over the references. Of
    /// saliency the gradient, of in-silico mutagenesis the change of the logit.
    ///
    /// # Shapes
    /// `[4, length]`, A, C, G, T
    pub hypothetical: Vec<f64>,
}

impl Attribution {
    /// The contribution of each base of the sequence itself, `[length]`.
    ///
    /// # Panics
    /// If `bases` have another length.
    #[must_use]
    pub fn contributions(&self, bases: &[u8]) -> Vec<f64> {
        let length = self.hypothetical.len() / 4;
        assert_eq!(bases.len(), length);
        let own = bases.iter().enumerate();
        own.map(|(position, &base)| self.hypothetical[usize::from(base) * length + position])
            .collect()
    }

    /// The mean logit of the references; `None` without any.
    #[must_use]
    pub fn mean_reference(&self) -> Option<f64> {
        let count = self.reference_outputs.len();
        (count > 0).then(|| self.reference_outputs.iter().sum::<f64>() / count as f64)
    }

    /// The largest gap; `None` without references.
    #[must_use]
    pub fn largest_gap(&self) -> Option<f64> {
        self.gaps.iter().copied().reduce(f64::max)
    }

    /// In-silico mutagenesis that found `changes` of a logit.
    fn of_changes(output: f64, mut changes: Vec<f64>, centred: bool) -> Self {
        if centred {
            let length = changes.len() / 4;
            for position in 0..length {
                let at = |base: usize| base * length + position;
                let mean = (0..4).map(|base| changes[at(base)]).sum::<f64>() / 4.0;
                (0..4).for_each(|base| changes[at(base)] -= mean);
            }
        }
        Self {
            output,
            hypothetical: changes,
            reference_outputs: Vec::new(),
            gaps: Vec::new(),
        }
    }

    /// The mean of this and of the attribution of the other strand, which is turned around.
    fn both(mut self, reverse: &Self) -> Self {
        let half = |a: f64, b: f64| (a + b) / 2.0;
        let turned = reverse.hypothetical.iter().rev();
        for (own, other) in self.hypothetical.iter_mut().zip(turned) {
            *own = half(*own, *other);
        }
        self.output = half(self.output, reverse.output);
        let outputs = self.reference_outputs.iter_mut();
        for (own, &other) in outputs.zip(&reverse.reference_outputs) {
            *own = half(*own, other);
        }
        for (own, &other) in self.gaps.iter_mut().zip(&reverse.gaps) {
            *own = own.max(other);
        }
        self
    }
}

/// A network made ready to attribute one of its logits.
///
/// ```
/// # fn main() -> bindscape_base::Result<()> {
/// use bindscape_nn::attribution::{Attributor, Example, Method, Reference};
/// use bindscape_nn::{Architecture, CnnConfig, Device, Strands};
///
/// let mut config = CnnConfig::new(90, 2);
/// (config.filters, config.hidden) = ([4, 4, 4], 8);
/// let network = Architecture::Cnn(config).initial(1, &Device::flex())?;
/// let attributor = Attributor::<f32>::new(&network, 90, 1)?;
/// let bases: Vec<u8> = (0..90_u32).map(|position| (position * 7 % 11 % 4) as u8).collect();
/// let references = [Reference::Zeros];
/// let example = Example { bases: &bases, references: &references };
/// let found = attributor.attribute(&[example], Method::DeepLift, Strands::Both);
/// let sum: f64 = found[0].contributions(&bases).iter().sum();
/// assert!((sum - (found[0].output - found[0].reference_outputs[0])).abs() < 1e-5);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Attributor<R: Number = f32> {
    chain: Chain<R>,
}

impl<R: Number> Attributor<R> {
    /// For the output number `target` of a network that reads `length` bases.
    ///
    /// # Errors
    /// If the network has a layer without a rule of attribution.
    ///
    /// # Panics
    /// If it has no such output.
    pub fn new(network: &Network, length: usize, target: usize) -> Result<Self> {
        Self::of_sum(network, length, &[(target, 1.0)])
    }

    /// For the sum of outputs, each times its weight.
    fn of_sum(network: &Network, length: usize, logits: &[(usize, f64)]) -> Result<Self> {
        Ok(Self {
            chain: Chain::new(network, length, logits)?,
        })
    }

    /// The attributions of examples, in their order, on the threads of the current pool. They depend
    /// neither on the number of threads nor on which examples are given together.
    ///
    /// # Panics
    /// If sequences or references have another length than the network's, or hold other bases; or
    /// if the method takes references and there are none.
    #[must_use]
    pub fn attribute(
        &self,
        examples: &[Example<'_>],
        method: Method,
        strands: Strands,
    ) -> Vec<Attribution> {
        let forward = self.strand(examples, method);
        if strands == Strands::Forward {
            return forward;
        }
        let turned: Vec<Turned> = examples.iter().map(Turned::new).collect();
        let references: Vec<Vec<Reference<'_>>> = turned.iter().map(Turned::references).collect();
        let examples: Vec<Example<'_>> = turned
            .iter()
            .zip(&references)
            .map(|(turned, references)| Example {
                bases: &turned.bases,
                references,
            })
            .collect();
        let reverse = self.strand(&examples, method);
        let both = forward.into_iter().zip(&reverse);
        both.map(|(forward, reverse)| forward.both(reverse))
            .collect()
    }

    fn strand(&self, examples: &[Example<'_>], method: Method) -> Vec<Attribution> {
        for example in examples {
            self.check(example, method);
        }
        let chain = &self.chain;
        match method {
            Method::DeepLift => {
                let most = examples
                    .iter()
                    .map(|example| example.references.len())
                    .max();
                let together = (PAIRS / most.unwrap_or(1).max(1)).max(1);
                let groups = examples.par_chunks(together);
                groups
                    .flat_map_iter(|group| chain.deeplift(group))
                    .collect()
            }
            Method::IntegratedGradients { steps } => examples
                .par_iter()
                .map(|example| chain.integrated_gradients(example, steps))
                .collect(),
            Method::Ism { centred } => examples
                .par_iter()
                .map(|example| chain.mutagenesis(example.bases, centred))
                .collect(),
            Method::Saliency => examples
                .par_iter()
                .map(|example| chain.saliency(example.bases))
                .collect(),
        }
    }

    fn check(&self, example: &Example<'_>, method: Method) {
        let fits =
            |bases: &[u8]| bases.len() == self.chain.length && bases.iter().all(|&base| base < 4);
        assert!(fits(example.bases), "bases of the network's length");
        let given = !example.references.is_empty();
        assert!(given || !method.takes_references(), "a reference");
        for reference in example.references {
            if let Reference::Bases(bases) = reference {
                assert!(fits(bases), "bases of the network's length");
            }
        }
    }
}

/// An example on its other strand.
struct Turned {
    bases: Vec<u8>,
    references: Vec<Option<Vec<u8>>>,
}

impl Turned {
    fn new(example: &Example<'_>) -> Self {
        let references = example.references.iter().map(|reference| match reference {
            Reference::Bases(bases) => Some(turned(bases)),
            Reference::Zeros => None,
        });
        Self {
            bases: turned(example.bases),
            references: references.collect(),
        }
    }

    fn references(&self) -> Vec<Reference<'_>> {
        self.references.iter().map(Reference::from).collect()
    }
}

/// The reverse complement of bases (A 0, C 1, G 2, T 3).
#[must_use]
pub fn turned(bases: &[u8]) -> Vec<u8> {
    bases.iter().rev().map(|&base| 3 - base).collect()
}

/// The output of a TF among those of a model.
///
/// # Errors
/// If there is none; near names are suggested.
pub fn target(tfs: &[String], wanted: &str) -> Result<usize> {
    tfs.iter().position(|tf| tf == wanted).ok_or_else(|| {
        Error::missing(
            bindscape_base::Subject::field("tf"),
            "a TF of the model",
            wanted,
            tfs.iter().map(String::as_str),
            "`model inspect` lists them",
        )
    })
}
