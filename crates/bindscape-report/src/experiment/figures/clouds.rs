//! A dot per TF against its training size: AUCPR, its deviation over repeats, the change by transfer.

use bindscape_matrix::experiment::Relation;
use bindscape_stats::standard_deviation;

use super::{stem, symbol_keys};
use crate::experiment::models::{Style, name, styles};
use crate::experiment::plot;
use crate::experiment::results::{Condition, Metric, Results};
use crate::experiment::statistics::changes as changes_of;
use crate::figures::{Figure, Key, Mark};
use crate::number::{count, fixed, signed};
use crate::svg::{Anchor, Frame, Scale, Svg, Symbol, fitted};

const WIDTH: f64 = 490.0;
const LEFT: f64 = 62.0;
const RIGHT: f64 = WIDTH - 12.0;
const TOP: f64 = 26.0;
const BOTTOM: f64 = 286.0;
const HEIGHT: f64 = BOTTOM + 44.0;

/// A dot of a cloud.
struct Dot {
    size: f64,
    value: f64,
    style: Style,
    tooltip: String,
}

/// What the panels of a cloud show of a TF and model.
type Value = fn(&Results<'_>, Condition, usize, usize, Metric) -> Option<f64>;

/// AUCPR against training size.
pub(super) fn sizes(results: &Results<'_>) -> Vec<Figure> {
    of_models(
        results,
        "sizes",
        "AUCPR against training size",
        "A dot per TF and model: the mean over repeats, draws and splits.",
        |results, at, tf, model, metric| results.mean(at, tf, model, metric),
    )
}

/// Standard deviations over repeats.
pub(super) fn deviations(results: &Results<'_>) -> Vec<Figure> {
    of_models(
        results,
        "deviations",
        "Standard deviation of the AUCPR against training size",
        "A dot per TF and model: the sample standard deviation over its trainings (repeats, draws and splits), with n \u{2212} 1 in the denominator.",
        |results, at, tf, model, metric| standard_deviation(&results.values(at, tf, model, metric)),
    )
}

/// One figure with a panel for each set and kind of test regions.
fn of_models(
    results: &Results<'_>,
    stem_of: &str,
    title: &str,
    caption: &str,
    value: Value,
) -> Vec<Figure> {
    let styles = styles(&results.models);
    let unit = stem_of == "sizes";
    let mut panels = Vec::new();
    let mut shown: Vec<usize> = Vec::new();
    for set in 0..results.sets.len() {
        for metric in results.metrics() {
            let mut dots = Vec::new();
            let conditions = results.conditions().into_iter().filter(|at| at.set == set);
            for at in conditions {
                for model in results.models_of(at, metric) {
                    for tf in results.tfs_of(at) {
                        let found = value(results, at, tf, model, metric);
                        let (Some(size), Some(value)) = (results.size(at, tf), found) else {
                            continue;
                        };
                        shown.push(model);
                        dots.push((model, dot(results, tf, model, (size, value), styles[model])));
                    }
                }
            }
            // The simplest lies on top, where it can be seen.
            dots.sort_by_key(|dot| std::cmp::Reverse(dot.0));
            let dots: Vec<Dot> = dots.into_iter().map(|(_, dot)| dot).collect();
            panels.extend(cloud(&dots, unit, &panel_title(results, set, metric)));
        }
    }
    if panels.is_empty() {
        return Vec::new();
    }
    let legend = symbol_keys(results, shown, &styles);
    vec![Figure {
        name: stem_of.to_owned(),
        title: title.to_owned(),
        caption: format!(
            "{caption} The training size is the number of training regions, on a logarithmic scale."
        ),
        legend,
        panels,
        columns: 2,
    }]
}

fn dot(
    results: &Results<'_>,
    tf: usize,
    model: usize,
    (size, value): (f64, f64),
    style: Style,
) -> Dot {
    Dot {
        size,
        value,
        style,
        tooltip: format!(
            "{}, {}: {} with {} training regions",
            results.tfs[tf],
            name(results.models[model]),
            fixed(value, 3),
            count(size.round() as u64)
        ),
    }
}

fn panel_title(results: &Results<'_>, set: usize, metric: Metric) -> String {
    if results.sets.len() > 1 {
        let set = crate::experiment::results::set_name(results.sets[set]);
        format!("{}, set {set}", metric.head())
    } else {
        metric.head().to_owned()
    }
}

fn cloud(dots: &[Dot], unit: bool, title: &str) -> Option<Svg> {
    let domain = plot::log_domain(dots.iter().map(|dot| dot.size))?;
    let most = dots.iter().map(|dot| dot.value).fold(0.0, f64::max);
    let top = if unit { 1.0 } else { (most * 1.08).max(0.01) };
    let frame = frame(domain, (0.0, top));
    let mut svg = blank(title, if unit { "AUCPR" } else { "standard deviation" });
    if unit {
        plot::unit_axis(&mut svg, frame.y, (LEFT, RIGHT));
    } else {
        plot::value_axis(&mut svg, frame.y, (LEFT, RIGHT), false);
    }
    size_axis(&mut svg, &frame);
    draw(&mut svg, &frame, dots);
    Some(svg)
}

fn draw(svg: &mut Svg, frame: &Frame, dots: &[Dot]) {
    let radius = match dots.len() {
        ..300 => 3.4,
        300..600 => 2.6,
        _ => 2.2,
    };
    for dot in dots {
        let class = format!("cloud {}", dot.style.class);
        let place = frame.at((dot.size.log10(), dot.value));
        svg.symbol(dot.style.symbol, place, radius, &class, &dot.tooltip);
    }
}

fn frame(x: (f64, f64), y: (f64, f64)) -> Frame {
    Frame {
        x: Scale {
            domain: x,
            range: (LEFT, RIGHT),
        },
        y: Scale {
            domain: y,
            range: (BOTTOM, TOP),
        },
    }
}

fn blank(title: &str, y: &str) -> Svg {
    let mut svg = Svg::new(WIDTH, HEIGHT);
    svg.text((LEFT, 14.0), Anchor::Start, "panel", &fitted(title, 34.0));
    svg.upward((11.0, (TOP + BOTTOM) / 2.0), Anchor::Middle, "label", y);
    svg
}

fn size_axis(svg: &mut Svg, frame: &Frame) {
    plot::log_axis(svg, frame);
    let middle = ((LEFT + RIGHT) / 2.0, BOTTOM + 38.0);
    svg.text(middle, Anchor::Middle, "label", "training regions");
}

/// Style and words of a relation.
fn relation_style(relation: Relation) -> (Style, &'static str) {
    let (class, symbol, words) = match relation {
        Relation::Among => (
            "m-multi",
            Symbol::Diamond,
            "among the multi-model\u{2019}s TFs",
        ),
        Relation::SameMode => ("m-transfer", Symbol::Circle, "same binding mode"),
        Relation::OtherMode => ("m-scratch", Symbol::Circle, "another binding mode"),
        Relation::Unknown => ("m-4", Symbol::Square, "binding mode not known"),
    };
    (Style { class, symbol }, words)
}

/// Change by transfer, against training size and by relation.
pub(super) fn changes(results: &Results<'_>) -> Vec<Figure> {
    let mut figures = Vec::new();
    for at in results.conditions() {
        let mut panels = Vec::new();
        let mut shown: Vec<Relation> = Vec::new();
        for metric in results.metrics() {
            let changes = changes_of(results, at, metric);
            if changes.is_empty() {
                continue;
            }
            let domain = plot::change_domain(changes.iter().map(|&(_, change)| change));
            let related: Vec<(Relation, usize, f64)> = changes
                .into_iter()
                .map(|(tf, change)| (results.relation(at, tf), tf, change))
                .collect();
            shown.extend(related.iter().map(|change| change.0));
            panels.extend(change_cloud(results, at, metric, &related, domain));
            panels.push(change_boxes(results, metric, &related, domain));
        }
        if panels.is_empty() {
            continue;
        }
        shown.sort_unstable();
        shown.dedup();
        let mut legend: Vec<Key> = shown
            .into_iter()
            .map(|relation| {
                let (style, words) = relation_style(relation);
                Key::new(Mark::Symbol(style.symbol), style.class, words)
            })
            .collect();
        legend.push(Key::new(Mark::Line, "chance", "no change"));
        let label = results.label(at);
        let brackets = if label.is_empty() {
            String::new()
        } else {
            format!(" ({label})")
        };
        figures.push(Figure {
            name: format!("changes-{}-{}", stem(results.sets[at.set]), results.asked[at.asked].unwrap_or(0)),
            title: format!("Change of the AUCPR by transfer{brackets}"),
            caption: "Transfer minus training from scratch, a dot per TF: the mean over repeats, draws and splits. Left: against the number of training regions, on a logarithmic scale. Right: by what the TF has to do with the TFs of the multi-model; groups of five TFs or more as boxes.".into(),
            legend,
            panels,
            columns: 2,
        });
    }
    figures
}

fn change_tooltip(results: &Results<'_>, tf: usize, change: f64) -> String {
    format!("{}: {}", results.tfs[tf], signed(change, 3))
}

fn change_cloud(
    results: &Results<'_>,
    at: Condition,
    metric: Metric,
    changes: &[(Relation, usize, f64)],
    domain: (f64, f64),
) -> Option<Svg> {
    let dots: Vec<Dot> = changes
        .iter()
        .filter_map(|&(relation, tf, value)| {
            Some(Dot {
                size: results.size(at, tf)?,
                value,
                style: relation_style(relation).0,
                tooltip: change_tooltip(results, tf, value),
            })
        })
        .collect();
    let frame = frame(plot::log_domain(dots.iter().map(|dot| dot.size))?, domain);
    let mut svg = blank(metric.head(), "change of the AUCPR");
    plot::value_axis(&mut svg, frame.y, (LEFT, RIGHT), true);
    let zero = frame.y.at(0.0);
    svg.line((LEFT, zero), (RIGHT, zero), "chance");
    size_axis(&mut svg, &frame);
    draw(&mut svg, &frame, &dots);
    Some(svg)
}

fn change_boxes(
    results: &Results<'_>,
    metric: Metric,
    changes: &[(Relation, usize, f64)],
    domain: (f64, f64),
) -> Svg {
    let mut groups: Vec<(Relation, Vec<(usize, f64)>)> = Vec::new();
    for relation in Relation::ALL {
        let of = changes.iter().filter(|change| change.0 == relation);
        let group: Vec<(usize, f64)> = of.map(|&(_, tf, change)| (tf, change)).collect();
        if !group.is_empty() {
            groups.push((relation, group));
        }
    }
    let scale = frame((0.0, 1.0), domain).y;
    let title = format!("{}, by relation", metric.head());
    let mut svg = blank(&title, "change of the AUCPR");
    plot::value_axis(&mut svg, scale, (LEFT, RIGHT), true);
    let zero = scale.at(0.0);
    svg.line((LEFT, zero), (RIGHT, zero), "chance");
    let each = (RIGHT - LEFT) / groups.len() as f64;
    let width = (each * 0.5).min(70.0);
    for (place, (relation, group)) in groups.iter().enumerate() {
        let x = LEFT + each * (place as f64 + 0.5);
        let (style, _) = relation_style(*relation);
        let values: Vec<f64> = group.iter().map(|&(_, change)| change).collect();
        if values.len() < plot::BOX {
            let tooltip = plot::in_words(&values);
            plot::spread(&mut svg, (x, width), scale, &values, style, &tooltip);
        } else {
            plot::boxed(
                &mut svg,
                (x, width),
                scale,
                &values,
                style,
                &plot::in_words(&values),
            );
            for (i, &(tf, change)) in group.iter().enumerate() {
                // Golden steps fill the width evenly.
                let aside = ((i as f64 * 0.618_034).fract() - 0.5) * width * 1.5;
                let class = format!("cloud {}", style.class);
                let tooltip = change_tooltip(results, tf, change);
                svg.symbol(
                    style.symbol,
                    (x + aside, scale.at(change)),
                    2.2,
                    &class,
                    &tooltip,
                );
            }
        }
        let below = BOTTOM + 16.0;
        svg.text((x, below), Anchor::Middle, "tick", relation.name());
        let many = crate::number::counted(group.len() as u64, "TF");
        svg.text((x, below + 14.0), Anchor::Middle, "small", &many);
    }
    svg
}
