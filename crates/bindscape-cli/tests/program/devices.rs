//! Devices other than the CPU, with what this machine has of them.

#[cfg(feature = "vulkan")]
use crate::succeeds;
use crate::toy;
use crate::{refuses, says};

/// Words of a tiny training on a device.
fn pretrain<'a>(device: &'a str, out: &'a str) -> Vec<&'a str> {
    let mut words = vec![
        "pretrain",
        "--matrix",
        "matrix.parquet",
        "--genome",
        "genome.fa",
    ];
    // 48 regions for training, both strands: one batch, so one step.
    words.extend(["--tfs", "MAX,JUND", "--regions", "60", "--epochs", "1"]);
    words.extend(["--resamples", "20", "--device", device, "--out", out]);
    words
}

#[test]
fn device_that_the_program_lacks() {
    let missing = [
        ("cuda", cfg!(feature = "cuda")),
        ("vulkan", cfg!(feature = "vulkan")),
    ];
    let toy = toy::with_matrix();
    for (device, _) in missing.iter().filter(|(_, built_in)| !built_in) {
        let message = refuses(toy.path(), &pretrain(device, "multi"));
        let build = format!("--features {device}");
        says(&message, &["--device", device, "hint: build with", &build]);
    }
}

#[test]
fn precision_that_the_cpu_lacks() {
    let toy = toy::with_matrix();
    let mut training = pretrain("cpu", "multi");
    training.extend(["--precision", "bf16"]);
    let scoring = |precision| {
        let mut words = vec!["predict", "--model", "none", "--fasta", "genome.fa"];
        words.extend(["--precision", precision, "--out", "scores.tsv"]);
        words
    };
    for (words, precision) in [(training, "bf16"), (scoring("f16"), "f16")] {
        let found = format!("found {precision}");
        says(
            &refuses(toy.path(), &words),
            &[
                "--precision: expected f32",
                &found,
                "hint: choose a graphics device",
            ],
        );
    }
    let message = refuses(toy.path(), &scoring("fp16"));
    says(
        &message,
        &["--precision", "one of f32, bf16, f16", "`fp16`"],
    );
}

#[cfg(feature = "vulkan")]
#[test]
fn device_without_a_driver() {
    let toy = toy::with_matrix();
    let output = crate::command(toy.path(), &pretrain("vulkan", "multi"))
        // The loader looks for drivers where these say, and nowhere else.
        .env("VK_DRIVER_FILES", "/nonexistent/driver.json")
        .env("VK_ICD_FILENAMES", "/nonexistent/driver.json")
        .output()
        .expect("the program was built");
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{message}");
    says(
        &message,
        &[
            "error: --device: expected a device for `vulkan` that works",
            "hint: install a Vulkan driver",
            "--device cpu",
        ],
    );
    assert!(!message.contains("panicked"), "{message}");
    assert!(!toy.path().join("multi").exists());
}

/// The numbers of a column of a table.
#[cfg(feature = "vulkan")]
fn column(path: &std::path::Path, name: &str) -> Vec<f64> {
    let text = std::fs::read_to_string(path).expect("a table");
    let mut lines = text.lines().filter(|line| !line.starts_with('#'));
    let header = lines.next().expect("a header");
    let place = header
        .split('\t')
        .position(|title| title == name)
        .unwrap_or_else(|| panic!("no column {name} in {header}"));
    lines
        .filter_map(|line| line.split('\t').nth(place)?.parse().ok())
        .collect()
}

/// Largest difference of two lists of the same length.
#[cfg(feature = "vulkan")]
fn apart(a: &[f64], b: &[f64]) -> f64 {
    assert!(!a.is_empty());
    assert_eq!(a.len(), b.len());
    a.iter()
        .zip(b)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f64::max)
}

