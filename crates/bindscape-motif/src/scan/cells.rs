//! What is computed from all windows of a sequence: its best one, and the occupancy.
//!
//! Scores and probabilities are looked up by words of five bases, for both strands at
//! once. A sequence's windows are gone through in order, also across batches, so that sums do not
//! depend on batches or threads.

use std::ops::Range;

use rayon::prelude::*;

use super::scanner::{ScanMotif, Scanner};
use super::stream::Batch;

/// Bases of a word.
const WORD: usize = 5;

/// Number of words.
const WORDS: usize = 1 << (2 * WORD);

/// Bases of a task, roughly.
const PIECE: usize = 1 << 16;

/// The best-scoring window of a sequence. Of equal scores the first window wins, and of its
/// strands the forward one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Best {
    /// The score, unless no window fits.
    pub score: Option<i64>,
    /// First base in the sequence, from 0.
    pub start: u64,
    /// Whether the motif lies on the reverse strand.
    pub reverse: bool,
    /// Its bases as they lie in the sequence, 0 to 3 for A, C, G, T.
    pub bases: Vec<u8>,
}

/// The sum occupancy of a sequence: the probabilities of its windows under the motif's
/// frequencies, summed over all windows and both strands (Novakovsky et al. 2021,
/// Methods, "De novo PWMs").
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Occupancy {
    /// The sum.
    pub sum: f64,
    /// Windows, on all strands scanned; without any, the sum says nothing.
    pub windows: u64,
}

impl Occupancy {
    /// The sum, unless no window fits.
    #[must_use]
    pub fn value(&self) -> Option<f64> {
        (self.windows > 0).then_some(self.sum)
    }
}

impl Scanner {
    /// The best windows of a batch: the motifs' of each sequence, one sequence after the other.
    /// `open` is what the last call gave for the sequence that goes on, and becomes that for
    /// the next one.
    pub fn best(&self, batch: &Batch, open: &mut Vec<Best>) -> Vec<Best> {
        let tables = |motif: &ScanMotif| -> Tables<i64> {
            let rows = motif.scores.iter().map(|scores| scores.rows().to_vec());
            Tables::new(&rows.collect::<Vec<_>>(), 0, i64::MIN, |a, b| a + b)
        };
        self.cells(batch, open, tables, |tables, words, batch, run, cell| {
            let starts = batch.starts(run, tables.width);
            let (position, first) = (batch.runs[run].position, batch.runs[run].start);
            tables.each(
                words,
                starts,
                |a, b| a + b,
                |at, [forward, reverse]| {
                    let score = forward.max(reverse);
                    if cell.score.is_none_or(|best| score > best) {
                        cell.score = Some(score);
                        cell.start = position + (at - first) as u64;
                        cell.reverse = reverse > forward;
                        cell.bases.clear();
                        cell.bases
                            .extend_from_slice(&batch.bases[at..at + tables.width]);
                    }
                },
            );
        })
    }

    /// The occupancies of a batch, in the order of [`Scanner::best`].
    pub fn occupancy(&self, batch: &Batch, open: &mut Vec<Occupancy>) -> Vec<Occupancy> {
        let strands = self.strands();
        let tables = |motif: &ScanMotif| -> Tables<f64> {
            let mut rows = vec![motif.frequencies.rows().to_vec()];
            if strands == 2 {
                rows.push(motif.frequencies.reverse_complement().rows().to_vec());
            }
            Tables::new(&rows, 1.0, 0.0, |a, b| a * b)
        };
        self.cells(batch, open, tables, |tables, words, batch, run, cell| {
            let starts = batch.starts(run, tables.width);
            cell.windows += starts.len() as u64 * strands;
            tables.each(
                words,
                starts,
                |a, b| a * b,
                |_, [forward, reverse]| {
                    cell.sum += forward + reverse;
                },
            );
        })
    }

