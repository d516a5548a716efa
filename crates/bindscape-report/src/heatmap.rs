//! The similarity of TFs as a clustered heatmap.

use std::fmt::Write as _;

use crate::figures::standalone;
use crate::number::fixed;
use crate::svg::{Anchor, Scale, Svg, ems, escape, fitted, px, ticks};
use crate::tree::{Branch, highest, paths};

/// Up to this many TFs, each cell carries its names and value as a tooltip.
const TOOLTIPS: usize = 64;
/// Up to this many TFs, values are written into the cells.
const WRITTEN: usize = 14;
/// Steps of the colour scale where cells of one colour are drawn together.
const SHADES: usize = 64;
/// Longest label in ems; longer names are cut.
const LABEL: f64 = 11.0;

/// Width of the tree beside the cells.
const TREE: f64 = 84.0;
/// Width of the colour bar with its labels.
const BAR: f64 = 150.0;

/// What a heatmap shows.
#[derive(Debug, Clone, Copy)]
pub struct Heatmap<'a> {
    /// A line above it.
    pub title: &'a str,
    /// Names of the TFs.
    pub tfs: &'a [String],
    /// What was measured, in a few words for the colour bar: `cosine similarity`.
    pub measure: &'a str,
    /// Row-major, `tfs.len()` squared, in the order of `tfs`; `None` is grey.
    pub values: &'a [Option<f64>],
    /// Why a value is not defined, in a few words for the legend.
    pub undefined: &'a str,
    /// Rows and columns as they shall be shown, as hierarchical clustering puts them.
    pub order: &'a [usize],
    /// The tree of that clustering; leaves are TFs in the order of `tfs`. None is drawn where
    /// this is empty.
    pub tree: &'a [Branch],
    /// What the heights of its branches are: `1 − similarity`.
    pub height: &'a str,
}

/// A heatmap of pairwise similarities, with the tree beside it and a colour bar, as an SVG file
/// that needs no other file.
///
/// Colours run over 0 to 1, widened to −1 if a value is negative. Up to 64 TFs every cell has a
/// tooltip; up to 14, its value is written in it. Beyond, colours are rounded
/// to 64 steps, and labels stay legible up to about 200 TFs.
///
/// # Panics
/// If `values` is not `tfs.len()` squared, `order` is not a permutation of the TFs, or a branch of
/// the tree joins what is not before it.
#[must_use]
pub fn heatmap_svg(map: &Heatmap<'_>) -> String {
    let &Heatmap {
        title,
        tfs,
        values,
        order,
        ..
    } = map;
    let n = tfs.len();
    assert_eq!(values.len(), n * n, "one value for each pair of TFs");
    let mut sorted = order.to_vec();
    sorted.sort_unstable();
    assert!(
        sorted.into_iter().eq(0..n),
        "the order is a permutation of the TFs"
    );

    let cell: f64 = match n {
        0..=14 => 38.0,
        15..=30 => 22.0,
        31..=64 => 15.0,
        65..=110 => 12.0,
        _ => 10.0,
    };
    let font = (cell * 0.86).clamp(8.6, 12.0);
    let longest = tfs.iter().map(|tf| ems(tf)).fold(0.0, f64::max).min(LABEL);
    let margin = longest * font + 14.0;
    let (left, top) = (16.0 + margin, 46.0 + margin);
    let side = cell * n as f64;
    let tree = if map.tree.is_empty() { 0.0 } else { TREE };
    let foot = if map.tree.is_empty() { 20.0 } else { 56.0 };
    let width = (left + side + tree + BAR + 28.0).max(32.0 + ems(title) * 15.0);
    let height = (top + side + foot).max(top + 270.0);
    let negative = values.iter().flatten().any(|&value| value < 0.0);
    let low = if negative { -1.0 } else { 0.0 };
    let share = |value: f64| ((value - low) / (1.0 - low)).clamp(0.0, 1.0);

    let mut svg = Svg::new(width, height);
    svg.text((16.0, 28.0), Anchor::Start, "title", title);
    labels(&mut svg, map, (left, top), (cell, font));
    svg.raw(&format!(
        r#"<g transform="translate({} {}) scale({})" shape-rendering="crispEdges">"#,
        px(left),
        px(top),
        px(cell)
    ));
    let at = |row: usize, column: usize| values[order[row] * n + order[column]];
    if n <= TOOLTIPS {
        single_cells(&mut svg, tfs, order, &at, &share);
    } else {
        cells_by_shade(&mut svg, n, &at, &share);
    }
    svg.raw("</g>");
    if n <= WRITTEN {
        written(&mut svg, n, (left, top, cell), &at, &share);
    }
    if !map.tree.is_empty() {
        dendrogram(&mut svg, map, (left + side + 4.0, top), cell);
    }
    let undefined = values.iter().any(Option::is_none).then_some(map.undefined);
    legend(
        &mut svg,
        (left + side + tree + 28.0, top),
        low,
        map.measure,
        undefined,
    );
    let description = format!(
        "Pairwise {} of {n} TFs, rows and columns in the order of hierarchical clustering. Grey: not defined ({}).",
        map.measure, map.undefined
    );
    let style = format!(
        "<style>.fig .axis-name{{font-size:{}px}}.fig .on-light{{font-size:11px;fill:#111}}.fig .on-dark{{font-size:11px;fill:#fff}}</style>",
        px(font)
    );
    standalone(title, &description, (width, height), &(style + &svg.body))
}

