//! A page of motifs: their logos on both strands and what is known of them.

use maud::{PreEscaped, html};

use crate::page::document;

/// Makes logos as wide as a column of the table lets them be, all to one scale.
const CSS: &str =
    "td.logo svg{display:block;height:72px;width:auto;max-width:none}.motifs{max-width:none}";

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
/// the title: where the motifs come from, a licence.
#[must_use]
pub fn motif_page(title: &str, notes: &[&str], motifs: &[MotifRow<'_>]) -> String {
    let with_sites = motifs.iter().any(|motif| motif.sites.is_some());
    let with_e_value = motifs.iter().any(|motif| motif.e_value.is_some());
    let content = html! {
        div.sheet.motifs {
            header {
                p.kicker { "bindscape motifs" }
                h1 { (title) }
                @for note in notes { p { (note) } }
            }
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
            footer {
                "Made by bindscape " (env!("CARGO_PKG_VERSION"))
                ". This page is one file and loads nothing from the network."
            }
        }
    };
    document(title, CSS, content, None)
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
        let page = motif_page("Motifs of x", &["from y"], &[motif]);
        assert!(page.contains("&lt;a&gt;") && page.contains("b &amp; c"));
        assert!(page.contains("<svg id=\"f\"></svg>") && page.contains("<svg id=\"r\"></svg>"));
        assert!(page.contains("<th>Sites</th>") && page.contains("<td>12</td>"));
        assert!(!page.contains("E-value"));
        let other = MotifRow {
            e_value: Some("1e-9"),
            ..motif
        };
        assert!(motif_page("t", &[], &[motif, other]).contains("<td>1e-9</td>"));
    }
}
