//! Discovery on small sets with planted sites, and inputs that are not what they should be.

use std::path::Path;
use std::sync::Mutex;

use bindscape_base::progress::{Progress, Silent};
use bindscape_base::{Error, random};
use bindscape_genome::fasta::Record;
use bindscape_motif::Format;
use bindscape_motif::discover::{
    Discovery, Options, Passing, SequenceSet, Stop, Strand, Test, discover,
};
use bindscape_motif::format::{parse_motifs, write_motifs};
use rand::Rng;

const SITE: &str = "TGACTCAGCA";
const OTHER: &str = "GGCGCCATTTG";

fn reverse_complement(bases: &str) -> String {
    bases
        .chars()
        .rev()
        .map(|base| match base {
            'A' => 'T',
            'C' => 'G',
            'G' => 'C',
            'T' => 'A',
            other => other,
        })
        .collect()
}

/// Random sequences of 100 to `longest` bases; share `planted` of them holds a copy of each
/// site, with a random change, on a random strand.
fn set(name: &str, count: usize, longest: usize, sites: &[(&str, f64)]) -> SequenceSet {
    let mut rng = random::stream(11, name, &[]);
    let records = (0..count)
        .map(|index| {
            let length = rng.random_range(100..=longest);
            let mut sequence: Vec<u8> = (0..length)
                .map(|_| b"ACGT"[rng.random_range(0..4)])
                .collect();
            for (part, &(site, planted)) in sites.iter().enumerate() {
                if rng.random::<f64>() < planted {
                    let mut site = site.as_bytes().to_vec();
                    let change = rng.random_range(0..site.len());
                    site[change] = b"ACGT"[rng.random_range(0..4)];
                    let mut site = String::from_utf8(site).expect("letters");
                    if rng.random() {
                        site = reverse_complement(&site);
                    }
                    // Every site has a part of the sequence to itself.
                    let at = part * 50 + rng.random_range(0..50 - site.len());
                    sequence[at..at + site.len()].copy_from_slice(site.as_bytes());
                }
            }
            Record {
                name: format!("{name}{index}"),
                sequence,
                line: 2 * index as u64 + 1,
                ..Record::default()
            }
        })
        .collect();
    SequenceSet::new(name, records).expect("names differ")
}

fn small() -> Options {
    Options {
        min_width: 8,
        max_width: 11,
        evaluated: 10,
        ..Options::default()
    }
}

/// Whether a consensus, or its reverse complement, has `core` in it.
fn holds(motif: &str, core: &str) -> bool {
    motif.contains(core) || reverse_complement(motif).contains(core)
}

fn consensus(found: &Discovery, rank: usize) -> String {
    found.motifs[rank].frequencies.consensus()
}

#[test]
fn planted_motifs_are_found_one_after_the_other() {
    let positives = set("p", 400, 100, &[(SITE, 0.5), (OTHER, 0.3)]);
    let controls = set("c", 400, 100, &[]);
    let found = discover(&positives, Some(&controls), &small(), &Silent).expect("valid");
    assert_eq!(found.test, Test::Fisher);
    assert_eq!((found.training, found.held_out), ([360, 360], [40, 40]));
    assert_eq!(found.stop, Stop::Patience(3));
    assert!(!found.shuffled);
    assert_eq!(found.motifs.len(), 2, "{:?}", found.motifs);
    assert_eq!(found.found, 5);
    assert!(holds(&consensus(&found, 0), "GACTCAGC"), "{found:?}");
    assert!(holds(&consensus(&found, 1), "GCGCCATTT"), "{found:?}");

    let first = &found.motifs[0];
    let held_out = first.held_out.expect("a part is held out");
    assert_eq!(first.log10_p(), held_out.log10_p);
    assert!(held_out.log10_p < -2.0 && first.training.log10_p < -20.0);
    let e = found.log10_e(first);
    assert!((e - held_out.log10_p - 5_f64.log10()).abs() < 1e-12);
    assert_eq!(
        first.sites.len(),
        first.training.positives + held_out.positives
    );
    assert!(first.sites.is_sorted_by_key(|site| site.sequence));
    // Most sites are the planted ones, on either strand.
    let planted = |site: &&bindscape_motif::discover::Site| site.bases.contains("CTCAG");
    let strands = [Strand::Forward, Strand::Reverse].map(|strand| {
        first
            .sites
            .iter()
            .filter(|site| site.strand == strand)
            .count()
    });
    let forward = first.sites.iter().filter(planted).count()
        + first
            .sites
            .iter()
            .filter(|site| site.bases.contains("CTGAG"))
            .count();
    assert!(forward * 2 > first.sites.len(), "{forward}");
    assert!(strands.iter().all(|&count| count > 40), "{strands:?}");
    for site in &first.sites {
        assert!(site.score >= first.threshold);
        assert_eq!(site.bases.len(), first.frequencies.width());
        assert!(site.start + site.bases.len() <= 100);
    }
}

