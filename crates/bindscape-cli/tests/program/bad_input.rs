//! Wrong input ends with a message that names the input, the place, what was
//! expected and found, and a hint; with status 2; and with nothing half-written.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use crate::toy::{self, BUILD, build_with};
use crate::{bindscape, command, refuses, says, succeeds};

/// Replaces the text of a file by what `change` makes of its lines.
fn edit(directory: &Path, name: &str, change: impl FnOnce(&mut Vec<String>)) {
    let path = directory.join(name);
    let text = fs::read_to_string(&path).expect("a file to edit");
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    change(&mut lines);
    fs::write(&path, lines.join("\n") + "\n").expect("a writable file");
}

#[test]
fn a_value_that_is_not_one_of_its_option() {
    let here = tempfile::tempdir().expect("a temporary directory");
    let words = ["motif", "convert", "m.txt", "--to", "memee", "--out", "-"];
    says(
        &refuses(here.path(), &words),
        &[
            "error: --to: format: expected one of meme, jaspar",
            "found \"memee\"",
            "hint: did you mean meme?",
        ],
    );
    // A number that the plan refuses, before any file is read.
    let words = [
        "pretrain", "--matrix", "m", "--genome", "g", "--out", "o", "--epochs", "0",
    ];
    says(
        &refuses(here.path(), &words),
        &["error: --epochs: expected at least 1, found 0"],
    );
    let words = "evaluate --model m --matrix m.parquet --genome g --pwm --pwm-out x --out x";
    says(
        &refuses(here.path(), &words.split(' ').collect::<Vec<_>>()),
        &["error: --pwm-out: expected another file than that of --out, found x"],
    );
    // What the parser of arguments finds itself is in its words.
    let words = ["protein", "cluster", "--min-identity", "much"];
    says(
        &refuses(here.path(), &words),
        &["invalid value 'much'", "--min-identity"],
    );
}

#[test]
fn unsorted_peaks() {
    let toy = toy::directory();
    edit(toy.path(), "peaks.bed", |lines| lines.swap(3, 4));
    let message = refuses(toy.path(), BUILD);
    says(
        &message,
        &["peaks.bed, line 5", "sort -k1,1 -k2,2n", "--unsorted"],
    );
    let mut words = BUILD.to_vec();
    words.push("--unsorted");
    succeeds(toy.path(), &words);
}

#[test]
fn malformed_bed() {
    let toy = toy::directory();
    edit(toy.path(), "dhs.bed", |lines| {
        lines[6] = "chr1\tten\t300\t1\t1,".into();
    });
    says(
        &refuses(toy.path(), BUILD),
        &["dhs.bed, line 7", "start", "ten"],
    );
}

#[test]
fn chromosome_that_the_genome_lacks() {
    let toy = toy::directory();
    edit(toy.path(), "peaks.bed", |lines| {
        lines.push("chrUn_1\t5\t50\tE.MAX.K562\t0\t.\t20\t21\t0,0,0".into());
    });
    says(
        &succeeds(toy.path(), BUILD),
        &[
            "ChIP-seq peaks on chromosomes that the genome lacks",
            "warning: ChIP-seq peaks: 1 dropped on chromosomes that the genome lacks (chrUn_1 (1 interval))",
        ],
    );
    let mut words = BUILD.to_vec();
    let last = words.len() - 1;
    words[last] = "other.parquet";
    words.push("--refuse-outside");
    says(
        &refuses(toy.path(), &words),
        &["peaks.bed", "chrUn_1", "--refuse-outside"],
    );
}

#[test]
fn wrong_genome_build() {
    let toy = toy::directory();
    // Another build: chromosome 2 ends before its last regions.
    let genome = fs::read_to_string(toy.path().join("genome.fa")).expect("the genome");
    let cut = genome.len() - 2000;
    fs::write(toy.path().join("other.fa"), &genome[..cut]).expect("a writable directory");
    let mut refusing = build_with("--genome", "other.fa");
    refusing.push("--refuse-outside");
    says(
        &refuses(toy.path(), &refusing),
        &["dhs.bed, line", "chr2", "build"],
    );
    says(
        &succeeds(toy.path(), &build_with("--genome", "other.fa")),
        &[
            "warning: accessible intervals: ",
            "chr2",
            "another genome build?",
        ],
    );
    succeeds(toy.path(), BUILD);
    let message = succeeds(
        toy.path(),
        &[
            "pretrain",
            "--matrix",
            "matrix.parquet",
            "--genome",
            "other.fa",
            "--tfs",
            "MAX,JUND",
            "--epochs",
            "1",
            "--resamples",
            "0",
            "--out",
            "run",
        ],
    );
    says(
        &message,
        &[
            "regions lie past the end of their chromosome (the first: chr2:",
            "dropped: sequence with unknown bases (N)",
            "another genome build?",
        ],
    );
}

