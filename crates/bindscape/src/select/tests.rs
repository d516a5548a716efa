//! Choices on toy matrices, where every count can be checked by hand, and on the published one.

use std::path::{Path, PathBuf};

use bindscape_genome::region::Regions;
use bindscape_matrix::published::import_npz;
use bindscape_matrix::sample::Unresolved;
use bindscape_matrix::{BindingMatrix, BindingState, Provenance};

use super::choose::{Chooser, Question};
use super::*;

/// The 50 TFs that the paper pre-trained on.
pub(super) const FIFTY: [&str; 50] = [
    "CTCF", "MYC", "REST", "MAX", "GABPA", "JUND", "RFX5", "ELF1", "NRF1", "TEAD4", "CEBPB",
    "MAFK", "NR3C1", "YY1", "JUN", "ZNF143", "ELK1", "TCF7L2", "ESRRA", "SREBF1", "SRF", "TCF12",
    "E2F4", "GATA3", "CUX1", "GATA2", "CREB1", "FOXA1", "EGR1", "SP1", "RUNX1", "RXRA", "RELA",
    "ZBTB33", "USF1", "FOS", "MXI1", "TP53", "HSF1", "FOSL2", "USF2", "FOXK2", "NR2F2", "AR",
    "ARNT", "NR2F1", "CEBPG", "ERG", "ETS1", "TBP",
];

fn shared(name: &str) -> PathBuf {
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    Path::new(data).join(name)
}

/// JASPAR 2020's motifs of vertebrates, whose clusters are the paper's binding modes, in a file of
/// their own.
fn vertebrates_of_2020(folder: &Path) -> String {
    let read = |name: &str| std::fs::read_to_string(shared(name)).expect("shared data");
    let table = read("motifs/jaspar2020_core.tsv");
    let wanted: std::collections::BTreeSet<&str> = table
        .lines()
        .map(|line| line.split('\t').collect::<Vec<_>>())
        .filter(|fields| fields[4] == "vertebrates")
        .map(|fields| fields[0])
        .collect();
    assert_eq!(wanted.len(), 746);
    let all = read("motifs/jaspar2020_core.meme");
    let mut motifs = all.split("\nMOTIF ");
    let mut text = motifs.next().expect("a header").to_owned();
    for motif in motifs {
        if wanted.contains(motif.split(' ').next().expect("an id")) {
            text += "\nMOTIF ";
            text += motif;
        }
    }
    let path = folder.join("vertebrates.meme");
    std::fs::write(&path, text).expect("a writable folder");
    path.to_str().expect("UTF-8").to_owned()
}

/// The paper's binding modes.
pub(super) fn modes_of_2020() -> Modes {
    let folder = tempfile::tempdir().expect("a folder");
    Modes::read(&vertebrates_of_2020(folder.path()), &Session::silent()).expect("modes")
}

/// A toy matrix of 40 regions. `A` is the target; `B1` to `B4` share a mode with it, `C1` to `C4`
/// do not, of `D` no mode is known, and `E` is bound nowhere.
struct Toy {
    folder: tempfile::TempDir,
    matrix: BindingMatrix,
    choosing: Choosing,
    without: Vec<String>,
    unresolved: Unresolved,
    take: Option<usize>,
    seed: u64,
}

/// A column that is bound in the first `bound` of the regions `from..to`, or those after `shift`.
fn column(from: usize, to: usize, shift: usize, bound: usize) -> Vec<BindingState> {
    let rows = 0..40;
    rows.map(|row| match (from..to).contains(&row) {
        true if (from + shift..from + shift + bound).contains(&row) => BindingState::Bound,
        true if row % 2 == 0 => BindingState::OneEvidence,
        true => BindingState::Unbound,
        false => BindingState::Closed,
    })
    .collect()
}

