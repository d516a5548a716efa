//! Parts of whole chromosomes.

use std::collections::BTreeMap;

use rand::seq::SliceRandom;

use super::{HeldOutChromosomes, known};
use crate::dataset::Part;
use bindscape_base::error::{Error, Result};
use bindscape_base::random;
use bindscape_genome::region::Regions;

/// Share of the regions that a part of chosen chromosomes should hold.
const SHARE: f64 = 0.1;

/// Orders of the chromosomes that are tried; the best choice is kept. Many would
/// make every seed choose the same chromosomes.
const TRIALS: u64 = 32;

/// What a chromosome has, as shares of the whole: of the regions, of the bound regions.
#[derive(Clone, Copy, Default)]
struct Load {
    regions: f64,
    bound: f64,
}

impl Load {
    fn plus(self, other: Load) -> Load {
        Load {
            regions: self.regions + other.regions,
            bound: self.bound + other.bound,
        }
    }

    /// How far it is from what a held-out part should hold.
    fn deviation(self, with_bound: bool) -> f64 {
        (self.regions - SHARE).abs()
            + if with_bound {
                (self.bound - SHARE).abs()
            } else {
                0.0
            }
    }
}

pub(super) fn assign(
    regions: &Regions,
    labels: Option<&[bool]>,
    validation: &[String],
    test: &[String],
    seed: u64,
) -> Result<(Vec<Part>, HeldOutChromosomes)> {
    let loads = loads(regions, labels);
    let present: Vec<&str> = loads.keys().copied().collect();
    for name in validation.iter().chain(test) {
        known(name, &present)?;
    }
    if let Some(twice) = validation.iter().find(|name| test.contains(name)) {
        return Err(Error::argument(
            "split",
            "different chromosomes for validation and test",
            format!("{twice:?} for both"),
        ));
    }
    if present.len() < 3 {
        return Err(Error::argument(
            "split",
            "regions on three chromosomes at least, one for each part",
            format!("regions on {}", present.join(", ")),
        )
        .hint("use a random split"));
    }
    let held_out = if validation.is_empty() || test.is_empty() {
        choose(&loads, labels.is_some(), validation, test, seed)
    } else {
        HeldOutChromosomes {
            validation: validation.to_vec(),
            test: test.to_vec(),
        }
    };
    let parts = regions
        .iter()
        .map(|region| {
            let is = |name: &String| name == region.chrom;
            if held_out.test.iter().any(is) {
                Part::Test
            } else if held_out.validation.iter().any(is) {
                Part::Validation
            } else {
                Part::Train
            }
        })
        .collect();
    Ok((parts, held_out))
}

fn loads<'a>(regions: &'a Regions, labels: Option<&[bool]>) -> BTreeMap<&'a str, Load> {
    let all = regions.len() as f64;
    let all_bound = labels.map_or(0, |labels| labels.iter().filter(|&&label| label).count()) as f64;
    let mut loads: BTreeMap<&str, Load> = BTreeMap::new();
    for (row, region) in regions.iter().enumerate() {
        let load = loads.entry(region.chrom).or_default();
        load.regions += 1.0 / all;
        if labels.is_some_and(|labels| labels[row]) {
            load.bound += 1.0 / all_bound;
        }
    }
    loads
}

/// Fills the unnamed of the two parts.
fn choose(
    loads: &BTreeMap<&str, Load>,
    with_bound: bool,
    validation: &[String],
    test: &[String],
    seed: u64,
) -> HeldOutChromosomes {
    let free: Vec<&str> = loads
        .keys()
        .copied()
        .filter(|&name| !validation.iter().chain(test).any(|other| other == name))
        .collect();
    let mut best: Option<(f64, HeldOutChromosomes)> = None;
    for trial in 0..TRIALS {
        let mut order = free.clone();
        order.shuffle(&mut random::stream(seed, "chromosomes", &[trial]));
        // Test first, so that it is the same whether or not validation is named.
        let mut deviation = 0.0;
        let mut fill = |named: &[String]| -> Vec<String> {
            if !named.is_empty() {
                return named.to_vec();
            }
            let mut load = Load::default();
            let mut taken = Vec::new();
            let mut left = order.len();
            order.retain(|&name| {
                let grown = load.plus(loads[name]);
                let better = grown.deviation(with_bound) < load.deviation(with_bound);
                let take = left > 1 && better;
                if take {
                    load = grown;
                    left -= 1;
                    taken.push(name.to_owned());
                }
                !take
            });
            deviation += load.deviation(with_bound);
            taken.sort_unstable();
            taken
        };
        let test = fill(test);
        let validation = fill(validation);
        // An empty part is the worst choice; if there is no other, it is refused later.
        if test.is_empty() || validation.is_empty() {
            deviation += 10.0;
        }
        if best.as_ref().is_none_or(|(least, _)| deviation < *least) {
            best = Some((deviation, HeldOutChromosomes { validation, test }));
        }
    }
    best.expect("there is a first trial").1
}
