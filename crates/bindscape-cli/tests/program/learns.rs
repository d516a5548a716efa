//! What a fine-tuned network knows: where a motif decides which regions are bound it finds bound
//! regions that it has not seen, where chance decides it does not.

use std::path::Path;

use bindscape_base::random;
use bindscape_matrix::{BindingState, parquet};
use rand::seq::SliceRandom;

use crate::{bindscape, succeeds, toy};

/// Regions on each of two chromosomes; `MAX` binds a third of them.
const REGIONS: u32 = 600;

/// Deals the labels of `MAX` to its accessible regions at random.
fn shuffle_labels(matrix: &Path, shuffled: &Path) {
    let mut matrix = parquet::read(matrix, None).expect("a matrix");
    let place = matrix.tfs.iter().position(|tf| tf == "MAX").expect("MAX");
    let column = &mut matrix.columns[place];
    let open: Vec<usize> = (0..column.len())
        .filter(|&row| column[row] != BindingState::Closed)
        .collect();
    let mut states: Vec<BindingState> = open.iter().map(|&row| column[row]).collect();
    states.shuffle(&mut random::stream(1, "shuffled-labels", &[]));
    for (row, state) in open.into_iter().zip(states) {
        column[row] = state;
    }
    parquet::write(shuffled, &matrix).expect("a writable directory");
}

/// Fine-tunes on the labels of `matrix` into `out`. How much the AUCPR on unseen regions is above
/// the share of bound ones, which is what guessing reaches.
fn gain(here: &Path, matrix: &str, out: &str) -> f64 {
    let data = ["--matrix", matrix, "--genome", "genome.fa"];
    let mut words = "finetune --model multi --tf MAX --positives 150 --no-train-background"
        .split(' ')
        .chain(data)
        .collect::<Vec<_>>();
    words.extend(["--resamples", "0", "--out", out]);
    succeeds(here, &words);
    let mut words = vec!["evaluate", "--on", "unseen", "--resamples", "0"];
    words.extend(data);
    words.extend(["--model", out]);
    let output = bindscape(here, &words);
    assert!(output.status.success());
    let table = String::from_utf8(output.stdout).expect("text");
    let row: Vec<&str> = table.lines().nth(1).expect("a row").split('\t').collect();
    let [regions, bound, aucpr] = [2, 3, 4].map(|column| {
        let number: f64 = row[column].parse().expect("a number");
        number
    });
    assert!(regions > 400.0, "too few to tell: {regions}");
    aucpr - bound / regions
}

#[test]
fn a_fine_tuned_model_beats_guessing_on_its_labels_and_not_on_labels_at_random() {
    let directory = toy::with_matrix_of(REGIONS);
    let here = directory.path();
    let mut words = "pretrain --tfs MAX,JUND --regions 400 --resamples 0 --out multi"
        .split(' ')
        .collect::<Vec<_>>();
    words.extend(["--matrix", "matrix.parquet", "--genome", "genome.fa"]);
    succeeds(here, &words);
    shuffle_labels(&here.join("matrix.parquet"), &here.join("shuffled.parquet"));
    let learned = gain(here, "matrix.parquet", "learned");
    let guessed = gain(here, "shuffled.parquet", "guessed");
    // With seeds 1 and 2: 0.44 and 0.44 (AUCPR 0.69, 0.25 of the regions bound), -0.01 and -0.01.
    assert!(learned > 0.25, "{learned}");
    assert!(guessed < 0.1, "{guessed}");
}
