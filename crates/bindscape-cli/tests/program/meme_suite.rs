//! Command lines of the MEME suite as its documentation, its web server, tutorials and wrappers
//! have them, with the program's name replaced and names of files of our own.

use std::fmt::Write as _;
use std::path::Path;

use crate::{bindscape, succeeds};

const MOTIFS: &str = "MEME version 4

ALPHABET= ACGT

strands: + -

Background letter frequencies
A 0.3 C 0.2 G 0.2 T 0.3

MOTIF M1 box
letter-probability matrix: alength= 4 w= 8 nsites= 50
 0 0 0 1
 0 0 1 0
 1 0 0 0
 0 1 0 0
 0 0 1 0
 0 0 0 1
 1 0 0 0
 1 0 0 0

MOTIF M2 other
letter-probability matrix: alength= 4 w= 8 nsites= 50
 0 0 1 0
 0 0 1 0
 1 0 0 0
 1 0 0 0
 0 1 0 0
 0 0 0 1
 0 0 0 1
 0 1 0 0
";

/// Sequences named as regions, each with the site of M1 and, every third, that of M2.
fn sequences(site: &str, other: &str) -> String {
    let mut state = 7_u32;
    let mut bases = |count: usize| -> String {
        (0..count)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                char::from(b"ACGT"[(state >> 30) as usize])
            })
            .collect()
    };
    let mut text = String::new();
    for number in 0..60 {
        let other = if number % 3 == 0 { other } else { "" };
        let sequence = format!("{}{site}{}{other}{}", bases(20), bases(15), bases(15));
        let start = 1000 * (number + 1);
        let end = start + sequence.len();
        writeln!(text, ">chr1:{start}-{end}\n{sequence}").expect("a string");
    }
    text
}

fn directory() -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("temporary directory");
    let write = |name: &str, text: &str| {
        std::fs::write(directory.path().join(name), text).expect("written");
    };
    write("m.meme", MOTIFS);
    write("bg.txt", "A 0.3 # adenine\nC 0.2\nG 0.2\nT 0.3\n");
    write("p.fa", &sequences("TGACGTAA", "GGAACTTC"));
    write("n.fa", &sequences("", ""));
    directory
}

