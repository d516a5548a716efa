//! MEME's format: what is read, and what is refused in which words.

use std::path::Path;

use crate::format::{Format, losses, parse_motifs, write_motifs};
use crate::motif::MotifSet;

fn read(text: &str) -> MotifSet {
    parse_motifs(text, Path::new("m.meme"), None).expect("valid")
}

fn fault(text: &str) -> String {
    let error = parse_motifs(text, Path::new("m.meme"), Some(Format::Meme)).expect_err("a fault");
    format!("{error} hint: {}", error.advice().unwrap_or_default())
}

fn after_header(text: &str) -> String {
    fault(&format!("MEME version 4\n\n{text}"))
}

const TWO: &str = "MEME version 4

ALPHABET= ACGT

strands: +

Background letter frequencies (from file `upstream (1 kb)'):
A 0.30 C 0.20
G 0.20 T 0.30

MOTIF MA0001.1 AGL3 like
letter-probability matrix: alength= 4 w= 2 nsites= 97 E= 1.1e-400
 0.000000  0.968421  0.000000  0.031579
 0.333333  0.333333  0.333333  0.000000
URL http://example.org/a
MOTIF second

letter-probability matrix:
1 0 0 0
";

#[test]
fn names_background_strands_sites_and_urls() {
    let set = read(TWO);
    assert!(set.single_strand);
    assert_eq!(
        set.background_source.as_deref(),
        Some("file `upstream (1 kb)'")
    );
    let background = set.background.expect("given").probabilities();
    assert_eq!(background, [0.3, 0.2, 0.2, 0.3]);
    let motif = &set.motifs[0];
    assert_eq!(
        (motif.id.as_str(), motif.name.as_deref()),
        ("MA0001.1", Some("AGL3 like"))
    );
    assert_eq!(motif.sites, Some(97.0));
    assert_eq!(motif.e_value.as_ref().expect("given").text(), "1.1e-400");
    assert_eq!(motif.url.as_deref(), Some("http://example.org/a"));
    // Six digits are kept as they are, though they sum to 0.999999.
    assert_eq!(motif.frequencies.rows()[1][0], 0.333333);
    assert_eq!(
        (set.motifs[1].id.as_str(), set.motifs[1].width()),
        ("second", 1)
    );
    // The MEME suite takes one word as the other name.
    let again = read(&write_motifs(&set, Format::Meme));
    assert_eq!(again.motifs[0].name.as_deref(), Some("AGL3_like"));
    assert_eq!(again.motifs[1], set.motifs[1]);
    assert!(
        losses(&set, Format::Meme)
            .contains(&"blanks in the names of 1 motif become underscores".to_owned())
    );
}

/// The frequencies of a motif of one position below this alphabet.
fn with_alphabet(alphabet: &str) -> MotifSet {
    read(&format!(
        "MEME version 5.4.1\n{alphabet}\nMOTIF a\nletter-probability matrix: alength=4 w=1\n0.1 0.2 0.3 0.4\n"
    ))
}

#[test]
fn a_line_of_letters_orders_columns_and_a_block_does_not() {
    let rows = |alphabet: &str| with_alphabet(alphabet).motifs[0].frequencies.rows()[0];
    assert_eq!(rows("ALPHABET= TGCA"), [0.4, 0.3, 0.2, 0.1]);
    assert_eq!(rows("alphabet = acgt"), [0.1, 0.2, 0.3, 0.4]);
    for block in [
        "ALPHABET \"DNA\" DNA-LIKE\nA \"Adenine\" CC0000 ~ T \"Thymine\" 0000CC\nC ~ G\nEND ALPHABET",
        // Definitions of letters that stand for others may have names and colours, and names any sign.
        "ALPHABET \"a = b ~ c\" DNA-LIKE\nT \"# ~ =\" ~ A\nG~C # \"x\nN \"Any base\" 000000 = ACGT\nX = ACGT\n. = ACGT\nU = T\nEND ALPHABET",
        "ALPHABET RNA-LIKE\nG\nA \"Adenine\" CC0000\n# of RNA\n\nU\nC\nN = ACGU\nend alphabet",
        "********\nALPHABET \"DNA\" DNA-LIKE\n********\nA ~ T\nC ~ G\nR = AG\n********",
        "********\nALPHABET \"DNA\" DNA-LIKE\n********\nA ~ T\nC ~ G\nEND ALPHABET\n********",
    ] {
        assert_eq!(rows(block), [0.1, 0.2, 0.3, 0.4], "{block}");
    }
    // RNA has no other strand, unless the file says so.
    assert!(with_alphabet("ALPHABET= ACGU").single_strand);
    assert!(!with_alphabet("ALPHABET= ACGU\nstrands: + -").single_strand);
}

