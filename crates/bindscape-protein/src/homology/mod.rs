//! Transcription factors by what is known of labelled proteins.
//!
//! Three kinds of evidence, each of which knows what the others cannot:
//!
//! - **domains**: profiles of the labelled DNA-binding domains ([`crate::profile`]), which find
//!   distant members of a known family;
//! - **relatives**: alignments to labelled proteins that chance makes expected fewer than a
//!   thousandth of, masked for low complexity and corrected for composition; a transcription factor
//!   counts for more where the alignment covers its DNA-binding domain, if that is known;
//! - **composition**: a regression on the amino acids and their pairs, and the length.
//!
//! A logistic regression weighs them. It is fitted on what each labelled protein gets from those of
//! other groups alone, so that its probabilities are those of new proteins.

mod evidence;
mod file;
mod fit;
mod predictor;

use std::collections::BTreeMap;
use std::ops::Range;

use bindscape_base::digest::InputFile;
use serde::{Deserialize, Serialize};

use crate::baseline::composition::MeanFeatures;
use crate::baseline::logistic::{Fitted, Weights};
use crate::class::CLASSES;
use crate::known::KnownSequences;
use crate::profile::{DomainFamilies, Family};
use crate::{Label, Protein, ProteinClass};

pub use self::evidence::SHORT;
pub use self::fit::LabelledProteins;
pub use self::predictor::{
    Explanation, HomologyPredictor, LogOdds, Prediction, ProteinDomain, Relative,
};

/// What a model was made from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HomologyTraining {
    /// Version of bindscape that made it.
    pub bindscape: String,
    /// Files the data came from, with checksums.
    pub inputs: Vec<InputFile>,
    /// Labelled proteins in it, by label.
    pub proteins: BTreeMap<String, u64>,
    /// Seed of the folds that it was fitted on.
    pub seed: u64,
}

/// Labelled proteins, profiles of their domains, and what weighs the evidence that these give.
#[derive(Debug, Clone, PartialEq)]
pub struct HomologyModel {
    /// What it was made from.
    pub training: HomologyTraining,
    proteins: Vec<Protein>,
    labels: Vec<Label>,
    /// Where each of the proteins binds DNA, as far as is known.
    regions: Vec<Vec<Range<usize>>>,
    families: DomainFamilies,
    tf: Option<FactorQuestion>,
    classes: Option<Classes>,
    sha256: String,
}

/// Whether a protein is a transcription factor.
#[derive(Debug, Clone, PartialEq)]
struct FactorQuestion {
    composition: Fitted,
    weights: Weights,
    /// The same for proteins of which nothing was found.
    unknown: Weights,
    /// What the odds of such proteins are multiplied by, as a logarithm.
    unknown_shift: f64,
    /// Share of transcription factors among the proteins that it was fitted on.
    share: f64,
}

/// How classes are told.
#[derive(Debug, Clone, PartialEq)]
enum Classes {
    /// All labelled transcription factors are of this one.
    One(ProteinClass),
    Several(ClassQuestion),
}

/// Which class a transcription factor is of.
#[derive(Debug, Clone, PartialEq)]
struct ClassQuestion {
    composition: Fitted,
    weights: Weights,
}

impl HomologyModel {
    /// SHA-256 of the file that this model was loaded from, or would be saved as.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Whether it tells transcription factors from other proteins.
    #[must_use]
    pub fn answers_tf(&self) -> bool {
        self.tf.is_some()
    }

    /// Whether it tells classes.
    #[must_use]
    pub fn answers_classes(&self) -> bool {
        self.classes.is_some()
    }

    /// Share of transcription factors among the proteins it was fitted on, where it tells them.
    #[must_use]
    pub fn tf_prior(&self) -> Option<f64> {
        self.tf.as_ref().map(|question| question.share)
    }

    /// Number of labelled proteins.
    #[must_use]
    pub fn proteins(&self) -> usize {
        self.proteins.len()
    }

    /// The families of domains that it has profiles of.
    #[must_use]
    pub fn families(&self) -> &[Family] {
        &self.families.families
    }

    /// The profiles of the families in HMMER's format.
    #[must_use]
    pub fn profiles(&self) -> &str {
        &self.families.profiles
    }

    /// Its sequences.
    #[must_use]
    pub fn known(&self) -> KnownSequences {
        KnownSequences::new(self.proteins.iter().map(|protein| &protein.sequence[..]))
    }
}

/// Numbers of a composition.
fn composition_columns() -> usize {
    MeanFeatures::composition(&[]).columns()
}

/// Answers of the two questions.
const FACTOR_ANSWERS: usize = 2;
const CLASS_ANSWERS: usize = CLASSES - 1;

#[cfg(test)]
mod tests;
