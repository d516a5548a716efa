//! A panel per TF: a box per set of pre-training TFs, or per model.

use bindscape_matrix::experiment::Relation;

use super::{box_keys, brackets, height_below, names_below, no_skill_key, stem};
use crate::experiment::models::{PWM, SCRATCH, Style, name, styles};
use crate::experiment::plot;
use crate::experiment::results::{Condition, Metric, Results, set_name};
use crate::figures::{Figure, Key, Mark};
use crate::number::count;
use crate::svg::{Anchor, Scale, Svg, fitted};

const LEFT: f64 = 40.0;
const TOP: f64 = 40.0;
const PLOT: f64 = 180.0;
const BOTTOM: f64 = TOP + PLOT;

/// A figure per number of bound regions and kind of test regions: a box per set.
pub(super) fn sets(results: &Results<'_>) -> Vec<Figure> {
    let Some(studied) = results.studied() else {
        return Vec::new();
    };
    let mut figures = Vec::new();
    for asked in 0..results.asked.len() {
        for metric in results.metrics() {
            let of = |set| Condition { set, asked };
            let with = |tf: &usize| {
                (0..results.sets.len())
                    .any(|set| results.mean(of(set), *tf, studied, metric).is_some())
            };
            let tfs: Vec<usize> = (0..results.tfs.len()).filter(with).collect();
            if tfs.is_empty() {
                continue;
            }
            let panels = tfs
                .iter()
                .map(|&tf| set_panel(results, asked, tf, studied, metric))
                .collect();
            figures.push(Figure {
                name: format!("sets-{}-{}", results.asked[asked].unwrap_or(0), metric.column()),
                title: format!("{} by set of pre-training TFs{}", capitalised(name(results.models[studied])), brackets(results, results.asked_label(asked), metric)),
                caption: "A panel per TF, a box per set over repeats; fewer than five values are points with their mean. Filled boxes: the multi-model holds the TF; hollow ones: it does not. Stars and lines: means of the PWM and of training from scratch on the same regions.".into(),
                legend: set_keys(results, studied),
                panels,
                columns: 3,
            });
        }
    }
    figures
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

fn set_keys(results: &Results<'_>, studied: usize) -> Vec<Key> {
    let styles = styles(&results.models);
    let mut keys = vec![
        Key::new(
            Mark::Boxed(styles[studied].symbol),
            styles[studied].class,
            "with the TF",
        ),
        Key::new(
            Mark::Boxed(styles[studied].symbol),
            "hollow",
            "without the TF",
        ),
    ];
    if let Some(pwm) = results.model(PWM) {
        keys.push(Key::new(
            Mark::Symbol(styles[pwm].symbol),
            styles[pwm].class,
            name(PWM),
        ));
    }
    if let Some(scratch) = results.model(SCRATCH) {
        keys.push(Key::new(
            Mark::Line,
            "mean m-scratch",
            name(results.models[scratch]),
        ));
    }
    keys.push(no_skill_key());
    keys
}

fn set_panel(
    results: &Results<'_>,
    asked: usize,
    tf: usize,
    studied: usize,
    metric: Metric,
) -> Svg {
    let styles = styles(&results.models);
    let mut conditions: Vec<Condition> = (0..results.sets.len())
        .map(|set| Condition { set, asked })
        .filter(|&at| results.occurs(at, tf))
        .filter(|&at| !results.values(at, tf, studied, metric).is_empty())
        .collect();
    let with = |at: Condition| results.relation(at, tf) == Relation::Among;
    conditions.sort_by_key(|&at| !with(at));
    let split = conditions.iter().filter(|&&at| with(at)).count();
    let names: Vec<String> = conditions
        .iter()
        .map(|&at| fitted(set_name(results.sets[at.set]), 12.0))
        .collect();
    let (mut svg, scale, each, right) = panel(results.tfs[tf], &names);
    if split > 0 && split < conditions.len() {
        let x = LEFT + each * split as f64;
        svg.line((x, TOP), (x, BOTTOM), "axis");
        let heads = [(LEFT, x, "with the TF"), (x, right, "without")];
        for (from, to, text) in heads {
            svg.text(
                ((from + to) / 2.0, TOP - 6.0),
                Anchor::Middle,
                "small",
                text,
            );
        }
    }
    for (place, &at) in conditions.iter().enumerate() {
        let x = LEFT + each * (place as f64 + 0.5);
        let half = each / 2.0 - 1.0;
        if let Some(level) = results.no_skill(at, tf, metric) {
            let y = scale.at(level);
            svg.line((x - half, y), (x + half, y), "chance");
        }
        if let Some(mean) = results
            .model(SCRATCH)
            .and_then(|model| results.mean(at, tf, model, metric))
        {
            let y = scale.at(mean);
            svg.line((x - half, y), (x + half, y), "mean m-scratch");
        }
        let values = results.values(at, tf, studied, metric);
        let style = Style {
            class: if with(at) {
                styles[studied].class
            } else {
                "hollow"
            },
            symbol: styles[studied].symbol,
        };
        let tooltip = format!(
            "{}, {}: {}; multi-model of {}",
            set_name(results.sets[at.set]),
            name(results.models[studied]),
            plot::in_words(&values),
            multi_model(results, at, tf, studied)
        );
        plot::spread(
            &mut svg,
            (x - (each * 0.12).min(6.0), (each * 0.5).min(24.0)),
            scale,
            &values,
            style,
            &tooltip,
        );
        if let Some(pwm) = results.model(PWM) {
            let values = results.values(at, tf, pwm, metric);
            let tooltip = format!("{}: {}", name(PWM), plot::in_words(&values));
            let beside = x + (each * 0.32).min(14.0);
            plot::star(
                &mut svg,
                beside,
                scale,
                &values,
                (styles[pwm], 3.2),
                &tooltip,
            );
        }
    }
    svg
}

/// `70,000 regions, 13,700 bound`.
fn multi_model(results: &Results<'_>, at: Condition, tf: usize, model: usize) -> String {
    let rows = results.cell(at, tf, model);
    let mean = |of: fn(&bindscape_matrix::experiment::ResultRow) -> u64| {
        let sum: u64 = rows.iter().map(|row| of(row)).sum();
        count(sum / rows.len().max(1) as u64)
    };
    format!(
        "{} regions, {} bound",
        mean(|row| row.multi_regions),
        mean(|row| row.multi_bound)
    )
}

/// A figure per condition and kind of test regions: a box per model.
pub(super) fn models(results: &Results<'_>) -> Vec<Figure> {
    let styles = styles(&results.models);
    let mut figures = Vec::new();
    for at in results.conditions() {
        for metric in results.metrics() {
            let models = results.models_of(at, metric);
            if models.is_empty() {
                continue;
            }
            let any = |tf: &usize| {
                models
                    .iter()
                    .any(|&model| results.mean(at, *tf, model, metric).is_some())
            };
            let tfs = results.tfs_of(at).into_iter().filter(any);
            let panels = tfs
                .map(|tf| model_panel(results, at, tf, &models, metric))
                .collect();
            let stars: Vec<usize> = results.model(PWM).into_iter().collect();
            let mut legend = box_keys(results, &models, &styles, &stars);
            legend.push(no_skill_key());
            figures.push(Figure {
                name: format!("models-{}-{}-{}", stem(results.sets[at.set]), results.asked[at.asked].unwrap_or(0), metric.column()),
                title: format!("Models of each TF{}", super::subtitle(results, at, metric)),
                caption: "A panel per TF, a box per model over repeats, draws and splits; fewer than five values are points with their mean. The star is the mean of the PWM.".into(),
                legend,
                panels,
                columns: 4,
            });
        }
    }
    figures
}

fn model_panel(
    results: &Results<'_>,
    at: Condition,
    tf: usize,
    models: &[usize],
    metric: Metric,
) -> Svg {
    let styles = styles(&results.models);
    let names: Vec<String> = models
        .iter()
        .map(|&model| fitted(name(results.models[model]), 12.0))
        .collect();
    let (mut svg, scale, each, right) = panel(results.tfs[tf], &names);
    if let Some(level) = results.no_skill(at, tf, metric) {
        let y = scale.at(level);
        svg.line((LEFT, y), (right, y), "chance");
    }
    for (place, &model) in models.iter().enumerate() {
        let x = LEFT + each * (place as f64 + 0.5);
        let values = results.values(at, tf, model, metric);
        let tooltip = format!(
            "{}: {}",
            name(results.models[model]),
            plot::in_words(&values)
        );
        if results.models[model] == PWM {
            plot::star(&mut svg, x, scale, &values, (styles[model], 4.0), &tooltip);
        } else {
            plot::spread(
                &mut svg,
                (x, (each * 0.6).min(26.0)),
                scale,
                &values,
                styles[model],
                &tooltip,
            );
        }
    }
    svg
}

/// An empty panel with axes and names: drawing, scale, width of a name's place and right edge.
fn panel(tf: &str, names: &[String]) -> (Svg, Scale, f64, f64) {
    let each = (260.0 / names.len().max(1) as f64).clamp(26.0, 48.0);
    let right = LEFT + (each * names.len() as f64).max(110.0);
    let each = (right - LEFT) / names.len().max(1) as f64;
    let places: Vec<(f64, String)> = names
        .iter()
        .enumerate()
        .map(|(place, name)| (LEFT + each * (place as f64 + 0.5), name.clone()))
        .collect();
    let mut svg = Svg::new(right + 8.0, BOTTOM + height_below(&places, each) + 2.0);
    let scale = plot::unit_scale(TOP, BOTTOM);
    svg.text(
        (LEFT, 14.0),
        Anchor::Start,
        "panel",
        &fitted(tf, (right - LEFT) / 12.5),
    );
    plot::unit_axis(&mut svg, scale, (LEFT, right));
    names_below(&mut svg, &places, BOTTOM, each);
    (svg, scale, each, right)
}
