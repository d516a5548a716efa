use super::*;
use crate::experiment::tests::row;

fn find<'a>(tests: &'a [StatisticalTest], question: Question, first: &str) -> &'a StatisticalTest {
    let found = tests
        .iter()
        .find(|test| test.question == question && test.first == first && test.tfs == "all");
    found.unwrap_or_else(|| panic!("{question:?} {first} among {tests:#?}"))
}

/// Eight TFs with PWM, scratch, transfer and multi-model.
fn eight() -> Vec<ResultRow> {
    let mut rows = Vec::new();
    for i in 0..8_u32 {
        let tf = format!("T{i}");
        let x = f64::from(i);
        for (model, value) in [
            ("pwm", 0.6),
            ("scratch", 0.5 + 0.01 * x),
            ("transfer", 0.52 + 0.012 * x),
            ("multi-model", if i == 0 { 0.7 } else { 0.5 }),
        ] {
            // Repeats of a TF are one unit, whatever their number.
            for repeat in 1..=3 {
                let shift = 0.01 * (f64::from(repeat) - 2.0);
                rows.push(ResultRow {
                    relation: if i < 4 {
                        Relation::SameMode
                    } else {
                        Relation::OtherMode
                    },
                    train_regions: 100 + u64::from(i),
                    ..row(&tf, model, repeat, value + shift)
                });
            }
        }
    }
    rows
}

#[test]
fn models_are_tested_over_tfs_and_adjusted_as_a_family() {
    let tests = statistics(&eight());
    let transfer = find(&tests, Question::AgainstScratch, "transfer");
    assert_eq!(
        (transfer.units, transfer.improved, transfer.unit),
        (8, Some(8), "TF")
    );
    assert!((transfer.difference.unwrap().value - 0.027).abs() < 1e-12);
    // All eight pairs one way: 2 / 2^8.
    assert!((transfer.p.unwrap() - 0.0078125).abs() < 1e-12);
    assert_eq!(transfer.adjustment, "Holm, 2 tests");
    assert!((transfer.adjusted.unwrap() - 0.015625).abs() < 1e-12);
    assert_eq!(transfer.effect.unwrap().value, 1.0);
    assert_eq!(transfer.share_improved(), Some(1.0));

    let pwm = find(&tests, Question::AgainstPwm, "scratch");
    assert_eq!((pwm.improved, pwm.effect.unwrap().value), (Some(0), -1.0));
    assert_eq!(pwm.adjustment, "Holm, 3 tests");
    // The PWM is not tested again against scratch.
    assert!(tests.iter().all(|test| test.first != "pwm"));
    // Four TFs of each relation cannot be significant.
    let four = tests
        .iter()
        .find(|test| test.tfs == "same-mode" && test.first == "transfer")
        .unwrap();
    assert_eq!((four.units, four.p, four.adjusted), (4, None, None));
    assert_eq!(four.note, "4 TFs: too few for p < 0.05 (at least 0.12)");
    assert!(four.difference.is_some() && four.adjustment.is_empty());
}

#[test]
fn changes_by_relation_and_size() {
    let tests = statistics(&eight());
    let modes = find(&tests, Question::Modes, "change of same-mode TFs");
    // Changes are 0.02 + 0.002 i: means 0.023 and 0.031.
    assert!((modes.difference.unwrap().value + 0.008).abs() < 1e-12);
    assert_eq!(modes.note, "4 same-mode and 4 other-mode TFs");
    assert!(modes.p.unwrap() < 0.01 && modes.adjustment == "none: one test");
    let size = find(&tests, Question::Size, "transfer \u{2212} scratch");
    assert_eq!((size.units, size.effect.unwrap().value), (8, 1.0));
    assert!((size.p.unwrap() - 2.0 / 40_320.0).abs() < 1e-15);
}

#[test]
fn too_many_tests_for_so_few_tfs_are_told() {
    let mut rows = Vec::new();
    for i in 0..6 {
        for (model, value) in [("scratch", 0.5), ("a", 0.6), ("b", 0.7)] {
            rows.push(row(
                &format!("T{i}"),
                model,
                1,
                value + 0.001 * f64::from(i),
            ));
        }
    }
    let tests = statistics(&rows);
    let a = find(&tests, Question::AgainstScratch, "a");
    assert_eq!((a.p, a.adjusted), (Some(0.03125), None));
    assert_eq!(a.note, "adjusted for 2 tests, none can be below 0.05");
}

#[test]
fn models_meet_on_the_repeats_that_both_have() {
    let mut rows = vec![
        row("A", "pwm", 1, 0.6),
        row("A", "transfer", 1, 0.5),
        row("A", "transfer", 2, 0.9),
    ];
    let results = Results::new(&rows);
    let at = results.conditions()[0];
    let pair = |results: &Results<'_>| {
        let models = (
            results.model("transfer").unwrap(),
            results.model("pwm").unwrap(),
        );
        results.pair(at, 0, models, Metric::Matched)
    };
    assert_eq!(pair(&results), Some((0.5, 0.6)));
    // None in common: the means of all.
    rows[0].repeat = 7;
    assert_eq!(pair(&Results::new(&rows)), Some((0.7, 0.6)));
}

#[test]
fn sets_are_compared_within_and_over_tfs() {
    let mut rows = Vec::new();
    for i in 0..6_u32 {
        for (set, shift, relation) in [
            ("with", 0.2, Relation::Among),
            ("mode", 0.1, Relation::SameMode),
            ("partners", 0.05, Relation::OtherMode),
            ("random", 0.0, Relation::OtherMode),
        ] {
            for repeat in 1..=5 {
                rows.push(ResultRow {
                    set: set.into(),
                    relation,
                    ..row(
                        &format!("T{i}"),
                        "transfer",
                        repeat,
                        0.5 + shift + 0.001 * f64::from(repeat + 7 * i),
                    )
                });
            }
        }
    }
    let tests = statistics(&rows);
    let within: Vec<_> = tests
        .iter()
        .filter(|test| test.question == Question::SetsOfTf)
        .collect();
    // One set holds the TF, so there is nothing to compare it with.
    assert_eq!(within.len(), 6);
    for test in within {
        assert_eq!(
            (test.tfs, test.units, test.unit),
            ("not-among", 15, "repeat")
        );
        assert_eq!(test.second, "sets mode, partners and random");
        assert_eq!(test.adjustment, "Bonferroni, 6 tests");
        assert!((test.adjusted.unwrap() - 6.0 * test.p.unwrap()).abs() < 1e-12);
    }
    let over: Vec<_> = tests
        .iter()
        .filter(|test| test.question == Question::SetAgainstSet)
        .collect();
    assert_eq!(over.len(), 6);
    assert_eq!(over[0].first, "transfer from with");
    assert_eq!((over[0].p, over[0].adjusted), (Some(0.03125), None));
}

#[test]
fn rows_without_a_set_serve_every_set() {
    let mut rows = Vec::new();
    for i in 0..6 {
        let tf = format!("T{i}");
        rows.push(ResultRow {
            set: String::new(),
            relation: Relation::Unknown,
            ..row(&tf, "pwm", 1, 0.5)
        });
        rows.push(ResultRow {
            set: "mode".into(),
            ..row(&tf, "transfer", 1, 0.6 + 0.01 * f64::from(i))
        });
    }
    let tests = statistics(&rows);
    let transfer = find(&tests, Question::AgainstPwm, "transfer");
    assert_eq!(
        (transfer.set.as_str(), transfer.units, transfer.p),
        ("mode", 6, Some(0.03125))
    );
}