impl Toy {
    fn new() -> Self {
        let columns = [
            ("A", column(0, 40, 0, 10)),
            ("B1", column(0, 40, 0, 10)),
            ("B2", column(0, 40, 2, 10)),
            ("B3", column(0, 40, 8, 4)),
            ("B4", column(0, 12, 4, 2)),
            ("C1", column(0, 40, 0, 8)),
            ("C2", column(0, 36, 6, 6)),
            ("C3", column(0, 38, 9, 9)),
            ("C4", column(0, 40, 20, 10)),
            ("D", column(0, 40, 0, 9)),
            ("E", column(0, 40, 0, 0)),
        ];
        let mut regions = Regions::new();
        for row in 0..40 {
            regions.push("chr1", row * 300, row * 300 + 200);
        }
        let (tfs, columns) = columns
            .into_iter()
            .map(|(name, column)| (name.to_owned(), column))
            .unzip();
        let folder = tempfile::tempdir().expect("a folder");
        let modes = folder.path().join("modes.tsv");
        std::fs::write(
            &modes,
            "tf\tmodes\na\t1,2\nB1\t1\nb2\t2\nB3\t2,7\nB4\t1\nC1\t3\nC2\t4\nC3\t4,5\nC4\t6\nE\t1\n\
             LONE\t9\nNEW\t1,4\n",
        )
        .expect("a writable folder");
        Self {
            choosing: Choosing {
                modes: modes.to_str().expect("UTF-8").to_owned(),
                count: 2,
                ..Choosing::default()
            },
            folder,
            matrix: BindingMatrix {
                regions,
                tfs,
                columns,
                provenance: Provenance::of_rule("chip+tfbs"),
            },
            without: Vec::new(),
            unresolved: Unresolved::Drop,
            take: None,
            seed: 1,
        }
    }

    fn with(change: impl FnOnce(&mut Self)) -> Self {
        let mut toy = Self::new();
        change(&mut toy);
        toy
    }

    fn choose(&self, choice: &str) -> Result<ChosenSet> {
        let question = Question {
            matrix: &self.matrix,
            choosing: &self.choosing,
            without: &self.without,
            unresolved: self.unresolved,
            take: self.take,
            seed: self.seed,
        };
        let choice: TfChoice = choice.parse()?;
        if choice.around().is_some() {
            self.choosing.check(&choice)?;
        }
        Chooser::new(question, &Session::silent())?.choose(&choice, None)
    }

    /// The names of the TFs of a choice, separated by blanks.
    fn names(&self, choice: &str) -> String {
        self.choose(choice).expect("a set").names().join(" ")
    }

    /// What a choice is refused with, message and hint.
    fn refused(&self, choice: &str) -> String {
        let error = self.choose(choice).expect_err("no set");
        format!("{error} / {}", error.advice().unwrap_or_default())
    }
}

#[track_caller]
fn says(message: &str, parts: &[&str]) {
    for part in parts {
        assert!(message.contains(part), "no {part:?} in: {message}");
    }
}

#[test]
fn cosines_and_modes_decide_over_fixed_sets() {
    let toy = Toy::new();
    // Cosines to A: B1 1, D 0.95, C1 0.89, B2 0.8, C2 0.52, B4 0.45 over its few regions, B3 0.32,
    // C3 0.11, C4 0.
    assert_eq!(toy.names("best-cosine:A"), "B1 D");
    assert_eq!(toy.names("cofactors:A"), "D C1");
    assert_eq!(toy.names("low-correlation:A"), "B4 B3");
    let toy = Toy::with(|toy| toy.choosing.with_target = true);
    assert_eq!(toy.names("cofactors:A"), "A D");
    // The last ones with the target, too, as the paper's text has it.
    assert_eq!(toy.names("low-correlation:A"), "A B3");
    let toy = Toy::with(|toy| toy.without = vec!["D".into(), "B1".into()]);
    assert_eq!(toy.names("best-cosine:A"), "C1 B2");
    let toy = Toy::with(|toy| toy.choosing.only_mode = Some("2".into()));
    assert_eq!(toy.names("low-correlation:A"), "B2 B3");
    // What shares another mode of the target is no cofactor all the same.
    assert_eq!(toy.names("cofactors:A"), "D C1");
    says(
        &Toy::with(|toy| toy.choosing.only_mode = Some("3".into())).refused("mode:A"),
        &["only_mode: expected a binding mode of A (1, 2), found `3`"],
    );
}