/// Random sequences of 120 bases; a share of them holds a copy of each site, in which N is any base
/// and every other base is a random one with the third number as probability.
fn degenerate(name: &str, seed: u64, sites: &[(&str, f64, f64)]) -> SequenceSet {
    let mut rng = random::stream(seed, name, &[]);
    let records = (0..300)
        .map(|index| {
            let mut sequence: Vec<u8> = (0..120).map(|_| b"ACGT"[rng.random_range(0..4)]).collect();
            for (part, &(site, planted, change)) in sites.iter().enumerate() {
                if rng.random::<f64>() >= planted {
                    continue;
                }
                let mut copy = String::new();
                for base in site.bytes() {
                    let kept = base != b'N' && rng.random::<f64>() >= change;
                    let random = b"ACGT"[rng.random_range(0..4)];
                    copy.push(char::from(if kept { base } else { random }));
                }
                if rng.random() {
                    copy = reverse_complement(&copy);
                }
                let at = part * 60 + rng.random_range(0..60 - site.len());
                sequence[at..at + site.len()].copy_from_slice(copy.as_bytes());
            }
            Record {
                name: format!("{name}{index}"),
                sequence,
                ..Record::default()
            }
        })
        .collect();
    SequenceSet::new(name, records).expect("names differ")
}

#[test]
fn a_weak_motif_is_found_whatever_the_seed() {
    // Half-sites of five bases with any three between them, of which nearly every second copy of a
    // base is a random one: words of eight bases hardly occur twice.
    for seed in 0..10 {
        let positives = degenerate("p", seed, &[("GAACANNNTGTTC", 0.6, 0.45)]);
        let controls = degenerate("c", seed, &[]);
        let options = Options {
            motifs: Some(1),
            seed,
            ..Options::default()
        };
        let found = discover(&positives, Some(&controls), &options, &Silent).expect("valid");
        let motif = consensus(&found, 0);
        assert!(holds(&motif, "TGTT"), "{seed}: {motif}");
    }
}

#[test]
fn a_second_motif_is_found_whatever_the_seed() {
    let sites = [("GAACANNNTGTTC", 0.3, 0.25), ("GGCGCCATTTG", 0.2, 0.2)];
    for seed in 0..5 {
        let positives = degenerate("p", seed, &sites);
        let controls = degenerate("c", seed, &[]);
        let options = Options {
            motifs: Some(2),
            seed,
            ..Options::default()
        };
        let found = discover(&positives, Some(&controls), &options, &Silent).expect("valid");
        let motifs = [consensus(&found, 0), consensus(&found, 1)];
        for core in ["TGTT", "GGCG"] {
            let with = motifs.iter().filter(|motif| holds(motif, core)).count();
            assert_eq!(with, 1, "{seed}: {core} in {motifs:?}");
        }
    }
}

