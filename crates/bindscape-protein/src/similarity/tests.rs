mod evidence;

use proptest::prelude::*;
use rand::Rng;

use super::align::Aligner;
use super::substitution::SCORES;
use super::*;
use crate::{AMINO_ACIDS, read_proteins};
use bindscape_base::progress::Silent;
use bindscape_base::random;

fn protein(id: &str, sequence: Vec<u8>) -> Protein {
    Protein::new(id, sequence)
}

fn random(name: &str, index: u64, length: usize) -> Vec<u8> {
    let mut rng = random::stream(1, name, &[index]);
    (0..length)
        .map(|_| AMINO_ACIDS[rng.random_range(0..20)])
        .collect()
}

/// Replaces residues until `identity` of them are left, and takes out or adds short
/// pieces.
fn relative(sequence: &[u8], identity: f64, index: u64) -> Vec<u8> {
    let mut rng = random::stream(2, "relative", &[index]);
    let mut out = Vec::new();
    for &letter in sequence {
        if rng.random::<f64>() < 0.01 {
            for _ in 0..rng.random_range(1..4) {
                out.push(AMINO_ACIDS[rng.random_range(0..20)]);
            }
        }
        if rng.random::<f64>() < 0.01 {
            continue;
        }
        if rng.random::<f64>() < identity {
            out.push(letter);
        } else {
            out.push(AMINO_ACIDS[rng.random_range(0..20)]);
        }
    }
    out
}

/// Smith and Waterman's score with affine gaps, as a table.
fn smith_waterman(a: &[u8], b: &[u8]) -> i32 {
    let mut best = 0;
    let mut above = vec![0; b.len() + 1];
    let mut down = vec![i32::MIN / 2; b.len() + 1];
    for &x in a {
        let (mut diagonal, mut left, mut right) = (0, 0, i32::MIN / 2);
        for (j, &y) in b.iter().enumerate() {
            down[j + 1] = (down[j + 1] - 1).max(above[j + 1] - 11);
            right = (right - 1).max(left - 11);
            let score = i32::from(SCORES[usize::from(x - b'A')][usize::from(y - b'A')]);
            let here = (diagonal + score).max(down[j + 1]).max(right).max(0);
            diagonal = above[j + 1];
            above[j + 1] = here;
            left = here;
            best = best.max(here);
        }
    }
    best
}

#[test]
fn a_known_alignment() {
    let mut aligner = Aligner::new();
    let alignment = aligner.align(b"WWMKVLEDWQHHCC", b"AMKVEDWQHHA", (8, 6));
    // MKVLEDWQHH against MKV-EDWQHH: nine matches and a gap.
    assert_eq!((alignment.identical, alignment.columns()), (9, 10));
    assert_eq!((alignment.query, alignment.target), (2..12, 1..10));
    assert_eq!(alignment.score, 5 + 5 + 4 - 11 + 5 + 6 + 11 + 5 + 8 + 8);
    let unknown = aligner.align(b"MKVXXEDW", b"MKVXXEDW", (0, 0));
    assert_eq!(
        (unknown.identical, unknown.columns()),
        (6, 8),
        "X is like nothing"
    );
}

#[test]
fn alignments_are_shown_column_by_column() {
    let (query, target) = (
        b"WWMKVLEDWQHHWDKLMREFCC".to_vec(),
        b"AMKVEDWQHHWDRPPLMKEFA".to_vec(),
    );
    let proteins = [protein("target", target.clone())];
    let hits = SimilarityIndex::new(&proteins).search(&protein("query", query.clone()), 1);
    let [hit] = &hits[..] else {
        panic!("one hit: {hits:?}")
    };
    let rows = hit.rows(&query, &target);
    assert_eq!(rows.query, "MKVLEDWQHHWDK--LMREF");
    assert_eq!(rows.between, "MKV EDWQHHWD+  LM+EF");
    assert_eq!(rows.target, "MKV-EDWQHHWDRPPLMKEF");
    assert_eq!(hit.cigar(&query, &target), "3=1I8=1X2D2=1X2=");
    let columns: usize = hit.path.iter().map(|run| run.columns()).sum();
    assert_eq!(columns, rows.query.len());
    assert!((hit.identity - 15.0 / 20.0).abs() < 1e-12);
}