#[test]
fn what_is_recorded_of_a_set_can_be_counted_by_hand() {
    let toy = Toy::with(|toy| toy.choosing.count = 3);
    let set = toy.choose("low-correlation:A").expect("a set");
    assert_eq!(set.names(), ["B2", "B4", "B3"]);
    // B4 is resolved for the first 12 regions; B2 binds 2 to 11 of them, B3 8 to 11, B4 4 and 5.
    assert_eq!((set.regions, set.bound, set.bound_of_mode), (12, 16, 16));
    let target = set.target.as_ref().expect("a target");
    assert_eq!((&*target.tf, target.bound), ("A", Some(10)));
    assert_eq!(target.modes, ["1", "2"]);
    let last = &set.tfs[2];
    assert_eq!(
        (last.modes.join(","), last.shared.join(",")),
        ("2,7".into(), "2".into())
    );
    assert_eq!(
        (last.resolved, last.bound, last.bound_in_regions),
        (40, 4, 4)
    );
    assert!((last.cosine.expect("a cosine") - 2.0 / 40.0_f64.sqrt()).abs() < 1e-12);
    let set = Toy::new().choose("cofactors:A").expect("a set");
    assert_eq!((set.bound, set.bound_of_mode), (17, 0));
    // Its own bound regions are no others' of its mode.
    let toy = Toy::with(|toy| toy.choosing.with_target = true);
    let set = toy.choose("best-cosine:A").expect("a set");
    assert_eq!(
        (set.names().join(" "), set.bound, set.bound_of_mode),
        ("A B1".into(), 20, 10)
    );
    says(&set.rule, &["highest cosine", "the target is one of them"]);
}

#[test]
fn random_sets_keep_to_their_pool_and_to_the_seed() {
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..40 {
        let toy = Toy::with(|toy| toy.seed = seed);
        let set = toy.names("mode:A");
        assert_eq!(set, toy.names("mode:A"));
        assert!(set.split(' ').all(|tf| tf.starts_with('B')), "{set}");
        seen.insert(set);
        // D, whose modes nobody knows, might share one; E is bound nowhere.
        let others = toy.names("random:A");
        assert!(others.split(' ').all(|tf| tf.starts_with('C')), "{others}");
    }
    // All pairs of the four.
    assert_eq!(seen.len(), 6);
    // A name in other case is the same TF.
    assert_eq!(Toy::new().names("mode:a"), Toy::new().names("mode:A"));
}

#[test]
fn sets_are_drawn_until_they_have_regions_enough() {
    for seed in 0..20 {
        let toy = Toy::with(|toy| {
            toy.seed = seed;
            toy.choosing.count = 3;
            toy.choosing.min_regions = Some(13);
        });
        assert_eq!(
            toy.names("mode:A"),
            "B1 B2 B3",
            "only this one has more than 12"
        );
    }
    let toy = Toy::with(|toy| {
        toy.choosing.count = 4;
        toy.choosing.min_regions = Some(13);
    });
    says(
        &toy.refused("mode:A"),
        &[
            "min_regions: expected mode:A to have 13 regions to train on, found 12",
            "the only set, B1, B2, B3, B4",
            "B4 costs most: the others have 40 regions; leave it out with `without` B4",
        ],
    );
    says(
        &Toy::with(|toy| {
            toy.choosing.min_regions = Some(41);
            toy.choosing.with_target = true;
        })
        .refused("cofactors:A"),
        &[
            "cofactors:A to have 41 regions",
            "found 40 (A, D)",
            "lower `min_regions`",
        ],
    );
    says(
        &Toy::with(|toy| toy.choosing.min_regions = Some(13)).refused("A,B4"),
        &["expected A,B4 to have 13 regions", "found 12"],
    );
}