#[test]
fn the_matrix_of_an_exact_word_is_that_of_its_sites() {
    // Every site is the same: no refinement has a smaller p-value than the word itself.
    let with = |site: &str, name: &str| {
        let mut rng = random::stream(5, name, &[]);
        let mut bases = |count: usize| -> String {
            (0..count)
                .map(|_| char::from(b"ACGT"[rng.random_range(0..4)]))
                .collect()
        };
        let records = (0..120)
            .map(|index| Record {
                name: format!("{name}{index}"),
                sequence: format!("{}{site}{}", bases(26), bases(26)).into_bytes(),
                ..Record::default()
            })
            .collect();
        SequenceSet::new(name, records).expect("names differ")
    };
    let (positives, controls) = (with("CTGCAGGA", "p"), with("", "n"));
    for (refined, max_width) in [(0, 8), (4, 9), (4, 15)] {
        let options = Options {
            motifs: Some(1),
            max_width,
            refined,
            ..Options::default()
        };
        let found = discover(&positives, Some(&controls), &options, &Silent).expect("valid");
        let motif = &found.motifs[0];
        assert!(
            motif.counts.sites() >= 100.0,
            "{refined}: {:?}",
            motif.counts
        );
        let sure = |row: &&[f64; 4]| row.iter().any(|&p| p > 0.95);
        assert_eq!(
            motif.frequencies.rows().iter().filter(sure).count(),
            8,
            "{refined}"
        );
    }
}

#[test]
fn files_of_a_discovery() {
    let positives = set("p", 200, 100, &[(SITE, 0.7)]);
    let options = Options {
        motifs: Some(2),
        ..small()
    };
    let found = discover(&positives, None, &options, &Silent).expect("valid");
    let text = write_motifs(&found.motif_set(), Format::Meme);
    let read = parse_motifs(&text, Path::new("streme.txt"), None).expect("a motif file");
    assert_eq!(read.motifs.len(), 2);
    assert_eq!(read.motifs[0].id, found.id(0));
    assert!(found.id(0).starts_with("1-"));
    let e_value = found.e_value(&found.motifs[0]).expect("a part is held out");
    assert!((e_value.log10() - found.log10_e(&found.motifs[0])).abs() < 1e-12);

    let table = found.motif_table();
    let rows: Vec<Vec<&str>> = table
        .lines()
        .map(|line| line.split('\t').collect())
        .collect();
    assert_eq!(rows.len(), 3);
    assert!(rows.iter().all(|row| row.len() == rows[0].len()), "{table}");
    let cell = |name: &str| {
        let column = rows[0].iter().position(|&column| column == name);
        rows[1][column.expect("a column")]
    };
    assert_eq!(cell("motif_ID"), found.id(0));
    let training = found.motifs[0].training;
    assert_eq!(cell("train_pos_count"), training.positives.to_string());
    assert_eq!(
        (cell("train_pos_total"), cell("test_neg_total")),
        ("180", "20")
    );

    let sites = found.site_table(&positives);
    let mut lines = sites.lines();
    let header: Vec<&str> = lines.next().expect("a header").split('\t').collect();
    assert_eq!(header[2..5], ["seq_ID", "site_Start", "site_End"]);
    let first: Vec<&str> = lines.next().expect("a site").split('\t').collect();
    // The best score comes first, of equal ones the first sequence.
    let site = found.motifs[0]
        .sites
        .iter()
        .rev()
        .max_by(|a, b| a.score.total_cmp(&b.score))
        .expect("a site");
    assert_eq!(first[2], positives.name(site.sequence));
    assert_eq!(first[3], (site.start + 1).to_string());
    assert_eq!(first[4], (site.start + site.bases.len()).to_string());
    assert_eq!(first[7], site.bases);
    let count: usize = found.motifs.iter().map(|motif| motif.sites.len()).sum();
    let rows = |table: &str| {
        let row = |line: &&str| !line.is_empty() && !line.starts_with('#');
        table.lines().filter(row).count()
    };
    assert_eq!(rows(&sites), count + 1);
    assert!(
        sites
            .lines()
            .last()
            .is_some_and(|line| line.contains("1-based, both included"))
    );

    let sequences = found.sequence_table(&positives, None);
    let mut lines = sequences.lines();
    assert_eq!(
        lines.next(),
        Some("motif_ID\tmotif_ALT_ID\tmotif_P-value\tseq_ID\tseq_Score\tseq_Class\tis_holdout?")
    );
    let passing = &found.motifs[0].passing;
    assert!(passing.is_sorted_by(|a, b| a.score >= b.score));
    let of = |control: bool, held_out: bool| {
        let is = |passing: &&Passing| (passing.control, passing.held_out) == (control, held_out);
        passing.iter().filter(is).count()
    };
    let held_out = found.motifs[0].held_out.expect("a part is held out");
    assert_eq!(
        (of(false, false), of(true, false)),
        (training.positives, training.controls)
    );
    assert_eq!(
        (of(false, true), of(true, true)),
        (held_out.positives, held_out.controls)
    );
    let count: usize = found.motifs.iter().map(|motif| motif.passing.len()).sum();
    assert_eq!(rows(&sequences), count + 1);
    assert!(sequences.contains("_shuf_1\t"));
    let first: Vec<&str> = lines.next().expect("a row").split('\t').collect();
    assert_eq!((first[1], first[5]), ("STREME-1", "tp"));

    let nothing_held_out = Options {
        holdout: 0.0,
        ..options
    };
    let found = discover(&positives, None, &nothing_held_out, &Silent).expect("valid");
    assert_eq!(found.e_value(&found.motifs[0]), None);
    let table = found.motif_table();
    let columns = |line: &str| line.split('\t').count();
    assert!(table.lines().all(|line| columns(line) == 18), "{table}");
    assert!(
        found
            .sequence_table(&positives, None)
            .starts_with("motif_ID\tmotif_ALT_ID\tmotif_Score\t")
    );
}