#[test]
fn tf_that_is_not_in_the_matrix() {
    let toy = toy::directory();
    succeeds(toy.path(), BUILD);
    let message = refuses(
        toy.path(),
        &[
            "pretrain",
            "--matrix",
            "matrix.parquet",
            "--genome",
            "genome.fa",
            "--tfs",
            "MAX,JUNDD",
            "--out",
            "run",
        ],
    );
    says(&message, &["--tfs", "JUNDD", "did you mean JUND?"]);
}

#[test]
fn cell_without_accessibility() {
    let toy = toy::directory();
    edit(toy.path(), "sources.tsv", |lines| {
        lines[0] = "1\tK-562".into()
    });
    says(
        &refuses(toy.path(), BUILD),
        &[
            "K562",
            "K-562",
            "--aliases",
            "--skip-cells-without-accessibility",
        ],
    );
    fs::write(toy.path().join("aliases.tsv"), "alias\tcell\nK562\tK-562\n")
        .expect("a writable directory");
    let mut words = BUILD.to_vec();
    words.extend(["--aliases", "aliases.tsv"]);
    succeeds(toy.path(), &words);
}

#[test]
fn truncated_gzip() {
    let toy = toy::directory();
    toy::gzip(toy.path(), "peaks.bed");
    let path = toy.path().join("peaks.bed.gz");
    let bytes = fs::read(&path).expect("the compressed peaks");
    fs::write(&path, &bytes[..bytes.len() / 2]).expect("a writable file");
    says(
        &refuses(toy.path(), &build_with("--chip", "peaks.bed.gz")),
        &["peaks.bed.gz", "truncated", "hint:"],
    );
}

#[test]
fn damaged_matrix() {
    let toy = toy::directory();
    succeeds(toy.path(), BUILD);
    let path = toy.path().join("matrix.parquet");
    let bytes = fs::read(&path).expect("the matrix");
    fs::write(&path, &bytes[..bytes.len() - 100]).expect("a writable file");
    says(
        &refuses(toy.path(), &["matrix", "inspect", "matrix.parquet"]),
        &["matrix.parquet", "Parquet", "hint:"],
    );
}

#[test]
fn damaged_model() {
    let toy = toy::directory();
    fs::write(toy.path().join("model.safetensors"), vec![7u8; 5000]).expect("a writable directory");
    says(
        &refuses(
            toy.path(),
            &[
                "predict",
                "--model",
                "model.safetensors",
                "--fasta",
                "genome.fa",
            ],
        ),
        &["model.safetensors", "safetensors", "hint:"],
    );
}

#[test]
fn a_directory_with_other_files() {
    let toy = toy::directory();
    succeeds(toy.path(), BUILD);
    fs::create_dir(toy.path().join("run")).expect("a writable directory");
    fs::write(toy.path().join("run/thesis.tex"), "precious").expect("a writable directory");
    says(
        &refuses(
            toy.path(),
            &[
                "pretrain",
                "--matrix",
                "matrix.parquet",
                "--genome",
                "genome.fa",
                "--tfs",
                "MAX,JUND",
                "--out",
                "run",
            ],
        ),
        &["run", "another --out"],
    );
}

#[test]
fn full_disk() {
    let toy = toy::directory();
    succeeds(toy.path(), BUILD);
    let Ok(full) = fs::OpenOptions::new().write(true).open("/dev/full") else {
        eprintln!("skipped: this system has no /dev/full");
        return;
    };
    let output = command(toy.path(), &["matrix", "inspect", "matrix.parquet"])
        .stdout(Stdio::from(full))
        .output()
        .expect("the program was built");
    assert_eq!(output.status.code(), Some(2));
    says(
        &String::from_utf8_lossy(&output.stderr),
        &["cannot write", "No space left", "free space"],
    );
}

/// A small file system that is full, where this user may mount one.
#[cfg(target_os = "linux")]
#[test]
fn full_disk_leaves_nothing_half_written() {
    let toy = toy::directory();
    let small = toy.path().join("small");
    fs::create_dir(&small).expect("a writable directory");
    let mounted = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"])
        .arg(&small)
        .output()
        .is_ok_and(|output| output.status.success());
    if !mounted {
        eprintln!("skipped: this user may not mount a small file system");
        return;
    }
    // Writing fails half-way: that is the point.
    let _ = fs::write(small.join("filler"), vec![1; 1 << 20]);
    let output = bindscape(toy.path(), &build_with("--out", "small/matrix.parquet"));
    let left = fs::read_dir(&small).expect("the small file system").count();
    let unmounted = std::process::Command::new("umount").arg(&small).status();
    assert!(unmounted.is_ok_and(|status| status.success()));
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(left, 1, "something was left beside the filler");
    says(
        &String::from_utf8_lossy(&output.stderr),
        &[
            "cannot write small/matrix.parquet",
            "No space left",
            "free space",
        ],
    );
}

