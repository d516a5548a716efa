//! The main job on toy data: from files to a report, interrupted and continued.

#[cfg(unix)]
use std::fmt::Write as _;
use std::fs;
#[cfg(unix)]
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::toy;
use crate::{bindscape, command, refuses, says, succeeds};

/// Words of a small pre-training into `out`.
pub(crate) fn pretrain(out: &str) -> Vec<&str> {
    vec![
        "pretrain",
        "--matrix",
        "matrix.parquet",
        "--genome",
        "genome.fa",
        "--tfs",
        "MAX,JUND",
        "--regions",
        "120",
        "--epochs",
        "3",
        "--resamples",
        "50",
        "--out",
        out,
    ]
}

/// The toy data, their matrix and a pre-trained model, `multi`.
pub(crate) fn pretrained() -> tempfile::TempDir {
    let directory = toy::with_matrix();
    succeeds(directory.path(), &pretrain("multi"));
    directory
}

/// Words of a small fine-tuning of MAX into `out`.
pub(crate) fn finetune(out: &str) -> Vec<&str> {
    vec![
        "finetune",
        "--model",
        "multi",
        "--matrix",
        "matrix.parquet",
        "--genome",
        "genome.fa",
        "--tf",
        "MAX",
        "--epochs",
        "2",
        "--resamples",
        "50",
        "--with-scratch",
        "--out",
        out,
    ]
}

/// The same for `epochs` epochs, with a checkpoint after every one: long enough to be
/// stopped in the middle.
pub(crate) fn longer<'a>(mut words: Vec<&'a str>, epochs: &'a str) -> Vec<&'a str> {
    let place = words.iter().position(|word| *word == "--epochs");
    words[place.expect("words of a training") + 1] = epochs;
    words.extend(["--checkpoint-seconds", "0"]);
    words
}

/// Epochs that a training has on disk.
pub(crate) fn epochs(training: &Path) -> usize {
    fs::read_to_string(training.join("epochs.jsonl")).map_or(0, |text| text.lines().count())
}

fn json(path: &Path) -> serde_json::Value {
    serde_json::from_slice(&fs::read(path).expect("a record")).expect("JSON")
}

/// A loss may stay a number where the weights do not.
#[test]
fn a_training_that_diverges_leaves_no_model() {
    let directory = toy::with_matrix();
    let here = directory.path();
    let far = ["--learning-rate", "1e11", "--weight-decay", "0"];
    let words = [&pretrain("gone")[..], &far].concat();
    let output = bindscape(here, &words);
    assert!(!output.status.success());
    says(
        &String::from_utf8_lossy(&output.stderr),
        &["the training: expected ", "number", "--learning-rate"],
    );
    assert!(!here.join("gone/multi/model.safetensors").exists());
}

