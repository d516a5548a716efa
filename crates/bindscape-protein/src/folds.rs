//! Folds of a cross-validation: every protein is in the test part once.

use rand::seq::SliceRandom;
use rustc_hash::FxHashMap;

use super::class::{Label, ProteinClass};
use bindscape_base::error::{Error, Result};
use bindscape_base::random;
use bindscape_base::words::counted;

/// Kinds of labels that are balanced over the folds: the classes, and transcription
/// factors of unknown kind.
const STRATA: usize = ProteinClass::ALL.len() + 1;

/// The fold of each protein.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folds {
    /// The fold in whose test part each protein is, from 0.
    pub fold: Vec<u32>,
    /// Number of folds.
    pub k: u32,
}

fn stratum(label: Label) -> usize {
    label.class.map_or(STRATA - 1, ProteinClass::index)
}

fn stratum_name(stratum: usize) -> &'static str {
    ProteinClass::ALL
        .get(stratum)
        .map_or("tf", |class| class.name())
}

impl Folds {
    /// Random folds with the same share of each class in every one (the paper's five).
    ///
    /// # Errors
    /// If there are fewer than two folds, or a class has fewer proteins than folds.
    pub fn stratified(labels: &[Label], k: u32, seed: u64) -> Result<Self> {
        let mut members: [Vec<usize>; STRATA] = Default::default();
        for (protein, &label) in labels.iter().enumerate() {
            members[stratum(label)].push(protein);
        }
        let counts = members.each_ref().map(Vec::len);
        check(k, &counts, |stratum| {
            counted(counts[stratum] as u64, "protein")
        })?;
        let mut fold = vec![0; labels.len()];
        // Each class goes on where the one before ended, so that sizes differ by one.
        let mut next = 0;
        for (stratum, mut members) in members.into_iter().enumerate() {
            members.shuffle(&mut random::stream(seed, "folds", &[stratum as u64]));
            for protein in members {
                fold[protein] = next;
                next = (next + 1) % k;
            }
        }
        Ok(Self { fold, k })
    }

    /// Folds that part no group (similar proteins, or a taxon), with the shares of the
    /// classes as even as that allows: the groups are dealt, the most uneven first, each
    /// to the fold where it leaves the classes most even.
    ///
    /// # Errors
    /// If there are fewer than two folds, a class has proteins in fewer groups than
    /// folds, or labels and groups differ in number.
    pub fn grouped(labels: &[Label], groups: &[u32], k: u32, seed: u64) -> Result<Self> {
        if labels.len() != groups.len() {
            return Err(Error::about(
                "groups",
                format!("one per label ({})", labels.len()),
                groups.len().to_string(),
            ));
        }
        let held = Group::all(labels, groups);
        let total = sum(&held);
        let with: [usize; STRATA] =
            std::array::from_fn(|s| held.iter().filter(|group| group.counts[s] > 0).count());
        check(k, &with, |stratum| {
            format!(
                "{} in {}",
                counted(total[stratum] as u64, "protein"),
                counted(with[stratum] as u64, "group")
            )
        })?;
        Ok(Self::deal(held, labels.len(), k, seed))
    }

    /// As [`Folds::grouped`], but classes may be too few for every fold, and folds empty.
    pub(crate) fn dealt(labels: &[Label], groups: &[u32], k: u32, seed: u64) -> Self {
        Self::deal(Group::all(labels, groups), labels.len(), k, seed)
    }

    fn deal(mut held: Vec<Group>, proteins: usize, k: u32, seed: u64) -> Self {
        let total = sum(&held);
        // Ties are broken by chance; the sort keeps that order.
        held.shuffle(&mut random::stream(seed, "grouped folds", &[]));
        held.sort_by(|a, b| b.weight(&total).total_cmp(&a.weight(&total)));
        let mut filled = vec![[0_usize; STRATA]; k as usize];
        let mut fold = vec![0; proteins];
        for group in &held {
            let best = (0..k as usize)
                .min_by(|&a, &b| {
                    let cost = |fold| group.cost(&filled[fold], &total);
                    let size = |fold: usize| filled[fold].iter().sum::<usize>();
                    cost(a)
                        .total_cmp(&cost(b))
                        .then(size(a).cmp(&size(b)))
                        .then(a.cmp(&b))
                })
                .expect("there are at least two folds");
            for (have, more) in filled[best].iter_mut().zip(&group.counts) {
                *have += more;
            }
            for &member in &group.members {
                fold[member] = best as u32;
            }
        }
        Self { fold, k }
    }

