use super::*;
use crate::Provenance;

pub(in crate::sample) fn matrix_of(columns: Vec<Vec<BindingState>>) -> BindingMatrix {
    let mut regions = Regions::new();
    for row in 0..columns[0].len() as u32 {
        regions.push(&format!("chr{}", 1 + row % 5), row * 1000, row * 1000 + 20);
    }
    BindingMatrix {
        regions,
        tfs: (0..columns.len()).map(|tf| format!("TF{tf}")).collect(),
        columns,
        provenance: Provenance {
            width: Some(20),
            ..Provenance::of_rule("chip+tfbs")
        },
    }
}

/// Row `r` has `r % 20` G of 20 bases; every 50th has an N.
fn sequences(regions: &Regions) -> Result<PackedSequences> {
    let mut sequences = PackedSequences::new(20);
    for region in regions.iter() {
        let row = region.start / 1000;
        let mut letters = vec![b'A'; 20];
        letters[..(row % 20) as usize].fill(b'G');
        if row % 50 == 49 {
            letters[19] = b'N';
        }
        sequences.push(&letters);
    }
    Ok(sequences)
}

fn example() -> BindingMatrix {
    use BindingState::{Bound, Closed, OneEvidence, Unbound};
    let first = (0..2000)
        .map(|row| match row % 11 {
            0 => Bound,
            1..4 => OneEvidence,
            4..9 => Unbound,
            _ => Closed,
        })
        .collect();
    let second = (0..2000)
        .map(|row| if row % 13 == 0 { Bound } else { Unbound })
        .collect();
    let third = (0..2000)
        .map(|row| if row % 250 == 0 { Bound } else { Unbound })
        .collect();
    matrix_of(vec![first, second, third, vec![Unbound; 2000]])
}

fn step(steps: &[DataStep], what: &str) -> u64 {
    steps
        .iter()
        .find(|step| step.what.starts_with(what))
        .unwrap_or_else(|| panic!("no step {what:?} among {steps:?}"))
        .regions
}

#[test]
fn pretraining_takes_what_is_resolved_for_all() {
    let matrix = example();
    let options = PretrainOptions {
        tfs: vec!["TF1".into(), "TF0".into(), "TF3".into()],
        view: View::LessSparse,
        unresolved: Unresolved::Drop,
        also_resolved_for: Vec::new(),
        regions: None,
        split: Split::default(),
        seed: 1,
    };
    let prepared = pretraining_dataset(&matrix, &[], &options, &mut sequences).unwrap();
    let dataset = &prepared.dataset;
    let expected: Vec<usize> = (0..2000)
        .filter(|row| row % 11 < 9 && row % 50 != 49)
        .collect();
    assert_eq!(prepared.matrix_rows, expected);
    for (row, &of) in expected.iter().enumerate() {
        let labels = [of % 13 == 0, of % 11 == 0, false].map(u8::from);
        assert_eq!(dataset.labels_of(row), labels);
        assert_eq!(dataset.regions.get(row), matrix.regions.get(of));
        assert!(!dataset.sequences.has_unknown(row));
    }
    assert_eq!(step(&prepared.steps, "regions in the matrix"), 2000);
    assert_eq!(step(&prepared.steps, "bound by TF3, whose"), 0);
    let parts: u64 = ["train part", "validation part", "test part"]
        .map(|part| step(&prepared.steps, part))
        .iter()
        .sum();
    assert_eq!(parts, dataset.len() as u64);

    let fewer = PretrainOptions {
        regions: Some(500),
        ..options.clone()
    };
    let fewer = pretraining_dataset(&matrix, &[], &fewer, &mut sequences).unwrap();
    assert_eq!(step(&fewer.steps, "regions taken at random"), 500);

    let twice = PretrainOptions {
        tfs: vec!["TF1".into(), "TF1".into()],
        ..options.clone()
    };
    let error = pretraining_dataset(&matrix, &[], &twice, &mut sequences).unwrap_err();
    assert!(error.to_string().contains("\"TF1\" twice"), "{error}");
    let unknown = PretrainOptions {
        tfs: vec!["TF9".into()],
        ..options
    };
    let error = pretraining_dataset(&matrix, &[], &unknown, &mut sequences).unwrap_err();
    assert!(error.to_string().starts_with("tfs: expected"), "{error}");
}

