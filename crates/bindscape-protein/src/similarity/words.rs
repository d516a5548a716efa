//! Which proteins may be alike: words of six residues in an alphabet of ten kinds that
//! two proteins share, and the ungapped score around them.
//!
//! At 30% identity two proteins share few exact words, but many more of their aligned
//! residues are of one kind, so that a pair that is alike over 80% of its length has
//! several words of kinds in common; two unrelated proteins have a handful by chance. The
//! ungapped score around a shared word tells them apart for a small part of the cost of
//! an alignment.

mod look;

use std::ops::Range;

use self::look::{LOOK, Look, Looks, TOGETHER};
use super::substitution::SCORES;

/// Kinds of residues (Murphy, Wallqvist and Levy 2000, Protein Engineering 13, 149), with
/// the ambiguous letters where they belong.
const KINDS: [&[u8]; 10] = [
    b"LVIMJ", b"CU", b"A", b"G", b"ST", b"P", b"FYW", b"EDNQBZ", b"KRO", b"H",
];

/// Residues of a word.
const LENGTH: usize = 6;

/// Number of words.
const WORDS: usize = KINDS.len().pow(LENGTH as u32);

/// Kinds that a word must hold: repeats of one or two are everywhere and say nothing.
const LEAST_KINDS: u32 = 3;

/// Least ungapped score of a candidate. Of the pairs of similar length among 10,000 proteins
/// 2.3% reach it; with 35 they are twice as many, and no more pairs of 30% identity and
/// 80% coverage were found among 2,500 of these.
const LEAST_SCORE: i32 = 40;

/// The ungapped score ends where it has fallen this far below its best.
const DROP: i32 = 20;

/// Hits are sorted as single numbers: target, diagonal, position.
const RANK_BIT: u32 = 40;
const DIAGONAL_BIT: u32 = 20;
const MASK: u64 = (1 << 20) - 1;

/// The diagonal number of equal positions in query and target.
const ORIGIN: u32 = 1 << 19;

/// Residues of a protein that words are taken from: more than any protein known has
/// (titin: 35,000).
const LONGEST: usize = 1 << 19;

/// Numbers of the kinds by letter; 255 for X.
const KIND_OF: [u8; 26] = kinds();

const fn kinds() -> [u8; 26] {
    let mut table = [255; 26];
    let mut kind = 0;
    while kind < KINDS.len() {
        let mut letter = 0;
        while letter < KINDS[kind].len() {
            table[(KINDS[kind][letter] - b'A') as usize] = kind as u8;
            letter += 1;
        }
        kind += 1;
    }
    table
}

/// Sequences one after the other, by rank.
pub(super) struct Sequences {
    letters: Vec<u8>,
    /// Start of each in `letters`, and the end of the last.
    starts: Vec<usize>,
}

impl Sequences {
    pub(super) fn new<'a>(sequences: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut letters = Vec::new();
        let mut starts = vec![0];
        for sequence in sequences {
            letters.extend_from_slice(sequence);
            starts.push(letters.len());
        }
        Self { letters, starts }
    }

    pub(super) fn get(&self, rank: u32) -> &[u8] {
        let rank = rank as usize;
        &self.letters[self.starts[rank]..self.starts[rank + 1]]
    }

    pub(super) fn count(&self) -> u32 {
        (self.starts.len() - 1) as u32
    }

    pub(super) fn residues(&self) -> usize {
        self.letters.len()
    }

    /// The letters next to a place, if there are as many. At the ends of a sequence they are
    /// in part those of its neighbours.
    fn around(&self, place: Place) -> Option<[u8; LOOK]> {
        let start = self.starts[place.rank as usize] + place.position as usize;
        look::window(&self.letters, start).copied()
    }
}

/// Where each word occurs.
pub(super) struct Words {
    /// Start of each word's places, and the end of the last.
    starts: Vec<usize>,
    places: Vec<Place>,
}

/// A place of a word; ascending by rank and position.
#[derive(Clone, Copy, Default)]
struct Place {
    rank: u32,
    position: u32,
}

impl Place {
    /// The place as a hit of a word at `position` of the query.
    fn hit(self, position: u32) -> u64 {
        let diagonal = ORIGIN + self.position - position;
        u64::from(self.rank) << RANK_BIT | u64::from(diagonal) << DIAGONAL_BIT | u64::from(position)
    }
}

/// A protein that shares a word with the query.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate {
    pub(super) rank: u32,
    /// The best ungapped score around a shared word.
    pub(super) score: i32,
    /// A pair of residues inside of that: position in the query and in the target.
    pub(super) anchor: (usize, usize),
}

/// Memory of a search, used over again.
#[derive(Default)]
pub(super) struct Scratch {
    hits: Vec<u64>,
    pub(super) candidates: Vec<Candidate>,
}

impl Words {
    pub(super) fn new(sequences: &Sequences) -> Self {
        let each = |visit: &mut dyn FnMut(usize, Place)| {
            for rank in 0..sequences.count() {
                for_each_word(sequences.get(rank), |word, position| {
                    visit(word, Place { rank, position });
                });
            }
        };
        let mut starts = vec![0; WORDS + 1];
        each(&mut |word, _| starts[word + 1] += 1);
        for word in 0..WORDS {
            starts[word + 1] += starts[word];
        }
        let mut next = starts.clone();
        let mut places = vec![Place::default(); starts[WORDS]];
        each(&mut |word, place| {
            places[next[word]] = place;
            next[word] += 1;
        });
        Self { starts, places }
    }

