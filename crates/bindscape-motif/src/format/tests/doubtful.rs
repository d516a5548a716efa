//! What is doubtful in a file, what is made of it, and in which words it is said.

use std::path::Path;

use super::{Format, fault, fault_as, losses, parse_motifs, read, write_motifs};
use crate::motif::MotifSet;

/// Formats in which numbers may be counts or frequencies.
const EITHER: [Format; 4] = [Format::Jaspar, Format::Pfm, Format::Pcm, Format::Transfac];

fn sites(set: &MotifSet) -> Vec<Option<f64>> {
    set.motifs.iter().map(|motif| motif.sites).collect()
}

fn ids(set: &MotifSet) -> Vec<&str> {
    set.motifs.iter().map(|motif| motif.id.as_str()).collect()
}

/// What a set becomes on its way through a format.
fn through(set: &MotifSet, format: Format) -> MotifSet {
    let text = write_motifs(set, format);
    parse_motifs(&text, Path::new("m.txt"), Some(format)).expect("as written")
}

fn meme(attributes: &str) -> MotifSet {
    read(&format!(
        "MEME version 4\nMOTIF a\nletter-probability matrix: w= 2 {attributes}\n0 1 0 0\n1 0 0 0\n"
    ))
}

#[test]
fn frequencies_of_zero_and_one_are_not_counts_of_one_site() {
    let set = meme("");
    for format in Format::ALL {
        let again = through(&set, format);
        assert_eq!(sites(&again), [None], "{}", format.name());
        assert_eq!(again.motifs[0].frequencies, set.motifs[0].frequencies);
        assert!(again.remarks.is_empty(), "{:?}", again.remarks);
    }
    for text in [
        "Foo\nA:\t0\t1\nC:\t1\t0\nG:\t0\t0\nT:\t0\t0\n",
        "AC Foo\nP0 A C G T\n01 0.00 1.00 0.00 0.00\n02 1.00 0.00 0.00 0.00\n//\n",
        ">Foo\n0. 1.\n1. 0.\n0. 0.\n0. 0.\n",
        ">Foo\n0e0 1e0\n1e0 0e0\n0e0 0e0\n0e0 0e0\n",
    ] {
        assert_eq!(sites(&read(text)), [None], "{text}");
    }
}

#[test]
fn whole_numbers_of_one_site_are_counts_and_said() {
    let set = read(">one\n0 1\n1 0\n0 0\n0 0\n");
    assert_eq!(sites(&set), [Some(1.0)]);
    assert!(
        set.remarks[0].contains("matrices of 0 and 1 alone are read as counts of one site"),
        "{:?}",
        set.remarks
    );
    assert!(set.remarks[0].ends_with("(one)"), "{:?}", set.remarks);
    for format in EITHER {
        assert_eq!(sites(&through(&set, format)), [Some(1.0)]);
        assert_eq!(sites(&through(&meme("nsites= 1"), format)), [Some(1.0)]);
    }
    // Positions of two sites are no frequencies, whatever their decimals.
    assert_eq!(sites(&read(">two\n1.0\n1.0\n0.0\n0.0\n")), [Some(2.0)]);
}

#[test]
fn numbers_of_sites_come_back_or_are_said_to_be_lost() {
    let rows = "0.333333 0.333333 0.333334 0\n0.123456 0.234567 0.345678 0.296299\n0.333333 0.333333 0.333333 0";
    let set = read(&format!(
        "MEME version 4\nMOTIF a\nletter-probability matrix: nsites= 20.5\n{rows}\n"
    ));
    for format in EITHER {
        assert_eq!(sites(&through(&set, format)), [Some(20.5)]);
        let lost = "numbers of sites of 1 motif cannot be written";
        let said = |set: &MotifSet| {
            losses(set, format)
                .iter()
                .any(|loss| loss.starts_with(lost))
        };
        assert!(said(&meme("nsites= 0.5")) && !said(&set));
        assert_eq!(sites(&through(&meme("nsites= 0.5"), format)), [None]);
    }
}

#[test]
fn the_first_background_and_strands_of_a_file_count() {
    let file = |header: &str, id: &str| {
        format!("MEME version 4\n{header}MOTIF {id}\nletter-probability matrix:\n1 0 0 0\n\n")
    };
    let header = |strands: &str, a: f64, c: f64| {
        format!(
            "strands: {strands}\nBackground letter frequencies (from x):\nA {a} C {c} G {c} T {a}\n"
        )
    };
    let (at, gc) = (header("+", 0.4, 0.1), header("+ -", 0.1, 0.4));
    let set = read(&(file(&at, "a") + &file(&gc, "b")));
    let first = read(&file(&at, "a"));
    assert_eq!(
        (set.background, set.single_strand),
        (first.background, true)
    );
    assert_eq!(
        set.remarks,
        [
            "dir/MA1.1.txt: all motifs get the background and strands of the beginning of the file; others further down are not used (strands on line 10, background on line 11)"
        ]
    );
    assert!(read(&(file(&at, "a") + &file(&at, "b"))).remarks.is_empty());
    // Without a background in the first file, that of the second is not its own.
    let set = read(&(file("", "a") + &file(&gc, "b")));
    assert_eq!(set.background, None);
    assert!(set.remarks[0].ends_with("(background on line 8)"));
    // Columns are those of each file.
    let turned = file("ALPHABET= TGCA\n", "a") + &file("", "b");
    let consensus = |motif: usize| read(&turned).motifs[motif].frequencies.consensus();
    assert_eq!([consensus(0), consensus(1)], ["T", "A"]);
}