#[test]
fn pretraining_may_mask_what_is_not_resolved() {
    let matrix = example();
    let options = PretrainOptions {
        tfs: vec!["TF0".into(), "TF1".into()],
        view: View::Sparse,
        unresolved: Unresolved::Mask,
        also_resolved_for: Vec::new(),
        regions: None,
        split: Split::default(),
        seed: 1,
    };
    let prepared = pretraining_dataset(&matrix, &[], &options, &mut sequences).unwrap();
    // TF1 is resolved everywhere, so that only unknown bases leave a region out.
    let expected: Vec<usize> = (0..2000).filter(|row| row % 50 != 49).collect();
    assert_eq!(prepared.matrix_rows, expected);
    assert_eq!(step(&prepared.steps, "resolved for any of 2 TFs"), 2000);
    let dataset = &prepared.dataset;
    for (row, &of) in expected.iter().enumerate() {
        let first = match of % 11 {
            0 => Some(true),
            4..9 => Some(false),
            _ => None,
        };
        assert_eq!(dataset.bound(row, 0), first);
        assert_eq!(dataset.bound(row, 1), Some(of % 13 == 0));
    }
    let all: Vec<usize> = (0..dataset.len()).collect();
    let count = |rule: &dyn Fn(usize) -> bool| expected.iter().filter(|&&row| rule(row)).count();
    let first = (
        count(&|row| row % 11 == 0 || (4..9).contains(&(row % 11))),
        count(&|row| row % 11 == 0),
    );
    assert_eq!(
        dataset.counts(&all),
        [first, (1960, count(&|row| row % 13 == 0))]
    );

    let alone = PretrainOptions {
        tfs: vec!["TF0".into()],
        ..options
    };
    let prepared = pretraining_dataset(&matrix, &[], &alone, &mut sequences).unwrap();
    assert!(
        prepared
            .dataset
            .labels
            .iter()
            .all(|&label| label != UNRESOLVED)
    );
}

#[test]
fn finetuning_excludes_draws_and_accounts() {
    let matrix = example();
    let mut used = Regions::new();
    // One base of rows 0 to 99 each, of which rows 0, 11 … 99 are bound.
    for row in 0..100 {
        let region = matrix.regions.get(row);
        used.push(region.chrom, region.start + 19, region.start + 25);
    }
    let excluded = [Excluded {
        regions: &used,
        what: "regions used in pre-training",
        exact: false,
    }];
    let mut fetched = 0;
    let pool = FinetuningPool::new(
        &matrix,
        "TF0",
        View::Sparse,
        &excluded,
        None,
        &mut |regions| {
            fetched += 1;
            sequences(regions)
        },
    )
    .unwrap();
    let resolved: Vec<usize> = (0..2000)
        .filter(|row| matches!(row % 11, 0 | 4..9))
        .collect();
    let dropped = resolved.iter().filter(|&&row| row < 100).count();
    let prepared = pool.dataset(&FinetuneOptions::default(), 3).unwrap();
    assert_eq!(
        step(&prepared.steps, "resolved for TF0"),
        resolved.len() as u64
    );
    assert_eq!(
        step(
            &prepared.steps,
            "dropped: overlap regions used in pre-training"
        ),
        dropped as u64
    );
    assert_eq!(step(&prepared.steps, "bound regions among the dropped"), 10);
    assert_eq!(
        step(&prepared.steps, "bound regions available") as usize,
        pool.positives()
    );
    let dataset = &prepared.dataset;
    assert!(
        prepared
            .matrix_rows
            .iter()
            .all(|&row| row >= 100 && row % 50 != 49)
    );
    let bound = dataset.labels.iter().filter(|&&label| label == 1).count();
    assert_eq!(
        (bound, dataset.len()),
        (pool.positives(), 2 * pool.positives())
    );
    for (row, &of) in prepared.matrix_rows.iter().enumerate() {
        assert_eq!(
            dataset.labels[row] == 1,
            matrix.columns[0][of] == BindingState::Bound
        );
    }

    let few = FinetuneOptions {
        positives: Some(50),
        ..FinetuneOptions::default()
    };
    let first = pool.dataset(&few, 1).unwrap();
    assert_eq!(first, pool.dataset(&few, 1).unwrap());
    assert_ne!(
        first.matrix_rows,
        pool.dataset(&few, 2).unwrap().matrix_rows
    );
    assert_eq!(step(&first.steps, "bound regions taken at random"), 50);
    let many = FinetuneOptions {
        positives: Some(5000),
        ..FinetuneOptions::default()
    };
    let many = pool.dataset(&many, 1).unwrap();
    assert_eq!(
        step(
            &many.steps,
            "bound regions taken: all, fewer than the 5000 asked for"
        ) as usize,
        pool.positives()
    );
    assert_eq!(fetched, 1, "repeats share the sequences");
}

