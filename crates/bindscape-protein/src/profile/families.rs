//! Families of domains: profiles of the labelled ones, and of those that they find.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use bindscape_base::Result;
use bindscape_base::progress::{Progress, Unshown, check};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{DomainHit, DomainSearch, Profile};
use crate::{Domain, Label, Protein, ProteinClass};

/// How profiles gather domains that are not labelled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FamilyOptions {
    /// How often the profiles look for further domains among the transcription factors, and are
    /// built anew.
    pub rounds: u32,
    /// Least score of a further domain in bits.
    pub bits: f64,
    /// Least share of the profile's positions that it covers.
    pub coverage: f64,
}

impl Default for FamilyOptions {
    fn default() -> Self {
        Self {
            rounds: 2,
            bits: 20.0,
            coverage: 0.7,
        }
    }
}

/// A family of domains.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Family {
    /// Its name, mostly that of Pfam.
    pub name: String,
    /// The class that most labelled proteins with such a domain are of.
    pub class: Option<ProteinClass>,
    /// Labelled domains.
    pub labelled: usize,
    /// Further domains that the profiles found among the transcription factors.
    pub found: usize,
}

/// Profiles of the families that labelled domains belong to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DomainFamilies {
    /// The families, by name.
    pub families: Vec<Family>,
    /// Their profiles in HMMER's format, in that order.
    pub profiles: String,
}

/// Residues that a labelled domain needs to be part of a profile: shorter words are everywhere.
pub const SHORTEST_DOMAIN: usize = 8;
/// Share of the shorter one of two domains that may lie in the other.
const OVERLAP: f64 = 0.5;

impl DomainFamilies {
    /// Builds the profiles of the labelled domains of `proteins` (each with those of its place in
    /// `domains`), then looks with them for further domains among the transcription factors, and
    /// builds them of both.
    ///
    /// # Errors
    /// If the user asked to stop.
    pub fn build(
        proteins: &[Protein],
        labels: &[Label],
        domains: &[&[Domain]],
        options: FamilyOptions,
        progress: &dyn Progress,
    ) -> Result<Self> {
        let labelled = Instances::labelled(proteins, domains);
        let (names, mut text) = labelled.profiles(progress)?;
        let mut further = Instances::default();
        if names.is_empty() {
            return Ok(Self::default());
        }
        let factors: Vec<usize> = (0..proteins.len()).filter(|&p| labels[p].tf).collect();
        let searched: Vec<Protein> = factors.iter().map(|&p| proteins[p].clone()).collect();
        for _ in 0..options.rounds {
            let search = DomainSearch::parse(&text, Path::new("profiles"))?;
            let hits = search.search(&searched, &Unshown(progress))?;
            further = Instances::default();
            for (&protein, hits) in factors.iter().zip(&hits) {
                let found = beyond(domains[protein], hits, &search, options);
                for hit in found {
                    let sequence = &proteins[protein].sequence[hit.envelope.clone()];
                    let of = further.0.entry(names[hit.profile]).or_default();
                    of.push((protein, sequence));
                }
            }
            let both = labelled.with(&further);
            (_, text) = both.profiles(progress)?;
        }
        let families = names.iter().map(|name| {
            let of = |instances: &Instances<'_>| instances.0.get(&name[..]).map_or(0, Vec::len);
            Family {
                name: (*name).to_owned(),
                class: labelled.class(name, labels),
                labelled: of(&labelled),
                found: of(&further),
            }
        });
        Ok(Self {
            families: families.collect(),
            profiles: text,
        })
    }

    /// Prepares the search.
    ///
    /// # Errors
    /// If the profiles are damaged; `path` is the file that they came from.
    pub fn search(&self, path: &Path) -> Result<DomainSearch> {
        DomainSearch::parse(&self.profiles, path)
    }
}

/// Sequences of domains by family, each with the place of its protein.
#[derive(Default)]
struct Instances<'a>(BTreeMap<&'a str, Vec<(usize, &'a [u8])>>);

impl<'a> Instances<'a> {
    fn labelled(proteins: &'a [Protein], domains: &[&'a [Domain]]) -> Self {
        let mut all = Self::default();
        for (place, (protein, domains)) in proteins.iter().zip(domains).enumerate() {
            for domain in *domains {
                if domain.end - domain.start >= SHORTEST_DOMAIN {
                    let sequence = &protein.sequence[domain.start..domain.end];
                    all.0
                        .entry(&domain.name)
                        .or_default()
                        .push((place, sequence));
                }
            }
        }
        all
    }

    fn with(&self, other: &Self) -> Self {
        let mut both = BTreeMap::new();
        for (&name, of) in &self.0 {
            let more = other.0.get(name).map_or(&[][..], Vec::as_slice);
            both.insert(name, [of, more].concat());
        }
        Self(both)
    }

    /// Names of the families, and their profiles.
    fn profiles(&self, progress: &dyn Progress) -> Result<(Vec<&'a str>, String)> {
        let names: Vec<&'a str> = self.0.keys().copied().collect();
        let build = |name: &&'a str| {
            check(progress)?;
            let sequences: Vec<&[u8]> = self.0[name].iter().map(|&(_, s)| s).collect();
            let profile = Profile::build(name, &sequences);
            Ok(profile.map(|profile| (*name, profile.to_hmmer())))
        };
        let built: Vec<Option<(&str, String)>> =
            names.par_iter().map(build).collect::<Result<_>>()?;
        Ok(built.into_iter().flatten().unzip())
    }

    /// The class of most proteins with a domain of that family; of equals the first.
    fn class(&self, name: &str, labels: &[Label]) -> Option<ProteinClass> {
        let mut counts = BTreeMap::new();
        for &(protein, _) in self.0.get(name)? {
            if let Some(class) = labels[protein].class.filter(|class| class.is_tf()) {
                *counts.entry(class).or_insert(0) += 1;
            }
        }
        let most = counts.values().copied().max()?;
        counts
            .into_iter()
            .find(|&(_, count)| count == most)
            .map(|(class, _)| class)
    }
}

/// The hits that are good enough to be domains, best first, and overlap neither a labelled domain
/// nor a better hit.
fn beyond<'h>(
    labelled: &[Domain],
    hits: &'h [DomainHit],
    search: &DomainSearch,
    options: FamilyOptions,
) -> Vec<&'h DomainHit> {
    let mut good: Vec<&DomainHit> = hits
        .iter()
        .filter(|hit| {
            let covered = hit.positions.len() as f64 / search.positions(hit.profile) as f64;
            hit.bits >= options.bits && covered >= options.coverage
        })
        .collect();
    let labelled = labelled.iter().map(|domain| domain.start..domain.end);
    apart(&mut good, labelled.collect());
    good
}

/// Sorts `hits`, best first, and leaves those that overlap neither one of the stretches `taken` nor a
/// better hit: none shares half of the shorter one of the two.
pub(crate) fn apart(hits: &mut Vec<&DomainHit>, mut taken: Vec<Range<usize>>) {
    hits.sort_by(|a, b| b.bits.total_cmp(&a.bits));
    hits.retain(|hit| {
        let overlaps = |other: &Range<usize>| {
            let shorter = other.len().min(hit.envelope.len());
            shared(other, &hit.envelope) as f64 >= OVERLAP * shorter as f64
        };
        let free = !taken.iter().any(overlaps);
        if free {
            taken.push(hit.envelope.clone());
        }
        free
    });
}

/// Number of residues that lie in both stretches.
pub(crate) fn shared(a: &Range<usize>, b: &Range<usize>) -> usize {
    a.end.min(b.end).saturating_sub(a.start.max(b.start))
}
