//! E-values of an index that corrects, on random proteins of several compositions.

use super::*;
use crate::similarity::composition::Frequencies;

/// Per 1,000 residues (Robinson and Robinson 1991), by letter.
const AVERAGE: [f64; 20] = [
    78.05, 19.25, 53.64, 62.95, 38.56, 73.77, 21.99, 51.42, 57.44, 90.19, 22.43, 44.87, 52.03,
    42.64, 51.29, 71.20, 58.41, 64.41, 13.30, 32.16,
];

/// A random protein in which the residues `rich` are `times` as frequent as on average.
fn composed(rich: &str, times: f64, name: &str, index: u64, length: usize) -> Vec<u8> {
    let weights: [f64; 20] = std::array::from_fn(|place| {
        let more = rich.as_bytes().contains(&AMINO_ACIDS[place]);
        AVERAGE[place] * if more { times } else { 1.0 }
    });
    let sum: f64 = weights.iter().sum();
    let mut rng = random::stream(3, name, &[index]);
    (0..length)
        .map(|_| {
            let mut rest = rng.random::<f64>() * sum;
            let place = weights.iter().position(|weight| {
                rest -= weight;
                rest < 0.0
            });
            AMINO_ACIDS[place.unwrap_or(19)]
        })
        .collect()
}

fn set(rich: &str, times: f64, name: &str, count: u64) -> Vec<Protein> {
    (0..count)
        .map(|index| protein(name, composed(rich, times, name, index, 250)))
        .collect()
}

const LIMITS: SearchLimits = SearchLimits {
    max_hits: 10,
    max_e_value: 1.0,
    max_aligned: 200,
};

#[test]
fn chance_gives_as_many_alignments_as_expected() {
    let pairs = 3000;
    let least = 38;
    let proteins = |name| (0..pairs).map(move |index| composed("", 1.0, name, index, 250));
    let found = proteins("one")
        .zip(proteins("other"))
        .filter(|(one, other)| smith_waterman(one, other) >= least)
        .count();
    let each = statistics::SearchSpace::with_room(250, 250, 1).e_value(f64::from(least));
    // At most one per pair is counted. The bounds are three standard deviations, and a tenth
    // by which the parameters are only known.
    let expected = pairs as f64 * -(-each).exp_m1();
    let bound = 3.0 * expected.sqrt() + 0.1 * expected;
    assert!(
        (found as f64 - expected).abs() < bound,
        "{found} alignments, {expected:.1} expected"
    );
}

#[test]
fn no_composition_makes_chance_hits_likelier_than_their_e_values() {
    for (rich, times) in [("", 1.0), ("QN", 3.0), ("QN", 6.0), ("S", 4.0), ("P", 5.0)] {
        let index = SimilarityIndex::corrected(&set(rich, times, "targets", 300));
        let queries = set(rich, times, "queries", 300);
        let hits = index
            .find_all(&queries, &LIMITS, &Silent)
            .expect("not interrupted");
        for e_value in [0.01, 0.1, 1.0] {
            let with = |hits: &&Vec<Hit>| hits.iter().any(|hit| hit.e_value <= e_value);
            let found = hits.iter().filter(with).count() as f64;
            let expected = queries.len() as f64 * -(-e_value).exp_m1();
            assert!(
                found <= expected + 3.0 * expected.sqrt(),
                "{rich}: {found} of {expected:.1} with {e_value}"
            );
        }
        if rich.is_empty() {
            // About one in ten is found, with room for the chance of it.
            let found = hits.iter().filter(|hits| !hits.is_empty()).count();
            assert!(found >= 8, "{found}");
        }
    }
}

