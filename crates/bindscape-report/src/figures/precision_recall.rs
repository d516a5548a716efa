//! Precision-recall curves: all repeats together and one by one, or one panel per TF.

use bindscape_matrix::results::{Start, TfMetrics};
use bindscape_stats::mean;

use super::learning::class;
use super::{Figure, Key, Mark};
use crate::number::{count, estimate, fixed, maybe};
use crate::run::{Run, Training, start_name};
use crate::svg::{Anchor, Frame, Scale, Svg, fitted, px};

/// Curves of the repeats of one TF; `None` before the first evaluation.
pub(crate) fn of_repeats(run: &Run, tf: usize) -> Option<Figure> {
    let starts = run.starts();
    let evaluated = |start| run.metrics(tf, start).collect::<Vec<_>>();
    let series: Vec<(Start, Vec<(&Training, &TfMetrics)>)> = starts
        .iter()
        .map(|&start| (start, evaluated(start)))
        .filter(|(_, curves)| !curves.is_empty())
        .collect();
    let mut repeats: Vec<u32> = series
        .iter()
        .flat_map(|(_, curves)| curves.iter().map(|(training, _)| training.record.repeat))
        .collect();
    repeats.sort_unstable();
    repeats.dedup();
    if repeats.is_empty() {
        return None;
    }
    let mut panels = Vec::new();
    let head = 18.0 + 15.0 * series.len() as f64;
    if repeats.len() > 1 {
        let mut panel = Panel::new(300.0, head, "All repeats");
        let curves = series.iter().flat_map(|(_, curves)| curves);
        panel.chance(curves.map(|(_, metrics)| *metrics));
        for (line, (start, curves)) in series.iter().rev().enumerate() {
            let values: Vec<f64> = curves.iter().filter_map(|(_, m)| m.aucpr.value).collect();
            let text = format!("mean AUCPR {}", maybe(mean(&values), 3));
            panel.key(line, *start, &text);
        }
        for (start, curves) in &series {
            for (training, metrics) in curves {
                let tooltip = training.label(run.record.kind);
                panel.curve(&metrics.curve, &format!("thin {}", class(*start)), &tooltip);
            }
            let all: Vec<&[(f64, f64)]> = curves.iter().map(|(_, m)| &m.curve[..]).collect();
            let tooltip = format!("{}, mean of {} repeats", start_name(*start), all.len());
            if all.len() > 1 {
                panel.curve(
                    &mean_curve(&all),
                    &format!("thick {}", class(*start)),
                    &tooltip,
                );
            }
        }
        panels.push(panel.svg);
    }
    for repeat in &repeats {
        let of_repeat: Vec<(Start, &TfMetrics)> = series
            .iter()
            .flat_map(|(start, curves)| {
                curves
                    .iter()
                    .filter(|(training, _)| training.record.repeat == *repeat)
                    .map(|(_, metrics)| (*start, *metrics))
            })
            .collect();
        let mut panel = Panel::new(300.0, head, &format!("Repeat {repeat}"));
        panel.chance(of_repeat.iter().map(|&(_, metrics)| metrics));
        for (line, (start, metrics)) in of_repeat.iter().rev().enumerate() {
            panel.key(
                line,
                *start,
                &format!("AUCPR {}", estimate(&metrics.aucpr, 3)),
            );
        }
        for (start, metrics) in of_repeat {
            let class = match start {
                Start::Scratch => "only scratch",
                Start::Transfer => "only transfer",
            };
            panel.curve(&metrics.curve, class, start_name(start));
        }
        panels.push(panel.svg);
    }
    let mut legend: Vec<Key> = series
        .iter()
        .rev()
        .map(|(start, _)| {
            let class = match start {
                Start::Scratch => "only scratch",
                Start::Transfer => "only transfer",
            };
            Key::new(Mark::Line, class, start_name(*start))
        })
        .collect();
    legend.push(Key::new(
        Mark::Line,
        "chance",
        "no skill: the share of bound regions",
    ));
    let together = if repeats.len() > 1 {
        "Thick lines are the mean precision of the repeats at each recall. "
    } else {
        ""
    };
    let bracketed = intervals(run).map_or_else(String::new, |what| format!("; in brackets {what}"));
    Some(Figure {
        name: format!("precision-recall-{}", file_stem(&run.record.tfs[tf])),
        title: format!(
            "Precision and recall of {} on the test regions",
            run.record.tfs[tf]
        ),
        caption: format!("{together}AUCPR is the area under the curve (trapezoid){bracketed}."),
        legend,
        panels,
        columns: 3,
    })
}

