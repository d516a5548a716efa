//! How to go on with the model, and the methods for a paper.

use std::path::Path;

use bindscape_matrix::parquet::MatrixReader;
use bindscape_matrix::results::{RunKind, Start};
use maud::{Markup, html};

use super::provenance::flattened;
use super::shell::{shell, shell_word};
use crate::figures::precision_recall::intervals;
use crate::number::{count, in_words};
use crate::run::{Run, start_name};

const PAPER: &str = "Novakovsky G, Saraswat M, Fornes O, Mostafavi S, Wasserman WW. Biologically relevant transfer learning improves transcription factor binding prediction. Genome Biology 2021;22:280.";
const PAPER_LINK: &str = "https://doi.org/10.1186/s13059-021-02499-5";

/// Commands that use the model of this run, with the files that its own command named: they run as
/// they are where that ran.
pub(super) fn next_steps(run: &Run) -> Markup {
    let Some(training) = run.preferred() else {
        return html! {
            p { "No model is ready yet. To finish the run:" }
            pre { code { (shell(&run.record.command)) } }
        };
    };
    let directory = run.path.join(&training.record.directory);
    let model = shell_path(&directory.join("model.safetensors"));
    let among = run.started(training.record.start).count();
    let score = Scoring::of(run, &directory);
    html! {
        @if among > 1 {
            p {
                "Of the " (in_words(among)) " models (" (start_name(training.record.start)) "), the one of repeat "
                (training.record.repeat) " has the lowest validation loss. "
            }
        }
        p {
            "To score regions or sequences; the model reads " (run.record.length) " bp at a time. "
            (score.explanation())
        }
        pre { code { (score.command(&model)) } }
        @if run.record.kind == RunKind::Pretrain {
            @match finetuning(run, &model) {
                Some(command) => {
                    p { "To fine-tune it on a TF of which few bound regions are known, with training from scratch beside it:" }
                    pre { code { (command) } }
                }
                None => p {
                    "To fine-tune it on a TF of which few bound regions are known, build a matrix with that TF's peaks and give both to "
                    code { "bindscape finetune" } "."
                }
            }
        }
        p { "Weights load in Python too: the file holds the tensors of a PyTorch " code { "state_dict" } " (" code { "safetensors.torch.load_file" } ")." }
    }
}

/// What the commands of a page score, by what the run's own command named.
enum Scoring {
    /// The test regions, from their scores in this directory, on this genome.
    TestRegions { directory: String, genome: String },
    /// The sequences of the run.
    Sequences(String),
    /// Files of the reader.
    Own,
}

impl Scoring {
    fn of(run: &Run, directory: &Path) -> Self {
        let typed = |option| typed(&run.record.command, option).map(|word| shell_word(&word));
        if let Some(sequences) = typed("--sequences") {
            return Self::Sequences(sequences);
        }
        match typed("--genome") {
            Some(genome) if directory.join(TEST_SCORES).exists() => Self::TestRegions {
                directory: shell_path(directory),
                genome,
            },
            _ => Self::Own,
        }
    }

    fn explanation(&self) -> &'static str {
        match self {
            Self::TestRegions { .. } => {
                "As an example, the first line writes the test regions of this run to a file; give \
                 your own regions or peaks (BED, narrowPeak) in its place:"
            }
            Self::Sequences(_) => "As an example, those of this run; give your own FASTA file:",
            Self::Own => "With your own files in place of peaks.bed and genome.2bit:",
        }
    }

    fn command(&self, model: &str) -> String {
        let predict = format!("bindscape predict --model {model} \\\n    ");
        match self {
            Self::TestRegions { directory, genome } => format!(
                "gzip -dc {directory}/{TEST_SCORES} | grep -v -e '^#' -e '^chrom[[:space:]]' \\\n    \
                 | cut -f 1-3 > regions.bed\n\
                 {predict}--regions regions.bed --genome {genome} --out scores.tsv"
            ),
            Self::Sequences(sequences) => {
                format!("{predict}--fasta {sequences} --out scores.tsv")
            }
            Self::Own => {
                format!("{predict}--regions peaks.bed --genome genome.2bit --out scores.tsv")
            }
        }
    }
}

/// Scores of the test regions in the directory of a training.
const TEST_SCORES: &str = "test.tsv.gz";

/// The command that fine-tunes a multi-model on a TF of its matrix that it was not trained on;
/// `None` where the files of the run are not known or not there, or there is no such TF.
fn finetuning(run: &Run, model: &str) -> Option<String> {
    let command = &run.record.command;
    let matrix = typed(command, "--matrix")?;
    let sequences = ["--genome", "--sequences"]
        .into_iter()
        .find_map(|option| Some(format!("{option} {}", shell_word(&typed(command, option)?))))?;
    let reader = MatrixReader::open(Path::new(&matrix)).ok()?;
    let new = |tf: &&String| !run.record.tfs.contains(tf);
    let tf = reader.header().tfs.iter().find(new)?;
    Some(format!(
        "bindscape finetune --model {model} \\\n    --matrix {} {sequences} \\\n    \
         --tf {} --repeats 5 --with-scratch --out {}",
        shell_word(&matrix),
        shell_word(tf),
        shell_word(&format!("finetuned-{tf}"))
    ))
}

/// The value of an option in a command.
fn typed(command: &[String], option: &str) -> Option<String> {
    command
        .iter()
        .enumerate()
        .find_map(|(place, word)| match word.strip_prefix(option)? {
            "" => command.get(place + 1).cloned(),
            value => value.strip_prefix('=').map(str::to_owned),
        })
}

fn shell_path(path: &Path) -> String {
    shell_word(&path.display().to_string())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_options_are_those_that_were_typed() {
        let command = [
            "bindscape",
            "pretrain",
            "--genome",
            "my g.fa",
            "--matrix=m.parquet",
        ];
        let command = command.map(String::from);
        assert_eq!(typed(&command, "--genome").as_deref(), Some("my g.fa"));
        assert_eq!(typed(&command, "--matrix").as_deref(), Some("m.parquet"));
        assert_eq!(typed(&command, "--mat"), None);
    }

    #[test]
    fn commands_name_what_there_is() {
        let test = Scoring::TestRegions {
            directory: "run/multi".into(),
            genome: "'my g.fa'".into(),
        };
        assert_eq!(
            test.command("m"),
            "gzip -dc run/multi/test.tsv.gz | grep -v -e '^#' -e '^chrom[[:space:]]' \\\n    \
             | cut -f 1-3 > regions.bed\n\
             bindscape predict --model m \\\n    --regions regions.bed --genome 'my g.fa' --out scores.tsv"
        );
        let own = Scoring::Own;
        assert!(
            own.explanation().contains("genome.2bit") && own.command("m").contains("genome.2bit")
        );
    }
}
