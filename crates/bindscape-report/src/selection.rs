//! The page of `select`: sets of pre-training TFs for one TF, beside each other.

use maud::{Markup, html};

use crate::date;
use crate::figures::{Figure, Key, Mark};
use crate::number::{UNDEFINED, count, counted, fixed, signed};
use crate::page::{Numbering, document};
use crate::svg::{Anchor, Scale, Svg, fitted, ticks};

/// Sets of TFs to pre-train on.
#[derive(Debug, Clone, PartialEq)]
pub struct SelectionPage {
    /// The TF that they are chosen for.
    pub target: String,
    /// Its bound regions in the matrix; `None` where the matrix lacks it.
    pub bound: Option<u64>,
    /// Its binding modes.
    pub modes: Vec<String>,
    /// Where modes come from.
    pub modes_from: String,
    /// The sets.
    pub sets: Vec<CandidateSet>,
    /// Strategies that are not possible here, with the reason.
    pub missing: Vec<(String, String)>,
    /// What to take, in sentences.
    pub advice: Vec<String>,
    /// By how much a predicted gain is off: root of the mean squared error.
    pub error: f64,
}

/// TFs to pre-train on.
#[derive(Debug, Clone, PartialEq)]
pub struct CandidateSet {
    /// The strategy, as `pretrain --tfs` takes it.
    pub strategy: String,
    /// The rule in words.
    pub rule: String,
    /// Regions to train on.
    pub regions: u64,
    /// Bound regions among them, summed over the TFs.
    pub bound: u64,
    /// Those of TFs that share a binding mode with the target.
    pub bound_of_mode: u64,
    /// Expected AUCPR by transfer less that from scratch; `None` where it is not known.
    pub gain: Option<f64>,
    /// The TFs.
    pub tfs: Vec<CandidateTf>,
}

/// A TF of a set.
#[derive(Debug, Clone, PartialEq)]
pub struct CandidateTf {
    /// Its name.
    pub tf: String,
    /// Whether it shares a binding mode with the target.
    pub of_mode: bool,
    /// Cosine similarity to the target; `None` where it is not defined.
    pub cosine: Option<f64>,
}

/// Rules and names of TFs are sentences, which break.
const CSS: &str = "main{margin-top:1.8rem}th.wrap,td.wrap{white-space:normal;min-width:13em}";

/// Names of so many TFs stand in the table; the others are counted.
const NAMES: usize = 12;

/// The sets as one HTML page that loads nothing.
#[must_use]
pub fn selection_page(selection: &SelectionPage) -> String {
    let target = &selection.target;
    let title = format!("What to pre-train on for {target}");
    let mut numbering = Numbering::default();
    let content = html! {
        div.sheet {
            header {
                p.kicker { "bindscape select · " (date::today()) }
                h1 { (title) }
                p.lede { (lede(selection)) }
                @for line in &selection.advice { p { (line) } }
            }
            main {
                @if !selection.sets.is_empty() {
                    (numbering.figure(&figure(selection)))
                    (table(selection, &mut numbering))
                }
                @if !selection.missing.is_empty() {
                    h2 { "Not possible here" }
                    ul { @for (strategy, reason) in &selection.missing { li { code { (strategy) } ": " (reason) } } }
                }
            }
            footer {
                "Made by bindscape " (env!("CARGO_PKG_VERSION")) " on " (date::today())
                ". This page is one file and loads nothing from the network."
            }
        }
    };
    document(&title, CSS, content, None)
}

/// What a reader wants to know first.
fn lede(selection: &SelectionPage) -> String {
    let target = &selection.target;
    let mut text = match selection.bound {
        Some(bound) => format!(
            "{target} has {} in the matrix",
            counted(bound, "bound region")
        ),
        None => format!("{target} is not in the matrix"),
    };
    text += &match selection.modes.len() {
        0 => format!(", and no binding mode in {}. ", selection.modes_from),
        1 => format!(
            ", and the binding mode {} of {}. ",
            selection.modes[0], selection.modes_from
        ),
        _ => format!(
            ", and the binding modes {} of {}. ",
            selection.modes.join(", "),
            selection.modes_from
        ),
    };
    let best = selection
        .sets
        .iter()
        .filter_map(|set| Some((set, set.gain?)))
        .max_by(|a, b| a.1.total_cmp(&b.1));
    text += &match best {
        Some((set, gain)) if gain > selection.error => format!(
            "Of the sets whose gain is known, the most is expected of {}: an AUCPR {} ± {} above that of a network from scratch, from 200 peaks and as many unbound as bound test regions.",
            set.strategy,
            fixed(gain, 2),
            fixed(selection.error, 2)
        ),
        Some((set, gain)) => format!(
            "No set is expected to help by more than the prediction errs ({}): {} is the best, with {}.",
            fixed(selection.error, 2),
            set.strategy,
            signed(gain, 2)
        ),
        None => "What the sets gain cannot be predicted here: that takes cosines, and a target that is in none of them.".into(),
    };
    text
}

