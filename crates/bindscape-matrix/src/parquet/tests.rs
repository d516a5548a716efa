use std::path::PathBuf;

use proptest::prelude::*;

use super::*;
use crate::BindingState;

fn provenance() -> Provenance {
    Provenance {
        genome: Some("hg38".into()),
        width: Some(200),
        ..Provenance::of_rule("chip+tfbs")
    }
}

/// `rows` regions of chr2 then chr10, and states of three TFs that follow from the row.
fn example(rows: u32) -> BindingMatrix {
    let mut regions = Regions::new();
    for row in 0..rows {
        let chrom = if row < rows / 2 { "chr2" } else { "chr10" };
        regions.push(chrom, 100 + 300 * row, 300 + 300 * row);
    }
    let all = [
        BindingState::Closed,
        BindingState::Unbound,
        BindingState::OneEvidence,
        BindingState::Bound,
    ];
    let columns = [7_u32, 13, 29]
        .iter()
        .map(|&step| {
            (0..rows)
                .map(|row| all[(row * step / 3 % 4) as usize])
                .collect()
        })
        .collect();
    BindingMatrix {
        regions,
        tfs: vec!["JUND".into(), "HNF4A".into(), "NKX2.5".into()],
        columns,
        provenance: provenance(),
    }
}

fn foreign(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/parquet")
        .join(name)
}

#[test]
fn round_trip_over_several_row_groups() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("matrix.parquet");
    let matrix = example(2 * ROW_GROUP as u32 + 77);
    write(&path, &matrix).unwrap();
    assert_eq!(read(&path, None).unwrap(), matrix);
    let header = read_header(&path).unwrap();
    assert_eq!((header.rows, &header.tfs), (262_221, &matrix.tfs));
    let part = read(&path, Some(&["NKX2.5".into(), "JUND".into()])).unwrap();
    assert_eq!(part.tfs, ["NKX2.5", "JUND"]);
    assert_eq!(part.columns[1], matrix.columns[0]);
    assert_eq!(part.regions, matrix.regions);
}

#[test]
fn an_empty_matrix_and_one_without_tfs() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("matrix.parquet");
    for rows in [0, 4] {
        let mut matrix = example(rows);
        write(&path, &matrix).unwrap();
        assert_eq!(read(&path, None).unwrap(), matrix);
        matrix.tfs.clear();
        matrix.columns.clear();
        write(&path, &matrix).unwrap();
        assert_eq!(read(&path, None).unwrap(), matrix);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn rows_come_back_sorted_with_their_codes(
        rows in prop::collection::vec((0_usize..3, 0_u32..500, 0_usize..4), 1..60)
    ) {
        let all = [BindingState::Closed, BindingState::Unbound, BindingState::OneEvidence, BindingState::Bound];
        let mut regions = Regions::new();
        let mut seen = HashSet::new();
        let rows: Vec<_> = rows
            .into_iter()
            .filter(|&(chrom, start, _)| seen.insert((chrom, start)))
            .collect();
        for &(chrom, start, _) in &rows {
            regions.push(["chr2", "chr1", "chrX"][chrom], start, start + 10);
        }
        let matrix = BindingMatrix {
            columns: vec![rows.iter().map(|row| all[row.2]).collect()],
            tfs: vec!["MAX".into()],
            regions,
            provenance: provenance(),
        };
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("matrix.parquet");
        write(&path, &matrix).unwrap();
        let back = read(&path, None).unwrap();
        let entries = |matrix: &BindingMatrix| -> Vec<(String, BindingState)> {
            matrix.regions.iter().map(|region| region.to_string())
                .zip(matrix.columns[0].iter().copied()).collect()
        };
        let (mut expected, mut got) = (entries(&matrix), entries(&back));
        expected.sort();
        got.sort();
        prop_assert_eq!(expected, got);
        prop_assert_eq!(sorted_rows(&back.regions), None);
    }
}

#[test]
fn files_rewritten_by_other_programs() {
    // Written by tests/data/parquet/make.py.
    use BindingState::{Bound, Closed, OneEvidence, Unbound};
    for name in [
        "pandas_float64.parquet",
        "pandas_nullable.parquet",
        "polars.parquet",
    ] {
        let matrix = read(&foreign(name), None).unwrap();
        assert_eq!(matrix.tfs, ["JUND", "MAX"], "{name}");
        assert_eq!(
            matrix.columns[0],
            [Bound, Closed, Unbound, OneEvidence],
            "{name}"
        );
        assert_eq!(
            matrix.columns[1],
            [Closed, Closed, Bound, Unbound],
            "{name}"
        );
        let regions: Vec<String> = matrix.regions.iter().map(|r| r.to_string()).collect();
        assert_eq!(
            regions,
            [
                "chr1:100-300",
                "chr1:500-700",
                "chr2:0-200",
                "chr2:4000000000-4000000200"
            ],
            "{name}"
        );
        assert_eq!(matrix.provenance.rule, "not recorded");
    }
}

