//! Where `predict` reports its scores: regions by name, summits, ends of chromosomes, contigs that
//! the genome lacks.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use crate::{bindscape, refuses, says, succeeds, toy};

/// A toy matrix and a model of one epoch in `multi`.
pub(crate) fn with_model() -> tempfile::TempDir {
    let toy = toy::with_matrix();
    succeeds(toy.path(), &[toy::PRETRAIN, &["multi"]].concat());
    toy
}

/// Standard output without `#` lines, and standard error.
fn table(here: &Path, words: &[&str]) -> (Vec<String>, String) {
    let mut all = vec!["predict", "--model", "multi"];
    all.extend(words);
    let output = bindscape(here, &all);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{words:?}:\n{error}");
    let text = String::from_utf8(output.stdout).expect("text");
    let rows = text.lines().filter(|line| !line.starts_with('#')).skip(1);
    (rows.map(str::to_owned).collect(), error)
}

fn regions(here: &Path, text: &str, more: &[&str]) -> (Vec<String>, String) {
    fs::write(here.join("regions.bed"), text).expect("a writable directory");
    let mut words = vec!["--regions", "regions.bed", "--genome", "genome.fa"];
    words.extend(more);
    table(here, &words)
}

/// The columns of scores of a row.
fn scores(row: &str) -> &str {
    row.splitn(5, '\t').nth(4).expect("scores")
}

/// The bases of a range of `chrom` of the toy genome.
fn bases(here: &Path, chrom: &str, start: usize, end: usize) -> String {
    let genome = fs::read_to_string(here.join("genome.fa")).expect("the genome");
    let record = genome
        .split('>')
        .find(|record| record.starts_with(chrom))
        .expect("the chromosome");
    let letters: String = record.lines().skip(1).collect();
    letters[start..end].to_owned()
}

fn turned(letters: &str) -> String {
    letters
        .chars()
        .rev()
        .map(|letter| match letter {
            'A' => 'T',
            'C' => 'G',
            'G' => 'C',
            _ => 'A',
        })
        .collect()
}

