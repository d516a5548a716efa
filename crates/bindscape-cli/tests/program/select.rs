//! Choosing pre-training TFs: the table of all choices, one choice, and the same choice in
//! pre-training.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::{bindscape, refuses, says, succeeds, toy};

/// The toy genome and regions with peaks of six TFs: `MAX` binds every third region, its `M`
/// relatives many of the same, `J` TFs others. Modes are those of `modes.tsv`, partners those of
/// `links.txt` with `info.txt`.
fn directory() -> tempfile::TempDir {
    let directory = toy::directory();
    let here = directory.path();
    let regions = fs::read_to_string(here.join("dhs.bed")).expect("regions");
    type Rule = fn(usize) -> bool;
    let tfs: [(&str, Rule); 6] = [
        ("MAX", |row| row % 3 == 0),
        ("MYC", |row| row % 6 == 0),
        ("MNT", |row| row % 4 == 0),
        ("USF1", |row| row % 5 == 0),
        ("JUND", |row| row % 3 == 1),
        ("SP1", |row| row % 3 == 0 && row % 2 == 0),
    ];
    let mut words = vec![
        "matrix".to_owned(),
        "build".to_owned(),
        "--build=hg38".to_owned(),
        "--accessible=K562=dhs.bed".to_owned(),
        "--out=matrix.parquet".to_owned(),
    ];
    for (tf, binds) in tfs {
        let mut peaks = String::new();
        for (row, line) in regions.lines().enumerate() {
            let fields: Vec<&str> = line.split('\t').collect();
            let start: u32 = fields[1].parse().expect("a start");
            if binds(row) {
                writeln!(peaks, "{}\t{}\t{}", fields[0], start + 80, start + 140)
                    .expect("text grows");
            }
        }
        fs::write(here.join(format!("{tf}.bed")), peaks).expect("a writable directory");
        words.push(format!("--peaks={tf}:K562={tf}.bed"));
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    succeeds(here, &words);
    let put = |name: &str, text: &str| {
        fs::write(here.join(name), text).expect("a writable directory");
    };
    put(
        "modes.tsv",
        "tf\tmodes\nMax\t7\nMyc\t7\nMNT\t7\nUSF1\t7\nJUND\t1,18\nSP1\t34\n",
    );
    put(
        "info.txt",
        "#string_protein_id\tpreferred_name\n9606.P1\tMAX\n9606.P2\tMYC\n9606.P3\tJUND\n9606.P4\tSP1\n",
    );
    put(
        "links.txt",
        "protein1 protein2 combined_score\n9606.P1 9606.P2 999\n9606.P1 9606.P3 400\n\
         9606.P4 9606.P1 500\n",
    );
    directory
}

/// Words of a choice for `MAX`.
const SELECT: [&str; 6] = [
    "select",
    "MAX",
    "--matrix",
    "matrix.parquet",
    "--modes",
    "modes.tsv",
];

/// Standard output and standard error of `select` with `more`.
fn select(here: &Path, more: &[&str]) -> (String, String) {
    let words = [&SELECT[..], more].concat();
    let output = bindscape(here, &words);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{told}");
    (String::from_utf8(output.stdout).expect("text"), told)
}

#[test]
fn all_choices_are_shown_beside_each_other() {
    let directory = directory();
    let here = directory.path();
    let (table, told) = select(here, &["--count", "2"]);
    let rows: Vec<Vec<&str>> = table
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split('\t').collect())
        .collect();
    assert_eq!(
        rows[0].join(" "),
        "strategy tfs modes cosines unresolved regions bound bound_of_mode predicted_gain rule"
    );
    let row = |strategy: &str| {
        let found = rows.iter().find(|row| row[0] == strategy);
        found.unwrap_or_else(|| panic!("no {strategy} in:\n{table}"))
    };
    // MAX binds 100 of 300 regions, 50 of them with MYC, which binds no other.
    let best = row("best-cosine:MAX");
    assert_eq!(best[1..5], ["MYC,SP1", "7;34", "0.7071,0.7071", "all"]);
    assert_eq!(best[5..8], ["300", "100", "50"]);
    assert_eq!(row("cofactors:MAX")[1], "SP1,JUND");
    assert_eq!(row("low-correlation:MAX")[1], "MNT,USF1");
    let all = row("all");
    assert_eq!((all[1].split(',').count(), all[4]), (6, "any"));
    // MYC 50, MNT 75 and USF1 60, but not MAX itself.
    assert_eq!(all[7], "185");
    assert!(
        !table.contains("partners:MAX"),
        "no file of STRING was named"
    );
    says(
        &told,
        &[
            "MAX: 100 bound regions; binding mode 7 of modes.tsv",
            "recommended: `pretrain` with --tfs all and --unresolved mask: 6 TFs on 300 regions, 185 ",
            "185 bound regions of other TFs that share a mode with MAX",
            "no set promises much, --tfs best-cosine:MAX most",
        ],
    );

    let (table, told) = select(here, &["--count", "2", "--out", "sets.tsv"]);
    assert_eq!(table, "");
    says(&told, &["wrote sets.tsv"]);
    let written = fs::read_to_string(here.join("sets.tsv")).expect("a table");
    assert_eq!(
        written.lines().filter(|l| !l.starts_with('#')).count(),
        rows.len()
    );

    // The same sets as a page.
    let (_, told) = select(here, &["--count", "2", "--page", "sets.html"]);
    says(&told, &["the page is sets.html"]);
    let page = fs::read_to_string(here.join("sets.html")).expect("a page");
    says(
        &page,
        &[
            "MAX has 100 bound regions in the matrix, and the binding mode 7 of modes.tsv",
            "best-cosine:MAX",
            "No set is expected to help by more than the prediction errs",
        ],
    );

    // A TF that is left out is in no set.
    let (table, _) = select(here, &["--count", "2", "--without", "SP1"]);
    assert!(!table.contains("SP1"), "{table}");

    // What is not possible has a row with the reason.
    let words = [
        "select",
        "JUND",
        "--matrix",
        "matrix.parquet",
        "--modes",
        "modes.tsv",
    ];
    let output = bindscape(here, &words);
    let table = String::from_utf8(output.stdout).expect("text");
    says(&table, &["mode:JUND\tNA", "alone in modes 1, 18"]);
}