/// One small panel per TF, best first; `None` before the first evaluation.
pub(crate) fn of_tfs(run: &Run) -> Option<Figure> {
    if !run.evaluated() {
        return None;
    }
    let mut panels: Vec<(Option<f64>, usize, Svg)> = Vec::new();
    for tf in 0..run.record.tfs.len() {
        let curves: Vec<&TfMetrics> = run
            .starts()
            .into_iter()
            .flat_map(|start| run.metrics(tf, start).map(|(_, metrics)| metrics))
            .collect();
        let values: Vec<f64> = curves.iter().filter_map(|m| m.aucpr.value).collect();
        let value = mean(&values);
        let mut panel = Panel::small(&run.record.tfs[tf], value);
        panel.chance(curves.iter().copied());
        let class = if curves.len() > 1 {
            "thin transfer"
        } else {
            "only transfer"
        };
        for metrics in &curves {
            let tooltip = format!("{}: {}", run.record.tfs[tf], estimate(&metrics.aucpr, 3));
            panel.curve(&metrics.curve, class, &tooltip);
        }
        panels.push((value, tf, panel.svg));
    }
    // Undefined values last; equal ones in the order of the model's outputs.
    panels.sort_by(|a, b| {
        let key = |value: Option<f64>| value.unwrap_or(f64::NEG_INFINITY);
        key(b.0).total_cmp(&key(a.0)).then(a.1.cmp(&b.1))
    });
    Some(Figure {
        name: "precision-recall".into(),
        title: "Precision and recall of every TF on the test regions".into(),
        caption: "Precision (upright) against recall (across), both from 0 to 1, highest AUCPR first; the number is the AUCPR.".into(),
        legend: vec![
            Key::new(Mark::Line, "only transfer", "model"),
            Key::new(Mark::Line, "chance", "no skill: the share of bound regions"),
        ],
        panels: panels.into_iter().map(|(_, _, svg)| svg).collect(),
        columns: 7,
    })
}

/// What the intervals of a run are, for captions: `95% intervals of 1,000
/// bootstrap resamples of the test regions`; `None` if it has none.
pub(crate) fn intervals(run: &Run) -> Option<String> {
    let evaluation = run.trainings.iter().find_map(|t| t.evaluation.as_ref())?;
    (evaluation.resamples > 0).then(|| {
        format!(
            "{}% intervals of {} bootstrap resamples of the test regions",
            px(evaluation.level * 100.0),
            count(evaluation.resamples.into())
        )
    })
}

/// Letters, digits, `-` and `_` of a name; the rest becomes `_`.
pub(super) fn file_stem(name: &str) -> String {
    name.chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '-' {
                c
            } else {
                '_'
            }
        })
        .collect()
}

/// Mean precision of several curves at recall 0, 0.01, … 1.
fn mean_curve(curves: &[&[(f64, f64)]]) -> Vec<(f64, f64)> {
    (0..=100)
        .map(|i| f64::from(i) / 100.0)
        .filter_map(|recall| {
            let sum: Option<f64> = curves.iter().map(|curve| precision_at(curve, recall)).sum();
            Some((recall, sum? / curves.len() as f64))
        })
        .collect()
}

/// Precision at a recall, linear between points as the trapezoid is.
fn precision_at(curve: &[(f64, f64)], recall: f64) -> Option<f64> {
    let after = curve.partition_point(|point| point.0 <= recall);
    let before = *curve.get(after.checked_sub(1)?)?;
    Some(match curve.get(after) {
        Some(next) => {
            let share = (recall - before.0) / (next.0 - before.0);
            before.1 + share * (next.1 - before.1)
        }
        None => before.1,
    })
}

struct Panel {
    svg: Svg,
    frame: Frame,
}