#[test]
fn threads_do_not_change_the_result() {
    let positives = set("p", 120, 140, &[(SITE, 0.4)]);
    let options = Options {
        motifs: Some(2),
        ..small()
    };
    let run = |threads| {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .expect("threads")
            .install(|| discover(&positives, None, &options, &Silent).expect("valid"))
    };
    let one = run(1);
    assert_eq!(one, run(3));
    assert!(one.shuffled);
    assert_eq!(one.stop, Stop::Motifs(2));
    assert_eq!(one.motifs.len(), 2);
    assert_eq!(one.test, Test::Fisher, "shuffled controls are as long");
    let other = Options {
        seed: 1,
        ..options.clone()
    };
    assert_ne!(
        one,
        discover(&positives, None, &other, &Silent).expect("valid")
    );
}

#[test]
fn longer_controls_are_tested_by_length() {
    let positives = set("p", 120, 100, &[(SITE, 0.5)]);
    let controls = set("c", 60, 300, &[]);
    let options = Options {
        motifs: Some(1),
        holdout: 0.0,
        ..small()
    };
    let found = discover(&positives, Some(&controls), &options, &Silent).expect("valid");
    assert_eq!(found.test, Test::Binomial);
    assert_eq!(found.held_out, [0, 0]);
    assert!(found.motifs[0].held_out.is_none());
    assert_eq!(found.motifs[0].log10_p(), found.motifs[0].training.log10_p);
    assert!(holds(&consensus(&found, 0), "GACTCAGC"), "{found:?}");
}

/// Keeps notes, and stops at the first look when told so.
#[derive(Default)]
struct Notes {
    lines: Mutex<Vec<String>>,
    stop: bool,
}

impl Progress for Notes {
    fn begin(&self, _label: &str, _total: Option<u64>) {}
    fn advance(&self, _by: u64) {}
    fn note(&self, message: &str) {
        self.lines
            .lock()
            .expect("one thread")
            .push(message.to_owned());
    }
    fn finish(&self) {}
    fn interrupted(&self) -> bool {
        self.stop
    }
}