/// That all regions were seen is said before any sequence is looked up.
#[test]
fn regions_that_were_all_seen_are_the_reason() {
    let matrix = example();
    let excluded = [Excluded {
        regions: &matrix.regions,
        what: "regions that the multi-model was trained or validated on",
        exact: false,
    }];
    let error = FinetuningPool::new(&matrix, "TF0", View::Sparse, &excluded, None, &mut |_| {
        panic!("no sequence is needed")
    })
    .expect_err("no region is left");
    let message = error.to_string();
    assert!(
        message.contains("at least 10 bound regions of TF0")
            && message.contains(
                "dropped: overlap regions that the multi-model was trained or validated on: 1092"
            ),
        "{message}"
    );
}

#[test]
fn chromosomes_are_named_in_the_account() {
    let options = FinetuneOptions {
        split: Split::Chromosome {
            validation: vec!["chr2".into()],
            test: vec!["chr4".into()],
        },
        ..FinetuneOptions::default()
    };
    let pool =
        FinetuningPool::new(&example(), "TF0", View::Sparse, &[], None, &mut sequences).unwrap();
    let prepared = pool.dataset(&options, 0).unwrap();
    assert!(step(&prepared.steps, "test part: chr4") > 0);
    assert_eq!(prepared.chromosomes.unwrap().validation, ["chr2"]);
}

#[test]
fn too_little_data_is_refused_with_counts() {
    let matrix = example();
    let message = |tf: &str| {
        FinetuningPool::new(&matrix, tf, View::Sparse, &[], None, &mut sequences)
            .unwrap_err()
            .to_string()
    };
    let few = message("TF2");
    assert!(few.contains("at least 10 bound regions of TF2"), "{few}");
    assert!(few.contains("bound regions available: 8"), "{few}");
    assert!(message("TF3").contains("bound regions available: 0"));
    let all_bound = matrix_of(vec![vec![BindingState::Bound; 100]]);
    let error = FinetuningPool::new(&all_bound, "TF0", View::Sparse, &[], None, &mut sequences)
        .unwrap_err()
        .to_string();
    assert!(error.contains("unbound regions of TF0"), "{error}");

    let pool =
        FinetuningPool::new(&matrix, "TF0", View::Sparse, &[], None, &mut sequences).unwrap();
    let refused = |options: FinetuneOptions| pool.dataset(&options, 0).unwrap_err().to_string();
    let default = FinetuneOptions::default;
    assert!(
        refused(FinetuneOptions {
            positives: Some(5),
            ..default()
        })
        .starts_with("positives: expected at least 10, found 5")
    );
    assert!(
        refused(FinetuneOptions {
            gc_bin_percent: 0,
            ..default()
        })
        .starts_with("gc_bin_percent")
    );
    assert!(
        refused(FinetuneOptions {
            negatives_per_positive: 0.0,
            ..default()
        })
        .contains("a positive number")
    );
}

/// Every third region, and so about every third bound one, was seen by an ancestor.
fn seen_regions(matrix: &BindingMatrix) -> Regions {
    let rows: Vec<usize> = (0..2000).filter(|row| row % 3 == 0).collect();
    matrix.regions.select(&rows)
}

fn pool_with_seen() -> FinetuningPool {
    let matrix = example();
    let seen = seen_regions(&matrix);
    let seen = Excluded {
        regions: &seen,
        what: "regions that the multi-model was trained on",
        exact: false,
    };
    FinetuningPool::new(
        &matrix,
        "TF0",
        View::Sparse,
        &[],
        Some(seen),
        &mut sequences,
    )
    .unwrap()
}

