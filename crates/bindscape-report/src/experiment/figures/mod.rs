//! Figures of an experiment, by their kinds.

mod clouds;
mod downsampling;
mod panels;
mod tfs;

use bindscape_matrix::experiment::FigureKind;

use super::models::{Style, name};
use super::results::{Condition, Metric, Results};
use crate::figures::{Figure, Key, Mark};
use crate::svg::{Anchor, Svg, ems};

/// The figures of a kind; none where the table has nothing to show.
pub(super) fn of_kind(kind: FigureKind, results: &Results<'_>) -> Vec<Figure> {
    match kind {
        FigureKind::Tfs => tfs::figures(results),
        FigureKind::Sizes => clouds::sizes(results),
        FigureKind::Deviations => clouds::deviations(results),
        FigureKind::Changes => clouds::changes(results),
        FigureKind::Downsampling => downsampling::figures(results),
        FigureKind::Sets => panels::sets(results),
        FigureKind::Models => panels::models(results),
    }
}

/// Keys of models that are drawn as boxes; those of `stars` as symbols.
fn box_keys(
    results: &Results<'_>,
    models: &[usize],
    styles: &[Style],
    stars: &[usize],
) -> Vec<Key> {
    let key = |&model: &usize| {
        let style = styles[model];
        let mark = if stars.contains(&model) {
            Mark::Symbol(style.symbol)
        } else {
            Mark::Boxed(style.symbol)
        };
        Key::new(mark, style.class, name(results.models[model]))
    };
    models.iter().map(key).collect()
}

/// Keys of the models that are shown, however often each, as symbols.
fn symbol_keys(results: &Results<'_>, mut shown: Vec<usize>, styles: &[Style]) -> Vec<Key> {
    shown.sort_unstable();
    shown.dedup();
    box_keys(results, &shown, styles, &shown)
}

/// The key of no skill, as a dashed line.
fn no_skill_key() -> Key {
    Key::new(Mark::Line, "chance", "no skill: the share of bound regions")
}

/// What follows a title: the condition, and which test regions.
fn subtitle(results: &Results<'_>, at: Condition, metric: Metric) -> String {
    brackets(results, results.label(at), metric)
}

/// What follows a title, in brackets: a label and which test regions, where that is anything.
fn brackets(results: &Results<'_>, label: String, metric: Metric) -> String {
    let natural = match metric {
        Metric::Matched if !results.has(Metric::Natural) => String::new(),
        metric => format!("test regions {}", metric.words()),
    };
    let parts: Vec<String> = [label, natural]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect();
    if parts.is_empty() {
        String::new()
    } else {
        format!(" ({})", parts.join("; "))
    }
}

/// A part of a file name: what is no letter or digit becomes a hyphen.
fn stem(text: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    text.chars().map(plain).collect()
}

/// Names below an axis: level where there is room, upright otherwise. Gives the pixels they need.
fn names_below(svg: &mut Svg, names: &[(f64, String)], y: f64, room: f64) {
    if level(names, room) {
        for (x, name) in names {
            svg.text((*x, y + 15.0), Anchor::Middle, "tick", name);
        }
        return;
    }
    for (x, name) in names {
        svg.upward((x + 4.0, y + 8.0), Anchor::End, "tick", name);
    }
}

/// Pixels that [`names_below`] needs.
fn height_below(names: &[(f64, String)], room: f64) -> f64 {
    if level(names, room) {
        22.0
    } else {
        let longest = names.iter().map(|(_, name)| ems(name)).fold(0.0, f64::max);
        longest * 11.0 + 12.0
    }
}

fn level(names: &[(f64, String)], room: f64) -> bool {
    names.iter().all(|(_, name)| ems(name) * 11.0 < room - 4.0)
}
