//! `matrix build` from single files.

use super::{bindscape, refuses, says, succeeds};

/// One file of accessible regions and one of peaks: a matrix, without a sample sheet.
#[test]
fn one_file_of_each_kind_makes_a_matrix() {
    let directory = tempfile::tempdir().expect("a directory");
    let here = directory.path();
    let write = |name: &str, text: &str| std::fs::write(here.join(name), text).expect("writable");
    write(
        "atac.bed",
        "chr1\t1000\t1200\nchr1\t3000\t3200\nchr1\t5000\t5200\n",
    );
    write(
        "max.narrowPeak",
        "chr1\t1050\t1150\tp1\t100\t.\t5\t9\t8\t50\nchr1\t5000\t5100\tp2\t100\t.\t5\t9\t8\t90\n",
    );
    write("jund.bed", "chr1\t3080\t3120\n");
    let run = |words: &str| {
        let words: Vec<&str> = words.split_whitespace().collect();
        succeeds(here, &words)
    };
    let told =
        run("matrix build --accessible atac.bed --peaks MAX=max.narrowPeak --out one.parquet");
    says(&told, &["wrote one.parquet: 3 regions x 1 TF"]);
    run(
        "matrix build --accessible K562=atac.bed --peaks MAX:K562=max.narrowPeak \
         --peaks JUND:K562=jund.bed --out two.parquet",
    );
    let output = bindscape(here, &["matrix", "inspect", "two.parquet"]);
    let table = String::from_utf8(output.stdout).expect("UTF-8");
    says(&table, &["MAX\t2\t1\t", "JUND\t1\t2\t"]);
    let refused = |words: &str| {
        let words: Vec<&str> = words.split_whitespace().collect();
        refuses(here, &words)
    };
    says(
        &refused("matrix build --accessible atac.bed --peaks max.narrowPeak --out x.parquet"),
        &[
            "--peaks: expected TF=BED",
            "`max.narrowPeak`",
            "name the TF",
        ],
    );
    says(
        &refused("matrix build --peaks MAX=max.narrowPeak --out x.parquet"),
        &["--accessible"],
    );
    // Sites are asked for where they are said to count.
    says(
        &refused(
            "matrix build --accessible atac.bed --peaks MAX=max.narrowPeak --evidence chip+tfbs \
             --out x.parquet",
        ),
        &["predicted binding sites", "--evidence chip"],
    );
}

/// JASPAR names dimers with two colons; a single one stands before the cell.
#[test]
fn dimers_keep_their_names() {
    let directory = tempfile::tempdir().expect("a directory");
    let here = directory.path();
    let write = |name: &str, text: &str| std::fs::write(here.join(name), text).expect("writable");
    write("atac.bed", "chr1\t1000\t1200\nchr1\t3000\t3200\n");
    write("dimer.bed", "chr1\t1080\t1120\n");
    write("max.bed", "chr1\t3080\t3120\n");
    for (accessible, dimer, max) in [
        ("atac.bed", "ARNT::HIF1A=dimer.bed", "MAX=max.bed"),
        (
            "K562=atac.bed",
            "ARNT::HIF1A:K562=dimer.bed",
            "MAX:K562=max.bed",
        ),
    ] {
        let words = [
            "matrix",
            "build",
            "--accessible",
            accessible,
            "--peaks",
            dimer,
            "--peaks",
            max,
        ];
        // Names in lists may have blanks around them.
        let more = ["--tfs", "ARNT::HIF1A, MAX", "--out", "m.parquet"];
        succeeds(here, &[&words[..], &more].concat());
        let output = bindscape(here, &["matrix", "inspect", "m.parquet"]);
        let table = String::from_utf8(output.stdout).expect("UTF-8");
        says(&table, &["ARNT::HIF1A\t1\t1\t", "MAX\t1\t1\t"]);
    }
}
