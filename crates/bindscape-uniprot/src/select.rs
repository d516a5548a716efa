//! From the records of the queries to a labelled set in which every protein,
//! and every sequence, has one class.

use std::collections::{BTreeMap, HashMap};

use bindscape_base::random;
use bindscape_protein::ProteinClass;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use crate::entry::Entry;

/// How many records of one class were kept or dropped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassCounts {
    /// Records of the query.
    pub found: u64,
    /// Left out: in two or three of the classes zinc finger, homeodomain and leucine zipper.
    pub ambiguous: u64,
    /// Left out of the non-TFs: homeodomain or bZIP domain without the GO term.
    pub with_domain: u64,
    /// Left out: the same sequence stands in another class too.
    pub contradictory: u64,
    /// Left out by the draw.
    pub not_drawn: u64,
    /// In the set.
    pub kept: u64,
}

/// Chooses from the records of each query, of which there is at most one per class.
///
/// A protein in two of the domain classes is in neither, since the network's
/// classes exclude each other. One with a homeodomain or bZIP domain is of that
/// class even without the GO term, and no non-TF. Proteins of different classes
/// with the same sequence are left out. Of the rest, `limit` says how many are
/// drawn; the draw depends on the seed and the accessions alone, not on the
/// order of the records. The result is in order of class and accession.
pub(crate) fn select(
    found: BTreeMap<usize, Vec<Entry>>,
    wanted: &[ProteinClass],
    limit: impl Fn(ProteinClass) -> Option<usize>,
    seed: u64,
) -> (
    Vec<(ProteinClass, Entry)>,
    BTreeMap<ProteinClass, ClassCounts>,
) {
    let mut counts: BTreeMap<ProteinClass, ClassCounts> = BTreeMap::new();
    let mut classes: HashMap<String, Vec<ProteinClass>> = HashMap::new();
    for (&index, entries) in &found {
        let class = ProteinClass::ALL[index];
        counts.entry(class).or_default().found = entries.len() as u64;
        for entry in entries {
            classes
                .entry(entry.accession.clone())
                .or_default()
                .push(class);
        }
    }
    let mut kept: Vec<(ProteinClass, Entry)> = Vec::new();
    for (index, entries) in found {
        let class = ProteinClass::ALL[index];
        let count = counts.entry(class).or_default();
        for entry in entries {
            let of_entry = &classes[&entry.accession];
            if class == ProteinClass::NonTf && of_entry.len() > 1 {
                count.with_domain += 1;
            } else if of_entry.iter().filter(|class| class.is_tf()).count() > 1 {
                count.ambiguous += 1;
            } else {
                kept.push((class, entry));
            }
        }
    }

    // `None` marks a sequence of several classes.
    let mut of_sequence: HashMap<String, Option<ProteinClass>> = HashMap::new();
    for (class, entry) in &kept {
        of_sequence
            .entry(entry.sequence.clone())
            .and_modify(|known| {
                if *known != Some(*class) {
                    *known = None;
                }
            })
            .or_insert(Some(*class));
    }
    kept.retain(|(class, entry)| {
        let one_class = of_sequence[&entry.sequence].is_some();
        if !one_class {
            counts.entry(*class).or_default().contradictory += 1;
        }
        one_class
    });

    let mut chosen = Vec::new();
    for class in ProteinClass::ALL {
        let (mut of_class, rest): (Vec<_>, Vec<_>) =
            kept.into_iter().partition(|(other, _)| *other == class);
        kept = rest;
        if !wanted.contains(&class) {
            counts.remove(&class);
            continue;
        }
        of_class.sort_by(|(_, a), (_, b)| a.accession.cmp(&b.accession));
        let available = of_class.len();
        if let Some(limit) = limit(class)
            && limit < available
        {
            of_class.shuffle(&mut random::stream(seed, "fetch", &[class.index() as u64]));
            of_class.truncate(limit);
            of_class.sort_by(|(_, a), (_, b)| a.accession.cmp(&b.accession));
        }
        let count = counts.entry(class).or_default();
        count.kept = of_class.len() as u64;
        count.not_drawn = (available - of_class.len()) as u64;
        chosen.append(&mut of_class);
    }
    (chosen, counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(accession: &str, sequence: &str) -> Entry {
        Entry {
            accession: accession.into(),
            name: String::new(),
            organism: String::new(),
            taxon: "eukaryotes",
            keywords: Vec::new(),
            pfam: Vec::new(),
            sequence: sequence.into(),
        }
    }

    #[test]
    fn every_protein_and_sequence_has_one_class() {
        let found = BTreeMap::from([
            (
                0,
                vec![entry("Z1", "ZA"), entry("ZH", "ZB"), entry("Z2", "SAME")],
            ),
            (
                1,
                vec![entry("H1", "HA"), entry("ZH", "ZB"), entry("H2", "HB")],
            ),
            (3, vec![entry("O1", "OA")]),
            (
                4,
                vec![
                    entry("N1", "NA"),
                    entry("H1", "HA"),
                    entry("N2", "SAME"),
                    entry("ZH", "ZB"),
                ],
            ),
        ]);
        let (chosen, counts) = select(found, &ProteinClass::ALL, |_| None, 1);
        let chosen: Vec<_> = chosen
            .iter()
            .map(|(class, entry)| (class.name(), entry.accession.as_str()))
            .collect();
        assert_eq!(
            chosen,
            [
                ("zinc_finger", "Z1"),
                ("homeodomain", "H1"),
                ("homeodomain", "H2"),
                ("other_tf", "O1"),
                ("non_tf", "N1"),
            ]
        );
        let zinc = counts[&ProteinClass::ZincFinger];
        assert_eq!(
            (zinc.found, zinc.ambiguous, zinc.contradictory, zinc.kept),
            (3, 1, 1, 1)
        );
        let non_tf = counts[&ProteinClass::NonTf];
        assert_eq!(
            (non_tf.with_domain, non_tf.contradictory, non_tf.kept),
            (2, 1, 1)
        );
        for count in counts.values() {
            let parts = count.ambiguous
                + count.with_domain
                + count.contradictory
                + count.not_drawn
                + count.kept;
            assert_eq!(parts, count.found);
        }
    }

    #[test]
    fn a_draw_depends_on_the_seed_and_not_on_the_order() {
        let entries: Vec<Entry> = (0..50)
            .map(|i| entry(&format!("P{i:02}"), &"A".repeat(i + 1)))
            .collect();
        let draw = |entries: &[Entry], seed| {
            let found = BTreeMap::from([(4, entries.to_vec())]);
            let (chosen, counts) = select(found, &ProteinClass::ALL, |_| Some(10), seed);
            assert_eq!(counts[&ProteinClass::NonTf].not_drawn, 40);
            chosen
                .into_iter()
                .map(|(_, entry)| entry.accession)
                .collect::<Vec<_>>()
        };
        let reversed: Vec<Entry> = entries.iter().rev().cloned().collect();
        assert_eq!(draw(&entries, 1), draw(&reversed, 1));
        assert_ne!(draw(&entries, 1), draw(&entries, 2));
        assert!(draw(&entries, 1).is_sorted());
    }
}
