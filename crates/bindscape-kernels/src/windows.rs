//! Windows of a DNA sequence where a motif may fit: the inner loop of scanning.
//!
//! A window's *deficit* is what its bases take off the best score of the motif. Windows
//! whose deficit is above a limit are no hits, and nearly all are. A [`Filter`] holds deficits
//! in bytes, in units of a 250th of the limit and rounded down, so that it never loses a hit;
//! what passes is scored exactly by the caller, and is little more than the hits.
//!
//! A byte shuffle looks up 64 windows at once by the word of bases at each of them, words of three
//! bases with AVX-512 VBMI; with AVX2 it is 32 windows and words of two. Sums saturate.
//! Elsewhere words of six bases are looked up one by one. All lookups pass the same windows
//! or a few more, never fewer than the hits.

#[cfg(target_arch = "x86_64")]
mod x86;

use std::ops::Range;

use crate::limit::{Vectors, limit};

/// Largest sum of rounded deficits that passes.
const LIMIT: u8 = 250;

/// Windows that are tested together, whatever the vectors.
const BLOCK: usize = 256;

/// Columns of a motif that a filter looks at; further ones are left to the caller.
const MOST_COLUMNS: usize = 128;

/// A block is given up early once, in random sequence, fewer than this many of its windows
/// are expected to be left.
const FEW: f64 = 0.1;

/// The instructions that look up words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WordLookup {
    #[cfg(target_arch = "x86_64")]
    Vbmi,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Portable,
}

impl WordLookup {
    /// The fastest one of this processor.
    fn new() -> Self {
        static LOOKUP: std::sync::OnceLock<WordLookup> = std::sync::OnceLock::new();
        *LOOKUP.get_or_init(|| {
            let lookups = Self::available();
            match limit() {
                Vectors::None => Self::Portable,
                #[cfg(target_arch = "x86_64")]
                Vectors::Avx2 if lookups.contains(&Self::Avx2) => Self::Avx2,
                _ => lookups[0],
            }
        })
    }

    /// All of this processor, the fastest first.
    fn available() -> Vec<Self> {
        let mut lookups = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            if x86::has_vbmi() {
                lookups.push(Self::Vbmi);
            }
            if crate::x86::has_avx2() {
                lookups.push(Self::Avx2);
            }
        }
        lookups.push(Self::Portable);
        lookups
    }

    /// Bases of a word.
    const fn word(self) -> usize {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Vbmi => 3,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => 2,
            Self::Portable => 6,
        }
    }
}

/// The word at every position of a sequence.
#[derive(Debug)]
pub struct Words {
    lookup: WordLookup,
    len: usize,
    /// Words of two or three bases, and zeros behind the last so that whole blocks can be read.
    short: Vec<u8>,
    /// Words of six bases.
    long: Vec<u16>,
}

impl Words {
    /// The words of `bases`, each 0 to 3 for A, C, G, T.
    #[must_use]
    pub fn new(bases: &[u8]) -> Self {
        Self::by(WordLookup::new(), bases)
    }

    fn by(lookup: WordLookup, bases: &[u8]) -> Self {
        let padded = bases.len() + BLOCK + MOST_COLUMNS;
        let mut words = Self {
            lookup,
            len: bases.len(),
            short: Vec::new(),
            long: Vec::new(),
        };
        let base = |at: usize| bases.get(at).copied().unwrap_or(0) & 3;
        if lookup == WordLookup::Portable {
            words.long.reserve_exact(padded);
            let mut code = (0..5).fold(0, |code, at| code << 2 | u16::from(base(at)));
            words.long.extend((0..bases.len()).map(|at| {
                code = (code << 2 | u16::from(base(at + 5))) & 0xfff;
                code
            }));
            words.long.resize(padded, 0);
            return words;
        }
        words.short.reserve_exact(padded);
        let inside = bases.len().saturating_sub(2);
        if lookup.word() == 3 {
            let threes = bases.windows(3).map(|w| w[0] << 4 | w[1] << 2 | w[2]);
            words.short.extend(threes);
            let rest = inside..bases.len();
            words
                .short
                .extend(rest.map(|at| base(at) << 4 | base(at + 1) << 2 | base(at + 2)));
        } else {
            words
                .short
                .extend((0..bases.len()).map(|at| base(at) << 2 | base(at + 1)));
        }
        words.short.resize(padded, 0);
        words
    }

    /// Bases of the sequence.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether the sequence has no base.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

/// A window that passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Candidate {
    /// First base.
    pub start: usize,
    /// Which of the filter's matrices it passed for.
    pub matrix: usize,
}

