//! Searching the set for the proteins most like others.

use std::borrow::Cow;

use rayon::prelude::*;

use super::align::Aligner;
use super::composition::{Frequencies, ScoresAgainst};
use super::statistics::SearchSpace;
use super::words::{Candidate, Scratch, Sequences};
use super::{BATCH, Hit, SimilarityIndex};
use crate::alphabet::amino_acid;
use crate::low_complexity;
use crate::reader::Protein;
use bindscape_base::error::Result;
use bindscape_base::progress;
use bindscape_base::progress::Progress;

/// Which hits of a query are returned, and how long they are looked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SearchLimits {
    /// Most hits of a query.
    pub max_hits: usize,
    /// Most hits as good as the one returned that are expected by chance.
    pub max_e_value: f64,
    /// Most candidates of a query that are aligned: those of the best ungapped score (corrected
    /// as the index corrects), which are nearly always the best when aligned. Of the proteins
    /// of a fungus with hits among 10,000 transcription factors, the best hit of 99.5% is the
    /// same with 24 as with all.
    pub max_aligned: usize,
}

impl SearchLimits {
    /// Limits of up to `max_hits` hits that chance alone makes expected at most once; four
    /// candidates are aligned per hit, and 50 at least.
    #[must_use]
    pub fn hits(max_hits: usize) -> Self {
        Self {
            max_hits,
            max_e_value: 1.0,
            max_aligned: max_hits.saturating_mul(4).max(50),
        }
    }
}

/// How far the score of a candidate may be below the least one, when only the score is looked
/// for, so that the candidate is aligned.
const DOUBT: f64 = 30.0;

/// What an index needs to correct scores and E-values.
pub(super) struct Correction {
    /// The proteins by rank, not masked.
    whole: Sequences,
    frequencies: Vec<Frequencies>,
    /// Residues that are neither masked nor unknown.
    known: usize,
}

impl Correction {
    /// Of `proteins`, and of these again by rank, masked.
    pub(super) fn new(proteins: &[Protein], order: &[u32], masked: &Sequences) -> Self {
        let ranks = || 0..masked.count();
        Self {
            whole: Sequences::new(
                order
                    .iter()
                    .map(|&place| proteins[place as usize].sequence.as_slice()),
            ),
            frequencies: ranks()
                .map(|rank| Frequencies::of(masked.get(rank)))
                .collect(),
            known: ranks().map(|rank| known(masked.get(rank))).sum(),
        }
    }
}

/// Residues that are among the twenty amino acids.
fn known(sequence: &[u8]) -> usize {
    let known = |&&letter: &&u8| amino_acid(letter).is_some();
    sequence.iter().filter(known).count()
}

/// A query as it is searched for.
struct Query<'a> {
    whole: &'a [u8],
    letters: Cow<'a, [u8]>,
    space: SearchSpace,
    scores: Option<ScoresAgainst>,
}

impl SimilarityIndex {
    /// Up to `max_hits` proteins that are like `query`, of the highest score first, of
    /// equal ones the first in the list. Hits that chance alone makes expected more than
    /// once are left out. The query itself is a hit if it is in the set.
    #[must_use]
    pub fn search(&self, query: &Protein, max_hits: usize) -> Vec<Hit> {
        self.best(
            &query.sequence,
            &SearchLimits::hits(max_hits),
            &mut Scratch::default(),
            &mut Aligner::new(),
        )
    }

    /// [`SimilarityIndex::search`] of each of `queries`, in parallel.
    ///
    /// # Errors
    /// If the user asked to stop.
    pub fn search_all(
        &self,
        queries: &[Protein],
        max_hits: usize,
        progress: &dyn Progress,
    ) -> Result<Vec<Vec<Hit>>> {
        self.find_all(queries, &SearchLimits::hits(max_hits), progress)
    }

