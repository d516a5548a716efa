//! The readers on the published binding matrix, a quarter of the genome. Ignored unless asked
//! for (`--include-ignored`), since the data need not lie beside the project.

use std::collections::BTreeMap;
use std::path::PathBuf;

use bindscape_base::progress::Silent;
use bindscape_genome::load::{SequenceInput, load_sequences};
use bindscape_matrix::published::{export_npz, import_npz};
use bindscape_matrix::{BindingMatrix, BindingState, View, parquet};

fn data() -> PathBuf {
    PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/data/tf-binding"
    ))
}

fn import(directory: &std::path::Path) -> BindingMatrix {
    import_npz(
        &directory.join("matrix2d.ReMap+UniBind.sparse.npz"),
        Some(&directory.join("matrix2d.ReMap+UniBind.less-sparse.npz")),
        &directory.join("regions_idx.pickle.gz"),
        &directory.join("tfs_idx.pickle.gz"),
    )
    .expect("the published matrix imports")
}

#[derive(serde::Deserialize)]
struct Counts {
    regions: usize,
    tfs: usize,
    ones_zeros_nulls_sparse: BTreeMap<String, [usize; 3]>,
}

#[test]
#[ignore = "needs ../shared/data"]
fn shared_data_the_published_matrix_through_every_format() {
    let data = data();
    let matrix = import(&data);
    let text = std::fs::read_to_string(data.join("counts.json")).expect("counts beside the data");
    let counts: Counts = serde_json::from_str(&text).expect("counts as documented");
    assert_eq!(
        (matrix.regions.len(), matrix.tfs.len()),
        (counts.regions, counts.tfs)
    );
    for (tf, column) in matrix.tfs.iter().zip(&matrix.columns) {
        let mut found = [0; 3];
        for state in column {
            found[match state.label(View::Sparse) {
                Some(true) => 0,
                Some(false) => 1,
                None => 2,
            }] += 1;
        }
        assert_eq!(found, counts.ones_zeros_nulls_sparse[tf], "{tf}");
    }
    let one_evidence = matrix
        .columns
        .iter()
        .flatten()
        .filter(|&&state| state == BindingState::OneEvidence);
    assert!(one_evidence.count() > 0);

    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("matrix.parquet");
    parquet::write(&path, &matrix).expect("the matrix is written");
    let back = parquet::read(&path, None).expect("the matrix is read");
    assert!(back == matrix, "Parquet gives the matrix back");

    export_npz(&matrix, directory.path(), &[View::Sparse, View::LessSparse])
        .expect("the matrix is exported");
    let mut again = import(directory.path());
    again.provenance = matrix.provenance.clone();
    assert!(
        again == matrix,
        "the published layout gives the matrix back"
    );
}

#[test]
#[ignore = "needs ../shared/data"]
fn shared_data_the_published_sequences_load_in_row_order() {
    let data = data();
    let regions = import(&data).regions;
    let mut source = SequenceInput::Fasta(data.join("sequences.200bp.fa.gz"))
        .open()
        .expect("the sequences open");
    let sequences =
        load_sequences(&mut *source, &regions, 200, &Silent).expect("every region has a sequence");
    assert_eq!((sequences.len(), sequences.length()), (296_969, 200));
    assert!(
        sequences
            .letters(0)
            .starts_with("ATTCCTCAGGGAAGTAGAGCTAGAAATACAATTTGACCC")
    );
}
