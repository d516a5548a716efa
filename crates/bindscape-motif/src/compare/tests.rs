use bindscape_base::progress::Silent;
use proptest::prelude::*;

use super::*;
use crate::Frequencies;

fn motif(rows: &[[f64; 4]]) -> Motif {
    let rows = rows
        .iter()
        .map(|row| {
            let sum: f64 = row.iter().sum();
            row.map(|value| value / sum)
        })
        .collect();
    Motif::new("m", Frequencies::new(rows).expect("rows that sum to one"))
}

fn compare(queries: &[Motif], targets: &[Motif], options: Options) -> Vec<Vec<Match>> {
    Targets::new(targets, options)
        .and_then(|targets| targets.compare(queries, &Silent, |_, matches| matches.to_vec()))
        .expect("a comparison")
}

fn rows() -> impl Strategy<Value = Vec<[f64; 4]>> {
    let row = prop::array::uniform4(0_u8..20).prop_map(|counts| {
        let mut row = counts.map(f64::from);
        row[0] += 0.5;
        row
    });
    prop::collection::vec(row, 1..7)
}

fn sets() -> impl Strategy<Value = (Vec<Motif>, Vec<Motif>)> {
    let motifs = |count: std::ops::Range<usize>| {
        prop::collection::vec(rows().prop_map(|rows| motif(&rows)), count)
    };
    (motifs(1..4), motifs(1..6))
}

fn distances() -> impl Strategy<Value = Distance> {
    prop::sample::select(Distance::NAMES.map(|(_, distance)| distance).to_vec())
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.max(b)
}

/// The scores of the best alignments of a query with every possible target of the width,
/// each column drawn from those of the targets, as `BestScores` wants them: alignments
/// draw their columns independently.
fn enumerated(columns: &[null::Distribution], place: Place, score: i32) -> f64 {
    let start = usize::from(place.start);
    let aligned = &columns[start..start + usize::from(place.overlap)];
    let mut tail = 0.0;
    let mut at = vec![0; aligned.len()];
    loop {
        let mut sum = 0;
        let mut probability = 1.0;
        for (column, &bin) in aligned.iter().zip(&at) {
            sum += column.low + bin as i32;
            probability *= column.probabilities[bin];
        }
        if sum >= score {
            tail += probability;
        }
        // The next combination of bins.
        let Some(next) = (0..at.len()).find(|&i| at[i] + 1 < aligned[i].probabilities.len()) else {
            return tail;
        };
        at[..next].fill(0);
        at[next] += 1;
    }
}

fn scored(query: &Motif, targets: &Targets) -> Scored {
    let columns = motif_columns(query, &targets.options, &targets.background).expect("columns");
    let query = targets
        .query_columns(&[columns], &Silent)
        .expect("query columns");
    Scored::new(&query, &targets.columns, &targets.options, Vec::new())
}

