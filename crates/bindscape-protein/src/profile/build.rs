//! Profiles from sequences of a domain.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use rayon::prelude::*;

use crate::scales::BLOSUM62;
use crate::{AMINO_ACIDS, amino_acid};

use super::align::{Aligned, Aligner};
use super::prior::{self, BACKGROUND, FROM_DELETE, FROM_INSERT, FROM_MATCH};
use super::{DD, DM, II, IM, MD, MI, MM, Profile, Statistics, calibrate};

/// Sequences of a family that are aligned at most; more add nothing but time.
const MOST: usize = 400;
/// How often a profile is made from the alignment to the one before.
const ROUNDS: usize = 3;
/// Share of the weight of sequences that must have a residue in a column of the profile.
const OCCUPIED: f64 = 0.5;
/// Least information of a position in bits, on average, and of a whole profile: there are as many
/// effective sequences as give that.
const INFORMATION: f64 = 0.59;
const WHOLE: f64 = 45.0;
/// Probabilities of opening and extending a gap in the profile of one sequence.
const OPEN: f64 = 0.02;
const EXTEND: f64 = 0.4;

impl Profile {
    /// Builds the profile of a domain from `sequences` of it, which need not be aligned, and
    /// measures what random sequences score. The order of the sequences does not matter; equal
    /// ones count once. `None` if no sequence has a residue.
    #[must_use]
    pub fn build(name: &str, sequences: &[&[u8]]) -> Option<Self> {
        let sequences = distinct(sequences);
        let middle = sequences.get(sequences.len() / 2)?;
        let mut profile = Self::of_one(name, middle);
        for _ in 0..ROUNDS {
            let aligner = Aligner::new(&profile);
            let aligned: Vec<Aligned> = sequences.par_iter().map(|s| aligner.align(s)).collect();
            profile = Self::of_aligned(name, &aligned)?;
        }
        profile.statistics = calibrate::statistics(&profile);
        Some(profile)
    }

    /// The profile of one sequence: what residues are replaced by in BLOSUM62.
    fn of_one(name: &str, sequence: &[u8]) -> Self {
        let matches: Vec<[f64; 20]> = sequence
            .iter()
            .map(|&letter| amino_acid(letter).map_or(BACKGROUND, |amino| REPLACED[amino]))
            .collect();
        let inner = [
            1.0 - 2.0 * OPEN,
            OPEN,
            OPEN,
            1.0 - EXTEND,
            EXTEND,
            1.0 - EXTEND,
            EXTEND,
        ];
        let mut transitions = vec![inner; matches.len() + 1];
        close(&mut transitions);
        Self {
            name: name.to_owned(),
            sequences: 1,
            effective: 1.0,
            matches,
            transitions,
            statistics: Statistics::default(),
        }
    }

    /// The profile of an alignment; `None` if too few sequences share any column.
    pub(super) fn of_aligned(name: &str, aligned: &[Aligned]) -> Option<Self> {
        let rows = columns(aligned);
        let weights = weights(&rows);
        let total: f64 = weights.iter().sum();
        let width = rows.first()?.len();
        let is_match: Vec<bool> = (0..width)
            .map(|column| {
                let held = rows.iter().zip(&weights);
                let held = held.filter(|(row, _)| row[column].is_some());
                held.map(|(_, weight)| weight).sum::<f64>() >= OCCUPIED * total
            })
            .collect();
        let positions = is_match.iter().filter(|&&is_match| is_match).count();
        if positions == 0 {
            return None;
        }
        let mut counts = Counts::new(positions);
        for (row, &weight) in rows.iter().zip(&weights) {
            counts.add(row, &is_match, weight);
        }
        let effective = counts.effective(aligned.len() as f64);
        let scale = effective / total;
        let matches = counts.matches.iter();
        let matches = matches.map(|counts| prior::amino_acids(&counts.map(|c| c * scale)));
        let transitions = counts.transitions.iter().map(|counts| {
            let [mm, mi, md, im, ii, dm, dd] = counts.map(|c| c * scale);
            let [mm, mi, md] = prior::transitions([mm, mi, md], FROM_MATCH);
            let [im, ii] = prior::transitions([im, ii], FROM_INSERT);
            let [dm, dd] = prior::transitions([dm, dd], FROM_DELETE);
            [mm, mi, md, im, ii, dm, dd]
        });
        let mut profile = Self {
            name: name.to_owned(),
            sequences: aligned.len(),
            effective,
            matches: matches.collect(),
            transitions: transitions.collect(),
            statistics: Statistics::default(),
        };
        close(&mut profile.transitions);
        Some(profile)
    }
}

