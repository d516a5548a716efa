//! In which order proteins are trained on.

use crate::random;
use crate::train::batches::split;

/// The batches of an epoch. Proteins are shuffled; then the proteins of `neighbours` batches
/// at a time are sorted by their number of positions and cut into batches, and the batches of
/// the epoch are shuffled. A batch is as long as its longest protein, so proteins of similar length
/// save most of the work; with one neighbour it is a plain shuffle.
///
/// A last batch of a single protein, which has no variance to normalise by, joins another one.
pub(crate) fn of_epoch(
    rows: &[usize],
    positions: &dyn Fn(usize) -> usize,
    size: usize,
    neighbours: usize,
    seed: u64,
    epoch: u32,
) -> Vec<Vec<usize>> {
    let mut items = rows.to_vec();
    let mut rng = random::stream(seed, "protein epoch", &[u64::from(epoch)]);
    random::shuffle(&mut items, &mut rng);
    if neighbours > 1 {
        for group in items.chunks_mut(size * neighbours) {
            // Stable: equal lengths stay in their random order.
            group.sort_by_key(|&row| positions(row));
        }
    }
    let mut batches = split(&items, size);
    if neighbours > 1 {
        random::shuffle(&mut batches, &mut rng);
    }
    batches
}

/// Batches for prediction, as places in `rows`: by length, so that little is computed for
/// padding, and only proteins with the same `group` together.
pub(crate) fn by_length(
    rows: &[usize],
    positions: &dyn Fn(usize) -> usize,
    group: &dyn Fn(usize) -> usize,
    size: usize,
) -> Vec<Vec<usize>> {
    let mut places: Vec<usize> = (0..rows.len()).collect();
    let key = |place: usize| {
        let positions = positions(rows[place]);
        (group(positions), positions)
    };
    places.sort_by_key(|&place| key(place));
    places
        .chunk_by(|&a, &b| key(a).0 == key(b).0)
        .flat_map(|same| same.chunks(size).map(<[usize]>::to_vec))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_protein_once_and_similar_lengths_together() {
        let rows: Vec<usize> = (100..1101).collect();
        let length = |row: usize| row * 7919 % 300 + 1;
        let batches = of_epoch(&rows, &length, 50, 8, 3, 1);
        let mut all = batches.concat();
        all.sort_unstable();
        assert_eq!(all, rows);
        // 1001 = 20 x 50 + 1: the single one joins the batch before.
        assert_eq!(batches.len(), 20);
        assert_eq!(batches.iter().filter(|batch| batch.len() == 51).count(), 1);
        let padded = |batches: &[Vec<usize>]| {
            let most = |batch: &Vec<usize>| batch.iter().map(|&row| length(row)).max().unwrap_or(0);
            batches
                .iter()
                .map(|batch| most(batch) * batch.len())
                .sum::<usize>()
        };
        let plain = of_epoch(&rows, &length, 50, 1, 3, 1);
        let least: usize = rows.iter().map(|&row| length(row)).sum();
        assert!((padded(&batches) as f64) < 1.2 * least as f64);
        assert!(padded(&plain) as f64 > 1.7 * least as f64);
        assert_eq!(batches, of_epoch(&rows, &length, 50, 8, 3, 1));
        assert_ne!(batches, of_epoch(&rows, &length, 50, 8, 3, 2));
        assert_ne!(batches, of_epoch(&rows, &length, 50, 8, 4, 1));
    }

    #[test]
    fn batches_for_prediction_keep_groups() {
        let rows = [7, 3, 9, 1, 8, 2];
        let found = by_length(&rows, &|row| row, &|length| length / 4, 2);
        assert_eq!(found, [vec![3, 5], vec![1], vec![0], vec![4, 2]]);
    }
}
