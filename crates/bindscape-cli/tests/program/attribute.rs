//! Attributions of a small network, from files to files.

use std::fmt::Write as _;
use std::io::Read as _;
use std::path::Path;

use flate2::read::DeflateDecoder;

use crate::toy::draws;
use crate::{bindscape, refuses, says, succeeds};

const LENGTH: usize = 200;

/// A directory with `m.safetensors`, a network of TFs A, B and C.
fn directory() -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a temporary directory");
    import(directory.path(), "A,B,C");
    directory
}

/// Writes `m.safetensors`, a network of three TFs.
fn import(here: &Path, tfs: &str) {
    let weights = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../bindscape-nn/tests/golden/pytorch_small.safetensors");
    let weights = weights.to_str().expect("a path in UTF-8");
    let import = ["model", "import", weights, "--tfs", tfs];
    succeeds(here, &[&import[..], &["--out", "m.safetensors"]].concat());
}

fn sequence(seed: u64) -> String {
    let mut draw = draws(seed);
    (0..LENGTH).map(|_| b"ACGT"[draw() % 4] as char).collect()
}

fn turned(sequence: &str) -> String {
    let other = |letter| match letter {
        'A' => 'T',
        'C' => 'G',
        'G' => 'C',
        _ => 'A',
    };
    sequence.chars().rev().map(other).collect()
}

fn write_fasta(path: &Path, sequences: &[String]) {
    let mut text = String::new();
    for (number, sequence) in sequences.iter().enumerate() {
        writeln!(text, ">s{number}\n{sequence}").expect("text grows");
    }
    std::fs::write(path, text).expect("written");
}

/// The header and the data of the array in an archive.
fn array(path: &Path) -> (String, Vec<u8>) {
    let archive = std::fs::read(path).expect("an archive");
    let two = |at: usize| usize::from(u16::from_le_bytes([archive[at], archive[at + 1]]));
    let name = 30..30 + two(26);
    assert_eq!(&archive[name.clone()], b"arr_0.npy");
    let mut bytes = Vec::new();
    DeflateDecoder::new(&archive[name.end + two(28)..])
        .read_to_end(&mut bytes)
        .expect("deflated data");
    let header = usize::from(u16::from_le_bytes([bytes[8], bytes[9]])) + 10;
    let text = String::from_utf8_lossy(&bytes[10..header]).into_owned();
    (text, bytes.split_off(header))
}

fn numbers(path: &Path) -> Vec<f32> {
    let (_, bytes) = array(path);
    let (numbers, []) = bytes.as_chunks::<4>() else {
        panic!("half a number");
    };
    numbers.iter().copied().map(f32::from_le_bytes).collect()
}

fn rows(path: &Path) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(path).expect("a table");
    let rows = text.lines().filter(|line| !line.starts_with('#'));
    rows.map(|row| row.split('\t').map(str::to_owned).collect())
        .collect()
}

fn words<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let mut words = vec!["attribute", "--model", "m.safetensors"];
    words.extend(["--fasta", "s.fa", "--tf", "B", "--threads", "2"]);
    words.extend(more);
    words
}