#[test]
fn from_files_to_a_report() {
    let directory = pretrained();
    let here = directory.path();
    let output = bindscape(here, &["model", "inspect", "multi"]);
    let facts: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(facts["tfs"], serde_json::json!(["MAX", "JUND"]));
    assert_eq!(facts["genome"], "toy");
    assert_eq!(facts["regions_fitted"], 108);
    assert_eq!(facts["regions_held_out"], 12);
    let told = succeeds(here, &finetune("max"));
    says(&told, &["regions that the multi-model was trained"]);

    let run = json(&here.join("max/run.json"));
    assert_eq!(run["finished"], true);
    assert_eq!(run["trainings"].as_array().map(Vec::len), Some(2));
    let metrics = json(&here.join("max/transfer-1/metrics.json"));
    let scratch = json(&here.join("max/scratch-1/metrics.json"));
    for key in ["regions", "positives"] {
        assert_eq!(metrics["tfs"][0][key], scratch["tfs"][0][key], "one split");
    }

    // A finished run is not done again, and a run with other settings is refused.
    let model = here.join("max/transfer-1/model.safetensors");
    let before = fs::metadata(&model)
        .and_then(|m| m.modified())
        .expect("a model");
    succeeds(here, &finetune("max"));
    let after = fs::metadata(&model)
        .and_then(|m| m.modified())
        .expect("a model");
    assert_eq!(before, after);
    let mut other = finetune("max");
    other.extend(["--batch-size", "50"]);
    says(
        &refuses(here, &other),
        &[
            "max",
            "a run with batch_size 50, found one with batch_size ",
            "another --out",
        ],
    );

    // A model of a run with several is named, not guessed.
    says(
        &refuses(here, &["predict", "--model", "max", "--fasta", "genome.fa"]),
        &["2 models", "model.safetensors"],
    );
    let transfer = "max/transfer-1/model.safetensors";
    let output = bindscape(
        here,
        &[
            "evaluate",
            "--model",
            transfer,
            "--against",
            "max/scratch-1/model.safetensors",
            "--matrix",
            "matrix.parquet",
            "--genome",
            "genome.fa",
            "--resamples",
            "50",
            "--out",
            "evaluation.json",
        ],
    );
    assert!(output.status.success());
    let table = String::from_utf8(output.stdout).expect("text");
    let rows: Vec<&str> = table.lines().collect();
    assert!(rows[0].starts_with("model\ttf\tregions\tbound\taucpr\taucpr_low"));
    assert_eq!(rows.len(), 4, "a header, two models and their difference");
    assert_eq!(
        json(&here.join("evaluation.json"))["evaluations"][0]["tfs"][0]["aucpr"]["value"],
        metrics["tfs"][0]["aucpr"]["value"],
        "the held-out regions are the test part"
    );

    pwm_beside_the_network(here);

    fs::write(
        here.join("regions.bed"),
        "chr2\t500\t520\tshort\nchr1\t100\t1000\tlong\nchr1\t0\t10\tat the end\n",
    )
    .expect("a writable directory");
    let output = bindscape(
        here,
        &[
            "predict",
            "--model",
            transfer,
            "--regions",
            "regions.bed",
            "--genome",
            "genome.fa",
            "--stride",
            "50",
        ],
    );
    assert!(output.status.success());
    let table = String::from_utf8(output.stdout).expect("text");
    says(
        &table,
        &[
            "# coordinates: 0-based, half-open",
            "# genome: genome.fa\n# genome_sha256: ",
            "# regions: regions.bed\n# regions_sha256: ",
            "# model_genome: toy",
            "of the regions are bound, as in training; fewer are in a genome",
            "# model_sha256: ",
        ],
    );
    let rows: Vec<&str> = table
        .lines()
        .filter(|line| !line.starts_with('#'))
        .collect();
    assert_eq!(rows[0], "chrom\tstart\tend\tname\tMAX");
    assert!(
        rows[1].starts_with("chr2\t500\t520\tshort\t0."),
        "{}",
        rows[1]
    );
    assert!(
        rows[2].starts_with("chr1\t100\t1000\tlong\t0."),
        "{}",
        rows[2]
    );
    assert_eq!(rows[3], "chr1\t0\t10\tat the end\tNA");

    let letters = "ACGT".repeat(50);
    fs::write(
        here.join("sequences.fa"),
        format!(">0::chr9:1000-1200\n{letters}\n>promoter\n{letters}\n>with_n\n{letters}N\n"),
    )
    .expect("a writable directory");
    succeeds(
        here,
        &[
            "predict",
            "--model",
            transfer,
            "--fasta",
            "sequences.fa",
            "--report",
            "windows",
            "--out",
            "scores.bed",
        ],
    );
    let table = fs::read_to_string(here.join("scores.bed")).expect("a table");
    let rows: Vec<&str> = table.lines().filter(|l| !l.starts_with('#')).collect();
    assert_eq!(rows.len(), 4, "one row per window:\n{table}");
    assert!(
        rows[0].starts_with("chr9\t1000\t1200\t0::chr9:1000-1200\t"),
        "{}",
        rows[0]
    );
    assert!(
        rows[1].starts_with("promoter\t0\t200\tMAX\t"),
        "{}",
        rows[1]
    );
    assert!(rows[2].starts_with("with_n\t0\t200\tMAX\t"), "{}", rows[2]);
    assert_eq!(rows[3], "with_n\t1\t201\tMAX\t.\t.\t.\tMAX");

    #[cfg(unix)]
    commands_of_pages_run(here);
    succeeds(here, &["report", "max", "multi"]);
    let page = fs::read_to_string(here.join("max/report.html")).expect("a page");
    says(
        &page,
        &["MAX", "De novo PWM (from scratch, repeat 1)", "</html>"],
    );
}

