//! Profile hidden Markov models of domains, built from labelled ones and searched with HMMER's
//! pipeline.
//!
//! A profile is built as HMMER's `hmmbuild` builds one from an alignment: weights by position,
//! an effective number of sequences that keeps its information low enough to find distant
//! relatives, and mixtures of Dirichlet distributions as prior. The alignment comes from the
//! profile itself: all domains of a family are aligned to the profile of one of them, a profile
//! is built of that, and so on a few times.
//!
//! The search is that of the crate `rustyhmmer`, whose scores are those of HMMER 3.4, and files of
//! profiles are HMMER's (`HMMER3/f`), so that `hmmsearch` reads them.

mod align;
mod build;
mod calibrate;
mod families;
mod prior;
mod search;
mod text;

pub use self::families::{DomainFamilies, Family, FamilyOptions, SHORTEST_DOMAIN};
pub(crate) use self::families::{apart, shared};
pub use self::search::{DomainHit, DomainSearch};

/// Transitions of a node, in HMMER's order.
const MM: usize = 0;
const MI: usize = 1;
const MD: usize = 2;
const IM: usize = 3;
const II: usize = 4;
const DM: usize = 5;
const DD: usize = 6;

/// A profile of a domain: for each of its positions the probabilities of the amino acids and of
/// what comes next.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// Name of the family.
    pub name: String,
    /// Number of sequences that it was built from.
    pub sequences: usize,
    /// Number of independent sequences that they count as.
    pub effective: f64,
    /// Probabilities of the amino acids at each position.
    matches: Vec<[f64; 20]>,
    /// Probabilities of transitions from each node; node 0 is the beginning.
    transitions: Vec<[f64; 7]>,
    /// What scores of random sequences are like.
    statistics: Statistics,
}

/// Parameters of the distributions of scores of random sequences, in bits: two Gumbel
/// distributions and the exponential tail of Forward scores.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Statistics {
    lambda: f64,
    msv: f64,
    viterbi: f64,
    forward: f64,
}

impl Profile {
    /// Number of positions.
    #[must_use]
    pub fn positions(&self) -> usize {
        self.matches.len()
    }
}

#[cfg(test)]
mod tests;
