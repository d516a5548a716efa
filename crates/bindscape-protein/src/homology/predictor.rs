//! What a [`HomologyModel`] says of proteins, and why.

use std::collections::{BTreeSet, HashMap};
use std::fmt;

use bindscape_base::Result;
use bindscape_base::progress::{Progress, Unshown};

use super::evidence::{Evidence, FACTOR_COLUMNS, FACTORS, Found, Known, PARTS, Part, unknown_row};
use super::{Classes, HomologyModel, composition_columns};
use crate::baseline::composition::MeanFeatures;
use crate::baseline::logarithm;
use crate::class::CLASSES;
use crate::profile::{DomainHit, DomainSearch, apart};
use crate::scores::{ProteinScores, prior_shift};
use crate::{Hit, Label, Protein, ProteinClass, SimilarityIndex};

/// What a composition divides and multiplies the odds by, at most, where nothing else is known. It
/// makes no call by itself where a quarter are transcription factors, as in the shipped model.
const LEAST: f64 = 50.0;
const MOST: f64 = 3.0;

/// Domains are told that chance makes expected this often in a protein, at most.
const SURE: f64 = 0.01;

/// What is said of a protein.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// The scores.
    pub scores: ProteinScores,
    /// DNA-binding domains, by place; of those that overlap only the best, and none that chance
    /// makes expected more than a hundredth of in a protein.
    pub domains: Vec<ProteinDomain>,
    /// Whether a labelled protein is similar: an alignment that chance makes expected fewer than a
    /// thousandth of.
    pub has_relative: bool,
}

impl Prediction {
    /// Whether there is neither a domain nor a relative, and the scores rest on the composition
    /// alone.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.domains.is_empty() && !self.has_relative
    }
}

/// A DNA-binding domain of a protein.
#[derive(Debug, Clone, PartialEq)]
pub struct ProteinDomain {
    /// The family, mostly as Pfam calls it.
    pub family: String,
    /// The class of transcription factors that most labelled proteins of the family are of.
    pub class: Option<ProteinClass>,
    /// Its residues, 0-based and half-open.
    pub residues: std::ops::Range<usize>,
    /// Score of the domain, in bits.
    pub bits: f64,
    /// Number of domains as good as this one that chance makes expected in one protein.
    pub e_value: f64,
}

/// `FAMILY:START-END`, as tables of domains have it: residues from 1, both ends included.
impl fmt::Display for ProteinDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (start, end) = (self.residues.start + 1, self.residues.end);
        write!(f, "{}:{start}-{end}", self.family)
    }
}

/// A labelled protein that another one is similar to.
#[derive(Debug, Clone, PartialEq)]
pub struct Relative<'a> {
    /// Its id,
    pub id: &'a str,
    /// its description, empty if the labelled proteins had none,
    pub description: &'a str,
    /// and what is known of it.
    pub label: Label,
    /// Its residues.
    pub sequence: &'a [u8],
    /// Its DNA-binding domains, as [`Prediction::domains`].
    pub domains: Vec<ProteinDomain>,
    /// The alignment; `target` is the place among the labelled proteins.
    pub hit: Hit,
    /// Whether the alignment covers a DNA-binding domain of it; `None` where none is known.
    pub binds: Option<bool>,
}

/// Logarithms of odds, which add up to those of `p_tf`: what each kind of evidence adds, in the
/// share of transcription factors in training.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct LogOdds {
    /// What is there without any evidence.
    pub constant: f64,
    /// Domains.
    pub domains: f64,
    /// Similar labelled proteins.
    pub relatives: f64,
    /// Amino acids and pairs of them.
    pub composition: f64,
    /// Number of residues.
    pub length: f64,
}

/// What is said of a protein, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation<'a> {
    /// What is said.
    pub prediction: Prediction,
    /// What makes up `p_tf`; `None` for a model that does not tell transcription factors.
    pub log_odds: Option<LogOdds>,
    /// Similar labelled proteins, best first.
    pub relatives: Vec<Relative<'a>>,
    /// Ids and labels of the labelled proteins with the very sequence, which were left out: what
    /// is known of a protein is no reason for itself.
    pub left_out: Vec<(&'a str, Label)>,
}

/// A [`HomologyModel`] that is ready to score.
pub struct HomologyPredictor<'a> {
    model: &'a HomologyModel,
    index: SimilarityIndex,
    search: DomainSearch,
}

