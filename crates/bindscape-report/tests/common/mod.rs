//! Run directories as training would leave them, with made-up results: scores
//! are drawn from two normal distributions and measured by `bindscape-stats`.

pub mod experiment;
pub mod markup;

use std::fs;
use std::path::Path;

use bindscape_base::digest::InputFile;
use bindscape_matrix::results::{
    DataStep, EpochRecord, Estimate, Evaluation, ParentModel, PartCounts, RunKind, RunRecord,
    Start, TfMetrics, TrainingRecord,
};
use bindscape_stats as stats;
use serde_json::json;

/// TFs of the made-up multi-model.
pub const TFS: [&str; 50] = [
    "AR", "ARNT", "ATF1", "ATF3", "BHLHE40", "CEBPA", "CEBPB", "CREB1", "E2F1", "E2F6", "EGR1",
    "ELF1", "ELK1", "ESR1", "ETS1", "FOS", "FOSL1", "FOSL2", "FOXA1", "FOXA2", "GABPA", "GATA1",
    "GATA2", "GATA3", "HNF4G", "JUN", "JUNB", "MAFK", "MAX", "MYC", "NFYA", "NFYB", "NR2C2",
    "NR2F2", "NR3C1", "NRF1", "PAX5", "PBX3", "RFX5", "RUNX1", "RXRA", "SP1", "SPI1", "SRF",
    "STAT1", "TCF7L2", "TEAD4", "USF1", "YY1", "ZBTB33",
];

/// Random numbers enough for a fixture (SplitMix64).
pub struct Random(pub u64);

impl Random {
    pub fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}

/// Metrics of `regions` scores, the positives shifted by `skill`.
pub fn metrics(tf: &str, regions: usize, positives: usize, skill: f64, seed: u64) -> TfMetrics {
    let mut random = Random(seed);
    let labels: Vec<bool> = (0..regions).map(|i| i < positives).collect();
    let scores: Vec<f64> = labels
        .iter()
        .map(|&bound| {
            let logit = random.normal() * 1.4 + if bound { skill } else { -skill * 0.4 };
            1.0 / (1.0 + (-logit).exp())
        })
        .collect();
    let intervals = stats::bootstrap_metrics(&scores, &labels, 200, 0.95, seed);
    let estimate = |value, interval| Estimate { value, interval };
    TfMetrics {
        tf: tf.into(),
        regions: regions as u64,
        positives: positives as u64,
        aucpr: estimate(stats::aucpr(&scores, &labels), intervals.aucpr),
        average_precision: estimate(
            stats::average_precision(&scores, &labels),
            intervals.average_precision,
        ),
        auroc: estimate(stats::auroc(&scores, &labels), intervals.auroc),
        mcc: estimate(stats::mcc(&scores, &labels, 0.5), intervals.mcc),
        precision: estimate(stats::precision(&scores, &labels, 0.5), intervals.precision),
        recall: estimate(stats::recall(&scores, &labels, 0.5), intervals.recall),
        curve: stats::precision_recall_curve(&scores, &labels)
            .map_or_else(Vec::new, |curve| curve.points(500)),
    }
}

/// Epochs that learn towards `floor`, then overfit.
pub fn epochs(count: u32, floor: f64, aucpr: f64, seed: u64) -> Vec<EpochRecord> {
    let mut random = Random(seed);
    let mut least = f64::INFINITY;
    let first = if aucpr < 0.5 { 0.08 } else { 0.5 };
    (1..=count)
        .map(|epoch| {
            let t = f64::from(epoch - 1);
            let train_loss = floor * 0.55 + (0.69 - floor * 0.55) * (-t / 4.0).exp();
            let validation_loss = floor
                + (0.68 - floor) * (-t / 2.5).exp()
                + 0.004 * (t - 6.0).max(0.0)
                + 0.012 * random.normal();
            let best = validation_loss < least;
            least = least.min(validation_loss);
            EpochRecord {
                epoch,
                train_loss,
                validation_loss,
                validation_aucpr: Some(
                    (aucpr - (aucpr - first) * (-t / 3.0).exp() + 0.008 * random.normal()).min(1.0),
                ),
                validation_no_skill: None,
                best,
                seconds: 8.0 + random.uniform(),
                sequences_per_second: 900.0 + 40.0 * random.uniform(),
            }
        })
        .collect()
}

