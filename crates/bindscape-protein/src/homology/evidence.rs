//! What labelled proteins say of another one.

use std::ops::Range;

use bindscape_base::Result;
use bindscape_base::progress::{Progress, Unshown};

use crate::class::CLASSES;
use crate::profile::{DomainHit, DomainSearch, Family, shared};
use crate::{Domain, Hit, Label, Protein, ProteinClass, SearchLimits, SimilarityIndex};

/// Classes of transcription factors.
pub(super) const FACTORS: usize = CLASSES - 1;
/// These, and transcription factors of unknown kind.
pub(super) const KINDS: usize = FACTORS + 1;

/// Relatives that are looked for: alignments that chance makes expected fewer than a thousandth
/// of, the best of them.
pub(super) const LIMITS: SearchLimits = SearchLimits {
    max_hits: 20,
    max_e_value: 1e-3,
    max_aligned: 24,
};

/// Least score of a domain of a relative, in bits, that an alignment has to cover,
const DOMAIN_BITS: f64 = 15.0;
/// and the share of it that is enough.
const COVERED: f64 = 0.6;
/// A protein of fewer residues is short: there is little in it that tells.
pub const SHORT: usize = 100;
/// Scores are taken in steps: the first bits of a domain tell more than the last.
const STEPS: [Range<f64>; 3] = [0.0..10.0, 10.0..20.0, 20.0..40.0];
/// Bits of an alignment that count as one.
const UNIT: f64 = 20.0;

/// Domains of a protein, and its relatives among the labelled ones.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Found {
    pub(super) domains: Vec<DomainHit>,
    pub(super) relatives: Vec<Hit>,
}

/// Labelled proteins to compare with.
pub(super) struct Known<'a> {
    pub(super) labels: &'a [Label],
    /// Of each of them, where it binds DNA, as far as is known.
    pub(super) regions: &'a [Vec<Range<usize>>],
    pub(super) index: &'a SimilarityIndex,
    pub(super) families: &'a [Family],
    pub(super) search: &'a DomainSearch,
}

impl Known<'_> {
    /// The domains and relatives of each of `proteins`.
    pub(super) fn find(&self, proteins: &[Protein], progress: &dyn Progress) -> Result<Vec<Found>> {
        let domains = self.search.search(proteins, progress)?;
        let relatives = self.index.find_all(proteins, &LIMITS, &Unshown(progress))?;
        let found = domains.into_iter().zip(relatives);
        Ok(found
            .map(|(domains, relatives)| Found { domains, relatives })
            .collect())
    }

    /// What was found, in numbers.
    pub(super) fn weigh(&self, found: &Found) -> Evidence {
        let mut evidence = Evidence::default();
        for hit in &found.domains {
            let of = &mut evidence.domains[kind(self.families[hit.profile].class)];
            *of = of.max(hit.protein_bits);
        }
        for hit in &found.relatives {
            let label = self.labels[hit.target];
            let best = if !label.tf {
                &mut evidence.others
            } else if self.covers(hit) != Some(false) {
                &mut evidence.binding[kind(label.class)]
            } else {
                &mut evidence.factors[kind(label.class)]
            };
            *best = best.max(hit.bits);
        }
        evidence
    }

    /// Whether an alignment covers a domain of the relative that binds DNA; `None` where none is
    /// known.
    pub(super) fn covers(&self, hit: &Hit) -> Option<bool> {
        let regions = &self.regions[hit.target];
        let covered = regions.iter().any(|region| {
            shared(&hit.target_range, region) as f64 >= COVERED * region.len() as f64
        });
        (!regions.is_empty()).then_some(covered)
    }
}

fn kind(class: Option<ProteinClass>) -> usize {
    class.map_or(FACTORS, ProteinClass::index)
}

/// Where each protein binds DNA: its labelled domains, and those that profiles find.
pub(super) fn regions(domains: &[&[Domain]], found: &[Vec<DomainHit>]) -> Vec<Vec<Range<usize>>> {
    let of = |(labelled, found): (&&[Domain], &Vec<DomainHit>)| {
        let labelled = labelled.iter().map(|domain| domain.start..domain.end);
        let found = found.iter().filter(|hit| hit.bits >= DOMAIN_BITS);
        let mut all: Vec<Range<usize>> = labelled
            .chain(found.map(|hit| hit.envelope.clone()))
            .collect();
        all.sort_by_key(|range| (range.start, range.end));
        all.dedup();
        all
    };
    domains.iter().zip(found).map(of).collect()
}

/// The best of each kind of evidence, in bits; 0 where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Evidence {
    /// Domains, by the class of their family.
    pub(super) domains: [f64; KINDS],
    /// Transcription factors aligned over a domain that binds DNA, or of which none is known, by
    /// class;
    pub(super) binding: [f64; KINDS],
    /// or over something else.
    pub(super) factors: [f64; KINDS],
    /// Other proteins.
    pub(super) others: f64,
}

