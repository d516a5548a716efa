//! The page of an experiment and its statistics from made-up result tables.

#![allow(clippy::unwrap_used, reason = "a panic is how a test reports")]

#[allow(dead_code, unreachable_pub, missing_docs)]
mod common;

use std::fs;

use bindscape_base::Error;
use bindscape_matrix::experiment::{ExperimentRecord, FigureKind, Relation, ResultRow};
use bindscape_report::experiment::{
    Question, experiment_figures, experiment_page, statistics, write_experiment_report,
    write_statistics,
};
use common::experiment::{Study, record, row};
use common::markup::{Element, elements, within_the_page};

const KINDS: [FigureKind; 7] = [
    FigureKind::Tfs,
    FigureKind::Sizes,
    FigureKind::Deviations,
    FigureKind::Changes,
    FigureKind::Downsampling,
    FigureKind::Sets,
    FigureKind::Models,
];

/// Where pages are written to be looked at: the directory in `BINDSCAPE_PAGES`.
fn looked_at() -> Option<std::path::PathBuf> {
    std::env::var_os("BINDSCAPE_PAGES").map(Into::into)
}

/// A study for each kind of figure, with the kinds that suit it.
fn studies() -> Vec<(&'static str, Vec<FigureKind>, Study)> {
    // Numbers as in the paper take their time where nothing is optimised.
    let large = looked_at().is_some();
    let broad = vec![
        FigureKind::Tfs,
        FigureKind::Sizes,
        FigureKind::Deviations,
        FigureKind::Changes,
    ];
    vec![
        ("many", broad.clone(), Study::of(if large { 49 } else { 8 })),
        (
            "six-models",
            broad.clone(),
            Study {
                models: vec![
                    "pwm",
                    "multi-model",
                    "scratch",
                    "transfer",
                    "readout",
                    "freeze:convolutional",
                ],
                ..Study::of(if large { 148 } else { 9 })
            },
        ),
        (
            "downsampling",
            vec![FigureKind::Downsampling],
            Study {
                asked: vec![
                    Some(5000),
                    Some(1000),
                    Some(500),
                    Some(250),
                    Some(125),
                    Some(50),
                ],
                repeats: 1,
                draws: 5,
                splits: 5,
                models: vec!["pwm", "scratch", "transfer"],
                pwm: -0.02,
                ..Study::of(5)
            },
        ),
        (
            "sets",
            vec![FigureKind::Sets],
            Study {
                sets: [
                    ("mode-with", true),
                    ("cofactors-with", true),
                    ("low-correlation-with", true),
                    ("string-with", true),
                    ("random-with", true),
                    ("mode", false),
                    ("cofactors", false),
                    ("low-correlation", false),
                    ("string", false),
                    ("random", false),
                ]
                .into_iter()
                .filter(|set| large || set.0.starts_with("mode") || set.0.starts_with("random"))
                .collect(),
                models: vec!["pwm", "scratch", "transfer"],
                ..Study::of(6)
            },
        ),
        (
            "models",
            vec![FigureKind::Models],
            Study {
                models: vec![
                    "pwm",
                    "kmers",
                    "scratch",
                    "transfer",
                    "layers:first-convolutional",
                    "layers:convolutional",
                    "readout",
                    "my-own",
                ],
                ..Study::of(10)
            },
        ),
        (
            "one",
            KINDS.to_vec(),
            Study {
                repeats: 3,
                pwm: 0.1,
                ..Study::of(1)
            },
        ),
    ]
}

fn checked(page: &str) -> Vec<Element> {
    within_the_page(page);
    let text = &page[page.find("<body>").unwrap()..page.rfind("<script>").unwrap()];
    for word in ["NaN", "inf<", "inf ", "−inf", ">inf"] {
        assert!(!text.contains(word), "{word}");
    }
    elements(page, true).unwrap_or_else(|what| panic!("{what}"))
}