/// Writes the results of one training.
pub fn write_training(run: &Path, directory: &str, epochs: &[EpochRecord], tfs: Vec<TfMetrics>) {
    let place = run.join(directory);
    fs::create_dir_all(&place).unwrap();
    let lines: String = epochs
        .iter()
        .map(|epoch| serde_json::to_string(epoch).unwrap() + "\n")
        .collect();
    fs::write(place.join("epochs.jsonl"), lines).unwrap();
    let evaluation = Evaluation {
        model: format!("{directory}/model.safetensors"),
        model_sha256: sha256(directory),
        data: "test part".into(),
        level: 0.95,
        resamples: 1000,
        tfs,
    };
    let text = serde_json::to_string_pretty(&evaluation).unwrap();
    fs::write(place.join("metrics.json"), text).unwrap();
}

pub fn write_record(run: &Path, record: &RunRecord) {
    fs::create_dir_all(run).unwrap();
    let text = serde_json::to_string_pretty(record).unwrap();
    fs::write(run.join("run.json"), text).unwrap();
}

/// A made-up checksum of a name.
pub fn sha256(name: &str) -> String {
    let seed = name.bytes().fold(7_u64, |sum, byte| {
        sum.wrapping_mul(131).wrapping_add(u64::from(byte))
    });
    let mut random = Random(seed);
    (0..64)
        .map(|_| char::from_digit((random.uniform() * 16.0) as u32, 16).unwrap())
        .collect()
}

fn input(role: &str, name: &str, bytes: u64) -> InputFile {
    InputFile {
        role: role.into(),
        name: name.into(),
        bytes,
        sha256: sha256(name),
    }
}

fn steps(steps: &[(&str, u64)]) -> Vec<DataStep> {
    steps
        .iter()
        .map(|&(what, regions)| DataStep {
            what: what.into(),
            regions,
        })
        .collect()
}

fn words(command: &str) -> Vec<String> {
    command.split(' ').map(str::to_owned).collect()
}

fn options(learning_rate: f64) -> serde_json::Value {
    json!({
        "batch_size": 100, "learning_rate": learning_rate, "max_epochs": 100, "patience": 10,
        "seed": 1, "reverse_complement": true, "freeze": "none",
    })
}

fn architecture(outputs: usize) -> serde_json::Value {
    json!({
        "kind": "cnn", "length": 200, "outputs": outputs, "filters": [100, 200, 200],
        "kernels": [19, 7, 4], "pool": 3, "hidden": 1000, "dropout": 0.3,
    })
}

/// A finished pre-training of 50 TFs in `run`.
pub fn pretrain(run: &Path) -> RunRecord {
    let test = 3_412_usize;
    let mut random = Random(5);
    let positives: Vec<usize> = TFS
        .iter()
        .map(|_| 30 + (random.uniform().powi(3) * 1_100.0) as usize)
        .collect();
    let part = |scale: u64| PartCounts {
        regions: test as u64 * scale,
        positives: positives.iter().map(|&n| n as u64 * scale).collect(),
        resolved: Vec::new(),
    };
    let record = RunRecord {
        kind: RunKind::Pretrain,
        bindscape: "0.1.0".into(),
        command: words(
            "bindscape pretrain --matrix matrix.parquet --genome hg38.2bit --tfs top-resolved:50 --out multi",
        ),
        finished: true,
        simulated: None,
        genome: Some("hg38".into()),
        inputs: vec![
            input("matrix", "matrix.parquet", 48_211_904),
            input("genome", "hg38.2bit", 835_393_456),
        ],
        configuration: json!({
            "architecture": architecture(50),
            "data": {"tfs": "top-resolved:50", "split": {"random": {"train": 0.8, "validation": 0.1, "test": 0.1}}},
            "training": options(0.003),
            "bootstrap": {"resamples": 1000, "level": 0.95},
        }),
        tfs: TFS.map(String::from).to_vec(),
        length: 200,
        device: "cpu".into(),
        parameters: 2_454_150,
        parent: None,
        data_steps: steps(&[
            ("regions in the matrix", 296_969),
            (
                "dropped: not resolved for all 50 TFs in the less-sparse matrix",
                262_812,
            ),
            ("resolved for all 50 TFs", 34_157),
            ("dropped: unknown letters in the sequence", 37),
            ("regions taken", 34_120),
            ("train part", 27_296),
            ("validation part", 3_412),
            ("test part", 3_412),
        ]),
        trainings: vec![TrainingRecord {
            directory: "model".into(),
            start: Start::Scratch,
            repeat: 1,
            seed: 1,
            parts: [
                ("train".to_owned(), part(8)),
                ("validation".to_owned(), part(1)),
                ("test".to_owned(), part(1)),
            ]
            .into(),
        }],
    };
    write_record(run, &record);
    let tfs = TFS
        .iter()
        .zip(&positives)
        .enumerate()
        .map(|(i, (tf, &positives))| {
            let skill = 0.4 + 2.6 * random.uniform();
            metrics(tf, test, positives, skill, 40 + i as u64)
        })
        .collect();
    write_training(run, "model", &epochs(24, 0.145, 0.41, 3), tfs);
    record
}