/// Adjoining columns that are looked up together.
#[derive(Debug)]
struct Group {
    /// First column.
    offset: usize,
    /// Rounded deficits by word, for each matrix one after the other.
    tables: Vec<u8>,
}

/// What windows must keep to of one or two matrices of one width, such as a motif on both strands.
#[derive(Debug)]
pub struct Filter {
    lookup: WordLookup,
    matrices: usize,
    /// The groups that reject most first.
    groups: Vec<Group>,
    /// Groups after which it is seen whether any window of a block is left.
    check: usize,
}

impl Filter {
    /// A filter for windows whose deficit is at most `limit` for one of `matrices`, each of which
    /// has a row of deficits of A, C, G, T, zero or above, per column.
    ///
    /// # Panics
    /// If there are not one or two matrices of the same width, or a number is negative or not
    /// finite.
    #[must_use]
    pub fn new(matrices: &[&[[f64; 4]]], limit: f64) -> Self {
        Self::by(WordLookup::new(), matrices, limit)
    }

    fn by(lookup: WordLookup, matrices: &[&[[f64; 4]]], limit: f64) -> Self {
        let valid = |x: &f64| *x >= 0.0 && x.is_finite();
        assert!(
            matches!(matrices.len(), 1 | 2)
                && matrices.iter().all(|m| m.len() == matrices[0].len())
                && matrices.iter().all(|m| m.iter().flatten().all(valid))
                && valid(&limit),
            "one or two matrices of one width, of deficits that are zero or above"
        );
        // The margin is for rounding in the caller's sums.
        let per_unit = f64::from(LIMIT) / (limit * (1.0 + 1e-9)).max(1e-9);
        let rounded = |deficit: f64| (deficit * per_unit).min(255.0) as u8;
        let width = matrices[0].len().min(MOST_COLUMNS);
        let word = lookup.word();
        let mut order: Vec<usize> = (0..width).step_by(word).collect();
        let columns = |offset: usize| offset..(offset + word).min(width);
        let rejects = |offset: usize| -> f64 {
            let one = |deficit: &f64| (deficit * per_unit).min(255.0);
            let all = matrices
                .iter()
                .flat_map(|m| m[columns(offset)].iter().flatten());
            all.map(one).sum()
        };
        order.sort_by(|&a, &b| rejects(b).total_cmp(&rejects(a)).then(a.cmp(&b)));
        let groups: Vec<Group> = order
            .iter()
            .map(|&offset| {
                let words = 1_usize << (2 * word);
                let mut tables = Vec::with_capacity(words * matrices.len());
                for matrix in matrices {
                    tables.extend((0..words).map(|code| {
                        let deficit = |(place, column): (usize, usize)| {
                            matrix[column][code >> (2 * (word - 1 - place)) & 3]
                        };
                        rounded(columns(offset).enumerate().map(deficit).sum())
                    }));
                }
                Group { offset, tables }
            })
            .collect();
        let left = |tested: usize| -> f64 {
            let tested = order[..tested].iter().flat_map(|&offset| columns(offset));
            let tested: Vec<usize> = tested.collect();
            let rate = |m: &&[[f64; 4]]| pass_rate(tested.iter().map(|&c| m[c].map(rounded)));
            matrices.iter().map(rate).sum::<f64>() * BLOCK as f64
        };
        let check = (1..groups.len())
            .find(|&tested| left(tested) < FEW)
            .unwrap_or(groups.len());
        Self {
            lookup,
            matrices: matrices.len(),
            groups,
            check,
        }
    }

    /// Appends the windows that pass and begin in `starts`, in no particular order. Windows may
    /// end behind the sequence, which goes on with A there.
    ///
    /// # Panics
    /// If `starts` ends behind the sequence.
    pub fn candidates(&self, words: &Words, starts: Range<usize>, out: &mut Vec<Candidate>) {
        assert!(starts.end <= words.len, "windows begin in the sequence");
        assert!(
            self.lookup == words.lookup,
            "one kind of lookup on one processor"
        );
        match self.lookup {
            #[cfg(target_arch = "x86_64")]
            WordLookup::Vbmi => x86::vbmi(self, &words.short, starts, out),
            #[cfg(target_arch = "x86_64")]
            WordLookup::Avx2 => x86::avx2(self, &words.short, starts, out),
            WordLookup::Portable => self.portable(&words.long, starts, out),
        }
    }

