//! Training, validation and test parts.
//!
//! Regions that share a base never come into different parts: they are assigned
//! together, as are regions joined through others. Regions that merely touch
//! share no sequence and may be separated (otherwise a tiled genome would be one group).

use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use crate::dataset::Part;
use bindscape_base::error::{Error, Result};
use bindscape_base::names;
use bindscape_base::random;
use bindscape_base::words::counted;
use bindscape_genome::region::Regions;

mod chromosomes;

/// How regions are split into parts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Split {
    /// At random, by these shares of the regions, which add up to 1.
    Random {
        /// Share of the training part.
        train: f64,
        /// Share of the validation part.
        validation: f64,
        /// Share of the test part.
        test: f64,
    },
    /// By whole chromosomes. A part without names gets chromosomes chosen by the
    /// seed, so that it holds close to a tenth of the regions.
    Chromosome {
        /// Chromosomes of the validation part.
        validation: Vec<String>,
        /// Chromosomes of the test part.
        test: Vec<String>,
    },
}

impl Split {
    /// Checks the shares of a split at random.
    ///
    /// # Errors
    /// If they are not positive or do not add up to 1.
    pub fn check(&self) -> Result<()> {
        let Self::Random {
            train,
            validation,
            test,
        } = self
        else {
            return Ok(());
        };
        let shares = [train, validation, test];
        let sum: f64 = shares.iter().copied().sum();
        if shares.iter().all(|&&share| share > 0.0) && (sum - 1.0).abs() <= 1e-6 {
            return Ok(());
        }
        Err(Error::argument(
            "split",
            "three positive shares that add up to 1",
            format!("{train}, {validation}, {test}"),
        ))
    }
}

impl Default for Split {
    /// 80 / 10 / 10 at random (Novakovsky et al. 2021, Methods, "Transfer learning").
    fn default() -> Self {
        Split::Random {
            train: 0.8,
            validation: 0.1,
            test: 0.1,
        }
    }
}

/// The part of every region, and how it came to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// One entry per region.
    pub parts: Vec<Part>,
    /// Regions that share a base with another and were kept with it.
    pub overlapping: usize,
    /// Chromosomes of the validation and of the test part, of a split by chromosome.
    pub chromosomes: Option<HeldOutChromosomes>,
}

/// Whole chromosomes kept from training.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldOutChromosomes {
    /// Those of the validation part.
    pub validation: Vec<String>,
    /// Those of the test part.
    pub test: Vec<String>,
}

/// Assigns every region to a part. Equal arguments give equal parts.
///
/// With `labels` (one TF, one label per region), a random split takes the shares
/// of bound and unbound regions apart, with one group of overlapping regions at least
/// in each part, and every part must have both.
///
/// A random split keeps regions that `only_train` marks, and those that share a base with one of
/// them, in the training part; shares are still those of all regions, where enough are left.
///
/// # Errors
/// If shares are not positive or do not add up to 1, a named chromosome is not
/// among the regions (the hint names near ones) or in both parts, or a part
/// would be empty or lack bound or unbound regions.
///
/// # Panics
/// If there is not one label per region, or not one mark.
pub fn assign(
    regions: &Regions,
    labels: Option<&[bool]>,
    only_train: &[bool],
    split: &Split,
    seed: u64,
) -> Result<Assignment> {
    assert!(
        only_train.is_empty() || only_train.len() == regions.len(),
        "one mark per region, or none"
    );
    if let Some(labels) = labels {
        assert_eq!(labels.len(), regions.len(), "one label per region");
    }
    split.check()?;
    let groups = Groups::of(regions);
    let overlapping = groups
        .iter()
        .map(<[u32]>::len)
        .filter(|&size| size > 1)
        .sum();
    let (parts, chromosomes) = match split {
        Split::Random {
            validation, test, ..
        } => (
            random(&groups, labels, only_train, *validation, *test, seed),
            None,
        ),
        Split::Chromosome { validation, test } => {
            let (parts, held_out) = chromosomes::assign(regions, labels, validation, test, seed)?;
            (parts, Some(held_out))
        }
    };
    check_parts(&parts, labels, groups.len())?;
    Ok(Assignment {
        parts,
        overlapping,
        chromosomes,
    })
}

/// Rows in groups that share bases, in order of their coordinates.
struct Groups {
    rows: Vec<u32>,
    /// Where each group begins in `rows`, and the end of the last.
    bounds: Vec<usize>,
}

