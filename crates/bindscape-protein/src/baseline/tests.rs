//! Every baseline learns what can be learnt, and says nothing where nothing can be said.

use crate::{Hit, Label, Protein, ProteinClass};
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

/// Families of similar proteins of 120 residues, four per class.
fn families(members: usize) -> (Vec<Protein>, Vec<Label>) {
    let mut rng = random::stream(7, "families", &[]);
    let letters = crate::AMINO_ACIDS;
    let (mut proteins, mut labels) = (Vec::new(), Vec::new());
    for family in 0..20 {
        let founder: Vec<u8> = (0..120).map(|_| letters[rng.random_range(0..20)]).collect();
        for member in 0..members {
            let mut sequence = founder.clone();
            for _ in 0..24 {
                sequence[rng.random_range(0..120)] = letters[rng.random_range(0..20)];
            }
            proteins.push(Protein {
                id: format!("F{family}.{member}"),
                description: "of a family".into(),
                sequence,
                ..Protein::default()
            });
            labels.push(Label::from(ProteinClass::ALL[family % 5]));
        }
    }
    (proteins, labels)
}

fn homology(proteins: &[Protein], labels: &[Label], rows: &[usize]) -> HomologyModel {
    let (train, validation) = crate::hold_out(labels, None, rows, 0.2, 1).expect("two parts");
    let data = BaselineData {
        labels,
        groups: None,
        train: &train,
        validation: &validation,
    };
    let training = HomologyTraining {
        bindscape: "test".into(),
        inputs: Vec::new(),
        proteins: [("non_tf".to_owned(), 4)].into(),
        seed: 1,
    };
    HomologyModel::fit(proteins, data, training, &Silent).expect("a model")
}