#[test]
fn what_an_ancestor_saw_is_trained_on_alone() {
    let pool = pool_with_seen();
    for (positives, seed) in [(None, 1), (Some(60), 2), (Some(60), 3)] {
        let options = FinetuneOptions {
            positives,
            ..FinetuneOptions::default()
        };
        let prepared = pool.dataset(&options, seed).unwrap();
        let data = &prepared.dataset;
        let mut held_out = 0;
        for (row, &of) in prepared.matrix_rows.iter().enumerate() {
            if data.parts[row] != Part::Train {
                assert_ne!(of % 3, 0, "row {of} was seen");
                held_out += usize::from(data.labels[row] == 1);
            }
        }
        let bound = data.labels.iter().filter(|&&label| label == 1).count();
        if let Some(positives) = positives {
            assert_eq!(bound, positives);
        }
        let share = held_out as f64 / bound as f64;
        assert!((share - 0.2).abs() < 0.03, "{share}");
        assert!(prepared.matrix_rows.iter().any(|row| row % 3 == 0));
        assert_eq!(
            step(&prepared.steps, "may only be trained on"),
            pool.seen.iter().filter(|&&seen| seen).count() as u64
        );
    }
    // A split by chromosome would test on them; every chromosome holds some.
    let options = FinetuneOptions {
        split: Split::Chromosome {
            validation: vec!["chr1".into()],
            test: vec!["chr2".into()],
        },
        ..FinetuneOptions::default()
    };
    let error = pool.dataset(&options, 1).unwrap_err();
    assert!(
        error.to_string().contains("chr1, chr2 among them"),
        "{error}"
    );
    assert!(error.advice().unwrap().contains("random split"));
}

#[test]
fn natural_regions_keep_the_proportion_and_out_of_each_other() {
    let pool = pool_with_seen();
    let options = FinetuneOptions {
        positives: Some(60),
        ..FinetuneOptions::default()
    };
    let prepared = pool.dataset(&options, 5).unwrap();
    let natural = pool.natural(&prepared, 2.0, 5);
    let data = &prepared.dataset;
    let count = |data: &Dataset, part: Part, label: u8| {
        let rows = data.rows(part);
        rows.iter()
            .filter(|&&row| data.labels[row] == label)
            .count()
    };
    assert_eq!(count(&natural, Part::Train, 1), 0);
    assert_eq!(
        count(&natural, Part::Train, 0),
        2 * count(data, Part::Train, 1)
    );
    let tested = count(data, Part::Test, 1);
    assert_eq!(count(&natural, Part::Test, 1), tested);
    let ratio = pool.negatives() as f64 / pool.positives() as f64;
    let wanted = (tested as f64 * ratio).round() as usize;
    assert_eq!(count(&natural, Part::Test, 0), wanted);

    let of = |data: &Dataset, part: Part| data.regions.select(&data.rows(part));
    let (train, test) = (of(&natural, Part::Train), of(&natural, Part::Test));
    for (regions, others) in [
        (&train, &test),
        (&train, &of(data, Part::Train)),
        (&train, &of(data, Part::Validation)),
        (&train, &of(data, Part::Test)),
        (&test, &of(data, Part::Train)),
        (&test, &of(data, Part::Validation)),
        (&test, &seen_regions(&example())),
    ] {
        assert!(!regions.overlaps(others).contains(&true));
    }
    assert_eq!(natural, pool.natural(&prepared, 2.0, 5));
    assert_ne!(natural, pool.natural(&prepared, 2.0, 6));
}

#[test]
fn natural_regions_of_a_chromosome_are_all_of_it() {
    let matrix = example();
    let pool =
        FinetuningPool::new(&matrix, "TF0", View::Sparse, &[], None, &mut sequences).unwrap();
    let options = FinetuneOptions {
        positives: Some(100),
        split: Split::Chromosome {
            validation: vec!["chr1".into()],
            test: vec!["chr2".into()],
        },
        ..FinetuneOptions::default()
    };
    let prepared = pool.dataset(&options, 1).unwrap();
    let natural = pool.natural(&prepared, 5.0, 1);
    let test = natural.rows(Part::Test);
    let expected = pool.regions.iter().filter(|region| region.chrom == "chr2");
    assert_eq!(test.len(), expected.count());
    assert!(
        test.iter()
            .all(|&row| natural.regions.get(row).chrom == "chr2")
    );
    for row in natural.rows(Part::Train) {
        let chrom = natural.regions.get(row).chrom;
        assert!(chrom != "chr1" && chrom != "chr2");
    }
}

