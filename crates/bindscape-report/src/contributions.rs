//! A page of contributions: logos of regions, with named sites above the letters.

use maud::{Markup, PreEscaped, html};

use crate::motifs::{foot, head};
use crate::page::document;
use crate::svg::px;

pub(crate) const CSS: &str = include_str!("contributions.css");

/// Height of the strip of names in pixels of a logo.
const STRIP: f64 = 54.0;
/// Height of a name's letters there.
const TEXT: f64 = 26.0;

/// A site that has a name. Places are in pixels of the logo.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedSite {
    /// Left end.
    pub left: f64,
    /// Width.
    pub width: f64,
    /// The name that is shown.
    pub name: String,
    /// More about it, which a pointer brings up.
    pub about: String,
}

/// A region of a page. The logo is SVG of the caller's own making and is put in as it is; texts are
/// escaped.
#[derive(Debug, Clone, PartialEq)]
pub struct ContributionRow {
    /// Where it is.
    pub place: String,
    /// The logit of the prediction.
    pub logit: f64,
    /// Contributions as a logo.
    pub logo: String,
    /// Width of the logo in its own pixels.
    pub width: f64,
    /// Sites in the order of their places, none of which overlap.
    pub sites: Vec<NamedSite>,
}

/// One HTML page of regions in the order given, which loads nothing. `notes` are lines below the
/// title; `definitions` is SVG that the logos refer to, put in once.
#[must_use]
pub fn contribution_page(
    title: &str,
    notes: &[&str],
    definitions: &str,
    rows: &[ContributionRow],
) -> String {
    let content = html! {
        (PreEscaped(definitions))
        div.sheet.contributions {
            (head("bindscape attributions", title, notes))
            main {
                @if rows.is_empty() { p { "No region was attributed." } }
                @for row in rows { (region(row)) }
            }
            (foot())
        }
    };
    document(title, CSS, content, None)
}

pub(crate) fn region(row: &ContributionRow) -> Markup {
    html! {
        section.region {
            h2 { (row.place) }
            p.logit { "logit " (format!("{:.3}", row.logit)) ", a probability of " (format!("{:.2}", 1.0 / (1.0 + (-row.logit).exp()))) }
            div.scroll tabindex="0" role="region" aria-label={ "Contributions of " (row.place) } {
                div.picture {
                    (strip(row))
                    (PreEscaped(&row.logo))
                }
            }
        }
    }
}

/// The names above a logo.
fn strip(row: &ContributionRow) -> Markup {
    let view = format!("0 0 {} {}", px(row.width), px(STRIP));
    html! {
        svg.names viewBox=(view) role="img" aria-label={
            @for (number, site) in row.sites.iter().enumerate() {
                @if number > 0 { ", " }
                (site.name)
            }
        } {
            @for site in &row.sites {
                g {
                    title { (site.about) }
                    rect x=(px(site.left)) y=(px(STRIP - 12.0)) width=(px(site.width)) height="8" rx="3" {}
                    text x=(px(site.left + site.width / 2.0)) y=(px(STRIP - 20.0))
                        font-size=(px(TEXT)) text-anchor="middle" { (site.name) }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_above_their_sites() {
        let row = ContributionRow {
            place: "chr1:5-9 <a>".into(),
            logit: 1.25,
            logo: "<svg viewBox=\"0 0 141 122\"></svg>".into(),
            width: 141.0,
            sites: vec![NamedSite {
                left: 46.0,
                width: 44.0,
                name: "MAX::MYC".into(),
                about: "MA0059.2".into(),
            }],
        };
        let page = contribution_page("T", &["note"], "<defs-here/>", &[row]);
        assert!(page.contains("chr1:5-9 &lt;a&gt;") && page.contains("logit 1.250"));
        assert!(page.contains("x=\"46\"") && page.contains(">MAX::MYC</text>"));
        assert!(page.contains("<defs-here/>"));
        assert!(contribution_page("T", &[], "", &[]).contains("No region was attributed."));
    }
}