    /// The hits of each of `queries` within `limits`, in parallel: of the highest score
    /// first (bits, if the index corrects them), of equal ones the first in the list.
    ///
    /// # Errors
    /// If the user asked to stop.
    pub fn find_all(
        &self,
        queries: &[Protein],
        limits: &SearchLimits,
        progress: &dyn Progress,
    ) -> Result<Vec<Vec<Hit>>> {
        progress.begin("similarity search", Some(queries.len() as u64));
        let batches: Vec<Vec<Vec<Hit>>> = queries
            .par_chunks(BATCH)
            .map_init(
                || (Scratch::default(), Aligner::new()),
                |(scratch, aligner), batch| {
                    progress::check(progress)?;
                    let hits = batch
                        .iter()
                        .map(|query| self.best(&query.sequence, limits, scratch, aligner))
                        .collect();
                    progress.advance(batch.len() as u64);
                    Ok(hits)
                },
            )
            .collect::<Result<_>>()?;
        progress.finish();
        Ok(batches.into_iter().flatten().collect())
    }

    fn best(
        &self,
        query: &[u8],
        limits: &SearchLimits,
        scratch: &mut Scratch,
        aligner: &mut Aligner,
    ) -> Vec<Hit> {
        let query = self.query(query);
        if self.correction.is_some() {
            self.words
                .likely_candidates(&query.letters, &self.sequences, scratch);
        } else {
            let everything = 0..self.sequences.count();
            self.words
                .candidates(&query.letters, &self.sequences, &everything, scratch);
        }
        let mut candidates: Vec<(f64, &Candidate)> = scratch
            .candidates
            .iter()
            .map(|candidate| (self.ratio(&query, candidate), candidate))
            .collect();
        // Of the highest ungapped score first.
        candidates.sort_by(|(a, one), (b, other)| {
            let (a, b) = (a * f64::from(one.score), b * f64::from(other.score));
            b.total_cmp(&a)
                .then_with(|| self.place(one).cmp(&self.place(other)))
        });
        let least = query.space.least_score(limits.max_e_value);
        let mut hits: Vec<Hit> = candidates
            .iter()
            .take(limits.max_aligned)
            .filter_map(|&candidate| match &self.correction {
                None => Some(self.hit(&query.letters, candidate.1, aligner)),
                Some(correction) => {
                    self.corrected_hit(&query, candidate, correction, least - DOUBT, aligner)
                }
            })
            .filter(|hit| hit.e_value <= limits.max_e_value)
            .collect();
        hits.sort_by(|a, b| b.bits.total_cmp(&a.bits).then(a.target.cmp(&b.target)));
        hits.truncate(limits.max_hits);
        hits
    }

    fn query<'a>(&self, query: &'a [u8]) -> Query<'a> {
        let Some(correction) = &self.correction else {
            return Query {
                whole: query,
                letters: Cow::Borrowed(query),
                space: SearchSpace::whole(query.len(), self.sequences.residues()),
                scores: None,
            };
        };
        let letters = low_complexity::masked(query);
        Query {
            whole: query,
            space: SearchSpace::with_room(known(&letters), correction.known, self.order.len()),
            scores: Some(Frequencies::of(&letters).scores()),
            letters: Cow::Owned(letters),
        }
    }

    /// What a score between the query and a candidate is worth, as a share of what it says.
    fn ratio(&self, query: &Query<'_>, candidate: &Candidate) -> f64 {
        match (&query.scores, &self.correction) {
            (Some(scores), Some(correction)) => {
                scores.ratio(&correction.frequencies[candidate.rank as usize])
            }
            _ => 1.0,
        }
    }

    /// The candidate's place in the list.
    fn place(&self, candidate: &Candidate) -> usize {
        self.order[candidate.rank as usize] as usize
    }

    /// The alignment with a candidate, if its corrected score is likely to be `least`.
    fn corrected_hit(
        &self,
        query: &Query<'_>,
        (ratio, candidate): (f64, &Candidate),
        correction: &Correction,
        least: f64,
        aligner: &mut Aligner,
    ) -> Option<Hit> {
        let target = self.sequences.get(candidate.rank);
        aligner.correct(ratio);
        // What is enough without gaps needs no look.
        if ratio * f64::from(candidate.score) < least
            && aligner.corrected_score(&query.letters, target, candidate.anchor) < least
        {
            return None;
        }
        let (mut alignment, score) =
            aligner.align_corrected(&query.letters, target, candidate.anchor);
        let whole = correction.whole.get(candidate.rank);
        alignment.identical = alignment.identical(query.whole, whole);
        Some(Hit::new(
            self.place(candidate),
            alignment,
            (query.whole, target),
            (score, query.space),
        ))
    }
}
