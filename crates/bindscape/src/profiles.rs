//! The built-in JASPAR profiles of a TF, which anybody may scan with who has no peaks at all.

use bindscape_base::Result;
use bindscape_genome::sequence::PackedSequences;
use bindscape_motif::{Motif, MotifSet, jaspar};
use bindscape_stats::aucpr;

use crate::denovo;
use crate::motif::factors_of;

/// The profiles of vertebrates that bear the name of `tf`, in upper or lower case. Those of a
/// dimer (`MAX::MYC`) are of both TFs.
pub(crate) fn of(tf: &str) -> Vec<&'static Motif> {
    let named = |name: &str| factors_of(name).any(|part| part.eq_ignore_ascii_case(tf));
    let motifs = jaspar().motifs.iter();
    motifs
        .filter(|motif| motif.metadata.tax_group.as_deref() == Some("vertebrates"))
        .filter(|motif| motif.name.as_deref().is_some_and(named))
        .collect()
}

/// The profile of `tf` whose sum occupancy ranks `sequences` best by AUCPR, the first of several
/// that are equally good; `None` without any. Regions that are tested on must not be among them.
///
/// # Panics
/// If `bound` has not an entry for each sequence.
pub(crate) fn best(
    tf: &str,
    sequences: &PackedSequences,
    bound: &[bool],
) -> Result<Option<&'static Motif>> {
    assert_eq!(bound.len(), sequences.len(), "a label for each sequence");
    let profiles = of(tf);
    let [first, others @ ..] = &profiles[..] else {
        return Ok(None);
    };
    if others.is_empty() {
        return Ok(Some(first));
    }
    let set = MotifSet::new(profiles.iter().map(|&motif| motif.clone()).collect());
    let scores = denovo::occupancies(&set, sequences)?;
    let mut best: (Option<f64>, &Motif) = (None, first);
    for (column, &profile) in profiles.iter().enumerate() {
        let rows = scores.chunks_exact(profiles.len()).zip(bound);
        let (scores, labels): (Vec<f32>, Vec<bool>) = rows
            .filter_map(|(row, &label)| Some((row[column]?, label)))
            .unzip();
        let value = aucpr(&scores, &labels);
        if value > best.0 {
            best = (value, profile);
        }
    }
    Ok(Some(best.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_any_case_and_dimers() {
        let names = |tf: &str| -> Vec<&str> {
            of(tf)
                .iter()
                .filter_map(|motif| motif.name.as_deref())
                .collect()
        };
        let max = names("max");
        assert!(max.contains(&"MAX") && max.contains(&"MAX::MYC"), "{max:?}");
        assert!(max.iter().all(|name| !name.contains("MAZ")), "{max:?}");
        assert!(names("MYC").contains(&"MAX::MYC"));
        assert!(names("P300").is_empty() && names("").is_empty());
        // Profiles of other groups bear the name, too.
        assert!(of("CTCF").len() < jaspar::select("CTCF").unwrap().motifs.len());
    }

    #[test]
    fn the_best_on_the_given_sequences_is_taken() {
        let profiles = of("RXRA");
        let named = |name: &str| {
            let mut found = profiles.iter();
            found
                .find(|motif| motif.name.as_deref() == Some(name))
                .unwrap()
        };
        // Half sites at distances of one, four and five bases, each against the other two.
        let dimers = ["Pparg::Rxra", "RXRA::VDR", "RARA::RXRA"].map(named);
        for (wanted, profile) in dimers.iter().enumerate() {
            let mut sequences = PackedSequences::new(60);
            for dimer in &dimers {
                sequences.push(format!("{:T<60}", dimer.frequencies.most_frequent()).as_bytes());
            }
            let bound: Vec<bool> = (0..dimers.len()).map(|row| row == wanted).collect();
            let found = best("RXRA", &sequences, &bound).unwrap().unwrap();
            assert_eq!(found.id, profile.id);
        }
        let none = PackedSequences::new(60);
        assert!(best("P300", &none, &[]).unwrap().is_none());
    }
}
