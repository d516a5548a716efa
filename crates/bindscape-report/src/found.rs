//! Pages of what was found: hits of motifs in sequences, and motifs enriched in sequences.

use maud::{Markup, PreEscaped, html};

use crate::motifs::{called, captioned, facts, files_beside, foot, head};
use crate::page::document;

/// Logos no wider than their place, and hits in a small type.
const CSS: &str = include_str!("found.css");

/// A motif that was sought in sequences.
#[derive(Debug, Clone, Copy)]
pub struct SoughtMotif<'a> {
    /// What tells the motif apart.
    pub id: &'a str,
    /// Its name, if it has one.
    pub name: Option<&'a str>,
    /// Positions.
    pub width: usize,
    /// Hits in all.
    pub hits: u64,
    /// SVG of its logo.
    pub logo: &'a str,
}

/// A hit in the words to be shown.
#[derive(Debug, Clone)]
pub struct HitRow {
    /// The motif's id.
    pub motif: String,
    /// Sequence or chromosome, first base, last base (from 1), strand.
    pub place: [String; 4],
    /// Score, p-value and q-value; empty where there is none.
    pub values: [String; 3],
    /// The bases along the strand of the motif.
    pub bases: String,
}

/// One HTML page of hits in the order given, `found` in all, which loads nothing; above them the
/// motifs. `notes` are lines below the title, `definitions` is SVG that the logos refer to.
#[must_use]
pub fn hits_page(
    title: &str,
    notes: &[&str],
    definitions: &str,
    motifs: &[SoughtMotif<'_>],
    (hits, found): (&[HitRow], u64),
) -> String {
    let shown = hits.len() as u64;
    let content = html! {
        (PreEscaped(definitions))
        div.sheet {
            (head("bindscape motif fimo", title, notes))
            main {
                section aria-labelledby="motifs" {
                    h2 id="motifs" { "Motifs" }
                    (sought(motifs))
                }
                section aria-labelledby="hits" {
                    h2 id="hits" { "Hits" }
                    p {
                        @match found {
                            0 => "No hit.",
                            1 => "One hit.",
                            _ => { (found) " hits, best p-value first." }
                        }
                        @if shown < found {
                            " The best " (shown) " are shown; the table beside this page has all."
                        }
                    }
                    @if shown > 0 { (hit_table(hits)) }
                }
            }
            (foot())
        }
    };
    document(title, CSS, content, None)
}

fn sought(motifs: &[SoughtMotif<'_>]) -> Markup {
    html! {
        div.table tabindex="0" role="region" aria-label="Motifs" {
            table {
                thead {
                    tr { th.left { "Motif" } th { "Positions" } th { "Hits" } th.left { "Logo" } }
                }
                tbody {
                    @for motif in motifs {
                        tr {
                            th scope="row" {
                                (motif.id)
                                @if let Some(name) = motif.name { br; (name) }
                            }
                            td { (motif.width) }
                            td { (motif.hits) }
                            td.left.logo { (PreEscaped(motif.logo)) }
                        }
                    }
                }
            }
        }
    }
}

fn hit_table(hits: &[HitRow]) -> Markup {
    html! {
        div.table tabindex="0" role="region" aria-label="Hits" {
            table.hits {
                thead {
                    tr {
                        th.left { "Motif" }
                        th.left { "Sequence" }
                        th { "Start" }
                        th { "Stop" }
                        th { "Strand" }
                        th { "Score" }
                        th { "p-value" }
                        th { "q-value" }
                        th.left { "Matched sequence" }
                    }
                }
                tbody {
                    @for hit in hits {
                        tr {
                            th scope="row" { (hit.motif) }
                            td.left { (hit.place[0]) }
                            @for cell in hit.place[1..].iter().chain(&hit.values) { td { (cell) } }
                            td.left { code { (hit.bases) } }
                        }
                    }
                }
            }
        }
    }
}

/// A motif that is enriched in sequences, in the words and pictures to be shown.
#[derive(Debug, Clone)]
pub struct EnrichedMotif<'a> {
    /// What tells the motif apart.
    pub id: &'a str,
    /// Its other name.
    pub name: &'a str,
    /// SVG of its logo, and of that of the other strand.
    pub logos: [String; 2],
    /// What is known of it: a few words each, and the value.
    pub facts: Vec<(&'a str, String)>,
}

/// One HTML page of enriched motifs in the order given, which loads nothing. `notes` and
/// `definitions` are as those of [`hits_page`]; `files` are those beside the page and what they
/// hold.
#[must_use]
pub fn enrichment_page(
    title: &str,
    notes: &[&str],
    definitions: &str,
    motifs: &[EnrichedMotif<'_>],
    files: &[(&str, &str)],
) -> String {
    let content = html! {
        (PreEscaped(definitions))
        div.sheet {
            (head("bindscape motif streme", title, notes))
            @if motifs.len() > 1 {
                nav aria-label="Motifs" {
                    ul {
                        @for (number, motif) in (1..).zip(motifs) {
                            li { a href={ "#motif-" (number) } { (motif.id) } }
                        }
                    }
                }
            }
            main {
                @if motifs.is_empty() { p { "No significant motif." } }
                @for (number, motif) in (1..).zip(motifs) { (enriched(number, motif)) }
                (files_beside(files))
            }
            (foot())
        }
    };
    document(title, CSS, content, None)
}

fn enriched(number: usize, motif: &EnrichedMotif<'_>) -> Markup {
    let id = format!("motif-{number}");
    html! {
        section aria-labelledby=(id) {
            h2 id=(id) { (called(motif.id, Some(motif.name))) }
            (captioned(["This strand", "Other strand"].into_iter().zip(motif.logos.iter().map(String::as_str))))
            (facts(&motif.facts))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hits_are_shown_as_far_as_they_are_given() {
        let motif = SoughtMotif {
            id: "<M1>",
            name: Some("box"),
            width: 8,
            hits: 30,
            logo: "<svg id=\"l\"></svg>",
        };
        let hit = HitRow {
            motif: "M1".into(),
            place: ["s&1", "5", "12", "+"].map(String::from),
            values: ["14.2".into(), "1e-5".into(), String::new()],
            bases: "TGACGTAA".into(),
        };
        let page = hits_page("t", &["n"], "<defs/>", &[motif], (&[hit], 30));
        assert!(page.contains("&lt;M1&gt;<br>box") && page.contains("<svg id=\"l\"></svg>"));
        assert!(page.contains("30 hits, best p-value first. The best 1 are shown"));
        assert!(page.contains("s&amp;1</td><td>5</td><td>12</td><td>+</td><td>14.2</td>"));
        assert!(page.contains("<code>TGACGTAA</code>"));
        let none = hits_page("t", &[], "", &[motif], (&[], 0));
        assert!(none.contains("<p>No hit.</p>") && !none.contains("Matched sequence"));
    }

    #[test]
    fn enriched_motifs_have_logos_facts_and_files() {
        let motif = |id| EnrichedMotif {
            id,
            name: "STREME-1",
            logos: ["<svg id=\"f\"></svg>".into(), "<svg id=\"r\"></svg>".into()],
            facts: vec![("E-value", "1e-9".into())],
        };
        let files = [("streme.txt", "motifs")];
        let page = enrichment_page("t", &[], "<defs/>", &[motif("1-A"), motif("2-C")], &files);
        assert!(page.contains("href=\"#motif-2\"") && page.contains("id=\"motif-2\""));
        assert!(page.contains("<svg id=\"f\"></svg>") && page.contains("<svg id=\"r\"></svg>"));
        assert!(page.contains("<dt>E-value</dt><dd>1e-9</dd>"));
        assert!(page.contains("<a href=\"streme.txt\"><code>streme.txt</code></a>: motifs"));
        let none = enrichment_page("t", &[], "", &[], &files);
        assert!(none.contains("No significant motif."));
    }
}
