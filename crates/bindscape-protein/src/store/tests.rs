use proptest::prelude::*;

use super::*;
use crate::windows::Windows;
use crate::{EncodedProteins, Encoding, Features, Protein};

fn protein(id: &str, sequence: &[u8]) -> Protein {
    Protein::new(id, sequence)
}

fn info(rows: RowsOf, dtype: StoredType, format: ShardFormat) -> EmbeddingInfo {
    EmbeddingInfo {
        model: "onehot".into(),
        checksum: None,
        layer: None,
        features: 21,
        rows,
        dtype,
        format,
        chunks: None,
        version: "0".into(),
    }
}

const PLAIN: EmbeddingRow = EmbeddingRow {
    chunks: 1,
    unknown: 0,
    cut: false,
};

/// Adds one-hot rows of the proteins that are not there; gives how many were added.
fn fill(directory: &Path, info: EmbeddingInfo, proteins: &[Protein]) -> usize {
    let rows = info.rows;
    let mut writer = EmbeddingWriter::open(directory, info).expect("a directory");
    let each = Windows {
        window: 1,
        positions: 1000,
    };
    let (mut residues, mut values, mut added) = (Vec::new(), Vec::new(), 0);
    for protein in proteins {
        if writer.has(protein).expect("its own id") {
            continue;
        }
        Encoding::Onehot.encode(&protein.sequence, each, &mut residues);
        rows.reduce(&residues, 21, &mut values);
        let row = EmbeddingRow {
            cut: rows.cut(protein.sequence.len()),
            ..PLAIN
        };
        writer.add(protein, &values, row).expect("added");
        added += 1;
    }
    writer.flush().expect("written");
    added
}

#[test]
fn stored_is_what_is_computed() {
    let proteins = [
        protein("a", b"MKVLEDWQHH"),
        protein("b/with slash", b"M"),
        protein("c", &b"MKVLAY".repeat(9)),
    ];
    let windows = Windows {
        window: 4,
        positions: 10,
    };
    for format in [ShardFormat::Safetensors, ShardFormat::Npz] {
        for dtype in [StoredType::F32, StoredType::F16] {
            let directory = tempfile::tempdir().expect("a directory");
            let info = info(RowsOf::Windows(windows), dtype, format);
            assert_eq!(fill(directory.path(), info, &proteins), 3);
            let store = EmbeddingStore::open(directory.path()).expect("a store");
            let direct = EncodedProteins::new(&proteins, Encoding::Onehot, windows);
            assert_eq!(
                (store.representation() == direct.representation()),
                dtype == StoredType::F32
            );
            let (mut stored, mut computed) = (Vec::new(), Vec::new());
            for number in [2, 0, 1] {
                store.read(number, &mut stored).expect("read");
                direct.read(number, &mut computed).expect("computed");
                assert_eq!(store.rows(number), direct.rows(number));
                assert_eq!(store.cut(number), direct.cut(number));
                // Quarters are exact in 16 bits too.
                assert_eq!(stored, computed);
            }
            assert!(store.cut(2));
        }
    }
}

#[test]
fn nothing_is_computed_twice() {
    let directory = tempfile::tempdir().expect("a directory");
    let info = || info(RowsOf::Mean, StoredType::F32, ShardFormat::Npz);
    let first = [protein("a", b"MKV"), protein("b", b"WWW")];
    assert_eq!(fill(directory.path(), info(), &first), 2);
    assert_eq!(fill(directory.path(), info(), &first), 0);
    // Another file: a known sequence under another id, another one twice.
    let second = [
        protein("x", b"WWW"),
        protein("y", b"CCC"),
        protein("z", b"CCC"),
    ];
    assert_eq!(fill(directory.path(), info(), &second), 1);
    let store = EmbeddingStore::open(directory.path()).expect("a store");
    assert_eq!(store.len(), 5);
    let all = [&first[..], &second[..]].concat();
    let stored = store.of(&all).expect("all of them");
    let mut out = Vec::new();
    for (number, protein) in all.iter().enumerate() {
        stored.read(number, &mut out).expect("read");
        let place = crate::amino_acid(protein.sequence[0]).expect("an amino acid");
        let share = if protein.sequence == b"MKV" {
            1.0 / 3.0
        } else {
            1.0
        };
        assert!((out[place] - share).abs() < 1e-6, "{}", protein.id);
    }
    let shards = std::fs::read_dir(directory.path())
        .expect("a directory")
        .count();
    assert_eq!(shards, 5, "two shards, index, description and lock");
}

/// The names of the arrays of all shards.
fn arrays(directory: &Path, format: ShardFormat) -> Vec<String> {
    let mut names = Vec::new();
    for number in 0.. {
        let path = shard::path(directory, number, format);
        if !path.exists() {
            break;
        }
        match format {
            ShardFormat::Npz => {
                let archive = bindscape_arrays::npz::Npz::open(&path).expect("an archive");
                names.extend(archive.names());
            }
            ShardFormat::Safetensors => {
                let bytes = std::fs::read(&path).expect("a shard");
                let length = bytes[0] as usize + 256 * bytes[1] as usize;
                let header: serde_json::Map<String, serde_json::Value> =
                    serde_json::from_slice(&bytes[8..8 + length]).expect("JSON");
                names.extend(header.keys().cloned());
            }
        }
    }
    names.sort();
    names
}

