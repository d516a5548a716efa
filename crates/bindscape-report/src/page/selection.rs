//! What was trained on what: TFs, regions taken and left out, parts.

use std::collections::BTreeMap;

use bindscape_matrix::results::{PartCounts, RunKind, Start};
use maud::{Markup, html};

use super::Numbering;
use crate::figures::data::data_summary;
use crate::funnel::{Funnel, Kind, Stage};
use crate::number::{count, counted, percent};
use crate::run::Run;

const PARTS: [&str; 3] = ["train", "validation", "test"];

/// TFs, parent, funnel and parts.
pub(super) fn section(run: &Run, numbering: &mut Numbering) -> Markup {
    let record = &run.record;
    let what = match record.kind {
        RunKind::Pretrain => "A multi-model of",
        RunKind::Finetune => "A model of",
    };
    html! {
        p {
            (what) " " (names(&record.tfs)) ", from sequences of " (record.length) " bp"
            @match &record.genome {
                Some(genome) => { " of genome build " (genome) "." }
                None => { "; the genome build is not recorded." }
            }
        }
        @if let Some(parent) = &record.parent {
            @let use_of = if run.starts().contains(&Start::Transfer) { "Transfer began from " } else { "Beside it stands " };
            p {
                (use_of) code { (parent.name) } ", a multi-model of "
                (counted(parent.tfs.len() as u64, "TF")) " trained, validated and tested on "
                (counted(parent.regions, "region")) ": " (parent.tfs.join(", ")) "."
            }
            @let shared: Vec<&str> = record.tfs.iter().filter(|tf| parent.tfs.contains(tf)).map(String::as_str).collect();
            @if !shared.is_empty() {
                p { strong { (shared.join(", ")) " was among the TFs of the multi-model." } }
            }
        }
        (funnel(run, numbering))
        @if let Some(figure) = data_summary(run) { (numbering.figure(&figure)) }
        @if record.tfs.len() == 1 { (parts_table(run, numbering)) }
        @else if !run.trainings.is_empty() { (positives_table(run, numbering)) }
    }
}

fn names(tfs: &[String]) -> String {
    match tfs {
        [only] => only.clone(),
        _ => format!("{} TFs ({})", tfs.len(), tfs.join(", ")),
    }
}

/// Stages of the selection: what each left out and what it kept, which adds up to the row above.
fn funnel(run: &Run, numbering: &mut Numbering) -> Markup {
    let funnel = Funnel::new(&run.record.data_steps);
    let Some(first) = funnel.stages.first().map(|stage| stage.kept) else {
        return html! { p { "The run does not record how its regions were selected." } };
    };
    let used = funnel.kept().unwrap_or(0);
    let content = html! {
        thead {
            tr {
                th.left scope="col" { "Stage" }
                th scope="col" { "Left out" }
                th scope="col" { "Kept" }
                th scope="col" { "Of all" }
            }
        }
        tbody {
            @for stage in &funnel.stages { (stage_row(stage, first)) }
        }
        @if !funnel.parts.is_empty() {
            tbody.total {
                @for (what, regions) in &funnel.parts {
                    tr {
                        th scope="row" { (what) (bar(first, &[("kept", *regions)])) }
                        td {}
                        td { (count(*regions)) }
                        td { (percent(*regions, first)) }
                    }
                }
            }
        }
    };
    let mut notes = String::from(
        "Each stage takes what the one above kept. Bars: kept (dark where it is known to be bound), and left out (hatched), of all regions.",
    );
    if !funnel.parts.is_empty() {
        notes.push_str(&format!(
            " The parts share the {} in the last stage.",
            counted(used, "region")
        ));
    }
    if run.repeats() > 1 {
        notes.push_str(" Numbers are those of the first repeat.");
    }
    for remark in &funnel.remarks {
        notes.push(' ');
        notes.push_str(remark);
    }
    numbering.table(
        "How the regions were selected",
        &notes,
        "wide funnel",
        &content,
    )
}

