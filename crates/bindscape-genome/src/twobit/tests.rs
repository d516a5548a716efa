use std::io::Cursor;

use super::*;

/// A file of `records` (name, letters) in the given version and byte order.
fn build(records: &[(&str, &str)], version: u32, swapped: bool) -> Vec<u8> {
    let number = |value: u32| {
        if swapped {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        }
    };
    let long = |value: u64| {
        if swapped {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        }
    };
    let runs = |text: &str, is: &dyn Fn(u8) -> bool| -> Vec<(u32, u32)> {
        let mut runs: Vec<(u32, u32)> = Vec::new();
        for (position, letter) in text.bytes().enumerate().filter(|&(_, letter)| is(letter)) {
            let _ = letter;
            match runs.last_mut() {
                Some(run) if run.0 + run.1 == position as u32 => run.1 += 1,
                _ => runs.push((position as u32, 1)),
            }
        }
        runs
    };
    let bodies: Vec<Vec<u8>> = records
        .iter()
        .map(|(_, text)| {
            let mut body = number(text.len() as u32).to_vec();
            for list in [
                runs(text, &|letter| letter == b'N'),
                runs(text, &|letter| letter.is_ascii_lowercase()),
            ] {
                body.extend(number(list.len() as u32));
                body.extend(list.iter().flat_map(|run| number(run.0)));
                body.extend(list.iter().flat_map(|run| number(run.1)));
            }
            body.extend(number(0));
            for four in text.as_bytes().chunks(4) {
                let mut byte = 0;
                for (slot, letter) in four.iter().enumerate() {
                    let code = match letter.to_ascii_uppercase() {
                        b'C' => 1,
                        b'A' => 2,
                        b'G' => 3,
                        _ => 0,
                    };
                    byte |= code << (6 - 2 * slot);
                }
                body.push(byte);
            }
            body
        })
        .collect();
    let width = if version == 0 { 4 } else { 8 };
    let index: usize = records.iter().map(|(name, _)| 1 + name.len() + width).sum();
    let mut file = Vec::new();
    for value in [SIGNATURE, version, records.len() as u32, 0] {
        file.extend(number(value));
    }
    let mut offset = 16 + index;
    for ((name, _), body) in records.iter().zip(&bodies) {
        file.push(name.len() as u8);
        file.extend(name.as_bytes());
        if version == 0 {
            file.extend(number(offset as u32));
        } else {
            file.extend(long(offset as u64));
        }
        offset += body.len();
    }
    file.extend(bodies.concat());
    file
}

fn open(bytes: Vec<u8>) -> Result<TwoBit<Cursor<Vec<u8>>>> {
    TwoBit::from_reader(Cursor::new(bytes), Path::new("hg38.2bit"))
}

#[test]
fn every_range_in_both_versions_and_byte_orders() {
    let text = "NNACGTacgtNNNGGGCCCTTTAAANacN";
    for (version, swapped) in [(0, false), (0, true), (1, false), (1, true)] {
        let bytes = build(&[("chr1", text), ("chrM", "TTTTC")], version, swapped);
        assert!(is_twobit(&bytes));
        let mut genome = open(bytes).unwrap();
        assert_eq!(
            genome.chromosomes(),
            [("chr1".into(), text.len() as u64), ("chrM".into(), 5)]
        );
        let upper = text.to_uppercase();
        for start in 0..text.len() {
            for end in start..=text.len() {
                let mut out = Vec::new();
                genome.fetch(0, start as u64, end as u64, &mut out).unwrap();
                assert_eq!(String::from_utf8_lossy(&out), upper[start..end]);
            }
        }
        let mut out = b"x".to_vec();
        genome.fetch(1, 1, 5, &mut out).unwrap();
        assert_eq!(out, b"xTTTC");
    }
}

#[test]
fn truncated_and_corrupted_files_are_named() {
    let whole = build(&[("chr1", "ACGTACGTACGTNNNN")], 0, false);
    for keep in 0..whole.len() {
        let result = open(whole[..keep].to_vec())
            .and_then(|mut genome| genome.fetch(0, 0, 16, &mut Vec::new()));
        let error = result.expect_err("a truncated file");
        let message = format!("{error} hint: {}", error.advice().unwrap_or_default());
        assert!(message.contains("hg38.2bit, byte"), "{message}");
        assert!(message.contains("truncated or corrupted"), "{message}");
    }
    let mut version = whole.clone();
    version[4] = 9;
    let error = open(version).err().expect("a version of the future");
    assert!(error.to_string().contains("version 9"), "{error}");
}