    /// The proteins of a fold's test part, ascending.
    #[must_use]
    pub fn test(&self, fold: u32) -> Vec<usize> {
        self.select(|of| of == fold)
    }

    /// The proteins outside of a fold's test part, ascending.
    #[must_use]
    pub fn train(&self, fold: u32) -> Vec<usize> {
        self.select(|of| of != fold)
    }

    fn select(&self, wanted: impl Fn(u32) -> bool) -> Vec<usize> {
        let proteins = self.fold.iter().enumerate();
        proteins
            .filter(|(_, fold)| wanted(**fold))
            .map(|(protein, _)| protein)
            .collect()
    }
}

/// Proteins that stay together.
#[derive(Default)]
struct Group {
    members: Vec<usize>,
    counts: [usize; STRATA],
}

impl Group {
    /// The groups of the proteins with these labels.
    fn all(labels: &[Label], groups: &[u32]) -> Vec<Self> {
        let mut numbers: FxHashMap<u32, usize> = FxHashMap::default();
        let mut held: Vec<Self> = Vec::new();
        for (protein, (&label, &group)) in labels.iter().zip(groups).enumerate() {
            let number = *numbers.entry(group).or_insert_with(|| {
                held.push(Group::default());
                held.len() - 1
            });
            held[number].members.push(protein);
            held[number].counts[stratum(label)] += 1;
        }
        held
    }

    /// How much of the classes it holds, the rare ones weighing as much as the others.
    fn weight(&self, total: &[usize; STRATA]) -> f64 {
        shares(&self.counts, total).map(|share| share * share).sum()
    }

    /// How full of this group's classes a fold would be with it. Adding to the emptiest
    /// fold is what keeps the sum of squares over all folds least.
    fn cost(&self, filled: &[usize; STRATA], total: &[usize; STRATA]) -> f64 {
        shares(&self.counts, total)
            .zip(shares(filled, total))
            .map(|(more, have)| more * (2.0 * have + more))
            .sum()
    }
}

/// The shares of the classes that are there at all.
fn shares<'a>(
    counts: &'a [usize; STRATA],
    total: &'a [usize; STRATA],
) -> impl Iterator<Item = f64> + 'a {
    let present = counts.iter().zip(total).filter(|(_, total)| **total > 0);
    present.map(|(count, total)| *count as f64 / *total as f64)
}

fn sum(groups: &[Group]) -> [usize; STRATA] {
    std::array::from_fn(|stratum| groups.iter().map(|group| group.counts[stratum]).sum())
}

