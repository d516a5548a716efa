use proptest::prelude::*;

use super::*;

fn data(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/pickle")
        .join(name);
    std::fs::read(path).expect("test data beside the sources")
}

fn message(error: &Error) -> String {
    format!("{error} hint: {}", error.advice().unwrap_or_default())
}

fn refused(bytes: &[u8]) -> String {
    message(&read_names(bytes, Path::new("tfs_idx.pickle")).expect_err("a refusal"))
}

#[test]
fn dictionaries_of_every_protocol_of_python() {
    // Written by tests/data/pickle/make.py.
    for protocol in 2..=5 {
        let regions = read_regions(
            &data(&format!("regions.{protocol}.pickle"))[..],
            Path::new("r"),
        )
        .unwrap();
        let listed: Vec<String> = regions.iter().map(|region| region.to_string()).collect();
        assert_eq!(
            listed,
            [
                "chr1:70000-70200",
                "chr1:100-300",
                "chrX:3000000000-3000000200"
            ]
        );
        let names =
            read_names(&data(&format!("tfs.{protocol}.pickle"))[..], Path::new("t")).unwrap();
        if protocol < 4 {
            assert_eq!(names.len(), 1500);
            assert_eq!((names[300].as_str(), names[0].as_str()), ("TF0", "TF1200"));
        } else {
            assert_eq!(names, ["JUND", "MAX"]);
        }
    }
}

#[test]
fn code_is_refused_by_name_and_never_run() {
    let evil = refused(&data("evil.pickle"));
    assert!(evil.contains("tfs_idx.pickle, byte"), "{evil}");
    assert!(evil.contains("instruction GLOBAL"), "{evil}");
    assert!(evil.contains("executes no code"), "{evil}");
    // The call itself, without what it would call.
    let call = refused(b"\x80\x03}X\x03\0\0\0MAX(tRs.");
    assert!(
        call.contains("REDUCE") && call.contains("byte 13"),
        "{call}"
    );
    assert!(refused(&data("numpy.pickle")).contains("int()"));
    assert!(refused(&data("list.pickle")).contains("EMPTY_LIST"));
    assert!(refused(&data("text_protocol.pickle")).contains("protocol 2 to 5"));
    assert!(refused(b"\xff\xff").contains("is it a pickle"));
}

#[test]
fn damage_is_named() {
    let whole = data("tfs.3.pickle");
    for keep in [0, 1, 10, whole.len() - 1] {
        let text = refused(&whole[..keep]);
        assert!(text.contains("truncated"), "{text}");
    }
    for bytes in [
        &b"\x80\x03."[..],                        // nothing to return
        b"\x80\x03}(K\x01u.",                     // a key without a value
        b"\x80\x03}h\x05.",                       // never remembered
        b"\x80\x03u.",                            // no mark
        b"\x80\x03K\x01(\x85.",                   // items below the mark
        b"\x80\x03X\xff\xff\xff\xffab",           // a text beyond the limit
        b"\x80\x03\x8a\x09\0\0\0\0\0\0\0\x80\0.", // beyond 64 bits
    ] {
        assert!(refused(bytes).contains("corrupted"), "{bytes:?}");
    }
    let names = |text: &[u8]| refused(text);
    let twice = names(b"\x80\x03}(X\x01\0\0\0aK\x00X\x01\0\0\0bK\x00u.");
    assert!(twice.contains("0 to 1 once each"), "{twice}");
    let other = names(b"\x80\x03}(K\x00K\x00u.");
    assert!(
        other.contains("names as keys") && other.contains("interchanged"),
        "{other}"
    );
}

#[test]
fn a_dictionary_in_itself_does_no_harm() {
    let error = refused(b"\x80\x03}q\x00h\x00K\x00s.");
    assert!(error.contains("found a dictionary"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn what_is_written_is_read(
        spans in prop::collection::hash_set((0_u32..4, any::<u32>(), 1_u32..1000), 0..2500)
    ) {
        let mut regions = Regions::new();
        for (chrom, start, length) in spans {
            let start = start.min(u32::MAX - length);
            regions.push(["chr1", "chr2", "chrX", "GL000220.1"][chrom as usize], start, start + length);
        }
        let mut bytes = Vec::new();
        write_regions(&mut bytes, &regions).unwrap();
        let back = read_regions(&bytes[..], Path::new("r")).unwrap();
        prop_assert!(regions.iter().eq(back.iter()));
        let names: Vec<String> = (0..regions.len()).map(|i| format!("TF-{i}é")).collect();
        let mut bytes = Vec::new();
        write_names(&mut bytes, names.iter().map(String::as_str)).unwrap();
        prop_assert_eq!(read_names(&bytes[..], Path::new("t")).unwrap(), names);
    }
}
