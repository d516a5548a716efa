//! What a format can hold comes back as it was written.

use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::{Format, parse_motifs, write_motifs};
use crate::background::Background;
use crate::matrix::{Counts, Frequencies};
use crate::motif::{EValue, Metadata, Motif, MotifSet};

/// Frequencies of six digits, as files have them: some rows sum to 0.999999 or 1.000001.
fn frequencies() -> impl Strategy<Value = Frequencies> {
    let row = (vec(0_u32..=1_000_000, 4), -1_i32..=1).prop_map(|(parts, off)| {
        let sum: u32 = parts.iter().sum::<u32>().max(1);
        let mut millionths: Vec<i32> = parts
            .iter()
            .map(|&part| (u64::from(part) * 1_000_000 / u64::from(sum)) as i32)
            .collect();
        let rest = 1_000_000 - millionths.iter().sum::<i32>();
        let largest = (0..4).max_by_key(|&base| millionths[base]).unwrap_or(0);
        millionths[largest] += rest + if rest == 0 { off.min(0) } else { off };
        let text = |value: i32| format!("{}.{:06}", value / 1_000_000, value % 1_000_000);
        std::array::from_fn(|base| text(millionths[base]).parse().expect("a number"))
    });
    vec(row, 1..25).prop_map(|rows| Frequencies::new(rows).expect("rows sum to one"))
}

fn counts() -> impl Strategy<Value = Counts> {
    let row = vec(0_u32..5000, 4).prop_map(|row| {
        // A position without sites is no position.
        let a = if row.iter().all(|&n| n == 0) {
            1
        } else {
            row[0]
        };
        [a, row[1], row[2], row[3]].map(f64::from)
    });
    vec(row, 1..25).prop_map(|rows| Counts::new(rows).expect("no row is empty"))
}

fn word() -> impl Strategy<Value = String> {
    "[A-Za-z0-9_.:()$-]{1,12}"
}

fn text() -> impl Strategy<Value = String> {
    "[A-Za-z0-9_.,;()-]{1,8}( [A-Za-z0-9_.,;()-]{1,8}){0,2}"
}

fn named(motif: Motif, names: (String, Option<String>)) -> Motif {
    Motif {
        id: names.0,
        name: names.1,
        ..motif
    }
}

fn names() -> impl Strategy<Value = (String, Option<String>)> {
    (word(), proptest::option::of(text()))
}

fn with_frequencies() -> impl Strategy<Value = Motif> {
    (frequencies(), names())
        .prop_map(|(frequencies, names)| named(Motif::new("", frequencies), names))
}

fn with_counts() -> impl Strategy<Value = Motif> {
    (counts(), names()).prop_map(|(counts, names)| named(Motif::from_counts("", counts), names))
}

