//! A validation part within a training part.

use std::collections::BTreeMap;

use bindscape_base::{Error, Result, random};

use crate::class::Label;

/// Splits `rows` into a part to train on and a validation part of about `share` of each label.
/// Rows of one of `groups` (one entry per protein) stay together: groups are visited in random
/// order and held out where there is room for them, so that the validation part has many
/// groups, as what the model will meet, and not the few largest.
///
/// # Errors
/// If `share` is not between 0 and 1, or one part would be empty.
pub fn hold_out(
    labels: &[Label],
    groups: Option<&[u32]>,
    rows: &[usize],
    share: f64,
    seed: u64,
) -> Result<(Vec<usize>, Vec<usize>)> {
    if !(share > 0.0 && share < 1.0) {
        return Err(Error::argument(
            "validation",
            "a share above 0 and below 1",
            share.to_string(),
        ));
    }
    let mut members: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (number, &row) in rows.iter().enumerate() {
        let group = groups.map_or(number as u32, |groups| groups[row]);
        members.entry(group).or_default().push(row);
        *counts.entry(labels[row].name()).or_default() += 1;
    }
    let mut room: BTreeMap<&str, usize> = counts
        .iter()
        .map(|(&name, &count)| (name, (count as f64 * share).ceil() as usize))
        .collect();
    let mut units: Vec<Vec<usize>> = members.into_values().collect();
    random::shuffle(&mut units, &mut random::stream(seed, "hold out", &[]));
    let (mut train, mut validation) = (Vec::new(), Vec::new());
    for unit in units {
        let mut needed: BTreeMap<&str, usize> = BTreeMap::new();
        for &row in &unit {
            *needed.entry(labels[row].name()).or_default() += 1;
        }
        if needed.iter().all(|(name, &count)| count <= room[name]) {
            for (name, count) in needed {
                room.entry(name).and_modify(|room| *room -= count);
            }
            validation.extend(unit);
        } else {
            train.extend(unit);
        }
    }
    if train.len() < 2 || validation.is_empty() {
        return Err(Error::about(
            "data",
            "at least two proteins to train on and one to validate on, in different groups",
            format!("{} and {}", train.len(), validation.len()),
        )
        .hint("take more proteins, smaller groups, or another ⟦validation⟧"));
    }
    train.sort_unstable();
    validation.sort_unstable();
    Ok((train, validation))
}
