//! Where the letters of a logo stand, its axes, and the SVG of both.

use std::fmt::Write as _;

use super::glyphs::{COLOURS, Piece, outline, stroke};
use super::heights::{Axis, Logo};
use crate::letters::LETTERS;

/// Width of a position.
pub(super) const COLUMN: f32 = 22.0;
/// Ground between letters of neighbouring positions.
pub(super) const GAP: f32 = 1.5;
/// Height of the letters' field.
const HEIGHT: f32 = 96.0;
/// Room above it, and right of the last position.
const MARGIN: f32 = 7.0;
/// Room for the vertical axis.
pub(super) const LEFT: f32 = 46.0;
/// Room for the numbers of positions.
const BOTTOM: f32 = 19.0;
/// Height of digits.
const DIGITS: f32 = 8.0;
/// Letters lower than this do not show.
const LOWEST: f32 = 0.15;
/// Colour of axes: it shows on light and dark ground.
pub(super) const GREY: &str = "#6b7580";
/// Thickness of axes and digits.
pub(super) const PEN: f32 = 1.1;

/// A letter in its place, in pixels, y downward.
#[derive(Debug, Clone, Copy)]
pub(super) struct Letter {
    /// 0 for A to 3 for T.
    base: usize,
    /// Its left end.
    left: f32,
    /// Its end nearest to the axis.
    foot: f32,
    head: f32,
}

impl Letter {
    const WIDTH: f32 = COLUMN - GAP;

    pub(super) fn outline(self) -> Vec<Piece> {
        let height = self.head - self.foot;
        let place = |[u, v]: [f32; 2]| [self.left + u * Self::WIDTH, self.foot + v * height];
        let outline = outline(self.base).into_iter();
        outline.map(|piece| piece.map(place)).collect()
    }

    pub(super) fn colour(self) -> &'static str {
        COLOURS[self.base]
    }
}

/// How an SVG has its letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Letters {
    /// Each with its outline.
    Drawn,
    /// By reference to [`definitions`].
    Referred,
}

/// The outlines that [`Letters::Referred`] needs, as an SVG that takes no room.
pub(super) fn definitions() -> String {
    let mut out = String::from(
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="0" height="0" style="position:absolute" aria-hidden="true"><defs>"#,
    );
    for (base, colour) in COLOURS.iter().enumerate() {
        // In thousandths: a path here has one decimal.
        let large = |[u, v]: [f32; 2]| [u * 1000.0, v * 1000.0];
        let pieces: Vec<Piece> = outline(base)
            .into_iter()
            .map(|piece| piece.map(large))
            .collect();
        write!(
            out,
            r#"<path id="logo-{}" fill="{colour}" transform="scale(.001)" d="{}"/>"#,
            char::from(LETTERS[base]),
            path(&pieces)
        )
        .expect("strings can be written to");
    }
    out + "</defs></svg>"
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
    pub(super) letters: Vec<Letter>,
    /// Axes and their words, to be stroked with [`PEN`] in [`GREY`], with round ends.
    pub(super) lines: Vec<Piece>,
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
            letters: Vec::new(),
            lines: Vec::new(),
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
            self.letters.push(Letter {
                base,
                left: x + GAP / 2.0,
                foot,
                head,
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
        self.lines.extend([Piece::Move(from), Piece::Line(to)]);
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
            self.lines
                .extend(pieces.into_iter().map(|piece| piece.map(place)));
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
        char::from(LETTERS[most])
    };
    let letters: String = logo.heights.iter().map(tallest).collect();
    format!("Sequence logo, tallest letters {letters}")
}

pub(super) fn svg(scene: &Scene, letters: Letters) -> String {
    let mut out = opened(scene.width, scene.height, &scene.description);
    content(scene, letters, &mut out);
    out + "</svg>"
}

/// Two logos of one frame, one above the other, and a shade behind the columns that both have.
pub(super) fn stacked(
    above: &Scene,
    below: &Scene,
    both: std::ops::Range<usize>,
    letters: Letters,
) -> String {
    let description = format!("{}; below it {}", above.description, below.description);
    let (width, height) = (above.width.max(below.width), above.height + below.height);
    let mut out = opened(width, height, &description);
    write!(
        out,
        r#"<rect x="{}" y="{}" width="{}" height="{}" fill="{GREY}" fill-opacity=".12"/>"#,
        round(LEFT + both.start as f32 * COLUMN),
        round(MARGIN),
        round(both.len() as f32 * COLUMN),
        round(above.height + HEIGHT),
    )
    .expect("strings can be written to");
    content(above, letters, &mut out);
    write!(
        out,
        r#"<g transform="translate(0 {})">"#,
        round(above.height)
    )
    .expect("strings can be written to");
    content(below, letters, &mut out);
    out + "</g></svg>"
}

fn opened(width: f32, height: f32, description: &str) -> String {
    let (width, height) = (round(width), round(height));
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img"><title>{description}</title>"#,
    )
}

fn content(scene: &Scene, letters: Letters, out: &mut String) {
    for letter in &scene.letters {
        match letters {
            Letters::Drawn => write!(
                out,
                r#"<path fill="{}" d="{}"/>"#,
                letter.colour(),
                path(&letter.outline())
            ),
            Letters::Referred => write!(
                out,
                r##"<use href="#logo-{}" transform="matrix({} 0 0 {} {} {})"/>"##,
                char::from(LETTERS[letter.base]),
                Letter::WIDTH,
                round(letter.head - letter.foot),
                round(letter.left),
                round(letter.foot),
            ),
        }
        .expect("strings can be written to");
    }
    write!(
        out,
        r#"<path fill="none" stroke="{GREY}" stroke-width="{PEN}" stroke-linecap="round" stroke-linejoin="round" d="{}"/>"#,
        path(&scene.lines)
    )
    .expect("strings can be written to");
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
