//! A page of clusters of motifs: the tree of clusters, then each with its motifs aligned.

use maud::{Markup, PreEscaped, html};

use crate::motifs::{files_beside, foot, head, logo, widest};
use crate::number::counted;
use crate::page::document;
use crate::svg::px;
use crate::tree::{Branch, highest, paths};

/// Height of a row beside a tree, in pixels. The style below has it, too.
const ROW: f64 = 108.0;
/// Pixels of a page for one of a logo.
const LOGO: f64 = 0.5;
/// Names of a cluster's motifs in the tree of clusters.
const NAMED: usize = 6;

const CSS: &str = include_str!("clusters.css");

/// What a page of clusters shows.
#[derive(Debug, Clone, Copy)]
pub struct ClusterPage<'a> {
    /// Its title.
    pub title: &'a str,
    /// Lines below the title: settings, agreement with classes, a licence.
    pub notes: &'a [String],
    /// SVG that the logos refer to, put in once.
    pub definitions: &'a str,
    /// The clusters, by number from 1.
    pub clusters: &'a [MotifCluster],
    /// Clusters (places in `clusters`) in the order of the tree's leaves.
    pub order: &'a [usize],
    /// The tree of clusters; leaves are places in `order`.
    pub tree: &'a [Branch],
    /// What the heights of branches are.
    pub height: &'a str,
    /// Files beside the page, and what they hold.
    pub files: &'a [(&'a str, &'a str)],
}

/// A cluster of motifs.
#[derive(Debug, Clone)]
pub struct MotifCluster {
    /// Consensus of its motifs in IUPAC letters.
    pub consensus: String,
    /// SVG of the consensus' logo.
    pub logo: String,
    /// Its motifs in the order of the leaves of `tree`.
    pub members: Vec<ClusteredMotif>,
    /// The tree of its motifs; leaves are places in `members`.
    pub tree: Vec<Branch>,
}

/// A motif of a cluster.
#[derive(Debug, Clone)]
pub struct ClusteredMotif {
    /// What tells it apart.
    pub id: String,
    /// Its name, or its id.
    pub name: String,
    /// Species whose TF it is of; empty if that is not known.
    pub species: String,
    /// Whether it is reverse-complemented in the cluster.
    pub reverse: bool,
    /// SVG of its logo in the frame of the cluster.
    pub logo: String,
}

/// One HTML page of clusters of motifs, which loads nothing.
///
/// # Panics
/// If a tree's branch joins what is not before it.
#[must_use]
pub fn cluster_page(page: &ClusterPage<'_>) -> String {
    let content = html! {
        (PreEscaped(page.definitions))
        div.sheet {
            (head("bindscape motif cluster", page.title, &page.notes.iter().map(String::as_str).collect::<Vec<_>>()))
            main {
                section aria-labelledby="tree" {
                    h2 id="tree" { "Clusters" }
                    p { "The consensus of each cluster, with the tree that joins them. Across the tree: " (page.height) ", from 0 on the right." }
                    (grown(page.tree, &rows(page)))
                }
                @for (number, cluster) in (1..).zip(page.clusters) { (section(number, cluster)) }
                (files_beside(page.files))
            }
            (foot())
        }
    };
    document(page.title, CSS, content, None)
}

/// A row of the tree of clusters for each of them.
fn rows(page: &ClusterPage<'_>) -> Vec<Markup> {
    let widest = widest(page.clusters.iter().map(|cluster| cluster.logo.as_str()));
    let row = |&at: &usize| {
        let cluster = &page.clusters[at];
        html! {
            p.who {
                a href={ "#cluster-" (at + 1) } { "Cluster " (at + 1) } ", "
                (counted(cluster.members.len() as u64, "motif"))
            }
            p.who { span.interval { (names(cluster)) } }
            (logo(&cluster.logo, widest, LOGO))
        }
    };
    page.order.iter().map(row).collect()
}

/// The first different names of a cluster.
fn names(cluster: &MotifCluster) -> String {
    let mut names: Vec<&str> = Vec::new();
    for member in &cluster.members {
        if !names.contains(&member.name.as_str()) {
            names.push(&member.name);
        }
    }
    let more = if names.len() > NAMED { " …" } else { "" };
    names.truncate(NAMED);
    format!("{}{more}", names.join(", "))
}