#[test]
fn composition_is_no_evidence_but_relatedness_is() {
    let rich = |name, index| protein("rich", composed("QN", 6.0, name, index, 400));
    let targets: Vec<Protein> = (0..100).map(|index| rich("targets", index)).collect();
    let query = rich("query", 0);
    let plain = SimilarityIndex::new(&targets).search(&query, 1);
    assert!(plain[0].e_value < 1e-3, "{plain:?}");
    let limits = SearchLimits {
        max_e_value: 1e-3,
        ..LIMITS
    };
    let find = |targets: &[Protein], query: Protein| {
        let found = SimilarityIndex::corrected(targets).find_all(&[query], &limits, &Silent);
        found.expect("not interrupted").remove(0)
    };
    assert_eq!(find(&targets, query.clone()), []);

    // The same with a domain in the query that one of the targets has, too.
    let domain = composed("", 1.0, "domain", 0, 90);
    let mut related = targets;
    related[42].sequence.splice(100..100, domain.clone());
    let mut query = query;
    query.sequence.splice(250..250, relative(&domain, 0.6, 1));
    let hits = find(&related, query);
    assert_eq!(hits.len(), 1, "{hits:?}");
    assert_eq!(hits[0].target, 42);
    assert!(hits[0].target_range.start >= 70 && hits[0].target_range.end <= 220);
}

#[test]
fn masked_residues_count_as_what_they_are() {
    let front = composed("", 1.0, "front", 0, 60);
    let back = composed("", 1.0, "back", 0, 60);
    let sequence = [front, vec![b'Q'; 12], back].concat();
    let index = SimilarityIndex::corrected(&[protein("target", sequence.clone())]);
    let hits = index.search(&protein("query", sequence.clone()), 1);
    assert_eq!((hits[0].identity, hits[0].query_coverage), (1.0, 1.0));
    let whole = SimilarityIndex::new(&[protein("target", sequence.clone())]);
    let whole = whole.search(&protein("query", sequence.clone()), 1);
    let masked = low_complexity::masked(&sequence);
    let places = masked.iter().map(|letter| usize::from(letter - b'A'));
    let expected: i32 = places.map(|place| i32::from(SCORES[place][place])).sum();
    assert_eq!(hits[0].score, expected);
    assert!(masked.iter().filter(|&&letter| letter == b'X').count() >= 12);
    assert!(hits[0].bits < whole[0].bits);
}

#[test]
fn ratios_are_those_of_the_roots() {
    let average = Frequencies::average();
    assert!((average.scores().ratio(&average) - 1.0).abs() < 1e-4);
    let rich = Frequencies::of(b"QQQQNNNNQQQQSSTPGADEKLVI");
    let ratio = rich.scores().ratio(&rich);
    assert!((0.2..0.6).contains(&ratio), "{ratio}");
    assert!((average.scores().ratio(&rich) - rich.scores().ratio(&average)).abs() < 1e-4);
    // The expected score of a pair is positive.
    let alone = Frequencies::of(b"QQQQQQQQ");
    assert!((alone.scores().ratio(&alone) - 0.2).abs() < 1e-12);
    // Residues that are not alike never reach a score by chance.
    let other = Frequencies::of(b"WWWWWWWW");
    assert!((alone.scores().ratio(&other) - 1.0).abs() < 1e-12);
    assert_eq!(Frequencies::of(b"XXXX"), average);
}

#[test]
fn search_spaces_are_those_with_room_for_alignments() {
    let room = |m, n, count| {
        // K m n, from the E-value of a score of 0.
        statistics::SearchSpace::with_room(m, n, count).e_value(0.0) / 0.041
    };
    // `blastp -comp_based_stats 0 -seg no -outfmt 5` (BLAST 2.12.0): Statistics_eff-space.
    for (m, n, count, expected) in [
        (60, 4_606_952, 10_117, 115_373_457.0),
        (250, 4_606_952, 10_117, 591_427_520.0),
        (1200, 4_606_952, 10_117, 3_896_043_264.0),
        (250, 1200, 1, 250_475.0),
    ] {
        let space: f64 = room(m, n, count);
        assert!(
            (space / expected - 1.0).abs() < 1e-9,
            "{m} {n} {count}: {space} of {expected}"
        );
    }
    assert!(room(25, 5000, 10) > 0.0);
    assert!(room(1, 1, 1) > 0.0);
}