    fn cells<C, T>(
        &self,
        batch: &Batch,
        open: &mut Vec<C>,
        tables: impl Fn(&ScanMotif) -> Tables<T> + Sync,
        add: impl Fn(&Tables<T>, &[u16], &Batch, usize, &mut C) + Sync,
    ) -> Vec<C>
    where
        C: Clone + Default + Send + Sync,
        T: Send + Sync,
    {
        let motifs = self.motifs.len();
        let words = words(&batch.bases);
        // Pieces are whole sequences, with at least so many bases.
        let mut pieces: Vec<Range<usize>> = Vec::new();
        let mut begin = 0;
        for run in 0..batch.runs.len() {
            let last = run + 1 == batch.runs.len();
            let ends = last || batch.runs[run].sequence != batch.runs[run + 1].sequence;
            if ends && (last || batch.span(run).end - batch.runs[begin].start >= PIECE) {
                pieces.push(begin..run + 1);
                begin = run + 1;
            }
        }
        let carried = std::mem::take(open);
        let columns: Vec<Vec<Vec<(usize, C)>>> = self
            .motifs
            .par_iter()
            .enumerate()
            .map(|(number, motif)| {
                let tables = tables(motif);
                let piece = |runs: &Range<usize>| {
                    let mut cells: Vec<(usize, C)> = Vec::new();
                    for run in runs.clone() {
                        let sequence = batch.runs[run].sequence;
                        if cells.last().is_none_or(|(last, _)| *last != sequence) {
                            let carried = carried.get(number).filter(|_| sequence == 0);
                            cells.push((sequence, carried.cloned().unwrap_or_default()));
                        }
                        let (_, cell) = cells.last_mut().expect("just pushed");
                        add(&tables, &words, batch, run, cell);
                    }
                    cells
                };
                pieces.par_iter().map(piece).collect()
            })
            .collect();
        let mut out = vec![C::default(); batch.sequences.len() * motifs];
        if let Some(first) = out.get_mut(..carried.len()) {
            first.clone_from_slice(&carried);
        }
        for (number, column) in columns.into_iter().enumerate() {
            for (sequence, cell) in column.into_iter().flatten() {
                out[sequence * motifs + number] = cell;
            }
        }
        if batch
            .sequences
            .last()
            .is_some_and(|last| last.length.is_none())
        {
            *open = out[out.len() - motifs..].to_vec();
        }
        out
    }
}

/// The word at each base, continued with A behind the last.
fn words(bases: &[u8]) -> Vec<u16> {
    let base = |at: usize| u16::from(bases.get(at).copied().unwrap_or(0));
    let mut code = (0..WORD - 1).fold(0, |code, at| code << 2 | base(at));
    let next = |at: usize| {
        code = (code << 2 | base(at + WORD - 1)) % WORDS as u16;
        code
    };
    (0..bases.len()).map(next).collect()
}

/// What each five columns of a matrix give for every word, for both strands.
struct Tables<T> {
    width: usize,
    tables: Vec<Vec<[T; 2]>>,
}

impl<T: Copy> Tables<T> {
    /// Tables of one or two matrices; `absent` is what the strand gives that is not scanned.
    fn new(
        matrices: &[Vec<[T; 4]>],
        neutral: T,
        absent: T,
        combine: impl Fn(T, T) -> T + Copy,
    ) -> Self {
        let width = matrices[0].len();
        let tables = (0..width)
            .step_by(WORD)
            .map(|first| {
                let columns = first..(first + WORD).min(width);
                let word = |code: usize, strand: usize| {
                    let Some(rows) = matrices.get(strand) else {
                        // Once is enough to keep the strand from counting, and it cannot overflow.
                        return if first == 0 { absent } else { neutral };
                    };
                    let value = |(place, column): (usize, usize)| {
                        rows[column][code >> (2 * (WORD - 1 - place)) & 3]
                    };
                    columns
                        .clone()
                        .enumerate()
                        .map(value)
                        .fold(neutral, combine)
                };
                (0..WORDS)
                    .map(|code| [word(code, 0), word(code, 1)])
                    .collect()
            })
            .collect();
        Self { width, tables }
    }

    /// Calls `found` with what the windows beginning in `starts` give.
    #[inline(always)]
    fn each(
        &self,
        words: &[u16],
        starts: Range<usize>,
        combine: impl Fn(T, T) -> T + Copy,
        mut found: impl FnMut(usize, [T; 2]),
    ) {
        let (first, rest) = self.tables.split_first().expect("a motif has a position");
        for at in starts {
            let mut both = first[usize::from(words[at])];
            for (table, place) in rest.iter().zip((WORD..).step_by(WORD)) {
                let [forward, reverse] = table[usize::from(words[at + place])];
                both = [combine(both[0], forward), combine(both[1], reverse)];
            }
            found(at, both);
        }
    }
}