/// What a page tells to type runs as it is, where the run was made.
#[cfg(unix)]
fn commands_of_pages_run(here: &Path) {
    let program = Path::new(env!("CARGO_BIN_EXE_bindscape"));
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let folder = program.parent().expect("a folder").to_path_buf();
    let all = std::iter::once(folder).chain(std::env::split_paths(&paths));
    let paths = std::env::join_paths(all).expect("a path");
    let single = "pretrain --matrix matrix.parquet --genome genome.fa --tfs JUND --regions 120 --epochs 1 \
                  --resamples 0 --out single";
    succeeds(here, &single.split_whitespace().collect::<Vec<_>>());
    for (run, expected) in [
        ("multi", &["bindscape predict"][..]),
        (
            "single",
            &["bindscape predict", "bindscape finetune", "--tf MAX"],
        ),
        ("max", &["bindscape predict"]),
    ] {
        succeeds(here, &["report", run, "--out", "page.html"]);
        let page = fs::read_to_string(here.join("page.html")).expect("a page");
        let (_, section) = page.split_once("How to go on").expect("a section");
        let section = section
            .rsplit_once("How to go on")
            .map_or(section, |(_, last)| last);
        let (section, _) = section.split_once("state_dict").expect("its end");
        let blocks = section.split("<pre><code>").skip(1);
        let commands: Vec<String> = blocks
            .map(|block| {
                let (code, _) = block.split_once("</code>").expect("an end");
                let code = code.replace("&gt;", ">").replace("&lt;", "<");
                code.replace("&quot;", "\"")
                    .replace("&#39;", "'")
                    .replace("&amp;", "&")
            })
            .collect();
        let text = commands.join("\n");
        says(&text, expected);
        // One short training tells as much as five long ones.
        let text = text.replace("--repeats 5", "--repeats 1 --epochs 1 --resamples 0");
        let output = std::process::Command::new("sh")
            .args(["-e", "-c", &text])
            .current_dir(here)
            .env("PATH", &paths)
            .output()
            .expect("a shell");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{text}:\n{told}");
        let scores = fs::read_to_string(here.join("scores.tsv")).expect("scores");
        assert!(scores.lines().count() > 10, "{scores}");
        fs::remove_file(here.join("scores.tsv")).expect("scores");
    }
}

/// The planted motif is found in the regions of the training, and tells the others apart.
fn pwm_beside_the_network(here: &Path) {
    let mut words = [
        "evaluate",
        "--model",
        "max/scratch-1/model.safetensors",
        "--matrix",
        "matrix.parquet",
        "--genome",
        "genome.fa",
        "--resamples",
        "50",
        "--pwm",
        "--pwm-out",
        "max.meme",
        "--out",
        "pwm.json",
    ];
    let output = bindscape(here, &words);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    says(&told, &["bound regions of MAX", "wrote", "pwm.json"]);
    let table = String::from_utf8(output.stdout).expect("text");
    let rows: Vec<Vec<&str>> = table.lines().map(|l| l.split('\t').collect()).collect();
    assert_eq!(rows.len(), 3, "a header, the model, the PWM");
    assert_eq!(rows[2][..2], ["de novo PWM", "MAX"]);
    assert_eq!(rows[1][2..4], rows[2][2..4], "the same regions");
    assert_eq!(rows[2][13], "NA", "no threshold for an occupancy");
    let evaluation = json(&here.join("pwm.json"));
    assert_eq!(evaluation["evaluations"][1]["model"], "de novo PWM");
    assert_eq!(
        json(&here.join("max/scratch-1/pwm.json"))["tfs"],
        evaluation["evaluations"][1]["tfs"]
    );
    let aucpr = &evaluation["evaluations"][1]["tfs"][0]["aucpr"]["value"];
    assert!(aucpr.as_f64().is_some_and(|value| value > 0.7), "{aucpr}");
    let motifs = fs::read_to_string(here.join("max.meme")).expect("motifs");
    says(&motifs, &["MOTIF MAX"]);

    // Beside the transferred model of the same regions lies the same PWM: what its multi-model
    // was trained on is not for it, though the matrix has labels there.
    words[2] = "max/transfer-1/model.safetensors";
    succeeds(here, &words);
    assert_eq!(
        json(&here.join("max/transfer-1/pwm.json")),
        json(&here.join("max/scratch-1/pwm.json"))
    );
    // Beside metrics of other regions, as those of another view of the matrix, it does not belong.
    fs::remove_file(here.join("max/transfer-1/pwm.json")).expect("written before");
    let metrics = here.join("max/transfer-1/metrics.json");
    let mut tested = json(&metrics);
    let regions = &mut tested["tfs"][0]["regions"];
    *regions = (regions.as_u64().expect("a number") + 1).into();
    fs::write(&metrics, tested.to_string()).expect("written");
    succeeds(here, &words);
    assert!(!here.join("max/transfer-1/pwm.json").exists());
}