fn returns(set: MotifSet, format: Format) -> Result<(), TestCaseError> {
    let text = write_motifs(&set, format);
    let path = Path::new("m.txt");
    prop_assert_eq!(
        &parse_motifs(&text, path, Some(format)).expect("as written"),
        &set
    );
    // Four rows of four numbers may stand either way, which is said or decided by their sums.
    if matches!(format, Format::Pfm | Format::Pcm)
        && set.motifs.iter().all(|motif| motif.width() == 4)
    {
        return Ok(());
    }
    prop_assert_eq!(parse_motifs(&text, path, None).expect("told"), set);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn meme(
        motifs in vec((with_frequencies(), proptest::option::of(1_u32..100_000), proptest::option::of(-2000_i32..9), proptest::option::of(word())), 1..5),
        single_strand: bool,
        background in proptest::option::of(([1_u32..1000, 1_u32..1000, 1_u32..1000, 1_u32..1000], proptest::option::of(text()))),
    ) {
        let motifs = motifs.into_iter().map(|(motif, sites, e_value, url)| Motif {
            sites: sites.map(f64::from),
            e_value: e_value.map(|e_value| EValue::from_log10(f64::from(e_value))),
            // MEME's other name is one word.
            name: motif.name.map(|name| name.replace(' ', "_")),
            url,
            ..motif
        }).collect();
        let mut set = MotifSet { single_strand, ..MotifSet::new(motifs) };
        if let Some((parts, source)) = background {
            let parts = parts.map(f64::from);
            let sum: f64 = parts.iter().sum();
            set.background = Some(Background::new(parts.map(|n| n / sum)).expect("valid"));
            set.background_source = source;
        }
        let text = write_motifs(&set, Format::Meme);
        let again = parse_motifs(&text, Path::new("m"), None).expect("as written");
        // Scaling to the sum of one may move the last bit of the background.
        if let (Some(a), Some(b)) = (again.background, set.background) {
            for (a, b) in a.probabilities().iter().zip(b.probabilities()) {
                prop_assert!((a - b).abs() < 1e-12);
            }
        }
        prop_assert_eq!(MotifSet { background: set.background, ..again }, set);
    }

    #[test]
    fn jaspar_counts(motifs in vec(with_counts(), 1..5)) {
        for format in [Format::Jaspar, Format::Pfm, Format::Pcm] {
            returns(MotifSet::new(motifs.clone()), format)?;
        }
    }

    #[test]
    fn jaspar_frequencies(motifs in vec(with_frequencies(), 1..5)) {
        let set = MotifSet::new(motifs);
        for format in [Format::Jaspar, Format::Pfm, Format::Pcm] {
            let text = write_motifs(&set, format);
            let again = parse_motifs(&text, Path::new("m"), Some(format)).expect("as written");
            for (a, b) in again.motifs.iter().zip(&set.motifs) {
                prop_assert_eq!((&a.frequencies, a.sites), (&b.frequencies, None));
                prop_assert_eq!((&a.id, &a.name), (&b.id, &b.name));
            }
        }
    }

    #[test]
    fn transfac(motifs in vec((with_counts(), proptest::option::of(text()), vec(text(), 0..3), vec(word(), 0..3), proptest::option::of(word())), 1..5)) {
        let motifs = motifs.into_iter().map(|(motif, description, class, uniprot, other_id)| Motif {
            metadata: Metadata {
                description,
                uniprot,
                family: class.clone(),
                comments: class.iter().map(|text| format!("about {text}")).collect(),
                class,
                tax_group: Some("plants".into()),
                species: vec!["3702".into(), "9606".into()],
                other_id: other_id.filter(|_| motif.name.is_some()),
                ..Metadata::default()
            },
            ..motif
        }).collect();
        returns(MotifSet::new(motifs), Format::Transfac)?;
    }

    #[test]
    fn homer(motifs in vec((with_frequencies(), -20_000_000_i32..20_000_000, vec(word(), 0..3)), 1..5)) {
        let motifs = motifs.into_iter().map(|(motif, threshold, comments)| Motif {
            metadata: Metadata {
                threshold: Some(f64::from(threshold) / 1e6),
                comments,
                ..Metadata::default()
            },
            ..motif
        }).collect();
        returns(MotifSet::new(motifs), Format::Homer)?;
    }

    #[test]
    fn uniprobe(motifs in vec((with_frequencies(), vec(text(), 0..3)), 1..5)) {
        let motifs = motifs.into_iter().map(|(motif, comments)| Motif {
            metadata: Metadata { comments, ..Metadata::default() },
            ..motif
        }).collect();
        returns(MotifSet::new(motifs), Format::Uniprobe)?;
    }

    #[test]
    fn other_strand_twice_is_the_motif(motif in with_counts()) {
        prop_assert_eq!(motif.reverse_complement().reverse_complement(), motif);
    }

    #[test]
    fn nothing_read_breaks_what_types_promise(text in "([>ACGTPX0/:.1 \\t-]{0,6}[\\n]?){0,30}") {
        for format in Format::ALL {
            if let Ok(set) = parse_motifs(&text, Path::new("m"), Some(format)) {
                for motif in &set.motifs {
                    prop_assert!(Frequencies::new(motif.frequencies.rows().to_vec()).is_ok());
                    prop_assert!(!motif.id.is_empty());
                }
            }
        }
    }
}