#[test]
fn a_homology_model_is_saved_and_scores_each_protein_alone() {
    let (proteins, labels) = families(6);
    // The last member of each family is new.
    let (old, new): (Vec<usize>, Vec<usize>) = (0..proteins.len()).partition(|i| i % 6 < 5);
    let of = |rows: &[usize]| -> (Vec<Protein>, Vec<Label>) {
        rows.iter()
            .map(|&i| (proteins[i].clone(), labels[i]))
            .unzip()
    };
    let (known, known_labels) = of(&old);
    let (queries, truth) = of(&new);
    let rows: Vec<usize> = (0..known.len()).collect();
    let model = homology(&known, &known_labels, &rows);
    assert_eq!((model.proteins(), model.tf_prior()), (100, Some(0.8)));

    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("model.safetensors");
    model.save(&path).expect("writable");
    let loaded = HomologyModel::load(&path).expect("a model");
    assert_eq!(loaded.sha256(), model.sha256());
    let predictor = HomologyPredictor::new(&loaded);
    let scores = predictor.scores(&queries, None, &Silent).expect("scores");
    let before = HomologyPredictor::new(&model);
    assert_eq!(
        scores,
        before.scores(&queries, None, &Silent).expect("scores")
    );
    for (score, truth) in scores.iter().zip(&truth) {
        let p_tf = score.p_tf.expect("the labels tell TFs");
        assert_eq!(p_tf > 0.5, truth.tf, "{p_tf}");
        let p = score.p_class.expect("the labels tell classes");
        assert!((p.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        assert!(p[truth.class.expect("a class").index()] > 0.5, "{p:?}");
    }
    // Alone as in company.
    for (query, score) in queries.iter().zip(&scores) {
        let alone = predictor.scores(std::slice::from_ref(query), None, &Silent);
        assert_eq!(alone.expect("scores"), [*score]);
    }
    // A prior multiplies odds by the same factor for all; here by (0.05 / 0.95) / (0.8 / 0.2).
    let rare = predictor
        .scores(&queries, Some(0.05), &Silent)
        .expect("scores");
    for (rare, score) in rare.iter().zip(&scores) {
        let odds = |p: f64| p / (1.0 - p);
        let ratio = odds(rare.p_tf.unwrap()) / odds(score.p_tf.unwrap());
        assert!((ratio * 76.0 - 1.0).abs() < 1e-6, "{ratio}");
        let tf = |s: &ProteinScores| odds(1.0 - s.p_class.unwrap()[CLASSES - 1]);
        assert!((tf(rare) / tf(score) * 76.0 - 1.0).abs() < 1e-6);
    }
    // The voters are the family, whose shares and the composition's make one.
    let explained = predictor.explain(&queries, &Silent).expect("voters");
    for (said, (query, score)) in explained.iter().zip(queries.iter().zip(&scores)) {
        assert_eq!((said.scores, said.left_out.len()), (*score, 0));
        let voters = &said.voters;
        assert!(voters.iter().all(Voter::is_similar));
        let family = query.id.split('.').next().expect("a family");
        assert!(voters.len() == 5 && voters.iter().all(|v| v.id.starts_with(family)));
        let shares: f64 = voters.iter().map(|voter| voter.share).sum();
        assert!(shares > 0.3 && shares < 1.0, "{shares}");
    }
    // One that is labelled is no reason for itself, under another name either.
    let again = Protein::new("again", &known[0].sequence[..]);
    for own in [known[0].clone(), again] {
        let own = predictor.explain(&[own], &Silent).expect("voters");
        assert_eq!(own[0].left_out, [("F0.0", known_labels[0])]);
        let ids: Vec<&str> = own[0].voters.iter().map(|voter| voter.id).collect();
        assert!(!ids.contains(&"F0.0"), "{ids:?}");
        let relatives = ["F0.1", "F0.2", "F0.3", "F0.4"];
        assert!(relatives.iter().all(|id| ids.contains(id)), "{ids:?}");
        assert!(own[0].voters.iter().all(|voter| voter.hit.identity < 1.0));
        // The scores are by these voters, too.
        let sure = predictor
            .scores(&known[..1], None, &Silent)
            .expect("scores")[0];
        assert!(own[0].scores.p_tf < sure.p_tf, "{:?}", own[0].scores);
    }
}

#[test]
fn a_voter_that_chance_may_give_is_not_similar() {
    let (proteins, labels) = families(5);
    let rows: Vec<usize> = (0..proteins.len()).collect();
    let model = homology(&proteins, &labels, &rows);
    let predictor = HomologyPredictor::new(&model);
    let hit = |e_value| Voter {
        hit: Hit {
            e_value,
            ..predictor.explain(&proteins[..1], &Silent).expect("voters")[0].voters[0]
                .hit
                .clone()
        },
        id: "F1",
        label: labels[0],
        share: 0.5,
    };
    assert!(hit(1e-3).is_similar() && !hit(0.21).is_similar());
}

#[test]
fn a_homology_model_of_tfs_of_unknown_kind_tells_no_classes() {
    let (proteins, labels) = families(3);
    let unknown: Vec<Label> = labels
        .iter()
        .map(|label| Label {
            class: label.class.filter(|_| !label.tf),
            ..*label
        })
        .collect();
    let rows: Vec<usize> = (0..proteins.len()).collect();
    let model = homology(&proteins, &unknown, &rows);
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("model.safetensors");
    model.save(&path).expect("writable");
    let model = HomologyModel::load(&path).expect("a model");
    assert!(model.answers_tf() && !model.answers_classes());
    let scores = HomologyPredictor::new(&model).scores(&proteins[..2], None, &Silent);
    for score in scores.expect("scores") {
        assert!(score.p_tf.is_some() && score.p_class.is_none());
    }

    let same = vec![labels[0]; labels.len()];
    let (train, validation) = rows.split_at(40);
    let data = BaselineData {
        labels: &same,
        groups: None,
        train,
        validation,
    };
    let error = HomologyModel::fit(&proteins, data, model.training, &Silent);
    let error = error.expect_err("nothing to tell apart").to_string();
    assert!(error.contains("two different labels"), "{error}");
}

#[test]
fn damaged_homology_models_are_refused() {
    let (proteins, labels) = families(2);
    let rows: Vec<usize> = (0..proteins.len()).collect();
    let model = homology(&proteins, &labels, &rows);
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("model.safetensors");
    model.save(&path).expect("writable");
    let whole = std::fs::read(&path).expect("a file");
    let refused = |change: &dyn Fn(&str) -> String| {
        // The header is JSON after its length, with the metadata as a string in it.
        let length = u64::from_le_bytes(whole[..8].try_into().unwrap()) as usize;
        let header = std::str::from_utf8(&whole[8..8 + length]).unwrap();
        let header = change(header);
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.as_bytes());
        bytes.extend(&whole[8 + length..]);
        std::fs::write(&path, bytes).expect("writable");
        let error = HomologyModel::load(&path).expect_err("a damaged model");
        error.to_string()
    };
    let says = |message: String, part: &str| {
        assert!(
            message.contains("model.safetensors") && message.contains(part),
            "{message}"
        );
    };
    let replace = |from: &'static str, to: &'static str| {
        move |header: &str| {
            assert!(header.contains(from), "{from} in {header}");
            header.replacen(from, to, 1)
        }
    };
    says(refused(&replace("tf.mean", "tf.meat")), "tf.mean");
    says(
        refused(&replace(r#"\"zinc_finger\""#, r#"\"zinc\""#)),
        "a label that is none",
    );
    says(refused(&replace(r#"[120,"#, r#"[119,"#)), "do not agree");
    says(
        refused(&replace(r#"\"temperature\":"#, r#"\"temperature\":-"#)),
        "`tf`",
    );
    says(
        refused(&replace(r#"\"format\":1"#, r#"\"format\":2"#)),
        "format 2",
    );
    std::fs::write(&path, &whole[..whole.len() - 1]).expect("writable");
    let error = HomologyModel::load(&path).expect_err("a cut file");
    says(error.to_string(), "a whole safetensors file");
}
