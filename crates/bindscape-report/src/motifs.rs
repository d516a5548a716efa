//! A page of motifs: their logos on both strands and what is known of them.

use maud::{Markup, PreEscaped, html};

use crate::page::document;

/// Makes logos, and pairs of them, as wide as a column of the table lets them be, all to one scale.
const CSS: &str = "td.logo svg,td.logos svg{display:block;width:auto;max-width:none}td.logo svg{height:72px}td.logos svg{height:168px}.motifs{max-width:none}.motifs p{overflow-wrap:anywhere}";

/// One motif of a page, in the words and pictures to be shown. Logos are SVG of the caller's own
/// making and are put in as they are; texts are escaped.
#[derive(Debug, Clone, Copy)]
pub struct MotifRow<'a> {
    /// What tells the motif apart.
    pub id: &'a str,
    /// Its name, if it has one.
    pub name: Option<&'a str>,
    /// Consensus in IUPAC letters.
    pub consensus: &'a str,
    /// Sites it was made from.
    pub sites: Option<f64>,
    /// Its E-value or p-value as it shall be read.
    pub e_value: Option<&'a str>,
    /// Logo of the strand that the motif is given on.
    pub logo: &'a str,
    /// Logo of the other strand.
    pub logo_reverse: &'a str,
}

/// One HTML page of motifs in the order given, which loads nothing. `notes` are lines below
/// the title: where the motifs come from, a licence. `definitions` is SVG that the logos refer
/// to, put in once.
#[must_use]
pub fn motif_page(
    title: &str,
    notes: &[&str],
    definitions: &str,
    motifs: &[MotifRow<'_>],
) -> String {
    let with_sites = motifs.iter().any(|motif| motif.sites.is_some());
    let with_e_value = motifs.iter().any(|motif| motif.e_value.is_some());
    let content = html! {
        (PreEscaped(definitions))
        div.sheet.motifs {
            (head("bindscape motifs", title, notes))
            main {
                div.table tabindex="0" role="region" aria-label="Motifs" {
                    table {
                        thead {
                            tr {
                                th.left { "Motif" }
                                @if with_sites { th { "Sites" } }
                                @if with_e_value { th { "E-value" } }
                                th.left { "Logo" }
                                th.left { "Other strand" }
                                th.left { "Consensus" }
                            }
                        }
                        tbody {
                            @for motif in motifs {
                                tr {
                                    th scope="row" {
                                        (motif.id)
                                        @if let Some(name) = motif.name { br; (name) }
                                    }
                                    @if with_sites {
                                        td { @if let Some(sites) = motif.sites { (sites.round()) } }
                                    }
                                    @if with_e_value { td { (motif.e_value.unwrap_or("")) } }
                                    td.left.logo { (PreEscaped(motif.logo)) }
                                    td.left.logo { (PreEscaped(motif.logo_reverse)) }
                                    td.left { code { (motif.consensus) } }
                                }
                            }
                        }
                    }
                }
            }
            (foot())
        }
    };
    document(title, CSS, content, None)
}

pub(crate) fn head(kicker: &str, title: &str, notes: &[&str]) -> Markup {
    html! {
        header {
            p.kicker { (kicker) }
            h1 { (title) }
            @for note in notes { p { (note) } }
        }
    }
}

pub(crate) fn foot() -> Markup {
    html! {
        footer {
            "Made by bindscape " (env!("CARGO_PKG_VERSION"))
            ". This page is one file and loads nothing from the network."
        }
    }
}

/// A motif that was compared with others, and what it is like.
#[derive(Debug, Clone)]
pub struct ComparedMotif<'a> {
    /// What tells the motif apart.
    pub id: &'a str,
    /// Its name, if it has one.
    pub name: Option<&'a str>,
    /// Matches in all; there may be more than are shown.
    pub found: usize,
    /// Those to show, in this order.
    pub matches: Vec<MatchRow<'a>>,
}

/// A match of a motif, in the words and pictures to be shown.
#[derive(Debug, Clone)]
pub struct MatchRow<'a> {
    /// What tells the target apart.
    pub id: &'a str,
    /// Its name, if it has one.
    pub name: Option<&'a str>,
    /// Its family, or what else is to be said of it in few words.
    pub family: String,
    /// Where to read about it.
    pub url: Option<&'a str>,
    /// p-value, E-value and q-value as they shall be read.
    pub values: [String; 3],
    /// Place of the query's first position in the target, from 0.
    pub offset: i32,
    /// Aligned positions.
    pub overlap: usize,
    /// Whether the target was reverse-complemented.
    pub reverse: bool,
    /// SVG of the target's logo above the query's.
    pub alignment: String,
}

