//! Precision-recall curves: all repeats together and one by one, or one panel per TF.

use bindscape_matrix::results::{Start, TfMetrics};
use bindscape_stats::mean;

use super::learning::class;
use super::{Figure, Key, Mark};
use crate::number::{count, estimate, fixed, maybe, no_skill};
use crate::run::{Run, Training, start_name};
use crate::svg::{Anchor, Frame, Scale, Svg, fitted, px};

/// Why curves do not begin at the axis.
const BEGIN: &str = "Curves begin at the first bound region that is found; before, at recall 0, there is no precision to draw.";

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
    let head = 18.0 + 15.0 * (series.len() + 1) as f64;
    if repeats.len() > 1 {
        let mut panel = Panel::new(300.0, head, "All repeats");
        let curves = series.iter().flat_map(|(_, curves)| curves);
        panel.no_skill_line(series.len(), curves.map(|(_, metrics)| *metrics));
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
            let all: Vec<&[(f64, f64)]> = curves.iter().map(|(_, m)| found(&m.curve)).collect();
            let tooltip = format!("{}, mean of {} repeats", start_name(*start), all.len());
            if all.len() > 1 {
                panel.line(
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
        panel.no_skill_line(series.len(), of_repeat.iter().map(|&(_, metrics)| metrics));
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
        caption: format!(
            "{together}AUCPR is the area under the curve (trapezoid){bracketed}. {BEGIN}"
        ),
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
        panel.no_skill_inside(curves.iter().copied());
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
        caption: format!(
            "Precision (upright) against recall (across), both from 0 to 1, highest AUCPR first; the number above is the AUCPR, that at the dashed line the AUCPR without skill. {BEGIN}"
        ),
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

    /// The precision without skill, once per different share; the first of them.
    fn chance<'a>(&mut self, metrics: impl Iterator<Item = &'a TfMetrics>) -> Option<f64> {
        let mut shares: Vec<f64> = metrics.filter_map(TfMetrics::no_skill).collect();
        shares.sort_by(f64::total_cmp);
        shares.dedup_by(|a, b| (*a - *b).abs() < 0.005);
        for &share in &shares {
            let (left, right) = (self.frame.at((0.0, share)), self.frame.at((1.0, share)));
            self.svg.line(left, right, "chance");
        }
        shares.first().copied()
    }

    /// The level without skill, named in a line of the heading.
    fn no_skill_line<'a>(&mut self, line: usize, metrics: impl Iterator<Item = &'a TfMetrics>) {
        let Some(share) = self.chance(metrics) else {
            return;
        };
        let y = 30.0 + 15.0 * line as f64;
        self.svg.line((8.0, y - 4.0), (24.0, y - 4.0), "chance");
        self.svg
            .text((30.0, y), Anchor::Start, "note", &no_skill(Some(share)));
    }

    /// The level without skill, named below its line, where few curves come, or above it where
    /// there is no room.
    fn no_skill_inside<'a>(&mut self, metrics: impl Iterator<Item = &'a TfMetrics>) {
        let Some(share) = self.chance(metrics) else {
            return;
        };
        let (x, y) = self.frame.at((0.0, share));
        let room = self.frame.y.range.0 - y > 13.0;
        let y = if room { y + 11.0 } else { y - 4.0 };
        self.svg
            .text((x + 4.0, y), Anchor::Start, "small", &no_skill(Some(share)));
    }

    /// A curve from its first true positive on.
    fn curve(&mut self, curve: &[(f64, f64)], class: &str, tooltip: &str) {
        self.line(found(curve), class, tooltip);
    }

    fn line(&mut self, points: &[(f64, f64)], class: &str, tooltip: &str) {
        let points: Vec<(f64, f64)> = points.iter().map(|&point| self.frame.at(point)).collect();
        match points[..] {
            [point] => self.svg.circle(point, 2.5, class, tooltip),
            _ => self.svg.polyline(&points, class, tooltip),
        }
    }
}

/// The points of a curve with recall above 0: at recall 0 stand thresholds that find no bound
/// region, and a point of precision 1 that none has.
fn found(curve: &[(f64, f64)]) -> &[(f64, f64)] {
    &curve[curve.partition_point(|point| point.0 <= 0.0)..]
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

    #[test]
    fn curves_begin_where_something_is_found() {
        let curve = [(0.0, 1.0), (0.0, 0.0), (0.04, 0.5), (1.0, 0.5)];
        assert_eq!(found(&curve), &curve[2..]);
        assert_eq!(found(&curve[..2]), &[]);
        // Means are not drawn where a curve has not begun.
        let other = [(0.0, 1.0), (0.2, 1.0), (1.0, 0.5)];
        assert_eq!(mean_curve(&[found(&curve), found(&other)])[0].0, 0.2);
    }
}