#[test]
fn aligned_positions_alone_are_binned_as_they_are() {
    // Correlations from -1 to 1 have 50 bins a unit, wherever the median of a column lies.
    let rows = [
        [9.0, 1.0, 0.0, 0.0],
        [0.0, 8.0, 2.0, 0.0],
        [1.0, 0.0, 9.0, 0.0],
    ];
    let target = motif(&rows);
    let other = motif(&[
        [0.0, 1.0, 2.0, 7.0],
        [0.0, 0.0, 3.0, 7.0],
        [8.0, 2.0, 0.0, 0.0],
    ]);
    let options = Options {
        distance: Distance::Pearson,
        complete: false,
        ..Options::default()
    };
    let matches = compare(
        std::slice::from_ref(&target),
        &[target.clone(), other],
        options,
    );
    assert_eq!(matches[0][0].score, 150);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn strands_are_alike((queries, targets) in sets(), distance in distances(), complete: bool) {
        let options = Options { distance, complete, ..Options::default() };
        let turned: Vec<Motif> = queries.iter().map(Motif::reverse_complement).collect();
        let there = compare(&queries, &targets, options.clone());
        let back = compare(&turned, &targets, options);
        for (there, back) in there.iter().flatten().zip(back.iter().flatten()) {
            prop_assert!(near(there.p_value, back.p_value), "{there:?} {back:?}");
            if complete {
                prop_assert_eq!(there.score, back.score);
            }
        }
    }

    #[test]
    fn p_values_fall_as_scores_rise((queries, targets) in sets(), distance in distances()) {
        let options = Options { distance, ..Options::default() };
        for row in compare(&queries, &targets, options) {
            for (a, b) in row.iter().zip(&row[1..]) {
                let same = targets[a.target].width() == targets[b.target].width();
                if same && a.score > b.score {
                    prop_assert!(a.p_value <= b.p_value * (1.0 + 1e-9), "{a:?} {b:?}");
                }
            }
            for matched in &row {
                prop_assert!((0.0..=1.0).contains(&matched.p_value), "{matched:?}");
            }
        }
    }

    #[test]
    fn p_values_are_those_of_enumeration(
        query in rows(), targets in prop::collection::vec(rows(), 1..3), min_overlap in 1_usize..4,
    ) {
        let query = motif(&query[..query.len().min(3)]);
        let targets: Vec<Motif> = targets.iter().map(|rows| motif(rows)).collect();
        // Few bins, so that all combinations can be gone through.
        let options = Options { bins: 12, min_overlap, ..Options::default() };
        let complete = compare(std::slice::from_ref(&query), &targets, options.clone());
        let single = Options { complete: false, ..options.clone() };
        let incomplete = compare(std::slice::from_ref(&query), &targets, single.clone());
        let [scored, alone] = [options, single].map(|options| {
            let prepared = Targets::new(&targets, options).expect("targets");
            scored(&query, &prepared)
        });
        let columns = &scored.distributions[0];
        for (complete, incomplete) in complete[0].iter().zip(&incomplete[0]) {
            let width = targets[complete.target].width();
            let places = Place::all(query.width(), width, min_overlap);
            let none: f64 = places
                .iter()
                .map(|&place| 1.0 - enumerated(columns, place, complete.score))
                .product();
            let expected = 1.0 - none * none;
            prop_assert!((complete.p_value - expected).abs() < 1e-9, "{complete:?} {expected}");
            let place = *places
                .iter()
                .find(|place| place.offset() == incomplete.offset)
                .expect("a place");
            let p = enumerated(&alone.distributions[0], place, incomplete.score);
            let expected = 1.0 - (1.0 - p).powi(2 * places.len() as i32);
            prop_assert!((incomplete.p_value - expected).abs() < 1e-9, "{incomplete:?}");
        }
    }

    #[test]
    fn scores_are_sums_over_the_alignment((queries, targets) in sets()) {
        let prepared = Targets::new(&targets, Options::default()).expect("targets");
        for query in &queries {
            let scored = scored(query, &prepared);
            for (number, target) in targets.iter().enumerate() {
                let places = Place::all(query.width(), target.width(), 1);
                prop_assert_eq!(places.len(), query.width() + target.width() - 1);
                let ids = &prepared.columns.forward[number];
                let mut best = i16::MIN;
                scored.alignments(ids, &places, |place, sums| {
                    prop_assert_eq_in_closure(place, query.width(), target.width());
                    best = best.max(sums[0]);
                });
                prop_assert_eq!(scored.best(ids, &places).0[0], best);
            }
        }
    }
}

fn prop_assert_eq_in_closure(place: &Place, query: usize, target: usize) {
    assert!(usize::from(place.start + place.overlap) <= query);
    assert!(usize::from(place.target + place.overlap) <= target);
    assert!(place.start == 0 || place.target == 0, "{place:?}");
}