fn message(error: &Error) -> String {
    format!("{error} hint: {}", error.advice().unwrap_or_default())
}

#[test]
fn truncated_and_corrupted_files_are_named() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("matrix.parquet");
    write(&path, &example(1000)).unwrap();
    let whole = std::fs::read(&path).unwrap();
    for keep in [0, 3, 100, whole.len() - 1] {
        std::fs::write(&path, &whole[..keep]).unwrap();
        let message = message(&read(&path, None).unwrap_err());
        assert!(message.contains("matrix.parquet"), "{message}");
        assert!(message.contains("Parquet"), "{message}");
        let advice = if keep < 4 { "make a matrix" } else { "make it" };
        assert!(message.contains(advice), "{message}");
    }
    let mut damaged = whole;
    for byte in &mut damaged[40..400] {
        *byte ^= 0x5a;
    }
    std::fs::write(&path, &damaged).unwrap();
    let message = message(&read(&path, None).unwrap_err());
    assert!(message.contains("truncated or corrupted"), "{message}");
}

#[test]
fn wrong_content_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("matrix.parquet");
    write(&path, &example(10)).unwrap();
    let error = read(&path, Some(&["JUNDD".into()])).unwrap_err();
    assert!(message(&error).contains("did you mean JUND"), "{error}");

    let mut twice = example(10);
    twice.tfs[1] = "JUND".into();
    assert!(
        write(&path, &twice)
            .unwrap_err()
            .to_string()
            .contains("\"JUND\"")
    );
    twice.tfs[1] = "start".into();
    assert!(
        write(&path, &twice)
            .unwrap_err()
            .to_string()
            .contains("\"start\"")
    );

    let error = message(&read(&foreign("bad_code.parquet"), None).unwrap_err());
    assert!(error.contains("column \"JUND\", row 2"), "{error}");
    assert!(error.contains("found 7"), "{error}");
    let error = message(&read(&foreign("no_end.parquet"), None).unwrap_err());
    assert!(error.contains("a column \"end\""), "{error}");
    let error = message(&read(&foreign("text_column.parquet"), None).unwrap_err());
    assert!(error.contains("column \"gene\""), "{error}");
}

#[test]
fn a_region_in_two_rows_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("matrix.parquet");
    let mut matrix = example(10);
    let again = matrix.regions.get(3).to_string();
    let rows: Vec<usize> = (0..10).chain([3]).collect();
    matrix.regions = matrix.regions.select(&rows);
    for states in &mut matrix.columns {
        states.push(BindingState::Closed);
    }
    // Sorted when written: the two are neighbours.
    write(&path, &matrix).unwrap();
    let error = message(&read(&path, None).unwrap_err());
    for part in [
        "row 4: expected each region once",
        &format!("{again} again, first in row 3"),
        "drop_duplicates",
    ] {
        assert!(error.contains(part), "no {part:?} in {error}");
    }
}

#[test]
fn a_directory_that_cannot_be_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = write(&file.join("matrix.parquet"), &example(1)).unwrap_err();
    assert!(
        error.to_string().contains(&*file.to_string_lossy()),
        "{error}"
    );
}

#[test]
fn other_codecs_are_read_or_named() {
    use parquet::basic::{BrotliLevel, GzipLevel};
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("m.parquet");
    let matrix = example(500);
    for codec in [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(GzipLevel::default()),
        Compression::LZ4,
        Compression::LZ4_RAW,
    ] {
        write_with(&path, &matrix, codec).unwrap();
        assert_eq!(read(&path, None).unwrap(), matrix, "{codec}");
    }
    for (codec, name) in [
        (Compression::BROTLI(BrotliLevel::default()), "brotli"),
        (Compression::LZO, "lzo"),
    ] {
        let error = reader::check_codec(&path, "MAX", codec).unwrap_err();
        assert!(
            error
                .to_string()
                .contains(&format!("the codec {name}, which is not supported")),
            "{error}"
        );
        assert!(error.advice().unwrap().contains("zstd"));
    }
}

#[test]
fn a_matrix_without_provenance_says_so() {
    assert!(!Provenance::not_recorded().is_recorded());
    assert!(provenance().is_recorded());
}