/// The names of TFs, left of the rows and above the columns.
fn labels(svg: &mut Svg, map: &Heatmap<'_>, (left, top): (f64, f64), (cell, font): (f64, f64)) {
    for (place, &tf) in map.order.iter().enumerate() {
        let middle = cell * (place as f64 + 0.5) + font * 0.35;
        let name = fitted(&map.tfs[tf], LABEL);
        svg.text((left - 6.0, top + middle), Anchor::End, "axis-name", &name);
        svg.upward(
            (left + middle, top - 6.0),
            Anchor::Start,
            "axis-name",
            &name,
        );
    }
}

/// The tree right of the rows, with an axis of its heights.
fn dendrogram(svg: &mut Svg, map: &Heatmap<'_>, (left, top): (f64, f64), cell: f64) {
    let mut places = vec![0.0; map.tfs.len()];
    for (place, &tf) in map.order.iter().enumerate() {
        places[tf] = top + cell * (place as f64 + 0.5);
    }
    let most = highest(map.tree).max(1e-9);
    let scale = Scale {
        domain: (0.0, most),
        range: (left, left + TREE - 8.0),
    };
    for path in paths(map.tree, &places, &|height, place| {
        (scale.at(height), place)
    }) {
        svg.raw(&format!(r#"<path class="tree" d="{path}"/>"#));
    }
    let bottom = top + cell * map.tfs.len() as f64 + 8.0;
    svg.line((left, bottom), (scale.range.1, bottom), "axis");
    let (values, decimals) = ticks(scale.domain, 2, 1e-9);
    for value in values {
        let x = scale.at(value);
        svg.line((x, bottom), (x, bottom + 4.0), "axis");
        let label = fixed(value, decimals);
        svg.text((x, bottom + 16.0), Anchor::Middle, "tick", &label);
    }
    let middle = (left + scale.range.1) / 2.0;
    svg.text((middle, bottom + 32.0), Anchor::Middle, "label", map.height);
}

/// The values in their cells.
fn written(
    svg: &mut Svg,
    n: usize,
    (left, top, cell): (f64, f64, f64),
    at: &dyn Fn(usize, usize) -> Option<f64>,
    share: &dyn Fn(f64) -> f64,
) {
    for row in 0..n {
        for column in 0..n {
            if let Some(value) = at(row, column) {
                let x = left + cell * (column as f64 + 0.5);
                let y = top + cell * (row as f64 + 0.5) + 4.0;
                let class = if share(value) > 0.6 {
                    "on-light"
                } else {
                    "on-dark"
                };
                svg.text((x, y), Anchor::Middle, class, &fixed(value, 2));
            }
        }
    }
}

fn single_cells(
    svg: &mut Svg,
    tfs: &[String],
    order: &[usize],
    at: &dyn Fn(usize, usize) -> Option<f64>,
    share: &dyn Fn(f64) -> f64,
) {
    for row in 0..order.len() {
        for column in 0..order.len() {
            let value = at(row, column);
            let fill = value.map_or_else(|| UNDEFINED.to_owned(), |value| colour(share(value)));
            let text = value.map_or_else(|| "not defined".to_owned(), |value| fixed(value, 3));
            svg.raw(&format!(
                r#"<rect x="{column}" y="{row}" width="1" height="1" fill="{fill}"><title>{} and {}: {text}</title></rect>"#,
                escape(&tfs[order[row]]),
                escape(&tfs[order[column]]),
            ));
        }
    }
}

/// One path per colour, neighbouring cells of a row joined: a picture of 200
/// TFs stays below a megabyte.
fn cells_by_shade(
    svg: &mut Svg,
    n: usize,
    at: &dyn Fn(usize, usize) -> Option<f64>,
    share: &dyn Fn(f64) -> f64,
) {
    let shade = |row, column| {
        at(row, column).map_or(SHADES, |value| {
            ((share(value) * SHADES as f64) as usize).min(SHADES - 1)
        })
    };
    let mut paths = vec![String::new(); SHADES + 1];
    for row in 0..n {
        let mut column = 0;
        while column < n {
            let first = column;
            let this = shade(row, first);
            while column < n && shade(row, column) == this {
                column += 1;
            }
            let run = column - first;
            write!(paths[this], "M{first} {row}h{run}v1h-{run}z")
                .expect("writing to a string cannot fail");
        }
    }
    for (shade, path) in paths.iter().enumerate() {
        if path.is_empty() {
            continue;
        }
        let fill = if shade == SHADES {
            UNDEFINED.to_owned()
        } else {
            colour((shade as f64 + 0.5) / SHADES as f64)
        };
        svg.raw(&format!(r#"<path fill="{fill}" d="{path}"/>"#));
    }
}

/// The colour bar with the name of what it shows, and what grey means where there is some.
fn legend(svg: &mut Svg, (x, y): (f64, f64), low: f64, measure: &str, undefined: Option<&str>) {
    let (steps, height) = (50, 150.0);
    let step = height / f64::from(steps);
    for i in 0..steps {
        let share = 1.0 - (f64::from(i) + 0.5) / f64::from(steps);
        svg.raw(&format!(
            r#"<rect x="{}" y="{}" width="16" height="{}" fill="{}"/>"#,
            px(x),
            px(y + step * f64::from(i)),
            px(step + 0.5),
            colour(share)
        ));
    }
    for i in 0..=4 {
        let share = f64::from(i) / 4.0;
        let label = fixed(low + share * (1.0 - low), 2);
        let y = y + height * (1.0 - share);
        svg.line((x + 16.0, y), (x + 20.0, y), "axis");
        svg.text((x + 24.0, y + 4.0), Anchor::Start, "tick", &label);
    }
    svg.upward(
        (x + 66.0, y + height / 2.0),
        Anchor::Middle,
        "label",
        measure,
    );
    let Some(undefined) = undefined else { return };
    svg.raw(&format!(
        r#"<rect x="{}" y="{}" width="16" height="16" fill="{UNDEFINED}"/>"#,
        px(x),
        px(y + height + 18.0)
    ));
    let mut y = y + height + 30.0;
    svg.text((x + 24.0, y), Anchor::Start, "tick", "not defined:");
    for line in lines(undefined, 11.0) {
        y += 14.0;
        svg.text((x + 24.0, y), Anchor::Start, "tick", &line);
    }
}

/// A text in lines of at most a width in ems, broken between words.
fn lines(text: &str, width: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if ems(line) + ems(word) + 0.4 <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

const UNDEFINED: &str = "#b9b9b9";

/// Viridis (van der Walt and Smith 2015, CC0) at a share of its length: even
/// steps in lightness, legible with any kind of colour vision and in grey.
fn colour(share: f64) -> String {
    const POINTS: [(f64, f64, f64); 11] = [
        (68.0, 1.0, 84.0),
        (72.0, 36.0, 117.0),
        (65.0, 68.0, 135.0),
        (53.0, 95.0, 141.0),
        (42.0, 120.0, 142.0),
        (33.0, 145.0, 140.0),
        (34.0, 168.0, 132.0),
        (68.0, 191.0, 112.0),
        (122.0, 209.0, 81.0),
        (189.0, 223.0, 38.0),
        (253.0, 231.0, 37.0),
    ];
    let place = share.clamp(0.0, 1.0) * (POINTS.len() - 1) as f64;
    let i = (place as usize).min(POINTS.len() - 2);
    let part = place - i as f64;
    let mix = |a: f64, b: f64| (a + (b - a) * part).round() as u8;
    let (a, b) = (POINTS[i], POINTS[i + 1]);
    format!(
        "#{:02x}{:02x}{:02x}",
        mix(a.0, b.0),
        mix(a.1, b.1),
        mix(a.2, b.2)
    )
}