#[test]
fn alphabets_that_are_not_of_dna_are_refused() {
    let block =
        |lines: &str| after_header(&format!("ALPHABET \"x\"\n{lines}\nEND ALPHABET\nMOTIF a\n"));
    assert!(
        block("A ~ G\nC ~ T").contains("line 4: expected A paired with T (or U), and C with G")
    );
    assert!(block("A ~ T\nC ~ G\nm").contains("expected the alphabet ACGT, found \"ACGTm\""));
    assert!(block("A ~ T\nC").contains("found \"ACT\""));
}

#[test]
fn keywords_in_any_case_and_strands_without_blanks() {
    let file = |version: &str, strands: &str| {
        read(&format!(
            "{version} 4\nAlphabet= ACGT\n{strands}\nBACKGROUND LETTER FREQUENCIES\na 0.28 C 0.21\nG 0.22 T 0.28\n\nMotif a b\nLetter-probability Matrix: w= 1\n1 0 0 0\n"
        ))
    };
    for version in ["MEME Version", "meme version", "MEME  version"] {
        assert_eq!(
            file(version, "strands: + -").motifs[0].name.as_deref(),
            Some("b")
        );
    }
    for (strands, single) in [
        ("strands: +-", false),
        ("Strands: - +", false),
        ("STRANDS: +", true),
    ] {
        let set = file("MEME version", strands);
        assert_eq!(set.single_strand, single, "{strands}");
        // Two digits may sum to 0.98 to 1.02.
        let a = set.background.expect("given").probabilities()[0];
        assert!((a - 0.28 / 0.99).abs() < 1e-12);
    }
}

#[test]
fn any_number_of_comments_before_and_within() {
    let comments: String = (0..100).map(|n| format!("# step {n}\n")).collect();
    let set = read(&format!(
        "{comments}MEME version 4\n# ALPHABET= ACG\nMOTIF a\n{comments}letter-probability matrix: w= 2\n# one\n1 0 0 0\n# two\n0 1 0 0\n"
    ));
    assert_eq!(set.motifs[0].frequencies.consensus(), "AC");
}

#[test]
fn p_values_stay_and_scores_are_said_to_be_lost() {
    let file = |value: &str| {
        read(&format!(
            "MEME version 4\nMOTIF a\nletter-probability matrix: alength= 4 w= 1 nsites= 659 {value}\n1 -0.0 0 0\n"
        ))
    };
    let set = file("P= 2.7e-026");
    let text = write_motifs(&set, Format::Meme);
    assert!(
        text.contains("nsites= 659 P= 2.7e-026\n 1.000000  0.000000  0.000000  0.000000\n"),
        "{text}"
    );
    assert_eq!(
        losses(&set, Format::Jaspar)[0],
        "p-values of 1 motif cannot be written as jaspar"
    );
    assert!(
        fault("MEME version 4\nMOTIF a\nletter-probability matrix: P= x\n1 0 0 0\n")
            .contains("a p-value after P=")
    );
    assert_eq!(
        file("S= 3.1e-003").remarks,
        ["m.meme: scores (S=) of motifs are not kept (line 3)"]
    );
}

#[test]
fn full_output_of_meme_is_read() {
    let text = "********\nMEME - Motif discovery tool\n********\nMEME version 5.5.0 (Release date: x)\n\nALPHABET= ACGT\nLetter frequencies in dataset:\nA 0.3 C 0.2 G 0.2 T 0.3\nBackground letter frequencies (from file sample):\nA 0.25 C 0.25 G 0.25 T 0.25\n****\nMOTIF GA MEME-1\twidth =   2  sites =  20  llr = 1  E-value = 1.0e-3\n****\n\tMotif GA MEME-1 position-specific scoring matrix\nlog-odds matrix: alength= 4 w= 2 n= 1 bayes= 0 E= 1.0e-3\n -932 -932 200 -932\n 200 -932 -932 -932\n\nletter-probability matrix: alength= 4 w= 2 nsites= 20 E= 1.0e-3\n 0.0 0.0 1.0 0.0\n 1.0 0.0 0.0 0.0\n----\n";
    let set = read(text);
    assert_eq!(set.motifs.len(), 1);
    assert_eq!(set.motifs[0].name.as_deref(), Some("MEME-1"));
    assert_eq!(set.motifs[0].frequencies.consensus(), "GA");
}