fn section(number: usize, cluster: &MotifCluster) -> Markup {
    let id = format!("cluster-{number}");
    let widest = widest(cluster.members.iter().map(|member| member.logo.as_str()));
    let rows: Vec<Markup> = cluster
        .members
        .iter()
        .map(|member| {
            html! {
                p.who {
                    (member.name)
                    @if member.name != member.id { " (" (member.id) ")" }
                    @if member.reverse { ", reverse complement" }
                }
                p.who { span.interval { i { (member.species) } } }
                (logo(&member.logo, widest, LOGO))
            }
        })
        .collect();
    html! {
        section aria-labelledby=(id) {
            h2 id=(id) { "Cluster " (number) }
            p { (counted(cluster.members.len() as u64, "motif")) ". Consensus: " code { (cluster.consensus) } }
            @if cluster.members.len() > 1 {
                div.consensus { (logo(&cluster.logo, widest, LOGO)) }
            }
            (grown(&cluster.tree, &rows))
        }
    }
}

/// Rows with a tree on their left, whose leaves are the rows.
fn grown(tree: &[Branch], rows: &[Markup]) -> Markup {
    if tree.is_empty() {
        return html! { div.alone { @for row in rows { (row) } } };
    }
    let height = ROW * rows.len() as f64;
    let places: Vec<f64> = (0..rows.len())
        .map(|row| ROW * (row as f64 + 0.5))
        .collect();
    let most = highest(tree).max(1e-9);
    // The root is on the left, and leaves end at the rows.
    let at = |height: f64, place: f64| (98.0 - 96.0 * height / most, place);
    html! {
        div.grown {
            svg.tree viewBox={ "0 0 100 " (px(height)) } preserveAspectRatio="none" style={ "height:" (px(height)) "px" } role="img" aria-label="Tree" {
                @for path in paths(tree, &places, &at) { path d=(path) {} }
            }
            ol { @for row in rows { li { (row) } } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_at_the_leaves_of_their_tree() {
        let member = |name: &str, reverse| ClusteredMotif {
            id: format!("<{name}>"),
            name: name.into(),
            species: "Homo sapiens".into(),
            reverse,
            logo: "<svg viewBox=\"0 0 200 122\"></svg>".into(),
        };
        let branch = |groups, height| Branch { groups, height };
        let cluster = |members: Vec<ClusteredMotif>| MotifCluster {
            consensus: "ACGTN".into(),
            logo: "<svg viewBox=\"0 0 100 122\"></svg>".into(),
            tree: (1..members.len()).map(|_| branch([0, 1], 0.25)).collect(),
            members,
        };
        let clusters = [
            cluster(vec![member("MAX", false), member("MYC", true)]),
            cluster(vec![member("CTCF", false)]),
        ];
        let page = cluster_page(&ClusterPage {
            title: "Clusters of x",
            notes: &["from https://jaspar.elixir.no".into()],
            definitions: "<defs/>",
            clusters: &clusters,
            order: &[1, 0],
            tree: &[branch([0, 1], 0.5)],
            height: "1 − correlation",
            files: &[("clusters.tsv", "motifs")],
        });
        let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text}"));
        assert!(
            at("#cluster-2") < at("#cluster-1") && at("id=\"cluster-1\"") < at("id=\"cluster-2\"")
        );
        assert!(page.contains("</a>, 1 motif</p>") && page.contains(">MAX, MYC</span>"));
        assert!(
            page.contains("(&lt;MYC&gt;)")
                && page.contains("(&lt;MYC&gt;), reverse complement</p>")
        );
        // Two rows of 108 pixels, joined at the left edge; a motif alone has no tree.
        assert!(page.contains("viewBox=\"0 0 100 216\""));
        assert!(page.contains("style=\"height:216px\""));
        assert!(page.contains("d=\"M98 54H2V162H98\""));
        assert_eq!(page.matches("class=\"tree\"").count(), 2);
        assert_eq!(page.matches("class=\"alone\"").count(), 1);
        assert!(CSS.contains(&format!("height:{}px", px(ROW))));
    }
}
