use proptest::prelude::*;

use super::*;

fn regions(list: &[(&str, u32, u32)]) -> Regions {
    let mut regions = Regions::new();
    for &(chrom, start, end) in list {
        regions.push(chrom, start, end);
    }
    regions
}

fn spaced(n: u32) -> Regions {
    let mut regions = Regions::new();
    for i in 0..n {
        regions.push("chr1", i * 300, i * 300 + 200);
    }
    regions
}

fn count(parts: &[Part], part: Part) -> usize {
    parts.iter().filter(|&&of| of == part).count()
}

#[test]
fn random_parts_have_their_shares() {
    let split = assign(&spaced(1000), None, &[], &Split::default(), 7).unwrap();
    assert_eq!(
        [Part::Train, Part::Validation, Part::Test].map(|part| count(&split.parts, part)),
        [800, 100, 100]
    );
    assert_eq!(split.overlapping, 0);
    assert_eq!(
        split,
        assign(&spaced(1000), None, &[], &Split::default(), 7).unwrap()
    );
    assert_ne!(
        split.parts,
        assign(&spaced(1000), None, &[], &Split::default(), 8)
            .unwrap()
            .parts
    );
}

#[test]
fn few_positives_come_into_every_part() {
    let labels: Vec<bool> = (0..60).map(|row| row < 5).collect();
    let split = assign(&spaced(60), Some(&labels), &[], &Split::default(), 1).unwrap();
    let bound = |part| (0..5).filter(|&row| split.parts[row] == part).count();
    assert_eq!(
        [Part::Train, Part::Validation, Part::Test].map(bound),
        [3, 1, 1]
    );
    let labels: Vec<bool> = (0..60).map(|row| row < 2).collect();
    let error = assign(&spaced(60), Some(&labels), &[], &Split::default(), 1)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("bound regions in each of the parts"),
        "{error}"
    );
    assert!(error.contains("none in the validation part"), "{error}");
}

#[test]
fn shares_must_add_up() {
    let split = Split::Random {
        train: 0.8,
        validation: 0.1,
        test: 0.2,
    };
    let error = assign(&spaced(60), None, &[], &split, 1)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("add up to 1") && error.contains("0.8, 0.1, 0.2"),
        "{error}"
    );
}

fn eight_chromosomes() -> Regions {
    let mut regions = Regions::new();
    for (chrom, n) in [300, 250, 200, 100, 100, 90, 60, 50]
        .into_iter()
        .enumerate()
    {
        for i in 0..n {
            regions.push(&format!("chr{}", chrom + 1), i * 300, i * 300 + 200);
        }
    }
    regions
}

#[test]
fn named_chromosomes_are_held_out() {
    let regions = eight_chromosomes();
    let split = Split::Chromosome {
        validation: vec!["chr4".into()],
        test: vec!["chr8".into(), "chr5".into()],
    };
    let assigned = assign(&regions, None, &[], &split, 0).unwrap();
    for (row, region) in regions.iter().enumerate() {
        let expected = match region.chrom {
            "chr4" => Part::Validation,
            "chr5" | "chr8" => Part::Test,
            _ => Part::Train,
        };
        assert_eq!(assigned.parts[row], expected);
    }
}

#[test]
fn chosen_chromosomes_hold_about_a_tenth() {
    let regions = eight_chromosomes();
    let automatic = Split::Chromosome {
        validation: Vec::new(),
        test: Vec::new(),
    };
    let mut choices = std::collections::BTreeSet::new();
    for seed in 0..10 {
        let assigned = assign(&regions, None, &[], &automatic, seed).unwrap();
        for part in [Part::Validation, Part::Test] {
            let share = count(&assigned.parts, part) as f64 / regions.len() as f64;
            assert!((0.07..0.14).contains(&share), "{share}");
        }
        choices.insert(assigned.chromosomes.unwrap().test);
    }
    assert!(choices.len() > 1, "seeds choose different chromosomes");
    let half = Split::Chromosome {
        validation: Vec::new(),
        test: vec!["chr6".into()],
    };
    let assigned = assign(&regions, None, &[], &half, 0).unwrap();
    assert_eq!(assigned.chromosomes.as_ref().unwrap().test, ["chr6"]);
    assert!(count(&assigned.parts, Part::Validation) > 0);
}

#[test]
fn wrong_chromosomes_are_refused() {
    let regions = eight_chromosomes();
    let message = |validation: &[&str], test: &[&str], regions: &Regions| {
        let own = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        let error = assign(
            regions,
            None,
            &[],
            &Split::Chromosome {
                validation: own(validation),
                test: own(test),
            },
            0,
        )
        .unwrap_err();
        format!("{error} | {}", error.advice().unwrap_or_default())
    };
    let unknown = message(&["chr4"], &["Chr05"], &regions);
    assert!(
        unknown.contains("found \"Chr05\"") && unknown.contains("did you mean chr5"),
        "{unknown}"
    );
    let twice = message(&["chr4"], &["chr4"], &regions);
    assert!(twice.contains("\"chr4\" for both"), "{twice}");
    let few = message(&[], &[], &spaced(50));
    assert!(
        few.contains("three chromosomes at least") && few.contains("random split"),
        "{few}"
    );
    let nothing_left = regions_of_three();
    let empty = message(&["a", "b"], &["c"], &nothing_left);
    assert!(empty.contains("none in the train part"), "{empty}");
}

fn regions_of_three() -> Regions {
    regions(&[("a", 0, 10), ("b", 0, 10), ("c", 0, 10)])
}

#[test]
fn touching_regions_may_be_separated_and_a_tangle_may_not() {
    let mut tiles = Regions::new();
    let mut tangle = Regions::new();
    for i in 0..50 {
        tiles.push("chr1", i * 200, i * 200 + 200);
        tangle.push("chr1", i * 100, i * 100 + 200);
    }
    assert_eq!(
        assign(&tiles, None, &[], &Split::default(), 0)
            .unwrap()
            .overlapping,
        0
    );
    let error = assign(&tangle, None, &[], &Split::default(), 0)
        .unwrap_err()
        .to_string();
    assert!(error.contains("50 regions in 1 group "), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_base_is_in_two_parts(
        list in prop::collection::vec((0..3_u8, 0..20_000_u32, 1..400_u32, any::<bool>()), 60..150),
        seed in any::<u64>(),
        labelled in any::<bool>(),
    ) {
        let mut regions = Regions::new();
        for &(chrom, start, width, _) in &list {
            regions.push(&format!("chr{chrom}"), start, start + width);
        }
        let labels: Vec<bool> = list.iter().map(|row| row.3).collect();
        let Ok(split) = assign(&regions, labelled.then_some(&labels), &[], &Split::default(), seed) else {
            return Ok(());
        };
        for a in 0..list.len() {
            for b in 0..a {
                let (x, y) = (regions.get(a), regions.get(b));
                if x.chrom == y.chrom && x.start < y.end && y.start < x.end {
                    prop_assert_eq!(split.parts[a], split.parts[b]);
                }
            }
        }
        prop_assert!(count(&split.parts, Part::Test) <= list.len() / 4);
    }
}