#[test]
fn rows_that_sum_to_nearly_one_are_scaled() {
    for (row, told) in [
        ("0.333 0.333 0.333 0.000", false),
        ("0.333300 0.333300 0.333300 0.000000", false),
        ("0.0015 0.0015 0.4970 0.4990", false),
        (
            "0.030543 0.008504 0.960883 0.000000000000000000000000000000000000000000000000069",
            false,
        ),
        ("1.00634e-1 0.0000926882 0.899183 0", false),
        ("0.24 0.24 0.25 0.25", false),
        ("0.247500 0.247500 0.250000 0.250000", true),
        ("0.252500 0.252500 0.252500 0.252500", true),
    ] {
        let set = read(&format!(
            "MEME version 4\nMOTIF a\nletter-probability matrix: w= 1\n{row}\n"
        ));
        let sum: f64 = set.motifs[0].frequencies.rows()[0].iter().sum();
        assert!((sum - 1.0).abs() < 1e-12, "{row}");
        assert_eq!(!set.remarks.is_empty(), told, "{row}");
    }
    let empty =
        read("MEME version 4\nMOTIF a\nletter-probability matrix: w= 2\n1 0 0 0\n0 0 0 0\n");
    assert_eq!(empty.motifs[0].frequencies.rows()[1], [0.25; 4]);
    assert_eq!(
        empty.remarks,
        ["m.meme: positions without any count are taken as a quarter of each base (line 5)"]
    );
}

#[test]
fn faults_of_the_header_are_named() {
    assert!(fault("").contains("m.meme: expected the line `MEME version 4`"));
    assert!(
        fault("MEME version 3\n")
            .contains("line 1: expected a version of MEME's format from 4 to 5, found \"3\"")
    );
    assert!(after_header("").contains("at least one motif, found none"));
    let protein = after_header("ALPHABET= ACDEFGHIKLMNPQRSTVWY\n");
    assert!(
        protein.contains("line 3: expected the alphabet ACGT"),
        "{protein}"
    );
    assert!(protein.contains("motifs of proteins"), "{protein}");
    assert!(after_header("ALPHABET= ACG\n").contains("found \"ACG\""));
    assert!(after_header("ALPHABET= ACGA\n").contains("found \"ACGA\""));
    assert!(after_header("ALPHABET \"x\"\nA\nMOTIF a\n").contains("END ALPHABET"));
    assert!(after_header("strands: ?\n").contains("strands `+ -` or `+`, found \"?\""));
    assert!(
        after_header("Background letter frequencies\nA 0.3 C 0.2\nMOTIF a\n")
            .contains("line 5: expected the alphabet ACGT")
    );
    assert!(
        after_header("Background letter frequencies\nA 0.3 C\n")
            .contains("expected the background as")
    );
    assert!(
        after_header("Background letter frequencies\nA 1 C 0 G 0 T 0\n")
            .contains("line 4: expected a probability above zero")
    );
}

#[test]
fn faults_of_motifs_are_named() {
    let matrix = |header: &str, rows: &str| {
        after_header(&format!(
            "MOTIF a\nletter-probability matrix: {header}\n{rows}"
        ))
    };
    assert!(after_header("MOTIF\n").contains("line 3: expected an id after MOTIF"));
    assert!(
        after_header("MOTIF a\nMOTIF b\n")
            .contains("line 3: expected a letter-probability matrix for motif a")
    );
    assert!(after_header("letter-probability matrix:\n1 0 0 0\n").contains("a line `MOTIF`"));
    assert!(matrix("alength= 20 w= 1", "").contains("alength= 4, for A, C, G, T, found \"20\""));
    assert!(matrix("alength= 4 w= 0", "").contains("a width above zero"));
    assert!(matrix("w= 1 nsites= x", "").contains("a number of sites after nsites="));
    assert!(matrix("w= 1 E= x", "").contains("an E-value after E="));
    assert!(matrix("w 1", "").contains("attributes such as"));
    let truncated = matrix("w= 3", "1 0 0 0\n");
    assert!(truncated.contains("line 4: expected 3 rows, as w= says, found 1"));
    assert!(truncated.contains("hint: the file may be truncated"));
    for between in ["", "\n"] {
        let rows = format!("1 0 0 0\n{between}MOTIF b\nletter-probability matrix:\n1 0 0 0\n");
        let missing = matrix("w= 2", &rows);
        assert!(
            missing.contains("hint: a row is missing here, or w= is wrong"),
            "{missing}"
        );
    }
    assert!(
        matrix("w= 1", "1 0 0 0\n1 0 0 0\n")
            .contains("line 6: expected 1 rows, as w= says, found one more")
    );
    assert!(
        matrix("w= 2", "1 0 0 0\n1 0 0\n")
            .contains("line 6: expected four frequencies, of A, C, G and T, found 3")
    );
    assert!(matrix("w= 1", "1 0 0 X\n").contains("line 5: expected a number, found \"X\""));
    assert!(matrix("w= 1", "0.5 0.2 0.2 0.2\n").contains("which sum to 1.100000"));
    assert!(
        matrix("w= 1", "0.300000 0.300000 0.300000 0.110100\n").contains(
            "frequencies that sum to one, found 0.3 0.3 0.3 0.1101, which sum to 1.010100"
        )
    );
    assert!(matrix("w= 1", "-0.1 0.6 0.3 0.2\n").contains("frequencies from 0 to 1, found -0.1"));
    assert!(matrix("", "\n").contains("a row for each position"));
}
