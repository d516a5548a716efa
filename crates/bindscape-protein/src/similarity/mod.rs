//! Similarity search among proteins, and clusters of similar proteins.
//!
//! Shared words find candidates (`words`), which are aligned (`align`); identity and
//! coverage are those of MMseqs2's `--min-seq-id` and `-c` with `--cov-mode 0`:
//! identity is the share of an alignment's columns, gaps included, that have the same
//! amino acid in both; coverage is the share of a protein's residues between the first and
//! the last one aligned.

mod align;
mod cluster;
mod composition;
mod pairwise;
mod search;
mod statistics;
mod substitution;
mod words;

use std::ops::Range;

use rayon::prelude::*;

use self::align::{Aligner, Alignment};
use self::search::Correction;
use self::statistics::SearchSpace;
use self::words::{Scratch, Sequences, Words};
use super::low_complexity;
use super::reader::Protein;
use bindscape_base::error::Result;
use bindscape_base::progress;
use bindscape_base::progress::Progress;

pub use self::cluster::{ClusterOptions, Clusters, Linkage, cluster};
pub use self::pairwise::{AlignedRows, Run};
pub use self::search::SearchLimits;

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
    /// The same in bits, corrected for the composition of the two proteins if the index is
    /// one that corrects.
    pub bits: f64,
    /// Number of hits as good as this one that are expected by chance.
    pub e_value: f64,
    /// Residues of the query in the alignment, 0-based and half-open.
    pub query_range: Range<usize>,
    /// Residues of the target in the alignment.
    pub target_range: Range<usize>,
    /// The columns of the alignment, from its beginning to its end.
    pub path: Vec<Run>,
}

/// A set of proteins to search in.
pub struct SimilarityIndex {
    /// Places of the proteins, shortest first: targets of similar length lie together.
    order: Vec<u32>,
    sequences: Sequences,
    words: Words,
    correction: Option<Correction>,
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

    /// Makes an index whose hits are evidence of common descent: stretches of low complexity
    /// ([`low_complexity`]) are masked in `proteins` and in the queries, pairs of proteins are
    /// aligned by scores corrected for their composition, and E-values consider that no
    /// alignment has room at the proteins' ends.
    ///
    /// Bits and E-values are those of the corrected score, and [`Hit::score`] is what the same
    /// alignment has by BLOSUM62. Masked residues score -1 with everything; identity and
    /// coverage count them as what they are.
    ///
    /// Only part of the alignments that chance gives share a word by which they are found: of
    /// random proteins with average frequencies about one in ten at an E-value of 1. E-values are
    /// those of all alignments, as BLAST's are, and so more than random proteins have. Repeats and
    /// palindromes are not random: reversed real proteins have four times as many hits of 0.001 as
    /// expected.
    ///
    /// # Panics
    /// If there are 16 million proteins or more.
    #[must_use]
    pub fn corrected(proteins: &[Protein]) -> Self {
        let masked: Vec<Vec<u8>> = proteins
            .par_iter()
            .map(|protein| low_complexity::masked(&protein.sequence))
            .collect();
        let sequences: Vec<&[u8]> = masked.iter().map(Vec::as_slice).collect();
        let mut index = Self::of(&sequences);
        index.correction = Some(Correction::new(proteins, &index.order, &index.sequences));
        index
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
            correction: None,
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

    /// The alignment of one protein of the set with another.
    fn hit(&self, query: &[u8], candidate: &words::Candidate, aligner: &mut Aligner) -> Hit {
        let target = self.sequences.get(candidate.rank);
        let alignment = aligner.align(query, target, candidate.anchor);
        let space = SearchSpace::whole(query.len(), self.sequences.residues());
        let score = f64::from(alignment.score);
        Hit::new(
            self.order[candidate.rank as usize] as usize,
            alignment,
            (query, target),
            (score, space),
        )
    }
}

impl Hit {
    /// Of an alignment of two proteins, and of its score with the space that was searched.
    fn new(
        target: usize,
        alignment: Alignment,
        proteins: (&[u8], &[u8]),
        (score, space): (f64, SearchSpace),
    ) -> Self {
        Self {
            target,
            identity: alignment.identical as f64 / alignment.columns().max(1) as f64,
            query_coverage: alignment.query.len() as f64 / proteins.0.len() as f64,
            target_coverage: alignment.target.len() as f64 / proteins.1.len() as f64,
            score: alignment.score,
            bits: statistics::bits(score),
            e_value: space.e_value(score),
            query_range: alignment.query,
            target_range: alignment.target,
            path: alignment.path,
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
