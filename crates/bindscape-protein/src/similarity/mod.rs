//! Similarity search among proteins, and clusters of similar proteins.
//!
//! Shared words find candidates (`words`), which are aligned (`align`); identity and
//! coverage are those of MMseqs2's `--min-seq-id` and `-c` with `--cov-mode 0`:
//! identity is the share of an alignment's columns, gaps included, that have the same
//! amino acid in both; coverage is the share of a protein's residues between the first and
//! the last one aligned.

mod align;
mod cluster;
mod words;

use std::ops::Range;

use rayon::prelude::*;

use self::align::Aligner;
use self::words::{Scratch, Sequences, Words};
use super::reader::Protein;
use bindscape_base::error::Result;
use bindscape_base::progress;
use bindscape_base::progress::Progress;

pub use self::cluster::{ClusterOptions, Clusters, Linkage, cluster};

/// Candidates aligned per hit that is asked for, at least: those of the best ungapped
/// score are nearly always the best when aligned.
const LEAST_ALIGNED: usize = 50;
const ALIGNED_PER_HIT: usize = 4;

/// Queries handed to a thread at a time.
const BATCH: usize = 64;

/// A protein of the set that is like the query.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// Its place in the list that the index was made of.
    pub target: usize,
    /// Share of the alignment's columns with the same amino acid in both.
    pub identity: f64,
    /// Share of the query's residues inside the alignment.
    pub query_coverage: f64,
    /// Share of the target's residues inside the alignment.
    pub target_coverage: f64,
    /// Score of the alignment: BLOSUM62, gaps 11 and 1.
    pub score: i32,
    /// The same in bits.
    pub bits: f64,
    /// Number of hits as good as this one that are expected by chance.
    pub e_value: f64,
    /// Residues of the query in the alignment, 0-based and half-open.
    pub query_range: Range<usize>,
    /// Residues of the target in the alignment.
    pub target_range: Range<usize>,
}

/// A set of proteins to search in.
pub struct SimilarityIndex {
    /// Places of the proteins, shortest first: targets of similar length lie together.
    order: Vec<u32>,
    sequences: Sequences,
    words: Words,
}

impl SimilarityIndex {
    /// Makes an index of `proteins`: about 20 bytes per residue and 8 MB.
    ///
    /// # Panics
    /// If there are 16 million proteins or more.
    #[must_use]
    pub fn new(proteins: &[Protein]) -> Self {
        let sequences: Vec<&[u8]> = proteins.iter().map(|p| p.sequence.as_slice()).collect();
        Self::of(&sequences)
    }

    fn of(sequences: &[&[u8]]) -> Self {
        assert!(sequences.len() < 1 << 24, "fewer than 16 million proteins");
        let mut order: Vec<u32> = (0..sequences.len() as u32).collect();
        order.sort_by_key(|&place| (sequences[place as usize].len(), place));
        let sequences = Sequences::new(order.iter().map(|&place| sequences[place as usize]));
        let words = Words::new(&sequences);
        Self {
            order,
            sequences,
            words,
        }
    }

    /// Up to `max_hits` proteins that are like `query`, of the highest score first, of
    /// equal ones the first in the list. Hits that chance alone makes expected more than
    /// once are left out. The query itself is a hit if it is in the set.
    #[must_use]
    pub fn search(&self, query: &Protein, max_hits: usize) -> Vec<Hit> {
        self.best(
            &query.sequence,
            max_hits,
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
        progress.begin("similarity search", Some(queries.len() as u64));
        let batches: Vec<Vec<Vec<Hit>>> = queries
            .par_chunks(BATCH)
            .map_init(
                || (Scratch::default(), Aligner::new()),
                |(scratch, aligner), batch| {
                    progress::check(progress)?;
                    let hits = batch
                        .iter()
                        .map(|query| self.best(&query.sequence, max_hits, scratch, aligner))
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
        max_hits: usize,
        scratch: &mut Scratch,
        aligner: &mut Aligner,
    ) -> Vec<Hit> {
        let everything = 0..self.sequences.count();
        self.words
            .candidates(query, &self.sequences, &everything, scratch);
        scratch
            .candidates
            .sort_by_key(|candidate| (-candidate.score, self.order[candidate.rank as usize]));
        let aligned = LEAST_ALIGNED.max(max_hits.saturating_mul(ALIGNED_PER_HIT));
        let mut hits: Vec<Hit> = scratch
            .candidates
            .iter()
            .take(aligned)
            .map(|candidate| self.hit(query, candidate, aligner))
            .filter(|hit| hit.e_value <= 1.0)
            .collect();
        hits.sort_by_key(|hit| (-hit.score, hit.target));
        hits.truncate(max_hits);
        hits
    }

    fn hit(&self, query: &[u8], candidate: &words::Candidate, aligner: &mut Aligner) -> Hit {
        let target = self.sequences.get(candidate.rank);
        let alignment = aligner.align(query, target, candidate.anchor);
        Hit {
            target: self.order[candidate.rank as usize] as usize,
            identity: alignment.identical as f64 / alignment.columns.max(1) as f64,
            query_coverage: alignment.query.len() as f64 / query.len() as f64,
            target_coverage: alignment.target.len() as f64 / target.len() as f64,
            score: alignment.score,
            bits: align::bits(alignment.score),
            e_value: align::e_value(alignment.score, query.len(), self.sequences.residues()),
            query_range: alignment.query,
            target_range: alignment.target,
        }
    }

    /// All pairs of proteins that are alike by `options`, as places in the list with the
    /// smaller first, sorted.
    fn pairs(&self, options: &ClusterOptions, progress: &dyn Progress) -> Result<Vec<(u32, u32)>> {
        let count = self.sequences.count();
        progress.begin("all-against-all similarity", Some(count.into()));
        let ranks: Vec<u32> = (0..count).collect();
        let batches: Vec<Vec<(u32, u32)>> = ranks
            .par_chunks(BATCH)
            .map_init(
                || (Scratch::default(), Aligner::new()),
                |(scratch, aligner), batch| {
                    progress::check(progress)?;
                    let mut found = Vec::new();
                    for &rank in batch {
                        self.longer_neighbours(rank, options, scratch, aligner, &mut found);
                    }
                    progress.advance(batch.len() as u64);
                    Ok(found)
                },
            )
            .collect::<Result<_>>()?;
        progress.finish();
        let mut pairs = batches.concat();
        pairs.sort_unstable();
        Ok(pairs)
    }

    /// The proteins after `rank` that are like it. A protein that is too long to be
    /// covered by it is not looked at, nor aligned.
    fn longer_neighbours(
        &self,
        rank: u32,
        options: &ClusterOptions,
        scratch: &mut Scratch,
        aligner: &mut Aligner,
        found: &mut Vec<(u32, u32)>,
    ) {
        let query = self.sequences.get(rank);
        let too_long = |other: u32| {
            (query.len() as f64) < options.coverage * self.sequences.get(other).len() as f64
        };
        let after = rank + 1..self.sequences.count();
        let end =
            after.start + partition(after.len() as u32, |number| !too_long(after.start + number));
        self.words
            .candidates(query, &self.sequences, &(after.start..end), scratch);
        for candidate in &scratch.candidates {
            let hit = self.hit(query, candidate, aligner);
            if options.accept(&hit) {
                let (a, b) = (self.order[rank as usize], hit.target as u32);
                found.push((a.min(b), a.max(b)));
            }
        }
    }
}

/// The first of `0..count` for which `before` is false.
fn partition(count: u32, before: impl Fn(u32) -> bool) -> u32 {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = u32::midpoint(low, high);
        if before(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

#[cfg(test)]
mod tests;