#[test]
fn positions_of_transfac_are_numbered_in_order() {
    let rows = |numbers: &[&str]| {
        let rows: String = numbers.iter().map(|n| format!("{n} 1 2 3 4\n")).collect();
        format!("AC M1\nP0 A C G T\n{rows}//\n")
    };
    for numbers in [["01", "02"], ["0", "1"], ["1", "2"]] {
        assert_eq!(read(&rows(&numbers)).motifs[0].width(), 2);
    }
    for (numbers, expected) in [
        (
            ["01", "03"],
            "line 4: expected position 2 after position 1, found \"03\"",
        ),
        (
            ["01", "01"],
            "line 4: expected position 2 after position 1, found \"01\"",
        ),
        (
            ["02", "01"],
            "line 3: expected position 1 (or 0) as the first of the matrix, found \"02\"",
        ),
    ] {
        let error = fault(&rows(&numbers));
        assert!(error.contains(expected), "{error}");
        assert!(
            error.contains("hint: look for a missing row, or"),
            "{error}"
        );
    }
}

#[test]
fn names_in_other_encodings_are_refused() {
    let error = fault(">M1 n\u{fffd}\n1\n2\n3\n4\n");
    assert!(
        error.contains("M1: expected a name in UTF-8, found other bytes"),
        "{error}"
    );
    assert!(error.contains("iconv"), "{error}");
}

#[test]
fn a_trimmed_motif_has_another_threshold() {
    let mut set = read(">NN\tx\t3.0\n0.25 0.25 0.25 0.25\n0.97 0.01 0.01 0.01\n");
    let (trimmed, _) = set.motifs[0].trim(1.0).expect("enough");
    set.motifs = vec![trimmed];
    let said = losses(&set, Format::Homer);
    assert!(
        said.iter()
            .any(|loss| loss.starts_with("no detection threshold of 1 motif is known: 80%")),
        "{said:?}"
    );
    let threshold = through(&set, Format::Homer).motifs[0].metadata.threshold;
    let best = (0.97_f64 / 0.25).ln();
    assert!((threshold.expect("made") - 0.8 * best).abs() < 1e-6);
}

#[test]
fn motifs_without_a_matrix_are_left_out_and_said() {
    let jaspar = "A [ 1 ]\nC [ 4 ]\nG [ 0 ]\nT [ 0 ]\n";
    let rows = "letter-probability matrix:\n1 0 0 0\n";
    let files = [
        format!("MEME version 4\nMOTIF a\n{rows}\nMOTIF b\nMOTIF c\n{rows}"),
        "AC a\nP0 A C G T\n1 3 0 0 0\n//\nAC b\nXX\n//\nCC c\n//\nAC c\nP0 A C G T\n1 3 0 0 0\n//\n"
            .to_owned(),
        format!(">a\n{jaspar}>b\n>c\n{jaspar}"),
        ">a\n3 4 0 0\n3 4 0 0\n>b\n>c\n3 4 0 0\n".to_owned(),
        ">A\ta\t1\n1 0 0 0\n>A\tb\t1\n>A\tc\t1\n1 0 0 0\n".to_owned(),
    ];
    for text in files {
        let format = text.starts_with(">a\n3").then_some(Format::Pcm);
        let set = parse_motifs(&text, Path::new("m.txt"), format).expect("two motifs");
        assert_eq!(ids(&set), ["a", "c"], "{text}");
        let remark = "m.txt: motifs without a matrix are left out (b)";
        assert_eq!(set.remarks, [remark], "{text}");
    }
    let cut = read(&format!("MEME version 4\nMOTIF a\n{rows}\nMOTIF b\n"));
    assert!(
        cut.remarks[0].ends_with("(b, with which the file ends: it may be truncated)"),
        "{:?}",
        cut.remarks
    );
    let cut = read("AC a\nP0 A C G T\n1 3 0 0 0\n//\nAC b\nID B\nDE c\n");
    assert!(
        cut.remarks[0].contains("it may be truncated"),
        "{:?}",
        cut.remarks
    );
    // Comments at the beginning of a file are no motif.
    let set = read("CC  program: x\n//\nAC a\nP0 A C G T\n1 3 0 0 0\n//\n");
    assert!(ids(&set) == ["a"] && set.remarks.is_empty());
    let none = fault_as("MEME version 4\nMOTIF a\n", Some(Format::Meme));
    assert!(
        none.contains("line 2: expected a letter-probability matrix for motif a"),
        "{none}"
    );
}

#[test]
fn values_that_are_no_number_are_unknown_and_said() {
    for value in ["inf", "nan", "NA", "-Inf"] {
        let set = meme(&format!("nsites= {value} E= {value} P= {value}"));
        let motif = &set.motifs[0];
        assert_eq!(
            (motif.sites, &motif.e_value, &motif.p_value),
            (None, &None, &None)
        );
        assert_eq!(
            set.remarks,
            [format!(
                "dir/MA1.1.txt: values that are no number are taken as unknown (line 3: nsites= {value}, line 3: E= {value}, line 3: P= {value})"
            )]
        );
    }
}
