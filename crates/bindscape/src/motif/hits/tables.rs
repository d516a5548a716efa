//! Hits as tables and BED.

use std::fmt::Write as _;

use bindscape_modisco::hdf5::Stored;
use bindscape_modisco::hits::{Called, Hit};

use super::{HitsCalled, PatternHits};
use crate::motif::places::{Placed, Places};

/// `NA`, or a number with `digits` after the point.
fn optional(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "NA".to_owned(), |value| format!("{value:.digits$}"))
}

/// Where a hit lies.
fn place<'a>(hit: &Hit, places: &'a Places) -> Placed<'a> {
    places.place(
        hit.example as usize,
        hit.start as i64..hit.end as i64,
        hit.reverse,
    )
}

/// `hits.tsv`: a row for each hit, with the columns of Fi-NeMo and the known motif.
pub(super) fn hits(
    found: &HitsCalled,
    patterns: &[Stored],
    places: &Places,
    penalty: f64,
) -> String {
    let mut text = String::from(
        "chr\tstart\tend\tstart_untrimmed\tend_untrimmed\tmotif_name\thit_coefficient\t\
         hit_coefficient_global\thit_similarity\thit_correlation\thit_importance\t\
         hit_importance_sq\tstrand\tpeak_name\tpeak_id\tmotif_lambda\tmatch_name\n",
    );
    for hit in &found.called.hits {
        let pattern = &found.patterns[hit.pattern];
        let [first, last] = pattern.core.map(|column| column as i64);
        let width = patterns[hit.pattern].contributions.len() as i64;
        let before = if hit.reverse { width - last } else { first };
        let whole = hit.start as i64 - before;
        let whole = places.place(hit.example as usize, whole..whole + width, hit.reverse);
        let placed = place(hit, places);
        writeln!(
            text,
            "{}\t{}\t{}\t{}\t{}\t{}\t{:.6}\t{:.6e}\t{:.6}\t{:.6}\t{:.6e}\t{:.6e}\t{}\t{}\t{}\t{penalty}\t{}",
            placed.chrom,
            placed.range.start,
            placed.range.end,
            whole.range.start,
            whole.range.end,
            pattern.name,
            hit.coefficient,
            hit.strength,
            hit.similarity,
            hit.similarity,
            hit.importance,
            hit.importance_squared,
            placed.strand(),
            places.name(hit.example as usize),
            hit.example,
            pattern.known.as_deref().unwrap_or("NA"),
        )
        .expect("writing to a string");
    }
    text
}

/// `hits.bed`: each place of a pattern once, where regions overlap the hit that is most similar;
/// sorted by chromosome and start.
pub(super) fn bed(found: &HitsCalled, places: &Places) -> String {
    let mut rows: Vec<(Placed<'_>, &Hit)> = (found.called.hits.iter())
        .map(|hit| (place(hit, places), hit))
        .collect();
    rows.sort_by(|(a, hit_a), (b, hit_b)| {
        let order = |of: &Placed<'_>, hit: &Hit| (of.range.start, hit.pattern, of.reverse);
        (a.chrom.cmp(&b.chrom))
            .then_with(|| order(a, hit_a).cmp(&order(b, hit_b)))
            .then_with(|| hit_b.similarity.total_cmp(&hit_a.similarity))
    });
    rows.dedup_by(|(a, hit_a), (b, hit_b)| a == b && hit_a.pattern == hit_b.pattern);
    let mut text = String::new();
    for (placed, hit) in rows {
        let pattern = &found.patterns[hit.pattern];
        let known = match &pattern.known {
            Some(known) => format!(":{known}"),
            None => String::new(),
        };
        let score = (1000.0 * hit.similarity).round().clamp(0.0, 1000.0);
        writeln!(
            text,
            "{}\t{}\t{}\t{}{known}\t{score}\t{}",
            placed.chrom,
            placed.range.start,
            placed.range.end,
            pattern.name,
            placed.strand()
        )
        .expect("writing to a string");
    }
    text
}

/// `patterns.tsv`: a row for each pattern.
pub(super) fn patterns(patterns: &[PatternHits]) -> String {
    let mut text = String::from(
        "pattern\tmatch_name\tq-value\tfirst\tlast\thits\tsequences\tmean_similarity\tmean_importance\tseqlets\tseqlets_found\n",
    );
    for pattern in patterns {
        let [seqlets, found] = match pattern.seqlets {
            Some(counts) => counts.map(|count| count.to_string()),
            None => ["NA", "NA"].map(str::to_owned),
        };
        let q_value = match pattern.q_value {
            Some(q_value) => format!("{q_value:.5e}"),
            None => "NA".to_owned(),
        };
        writeln!(
            text,
            "{}\t{}\t{q_value}\t{}\t{}\t{}\t{}\t{}\t{}\t{seqlets}\t{found}",
            pattern.name,
            pattern.known.as_deref().unwrap_or("NA"),
            pattern.core[0],
            pattern.core[1],
            pattern.hits,
            pattern.sequences,
            optional(pattern.similarity, 4),
            optional(pattern.importance, 5),
        )
        .expect("writing to a string");
    }
    text.push_str(
        "# first, last: columns of the core of the pattern, from 0, the last not among them\n\
         # seqlets_found: seqlets that a hit of the pattern overlaps\n",
    );
    text
}

/// `sequences.tsv`: a row for each sequence.
pub(super) fn sequences(called: &Called, places: &Places) -> String {
    let mut text = String::from("peak_id\tpeak_name\thits\tcovered\tglobal_scale\n");
    for (example, fit) in called.fits.iter().enumerate() {
        writeln!(
            text,
            "{example}\t{}\t{}\t{}\t{:.6e}",
            places.name(example),
            fit.hits,
            fit.covered
                .map_or("NA".to_owned(), |share| format!("{share:.4}")),
            fit.scale
        )
        .expect("writing to a string");
    }
    text.push_str(
        "# covered: share of the absolute contributions that lie under a hit; NA where nothing contributes\n\
         # global_scale: root of the mean square of the contributions\n",
    );
    text
}