/// Refuses folds that a class cannot fill; `counts` is what is dealt of each class.
fn check(k: u32, counts: &[usize; STRATA], words: impl Fn(usize) -> String) -> Result<()> {
    if k < 2 {
        return Err(Error::argument("folds", "at least 2 folds", k.to_string()));
    }
    let short: Vec<String> = (0..STRATA)
        .filter(|&stratum| (1..k as usize).contains(&counts[stratum]))
        .map(|stratum| format!("{}: {}", stratum_name(stratum), words(stratum)))
        .collect();
    if short.is_empty() {
        return Ok(());
    }
    Err(Error::argument(
        "folds",
        format!("at least one of every class in each of {k} folds"),
        short.join("; "),
    )
    .hint("use fewer folds, or leave that class out of the labels"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::Rng;

    use super::*;

    fn some_labels(seed: u64, count: usize) -> Vec<Label> {
        let mut rng = random::stream(seed, "labels", &[]);
        (0..count)
            .map(|_| match rng.random_range(0..12) {
                0 => ProteinClass::ZincFinger.into(),
                1 => ProteinClass::Homeodomain.into(),
                2 => ProteinClass::OtherTf.into(),
                _ => ProteinClass::NonTf.into(),
            })
            .collect()
    }

    fn counts(folds: &Folds, labels: &[Label]) -> Vec<[usize; STRATA]> {
        let mut counts = vec![[0; STRATA]; folds.k as usize];
        for (&fold, &label) in folds.fold.iter().zip(labels) {
            counts[fold as usize][stratum(label)] += 1;
        }
        counts
    }

    #[test]
    fn classes_too_small_are_named() {
        let mut labels = vec![Label::from(ProteinClass::NonTf); 20];
        labels[..3].fill(ProteinClass::LeucineZipper.into());
        let error = Folds::stratified(&labels, 5, 1).expect_err("a fault");
        assert_eq!(
            error.to_string(),
            "folds: expected at least one of every class in each of 5 folds, found leucine_zipper: 3 proteins"
        );
        assert!(error.advice().expect("a hint").contains("fewer folds"));
        labels[..8].fill(ProteinClass::LeucineZipper.into());
        let groups: Vec<u32> = (0..20).map(|i| if i < 8 { i / 4 } else { i }).collect();
        let error = Folds::grouped(&labels, &groups, 5, 1).expect_err("a fault");
        assert!(
            error
                .to_string()
                .contains("leucine_zipper: 8 proteins in 2 groups"),
            "{error}"
        );
        assert!(Folds::stratified(&labels, 1, 1).is_err());
        assert!(Folds::grouped(&labels, &groups[1..], 2, 1).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn stratified_folds_are_even(seed in 0u64..500, count in 80usize..300, k in 2u32..6) {
            let labels = some_labels(seed, count);
            let Ok(folds) = Folds::stratified(&labels, k, seed) else { return Ok(()) };
            prop_assert_eq!(&Folds::stratified(&labels, k, seed).expect("folds"), &folds);
            let counts = counts(&folds, &labels);
            for stratum in 0..STRATA {
                let of: Vec<usize> = counts.iter().map(|c| c[stratum]).collect();
                prop_assert!(of.iter().max().expect("folds") - of.iter().min().expect("folds") <= 1);
            }
            let sizes: Vec<usize> = counts.iter().map(|c| c.iter().sum()).collect();
            prop_assert!(sizes.iter().max().expect("folds") - sizes.iter().min().expect("folds") <= 1);
            let mut all: Vec<usize> = (0..k).flat_map(|fold| folds.test(fold)).collect();
            all.sort_unstable();
            prop_assert_eq!(all, (0..count).collect::<Vec<_>>());
            prop_assert_eq!(folds.train(0).len() + folds.test(0).len(), count);
        }

        #[test]
        fn groups_are_never_separated(seed in 0u64..500, count in 150usize..400, k in 2u32..6) {
            let labels = some_labels(seed, count);
            let mut rng = random::stream(seed, "groups", &[]);
            // A third of the proteins in groups of about eight, the others alone.
            let groups: Vec<u32> = (0..count as u32)
                .map(|i| if i % 3 == 0 { rng.random_range(0..count as u32 / 24) } else { 1000 + i })
                .collect();
            let Ok(folds) = Folds::grouped(&labels, &groups, k, seed) else { return Ok(()) };
            prop_assert_eq!(&Folds::grouped(&labels, &groups, k, seed).expect("folds"), &folds);
            let mut of_group = std::collections::BTreeMap::new();
            for (&group, &fold) in groups.iter().zip(&folds.fold) {
                prop_assert_eq!(*of_group.entry(group).or_insert(fold), fold);
            }
            let counts = counts(&folds, &labels);
            let total = labels.iter().filter(|l| l.class == Some(ProteinClass::NonTf)).count();
            for fold in counts {
                let here = fold[ProteinClass::NonTf.index()];
                prop_assert!(here > 0);
                prop_assert!((here as f64 - total as f64 / f64::from(k)).abs() <= 12.0);
            }
        }
    }
}
