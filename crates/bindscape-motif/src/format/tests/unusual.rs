//! Files as other tools write them, in ways that few descriptions of the formats mention.

use super::{Format, fault, fault_as, losses, parse_motifs, read, write_motifs};
use crate::motif::MotifSet;

fn rows(set: &MotifSet, motif: usize) -> Vec<[f64; 4]> {
    set.motifs[motif].frequencies.rows().to_vec()
}

fn ids(set: &MotifSet) -> Vec<&str> {
    set.motifs.iter().map(|motif| motif.id.as_str()).collect()
}

#[test]
fn transfac_records_without_their_end() {
    let text = "AC M1\nXX\nID one\nXX\nDE M1 one ; own\nPO\tA\tC\tG\tT\n01\t3.0\t1.0\t4.0\t2.0\n02\t0.0\t0.0\t10.0\t0.0\nXX\nAC M2\nXX\nPO\tA\tC\tG\tT\n01\t10.0\t0.0\t0.0\t0.0\nCC after\nXX\nPO A C G T\n01 0 1 0 0\n";
    let set = read(text);
    assert_eq!(ids(&set), ["M1", "M2", "MA1.1-3"]);
    assert_eq!(rows(&set, 0), [[0.3, 0.1, 0.4, 0.2], [0.0, 0.0, 1.0, 0.0]]);
    assert_eq!(rows(&set, 1), [[1.0, 0.0, 0.0, 0.0]]);
    assert_eq!(set.motifs[1].metadata.comments, ["after"]);
    for label in ["AC", "ID", "NA"] {
        let text =
            format!("{label} a\nP0 A C G T\n1 1 0 0 0\n{label} b\nP0 A C G T\n1 0 1 0 0\n//\n");
        assert_eq!(ids(&read(&text)), ["a", "b"], "{label}");
    }
    // A description begins a record only after one that has its own.
    let text = "DE a\nP0 A C G T\n1 1 0 0 0\nXX\nDE b\nP0 A C G T\n1 0 1 0 0\nXX\n";
    let set = read(text);
    let description = |motif: usize| set.motifs[motif].metadata.description.as_deref();
    assert_eq!((description(0), description(1)), (Some("a"), Some("b")));
    let set = read("AC a\nP0 A C G T\n1 1 0 0 0\nXX\nDE about a\n//\n");
    assert_eq!(
        set.motifs[0].metadata.description.as_deref(),
        Some("about a")
    );
}

#[test]
fn numbered_lines_of_transfac_that_are_no_rows() {
    let text = "AC K1\nXX\nXL\n00 6\nXX\nP0 A C G T\n01 3 2 4 1 N\n02 0 0 0 10 T\nXX\nIC 0.1 2.0\nXX\nXL\n00 6\n01 4\n03 1 1 1 1\nXX\n";
    assert_eq!(
        rows(&read(text), 0),
        [[0.3, 0.2, 0.4, 0.1], [0.0, 0.0, 0.0, 1.0]]
    );
    // A matrix with a gap is not a shorter one.
    assert!(
        fault("AC a\nP0 A C G T\n01 1 0 0 0\nXX\n02 1 0 0 0\n")
            .contains("line 5: expected rows of the matrix directly below P0")
    );
}

#[test]
fn transfac_whose_first_line_is_of_another_code() {
    let text = "BF  Pseudomonas\nXX\nID  MX1\nP0     A     C     G     T\n01     0     0     2     0     G\n02     0     0     0     0     y\n03     0     2     0     0     C\nXX\n//\n";
    let set = read(text);
    assert_eq!(ids(&set), ["MX1"]);
    assert_eq!(rows(&set, 0)[1], [0.25; 4]);
    assert_eq!(
        set.remarks,
        [
            "dir/MA1.1.txt: positions without any count are taken as a quarter of each base (MX1 position 2)"
        ]
    );
}

