//! What a binding matrix holds, in numbers.

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{BindingMatrix, BindingState, Provenance};
use bindscape_genome::sequence::PackedSequences;

/// Summary of a binding matrix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Inspection {
    /// Number of regions.
    pub regions: u64,
    /// Widths of the regions; `None` if there are none.
    pub widths: Option<Widths>,
    /// Regions per chromosome, in order of first appearance.
    pub chromosomes: Vec<ChromosomeCount>,
    /// Entries per TF, in the order of the matrix.
    pub tfs: Vec<TfCounts>,
    /// Share of entries that the sparse view does not resolve; `None` of an empty matrix.
    pub unresolved_sparse: Option<f64>,
    /// Share of entries that the less sparse view does not resolve; `None` of an empty matrix.
    pub unresolved_less_sparse: Option<f64>,
    /// GC contents, where sequences were given.
    pub gc: Option<GcSummary>,
    /// Where the matrix comes from.
    pub provenance: Provenance,
}

/// Widths of regions in base pairs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Widths {
    /// Least.
    pub min: u32,
    /// Lower median.
    pub median: u32,
    /// Mean.
    pub mean: f64,
    /// Greatest; equal to `min` if all have one width.
    pub max: u32,
}

/// Regions on one chromosome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChromosomeCount {
    /// Chromosome.
    pub name: String,
    /// Regions on it.
    pub regions: u64,
}

/// Entries of one TF by [`BindingState`].
///
/// The sparse view has `bound` ones, `unbound` zeros, `one_evidence + closed` nulls;
/// the less sparse one `bound` ones, `unbound + one_evidence` zeros, `closed` nulls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TfCounts {
    /// TF.
    pub tf: String,
    /// Bound regions.
    pub bound: u64,
    /// Unbound regions.
    pub unbound: u64,
    /// Regions with one kind of evidence only.
    pub one_evidence: u64,
    /// Regions closed wherever the TF was profiled.
    pub closed: u64,
}

/// GC contents as shares, 0 to 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GcSummary {
    /// Sequences without unknown bases, over which the rest is computed.
    pub sequences: u64,
    /// Sequences with unknown bases.
    pub unknown: u64,
    /// Mean; `None` without sequences.
    pub mean: Option<f64>,
    /// `(share of the sequences, GC not exceeded by that share)` for 5, 25, 50, 75 and 95 %.
    pub quantiles: Vec<(f64, f64)>,
}

/// Counts what `matrix` holds; with `sequences` (one per region) also their GC.
///
/// # Panics
/// If there is not one sequence per region.
#[must_use]
pub fn inspect(matrix: &BindingMatrix, sequences: Option<&PackedSequences>) -> Inspection {
    let regions = matrix.regions.len() as u64;
    let tfs: Vec<TfCounts> = matrix
        .tfs
        .par_iter()
        .zip(&matrix.columns)
        .map(|(tf, column)| count(tf, column))
        .collect();
    let entries = regions * tfs.len() as u64;
    let share = |nulls: fn(&TfCounts) -> u64| {
        (entries > 0).then(|| tfs.iter().map(nulls).sum::<u64>() as f64 / entries as f64)
    };
    let mut per_chromosome = vec![0_u64; matrix.regions.chromosomes().len()];
    for &chrom in matrix.regions.chrom_column() {
        per_chromosome[chrom as usize] += 1;
    }
    Inspection {
        regions,
        widths: widths(matrix),
        chromosomes: matrix
            .regions
            .chromosomes()
            .iter()
            .zip(per_chromosome)
            .filter(|&(_, regions)| regions > 0)
            .map(|(name, regions)| ChromosomeCount {
                name: name.clone(),
                regions,
            })
            .collect(),
        unresolved_sparse: share(|tf| tf.one_evidence + tf.closed),
        unresolved_less_sparse: share(|tf| tf.closed),
        tfs,
        gc: sequences.map(|sequences| {
            assert_eq!(
                sequences.len(),
                matrix.regions.len(),
                "one sequence per region"
            );
            gc(sequences)
        }),
        provenance: matrix.provenance.clone(),
    }
}

