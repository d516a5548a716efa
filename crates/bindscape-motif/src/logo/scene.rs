//! Where the letters of a logo stand, its axes, and the SVG of both.

use std::fmt::Write as _;

use super::glyphs::{COLOURS, Piece, letter, stroke};
use super::{Axis, Logo};

/// Width of a position.
pub(super) const COLUMN: f32 = 22.0;
/// Ground between letters of neighbouring positions.
const GAP: f32 = 1.5;
/// Height of the letters' field.
const HEIGHT: f32 = 96.0;
/// Room above it, and right of the last position.
const MARGIN: f32 = 7.0;
/// Room for the vertical axis.
const LEFT: f32 = 46.0;
/// Room for the numbers of positions.
const BOTTOM: f32 = 19.0;
/// Height of digits.
const DIGITS: f32 = 8.0;
/// Letters lower than this do not show.
const LOWEST: f32 = 0.15;
/// Colour of axes: it shows on light and dark ground.
pub(super) const GREY: &str = "#6b7580";
/// Thickness of axes and digits.
const PEN: f32 = 1.1;

/// Something to draw, in pixels, y downward.
pub(super) struct Shape {
    pub(super) pieces: Vec<Piece>,
    pub(super) ink: Ink,
}

/// How a shape is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Ink {
    /// Filled where lines wind around a point.
    Fill(&'static str),
    /// As a line of this thickness, in grey, with round ends.
    Line(f32),
}

/// A logo laid out.
pub(super) struct Scene {
    pub(super) width: f32,
    pub(super) height: f32,
    /// Where the first numbered position begins.
    #[cfg_attr(not(test), allow(dead_code))]
    pub(super) left: f32,
    /// Where the line of height zero lies.
    #[cfg_attr(not(test), allow(dead_code))]
    pub(super) zero: f32,
    pub(super) shapes: Vec<Shape>,
    /// What it shows, in words.
    pub(super) description: String,
}

impl Scene {
    pub(super) fn of(logo: &Logo) -> Self {
        let columns = logo.before + logo.heights.len() + logo.after;
        let (low, high) = extent(logo);
        let y = |value: f64| MARGIN + HEIGHT * ((high - value) / (high - low)) as f32;
        let left = LEFT + logo.before as f32 * COLUMN;
        let right = LEFT + columns as f32 * COLUMN;
        let mut scene = Self {
            width: right + MARGIN,
            height: MARGIN + HEIGHT + BOTTOM,
            left,
            zero: y(0.0),
            shapes: Vec::new(),
            description: description(logo),
        };
        scene.axes(logo, &y, (low, high), right);
        for (position, heights) in logo.heights.iter().enumerate() {
            scene.column(left + position as f32 * COLUMN, heights, &y);
        }
        scene
    }

    /// The letters of a position, the largest farthest from the axis on both of its sides.
    fn column(&mut self, x: f32, heights: &[f64; 4], y: &impl Fn(f64) -> f32) {
        let mut order = [0, 1, 2, 3];
        order.sort_by(|&a, &b| heights[a].abs().total_cmp(&heights[b].abs()));
        let (mut above, mut below) = (0.0, 0.0);
        for base in order {
            let height = heights[base];
            let end = if height > 0.0 { &mut above } else { &mut below };
            let start = *end;
            *end += height;
            // The foot of a letter is nearest to the axis, so that letters below it stand
            // on their heads.
            let (foot, head) = (y(start), y(*end));
            if (head - foot).abs() < LOWEST {
                continue;
            }
            let place =
                |[u, v]: [f32; 2]| [x + GAP / 2.0 + u * (COLUMN - GAP), foot + v * (head - foot)];
            let outline = letter(base).into_iter().map(|piece| piece.map(place));
            self.shapes.push(Shape {
                pieces: outline.collect(),
                ink: Ink::Fill(COLOURS[base]),
            });
        }
    }

    fn axes(&mut self, logo: &Logo, y: &impl Fn(f64) -> f32, (low, high): (f64, f64), right: f32) {
        self.line([LEFT - 3.0, y(high)], [LEFT - 3.0, y(low)]);
        let step = tick_step(high - low);
        let decimals = (-step.log10().floor()).clamp(0.0, 9.0) as usize;
        let first = (low / step - 1e-9).ceil() as i64;
        let last = (high / step + 1e-9).floor() as i64;
        for number in first..=last {
            let value = number as f64 * step;
            self.line([LEFT - 6.0, y(value)], [LEFT - 3.0, y(value)]);
            let text = if !(1e-5..1e5).contains(&step) {
                format!("{value:.0e}")
            } else {
                format!("{value:.decimals$}")
            };
            let width = width_of(&text);
            self.text(&text, [LEFT - 9.0 - width, y(value) + DIGITS / 2.0], false);
        }
        let name = match logo.axis {
            Axis::Bits => "bits",
            Axis::Probability => "probability",
            Axis::Weight => "weight",
        };
        let middle = MARGIN + HEIGHT / 2.0 + width_of(name) / 2.0;
        self.text(name, [11.0, middle], true);
        if low < 0.0 {
            self.line([LEFT - 3.0, y(0.0)], [right, y(0.0)]);
        }
        let every = if logo.heights.len() > 30 { 5 } else { 1 };
        for position in 1..=logo.heights.len() {
            if position != 1 && position % every != 0 {
                continue;
            }
            let text = position.to_string();
            let column = (logo.before + position - 1) as f32;
            let x = LEFT + (column + 0.5) * COLUMN - width_of(&text) / 2.0;
            self.text(&text, [x, MARGIN + HEIGHT + 6.0 + DIGITS], false);
        }
    }

