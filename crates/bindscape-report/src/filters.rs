//! The page of a network's filters: what they look for, what is lost without them, what a training
//! made of them.

use std::cmp::Ordering;

use maud::{Markup, PreEscaped, html};

use crate::figures::{Figure, Key, Mark};
use crate::motifs::{foot, head, logo, widest};
use crate::number::{UNDEFINED, count, counted, fixed, significant};
use crate::page::{Numbering, document};
use crate::svg::{Anchor, Frame, Scale, Svg, ticks};

/// Filters of a network.
#[derive(Debug, Clone, PartialEq)]
pub struct FilterPage {
    /// Name of the model.
    pub model: String,
    /// Name of the model that it began as.
    pub before: Option<String>,
    /// TFs of the model.
    pub tfs: Vec<String>,
    /// How many regions showed what the filters look for, in words.
    pub regions: String,
    /// Windows above this share of the largest activation are sites.
    pub share: f64,
    /// Ends with less information than this, in bits, are cut off before comparison.
    pub trim: f64,
    /// Known motifs that filters are compared with.
    pub motifs: String,
    /// Licences and citations of these.
    pub notices: Vec<String>,
    /// Largest q-value of a match.
    pub threshold: f64,
    /// SVG that logos refer to.
    pub definitions: String,
    /// The filters, in their order.
    pub rows: Vec<FilterRow>,
    /// Groups of filters of one binding mode.
    pub groups: Vec<GroupRow>,
}

/// A TF, the mean squared change of its probability without a filter, and the 95% interval.
pub type TfInfluence = (String, f64, Option<(f64, f64)>);

/// A filter.
#[derive(Debug, Clone, PartialEq)]
pub struct FilterRow {
    /// Its number, from 1.
    pub number: usize,
    /// Its sites.
    pub sites: u64,
    /// Information content of their motif in bits; `None` without sites.
    pub information: Option<f64>,
    /// Name and q-value of the most similar known motif.
    pub known: Option<(String, f64)>,
    /// Binding modes of that.
    pub modes: Vec<String>,
    /// What silencing it changes, for the TF for which that is most.
    pub influence: Option<TfInfluence>,
    /// What it was before.
    pub before: Option<FilterBefore>,
    /// Logo as SVG, below that of the known motif if it matches; empty of a filter that never
    /// responds.
    pub logo: String,
}

/// What a filter was before a training.
#[derive(Debug, Clone, PartialEq)]
pub struct FilterBefore {
    /// How it changed: `gained`, `refined`, …
    pub kind: String,
    /// Information content then, in bits; `None` without sites.
    pub information: Option<f64>,
    /// Name and q-value of the most similar known motif then.
    pub known: Option<(String, f64)>,
    /// Correlation of the weights.
    pub weights: Option<f64>,
}

/// Filters of one binding mode.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupRow {
    /// The mode.
    pub mode: String,
    /// TFs of the known motifs.
    pub tfs: Vec<String>,
    /// Numbers of the filters, from 1.
    pub filters: Vec<usize>,
    /// What silencing all of them changes, for the TF for which that is most.
    pub influence: Option<TfInfluence>,
}

impl FilterRow {
    fn matches(&self, threshold: f64) -> bool {
        self.known
            .as_ref()
            .is_some_and(|known| known.1 <= threshold)
    }
}

/// Lists of TFs and filters break.
pub(crate) const CSS: &str = "td.wrap{white-space:normal;min-width:12em}";

/// Pixels of a page for one of a logo.
const LOGO: f64 = 0.55;

/// q-values below this are drawn as this: they are rounding of one another.
const LEAST_Q: f64 = 1e-12;

/// Figures and tables, the latter of at most so many filters and groups.
pub(crate) fn body(page: &FilterPage, most: Option<usize>) -> Markup {
    let mut numbering = Numbering::default();
    html! {
        @if let Some(figure) = influences(page) { (numbering.figure(&figure)) }
        @if let Some(figure) = changes(page) { (numbering.figure(&figure)) }
        @if page.before.is_some() { (kinds(page)) }
        @if !page.groups.is_empty() { (groups(page, most, &mut numbering)) }
        (filters(page, most, &mut numbering))
    }
}