#[test]
fn offsets_and_strands() {
    let words = |word: &str| {
        let rows: Vec<[f64; 4]> = word
            .bytes()
            .map(|base| std::array::from_fn(|i| if b"ACGT"[i] == base { 1.0 } else { 0.0 }))
            .collect();
        motif(&rows)
    };
    // Enough other columns that chance matches are rare.
    let targets: Vec<Motif> = ["AACGTCCAGG", "GATTTACA", "TTGCATG", "CCCAGGGTA", "ACACTG"]
        .map(words)
        .to_vec();
    let queries = ["CGTCCA", "TGGACG", "GGGATTTACA", "TGTAAATCC"].map(words);
    let rows = compare(&queries, &targets, Options::default());
    let best = |row: &[Match]| {
        *row.iter()
            .min_by(|a, b| a.p_value.total_cmp(&b.p_value))
            .expect("matches")
    };
    let found: Vec<(usize, i32, usize, bool)> = rows
        .iter()
        .map(|row| {
            let best = best(row);
            (best.target, best.offset, best.overlap, best.reverse)
        })
        .collect();
    assert_eq!(
        found,
        [
            // The query begins at the target's third column.
            (0, 2, 6, false),
            (0, 2, 6, true),
            // It overhangs to the left by two.
            (1, -2, 8, false),
            (1, 0, 8, true),
        ]
    );
    let forward_only = Options {
        both_strands: false,
        ..Options::default()
    };
    let one_strand = compare(&queries[1..2], &targets, forward_only);
    assert!(one_strand[0].iter().all(|matched| !matched.reverse));
    assert!(best(&one_strand[0]).p_value > best(&rows[1]).p_value);
    let wide = Options {
        min_overlap: 5,
        ..Options::default()
    };
    for matched in compare(&queries, &targets, wide).iter().flatten() {
        assert!(matched.overlap >= 5, "{matched:?}");
    }
}

#[test]
fn threads_and_batches_do_not_matter() {
    let motifs: Vec<Motif> = (0..60)
        .map(|seed: u32| {
            let rows: Vec<[f64; 4]> = (0..5 + seed % 3)
                .map(|at| {
                    std::array::from_fn(|i| f64::from((seed * 7 + at * (3 + i as u32)) % 11) + 0.1)
                })
                .collect();
            motif(&rows)
        })
        .collect();
    let on = |threads: usize| {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .expect("a pool")
            .install(|| compare(&motifs, &motifs, Options::default()))
    };
    let two = on(2);
    assert_eq!(two, on(1));
    assert_eq!(
        two[17..18],
        compare(&motifs[17..18], &motifs, Options::default())[..]
    );
}

#[test]
fn faults_are_named() {
    let targets = [motif(&[[1.0, 0.0, 0.0, 1.0]])];
    let fault = |options: Options| {
        Targets::new(&targets, options)
            .err()
            .expect("a fault")
            .to_string()
    };
    let kullback = Options {
        distance: Distance::Kullback,
        pseudocount: 0.0,
        ..Options::default()
    };
    let text = fault(kullback);
    assert!(
        text.contains("pseudocount: expected a number above 0, as `distance` kullback"),
        "{text}"
    );
    let overlap = Options {
        min_overlap: 0,
        ..Options::default()
    };
    assert!(fault(overlap).contains("min_overlap: expected at least 1, found 0"));
    let negative = Options {
        pseudocount: f64::NAN,
        ..Options::default()
    };
    assert!(fault(negative).contains("expected a number of at least 0, found NaN"));
    assert!(
        Targets::new(&[], Options::default())
            .err()
            .expect("a fault")
            .to_string()
            .contains("at least one motif")
    );
    let wide = motif(&[[1.0, 1.0, 0.0, 0.0]; 300]);
    let error = Targets::new(&[wide], Options::default())
        .err()
        .expect("a fault");
    assert!(
        error
            .to_string()
            .contains("motif m: expected at most 256 positions, found 300")
    );
    assert!(error.advice().expect("a hint").contains("trim"));
}