/// One HTML page of motifs in the order given, each with what it is like, which loads nothing.
/// `notes` and `definitions` are as those of [`motif_page`].
#[must_use]
pub fn comparison_page(
    title: &str,
    notes: &[&str],
    definitions: &str,
    motifs: &[ComparedMotif<'_>],
) -> String {
    let (matched, unmatched): (Vec<_>, Vec<_>) = motifs
        .iter()
        .enumerate()
        .partition(|(_, motif)| motif.found > 0);
    let content = html! {
        (PreEscaped(definitions))
        div.sheet.motifs {
            (head("bindscape motif compare", title, notes))
            @if matched.len() > 1 {
                nav aria-label="Motifs" {
                    ul {
                        @for (number, motif) in &matched {
                            li { a href={ "#motif-" (number + 1) } { (called(motif.id, motif.name)) } }
                        }
                    }
                }
            }
            main {
                @if !unmatched.is_empty() {
                    p {
                        "No match: "
                        @for (place, (_, motif)) in unmatched.iter().enumerate() {
                            @if place > 0 { ", " }
                            (called(motif.id, motif.name))
                        }
                        "."
                    }
                }
                @for (number, motif) in &matched {
                    (compared(*number, motif))
                }
            }
            (foot())
        }
    };
    document(title, CSS, content, None)
}

/// The section of a motif with matches.
fn compared(number: usize, motif: &ComparedMotif<'_>) -> Markup {
    let id = format!("motif-{}", number + 1);
    let (found, shown) = (motif.found, motif.matches.len());
    html! {
        section aria-labelledby=(id) {
            h2 id=(id) { (called(motif.id, motif.name)) }
            p {
                @if found == 1 { "One match." } @else { (found) " matches." }
                @if shown < found { " The best " @if shown > 1 { (shown) " " } "of them:" }
            }
            div.table tabindex="0" role="region" aria-labelledby=(id) {
                table {
                    thead {
                        tr {
                            th.left { "Target" }
                            th { "p-value" }
                            th { "E-value" }
                            th { "q-value" }
                            th { "Offset" }
                            th { "Overlap" }
                            th { "Strand" }
                            th.left { "Target above, query below" }
                        }
                    }
                    tbody {
                        @for row in &motif.matches {
                            tr {
                                th scope="row" {
                                    @match row.url {
                                        Some(url) => a href=(url) { (row.id) },
                                        None => (row.id),
                                    }
                                    @if let Some(name) = row.name { br; (name) }
                                    @if !row.family.is_empty() { br; span.interval { (row.family) } }
                                }
                                @for value in &row.values { td { (value) } }
                                td { (row.offset) }
                                td { (row.overlap) }
                                td { @if row.reverse { "−" } @else { "+" } }
                                td.left.logos { (PreEscaped(&row.alignment)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A motif's id and name.
pub(crate) fn called(id: &str, name: Option<&str>) -> String {
    match name {
        Some(name) => format!("{id} {name}"),
        None => id.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_that_no_motif_fills_are_left_out_and_text_is_escaped() {
        let motif = MotifRow {
            id: "<a>",
            name: Some("b & c"),
            consensus: "ACGTN",
            sites: Some(12.0),
            e_value: None,
            logo: "<svg id=\"f\"></svg>",
            logo_reverse: "<svg id=\"r\"></svg>",
        };
        let page = motif_page("Motifs of x", &["from y"], "<defs/>", &[motif]);
        assert!(page.contains("&lt;a&gt;") && page.contains("b &amp; c"));
        assert!(page.contains("<svg id=\"f\"></svg>") && page.contains("<svg id=\"r\"></svg>"));
        assert!(page.contains("<body><defs/>"));
        assert!(page.contains("<th>Sites</th>") && page.contains("<td>12</td>"));
        assert!(!page.contains("E-value"));
        let other = MotifRow {
            e_value: Some("1e-9"),
            ..motif
        };
        assert!(motif_page("t", &[], "", &[motif, other]).contains("<td>1e-9</td>"));
    }

    #[test]
    fn a_comparison_says_what_it_leaves_out() {
        let row = MatchRow {
            id: "MA1",
            name: Some("<X>"),
            family: "bZIP".into(),
            url: Some("https://example.org/MA1"),
            values: ["1e-9".into(), "2e-7".into(), "3e-6".into()],
            offset: -2,
            overlap: 7,
            reverse: true,
            alignment: "<svg id=\"pair\"></svg>".into(),
        };
        let motif = |id, found, shown: usize| ComparedMotif {
            id,
            name: None,
            found,
            matches: vec![row.clone(); shown],
        };
        let motifs = [motif("q1", 1, 1), motif("q2", 0, 0), motif("q3", 30, 2)];
        let page = comparison_page("t", &[], "", &motifs);
        assert!(page.contains("<p>No match: q2.</p>"));
        assert!(page.contains("<p>One match.</p>"));
        assert!(page.contains("<p>30 matches. The best 2 of them:</p>"));
        assert!(page.contains("href=\"#motif-3\"") && page.contains("id=\"motif-3\""));
        assert!(!page.contains("#motif-2"));
        assert!(page.contains("&lt;X&gt;") && page.contains("<svg id=\"pair\"></svg>"));
        assert!(page.contains("<td>-2</td><td>7</td><td>−</td>"));
    }
}