#[test]
fn every_id_has_an_array() {
    for format in [ShardFormat::Safetensors, ShardFormat::Npz] {
        for dtype in [StoredType::F32, StoredType::F16] {
            let directory = tempfile::tempdir().expect("a directory");
            let info = || info(RowsOf::Residues, dtype, format);
            // In one call, and in the next.
            let first = [
                protein("a", b"MKV"),
                protein("b", b"MKV"),
                protein("c", b"WW"),
            ];
            fill(directory.path(), info(), &first);
            assert_eq!(arrays(directory.path(), format), ["a", "b", "c"]);
            let second = [
                protein("d", b"WW"),
                protein("a", b"MKV"),
                protein("e", b"MKV"),
            ];
            assert_eq!(fill(directory.path(), info(), &second), 0);
            assert_eq!(arrays(directory.path(), format), ["a", "b", "c", "d", "e"]);
            let store = EmbeddingStore::open(directory.path()).expect("a store");
            let rows = |protein: usize| {
                let mut out = Vec::new();
                store.read(protein, &mut out).expect("read");
                (store.protein_id(protein).to_owned(), out)
            };
            let all: Vec<(String, Vec<f32>)> = (0..store.len()).map(rows).collect();
            let ids: Vec<&str> = all.iter().map(|(id, _)| id.as_str()).collect();
            assert_eq!(ids, ["a", "b", "c", "d", "e"]);
            assert_eq!((&all[0].1, &all[2].1), (&all[1].1, &all[3].1));
            assert_eq!((&all[0].1, all[2].1.len()), (&all[4].1, 2 * 21));
        }
    }
}

#[test]
fn arrays_that_older_versions_shared_are_written() {
    let directory = tempfile::tempdir().expect("a directory");
    let info = || info(RowsOf::Mean, StoredType::F32, ShardFormat::Npz);
    let proteins = [protein("a", b"MKV"), protein("b", b"MKV")];
    fill(directory.path(), info(), &proteins[..1]);
    let index = directory.path().join(INDEX);
    let text = std::fs::read_to_string(&index).expect("an index");
    let line = text.lines().nth(1).expect("a protein");
    std::fs::write(&index, format!("{text}b{}\n", &line[1..])).expect("written");
    fill(directory.path(), info(), &proteins);
    assert_eq!(arrays(directory.path(), ShardFormat::Npz), ["a", "b"]);
    let text = std::fs::read_to_string(&index).expect("an index");
    assert_eq!(text.lines().count(), 3, "{text}");
    EmbeddingStore::open(directory.path())
        .and_then(|store| store.of(&proteins).map(drop))
        .expect("both");
}

#[test]
fn an_id_stands_for_one_sequence() {
    let directory = tempfile::tempdir().expect("a directory");
    let info = || info(RowsOf::Mean, StoredType::F32, ShardFormat::Safetensors);
    fill(directory.path(), info(), &[protein("a", b"MKV")]);
    let mut writer = EmbeddingWriter::open(directory.path(), info()).expect("a directory");
    let other = protein("a", b"MKW");
    for error in [
        writer.holds(&other).err(),
        writer.has(&other).err(),
        writer.add(&other, &[0.5; 21], PLAIN).err(),
    ] {
        let error = error.expect("a conflict");
        assert_eq!(error.kind(), bindscape_base::ErrorKind::Conflict);
        assert!(
            error.to_string().ends_with(
                "expected \"a\" to be the sequence of 3 residues that is stored under this id, \
                 found another sequence, of 3 residues"
            ),
            "{error}"
        );
    }
    assert_eq!(writer.len(), 1);
}

#[test]
fn what_was_not_flushed_is_not_there() {
    let directory = tempfile::tempdir().expect("a directory");
    let info = info(RowsOf::Mean, StoredType::F32, ShardFormat::Safetensors);
    let mut writer = EmbeddingWriter::open(directory.path(), info.clone()).expect("a directory");
    writer
        .add(&protein("a", b"MKV"), &[0.5; 21], PLAIN)
        .expect("added");
    drop(writer);
    let error = EmbeddingStore::open(directory.path())
        .err()
        .expect("a fault");
    assert!(error.to_string().contains("none finished yet"), "{error}");
    let writer = EmbeddingWriter::open(directory.path(), info).expect("a directory");
    assert!(writer.is_empty());
}

