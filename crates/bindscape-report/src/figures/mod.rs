//! The figures of a report. A figure is a row of small panels, so that a page
//! can let them flow and a file can lay them out in a grid.

use std::fmt::Write as _;

use maud::{Markup, PreEscaped, html};

use crate::svg::{Anchor, Svg, Symbol, ems, escape, px};
use crate::theme;

pub(crate) mod data;
pub(crate) mod learning;
pub(crate) mod metrics;
pub(crate) mod precision_recall;
pub(crate) mod transfer;

/// A figure of a report, to be saved on its own.
#[derive(Debug, Clone)]
pub struct Figure {
    /// Short name that can serve as a file stem: `learning-curves`.
    pub name: String,
    /// What it shows, as a title.
    pub title: String,
    /// How to read it.
    pub caption: String,
    pub(crate) legend: Vec<Key>,
    pub(crate) panels: Vec<Svg>,
    /// Panels side by side where there is room.
    pub(crate) columns: usize,
}

/// An entry of a legend.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) mark: Mark,
    /// Classes of the mark's colour and style.
    pub(crate) class: &'static str,
    pub(crate) label: String,
}

/// How a legend shows a series.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Mark {
    Line,
    Dot,
    Bar,
    Tick,
    Symbol(Symbol),
    /// A box of a box plot, with the symbol of its points.
    Boxed(Symbol),
}

impl Key {
    pub(crate) fn new(mark: Mark, class: &'static str, label: impl Into<String>) -> Self {
        Self {
            mark,
            class,
            label: label.into(),
        }
    }

    /// The mark, 26 by 14 pixels.
    fn swatch(&self) -> Svg {
        let mut svg = Svg::new(26.0, 14.0);
        match self.mark {
            Mark::Line => svg.line((1.0, 7.0), (25.0, 7.0), self.class),
            Mark::Dot => svg.circle((13.0, 7.0), 4.5, self.class, ""),
            Mark::Tick => svg.line((13.0, 1.0), (13.0, 13.0), self.class),
            Mark::Bar => svg.rect((5.0, 2.0), (16.0, 10.0), self.class, ""),
            Mark::Symbol(symbol) => {
                svg.symbol(
                    symbol,
                    (13.0, 7.0),
                    4.2,
                    &format!("point {}", self.class),
                    "",
                );
            }
            Mark::Boxed(symbol) => {
                svg.rect((4.0, 1.0), (18.0, 12.0), &format!("box {}", self.class), "");
                svg.symbol(
                    symbol,
                    (13.0, 7.0),
                    2.6,
                    &format!("point {}", self.class),
                    "",
                );
            }
        }
        svg
    }
}

const GAP: f64 = 24.0;
const MARGIN: f64 = 16.0;
/// Panels narrower than this are small multiples.
const SMALL: f64 = 200.0;
/// Panels wider than this fill the page.
const WIDE: f64 = 400.0;

impl Figure {
    /// The figure as an SVG file on a white ground, with title and legend.
    /// It needs no other file.
    #[must_use]
    pub fn svg(&self) -> String {
        let columns = self.columns.clamp(1, self.panels.len().max(1));
        let mut y = MARGIN + 18.0;
        let mut width: f64 = 2.0 * MARGIN + ems(&self.title) * 15.0;
        let mut body = Svg::new(0.0, 0.0);
        body.text((MARGIN, y), Anchor::Start, "title", &self.title);
        y += 12.0;
        if !self.legend.is_empty() {
            let mut x = MARGIN;
            for key in &self.legend {
                body.raw(&format!(
                    r#"<g transform="translate({} {})">"#,
                    px(x),
                    px(y)
                ));
                body.raw(&key.swatch().body);
                body.raw("</g>");
                body.text((x + 32.0, y + 11.0), Anchor::Start, "label", &key.label);
                x += 32.0 + ems(&key.label) * 12.0 + 16.0;
            }
            width = width.max(x);
            y += 24.0;
        }
        for row in self.panels.chunks(columns) {
            let mut x = MARGIN;
            let mut tallest: f64 = 0.0;
            for panel in row {
                body.raw(&format!(
                    r#"<g transform="translate({} {})">"#,
                    px(x),
                    px(y)
                ));
                body.raw(&panel.body);
                body.raw("</g>");
                x += panel.width + GAP;
                tallest = tallest.max(panel.height);
            }
            width = width.max(x - GAP + MARGIN);
            y += tallest + GAP;
        }
        standalone(
            &self.title,
            &self.caption,
            (width, y - GAP + MARGIN),
            &body.body,
        )
    }