#[test]
fn larger_pools_are_sampled() {
    let mut toy = Toy::new();
    let mut table = std::fs::read_to_string(&toy.choosing.modes).expect("modes");
    for number in 0..30 {
        toy.matrix.tfs.push(format!("M{number}"));
        // One in three has few regions.
        let end = if number % 3 == 0 { 10 } else { 40 };
        toy.matrix.columns.push(column(0, end, number % 8, 2));
        table += &format!("M{number}\t1\n");
    }
    std::fs::write(&toy.choosing.modes, table).expect("a writable folder");
    toy.choosing.count = 8;
    toy.choosing.min_regions = Some(40);
    let mut sets = std::collections::BTreeSet::new();
    for seed in 0..5 {
        toy.seed = seed;
        let set = toy.choose("mode:A").expect("a set");
        assert_eq!((set.tfs.len(), set.regions), (8, 40));
        sets.insert(set.names());
    }
    assert!(sets.len() > 3, "{sets:?}");
    toy.choosing.min_regions = Some(50);
    says(
        &toy.refused("mode:A"),
        &["the best of 2,000 sets at random"],
    );
}

#[test]
fn a_control_has_as_many_bound_regions() {
    for seed in 0..10 {
        let toy = Toy::with(|toy| toy.seed = seed);
        let (mode, matched) = (toy.choose("mode:A"), toy.choose("matched:A"));
        let (mode, matched) = (mode.expect("a set"), matched.expect("a set"));
        assert!(matched.names().iter().all(|tf| tf.starts_with('C')));
        // All pairs of C1 to C4 within the regions that they share.
        let pairs: Vec<u64> = ["C1,C2", "C1,C3", "C1,C4", "C2,C3", "C2,C4", "C3,C4"]
            .map(|pair| toy.choose(pair).expect("a set").bound)
            .into();
        let closest = pairs.iter().map(|bound| bound.abs_diff(mode.bound)).min();
        assert_eq!(Some(matched.bound.abs_diff(mode.bound)), closest);
        says(
            &matched.notes[0],
            &[&format!("against {} of mode:A", mode.bound)],
        );
    }
    // Where regions are taken at random, what counts is how many bound ones are among them.
    let toy = Toy::with(|toy| toy.take = Some(10));
    let note = &toy.choose("matched:A").expect("a set").notes[0];
    says(note, &["(with 10 regions taken)"]);
}

#[test]
fn sets_are_filled_up_with_resolved_tfs_of_other_modes() {
    let toy = Toy::with(|toy| toy.choosing.bury = Some(5));
    let set = toy.choose("best-cosine:A").expect("a set");
    // C1 and C4 have 40 regions, C3 38, C2 36; D is not known to share none.
    assert_eq!(set.names(), ["B1", "D", "C1", "C4", "C3"]);
    let fills: Vec<bool> = set.tfs.iter().map(|tf| tf.fills_up).collect();
    assert_eq!(fills, [false, false, true, true, true]);
    assert_eq!(set.regions, 38);
    says(&set.rule, &["filled up to 5"]);
    let toy = Toy::with(|toy| toy.choosing.bury = Some(9));
    says(
        &toy.refused("best-cosine:A"),
        &["bury: expected at most 6", "found 9"],
    );
    // What fills up counts among the regions that a set must have.
    let toy = Toy::with(|toy| {
        toy.choosing.bury = Some(5);
        toy.choosing.min_regions = Some(39);
    });
    says(
        &toy.refused("best-cosine:A"),
        &["C3 costs most", "40 regions"],
    );
}

