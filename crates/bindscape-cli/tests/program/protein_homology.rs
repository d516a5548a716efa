//! `protein train --network homology`, and what uses its model.

use super::protein_model::{fasta, proteins};
use super::{command, refuses, says, succeeds};

/// FASTA and labels of families: mutated copies of [`proteins`], whose even ones are TFs. A
/// directory with `p.fa`, `l.tsv`, where the TFs bind DNA in `d.tsv` and, with a new member of each
/// family, `new.fa`.
fn prepared() -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    let founders: Vec<_> = proteins(60)
        .into_iter()
        .filter(|founder| founder.sequence.len() >= 80)
        .collect();
    let (mut known, mut new, mut labels) = (Vec::new(), Vec::new(), String::new());
    let mut domains = "accession\tdomains\n".to_owned();
    for founder in founders {
        for member in 0..5 {
            let mut protein = founder.clone();
            protein.id = format!("{}.{member}", founder.id);
            protein.description = format!("member {member}\tof {}", founder.id);
            // Another eighth of the residues in each.
            for place in (member..protein.sequence.len()).step_by(8) {
                protein.sequence[place] = b'A';
            }
            if member == 4 {
                new.push(protein);
                continue;
            }
            let tf = founder.sequence.windows(10).any(|w| w == b"HCHCHCHCHC");
            let class = if tf { "zinc_finger" } else { "non_tf" };
            if tf {
                domains.push_str(&format!("{}\tbox:11-60\n", protein.id));
            }
            labels.push_str(&format!("{}\t{class}\t{}\n", protein.id, founder.id));
            known.push(protein);
        }
    }
    let write = |name: &str, text: &str| {
        std::fs::write(directory.path().join(name), text).expect("a writable directory");
    };
    write("p.fa", &fasta(&known));
    write("new.fa", &fasta(&new));
    write("l.tsv", &format!("accession\tclass\tfamily\n{labels}"));
    write("d.tsv", &domains);
    directory
}

const TRAIN: &str =
    "protein train --network homology --proteins p.fa --labels l.tsv --domains d.tsv";