#[test]
fn every_study_has_its_page() {
    for (name, kinds, study) in studies() {
        let rows = study.rows();
        let record = ExperimentRecord {
            finished: name != "one",
            simulated: (name == "many").then(|| "Values are drawn at random.".into()),
            ..record(&kinds)
        };
        let page = experiment_page(&record, &rows).unwrap();
        if let Some(folder) = std::env::var_os("BINDSCAPE_PAGES") {
            fs::write(
                std::path::Path::new(&folder).join(format!("{name}.html")),
                &page,
            )
            .unwrap();
        }
        let found = checked(&page);
        let count = |name: &str| found.iter().filter(|element| element.name == name).count();
        let figures = experiment_figures(&record, &rows).unwrap();
        assert!(
            !figures.is_empty() && count("figure") == figures.len(),
            "{name}"
        );
        assert_eq!((count("h1"), count("table")), (1, count("caption")));
        assert!(page.len() < 4_000_000, "{name}: {} bytes", page.len());
        for figure in figures {
            elements(&figure.svg(), false).unwrap_or_else(|what| panic!("{}: {what}", figure.name));
            assert!(!figure.svg().contains("var("), "{}", figure.name);
        }
        for text in [
            "Guessing",
            "Adam",
            "835 MB",
            "SMAD3: no bound region",
            "sets.most-resolved.tfs",
        ] {
            assert!(page.contains(text), "{name}: {text}");
        }
        assert_eq!(page.contains("Simulated data."), name == "many");
        assert_eq!(
            page.contains("This experiment has not finished."),
            name == "one"
        );
    }
}

/// A row of a TF with a model, a repeat and both values.
fn simple(tf: &str, model: &str, repeat: u32, value: f64) -> ResultRow {
    row(
        ("X", "set", Relation::SameMode, model),
        (repeat, 1, 1, None),
        200,
        value,
        Some(value / 2.0),
    )
    .of(tf)
}

trait Of {
    fn of(self, tf: &str) -> Self;
}

impl Of for ResultRow {
    fn of(mut self, tf: &str) -> Self {
        self.tf = tf.into();
        self
    }
}

#[test]
fn the_lead_says_who_wins() {
    let says = |pwm: f64, text: &str| {
        let rows: Vec<ResultRow> = ["A", "B", "C", "D", "E", "F"]
            .iter()
            .flat_map(|tf| {
                [("pwm", pwm), ("scratch", 0.6), ("transfer", 0.7)]
                    .map(|(model, value)| simple(tf, model, 1, value))
            })
            .collect();
        let page = experiment_page(&record(&KINDS), &rows).unwrap();
        assert!(page.contains(text), "{text}");
    };
    says(
        0.8,
        "On test regions in the genome\u{2019}s proportion, a PWM of the same peaks does best, with a mean AUCPR of 0.400 over 6 TFs; the best model (transfer) has 0.350 (guessing: 0.030). The model is better than the PWM for 0 of 6 TFs. On test regions matched in GC content, a PWM of the same peaks does best, with a mean AUCPR of 0.800",
    );
    says(
        0.65,
        "On test regions matched in GC content, the best model (transfer) has a mean AUCPR of 0.700 over 6 TFs, and a PWM of the same peaks 0.650 (guessing: 0.500). The model is better than the PWM for 6 of 6 TFs.",
    );
    let two: Vec<ResultRow> = ["A", "B"]
        .iter()
        .flat_map(|tf| [simple(tf, "pwm", 1, 0.8), simple(tf, "transfer", 1, 0.7)])
        .collect();
    let page = experiment_page(&record(&KINDS), &two).unwrap();
    assert!(page.contains("a PWM of the same peaks is ahead of the best model (transfer), but not clearly: mean AUCPR 0.800 and 0.700 over 2 TFs"));
    let alone = [simple("A", "pwm", 1, 0.8), simple("A", "transfer", 1, 0.7)];
    let page = experiment_page(&record(&KINDS), &alone).unwrap();
    assert!(
        page.contains(
            "does best, with an AUCPR of 0.800 for A; the best model (transfer) has 0.700"
        )
    );
    says(0.7, "do equally well, with a mean AUCPR of 0.700");
}

