//! Domains of proteins, by HMMER's search.

use std::path::Path;

use bindscape_base::progress::{Progress, check};
use bindscape_base::{Error, Place, Result};
use rayon::prelude::*;
use rustyhmmer::alphabet::AminoMap;
use rustyhmmer::hmmfile::{P7Hmm, ParseError};
use rustyhmmer::pipeline::Model;
use rustyhmmer::pli::Pipeline;
use rustyhmmer::seqio::Seq;

use super::Profile;
use crate::Protein;

/// A protein that a profile was found in, or a domain of it.
#[derive(Debug, Clone, PartialEq)]
pub struct DomainHit {
    /// Place of the profile in the list.
    pub profile: usize,
    /// Score of the domain, in bits.
    pub bits: f64,
    /// Score of the whole protein for that profile, in bits: of all its domains together.
    pub protein_bits: f64,
    /// Number of domains as good as this one that chance makes expected in the protein.
    pub e_value: f64,
    /// Residues of the domain, 0-based and half-open: where the profile holds, ends that do not
    /// align included.
    pub envelope: std::ops::Range<usize>,
    /// Residues that align to the profile,
    pub aligned: std::ops::Range<usize>,
    /// and the positions of it that they align to.
    pub positions: std::ops::Range<usize>,
}

/// Profiles to search with.
pub struct DomainSearch {
    models: Vec<Model>,
    letters: AminoMap,
    pipeline: Pipeline,
}

impl std::fmt::Debug for DomainSearch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DomainSearch({} profiles)", self.models.len())
    }
}

impl DomainSearch {
    /// Prepares the profiles of a file in HMMER's format (`HMMER3/f`), whose text this is; `path`
    /// is for errors.
    ///
    /// # Errors
    /// If the text is no such file.
    pub fn parse(text: &str, path: &Path) -> Result<Self> {
        let wrong = |found: String| {
            Error::input(
                path,
                Place::File,
                "profiles in HMMER's format, HMMER3",
                found,
            )
        };
        Ok(Self {
            models: models(text).map_err(|error| wrong(error.0))?,
            letters: AminoMap::new(),
            pipeline: Pipeline::default(),
        })
    }

    /// Names of the profiles.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.models.iter().map(|model| &model.hmm.name[..])
    }

    /// Number of positions of a profile.
    #[must_use]
    pub fn positions(&self, profile: usize) -> usize {
        self.models[profile].hmm.m
    }

    /// The domains of each of `proteins`, by profile and then by place; HMMER's filters let one in
    /// a hundred thousand random proteins through.
    ///
    /// # Errors
    /// If the user asked to stop.
    pub fn search(
        &self,
        proteins: &[Protein],
        progress: &dyn Progress,
    ) -> Result<Vec<Vec<DomainHit>>> {
        let hits = proteins.par_iter().map(|protein| {
            check(progress)?;
            Ok(self.domains(&protein.sequence))
        });
        hits.collect()
    }

    fn domains(&self, sequence: &[u8]) -> Vec<DomainHit> {
        let sequence = Seq {
            name: String::new(),
            acc: String::new(),
            desc: String::new(),
            dsq: self.letters.digitize(sequence),
            roff: 0,
            eoff: 0,
        };
        let mut hits = Vec::new();
        for (profile, model) in self.models.iter().enumerate() {
            let Some(hit) = model.search_one(&sequence, &self.pipeline) else {
                continue;
            };
            // Places are counted from 1 there, ends included.
            let range = |from: i64, to: i64| from.max(1) as usize - 1..to.max(0) as usize;
            let domain = |domain: &rustyhmmer::pipeline::DomHit| DomainHit {
                profile,
                bits: domain.bitscore.into(),
                protein_bits: hit.score.into(),
                e_value: domain.lnp.exp(),
                envelope: range(domain.ienv, domain.jenv),
                aligned: range(domain.ali_from, domain.ali_to),
                positions: range(domain.hmm_from.into(), domain.hmm_to.into()),
            };
            hits.extend(hit.domains.iter().map(domain));
        }
        hits
    }
}

/// A profile as the crate reads it.
pub(super) fn model(profile: &Profile) -> Model {
    let read = models(&profile.to_hmmer())
        .ok()
        .and_then(|mut models| models.pop());
    read.expect("a profile is written as it is read")
}

/// The profiles of a file.
fn models(text: &str) -> std::result::Result<Vec<Model>, ParseError> {
    let mut lines = text.lines().map(|line| Ok(line.to_owned())).peekable();
    let mut models = Vec::new();
    while let Some(hmm) = P7Hmm::read_one(&mut lines)? {
        models.push(Model::new(hmm));
    }
    Ok(models)
}