/// The node after the last position leads to the end, the one before the first comes from the
/// beginning.
fn close(transitions: &mut [[f64; 7]]) {
    let last = transitions.len() - 1;
    for (node, transition) in transitions.iter_mut().enumerate() {
        if node == 0 || node == last {
            (transition[DM], transition[DD]) = (1.0, 0.0);
        }
        if node == last {
            let rest = transition[MM] + transition[MI];
            transition[MM] /= rest;
            transition[MI] /= rest;
            transition[MD] = 0.0;
        }
    }
}

/// Probabilities of the amino acids in place of each, by the scores of BLOSUM62.
static REPLACED: LazyLock<[[f64; 20]; 20]> = LazyLock::new(|| {
    // Half bits, near enough to what the matrix was rounded from.
    let lambda = std::f64::consts::LN_2 / 2.0;
    std::array::from_fn(|amino| {
        let odds: [f64; 20] = std::array::from_fn(|other| {
            BACKGROUND[other] * (lambda * f64::from(BLOSUM62[amino][other])).exp()
        });
        let sum: f64 = odds.iter().sum();
        odds.map(|odds| odds / sum)
    })
});

/// Different sequences with a residue, by length and letters, spread evenly over these if they are
/// too many.
fn distinct<'a>(sequences: &[&'a [u8]]) -> Vec<&'a [u8]> {
    let telling = sequences.iter().copied().filter(|s| !s.is_empty());
    let all: BTreeSet<(usize, &[u8])> = telling.map(|s| (s.len(), s)).collect();
    let all: Vec<&[u8]> = all.into_iter().map(|(_, sequence)| sequence).collect();
    if all.len() <= MOST {
        return all;
    }
    (0..MOST)
        .map(|place| all[place * all.len() / MOST])
        .collect()
}

/// The letters of aligned sequences by column, where insertions have columns, too.
fn columns(aligned: &[Aligned]) -> Vec<Vec<Option<u8>>> {
    let positions = aligned.first().map_or(0, |first| first.matches.len());
    let widest: Vec<usize> = (0..=positions)
        .map(|node| {
            aligned
                .iter()
                .map(|a| a.inserts[node].len())
                .max()
                .unwrap_or(0)
        })
        .collect();
    let row = |aligned: &Aligned| {
        let mut row = Vec::new();
        for (node, insert) in aligned.inserts.iter().enumerate() {
            row.extend(insert.iter().copied().map(Some));
            row.resize(row.len() + widest[node] - insert.len(), None);
            row.extend(aligned.matches.get(node));
        }
        row
    };
    aligned.iter().map(row).collect()
}

/// Weights of the sequences by position (Henikoff and Henikoff 1994, Journal of Molecular Biology
/// 243, 574), which add up to their number: a sequence that many others resemble counts little.
fn weights(rows: &[Vec<Option<u8>>]) -> Vec<f64> {
    let width = rows.first().map_or(0, Vec::len);
    let mut weights = vec![0.0; rows.len()];
    let mut residues = vec![0.0_f64; rows.len()];
    for column in 0..width {
        let mut counts = [0.0_f64; 20];
        let amino = |row: &Vec<Option<u8>>| row[column].and_then(amino_acid);
        let mut held = 0.0;
        for amino in rows.iter().filter_map(amino) {
            counts[amino] += 1.0;
            held += 1.0;
        }
        // Columns of insertions tell little.
        if held < OCCUPIED * rows.len() as f64 {
            continue;
        }
        let kinds = counts.iter().filter(|&&count| count > 0.0).count() as f64;
        for ((weight, residues), row) in weights.iter_mut().zip(&mut residues).zip(rows) {
            if let Some(amino) = amino(row) {
                *weight += 1.0 / (kinds * counts[amino]);
                *residues += 1.0;
            }
        }
    }
    for (weight, residues) in weights.iter_mut().zip(residues) {
        *weight /= residues.max(1.0);
    }
    let sum: f64 = weights.iter().sum();
    if sum > 0.0 {
        let scale = rows.len() as f64 / sum;
        weights.iter_mut().for_each(|weight| *weight *= scale);
    } else {
        weights.fill(1.0);
    }
    weights
}