#[test]
fn positions_without_counts_are_even_and_said() {
    let said = "positions without any count are taken as a quarter of each base";
    let jaspar = ">U\nA [ 10 0 0 ]\nC [ 0 0 0 ]\nG [ 0 0 0 ]\nT [ 10 0 0 ]\n>M2\nA [ 1 ]\nC [ 1 ]\nG [ 1 ]\nT [ 1 ]\n";
    let set = read(jaspar);
    assert_eq!(ids(&set), ["U", "M2"]);
    assert_eq!(rows(&set, 0)[1..], [[0.25; 4]; 2]);
    assert_eq!(set.motifs[0].sites, Some(20.0));
    assert_eq!(
        set.remarks,
        [format!(
            "dir/MA1.1.txt: {said} (U position 2, U position 3)"
        )]
    );
    for text in [
        ">a\n0.5 0\n0.5 0\n0 0\n0 0\n",
        ">a\n1 0 0 0\n0 0 0 0\n",
        ">AC\ta\t5.1\n1 0 0 0\n0 0 0 0\n",
        "Protein: a\nA: 1 0\nC: 0 0\nG: 0 0\nT: 0 0\n",
    ] {
        let set = read(text);
        assert_eq!(rows(&set, 0)[1], [0.25; 4], "{text}");
        assert!(set.remarks[0].contains(said), "{text}");
    }
    let set = read(">a\n0 0\n0 0\n0 0\n0 0\n>b\n3 0\n0 3\n0 0\n0 0\n");
    assert_eq!(ids(&set), ["b"]);
    assert_eq!(
        set.remarks,
        ["dir/MA1.1.txt: motifs without any count are left out (a)"]
    );
    let many: String = (0..9)
        .map(|n| format!(">m{n}\n1 0\n1 0\n0 0\n0 0\n"))
        .collect();
    assert!(read(&many).remarks[0].ends_with("m4 position 2 and 4 more)"));
}

#[test]
fn comments_before_the_first_motif() {
    for (text, id) in [
        ("# own\n>M1 foo\nA [ 1 ]\nC [ 4 ]\nG [ 0 ]\nT [ 0 ]\n", "M1"),
        ("# own\n>M1 foo\n1\n4\n0\n0\n", "M1"),
        ("# own\n>M1 foo\n1 4 0 0\n", "M1"),
        ("# own\n>AC\tfoo\t5.1\n0.7 0.1 0.1 0.1\n", "foo"),
        (
            "; RSAT\nAC  x1\nXX\nP0 A C G T\n; more\n1 1 2 3 4\nXX\n//\n",
            "x1",
        ),
        ("# own\nAC  x1\nXX\nP0 A C G T\n1 1 2 3 4\n", "x1"),
        ("# own\nProtein: x1\nA: 1\nC: 0\nG: 0\nT: 0\n", "x1"),
        (
            "# own\nMEME version 4\nMOTIF x1\nletter-probability matrix:\n1 0 0 0\n",
            "x1",
        ),
    ] {
        for times in [1, 70] {
            let text = "# again\n\n".repeat(times) + text;
            assert_eq!(ids(&read(&text)), [id], "{text}");
        }
    }
}

#[test]
fn four_by_four_by_its_sums() {
    let by_position = ">GATCx\n1 1 7 1\n7 1 1 1\n1 1 1 7\n2 8 0 0\n";
    assert_eq!(rows(&read(by_position), 0)[3], [0.2, 0.8, 0.0, 0.0]);
    assert!(read(by_position).remarks.is_empty());
    let by_letter = ">a\n1 7 1 2\n1 1 1 8\n7 1 1 0\n1 1 7 0\n";
    assert_eq!(rows(&read(by_letter), 0)[3], [0.2, 0.8, 0.0, 0.0]);
    assert!(read(by_letter).remarks.is_empty());
    // Neither sums, or both: read as JASPAR has them, and said.
    for unclear in [
        ">a\n1 7 1 2\n1 1 1 8\n7 1 1 0\n1 1 9 5\n",
        ">a\n5 0 0 0\n0 5 0 0\n0 0 5 0\n0 0 0 5\n",
    ] {
        let remarks = read(unclear).remarks;
        assert!(
            remarks[0].contains("read as rows of A, C, G and T; name the format pcm"),
            "{remarks:?}"
        );
        let path = std::path::Path::new("m");
        let named = parse_motifs(unclear, path, Some(Format::Pcm)).expect("valid");
        assert!(named.remarks.is_empty());
    }
    // Another motif of the file decides.
    let mixed = format!(">long\n1 0 0 0\n0 1 0 0\n{by_letter}");
    assert_eq!(
        rows(&read(&mixed), 1)[0],
        [1.0 / 11.0, 7.0 / 11.0, 1.0 / 11.0, 2.0 / 11.0]
    );
}

