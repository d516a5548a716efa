//! A page of motifs: their logos on both strands and what is known of them.

use maud::{Markup, PreEscaped, html};

use crate::date;
use crate::page::document;
use crate::svg::px;

/// Pixels of a page for one of a logo, where there is room: a letter is 13 wide.
const LOGO: f64 = 0.6;
/// As [`LOGO`], of pairs of logos one above the other.
const PAIR: f64 = 0.65;

/// Columns of fixed width beside those of the logos, which take the rest.
const CSS: &str = include_str!("motifs.css");

/// One motif of a page, in the words and pictures to be shown. Logos are SVG of the caller's own
/// making and are put in as they are; texts are escaped.
#[derive(Debug, Clone, Copy)]
pub struct MotifRow<'a> {
    /// What tells the motif apart.
    pub id: &'a str,
    /// Its name, if it has one.
    pub name: Option<&'a str>,
    /// Species whose TF it is of; empty if that is not known.
    pub species: &'a str,
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
/// to, put in once. Logos keep one scale, and shrink together where the page is narrow.
#[must_use]
pub fn motif_page(
    title: &str,
    notes: &[&str],
    definitions: &str,
    motifs: &[MotifRow<'_>],
) -> String {
    let with_sites = motifs.iter().any(|motif| motif.sites.is_some());
    let with_e_value = motifs.iter().any(|motif| motif.e_value.is_some());
    let widest = widest(motifs.iter().map(|motif| motif.logo));
    let content = html! {
        (PreEscaped(definitions))
        div.sheet.motifs {
            (head("bindscape motifs", title, notes))
            main {
                div.table tabindex="0" role="region" aria-label="Motifs" {
                    table.pictures.stack {
                        thead {
                            tr {
                                th.left.about { "Motif" }
                                @if with_sites { th.few { "Sites" } }
                                @if with_e_value { th.value { "E-value" } }
                                th.left { "Logo and consensus" }
                                th.left { "Other strand" }
                            }
                        }
                        tbody {
                            @for motif in motifs {
                                tr {
                                    th scope="row" { (about(motif.id, motif.name, &[motif.species])) }
                                    @if with_sites {
                                        td data-label="sites" { @if let Some(sites) = motif.sites { (sites.round()) } }
                                    }
                                    @if with_e_value { td data-label="E-value" { (motif.e_value.unwrap_or("")) } }
                                    td.left {
                                        (logo(motif.logo, widest, LOGO))
                                        code { (motif.consensus) }
                                    }
                                    td.left { (logo(motif.logo_reverse, widest, LOGO)) }
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

/// The head of a page. Addresses among the words of notes are links.
pub(crate) fn head(kicker: &str, title: &str, notes: &[&str]) -> Markup {
    html! {
        header {
            p.kicker { (kicker) " · " (date::today()) }
            // Lists without blanks may break after a comma.
            h1 { @for part in title.split_inclusive(',') { (part) wbr; } }
            @for note in notes { p { (linked(note)) } }
        }
    }
}

pub(crate) fn foot() -> Markup {
    html! {
        footer {
            "Made by bindscape " (env!("CARGO_PKG_VERSION")) " on " (date::today())
            ". This page is one file and loads nothing from the network."
        }
    }
}

/// The files beside a page, and what they hold.
pub(crate) fn files_beside(files: &[(&str, &str)]) -> Markup {
    html! {
        section aria-labelledby="files" {
            h2 id="files" { "Files" }
            ul {
                @for (name, what) in files {
                    li { a href=(name) { code { (name) } } ": " (what) }
                }
            }
        }
    }
}

/// Logos with what they show.
pub(crate) fn captioned<'a>(logos: impl IntoIterator<Item = (&'a str, &'a str)>) -> Markup {
    html! {
        div.logos {
            @for (what, logo) in logos {
                figure {
                    (PreEscaped(logo))
                    figcaption { (what) }
                }
            }
        }
    }
}

/// What is known of a motif, in few words each.
pub(crate) fn facts(facts: &[(&str, String)]) -> Markup {
    html! {
        dl.keys.facts {
            @for (what, value) in facts {
                div { dt { (what) } dd { (value) } }
            }
        }
    }
}

/// A text with its addresses as links.
pub(crate) fn linked(text: &str) -> Markup {
    let mut pieces: Vec<(&str, &str)> = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("https://") {
        let (before, from) = rest.split_at(at);
        let ends = |c: char| c.is_whitespace() || "()<>\",;".contains(c);
        let word = &from[..from.find(ends).unwrap_or(from.len())];
        let address = word.trim_end_matches(['.', ':']);
        pieces.push((before, address));
        rest = &from[address.len()..];
    }
    html! {
        @for (before, address) in pieces { (before) a href=(address) { (address) } }
        (rest)
    }
}

/// A motif's id and name, and below them what tells it from others of that name.
pub(crate) fn about(id: &str, name: Option<&str>, more: &[&str]) -> Markup {
    html! {
        (id)
        @if let Some(name) = name { br; (name) }
        @for text in more.iter().filter(|text| !text.is_empty()) {
            br; span.interval { (text) }
        }
    }
}

/// The width of the widest of some logos, in their own pixels.
pub(crate) fn widest<'a>(logos: impl Iterator<Item = &'a str>) -> f64 {
    logos.filter_map(width_of).fold(1.0, f64::max)
}

/// The width of an SVG by its view box.
fn width_of(svg: &str) -> Option<f64> {
    let (_, rest) = svg.split_once("viewBox=\"")?;
    let numbers = &rest[..rest.find('"')?];
    numbers.split(' ').nth(2)?.parse().ok()
}

/// A logo at `scale`, or smaller where `widest` would not fit: all that stand in places of one
/// width keep one scale, and none is wider than its place.
pub(crate) fn logo(svg: &str, widest: f64, scale: f64) -> Markup {
    let style = width_of(svg).map(|width| {
        let share = (100.0 * width / widest).min(100.0);
        format!("width:min({}px,{share:.2}%)", px(width * scale))
    });
    html! { div.logo style=[style] { (PreEscaped(svg)) } }
}

/// A motif that was compared with others, and what it is like.
#[derive(Debug, Clone)]
pub struct ComparedMotif<'a> {
    /// What tells the motif apart.
    pub id: &'a str,
    /// Its name, if it has one.
    pub name: Option<&'a str>,
    /// Species whose TF it is of; empty if that is not known.
    pub species: String,
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
    /// Species whose TF it is of; empty if that is not known.
    pub species: String,
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
    let rows = motifs.iter().flat_map(|motif| &motif.matches);
    let widest = widest(rows.map(|row| row.alignment.as_str()));
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
                    (compared(*number, motif, widest))
                }
            }
            (foot())
        }
    };
    document(title, CSS, content, None)
}

/// The section of a motif with matches.
fn compared(number: usize, motif: &ComparedMotif<'_>, widest: f64) -> Markup {
    let id = format!("motif-{}", number + 1);
    let (found, shown) = (motif.found, motif.matches.len());
    html! {
        section aria-labelledby=(id) {
            h2 id=(id) {
                (called(motif.id, motif.name))
                @if !motif.species.is_empty() { " " span.interval { (motif.species) } }
            }
            p {
                @if found == 1 { "One match." } @else { (found) " matches." }
                @if shown < found { " The best " @if shown > 1 { (shown) " " } "of them:" }
            }
            (match_table(&id, &motif.matches, widest))
        }
    }
}

/// The table of matches below the heading of that id.
pub(crate) fn match_table(id: &str, matches: &[MatchRow<'_>], widest: f64) -> Markup {
    html! {
        div.table tabindex="0" role="region" aria-labelledby=(id) {
            table.pictures.stack {
                thead {
                    tr {
                        th.left.about { "Target" }
                        th.value { "p-value" }
                        th.value { "E-value" }
                        th.value { "q-value" }
                        th.few { "Offset" }
                        th.few { "Overlap" }
                        th.few { "Strand" }
                        th.left { "Target above, query below" }
                    }
                }
                tbody {
                    @for row in matches { (matched(row, widest)) }
                }
            }
        }
    }
}

fn matched(row: &MatchRow<'_>, widest: f64) -> Markup {
    let names = ["p-value", "E-value", "q-value"];
    html! {
        tr {
            th scope="row" {
                @match row.url {
                    Some(url) => a href=(url) { (row.id) },
                    None => (row.id),
                }
                @if let Some(name) = row.name { br; (name) }
                @for text in [&row.species, &row.family] {
                    @if !text.is_empty() { br; span.interval { (text) } }
                }
            }
            @for (name, value) in names.iter().zip(&row.values) { td data-label=(name) { (value) } }
            td data-label="offset" { (row.offset) }
            td data-label="overlap" { (row.overlap) }
            td data-label="strand" { @if row.reverse { "−" } @else { "+" } }
            td.left { (logo(&row.alignment, widest, PAIR)) }
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
            species: "Homo sapiens",
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
        assert!(page.contains(">Sites</th>") && page.contains("data-label=\"sites\">12</td>"));
        assert!(!page.contains("E-value"));
        assert!(page.contains("<br>b &amp; c<br><span class=\"interval\">Homo sapiens</span>"));
        let other = MotifRow {
            e_value: Some("1e-9"),
            ..motif
        };
        assert!(motif_page("t", &[], "", &[motif, other]).contains(">1e-9</td>"));
    }

    #[test]
    fn a_comparison_says_what_it_leaves_out() {
        let row = MatchRow {
            id: "MA1",
            name: Some("<X>"),
            species: "Mus musculus".into(),
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
            species: String::new(),
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
        assert!(page.contains(">-2</td><td data-label=\"overlap\">7</td>"));
    }

    #[test]
    fn logos_keep_one_scale_within_their_place() {
        let svg = |width| format!("<svg viewBox=\"0 0 {width} 122\"></svg>");
        let (wide, narrow) = (svg(800), svg(200));
        let widest = widest([wide.as_str(), narrow.as_str()].into_iter());
        let style = |svg: &str| logo(svg, widest, 0.5).into_string();
        assert!(
            style(&wide).starts_with("<div class=\"logo\" style=\"width:min(400px,100.00%)\">")
        );
        assert!(style(&narrow).contains("width:min(100px,25.00%)"));
        assert!(style("<svg/>").starts_with("<div class=\"logo\"><svg/>"));
    }

    #[test]
    fn addresses_in_notes_are_links() {
        let text = "JASPAR (https://jaspar.elixir.no), see https://a.org/b. <i>";
        assert_eq!(
            linked(text).into_string(),
            "JASPAR (<a href=\"https://jaspar.elixir.no\">https://jaspar.elixir.no</a>), see \
             <a href=\"https://a.org/b\">https://a.org/b</a>. &lt;i&gt;"
        );
    }
}