/// What sequences did at each position.
struct Counts {
    matches: Vec<[f64; 20]>,
    transitions: Vec<[f64; 7]>,
}

/// Where a path is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Match,
    Insert,
    Delete,
}

impl Counts {
    fn new(positions: usize) -> Self {
        Self {
            matches: vec![[0.0; 20]; positions],
            transitions: vec![[0.0; 7]; positions + 1],
        }
    }

    /// Adds the path of a sequence.
    fn add(&mut self, row: &[Option<u8>], is_match: &[bool], weight: f64) {
        let path = path(row, is_match);
        let mut node = 0;
        let mut before = State::Match;
        for &(state, letter) in &path {
            let transition = match (before, state) {
                (State::Match, State::Match) => MM,
                (State::Match, State::Insert) => MI,
                (State::Match, State::Delete) => MD,
                (State::Insert, State::Insert) => II,
                (State::Insert, _) => IM,
                (State::Delete, State::Delete) => DD,
                (State::Delete, _) => DM,
            };
            self.transitions[node][transition] += weight;
            if state != State::Insert {
                node += 1;
            }
            if let (State::Match, Some(amino)) = (state, letter.and_then(amino_acid)) {
                self.matches[node - 1][amino] += weight;
            }
            before = state;
        }
        let to_end = match before {
            State::Match => MM,
            State::Insert => IM,
            State::Delete => DM,
        };
        self.transitions[node][to_end] += weight;
    }

    /// The number of sequences, `all` at most, with which the positions hold as much information
    /// as a profile needs to be told from chance, and no more.
    fn effective(&self, all: f64) -> f64 {
        let positions = self.matches.len() as f64;
        let wanted = (WHOLE + (positions * (positions + 1.0) / 2.0).log2()) / positions;
        let wanted = wanted.max(INFORMATION);
        let held = |effective: f64| {
            let scaled = self
                .matches
                .iter()
                .map(|counts| prior::amino_acids(&counts.map(|count| count * effective / all)));
            prior::information(scaled)
        };
        if held(all) <= wanted {
            return all;
        }
        let (mut low, mut high) = (0.0, all);
        for _ in 0..40 {
            let middle = f64::midpoint(low, high);
            if held(middle) < wanted {
                low = middle;
            } else {
                high = middle;
            }
        }
        high
    }
}

/// The states that a sequence goes through. A deletion beside an insertion is a match: a profile
/// has no way from the one to the other.
fn path(row: &[Option<u8>], is_match: &[bool]) -> Vec<(State, Option<u8>)> {
    let mut path: Vec<(State, Option<u8>)> = Vec::new();
    for (&letter, &is_match) in row.iter().zip(is_match) {
        let step = match (is_match, letter) {
            (true, Some(_)) => (State::Match, letter),
            (true, None) => (State::Delete, None),
            (false, Some(_)) => (State::Insert, letter),
            (false, None) => continue,
        };
        match (path.last_mut(), step.0) {
            (Some(last), State::Insert) if last.0 == State::Delete => {
                *last = (State::Match, letter)
            }
            (Some(last), State::Delete) if last.0 == State::Insert => last.0 = State::Match,
            _ => path.push(step),
        }
    }
    path
}

/// The amino acid that a position holds most of, in upper case where it holds half or more.
pub(super) fn consensus(p: &[f64; 20]) -> char {
    let most = (0..20).max_by(|&a, &b| p[a].total_cmp(&p[b]).then(b.cmp(&a)));
    let most = most.unwrap_or(0);
    let letter = char::from(AMINO_ACIDS[most]);
    if p[most] >= 0.5 {
        letter
    } else {
        letter.to_ascii_lowercase()
    }
}
