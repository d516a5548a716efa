//! What sequences are compared with.

use std::path::{Path, PathBuf};

use bindscape_base::{Error, Place, Result, digest, random};
use bindscape_genome::fasta;
use bindscape_motif::discover::shuffle_words;
use bindscape_nn::Model;
use serde::{Deserialize, Serialize};

use super::strand::on_its_strand;
use super::unbound::{self, Unbound, UnboundRegions};
use crate::data::{counted, file_name};
use crate::session::Session;

/// References of a sequence at most: their mean changes no more long before.
const MOST: usize = 1_000;

/// Kinds of references.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReferenceKind {
    /// The sequence shuffled so that its counts of dinucleotides stay, every such sequence with the
    /// same probability.
    #[default]
    Dinucleotide,
    /// The bases of the sequence in any order.
    Mononucleotide,
    /// No base at any position.
    Zero,
    /// Regions that the TF does not bind, with the GC content of the sequence.
    Unbound,
}

/// What sequences are compared with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct References {
    /// Their kind.
    #[serde(default)]
    pub kind: ReferenceKind,
    /// Shuffles or unbound regions per sequence.
    pub count: usize,
    /// Seed of the draw. References of a sequence depend on it and on the sequence alone, and those
    /// of its reverse complement are theirs.
    #[serde(default)]
    pub seed: u64,
    /// Sequences (FASTA) to compare each sequence with, instead.
    #[serde(default)]
    pub fasta: Option<PathBuf>,
    /// The regions that [`ReferenceKind::Unbound`] draws from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unbound: Option<UnboundRegions>,
}

impl Default for References {
    fn default() -> Self {
        Self {
            kind: ReferenceKind::default(),
            count: 10,
            seed: 1,
            fasta: None,
            unbound: None,
        }
    }
}

impl References {
    pub(super) fn check(&self) -> Result<()> {
        if !(1..=MOST).contains(&self.count) {
            let expected = format!("1 to {MOST}");
            return Err(Error::argument(
                "references",
                expected,
                self.count.to_string(),
            ));
        }
        let wanted = self.kind == ReferenceKind::Unbound && self.fasta.is_none();
        match (wanted, &self.unbound) {
            (true, None) => Err(Error::argument(
                "matrix",
                "a binding matrix that tells which regions are unbound",
                "none",
            )),
            (false, Some(_)) => Err(Error::argument(
                "reference",
                "`unbound`, since ⟦matrix⟧ is for unbound regions",
                "another kind",
            )),
            _ => Ok(()),
        }
    }

    pub(super) fn in_words(&self) -> String {
        let count = self.count;
        let shuffles = |of: &str| {
            let s = if count == 1 { "" } else { "s" };
            format!(
                "{count} {of} shuffle{s} of each sequence, seed {}",
                self.seed
            )
        };
        match (&self.fasta, self.kind) {
            (Some(fasta), _) => format!("the sequences of {}", file_name(fasta)),
            (None, ReferenceKind::Dinucleotide) => shuffles("dinucleotide"),
            (None, ReferenceKind::Mononucleotide) => shuffles("mononucleotide"),
            (None, ReferenceKind::Zero) => "zeros".into(),
            (None, ReferenceKind::Unbound) => {
                let matrix = self.unbound.as_ref().map(|unbound| &unbound.matrix);
                let of = matrix.map_or(String::new(), |path| format!(" of {}", file_name(path)));
                format!(
                    "{}{of} with the GC content of each sequence, seed {}",
                    counted(count as u64, "unbound region"),
                    self.seed
                )
            }
        }
    }
}

/// References ready to be drawn.
pub(super) enum Drawn {
    Shuffles {
        order: usize,
        count: usize,
        seed: u64,
    },
    Zeros,
    Given(Vec<Vec<u8>>),
    Unbound(Unbound),
}

impl Drawn {
    /// For the logit of `tf`.
    pub(super) fn new(
        references: &References,
        (model, file): (&Model, &Path),
        tf: &str,
        session: &Session<'_>,
    ) -> Result<Self> {
        if let Some(fasta) = &references.fasta {
            return given(fasta, model.architecture.length()).map(Self::Given);
        }
        if let Some(unbound) = &references.unbound {
            let drawn = (references.count, references.seed);
            return (unbound.read((model, file), tf, drawn, session)).map(Self::Unbound);
        }
        Ok(match references.kind {
            ReferenceKind::Zero => Self::Zeros,
            kind => Self::Shuffles {
                order: usize::from(kind == ReferenceKind::Dinucleotide),
                count: references.count,
                seed: references.seed,
            },
        })
    }