#[test]
fn arrays_a_table_and_a_page() {
    let directory = directory();
    let here = directory.path();
    let mut unknown = sequence(3);
    unknown.replace_range(70..71, "N");
    let all = [
        sequence(1),
        unknown,
        turned(&sequence(1)),
        "ACGT".to_owned(),
        sequence(2),
    ];
    write_fasta(&here.join("s.fa"), &all);
    let said = succeeds(here, &words(&["--out", "out", "--show", "2"]));
    says(
        &said,
        &[
            "3 windows",
            "2 windows not attributed",
            "miss the differences",
        ],
    );

    let (header, one_hot) = array(&here.join("out/one-hot.npz"));
    says(&header, &["'|i1'", "(3, 4, 200)"]);
    let (header, _) = array(&here.join("out/contributions.npz"));
    says(&header, &["'<f4'", "(3, 4, 200)"]);
    let hypothetical = numbers(&here.join("out/contributions.npz"));
    let window = 4 * LENGTH;
    // The third record is the other strand of the first.
    let mut reversed = hypothetical[window..2 * window].to_vec();
    reversed.reverse();
    assert_eq!(hypothetical[..window], reversed[..]);
    let mut reversed = one_hot[window..2 * window].to_vec();
    reversed.reverse();
    assert_eq!(one_hot[..window], reversed[..]);

    let table = rows(&here.join("out/regions.tsv"));
    let column = |name: &str| {
        table[0]
            .iter()
            .position(|own| own == name)
            .expect("a column")
    };
    let index: Vec<&str> = table[1..]
        .iter()
        .map(|row| &row[column("index")][..])
        .collect();
    assert_eq!(index, ["0", "NA", "1", "NA", "2"]);
    for (row, number) in [(1, 0), (3, 1), (5, 2)] {
        let cell = |name: &str| -> f64 { table[row][column(name)].parse().expect("a number") };
        let own = number * window..(number + 1) * window;
        let pairs = hypothetical[own.clone()].iter().zip(&one_hot[own]);
        let sum: f64 = pairs.map(|(&h, &x)| f64::from(h) * f64::from(x)).sum();
        let difference = cell("logit") - cell("mean_reference_logit");
        assert!((sum - difference).abs() < 1e-5, "{sum} {difference}");
        assert!(cell("largest_delta") < 1e-5);
    }
    let page = std::fs::read_to_string(here.join("out/contributions.html")).expect("a page");
    assert_eq!(page.matches("<section").count(), 2);

    // One thread, other order: the same numbers.
    let mut other = all.clone();
    other.reverse();
    write_fasta(&here.join("s.fa"), &other);
    let mut alone = words(&["--out", "other", "--show", "0"]);
    let place = alone.iter().position(|word| *word == "2").expect("threads");
    alone[place] = "1";
    succeeds(here, &alone);
    let backwards = numbers(&here.join("other/contributions.npz"));
    let windows = backwards.chunks(window).rev().flatten().copied();
    assert_eq!(windows.collect::<Vec<f32>>(), hypothetical);
    assert!(!here.join("other/contributions.html").exists());
}

#[test]
fn every_method_and_reference() {
    let directory = directory();
    let here = directory.path();
    write_fasta(&here.join("s.fa"), &[sequence(1)]);
    write_fasta(&here.join("r.fa"), &[sequence(4), sequence(5)]);
    for (number, options) in [
        "--method integrated-gradients --reference zero --steps 200",
        "--method ism",
        "--method ism --raw",
        "--method saliency --strands forward",
        "--reference mononucleotide --references 3 --seed 7",
        "--reference-fasta r.fa",
    ]
    .iter()
    .enumerate()
    {
        let out = format!("out{number}");
        let mut words = words(&["--out", &out]);
        words.extend(options.split(' '));
        let said = succeeds(here, &words);
        assert!(!said.contains("warning"), "{said}");
        let table = rows(&here.join(&out).join("regions.tsv"));
        let compared = !options.contains("ism") && !options.contains("saliency");
        assert_eq!(table[1][8] != "NA", compared, "{options}");
    }
    let said = succeeds(here, &words(&["--out", "last", "--raw", "--steps", "3"]));
    says(&said, &["--raw has no effect", "--steps has no effect"]);
}