/// The filters as one HTML page that loads nothing.
#[must_use]
pub fn filters_page(page: &FilterPage) -> String {
    let title = match &page.before {
        Some(before) => format!("Filters of {}, and what they were in {before}", page.model),
        None => format!("Filters of {}", page.model),
    };
    let notes = notes(page);
    let notes: Vec<&str> = notes.iter().map(String::as_str).collect();
    let content = html! {
        (PreEscaped(&page.definitions))
        div.sheet.motifs {
            (head("bindscape filters", &title, &notes))
            main { (body(page, None)) }
            (foot())
        }
    };
    document(
        &title,
        &format!("{}{CSS}", include_str!("motifs.css")),
        content,
        None,
    )
}

/// Lines below the title.
pub(crate) fn notes(page: &FilterPage) -> Vec<String> {
    let matching = page
        .rows
        .iter()
        .filter(|row| row.matches(page.threshold))
        .count();
    let dead = page.rows.iter().filter(|row| row.sites == 0).count();
    let mut lines = vec![format!(
        "{matching} of {} match a motif of {} at a q-value of {} or less{}.",
        counted(page.rows.len() as u64, "filter"),
        page.motifs,
        page.threshold,
        match dead {
            0 => String::new(),
            1 => "; 1 never responds".into(),
            _ => format!("; {dead} never respond"),
        }
    )];
    lines.push(format!(
        "A filter\u{2019}s motif is made of all windows of both strands at which it responds with more than {} of its largest activation, in {}; for comparison, ends with less than {} bits a position are cut off. A motif that is similar is no proof that the filter looks for that TF.",
        fixed(page.share, 2),
        page.regions,
        page.trim
    ));
    lines.extend(page.notices.iter().cloned());
    lines
}

/// A filter as a tooltip says it.
fn words(row: &FilterRow) -> String {
    let known = row.known.as_ref();
    let known = known.map_or_else(String::new, |(name, q)| {
        format!(", {name} (q = {})", significant(*q, 2))
    });
    format!("filter {}{known}", row.number)
}

/// Most names among the points of influences.
const NAMED: usize = 14;

const WIDTH: f64 = 620.0;
const HEIGHT: f64 = 380.0;

/// An empty plot.
fn frame(x: (f64, f64), y: (f64, f64)) -> Frame {
    Frame {
        x: Scale {
            domain: x,
            range: (64.0, WIDTH - 20.0),
        },
        y: Scale {
            domain: y,
            range: (HEIGHT - 48.0, 16.0),
        },
    }
}

fn labels(svg: &mut Svg, x: &str, y: &str) {
    svg.text((WIDTH / 2.0, HEIGHT - 10.0), Anchor::Middle, "label", x);
    svg.upward((14.0, HEIGHT / 2.0), Anchor::Middle, "label", y);
}

/// Points of filters, some of them with the name of their match.
struct Points {
    svg: Svg,
    threshold: f64,
    named: Vec<(f64, f64)>,
}

impl Points {
    /// Draws a filter, and the name of its match where `naming` and there is room.
    fn draw(&mut self, row: &FilterRow, at: (f64, f64), naming: bool) {
        let class = if row.matches(self.threshold) {
            "dot transfer"
        } else {
            "dot scratch"
        };
        self.svg.circle(at, 4.0, class, &words(row));
        let mut named = self.named.iter();
        let free = named.all(|(x, y)| (x - at.0).abs() > 62.0 || (y - at.1).abs() > 13.0);
        if let Some((name, _)) = row.known.as_ref().filter(|_| naming && free) {
            let place = (at.0 + 7.0, at.1 + 4.0);
            self.svg.text(place, Anchor::Start, "small", name);
            self.named.push(at);
        }
    }

    /// The figure of these points.
    fn figure(self, name: &str, title: &str, caption: String) -> Figure {
        Figure {
            name: name.into(),
            title: title.into(),
            caption,
            legend: vec![
                Key::new(Mark::Dot, "dot transfer", "matches a known motif"),
                Key::new(Mark::Dot, "dot scratch", "matches none"),
            ],
            panels: vec![self.svg],
            columns: 1,
        }
    }
}

