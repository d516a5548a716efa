//! Counts, choice of TFs and data sets on the published matrix (a quarter of it).
//! Skipped where the shared data is absent.

use std::collections::BTreeMap;
use std::path::PathBuf;

use bindscape_base::progress::Silent;
use bindscape_genome::load::{SequenceInput, load_sequences};
use bindscape_matrix::inspect::inspect;
use bindscape_matrix::published::import_npz;
use bindscape_matrix::sample::{
    Excluded, FinetuneOptions, FinetuningPool, PretrainOptions, Unresolved, pretraining_dataset,
    resolved_for_all, top_resolved,
};
use bindscape_matrix::similarity::similarity;
use bindscape_matrix::split::Split;
use bindscape_matrix::{BindingMatrix, View};

fn data() -> PathBuf {
    PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/data/tf-binding"
    ))
}

fn published(data: &std::path::Path) -> BindingMatrix {
    import_npz(
        &data.join("matrix2d.ReMap+UniBind.sparse.npz"),
        Some(&data.join("matrix2d.ReMap+UniBind.less-sparse.npz")),
        &data.join("regions_idx.pickle.gz"),
        &data.join("tfs_idx.pickle.gz"),
    )
    .expect("the published matrix imports")
}

#[test]
#[ignore = "needs ../shared/data"]
fn shared_data_counts_equal_the_published_ones() {
    let data = data();
    let inspection = inspect(&published(&data), None);
    let counts: serde_json::Value =
        serde_json::from_slice(&std::fs::read(data.join("counts.json")).unwrap()).unwrap();
    assert_eq!(counts["regions"], inspection.regions);
    let expected: BTreeMap<String, [u64; 3]> =
        serde_json::from_value(counts["ones_zeros_nulls_sparse"].clone()).unwrap();
    assert_eq!(expected.len(), inspection.tfs.len());
    for tf in &inspection.tfs {
        let ours = [tf.bound, tf.unbound, tf.one_evidence + tf.closed];
        assert_eq!(expected[&tf.tf], ours, "{}", tf.tf);
    }
    let widths = inspection.widths.unwrap();
    assert_eq!((widths.min, widths.max), (200, 200));
}

#[test]
#[ignore = "needs ../shared/data"]
fn shared_data_homologs_and_cofactors_bind_alike() {
    let data = data();
    let similarity = similarity(&published(&data), View::Sparse);
    let tf = |name| similarity.tfs.iter().position(|tf| tf == name).unwrap();
    let of = |a, b| similarity.get(tf(a), tf(b)).unwrap();
    assert!(of("HNF4A", "HNF4G") > of("HNF4A", "MAX"));
    assert!(of("USF1", "USF2") > of("USF1", "SPI1"));
}

#[test]
#[ignore = "needs ../shared/data"]
fn shared_data_fifty_tfs_share_many_regions_and_leave_enough_for_fine_tuning() {
    let data = data();
    let matrix = published(&data);
    let all: Vec<usize> = (0..matrix.tfs.len()).collect();
    let top = top_resolved(&matrix, &all, 50, View::LessSparse).unwrap();
    let columns: Vec<_> = top.iter().map(|&tf| &matrix.columns[tf][..]).collect();
    let rows = resolved_for_all(&columns, View::LessSparse);
    println!("{} regions are resolved for all of 50 TFs", rows.len());
    // The 50 TFs with most resolved regions have 22,242 in common.
    assert_eq!(rows.len(), 41_632);

    let mut source = SequenceInput::Fasta(data.join("sequences.200bp.fa.gz"))
        .open()
        .unwrap();
    let mut fetch = |regions: &bindscape_genome::region::Regions| {
        load_sequences(source.as_mut(), regions, 200, &Silent)
    };
    let options = PretrainOptions {
        tfs: top.iter().map(|&tf| matrix.tfs[tf].clone()).collect(),
        view: View::LessSparse,
        unresolved: Unresolved::Drop,
        also_resolved_for: Vec::new(),
        regions: Some(2000),
        split: Split::default(),
        seed: 1,
    };
    let multi = pretraining_dataset(&matrix, &[], &options, &mut fetch).unwrap();
    assert_eq!(multi.dataset.len() + unknown(&multi.steps), 2000);
    let used = matrix.regions.select(&rows);
    let excluded = [Excluded {
        regions: &used,
        what: "regions used in pre-training",
        exact: false,
    }];
    for (tf, wanted) in [("HNF4A", 500), ("SPI1", 500), ("ATF4", 50)] {
        let pool =
            FinetuningPool::new(&matrix, tf, View::Sparse, &excluded, None, &mut fetch).unwrap();
        let options = FinetuneOptions {
            positives: Some(wanted),
            ..FinetuneOptions::default()
        };
        let prepared = pool.dataset(&options, 1).unwrap();
        println!("{tf}: {:?}", prepared.steps);
        assert!(pool.positives() >= wanted, "{tf}: {}", pool.positives());
        assert!(!prepared.dataset.regions.overlaps(&used).contains(&true));
    }
}

fn unknown(steps: &[bindscape_matrix::results::DataStep]) -> usize {
    let step = steps.iter().find(|step| step.what.contains("(N)"));
    step.expect("there is a step for unknown bases").regions as usize
}
