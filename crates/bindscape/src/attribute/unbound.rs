//! References that are unbound regions with the GC content of the sequence.

use std::hash::BuildHasher;
use std::path::{Path, PathBuf};

use bindscape_base::{Error, Place, Result, random};
use bindscape_genome::load::SequenceInput;
use bindscape_genome::sequence::{PackedSequences, Strand};
use bindscape_matrix::View;
use bindscape_nn::Model;
use bindscape_nn::attribution::turned;
use rustc_hash::{FxBuildHasher, FxHashSet};
use serde::{Deserialize, Serialize};

use super::strand::on_its_strand;
use crate::data;
use crate::model;
use crate::session::Session;

/// Regions with the GC content of a sequence differ from it by no more than this share.
pub(super) const TOLERANCE: f64 = 0.025;

/// Where unbound regions come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnboundRegions {
    /// Binding matrix (Parquet) that has the TF.
    pub matrix: PathBuf,
    /// Where the sequences of its regions come from.
    pub sequences: SequenceInput,
}

/// Bases G and C.
fn strong(bases: &[u8]) -> usize {
    (bases.iter().filter(|&&base| base == 1 || base == 2)).count()
}

fn hash(bases: &[u8]) -> u64 {
    FxBuildHasher.hash_one(bases)
}

/// Unbound regions of a TF, by their GC content. Each sequence is there once.
pub(super) struct Unbound {
    sequences: PackedSequences,
    /// Rows of the sequences that have 0, 1, … bases G and C.
    by_gc: Vec<Vec<u32>>,
    count: usize,
    seed: u64,
}

impl UnboundRegions {
    /// Reads the regions that are unbound by `tf`, of the model's length around their centres.
    pub(super) fn read(
        &self,
        (model, file): (&Model, &Path),
        tf: &str,
        (count, seed): (usize, u64),
        session: &Session<'_>,
    ) -> Result<Unbound> {
        let length = model.architecture.length();
        let tfs = [tf.to_owned()];
        let matrix = data::read_matrix(&self.matrix, Some(&tfs), session)?;
        let genome = matrix.provenance.genome.as_deref();
        model::check_build(model, file, genome, &self.matrix, session)?;
        let width = data::width(&matrix, &self.matrix)?;
        // Regions that are too long are refused as widths are.
        let wider = (width != length).then_some(length as u32);
        let matrix = data::widened(matrix, wider, &self.matrix, session)?;
        let rows: Vec<usize> = (0..matrix.regions.len())
            .filter(|&row| matrix.columns[0][row].label(View::Sparse) == Some(false))
            .collect();
        let mut source = data::open_recorded(&self.sequences)?;
        let regions = matrix.regions.select(&rows);
        let sequences = data::fetch(source.as_mut(), &regions, length, session)?;
        let mut unbound = Unbound {
            by_gc: vec![Vec::new(); length + 1],
            count,
            seed,
            sequences,
        };
        let mut seen = FxHashSet::default();
        for row in 0..rows.len() as u32 {
            let bases = unbound.bases(row);
            if !unbound.sequences.has_unknown(row as usize) && seen.insert(hash(&bases)) {
                unbound.by_gc[strong(&bases)].push(row);
            }
        }
        // Two of them may be the strands of the sequence itself.
        if seen.len() < count + 2 {
            return Err(Error::input(
                &self.matrix,
                Place::File,
                format!("at least {} regions that are unbound by {tf}", count + 2),
                seen.len().to_string(),
            )
            .hint("ask for fewer ⟦references⟧, or give a matrix of more regions"));
        }
        Ok(unbound)
    }
}

impl Unbound {
    fn bases(&self, row: u32) -> Vec<u8> {
        let mut bases = vec![0; self.sequences.length()];
        (self.sequences).bases(row as usize, Strand::Forward, &mut bases);
        bases
    }

    /// Bases that the GC content of a sequence may differ by.
    fn tolerance(&self) -> usize {
        (TOLERANCE * self.sequences.length() as f64).floor() as usize
    }

    /// The rows within `reach` bases of a GC content.
    fn within(&self, gc: usize, reach: usize) -> &[Vec<u32>] {
        let most = self.by_gc.len() - 1;
        &self.by_gc[gc.saturating_sub(reach)..=(gc + reach).min(most)]
    }

    /// How many bases further than a GC content it takes to have enough rows: those that are drawn,
    /// and the strands of the sequence itself.
    fn reach(&self, gc: usize) -> usize {
        let enough = |&reach: &usize| {
            let within = self.within(gc, reach).iter();
            within.map(Vec::len).sum::<usize>() >= self.count + 2
        };
        let reaches = self.tolerance()..self.by_gc.len();
        (reaches.into_iter().find(enough)).expect("there are enough in all")
    }

    /// Whether too few regions have the GC content of a sequence, so that others are taken.
    pub(super) fn lacks(&self, bases: &[u8]) -> bool {
        self.reach(strong(bases)) > self.tolerance()
    }

    /// The references of a sequence.
    pub(super) fn of(&self, bases: &[u8]) -> Vec<Vec<u8>> {
        on_its_strand(bases, |own, key| {
            let gc = strong(own);
            let mut near = self.within(gc, self.reach(gc)).concat();
            let mut rng = random::stream(self.seed, "unbound references", &[key]);
            random::shuffle(&mut near, &mut rng);
            let other = turned(own);
            let drawn = near.into_iter().map(|row| self.bases(row));
            drawn
                .filter(|drawn| drawn != own && *drawn != other)
                .take(self.count)
                .collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sequences of 40 bases, the first with no G or C, the last of nothing else, twice.
    fn unbound(count: usize) -> Unbound {
        let mut sequences = PackedSequences::new(40);
        let mut by_gc = vec![Vec::new(); 41];
        for strong in (0..=40).chain(0..=40) {
            let row = sequences.len();
            let letters = |place: usize| match (place < strong, (row + place) % 2) {
                (true, 0) => b'C',
                (true, _) => b'G',
                (false, 0) => b'A',
                (false, _) => b'T',
            };
            sequences.push(&(0..40).map(letters).collect::<Vec<u8>>());
            by_gc[strong].push(row as u32);
        }
        Unbound {
            sequences,
            by_gc,
            count,
            seed: 1,
        }
    }

    #[test]
    fn references_have_the_gc_content_of_the_sequence_and_turn_with_it() {
        let unbound = unbound(2);
        let own = unbound.bases(20);
        let drawn = unbound.of(&own);
        assert_eq!(drawn.len(), 2);
        for reference in &drawn {
            assert!(strong(reference).abs_diff(20) <= 1);
            assert!(*reference != own && *reference != turned(&own));
        }
        assert_eq!(drawn, unbound.of(&own));
        let other: Vec<Vec<u8>> = drawn.iter().map(|bases| turned(bases)).collect();
        assert_eq!(unbound.of(&turned(&own)), other);
    }

    #[test]
    fn where_too_few_have_it_the_nearest_are_taken() {
        let unbound = unbound(8);
        let own = unbound.bases(20);
        assert!(unbound.lacks(&own));
        let drawn = unbound.of(&own);
        assert_eq!(drawn.len(), 8);
        assert!(drawn.iter().all(|bases| strong(bases).abs_diff(20) <= 2));
        let few = self::unbound(2);
        assert!(!few.lacks(&own));
    }
}