fn most(bits: &[f64]) -> f64 {
    bits.iter().copied().fold(0.0, f64::max)
}

fn in_units(bits: f64) -> f64 {
    (bits / UNIT).ln_1p()
}

fn step(bits: f64, range: &Range<f64>) -> f64 {
    (bits.clamp(range.start, range.end) - range.start) / (range.end - range.start)
}

fn indicator(is: bool) -> f64 {
    f64::from(u8::from(is))
}

/// What the columns of [`Evidence::factor_row`] are about, for explanations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Domains,
    Relatives,
    Composition,
    Length,
}

/// Numbers of the regression for transcription factors.
pub(super) const FACTOR_COLUMNS: usize = 13;
/// Those of the one for their classes: four for each.
pub(super) const CLASS_COLUMNS: usize = 4 * FACTORS;
/// Those of the one for proteins of which nothing was found.
pub(super) const UNKNOWN_COLUMNS: usize = 3;

/// The part that each column of [`Evidence::factor_row`] belongs to.
pub(super) const PARTS: [Part; FACTOR_COLUMNS] = [
    Part::Domains,
    Part::Domains,
    Part::Domains,
    Part::Relatives,
    Part::Relatives,
    Part::Relatives,
    Part::Relatives,
    Part::Relatives,
    Part::Relatives,
    Part::Relatives,
    Part::Composition,
    Part::Length,
    Part::Length,
];

/// Fewer bits than these are not seen: HMMER's filters stop such domains, and chance gives such
/// alignments to a labelled set of some thousand proteins.
const LEAST_DOMAIN: f64 = 8.0;
const LEAST_RELATIVE: f64 = 40.0;

impl Evidence {
    /// What there would be of it if everything labelled were further away, so that homology left
    /// that `share` of the bits. What speaks for the wrong answer is chance and stays.
    pub(super) fn further_away(&self, is_tf: bool, share: f64) -> Self {
        let left = |bits: f64, least: f64| {
            let bits = bits * share;
            if bits >= least { bits } else { 0.0 }
        };
        let mut evidence = *self;
        if is_tf {
            evidence.domains = self.domains.map(|bits| left(bits, LEAST_DOMAIN));
            evidence.binding = self.binding.map(|bits| left(bits, LEAST_RELATIVE));
            evidence.factors = self.factors.map(|bits| left(bits, LEAST_RELATIVE));
        } else {
            evidence.others = left(self.others, LEAST_RELATIVE);
        }
        evidence
    }

    /// Whether there is none.
    pub(super) fn is_none(&self) -> bool {
        let all = [&self.domains, &self.binding, &self.factors];
        self.others == 0.0 && all.iter().all(|bits| most(*bits) == 0.0)
    }

    /// Whether it has a relative.
    pub(super) fn has_relative(&self) -> bool {
        self.others > 0.0 || most(&self.binding) > 0.0 || most(&self.factors) > 0.0
    }

    /// The numbers for whether a protein of `length` residues is a transcription factor, whose
    /// `composition` says so with that logit.
    pub(super) fn factor_row(&self, composition: f64, length: usize) -> [f32; FACTOR_COLUMNS] {
        let domain = most(&self.domains);
        let (binding, factor) = (most(&self.binding), most(&self.factors));
        let best = binding.max(factor);
        let [first, second, third] = STEPS.map(|range| step(domain, &range));
        [
            first,
            second,
            third,
            in_units(binding),
            in_units(factor),
            in_units(self.others),
            in_units(best) - in_units(self.others),
            indicator(binding > 0.0),
            indicator(self.others > best),
            indicator(best > self.others),
            composition,
            (length as f64).ln(),
            indicator(length < SHORT),
        ]
        .map(|number| number as f32)
    }

    /// The numbers for the class of a transcription factor whose `composition` gives the classes
    /// these logarithms of probabilities.
    pub(super) fn class_row(&self, composition: &[f64; FACTORS]) -> [f32; CLASS_COLUMNS] {
        let mut row = [0.0; CLASS_COLUMNS];
        for (class, numbers) in row.as_chunks_mut::<4>().0.iter_mut().enumerate() {
            let best = self.binding[class].max(self.factors[class]);
            *numbers = [
                step(self.domains[class], &(0.0..20.0)),
                step(self.domains[class], &(20.0..60.0)),
                in_units(best),
                composition[class],
            ]
            .map(|number| number as f32);
        }
        row
    }
}

/// The numbers for a protein of which nothing was found.
pub(super) fn unknown_row(composition: f64, length: usize) -> [f32; UNKNOWN_COLUMNS] {
    [composition, (length as f64).ln(), indicator(length < SHORT)].map(|number| number as f32)
}