/// Whatever is found, its path leads through both ranges.
#[test]
fn paths_are_those_of_the_ranges_and_the_score() {
    for number in 0..20 {
        let a = random("whole", number, 300);
        let b = relative(&a, 0.5, number);
        let proteins = [protein("b", b.clone())];
        for index in [
            SimilarityIndex::new(&proteins),
            SimilarityIndex::corrected(&proteins),
        ] {
            for hit in index.search(&protein("a", a.clone()), 1) {
                let rows = hit.rows(&a, &b);
                let letters = |row: &str| row.replace('-', "").into_bytes();
                assert_eq!(letters(&rows.query), a[hit.query_range.clone()]);
                assert_eq!(letters(&rows.target), b[hit.target_range.clone()]);
                let same = rows.query.bytes().zip(rows.target.bytes());
                let same = same.filter(|(a, b)| a == b).count();
                let columns = rows.query.len();
                assert!((hit.identity - same as f64 / columns as f64).abs() < 1e-12);
            }
        }
    }
}

#[test]
fn alignments_reach_the_best_score() {
    let mut aligner = Aligner::new();
    for index in 0..20 {
        let a = random("whole", index, 300 + 20 * index as usize);
        let b = relative(&a, 0.5, index);
        let best = smith_waterman(&a, &b);
        let index = SimilarityIndex::new(&[protein("b", b.clone())]);
        let hits = index.search(&protein("a", a.clone()), 1);
        assert_eq!(hits.len(), 1);
        assert!(
            f64::from(hits[0].score) >= 0.98 * f64::from(best),
            "{} {best}",
            hits[0].score
        );
        let anchor = (hits[0].query_range.start, hits[0].target_range.start);
        assert!(aligner.align(&a, &b, anchor).score <= best);
    }
}

#[test]
fn searches_find_relatives_in_order_of_score() {
    let parent = random("parent", 0, 250);
    let mut proteins: Vec<Protein> = (0..50)
        .map(|i| protein(&format!("other{i}"), random("other", i, 200 + i as usize)))
        .collect();
    proteins.push(protein("far", relative(&parent, 0.45, 1)));
    proteins.push(protein("near", relative(&parent, 0.8, 2)));
    proteins.push(protein(
        "domain",
        [random("front", 0, 400), parent.clone()].concat(),
    ));
    let index = SimilarityIndex::new(&proteins);
    let query = protein("query", parent.clone());
    let hits = index.search(&query, 3);
    let found: Vec<usize> = hits.iter().map(|hit| hit.target).collect();
    assert_eq!(found, [52, 51, 50]);
    assert_eq!((hits[0].identity, hits[0].query_coverage), (1.0, 1.0));
    assert_eq!(hits[0].target_range, 400..650);
    assert!((hits[0].target_coverage - 250.0 / 650.0).abs() < 1e-12);
    assert!(hits[2].identity > 0.3 && hits[2].identity < 0.55);
    assert!(hits.iter().all(|hit| hit.e_value < 1e-6 && hit.bits > 40.0));
    let nothing = index.search(&protein("none", random("none", 0, 120)), 5);
    assert!(nothing.len() <= 2, "{nothing:?}");
    let all = index
        .search_all(&[query, proteins[3].clone()], 3, &Silent)
        .expect("not interrupted");
    assert_eq!(all[0], hits);
    assert_eq!(all[1][0].target, 3);
}