#[test]
fn a_row_per_position_is_read_and_written() {
    let text = ">AHR.H12\tname\n1\t2\t3\t4\n0\t10\t0\t0\n2.5\t2.5\t2.5\t2.5\n";
    let set = read(text);
    assert_eq!(set.motifs[0].name.as_deref(), Some("name"));
    assert_eq!(
        rows(&set, 0)[..2],
        [[0.1, 0.2, 0.3, 0.4], [0.0, 1.0, 0.0, 0.0]]
    );
    assert_eq!(write_motifs(&set, Format::Pcm), text);
    let fault = |text| fault_as(text, Some(Format::Pcm));
    assert!(fault(">a\n1 2 3\n").contains("line 2: expected four numbers, of A, C, G and T"));
    assert!(fault(">a\n>b\n").contains("line 1: expected a row for each position of a"));
    assert!(fault(">\n1 2 3 4\n").contains("line 1: expected an id after `>`"));
    assert!(fault(">a\n-0.5 0.1 0.2 0.3\n").contains("matrices of log-odds"));
}

#[test]
fn rows_of_letters_and_tabs_are_no_intervals() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let read = |text: &str, format| {
        let path = directory.path().join("m.txt");
        std::fs::write(&path, text).expect("written");
        crate::read_motifs(&path, format)
    };
    for text in [
        "A\t0\t3\t79\nC\t94\t75\t4\nG\t1\t0\t3\nT\t2\t19\t11\n",
        "# own\na|\t0\t3\t79\nc|\t94\t75\t4\ng|\t1\t0\t3\nt|\t2\t19\t11\n",
        "A\t0.5\t3\t79\t4\t1\t1\t1\nC\t1\t1\t1\t1\t1\t1\t1\nG\t1\t1\t1\t1\t1\t1\t1\nT\t1\t1\t1\t1\t1\t1\t1\n",
    ] {
        assert_eq!(ids(&read(text, None).expect("a matrix")), ["m"], "{text}");
    }
    let bed = "chr1\t0\t100\n";
    let error = read(bed, None).expect_err("intervals").to_string();
    assert!(error.contains("found a BED file"), "{error}");
    // The reader of a format that is named says what is wrong.
    let error = read(bed, Some(Format::Jaspar)).expect_err("intervals");
    assert!(error.to_string().contains("line 1: expected a row such as"));
    let named = "Foo\t1\t2\nA:\t0\t1\nC:\t1\t0\nG:\t0\t0\nT:\t0\t0\n";
    let set = read(named, Some(Format::Uniprobe)).expect("a matrix");
    assert_eq!(ids(&set), ["Foo"]);
}

#[test]
fn motifs_of_rsat_end_with_two_slashes() {
    let matrix = "a\t|\t1\t2\nc\t|\t4\t5\ng\t|\t0\t0\nt\t|\t5\t3\n//\n";
    let set = read(&format!("; MET4\n{matrix}; other\n{matrix}>b\n{matrix}"));
    assert_eq!(ids(&set), ["MA1.1", "MA1.1-2", "b"]);
    assert_eq!(rows(&set, 1)[0], [0.1, 0.4, 0.0, 0.5]);
    let cut = format!("{matrix}a\t|\t1\t2\n//\n");
    assert!(fault(&cut).contains("line 6: expected a row for each of A, C, G, T"));
}

#[test]
fn further_columns_of_transfac_are_passed_over() {
    let text = "//\nNA AHR.p2\nPO\tA\tC\tG\tT\tCONS\tINF\n01\t10.5\t20\t30\t39.5\tG\t0.13\n02\t100\t0\t0\t0\tA\t2.00\n//\n";
    let set = read(text);
    assert_eq!(ids(&set), ["AHR.p2"]);
    assert_eq!(rows(&set, 0)[1], [1.0, 0.0, 0.0, 0.0]);
    let unnamed = read("AC a\nP0 T G C A\n01 1 2 3 4 N 0.5\n//\n");
    assert_eq!(rows(&unnamed, 0), [[0.4, 0.3, 0.2, 0.1]]);
    let five = fault("AC a\nP0 A C G T\n01 1 2 3 4 5\n//\n");
    assert!(five.contains("line 3: expected four numbers"), "{five}");
    let protein = fault("AC a\nP0 A R N D C\n01 1 2 3 4 5\n//\n");
    assert!(protein.contains("motifs of proteins"), "{protein}");
}

