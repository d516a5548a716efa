//! `statistics.tsv`.

use bindscape_base::table;

use super::StatisticalTest;

const COLUMNS: [&str; 25] = [
    "question",
    "regions",
    "set",
    "asked",
    "tfs",
    "tf",
    "first",
    "second",
    "n",
    "unit",
    "mean_difference",
    "mean_difference_low",
    "mean_difference_high",
    "improved",
    "share_improved",
    "test",
    "statistic",
    "p",
    "p_adjusted",
    "adjustment",
    "effect_size",
    "effect",
    "effect_low",
    "effect_high",
    "note",
];

/// The table: names of columns, then a line per test. What is not known is `NA`.
pub(in crate::experiment) fn written(tests: &[StatisticalTest]) -> Vec<u8> {
    let mut out = Vec::new();
    let header = table::write_row(&mut out, COLUMNS);
    header.expect("writing to memory cannot fail");
    for test in tests {
        let fields = fields(test);
        let row = table::write_row(&mut out, fields.iter().map(String::as_str));
        row.expect("writing to memory cannot fail");
    }
    out
}

fn fields(test: &StatisticalTest) -> [String; COLUMNS.len()] {
    let (difference, effect) = (test.difference, test.effect);
    let low =
        |effect: Option<bindscape_stats::Effect>| number(effect.and_then(|e| Some(e.interval?.0)));
    let high =
        |effect: Option<bindscape_stats::Effect>| number(effect.and_then(|e| Some(e.interval?.1)));
    [
        text(test.question.name()),
        text(test.metric.column()),
        text(&test.set),
        test.asked
            .map_or_else(|| "all".to_owned(), |asked| asked.to_string()),
        text(test.tfs),
        text(&test.tf),
        text(&plain(&test.first)),
        text(&plain(&test.second)),
        test.units.to_string(),
        text(test.unit),
        number(difference.map(|difference| difference.value)),
        low(difference),
        high(difference),
        test.improved
            .map_or_else(|| "NA".to_owned(), |improved| improved.to_string()),
        number(test.share_improved()),
        text(&plain(test.test)),
        number(test.statistic),
        number(test.p),
        number(test.adjusted),
        text(&test.adjustment),
        text(&plain(test.effect_size)),
        number(effect.map(|effect| effect.value)),
        low(effect),
        high(effect),
        text(&plain(&test.note)),
    ]
}

fn text(text: &str) -> String {
    if text.is_empty() { "NA" } else { text }.to_owned()
}

/// In ASCII, which every program reads.
fn plain(text: &str) -> String {
    text.replace('\u{2019}', "'")
        .replace(['\u{2212}', '\u{2013}'], "-")
        .replace('\u{d7}', "x")
}

fn number(value: Option<f64>) -> String {
    let value = value.filter(|value| value.is_finite());
    value.map_or_else(|| "NA".to_owned(), |value| value.to_string())
}
