//! Adjusted p values of a family of tests, and words for p values that could not be significant.

use super::{ALPHA, StatisticalTest};
use crate::number::counted;

/// A test with the smallest p value that its number of values allows, if there is a bound.
pub(super) struct Draft {
    pub(super) test: StatisticalTest,
    pub(super) least: Option<f64>,
}

/// Adjusts by Holm.
pub(super) fn holm(drafts: Vec<Draft>) -> Vec<StatisticalTest> {
    adjusted(drafts, "Holm", bindscape_stats::holm)
}

/// Adjusts by Bonferroni.
pub(super) fn bonferroni(drafts: Vec<Draft>) -> Vec<StatisticalTest> {
    adjusted(drafts, "Bonferroni", bindscape_stats::bonferroni)
}

/// A test that cannot be significant takes no part in the adjustment (Tarone 1990).
fn adjusted(
    mut drafts: Vec<Draft>,
    name: &str,
    adjust: fn(&[f64]) -> Vec<f64>,
) -> Vec<StatisticalTest> {
    for Draft { test, least } in &mut drafts {
        if let Some(least) = least.filter(|&least| least >= ALPHA)
            && test.p.take().is_some()
        {
            note(
                test,
                format!(
                    "{}: too few for p < 0.05 (at least {})",
                    counted(test.units as u64, test.unit),
                    crate::number::p_value(least)
                ),
            );
        }
    }
    let tested: Vec<usize> = (0..drafts.len())
        .filter(|&at| drafts[at].test.p.is_some())
        .collect();
    let p_values: Vec<f64> = tested.iter().filter_map(|&at| drafts[at].test.p).collect();
    let least = tested
        .iter()
        .map(|&at| drafts[at].least.unwrap_or(0.0))
        .fold(1.0, f64::min);
    let possible = least * (tested.len() as f64) < ALPHA;
    for (&at, p) in tested.iter().zip(adjust(&p_values)) {
        let test = &mut drafts[at].test;
        test.adjustment = if tested.len() == 1 {
            "none: one test".into()
        } else {
            format!("{name}, {} tests", tested.len())
        };
        if possible {
            test.adjusted = Some(p);
        } else {
            note(
                test,
                format!(
                    "adjusted for {} tests, none can be below 0.05",
                    tested.len()
                ),
            );
        }
    }
    drafts.into_iter().map(|draft| draft.test).collect()
}

fn note(test: &mut StatisticalTest, text: String) {
    if !test.note.is_empty() {
        test.note.push_str("; ");
    }
    test.note.push_str(&text);
}