#[test]
fn tables_of_cis_bp() {
    let one = "Pos\tA\tC\tG\tT\n1\t0.1\t0.2\t0.3\t0.4\n2\t1\t0\t0\t0\n\n";
    let labels = |tf: &str, name: &str, motif: &str| {
        format!(
            "TF\t{tf}\nTF Name\t{name}\nGene\tG1\nMotif\t{motif}\nFamily\tbZIP\nSpecies\tHomo_sapiens\n"
        )
    };
    // CIS-BP's PWM.txt; motifs of TRANSFAC are without rows there.
    let joined = [
        labels("T1_2.00", "JUN", "M1_2.00") + one,
        labels("T2_2.00", "FOS", "M2_2.00") + "Pos\tA\tC\tG\tT\n\n",
        labels("T3_2.00", "MAF", "M3_2.00") + one,
    ];
    let set = read(&joined.concat());
    assert_eq!(ids(&set), ["M1_2.00", "M3_2.00"]);
    assert_eq!(set.motifs[1].name.as_deref(), Some("MAF"));
    assert_eq!(set.motifs[1].metadata.family, ["bZIP"]);
    assert!(set.remarks[0].contains("M2_2.00"), "{:?}", set.remarks);
    let text = "Pos\tA\tC\tG\tU\n1\t0.1\t0.2\t0.3\t0.4\n2\t1\t0\t0\t0\n";
    let set = read(text);
    assert_eq!(ids(&set), ["MA1.1"]);
    assert_eq!(rows(&set, 0), [[0.1, 0.2, 0.3, 0.4], [1.0, 0.0, 0.0, 0.0]]);
    let turned = "Pos T G C A\n1 0.1 0.2 0.3 0.4\n";
    let several = read(&format!(">b name\n{turned}{turned}"));
    assert_eq!(ids(&several), ["b", "MA1.1-2"]);
    assert_eq!(rows(&several, 0), [[0.4, 0.3, 0.2, 0.1]]);
    let gap = fault("Pos A C G T\n1 1 0 0 0\n3 1 0 0 0\n");
    assert!(
        gap.contains("line 3: expected position 2 after position 1, found \"3\""),
        "{gap}"
    );
    assert!(fault("Pos A C G T\n").contains("expected a row for each position of m"));
}

#[test]
fn letters_of_positions_before_their_frequencies() {
    let text = ">SIX5_disc1 SIX5_GM12878\nG 0.0085 0.0043 0.9872 0.0000\nA 0.9021 0.0128 0.0383 0.0468\nR 0.4553 0.0723 0.3447 0.1277\n";
    let set = read(text);
    assert_eq!(ids(&set), ["SIX5_disc1"]);
    assert_eq!(rows(&set, 0)[1][0], 0.9021);
    let named = fault_as(text, Some(Format::Jaspar));
    assert!(named.contains("is the format pcm"), "{named}");
    // A, C, G and T alone may be four rows of letters, if their columns sum to one.
    let letters = |first: &str| {
        read(&format!(
            ">a\nA {first}\nC 0.1 0.7 0.1 0.1\nG 0.1 0.1 0.7 0.1\nT 0.1 0.1 0.1 0.7\n"
        ))
    };
    assert_eq!(
        rows(&letters("0.7 0.1 0.1 0.1"), 0)[0],
        [0.7, 0.1, 0.1, 0.1]
    );
    assert_eq!(
        rows(&letters("0.4 0.2 0.2 0.2"), 0)[0],
        [0.4, 0.2, 0.2, 0.2]
    );
    // A matrix of letters is not read as one of positions.
    let matrix = ">a\nA 1 2 3 4\nC 1 2 3 4\nG 1 2 3 4\nT 1 2 3 4\n";
    assert!(fault_as(matrix, Some(Format::Pcm)).contains("line 2: expected a number, found \"A\""));
    assert!(fault(">a\nA 1 2 3 4\nC 1 2 3 4\nG 1 2 3 4\n").contains("found none for T"));
}