/// Information content and influence, as in Figure 9A of the paper.
fn influences(page: &FilterPage) -> Option<Figure> {
    let of = |row: &FilterRow| {
        let (_, squared, _) = row.influence.as_ref()?;
        (row.sites > 0 && *squared > 0.0).then(|| squared.log10())
    };
    let points: Vec<(&FilterRow, f64)> = page
        .rows
        .iter()
        .filter_map(|row| Some((row, of(row)?)))
        .collect();
    if points.is_empty() {
        return None;
    }
    let least = points
        .iter()
        .map(|point| point.1)
        .fold(f64::INFINITY, f64::min);
    let most = points
        .iter()
        .map(|point| point.1)
        .fold(f64::NEG_INFINITY, f64::max);
    let bits = points
        .iter()
        .filter_map(|point| point.0.information)
        .fold(1.0, f64::max);
    let mut svg = Svg::new(WIDTH, HEIGHT);
    let frame = frame(
        (0.0, bits.ceil()),
        (least.floor(), most.ceil().max(least.floor() + 1.0)),
    );
    frame.axes(&mut svg, ticks(frame.x.domain, 6, 1.0), 5);
    labels(&mut svg, "information content, bits", "influence, log10");
    let mut order = points;
    order.sort_by(|a, b| b.1.total_cmp(&a.1));
    let threshold = page.threshold;
    let mut points = Points {
        svg,
        threshold,
        named: Vec::new(),
    };
    for (row, influence) in order {
        let naming = row.matches(threshold) && points.named.len() < NAMED;
        if let Some(information) = row.information {
            points.draw(row, frame.at((information, influence)), naming);
        }
    }
    Some(points.figure(
        "filters",
        "What filters look for, and what is lost without them",
        format!("Influence: mean squared change of the probability if the filter is silenced, for {}. Names are those of the most similar known motifs of the most influential filters.", for_which(page)),
    ))
}

/// Matches before and after, as in Figure 9B of the paper.
fn changes(page: &FilterPage) -> Option<Figure> {
    let strength = |q: f64| -(q.max(LEAST_Q).log10());
    let points: Vec<(&FilterRow, f64, f64)> = page
        .rows
        .iter()
        .filter_map(|row| {
            let before = row.before.as_ref()?;
            let of = |known: &Option<(String, f64)>| known.as_ref().map_or(0.0, |k| strength(k.1));
            Some((row, of(&before.known), of(&row.known)))
        })
        .collect();
    if points.is_empty() {
        return None;
    }
    let most = points
        .iter()
        .fold(1.0_f64, |most, point| most.max(point.1).max(point.2))
        .ceil();
    let mut svg = Svg::new(WIDTH, HEIGHT);
    let frame = frame((0.0, most), (0.0, most));
    frame.axes(&mut svg, ticks(frame.x.domain, 6, 1.0), 6);
    let (x, y) = (
        "before: match, \u{2212}log10 q",
        "after: match, \u{2212}log10 q",
    );
    labels(&mut svg, x, y);
    svg.line(frame.at((0.0, 0.0)), frame.at((most, most)), "chance");
    let level = strength(page.threshold);
    svg.line(frame.at((level, 0.0)), frame.at((level, most)), "chance");
    svg.line(frame.at((0.0, level)), frame.at((most, level)), "chance");
    let threshold = page.threshold;
    let mut drawn = Points {
        svg,
        threshold,
        named: Vec::new(),
    };
    for &(row, before, after) in &points {
        let changed = |before: &FilterBefore| {
            ["gained", "refined", "replaced"].contains(&before.kind.as_str())
        };
        let naming = row.before.as_ref().is_some_and(changed);
        drawn.draw(row, frame.at((before, after)), naming);
    }
    let caption = format!(
        "Each filter by the q-value of its best known motif before and after; dashed lines: a q-value of {threshold}, and no change. Named are those that gained, refined or replaced a match.",
    );
    Some(drawn.figure(
        "filters-changed",
        "What training made of the filters",
        caption,
    ))
}