#[test]
fn little_or_nothing_still_makes_a_page() {
    let one = [simple("A", "transfer", 1, 0.7)];
    let page = experiment_page(&record(&KINDS), &one).unwrap();
    checked(&page);
    assert!(
        page.contains("There is nothing to test") && page.contains("no PWM to compare it with")
    );

    let mut rows = Study::of(3).rows();
    for row in &mut rows {
        (row.aucpr, row.average_precision, row.auroc) = (None, None, None);
        (row.mcc, row.natural_aucpr, row.best_epoch) = (None, None, None);
        (row.train_regions, row.train_bound) = (0, 0);
        (
            row.test_regions,
            row.test_bound,
            row.natural_regions,
            row.natural_bound,
        ) = (0, 0, 0, 0);
    }
    let page = experiment_page(&record(&KINDS), &rows).unwrap();
    checked(&page);
    assert!(page.contains("No model has a defined AUCPR yet."));
    assert!(statistics(&rows).is_empty());

    let equal: Vec<ResultRow> = (0..8)
        .flat_map(|tf| {
            ["pwm", "scratch", "transfer"].map(|model| simple(&format!("T{tf}"), model, 1, 0.5))
        })
        .collect();
    let page = experiment_page(&record(&KINDS), &equal).unwrap();
    checked(&page);
    assert!(page.contains("no TF differs"));
}

#[test]
fn names_from_the_table_are_escaped() {
    let mut rows = Study::of(2).rows();
    for row in &mut rows {
        row.tf = format!("<b>{}</b>", row.tf);
        row.set = "a & \"b\"".into();
        if row.model == "multi-model" {
            row.model = "<script>".into();
        }
    }
    let page = experiment_page(&record(&KINDS), &rows).unwrap();
    checked(&page);
    assert!(!page.contains("<b>AR") && page.contains("&lt;b&gt;AR&lt;/b&gt;"));
}

#[test]
fn a_directory_is_read_and_what_is_wrong_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let out = at("report.html");
    let told = || {
        let error = write_experiment_report(folder.path(), &out).unwrap_err();
        assert!(matches!(error, Error::Input(_)), "{error}");
        format!("{error}; {}", error.advice().unwrap_or_default())
    };
    let text = told();
    assert!(
        text.contains("experiment.json") && text.contains("`bindscape experiment`"),
        "{text}"
    );

    fs::write(
        at("experiment.json"),
        serde_json::to_string(&record(&KINDS)).unwrap(),
    )
    .unwrap();
    let text = told();
    assert!(
        text.contains("results.tsv") && text.contains("study.json"),
        "{text}"
    );

    let write = |rows: &[ResultRow]| {
        let mut table = Vec::new();
        ResultRow::write_table(&mut table, &[], rows).unwrap();
        fs::write(at("results.tsv"), table).unwrap();
    };
    write(&[]);
    assert!(told().contains("at least one row below the names of columns"));

    let rows = Study::of(2).rows();
    write(&[rows[0].clone(), rows[0].clone()]);
    let text = told();
    assert!(
        text.contains("AR, pwm") && text.contains("two of them"),
        "{text}"
    );
    write(&[ResultRow {
        aucpr: Some(1.5),
        ..rows[0].clone()
    }]);
    assert!(told().contains("aucpr from 0 to 1"), "{}", told());
    write(&[ResultRow {
        test_bound: 500,
        ..rows[0].clone()
    }]);
    assert!(
        told().contains("test_bound of at most the 400 regions"),
        "{}",
        told()
    );
    write(&[ResultRow {
        aucpr: Some(f64::NAN),
        ..rows[0].clone()
    }]);
    assert!(
        told().contains("a number or NA in the column aucpr"),
        "{}",
        told()
    );

    write(&rows);
    write_experiment_report(folder.path(), &out).unwrap();
    let page = fs::read_to_string(&out).unwrap();
    assert_eq!(page, experiment_page(&record(&KINDS), &rows).unwrap());

    fs::write(at("experiment.json"), "{").unwrap();
    assert!(told().contains("line 1"));
}

#[test]
fn the_table_of_tests_has_a_line_for_each() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("statistics.tsv");
    let wanted = ["sets", "one", "many"];
    for (name, _, study) in studies()
        .into_iter()
        .filter(|study| wanted.contains(&study.0))
    {
        let tests = statistics(&study.rows());
        write_statistics(&tests, &file).unwrap();
        let text = fs::read_to_string(&file).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), tests.len() + 1, "{name}");
        assert!(lines[0].starts_with("question\tregions\tset\tasked"));
        for line in &lines {
            assert_eq!(line.split('\t').count(), 25, "{line}");
            assert!(line.is_ascii(), "{line}");
            assert!(!line.contains("NaN") && !line.split('\t').any(|cell| cell == "inf"));
        }
        if name == "sets" {
            for question in [Question::SetsOfTf, Question::SetAgainstSet] {
                assert!(tests.iter().any(|test| test.question == question));
            }
        }
    }
}
