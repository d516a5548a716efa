use bindscape_base::progress::Silent;
use proptest::prelude::*;

use super::*;
use crate::Frequencies;

fn motif(word: &str) -> Motif {
    let rows = word
        .bytes()
        .map(|base| std::array::from_fn(|i| if b"ACGT"[i] == base { 0.91 } else { 0.03 }))
        .collect();
    Motif::new(word, Frequencies::new(rows).expect("frequencies"))
}

fn clustered(words: &[&str]) -> (Vec<Motif>, Clustering) {
    let motifs: Vec<Motif> = words.iter().map(|word| motif(word)).collect();
    let clustering = cluster(&motifs, Thresholds::default(), &Silent).expect("clusters");
    (motifs, clustering)
}

#[test]
fn like_motifs_share_a_cluster_and_a_frame() {
    // Shifted, on the other strand, and another motif.
    let (motifs, clustering) = clustered(&[
        "ACGTTGCACC",
        "CGTTGCACCA",
        "GGTGCAACGT",
        "TTTAAACTTT",
        "TGGTGCAACG",
    ]);
    let numbers = clustering.assignments();
    assert_eq!(numbers, [0, 0, 0, 1, 0]);
    let members = &clustering.clusters[0];
    let found: Vec<(usize, usize, bool)> = members
        .iter()
        .map(|member| (member.motif, member.offset, member.reverse))
        .collect();
    assert_eq!(
        found,
        [(0, 0, false), (1, 1, false), (2, 0, true), (4, 1, true)]
    );
    let mean = consensus("c1", &motifs, members);
    assert_eq!(mean.frequencies.consensus().len(), 11);
    assert!(
        mean.frequencies.consensus().starts_with("ACGTTGCACC"),
        "{}",
        mean.frequencies.consensus()
    );
    assert_eq!(mean.sites, Some(80.0));
    let alone = consensus("c2", &motifs, &clustering.clusters[1]);
    assert_eq!(alone.frequencies.consensus(), "TTTAAACTTT");
}

#[test]
fn trees_of_clusters_and_of_their_motifs_have_each_leaf_once() {
    let (_, clustering) = clustered(&[
        "ACGTTGCACC",
        "TTTAAACTTT",
        "CGTTGCACCA",
        "GGTGCAACGT",
        "TTTAAACTTA",
        "CCGGATATGC",
    ]);
    assert_eq!(clustering.clusters.len(), 3);
    let tree = clustering.tree_of_clusters();
    let mut leaves = tree.leaves.clone();
    leaves.sort_unstable();
    assert_eq!((leaves, tree.merges.len()), (vec![0, 1, 2], 2));
    assert_eq!(tree.merges[1].groups.iter().max(), Some(&3));
    assert!(tree.merges[0].height <= tree.merges[1].height);
    for (number, members) in clustering.clusters.iter().enumerate() {
        let tree = clustering.tree_of(number);
        let mut leaves = tree.leaves.clone();
        leaves.sort_unstable();
        let motifs: Vec<usize> = members.iter().map(|member| member.motif).collect();
        assert_eq!(leaves, motifs);
        assert_eq!(tree.merges.len(), members.len() - 1);
    }
    let (_, alone) = clustered(&["ACGTTGCACC"]);
    assert_eq!(alone.tree_of_clusters().leaves, [0]);
    assert_eq!(alone.tree_of(0).leaves, [0]);
}

#[test]
fn trees_name_every_motif() {
    let (_, clustering) = clustered(&["ACGTTGCACC", "CGTTGCACCA", "TTTAAACTTT"]);
    let tree = clustering.newick(&["A", "B::C", "D"]);
    assert!(tree.starts_with('(') && tree.ends_with(");\n"), "{tree}");
    assert!(
        tree.contains("'B::C':") && tree.contains("A:") && tree.contains("D:"),
        "{tree}"
    );
    let (_, one) = clustered(&["ACGT"]);
    assert_eq!(one.newick(&["A"]), "A;\n");
    assert_eq!(one.clusters, [vec![Member::alone(0)]]);
}

#[test]
fn thresholds_out_of_range_are_named() {
    let motifs = [motif("ACGTACG")];
    let fault = |thresholds| {
        cluster(&motifs, thresholds, &Silent)
            .expect_err("a fault")
            .to_string()
    };
    let high = Thresholds {
        correlation: 1.5,
        ..Thresholds::default()
    };
    assert!(fault(high).contains("correlation: expected a correlation: -1 to 1, found 1.5"));
    let nothing = Thresholds {
        normalized: f64::NAN,
        ..Thresholds::default()
    };
    assert!(fault(nothing).contains("normalized: expected a correlation: -1 to 1, found NaN"));
    let zero = Thresholds {
        overlap: 0,
        ..Thresholds::default()
    };
    assert!(fault(zero).contains("overlap: expected at least 1, found 0"));
    assert!(cluster(&[], Thresholds::default(), &Silent).is_err());
}

#[test]
fn agreement_as_scikit_learn() {
    // adjusted_rand_score, homogeneity_score and completeness_score of scikit-learn 1.9.1.
    let found = agreement(&[0, 0, 1, 1, 2, 2], &["a", "a", "a", "b", "b", "c"]).expect("items");
    assert!(
        (found.rand.expect("defined") - 0.074_074_074_074_074_07).abs() < 1e-12,
        "{found:?}"
    );
    assert!(
        (found.homogeneity - 0.543_112_347_358_942_3).abs() < 1e-9,
        "{found:?}"
    );
    assert!((found.completeness - 0.5).abs() < 1e-9, "{found:?}");
    let same = agreement(&[1, 1, 2], &["x", "x", "y"]).expect("items");
    assert_eq!(same.rand, Some(1.0));
    assert!(agreement::<u8, u8>(&[], &[]).is_none());
    assert_eq!(agreement(&[0, 0], &[0, 0]).expect("items").rand, None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn similarity_is_symmetric_and_strandless(
        first in "[ACGT]{5,9}", second in "[ACGT]{5,9}",
    ) {
        let (a, b) = (motif(&first).frequencies, motif(&second).frequencies);
        let there = similarity(&a, &b, 3);
        for other in [
            similarity(&b, &a, 3),
            similarity(&a.reverse_complement(), &b, 3),
            similarity(&a, &b.reverse_complement(), 3),
        ] {
            prop_assert!((there.normalized - other.normalized).abs() < 1e-9);
        }
        prop_assert!(there.correlation.abs() <= 1.0 + 1e-9);
    }

    #[test]
    fn pairs_seen_from_either_side_agree(words in prop::collection::vec("[ACGT]{5,9}", 2..6)) {
        let motifs: Vec<Motif> = words.iter().map(|word| motif(word)).collect();
        let all = Similarities::new(&motifs, 3, &Silent).expect("similarities");
        for a in 0..motifs.len() {
            for b in 0..motifs.len() {
                if a != b {
                    // The frame of `b` seen from `a`, and back, is where it was.
                    let (there, back) = (all.of(a, b), all.of(b, a));
                    let (wide, other) = (motifs[a].width() as i32, motifs[b].width() as i32);
                    let expected = if there.reverse { other - wide + there.offset } else { -there.offset };
                    prop_assert_eq!(back.offset, expected);
                }
            }
        }
    }
}
