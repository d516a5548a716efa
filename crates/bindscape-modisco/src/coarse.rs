//! Which seqlets are like which, from the words that they share: the cosine of their weights on
//! the better strand.

use bindscape_base::progress::{Progress, check};
use bindscape_base::{Error, Result};
use rayon::prelude::*;

use crate::options::NEIGHBOURS;
use crate::stretch::Seqlet;
use crate::tracks::Tracks;
use crate::words::{WORD_BITS, WordFinder};

/// The seqlets most like each, and how like they are.
pub(crate) struct Neighbours {
    /// Neighbours of each seqlet.
    pub(crate) count: usize,
    /// Numbers of the neighbours, the most similar first; seqlets × `count`.
    pub(crate) seqlets: Vec<u32>,
    /// Their similarity.
    pub(crate) similarities: Vec<f64>,
}

/// Seqlets by the words that they have.
struct Index {
    /// Where the seqlets of each word begin.
    starts: Vec<u32>,
    seqlets: Vec<u32>,
    weights: Vec<f64>,
}

impl Index {
    fn of_word(&self, word: u32) -> impl Iterator<Item = (u32, f64)> {
        let word = word as usize;
        let range = self.starts[word] as usize..self.starts[word + 1] as usize;
        (self.seqlets[range.clone()].iter().copied()).zip(self.weights[range].iter().copied())
    }
}

/// A word with the seqlet that has it, and its weight there.
type Entry = (u64, f64);

const SEQLET_BITS: u32 = 64 - WORD_BITS;

fn entries(
    tracks: &Tracks,
    seqlets: &[Seqlet],
    sign: f32,
    flip: bool,
    progress: &dyn Progress,
) -> Result<Vec<Entry>> {
    let found: Vec<Vec<Entry>> = seqlets
        .par_iter()
        .enumerate()
        .map_init(WordFinder::default, |finder, (number, seqlet)| {
            check(progress)?;
            let seqlet = if flip { seqlet.flipped() } else { *seqlet };
            let mut words = finder.find(tracks, &seqlet, sign);
            for word in &mut words {
                word.0 = word.0 << SEQLET_BITS | number as u64;
            }
            words.shrink_to_fit();
            Ok::<_, Error>(words)
        })
        .collect::<Result<_>>()?;
    let mut entries: Vec<Entry> = Vec::with_capacity(found.iter().map(Vec::len).sum());
    for of_seqlet in found {
        entries.extend(of_seqlet);
    }
    entries.par_sort_unstable_by_key(|entry| entry.0);
    Ok(entries)
}

fn split(entry: &Entry) -> (u64, u32, f64) {
    let (key, weight) = *entry;
    let seqlet = key & ((1 << SEQLET_BITS) - 1);
    (key >> SEQLET_BITS, seqlet as u32, weight)
}

/// The index of the seqlets as they are; each word's number, and the words of each seqlet.
#[allow(clippy::type_complexity)]
fn forward_index(entries: &[Entry], n: usize) -> (Index, Vec<u64>, Vec<Vec<(u32, f64)>>) {
    let mut words = Vec::new();
    let mut index = Index {
        starts: Vec::new(),
        seqlets: Vec::with_capacity(entries.len()),
        weights: Vec::with_capacity(entries.len()),
    };
    let mut of_seqlet: Vec<Vec<(u32, f64)>> = vec![Vec::new(); n];
    for entry in entries {
        let (word, seqlet, weight) = split(entry);
        if words.last() != Some(&word) {
            words.push(word);
            index.starts.push(index.seqlets.len() as u32);
        }
        index.seqlets.push(seqlet);
        index.weights.push(weight);
        of_seqlet[seqlet as usize].push((words.len() as u32 - 1, weight));
    }
    index.starts.push(index.seqlets.len() as u32);
    (index, words, of_seqlet)
}

/// The index of other seqlets by the same words; words that are not among them are left out.
fn index_by(entries: &[Entry], words: &[u64]) -> Index {
    let mut index = Index {
        starts: Vec::with_capacity(words.len() + 1),
        seqlets: Vec::new(),
        weights: Vec::new(),
    };
    let mut next = 0;
    for &word in words {
        while next < entries.len() && split(&entries[next]).0 < word {
            next += 1;
        }
        index.starts.push(index.seqlets.len() as u32);
        while next < entries.len() && split(&entries[next]).0 == word {
            let (_, seqlet, weight) = split(&entries[next]);
            index.seqlets.push(seqlet);
            index.weights.push(weight);
            next += 1;
        }
    }
    index.starts.push(index.seqlets.len() as u32);
    index
}

/// The [`NEIGHBOURS`] of each seqlet and itself, or as many as there are.
pub(crate) fn neighbours(
    tracks: &Tracks,
    seqlets: &[Seqlet],
    sign: f32,
    progress: &dyn Progress,
) -> Result<Neighbours> {
    let n = seqlets.len();
    let count = (NEIGHBOURS + 1).min(n);
    let forward = entries(tracks, seqlets, sign, false, progress)?;
    let (same, words, of_seqlet) = forward_index(&forward, n);
    drop(forward);
    let reverse = entries(tracks, seqlets, sign, true, progress)?;
    let other = index_by(&reverse, &words);
    drop((reverse, words));
    let mut numbers = vec![0_u32; n * count];
    let mut similarities = vec![0.0; n * count];
    numbers
        .par_chunks_mut(count)
        .zip(similarities.par_chunks_mut(count))
        .zip(of_seqlet.par_iter())
        .try_for_each_init(
            || (vec![0.0_f64; n], vec![0.0_f64; n], Vec::new()),
            |(forward, reverse, order), ((numbers, similarities), words)| {
                check(progress)?;
                forward.fill(0.0);
                reverse.fill(0.0);
                for &(word, weight) in words {
                    for (seqlet, its) in same.of_word(word) {
                        forward[seqlet as usize] += weight * its;
                    }
                    for (seqlet, its) in other.of_word(word) {
                        reverse[seqlet as usize] += weight * its;
                    }
                }
                for (best, other) in forward.iter_mut().zip(reverse.iter()) {
                    *best = best.max(*other);
                }
                top(forward, count, order);
                for ((number, similarity), &seqlet) in numbers
                    .iter_mut()
                    .zip(similarities.iter_mut())
                    .zip(order.iter())
                {
                    (*number, *similarity) = (seqlet, forward[seqlet as usize]);
                }
                progress.advance(1);
                Ok::<_, Error>(())
            },
        )?;
    Ok(Neighbours {
        count,
        seqlets: numbers,
        similarities,
    })
}

/// Numbers of the `count` largest values, the largest first; of equal ones, the first.
pub(crate) fn top<T: Copy + PartialOrd>(values: &[T], count: usize, order: &mut Vec<u32>) {
    order.clear();
    order.extend(0..values.len() as u32);
    let larger = |a: &u32, b: &u32| {
        let value = |i: &u32| values[*i as usize];
        (value(b).partial_cmp(&value(a)))
            .unwrap_or(std::cmp::Ordering::Equal)
            .then(a.cmp(b))
    };
    if count < order.len() {
        order.select_nth_unstable_by(count, larger);
        order.truncate(count);
    }
    order.sort_unstable_by(larger);
}
