//! Formats other than MEME's: what is read, what is refused in which words, and round trips.

mod doubtful;
mod round_trips;
mod unusual;

use std::io::Write;
use std::path::Path;

use super::{Format, losses, parse_motifs, read_motifs, write_motifs};
use crate::motif::MotifSet;

fn read(text: &str) -> MotifSet {
    parse_motifs(text, Path::new("dir/MA1.1.txt"), None).expect("valid")
}

fn fault_as(text: &str, format: Option<Format>) -> String {
    let error = parse_motifs(text, Path::new("m.txt"), format).expect_err("a fault");
    format!("{error} hint: {}", error.advice().unwrap_or_default())
}

fn fault(text: &str) -> String {
    fault_as(text, None)
}

#[test]
fn jaspar_with_letters_and_without() {
    let set = read(
        ">MA0001.2\tAGL3 x\nA  [ 1  0.5 ]\nC  [ 2  0 ]\nT [3 0]\nG  [ 4  1 ]\n\n>b\na 1\nc 0\ng 0\nu 0\n",
    );
    let motif = &set.motifs[0];
    assert_eq!(
        (motif.id.as_str(), motif.name.as_deref()),
        ("MA0001.2", Some("AGL3 x"))
    );
    let counts = motif.counts.as_ref().expect("counts");
    assert_eq!(counts.rows(), [[1.0, 2.0, 4.0, 3.0], [0.5, 0.0, 1.0, 0.0]]);
    assert_eq!(motif.sites, Some(10.0));
    assert_eq!(set.motifs[1].frequencies.consensus(), "A");
    let plain = read("\n1 2\n3 4\n5 6\n7 8\n");
    assert_eq!(plain.motifs[0].id, "MA1.1");
    let counts = plain.motifs[0].counts.as_ref().expect("counts");
    assert_eq!(counts.rows(), [[1.0, 3.0, 5.0, 7.0], [2.0, 4.0, 6.0, 8.0]]);
    let frequencies = read(">x y\n0.333 1\n0.333 0\n0.333 0\n0.000 0\n").motifs;
    assert_eq!(
        (frequencies[0].counts.as_ref(), frequencies[0].sites),
        (None, None)
    );
    assert_eq!(frequencies[0].name.as_deref(), Some("y"));
    let sum: f64 = frequencies[0].frequencies.rows()[0].iter().sum();
    assert!((sum - 1.0).abs() < 1e-12);
    assert_eq!(
        read("A [1 0]\nC [0 0]\nG [0 1]\nT [0 0]\n").motifs[0].id,
        "MA1.1"
    );
}

#[test]
fn faults_of_jaspar_are_named() {
    assert!(
        fault(">a\nA [ 1 2 ]\nC [ 1 ]\nG [ 1 2 ]\nT [ 1 2 ]\n").contains(
            "m.txt, line 3: expected 2 numbers, as in the row of A, found 1 in the row of C"
        )
    );
    assert!(
        fault(">a\nA [ 1 2 ]\nC [ 1 2 ]\n")
            .contains("line 1: expected a row for each of A, C, G, T, found none for G, T")
    );
    assert!(
        fault(">a\nA [ 1 ]\nA [ 1 ]\n")
            .contains("line 3: expected one row for each of A, C, G, T, found a second row of A")
    );
    let protein = fault(">a\nA [ 1 ]\nR [ 1 ]\n");
    assert!(
        protein.contains("line 3: expected a row such as `A [ 1 2 3 ]`, found \"R [ 1 ]\""),
        "{protein}"
    );
    assert!(protein.contains("proteins are not read"), "{protein}");
    assert!(fault(">a\nA [ 1 x ]\n").contains("expected a motif file"));
    assert!(
        fault_as(">a\nA [ 1 x ]\n", Some(Format::Jaspar))
            .contains("line 2: expected a number, found \"x\"")
    );
    assert!(fault(">a\nA [ ]\nC [ ]\n").contains("line 2: expected a number for each position"));
    assert!(fault(">\nA [ 1 ]\n").contains("line 1: expected an id after `>`"));
    assert!(
        fault(">a\n0 0\n0 0\n0 0\n0 0\n")
            .contains("at least one motif, found only motifs without any count")
    );
    assert!(fault(">a\n-1 0\n0 0\n0 0\n0 0\n").contains("not negative, found -1 in motif a"));
    assert!(
        fault(">a\n0.5\n0.5\n0.5\n0\n")
            .contains("sum to one, found 0.5 0.5 0.5 0, which sum to 1.5")
    );
    assert!(
        fault_as(
            ">a\n1 0 0 0\n1 0 0 0\n1 0 0 0\n1 0 0 0\n1 0 0 0\n",
            Some(Format::Pfm)
        )
        .contains("line 6: expected four rows, of A, C, G and T, found one more")
    );
    assert!(fault_as("", Some(Format::Jaspar)).contains("at least one motif, found none"));
    assert!(fault_as(">a\n", Some(Format::Pfm)).contains("none for A, C, G, T"));
}

