//! Every baseline learns what can be learnt, and says nothing where nothing can be said.

use crate::{Label, Protein, ProteinClass};
use bindscape_base::progress::{Progress, Silent};
use bindscape_base::{Error, random};
use rand::Rng;

use super::*;

/// Proteins of five kinds, which differ in two frequent letters each, in groups of two that
/// resemble each other.
struct Example {
    labels: Vec<Label>,
    groups: Vec<u32>,
    composition: MeanFeatures,
    neighbours: Neighbours,
    parts: [Vec<usize>; 3],
}

fn example() -> Example {
    let n = 300;
    let mut rng = random::stream(1, "example", &[]);
    let kinds = [b"CH", b"RW", b"LE", b"GS", b"IV"];
    let mut proteins = Vec::new();
    let mut labels = Vec::new();
    for i in 0..n {
        let class = i / 2 % 5;
        let sequence: Vec<u8> = (0..100)
            .map(|_| match rng.random_range(0..5) {
                0 => kinds[class][rng.random_range(0..2)],
                _ => crate::AMINO_ACIDS[rng.random_range(0..20)],
            })
            .collect();
        proteins.push(Protein::new(i.to_string(), sequence));
        labels.push(Label::from(ProteinClass::ALL[class]));
    }
    let hits = |i: usize| {
        let mut hits = vec![Neighbour {
            protein: (i ^ 1) as u32,
            bits: 400.0,
        }];
        for _ in 0..4 {
            let other = (i + 10 * rng.random_range(1..n / 10)) % n;
            hits.push(Neighbour {
                protein: other as u32,
                bits: rng.random_range(30.0..80.0),
            });
        }
        // One of another kind.
        hits.push(Neighbour {
            protein: ((i + 3) % n) as u32,
            bits: 25.0,
        });
        hits
    };
    let lists = (0..n).map(hits).collect();
    let part = |fold: usize| {
        (0..n)
            .filter(|i| [0, 0, 0, 1, 2][i / 2 % 7 % 5] == fold)
            .collect()
    };
    Example {
        labels,
        groups: (0..n as u32).map(|i| i / 2).collect(),
        composition: MeanFeatures::composition(&proteins),
        neighbours: Neighbours::new(lists),
        parts: [part(0), part(1), part(2)],
    }
}

impl Example {
    fn data(&self) -> BaselineData<'_> {
        BaselineData {
            labels: &self.labels,
            groups: Some(&self.groups),
            train: &self.parts[0],
            validation: &self.parts[1],
        }
    }

    fn each(&self, mut test: impl FnMut(&str, &dyn Baseline)) {
        let logistic = Logistic {
            features: &self.composition,
        };
        test("logistic", &logistic);
        test(
            "alignment",
            &NearestAlignment {
                neighbours: &self.neighbours,
            },
        );
        test(
            "embedding",
            &NearestEmbedding {
                features: &self.composition,
            },
        );
        test(
            "tfpredict",
            &TfPredict {
                neighbours: &self.neighbours,
            },
        );
    }
}

#[test]
fn all_learn_what_can_be_learnt() {
    let example = example();
    let rows = &example.parts[2];
    example.each(|name, baseline| {
        let scores = baseline
            .scores(example.data(), rows, &Silent)
            .expect("scores");
        let (mut right, mut right_tf) = (0, 0);
        for (score, &row) in scores.iter().zip(rows) {
            let label = example.labels[row];
            let p = score.p_class.expect("classes are known");
            assert!((p.iter().sum::<f64>() - 1.0).abs() < 1e-9);
            let best = (0..5).max_by(|&a, &b| p[a].total_cmp(&p[b]));
            right += usize::from(best == label.class.map(ProteinClass::index));
            right_tf += usize::from((score.p_tf.expect("labels differ") >= 0.5) == label.tf);
        }
        let share = right as f64 / rows.len() as f64;
        let share_tf = right_tf as f64 / rows.len() as f64;
        assert!(share > 0.7, "{name}: {share} of the classes");
        assert!(share_tf > 0.8, "{name}: {share_tf} of TF or not");
    });
}

#[test]
fn the_other_proteins_do_not_change_a_score() {
    let example = example();
    let rows = &example.parts[2];
    example.each(|name, baseline| {
        let all = baseline
            .scores(example.data(), rows, &Silent)
            .expect("scores");
        let one = baseline
            .scores(example.data(), &rows[3..4], &Silent)
            .expect("scores");
        assert_eq!(all[3], one[0], "{name}");
        let none = baseline
            .scores(example.data(), &[], &Silent)
            .expect("no scores");
        assert!(none.is_empty(), "{name}");
    });
}

#[test]
fn without_classes_there_is_still_tf_or_not() {
    let mut example = example();
    for label in &mut example.labels {
        if label.tf {
            label.class = None;
        }
    }
    example.each(|name, baseline| {
        let rows = &example.parts[2];
        let scores = baseline
            .scores(example.data(), rows, &Silent)
            .expect("scores");
        assert!(scores.iter().all(|score| score.p_class.is_none()), "{name}");
        assert!(scores.iter().all(|score| score.p_tf.is_some()), "{name}");
    });
    example.labels.fill(Label {
        tf: true,
        class: None,
    });
    example.each(|name, baseline| {
        let rows = &example.parts[2];
        let scores = baseline
            .scores(example.data(), rows, &Silent)
            .expect("scores");
        assert!(
            scores.iter().all(|score| score.p_tf.is_none()),
            "{name}: one label only"
        );
    });
}

/// A user who has asked to stop.
struct Stopped;

impl Progress for Stopped {
    fn begin(&self, _label: &str, _total: Option<u64>) {}
    fn advance(&self, _by: u64) {}
    fn note(&self, _message: &str) {}
    fn finish(&self) {}
    fn interrupted(&self) -> bool {
        true
    }
}

#[test]
fn all_stop_when_asked() {
    let example = example();
    example.each(|name, baseline| {
        let stopped = baseline.scores(example.data(), &[0], &Stopped);
        assert!(matches!(stopped, Err(Error::Interrupted)), "{name}");
    });
}
