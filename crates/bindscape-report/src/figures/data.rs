//! What a run was trained on: regions by part, or bound regions by TF.

use super::{Figure, Key, Mark};
use crate::number::{count, percent};
use crate::run::Run;
use crate::svg::{Anchor, Scale, Svg, ems, fitted, ticks};

const PARTS: [&str; 3] = ["train", "validation", "test"];
const WIDTH: f64 = 680.0;
/// A figure that telephones can show.
const NARROW: f64 = 456.0;
/// TFs in one panel of bars.
const ABREAST: usize = 52;

/// The data of the first training; `None` if its parts are not recorded.
pub(crate) fn data_summary(run: &Run) -> Option<Figure> {
    let parts = &run.trainings.first()?.record.parts;
    if parts.is_empty() {
        return None;
    }
    if run.record.tfs.len() == 1 {
        one_tf(run)
    } else {
        Some(many_tfs(run))
    }
}

fn one_tf(run: &Run) -> Option<Figure> {
    let parts = &run.trainings.first()?.record.parts;
    let present: Vec<_> = PARTS
        .iter()
        .filter_map(|&name| Some((name, parts.get(name)?)))
        .collect();
    let most = present.iter().map(|(_, part)| part.regions).max()?.max(1);
    let (left, right, row) = (72.0, NARROW - 184.0, 32.0);
    let mut svg = Svg::new(NARROW, row * present.len() as f64 + 8.0);
    let scale = Scale {
        domain: (0.0, most as f64),
        range: (left, right),
    };
    for (i, (name, part)) in present.into_iter().enumerate() {
        let y = 4.0 + row * i as f64;
        let bound = part.positives[0];
        let unbound = part.regions.saturating_sub(bound);
        let middle = scale.at(bound as f64);
        let end = scale.at(part.regions as f64);
        svg.text(
            (left - 12.0, y + 16.0),
            Anchor::End,
            "name",
            &capitalised(name),
        );
        let tooltip = format!("{} bound", count(bound));
        svg.rect((left, y), (middle - left, 22.0), "bar-bound", &tooltip);
        let tooltip = format!("{} unbound", count(unbound));
        svg.rect((middle, y), (end - middle, 22.0), "bar-unbound", &tooltip);
        let text = format!("{} bound, {} unbound", count(bound), count(unbound));
        svg.text((end + 10.0, y + 16.0), Anchor::Start, "note", &text);
    }
    Some(Figure {
        name: "data".into(),
        title: format!("Regions of {}", run.record.tfs[0]),
        caption: format!(
            "Regions of {} in each part, reverse complements not counted. The network is fitted on the first, its best epoch chosen on the second, and the results come from the third.",
            first(run)
        ),
        legend: vec![
            Key::new(Mark::Bar, "bar-bound", "bound"),
            Key::new(Mark::Bar, "bar-unbound", "unbound"),
        ],
        panels: vec![svg],
        columns: 1,
    })
}

fn many_tfs(run: &Run) -> Figure {
    let parts = &run.trainings[0].record.parts;
    let regions: u64 = parts.values().map(|part| part.regions).sum();
    let mut bound: Vec<(u64, usize)> = (0..run.record.tfs.len())
        .map(|tf| (parts.values().map(|part| part.positives[tf]).sum(), tf))
        .collect();
    bound.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    let most = bound[0].0.max(1) as f64;
    let longest = run.record.tfs.iter().map(|tf| ems(tf)).fold(0.0, f64::max);
    let foot = 11.5 * longest.min(9.0) + 12.0;
    let (left, top, bottom) = (58.0, 22.0, 190.0);
    let step = ((WIDTH - left - 6.0) / bound.len().min(ABREAST) as f64).min(28.0);
    let mut panels = Vec::new();
    for some in bound.chunks(ABREAST) {
        let right = left + step * some.len() as f64;
        let mut svg = Svg::new((right + 6.0).max(200.0), bottom + foot);
        let scale = Scale {
            domain: (0.0, most),
            range: (bottom, top),
        };
        svg.text((0.0, 12.0), Anchor::Start, "panel", "Bound regions");
        for value in ticks(scale.domain, 4, 1.0).0 {
            let y = scale.at(value);
            svg.line((left, y), (right, y), "grid");
            svg.text(
                (left - 7.0, y + 4.0),
                Anchor::End,
                "tick",
                &count(value as u64),
            );
        }
        for (i, &(bound, tf)) in some.iter().enumerate() {
            let x = left + step * i as f64;
            let y = scale.at(bound as f64);
            let name = &run.record.tfs[tf];
            let share = percent(bound, regions);
            let tooltip = format!("{name}: {} bound ({share})", count(bound));
            let size = (step * 0.72, bottom - y);
            svg.rect((x + step * 0.14, y), size, "bar-bound", &tooltip);
            let place = (x + step / 2.0 + 4.0, bottom + 7.0);
            svg.upward(place, Anchor::End, "name", &fitted(name, 9.0));
        }
        svg.line((left, bottom), (right, bottom), "axis");
        panels.push(svg);
    }
    Figure {
        name: "data".into(),
        title: "Bound regions of each TF".into(),
        caption: format!(
            "Of the {} regions of {}, all parts together, reverse complements not counted.",
            count(regions),
            first(run)
        ),
        legend: Vec::new(),
        panels,
        columns: 1,
    }
}

/// Which training the figure shows.
fn first(run: &Run) -> String {
    if run.repeats() > 1 {
        format!("repeat {}", run.trainings[0].record.repeat)
    } else {
        "this run".to_owned()
    }
}

/// A word with a capital.
pub(crate) fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}