#[test]
fn labelled_proteins_are_a_model() {
    let directory = prepared();
    let here = directory.path();
    let run = |words: &str| succeeds(here, &words.split_whitespace().collect::<Vec<_>>());
    let read = |name: &str| std::fs::read_to_string(here.join(name)).expect("a table");
    let told = run(&format!("{TRAIN} --out run"));
    says(
        &told,
        &[
            "zinc_finger",
            "clusters",
            "with profiles of one family of domains; the model is run/model.safetensors",
        ],
    );
    says(&run(&format!("{TRAIN} --out run")), &["is there already"]);

    run("protein predict --model run --proteins new.fa --out new.tsv");
    let table = read("new.tsv");
    let rows: Vec<Vec<&str>> = table
        .lines()
        .skip(1)
        .map(|l| l.split('\t').collect())
        .collect();
    assert!(rows.len() > 10);
    for row in &rows {
        let founder: usize = row[0][1..row[0].len() - 2].parse().expect("a number");
        let tf = founder.is_multiple_of(2);
        assert_eq!(row[3], if tf { "yes" } else { "no" }, "{row:?}");
        assert_eq!(row[4], if tf { "zinc_finger" } else { "non_tf" });
        // Residues are counted from 1.
        assert_eq!(row[10].starts_with("box:"), tf, "{row:?}");
        assert!(!row[11].contains("no_relative"), "{row:?}");
    }
    let made = read("new.tsv.json");
    says(&made, &["\"encoder\": \"homology\"", "\"model_sha256\""]);

    // Those that it holds are flagged; fewer pass with a small prior, and the order stays.
    run("protein predict --model run --proteins p.fa --prior 0.001 --out known.tsv");
    let known = read("known.tsv");
    assert!(
        known
            .lines()
            .skip(1)
            .all(|line| line.ends_with("seen_in_training"))
    );
    run("protein predict --model run/model.safetensors --proteins new.fa --top 3 --out top.tsv");
    assert_eq!(read("top.tsv").lines().count(), 4);

    run("protein explain --model run --proteins new.fa --id P6.4,P5.4 --out why");
    let relatives = read("why/relatives.tsv");
    let rows: Vec<Vec<&str>> = relatives
        .lines()
        .skip(1)
        .map(|l| l.split('\t').collect())
        .collect();
    // All of the family are relatives, and nothing else: the runs of histidine and cysteine that
    // TFs have in common are masked. One that shares no word outside of these is not found.
    assert!((7..=8).contains(&rows.len()), "{relatives}");
    for row in &rows {
        let (founder, member) = row[2].split_once('.').expect("a family");
        assert_eq!(format!("{founder}.4"), row[0]);
        assert!(member.parse::<u32>().expect("a number") < 4);
        let (class, covers) = match founder {
            "P6" => ("zinc_finger", "yes"),
            _ => ("non_tf", ""),
        };
        assert_eq!(row[3..5], [class, covers]);
        // One residue in eight is another in each member.
        let columns: usize = row[12]
            .split_inclusive(['=', 'X', 'I', 'D'])
            .map(|run| run[..run.len() - 1].parse::<usize>().expect("a number"))
            .sum();
        let number = |cell: usize| row[cell].parse::<usize>().expect("a number");
        assert!(
            columns > number(9) - number(8) && row[12].contains("1X"),
            "{}",
            row[12]
        );
        assert_eq!(row[13].starts_with("box:"), founder == "P6", "{row:?}");
        assert_eq!(row[14], format!("member {member} of {founder}"));
    }
    let alignments = read("why/alignments.txt");
    says(
        &alignments,
        &[
            "# P6.4 and its relative 1, P6.",
            " (zinc_finger); member ",
            " of P6; box:",
            " bits, E-value ",
        ],
    );
    let blocks = alignments.lines().filter(|line| line.starts_with("# P"));
    assert_eq!(blocks.count(), rows.len(), "fewer than six each");
    // Every line but the last of an alignment holds sixty columns.
    let first = alignments.lines().nth(3).expect("residues of the query");
    assert_eq!(first.split_whitespace().nth(2).expect("residues").len(), 60);
    let domains = read("why/domains.tsv");
    assert!(domains.contains("P6.4\tbox\tzinc_finger\t"), "{domains}");
    let summary = read("why/proteins.tsv");
    for line in summary.lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let number = |cell: usize| -> f64 { cells[cell].parse().expect("a number") };
        let sum: f64 = (3..8).map(number).sum();
        assert!(
            (1.0 / (1.0 + (-sum).exp()) - number(2)).abs() < 0.01,
            "{line}"
        );
        assert_eq!(cells[9], "", "neither is labelled");
        assert!(here.join("why").join(cells[10]).is_file());
    }

    let fails = |words: &str| refuses(here, &words.split_whitespace().collect::<Vec<_>>());
    says(
        &fails("protein predict --model run --proteins new.fa --embeddings run --out x.tsv"),
        &["--embeddings", "compares sequences"],
    );
    says(
        &fails("protein explain --model run --proteins new.fa --steps 9 --out x"),
        &["--steps", "labelled proteins"],
    );
    says(
        &fails("predict --model run/model.safetensors --regions p.fa --genome p.fa --out x.tsv"),
        &[
            "model.safetensors",
            "a model of proteins",
            "protein predict",
        ],
    );
    let output = command(here, &["model", "inspect", "run"]).output();
    let facts = output.expect("the program was built").stdout;
    says(
        &String::from_utf8_lossy(&facts),
        &["\"protein-homology\"", "\"zinc_finger\": "],
    );
    let output = command(
        here,
        &[
            "protein",
            "predict",
            "--model",
            "run",
            "--proteins",
            "new.fa",
        ],
    )
    .output()
    .expect("the program was built");
    assert_eq!(String::from_utf8_lossy(&output.stdout), table);
}

#[test]
fn what_is_of_networks_is_refused() {
    let directory = prepared();
    let refused = |more: &str| {
        let words = format!("{TRAIN} --out run {more}");
        refuses(
            directory.path(),
            &words.split_whitespace().collect::<Vec<_>>(),
        )
    };
    for option in [
        "--encoder residue",
        "--epochs 3",
        "--dropout 0.1",
        "--class-weights balanced",
        "--validation 0.2",
        "--checkpoint-seconds 5",
    ] {
        let name = option.split(' ').next().expect("a name");
        says(&refused(option), &[name, "no network"]);
    }
    let labels = std::fs::read_to_string(directory.path().join("l.tsv")).expect("labels");
    let path = directory.path().join("l.tsv");
    std::fs::write(path, labels.replace("zinc_finger", "non_tf")).expect("writable");
    says(&refused(""), &["l.tsv", "two different labels"]);
    let words = TRAIN.replace("homology", "homologs") + " --out run";
    says(
        &refuses(
            directory.path(),
            &words.split_whitespace().collect::<Vec<_>>(),
        ),
        &[
            "error: --network: expected one of",
            "deeptfactor, homology, found `homologs`",
            "hint: did you mean homology?",
        ],
    );
}

