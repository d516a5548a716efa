//! The contributions of seqlets as they are compared, scaled to the same size.

use rayon::prelude::*;

use crate::numeric::pairwise_sum;
use crate::stretch::Seqlet;
use crate::tracks::{CHANNELS, Tracks};

/// Contributions of seqlets of one length, hypothetical and projected each scaled to a sum of
/// sizes of 1.
pub(crate) struct Profiles {
    /// Numbers of a seqlet.
    pub(crate) stride: usize,
    /// Seqlets × positions × [`CHANNELS`].
    pub(crate) values: Vec<f32>,
}

impl Profiles {
    /// The profiles of `seqlets`, of which there is at least one.
    pub(crate) fn new(tracks: &Tracks, seqlets: &[Seqlet]) -> Self {
        let positions = (seqlets[0].end - seqlets[0].start) as usize;
        let stride = positions * CHANNELS;
        let mut values = vec![0.0; stride * seqlets.len()];
        values.par_chunks_mut(stride).zip(seqlets).for_each_init(
            Vec::new,
            |sizes, (profile, seqlet)| {
                tracks.fill(seqlet, profile);
                normalize(profile, sizes);
            },
        );
        Self { stride, values }
    }

    pub(crate) fn get(&self, number: usize) -> &[f32] {
        &self.values[number * self.stride..][..self.stride]
    }

    pub(crate) fn len(&self) -> usize {
        self.values.len() / self.stride
    }
}

/// Scales both halves of the channels to a sum of sizes of 1.
pub(crate) fn normalize(profile: &mut [f32], sizes: &mut Vec<f32>) {
    for half in [0, 4] {
        let sum = sum_of_sizes(profile, half, sizes);
        if sum != 0.0 {
            let (rows, _) = profile.as_chunks_mut::<CHANNELS>();
            for row in rows {
                for value in &mut row[half..half + 4] {
                    *value /= sum;
                }
            }
        }
    }
}

/// Sum of the sizes of the four channels from `half` on: over the positions of one base after
/// another, as modisco-lite's arrays lie.
pub(crate) fn sum_of_sizes(profile: &[f32], half: usize, sizes: &mut Vec<f32>) -> f32 {
    sizes.clear();
    let (rows, _) = profile.as_chunks::<CHANNELS>();
    for base in 0..4 {
        sizes.extend(rows.iter().map(|row| row[half + base].abs()));
    }
    pairwise_sum(sizes)
}