/// The TF whose probabilities change.
fn for_which(page: &FilterPage) -> &str {
    match &page.tfs[..] {
        [tf] => tf,
        _ => "the TF for which it is largest",
    }
}

/// How many filters changed how.
fn kinds(page: &FilterPage) -> Markup {
    let mut kinds: Vec<(&str, u64)> = Vec::new();
    for before in page.rows.iter().filter_map(|row| row.before.as_ref()) {
        match kinds.iter_mut().find(|(kind, _)| *kind == before.kind) {
            Some((_, count)) => *count += 1,
            None => kinds.push((&before.kind, 1)),
        }
    }
    kinds.sort_by_key(|&(kind, count)| (std::cmp::Reverse(count), kind));
    let kinds: Vec<String> = kinds
        .into_iter()
        .map(|(kind, number)| format!("{} {kind}", count(number)))
        .collect();
    html! {
        p {
            "Of the filters, " strong { (kinds.join(", ")) } ". Gained, lost: a match at a q-value of "
            (page.threshold) " or less is new, or gone, and the q-value fell to a tenth or less, or rose tenfold or more. Refined, blurred: the same of a match that was there before and is of the same binding mode. Replaced: the match is of another mode. Unknown: no match before or after."
        }
    }
}

fn influence(influence: Option<&TfInfluence>) -> Markup {
    html! {
        @match influence {
            Some((tf, squared, interval)) => {
                (significant(*squared, 2))
                @if let Some((low, high)) = interval {
                    br; span.interval { (significant(*low, 2)) " to " (significant(*high, 2)) }
                }
                br; (tf)
            }
            None => { (UNDEFINED) }
        }
    }
}

fn groups(page: &FilterPage, most: Option<usize>, numbering: &mut Numbering) -> Markup {
    let mut shown: Vec<&GroupRow> = page.groups.iter().collect();
    let all = shown.len();
    if let Some(most) = most {
        shown.sort_by(|a, b| by_influence(a.influence.as_ref(), b.influence.as_ref()));
        shown.truncate(most);
    }
    let which = if shown.len() < all {
        format!("The most influential of {}. ", counted(all as u64, "mode"))
    } else {
        String::new()
    };
    let content = html! {
        thead {
            tr {
                th.left scope="col" { "Mode" }
                th.left scope="col" { "Known motifs" }
                th.left scope="col" { "Filters" }
                th scope="col" { "Influence" }
            }
        }
        tbody {
            @for group in shown {
                tr {
                    th scope="row" { (group.mode) }
                    td.left.wrap { (group.tfs.join(", ")) }
                    td.left.wrap { (numbers(&group.filters)) }
                    td { (influence(group.influence.as_ref())) }
                }
            }
        }
    };
    numbering.table(
        "Filters of one binding mode, silenced together",
        &format!(
            "{which}Influence: mean squared change of the probability, with its 95% interval, for {}.",
            for_which(page)
        ),
        "compact",
        &content,
    )
}

/// The larger influence first.
fn by_influence(a: Option<&TfInfluence>, b: Option<&TfInfluence>) -> Ordering {
    let of = |influence: Option<&TfInfluence>| influence.map_or(0.0, |influence| influence.1);
    of(b).total_cmp(&of(a))
}

fn numbers(filters: &[usize]) -> String {
    let words: Vec<String> = filters.iter().map(ToString::to_string).collect();
    words.join(", ")
}