impl Panel {
    fn new(width: f64, head: f64, title: &str) -> Self {
        let (left, right) = (50.0, width - 10.0);
        let top = head + 12.0;
        let bottom = top + (right - left) * 0.86;
        let mut svg = Svg::new(width, bottom + 42.0);
        let frame = Frame {
            x: Scale {
                domain: (0.0, 1.0),
                range: (left, right),
            },
            y: Scale {
                domain: (0.0, 1.0),
                range: (bottom, top),
            },
        };
        svg.text((8.0, 14.0), Anchor::Start, "panel", title);
        let ticks: Vec<f64> = (0..=5).map(|i| f64::from(i) * 0.2).collect();
        frame.axes(&mut svg, (ticks, 1), 5);
        let middle = (left + right) / 2.0;
        svg.text((middle, bottom + 36.0), Anchor::Middle, "label", "Recall");
        let middle = (top + bottom) / 2.0;
        svg.upward((14.0, middle), Anchor::Middle, "label", "Precision");
        Self { svg, frame }
    }

    fn small(title: &str, value: Option<f64>) -> Self {
        let (width, top, side) = (112.0, 20.0, 96.0);
        let mut svg = Svg::new(width, top + side + 8.0);
        let frame = Frame {
            x: Scale {
                domain: (0.0, 1.0),
                range: (6.0, 6.0 + side),
            },
            y: Scale {
                domain: (0.0, 1.0),
                range: (top + side, top),
            },
        };
        svg.rect((6.0, top), (side, side), "shade", "");
        svg.text(
            (6.0, 14.0),
            Anchor::Start,
            "name strong",
            &fitted(title, 5.6),
        );
        let value = value.map_or_else(|| crate::number::UNDEFINED.to_owned(), |v| fixed(v, 2));
        svg.text((6.0 + side, 14.0), Anchor::End, "note", &value);
        svg.line((6.0, top + side), (6.0 + side, top + side), "axis");
        svg.line((6.0, top), (6.0, top + side), "axis");
        Self { svg, frame }
    }

    /// A line of the heading: mark of the series and its AUCPR.
    fn key(&mut self, line: usize, start: Start, text: &str) {
        let y = 30.0 + 15.0 * line as f64;
        let class = match start {
            Start::Scratch => "only scratch",
            Start::Transfer => "only transfer",
        };
        self.svg.line((8.0, y - 4.0), (24.0, y - 4.0), class);
        let text = format!("{}: {text}", start_name(start));
        self.svg.text((30.0, y), Anchor::Start, "note", &text);
    }

    /// The precision of a model without skill, once per different share.
    fn chance<'a>(&mut self, metrics: impl Iterator<Item = &'a TfMetrics>) {
        let mut shares: Vec<f64> = metrics
            .filter(|metrics| metrics.regions > 0)
            .map(|metrics| metrics.positives as f64 / metrics.regions as f64)
            .collect();
        shares.sort_by(f64::total_cmp);
        shares.dedup_by(|a, b| (*a - *b).abs() < 0.005);
        for &share in &shares {
            let (left, right) = (self.frame.at((0.0, share)), self.frame.at((1.0, share)));
            self.svg.line(left, right, "chance");
        }
        if let Some(&share) = shares.first() {
            // Below the line, where curves seldom are, but not on the axis.
            let (x, y) = self.frame.at((0.0, share));
            let y = if share > 0.08 { y + 13.0 } else { y - 5.0 };
            let text = format!("no skill {}", fixed(share, 2));
            self.svg.text((x + 6.0, y), Anchor::Start, "note", &text);
        }
    }

    fn curve(&mut self, curve: &[(f64, f64)], class: &str, tooltip: &str) {
        let points: Vec<(f64, f64)> = curve.iter().map(|&point| self.frame.at(point)).collect();
        self.svg.polyline(&points, class, tooltip);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_of_curves_is_taken_at_each_recall() {
        let high = [(0.0, 1.0), (1.0, 1.0)];
        let low = [(0.0, 1.0), (0.5, 0.5), (0.5, 0.4), (1.0, 0.2)];
        assert_eq!(precision_at(&low, 0.25), Some(0.75));
        assert_eq!(precision_at(&low, 1.0), Some(0.2));
        assert_eq!(precision_at(&[(0.5, 0.5)], 0.2), None);
        let mean = mean_curve(&[&high, &low]);
        assert_eq!(mean.len(), 101);
        assert!((mean[75].1 - 0.65).abs() < 1e-12);
    }
}
