//! Several trainings of one run side by side.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::main_job::{epochs, finetune, longer, pretrain, pretrained};
use crate::{command, listing, refuses, says, stops, succeeds};

/// Three repeats of both starts: six trainings.
fn sweep<'a>(out: &'a str, threads: &'a str) -> Vec<&'a str> {
    let mut words = finetune(out);
    words.extend(["--repeats", "3", "--threads", threads]);
    // A rate that falls does so over all epochs, and none are added to them.
    words.extend(["--decay", "none"]);
    words
}

fn trainings(run: &Path) -> Vec<PathBuf> {
    ["transfer", "scratch"]
        .iter()
        .flat_map(|start| (1..=3).map(move |repeat| format!("{start}-{repeat}")))
        .map(|name| run.join(name))
        .collect()
}

/// Asserts that two runs left the same models, metrics and scores.
fn same(one: &Path, other: &Path) {
    for (one, other) in trainings(one).iter().zip(trainings(other)) {
        for file in ["model.safetensors", "metrics.json", "test.tsv.gz"] {
            assert!(
                fs::read(one.join(file)).expect("a finished training")
                    == fs::read(other.join(file)).expect("a finished training"),
                "{file} of {} and {} differ",
                one.display(),
                other.display()
            );
        }
    }
}

/// The lines of the summary, in order.
fn summary(told: &str) -> Vec<&str> {
    told.lines()
        .filter(|line| line.contains("test AUCPR, "))
        .collect()
}

#[test]
fn side_by_side_is_the_same_as_one_after_the_other() {
    let directory = pretrained();
    let here = directory.path();
    let alone = succeeds(here, &sweep("alone", "1"));
    let together = succeeds(here, &sweep("together", "4"));
    says(&together, &["6 trainings, 4 at a time", "(6 of 6 done)"]);
    same(&here.join("alone"), &here.join("together"));
    assert_eq!(summary(&alone).len(), 2, "one line per start:\n{alone}");
    assert_eq!(summary(&alone), summary(&together));
    let record = |run: &str| -> serde_json::Value {
        let bytes = fs::read(here.join(run).join("run.json")).expect("a record");
        serde_json::from_slice(&bytes).expect("JSON")
    };
    assert_eq!(
        record("alone")["trainings"],
        record("together")["trainings"]
    );
    assert_eq!(record("together")["finished"], true);

    // An error names its training, and the run can be mended.
    let broken = here.join("together/scratch-2");
    fs::remove_file(broken.join("model.safetensors")).expect("a model");
    fs::write(broken.join("checkpoint.safetensors"), "no checkpoint").expect("a writable run");
    let output = command(here, &sweep("together", "4"))
        .output()
        .expect("the program was built");
    assert_eq!(output.status.code(), Some(2));
    says(
        &String::from_utf8_lossy(&output.stderr),
        &["error: MAX scratch-2: ", "checkpoint.safetensors"],
    );
    fs::remove_file(broken.join("checkpoint.safetensors")).expect("the damaged checkpoint");
    succeeds(here, &sweep("together", "4"));
    same(&here.join("alone"), &here.join("together"));
}

/// A finished run that is given more epochs ends as if it had had them from the start.
#[test]
fn a_finished_run_goes_on_with_more_epochs() {
    let directory = pretrained();
    let here = directory.path();
    let with_epochs = |out, epochs| longer(sweep(out, "2"), epochs);
    succeeds(here, &with_epochs("whole", "4"));
    succeeds(here, &with_epochs("more", "2"));
    let told = succeeds(here, &with_epochs("more", "4"));
    says(
        &told,
        &[
            "the run in more goes on: it may take more epochs than before",
            "continued after epoch 2",
        ],
    );
    same(&here.join("whole"), &here.join("more"));
    for training in trainings(&here.join("more")) {
        assert_eq!(epochs(&training), 4);
    }
    let record = |run: &str| -> serde_json::Value {
        let bytes = fs::read(here.join(run).join("run.json")).expect("a record");
        serde_json::from_slice(&bytes).expect("JSON")
    };
    for field in ["finished", "configuration", "trainings", "data_steps"] {
        assert_eq!(record("more")[field], record("whole")[field]);
    }
    assert!(record("more")["command"].to_string().contains("\"4\""));
    says(
        &refuses(here, &with_epochs("more", "3")),
        &["a run with max_epochs 3, found one with max_epochs 4"],
    );

    // The multi-model, too, with its test.
    let multi = |out, epochs| [longer(pretrain(out), epochs), vec!["--decay", "none"]].concat();
    succeeds(here, &multi("one", "5"));
    succeeds(here, &multi("two", "3"));
    let told = succeeds(here, &multi("two", "5"));
    says(&told, &["continued after epoch 3"]);
    for file in ["model.safetensors", "metrics.json", "test.tsv.gz"] {
        let read = |run: &str| fs::read(here.join(run).join("multi").join(file)).expect("a file");
        assert!(read("one") == read("two"), "{file} differs");
    }
}

/// Epochs of each training in [`stopped_killed_and_continued_is_the_same_as_never_stopped`].
#[cfg(unix)]
const EPOCHS: (usize, &str) = (4, "4");

/// Starts the sweep of `words` into `run` and waits until it has more epochs on disk than
/// before, and a training in the middle.
#[cfg(unix)]
fn start(here: &Path, words: &[&str], run: &Path) -> std::process::Child {
    let before = ended(run);
    let child = command(here, words)
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program was built");
    let begun = Instant::now();
    while ended(run) <= before || !in_the_middle(run) {
        assert!(begun.elapsed() < Duration::from_secs(300), "no epoch ended");
        std::thread::sleep(Duration::from_millis(2));
    }
    child
}

/// Epochs that all trainings of a run have on disk.
#[cfg(unix)]
fn ended(run: &Path) -> usize {
    trainings(run).iter().map(|training| epochs(training)).sum()
}

/// Whether a training has epochs to continue from and epochs to go.
#[cfg(unix)]
fn in_the_middle(run: &Path) -> bool {
    trainings(run).iter().any(|training| {
        training.join("checkpoint.safetensors").exists()
            && (1..EPOCHS.0).contains(&epochs(training))
    })
}

#[cfg(unix)]
#[test]
fn stopped_killed_and_continued_is_the_same_as_never_stopped() {
    let directory = pretrained();
    let here = directory.path();
    succeeds(here, &longer(sweep("whole", "2"), EPOCHS.1));
    // Begun as a shorter run that finished.
    succeeds(here, &longer(sweep("stopped", "2"), "1"));
    let words = longer(sweep("stopped", "2"), EPOCHS.1);
    let stopped = here.join("stopped");

    let child = start(here, &words, &stopped);
    let message = stops(child);
    says(&message, &["interrupted", "continues"]);
    let half_written: Vec<PathBuf> = listing(&stopped)
        .into_iter()
        .filter(|path| path.extension().is_some_and(|end| end == "tmp"))
        .collect();
    assert_eq!(half_written, [] as [PathBuf; 0]);
    assert!(in_the_middle(&stopped));

    // SIGKILL: nothing can be cleaned up.
    let mut child = start(here, &words, &stopped);
    child.kill().expect("a running program");
    child.wait().expect("a killed program");
    assert!(in_the_middle(&stopped));

    let told = succeeds(here, &words);
    says(&told, &["continuing the run in", "continued after epoch "]);
    same(&here.join("whole"), &stopped);
}