/// The filters, the most influential first.
fn filters(page: &FilterPage, most: Option<usize>, numbering: &mut Numbering) -> Markup {
    let mut rows: Vec<&FilterRow> = page.rows.iter().collect();
    rows.sort_by(|a, b| by_influence(a.influence.as_ref(), b.influence.as_ref()));
    let (title, order) = match most {
        Some(most) if most < rows.len() => {
            rows.truncate(most);
            ("The most influential filters", "")
        }
        _ => ("Every filter", "The most influential first. "),
    };
    let widest = widest(rows.iter().map(|row| row.logo.as_str()));
    let changed = page.before.is_some();
    let content = html! {
        thead {
            tr {
                th scope="col" { "Filter" }
                th scope="col" { "Sites" }
                th scope="col" { "Bits" }
                th.left scope="col" { "Best known motif" }
                @if changed { th.left scope="col" { "Before" } }
                th scope="col" { "Influence" }
                th.left scope="col" { "Logo" }
            }
        }
        tbody {
            @for row in rows {
                tr {
                    th scope="row" { (row.number) }
                    td { (count(row.sites)) }
                    td { (row.information.map_or("–".to_owned(), |bits| fixed(bits, 1))) }
                    td.left {
                        (known(row.known.as_ref(), page.threshold))
                        @if row.matches(page.threshold) && !row.modes.is_empty() {
                            br; span.interval { "mode " (row.modes.join(", ")) }
                        }
                    }
                    @if changed {
                        td.left {
                            @if let Some(before) = &row.before {
                                strong { (before.kind) } br;
                                (known(before.known.as_ref(), page.threshold))
                                @if let Some(r) = before.weights { br; span.interval { "weights r = " (fixed(r, 2)) } }
                            }
                        }
                    }
                    td { (influence(row.influence.as_ref())) }
                    td.left { @if row.logo.is_empty() { "never responds" } @else { (logo(&row.logo, widest, LOGO)) } }
                }
            }
        }
    };
    numbering.table(
        title,
        &format!("{order}Where a filter matches, the known motif stands above its own, aligned."),
        "",
        &content,
    )
}

fn known(known: Option<&(String, f64)>, threshold: f64) -> Markup {
    html! {
        @match known {
            Some((name, q)) => {
                @if *q <= threshold { strong { (name) } } @else { (name) }
                br; span.interval { "q = " (significant(*q, 2)) }
            }
            None => { (UNDEFINED) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(number: usize, q: f64) -> FilterRow {
        FilterRow {
            number,
            sites: 120,
            information: Some(9.5),
            known: Some(("HNF4A<b".into(), q)),
            modes: vec!["12".into()],
            influence: Some(("HNF4A".into(), 0.0123, Some((0.01, 0.02)))),
            before: None,
            logo: "<svg viewBox=\"0 0 100 20\"></svg>".into(),
        }
    }

    fn page(rows: Vec<FilterRow>, before: bool) -> String {
        filters_page(&FilterPage {
            model: "hnf4a".into(),
            before: before.then(|| "multi".into()),
            tfs: vec!["HNF4A".into()],
            regions: "1,000 regions".into(),
            share: 0.5,
            trim: 0.25,
            motifs: "jaspar:vertebrates".into(),
            notices: Vec::new(),
            threshold: 0.05,
            definitions: String::new(),
            rows,
            groups: vec![GroupRow {
                mode: "12".into(),
                tfs: vec!["HNF4A".into()],
                filters: vec![1, 2],
                influence: None,
            }],
        })
    }

    #[test]
    fn counts_matches_and_escapes_names() {
        let mut dead = row(3, 0.9);
        (dead.sites, dead.known, dead.influence) = (0, None, None);
        dead.logo.clear();
        let page = page(vec![row(1, 1e-4), row(2, 0.3), dead], false);
        assert!(page.contains("1 of 3 filters match a motif of jaspar:vertebrates"));
        assert!(page.contains("1 never responds"));
        assert!(page.contains("HNF4A&lt;b") && !page.contains("HNF4A<b"));
        assert!(!page.contains("What training made of the filters"));
    }

    #[test]
    fn changes_are_counted() {
        let mut gained = row(1, 1e-4);
        gained.before = Some(FilterBefore {
            kind: "gained".into(),
            information: Some(7.0),
            known: Some(("MAX".into(), 0.4)),
            weights: Some(0.83),
        });
        let page = page(vec![gained], true);
        assert!(page.contains("Filters of hnf4a, and what they were in multi"));
        assert!(page.contains("What training made of the filters"));
        assert!(page.contains("<strong>1 gained</strong>"));
        assert!(page.contains("r = 0.83"));
    }
}
