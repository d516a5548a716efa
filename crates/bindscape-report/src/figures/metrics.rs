//! AUCPR of every TF of a multi-model as a sorted dot plot.

use bindscape_matrix::results::Estimate;
use bindscape_stats::mean;

use super::precision_recall::intervals;
use super::{Figure, Key, Mark};
use crate::number::{estimate, fixed, maybe};
use crate::run::Run;
use crate::svg::{Anchor, Scale, Svg, fitted};

const WIDTH: f64 = 700.0;
const LEFT: f64 = 104.0;
const RIGHT: f64 = WIDTH - 180.0;
const ROW: f64 = 18.0;
const TOP: f64 = 26.0;

/// One TF over the repeats of a run.
pub(crate) struct Row {
    pub(crate) tf: usize,
    /// The estimate of a single evaluation; with several, their mean without an interval.
    pub(crate) aucpr: Estimate,
    /// AUCPR of each repeat.
    pub(crate) repeats: Vec<f64>,
    /// AUCPR without skill.
    pub(crate) chance: Option<f64>,
}

/// All TFs of a run, highest AUCPR first, undefined ones last.
pub(crate) fn rows(run: &Run) -> Vec<Row> {
    let mut rows: Vec<Row> = (0..run.record.tfs.len())
        .map(|tf| {
            let found: Vec<_> = run
                .starts()
                .into_iter()
                .flat_map(|start| run.metrics(tf, start).map(|(_, metrics)| metrics))
                .collect();
            let repeats: Vec<f64> = found.iter().filter_map(|m| m.aucpr.value).collect();
            let aucpr = match found[..] {
                [only] => only.aucpr,
                _ => Estimate {
                    value: mean(&repeats),
                    interval: None,
                },
            };
            Row {
                tf,
                aucpr,
                repeats,
                chance: run.no_skill(tf),
            }
        })
        .collect();
    let key = |row: &Row| row.aucpr.value.unwrap_or(f64::NEG_INFINITY);
    rows.sort_by(|a, b| key(b).total_cmp(&key(a)).then(a.tf.cmp(&b.tf)));
    rows
}

/// The dot plot; `None` before the first evaluation.
pub(crate) fn dot_plot(run: &Run) -> Option<Figure> {
    if !run.evaluated() {
        return None;
    }
    let rows = rows(run);
    let bottom = TOP + ROW * rows.len() as f64;
    let mut svg = Svg::new(WIDTH, bottom + 42.0);
    let scale = Scale {
        domain: (0.0, 1.0),
        range: (LEFT, RIGHT),
    };
    for i in 0..=5 {
        let value = f64::from(i) * 0.2;
        let x = scale.at(value);
        svg.line((x, TOP - 4.0), (x, bottom), "grid");
        for y in [14.0, bottom + 16.0] {
            svg.text((x, y), Anchor::Middle, "tick", &fixed(value, 1));
        }
    }
    svg.line((LEFT, bottom), (RIGHT, bottom), "axis");
    let middle = (LEFT + RIGHT) / 2.0;
    svg.text(
        (middle, bottom + 36.0),
        Anchor::Middle,
        "label",
        "AUCPR on the test regions",
    );
    for (i, row) in rows.iter().enumerate() {
        let y = TOP + ROW * (i as f64 + 0.5);
        let name = &run.record.tfs[row.tf];
        svg.text(
            (LEFT - 10.0, y + 4.0),
            Anchor::End,
            "name",
            &fitted(name, 7.6),
        );
        if let Some(chance) = row.chance {
            let x = scale.at(chance);
            svg.line((x, y - 6.0), (x, y + 6.0), "chance-mark");
        }
        if let Some((low, high)) = row.aucpr.interval {
            svg.line((scale.at(low), y), (scale.at(high), y), "whisker transfer");
        }
        if row.repeats.len() > 1 {
            for &value in &row.repeats {
                svg.circle((scale.at(value), y), 2.2, "speck", "");
            }
        }
        if let Some(value) = row.aucpr.value {
            let tooltip = format!("{name}: {}", estimate(&row.aucpr, 3));
            svg.circle((scale.at(value), y), 4.2, "dot transfer", &tooltip);
        }
        let text = estimate(&row.aucpr, 2);
        svg.text((RIGHT + 18.0, y + 4.0), Anchor::Start, "note", &text);
        let text = maybe(row.chance, 2);
        svg.text((WIDTH - 4.0, y + 4.0), Anchor::End, "note", &text);
    }
    svg.text((RIGHT + 18.0, 14.0), Anchor::Start, "label", "AUCPR");
    svg.text((WIDTH - 4.0, 14.0), Anchor::End, "label", "no skill");
    let several = rows.iter().any(|row| row.repeats.len() > 1);
    let spread = match intervals(run) {
        _ if several => {
            " Large dots are means over the repeats, small ones the repeats.".to_owned()
        }
        Some(what) => format!(" Lines are {what}."),
        None => String::new(),
    };
    Some(Figure {
        name: "aucpr-by-tf".into(),
        title: "How well each TF is predicted".into(),
        caption: format!(
            "Area under the precision-recall curve on the test regions, highest first.{spread} The upright mark is what no skill reaches: the share of bound regions."
        ),
        legend: vec![
            Key::new(Mark::Dot, "dot transfer", "AUCPR"),
            Key::new(Mark::Tick, "chance-mark", "no skill"),
        ],
        panels: vec![svg],
        columns: 1,
    })
}
