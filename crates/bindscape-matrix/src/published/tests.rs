use super::*;

const VIEWS: [View; 2] = [View::Sparse, View::LessSparse];

fn example() -> BindingMatrix {
    use BindingState::{Bound, Closed, OneEvidence, Unbound};
    let mut regions = Regions::new();
    for start in [100, 900, 500, 70_000] {
        regions.push("chr2", start, start + 200);
    }
    BindingMatrix {
        regions,
        tfs: vec!["SPI1".into(), "ATF4".into(), "MAX".into()],
        columns: vec![
            vec![Bound, Unbound, Closed, OneEvidence],
            vec![Closed, Closed, OneEvidence, Unbound],
            vec![Unbound, Bound, Bound, Closed],
        ],
        provenance: Provenance {
            width: Some(200),
            ..Provenance::of_rule("chip+tfbs")
        },
    }
}

struct Files {
    _directory: tempfile::TempDir,
    sparse: PathBuf,
    less_sparse: PathBuf,
    regions: PathBuf,
    tfs: PathBuf,
}

fn exported(matrix: &BindingMatrix) -> Files {
    let directory = tempfile::tempdir().unwrap();
    let written = export_npz(matrix, directory.path(), &VIEWS).unwrap();
    let [sparse, less_sparse, regions, tfs] = written.try_into().unwrap();
    Files {
        _directory: directory,
        sparse,
        less_sparse,
        regions,
        tfs,
    }
}

fn message(error: &Error) -> String {
    format!("{error} hint: {}", error.advice().unwrap_or_default())
}

#[test]
fn both_views_give_the_matrix_back() {
    let matrix = example();
    let files = exported(&matrix);
    assert!(files.sparse.ends_with("matrix2d.ReMap+UniBind.sparse.npz"));
    let back = import_npz(
        &files.sparse,
        Some(&files.less_sparse),
        &files.regions,
        &files.tfs,
    )
    .unwrap();
    assert_eq!(back.regions, matrix.regions);
    assert_eq!(back.tfs, matrix.tfs);
    assert_eq!(back.columns, matrix.columns);
    assert_eq!(back.provenance.rule, RULE_BOTH_VIEWS);
    assert_eq!(back.provenance.width, Some(200));
    let roles: Vec<&str> = back
        .provenance
        .inputs
        .iter()
        .map(|i| i.role.as_str())
        .collect();
    assert_eq!(
        roles,
        ["sparse matrix", "less sparse matrix", "regions", "TFs"]
    );
}

#[test]
fn the_sparse_view_alone_says_what_it_cannot_tell() {
    let matrix = example();
    let files = exported(&matrix);
    let back = import_npz(&files.sparse, None, &files.regions, &files.tfs).unwrap();
    for (column, original) in back.columns.iter().zip(&matrix.columns) {
        for (&state, &was) in column.iter().zip(original) {
            let expected = if was == BindingState::OneEvidence {
                BindingState::Closed
            } else {
                was
            };
            assert_eq!(state, expected);
        }
    }
    assert!(back.provenance.rule.contains("sparse view alone"));
}

#[test]
fn files_that_do_not_belong_together_are_named() {
    let matrix = example();
    let files = exported(&matrix);
    let swapped = import_npz(
        &files.less_sparse,
        Some(&files.sparse),
        &files.regions,
        &files.tfs,
    );
    let text = message(&swapped.unwrap_err());
    assert!(text.contains("chr2:500-700, TF ATF4"), "{text}");
    assert!(
        text.contains("0 in the sparse and NaN in the less sparse"),
        "{text}"
    );
    assert!(text.contains("interchanged"), "{text}");

    let text = message(&import_npz(&files.sparse, None, &files.tfs, &files.regions).unwrap_err());
    assert!(text.contains("interchanged"), "{text}");

    let mut fewer = example();
    fewer.tfs.pop();
    fewer.columns.pop();
    let fewer = exported(&fewer);
    let text = message(&import_npz(&fewer.sparse, None, &files.regions, &files.tfs).unwrap_err());
    assert!(text.contains("4 regions x 3 TFs"), "{text}");
    assert!(text.contains("[4, 2]"), "{text}");

    let mut writer = ArrayWriter::create(&files.sparse, &[4, 3]).unwrap();
    let mut numbers = [0.0; 12];
    numbers[7] = 0.5;
    writer.write(&numbers).unwrap();
    writer.finish().unwrap();
    let text = message(&import_npz(&files.sparse, None, &files.regions, &files.tfs).unwrap_err());
    assert!(text.contains("chr2:500-700, TF ATF4"), "{text}");
    assert!(text.contains("found 0.5"), "{text}");
}

#[test]
fn one_tf_over_cells_and_one_cell() {
    let matrix = example();
    let files = exported(&matrix);
    let directory = tempfile::tempdir().unwrap();
    let states = TfOverCells {
        tf: "SPI1".into(),
        cells: vec!["K562".into(), "CD14-positive monocyte".into()],
        columns: vec![matrix.columns[0].clone(), matrix.columns[1].clone()],
    };
    let written = export_tf_npz(&states, directory.path(), &VIEWS).unwrap();
    assert!(written[1].ends_with("matrix2d.SPI1.ReMap+UniBind.less-sparse.npz"));
    let (regions, back) = import_tf_npz(
        "SPI1",
        &written[0],
        Some(&written[1]),
        &files.regions,
        &written[2],
    )
    .unwrap();
    assert_eq!((&regions, &back), (&matrix.regions, &states));
    use BindingState::{Bound, OneEvidence, Unbound};
    assert_eq!(back.aggregate(), [Bound, Unbound, OneEvidence, OneEvidence]);

    let mut cell = matrix;
    cell.provenance.cell = Some("CD14-positive monocyte".into());
    let written = export_npz(&cell, directory.path(), &[View::Sparse]).unwrap();
    assert!(written[0].ends_with("matrix2d.CD14-positive_monocyte.ReMap+UniBind.sparse.npz"));
}