    /// What tells given references apart from others.
    pub(super) fn identity(&self) -> Option<String> {
        match self {
            Self::Given(given) => Some(digest::sha256_hex(&given.concat())),
            // Unbound regions are those of files, whose checksums are known.
            Self::Unbound(_) | Self::Zeros | Self::Shuffles { .. } => None,
        }
    }

    /// Says how many of the sequences have no regions of their GC content to be compared with.
    pub(super) fn lacking(&self, sequences: impl Iterator<Item = Vec<u8>>) -> Option<String> {
        let Self::Unbound(unbound) = self else {
            return None;
        };
        let lacking = sequences.filter(|bases| unbound.lacks(bases)).count();
        (lacking > 0).then(|| {
            format!(
                "too few unbound regions have the GC content of {} to within {}%: the nearest were \
                 used instead",
                counted(lacking as u64, "window"),
                unbound::TOLERANCE * 100.0
            )
        })
    }

    /// The references of a sequence; `None` stands for zeros.
    pub(super) fn of(&self, bases: &[u8]) -> Vec<Option<Vec<u8>>> {
        match self {
            Self::Zeros => vec![None],
            Self::Given(given) => given.iter().cloned().map(Some).collect(),
            Self::Unbound(unbound) => unbound.of(bases).into_iter().map(Some).collect(),
            Self::Shuffles { order, count, seed } => {
                let shuffles = shuffles(bases, *order, *count, *seed);
                shuffles.into_iter().map(Some).collect()
            }
        }
    }
}

/// Shuffles of a sequence.
fn shuffles(bases: &[u8], order: usize, count: usize, seed: u64) -> Vec<Vec<u8>> {
    on_its_strand(bases, |own, key| {
        (0..count as u64)
            .map(|number| {
                let mut rng = random::stream(seed, "references", &[key, number]);
                let mut shuffled = own.to_vec();
                shuffle_words(&mut shuffled, order, &mut rng);
                shuffled
            })
            .collect()
    })
}

/// The sequences of a file.
fn given(path: &Path, length: usize) -> Result<Vec<Vec<u8>>> {
    let mut reader = fasta::Reader::open(path)?;
    let mut record = fasta::Record::default();
    let mut given = Vec::new();
    while reader.read(&mut record)? {
        let fault = |expected: String, found: String| {
            let place = Place::Line(record.line);
            Error::input(path, place, expected, found)
                .hint("references are sequences of the model's length, without unknown bases")
        };
        if record.sequence.len() != length {
            return Err(fault(
                format!("a reference of {length} bp, the model's length"),
                format!("{} bp in `{}`", record.sequence.len(), record.name),
            ));
        }
        let number = |letter: &u8| b"ACGT".iter().position(|base| base == letter);
        let bases: Option<Vec<u8>> = record
            .sequence
            .iter()
            .map(|letter| number(&letter.to_ascii_uppercase()).map(|base| base as u8))
            .collect();
        let Some(bases) = bases else {
            return Err(fault(
                "a reference of A, C, G and T".into(),
                format!("other letters in `{}`", record.name),
            ));
        };
        given.push(bases);
    }
    if given.is_empty() {
        return Err(Error::input(path, Place::File, "references", "no sequence"));
    }
    Ok(given)
}

#[cfg(test)]
mod tests {
    use bindscape_nn::attribution::turned;

    use super::*;

    #[test]
    fn shuffles_depend_on_the_sequence_and_turn_with_it() {
        let bases: Vec<u8> = (0..60_u32).map(|at| (at * at % 7 % 4) as u8).collect();
        let drawn = shuffles(&bases, 1, 3, 5);
        assert_ne!(drawn[0], drawn[1]);
        assert_eq!(drawn[..2], shuffles(&bases, 1, 2, 5));
        assert_ne!(drawn, shuffles(&bases, 1, 3, 6));
        let other: Vec<Vec<u8>> = drawn.iter().map(|shuffled| turned(shuffled)).collect();
        assert_eq!(shuffles(&turned(&bases), 1, 3, 5), other);
    }
}
