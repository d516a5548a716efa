//! Tests of models, their files, and what they say.

use bindscape_base::progress::Silent;
use bindscape_base::random;
use rand::Rng;

use super::*;
use crate::{AMINO_ACIDS, Domain, ProteinClass};

const RESIDUES: usize = 160;
/// Where the transcription factors of [`families`] bind DNA.
const DOMAIN: Range<usize> = 60..110;

fn some_letters(purpose: &str, number: u64, count: usize) -> Vec<u8> {
    let mut random = random::stream(7, purpose, &[number]);
    (0..count)
        .map(|_| AMINO_ACIDS[random.random_range(0..20)])
        .collect()
}

/// Changes that many residues of a sequence.
fn mutate(sequence: &mut [u8], changes: usize, random: &mut impl Rng) {
    for _ in 0..changes {
        let place = random.random_range(0..sequence.len());
        sequence[place] = AMINO_ACIDS[random.random_range(0..20)];
    }
}

/// Families of similar proteins, four per class. The members of the transcription factors' families
/// of one class share a domain.
fn families(members: usize) -> (Vec<Protein>, Vec<Label>, Vec<Vec<Domain>>) {
    let mut random = random::stream(7, "families", &[]);
    let (mut proteins, mut labels, mut domains) = (Vec::new(), Vec::new(), Vec::new());
    for family in 0..20 {
        let class = ProteinClass::ALL[family % 5];
        let mut founder = some_letters("founder", family as u64, RESIDUES);
        if class.is_tf() {
            founder[DOMAIN].copy_from_slice(&domain(class));
        }
        for member in 0..members {
            let mut sequence = founder.clone();
            mutate(&mut sequence, 30, &mut random);
            let id = format!("F{family}.{member}");
            proteins.push(Protein::new(id, sequence));
            labels.push(Label::from(class));
            domains.push(match class.is_tf() {
                true => vec![Domain {
                    name: format!("of_{}", class.name()),
                    start: DOMAIN.start,
                    end: DOMAIN.end,
                }],
                false => Vec::new(),
            });
        }
    }
    (proteins, labels, domains)
}

/// The domain of a class.
fn domain(class: ProteinClass) -> Vec<u8> {
    some_letters("domain", class.index() as u64, DOMAIN.len())
}

fn fit(proteins: &[Protein], labels: &[Label], domains: &[Vec<Domain>]) -> HomologyModel {
    let domains: Vec<&[Domain]> = domains.iter().map(Vec::as_slice).collect();
    let data = LabelledProteins {
        proteins,
        labels,
        groups: None,
        domains: &domains,
        seed: 1,
    };
    HomologyModel::fit(data, training(), &Silent).expect("a model")
}

fn training() -> HomologyTraining {
    HomologyTraining {
        bindscape: "test".into(),
        inputs: Vec::new(),
        proteins: [("non_tf".to_owned(), 4)].into(),
        seed: 1,
    }
}

