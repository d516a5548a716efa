//! The page that says why a model predicts as it does: contributions, the patterns that they form,
//! filters.

use maud::{PreEscaped, html};

use crate::contributions::{self, ContributionRow};
use crate::filters::{self, FilterPage};
use crate::motifs::{files_beside, foot, head, linked};
use crate::page::document;
use crate::patterns::{self, PatternSection};

/// Filters and groups of filters that the page shows; all of them have a page of their own.
const FILTERS: usize = 15;

/// Anchors of the parts.
const LINKS: &str = "nav.parts{display:flex;gap:1.2rem;flex-wrap:wrap;margin:0 0 1rem}";

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
    /// The filters.
    pub filters: FilterPage,
    /// Files beside the page, and what they hold.
    pub files: Vec<(&'a str, &'a str)>,
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
                a href="#filters-of-the-model" { "Filters" }
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
                section aria-labelledby="filters-of-the-model" {
                    h2 id="filters-of-the-model" { "Filters of the first layer" }
                    (said(&filters::notes(&page.filters)))
                    (filters::body(&page.filters, Some(FILTERS)))
                }
                (files_beside(&page.files))
            }
            (foot())
        }
    };
    let css = [patterns::CSS, contributions::CSS, filters::CSS, LINKS].concat();
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
            filters: FilterPage {
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
            },
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
    }
}
