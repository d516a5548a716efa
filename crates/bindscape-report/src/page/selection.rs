//! What was trained on what: TFs, regions taken and left out, parts.

use std::collections::BTreeMap;

use bindscape_matrix::results::{PartCounts, RunKind, Start};
use maud::{Markup, html};

use super::Numbering;
use crate::figures::data::data_summary;
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

/// Steps of data selection with bars; what was dropped is hatched.
fn funnel(run: &Run, numbering: &mut Numbering) -> Markup {
    let steps = &run.record.data_steps;
    let Some(most) = steps.iter().map(|step| step.regions).max() else {
        return html! { p { "The run does not record how its regions were selected." } };
    };
    let first = steps[0].regions;
    let content = html! {
        thead {
            tr {
                th.left scope="col" { "Step" }
                th scope="col" { "Regions" }
                th scope="col" { "Of the first" }
                th.left scope="col" { span.unseen { "Bar" } }
            }
        }
        tbody {
            @for step in steps {
                @let dropped = step.what.starts_with("dropped");
                @let width = 100.0 * step.regions as f64 / most.max(1) as f64;
                tr {
                    th scope="row" { (crate::figures::data::capitalised(&step.what)) }
                    td { @if dropped && step.regions > 0 { "\u{2212}" } (count(step.regions)) }
                    td { (percent(step.regions, first)) }
                    td.bar.left { i class=[dropped.then_some("dropped")] style={ "width:" (format!("{width:.2}")) "%" } {} }
                }
            }
        }
    };
    let of = if run.repeats() > 1 {
        " Numbers are those of the first repeat."
    } else {
        ""
    };
    numbering.table(
        "How the regions were selected",
        &format!("Steps in order; hatched bars are regions left out.{of}"),
        "wide funnel",
        &content,
    )
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
                @let regions: u64 = present.iter().map(|(_, part)| part.regions).sum();
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