impl Groups {
    fn of(regions: &Regions) -> Self {
        let (chrom, start, end) = (
            regions.chrom_column(),
            regions.start_column(),
            regions.end_column(),
        );
        let mut rows: Vec<u32> =
            (0..u32::try_from(regions.len()).expect("fewer than 2^32 regions")).collect();
        rows.sort_unstable_by_key(|&row| {
            let row = row as usize;
            (chrom[row], start[row], end[row], row)
        });
        let mut bounds = Vec::new();
        let mut open: Option<(u32, u32)> = None;
        for (place, &row) in rows.iter().enumerate() {
            let row = row as usize;
            open = match open {
                Some((on, reach)) if on == chrom[row] && start[row] < reach => {
                    Some((on, reach.max(end[row])))
                }
                _ => {
                    bounds.push(place);
                    Some((chrom[row], end[row]))
                }
            };
        }
        bounds.push(rows.len());
        Self { rows, bounds }
    }

    fn len(&self) -> usize {
        self.bounds.len() - 1
    }

    fn get(&self, group: usize) -> &[u32] {
        &self.rows[self.bounds[group]..self.bounds[group + 1]]
    }

    fn iter(&self) -> impl Iterator<Item = &[u32]> {
        (0..self.len()).map(|group| self.get(group))
    }
}

fn random(
    groups: &Groups,
    labels: Option<&[bool]>,
    only_train: &[bool],
    validation: f64,
    test: f64,
    seed: u64,
) -> Vec<Part> {
    let mut parts = vec![Part::Train; groups.rows.len()];
    let bound = |group: usize| {
        labels.is_some_and(|labels| groups.get(group).iter().any(|&row| labels[row as usize]))
    };
    let (with, without): (Vec<usize>, Vec<usize>) =
        (0..groups.len()).partition(|&group| bound(group));
    let kept = |group: &usize| {
        let mut rows = groups.get(*group).iter();
        rows.any(|&row| only_train.get(row as usize).copied().unwrap_or(false))
    };
    for (stratum, mut members) in [without, with].into_iter().enumerate() {
        members.shuffle(&mut random::stream(seed, "split", &[stratum as u64]));
        let rows: usize = members.iter().map(|&group| groups.get(group).len()).sum();
        members.retain(|group| !kept(group));
        for (part, share) in [(Part::Test, test), (Part::Validation, validation)] {
            // One group at least, while one is left for training.
            let target = ((rows as f64 * share).round() as usize).max(1);
            for group in take(groups, &mut members, target) {
                for &row in groups.get(group) {
                    parts[row as usize] = part;
                }
            }
        }
    }
    parts
}

/// Removes groups of together at most `target` rows from `members`, in their order;
/// if every group is larger, the smallest. Leaves one group at least.
fn take(groups: &Groups, members: &mut Vec<usize>, target: usize) -> Vec<usize> {
    let mut taken = Vec::new();
    let (mut count, mut left) = (0, members.len());
    members.retain(|&group| {
        let size = groups.get(group).len();
        let fits = left > 1 && count + size <= target;
        if fits {
            count += size;
            left -= 1;
            taken.push(group);
        }
        !fits
    });
    if taken.is_empty() && members.len() > 1 {
        let smallest = (0..members.len())
            .min_by_key(|&place| groups.get(members[place]).len())
            .expect("members is not empty");
        taken.push(members.remove(smallest));
    }
    taken
}

fn check_parts(parts: &[Part], labels: Option<&[bool]>, groups: usize) -> Result<()> {
    for part in [Part::Train, Part::Validation, Part::Test] {
        let mut counts = [0_u64; 2];
        for (row, &of) in parts.iter().enumerate() {
            if of == part {
                counts[usize::from(labels.is_some_and(|labels| labels[row]))] += 1;
            }
        }
        let missing = match (counts, labels) {
            ([0, 0], _) => "regions",
            ([0, _], Some(_)) => "unbound regions",
            ([_, 0], Some(_)) => "bound regions",
            _ => continue,
        };
        return Err(Error::argument(
            "split",
            format!("{missing} in each of the parts train, validation and test"),
            format!(
                "none in the {} part ({} in {} that share no base)",
                part.name(),
                counted(parts.len() as u64, "region"),
                counted(groups as u64, "group"),
            ),
        )
        .hint("use more regions, other chromosomes, or a random split"));
    }
    Ok(())
}

/// Refuses a chromosome that is not among `present`.
fn known(name: &str, present: &[&str]) -> Result<()> {
    if present.contains(&name) {
        return Ok(());
    }
    Err(Error::argument(
        "split",
        "chromosomes that have regions in the data",
        format!("{name:?}"),
    )
    .hint(names::suggestion(
        name,
        present.iter().copied(),
        &format!("the data have regions on {}", present.join(", ")),
    )))
}

#[cfg(test)]
mod tests;