/// What a command line leaves: its directory with these files, or a table on standard output.
enum Leaves {
    Fimo(&'static str),
    Tomtom(&'static str),
    Streme(&'static str),
    Text(&'static str),
}
use Leaves::{Fimo, Streme, Text, Tomtom};

const FIMO_HEADER: &str = "motif_id\tmotif_alt_id\tsequence_name\tstart\tstop\tstrand\tscore\tp-value\tq-value\tmatched_sequence\n";
const TOMTOM_HEADER: &str = "Query_ID\tTarget_ID\tOptimal_offset\tp-value\tE-value\tq-value\tOverlap\tQuery_consensus\tTarget_consensus\tOrientation\n";

const LINES: &[(&str, Leaves)] = &[
    // The web server.
    (
        "fimo --oc . --verbosity 1 --thresh 1.0E-4 m.meme p.fa",
        Fimo("."),
    ),
    (
        "fimo --oc . --verbosity 1 --bgfile --nrdb-- --thresh 1.0E-4 m.meme p.fa",
        Fimo("."),
    ),
    (
        "fimo --oc . --verbosity 1 --bgfile --motif-- --thresh 1.0E-4 m.meme p.fa",
        Fimo("."),
    ),
    (
        "tomtom -no-ssc -oc . -verbosity 1 -min-overlap 5 -mi 1 -dist pearson -evalue -thresh 10.0 m.meme m.meme",
        Tomtom("."),
    ),
    (
        "tomtom -no-ssc -oc . -verbosity 1 -min-overlap 5 -dist ed -evalue -thresh 10.0 -time 300 m.meme m.meme m.meme",
        Tomtom("."),
    ),
    (
        "streme --verbosity 1 --oc . --dna --totallength 4000000 --time 14400 --minw 8 --maxw 10 --thresh 0.05 --align center --p p.fa",
        Streme("."),
    ),
    // Manuals.
    ("fimo m.meme p.fa", Fimo("fimo_out")),
    (
        "fimo --alpha 1.0 --max-strand -oc out m.meme p.fa",
        Fimo("out"),
    ),
    (
        "fimo --o fimo-new --motif M1 --motif-pseudo 0.1 --norc m.meme p.fa",
        Fimo("fimo-new"),
    ),
    (
        "fimo --qv-thresh --thresh 0.05 --bfile bg.txt m.meme p.fa",
        Fimo("fimo_out"),
    ),
    (
        "fimo --bfile --uniform-- --no-qvalue --oc out m.meme p.fa",
        Fimo("out"),
    ),
    ("tomtom m.meme m.meme", Tomtom("tomtom_out")),
    (
        "tomtom -m M1 -norc -bfile bg.txt -motif-pseudo 0.1 -o tomtom-new m.meme m.meme",
        Tomtom("tomtom-new"),
    ),
    ("streme --p p.fa --w 8 --nmotifs 1", Streme("streme_out")),
    (
        "streme --p p.fa --n n.fa --minw 8 --maxw 9 --kmer 3 --seed 0 --hofract 0.1 --patience 1 --neval 10 --nref 2 --niter 5 --evalue --desc 'own' -oc out",
        Streme("out"),
    ),
    // Wrappers in R and Python: memes, tfmodisco, RBPBench.
    (
        "fimo --bfile --motif-- --parse-genomic-coord --max-strand --text m.meme p.fa",
        Text(FIMO_HEADER),
    ),
    (
        "fimo --norc --verbosity 1 -oc test_out m.meme p.fa",
        Fimo("test_out"),
    ),
    (
        "fimo --oc fimo_out_1 --no-qvalue --max-stored-scores 1000000 --thresh 1e-4 m.meme p.fa",
        Fimo("fimo_out_1"),
    ),
    (
        "tomtom -no-ssc -oc . --verbosity 1 -text -min-overlap 5 -mi 1 -dist pearson -evalue -thresh 10.0 m.meme m.meme",
        Text(TOMTOM_HEADER),
    ),
    (
        "tomtom -oc out -thresh 10 -min-overlap 5 -dist ed -evalue -no-ssc m.meme m.meme",
        Tomtom("out"),
    ),
    (
        "streme --p p.fa --n n.fa --oc out --objfun de --dna --maxw 9 --nmotifs 1",
        Streme("out"),
    ),
    // Scripts on GitHub.
    (
        "fimo --oc memesuite --skip-matched-sequence --parse-genomic-coord --max-strand --thresh 0.001 --max-stored-scores 10000000 m.meme p.fa",
        Text(FIMO_HEADER),
    ),
    (
        "tomtom -no-ssc -oc ranks -verbosity 1 -incomplete-scores -min-overlap 1 -dist ed -evalue -thresh 0.05 m.meme m.meme",
        Tomtom("ranks"),
    ),
    (
        "tomtom -no-ssc -oc res -verbosity 1 -min-overlap 5 -dist pearson -eps -png -evalue -thresh 10 m.meme m.meme",
        Tomtom("res"),
    ),
    (
        "tomtom -no-ssc -oc tmp -dist kullback -evalue -thresh 10.0 m.meme m.meme -oc last",
        Tomtom("last"),
    ),
    (
        "streme --p p.fa -nmotifs 1 -minw 8 -maxw 8 -thresh 0.05 -dna -text",
        Text("MEME version 4\n"),
    ),
    (
        "streme --p p.fa --verbosity 1 --objfun de --w 8 --nmotifs 1 --text",
        Text("MEME version 4\n"),
    ),
    (
        "streme --p p.fa --nmotifs 2 --thresh 0.05 --minw 6 --maxw 8 -o streme-new",
        Streme("streme-new"),
    ),
    (
        "streme --p p.fa --dna --minw 8 --maxw 9 --bfile bg.txt --oc given --nmotifs 1 --thresh 0.05",
        Streme("given"),
    ),
    (
        "streme --oc streme --p p.fa --n n.fa --maxw 8",
        Streme("streme"),
    ),
];

fn words(line: &str) -> Vec<&str> {
    let words = line.split(' ').map(|word| word.trim_matches('\''));
    std::iter::once("motif").chain(words).collect()
}

#[test]
fn command_lines_run_with_only_the_name_replaced() {
    let directory = directory();
    let here = directory.path();
    assert!(LINES.len() >= 24);
    for (line, leaves) in LINES {
        let output = bindscape(here, &words(line));
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{line}\n{errors}");
        let text = String::from_utf8(output.stdout).expect("text");
        let files = match leaves {
            Text(header) => {
                assert!(text.starts_with(header), "{line}\n{text}");
                assert!(text.lines().count() > 2, "{line}");
                continue;
            }
            Fimo(at) => [at, "fimo.tsv", "fimo.gff", "fimo.html"].to_vec(),
            Tomtom(at) => [at, "tomtom.tsv", "tomtom.html"].to_vec(),
            Streme(at) => [
                at,
                "streme.txt",
                "streme.html",
                "sequences.tsv",
                "sites.tsv",
            ]
            .to_vec(),
        };
        assert_eq!(text, "", "{line}");
        let at = here.join(files[0]);
        for file in &files[1..] {
            let text = std::fs::read_to_string(at.join(file));
            assert!(text.is_ok_and(|text| !text.is_empty()), "{line}: {file}");
            std::fs::remove_file(at.join(file)).expect("removed");
        }
        if line.contains("-verbosity 1") {
            assert_eq!(errors, "", "{line}");
        }
    }
    let from_standard_input = succeeds_with(here, "fimo --oc piped m.meme -", "p.fa");
    assert!(
        from_standard_input.contains("wrote piped"),
        "{from_standard_input}"
    );
}

fn succeeds_with(here: &Path, line: &str, input: &str) -> String {
    let file = std::fs::File::open(here.join(input)).expect("opened");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_bindscape"))
        .args(words(line))
        .current_dir(here)
        .stdin(file)
        .output()
        .expect("runs");
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{line}\n{errors}");
    errors
}

#[test]
fn options_without_effect_are_said_and_others_refused() {
    let directory = directory();
    let here = directory.path();
    for (line, said) in [
        ("fimo --alpha 0.5 m.meme p.fa", "--alpha has no effect"),
        ("tomtom -eps m.meme m.meme", "--eps has no effect"),
        (
            "streme --p p.fa --w 8 --nmotifs 1 --align left",
            "--align has no effect",
        ),
    ] {
        let errors = succeeds(here, &words(line));
        assert!(errors.contains(said), "{line}\n{errors}");
    }
    for (line, said) in [
        (
            "fimo --psp x.wig --prior-dist y m.meme p.fa",
            "priors of positions are not read",
        ),
        (
            "fimo --bfile --nrbd-- m.meme p.fa",
            "--bfile: expected a file, --motif--, --uniform-- or --nrdb--",
        ),
        ("fimo --o . m.meme p.fa", "--oc"),
        ("fimo --verbosity 9 m.meme p.fa", "--verbosity"),
        (
            "tomtom -dist blic1 m.meme m.meme",
            "this one of Tomtom's is not computed here",
        ),
        (
            "tomtom -internal m.meme m.meme",
            "--internal: expected to be left out",
        ),
        (
            "tomtom -mi 3 m.meme m.meme",
            "--mi: expected a number from 1 to 2",
        ),
        ("tomtom -m m1 m.meme m.meme", "did you mean M1"),
        ("streme --p p.fa --rna", "only DNA is searched"),
        (
            "streme --p p.fa -nmotif 3",
            "unexpected argument '--nmotif'",
        ),
        (
            "discover -pvalue 3 --oc x",
            "unexpected argument '--pvalue'",
        ),
        (
            "streme --p p.fa --objfun cd",
            "central distance (cd) is not sought",
        ),
        (
            "streme --p p.fa --bfile --motif--",
            "--bfile: expected a file, or a background by name",
        ),
    ] {
        let output = bindscape(here, &words(line));
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{line}\n{errors}");
        assert!(errors.contains(said), "{line}\n{errors}");
    }
    assert!(!here.join("tomtom_out").join("nothing").exists());
}

/// The rows of a table, without its header and its comments.
fn rows(text: &str) -> Vec<Vec<String>> {
    let row = |line: &&str| !line.is_empty() && !line.starts_with('#');
    let split = |line: &str| line.split('\t').map(str::to_owned).collect();
    text.lines().skip(1).filter(row).map(split).collect()
}

#[test]
fn files_are_laid_out_as_there() {
    let directory = directory();
    let here = directory.path();
    let read = |name: &str| std::fs::read_to_string(here.join(name)).expect(name);

    succeeds(here, &words("fimo --parse-genomic-coord m.meme p.fa"));
    let table = read("fimo_out/fimo.tsv");
    assert!(table.starts_with(FIMO_HEADER));
    // A blank line and three comments at the end, as scripts count on.
    let last: Vec<&str> = table.lines().rev().take(4).collect();
    assert!(last[..3].iter().all(|line| line.starts_with("# ")) && last[3].is_empty());
    assert!(last[0].ends_with("motif fimo --parse-genomic-coord m.meme p.fa"));
    let hits = rows(&table);
    assert!(hits.len() >= 80, "{}", hits.len());
    let p: Vec<f64> = hits
        .iter()
        .map(|row| row[7].parse().expect("a number"))
        .collect();
    assert!(p.is_sorted());
    let first = hits.iter().find(|row| row[0] == "M1").expect("a hit");
    assert_eq!((first[2].as_str(), first[9].as_str()), ("chr1", "TGACGTAA"));
    // The site of the sequence from base 1000, counted from 0, has 20 bases before it.
    assert!(
        hits.iter()
            .any(|row| row[3] == "1021" && row[4] == "1028" && row[5] == "+")
    );
    let gff = read("fimo_out/fimo.gff");
    assert!(gff.starts_with("##gff-version 3\nchr1\tfimo\tnucleotide_motif\t"));
    assert_eq!(gff.lines().count(), hits.len() + 1);
    let page = read("fimo_out/fimo.html");
    assert!(page.contains("TGACGTAA") && page.contains("<svg"));

    succeeds(here, &words("tomtom m.meme m.meme"));
    let table = read("tomtom_out/tomtom.tsv");
    assert!(table.starts_with(TOMTOM_HEADER));
    let first = &rows(&table)[0];
    assert_eq!(
        (first[7].as_str(), first[8].as_str()),
        ("TGACGTAA", "TGACGTAA")
    );

    succeeds(
        here,
        &words("streme --p p.fa --n n.fa --w 8 --nmotifs 2 --desc <own>"),
    );
    let motifs = read("streme_out/streme.txt");
    assert!(motifs.contains(" STREME-1\n"), "{motifs}");
    for name in ["sequences.tsv", "sites.tsv"] {
        let table = read(&format!("streme_out/{name}"));
        let score = if name == "sites.tsv" { 6 } else { 4 };
        let scores: Vec<f64> = rows(&table)
            .iter()
            .filter(|row| row[1] == "STREME-1")
            .map(|row| row[score].parse().expect("a number"))
            .collect();
        assert!(
            scores.len() >= 40 && scores.is_sorted_by(|a, b| a >= b),
            "{name}"
        );
        assert_eq!(
            table.lines().filter(|line| *line == "#").count(),
            1,
            "{name}"
        );
    }
    let page = read("streme_out/streme.html");
    assert!(page.contains("&lt;own&gt;") && page.contains("<svg"));
}

#[test]
fn the_other_verbs_take_the_spellings_too() {
    let directory = directory();
    let here = directory.path();
    let read = |name: &str| std::fs::read_to_string(here.join(name)).expect(name);
    succeeds(here, &words("scan -oc scanned m.meme p.fa"));
    assert!(read("scanned/fimo.tsv").starts_with(FIMO_HEADER));
    succeeds(
        here,
        &words("scan --max-strand -norc --motifs m.meme p.fa --format gff --out hits.gff"),
    );
    assert!(read("hits.gff").starts_with("##gff-version 3\n"));
    succeeds(
        here,
        &words("compare -no-ssc -oc compared -dist pearson m.meme m.meme"),
    );
    assert!(read("compared/tomtom.tsv").starts_with(TOMTOM_HEADER));
    succeeds(
        here,
        &words("discover -p p.fa -oc found -nmotifs 1 -w 8 -dna"),
    );
    assert!(read("found/sites.tsv").starts_with("motif_ID\t"));
    // Without a motif file, or with two, nothing is guessed.
    for line in ["scan p.fa", "scan --motifs m.meme m.meme p.fa"] {
        let output = bindscape(here, &words(line));
        assert_eq!(output.status.code(), Some(2), "{line}");
    }
}