const TRANSFAC: &str = "VV  TRANSFAC MATRIX TABLE
XX
//
AC  M00001
XX
ID  V$MYOD_01
XX
DT  19.10.1992
NA  MyoD
DE  myoblast determination
BF  T00526; MyoD; Species: mouse
PO      A      T      G      C
01      1      2      2      0      S
02      2.5    0.5    2      0      R
XX
BA  5 functional elements
CC  tax_group:vertebrates
CC  tf_class:A::B
CC  uniprot_ids:P1,P2
CC  free text: kept
XX
//
ID second
P0 A C G T
1 1 0 0 0
XX
";

#[test]
fn transfac_in_any_order_of_letters_with_comments() {
    let set = read(TRANSFAC);
    assert_eq!(set.motifs.len(), 2);
    let motif = &set.motifs[0];
    assert_eq!(
        (motif.id.as_str(), motif.name.as_deref()),
        ("M00001", Some("MyoD"))
    );
    let metadata = &motif.metadata;
    assert_eq!(metadata.other_id.as_deref(), Some("V$MYOD_01"));
    assert_eq!(
        metadata.description.as_deref(),
        Some("myoblast determination")
    );
    assert_eq!(metadata.tax_group.as_deref(), Some("vertebrates"));
    assert_eq!((metadata.class.len(), metadata.uniprot.len()), (2, 2));
    assert_eq!(metadata.comments, ["free text: kept"]);
    let counts = motif.counts.as_ref().expect("counts");
    assert_eq!(counts.rows(), [[1.0, 0.0, 2.0, 2.0], [2.5, 0.0, 2.0, 0.5]]);
    assert_eq!(
        (set.motifs[1].id.as_str(), set.motifs[1].name.as_deref()),
        ("second", None)
    );
    assert_eq!(read(&write_motifs(&set, Format::Transfac)), set);
}

#[test]
fn faults_of_transfac_are_named() {
    assert!(
        fault("AC  a\nP0 A C G\n").contains("line 2: expected the letters A, C, G, T after P0")
    );
    assert!(fault("AC  a\nP0 A C G G\n").contains("found \"A C G G\""));
    assert!(fault("AC  a\n01 1 2 3 4\n").contains("line 2: expected the line P0"));
    assert!(
        fault("AC  a\nP0 A C G T\n01 1 2 3\n")
            .contains("line 3: expected four numbers and, perhaps, a consensus letter")
    );
    assert!(
        fault("AC  a\nP0 A C G T\n01 1 2 3 x\n").contains("line 3: expected a number, found \"x\"")
    );
    assert!(
        fault("AC  a\nXX\n//\n")
            .contains("line 1: expected a matrix after P0 for motif a, found none")
    );
    assert!(
        fault("AC  a\nsomething else\n")
            .contains("line 2: expected a line that begins with a code")
    );
    assert!(
        fault("AC  a\nP0 A C G T\n01 0.5 0.5 0.5 0\n")
            .contains("line 3: expected frequencies that sum to one")
    );
}

#[test]
fn homer_with_threshold_and_further_fields() {
    let text = ">ATGACTCATC\tAP-1(bZIP)/ThioMac(GSE21512)/Homer\t6.049537\t-1782.996519\t0\tT:1.0,B:2.0\n0.419\t0.275\t0.277\t0.028\n0.001\t0.001\t0.001\t0.997\n";
    let set = read(text);
    let motif = &set.motifs[0];
    assert_eq!(motif.id, "AP-1(bZIP)/ThioMac(GSE21512)/Homer");
    assert_eq!(motif.metadata.threshold, Some(6.049537));
    assert_eq!(
        motif.metadata.comments,
        ["-1782.996519", "0", "T:1.0,B:2.0"]
    );
    assert_eq!(motif.frequencies.rows()[1][3], 0.997);
    let again = read(&write_motifs(&set, Format::Homer)).motifs;
    assert_eq!(again[0].metadata, motif.metadata);
    for (a, b) in again[0]
        .frequencies
        .rows()
        .iter()
        .zip(motif.frequencies.rows())
    {
        // A row of three digits that was scaled is written with six.
        assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-6));
    }
    let fault = |text| fault_as(text, Some(Format::Homer));
    assert!(fault("0.1 0.2\n").contains("line 1: expected a header such as"));
    assert!(fault(">A\n").contains("consensus, name and threshold after `>`"));
    assert!(
        fault(">A\tx\ty\n").contains("the detection threshold in the third field, found \"y\"")
    );
    assert!(
        fault(">A\tx\t1\n").contains("line 1: expected a row for each position of x, found none")
    );
    assert!(fault(">A\tx\t1\n0.5 0.5 0\n").contains("line 2: expected four frequencies"));
    assert!(
        fault(">A\tx\t1\n0.5 0.5 0.5 0\n").contains("line 2: expected frequencies that sum to one")
    );
}