#[test]
fn killed_and_continued_is_the_same_as_never_stopped() {
    let directory = toy::with_matrix();
    let here = directory.path();
    // How often the weights are kept does not change them.
    let mut whole = longer(pretrain("whole"), "8");
    let last = whole.len() - 1;
    whole[last] = "1000";
    succeeds(here, &whole);

    let words = longer(pretrain("killed"), "8");
    let mut child = command(here, &words)
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("the program was built");
    let training = here.join("killed/multi");
    let begun = Instant::now();
    while epochs(&training) < 3 {
        assert!(begun.elapsed() < Duration::from_secs(300), "no epoch ended");
        std::thread::sleep(Duration::from_millis(2));
    }
    // SIGKILL: nothing can be cleaned up.
    child.kill().expect("a running program");
    child.wait().expect("a killed program");
    let before = epochs(&training);
    assert!(before < 8 && !training.join("model.safetensors").exists());
    let told = succeeds(here, &words);
    // A checkpoint is written before its record, so it may be one epoch ahead.
    let (_, after) = told
        .split_once("continued after epoch ")
        .unwrap_or_else(|| panic!("begun again:\n{told}"));
    let digits = after.find(|c: char| !c.is_ascii_digit());
    let resumed: usize = after[..digits.unwrap_or(after.len())]
        .parse()
        .expect("an epoch");
    assert!(
        resumed == before || resumed == before + 1,
        "{before}: {told}"
    );
    assert_eq!(
        fs::read(here.join("whole/multi/model.safetensors")).expect("a model"),
        fs::read(training.join("model.safetensors")).expect("a model"),
    );
}

