//! The most similar proteins of each protein.

use crate::{Hit, Protein, SimilarityIndex};
use bindscape_base::Result;
use bindscape_base::progress::Progress;

/// Alignments kept per protein; those with proteins to fit on are used.
pub(super) const KEPT: usize = 50;

/// A protein that another one resembles.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Neighbour {
    /// Its place in the list.
    pub protein: u32,
    /// Score of the alignment in bits.
    pub bits: f32,
}

/// For each protein of a list those that it can be aligned to, best first; never itself.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Neighbours {
    lists: Vec<Vec<Neighbour>>,
}

impl Neighbours {
    /// Searches for each of `proteins` among the first `labelled` of them; up to 50 local
    /// alignments that chance makes expected once at most.
    ///
    /// # Errors
    /// If the user asked to stop.
    pub fn search(proteins: &[Protein], labelled: usize, progress: &dyn Progress) -> Result<Self> {
        let index = SimilarityIndex::new(&proteins[..labelled]);
        let hits = index.search_all(proteins, KEPT, progress)?;
        let list = |hits: Vec<Hit>| {
            let neighbour = |hit: Hit| Neighbour {
                protein: hit.target as u32,
                bits: hit.bits as f32,
            };
            hits.into_iter().map(neighbour).collect()
        };
        Ok(Self::new(hits.into_iter().map(list).collect()))
    }

    /// Sorts the neighbours of each protein: most bits first, equal ones by place.
    #[must_use]
    pub fn new(mut lists: Vec<Vec<Neighbour>>) -> Self {
        for (protein, list) in lists.iter_mut().enumerate() {
            list.retain(|hit| hit.protein as usize != protein);
            list.sort_unstable_by(|a, b| b.bits.total_cmp(&a.bits).then(a.protein.cmp(&b.protein)));
        }
        Self { lists }
    }

    /// Number of proteins.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lists.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lists.is_empty()
    }

    /// The neighbours of a protein, best first.
    #[must_use]
    pub fn of(&self, protein: usize) -> &[Neighbour] {
        &self.lists[protein]
    }
}