#[test]
fn sequences_lie_where_their_names_say() {
    let toy = with_model();
    let here = toy.path();
    let (by_genome, _) = regions(
        here,
        "chr1\t1000\t1200\nchr1\t3000\t3550\nchr2\t500\t700\n",
        &[],
    );
    let forward = bases(here, "chr1", 1000, 1200);
    let long = turned(&bases(here, "chr1", 3000, 3550));
    let other = bases(here, "chr2", 500, 700);
    let fasta = format!(
        ">a::chr1:1000-1200(+)\n{forward}\n>chr1:3000-3550(-)\n{long}\n>chr2:501-700\n{other}\n\
         >n2(-)\n{other}\n>chr2:500-900\n{other}\n"
    );
    fs::write(here.join("regions.fa"), fasta).expect("a writable directory");
    let (rows, said) = table(here, &["--fasta", "regions.fa"]);
    for (row, of_genome) in rows.iter().zip(&by_genome) {
        assert_eq!(scores(row), scores(of_genome));
        let place = |row: &str| {
            row.splitn(4, '\t')
                .take(3)
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(place(row), place(of_genome));
    }
    assert!(rows[3].starts_with("n2(-)\t0\t200\t.\t"), "{}", rows[3]);
    assert!(
        rows[4].starts_with("chr2:500-900\t0\t200\t.\t"),
        "{}",
        rows[4]
    );
    says(
        &said,
        &[
            "1 record named from 1, as `samtools faidx` names them",
            "1 record of the reverse strand, as their names say: reported at their regions",
            "warning: 1 record named by a region of another length than theirs, the first on line 9",
        ],
    );
    // Windows of a turned sequence lie where those of the genome do; the strand that was given is
    // the one that is scored, if one alone is.
    let (windows, _) = table(
        here,
        &[
            "--fasta",
            "regions.fa",
            "--report",
            "windows",
            "--stride",
            "175",
        ],
    );
    let (of_genome, _) = regions(
        here,
        "chr1\t3000\t3550\n",
        &["--report", "windows", "--stride", "175"],
    );
    assert_eq!(
        windows[1..4]
            .iter()
            .map(|row| scores(row))
            .collect::<Vec<_>>(),
        of_genome.iter().map(|row| scores(row)).collect::<Vec<_>>()
    );
    fs::write(
        here.join("turned.fa"),
        format!(">chr2:500-700(-)\n{}\n>given\n{0}\n", turned(&other)),
    )
    .expect("a writable directory");
    let (rows, _) = table(here, &["--fasta", "turned.fa", "--strands", "forward"]);
    assert_eq!(scores(&rows[0]), scores(&rows[1]));
}

#[test]
fn regions_outside_the_genome_have_no_score() {
    let toy = with_model();
    let here = toy.path();
    let text = "chr1\t1000\t1200\ta\nchr1\t44900\t45100\tpast\nchr1\t99000\t99200\tfar\n\
                chrUn_1\t100\t300\tunknown\nchr2\t2000\t2200\tb\n";
    let (rows, said) = regions(here, text, &[]);
    let missing: Vec<bool> = rows.iter().map(|row| scores(row) == "NA\tNA").collect();
    assert_eq!(missing, [false, true, true, true, false]);
    says(
        &said,
        &[
            "warning: no score for 3 of 5 regions of regions.bed",
            "2 beyond the ends of their chromosomes (first: line 2, chr1:44900-45100; the chromosome has 45,000 bp)",
            "1 on chromosomes that the genome lacks (chrUn_1)",
            "5 rows written, 3 of them without a score",
        ],
    );
    let words = [
        "predict",
        "--model",
        "multi",
        "--regions",
        "regions.bed",
        "--genome",
        "genome.fa",
        "--out",
        "scores.tsv",
        "--refuse-outside",
    ];
    says(
        &refuses(here, &words),
        &["regions.bed, line 2", "45000 bp", "wrong genome build?"],
    );
    // So have those that begin before the first base.
    let text = "chr1\t-40\t160\ta\nchr1\t1000\t1200\tb\nchr1\t-90\t-10\tc\n";
    let (rows, said) = regions(here, text, &[]);
    let missing: Vec<bool> = rows.iter().map(|row| scores(row) == "NA\tNA").collect();
    assert_eq!(missing, [true, false, true]);
    // They stand in the table as the file has them.
    assert!(rows[0].starts_with("chr1\t-40\t160\ta\t"), "{}", rows[0]);
    assert!(rows[2].starts_with("chr1\t-90\t-10\tc\t"), "{}", rows[2]);
    says(
        &said,
        &[
            "warning: no score for 2 of 3 regions of regions.bed",
            "2 beyond the ends of their chromosomes (first: line 1, chr1:-40-160",
        ],
    );
    says(
        &refuses(here, &words),
        &["regions.bed, line 1: expected a start of at least 0, found -40"],
    );
    // A place between two bases is no region to score.
    let text = "chr1\t1000\t1200\ta\nchr1\t1100\t1100\tb\n";
    let (rows, said) = regions(here, text, &[]);
    assert_eq!(rows[1], "chr1\t1100\t1100\tb\tNA\tNA");
    assert_ne!(scores(&rows[0]), "NA\tNA");
    says(
        &said,
        &[
            "warning: no score for 1 region of regions.bed without a base",
            "line 2",
        ],
    );
    // Names in another encoding are said with what mends them.
    fs::write(here.join("regions.bed"), b"chr1\t1000\t1200\tr\xe9gion\n").expect("writable");
    says(
        &refuses(here, &words),
        &["regions.bed, line 1: expected a name in UTF-8", "iconv"],
    );
    // Chromosomes of the other style: no region is left.
    fs::write(here.join("regions.bed"), "1\t1000\t1200\n2\t1000\t1200\n")
        .expect("a writable directory");
    says(
        &refuses(here, &words[..9]),
        &[
            "expected regions of the genome",
            "(1, 2)",
            "with the prefix chr",
        ],
    );
}

#[test]
fn a_summit_is_the_centre_of_the_window() {
    let toy = with_model();
    let here = toy.path();
    let peaks = "chr1\t1000\t1100\tp1\t0\t.\t5\t-1\t-1\t20\n\
                 chr1\t2000\t2100\tp2\t0\t.\t5\t-1\t-1\t-1\n";
    let (by_content, said) = regions(here, peaks, &[]);
    says(
        &said,
        &["the window around their summit (1) or centre was scored"],
    );
    fs::write(here.join("p.narrowPeak"), peaks).expect("a writable directory");
    let (by_name, _) = table(
        here,
        &["--regions", "p.narrowPeak", "--genome", "genome.fa"],
    );
    assert_eq!(by_content, by_name);
    let (windows, _) = regions(here, "chr1\t920\t1120\nchr1\t1950\t2150\n", &[]);
    for (row, window) in by_name.iter().zip(&windows) {
        assert_eq!(scores(row), scores(window));
    }
    assert!(by_name[0].starts_with("chr1\t1000\t1100\tp1\t"));
}

#[test]
fn a_prior_makes_probabilities_those_of_other_shares() {
    let toy = with_model();
    let here = toy.path();
    let text = "chr1\t1000\t1200\n";
    let (plain, _) = regions(here, text, &[]);
    let (changed, _) = regions(here, text, &["--prior", "0.01"]);
    let first = |row: &str| -> f64 {
        let score = scores(row).split('\t').next().expect("a score");
        score.parse().expect("a number")
    };
    assert!(first(&changed[0]) < first(&plain[0]));
    let words = [
        "predict",
        "--model",
        "multi",
        "--regions",
        "regions.bed",
        "--genome",
        "genome.fa",
        "--prior",
        "0.01",
        "--out",
        "scores.tsv",
    ];
    succeeds(here, &words);
    says(
        &fs::read_to_string(here.join("scores.tsv")).expect("a table"),
        &["# score: probability of binding where 0.01 of the regions are bound (prior)"],
    );
    let mut wrong = words;
    wrong[8] = "1.5";
    wrong[10] = "other.tsv";
    says(
        &refuses(here, &wrong),
        &["--prior: expected a share above 0 and below 1, found 1.5"],
    );
}

#[test]
fn bgzip_without_its_end_is_read_with_a_warning() {
    let toy = with_model();
    let here = toy.path();
    let mut writer = bindscape_base::bgzf::Writer::new(Vec::new());
    writer
        .write_all(b"chr1\t1000\t1200\nchr2\t1000\t1200\n")
        .expect("memory");
    let whole = writer.finish().expect("memory");
    fs::write(here.join("whole.bed.gz"), &whole).expect("a writable directory");
    fs::write(here.join("cut.bed.gz"), &whole[..whole.len() - 28]).expect("a writable directory");
    let (expected, said) = table(
        here,
        &["--regions", "whole.bed.gz", "--genome", "genome.fa"],
    );
    assert!(!said.contains("end-of-file"), "{said}");
    let (rows, said) = table(here, &["--regions", "cut.bed.gz", "--genome", "genome.fa"]);
    assert_eq!(rows, expected);
    says(
        &said,
        &["warning: cut.bed.gz lacks the end-of-file block of bgzip: it was read"],
    );
}

#[test]
fn an_assembly_goes_by_several_names() {
    let toy = toy::directory();
    let here = toy.path();
    fs::copy(here.join("genome.fa"), here.join("mm10.fa")).expect("a writable directory");
    succeeds(here, &toy::build_with("--build", "hg38"));
    let mut other = toy::build_with("--build", "GRCh38.p14");
    *other.last_mut().expect("the output") = "other.parquet";
    succeeds(here, &other);
    let mut named = toy::build_with("--build", "hg38");
    let genome = named
        .iter()
        .position(|word| *word == "genome.fa")
        .expect("the genome");
    named[genome] = "mm10.fa";
    says(
        &succeeds(here, &named),
        &["warning: mm10.fa is named after mm10, and the build is called hg38"],
    );
    succeeds(here, &[toy::PRETRAIN, &["multi"]].concat());
    let said = succeeds(
        here,
        &[
            "evaluate",
            "--model",
            "multi",
            "--matrix",
            "other.parquet",
            "--genome",
            "genome.fa",
            "--resamples",
            "0",
        ],
    );
    assert!(!said.contains("genome build"), "{said}");
    fs::write(here.join("regions.bed"), "chr1\t1000\t1200\n").expect("a writable directory");
    let (_, said) = table(here, &["--regions", "regions.bed", "--genome", "mm10.fa"]);
    says(
        &said,
        &["warning: the model was trained on hg38, and mm10.fa is named after mm10"],
    );
}
