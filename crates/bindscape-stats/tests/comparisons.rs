//! Tests that compare samples, and their effect sizes, equal those of SciPy
//! (`golden/comparisons.py`).

use bindscape_stats as stats;
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    welch: Vec<Welch>,
    kruskal: Vec<Kruskal>,
    spearman: Vec<Spearman>,
    rank_biserial: Vec<RankBiserial>,
    adjusted: Vec<Adjusted>,
}

#[derive(Deserialize)]
struct Welch {
    x: Vec<f64>,
    y: Vec<f64>,
    statistic: f64,
    degrees_of_freedom: f64,
    p: f64,
    interval: (f64, f64),
    hedges_g: f64,
    hedges_interval: (f64, f64),
}

#[derive(Deserialize)]
struct Kruskal {
    groups: Vec<Vec<f64>>,
    statistic: f64,
    p: f64,
    epsilon_squared: f64,
}

#[derive(Deserialize)]
struct Spearman {
    x: Vec<f64>,
    y: Vec<f64>,
    rho: f64,
    p: f64,
}

#[derive(Deserialize)]
struct RankBiserial {
    x: Vec<f64>,
    y: Vec<f64>,
    value: f64,
}

#[derive(Deserialize)]
struct Adjusted {
    p: Vec<f64>,
    holm: Vec<f64>,
    bonferroni: Vec<f64>,
}

const DRAWN: stats::Resampling = stats::Resampling {
    resamples: 50,
    level: 0.95,
    seed: 1,
};

fn golden() -> Golden {
    serde_json::from_str(include_str!("golden/comparisons.json")).expect("the generator wrote it")
}

/// Relative to the number: p values may be small.
#[track_caller]
fn close(name: &str, ours: f64, theirs: f64) {
    assert!(
        (ours - theirs).abs() <= 1e-9 * theirs.abs(),
        "{name}: {ours} against {theirs}"
    );
}

#[test]
fn welch_equals_scipy() {
    for golden in golden().welch {
        let test = stats::welch_t_test(&golden.x, &golden.y).unwrap();
        close("t", test.statistic, golden.statistic);
        close(
            "freedom",
            test.degrees_of_freedom,
            golden.degrees_of_freedom,
        );
        close("p", test.p, golden.p);
        let (low, high) = test.interval(0.9);
        close("low", low, golden.interval.0);
        close("high", high, golden.interval.1);
        let effect = stats::hedges_g(&golden.x, &golden.y, 0.9).unwrap();
        close("g", effect.value, golden.hedges_g);
        let (low, high) = effect.interval.unwrap();
        close("low g", low, golden.hedges_interval.0);
        close("high g", high, golden.hedges_interval.1);
    }
}

#[test]
fn kruskal_wallis_equals_scipy() {
    for golden in golden().kruskal {
        let groups: Vec<&[f64]> = golden.groups.iter().map(Vec::as_slice).collect();
        let test = stats::kruskal_wallis(&groups).unwrap();
        close("H", test.statistic, golden.statistic);
        close("p", test.p, golden.p);
        let effect = stats::epsilon_squared(&groups, DRAWN).unwrap();
        close("epsilon squared", effect.value, golden.epsilon_squared);
        let sizes: Vec<usize> = groups.iter().map(|group| group.len()).collect();
        assert!(stats::kruskal_wallis_least_p(&sizes).unwrap() <= test.p);
    }
}

#[test]
fn spearman_equals_scipy() {
    for golden in golden().spearman {
        let test = stats::spearman(&golden.x, &golden.y).unwrap();
        close("rho", test.rho, golden.rho);
        close("p", test.p, golden.p);
        assert_eq!(test.exact, golden.x.len() <= 8);
    }
}

#[test]
fn rank_biserial_correlation_equals_that_of_scipys_ranks() {
    for golden in golden().rank_biserial {
        let effect = stats::rank_biserial(&golden.x, &golden.y, DRAWN).unwrap();
        close("rank-biserial", effect.value, golden.value);
    }
}

#[test]
fn adjusted_p_values_equal_those_of_the_definition() {
    for golden in golden().adjusted {
        for (ours, theirs) in [
            (stats::holm(&golden.p), golden.holm),
            (stats::bonferroni(&golden.p), golden.bonferroni),
        ] {
            for (ours, theirs) in ours.into_iter().zip(theirs) {
                close("adjusted", ours, theirs);
            }
        }
    }
}