const WIDTH: f64 = 960.0;
const ROW: f64 = 30.0;
const TOP: f64 = 30.0;
const LABELS: f64 = 190.0;

/// Panels beside each other, with a row for each set.
struct Panels {
    svg: Svg,
    bottom: f64,
}

impl Panels {
    fn new(sets: usize) -> Self {
        let bottom = TOP + ROW * sets as f64;
        Self {
            svg: Svg::new(WIDTH, bottom + 44.0),
            bottom,
        }
    }

    fn row(at: usize) -> f64 {
        TOP + ROW * (at as f64 + 0.5)
    }

    fn panel(&mut self, title: &str, label: &str, range: (f64, f64)) {
        let (svg, bottom) = (&mut self.svg, self.bottom);
        svg.text((range.0, 16.0), Anchor::Start, "panel", title);
        svg.line((range.0, bottom), (range.1, bottom), "axis");
        let middle = f64::midpoint(range.0, range.1);
        svg.text((middle, bottom + 36.0), Anchor::Middle, "label", label);
    }

    fn tick(&mut self, x: f64, label: &str) {
        let (svg, bottom) = (&mut self.svg, self.bottom);
        svg.line((x, TOP), (x, bottom), "grid");
        svg.text((x, bottom + 17.0), Anchor::Middle, "tick", label);
    }
}

/// Gain, bound regions and cosines, set by set.
fn figure(selection: &SelectionPage) -> Figure {
    let mut panels = Panels::new(selection.sets.len());
    for (at, set) in selection.sets.iter().enumerate() {
        let (svg, y) = (&mut panels.svg, Panels::row(at));
        if at % 2 == 0 {
            svg.rect((0.0, y - ROW / 2.0), (WIDTH, ROW), "shade", "");
        }
        let name = fitted(&set.strategy, (LABELS - 14.0) / 12.0);
        svg.text((LABELS - 10.0, y + 4.0), Anchor::End, "name", &name);
    }
    gains(&mut panels, selection, (LABELS + 10.0, 420.0));
    bound_regions(&mut panels, selection, (460.0, 680.0));
    cosines(&mut panels, selection, (720.0, WIDTH - 16.0));
    Figure {
        name: "selection".into(),
        title: format!("Sets of TFs to pre-train on for {}", selection.target),
        caption: format!(
            "Expected gain: AUCPR of a network from 200 peaks by transfer, less that from scratch; the line reaches as far as the prediction errs (± {}, root of the mean squared error). A set without a point has a gain that is not known.",
            fixed(selection.error, 3)
        ),
        legend: vec![
            Key::new(Mark::Bar, "bar-bound", "of TFs that share a binding mode"),
            Key::new(Mark::Bar, "bar-unbound", "of all TFs"),
            Key::new(Mark::Dot, "dot transfer", "TF that shares a binding mode"),
            Key::new(Mark::Dot, "dot scratch", "other TF"),
        ],
        panels: vec![panels.svg],
        columns: 1,
    }
}

/// The panel of expected gains.
fn gains(panels: &mut Panels, selection: &SelectionPage, range: (f64, f64)) {
    let error = selection.error;
    let known = || selection.sets.iter().filter_map(|set| set.gain);
    let least = known().fold(0.0, f64::min) - error;
    let most = known().fold(0.0, f64::max) + error;
    let scale = Scale {
        domain: (least, most),
        range,
    };
    panels.panel("Expected gain", "AUCPR above scratch", range);
    let (values, decimals) = ticks((least, most), 5, 0.05);
    for value in values {
        let label = if value.abs() < 1e-9 {
            "0".into()
        } else {
            signed(value, decimals)
        };
        panels.tick(scale.at(value), &label);
    }
    let zero = scale.at(0.0);
    let svg = &mut panels.svg;
    svg.line((zero, TOP), (zero, panels.bottom), "chance-mark");
    for (at, set) in selection.sets.iter().enumerate() {
        let (y, Some(gain)) = (Panels::row(at), set.gain) else {
            continue;
        };
        let ends = [gain - error, gain + error].map(|value| (scale.at(value), y));
        svg.line(ends[0], ends[1], "whisker transfer");
        let tip = format!("{}: {}", set.strategy, signed(gain, 3));
        svg.circle((scale.at(gain), y), 4.5, "dot transfer", &tip);
    }
}

/// The panel of bound regions.
fn bound_regions(panels: &mut Panels, selection: &SelectionPage, range: (f64, f64)) {
    let sets = &selection.sets;
    let most = sets.iter().map(|set| set.bound).max().unwrap_or(1).max(10);
    let scale = Scale {
        domain: (0.0, (most as f64).log10()),
        range,
    };
    panels.panel("Bound regions", "summed over TFs, logarithmic", range);
    for power in 0..=most.ilog10() {
        let label = match power {
            0..3 => count(10_u64.pow(power)),
            3..6 => format!("{} k", 10_u64.pow(power - 3)),
            _ => format!("{} M", 10_u64.pow(power - 6)),
        };
        panels.tick(scale.at(f64::from(power)), &label);
    }
    for (at, set) in sets.iter().enumerate() {
        let y = Panels::row(at);
        let mut bar = |bound: u64, height: f64, class: &str, tip: &str| {
            let width = scale.at((bound.max(1) as f64).log10()) - range.0;
            let corner = (range.0, y - height / 2.0);
            panels.svg.rect(corner, (width, height), class, tip);
        };
        let all = format!("{}: {} bound", set.strategy, count(set.bound));
        bar(set.bound, 16.0, "bar-unbound", &all);
        let of_mode = format!("{} of them of its mode", count(set.bound_of_mode));
        bar(set.bound_of_mode, 8.0, "bar-bound", &of_mode);
    }
}

