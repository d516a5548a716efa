//! Alignment of whole sequences to a whole profile.

use crate::amino_acid;

use super::prior::BACKGROUND;
use super::{DD, DM, II, IM, MD, MI, MM, Profile};

/// A sequence aligned to a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Aligned {
    /// The letter at each position of the profile; `None` where it lacks one.
    pub(super) matches: Vec<Option<u8>>,
    /// Letters between the positions: before the first, after each.
    pub(super) inserts: Vec<Vec<u8>>,
}

/// What a cell was reached from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum From {
    Match,
    Insert,
    Delete,
}

/// The best score of a state, and the state before it.
#[derive(Debug, Clone, Copy)]
struct Best {
    score: f64,
    from: From,
}

impl Best {
    const NONE: Self = Self {
        score: f64::NEG_INFINITY,
        from: From::Match,
    };

    fn of(ways: [(f64, From); 2]) -> Self {
        let [(first, from), (second, other)] = ways;
        if first >= second {
            Self { score: first, from }
        } else {
            Self {
                score: second,
                from: other,
            }
        }
    }

    fn plus(self, score: f64) -> Self {
        Self {
            score: self.score + score,
            ..self
        }
    }
}

/// A cell: match, insertion and deletion.
#[derive(Debug, Clone, Copy)]
struct Cell {
    matched: Best,
    inserted: Best,
    deleted: Best,
}

/// A profile ready for alignments.
pub(super) struct Aligner {
    /// Log odds of the amino acids by position.
    scores: Vec<[f64; 20]>,
    /// Logarithms of transitions by node.
    transitions: Vec<[f64; 7]>,
}

impl Aligner {
    pub(super) fn new(profile: &Profile) -> Self {
        let scores = profile.matches.iter().map(|p| {
            std::array::from_fn(|amino| (p[amino].max(f64::MIN_POSITIVE) / BACKGROUND[amino]).ln())
        });
        Self {
            scores: scores.collect(),
            transitions: profile.transitions.iter().map(|t| t.map(f64::ln)).collect(),
        }
    }

    /// The most probable alignment of all of `sequence` to all of the profile. Letters other than
    /// the twenty amino acids match everything equally.
    pub(super) fn align(&self, sequence: &[u8]) -> Aligned {
        let (positions, residues) = (self.scores.len(), sequence.len());
        let width = residues + 1;
        let none = Cell {
            matched: Best::NONE,
            inserted: Best::NONE,
            deleted: Best::NONE,
        };
        let mut cells = vec![none; (positions + 1) * width];
        // The beginning counts as a match of position 0 with nothing.
        cells[0].matched.score = 0.0;
        let amino: Vec<Option<usize>> = sequence.iter().map(|&letter| amino_acid(letter)).collect();
        for position in 0..=positions {
            let here = &self.transitions[position];
            for residue in 0..=residues {
                let mut cell = cells[position * width + residue];
                if position > 0 {
                    let before = &self.transitions[position - 1];
                    let above = cells[(position - 1) * width + residue];
                    cell.deleted = Best::of([
                        (above.matched.score + before[MD], From::Match),
                        (above.deleted.score + before[DD], From::Delete),
                    ]);
                    if residue > 0 {
                        let above = cells[(position - 1) * width + residue - 1];
                        let score = amino[residue - 1]
                            .map_or(0.0, |amino| self.scores[position - 1][amino]);
                        let inserted = (above.inserted.score + before[IM], From::Insert);
                        let deleted = (above.deleted.score + before[DM], From::Delete);
                        let gapped = Best::of([inserted, deleted]);
                        let matched = (above.matched.score + before[MM], From::Match);
                        cell.matched = Best::of([matched, (gapped.score, gapped.from)]).plus(score);
                    }
                }
                if residue > 0 {
                    let left = cells[position * width + residue - 1];
                    cell.inserted = Best::of([
                        (left.matched.score + here[MI], From::Match),
                        (left.inserted.score + here[II], From::Insert),
                    ]);
                }
                cells[position * width + residue] = cell;
            }
        }
        self.trace(sequence, &cells)
    }

    fn trace(&self, sequence: &[u8], cells: &[Cell]) -> Aligned {
        let (positions, width) = (self.scores.len(), sequence.len() + 1);
        let mut aligned = Aligned {
            matches: vec![None; positions],
            inserts: vec![Vec::new(); positions + 1],
        };
        let last = &self.transitions[positions];
        let end = cells[positions * width + sequence.len()];
        let gapped = Best::of([
            (end.inserted.score + last[IM], From::Insert),
            (end.deleted.score + last[DM], From::Delete),
        ]);
        let mut state = Best::of([
            (end.matched.score + last[MM], From::Match),
            (gapped.score, gapped.from),
        ])
        .from;
        let (mut position, mut residue) = (positions, sequence.len());
        while position > 0 || residue > 0 {
            let cell = cells[position * width + residue];
            match state {
                From::Match => {
                    state = cell.matched.from;
                    (position, residue) = (position - 1, residue - 1);
                    aligned.matches[position] = Some(sequence[residue]);
                }
                From::Insert => {
                    state = cell.inserted.from;
                    residue -= 1;
                    aligned.inserts[position].push(sequence[residue]);
                }
                From::Delete => {
                    state = cell.deleted.from;
                    position -= 1;
                }
            }
        }
        for insert in &mut aligned.inserts {
            insert.reverse();
        }
        aligned
    }
}