/// A finished fine-tuning of HNF4A in `run`: five repeats, both starts.
pub fn finetune(run: &Path) -> RunRecord {
    finetune_repeats(run, "HNF4A", 5)
}

pub fn finetune_repeats(run: &Path, tf: &str, repeats: u32) -> RunRecord {
    let part = |regions: u64| PartCounts {
        regions,
        positives: vec![regions / 2],
        resolved: Vec::new(),
    };
    let mut trainings = Vec::new();
    for repeat in 1..=repeats {
        for start in [Start::Transfer, Start::Scratch] {
            let name = if start == Start::Transfer {
                "transfer"
            } else {
                "scratch"
            };
            trainings.push(TrainingRecord {
                directory: format!("{name}-{repeat}"),
                start,
                repeat,
                seed: u64::from(repeat),
                parts: [
                    ("train".to_owned(), part(800)),
                    ("validation".to_owned(), part(100)),
                    ("test".to_owned(), part(100)),
                ]
                .into(),
            });
        }
    }
    let record = RunRecord {
        kind: RunKind::Finetune,
        bindscape: "0.1.0".into(),
        command: words(
            "bindscape finetune --model multi --matrix matrix.parquet --genome hg38.2bit --tf HNF4A --positives 500 --repeats 5 --with-scratch --out hnf4a",
        ),
        finished: true,
        simulated: None,
        genome: Some("hg38".into()),
        inputs: vec![
            input("matrix", "matrix.parquet", 48_211_904),
            input("genome", "hg38.2bit", 835_393_456),
        ],
        configuration: json!({
            "architecture": architecture(1),
            "data": {"positives": 500, "gc_bin_percent": 10, "negatives_per_positive": 1.0,
                "split": {"random": {"train": 0.8, "validation": 0.1, "test": 0.1}}},
            "view": "sparse",
            "repeats": repeats,
            "transfer": "all-but-output",
            "freeze": "none",
            "training": {"transfer": options(0.0003), "scratch": options(0.003)},
            "bootstrap": {"resamples": 1000, "level": 0.95},
        }),
        tfs: vec![tf.into()],
        length: 200,
        device: "cpu".into(),
        parameters: 2_405_101,
        parent: Some(ParentModel {
            name: "model.safetensors".into(),
            sha256: sha256("model"),
            tfs: TFS.map(String::from).to_vec(),
            regions: 34_120,
        }),
        data_steps: steps(&[
            ("regions in the matrix", 296_969),
            ("resolved for HNF4A in the sparse matrix", 97_410),
            (
                "dropped: overlap regions that the multi-model was trained or validated on",
                27_911,
            ),
            (
                "dropped: overlap regions that the multi-model was tested on",
                3_102,
            ),
            ("bound regions available", 3_208),
            ("unbound regions available", 63_189),
            ("bound regions taken at random", 500),
            ("unbound regions taken, matched in GC content", 500),
            ("train part", 800),
            ("validation part", 100),
            ("test part", 100),
        ]),
        trainings,
    };
    write_record(run, &record);
    for training in &record.trainings {
        let seed = 100 + u64::from(training.repeat);
        let (skill, floor, aucpr, count) = match training.start {
            Start::Transfer => (0.85, 0.55, 0.74, 14 + training.repeat),
            Start::Scratch => (0.15, 0.645, 0.58, 17 + 2 * training.repeat),
        };
        let skill = skill + 0.08 * f64::from(training.repeat % 3);
        write_training(
            run,
            &training.directory,
            &epochs(count, floor, aucpr, seed + training.start as u64 * 50),
            vec![metrics(tf, 100, 50, skill, seed)],
        );
    }
    record
}

/// Regions that each stage of the first selection on a page left out and kept, and the HTML of
/// the table.
pub fn funnel(page: &str) -> (Vec<(u64, u64)>, String) {
    let table = &page[page.find("How the regions were selected").unwrap()..];
    let table = &table[..table.find("</table>").unwrap()];
    let stages = table.split("<tbody>").nth(1).unwrap();
    let stages = &stages[..stages.find("</tbody>").unwrap()];
    let number = |cell: &str| {
        let digits = cell.split(['<', ' ']).next().unwrap();
        let digits: String = digits.chars().filter(char::is_ascii_digit).collect();
        digits.parse::<u64>().unwrap_or(0)
    };
    let rows = stages.split("<tr>").skip(1).map(|row| {
        let cells: Vec<&str> = row.split("<td>").skip(1).collect();
        (number(cells[0]), number(cells[1]))
    });
    (rows.collect(), table.to_owned())
}
