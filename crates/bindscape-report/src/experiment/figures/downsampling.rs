//! A panel per number of bound regions, a box per draw and model.

use std::collections::BTreeMap;

use super::{box_keys, brackets, no_skill_key, stem, symbol_keys};
use crate::experiment::models::{PWM, Style, name, styles};
use crate::experiment::plot;
use crate::experiment::results::{Condition, Metric, Results, asked_words};
use crate::figures::Figure;
use crate::svg::{Anchor, Frame, Scale, Svg, fitted};

const LEFT: f64 = 40.0;
const TOP: f64 = 26.0;
const PLOT: f64 = 190.0;
const BOTTOM: f64 = TOP + PLOT;

/// Where a panel is: the number of bound regions, the TF, the test regions.
#[derive(Clone, Copy)]
struct Place {
    at: Condition,
    tf: usize,
    metric: Metric,
}

/// An overview over TFs, then a figure for each TF, set and kind of test regions.
pub(super) fn figures(results: &Results<'_>) -> Vec<Figure> {
    let mut figures = Vec::new();
    for set in 0..results.sets.len() {
        for metric in results.metrics() {
            figures.extend(overview(results, set, metric));
        }
        for tf in 0..results.tfs.len() {
            for metric in results.metrics() {
                figures.extend(of_tf(results, set, tf, metric));
            }
        }
    }
    figures
}

fn conditions(results: &Results<'_>, set: usize, tf: usize, metric: Metric) -> Vec<Condition> {
    let any = |at: &Condition| {
        let mut models = results.models_of(*at, metric).into_iter();
        models.any(|model| results.mean(*at, tf, model, metric).is_some())
    };
    let of_set = |at: &Condition| at.set == set && results.occurs(*at, tf);
    let conditions = results.conditions().into_iter();
    conditions.filter(of_set).filter(any).collect()
}

fn of_tf(results: &Results<'_>, set: usize, tf: usize, metric: Metric) -> Option<Figure> {
    let conditions = conditions(results, set, tf, metric);
    let mut models: Vec<usize> = conditions
        .iter()
        .flat_map(|&at| results.models_of(at, metric))
        .collect();
    models.sort_unstable();
    models.dedup();
    if conditions.is_empty() || models.is_empty() {
        return None;
    }
    let styles = styles(&results.models);
    let stars: Vec<usize> = results.model(PWM).into_iter().collect();
    let mut legend = box_keys(results, &models, &styles, &stars);
    legend.push(no_skill_key());
    let panels = conditions
        .iter()
        .map(|&at| panel(results, Place { at, tf, metric }, &models))
        .collect();
    let tf = results.tfs[tf];
    Some(Figure {
        name: format!("downsampling-{}-{}-{}", stem(tf), stem(results.sets[set]), metric.column()),
        title: format!("{tf} by number of bound regions{}", brackets(results, results.set_label(set), metric)),
        caption: "A panel per number of bound regions. A group per draw of regions; its boxes are over splits, and fewer than five values are points with their mean.".into(),
        legend,
        panels,
        columns: 3,
    })
}

/// Values of each draw; with a single draw, of each repeat.
fn by_draw(results: &Results<'_>, place: Place, model: usize) -> (bool, BTreeMap<u32, Vec<f64>>) {
    let Place { at, tf, metric } = place;
    let rows = results.cell(at, tf, model);
    let draws: std::collections::BTreeSet<u32> = rows.iter().map(|row| row.draw).collect();
    let by_draw = draws.len() > 1;
    let mut values: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    for row in rows {
        if let Some(value) = metric.of(row) {
            let key = if by_draw { row.draw } else { 1 };
            values.entry(key).or_default().push(value);
        }
    }
    (by_draw, values)
}

fn panel(results: &Results<'_>, place: Place, models: &[usize]) -> Svg {
    let Place { at, tf, metric } = place;
    let styles = styles(&results.models);
    let values: Vec<(usize, BTreeMap<u32, Vec<f64>>)> = models
        .iter()
        .map(|&model| (model, by_draw(results, place, model).1))
        .collect();
    let mut draws: Vec<u32> = values
        .iter()
        .flat_map(|(_, values)| values.keys().copied())
        .collect();
    draws.sort_unstable();
    draws.dedup();
    let lane = (250.0 / (draws.len() * models.len()).max(1) as f64).clamp(8.0, 26.0);
    let each = lane * models.len() as f64 + 10.0;
    let right = LEFT + (each * draws.len() as f64).max(150.0);
    let each = (right - LEFT) / draws.len().max(1) as f64;
    let mut svg = Svg::new(right + 8.0, BOTTOM + 24.0);
    let scale = plot::unit_scale(TOP, BOTTOM);
    let title = capitalised(&asked_words(results.asked[at.asked]));
    svg.text((LEFT, 14.0), Anchor::Start, "panel", &title);
    for place in (1..draws.len()).step_by(2) {
        svg.rect((LEFT + each * place as f64, TOP), (each, PLOT), "shade", "");
    }
    plot::unit_axis(&mut svg, scale, (LEFT, right));
    if let Some(level) = results.no_skill(at, tf, metric) {
        let y = scale.at(level);
        svg.line((LEFT, y), (right, y), "chance");
    }
    for (place, draw) in draws.iter().enumerate() {
        let centre = LEFT + each * (place as f64 + 0.5);
        if draws.len() > 1 {
            let label = format!("draw {draw}");
            let label = if crate::svg::ems(&label) * 11.0 < each {
                label
            } else {
                draw.to_string()
            };
            svg.text((centre, BOTTOM + 15.0), Anchor::Middle, "tick", &label);
        }
        for (i, (model, values)) in values.iter().enumerate() {
            let Some(values) = values.get(draw) else {
                continue;
            };
            let x = centre + lane * (i as f64 + 0.5 - models.len() as f64 / 2.0);
            one(
                &mut svg,
                results,
                (x, lane),
                scale,
                *model,
                values,
                styles[*model],
            );
        }
    }
    svg
}