/// The panel of TFs by their cosine.
fn cosines(panels: &mut Panels, selection: &SelectionPage, range: (f64, f64)) {
    let scale = Scale {
        domain: (0.0, 1.0),
        range,
    };
    panels.panel("TFs", &format!("cosine to {}", selection.target), range);
    for at in 0..=5 {
        let value = f64::from(at) / 5.0;
        panels.tick(scale.at(value), &fixed(value, 1));
    }
    for (at, set) in selection.sets.iter().enumerate() {
        for tf in &set.tfs {
            let Some(cosine) = tf.cosine else { continue };
            let class = if tf.of_mode {
                "dot transfer"
            } else {
                "dot scratch"
            };
            let tip = format!("{}: cosine {}", tf.tf, fixed(cosine, 3));
            let place = (scale.at(cosine), Panels::row(at));
            panels.svg.circle(place, 4.0, class, &tip);
        }
    }
}

fn table(selection: &SelectionPage, numbering: &mut Numbering) -> Markup {
    let content = html! {
        thead {
            tr {
                th.left scope="col" { "Strategy" }
                th scope="col" { "Gain" }
                th scope="col" { "Regions" }
                th scope="col" { "Bound" }
                th scope="col" { "Of its mode" }
                th.left scope="col" { "TFs (cosine)" }
            }
        }
        tbody {
            @for set in &selection.sets {
                tr {
                    th.wrap scope="row" { code { (set.strategy) } br; span.interval { (set.rule) } }
                    td { (set.gain.map_or_else(|| UNDEFINED.to_owned(), |gain| signed(gain, 2))) }
                    td { (count(set.regions)) }
                    td { (count(set.bound)) }
                    td { (count(set.bound_of_mode)) }
                    td.left.wrap {
                        @for (at, tf) in set.tfs.iter().take(NAMES).enumerate() {
                            @if at > 0 { ", " }
                            @if tf.of_mode { strong { (tf.tf) } } @else { (tf.tf) }
                            @if let Some(cosine) = tf.cosine { " " span.interval { (fixed(cosine, 2)) } }
                        }
                        @if set.tfs.len() > NAMES { " and " (count((set.tfs.len() - NAMES) as u64)) " more" }
                    }
                }
            }
        }
    };
    let notes = format!(
        "Regions: those to train on. Bound: bound regions among them, summed over the TFs; of its mode: those of other TFs that share a binding mode with {}, which stand in bold type.",
        selection.target
    );
    numbering.table("The sets", &notes, "", &content)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(strategy: &str, gain: Option<f64>) -> CandidateSet {
        CandidateSet {
            strategy: strategy.into(),
            rule: "a rule".into(),
            regions: 7_499,
            bound: 1_103,
            bound_of_mode: 900,
            gain,
            tfs: vec![CandidateTf {
                tf: "HNF4G<".into(),
                of_mode: true,
                cosine: Some(0.792),
            }],
        }
    }

    fn page(sets: Vec<CandidateSet>) -> String {
        selection_page(&SelectionPage {
            target: "HNF4A".into(),
            bound: Some(3_668),
            modes: vec!["12".into(), "30".into()],
            modes_from: "jaspar:vertebrates".into(),
            sets,
            missing: vec![("partners:HNF4A".into(), "needs STRING".into())],
            advice: vec!["recommended: all".into()],
            error: 0.067,
        })
    }

    #[test]
    fn says_which_set_promises_most_and_how_sure_that_is() {
        let page = page(vec![
            set("mode:HNF4A", Some(0.12)),
            set("random:HNF4A", Some(0.04)),
        ]);
        assert!(page.contains("the most is expected of mode:HNF4A: an AUCPR 0.12 ± 0.07 above"));
        assert!(
            page.contains(
                "HNF4A has 3,668 bound regions in the matrix, and the binding modes 12, 30"
            )
        );
        assert!(page.contains("partners:HNF4A") && page.contains("needs STRING"));
        assert!(page.contains("HNF4G&lt;") && !page.contains("HNF4G<"));
    }

    #[test]
    fn small_or_unknown_gains_are_not_praised() {
        assert!(
            page(vec![set("random:HNF4A", Some(0.04))])
                .contains("No set is expected to help by more")
        );
        assert!(page(vec![set("all", None)]).contains("cannot be predicted here"));
        assert!(page(Vec::new()).contains("cannot be predicted here"));
    }
}