#[test]
fn one_choice_is_shown_tf_by_tf() {
    let directory = directory();
    let here = directory.path();
    let string = ["--string", "links.txt", "--string-info", "info.txt"];
    let (table, told) = select(here, &[&["--tfs", "partners"], &string[..]].concat());
    says(
        &table,
        &[
            "# strategy: partners:MAX\n",
            "SP1\t34\tNA\t0.707107\t500\t300\t50\t50\tno\n",
            "JUND\t1,18\tNA\t0.000000\t400\t300\t100\t100\tno\n",
        ],
    );
    says(
        &told,
        &["2 TFs instead of 5", "300 regions resolved for all of them"],
    );
    let (table, _) = select(
        here,
        &[&["--tfs", "best-partners:MAX"], &string[..]].concat(),
    );
    says(&table, &["\nMYC\t7\t7\t0.707107\t999\t"]);
    // Three columns do without names of proteins.
    fs::write(here.join("own.tsv"), "tf\tpartner\tscore\nmax\tusf1\t0.5\n").expect("a table");
    let (table, _) = select(here, &["--tfs", "best-partners", "--string", "own.tsv"]);
    says(&table, &["\nUSF1\t7\t7\t"]);

    let refused = |more: &[&str]| refuses(here, &[&SELECT[..], more].concat());
    says(
        &refused(&["--tfs", "partners"]),
        &["--string: expected STRING's file of links", "--string-info"],
    );
    says(
        &refused(&["--tfs", "partners", "--string", "links.txt"]),
        &[
            "links.txt, line 2",
            "--string-info beside the file",
            "9606.protein.info",
        ],
    );
    says(
        &refused(&["--tfs", "mode:JUND"]),
        &["--tfs: expected a choice for MAX, found mode:JUND"],
    );
    says(&refused(&["--tfs", "cofactor"]), &["cofactor"]);
    says(
        &refused(&["--tfs", "cofactors", "--min-regions", "301"]),
        &[
            "--min-regions: expected cofactors:MAX to have 301 regions",
            "found 300",
        ],
    );
    says(
        &refuses(
            here,
            &[
                "select",
                "MAXX",
                "--matrix",
                "matrix.parquet",
                "--modes",
                "modes.tsv",
            ],
        ),
        &["\"MAXX\"", "did you mean MAX"],
    );
}

#[test]
fn pretraining_takes_the_same_choice_and_records_it() {
    let directory = directory();
    let here = directory.path();
    let (table, _) = select(here, &["--count", "3", "--with-target", "--tfs", "mode"]);
    let chosen: Vec<&str> = table
        .lines()
        .filter(|line| !line.starts_with('#'))
        .skip(1)
        .map(|line| line.split('\t').next().expect("a name"))
        .collect();
    assert_eq!((chosen.len(), chosen[0]), (3, "MAX"));
    let words = "pretrain --matrix matrix.parquet --genome genome.fa --tfs mode:MAX --modes modes.tsv \
                 --count 3 --with-target --epochs 1 --resamples 0 --out multi";
    let words: Vec<&str> = words.split_whitespace().collect();
    let told = succeeds(here, &words);
    says(
        &told,
        &[
            "3 TFs chosen: MAX, ",
            "that share a binding mode with the target, at random",
        ],
    );
    let run = fs::read(here.join("multi/run.json")).expect("a record");
    let run: serde_json::Value = serde_json::from_slice(&run).expect("JSON");
    assert_eq!(run["tfs"], serde_json::json!(chosen));
    let choice = &run["configuration"]["choice"];
    assert_eq!(choice["choice"]["around"]["target"], "MAX");
    assert_eq!(choice["target"]["modes"], serde_json::json!(["7"]));
    assert_eq!(choice["modes_from"], "modes.tsv");
    assert_eq!(choice["regions"], 300);
    assert_eq!(choice["tfs"][1]["shared"], serde_json::json!(["7"]));
    assert!(choice["tfs"][1]["cosine"].is_number(), "{choice}");
    let roles: Vec<&str> = run["inputs"]
        .as_array()
        .expect("inputs")
        .iter()
        .filter_map(|input| input["role"].as_str())
        .collect();
    assert_eq!(roles, ["matrix", "genome", "modes"]);
    // The same command goes on with the same run.
    succeeds(here, &words);
    says(
        &refuses(
            here,
            &[
                &words[..3],
                &[
                    "--genome",
                    "genome.fa",
                    "--tfs",
                    "all",
                    "--bury",
                    "6",
                    "--out",
                    "x",
                ],
            ]
            .concat(),
        ),
        &["--bury: expected TFs that are chosen for one TF, found --tfs all"],
    );
}