fn one(
    svg: &mut Svg,
    results: &Results<'_>,
    (x, lane): (f64, f64),
    scale: Scale,
    model: usize,
    values: &[f64],
    style: Style,
) {
    let tooltip = format!(
        "{}: {}",
        name(results.models[model]),
        plot::in_words(values)
    );
    if results.models[model] == PWM {
        plot::star(svg, x, scale, values, (style, 3.4), &tooltip);
    } else {
        plot::spread(svg, (x, lane * 0.78), scale, values, style, &tooltip);
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// Mean AUCPR against the number of bound regions, a panel per TF; `None` with one number.
fn overview(results: &Results<'_>, set: usize, metric: Metric) -> Option<Figure> {
    let mut panels = Vec::new();
    let mut shown: Vec<usize> = Vec::new();
    for tf in 0..results.tfs.len() {
        let conditions = conditions(results, set, tf, metric);
        let numbers = conditions
            .iter()
            .filter(|at| bound(results, **at, tf).is_some());
        if numbers.count() > 1 {
            for &at in &conditions {
                shown.extend(results.models_of(at, metric));
            }
            panels.extend(curves(results, &conditions, tf, metric));
        }
    }
    if panels.is_empty() {
        return None;
    }
    let mut legend = symbol_keys(results, shown, &styles(&results.models));
    legend.push(no_skill_key());
    Some(Figure {
        name: format!("bound-regions-{}-{}", stem(results.sets[set]), metric.column()),
        title: format!("AUCPR against the number of bound regions{}", brackets(results, results.set_label(set), metric)),
        caption: "A panel per TF; points are means over repeats, draws and splits. The number of bound training regions is on a logarithmic scale.".into(),
        legend,
        panels,
        columns: 3,
    })
}

/// Mean number of bound training regions.
fn bound(results: &Results<'_>, at: Condition, tf: usize) -> Option<f64> {
    let mut sum = (0.0, 0.0);
    for model in 0..results.models.len() {
        for row in results
            .cell(at, tf, model)
            .iter()
            .filter(|row| row.train_bound > 0)
        {
            sum.0 += row.train_bound as f64;
            sum.1 += 1.0;
        }
    }
    (sum.1 > 0.0).then(|| sum.0 / sum.1)
}

fn curves(
    results: &Results<'_>,
    conditions: &[Condition],
    tf: usize,
    metric: Metric,
) -> Option<Svg> {
    let width = 316.0;
    let styles = styles(&results.models);
    let number = |at: Condition| bound(results, at, tf);
    let frame = Frame {
        x: Scale {
            domain: plot::log_domain(conditions.iter().filter_map(|&at| number(at)))?,
            range: (LEFT, width - 10.0),
        },
        y: plot::unit_scale(TOP, BOTTOM),
    };
    let mut svg = Svg::new(width, BOTTOM + 40.0);
    svg.text(
        (LEFT, 14.0),
        Anchor::Start,
        "panel",
        &fitted(results.tfs[tf], 20.0),
    );
    plot::unit_axis(&mut svg, frame.y, (LEFT, width - 10.0));
    plot::log_axis(&mut svg, &frame);
    let middle = ((LEFT + width) / 2.0, BOTTOM + 36.0);
    svg.text(middle, Anchor::Middle, "label", "bound training regions");
    let level = |at: Condition| Some((number(at)?.log10(), results.no_skill(at, tf, metric)?));
    let levels: Vec<(f64, f64)> = conditions
        .iter()
        .filter_map(|&at| level(at))
        .map(|p| frame.at(p))
        .collect();
    svg.polyline(&levels, "chance", "");
    for (model, style) in styles.iter().enumerate() {
        let points: Vec<(Condition, (f64, f64))> = conditions
            .iter()
            .filter_map(|&at| {
                let value = results.mean(at, tf, model, metric)?;
                Some((at, frame.at((number(at)?.log10(), value))))
            })
            .collect();
        let line: Vec<(f64, f64)> = points.iter().map(|point| point.1).collect();
        svg.polyline(&line, &format!("trend {} line", style.class), "");
        for (at, point) in points {
            let values = results.values(at, tf, model, metric);
            let tooltip = format!(
                "{}, {}: {}",
                name(results.models[model]),
                asked_words(results.asked[at.asked]),
                plot::in_words(&values)
            );
            svg.symbol(
                style.symbol,
                point,
                3.4,
                &format!("point {}", style.class),
                &tooltip,
            );
        }
    }
    Some(svg)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_begin_with_a_capital() {
        assert_eq!(capitalised("all bound regions"), "All bound regions");
        assert_eq!(capitalised(&asked_words(Some(500))), "500 bound regions");
        assert_eq!(capitalised(""), "");
    }
}