    fn line(&mut self, from: [f32; 2], to: [f32; 2]) {
        self.shapes.push(Shape {
            pieces: vec![Piece::Move(from), Piece::Line(to)],
            ink: Ink::Line(PEN),
        });
    }

    /// A word from `start` of its base line, to the right or upward.
    fn text(&mut self, text: &str, start: [f32; 2], upward: bool) {
        let mut at = 0.0;
        for character in text.chars() {
            let (pieces, advance) = stroke(character);
            let place = |[u, v]: [f32; 2]| {
                let (along, up) = ((at + u) * DIGITS, v * DIGITS);
                if upward {
                    [start[0] - up, start[1] - along]
                } else {
                    [start[0] + along, start[1] - up]
                }
            };
            if !pieces.is_empty() {
                self.shapes.push(Shape {
                    pieces: pieces.into_iter().map(|piece| piece.map(place)).collect(),
                    ink: Ink::Line(PEN),
                });
            }
            at += advance;
        }
    }
}

/// Lowest and highest value of the axis.
fn extent(logo: &Logo) -> (f64, f64) {
    let sum = |row: &[f64; 4], above: bool| -> f64 {
        row.iter().filter(|&&height| (height > 0.0) == above).sum()
    };
    let high = logo
        .heights
        .iter()
        .map(|row| sum(row, true))
        .fold(0.0, f64::max);
    let low = logo
        .heights
        .iter()
        .map(|row| sum(row, false))
        .fold(0.0, f64::min);
    match logo.axis {
        // Two bits are the most against the uniform background; others may have more.
        Axis::Bits => (0.0, if high > 2.0 + 1e-9 { high } else { 2.0 }),
        Axis::Probability => (0.0, 1.0),
        Axis::Weight if high > low => (low, high),
        Axis::Weight => (0.0, 1.0),
    }
}

/// A round number of which two to five fit.
fn tick_step(span: f64) -> f64 {
    let rough = span / 4.0;
    let power = 10_f64.powf(rough.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power);
    steps
        .into_iter()
        .find(|step| span / step <= 4.0 + 1e-9)
        .unwrap_or(steps[3])
}

/// Width of a word in pixels.
fn width_of(text: &str) -> f32 {
    let advance: f32 = text.chars().map(|character| stroke(character).1).sum();
    (advance - 0.22) * DIGITS
}

fn description(logo: &Logo) -> String {
    let tallest = |row: &[f64; 4]| {
        let most = (0..4)
            .max_by(|&a, &b| row[a].total_cmp(&row[b]))
            .unwrap_or(0);
        char::from(crate::LETTERS[most])
    };
    let letters: String = logo.heights.iter().map(tallest).collect();
    format!("Sequence logo, tallest letters {letters}")
}

pub(super) fn svg(scene: &Scene) -> String {
    let (width, height) = (round(scene.width), round(scene.height));
    let mut out = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img"><title>{}</title>"#,
        scene.description
    );
    // All lines are of one kind, so they make one path.
    let mut lines = String::new();
    for shape in &scene.shapes {
        match shape.ink {
            Ink::Line(_) => lines.push_str(&path(&shape.pieces)),
            Ink::Fill(colour) => {
                write!(
                    out,
                    r#"<path fill="{colour}" d="{}"/>"#,
                    path(&shape.pieces)
                )
                .expect("strings can be written to");
            }
        }
    }
    write!(
        out,
        r#"<path fill="none" stroke="{GREY}" stroke-width="{PEN}" stroke-linecap="round" stroke-linejoin="round" d="{lines}"/></svg>"#
    )
    .expect("strings can be written to");
    out
}

fn path(pieces: &[Piece]) -> String {
    let point = |[x, y]: [f32; 2]| format!("{} {}", round(x), round(y));
    pieces
        .iter()
        .map(|piece| match *piece {
            Piece::Move(to) => format!("M{}", point(to)),
            Piece::Line(to) => format!("L{}", point(to)),
            Piece::Curve(a, b, to) => format!("C{} {} {}", point(a), point(b), point(to)),
            Piece::Close => "Z".to_owned(),
        })
        .collect()
}

/// Tenths of a pixel: a position has 220 of them, and the file is a third smaller than with
/// hundredths.
fn round(value: f32) -> f32 {
    (value * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_few() {
        assert_eq!(tick_step(2.0), 0.5);
        assert_eq!(tick_step(1.0), 0.5);
        for span in [1e-7, 0.03, 0.9, 7.0, 1234.5, 9e9] {
            let count = span / tick_step(span);
            assert!((1.0..=4.001).contains(&count), "{span}: {count}");
        }
    }
}