    /// The figure for the page, numbered.
    pub(crate) fn inline(&self, number: usize) -> Markup {
        html! {
            figure id={ "figure-" (number) } {
                @if !self.legend.is_empty() {
                    ul.legend {
                        @for key in &self.legend {
                            li { (element(&key.swatch(), None)) (key.label) }
                        }
                    }
                }
                // Wide panels may scroll, which keyboards must reach.
                @let scrolls = self.panels.iter().any(|panel| panel.width > WIDE);
                div.panels tabindex=[scrolls.then_some("0")] role=[scrolls.then_some("group")] aria-label=[scrolls.then_some(&self.title)] style=(columns(&self.panels)) {
                    @for (i, panel) in self.panels.iter().enumerate() {
                        div.panel-box style=(room(panel)) {
                            (element(panel, Some((&format!("figure-{number}-{i}"), &self.title, &self.caption))))
                        }
                    }
                }
                figcaption { strong { "Figure " (number) ". " (self.title) ". " } (self.caption) }
            }
        }
    }
}

/// How wide the columns of a figure are: panels shrink a little before they wrap.
fn columns(panels: &[Svg]) -> String {
    let widest = panels.iter().map(|panel| panel.width).fold(0.0, f64::max);
    let least = if widest < SMALL { widest } else { widest * 0.8 };
    format!(
        "grid-template-columns:repeat(auto-fill,minmax(min(100%,{}px),1fr))",
        px(least)
    )
}

/// How a panel may stretch and shrink. Small ones keep their size; wide ones
/// scroll before their text becomes too small to read.
fn room(panel: &Svg) -> String {
    let most = panel.width
        * match panel.width {
            ..SMALL => 1.0,
            WIDE..500.0 => 1.3,
            _ => 1.15,
        };
    let least = if panel.width > WIDE {
        panel.width * 0.78
    } else {
        0.0
    };
    format!("max-width:{}px;min-width:{}px", px(most), px(least))
}

/// An `svg` element of a page: an image with title and description, or a decoration.
fn element(svg: &Svg, text: Option<(&str, &str, &str)>) -> Markup {
    let (width, height) = (px(svg.width), px(svg.height));
    let mut out = String::new();
    match text {
        Some((id, title, description)) => {
            let written = write!(
                out,
                r#"<svg class="fig" viewBox="0 0 {width} {height}" role="img" aria-labelledby="{id}-t" aria-describedby="{id}-d"><title id="{id}-t">{}</title><desc id="{id}-d">{}</desc>{}</svg>"#,
                escape(title),
                escape(description),
                svg.body
            );
            written.expect("writing to a string cannot fail");
        }
        None => {
            let written = write!(
                out,
                r#"<svg class="fig swatch" viewBox="0 0 {width} {height}" width="{width}" height="{height}" aria-hidden="true">{}</svg>"#,
                svg.body
            );
            written.expect("writing to a string cannot fail");
        }
    }
    PreEscaped(out)
}

/// A whole SVG file around a drawing.
pub(crate) fn standalone(
    title: &str,
    description: &str,
    (width, height): (f64, f64),
    body: &str,
) -> String {
    let (width, height) = (px(width), px(height));
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" class="fig" width="{width}" height="{height}" viewBox="0 0 {width} {height}" style="max-width:100%;height:auto" role="img"><title>{}</title><desc>{}</desc><style>{}.fig .title{{font-size:15px;font-weight:600}}</style><rect class="paper" width="100%" height="100%"/>{body}</svg>
"#,
        escape(title),
        escape(description),
        theme::figure_css_in_light(),
    )
}
