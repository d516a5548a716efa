//! SVG composed by hand: a drawing surface, scales, ticks and a plot frame.
//! Colours and type are classes of `figure.css`; coordinates are pixels.

use std::fmt::Write as _;

/// A drawing of fixed size.
#[derive(Debug, Clone)]
pub(crate) struct Svg {
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) body: String,
}

/// Where a text is anchored.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// The shape of a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Symbol {
    Circle,
    Square,
    Diamond,
    Triangle,
    Down,
    Star,
    Plus,
    Cross,
}

impl Symbol {
    /// Corners of its outline around (0, 0), about as large as a circle of radius 1; `None` of a
    /// circle.
    fn outline(self) -> Option<Vec<(f64, f64)>> {
        const ARM: f64 = 0.36;
        let plus = [
            (-ARM, -1.15),
            (ARM, -1.15),
            (ARM, -ARM),
            (1.15, -ARM),
            (1.15, ARM),
            (ARM, ARM),
            (ARM, 1.15),
            (-ARM, 1.15),
            (-ARM, ARM),
            (-1.15, ARM),
            (-1.15, -ARM),
            (-ARM, -ARM),
        ];
        Some(match self {
            Self::Circle => return None,
            Self::Square => vec![(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)],
            Self::Diamond => vec![(0.0, -1.3), (1.3, 0.0), (0.0, 1.3), (-1.3, 0.0)],
            Self::Triangle => vec![(0.0, -1.25), (1.15, 0.85), (-1.15, 0.85)],
            Self::Down => vec![(0.0, 1.25), (1.15, -0.85), (-1.15, -0.85)],
            Self::Star => (0..10)
                .map(|corner| {
                    let radius = if corner % 2 == 0 { 1.45 } else { 0.6 };
                    let angle = std::f64::consts::PI * f64::from(corner) / 5.0;
                    (radius * angle.sin(), -radius * angle.cos())
                })
                .collect(),
            Self::Plus => plus.to_vec(),
            Self::Cross => {
                let half = std::f64::consts::FRAC_1_SQRT_2;
                let turned = |&(x, y): &(f64, f64)| (half * (x - y), half * (x + y));
                plus.iter().map(turned).collect()
            }
        })
    }
}

impl Anchor {
    fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Middle => "middle",
            Self::End => "end",
        }
    }
}

impl Svg {
    pub(crate) fn new(width: f64, height: f64) -> Self {
        Self {
            width,
            height,
            body: String::new(),
        }
    }

    fn put(&mut self, arguments: std::fmt::Arguments<'_>) {
        self.body
            .write_fmt(arguments)
            .expect("writing to a string cannot fail");
    }

    pub(crate) fn line(&mut self, (x1, y1): (f64, f64), (x2, y2): (f64, f64), class: &str) {
        let (x1, y1, x2, y2) = (px(x1), px(y1), px(x2), px(y2));
        self.put(format_args!(
            r#"<line class="{class}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>"#
        ));
    }

