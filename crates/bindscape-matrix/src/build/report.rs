//! The account of a build: what was read, used and dropped, and why.

use serde::{Deserialize, Serialize};

/// Accessible regions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegionCounts {
    /// Files read.
    pub files: u64,
    /// Intervals read.
    pub intervals: u64,
    /// Intervals dropped because their chromosome is not in the genome.
    pub unknown_chromosome: u64,
    /// Intervals that reached beyond an end of their chromosome and were clipped there.
    pub clipped: u64,
    /// Intervals dropped because they lie beyond an end of their chromosome.
    pub beyond_end: u64,
    /// Intervals dropped because they hold no base: their end is their start.
    #[serde(default)]
    pub without_base: u64,
    /// Clusters of intervals over cells; 0 where each interval is a region of its own.
    pub clusters: u64,
    /// Length of the longest cluster in base pairs; 0 if there is none.
    pub longest_cluster: u64,
    /// Regions dropped because they would begin before their chromosome.
    pub before_start: u64,
    /// Regions dropped because they would end past the end of their chromosome.
    pub past_end: u64,
    /// Regions that had the same centre as another and were merged into it.
    pub merged: u64,
    /// Regions in the matrix.
    pub kept: u64,
    /// Those of them that contain the centre of none of the intervals that were merged into their
    /// cluster; 0 where clusters were given, whose intervals are not known.
    pub off_centre: u64,
}

/// ChIP-seq peaks or binding sites. The counts from `used` on add up to `records`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceCounts {
    /// Files read.
    pub files: u64,
    /// Peaks or sites read.
    pub records: u64,
    /// Those that reached beyond an end of their chromosome and were clipped there.
    pub clipped: u64,
    /// Peaks of profiled pairs without a summit, whose middle was taken for it.
    pub without_summit: u64,
    /// In a region that is accessible in the cell.
    pub used: u64,
    /// In a region, but not one accessible in the cell.
    pub closed: u64,
    /// In no region.
    pub outside: u64,
    /// On a chromosome without regions.
    pub chromosome_without_regions: u64,
    /// On a chromosome that the genome lacks.
    pub unknown_chromosome: u64,
    /// Beyond an end of their chromosome.
    pub beyond_end: u64,
    /// Without a base: their end is their start.
    #[serde(default)]
    pub without_base: u64,
    /// Of a pair of TF and cell that was not profiled.
    pub not_profiled: u64,
    /// Of a TF that was not asked for.
    pub tf_not_asked_for: u64,
    /// Of a cell without accessible regions.
    pub cell_without_accessibility: u64,
}

/// Entries of the matrix by state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateCounts {
    /// Not accessible in a profiled cell.
    pub closed: u64,
    /// Accessible, no evidence.
    pub unbound: u64,
    /// One kind of evidence only.
    pub one_evidence: u64,
    /// Bound.
    pub bound: u64,
}

impl std::iter::Sum for StateCounts {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), |sum, counts| Self {
            closed: sum.closed + counts.closed,
            unbound: sum.unbound + counts.unbound,
            one_evidence: sum.one_evidence + counts.one_evidence,
            bound: sum.bound + counts.bound,
        })
    }
}

/// The account of a build.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildReport {
    /// Accessible regions.
    pub regions: RegionCounts,
    /// ChIP-seq peaks.
    pub chip: EvidenceCounts,
    /// Predicted binding sites; all zero where they are no evidence.
    pub tfbs: EvidenceCounts,
    /// TFs in the matrix.
    pub tfs: u64,
    /// Cells with accessible regions.
    pub cells: u64,
    /// Cells in which a TF was profiled.
    pub profiled_cells: u64,
    /// Profiled pairs of TF and cell.
    pub pairs: u64,
    /// Profiled pairs without a ChIP-seq summit in an accessible region. Many
    /// of them hint at a cell that the files name differently.
    pub pairs_without_peaks: Vec<(String, String)>,
    /// Cells that were dropped because they have no accessible regions.
    pub cells_without_accessibility: Vec<String>,
    /// Entries of the matrix by state.
    #[serde(rename = "codes")]
    pub states: StateCounts,
    /// What makes the result doubtful, in words.
    pub warnings: Vec<String>,
}

impl BuildReport {
    /// What was read, used and dropped, in words, with counts; counts of 0 that tell nothing are left out.
    #[must_use]
    pub fn lines(&self) -> Vec<(String, u64)> {
        let mut lines = Vec::new();
        let mut dropped = |what: &str, count: u64| {
            if count > 0 {
                lines.push((what.to_owned(), count));
            }
        };
        let regions = &self.regions;
        dropped("accessible intervals read", regions.intervals);
        dropped(
            "dropped: chromosome not in the genome",
            regions.unknown_chromosome,
        );
        dropped("clipped at an end of the chromosome", regions.clipped);
        dropped(
            "dropped: beyond an end of the chromosome",
            regions.beyond_end,
        );
        dropped("dropped: no base in them", regions.without_base);
        dropped("clusters of accessible intervals", regions.clusters);
        dropped(
            "dropped: the region would begin before the chromosome",
            regions.before_start,
        );
        dropped(
            "dropped: the region would end past the chromosome",
            regions.past_end,
        );
        dropped("merged: same centre as another", regions.merged);
        dropped("regions in the matrix", regions.kept);
        dropped(
            "regions that contain the centre of none of their accessible intervals",
            regions.off_centre,
        );
        for (name, counts) in [
            ("ChIP-seq peaks", &self.chip),
            ("binding sites", &self.tfbs),
        ] {
            dropped(&format!("{name} read"), counts.records);
            dropped(
                &format!("{name} clipped at an end of the chromosome"),
                counts.clipped,
            );
            dropped(
                &format!("{name} without a summit: their middle was taken for it"),
                counts.without_summit,
            );
            dropped(
                &format!("{name} in an accessible region of a profiled cell"),
                counts.used,
            );
            dropped(&format!("{name} where the cell is closed"), counts.closed);
            dropped(&format!("{name} outside the regions"), counts.outside);
            dropped(
                &format!("{name} on chromosomes without regions"),
                counts.chromosome_without_regions,
            );
            dropped(
                &format!("{name} on chromosomes that the genome lacks"),
                counts.unknown_chromosome,
            );
            dropped(
                &format!("{name} beyond an end of their chromosome"),
                counts.beyond_end,
            );
            dropped(&format!("{name} without a base"), counts.without_base);
            dropped(
                &format!("{name} of pairs that were not profiled"),
                counts.not_profiled,
            );
            dropped(
                &format!("{name} of TFs not asked for"),
                counts.tf_not_asked_for,
            );
            dropped(
                &format!("{name} of cells without accessible regions"),
                counts.cell_without_accessibility,
            );
        }
        dropped("TFs", self.tfs);
        dropped("cells with accessible regions", self.cells);
        dropped("cells in which a TF was profiled", self.profiled_cells);
        dropped("profiled pairs of TF and cell", self.pairs);
        dropped(
            "profiled pairs without a peak",
            self.pairs_without_peaks.len() as u64,
        );
        dropped(
            "cells dropped for want of accessible regions",
            self.cells_without_accessibility.len() as u64,
        );
        // Said even where it is 0.
        lines.push(("entries bound".to_owned(), self.states.bound));
        let mut dropped = |what: &str, count: u64| {
            if count > 0 {
                lines.push((what.to_owned(), count));
            }
        };
        dropped(
            "entries with one kind of evidence",
            self.states.one_evidence,
        );
        dropped("entries unbound", self.states.unbound);
        dropped("entries closed or not profiled", self.states.closed);
        lines
    }
}