#[test]
fn a_model_is_saved_and_scores_each_protein_alone() {
    let (proteins, labels, domains) = families(6);
    // The last member of each family is new.
    let (old, new): (Vec<usize>, Vec<usize>) = (0..proteins.len()).partition(|i| i % 6 < 5);
    let of =
        |rows: &[usize]| -> Vec<Protein> { rows.iter().map(|&i| proteins[i].clone()).collect() };
    let (mut known, queries) = (of(&old), of(&new));
    let known_labels: Vec<Label> = old.iter().map(|&i| labels[i]).collect();
    let known_domains: Vec<Vec<Domain>> = old.iter().map(|&i| domains[i].clone()).collect();
    known[0].description = "first of its family".into();
    let model = fit(&known, &known_labels, &known_domains);
    assert_eq!((model.proteins(), model.tf_prior()), (100, Some(0.8)));
    let names: Vec<&str> = model
        .families()
        .iter()
        .map(|family| &family.name[..])
        .collect();
    assert_eq!(
        names,
        [
            "of_homeodomain",
            "of_leucine_zipper",
            "of_other_tf",
            "of_zinc_finger"
        ]
    );
    assert_eq!(model.families()[0].class, Some(ProteinClass::Homeodomain));
    assert_eq!(model.families()[0].labelled, 20);

    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("model.safetensors");
    model.save(&path).expect("writable");
    let loaded = HomologyModel::load(&path).expect("a model");
    assert_eq!(loaded.sha256(), model.sha256());
    let explained = HomologyPredictor::new(&loaded).explain(&queries[..1], &Silent);
    let relatives = &explained.expect("explanations")[0].relatives;
    let first = relatives.iter().find(|relative| relative.id == known[0].id);
    let first = first.expect("one of the family");
    assert_eq!(first.description, "first of its family");
    assert_eq!(first.sequence, &known[0].sequence[..]);
    assert_eq!(first.domains[0].family, "of_zinc_finger");
    let others = relatives
        .iter()
        .filter(|relative| relative.id != known[0].id);
    assert!(
        others
            .into_iter()
            .all(|relative| relative.description.is_empty())
    );
    let predictor = HomologyPredictor::new(&loaded);
    let predict = |queries: &[Protein], prior| {
        predictor
            .predict(queries, prior, &Silent)
            .expect("predictions")
    };
    let predictions = predict(&queries, None);
    let before = HomologyPredictor::new(&model);
    assert_eq!(
        predictions,
        before
            .predict(&queries, None, &Silent)
            .expect("predictions")
    );
    for (prediction, &row) in predictions.iter().zip(&new) {
        let truth = labels[row];
        let p_tf = prediction.scores.p_tf.expect("the labels tell TFs");
        assert_eq!(p_tf > 0.5, truth.tf, "{p_tf}");
        let p = prediction.scores.p_class.expect("the labels tell classes");
        assert!((p.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        assert!(p[truth.class.expect("a class").index()] > 0.5, "{p:?}");
        assert!(prediction.has_relative && !prediction.is_unknown());
        let found: Vec<&str> = prediction.domains.iter().map(|d| &d.family[..]).collect();
        let own = truth.class.filter(|class| class.is_tf());
        let own: Vec<String> = own
            .iter()
            .map(|class| format!("of_{}", class.name()))
            .collect();
        // A domain may be found in pieces.
        assert!(
            found
                .iter()
                .all(|family| own.iter().any(|own| own == family)),
            "{found:?}"
        );
        assert_eq!(found.is_empty(), own.is_empty());
        if let [first, .., last] = &prediction.domains[..] {
            assert!(
                first.residues.start.abs_diff(DOMAIN.start) <= 4,
                "{first:?}"
            );
            assert!(last.residues.end.abs_diff(DOMAIN.end) <= 4, "{last:?}");
        }
    }
    // Alone as in company.
    for (query, prediction) in queries.iter().zip(&predictions) {
        assert_eq!(predict(std::slice::from_ref(query), None)[0], *prediction);
    }
    // A prior multiplies odds by the same factor for all; here by (0.05 / 0.95) / (0.8 / 0.2).
    for (rare, usual) in predict(&queries, Some(0.05)).iter().zip(&predictions) {
        let odds = |p: f64| p / (1.0 - p);
        let (rare, usual) = (rare.scores, usual.scores);
        let ratio = odds(rare.p_tf.unwrap()) / odds(usual.p_tf.unwrap());
        assert!((ratio * 76.0 - 1.0).abs() < 1e-6, "{ratio}");
        assert_eq!(1.0 - rare.p_tf.unwrap(), rare.p_class.unwrap()[CLASSES - 1]);
    }
}

#[test]
fn explanations_add_up_and_leave_the_protein_itself_out() {
    let (proteins, labels, domains) = families(6);
    let model = fit(&proteins, &labels, &domains);
    let predictor = HomologyPredictor::new(&model);
    let again = Protein::new("again", &proteins[0].sequence[..]);
    let asked = [proteins[0].clone(), again, proteins[4 * 6].clone()];
    let explained = predictor.explain(&asked, &Silent).expect("explanations");
    for said in &explained {
        let odds = said.log_odds.expect("the model tells TFs");
        let p = 1.0 / (1.0 + (-odds.sum()).exp());
        assert!((p - said.prediction.scores.p_tf.unwrap()).abs() < 1e-9);
    }
    for said in &explained[..2] {
        assert_eq!(said.left_out, [("F0.0", labels[0])]);
        let ids: Vec<&str> = said.relatives.iter().map(|relative| relative.id).collect();
        assert!(!ids.contains(&"F0.0"), "{ids:?}");
        let family = ["F0.1", "F0.2", "F0.3", "F0.4", "F0.5"];
        assert!(family.iter().all(|id| ids.contains(id)), "{ids:?}");
        let odds = said.log_odds.expect("the model tells TFs");
        assert!(odds.domains > 0.0 && odds.relatives > 0.0, "{odds:?}");
    }
    // Those of the family are aligned over the domain; they say that it is none, where it is none.
    let covered = |id: &str| {
        let of = explained[0]
            .relatives
            .iter()
            .find(|relative| relative.id == id);
        of.expect("a relative").binds
    };
    assert_eq!(covered("F0.1"), Some(true));
    let other = &explained[2];
    assert!(
        other
            .relatives
            .iter()
            .all(|relative| relative.binds.is_none())
    );
    assert!(other.log_odds.expect("odds").relatives < 0.0 && other.prediction.domains.is_empty());
}

#[test]
fn a_domain_in_another_protein_is_evidence_and_the_rest_of_the_family_is_little() {
    let (proteins, labels, domains) = families(6);
    let model = fit(&proteins, &labels, &domains);
    let predictor = HomologyPredictor::new(&model);
    let mut with_domain = some_letters("new", 1, 400);
    let mut changed = domain(ProteinClass::ZincFinger);
    mutate(&mut changed, 12, &mut random::stream(3, "new", &[]));
    with_domain[200..250].copy_from_slice(&changed);
    let nothing = some_letters("new", 2, 400);
    let asked = [
        Protein::new("domain", with_domain),
        Protein::new("nothing", nothing),
    ];
    let said = predictor
        .predict(&asked, None, &Silent)
        .expect("predictions");
    assert_eq!(said[0].domains[0].family, "of_zinc_finger");
    assert!(said[0].domains[0].residues.start.abs_diff(200) <= 5);
    assert!(said[0].scores.p_tf > Some(0.8), "{:?}", said[0].scores);
    // Of a protein that nothing is known of, nothing is said for sure: four of five that are
    // labelled are transcription factors, and at most three times these odds are given.
    assert!(said[1].is_unknown());
    let p = said[1].scores.p_tf.expect("the model tells TFs");
    assert!((0.07..0.924).contains(&p), "{p}");
}

#[test]
fn one_family_is_learnt_the_right_way_round() {
    let (proteins, labels, domains) = families(6);
    // All of the zinc fingers, as one family, and the others that are no transcription factors.
    let chosen = |row: &usize| {
        let class = labels[*row].class.expect("a class");
        class == ProteinClass::ZincFinger || !class.is_tf()
    };
    let rows: Vec<usize> = (0..proteins.len()).filter(chosen).collect();
    let of: Vec<Protein> = rows.iter().map(|&row| proteins[row].clone()).collect();
    let of_labels: Vec<Label> = rows.iter().map(|&row| labels[row]).collect();
    let of_domains: Vec<Vec<Domain>> = rows.iter().map(|&row| domains[row].clone()).collect();
    let model = fit(&of, &of_labels, &of_domains);
    let said = HomologyPredictor::new(&model).predict(&of, None, &Silent);
    for (said, label) in said.expect("predictions").iter().zip(&of_labels) {
        let p = said.scores.p_tf.expect("the model tells TFs");
        assert_eq!(p > 0.5, label.tf, "{p}");
        // There is no other class to be told apart.
        let p_class = said.scores.p_class.expect("one class");
        assert_eq!(p_class[ProteinClass::ZincFinger.index()], p);
    }
}

#[test]
fn transcription_factors_of_unknown_kind_have_no_classes() {
    let (proteins, labels, domains) = families(3);
    let unknown: Vec<Label> = labels
        .iter()
        .map(|label| Label {
            class: label.class.filter(|_| !label.tf),
            ..*label
        })
        .collect();
    let none = vec![Vec::new(); domains.len()];
    for domains in [&domains, &none] {
        let model = fit(&proteins, &unknown, domains);
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("model.safetensors");
        model.save(&path).expect("writable");
        let model = HomologyModel::load(&path).expect("a model");
        assert!(model.answers_tf() && !model.answers_classes());
        assert!(model.families().iter().all(|family| family.class.is_none()));
        let said = HomologyPredictor::new(&model).predict(&proteins[..2], None, &Silent);
        for said in said.expect("predictions") {
            assert!(said.scores.p_tf > Some(0.5) && said.scores.p_class.is_none());
        }
    }
    let domains: Vec<&[Domain]> = vec![&[]; labels.len()];
    let data = LabelledProteins {
        proteins: &proteins,
        labels: &vec![labels[0]; labels.len()],
        groups: None,
        domains: &domains,
        seed: 1,
    };
    let error = HomologyModel::fit(data, training(), &Silent).expect_err("nothing to tell apart");
    assert!(
        error.to_string().contains("two different labels"),
        "{error}"
    );
}

#[test]
fn damaged_models_are_refused() {
    let (proteins, labels, domains) = families(2);
    let model = fit(&proteins, &labels, &domains);
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
    for (from, to, part) in [
        ("tf.mean", "tf.meat", "tf.mean"),
        (r#"\"zinc_finger\""#, r#"\"zinc\""#, "a label that is none"),
        ("[160,", "[159,", "do not agree"),
        (r#"\"share\":"#, r#"\"share\":-"#, "settings"),
        ("of_other_tf", "of_others", "other families"),
        ("[0,60,110]", "[0,60,910]", "outside of their proteins"),
        (r#"\"format\":1"#, r#"\"format\":2"#, "format 2"),
        (
            r#"\"families\":"#,
            r#"\"families_\":"#,
            "an earlier bindscape",
        ),
    ] {
        says(refused(&replace(from, to)), part);
    }
    std::fs::write(&path, &whole[..whole.len() - 1]).expect("writable");
    let error = HomologyModel::load(&path).expect_err("a cut file");
    says(error.to_string(), "a whole safetensors file");
}
