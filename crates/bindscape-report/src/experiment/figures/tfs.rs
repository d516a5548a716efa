//! A box per TF and model, TFs in order of their training size.

use super::{box_keys, height_below, names_below, no_skill_key, stem, subtitle};
use crate::experiment::models::{MULTI, PWM, name, styles};
use crate::experiment::plot;
use crate::experiment::results::{Condition, Metric, Results};
use crate::figures::Figure;
use crate::number::count;
use crate::svg::{Anchor, Svg};

const WIDTH: f64 = 1000.0;
const LEFT: f64 = 44.0;
const TOP: f64 = 10.0;
const PLOT: f64 = 200.0;
/// Width of a box and of a star, and the room between TFs, at least.
const LANE: f64 = 9.0;
const BETWEEN: f64 = 7.0;
/// A TF is no wider than this.
const WIDEST: f64 = 130.0;

pub(super) fn figures(results: &Results<'_>) -> Vec<Figure> {
    let mut figures = Vec::new();
    for at in results.conditions() {
        for metric in results.metrics() {
            figures.extend(of(results, at, metric));
        }
    }
    figures
}

fn of(results: &Results<'_>, at: Condition, metric: Metric) -> Option<Figure> {
    let models = results.models_of(at, metric);
    let any = |tf: &usize| {
        models
            .iter()
            .any(|&model| results.mean(at, *tf, model, metric).is_some())
    };
    let tfs: Vec<usize> = results.tfs_of(at).into_iter().filter(any).collect();
    if tfs.is_empty() {
        return None;
    }
    let least = LANE * models.len() as f64 + BETWEEN;
    let fit = (((WIDTH - LEFT) / least).floor() as usize).max(1);
    let rows = tfs.len().div_ceil(fit);
    let per_row = tfs.len().div_ceil(rows);
    let each = ((WIDTH - LEFT) / per_row as f64).min(WIDEST);
    let panels = tfs
        .chunks(per_row)
        .map(|tfs| panel(results, (at, metric), &models, tfs, (each, per_row)))
        .collect();
    let styles = styles(&results.models);
    let stars: Vec<usize> = results.model(PWM).into_iter().collect();
    let mut legend = box_keys(results, &models, &styles, &stars);
    legend.push(no_skill_key());
    let sizes: Vec<f64> = tfs.iter().filter_map(|&tf| results.size(at, tf)).collect();
    let range = match (sizes.first(), sizes.last()) {
        (Some(first), Some(last)) if sizes.len() > 1 => format!(
            " TFs are in the order of their training regions, from {} to {}.",
            count(first.round() as u64),
            count(last.round() as u64)
        ),
        _ => String::new(),
    };
    let star = if stars.is_empty() {
        ""
    } else {
        " Stars are means, their lines the range."
    };
    Some(Figure {
        name: format!(
            "tfs-{}-{}-{}",
            stem(results.sets[at.set]),
            results.asked[at.asked].unwrap_or(0),
            metric.column()
        ),
        title: format!("AUCPR of each TF{}", subtitle(results, at, metric)),
        caption: format!(
            "A box per TF and model over its repeats; fewer than five values are points, their mean a line.{star}{range}"
        ),
        legend,
        panels,
        columns: 1,
    })
}

fn panel(
    results: &Results<'_>,
    (at, metric): (Condition, Metric),
    models: &[usize],
    tfs: &[usize],
    (each, per_row): (f64, usize),
) -> Svg {
    let styles = styles(&results.models);
    let right = LEFT + each * tfs.len() as f64;
    let bottom = TOP + PLOT;
    let centre = |place: usize| LEFT + each * (place as f64 + 0.5);
    let names: Vec<(f64, String)> = tfs
        .iter()
        .enumerate()
        .map(|(place, &tf)| (centre(place), results.tfs[tf].to_owned()))
        .collect();
    let whole = LEFT + each * per_row as f64;
    let mut svg = Svg::new(
        whole.max(240.0) + 6.0,
        bottom + height_below(&names, each) + 2.0,
    );
    let scale = plot::unit_scale(TOP, bottom);
    for place in (1..tfs.len()).step_by(2) {
        let x = centre(place) - each / 2.0;
        svg.rect((x, TOP), (each, PLOT), "shade", "");
    }
    plot::unit_axis(&mut svg, scale, (LEFT, right));
    svg.upward(
        (11.0, (TOP + bottom) / 2.0),
        Anchor::Middle,
        "label",
        "AUCPR",
    );
    names_below(&mut svg, &names, bottom, each);
    let lane = ((each - BETWEEN) / models.len() as f64).clamp(LANE * 0.6, 30.0);
    for (place, &tf) in tfs.iter().enumerate() {
        if let Some(level) = results.no_skill(at, tf, metric) {
            let (y, half) = (scale.at(level), each / 2.0 - 1.0);
            svg.line(
                (centre(place) - half, y),
                (centre(place) + half, y),
                "chance",
            );
        }
        for (i, &model) in models.iter().enumerate() {
            let values = results.values(at, tf, model, metric);
            let x = centre(place) + lane * (i as f64 + 0.5 - models.len() as f64 / 2.0);
            let tooltip = format!(
                "{}, {}: {}",
                results.tfs[tf],
                name(results.models[model]),
                plot::in_words(&values)
            );
            let style = styles[model];
            if results.models[model] == PWM {
                plot::star(&mut svg, x, scale, &values, (style, 3.2), &tooltip);
            } else if results.models[model] == MULTI && values.len() == 1 {
                plot::star(&mut svg, x, scale, &values, (style, 2.6), &tooltip);
            } else {
                plot::spread(&mut svg, (x, lane * 0.78), scale, &values, style, &tooltip);
            }
        }
    }
    svg
}
