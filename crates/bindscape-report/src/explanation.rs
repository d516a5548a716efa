//! The page that says why a model predicts as it does: contributions, the patterns that they form,
//! filters.

use maud::{Markup, PreEscaped, html};

use crate::contributions::{self, ContributionRow};
use crate::filters::{self, FilterPage};
use crate::motifs::{files_beside, foot, head, linked};
use crate::number::signed;
use crate::page::document;
use crate::patterns::{self, PatternSection};

/// Filters and groups of filters that the page shows; all of them have a page of their own.
const FILTERS: usize = 15;

/// Features of a readout that the page shows.
const FEATURES: usize = 20;

/// Anchors of the parts, bars of effects.
const CSS: &str = include_str!("explanation.css");

/// What a model looks at.
#[derive(Debug, Clone)]
pub struct ExplanationPage<'a> {
    /// Title.
    pub title: String,
    /// Lines below the title.
    pub notes: Vec<String>,
    /// SVG that logos refer to.
    pub definitions: String,
    /// Patterns that contributions form, and what is said of them.
    pub patterns: (Vec<PatternSection<'a>>, Vec<String>),
    /// Example regions with their contributions, and what is said of them.
    pub regions: (Vec<ContributionRow>, Vec<String>),
    /// What the model is made of.
    pub inside: Inside,
    /// Files beside the page, and what they hold.
    pub files: Vec<(&'a str, &'a str)>,
}

/// What a model is made of.
#[derive(Debug, Clone)]
pub enum Inside {
    /// A network's filters of the first layer.
    Filters(FilterPage),
    /// What a readout weighs.
    Readout(WeighedFeatures),
}

/// The features of a readout.
#[derive(Debug, Clone)]
pub struct WeighedFeatures {
    /// What is said of them.
    pub notes: Vec<String>,
    /// Name, kind, and change of the log odds of binding for one standard deviation; what changes
    /// most first.
    pub rows: Vec<(String, &'static str, f64)>,
}

/// Features that count most, with bars of their effects.
fn weights(features: &WeighedFeatures) -> Markup {
    let shown = &features.rows[..features.rows.len().min(FEATURES)];
    let most = shown.iter().map(|row| row.2.abs()).fold(0.0, f64::max);
    let percent = |effect: f64| 100.0 * effect.abs() / most.max(f64::MIN_POSITIVE);
    html! {
        @for note in &features.notes { p { (note) } }
        div.table tabindex="0" role="region" aria-label="What the readout weighs" {
            table {
                thead {
                    tr {
                        th.left { "Feature" }
                        th.left { "Kind" }
                        th { "Effect" }
                        th.left { }
                    }
                }
                tbody {
                    @for (name, kind, effect) in shown {
                        tr {
                            th scope="row" { (name) }
                            td.left { (kind) }
                            td { (signed(*effect, 2)) }
                            td.left.effect {
                                span.against[*effect < 0.0] style=(format!("width:{:.1}%", percent(*effect))) { }
                            }
                        }
                    }
                }
            }
        }
        @if shown.len() < features.rows.len() {
            p { "The " (shown.len()) " with the largest effects of " (features.rows.len()) "; " code { "model inspect" } " lists all." }
        }
    }
}

/// One HTML page that loads nothing.
#[must_use]
pub fn explanation_page(page: &ExplanationPage<'_>) -> String {
    let notes: Vec<&str> = page.notes.iter().map(String::as_str).collect();
    let said = |notes: &[String]| {
        html! { @for note in notes { p { (linked(note)) } } }
    };
    let content = html! {
        (PreEscaped(&page.definitions))
        div.sheet.motifs.contributions {
            (head("bindscape explain", &page.title, &notes))
            nav.parts aria-label="Parts" {
                a href="#patterns" { "Patterns" }
                a href="#regions" { "Regions" }
                @match &page.inside {
                    Inside::Filters(_) => { a href="#filters-of-the-model" { "Filters" } }
                    Inside::Readout(_) => { a href="#weights" { "Weights" } }
                }
                a href="#files" { "Files" }
            }
            main {
                (said(&page.patterns.1))
                (patterns::sections(&page.patterns.0))
                section aria-labelledby="regions" {
                    h2 id="regions" { "Regions" }
                    (said(&page.regions.1))
                    @for row in &page.regions.0 { (contributions::region(row)) }
                }
                @match &page.inside {
                    Inside::Filters(filters) => {
                        section aria-labelledby="filters-of-the-model" {
                            h2 id="filters-of-the-model" { "Filters of the first layer" }
                            (said(&filters::notes(filters)))
                            (filters::body(filters, Some(FILTERS)))
                        }
                    }
                    Inside::Readout(features) => {
                        section aria-labelledby="weights" {
                            h2 id="weights" { "What the readout weighs" }
                            (weights(features))
                        }
                    }
                }
                (files_beside(&page.files))
            }
            (foot())
        }
    };
    let css = [patterns::CSS, contributions::CSS, filters::CSS, CSS].concat();
    document(&page.title, &css, content, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_parts_stand_on_the_page() {
        let row = ContributionRow {
            place: "chr1:5-9".into(),
            logit: 1.0,
            logo: "<svg></svg>".into(),
            width: 10.0,
            sites: Vec::new(),
        };
        let pattern = PatternSection {
            id: "pos_patterns.pattern_0",
            seqlets: 30,
            hits: Some(41),
            logos: Vec::new(),
            facts: Vec::new(),
            matches: Vec::new(),
        };
        let page = ExplanationPage {
            title: "Why JUND".into(),
            notes: vec!["a note".into()],
            definitions: "<defs/>".into(),
            patterns: (
                vec![pattern],
                vec!["of patterns, see https://a.org/b".into()],
            ),
            regions: (vec![row], vec!["of regions".into()]),
            inside: Inside::Filters(FilterPage {
                model: "m".into(),
                before: None,
                tfs: vec!["JUND".into()],
                regions: "5 regions".into(),
                share: 0.5,
                trim: 0.25,
                motifs: "jaspar".into(),
                notices: Vec::new(),
                threshold: 0.05,
                definitions: String::new(),
                rows: Vec::new(),
                groups: Vec::new(),
            }),
            files: vec![("hits/hits.bed", "hits")],
        };
        let html = explanation_page(&page);
        for expected in [
            "Why JUND",
            "a note",
            "<defs/>",
            "of patterns, see <a href=\"https://a.org/b\">https://a.org/b</a>",
            "<td>41</td>",
            "of regions",
            "chr1:5-9",
            "id=\"filters-of-the-model\"",
            "href=\"hits/hits.bed\"",
        ] {
            assert!(html.contains(expected), "{expected}");
        }

        let rows = (0..30).map(|n| (format!("TF{n}"), "output", 3.0 - f64::from(n) / 5.0));
        let features = WeighedFeatures {
            notes: vec!["of weights".into()],
            rows: rows.collect(),
        };
        let html = explanation_page(&ExplanationPage {
            inside: Inside::Readout(features),
            ..page
        });
        for expected in [
            "href=\"#weights\"",
            "of weights",
            "TF19",
            "of 30; ",
            "+3.00",
        ] {
            assert!(html.contains(expected), "{expected}");
        }
        assert!(html.contains("class=\"against\"") && !html.contains("TF20"));
        assert!(!html.contains("filters-of-the-model"));
    }
}
