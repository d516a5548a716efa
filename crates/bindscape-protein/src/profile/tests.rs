//! Profiles and searches beside those of HMMER; `golden/make.py` makes what is compared.

use std::path::Path;

use bindscape_base::progress::Silent;

use super::align::Aligned;
use super::*;
use crate::Protein;

const FAMILY: &str = include_str!("golden/family.sto");
const MADE: &str = include_str!("golden/made.hmm");
const OURS: &str = include_str!("golden/ours.hmm");
const PROTEINS: &str = include_str!("golden/proteins.fasta");
const DOMAINS: &str = include_str!("golden/domains.txt");

/// The rows of the alignment.
fn rows() -> Vec<&'static str> {
    let rows = FAMILY.lines().filter(|line| line.starts_with("member"));
    rows.map(|line| line.split_whitespace().nth(1).expect("a row"))
        .collect()
}

/// The sequences of its rows.
fn members() -> Vec<String> {
    let letters = |row: &&str| row.chars().filter(char::is_ascii_alphabetic).collect();
    rows().iter().map(letters).collect()
}

/// The alignment as `hmmbuild` sees it: columns that few have are insertions.
fn aligned() -> Vec<Aligned> {
    let rows = rows();
    let width = rows[0].len();
    let letter = |row: &str, column: usize| {
        let letter = row.as_bytes()[column];
        letter.is_ascii_alphabetic().then_some(letter)
    };
    let is_match: Vec<bool> = (0..width)
        .map(|column| {
            2 * rows
                .iter()
                .filter(|row| letter(row, column).is_some())
                .count()
                >= rows.len()
        })
        .collect();
    let positions = is_match.iter().filter(|&&is_match| is_match).count();
    let one = |row: &&str| {
        let mut aligned = Aligned {
            matches: Vec::new(),
            inserts: vec![Vec::new(); positions + 1],
        };
        for (column, &is_match) in is_match.iter().enumerate() {
            if is_match {
                aligned.matches.push(letter(row, column));
            } else {
                aligned.inserts[aligned.matches.len()].extend(letter(row, column));
            }
        }
        aligned
    };
    rows.iter().map(one).collect()
}

/// The numbers of the lines of the nodes of a file, and its statistics.
fn numbers(text: &str) -> (Vec<Vec<f64>>, Vec<f64>) {
    let (head, body) = text.split_once("\n  COMPO").expect("a profile");
    let number = |cell: &str| -> f64 {
        if cell == "*" {
            f64::INFINITY
        } else {
            cell.parse().expect("a number")
        }
    };
    let lines = body.lines().skip(1).filter(|line| *line != "//");
    let lines = lines.map(|line| {
        let cells: Vec<&str> = line.split_whitespace().collect();
        // The lines of positions begin with their number and end with what they are called.
        let from = usize::from(cells.len() > 20);
        cells[from..cells.len().min(20 + from)]
            .iter()
            .map(|cell| number(cell))
            .collect()
    });
    let statistics = head
        .lines()
        .filter_map(|line| line.strip_prefix("STATS LOCAL"));
    let statistics = statistics.flat_map(|line| line.split_whitespace().skip(1).map(number));
    (lines.collect(), statistics.collect())
}

#[test]
fn profiles_are_those_of_hmmbuild() {
    let mut ours = Profile::of_aligned("box", &aligned()).expect("a profile");
    ours.statistics = calibrate::statistics(&ours);
    let effective = MADE.lines().find_map(|line| line.strip_prefix("EFFN"));
    let effective: f64 = effective.expect("a line").trim().parse().expect("a number");
    assert!(
        (ours.effective - effective).abs() < 0.01,
        "{} and {effective}",
        ours.effective
    );
    let (theirs, their_statistics) = numbers(MADE);
    let (lines, statistics) = numbers(&ours.to_hmmer());
    assert_eq!((lines.len(), lines.len() % 3), (theirs.len(), 2));
    let mut furthest = 0.0_f64;
    for (number, (ours, theirs)) in lines.iter().zip(&theirs).enumerate() {
        // Two lines of the beginning, and then positions, insertions and transitions in turn;
        // insertions do not count in searches.
        if number == 0 || number % 3 == 0 {
            continue;
        }
        for (ours, theirs) in ours.iter().zip(theirs) {
            let off = (-ours).exp() - (-theirs).exp();
            furthest = furthest.max(off.abs());
        }
    }
    assert!(furthest < 2e-3, "{furthest}");
    // Places are fitted to random sequences, others in each program.
    for (ours, theirs) in statistics.iter().zip(&their_statistics) {
        assert!(
            (ours - theirs).abs() < 0.2,
            "{statistics:?} and {their_statistics:?}"
        );
    }
    assert!((statistics[1] - their_statistics[1]).abs() < 1e-3);
}