#[test]
fn regions_to_test_on_are_apart_from_every_draw() {
    let pool = pool_with_seen();
    let options = FinetuneOptions::default();
    let (test, rest) = pool.hold_out(30, &options, 5).unwrap();
    let bound = |data: &Dataset| data.labels.iter().filter(|&&label| label == 1).count();
    assert_eq!((bound(&test.matched), bound(&test.natural)), (30, 30));
    assert!(test.matched.parts.iter().all(|&part| part == Part::Test));
    let share = |data: &Dataset| bound(data) as f64 / data.len() as f64;
    let of_pool = pool.positives() as f64 / (pool.positives() + pool.negatives()) as f64;
    assert!((share(&test.natural) - of_pool).abs() < 0.01);
    // GC content decides how many unbound ones there are.
    assert!(share(&test.matched) > of_pool);
    for seed in [1, 2] {
        let drawn = rest.dataset_of(&options, seed, 7).unwrap().dataset;
        for held_out in [&test.matched, &test.natural] {
            assert!(!drawn.regions.overlaps(&held_out.regions).contains(&true));
        }
        // Another split of the same draw.
        let other = rest.dataset_of(&options, seed, 8).unwrap().dataset;
        assert_eq!(drawn.regions, other.regions);
        assert_ne!(drawn.parts, other.parts);
    }
    // What an ancestor saw is not tested on.
    let row = |region: bindscape_genome::region::Region<'_>| region.start / 1000;
    assert!(
        test.natural
            .regions
            .iter()
            .all(|region| row(region) % 3 != 0)
    );
    assert_eq!(pool.hold_out(30, &options, 5).unwrap().0, test);
    assert_ne!(pool.hold_out(30, &options, 6).unwrap().0, test);
    // Half of all at most.
    let (most, _) = pool.hold_out(10_000, &options, 5).unwrap();
    assert_eq!(bound(&most.matched), pool.positives() / 2);
    let error = pool.hold_out(5, &options, 5).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("test_positives: expected at least 10 bound regions of TF0"),
        "{error}"
    );
}

#[test]
fn very_regions_alone_are_left_out_where_that_is_asked_for() {
    let matrix = example();
    // A region of the matrix, and one that is shifted by a base; both are resolved.
    let mut others = Regions::new();
    others.push("chr1", 0, 20);
    others.push("chr5", 4001, 4021);
    for (exact, dropped) in [(false, 2), (true, 1)] {
        let excluded = [Excluded {
            regions: &others,
            what: "regions of another model",
            exact,
        }];
        let pool = FinetuningPool::new(
            &matrix,
            "TF0",
            View::Sparse,
            &excluded,
            None,
            &mut sequences,
        );
        let verb = if exact { "are" } else { "overlap" };
        let what = format!("dropped: {verb} regions of another model");
        assert_eq!(step(&pool.unwrap().steps.0, &what), dropped);
    }
}

#[test]
fn regions_may_have_to_be_resolved_for_tfs_without_an_output() {
    let matrix = example();
    let options = |tfs: &[&str], also: &[&str]| PretrainOptions {
        tfs: tfs.iter().map(ToString::to_string).collect(),
        view: View::LessSparse,
        unresolved: Unresolved::Drop,
        also_resolved_for: also.iter().map(ToString::to_string).collect(),
        regions: Some(300),
        split: Split::default(),
        seed: 1,
    };
    let of = |options: &PretrainOptions| {
        pretraining_dataset(&matrix, &[], options, &mut sequences).unwrap()
    };
    let (all, alone) = (
        of(&options(&["TF1", "TF0"], &[])),
        of(&options(&["TF1"], &["TF0"])),
    );
    assert_eq!(alone.matrix_rows, all.matrix_rows);
    assert_eq!(alone.dataset.parts, all.dataset.parts);
    assert_eq!(alone.dataset.tfs, ["TF1"]);
    assert_ne!(of(&options(&["TF1"], &[])).matrix_rows, all.matrix_rows);
}
