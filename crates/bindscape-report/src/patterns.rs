//! The page of the patterns that contributions form.

use maud::{Markup, PreEscaped, html};

use crate::motifs::{MatchRow, captioned, facts, files_beside, foot, head, match_table, widest};
use crate::page::document;

/// Logos in rows, and small ones in the table of all patterns.
pub(crate) const CSS: &str = concat!(include_str!("motifs.css"), include_str!("patterns.css"));

/// A pattern in the words and pictures to be shown.
#[derive(Debug, Clone)]
pub struct PatternSection<'a> {
    /// What tells the pattern apart.
    pub id: &'a str,
    /// Seqlets that it was made from.
    pub seqlets: usize,
    /// Its hits, where they were sought.
    pub hits: Option<usize>,
    /// SVG of its logos, each with what it shows; the first is also in the table of all patterns.
    pub logos: Vec<(&'static str, String)>,
    /// What is known of it: a few words each, and the value.
    pub facts: Vec<(&'static str, String)>,
    /// What it is like, the best first.
    pub matches: Vec<MatchRow<'a>>,
}

/// One HTML page of patterns in the order given, which loads nothing: a table of all, then each
/// with its logos and matches. `notes` are lines below the title, `definitions` is SVG that the
/// logos refer to; `files` are those beside the page and what they hold.
#[must_use]
pub fn patterns_page(
    title: &str,
    notes: &[&str],
    definitions: &str,
    patterns: &[PatternSection<'_>],
    files: &[(&str, &str)],
) -> String {
    let content = html! {
        (PreEscaped(definitions))
        div.sheet.motifs {
            (head("bindscape motif modisco", title, notes))
            main {
                (sections(patterns))
                (files_beside(files))
            }
            (foot())
        }
    };
    document(title, CSS, content, None)
}

/// The table of all patterns, and each of them.
pub(crate) fn sections(patterns: &[PatternSection<'_>]) -> Markup {
    let rows = patterns.iter().flat_map(|pattern| &pattern.matches);
    let widest = widest(rows.map(|row| row.alignment.as_str()));
    html! {
        section aria-labelledby="patterns" {
            h2 id="patterns" { "Patterns" }
            @if patterns.is_empty() { p { "No pattern." } } @else { (overview(patterns)) }
        }
        @for (number, pattern) in (1..).zip(patterns) { (section(number, pattern, widest)) }
    }
}

fn overview(patterns: &[PatternSection<'_>]) -> Markup {
    let sought = patterns.iter().any(|pattern| pattern.hits.is_some());
    html! {
        div.table tabindex="0" role="region" aria-labelledby="patterns" {
            table {
                thead {
                    tr {
                        th.left { "Pattern" }
                        th { "Seqlets" }
                        @if sought { th { "Hits" } }
                        th.left { "Best match" }
                        th { "q-value" }
                        th.left { "Contributions" }
                    }
                }
                tbody {
                    @for (number, pattern) in (1..).zip(patterns) {
                        tr {
                            th scope="row" { a href={ "#pattern-" (number) } { (pattern.id) } }
                            td { (pattern.seqlets) }
                            @if sought { td { (pattern.hits.unwrap_or(0)) } }
                            @match pattern.matches.first() {
                                Some(best) => {
                                    td.left { (best.name.unwrap_or(best.id)) }
                                    td { (best.values[2]) }
                                }
                                None => {
                                    td.left { "none" }
                                    td {}
                                }
                            }
                            td.left.logo {
                                @if let Some((_, logo)) = pattern.logos.first() { (PreEscaped(logo)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn section(number: usize, pattern: &PatternSection<'_>, widest: f64) -> Markup {
    let id = format!("pattern-{number}");
    html! {
        section aria-labelledby=(id) {
            h2 id=(id) { (pattern.id) }
            (captioned(pattern.logos.iter().map(|(what, logo)| (*what, logo.as_str()))))
            (facts(&pattern.facts))
            @if pattern.matches.is_empty() {
                p { "No match." }
            } @else {
                (match_table(&id, &pattern.matches, widest))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_have_logos_facts_and_matches_or_say_that_there_are_none() {
        let pattern = |id, matches| PatternSection {
            id,
            seqlets: 30,
            hits: None,
            logos: vec![("Contributions", "<svg id=\"c\"></svg>".into())],
            facts: vec![("Consensus", "TGA<".into())],
            matches,
        };
        let best = MatchRow {
            id: "MA1",
            name: Some("FOS"),
            species: String::new(),
            family: String::new(),
            url: None,
            values: ["1e-5", "1e-3", "1e-2"].map(String::from),
            offset: 2,
            overlap: 7,
            reverse: true,
            alignment: "<svg viewBox=\"0 0 10 10\"></svg>".into(),
        };
        let patterns = [pattern("p0", vec![best]), pattern("p1", Vec::new())];
        let page = patterns_page("t", &["n"], "<defs/>", &patterns, &[("a.h5", "all")]);
        assert!(page.contains("href=\"#pattern-2\"") && page.contains("id=\"pattern-2\""));
        assert!(page.contains("<td class=\"left\">FOS</td><td>1e-2</td>"));
        assert!(page.contains("<dt>Consensus</dt><dd>TGA&lt;</dd>"));
        assert!(page.contains("<p>No match.</p>"));
        assert!(page.contains("<a href=\"a.h5\"><code>a.h5</code></a>: all"));
        let none = patterns_page("t", &[], "", &[], &[]);
        assert!(none.contains("<p>No pattern.</p>"));
    }
}