#[test]
fn few_sequences_hold_nothing_out() {
    let positives = set("p", 44, 100, &[(SITE, 0.9)]);
    let notes = Notes::default();
    let options = Options {
        motifs: None,
        ..small()
    };
    let found = discover(&positives, None, &options, &notes).expect("valid");
    assert_eq!((found.training, found.held_out), ([44, 44], [0, 0]));
    assert!(matches!(
        found.stop,
        Stop::Motifs(5) | Stop::NothingEnriched
    ));
    assert!(!found.motifs.is_empty());
    let lines = notes.lines.into_inner().expect("one thread");
    assert!(
        lines
            .iter()
            .any(|line| line.contains("nothing is held out") && line.contains("training part")),
        "{lines:?}"
    );
}

#[test]
fn unknown_bases_are_in_no_site_and_short_sequences_are_left_out() {
    let record = |name: &str, sequence: String| Record {
        name: name.into(),
        sequence: sequence.into_bytes(),
        ..Record::default()
    };
    // Every positive has the site twice: once whole, once with an unknown base.
    let broken = SITE.replacen("CTC", "CNC", 1);
    let mut records: Vec<Record> = (0..30)
        .map(|index| {
            let filler: String = "ACCATTGAGGT".chars().cycle().skip(index).take(25).collect();
            record(&format!("p{index}"), format!("{broken}N{filler}NNN{SITE}"))
        })
        .collect();
    records.push(record("short", "ACGTACG".into()));
    records.push(record("unknown", "ACGTACNGTTACG".into()));
    let positives = SequenceSet::new("p.fa", records).expect("names differ");
    let controls = set("c", 40, 100, &[]);
    let notes = Notes::default();
    let options = Options {
        motifs: Some(1),
        holdout: 0.0,
        ..small()
    };
    let found = discover(&positives, Some(&controls), &options, &notes).expect("valid");
    assert_eq!((found.training, found.too_short), ([30, 40], [2, 0]));
    for site in &found.motifs[0].sites {
        assert!(!site.bases.contains('N'), "{site:?}");
    }
    let lines = notes.lines.into_inner().expect("one thread");
    assert_eq!(
        lines,
        ["2 sequences left out: fewer than 8 known bases in a row"]
    );
}

#[test]
fn an_interrupt_stops_the_search() {
    let positives = set("p", 30, 100, &[(SITE, 0.9)]);
    let notes = Notes {
        stop: true,
        ..Notes::default()
    };
    let error = discover(&positives, None, &small(), &notes).expect_err("interrupted");
    assert!(matches!(error, Error::Interrupted));
}

#[test]
fn faults_name_file_and_remedy() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("bound.fa");
    let message = |text: &str| {
        std::fs::write(&path, text).expect("written");
        let read = SequenceSet::read(&path)
            .and_then(|set| discover(&set, None, &Options::default(), &Silent));
        let error = read.expect_err("a fault");
        format!("{error} hint: {}", error.advice().unwrap_or_default())
    };
    let empty = message("");
    assert!(
        empty.contains("bound.fa") && empty.contains("an empty file"),
        "{empty}"
    );
    let protein = message(">p\nMKLESTVDA\n");
    assert!(
        protein.contains("found a FASTA file of proteins"),
        "{protein}"
    );
    let twice = message(">a\nACGTACGTACGT\n>b\nACGT\n>a\nACGT\n");
    assert!(
        twice.contains(
            "line 5: expected every sequence once, found the name \"a\" again, after line 1"
        ),
        "{twice}"
    );
    assert!(twice.contains("count twice"), "{twice}");
    let short = message(">a\nACGTACGTACGT\n>b\nACGTNACGTNNN\n");
    assert!(
        short.contains("expected at least 2 sequences with 8 known bases in a row, found 1 of 2"),
        "{short}"
    );
    assert!(short.contains("min_width"), "{short}");
    let missing = SequenceSet::read(Path::new("no/such.fa")).expect_err("missing");
    assert!(missing.to_string().contains("no/such.fa"), "{missing}");
}
