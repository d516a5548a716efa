//! `bindscape motif convert` and `motif logo`.

use std::fs;

use super::{bindscape, refuses, says, succeeds};

const MEME: &str = "MEME version 4

ALPHABET= ACGT

MOTIF one first
letter-probability matrix: alength= 4 w= 3 nsites= 10 E= 1e-5
 0.250000  0.250000  0.250000  0.250000
 1.000000  0.000000  0.000000  0.000000
 0.000000  0.300000  0.700000  0.000000
MOTIF two
letter-probability matrix: alength= 4 w= 1 nsites= 4
 0.000000  0.000000  0.000000  1.000000
";

fn directory() -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("temporary directory");
    fs::write(directory.path().join("m.meme"), MEME).expect("written");
    directory
}

#[test]
fn motifs_are_converted_trimmed_turned_and_chosen() {
    let guard = directory();
    let directory = guard.path();
    let words = [
        "motif",
        "convert",
        "m.meme",
        "--to",
        "jaspar",
        "--select",
        "first",
        "--trim",
        "0.5",
        "--reverse-complement",
    ];
    let output = bindscape(directory, &words);
    assert!(output.status.success());
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(
        text,
        ">one\tfirst\nA  [ 0  0 ]\nC  [ 7  0 ]\nG  [ 3  0 ]\nT  [ 0 10 ]\n"
    );
    says(
        &String::from_utf8_lossy(&output.stderr),
        &[
            "trimmed 1 position off 1 of 1 motif",
            "E-values of 1 motif cannot be written as jaspar",
        ],
    );
    succeeds(
        directory,
        &[
            "motif", "convert", "m.meme", "--to", "transfac", "--out", "m.dat",
        ],
    );
    succeeds(
        directory,
        &[
            "motif",
            "convert",
            "m.dat",
            "--to",
            "homer",
            "--pseudocount",
            "2",
            "--out",
            "m.homer",
        ],
    );
    let homer = fs::read_to_string(directory.join("m.homer")).expect("written");
    assert!(
        homer.contains("0.875000\t0.041667\t0.041667\t0.041667"),
        "{homer}"
    );
}

#[test]
fn a_trimmed_motif_gets_a_threshold_of_its_own() {
    let guard = directory();
    let directory = guard.path();
    let text = ">NNA\tx\t3.0\n0.3 0.2 0.2 0.3\n0.3 0.2 0.2 0.3\n0.97 0.01 0.01 0.01\n";
    fs::write(directory.join("t.homer"), text).expect("written");
    let words = [
        "motif", "convert", "t.homer", "--to", "homer", "--trim", "1.0",
    ];
    let output = bindscape(directory, &words);
    assert!(output.status.success());
    let text = String::from_utf8_lossy(&output.stdout);
    // 80% of ln(0.97 / 0.25).
    assert!(text.starts_with(">A\tx\t1.0846"), "{text}");
    says(
        &String::from_utf8_lossy(&output.stderr),
        &[
            "trimmed 2 positions off 1 of 1 motif",
            "no detection threshold of 1 motif is known: 80% of the best score",
        ],
    );
}

#[test]
fn built_in_motifs_need_no_file() {
    let guard = directory();
    let directory = guard.path();
    let said = succeeds(
        directory,
        &[
            "motif",
            "convert",
            "jaspar:MA0139",
            "--to",
            "meme",
            "--out",
            "ctcf.meme",
        ],
    );
    says(&said, &["CC BY 4.0", "1 motif"]);
    let text = fs::read_to_string(directory.join("ctcf.meme")).expect("written");
    says(&text, &["MOTIF MA0139.2 CTCF", "CC BY 4.0"]);
    let said = refuses(
        directory,
        &["motif", "convert", "jaspar:HNF4AA", "--to", "meme"],
    );
    says(
        &said,
        &["jaspar:", "found \"HNF4AA\"", "hint: did you mean HNF4A"],
    );
}

#[test]
fn logos_as_files_and_as_a_page() {
    let guard = directory();
    let directory = guard.path();
    succeeds(
        directory,
        &["motif", "logo", "m.meme", "--out", "logos", "--png"],
    );
    let png = fs::read(directory.join("logos/one.png")).expect("written");
    assert!(png.starts_with(b"\x89PNG"));
    assert!(directory.join("logos/two.svg").exists());
    succeeds(
        directory,
        &[
            "motif",
            "logo",
            "m.meme",
            "--select",
            "two",
            "--probability",
            "--out",
            "two.svg",
        ],
    );
    succeeds(
        directory,
        &["motif", "logo", "m.meme", "--out", "page.html"],
    );
    let page = fs::read_to_string(directory.join("page.html")).expect("written");
    assert_eq!(page.matches("role=\"img\"").count(), 4);
    says(&page, &["1e-5", "first", "<code>NAG</code>"]);
    fs::write(directory.join("w.tsv"), "A\tC\tG\tT\n1\t0\t-1\t0\n").expect("written");
    succeeds(
        directory,
        &["motif", "logo", "w.tsv", "--weights", "--out", "w.png"],
    );
}

#[test]
fn what_cannot_be_done_is_said() {
    let guard = directory();
    let directory = guard.path();
    let convert = |words: &[&str]| {
        refuses(
            directory,
            &[&["motif", "convert", "m.meme", "--to", "meme"], words].concat(),
        )
    };
    says(
        &convert(&["--select", "ones"]),
        &[
            "--select: expected ids or names",
            "found \"ones\"",
            "did you mean one",
        ],
    );
    says(
        &convert(&["--trim", "3"]),
        &["--trim: expected bits from 0 to 2, found 3"],
    );
    says(&convert(&["--pseudocount", "-1"]), &["unexpected argument"]);
    says(
        &convert(&["--pseudocount=-1"]),
        &["pseudocount: expected a number of sites, zero or above"],
    );
    says(&convert(&["--from", "jaspr"]), &["one of meme, jaspar"]);
    let logo = |words: &[&str]| {
        refuses(
            directory,
            &[&["motif", "logo", "m.meme", "--out"], words].concat(),
        )
    };
    says(
        &logo(&["x.svg"]),
        &[
            "expected a directory, or a page (.html), for several motifs, found x.svg for 2",
            "--select",
        ],
    );
    says(
        &logo(&["x.svg", "--png"]),
        &["--png: expected a directory for --out"],
    );
    says(
        &logo(&["x", "--weights"]),
        &["a file that ends in .svg or .png"],
    );
    says(
        &logo(&["x.png", "--select", "one", "--scale", "1e6"]),
        &["32000 pixels"],
    );
}
