//! The page of contributions: logos of windows, with JASPAR's motifs above them.

use bindscape_base::Result;
use bindscape_motif::logo::letter_definitions;
use bindscape_motif::scan::{Batch, Hit, Options, PSEUDOCOUNT, Scanner};
use bindscape_motif::{Logo, Pseudocount, jaspar};
use bindscape_report::{ContributionRow, NamedSite, contribution_page};

use super::windows::{Row, Windows};
use crate::motif::factors_of;

/// Largest p-value of a motif's hit.
const P_VALUE: f64 = 1e-4;
/// Names above a window at most.
const NAMES: usize = 6;
/// The share of the absolute contributions of a window that a hit must hold to be named.
const SHARE: f64 = 0.05;

/// How much more a motif of the TF itself counts.
const OWN: f64 = 2.0;

/// A window on the page.
pub(super) struct Shown {
    pub(super) row: usize,
    pub(super) logit: f64,
    pub(super) bases: Vec<u8>,
    /// Of each base of the window.
    pub(super) contributions: Vec<f64>,
}

/// The windows that a page shows, and the notice of the motifs that are named there.
pub(super) fn rows(
    tf: &str,
    shown: &[Shown],
    windows: &Windows,
) -> Result<(Vec<ContributionRow>, Option<String>)> {
    let motifs = jaspar::select("vertebrates")?;
    let background = motifs.background.unwrap_or_default().both_strands();
    let options = Options {
        threshold: P_VALUE,
        single_strand: false,
        pseudocount: Pseudocount::new(PSEUDOCOUNT)?,
    };
    let scanner = Scanner::new(&motifs.motifs, &background, &options)?;
    let mut batch = Batch::default();
    shown.iter().for_each(|shown| batch.push(&shown.bases));
    let hits = scanner.hits(&batch);
    let mut rows = Vec::new();
    for (number, shown) in shown.iter().enumerate() {
        let own: Vec<&Hit> = hits.iter().filter(|hit| hit.sequence == number).collect();
        let heights = shown.bases.iter().zip(&shown.contributions);
        let heights = heights.map(|(&base, &contribution)| {
            let mut heights = [0.0; 4];
            heights[usize::from(base)] = contribution;
            heights
        });
        let logo = Logo::weights(heights.collect())?;
        let sites = named(&scanner, tf, &own, &shown.contributions);
        rows.push(ContributionRow {
            place: place(&windows.rows[shown.row]),
            logit: shown.logit,
            logo: logo.inline_svg(),
            width: logo.width(),
            sites: sites
                .into_iter()
                .map(|hit| site(&scanner, &logo, hit))
                .collect(),
        });
    }
    Ok((rows, motifs.notice))
}

/// The page as HTML.
pub(super) fn page(title: &str, notes: &[String], rows: &[ContributionRow]) -> String {
    let notes: Vec<&str> = notes.iter().map(String::as_str).collect();
    contribution_page(title, &notes, &letter_definitions(), rows)
}

fn place(row: &Row) -> String {
    let Row {
        chrom,
        start,
        end,
        name,
        ..
    } = row;
    let strand = if row.reverse { " (-)" } else { "" };
    let place = format!("{chrom}:{start}-{end}");
    match name.as_str() {
        "." => format!("{place}{strand}"),
        // Records are often named by their place.
        name if *name == place => format!("{place}{strand}"),
        name => format!("{place}{strand} {name}"),
    }
}

/// A hit as the page shows it.
fn site(scanner: &Scanner, logo: &Logo, hit: &Hit) -> NamedSite {
    let motif = &scanner.motifs()[hit.motif];
    let (left, width) = logo.span(hit.start as usize, motif.width());
    let strand = if hit.reverse { '-' } else { '+' };
    let p_value = motif.p_values().p_value(hit.score);
    NamedSite {
        left,
        width,
        name: motif.name().to_owned(),
        about: format!("{} ({strand}), p = {p_value:.1e}", motif.id()),
    }
}

/// The hits that hold most of the contributions, without overlaps, in the order of their places.
fn named<'a>(scanner: &Scanner, tf: &str, hits: &[&'a Hit], contributions: &[f64]) -> Vec<&'a Hit> {
    let total: f64 = contributions.iter().map(|value| value.abs()).sum();
    let span = |hit: &Hit| {
        let start = hit.start as usize;
        start..start + scanner.motifs()[hit.motif].width()
    };
    let p_value = |hit: &Hit| scanner.motifs()[hit.motif].p_values().p_value(hit.score);
    let mut ranked: Vec<(&Hit, f64)> = Vec::new();
    for &hit in hits {
        let held = contributions[span(hit)].iter().sum::<f64>().abs();
        if held > 0.0 && held >= SHARE * total {
            // Of motifs that hold about the same, the one that fits best, and the TF's own before
            // others, which are many.
            let name = scanner.motifs()[hit.motif].name();
            let own = factors_of(name).any(|part| part.eq_ignore_ascii_case(tf));
            let factor = if own { OWN } else { 1.0 };
            ranked.push((hit, factor * held * -p_value(hit).log10()));
        }
    }
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
    let mut chosen: Vec<&Hit> = Vec::new();
    for (hit, _) in ranked {
        let own = span(hit);
        let free = chosen.iter().all(|other| {
            let other = span(other);
            own.end <= other.start || other.end <= own.start
        });
        if free && chosen.len() < NAMES {
            chosen.push(hit);
        }
    }
    chosen.sort_by_key(|hit| hit.start);
    chosen
}
