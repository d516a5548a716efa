//! How to go on with the model.

use std::path::Path;

use bindscape_matrix::parquet::MatrixReader;
use bindscape_matrix::results::RunKind;
use maud::{Markup, html};

use super::shell::{shell, shell_word};
use super::summary::natural;
use crate::number::in_words;
use crate::run::{Run, start_name};

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
        @if let Some(text) = natural(run) { p { (text) " A score ranks regions; it is not the probability that a region of the genome is bound." } }
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