fn stage_row(stage: &Stage, all: u64) -> Markup {
    let (left_out, kept) = (stage.left_out, stage.kept);
    let parts = match stage.bound {
        Some(bound) => vec![
            ("bound", bound),
            ("unbound", kept - bound),
            ("dropped", left_out),
        ],
        None => vec![("kept", kept), ("dropped", left_out)],
    };
    html! {
        tr {
            th scope="row" { (stage.what) (bar(all, &parts)) }
            td { @if stage.kind != Kind::All { @if left_out > 0 { "\u{2212}" } (count(left_out)) } }
            td {
                (count(kept))
                @if let Some(bound) = stage.bound {
                    " " span.interval { (count(bound)) " bound, " (count(kept - bound)) " unbound" }
                }
            }
            td { (percent(kept, all)) }
        }
    }
}

/// A bar of several parts, each as wide as its share of all regions.
fn bar(all: u64, parts: &[(&str, u64)]) -> Markup {
    let width = |regions: u64| 100.0 * regions as f64 / all.max(1) as f64;
    html! {
        span.bar aria-hidden="true" {
            @for &(class, regions) in parts.iter().filter(|(_, regions)| *regions > 0) {
                i class=(class) style={ "width:" (format!("{:.2}", width(regions))) "%" } {}
            }
        }
    }
}

/// Regions and bound regions by part; repeats with equal parts share a row.
fn parts_table(run: &Run, numbering: &mut Numbering) -> Markup {
    type Parts = BTreeMap<String, PartCounts>;
    let mut rows: Vec<(u32, u64, &Parts)> = Vec::new();
    for training in &run.trainings {
        let record = &training.record;
        let row = (record.repeat, record.seed, &record.parts);
        if !rows.contains(&row) {
            rows.push(row);
        }
    }
    rows.sort_by_key(|row| (row.0, row.1));
    let content = html! {
        thead {
            tr {
                th.left scope="col" { "Repeat" }
                th scope="col" { "Seed" }
                @for part in PARTS {
                    th scope="col" { (crate::figures::data::capitalised(part)) }
                    th scope="col" { "of which bound" }
                }
            }
        }
        tbody {
            @for (repeat, seed, parts) in rows {
                tr {
                    th scope="row" { (repeat) }
                    td { (seed) }
                    @for part in PARTS {
                        @match parts.get(part) {
                            Some(part) => {
                                td { (count(part.regions)) }
                                td { (count(part.positives[0])) " (" (percent(part.positives[0], part.regions)) ")" }
                            }
                            None => { td { (crate::number::UNDEFINED) } td { (crate::number::UNDEFINED) } }
                        }
                    }
                }
            }
        }
    };
    numbering.table(
        "Regions in each part",
        "Reverse complements are not counted.",
        "",
        &content,
    )
}

/// Bound regions by TF and part, of the first training.
fn positives_table(run: &Run, numbering: &mut Numbering) -> Markup {
    let parts = &run.trainings[0].record.parts;
    let present: Vec<(&str, &PartCounts)> = PARTS
        .iter()
        .filter_map(|&name| Some((name, parts.get(name)?)))
        .collect();
    let sizes: Vec<String> = present
        .iter()
        .map(|(name, part)| format!("{name} {}", count(part.regions)))
        .collect();
    let content = html! {
        thead {
            tr {
                th.left scope="col" { "TF" }
                @for (name, _) in &present { th scope="col" { (crate::figures::data::capitalised(name)) } }
                th scope="col" { "Share bound" }
            }
        }
        tbody {
            @for (tf, name) in run.record.tfs.iter().enumerate() {
                @let bound: u64 = present.iter().map(|(_, part)| part.positives[tf]).sum();
                @let regions: u64 = present.iter().map(|(_, part)| part.resolved(tf)).sum();
                tr {
                    th scope="row" data-value=(name) { (name) }
                    @for (_, part) in &present {
                        td data-value=(part.positives[tf]) { (count(part.positives[tf])) }
                    }
                    td data-value=(bound as f64 / regions.max(1) as f64) { (percent(bound, regions)) }
                }
            }
        }
    };
    let notes = format!(
        "Regions in each part: {}; reverse complements not counted.",
        sizes.join(", ")
    );
    numbering.table(
        "Bound regions of each TF",
        &notes,
        "compact sortable",
        &content,
    )
}