    /// A line through points, with points that do not show left out.
    pub(crate) fn polyline(&mut self, points: &[(f64, f64)], class: &str, tooltip: &str) {
        let mut path = String::new();
        for (i, (x, y)) in simplified(points, 0.3).into_iter().enumerate() {
            let command = if i == 0 { "M" } else { "L" };
            path.push_str(command);
            path.push_str(&px(x));
            path.push(' ');
            path.push_str(&px(y));
        }
        if !path.is_empty() {
            self.put(format_args!(r#"<path class="{class}" d="{path}">"#));
            self.tooltip(tooltip);
            self.body.push_str("</path>");
        }
    }

    pub(crate) fn circle(&mut self, (x, y): (f64, f64), radius: f64, class: &str, tooltip: &str) {
        self.put(format_args!(
            r#"<circle class="{class}" cx="{}" cy="{}" r="{}">"#,
            px(x),
            px(y),
            px(radius)
        ));
        self.tooltip(tooltip);
        self.body.push_str("</circle>");
    }

    /// A point of a given shape.
    pub(crate) fn symbol(
        &mut self,
        symbol: Symbol,
        (x, y): (f64, f64),
        radius: f64,
        class: &str,
        tooltip: &str,
    ) {
        let Some(corners) = symbol.outline() else {
            self.circle((x, y), radius, class, tooltip);
            return;
        };
        let corners: Vec<String> = corners
            .iter()
            .map(|(dx, dy)| format!("{:.2} {:.2}", x + radius * dx, y + radius * dy))
            .collect();
        self.path(&format!("M{}Z", corners.join("L")), class, tooltip);
    }

    /// A path as SVG writes it.
    pub(crate) fn path(&mut self, path: &str, class: &str, tooltip: &str) {
        self.put(format_args!(r#"<path class="{class}" d="{path}">"#));
        self.tooltip(tooltip);
        self.body.push_str("</path>");
    }

    pub(crate) fn rect(
        &mut self,
        (x, y): (f64, f64),
        (width, height): (f64, f64),
        class: &str,
        tooltip: &str,
    ) {
        self.put(format_args!(
            r#"<rect class="{class}" x="{}" y="{}" width="{}" height="{}">"#,
            px(x),
            px(y),
            px(width),
            px(height)
        ));
        self.tooltip(tooltip);
        self.body.push_str("</rect>");
    }

    pub(crate) fn text(&mut self, (x, y): (f64, f64), anchor: Anchor, class: &str, text: &str) {
        self.put(format_args!(
            r#"<text class="{class}" x="{}" y="{}" text-anchor="{}">{}</text>"#,
            px(x),
            px(y),
            anchor.name(),
            escape(text)
        ));
    }

    /// Text that reads upwards.
    pub(crate) fn upward(&mut self, (x, y): (f64, f64), anchor: Anchor, class: &str, text: &str) {
        let (x, y) = (px(x), px(y));
        self.put(format_args!(
            r#"<text class="{class}" transform="translate({x} {y}) rotate(-90)" text-anchor="{}">{}</text>"#,
            anchor.name(),
            escape(text)
        ));
    }

    /// Markup that is already SVG.
    pub(crate) fn raw(&mut self, markup: &str) {
        self.body.push_str(markup);
    }

    fn tooltip(&mut self, text: &str) {
        if !text.is_empty() {
            self.put(format_args!("<title>{}</title>", escape(text)));
        }
    }
}

/// Text for the inside of an element or attribute; characters that XML
/// forbids become U+FFFD.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => out.push(' '),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// A coordinate with a tenth of a pixel.
pub(crate) fn px(value: f64) -> String {
    let text = format!("{value:.1}");
    let text = text.strip_suffix(".0").unwrap_or(&text);
    if text == "-0" { "0" } else { text }.to_owned()
}

/// Width of a text in ems of a common sans-serif face, a little on the wide side.
pub(crate) fn ems(text: &str) -> f64 {
    text.chars()
        .map(|c| match c {
            'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' => 0.30,
            'f' | 'r' | 't' | ' ' | '(' | ')' | '-' | '[' | ']' => 0.38,
            'm' | 'w' | 'M' | 'W' | '@' | '%' => 0.92,
            'A'..='Z' | '+' | '±' | '\u{2212}' => 0.70,
            c if c.is_ascii() => 0.58,
            '–' | '·' | '…' => 0.6,
            _ => 1.0,
        })
        .sum()
}

/// A text cut to a width in ems, with an ellipsis.
pub(crate) fn fitted(text: &str, width: f64) -> String {
    if ems(text) <= width {
        return text.to_owned();
    }
    let mut out = String::new();
    for c in text.chars() {
        out.push(c);
        if ems(&out) > width - 0.6 {
            out.pop();
            break;
        }
    }
    out.push('…');
    out
}

/// Maps data to pixels, linearly.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scale {
    pub(crate) domain: (f64, f64),
    pub(crate) range: (f64, f64),
}

impl Scale {
    pub(crate) fn at(&self, value: f64) -> f64 {
        let (low, high) = self.domain;
        let share = if high > low {
            (value - low) / (high - low)
        } else {
            0.5
        };
        self.range.0 + share * (self.range.1 - self.range.0)
    }
}

/// Round numbers within a domain, about `wanted` of them, and the decimals they need.
pub(crate) fn ticks((low, high): (f64, f64), wanted: usize, least: f64) -> (Vec<f64>, usize) {
    let rough = ((high - low) / wanted.max(1) as f64).max(least);
    let power = 10.0_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * power)
        .find(|&step| step >= rough * 0.999)
        .unwrap_or(10.0 * power);
    let decimals = (-step.log10().floor()).max(0.0) as usize;
    let first = (low / step - 1e-9).ceil() as i64;
    let last = (high / step + 1e-9).floor() as i64;
    let values = (first..=last).map(|i| i as f64 * step).collect();
    (values, decimals)
}

/// The plot area of a panel with its axes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame {
    pub(crate) x: Scale,
    pub(crate) y: Scale,
}

impl Frame {
    pub(crate) fn at(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (self.x.at(x), self.y.at(y))
    }