impl<'a> HomologyPredictor<'a> {
    /// Prepares the search among the labelled proteins, and that for domains.
    #[must_use]
    pub fn new(model: &'a HomologyModel) -> Self {
        let search = model.families.search("profiles".as_ref());
        Self {
            index: SimilarityIndex::corrected(&model.proteins),
            search: search.expect("profiles that were read before"),
            model,
        }
    }

    fn known(&self) -> Known<'_> {
        Known {
            labels: &self.model.labels,
            regions: &self.model.regions,
            index: &self.index,
            families: &self.model.families.families,
            search: &self.search,
        }
    }

    /// Predictions of `proteins`, in their order; what is said of one does not depend on the
    /// others. `prior` is the share of transcription factors among the scored proteins. A protein
    /// that is among the labelled ones is its own relative; [`HomologyPredictor::explain`] leaves
    /// it out.
    ///
    /// # Errors
    /// If the user asked to stop.
    pub fn predict(
        &self,
        proteins: &[Protein],
        prior: Option<f64>,
        progress: &dyn Progress,
    ) -> Result<Vec<Prediction>> {
        let found = self.known().find(proteins, progress)?;
        let scored = self.score(proteins, &found, prior);
        Ok(scored
            .into_iter()
            .map(|(prediction, _)| prediction)
            .collect())
    }

    /// As [`HomologyPredictor::predict`], with what the prediction rests on. Labelled proteins of
    /// the same sequence are no relatives; the profiles know their domains all the same.
    ///
    /// # Errors
    /// If the user asked to stop.
    pub fn explain(
        &self,
        proteins: &[Protein],
        progress: &dyn Progress,
    ) -> Result<Vec<Explanation<'a>>> {
        let model = self.model;
        let mut found = self.known().find(proteins, progress)?;
        for (protein, found) in proteins.iter().zip(&mut found) {
            let same = |hit: &Hit| model.proteins[hit.target].sequence == protein.sequence;
            found.relatives.retain(|hit| !same(hit));
        }
        let mut same: HashMap<&[u8], Vec<(&'a str, Label)>> = HashMap::new();
        for (protein, &label) in model.proteins.iter().zip(&model.labels) {
            let of_sequence = same.entry(&protein.sequence).or_default();
            of_sequence.push((&protein.id, label));
        }
        let scored = self.score(proteins, &found, None);
        let relatives = self.relatives(&found, progress)?;
        let explained = proteins.iter().zip(scored).zip(relatives);
        Ok(explained
            .map(
                |((protein, (prediction, log_odds)), relatives)| Explanation {
                    prediction,
                    log_odds,
                    relatives,
                    left_out: same.get(&protein.sequence[..]).cloned().unwrap_or_default(),
                },
            )
            .collect())
    }

    /// The relatives of each of several proteins.
    fn relatives(
        &self,
        found: &[Found],
        progress: &dyn Progress,
    ) -> Result<Vec<Vec<Relative<'a>>>> {
        let model = self.model;
        let known = self.known();
        let hits = found.iter().flat_map(|found| &found.relatives);
        let targets: BTreeSet<usize> = hits.map(|hit| hit.target).collect();
        let proteins: Vec<Protein> = targets.iter().map(|&t| model.proteins[t].clone()).collect();
        let searched = self.search.search(&proteins, &Unshown(progress))?;
        let of_targets = searched.iter().map(|hits| self.domains(hits));
        let domains: HashMap<usize, Vec<ProteinDomain>> =
            targets.iter().copied().zip(of_targets).collect();
        let relative = |hit: &Hit| {
            let protein = &model.proteins[hit.target];
            Relative {
                id: &protein.id,
                description: &protein.description,
                label: model.labels[hit.target],
                sequence: &protein.sequence,
                domains: domains[&hit.target].clone(),
                binds: known.covers(hit),
                hit: hit.clone(),
            }
        };
        let of = |found: &Found| found.relatives.iter().map(relative).collect();
        Ok(found.iter().map(of).collect())
    }

    fn score(
        &self,
        proteins: &[Protein],
        found: &[Found],
        prior: Option<f64>,
    ) -> Vec<(Prediction, Option<LogOdds>)> {
        let composition = MeanFeatures::composition(proteins);
        debug_assert_eq!(composition.columns(), composition_columns());
        let rows: Vec<usize> = (0..proteins.len()).collect();
        let model = self.model;
        let of_factors = model.tf.as_ref().map(|question| {
            let p = question.composition.probabilities(&composition, &rows);
            p.into_iter().map(logarithm).collect::<Vec<f64>>()
        });
        let of_classes = match &model.classes {
            Some(Classes::Several(question)) => {
                let p = question.composition.probabilities(&composition, &rows);
                p.into_iter().map(logarithm).collect::<Vec<f64>>()
            }
            _ => Vec::new(),
        };
        let known = self.known();
        let one = |row: usize| {
            let evidence = known.weigh(&found[row]);
            let length = proteins[row].sequence.len();
            let log_odds = of_factors.as_ref().map(|logs| {
                let logit = logs[2 * row + 1] - logs[2 * row];
                self.log_odds(&evidence, logit, length)
            });
            let p_tf = log_odds.map(|log_odds| {
                let shift = prior_shift(model.tf_prior(), prior);
                1.0 / (1.0 + (-(log_odds.sum() + shift)).exp())
            });
            let shares = model.classes.as_ref().map(|classes| match classes {
                Classes::One(class) => {
                    std::array::from_fn(|other| f64::from(u8::from(other == class.index())))
                }
                Classes::Several(question) => {
                    let logs = &of_classes.as_chunks::<FACTORS>().0[row];
                    let p = question.weights.probabilities(&evidence.class_row(logs));
                    p.try_into().expect("one for each class")
                }
            });
            let prediction = Prediction {
                scores: ProteinScores {
                    p_tf,
                    p_class: shares.map(|shares| classes(shares, p_tf)),
                },
                domains: self.domains(&found[row].domains),
                has_relative: evidence.has_relative(),
            };
            (prediction, log_odds)
        };
        rows.iter().map(|&row| one(row)).collect()
    }

    /// What makes up the odds of a transcription factor.
    fn log_odds(&self, evidence: &Evidence, composition: f64, length: usize) -> LogOdds {
        let question = self.model.tf.as_ref().expect("a model that tells them");
        let mut odds = LogOdds::default();
        if evidence.is_none() {
            let slopes = question.unknown.slopes();
            let row = unknown_row(composition, length);
            odds.constant = question.unknown.constant() + question.unknown_shift;
            odds.composition = slopes[0] * f64::from(row[0]);
            odds.length = slopes[1] * f64::from(row[1]) + slopes[2] * f64::from(row[2]);
            // Neither is reason enough to be sure.
            let usual = (question.share / (1.0 - question.share)).ln();
            let sum = odds.sum();
            odds.composition += sum.clamp(usual - LEAST.ln(), usual + MOST.ln()) - sum;
            return odds;
        }
        let row: [f32; FACTOR_COLUMNS] = evidence.factor_row(composition, length);
        odds.constant = question.weights.constant();
        for ((slope, number), part) in question.weights.slopes().iter().zip(row).zip(PARTS) {
            let sum = match part {
                Part::Domains => &mut odds.domains,
                Part::Relatives => &mut odds.relatives,
                Part::Composition => &mut odds.composition,
                Part::Length => &mut odds.length,
            };
            *sum += slope * f64::from(number);
        }
        odds
    }

    /// The domains that overlap no better one, by place.
    fn domains(&self, found: &[DomainHit]) -> Vec<ProteinDomain> {
        let sure = |hit: &&DomainHit| hit.protein_bits > 0.0 && hit.e_value <= SURE;
        let mut hits: Vec<&DomainHit> = found.iter().filter(sure).collect();
        apart(&mut hits, Vec::new());
        hits.sort_by_key(|hit| (hit.envelope.start, hit.envelope.end));
        let domain = |hit: &DomainHit| {
            let family = &self.model.families.families[hit.profile];
            ProteinDomain {
                family: family.name.clone(),
                class: family.class,
                residues: hit.envelope.clone(),
                bits: hit.bits,
                e_value: hit.e_value,
            }
        };
        hits.into_iter().map(domain).collect()
    }
}

impl LogOdds {
    /// All together: the logarithm of the odds.
    #[must_use]
    pub fn sum(&self) -> f64 {
        self.constant + self.domains + self.relatives + self.composition + self.length
    }
}

/// Probabilities of all classes: those of transcription factors share `p_tf`, or all there is where
/// the model tells only them apart.
fn classes(shares: [f64; FACTORS], p_tf: Option<f64>) -> [f64; CLASSES] {
    let p_tf = p_tf.unwrap_or(1.0);
    std::array::from_fn(|class| match shares.get(class) {
        Some(share) => share * p_tf,
        None => 1.0 - p_tf,
    })
}