fn families() -> Vec<Protein> {
    let mut proteins = Vec::new();
    for family in 0..6 {
        let parent = random("family", family, 150 + 40 * family as usize);
        for member in 0..4 {
            let sequence = relative(&parent, 0.75, 10 * family + member);
            proteins.push(protein(&format!("f{family}m{member}"), sequence));
        }
    }
    // A chain: a is like b, b like c, a less like c.
    let a = random("chain", 0, 300);
    let b = relative(&a, 0.5, 900);
    let c = relative(&b, 0.5, 901);
    for (name, sequence) in [("a", a), ("b", b), ("c", c)] {
        proteins.push(protein(name, sequence));
    }
    proteins.push(protein("tiny", b"MKV".to_vec()));
    proteins.push(protein("lone", random("lone", 0, 200)));
    proteins.push(protein("tiny again", b"MKV".to_vec()));
    proteins
}

#[test]
fn clusters_are_families() {
    let proteins = families();
    let clusters = Clusters::of(&proteins, &ClusterOptions::default(), &Silent).expect("clusters");
    for family in 0..6 {
        assert_eq!(
            clusters.cluster[4 * family..4 * family + 4],
            [family as u32; 4]
        );
    }
    // The chain, the two equal peptides, and one alone.
    assert_eq!(clusters.cluster[24..], [6, 6, 6, 7, 8, 7]);
    assert_eq!(clusters.representative[6..], [25, 27, 28]);
    assert_eq!(clusters.sizes()[6..], [3, 2, 1]);
    assert_eq!(clusters.identical, 1);
    let apart = ClusterOptions {
        min_identity: 0.4,
        linkage: Linkage::Representative,
        ..ClusterOptions::default()
    };
    let clusters = Clusters::of(&proteins, &apart, &Silent).expect("clusters");
    assert_eq!(clusters.cluster[24..27], [6, 6, 6], "b is like both");
    let strict = ClusterOptions {
        min_identity: 0.95,
        ..apart
    };
    let clusters = cluster(&proteins, &strict, &Silent).expect("clusters");
    assert_eq!(
        clusters.iter().max(),
        Some(&28),
        "all but the equal two alone"
    );
}

#[test]
fn clusters_do_not_depend_on_threads() {
    let proteins = families();
    let with = |threads| {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .expect("threads")
            .install(|| Clusters::of(&proteins, &ClusterOptions::default(), &Silent))
            .expect("clusters")
    };
    assert_eq!(with(1), with(4));
}

#[test]
fn shares_out_of_range_are_refused() {
    let options = ClusterOptions {
        min_identity: 30.0,
        ..ClusterOptions::default()
    };
    let error = cluster(&families(), &options, &Silent).expect_err("a fault");
    assert_eq!(
        error.to_string(),
        "min_identity: expected a share from 0 to 1, found 30"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    /// The order of the list changes neither which are together nor with whom.
    #[test]
    fn clusters_follow_the_proteins(seed in 0u64..1000) {
        use rand::seq::SliceRandom;
        let proteins = families();
        let mut order: Vec<usize> = (0..proteins.len()).collect();
        order.shuffle(&mut random::stream(seed, "order", &[]));
        let shuffled: Vec<Protein> = order.iter().map(|&i| proteins[i].clone()).collect();
        let options = ClusterOptions::default();
        let plain = cluster(&proteins, &options, &Silent).expect("clusters");
        let other = cluster(&shuffled, &options, &Silent).expect("clusters");
        for (i, &a) in order.iter().enumerate() {
            for (j, &b) in order.iter().enumerate() {
                prop_assert_eq!(plain[a] == plain[b], other[i] == other[j]);
            }
        }
    }
}

/// The proteins of the project's real data, in well under two minutes.
#[test]
#[ignore = "needs ../shared/data"]
fn shared_data_real_proteins() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/data/proteins/hard_negatives.fasta.gz"
    );
    let proteins = read_proteins(path).expect("proteins");
    assert_eq!(proteins.len(), 1042);
    let clusters = Clusters::of(&proteins, &ClusterOptions::default(), &Silent).expect("clusters");
    let largest = clusters.sizes().into_iter().max();
    assert!(
        clusters.representative.len() > 700,
        "{}",
        clusters.representative.len()
    );
    assert!(largest < Some(60), "{largest:?}");
}
