//! Transfer against scratch: the two dots of each repeat, then mean and spread.

use bindscape_matrix::results::{Estimate, Start};

use super::learning::class;
use super::precision_recall::{file_stem, intervals};
use super::{Figure, Key, Mark};
use crate::compare::{Comparison, Metric, Spread};
use crate::number::{estimate, fixed, no_skill, signed};
use crate::run::{Run, start_name};
use crate::svg::{Anchor, Scale, Svg, ticks};

const WIDTH: f64 = 456.0;
const LEFT: f64 = 84.0;
const RIGHT: f64 = WIDTH - 122.0;
const ROW: f64 = 38.0;
const TOP: f64 = 34.0;

/// Repeats of one TF trained both ways; `None` unless both have results.
pub(crate) fn transfer_against_scratch(run: &Run, tf: usize) -> Option<Figure> {
    let comparison = Comparison::new(run, tf, Metric::Aucpr);
    if comparison.scratch.values.is_empty() || comparison.transfer.values.is_empty() {
        return None;
    }
    let lines = intervals(run).map_or_else(String::new, |what| format!(" Lines are {what}."));
    let several = comparison.pairs.len() > 1;
    let rows = comparison.pairs.len() + usize::from(several);
    let bottom = TOP + ROW * rows as f64 + if several { 8.0 } else { 0.0 };
    let mut svg = Svg::new(WIDTH, bottom + 44.0);
    let chance = run.no_skill(tf);
    let scale = Scale {
        domain: domain(&comparison, chance),
        range: (LEFT, RIGHT),
    };
    axis(&mut svg, scale, bottom);
    if let Some(chance) = chance {
        let x = scale.at(chance);
        svg.line((x, TOP - 6.0), (x, bottom), "chance");
        svg.text((x, 14.0), Anchor::Middle, "small", &no_skill(Some(chance)));
    }
    for (i, pair) in comparison.pairs.iter().enumerate() {
        let y = TOP + ROW * (i as f64 + 0.5);
        let label = format!("Repeat {}", pair.repeat);
        svg.text((0.0, y - 1.0), Anchor::Start, "name", &label);
        svg.text(
            (0.0, y + 12.0),
            Anchor::Start,
            "small",
            &format!("seed {}", pair.seed),
        );
        if let (Some(scratch), Some(transfer)) = (
            pair.scratch.and_then(|e| e.value),
            pair.transfer.and_then(|e| e.value),
        ) {
            let (from, to) = (scale.at(scratch), scale.at(transfer));
            svg.line((from, y + 7.0), (to, y - 7.0), "link");
        }
        let marks = [
            (Start::Scratch, pair.scratch, y + 7.0),
            (Start::Transfer, pair.transfer, y - 7.0),
        ];
        for (start, value, y) in marks {
            if let Some(value) = value {
                dot(&mut svg, scale, start, &value, y, 4.6);
            }
        }
        if let Some(difference) = pair.difference() {
            svg.text(
                (RIGHT + 18.0, y + 4.0),
                Anchor::Start,
                "name",
                &signed(difference, 3),
            );
        }
    }
    if several {
        let edge = TOP + ROW * comparison.pairs.len() as f64 + 4.0;
        svg.line((0.0, edge), (WIDTH, edge), "axis");
        let y = edge + 4.0 + ROW / 2.0;
        svg.text((0.0, y + 4.0), Anchor::Start, "name strong", "Mean ± s.d.");
        for (start, spread, y) in [
            (Start::Scratch, &comparison.scratch, y + 7.0),
            (Start::Transfer, &comparison.transfer, y - 7.0),
        ] {
            dot(&mut svg, scale, start, &mean_and_sd(spread), y, 6.0);
        }
        if let Some(mean) = comparison.difference.mean() {
            let mut text = signed(mean, 3);
            if let Some(sd) = comparison.difference.sd() {
                text.push_str(&format!(" ± {}", fixed(sd, 3)));
            }
            svg.text((RIGHT + 18.0, y + 4.0), Anchor::Start, "name strong", &text);
        }
    }
    let mean = if several {
        " The last row is the mean over the repeats, its line one standard deviation to each side."
    } else {
        ""
    };
    Some(Figure {
        name: format!("transfer-{}", file_stem(&run.record.tfs[tf])),
        title: format!(
            "Transfer against training from scratch, {}",
            run.record.tfs[tf]
        ),
        caption: format!(
            "AUCPR on the test regions of each repeat, both models trained, chosen and tested on the same regions.{lines}{mean} On the right: transfer minus scratch."
        ),
        legend: vec![
            Key::new(Mark::Dot, "dot transfer", "transfer"),
            Key::new(Mark::Dot, "dot scratch", "from scratch"),
            Key::new(Mark::Line, "chance", "no skill: the share of bound regions"),
        ],
        panels: vec![svg],
        columns: 1,
    })
}

fn axis(svg: &mut Svg, scale: Scale, bottom: f64) {
    let (values, decimals) = ticks(scale.domain, 6, 1e-9);
    for value in values {
        let x = scale.at(value);
        svg.line((x, TOP - 6.0), (x, bottom), "grid");
        svg.text(
            (x, bottom + 16.0),
            Anchor::Middle,
            "tick",
            &fixed(value, decimals),
        );
    }
    svg.line((LEFT, bottom), (RIGHT, bottom), "axis");
    let middle = (LEFT + RIGHT) / 2.0;
    svg.text(
        (middle, bottom + 36.0),
        Anchor::Middle,
        "label",
        "AUCPR on the test regions",
    );
    svg.text((RIGHT + 18.0, 14.0), Anchor::Start, "label", "Difference");
}

fn dot(svg: &mut Svg, scale: Scale, start: Start, value: &Estimate, y: f64, radius: f64) {
    let Some(centre) = value.value else { return };
    let colour = class(start);
    if let Some((low, high)) = value.interval {
        let ends = ((scale.at(low), y), (scale.at(high), y));
        svg.line(ends.0, ends.1, &format!("whisker {colour}"));
    }
    let tooltip = format!("{}: {}", start_name(start), estimate(value, 3));
    svg.circle(
        (scale.at(centre), y),
        radius,
        &format!("dot {colour}"),
        &tooltip,
    );
}

fn mean_and_sd(spread: &Spread) -> Estimate {
    let value = spread.mean();
    let interval = value
        .zip(spread.sd())
        .map(|(mean, sd)| (mean - sd, mean + sd));
    Estimate { value, interval }
}

/// Range of all values, intervals and the level without skill, widened to tenths, within 0 to 1.
fn domain(comparison: &Comparison, chance: Option<f64>) -> (f64, f64) {
    let (mut low, mut high) = (chance.unwrap_or(1.0), chance.unwrap_or(0.0));
    let estimates = comparison
        .pairs
        .iter()
        .flat_map(|pair| [pair.scratch, pair.transfer])
        .flatten();
    for estimate in estimates {
        let ends = estimate.interval.or(estimate.value.map(|v| (v, v)));
        if let Some((from, to)) = ends {
            low = low.min(from);
            high = high.max(to);
        }
    }
    let low = ((low - 0.02) * 10.0).floor() / 10.0;
    let high = ((high + 0.02) * 10.0).ceil() / 10.0;
    (low.max(0.0), high.min(1.0))
}