    fn portable(&self, words: &[u16], starts: Range<usize>, out: &mut Vec<Candidate>) {
        const WORDS: usize = 1 << 12;
        for matrix in 0..self.matrices {
            let tables: Vec<(&[u8; WORDS], &[u16])> = self
                .groups
                .iter()
                .map(|group| {
                    let table = &group.tables[matrix * WORDS..][..WORDS];
                    let words = &words[group.offset + starts.start..][..starts.len()];
                    (table.try_into().expect("as long as asked for"), words)
                })
                .collect();
            let ((first, words), rest) = match tables.split_first() {
                Some((&first, rest)) => (first, rest),
                None => continue,
            };
            for (at, &word) in words.iter().enumerate() {
                let mut sum = first[usize::from(word) % WORDS];
                if sum > LIMIT {
                    continue;
                }
                for (table, words) in rest {
                    sum = sum.saturating_add(table[usize::from(words[at]) % WORDS]);
                }
                if sum <= LIMIT {
                    out.push(Candidate {
                        start: starts.start + at,
                        matrix,
                    });
                }
            }
        }
    }
}

/// Share of windows in random sequence whose sum of `columns` passes.
fn pass_rate(columns: impl Iterator<Item = [u8; 4]>) -> f64 {
    let mut shares = [0.0; LIMIT as usize + 1];
    shares[0] = 1.0;
    for column in columns {
        let mut next = [0.0; LIMIT as usize + 1];
        for deficit in column {
            let from = usize::from(deficit).min(next.len());
            for (to, share) in next[from..].iter_mut().zip(&shares) {
                *to += share / 4.0;
            }
        }
        shares = next;
    }
    shares.iter().sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matrix(width: usize) -> impl Strategy<Value = Vec<[f64; 4]>> {
        prop::collection::vec([0.0..8.0_f64, 0.0..8.0, 0.0..8.0, 0.0..8.0], width)
    }

    proptest! {
        /// Every lookup passes all windows within the limit, and none that is clearly beyond it.
        #[test]
        fn nothing_within_the_limit_is_lost(
            bases in prop::collection::vec(0_u8..4, 1..700),
            (one, other) in (1_usize..30).prop_flat_map(|w| (matrix(w), matrix(w))),
            share in 0.0..0.6_f64,
            two in any::<bool>(),
            (from, to) in (0.0..1.0_f64, 0.0..1.0_f64),
        ) {
            let matrices: Vec<&[[f64; 4]]> = if two { vec![&one, &other] } else { vec![&one] };
            let width = one.len();
            let limit = share * 4.0 * width as f64;
            let (from, to) = ((from * bases.len() as f64) as usize, (to * bases.len() as f64) as usize);
            let starts = from.min(to)..from.max(to);
            let deficit = |start: usize, matrix: usize| -> f64 {
                let base = |at: usize| usize::from(bases.get(at).copied().unwrap_or(0));
                (0..width).map(|c| matrices[matrix][c][base(start + c)]).sum()
            };
            for lookup in WordLookup::available() {
                let filter = Filter::by(lookup, &matrices, limit);
                let mut found = Vec::new();
                filter.candidates(&Words::by(lookup, &bases), starts.clone(), &mut found);
                found.sort_unstable();
                let unique = found.len();
                found.dedup();
                prop_assert_eq!(found.len(), unique);
                for start in starts.clone() {
                    for matrix in 0..matrices.len() {
                        let d = deficit(start, matrix);
                        let passes = found.binary_search(&Candidate { start, matrix }).is_ok();
                        prop_assert!(passes || d > limit, "{lookup:?} lost {start} with {d} of {limit}");
                        // Each group rounds down by less than a unit of a 250th.
                        let slack = limit.max(1e-9) * (1.0 + width as f64 / 250.0) + 1e-6;
                        prop_assert!(!passes || d <= slack, "{lookup:?} passed {d} of {limit}");
                    }
                }
                prop_assert!(found.iter().all(|c| starts.contains(&c.start)));
            }
        }
    }

    #[test]
    fn long_motifs_and_empty_ranges() {
        let matrix = vec![[0.0, 1.0, 1.0, 1.0]; 300];
        for lookup in WordLookup::available() {
            let filter = Filter::by(lookup, &[&matrix], 0.0);
            let mut found = Vec::new();
            filter.candidates(&Words::by(lookup, &[0; 500]), 0..500, &mut found);
            assert_eq!(found.len(), 500);
            filter.candidates(&Words::by(lookup, &[]), 0..0, &mut found);
            assert_eq!(found.len(), 500);
        }
        assert!(Words::new(&[]).is_empty());
        assert!((pass_rate([[0, 100, 200, 255]; 2].into_iter()) - 6.0 / 16.0).abs() < 1e-12);
    }
}