#[test]
fn domains_that_cannot_be_used_are_refused() {
    let directory = prepared();
    let here = directory.path();
    let refused = |table: &str| {
        std::fs::write(here.join("d.tsv"), format!("accession\tdomains\n{table}"))
            .expect("writable");
        let words = format!("{TRAIN} --out run");
        refuses(here, &words.split_whitespace().collect::<Vec<_>>())
    };
    says(
        &refused("other\tbox:1-20\n"),
        &["d.tsv", "none of their ids"],
    );
    says(
        &refused("P0.0\ta box:1-20\n"),
        &["d.tsv", "P0.0", "\"a box\"", "underscore"],
    );
    says(&refused("P0.0\tbox:20-1\n"), &["d.tsv, line 2", "box:20-1"]);
    assert!(!here.join("run").exists());
}

#[test]
fn domains_too_short_for_a_profile_are_told() {
    let directory = prepared();
    let here = directory.path();
    let table = std::fs::read_to_string(here.join("d.tsv")).expect("a table");
    let short = table.replacen("box:11-60", "box:11-60;tip:1-7;tail:3-9", 1);
    std::fs::write(here.join("d.tsv"), short).expect("writable");
    let words = format!("{TRAIN} --out run");
    let told = succeeds(here, &words.split_whitespace().collect::<Vec<_>>());
    says(
        &told,
        &[
            "warning: 2 domains of fewer than 8 residues in d.tsv",
            "the first tip of P",
        ],
    );
}

