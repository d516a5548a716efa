//! Hits as tables and BED.

use std::fmt::Write as _;

use bindscape_modisco::hdf5::Stored;
use bindscape_modisco::hits::{Called, Hit};

use super::{HitsCalled, PatternHits};
use crate::motif::places::Places;

/// `NA`, or a number with `digits` after the point.
fn optional(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "NA".to_owned(), |value| format!("{value:.digits$}"))
}

fn strand(hit: &Hit) -> char {
    if hit.reverse { '-' } else { '+' }
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
        let (chrom, offset) = places.of(hit.example as usize);
        let pattern = &found.patterns[hit.pattern];
        let [first, last] = pattern.core.map(|column| column as i64);
        let width = patterns[hit.pattern].contributions.len() as i64;
        let before = if hit.reverse { width - last } else { first };
        let (start, end) = (hit.start as i64 + offset, hit.end as i64 + offset);
        let whole = start - before;
        writeln!(
            text,
            "{chrom}\t{start}\t{end}\t{whole}\t{}\t{}\t{:.6}\t{:.6e}\t{:.6}\t{:.6}\t{:.6e}\t{:.6e}\t{}\t{}\t{}\t{penalty}\t{}",
            whole + width,
            pattern.name,
            hit.coefficient,
            hit.strength,
            hit.similarity,
            hit.similarity,
            hit.importance,
            hit.importance_squared,
            strand(hit),
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
    let mut rows: Vec<(String, i64, i64, &Hit)> = (found.called.hits.iter())
        .map(|hit| {
            let (chrom, offset) = places.of(hit.example as usize);
            let (start, end) = (hit.start as i64 + offset, hit.end as i64 + offset);
            (chrom.into_owned(), start, end, hit)
        })
        .collect();
    rows.sort_by(|a, b| {
        let place = |row: &(String, i64, i64, &Hit)| (row.1, row.2, row.3.pattern, row.3.reverse);
        (a.0.cmp(&b.0))
            .then_with(|| place(a).cmp(&place(b)))
            .then_with(|| b.3.similarity.total_cmp(&a.3.similarity))
    });
    rows.dedup_by(|a, b| {
        (&a.0, a.1, a.2, a.3.pattern, a.3.reverse) == (&b.0, b.1, b.2, b.3.pattern, b.3.reverse)
    });
    let mut text = String::new();
    for (chrom, start, end, hit) in rows {
        let pattern = &found.patterns[hit.pattern];
        let known = match &pattern.known {
            Some(known) => format!(":{known}"),
            None => String::new(),
        };
        let score = (1000.0 * hit.similarity).round().clamp(0.0, 1000.0);
        writeln!(
            text,
            "{chrom}\t{start}\t{end}\t{}{known}\t{score}\t{}",
            pattern.name,
            strand(hit)
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
            "{example}\t{}\t{}\t{:.4}\t{:.6e}",
            places.name(example),
            fit.hits,
            fit.covered,
            fit.scale
        )
        .expect("writing to a string");
    }
    text.push_str(
        "# covered: share of the absolute contributions that lie under a hit\n\
         # global_scale: root of the mean square of the contributions\n",
    );
    text
}