fn count(tf: &str, column: &[BindingState]) -> TfCounts {
    let mut counts = [0_u64; 4];
    for &state in column {
        counts[state as usize] += 1;
    }
    let [closed, unbound, one_evidence, bound] = counts;
    TfCounts {
        tf: tf.to_owned(),
        bound,
        unbound,
        one_evidence,
        closed,
    }
}

fn widths(matrix: &BindingMatrix) -> Option<Widths> {
    let mut distribution: BTreeMap<u32, u64> = BTreeMap::new();
    for region in matrix.regions.iter() {
        *distribution.entry(region.end - region.start).or_default() += 1;
    }
    let regions = matrix.regions.len() as u64;
    let sum: u64 = distribution
        .iter()
        .map(|(&width, &count)| u64::from(width) * count)
        .sum();
    let mut seen = 0;
    let median = distribution.iter().find_map(|(&width, &count)| {
        seen += count;
        (2 * seen >= regions).then_some(width)
    })?;
    Some(Widths {
        min: *distribution.first_key_value()?.0,
        median,
        mean: sum as f64 / regions as f64,
        max: *distribution.last_key_value()?.0,
    })
}

fn gc(sequences: &PackedSequences) -> GcSummary {
    let mut shares: Vec<f64> = (0..sequences.len())
        .into_par_iter()
        .filter_map(|row| sequences.gc(row))
        .collect();
    shares.sort_unstable_by(f64::total_cmp);
    let known = shares.len();
    let quantiles = if known == 0 {
        Vec::new()
    } else {
        [0.05, 0.25, 0.5, 0.75, 0.95]
            .into_iter()
            .map(|share| {
                let rank = (share * known as f64).ceil() as usize;
                (share, shares[rank.clamp(1, known) - 1])
            })
            .collect()
    };
    GcSummary {
        sequences: known as u64,
        unknown: (sequences.len() - known) as u64,
        mean: (known > 0).then(|| shares.iter().sum::<f64>() / known as f64),
        quantiles,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use bindscape_genome::region::Regions;

    pub(crate) fn matrix_of(columns: Vec<Vec<BindingState>>) -> BindingMatrix {
        let mut regions = Regions::new();
        for row in 0..columns[0].len() as u32 {
            regions.push("chr1", row * 10, row * 10 + 5 + row % 2);
        }
        BindingMatrix {
            regions,
            tfs: (0..columns.len()).map(|tf| format!("TF{tf}")).collect(),
            columns,
            provenance: Provenance::of_rule("chip+tfbs"),
        }
    }

    #[test]
    fn counts_widths_and_gc() {
        use BindingState::{Bound, Closed, OneEvidence, Unbound};
        let matrix = matrix_of(vec![
            vec![Bound, Closed, Closed],
            vec![OneEvidence, Unbound, Bound],
        ]);
        let mut sequences = PackedSequences::new(4);
        for letters in [b"GGCA", b"NNNN", b"AAAC"] {
            sequences.push(letters);
        }
        let inspection = inspect(&matrix, Some(&sequences));
        assert_eq!(
            inspection.tfs[1],
            TfCounts {
                tf: "TF1".into(),
                bound: 1,
                unbound: 1,
                one_evidence: 1,
                closed: 0
            }
        );
        assert_eq!(inspection.unresolved_sparse, Some(0.5));
        assert_eq!(inspection.unresolved_less_sparse, Some(2.0 / 6.0));
        let widths = inspection.widths.unwrap();
        assert_eq!((widths.min, widths.median, widths.max), (5, 5, 6));
        let gc = inspection.gc.unwrap();
        assert_eq!((gc.sequences, gc.unknown, gc.mean), (2, 1, Some(0.5)));
        assert_eq!(gc.quantiles[0], (0.05, 0.25));
        assert_eq!(gc.quantiles[4], (0.95, 0.75));
        assert_eq!(inspection.chromosomes[0].regions, 3);
    }

    #[test]
    fn an_empty_matrix_has_no_shares() {
        let inspection = inspect(&matrix_of(vec![Vec::new()]), None);
        assert_eq!(inspection.widths, None);
        assert_eq!(inspection.unresolved_sparse, None);
        assert!(inspection.chromosomes.is_empty());
    }
}
