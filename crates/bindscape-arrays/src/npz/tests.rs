use super::*;

fn archive(entry: &str, content: &[u8]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file(entry, SimpleFileOptions::default()).unwrap();
    zip.write_all(content).unwrap();
    zip.finish().unwrap().into_inner()
}

fn array(descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    ordered("False", descr, shape, data)
}

fn ordered(fortran: &str, descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let text = format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((text.len() as u16).to_le_bytes());
    bytes.extend(text.as_bytes());
    bytes.extend(data);
    archive("arr_0.npy", &bytes)
}

fn read(bytes: Vec<u8>, count: usize) -> Result<(Vec<u64>, Vec<f64>)> {
    let mut npz = Npz::from_reader(Cursor::new(bytes), Path::new("matrix.npz"))?;
    let mut array = npz.array(UNNAMED)?;
    let mut numbers = vec![0.0; count];
    array.read(&mut numbers)?;
    let shape = array.shape().to_vec();
    array.finish()?;
    Ok((shape, numbers))
}

fn message(error: &Error) -> String {
    format!("{error} hint: {}", error.advice().unwrap_or_default())
}

#[test]
fn what_is_written_is_read_and_looks_as_numpy_writes_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("matrix.npz");
    let numbers = [1.0, 0.0, f64::NAN, 0.5, -2.0, 1e300];
    let mut writer = ArrayWriter::create(&path, &[3, 2]).unwrap();
    writer.write(&numbers[..4]).unwrap();
    writer.write(&numbers[4..]).unwrap();
    writer.finish().unwrap();
    let (shape, back) = read(std::fs::read(&path).unwrap(), 6).unwrap();
    assert_eq!(shape, [3, 2]);
    let bits = |numbers: &[f64]| numbers.iter().map(|n| n.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&back), bits(&numbers));
    // The first 128 bytes of the published sparse matrix.
    let header = header_bytes(&[296_969, 157], "<f8");
    assert_eq!(header.len(), 128);
    assert!(header.starts_with(
        b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'fortran_order': False, 'shape': (296969, 157), }  "
    ));
}

#[test]
fn number_types_and_byte_orders() {
    let numbers =
        |descr: &str, data: &[u8]| read(array(descr, "(2,)", data), 2).map(|(_, numbers)| numbers);
    assert_eq!(numbers("|b1", &[0, 1]).unwrap(), [0.0, 1.0]);
    assert_eq!(numbers("|i1", &[255, 1]).unwrap(), [-1.0, 1.0]);
    assert_eq!(numbers("<u2", &[1, 1, 2, 0]).unwrap(), [257.0, 2.0]);
    assert_eq!(numbers(">i2", &[255, 254, 0, 2]).unwrap(), [-2.0, 2.0]);
    let floats: Vec<u8> = [1.5_f32, -2.0]
        .iter()
        .flat_map(|n| n.to_be_bytes())
        .collect();
    assert_eq!(numbers(">f4", &floats).unwrap(), [1.5, -2.0]);
    let doubles: Vec<u8> = [1.5_f64, -2.0]
        .iter()
        .flat_map(|n| n.to_be_bytes())
        .collect();
    assert_eq!(numbers(">f8", &doubles).unwrap(), [1.5, -2.0]);
    assert!(numbers("|O", &[0, 1]).is_err());
    assert!(numbers("<U3", &[0, 1]).is_err());
}

#[test]
fn damage_and_other_content_are_named() {
    let whole = array("<f8", "(2,)", &[0; 16]);
    assert!(read(whole.clone(), 2).is_ok());
    for keep in [0, 10, whole.len() / 2, whole.len() - 1] {
        let text = message(&read(whole[..keep].to_vec(), 2).unwrap_err());
        assert!(
            text.contains("matrix.npz") && text.contains("truncated"),
            "{text}"
        );
        assert!(text.contains("again"), "{text}");
    }
    let mut damaged = whole.clone();
    let at = whole.windows(6).position(|six| six == b"\x93NUMPY");
    // Stored or deflated, a change of the data must not pass unnoticed.
    let at = at.unwrap_or(60) + 4;
    damaged[at] ^= 0x10;
    assert!(read(damaged, 2).is_err());
    let short = message(&read(array("<f8", "(4,)", &[0; 16]), 4).unwrap_err());
    assert!(short.contains("truncated"), "{short}");
    let long = message(&read(array("<f8", "(1,)", &[0; 16]), 1).unwrap_err());
    assert!(long.contains("more numbers"), "{long}");
    let name = message(&read(archive("matrix.npy", b""), 1).unwrap_err());
    assert!(
        name.contains("found matrix") && name.contains("savez"),
        "{name}"
    );
    let text = message(&read(archive("arr_0.npy", b"no array at all"), 1).unwrap_err());
    assert!(text.contains("a NumPy array"), "{text}");
}

/// Bytes that NumPy 2.4.6 writes for `numpy.asfortranarray(numpy.arange(n, dtype=…).reshape(…))`.
#[test]
fn arrays_in_column_major_order_are_read_in_row_major_order() {
    let counted = |count: u8| (0..count).map(f64::from).collect::<Vec<_>>();
    let flat = ordered(
        "True",
        "<i2",
        "(2, 3)",
        &[0, 0, 3, 0, 1, 0, 4, 0, 2, 0, 5, 0],
    );
    assert_eq!(read(flat.clone(), 6).unwrap(), (vec![2, 3], counted(6)));
    let deep = ordered(
        "True",
        "|i1",
        "(2, 3, 4)",
        &[
            0, 12, 4, 16, 8, 20, 1, 13, 5, 17, 9, 21, 2, 14, 6, 18, 10, 22, 3, 15, 7, 19, 11, 23,
        ],
    );
    assert_eq!(read(deep, 24).unwrap(), (vec![2, 3, 4], counted(24)));
    // A few numbers at a time.
    let mut npz = Npz::from_reader(Cursor::new(flat), Path::new("matrix.npz")).unwrap();
    let mut array = npz.array(UNNAMED).unwrap();
    let mut row = [0.0; 3];
    array.read(&mut row).unwrap();
    assert_eq!(row, [0.0, 1.0, 2.0]);
    array.read(&mut row).unwrap();
    assert_eq!(row, [3.0, 4.0, 5.0]);
    assert!(array.read(&mut row[..1]).is_err(), "no more numbers");
    for (order, shape, count, part) in [
        ("True", "(2, 3)", 6, "truncated"),
        (
            "True",
            "(4294967296, 4294967296, 4294967296)",
            1,
            "truncated",
        ),
        ("True", "(2, 1)", 2, "more numbers"),
        ("Maybe", "(2, 2)", 4, "the header of an array"),
    ] {
        let text = message(&read(ordered(order, "|i1", shape, &[0; 4]), count).unwrap_err());
        assert!(text.contains(part), "no {part} in {text}");
    }
}
