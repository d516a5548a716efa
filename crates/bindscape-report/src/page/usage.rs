//! How to go on with the model, and the methods for a paper.

use bindscape_matrix::results::{RunKind, Start};
use maud::{Markup, html};

use super::provenance::flattened;
use super::shell::{shell, shell_word};
use crate::figures::precision_recall::intervals;
use crate::number::{count, in_words};
use crate::run::{Run, start_name};

const PAPER: &str = "Novakovsky G, Saraswat M, Fornes O, Mostafavi S, Wasserman WW. Biologically relevant transfer learning improves transcription factor binding prediction. Genome Biology 2021;22:280.";
const PAPER_LINK: &str = "https://doi.org/10.1186/s13059-021-02499-5";

/// Commands that use the model of this run.
pub(super) fn next_steps(run: &Run) -> Markup {
    let Some(training) = run.preferred() else {
        return html! {
            p { "No model is ready yet. To finish the run:" }
            pre { code { (shell(&run.record.command)) } }
        };
    };
    let model = run
        .path
        .join(&training.record.directory)
        .join("model.safetensors");
    let model = shell_word(&model.display().to_string());
    let genome = run.record.genome.as_deref().unwrap_or("genome");
    let genome = shell_word(&format!("{genome}.2bit"));
    let among = run.started(training.record.start).count();
    html! {
        @if among > 1 {
            p {
                "Of the " (in_words(among)) " models (" (start_name(training.record.start)) "), the one of repeat "
                (training.record.repeat) " has the lowest validation loss. "
            }
        }
        p { "To score your own sequences, or regions of a genome; the model reads " (run.record.length) " bp at a time:" }
        pre { code {
            "bindscape predict --model " (model) " \\\n    --fasta sequences.fa --out scores.tsv\n"
            "bindscape predict --model " (model) " \\\n    --regions peaks.bed --genome " (genome) " --out scores.tsv"
        } }
        @if run.record.kind == RunKind::Pretrain {
            p { "To fine-tune it on a TF of which few bound regions are known, with training from scratch beside it:" }
            pre { code {
                "bindscape finetune --model " (model) " \\\n    --matrix matrix.parquet --genome " (genome)
                " \\\n    --tf MYTF --repeats 5 --with-scratch --out mytf"
            } }
        }
        p { "Weights load in Python too: the file holds the tensors of a PyTorch " code { "state_dict" } " (" code { "safetensors.torch.load_file" } ")." }
    }
}

/// A paragraph to paste, saying only what the records say.
pub(super) fn methods(runs: &[Run]) -> Markup {
    html! {
        p { "To paste into a paper and adapt:" }
        @for run in runs {
            blockquote { p { (paragraph(run)) } }
        }
        p { "Reference: " (PAPER) " " a href=(PAPER_LINK) { (PAPER_LINK) } }
    }
}

fn paragraph(run: &Run) -> String {
    let record = &run.record;
    let mut text = String::new();
    let tfs = match record.tfs.len() {
        n @ 7.. => format!("{n} TFs"),
        _ => record.tfs.join(", "),
    };
    let genome = record
        .genome
        .as_ref()
        .map_or_else(String::new, |genome| format!(" of genome build {genome}"));
    text.push_str(&format!(
        "A convolutional neural network ({} trainable parameters) was trained with bindscape {} to predict the binding of {tfs} from sequences of {} bp{genome}, after Novakovsky et al. (2021).",
        count(record.parameters), record.bindscape, record.length
    ));
    if let Some(parent) = record
        .parent
        .as_ref()
        .filter(|_| run.starts().contains(&Start::Transfer))
    {
        text.push_str(&format!(
            " Weights were transferred from a multi-model of {} TFs trained, validated and tested on {} regions.",
            parent.tfs.len(), count(parent.regions)
        ));
        if run.starts().contains(&Start::Scratch) {
            text.push_str(
                " For comparison, networks were trained from random weights on the same regions.",
            );
        }
    }
    if !record.data_steps.is_empty() {
        let steps: Vec<String> = record
            .data_steps
            .iter()
            .map(|step| format!("{} ({})", step.what, count(step.regions)))
            .collect();
        text.push_str(&format!(" Selection of regions: {}.", steps.join("; ")));
    }
    text.push_str(" Binary cross-entropy was minimised with Adam");
    let settings = settings(run);
    if !settings.is_empty() {
        text.push_str(&format!(" ({})", settings.join(", ")));
    }
    text.push_str(", and the weights of the epoch with the lowest validation loss were kept.");
    if run.evaluated() {
        text.push_str(" Performance is the area under the precision-recall curve (trapezoid) on the test regions");
        if let Some(what) = intervals(run) {
            text.push_str(&format!(", with percentile {what}"));
        }
        if run.repeats() > 1 {
            text.push_str(&format!(
                ", and its mean and standard deviation over {} repeats with different seeds",
                in_words(run.repeats())
            ));
        }
        text.push('.');
    }
    if record.simulated.is_some() {
        text.push_str(" The data were simulated.");
    }
    text
}

/// The settings a reader of a paper expects, as far as they are recorded.
/// Where the two starts have settings of their own, both are named.
fn settings(run: &Run) -> Vec<String> {
    const WANTED: [(&str, &str, &str); 6] = [
        ("learning_rate", "learning rate ", ""),
        ("batch_size", "batches of ", ""),
        ("dropout", "dropout ", ""),
        ("max_epochs", "at most ", " epochs"),
        (
            "patience",
            "stopping after ",
            " epochs without a lower validation loss",
        ),
        ("freeze", "layers frozen: ", ""),
    ];
    let starts: Vec<&str> = run
        .starts()
        .into_iter()
        .map(|start| match start {
            Start::Scratch => "scratch",
            Start::Transfer => "transfer",
        })
        .collect();
    let flat = flattened(&run.record.configuration);
    let mut found = Vec::new();
    for (key, before, after) in WANTED {
        let mut values: Vec<(String, &str)> = Vec::new();
        for (path, value) in &flat {
            let mut parts = path.rsplit('.');
            if parts.next() != Some(key) {
                continue;
            }
            let which = parts.next().unwrap_or("");
            let of_start = matches!(which, "scratch" | "transfer");
            if of_start && !starts.contains(&which) {
                continue;
            }
            let which = if of_start { which } else { "" };
            values.push((format!("{before}{value}{after}"), which));
        }
        values.dedup_by(|a, b| a.0 == b.0);
        let several = values.len() > 1;
        found.extend(values.into_iter().map(|(text, which)| match which {
            "scratch" if several => format!("{text} from scratch"),
            "transfer" if several => format!("{text} for transfer"),
            _ => text,
        }));
    }
    found
}