#[test]
fn a_directory_has_one_writer_at_a_time() {
    let directory = tempfile::tempdir().expect("a directory");
    let info = info(RowsOf::Mean, StoredType::F32, ShardFormat::Safetensors);
    let open = || EmbeddingWriter::open(directory.path(), info.clone());
    let add = |writer: &mut EmbeddingWriter, id: &str, sequence: &[u8]| {
        writer
            .add(&protein(id, sequence), &[0.5; 21], PLAIN)
            .and_then(|()| writer.flush())
            .expect("written");
    };
    let mut first = open().expect("the first writer");
    let error = open().err().expect("a second writer");
    assert_eq!(error.kind(), bindscape_base::ErrorKind::Conflict);
    assert!(error.to_string().contains("another process"), "{error}");
    add(&mut first, "a", b"MKV");
    drop(first);
    let mut second = open().expect("the directory is free");
    add(&mut second, "b", b"WWW");
    drop(second);
    let store = EmbeddingStore::open(directory.path()).expect("a store");
    assert_eq!(store.len(), 2, "both writers' proteins are there");
}

#[test]
fn weights_are_told_by_their_checksum() {
    let at = |model: &str, checksum: &str| EmbeddingInfo {
        model: model.into(),
        checksum: Some(checksum.into()),
        layer: Some(6),
        chunks: Some(crate::ChunkSizes {
            chunk: 1022,
            overlap: 256,
        }),
        ..info(
            RowsOf::Windows(Windows::default()),
            StoredType::F16,
            ShardFormat::Safetensors,
        )
    };
    let (one, two) = ("0123456789abcdef01", "1123456789abcdef01");
    let id = "weights=0123456789abcdef:layer=6:window=10,positions=300,chunk=1022,overlap=256,f16";
    assert_eq!(at("a", one).representation().to_string(), id);
    let path = Path::new("store");
    assert!(at("a", one).check_same(&at("b", one), path).is_ok());
    assert!(at("a", one).check_same(&at("a", two), path).is_err());
}

#[test]
fn messages() {
    let directory = tempfile::tempdir().expect("a directory");
    let at = directory.path().join("store");
    let first = info(RowsOf::Mean, StoredType::F32, ShardFormat::Safetensors);
    fill(&at, first.clone(), &[protein("a", b"MKV")]);
    let other = EmbeddingInfo {
        dtype: StoredType::F16,
        layer: Some(6),
        ..first.clone()
    };
    let error = EmbeddingWriter::open(&at, other).err().expect("a fault");
    assert!(
        error
            .to_string()
            .ends_with("expected embeddings of layer 6, dtype f16, found layer none, dtype f32"),
        "{error}"
    );
    let error = EmbeddingWriter::open(directory.path(), first)
        .err()
        .expect("a fault");
    assert!(error.to_string().contains("found other files"), "{error}");
    let store = EmbeddingStore::open(&at).expect("a store");
    let error = store
        .of(&[protein("a", b"MKV"), protein("q", b"MKW")])
        .err()
        .expect("a fault");
    assert!(
        error.to_string().contains("found none of 1 of 2 (q)"),
        "{error}"
    );
    let error = EmbeddingStore::open(directory.path())
        .err()
        .expect("a fault");
    assert!(
        error.advice().expect("a hint").contains("protein embed"),
        "{error}"
    );
    // A shard that lost its end.
    let shard = at.join("shard-00000.safetensors");
    let bytes = std::fs::read(&shard).expect("a shard");
    std::fs::write(&shard, &bytes[..bytes.len() - 4]).expect("written");
    let error = EmbeddingStore::open(&at).err().expect("a fault");
    assert!(
        error.to_string().contains("expected 1 rows of 84 bytes"),
        "{error}"
    );
    std::fs::write(at.join("index.tsv"), "id\n").expect("written");
    let error = EmbeddingStore::open(&at).err().expect("a fault");
    assert!(
        error
            .to_string()
            .contains("line 1: expected the columns id, sha256"),
        "{error}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn numbers_come_back(lengths in prop::collection::vec(1usize..30, 1..8), seed in 0f32..1.0) {
        let directory = tempfile::tempdir().expect("a directory");
        let info = info(RowsOf::Residues, StoredType::F32, ShardFormat::Safetensors);
        let mut writer = EmbeddingWriter::open(directory.path(), info).expect("a directory");
        let mut all = Vec::new();
        for (number, &length) in lengths.iter().enumerate() {
            let mut sequence = vec![b'A'; length];
            sequence.extend(std::iter::repeat_n(b'C', number));
            let values: Vec<f32> = (0..sequence.len() * 21).map(|i| seed + i as f32).collect();
            let protein = protein(&format!("p{number}"), &sequence);
            writer.add(&protein, &values, PLAIN).expect("added");
            all.push((protein, values));
        }
        writer.flush().expect("written");
        let store = EmbeddingStore::open(directory.path()).expect("a store");
        let proteins: Vec<Protein> = all.iter().rev().map(|(protein, _)| protein.clone()).collect();
        let stored = store.of(&proteins).expect("all");
        let mut out = Vec::new();
        for (number, (_, values)) in all.iter().rev().enumerate() {
            stored.read(number, &mut out).expect("read");
            prop_assert_eq!(&out, values);
        }
    }
}
