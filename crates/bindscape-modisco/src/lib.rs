#![doc = include_str!("../README.md")]

mod align;
mod coarse;
mod collapse;
mod fine;
#[cfg(test)]
mod golden;
mod graph;
pub mod hdf5;
pub mod hits;
mod isotonic;
mod kernel;
mod leiden;
#[cfg(test)]
mod noise;
mod numeric;
mod options;
mod pattern;
mod profiles;
mod search;
mod seqlets;
mod sketch;
mod stretch;
mod tracks;
mod words;

use bindscape_base::progress::Progress;
use bindscape_base::words::counted;
use bindscape_base::{Error, Result, random};

pub use options::{Edges, Options};
pub use pattern::Pattern;
pub use seqlets::{Seqlets, seqlets};
pub use stretch::Seqlet;
pub use tracks::Tracks;

/// Patterns of both signs.
#[derive(Debug, Clone)]
pub struct Found {
    /// Patterns that raise the prediction, the largest first.
    pub positive: Vec<Pattern>,
    /// Patterns that lower it.
    pub negative: Vec<Pattern>,
    /// All seqlets, those of neither sign and those that were not drawn among them.
    pub seqlets: Seqlets,
    /// Positive and negative seqlets that patterns were made from; 0 where there were too few.
    pub used: [usize; 2],
}

/// Finds the seqlets of `tracks`, and the patterns that they form. Equal settings and input give
/// equal patterns, whatever the number of threads.
///
/// # Errors
/// If a setting is out of its range, there are too few seqlets of either sign, or the user asked
/// to stop.
pub fn find(tracks: &Tracks, options: &Options, progress: &dyn Progress) -> Result<Found> {
    let seqlets = seqlets(tracks, options, progress)?;
    let least = options.min_seqlets;
    if seqlets.positive.len() < least && seqlets.negative.len() < least {
        return Err(Error::about(
            "the seqlets",
            format!("at least {least} that raise or lower the prediction"),
            format!(
                "{} and {} in {}",
                seqlets.positive.len(),
                seqlets.negative.len(),
                counted(tracks.examples() as u64, "sequence")
            ),
        )
        .hint("give more sequences that the model predicts as bound, or a larger ⟦fdr⟧"));
    }
    let mut used = [0; 2];
    let mut found = [Vec::new(), Vec::new()];
    for (side, (of_sign, sign)) in [(&seqlets.positive, 1.0), (&seqlets.negative, -1.0)]
        .into_iter()
        .enumerate()
    {
        let name = ["positive", "negative"][side];
        if of_sign.len() < least {
            progress.note(&format!(
                "{}, fewer than {least}: no {name} patterns",
                counted(of_sign.len() as u64, &format!("{name} seqlet"))
            ));
            continue;
        }
        let chosen = sample(of_sign, options);
        if chosen.len() < of_sign.len() {
            progress.note(&format!(
                "{} of {}, drawn at random",
                chosen.len(),
                counted(of_sign.len() as u64, &format!("{name} seqlet"))
            ));
        }
        used[side] = chosen.len();
        progress.note(&format!(
            "comparing {} takes up to about {} MB of memory",
            counted(chosen.len() as u64, &format!("{name} seqlet")),
            memory(chosen.len()).div_ceil(1 << 20)
        ));
        found[side] = search::patterns(tracks, chosen, sign, options, progress)?;
    }
    let [positive, negative] = found;
    Ok(Found {
        positive,
        negative,
        seqlets,
        used,
    })
}

/// At most `max_seqlets` of the seqlets, drawn at random and in their order.
fn sample(seqlets: &[Seqlet], options: &Options) -> Vec<Seqlet> {
    if seqlets.len() <= options.max_seqlets {
        return seqlets.to_vec();
    }
    let mut order: Vec<u32> = (0..seqlets.len() as u32).collect();
    let mut rng = random::stream(options.seed, "modisco seqlets", &[]);
    random::shuffle(&mut order, &mut rng);
    order.truncate(options.max_seqlets);
    order.sort_unstable();
    (order.into_iter().map(|i| seqlets[i as usize])).collect()
}

/// Bytes that a search of `seqlets` seqlets takes at most beside its tracks, about: words, their
/// index, and the graph of neighbours.
#[must_use]
pub fn memory(seqlets: usize) -> u64 {
    const WORDS: u64 = 500;
    const OF_A_WORD: u64 = 70;
    const OF_A_NEIGHBOUR: u64 = 90;
    let neighbours = (options::NEIGHBOURS as u64 + 1).min(seqlets as u64);
    seqlets as u64 * (WORDS * OF_A_WORD).max(neighbours * OF_A_NEIGHBOUR)
}