#[test]
fn unbound_regions_are_references() {
    let directory = crate::toy::with_matrix();
    let here = directory.path();
    import(here, "MAX,JUND,B");
    let all = [sequence(1), turned(&sequence(1)), "G".repeat(LENGTH)];
    write_fasta(&here.join("s.fa"), &all);
    let attribute = |more: &[&'static str]| {
        let words = "attribute --model m.safetensors --fasta s.fa --threads 2 --show 0";
        [words.split(' ').collect(), more.to_vec()].concat()
    };
    let matrix = "--reference unbound --references 5 --matrix matrix.parquet";
    let matrix: Vec<&str> = matrix.split(' ').collect();
    let with = |more: &[&'static str]| attribute(&[&matrix[..], more].concat());
    let genome = ["--genome", "genome.fa", "--tf"];
    let said = succeeds(
        here,
        &with(&[&genome[..], &["MAX", "--out", "max"]].concat()),
    );
    says(
        &said,
        &["too few unbound regions have the GC content of 1 window to within 2.5%"],
    );
    let table = std::fs::read_to_string(here.join("max/regions.tsv")).expect("a table");
    says(
        &table,
        &[
            "5 unbound regions of matrix.parquet with the GC content of each sequence, seed 1",
            "# matrix: matrix.parquet, sha256 ",
            "# genome of the matrix: genome.fa, sha256 ",
        ],
    );
    // The strands of a sequence have references that are each other's strands.
    let found = numbers(&here.join("max/contributions.npz"));
    let window = 4 * LENGTH;
    let mut turned = found[window..2 * window].to_vec();
    turned.reverse();
    assert_eq!(found[..window], turned[..]);
    // Another TF is not bound elsewhere, and another seed draws others.
    for (out, more) in [
        ("jund", ["JUND", "--seed", "1"]),
        ("seed", ["MAX", "--seed", "2"]),
    ] {
        succeeds(here, &with(&[&genome[..], &more, &["--out", out]].concat()));
        let mean = |out: &str| rows(&here.join(out).join("regions.tsv"))[1][8].clone();
        assert_ne!(mean("max"), mean(out));
    }

    let max = ["--tf", "MAX", "--out", "not"];
    says(
        &refuses(here, &with(&max)),
        &["--sequences: expected a FASTA file or --genome", "--matrix"],
    );
    let without = attribute(&[&["--reference", "unbound"][..], &max].concat());
    says(
        &refuses(here, &without),
        &["--matrix: expected a binding matrix"],
    );
    let otherwise = [
        &["--matrix", "matrix.parquet", "--genome", "genome.fa"][..],
        &max,
    ]
    .concat();
    says(
        &refuses(here, &attribute(&otherwise)),
        &["--reference: expected `unbound`"],
    );
    let unknown = with(&[&genome[..], &["B", "--out", "not"]].concat());
    says(&refuses(here, &unknown), &["matrix.parquet", "B"]);
    let many = ["--references", "900", "--tf", "MAX", "--out", "not"];
    let many = [&matrix[..2], &matrix[4..], &genome[..2], &many].concat();
    says(
        &refuses(here, &attribute(&many)),
        &["matrix.parquet: expected at least 902 regions that are unbound by MAX"],
    );
}

#[test]
fn wrong_input_is_refused() {
    let directory = directory();
    let here = directory.path();
    write_fasta(&here.join("s.fa"), &[sequence(1)]);
    let model = [
        "attribute",
        "--model",
        "m.safetensors",
        "--fasta",
        "s.fa",
        "--out",
        "out",
    ];
    says(
        &refuses(here, &model),
        &["--tf", "a model of 3", "model inspect"],
    );
    let other = [&model[..], &["--tf", "D"]].concat();
    says(
        &refuses(here, &other),
        &["--tf", "a TF of the model", "\"D\""],
    );
    let none = words(&["--out", "out", "--references", "0"]);
    says(&refuses(here, &none), &["--references", "expected 1 to "]);
    std::fs::write(here.join("r.fa"), ">r\nACGT\n").expect("written");
    let short = words(&["--out", "out", "--reference-fasta", "r.fa"]);
    says(
        &refuses(here, &short),
        &["r.fa, line 1", "200 bp", "4 bp in `r`"],
    );
    std::fs::write(here.join("short.fa"), ">s\nACGT\n").expect("written");
    let nothing = [&model[..4], &["short.fa", "--tf", "B", "--out", "out"]].concat();
    says(
        &refuses(here, &nothing),
        &["short.fa", "windows of 200 bp", "none"],
    );
    std::fs::create_dir(here.join("full")).expect("made");
    std::fs::write(here.join("full/file"), "x").expect("written");
    let occupied = words(&["--out", "full"]);
    says(&refuses(here, &occupied), &["new or empty", "--out"]);
}

#[cfg(unix)]
#[test]
fn an_interrupted_command_continues_to_the_same_bytes() {
    let directory = directory();
    let here = directory.path();
    let all: Vec<String> = (0..1500).map(sequence).collect();
    write_fasta(&here.join("s.fa"), &all);
    let options = |out| words(&["--method", "ism", "--show", "3", "--out", out]);
    succeeds(here, &options("whole"));
    let mut command = crate::command(here, &options("parts"));
    let child = command
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the program was built");
    let unfinished = here.join("parts/unfinished.jsonl");
    let lines = || std::fs::read_to_string(&unfinished).map_or(0, |text| text.lines().count());
    while lines() < 3 {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    crate::stops(child);
    assert!(!here.join("parts/contributions.npz").exists());
    succeeds(here, &options("parts"));
    assert!(!unfinished.exists());
    for file in [
        "one-hot.npz",
        "contributions.npz",
        "regions.tsv",
        "contributions.html",
    ] {
        let bytes = |out: &str| std::fs::read(here.join(out).join(file)).expect("a file");
        assert!(bytes("whole") == bytes("parts"), "{file}");
    }
    let again = bindscape(here, &options("parts"));
    assert_eq!(again.status.code(), Some(2), "a finished directory is kept");
}