    /// Grid lines and tick labels on the left, and the base line with tick labels below.
    pub(crate) fn axes(&self, svg: &mut Svg, x_ticks: (Vec<f64>, usize), y_wanted: usize) {
        let (left, right) = self.x.range;
        let bottom = self.y.range.0;
        let (values, decimals) = ticks(self.y.domain, y_wanted, 1e-9);
        for value in values {
            let y = self.y.at(value);
            svg.line((left, y), (right, y), "grid");
            let label = crate::number::fixed(value, decimals);
            svg.text((left - 7.0, y + 4.0), Anchor::End, "tick", &label);
        }
        svg.line((left, bottom), (right, bottom), "axis");
        let (values, decimals) = x_ticks;
        for value in values {
            let x = self.x.at(value);
            svg.line((x, bottom), (x, bottom + 4.0), "axis");
            let label = crate::number::fixed(value, decimals);
            svg.text((x, bottom + 17.0), Anchor::Middle, "tick", &label);
        }
    }
}

/// A line with the points left out that lie within `tolerance` pixels of it
/// (Ramer 1972, Douglas and Peucker 1973).
fn simplified(points: &[(f64, f64)], tolerance: f64) -> Vec<(f64, f64)> {
    if points.len() < 3 {
        return points.to_vec();
    }
    let mut keep = vec![false; points.len()];
    keep[0] = true;
    keep[points.len() - 1] = true;
    let mut spans = vec![(0, points.len() - 1)];
    while let Some((first, last)) = spans.pop() {
        let farthest = (first + 1..last)
            .map(|i| (distance(points[i], points[first], points[last]), i))
            .max_by(|a, b| a.0.total_cmp(&b.0));
        if let Some((far, i)) = farthest
            && far > tolerance
        {
            keep[i] = true;
            spans.push((first, i));
            spans.push((i, last));
        }
    }
    points
        .iter()
        .zip(keep)
        .filter_map(|(&point, keep)| keep.then_some(point))
        .collect()
}

/// Distance of a point from the segment between `a` and `b`.
fn distance(point: (f64, f64), a: (f64, f64), b: (f64, f64)) -> f64 {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let length = dx * dx + dy * dy;
    let along = if length > 0.0 {
        (((point.0 - a.0) * dx + (point.1 - a.1) * dy) / length).clamp(0.0, 1.0)
    } else {
        0.0
    };
    (point.0 - a.0 - along * dx).hypot(point.1 - a.1 - along * dy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_cannot_enter_through_text() {
        assert_eq!(
            escape("<a href=\"x\">&\u{1}\n"),
            "&lt;a href=&quot;x&quot;&gt;&amp;\u{fffd} "
        );
    }

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(
            ticks((0.0, 1.0), 5, 1e-9),
            (vec![0.0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0], 1)
        );
        assert_eq!(ticks((1.0, 3.0), 6, 1.0), (vec![1.0, 2.0, 3.0], 0));
        let (values, decimals) = ticks((0.213, 0.688), 5, 1e-9);
        assert_eq!((values.len(), decimals), (4, 1));
    }

    #[test]
    fn straight_runs_lose_their_inner_points_only() {
        let points = [(0.0, 0.0), (1.0, 0.0), (2.0, 0.0), (2.0, 5.0), (3.0, 5.0)];
        assert_eq!(
            simplified(&points, 0.1),
            [(0.0, 0.0), (2.0, 0.0), (2.0, 5.0), (3.0, 5.0)]
        );
    }

    #[test]
    fn long_names_are_cut_with_an_ellipsis() {
        assert_eq!(fitted("HNF4A", 10.0), "HNF4A");
        let cut = fitted("A-VERY-LONG-FUSION-NAME", 8.0);
        assert!(cut.ends_with('…') && ems(&cut) <= 8.0);
    }
}