#[cfg(unix)]
#[test]
fn predictions_killed_and_continued_are_the_same_as_never_stopped() {
    let directory = pretrained();
    let here = directory.path();
    // More windows than are scored at a time, all of them different; some are unknown.
    let mut all = String::new();
    let mut draw = toy::draws(1);
    for number in 0..9000 {
        let mut letters: String = (0..200).map(|_| b"ACGT"[draw() % 4] as char).collect();
        if number % 1000 == 7 {
            letters.replace_range(50..51, "N");
        }
        writeln!(all, ">r{number}\n{letters}").expect("text takes all");
    }
    fs::write(here.join("all.fa"), &all).expect("a writable directory");
    let words = |from: &'static str, to: &'static str| {
        let model = "multi/multi/model.safetensors";
        vec!["predict", "--model", model, "--fasta", from, "--out", to]
    };
    succeeds(here, &words("all.fa", "whole.tsv"));

    // Standard input does not end, so the program waits for more after the first batch.
    let mut child = command(here, &words("-", "scores.tsv"))
        .stdin(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("the program was built");
    let mut input = child.stdin.take().expect("a pipe");
    input.write_all(all.as_bytes()).expect("a reading program");
    input.flush().expect("a reading program");
    let unfinished = here.join("scores.tsv.unfinished");
    let lines = || fs::read_to_string(&unfinished).map_or(0, |text| text.lines().count());
    let begun = Instant::now();
    while lines() < 2 {
        assert!(begun.elapsed() < Duration::from_secs(300), "no batch ended");
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().expect("a running program");
    child.wait().expect("a killed program");
    assert!(!here.join("scores.tsv").exists());

    // What was computed is not dropped for another command, nor for other sequences.
    let kept = fs::read(&unfinished).expect("a journal");
    let refused = |words: &[&str], found: &str| {
        let message = refuses(here, words);
        let advice = ["scores.tsv.unfinished", "remove", "another --out"];
        says(&message, &[&[found][..], &advice].concat());
        assert!(fs::read(&unfinished).expect("a journal") == kept);
    };
    let mut other = words("all.fa", "scores.tsv");
    other.extend(["--strands", "forward"]);
    refused(&other, "another, which differs in `both_strands`");
    let (_, later) = all.split_once("\n>r1\n").expect("two sequences");
    fs::write(here.join("later.fa"), format!(">r1\n{later}")).expect("a writable directory");
    refused(&words("later.fa", "scores.tsv"), "those of other batches");

    let read = |name: &str| fs::read_to_string(here.join(name)).expect("a table");
    says(
        &succeeds(here, &words("all.fa", "scores.tsv")),
        &[
            "continuing after the first 1 batches of windows of",
            "9,000 rows written, 9 of",
        ],
    );
    assert_eq!(read("scores.tsv"), read("whole.tsv"));
    assert!(!unfinished.exists());
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let directory = toy::with_matrix();
    let here = directory.path();
    for threads in ["1", "3"] {
        let mut words = pretrain(if threads == "1" { "one" } else { "three" });
        words.extend(["--threads", threads]);
        succeeds(here, &words);
    }
    assert_eq!(
        fs::read(here.join("one/multi/model.safetensors")).expect("a model"),
        fs::read(here.join("three/multi/model.safetensors")).expect("a model"),
    );
}

/// A multi-model of all TFs but one, on regions that are resolved for some of them only.
#[test]
fn all_tfs_but_one_are_pretrained_on_masked_regions() {
    let directory = toy::with_matrix();
    let here = directory.path();
    let words = |without: &'static str, out: &'static str| {
        let mut words = pretrain(out);
        let tfs = words.iter().position(|word| *word == "MAX,JUND").unwrap();
        words[tfs] = "all";
        words.extend(["--without", without]);
        words.extend(["--motif-filters", "jaspar:MAX,JUND,FOSL1,CTCF"]);
        words
    };
    let said = succeeds(here, &words("MAX", "masked"));
    assert!(
        said.contains("resolved for JUND in the sparse matrix"),
        "{said}"
    );
    let mut less = words("MAX", "less-sparse");
    less.extend(["--view", "less-sparse"]);
    let told = succeeds(here, &less);
    assert!(
        told.contains("resolved for JUND in the less sparse matrix"),
        "{told}"
    );
    assert!(said.contains("of 400 begin as motifs"), "{said}");
    let record = fs::read_to_string(here.join("masked/run.json")).unwrap();
    let record: serde_json::Value = serde_json::from_str(&record).unwrap();
    let tfs = record["tfs"].as_array().unwrap();
    assert!(
        !tfs.is_empty() && tfs.iter().all(|tf| tf != "MAX"),
        "{tfs:?}"
    );
    assert_eq!(record["configuration"]["data"]["unresolved"], "mask");
    assert_eq!(record["configuration"]["training"]["decay"], "cosine");

    // A rate that decays does so over all epochs: with more of them it is another run.
    let before = fs::read(here.join("masked/run.json")).unwrap();
    let message = refuses(here, &longer(words("MAX", "masked"), "5"));
    says(
        &message,
        &["max_epochs", "a learning rate that falls (--decay)"],
    );
    assert_eq!(fs::read(here.join("masked/run.json")).unwrap(), before);

    // A motif file with a typo leaves nothing behind.
    fs::write(
        here.join("typo.meme"),
        "MEME version 4\n\nALPHABET= ACGT\n\nMOTIF m1\nletter-probability matrix: w= 1\n0.1 O.2 0.3 0.4\n",
    )
    .unwrap();
    let mut typo = words("MAX", "typo");
    *typo.last_mut().unwrap() = "typo.meme";
    assert!(refuses(here, &typo).contains("typo.meme, line 7"));

    let message = refuses(here, &words("MAXX", "other"));
    assert!(
        message.contains("--without") && message.contains("MAX"),
        "{message}"
    );
}

/// Networks from scratch begin with filters that are motifs, those of the training regions or given
/// ones, DanQ as well.
#[test]
fn networks_from_scratch_begin_as_motifs() {
    let directory = toy::with_matrix();
    let here = directory.path();
    let words = |network: &'static str, out: &'static str, more: &[&'static str]| {
        let words = "finetune --scratch --matrix matrix.parquet --genome genome.fa --tf MAX \
                     --positives 60 --epochs 1 --resamples 0";
        let own = ["--architecture", network, "--out", out];
        [
            words.split_whitespace().collect(),
            own.to_vec(),
            more.to_vec(),
        ]
        .concat()
    };
    let weights = |out: &str| fs::read(here.join(out).join("scratch-1/model.safetensors")).unwrap();
    succeeds(here, &words("cnn", "random", &[]));
    for (network, out, filters) in [("cnn", "own", 100), ("danq", "own-danq", 320)] {
        let said = succeeds(here, &words(network, out, &["--motif-filters", "de-novo"]));
        assert!(
            said.contains(&format!("of {filters} begin as motifs")),
            "{said}"
        );
        let record = json(&here.join(out).join("run.json"));
        assert_eq!(record["configuration"]["motif_filters"], "de-novo");
    }
    succeeds(
        here,
        &words("cnn", "given", &["--motif-filters", "jaspar:MAX,JUND"]),
    );
    assert_ne!(weights("own"), weights("random"));
    assert_ne!(weights("own"), weights("given"));
    // The same command finds all done; other filters are another run.
    let before = weights("own");
    succeeds(here, &words("cnn", "own", &["--motif-filters", "de-novo"]));
    assert_eq!(weights("own"), before);
    says(
        &refuses(here, &words("cnn", "own", &[])),
        &["motif_filters"],
    );

    let mut transfer = words("cnn", "none", &["--motif-filters", "de-novo"]);
    transfer[1] = "--simple-only";
    says(
        &refuses(here, &transfer),
        &["--motif-filters: expected a network from scratch"],
    );
}

/// A readout of the multi-model is compared with a PWM and with networks, predicts as any model, and
/// is refused where it makes no sense.
#[test]
fn a_readout_stands_beside_the_pwm_of_the_same_peaks() {
    let directory = pretrained();
    let here = directory.path();
    let told = succeeds(here, &finetune("max"));
    let rows = [
        "guessing",
        "JASPAR profile",
        "de novo PWM",
        "k-mer regression",
        "from scratch",
        "transfer",
        "readout ",
        "readout and network",
        "the readout and the network together: max/joint-1/model.safetensors",
    ];
    says(&told, &rows);
    let comparison = json(&here.join("max/comparison.json"));
    let models = comparison["repeats"][0]["models"].as_array().unwrap();
    let names: Vec<&str> = models
        .iter()
        .map(|m| m["model"].as_str().unwrap())
        .collect();
    let all = "profile pwm kmers scratch transfer readout joint";
    assert_eq!(names.join(" "), all);
    let profile = models[0]["profile"].as_str().unwrap();
    assert!(profile.starts_with("MA"), "{profile}");
    for view in ["matched", "natural"] {
        let regions: Vec<_> = models.iter().map(|m| &m[view]["regions"]).collect();
        assert!(
            regions.iter().all(|count| *count == regions[0]),
            "{regions:?}"
        );
    }
    let metrics = json(&here.join("max/transfer-1/metrics.json"));
    let of = |place: usize| &models[place]["matched"]["aucpr"]["value"];
    assert_eq!(of(4), &metrics["tfs"][0]["aucpr"]["value"]);

    // The readout is a model: it can be looked at, predicts, and is measured as it was.
    let readout = "max/readout-1/model.safetensors";
    let output = bindscape(here, &["model", "inspect", readout]);
    let facts: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(facts["tfs"], serde_json::json!(["MAX"]));
    let weighed = facts["readout"].as_array().unwrap();
    let names: Vec<&str> = weighed
        .iter()
        .map(|w| w["feature"].as_str().unwrap())
        .collect();
    assert!(
        names.contains(&"MAX") && names.contains(&"JUND"),
        "{names:?}"
    );
    let effect = |place: usize| weighed[place]["effect"].as_f64().unwrap().abs();
    assert!(effect(0) >= effect(1));
    let evaluate = [
        "evaluate",
        "--model",
        readout,
        "--matrix",
        "matrix.parquet",
        "--genome",
        "genome.fa",
        "--on",
        "held-out",
        "--resamples",
        "0",
    ];
    let output = bindscape(here, &evaluate);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let table = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(table.contains("MAX"), "{table}");

    // So is the readout that the network supports.
    let joint = "max/joint-1/model.safetensors";
    let inspected = |model: &str| -> serde_json::Value {
        let output = bindscape(here, &["model", "inspect", model]);
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let (facts, network) = (inspected(joint), inspected("max/transfer-1"));
    assert_eq!(facts["companion"]["share"], 0.2);
    assert_eq!(facts["companion"]["architecture"], network["architecture"]);
    assert_eq!(facts["readout"], inspected(readout)["readout"]);
    assert_eq!(facts["regions_fitted"], network["regions_fitted"]);
    let aucpr = |model: &str| -> f64 {
        let mut words = evaluate.to_vec();
        words[2] = model;
        let output = bindscape(here, &words);
        let table = String::from_utf8(output.stdout).unwrap();
        let row = table.lines().nth(1).expect("a row");
        row.split('\t').nth(4).expect("AUCPR").parse().unwrap()
    };
    for (place, model) in [(5, readout), (6, joint)] {
        let compared = &models[place];
        assert_eq!(compared["file"], model["max/".len()..]);
        let matched = compared["matched"]["aucpr"]["value"].as_f64().unwrap();
        assert!((aucpr(model) - matched).abs() < 1e-4, "{model}");
    }
    // Why they predict so is told by in-silico mutagenesis alone.
    fs::write(here.join("few.bed"), "chr1\t20\t220\nchr2\t920\t1120\n").unwrap();
    let attribute = |model: &'static str, more: &[&'static str]| {
        let words = "attribute --regions few.bed --genome genome.fa --show 1 --model";
        let words: Vec<&str> = words.split(' ').chain([model]).collect();
        [&words[..], more].concat()
    };
    for model in [readout, joint] {
        let out = &model["max/".len()..][..5];
        let words = [
            &attribute(model, &["--references", "3", "--out"])[..],
            &[out],
        ]
        .concat();
        let told = succeeds(here, &words);
        says(&told, &["2 windows", "--references has no effect"]);
        let table = fs::read_to_string(here.join(out).join("regions.tsv")).unwrap();
        says(
            &table,
            &["in-silico mutagenesis", "-1/model.safetensors, sha256"],
        );
        let predict = "predict --regions few.bed --genome genome.fa --model";
        let words: Vec<&str> = predict.split(' ').chain([model]).collect();
        let output = bindscape(here, &words);
        let scores = String::from_utf8(output.stdout).unwrap();
        let column = |table: &str, name: &str| -> Vec<f64> {
            let mut rows = table.lines().filter(|line| !line.starts_with('#'));
            let names = rows.next().unwrap().split('\t');
            let place = names.into_iter().position(|own| own == name).expect(name);
            let cell = |row: &str| row.split('\t').nth(place).unwrap().parse().unwrap();
            rows.map(cell).collect()
        };
        let logits = column(&table, "logit");
        assert_eq!(logits.len(), 2);
        for (logit, score) in logits.iter().zip(column(&scores, "MAX")) {
            let expected = (score / (1.0 - score)).ln();
            assert!((logit - expected).abs() < 1e-3, "{logit} {expected}");
        }
    }
    let words = attribute(joint, &["--method", "deeplift", "--out", "none"]);
    says(
        &refuses(here, &words),
        &["--method", "`ism`", "hint: leave --method out"],
    );
    assert!(!here.join("none").exists());

    // What is finished is not done again; the report shows it.
    let before = fs::metadata(here.join(readout))
        .unwrap()
        .modified()
        .unwrap();
    succeeds(here, &finetune("max"));
    let after = fs::metadata(here.join(readout))
        .unwrap()
        .modified()
        .unwrap();
    assert_eq!(before, after);
    succeeds(here, &["report", "max", "--out", "max.html"]);
    let page = fs::read_to_string(here.join("max.html")).unwrap();
    says(
        &page,
        &[
            "What can be made of the same peaks of MAX",
            "penalised logistic regression",
            "K-mer regression",
            profile,
        ],
    );

    let only = |more: &'static [&'static str]| {
        let mut words = finetune("only");
        words.retain(|word| *word != "--with-scratch");
        words.extend(more);
        words
    };
    succeeds(here, &only(&["--readout-only"]));
    assert_eq!(
        fs::read(here.join(readout)).unwrap(),
        fs::read(here.join("only/readout-1/model.safetensors")).unwrap(),
        "networks beside it change nothing"
    );
    succeeds(here, &["report", "only", "--out", "only.html"]);
    let page = fs::read_to_string(here.join("only.html")).unwrap();
    says(&page, &["A penalised logistic regression was fitted"]);
    assert!(!page.contains("cross-entropy"), "no network was trained");
    let message = refuses(here, &only(&["--readout-only", "--no-readout"]));
    says(&message, &["--no-readout"]);
    let message = refuses(here, &only(&["--background=-1"]));
    says(&message, &["--background", "at least 0"]);
    let message = refuses(here, &only(&["--readout-only", "--background", "3"]));
    says(&message, &["only", "background_per_positive"]);

    // Networks see the unbound regions that the readout sees, or not; what is tested on stays.
    let mut words = finetune("matched");
    words.retain(|word| *word != "--with-scratch");
    words.extend(["--no-train-background", "--no-readout"]);
    words.extend(["--shift", "5", "--weight-decay", "0.01"]);
    succeeds(here, &words);
    let parts = |run: &str| {
        let record = json(&here.join(run).join("run.json"));
        let trainings = record["trainings"].as_array().unwrap();
        let transfer = trainings.iter().find(|t| t["directory"] == "transfer-1");
        transfer.unwrap()["parts"].clone()
    };
    let (usual, matched) = (parts("max"), parts("matched"));
    for part in ["train", "validation"] {
        let of = |parts: &serde_json::Value| parts[part]["regions"].as_u64().unwrap();
        assert!(of(&usual) > of(&matched), "{part}: {usual} {matched}");
        assert_eq!(usual[part]["positives"], matched[part]["positives"]);
    }
    assert_eq!(usual["test"], matched["test"]);
    let background = |run: &str| {
        let record = json(&here.join(run).join("run.json"));
        record["configuration"]["network_background"].clone()
    };
    assert_eq!(background("max"), 10.0);
    for run in ["matched", "only"] {
        assert!(background(run).is_null(), "{run}");
    }
    let record = json(&here.join("matched/run.json"));
    let training = &record["configuration"]["training"]["transfer"];
    assert_eq!(training["shift"], 5);
    assert_eq!(training["weight_decay"], 0.01);
    let message = refuses(here, &only(&["--readout-only", "--train-background"]));
    says(&message, &["--train-background"]);
    let mut words = finetune("far");
    words.extend(["--shift", "5000"]);
    let message = refuses(here, &words);
    says(
        &message,
        &["--shift", "less than the", "bp of the sequences"],
    );
    assert!(!here.join("far").exists());

    // What an earlier version left, without the simple models, is read and kept.
    for file in ["comparison.json", "readout-1/comparison.json"] {
        let file = here.join("only").join(file);
        let mut old = json(&file);
        let old_repeat = match old.get_mut("repeats") {
            Some(repeats) => &mut repeats[0],
            None => &mut old,
        };
        let models = old_repeat["models"].as_array_mut().unwrap();
        models.retain(|model| model["model"] != "profile" && model["model"] != "kmers");
        fs::write(&file, old.to_string()).unwrap();
    }
    let told = succeeds(here, &only(&["--readout-only"]));
    says(&told, &["de novo PWM", "readout"]);
    assert!(!told.contains("k-mer regression"), "{told}");
    succeeds(here, &["report", "only", "--out", "old.html"]);
}

/// Without a multi-model: a profile, a PWM and a regression on k-mers; a TF without a profile has no
/// row of one, which is said.
#[test]
fn simple_models_need_no_multi_model() {
    let directory = toy::directory();
    let here = directory.path();
    // No profile of JASPAR is named so.
    let peaks = fs::read_to_string(here.join("peaks.bed")).unwrap();
    fs::write(here.join("peaks.bed"), peaks.replace("JUND", "NOBODY")).unwrap();
    fs::rename(
        here.join("unibind/EXP1.K562.JUND.pwm.bed"),
        here.join("unibind/EXP1.K562.NOBODY.pwm.bed"),
    )
    .unwrap();
    succeeds(here, toy::BUILD);
    let words = |tf: &'static str, more: &[&'static str]| {
        let mut words = vec![
            "finetune",
            "--matrix",
            "matrix.parquet",
            "--genome",
            "genome.fa",
        ];
        words.extend(["--tf", tf, "--resamples", "0", "--out", tf]);
        words.extend(more);
        words
    };
    let told = succeeds(here, &words("NOBODY", &["--simple-only"]));
    says(
        &told,
        &[
            "no JASPAR profile of vertebrates has the name of NOBODY",
            "de novo PWM",
            "k-mer regression",
            "best at the genome's ratio of bound to unbound regions: ",
        ],
    );
    let of = |tf: &str| -> Vec<String> {
        let comparison = json(&here.join(tf).join("comparison.json"));
        let models = comparison["repeats"][0]["models"].as_array().unwrap();
        let name = |model: &serde_json::Value| model["model"].as_str().unwrap().to_owned();
        models.iter().map(name).collect()
    };
    assert_eq!(of("NOBODY"), ["pwm", "kmers"]);
    let told = succeeds(here, &words("MAX", &["--simple-only", "--threads", "1"]));
    assert!(!told.contains("no JASPAR profile"), "{told}");
    assert_eq!(of("MAX"), ["profile", "pwm", "kmers"]);
    let before = fs::read(here.join("MAX/comparison.json")).unwrap();
    fs::remove_dir_all(here.join("MAX")).unwrap();
    succeeds(here, &words("MAX", &["--simple-only", "--threads", "3"]));
    assert_eq!(fs::read(here.join("MAX/comparison.json")).unwrap(), before);
    succeeds(here, &["report", "NOBODY", "--out", "page.html"]);
    let page = fs::read_to_string(here.join("page.html")).unwrap();
    says(
        &page,
        &[
            "No JASPAR profile has the name of NOBODY",
            "K-mer regression",
        ],
    );

    let message = refuses(here, &words("MAX", &["--simple-only", "--background", "3"]));
    says(&message, &["background_per_positive"]);
    let message = refuses(here, &words("MAX", &["--simple-only", "--scratch"]));
    says(&message, &["--simple-only"]);
    let message = refuses(here, &words("MAX", &["--readout-only"]));
    says(&message, &["--model"]);
}