#[test]
fn domains_are_those_of_hmmsearch() {
    let search = DomainSearch::parse(OURS, Path::new("ours.hmm")).expect("a profile");
    let records = PROTEINS.split('>').skip(1);
    let proteins: Vec<Protein> = records
        .map(|record| {
            let (id, letters) = record.split_once('\n').expect("a header");
            Protein::new(id, letters.trim().as_bytes())
        })
        .collect();
    let found = search.search(&proteins, &Silent).expect("hits");
    let mut ours = Vec::new();
    for (protein, hits) in proteins.iter().zip(&found) {
        for hit in hits {
            let ends = [&hit.positions, &hit.aligned, &hit.envelope];
            let ends: Vec<String> = ends
                .iter()
                .map(|range| format!("{}\t{}", range.start + 1, range.end))
                .collect();
            ours.push((&protein.id[..], ends.join("\t"), hit));
        }
    }
    let theirs: Vec<Vec<&str>> = DOMAINS
        .lines()
        .skip(1)
        .map(|l| l.split('\t').collect())
        .collect();
    assert!(theirs.len() >= 15, "{}", theirs.len());
    for row in &theirs {
        let ends = row[4..].join("\t");
        let same = ours.iter().find(|(id, of, _)| *id == row[0] && *of == ends);
        let (_, _, hit) = same.unwrap_or_else(|| panic!("no {row:?}"));
        let number = |cell: usize| -> f64 { row[cell].parse().expect("a number") };
        assert!(
            (hit.protein_bits - number(1)).abs() < 0.1,
            "{hit:?} and {row:?}"
        );
        assert!((hit.bits - number(2)).abs() < 0.1, "{hit:?} and {row:?}");
        assert!(
            (hit.e_value / number(3)).ln().abs() < 0.1,
            "{hit:?} and {row:?}"
        );
    }
    assert_eq!(ours.len(), theirs.len());
}

#[test]
fn a_file_of_profiles_is_read_as_it_is_written() {
    let members = members();
    let sequences: Vec<&[u8]> = members.iter().map(String::as_bytes).collect();
    let profile = Profile::build("box", &sequences).expect("a profile");
    assert_eq!((profile.positions(), profile.sequences), (48, 12));
    let mut backwards = sequences.clone();
    backwards.reverse();
    backwards.push(sequences[0]);
    assert_eq!(Profile::build("box", &backwards), Some(profile.clone()));
    // What is kept beside this test was written by it.
    let (kept, _) = numbers(OURS);
    let (written, _) = numbers(&profile.to_hmmer());
    for (kept, written) in kept.iter().flatten().zip(written.iter().flatten()) {
        assert!(
            (kept - written).abs() < 1e-3 || kept == written,
            "{kept} and {written}"
        );
    }
    let two = profile.to_hmmer() + &profile.to_hmmer();
    let search = DomainSearch::parse(&two, Path::new("p.hmm")).expect("profiles");
    assert_eq!(search.names().collect::<Vec<_>>(), ["box", "box"]);
    assert_eq!(search.positions(1), 48);
    let error = DomainSearch::parse("HMMER2.0\n", Path::new("p.hmm")).expect_err("no profile");
    assert!(error.to_string().contains("p.hmm"), "{error}");
    assert!(Profile::build("box", &[b"", b""]).is_none());
    // A single sequence, and one of letters that say nothing.
    assert!(Profile::build("box", &[b"MKCHW"]).is_some());
    assert!(Profile::build("box", &[b"XXXXXXXX"]).is_some());
}

/// Writes the profile that `golden/make.py` searches with.
#[test]
#[ignore = "writes a file of this folder"]
fn write_ours() {
    let members = members();
    let sequences: Vec<&[u8]> = members.iter().map(String::as_bytes).collect();
    let profile = Profile::build("box", &sequences).expect("a profile");
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/profile/golden/ours.hmm");
    std::fs::write(path, profile.to_hmmer()).expect("writable");
}
