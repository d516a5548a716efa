//! Windows whose p-value is at most the threshold.

use bindscape_kernels::windows::Words;
use rayon::prelude::*;

use super::scanner::Scanner;
use super::stream::Batch;

/// Windows of a task: their words fit into the cache that is nearest.
const CHUNK: usize = 1 << 14;

/// Motifs of a task.
const MOTIFS: usize = 64;

/// A window that a motif fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    /// Its sequence in [`Batch::sequences`].
    pub sequence: usize,
    /// Its first base in that sequence, from 0.
    pub start: u64,
    /// Number of the motif in [`Scanner::motifs`].
    pub motif: usize,
    /// Whether the motif lies on the reverse strand.
    pub reverse: bool,
    /// Its score; [`ScanMotif::bits`](super::ScanMotif::bits) has it in bits.
    pub score: i64,
    /// Its first base in [`Batch::bases`].
    pub at: usize,
}

/// Of hits of a motif at one place on both strands that with the higher score, of equal ones the
/// forward one, as FIMO's `--max-strand` reports them (FIMO draws among equal ones). The hits are
/// in the order of [`Scanner::hits`].
pub fn best_strands(hits: &mut Vec<Hit>) {
    hits.dedup_by(|next, kept| {
        let place = |hit: &Hit| (hit.sequence, hit.start, hit.motif);
        let same = place(next) == place(kept);
        if same && next.score > kept.score {
            *kept = *next;
        }
        same
    });
}

impl Scanner {
    /// The hits of a batch, by sequence, start, motif, strand.
    #[must_use]
    pub fn hits(&self, batch: &Batch) -> Vec<Hit> {
        let widest = self.widest();
        let starts: Vec<usize> = (0..batch.limit).step_by(CHUNK).collect();
        let chunks: Vec<Words> = starts
            .par_iter()
            .map(|&start| {
                let end = (start + CHUNK + widest - 1).min(batch.bases.len());
                Words::new(&batch.bases[start..end])
            })
            .collect();
        let found: Vec<Vec<Hit>> = (0..starts.len())
            .into_par_iter()
            .map(|chunk| {
                let groups = self.motifs.len().div_ceil(MOTIFS);
                let mut hits: Vec<Hit> = (0..groups)
                    .into_par_iter()
                    .flat_map_iter(|group| {
                        let first = group * MOTIFS;
                        let motifs = first..(first + MOTIFS).min(self.motifs.len());
                        self.in_chunk(batch, starts[chunk], &chunks[chunk], motifs)
                    })
                    .collect();
                hits.sort_unstable();
                hits
            })
            .collect();
        found.concat()
    }

    fn in_chunk(
        &self,
        batch: &Batch,
        first: usize,
        words: &Words,
        motifs: std::ops::Range<usize>,
    ) -> Vec<Hit> {
        let mut hits = Vec::new();
        let mut candidates = Vec::new();
        let count = CHUNK.min(batch.limit - first);
        for number in motifs {
            let motif = &self.motifs[number];
            let (Some(filter), Some(threshold)) = (&motif.filter, motif.threshold) else {
                continue;
            };
            candidates.clear();
            filter.candidates(words, 0..count, &mut candidates);
            for candidate in &candidates {
                let at = first + candidate.start;
                let Some(word) = batch.bases.get(at..at + motif.width()) else {
                    continue;
                };
                let score = motif.scores[candidate.matrix].score(word);
                if score < threshold {
                    continue;
                }
                let run = batch.runs.partition_point(|run| run.start <= at) - 1;
                if at + motif.width() > batch.span(run).end {
                    continue;
                }
                let run = batch.runs[run];
                hits.push(Hit {
                    sequence: run.sequence,
                    start: run.position + (at - run.start) as u64,
                    motif: number,
                    reverse: candidate.matrix == 1,
                    score,
                    at,
                });
            }
        }
        hits
    }
}
