//! `protein train --network homology`, and what uses its model.

use super::protein_model::{fasta, proteins};
use super::{command, refuses, says, succeeds};

/// FASTA and labels of families: mutated copies of [`proteins`], whose even ones are TFs. A
/// directory with `p.fa`, `l.tsv` and, with a new member of each family, `new.fa`.
fn prepared() -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    let founders: Vec<_> = proteins(60)
        .into_iter()
        .filter(|founder| founder.sequence.len() >= 80)
        .collect();
    let (mut known, mut new, mut labels) = (Vec::new(), Vec::new(), String::new());
    for founder in founders {
        for member in 0..5 {
            let mut protein = founder.clone();
            protein.id = format!("{}.{member}", founder.id);
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
    directory
}

const TRAIN: &str =
    "protein train --network homology --proteins p.fa --labels l.tsv --validation 0.2";

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
            "the model is run/model.safetensors",
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
        assert_eq!(row[10], "");
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
            .all(|line| line.ends_with("\tseen_in_training"))
    );
    run("protein predict --model run/model.safetensors --proteins new.fa --top 3 --out top.tsv");
    assert_eq!(read("top.tsv").lines().count(), 4);

    run("protein explain --model run --proteins new.fa --id P6.4,P5.4 --out why");
    let voters = read("why/voters.tsv");
    let rows: Vec<Vec<&str>> = voters
        .lines()
        .skip(1)
        .map(|l| l.split('\t').collect())
        .collect();
    // The family votes first; another TF may have a run of histidine and cysteine in common.
    let best: Vec<_> = rows.iter().filter(|row| row[1] <= "4").collect();
    assert_eq!(best.len(), 8, "{voters}");
    for row in best {
        let (founder, member) = row[2].split_once('.').expect("a family");
        assert_eq!(format!("{founder}.4"), row[0]);
        assert!(member.parse::<u32>().expect("a number") < 4);
        assert_eq!(
            row[3],
            if founder == "P6" {
                "zinc_finger"
            } else {
                "non_tf"
            }
        );
    }
    let summary = read("why/proteins.tsv");
    let shares: Vec<f64> = summary
        .lines()
        .skip(1)
        .map(|line| {
            let cells: Vec<&str> = line.split('\t').collect();
            assert_eq!(cells[6], "", "neither is labelled");
            cells[4].parse().expect("a number")
        })
        .collect();
    assert!(shares.len() == 2 && shares.iter().all(|s| (0.0..1.0).contains(s)));

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
fn a_labelled_protein_is_explained_by_others() {
    let directory = prepared();
    let here = directory.path();
    let run = |words: &str| succeeds(here, &words.split_whitespace().collect::<Vec<_>>());
    run(&format!("{TRAIN} --out run"));
    // A labelled protein, its copy under another id, one like none, and one without a residue.
    let known = std::fs::read_to_string(here.join("p.fa")).expect("the labelled proteins");
    let (id, sequence) = known[1..].split_once('\n').expect("a header");
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
            "2  similar to none that is labelled",
            "2  labelled, and explained by the others",
            "1 protein has fewer than 20 known residues, too few to say what it is: mute",
        ],
    );
    let read = |name: &str| std::fs::read_to_string(here.join(name)).expect("a table");
    let voters = read("why/voters.tsv");
    let cited = voters
        .lines()
        .skip(1)
        .map(|line| line.split('\t').collect());
    let cited: Vec<Vec<&str>> = cited.collect();
    assert!(cited.iter().all(|row| row[2] != id), "{voters}");
    let of_copy = cited.iter().filter(|row| row[0] == "copy");
    assert!(
        of_copy.filter(|row| row[12] == "yes").count() >= 3,
        "{voters}"
    );
    let proteins = read("why/proteins.tsv");
    let rows: Vec<Vec<&str>> = proteins.lines().map(|l| l.split('\t').collect()).collect();
    assert_eq!(rows[0][5..], ["similar", "left_out"]);
    let left_out = rows[1][6];
    assert!(left_out.starts_with(&format!("{id}:")), "{proteins}");
    assert_eq!((rows[1][2], rows[1][6]), (rows[2][2], rows[2][6]));
    assert_eq!((rows[3][5], rows[3][6]), ("0", ""));
    assert_eq!(rows[4][2], "", "nothing is known of it");
}

#[test]
fn one_sequence_in_two_classes_is_named() {
    let directory = prepared();
    let here = directory.path();
    let known = std::fs::read_to_string(here.join("p.fa")).expect("the labelled proteins");
    let (id, rest) = known[1..].split_once('\n').expect("a header");
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