#[test]
fn models_come_with_the_program() {
    let directory = prepared();
    let here = directory.path();
    let words =
        |words: &str| -> Vec<String> { words.split_whitespace().map(str::to_owned).collect() };
    let run = |line: &str| {
        let words = words(line);
        succeeds(here, &words.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let fails = |line: &str| {
        let words = words(line);
        refuses(here, &words.iter().map(String::as_str).collect::<Vec<_>>())
    };
    // The homeodomain of Antennapedia within letters that say nothing.
    let domain = "RKRGRQTYTRYQTLELEKEFHFNRYLTRRRRIEIAHALCLTERQIKIWFQNRRMKWKKEN";
    let text = format!(">antp\n{0}{domain}{0}\n", "GASPTDLVKE".repeat(8));
    std::fs::write(here.join("a.fa"), &text).expect("writable");
    run("protein predict --proteins a.fa --out a.tsv");
    let table = std::fs::read_to_string(here.join("a.tsv")).expect("a table");
    let row: Vec<&str> = table.lines().nth(1).expect("a row").split('\t').collect();
    assert_eq!(row[3..5], ["yes", "homeodomain"], "{table}");
    let place = row[10].strip_prefix("Homeodomain:").expect("a homeodomain");
    let (start, end) = place.split_once('-').expect("a range");
    let near = |end: &str, expected: usize| {
        end.parse::<usize>().expect("a number").abs_diff(expected) <= 4
    };
    assert!(near(start, 81) && near(end, 140), "{place}");
    run("protein predict --model prokaryotes --proteins a.fa --out b.tsv");
    let made = std::fs::read_to_string(here.join("a.tsv.json")).expect("what made it");
    says(&made, &["\"model\": \"eukaryotes\""]);
    says(
        &fails("protein predict --model eukaryote --proteins a.fa"),
        &["--model", "did you mean eukaryotes?"],
    );
    // What is read is not written over.
    says(
        &fails("protein predict --proteins a.fa --out ./a.fa"),
        &["--out", "which is a.fa"],
    );
    assert_eq!(
        std::fs::read_to_string(here.join("a.fa")).expect("still there"),
        text
    );
}

#[test]
fn the_share_of_factors_is_estimated_on_the_proteome_itself() {
    let directory = tempfile::tempdir().expect("a directory");
    let here = directory.path();
    let domain = "RKRGRQTYTRYQTLELEKEFHFNRYLTRRRRIEIAHALCLTERQIKIWFQNRRMKWKKEN";
    let proteome = |count: usize| -> String {
        (0..count)
            .map(|number| match number % 10 {
                0 => format!(">p{number}\n{domain}\n"),
                _ => format!(">p{number}\n{}\n", "GASPTDLVKE".repeat(6)),
            })
            .collect()
    };
    std::fs::write(here.join("p.fa"), proteome(500)).expect("writable");
    std::fs::write(here.join("few.fa"), proteome(499)).expect("writable");
    let share = |proteins: &str, more: &str| {
        let words = format!("protein predict --proteins {proteins} --out t.tsv {more}");
        let told = succeeds(here, &words.split_whitespace().collect::<Vec<_>>());
        let made = std::fs::read_to_string(here.join("t.tsv.json")).expect("what made it");
        let made: serde_json::Value = serde_json::from_str(&made).expect("JSON");
        let share = made["likely_share"].as_f64();
        assert_eq!(told.contains("share of TFs"), share.is_some(), "{told}");
        share
    };
    let estimated = share("p.fa", "").expect("an estimate");
    assert!((0.095..0.12).contains(&estimated), "{estimated}");
    // It does not depend on the prior that scores are given with, nor on what is written.
    let other = share("p.fa", "--prior 0.03 --top 3").expect("an estimate");
    assert!((estimated - other).abs() < 3e-4, "{estimated} and {other}");
    assert_eq!(share("few.fa", ""), None);
}

#[test]
fn a_labelled_protein_is_explained_by_others() {
    let directory = prepared();
    let here = directory.path();
    let run = |words: &str| succeeds(here, &words.split_whitespace().collect::<Vec<_>>());
    run(&format!("{TRAIN} --out run"));
    // A labelled protein, its copy under another id, one like none, and one without a residue.
    let known = std::fs::read_to_string(here.join("p.fa")).expect("the labelled proteins");
    let (header, sequence) = known[1..].split_once('\n').expect("a header");
    let id = header.split_whitespace().next().expect("an id");
    let sequence = sequence.lines().next().expect("a sequence");
    let text = format!(
        ">{id}\n{sequence}\n>sp|copy|A_B\n{sequence}\n>other\n{}\n>mute\nXX\n",
        "PGNDSTRKEYWM".repeat(3)
    );
    std::fs::write(here.join("q.fa"), text).expect("writable");
    let told = run("protein explain --model run --proteins q.fa --out why");
    says(
        &told,
        &[
            "4  proteins explained",
            "2  without a domain or a relative: known by their composition alone",
            "2  labelled, and explained by the others",
            "1 protein has fewer than 20 known residues, too few to say what it is: mute",
        ],
    );
    let read = |name: &str| std::fs::read_to_string(here.join(name)).expect("a table");
    let relatives = read("why/relatives.tsv");
    let cited: Vec<Vec<&str>> = relatives
        .lines()
        .skip(1)
        .map(|line| line.split('\t').collect())
        .collect();
    assert!(cited.iter().all(|row| row[2] != id), "{relatives}");
    let of_copy = cited.iter().filter(|row| row[0] == "copy");
    assert!(of_copy.count() >= 3, "{relatives}");
    let proteins = read("why/proteins.tsv");
    let rows: Vec<Vec<&str>> = proteins.lines().map(|l| l.split('\t').collect()).collect();
    assert_eq!(rows[0][8..], ["relatives", "left_out", "picture"]);
    assert!(rows[1][9].starts_with(&format!("{id}:")), "{proteins}");
    assert_eq!((rows[1][2], rows[1][9]), (rows[2][2], rows[2][9]));
    assert_eq!((rows[3][8], rows[3][9]), ("0", ""));
    assert_eq!(rows[4][2], "", "nothing is known of it");
}

#[test]
fn one_sequence_in_two_classes_is_named() {
    let directory = prepared();
    let here = directory.path();
    let known = std::fs::read_to_string(here.join("p.fa")).expect("the labelled proteins");
    let (header, rest) = known[1..].split_once('\n').expect("a header");
    let id = header.split_whitespace().next().expect("an id");
    let sequence = rest.lines().next().expect("a sequence");
    let labels = std::fs::read_to_string(here.join("l.tsv")).expect("labels");
    let class = labels
        .lines()
        .nth(1)
        .expect("a label")
        .split('\t')
        .nth(1)
        .expect("a class");
    let other = if class == "non_tf" {
        "zinc_finger"
    } else {
        "non_tf"
    };
    let write = |name: &str, text: String| std::fs::write(here.join(name), text).expect("writable");
    write("p.fa", format!("{known}>twin\n{sequence}\n"));
    write("l.tsv", format!("{labels}twin\t{other}\tT\n"));
    let named = format!("{id} ({class}) and twin ({other})");
    for words in [
        format!("{TRAIN} --out run"),
        "protein crossval --proteins p.fa --labels l.tsv --models logistic --split random --folds 2 --out cv"
            .to_owned(),
    ] {
        let told = succeeds(here, &words.split_whitespace().collect::<Vec<_>>());
        says(
            &told,
            &["warning: l.tsv: 1 sequence has two classes", &named],
        );
    }
}