/// Losses of the first epoch in training and validation.
#[cfg(feature = "vulkan")]
fn losses(run: &std::path::Path) -> [f64; 2] {
    let epochs =
        std::fs::read_to_string(run.join("multi/epochs.jsonl")).expect("records of the epochs");
    let record: serde_json::Value =
        serde_json::from_str(epochs.lines().next().expect("an epoch")).expect("JSON");
    ["train_loss", "validation_loss"].map(|key| {
        record[key]
            .as_f64()
            .unwrap_or_else(|| panic!("{key} in {record}"))
    })
}

/// Probabilities of both TFs in windows of the genome, by a model computed as `device` says.
#[cfg(feature = "vulkan")]
fn probabilities(here: &std::path::Path, model: &str, device: &[&str], out: &str) -> Vec<f64> {
    let mut words = vec!["predict", "--model", model, "--fasta", "genome.fa"];
    words.extend(["--stride", "500", "--report", "windows", "--out", out]);
    words.extend(device);
    succeeds(here, &words);
    ["MAX", "JUND"]
        .map(|tf| column(&here.join(out), tf))
        .concat()
}

#[cfg(feature = "vulkan")]
#[test]
#[ignore = "needs a Vulkan device, which may be one in software"]
fn vulkan_trains_and_predicts_as_the_cpu() {
    let toy = toy::with_matrix();
    let here = toy.path();
    for architecture in ["cnn", "danq"] {
        let name = |device: &str| format!("{architecture}-{device}");
        let [cpu, vulkan] = ["cpu", "vulkan"].map(|device| {
            let out = name(device);
            let mut words = pretrain(device, &out);
            words.extend(["--architecture", architecture]);
            succeeds(here, &words);
            losses(&here.join(out))
        });
        // The training loss is that of the first weights. Of the step that follows, Adam
        // makes more of the devices' rounding.
        for (key, most) in [(0, 1e-5), (1, 1e-3)] {
            let apart = (cpu[key] - vulkan[key]).abs();
            assert!(apart < most * cpu[key], "{cpu:?}, {vulkan:?}");
        }
        let [expected, found] = ["cpu", "vulkan"].map(|device| {
            let out = format!("{architecture}-scores-{device}.tsv");
            probabilities(here, &name("cpu"), &["--device", device], &out)
        });
        let difference = apart(&expected, &found);
        println!("{architecture}: losses {cpu:?}, {vulkan:?}; predictions {difference:.1e} apart");
        assert!(difference < 1e-4, "{difference}");
    }
}

#[cfg(feature = "vulkan")]
#[test]
#[ignore = "needs a Vulkan device that computes in f16, which may be one in software"]
fn vulkan_computes_in_f16_but_not_in_bf16() {
    let toy = toy::with_matrix();
    let here = toy.path();
    let mut words = pretrain("vulkan", "half");
    words.extend(["--precision", "bf16"]);
    let expected = [
        "error: --precision: expected a type that the device for `vulkan` computes in, found bf16, which",
        "hint: leave --precision out",
    ];
    says(&refuses(here, &words), &expected);
    assert!(!here.join("half").exists());

    succeeds(here, &pretrain("cpu", "whole"));
    *words.last_mut().expect("words") = "f16";
    succeeds(here, &words);
    let [[exact, _], [loss, _]] = ["whole", "half"].map(|run| losses(&here.join(run)));
    let run = std::fs::read_to_string(here.join("half/run.json")).expect("the run's record");
    let run: serde_json::Value = serde_json::from_str(&run).expect("JSON");
    assert_eq!(run["configuration"]["training"]["precision"], "f16");

    let f16 = ["--device", "vulkan", "--precision", "f16"];
    let expected = probabilities(here, "whole", &[], "whole.tsv");
    let found = probabilities(here, "whole", &f16, "half.tsv");
    let difference = apart(&expected, &found);
    println!("f16: first losses {exact} and {loss}, predictions {difference:.1e} apart");
    // Eleven significant bits, through six layers.
    assert!((loss - exact).abs() < 3e-3 * exact, "{loss} for {exact}");
    assert!(difference > 0.0 && difference < 3e-3, "{difference}");
    let header = std::fs::read_to_string(here.join("half.tsv")).expect("scores");
    assert!(header.contains("computed in f16"));
}