#[test]
fn partners_follow_scores() {
    let toy = Toy::with(|toy| {
        let links = toy.folder.path().join("links.tsv");
        std::fs::write(
            &links,
            "A\tB1\t900\nA\tC2\t800\nc1\tA\t700\nA\tC3\t100\nA\tE\t999\n",
        )
        .expect("a writable folder");
        toy.choosing.string = Some(links);
    });
    assert_eq!(toy.names("best-partners:A"), "B1 C2");
    let set = toy.choose("partners:A").expect("a set");
    assert_eq!(set.names(), ["C2", "C1"]);
    assert_eq!(set.tfs[0].score, Some(800.0));
    let toy = Toy {
        choosing: Choosing {
            count: 4,
            ..toy.choosing.clone()
        },
        ..toy
    };
    let set = toy.choose("partners:A").expect("a set");
    assert_eq!(set.names(), ["C2", "C1", "C3"]);
    says(
        &set.notes[0],
        &["3 TFs instead of 4", "no more for partners:A"],
    );
    says(
        &Toy::new().refused("partners:A"),
        &["string: expected STRING's file", "string-db.org"],
    );
}

#[test]
fn sets_without_a_target() {
    let toy = Toy::new();
    assert_eq!(toy.names("all"), "A B1 B2 B3 B4 C1 C2 C3 C4 D");
    assert_eq!(toy.names("most-resolved:8"), "A B1 B2 B3 C1 C4 D C3");
    assert_eq!(toy.names("C3,B4"), "C3 B4");
    assert_eq!(toy.names("top-resolved:2").split(' ').count(), 2);
    says(
        &toy.refused("most-resolved:11"),
        &["a number of TFs from 1 to 10"],
    );
    let toy = Toy::with(|toy| toy.unresolved = Unresolved::Mask);
    assert_eq!(toy.choose("C3,B4").expect("a set").regions, 38);
}

#[test]
fn targets_that_cannot_be_are_told() {
    let toy = Toy::new();
    says(
        &toy.refused("mode:LONER"),
        &[
            "expected a TF of the matrix, or one whose binding modes are known",
            "\"LONER\"",
            "LONE?",
        ],
    );
    // A TF that the matrix lacks but whose modes are known can be chosen for.
    let set = toy.choose("mode:NEW").expect("a set");
    assert_eq!(set.target.expect("a target").bound, None);
    assert!(
        set.tfs
            .iter()
            .all(|tf| tf.cosine.is_none() && !tf.shared.is_empty())
    );
    says(
        &toy.refused("cofactors:NEW"),
        &["whose bound regions are compared", "\"NEW\""],
    );
    says(
        &toy.refused("mode:LONE"),
        &[
            "shares a binding mode with others",
            "LONE, alone in mode 9",
            "choose all, or random:LONE",
        ],
    );
    // D has no motif; E has no bound region.
    says(
        &toy.refused("random:D"),
        &[
            "modes: expected motifs or a table",
            "does not know it",
            "best-cosine:D",
        ],
    );
    assert_eq!(toy.names("best-cosine:D"), "A B1");
    says(
        &toy.refused("cofactors:E"),
        &["a TF with bound regions", "found E, without any"],
    );
    assert_eq!(toy.choose("mode:E").expect("a set").tfs.len(), 2);
    let toy = Toy::with(|toy| {
        toy.choosing.with_target = true;
        toy.without = vec!["A".into()];
    });
    says(
        &toy.refused("mode:A"),
        &["without: expected other TFs than the target"],
    );
}

/// A quarter of the published matrix.
fn quarter() -> BindingMatrix {
    let data = shared("tf-binding");
    import_npz(
        &data.join("matrix2d.ReMap+UniBind.sparse.npz"),
        Some(&data.join("matrix2d.ReMap+UniBind.less-sparse.npz")),
        &data.join("regions_idx.pickle.gz"),
        &data.join("tfs_idx.pickle.gz"),
    )
    .expect("the published matrix imports")
}