#[test]
fn headers_of_uniprobe() {
    let matrix = "A:\t0.1\nC:\t0.2\nG:\t0.3\nT:\t0.4\n";
    for (header, id, name) in [
        (
            "Gene:  Xyz1-primary  Motif:  A.CTC  Enrichment Score:  0.49",
            "Xyz1-primary",
            None,
        ),
        (
            "Gene:\tXyz1-primary\tMotif:\tA.CTC\tEnrichment Score:\t0.49",
            "Xyz1-primary",
            None,
        ),
        (
            "Protein: Xyz1\tMotif: A.CTC\tEnrichment Score: 0.49",
            "Xyz1",
            None,
        ),
        (
            ">M1 foo\tMotif: A.CTC\tEnrichment Score: 0.49",
            "M1",
            Some("foo"),
        ),
    ] {
        let set = read(&format!("{header}\n{matrix}{header}\n{matrix}"));
        assert_eq!(ids(&set), [id, id], "{header}");
        let motif = &set.motifs[1];
        assert_eq!(motif.name.as_deref(), name);
        assert_eq!(
            motif.metadata.comments,
            ["Motif: A.CTC", "Enrichment Score: 0.49"],
            "{header}"
        );
    }
    assert_eq!(
        ids(&read(&format!("{matrix}{matrix}"))),
        ["MA1.1", "MA1.1-2"]
    );
}

#[test]
fn the_output_of_seed_and_wobble() {
    let scores = "A:\t-0.01\t-0.06\nC:\t-0.02\t-0.07\nG:\t0.08\t0.12\nT:\t-0.05\t0.02\n";
    let probabilities = "A:\t0.2\t0.1\nC:\t0.2\t0.1\nG:\t0.5\t0.6\nT:\t0.1\t0.2\n";
    let seeds = (1..30)
        .map(|n| format!("{n}\tGTAATAA{n}\t0.494\n"))
        .collect::<String>();
    let part = |seed: &str| {
        format!(
            "#Motif: {seed}\tEnrichment Score: 0.49\n{seeds}\nEnrichment score matrix\n\n{scores}\nEnergy matrix for enoLOGOS\n\nPO\t1\t2\n{scores}\nReverse complement matrix for enoLOGOS\n\nPO\t1\t2\n{scores}\n"
        )
    };
    let whole = |seed: &str| format!("{}Probability matrix\n\n{probabilities}\n", part(seed));
    let set = read(&format!("{}{}", whole("GTAATAAA"), whole("CCC")));
    assert_eq!(ids(&set), ["MA1.1", "MA1.1-2"]);
    assert_eq!(set.motifs[1].name.as_deref(), Some("CCC"));
    assert_eq!(rows(&set, 0), [[0.2, 0.2, 0.5, 0.1], [0.1, 0.1, 0.6, 0.2]]);
    let without = fault_as(&part("GTAATAAA"), Some(Format::Uniprobe));
    assert!(
        without.contains("expected the section `Probability matrix`"),
        "{without}"
    );
    let cut = format!("{}Probability matrix\n\nA:\t0.2\n", part("GTAATAAA"));
    assert!(fault(&cut).contains("found none for C, G, T"));
}

#[test]
fn numbers_of_sites_and_names_as_the_meme_suite_reads_them() {
    let set =
        read(">M a name of words\nA [ 0.1 0.1 ]\nC [ 0.2 0.2 ]\nG [ 1.1 0.3 ]\nT [ 0.3 1.1 ]\n");
    let text = write_motifs(&set, Format::Meme);
    assert!(text.contains("MOTIF M a_name_of_words\n"), "{text}");
    assert!(text.contains("nsites= 1.7\n"), "{text}");
    assert!(
        losses(&set, Format::Meme)
            .iter()
            .any(|loss| loss.starts_with("blanks in the names of 1 motif"))
    );
}

#[test]
fn byte_order_marks_are_no_part_of_the_text() {
    let text = "\u{feff}>M1\r\nA [ 1 ]\r\nC [ 4 ]\r\nG [ 0 ]\r\nT [ 0 ]\r\n";
    assert_eq!(ids(&read(text)), ["M1"]);
    let directory = tempfile::tempdir().expect("temporary directory");
    let path = directory.path().join("m.jaspar");
    std::fs::write(&path, text).expect("written");
    assert_eq!(
        ids(&crate::read_motifs(&path, None).expect("valid")),
        ["M1"]
    );
}
