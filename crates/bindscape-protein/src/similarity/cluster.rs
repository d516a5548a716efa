//! Clusters of similar proteins.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rustc_hash::FxHashMap;

use super::{Hit, SimilarityIndex};
use crate::reader::Protein;
use bindscape_base::error::{Error, Result};
use bindscape_base::progress::Progress;
use serde::{Deserialize, Serialize};

/// What makes a cluster of pairs of similar proteins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Linkage {
    /// All that are joined by a chain of similar pairs: no similar pair is ever separated,
    /// which is what folds need (MMseqs2's `--cluster-mode 1`).
    #[default]
    Connected,
    /// Again and again the protein with the most neighbours that have no cluster yet, and
    /// these: every member is like its representative, but similar pairs may be separated
    /// (greedy set cover, MMseqs2's `--cluster-mode 0`).
    Representative,
}

impl Linkage {
    /// The name in options: `connected` or `representative`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Linkage::Connected => "connected",
            Linkage::Representative => "representative",
        }
    }
}

/// Which proteins count as similar, and how pairs become clusters.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClusterOptions {
    /// Least identity of the alignment, 0 to 1.
    pub min_identity: f64,
    /// Least share of the residues of both proteins inside the alignment, 0 to 1.
    pub coverage: f64,
    /// Most chance hits expected per protein.
    pub max_e_value: f64,
    /// How pairs become clusters.
    pub linkage: Linkage,
}

impl Default for ClusterOptions {
    /// 30% identity over 80% of both proteins, E-value at most 0.001.
    fn default() -> Self {
        Self {
            min_identity: 0.3,
            coverage: 0.8,
            max_e_value: 1e-3,
            linkage: Linkage::default(),
        }
    }
}

impl ClusterOptions {
    /// Whether the two proteins of a hit are similar.
    #[must_use]
    pub fn accept(&self, hit: &Hit) -> bool {
        hit.identity >= self.min_identity
            && hit.query_coverage >= self.coverage
            && hit.target_coverage >= self.coverage
            && hit.e_value <= self.max_e_value
    }

    /// Makes sure that shares are shares.
    ///
    /// # Errors
    /// If one is not between 0 and 1.
    pub fn check(&self) -> Result<()> {
        for (name, value) in [
            ("min_identity", self.min_identity),
            ("coverage", self.coverage),
        ] {
            if !(0.0..=1.0).contains(&value) {
                return Err(Error::argument(
                    name,
                    "a share from 0 to 1",
                    value.to_string(),
                ));
            }
        }
        Ok(())
    }
}

/// Clusters of a list of proteins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clusters {
    /// The cluster of each protein: numbers from 0 in the order in which the list shows
    /// them.
    pub cluster: Vec<u32>,
    /// The representative of each cluster, as a place in the list: the member with the most
    /// neighbours, of these the longest, of these the first.
    pub representative: Vec<u32>,
    /// Similar pairs among the different sequences.
    pub pairs: usize,
    /// Proteins whose sequence stood in the list before; they share its cluster.
    pub identical: usize,
}

/// The cluster of each protein, see [`Clusters::of`].
///
/// # Errors
/// If the options are out of range or the user asked to stop.
pub fn cluster(
    proteins: &[Protein],
    options: &ClusterOptions,
    progress: &dyn Progress,
) -> Result<Vec<u32>> {
    Clusters::of(proteins, options, progress).map(|clusters| clusters.cluster)
}