#[test]
fn a_file_in_place_of_the_directory_of_sites() {
    let toy = toy::directory();
    let build = toy::build_with("--tfbs", "unibind/EXP0.K562.MAX.pwm.bed");
    says(
        &refuses(toy.path(), &build),
        &[
            "EXP0.K562.MAX.pwm.bed",
            "expected a directory of files named like EXPERIMENT.CELL.TF.pwm.bed.gz, found a file",
            "--samples",
        ],
    );
}

/// Names in another encoding than UTF-8 would all become one.
#[test]
fn names_in_another_encoding() {
    let toy = toy::directory();
    let here = toy.path();
    let put = |name: &str, bytes: &[u8]| fs::write(here.join(name), bytes).expect("writable");
    put(
        "latin.bed",
        b"chr1\t1000\t1100\tE1.PROT\xc9.K562\t0\t.\t1050\t1051\t0\n",
    );
    let build = toy::build_with("--chip", "latin.bed");
    says(
        &refuses(here, &build),
        &["latin.bed, line 1", "UTF-8", "iconv"],
    );
    put("latin.fa", b">a\xe9\nTTTCACGTGTTT\n>a\xea\nCACGTGCACGTG\n");
    put(
        "m.meme",
        b"MEME version 4\n\nMOTIF P\nletter-probability matrix:\n0.1 0.2 0.3 0.4\n",
    );
    let scan = ["motif", "scan", "--motifs", "m.meme", "latin.fa"];
    says(
        &refuses(here, &scan),
        &["latin.fa, line 1", "UTF-8", "iconv"],
    );
    put(
        "l.meme",
        b"MEME version 4\n\nMOTIF P\xe9\nletter-probability matrix:\n0.1 0.2 0.3 0.4\n",
    );
    let convert = ["motif", "convert", "--to", "jaspar", "l.meme"];
    says(
        &refuses(here, &convert),
        &["l.meme", "an id in UTF-8", "iconv"],
    );
    // What is no name may be of any encoding.
    put("note.fa", b">a caf\xe9\nTTTCACGTGTTT\n");
    succeeds(here, &["motif", "scan", "--motifs", "m.meme", "note.fa"]);
}

/// Cells that are left out may be those of the regions, spelled otherwise.
#[test]
fn cells_left_out_for_their_spelling() {
    let toy = toy::directory();
    let here = toy.path();
    let peaks = fs::read_to_string(here.join("peaks.bed")).expect("peaks");
    fs::write(here.join("other.bed"), peaks.replace("K562", "k562")).expect("writable");
    let mut build = toy::build_with("--chip", "other.bed");
    build.push("--skip-cells-without-accessibility");
    says(&refuses(here, &build), &["k562 and K562", "--aliases"]);
}

/// A signal looks like BED, and has no peaks.
#[test]
fn a_signal_in_place_of_peaks() {
    let toy = toy::directory();
    let text = "track type=bedGraph\nchr1\t0\t1000\t0\nchr1\t1000\t1050\t3\n";
    fs::write(toy.path().join("s.bdg"), text).expect("writable");
    let build = toy::build_with("--chip", "s.bdg");
    says(
        &refuses(toy.path(), &build),
        &["s.bdg", "bedGraph", "peak caller"],
    );
}

/// Tables whose names end in `.gz` are compressed by blocks, whatever the command.
#[test]
fn compressed_outputs() {
    let toy = toy::with_matrix();
    let here = toy.path();
    fs::write(
        here.join("m.meme"),
        "MEME version 4\n\nMOTIF P\nletter-probability matrix:\n0.1 0.2 0.3 0.4\n",
    )
    .expect("writable");
    for words in [
        &["matrix", "similarity", "matrix.parquet", "--out", "o.gz"][..],
        &[
            "motif", "convert", "--to", "meme", "m.meme", "--out", "o.gz",
        ],
        &[
            "motif",
            "scan",
            "--motifs",
            "m.meme",
            "genome.fa",
            "--out",
            "o.gz",
        ],
    ] {
        succeeds(here, words);
        let bytes = fs::read(here.join("o.gz")).expect("an output");
        assert!(bytes.starts_with(&[0x1f, 0x8b]), "{words:?}");
        assert_eq!(&bytes[12..14], b"BC", "{words:?}: tabix needs blocks");
    }
}