#[test]
#[ignore = "needs ../shared/data"]
fn shared_data_choices_are_those_of_the_paper() {
    let folder = tempfile::tempdir().expect("a folder");
    let matrix = quarter();
    let choose = |choosing: &Choosing, choice: &str| {
        let question = Question {
            matrix: &matrix,
            choosing,
            without: &[],
            unresolved: Unresolved::Drop,
            take: None,
            seed: 1,
        };
        let choice = choice.parse().expect("a choice");
        let chooser = Chooser::new(question, &Session::silent()).expect("a chooser");
        chooser.choose(&choice, None).expect("a set")
    };
    let usual = Choosing {
        modes: vertebrates_of_2020(folder.path()),
        ..Choosing::default()
    };

    // Two of the paper's 50 are not in this part of the matrix.
    let mut fifty = FIFTY.to_vec();
    fifty.retain(|tf| !["CTCF", "EGR1"].contains(tf));
    let named = choose(&usual, &fifty.join(","));
    assert_eq!((named.tfs.len(), named.regions), (48, 23_607));
    // By the same rule on this part alone, six of them give way to others.
    let most = choose(&usual, "most-resolved:48").names();
    let missing: Vec<&str> = fifty
        .iter()
        .copied()
        .filter(|tf| !most.iter().any(|name| name == tf))
        .collect();
    assert_eq!(missing, ["AR", "ARNT", "NR2F1", "CEBPG", "ERG", "ETS1"]);
    assert_eq!(choose(&usual, "most-resolved:50").regions, 22_242);

    // The cofactors of the whole matrix, but for two sets.
    for (target, expected, regions) in [
        ("HNF4A", "NR2F2 FOXA2 FOXA1 SP1 MYBL2", 26_126),
        ("JUND", "SP1 MAFG MAFF NFIC PBX3", 16_628),
        ("MAX", "MXI1 E2F6 ATF3 CTCFL NRF1", 33_054),
        ("SPI1", "IRF4 TBX21 RUNX3 BATF PAX5", 34_236),
        ("SP1", "FOSL1 JUND FOS FOSL2 JUN", 26_251),
    ] {
        let set = choose(&usual, &format!("cofactors:{target}"));
        let (mut names, mut expected): (Vec<String>, Vec<&str>) =
            (set.names(), expected.split(' ').collect());
        names.sort();
        expected.sort_unstable();
        assert_eq!(names, expected, "{target}");
        assert_eq!(set.regions, regions, "{target}");
    }
    let bound = |set: &ChosenSet| set.target.as_ref().and_then(|target| target.bound);
    let cofactors = choose(&usual, "cofactors:HNF4A");
    assert_eq!(bound(&cofactors), Some(3_668));
    assert_eq!(choose(&usual, "best-cosine:HNF4A").tfs[0].tf, "HNF4G");

    // The paper's code counted one mode of the target.
    let modes = Modes::read(&usual.modes, &Session::silent()).expect("modes");
    let low = |target: &str, relative: &str| {
        let of_relative = modes.of(relative);
        let shared = modes
            .of(target)
            .into_iter()
            .find(|mode| of_relative.contains(mode));
        let choosing = Choosing {
            only_mode: shared,
            ..usual.clone()
        };
        let set = choose(&choosing, &format!("low-correlation:{target}"));
        let mut names = set.names();
        names.sort();
        (names.join(" "), set.regions)
    };
    assert_eq!(low("SP1", "EGR1").1, 10_323);
    assert_eq!(low("HNF4A", "RXRA").0, "NR2C2 NR2F1 RXRA TCF7 TCF7L2");

    let buried = Choosing {
        bury: Some(50),
        ..usual.clone()
    };
    assert_eq!(choose(&buried, "mode:HNF4A").tfs.len(), 50);
    let mode = choose(&usual, "mode:HNF4A");
    let matched = choose(&usual, "matched:HNF4A");
    assert!(
        matched.bound.abs_diff(mode.bound) * 100 < mode.bound,
        "{} {}",
        matched.bound,
        mode.bound
    );
}
