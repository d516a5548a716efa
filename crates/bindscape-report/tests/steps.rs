//! The words with which `bindscape_matrix::sample` records its steps, in the report's funnel.

#![allow(clippy::unwrap_used, reason = "a panic is how a test reports")]

#[allow(dead_code, unreachable_pub, missing_docs)]
mod common;

use bindscape_base::Result;
use bindscape_genome::region::Regions;
use bindscape_genome::sequence::PackedSequences;
use bindscape_matrix::results::{DataStep, RunRecord};
use bindscape_matrix::sample::{
    Excluded, FinetuneOptions, FinetuningPool, PretrainOptions, Unresolved, pretraining_dataset,
};
use bindscape_matrix::split::Split;
use bindscape_matrix::{BindingMatrix, BindingState, View};
use bindscape_report::report;
use serde_json::json;

/// 2,000 regions of five chromosomes and two TFs.
fn matrix() -> BindingMatrix {
    let mut regions = Regions::new();
    for row in 0..2000_u32 {
        regions.push(&format!("chr{}", 1 + row % 5), row * 1000, row * 1000 + 20);
    }
    let first = |row| match row % 11 {
        0 => BindingState::Bound,
        1..4 => BindingState::OneEvidence,
        4..9 => BindingState::Unbound,
        _ => BindingState::Closed,
    };
    let second = |row| {
        if row % 13 == 0 {
            BindingState::Bound
        } else {
            BindingState::Unbound
        }
    };
    BindingMatrix {
        regions,
        tfs: vec!["A".into(), "B".into()],
        columns: vec![
            (0..2000).map(first).collect(),
            (0..2000).map(second).collect(),
        ],
        provenance: serde_json::from_value(json!({
            "bindscape": "0.1.0", "genome": null, "width": 20, "rule": "chip+tfbs", "cell": null,
            "inputs": [],
        }))
        .unwrap(),
    }
}

/// Sequences of which every 50th has an N, and the others GC by row.
fn sequences(regions: &Regions) -> Result<PackedSequences> {
    let mut sequences = PackedSequences::new(20);
    for region in regions.iter() {
        let row = region.start / 1000;
        let mut letters = vec![b'A'; 20];
        letters[..(row % 20) as usize].fill(b'G');
        if row % 50 == 49 {
            letters[19] = b'N';
        }
        sequences.push(&letters);
    }
    Ok(sequences)
}

/// Rows of the funnel in the report of a run with these steps: left out and kept.
fn rows(record: &RunRecord, steps: &[DataStep]) -> (Vec<(u64, u64)>, String) {
    let run = tempfile::tempdir().unwrap();
    let made = if record.tfs.len() == 1 {
        common::finetune(run.path())
    } else {
        common::pretrain(run.path())
    };
    let record = RunRecord {
        data_steps: steps.to_vec(),
        ..made
    };
    common::write_record(run.path(), &record);
    let page = report(&[run.path()]).unwrap();
    common::funnel(&page)
}

fn adds_up(rows: &[(u64, u64)], used: usize) {
    assert!(rows.len() > 3, "{rows:?}");
    for pair in rows.windows(2) {
        assert_eq!(pair[0].1, pair[1].0 + pair[1].1, "{rows:?}");
    }
    assert_eq!(rows.last().unwrap().1, used as u64);
}

#[test]
fn steps_of_a_pre_training_add_up() {
    let run = tempfile::tempdir().unwrap();
    let record = common::pretrain(run.path());
    let options = PretrainOptions {
        tfs: vec!["A".into(), "B".into()],
        view: View::LessSparse,
        unresolved: Unresolved::Drop,
        also_resolved_for: Vec::new(),
        regions: Some(500),
        split: Split::default(),
        seed: 1,
    };
    let prepared = pretraining_dataset(&matrix(), &[], &options, &mut sequences).unwrap();
    let (rows, table) = rows(&record, &prepared.steps);
    adds_up(&rows, prepared.dataset.len());
    assert!(table.contains("Regions taken at random") && table.contains("Test part"));
}

#[test]
fn steps_of_a_fine_tuning_add_up() {
    let run = tempfile::tempdir().unwrap();
    let record = common::finetune(run.path());
    let matrix = matrix();
    let mut used = Regions::new();
    for row in 0..100 {
        let region = matrix.regions.get(row);
        used.push(region.chrom, region.start + 19, region.start + 25);
    }
    let excluded = [Excluded {
        regions: &used,
        what: "regions that the multi-model was trained or validated on",
        exact: false,
    }];
    let pool =
        FinetuningPool::new(&matrix, "A", View::Sparse, &excluded, None, &mut sequences).unwrap();
    for positives in [None, Some(50)] {
        for split in [
            Split::default(),
            Split::Chromosome {
                validation: vec!["chr1".into()],
                test: vec!["chr2".into()],
            },
        ] {
            let options = FinetuneOptions {
                positives,
                split,
                ..FinetuneOptions::default()
            };
            let prepared = pool.dataset(&options, 3).unwrap();
            let (rows, table) = rows(&record, &prepared.steps);
            adds_up(&rows, prepared.dataset.len());
            assert!(
                table.contains(" bound, ") && table.contains("left out because of the multi-model")
            );
        }
    }
}
