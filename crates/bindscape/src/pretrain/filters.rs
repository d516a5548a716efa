//! Filters that begin as motifs (Novakovsky et al. 2021, Methods, "PWM initialisation").

use bindscape_base::progress::Progress;
use bindscape_base::{Error, Result};
use bindscape_motif::cluster::{Thresholds, cluster, consensus};
use bindscape_motif::{Background, Motif, MotifSet};
use bindscape_nn::network::Network;
use bindscape_nn::{Architecture, Device};

use crate::data::counted;

/// The layer whose filters see the bases.
const FIRST: [&str; 2] = ["c1", "Conv1"];

/// The network with random weights from `seed`, but for as many of its first filters as there are
/// motifs: the mean motif of each cluster of `set`, the largest cluster first, in both
/// orientations.
pub(crate) fn initial(
    architecture: &Architecture,
    set: &MotifSet,
    seed: u64,
    progress: &dyn Progress,
) -> Result<Network> {
    progress.begin("comparing motifs", Some(set.motifs.len() as u64));
    let clustering = cluster(&set.motifs, Thresholds::default(), progress)?;
    progress.finish();
    let mut network = architecture.initial(seed, &Device::flex())?;
    let name = FIRST
        .into_iter()
        .find(|name| network.layer(name).is_ok())
        .ok_or_else(|| Error::about("the network", "a first convolution", "none"))?;
    let weights = network.layer(name)?.weights();
    let (filters, width) = (weights[0].shape[0], weights[0].shape[2]);
    let means = clustering
        .clusters
        .iter()
        .map(|members| consensus("mean", &set.motifs, members));
    let mut layer = network.layer_mut(name)?;
    let mut count = 0;
    for mean in means.take(filters / 2) {
        for reverse in [false, true] {
            layer.set_filter(count, &filter(&mean, reverse, width))?;
            count += 1;
        }
    }
    progress.note(&format!(
        "{} of {filters} begin as motifs",
        counted(count as u64, "filter")
    ));
    Ok(network)
}

/// `[base][position]`: frequencies less 0.25, in the middle of `width` positions; of a wider motif
/// the positions with most information.
fn filter(motif: &Motif, reverse: bool, width: usize) -> Vec<f32> {
    let mut motif = motif.frequencies.clone();
    if reverse {
        motif = motif.reverse_complement();
    }
    if motif.width() > width {
        let bits = motif.information(&Background::uniform());
        let of = |start: usize| -> f64 { bits[start..start + width].iter().sum() };
        let start = (0..=motif.width() - width)
            .rev()
            .max_by(|&a, &b| of(a).total_cmp(&of(b)))
            .unwrap_or(0);
        motif = motif.slice(start..start + width);
    }
    let offset = (width - motif.width()) / 2;
    let mut filter = vec![0.0; 4 * width];
    for (position, row) in motif.rows().iter().enumerate() {
        for (base, frequency) in row.iter().enumerate() {
            filter[base * width + offset + position] = (frequency - 0.25) as f32;
        }
    }
    filter
}

#[cfg(test)]
mod tests {
    use bindscape_motif::jaspar;

    use super::*;

    #[test]
    fn a_filter_is_a_motif_in_its_middle() {
        // MAX binds CACGTG, which reads the same on both strands.
        let max = &jaspar::select("MA0058").unwrap().motifs[0];
        let rows = max.frequencies.rows();
        let offset = (19 - rows.len()) / 2;
        let (forward, reverse) = (filter(max, false, 19), filter(max, true, 19));
        for (position, row) in rows.iter().enumerate() {
            for (base, frequency) in row.iter().enumerate() {
                let expected = (frequency - 0.25) as f32;
                assert_eq!(forward[base * 19 + offset + position], expected);
                let mirrored = offset + rows.len() - 1 - position;
                assert_eq!(reverse[(3 - base) * 19 + mirrored], expected);
            }
        }
        assert!(forward[..offset].iter().all(|&weight| weight == 0.0));

        // Of a wider motif, what says most.
        let cut = filter(max, false, 6);
        let consensus: Vec<usize> = (0..6)
            .map(|position| {
                let of = |&base: &usize| cut[base * 6 + position];
                (0..4).max_by(|a, b| of(a).total_cmp(&of(b))).unwrap()
            })
            .collect();
        assert_eq!(consensus, [1, 0, 1, 2, 3, 2]);
    }
}