    /// Puts the proteins among `ranks` that may be alike into the scratch's candidates,
    /// by rank.
    pub(super) fn candidates(
        &self,
        query: &[u8],
        sequences: &Sequences,
        ranks: &Range<u32>,
        scratch: &mut Scratch,
    ) {
        scratch.hits.clear();
        for_each_word(query, |word, position| {
            let places = &self.places[self.starts[word]..self.starts[word + 1]];
            let from = places.partition_point(|place| place.rank < ranks.start);
            let count = places[from..].partition_point(|place| place.rank < ranks.end);
            let places = &places[from..from + count];
            scratch
                .hits
                .extend(places.iter().map(|place| place.hit(position)));
        });
        scratch.choose(query, sequences);
    }

    /// Puts the proteins that may be alike, as far as the residues next to a shared word tell,
    /// into the scratch's candidates, by rank: nearly all that [`Words::candidates`] finds,
    /// in less than half of its time.
    pub(super) fn likely_candidates(
        &self,
        query: &[u8],
        sequences: &Sequences,
        scratch: &mut Scratch,
    ) {
        scratch.hits.clear();
        let looks = Looks::new(query);
        let mut windows = [None; TOGETHER];
        for_each_word(query, |word, position| {
            let places = &self.places[self.starts[word]..self.starts[word + 1]];
            let look = looks.at(position);
            for places in places.chunks(TOGETHER) {
                // Copied first, and looked at then, so that the processor waits for the
                // memory of all of them at once.
                for (window, place) in windows.iter_mut().zip(places) {
                    *window = sequences.around(*place);
                }
                for (window, place) in windows.iter().zip(places) {
                    let unlikely = |(look, window): (Look<'_>, _)| !look.is_likely(window);
                    if !look.zip(window.as_ref()).is_some_and(unlikely) {
                        scratch.hits.push(place.hit(position));
                    }
                }
            }
        });
        scratch.choose(query, sequences);
    }
}

impl Scratch {
    /// The proteins whose ungapped score around one of the shared words is high enough.
    fn choose(&mut self, query: &[u8], sequences: &Sequences) {
        let Self { hits, candidates } = self;
        hits.sort_unstable();
        candidates.clear();
        for group in hits.chunk_by(|a, b| a >> RANK_BIT == b >> RANK_BIT) {
            let rank = (group[0] >> RANK_BIT) as u32;
            let target = sequences.get(rank);
            let mut best: Option<Candidate> = None;
            // Words inside of a stretch that was looked at add nothing.
            let mut looked = (0, 0);
            for hit in group {
                let diagonal = (hit >> DIAGONAL_BIT & MASK) as u32;
                let position = (hit & MASK) as u32;
                if looked.0 == diagonal && position < looked.1 {
                    continue;
                }
                let pair = (position as usize, (position + diagonal - ORIGIN) as usize);
                let stretch = ungapped(query, target, pair);
                looked = (diagonal, (pair.0 + stretch.looked) as u32);
                if stretch.score >= LEAST_SCORE
                    && best.is_none_or(|best| stretch.score > best.score)
                {
                    // The middle of the stretch is the likeliest part of an alignment.
                    let length = stretch.before + stretch.after;
                    let anchor = |at: usize| at - stretch.before + length / 2;
                    best = Some(Candidate {
                        rank,
                        score: stretch.score,
                        anchor: (anchor(pair.0), anchor(pair.1)),
                    });
                }
            }
            candidates.extend(best);
        }
    }
}

/// Calls `visit` with the number and the position of each word that tells something.
fn for_each_word(sequence: &[u8], mut visit: impl FnMut(usize, u32)) {
    let sequence = &sequence[..sequence.len().min(LONGEST)];
    for (position, letters) in sequence.windows(LENGTH).enumerate() {
        let mut word = 0;
        let mut kinds = 0_u32;
        let mut known = true;
        for letter in letters {
            let kind = KIND_OF[usize::from(letter - b'A')];
            known &= kind != 255;
            kinds |= 1_u32.wrapping_shl(kind.into());
            word = word * KINDS.len() + usize::from(kind);
        }
        if known && kinds.count_ones() >= LEAST_KINDS {
            visit(word, position as u32);
        }
    }
}

/// A stretch of a diagonal around a pair of residues.
struct Stretch {
    score: i32,
    /// Residues of it before the pair, and after the pair's beginning.
    before: usize,
    after: usize,
    /// Residues after the pair's beginning that were looked at.
    looked: usize,
}

/// The best-scoring stretch without gaps that goes through residue `pair.0` of `query` and
/// `pair.1` of `target`.
fn ungapped(query: &[u8], target: &[u8], pair: (usize, usize)) -> Stretch {
    let scores = &*SCORES;
    let (i, j) = pair;
    let score = |a: u8, b: u8| i32::from(scores[usize::from(a - b'A')][usize::from(b - b'A')]);
    let mut stretch = Stretch {
        score: 0,
        before: 0,
        after: 0,
        looked: 0,
    };
    let (mut sum, mut best) = (0, 0);
    for (&a, &b) in query[i..].iter().zip(&target[j..]) {
        stretch.looked += 1;
        sum += score(a, b);
        if sum > best {
            best = sum;
            stretch.after = stretch.looked;
        } else if sum < best - DROP {
            break;
        }
    }
    stretch.score = best;
    let (mut sum, mut best) = (0, 0);
    let before = query[..i].iter().rev().zip(target[..j].iter().rev());
    for (number, (&a, &b)) in before.enumerate() {
        sum += score(a, b);
        if sum > best {
            best = sum;
            stretch.before = number + 1;
        } else if sum < best - DROP {
            break;
        }
    }
    stretch.score += best;
    stretch
}