impl Clusters {
    /// Compares all proteins with each other and clusters them. The result does not
    /// depend on the number of threads.
    ///
    /// # Errors
    /// If the options are out of range or the user asked to stop.
    pub fn of(
        proteins: &[Protein],
        options: &ClusterOptions,
        progress: &dyn Progress,
    ) -> Result<Self> {
        options.check()?;
        // Equal sequences are one, even those too short to be found alike.
        let mut firsts: Vec<u32> = Vec::new();
        let mut numbers: FxHashMap<&[u8], u32> = FxHashMap::default();
        let unique: Vec<u32> = proteins
            .iter()
            .enumerate()
            .map(|(place, protein)| {
                *numbers.entry(&protein.sequence).or_insert_with(|| {
                    firsts.push(place as u32);
                    firsts.len() as u32 - 1
                })
            })
            .collect();
        let sequences: Vec<&[u8]> = firsts
            .iter()
            .map(|&place| proteins[place as usize].sequence.as_slice())
            .collect();
        let pairs = SimilarityIndex::of(&sequences).pairs(options, progress)?;
        let neighbours = Neighbours::new(sequences.len(), &pairs);
        let owners = match options.linkage {
            Linkage::Connected => neighbours.connected(&sequences),
            Linkage::Representative => neighbours.covered(&sequences),
        };
        let mut clusters = Self {
            cluster: Vec::with_capacity(proteins.len()),
            representative: Vec::new(),
            pairs: pairs.len(),
            identical: proteins.len() - firsts.len(),
        };
        let mut names: FxHashMap<u32, u32> = FxHashMap::default();
        for number in unique {
            let owner = owners[number as usize];
            let name = *names.entry(owner).or_insert_with(|| {
                clusters.representative.push(firsts[owner as usize]);
                clusters.representative.len() as u32 - 1
            });
            clusters.cluster.push(name);
        }
        Ok(clusters)
    }

    /// Members of each cluster.
    #[must_use]
    pub fn sizes(&self) -> Vec<usize> {
        let mut sizes = vec![0; self.representative.len()];
        for &cluster in &self.cluster {
            sizes[cluster as usize] += 1;
        }
        sizes
    }
}

/// The similar pairs of each protein.
struct Neighbours {
    starts: Vec<usize>,
    ends: Vec<u32>,
}

impl Neighbours {
    fn new(count: usize, pairs: &[(u32, u32)]) -> Self {
        let mut starts = vec![0; count + 1];
        for &(a, b) in pairs {
            starts[a as usize + 1] += 1;
            starts[b as usize + 1] += 1;
        }
        for place in 0..count {
            starts[place + 1] += starts[place];
        }
        let mut next = starts.clone();
        let mut ends = vec![0; 2 * pairs.len()];
        for &(a, b) in pairs {
            for (from, to) in [(a, b), (b, a)] {
                ends[next[from as usize]] = to;
                next[from as usize] += 1;
            }
        }
        Self { starts, ends }
    }

    fn of(&self, place: u32) -> &[u32] {
        &self.ends[self.starts[place as usize]..self.starts[place as usize + 1]]
    }

    /// The order in which proteins become representatives, best first.
    fn key(&self, place: u32, free: usize, sequences: &[&[u8]]) -> (usize, usize, Reverse<u32>) {
        (free, sequences[place as usize].len(), Reverse(place))
    }

    /// The representative of each protein's connected component.
    fn connected(&self, sequences: &[&[u8]]) -> Vec<u32> {
        const NONE: u32 = u32::MAX;
        let mut owners = vec![NONE; sequences.len()];
        let mut component = Vec::new();
        for start in 0..sequences.len() as u32 {
            if owners[start as usize] != NONE {
                continue;
            }
            component.clear();
            component.push(start);
            owners[start as usize] = start;
            let mut done = 0;
            while done < component.len() {
                for &other in self.of(component[done]) {
                    if owners[other as usize] == NONE {
                        owners[other as usize] = start;
                        component.push(other);
                    }
                }
                done += 1;
            }
            let best = component
                .iter()
                .copied()
                .max_by_key(|&place| self.key(place, self.of(place).len(), sequences))
                .unwrap_or(start);
            for &member in &component {
                owners[member as usize] = best;
            }
        }
        owners
    }

    /// The representative of each protein by greedy set cover.
    fn covered(&self, sequences: &[&[u8]]) -> Vec<u32> {
        let mut owners: Vec<Option<u32>> = vec![None; sequences.len()];
        let mut queue: BinaryHeap<_> = (0..sequences.len() as u32)
            .map(|place| self.key(place, self.of(place).len(), sequences))
            .collect();
        while let Some((free, _, Reverse(place))) = queue.pop() {
            if owners[place as usize].is_some() {
                continue;
            }
            let members = self.of(place).iter().copied();
            let still = members.clone().filter(|&m| owners[m as usize].is_none());
            let now = still.count();
            if now < free {
                // Neighbours went to others since: back to its new place.
                queue.push(self.key(place, now, sequences));
                continue;
            }
            owners[place as usize] = Some(place);
            for member in members {
                owners[member as usize].get_or_insert(place);
            }
        }
        owners
            .into_iter()
            .map(|owner| owner.expect("every protein was taken from the queue or covered"))
            .collect()
    }
}
