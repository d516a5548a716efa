//! Made-up result tables of experiments.

use bindscape_base::digest::InputFile;
use bindscape_matrix::experiment::{ExperimentRecord, FigureKind, Relation, ResultRow};
use serde_json::json;

use super::{Random, sha256};

/// What is made up.
pub struct Study {
    pub tfs: Vec<String>,
    pub sets: Vec<(&'static str, bool)>,
    pub asked: Vec<Option<u64>>,
    pub repeats: u32,
    pub draws: u32,
    pub splits: u32,
    pub models: Vec<&'static str>,
    pub natural: bool,
    /// Added to the AUCPR of PWMs.
    pub pwm: f64,
}

impl Study {
    /// `tfs` TFs with five repeats of PWM, multi-model, scratch and transfer.
    pub fn of(tfs: usize) -> Self {
        let name = |i: usize| match super::TFS.get(i) {
            Some(name) => (*name).to_owned(),
            None => format!("ZNF{}", 100 + i),
        };
        Self {
            tfs: (0..tfs).map(name).collect(),
            sets: vec![("most-resolved", false)],
            asked: vec![None],
            repeats: 5,
            draws: 1,
            splits: 1,
            models: vec!["pwm", "multi-model", "scratch", "transfer"],
            natural: true,
            pwm: 0.0,
        }
    }

    pub fn rows(&self) -> Vec<ResultRow> {
        let mut random = Random(11);
        let mut rows = Vec::new();
        for (i, tf) in self.tfs.iter().enumerate() {
            let size = 90.0 * 10.0_f64.powf(2.6 * random.uniform());
            let easy = 0.62 + 0.25 * random.uniform();
            for &(set, among) in &self.sets {
                let relation = match (among, i % 3) {
                    (true, _) | (_, 0) if self.sets.len() == 1 || among => Relation::Among,
                    (_, 1) => Relation::SameMode,
                    _ => Relation::OtherMode,
                };
                let of_set = 0.05 * random.normal();
                for &asked in &self.asked {
                    let regions = asked.map_or(size, |asked| 2.0 * asked as f64) as u64;
                    for repeat in 1..=self.repeats {
                        for draw in 1..=self.draws {
                            for split in 1..=self.splits {
                                for &model in &self.models {
                                    let little = 0.35 / (regions as f64 / 50.0).max(1.0).sqrt();
                                    let shift = match model {
                                        "pwm" => self.pwm - 0.01 - 0.02 * random.uniform(),
                                        "scratch" => -little - 0.03,
                                        "multi-model" => -0.05 + of_set,
                                        _ => 0.02 - 0.4 * little + of_set,
                                    };
                                    let value = easy + shift + 0.02 * random.normal();
                                    let value = value.clamp(0.02, 0.995);
                                    rows.push(row(
                                        (tf, set, relation, model),
                                        (repeat, draw, split, asked),
                                        regions,
                                        value,
                                        self.natural.then_some(value.powi(4)),
                                    ));
                                }
                            }
                        }
                    }
                }
            }
        }
        rows
    }
}

pub fn row(
    (tf, set, relation, model): (&str, &str, Relation, &str),
    (repeat, draw, split, asked): (u32, u32, u32, Option<u64>),
    regions: u64,
    value: f64,
    natural: Option<f64>,
) -> ResultRow {
    ResultRow {
        tf: tf.into(),
        set: set.into(),
        relation,
        repeat,
        draw,
        split,
        asked,
        model: model.into(),
        multi_model: format!("multi/{set}-{repeat}"),
        multi_tfs: vec!["RXRA".into(), "NR2F1".into()],
        multi_regions: 10_000,
        multi_bound: 2_100 + u64::from(repeat),
        multi_bound_of_mode: 1_000,
        train_regions: regions,
        train_bound: regions / 2,
        test_regions: 400,
        test_bound: 200,
        aucpr: Some(value),
        average_precision: Some(value),
        auroc: Some(value),
        mcc: Some(value - 0.3),
        natural_regions: 4_000,
        natural_bound: 120,
        natural_aucpr: natural,
        epochs: Some(10),
        best_epoch: Some(4),
        seconds: 12.0,
    }
}

pub fn record(figures: &[FigureKind]) -> ExperimentRecord {
    ExperimentRecord {
        bindscape: "0.1.0".into(),
        command: ["bindscape", "experiment", "study.json", "--out", "my study"]
            .map(String::from)
            .to_vec(),
        finished: true,
        simulated: None,
        genome: Some("hg38".into()),
        inputs: vec![InputFile {
            role: "matrix".into(),
            name: "matrix.parquet".into(),
            bytes: 835_000_000,
            sha256: sha256("matrix"),
        }],
        title: "Transfer to TFs with few peaks".into(),
        description: "A multi-model of the TFs with most resolved regions is fine-tuned on others."
            .into(),
        protocol: "paper-2021".into(),
        protocol_notes: vec![
            "Regions of the multi-model are left out of the individual data.".into(),
            "Networks are trained for 10 epochs with Adam.".into(),
        ],
        figures: figures.to_vec(),
        left_out: vec!["SMAD3: no bound region".into()],
        study: json!({"sets": {"most-resolved": {"tfs": 50}}, "repeats": 5}),
    }
}