#[test]
fn a_threshold_for_homer_is_made_and_said() {
    let set = read(">x\n4 1\n0 1\n0 1\n0 1\n");
    let again = read(&write_motifs(&set, Format::Homer));
    let threshold = again.motifs[0].metadata.threshold.expect("made");
    assert!((threshold - 0.8 * 4.0_f64.ln()).abs() < 1e-6);
    let said = losses(&set, Format::Homer);
    assert!(
        said.iter()
            .any(|line| line.starts_with("no detection threshold of 1 motif is known: 80%")),
        "{said:?}"
    );
}

#[test]
fn uniprobe_with_header_fields_and_without_header() {
    let text = "Protein: Arid3a\tSeed k-mer: AAATTAAT\tEnrichment Score: 0.49\n\nA:\t0.1\t0.25\nC:\t0.2\t0.25\nG:\t0.3\t0.25\nU:\t0.4\t0.25\n\nsecond name\nA: 1\nC: 0\nG: 0\nT: 0\n";
    let set = read(text);
    assert_eq!(set.motifs[0].id, "Arid3a");
    assert_eq!(
        set.motifs[0].metadata.comments,
        ["Seed k-mer: AAATTAAT", "Enrichment Score: 0.49"]
    );
    assert_eq!(set.motifs[0].frequencies.rows()[0], [0.1, 0.2, 0.3, 0.4]);
    assert_eq!(
        (set.motifs[1].id.as_str(), set.motifs[1].name.as_deref()),
        ("second", Some("name"))
    );
    assert_eq!(read("A: 1\nC: 0\nG: 0\nT: 0\n").motifs[0].id, "MA1.1");
    assert!(
        fault("x\nA: 1\nR: 0\n")
            .contains("line 3: expected rows of A, C, G and T (or U), found 'R'")
    );
    assert!(
        fault("x\nA: 1\nC: 0\n\ny\nA: 1\nC: 0\nG: 0\nT: 0\n")
            .contains("line 1: expected a row for each of A, C, G, T, found none for G, T")
    );
    assert!(fault("x\nA: 1\nC: 0\n0.1 0.2\n").contains("found none for G, T"));
    assert!(
        fault("x\nA: 1 0\nC: 0 0\nG: 0\nT: 0 1\n")
            .contains("line 4: expected 2 numbers, as in the row of A, found 1 in the row of G")
    );
    assert!(
        fault("x\nA: 0.5\nC: 0.5\nG: 0.5\nT: 0.5\n")
            .contains("line 1: expected frequencies that sum to one")
    );
    assert!(fault("x\nA: 1\nC: 0\nG: 0\nT: 0\ny\n").contains("line 6: expected a row for each"));
}

#[test]
fn what_is_written_can_be_read_whatever_its_size() {
    // Each was once written so that it could not be read: fewer than one site, counts that round
    // to zero, rows off one by what is kept, ids like rows.
    let texts = [
        "MEME version 4\nMOTIF a\nletter-probability matrix: nsites= 0.5\n0.3 0.7 0 0\n",
        ">a\n1e-9 2\n0 0\n0 0\n0 0\n",
        ">a\n0.33333 1\n0.33333 0\n0.33333 0\n0 0\n",
        "Protein: A:\nA: 1\nC: 0\nG: 0\nT: 0\n",
    ];
    for text in texts {
        let set = read(text);
        for format in Format::ALL {
            let written = write_motifs(&set, format);
            let again = parse_motifs(&written, Path::new("m"), Some(format));
            assert_eq!(again.expect("as written").motifs.len(), 1, "{written}");
        }
    }
}

#[test]
fn what_is_no_motif_file_is_refused() {
    assert!(fault("").contains("m.txt: expected a motif file, found an empty file"));
    assert!(fault("<?xml version='1.0'?>\n").contains("meme.txt"));
    assert!(fault(">chr1\nACGT\n").contains("found \">chr1\""));
    let unknown = Format::from_name("mem").expect_err("unknown");
    assert!(
        unknown
            .to_string()
            .contains("one of meme, jaspar, pfm, pcm, transfac, homer, uniprobe")
    );
    assert_eq!(unknown.advice().as_deref(), Some("did you mean meme?"));
}

#[test]
fn compressed_files_are_read() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let path = directory.path().join("m.pfm.gz");
    let file = std::fs::File::create(&path).expect("created");
    let mut file = flate2::write::GzEncoder::new(file, flate2::Compression::default());
    file.write_all(b"1\n0\n0\n0\n").expect("written");
    file.finish().expect("written");
    assert_eq!(read_motifs(&path, None).expect("valid").motifs[0].id, "m");
    let missing = read_motifs(&directory.path().join("none"), None).expect_err("missing");
    assert!(missing.to_string().contains("cannot read"));
}

#[test]
fn losses_are_counted() {
    let set = read(TRANSFAC);
    assert!(losses(&set, Format::Transfac).is_empty());
    let lost = losses(&set, Format::Meme);
    assert_eq!(
        lost[0],
        "class, family, species and accessions of 1 motif cannot be written as meme"
    );
    assert_eq!(lost.len(), 3, "{lost:?}");
}
