//! What a discovery is written as: motifs in MEME's format, and two tables.

use std::fmt::Write as _;

use super::search::{Discovered, Discovery, Part};
use super::sequences::SequenceSet;
use crate::{EValue, Motif, MotifSet};

/// Columns of the table of motifs. P-values and E-values as text: they may be below the
/// smallest floating-point number.
const MOTIF_COLUMNS: [&str; 17] = [
    "motif_ID",
    "motif_ALT_ID",
    "rank",
    "found",
    "width",
    "nsites",
    "score_threshold",
    "train_pos_count",
    "train_pos_total",
    "train_neg_count",
    "train_neg_total",
    "train_p-value",
    "test_pos_count",
    "test_pos_total",
    "test_neg_count",
    "test_neg_total",
    "test_p-value",
];

impl Discovery {
    /// The name of the motif at `rank`, from 0, as STREME makes it: `1-ACGTGA`.
    ///
    /// # Panics
    /// If there is no such motif.
    #[must_use]
    pub fn id(&self, rank: usize) -> String {
        let consensus = self.motifs[rank].frequencies.consensus();
        format!("{}-{consensus}", rank + 1)
    }

    fn other_id(rank: usize) -> String {
        format!("bindscape-{}", rank + 1)
    }

    /// The E-value of a motif; `None` if nothing was held out, since the p-value of the
    /// training part is no measure of significance.
    #[must_use]
    pub fn e_value(&self, motif: &Discovered) -> Option<EValue> {
        motif
            .held_out
            .map(|_| EValue::from_log10(self.log10_e(motif)))
    }

    /// The motifs with their names, as every motif file has them.
    #[must_use]
    pub fn motif_set(&self) -> MotifSet {
        let motifs = self
            .motifs
            .iter()
            .enumerate()
            .map(|(rank, found)| Motif {
                name: Some(Self::other_id(rank)),
                sites: Some(found.counts.sites()),
                counts: Some(found.counts.clone()),
                e_value: self.e_value(found),
                ..Motif::new(self.id(rank), found.frequencies.clone())
            })
            .collect();
        MotifSet {
            background: Some(self.background),
            background_source: Some("control sequences, both strands".into()),
            ..MotifSet::new(motifs)
        }
    }

    /// The table of motifs, one line each.
    #[must_use]
    pub fn motif_table(&self) -> String {
        let mut text = MOTIF_COLUMNS.join("\t") + "\tE-value\n";
        for (rank, motif) in self.motifs.iter().enumerate() {
            let part = |part: Option<Part>| match part {
                None => "\t\t\t\t".to_owned(),
                Some(part) => format!(
                    "{}\t{}\t{}\t{}\t{}",
                    part.positives,
                    part.of_positives,
                    part.controls,
                    part.of_controls,
                    EValue::from_log10(part.log10_p)
                ),
            };
            let e_value = self.e_value(motif);
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                "{}\t{}\t{}\t{}\t{}\t{}\t{:.6}\t{}\t{}\t{}",
                self.id(rank),
                Self::other_id(rank),
                rank + 1,
                motif.found,
                motif.frequencies.width(),
                motif.counts.sites(),
                motif.threshold,
                part(Some(motif.training)),
                part(motif.held_out),
                e_value.map_or(String::new(), |e| e.to_string())
            );
        }
        text
    }

    /// The table of sites with STREME's columns: the best site of each of the `positives`
    /// that has one. Positions are 1-based and inclusive, which the second line says; motifs
    /// are separated by a line `#`.
    #[must_use]
    pub fn site_table(&self, positives: &SequenceSet) -> String {
        let mut text = String::from(
            "motif_ID\tmotif_ALT_ID\tseq_ID\tsite_Start\tsite_End\tsite_Strand\tsite_Score\tsite_Sequence\n\
             # site_Start and site_End are 1-based and inclusive; site_Score is in bits; site_Sequence is along site_Strand\n",
        );
        for (rank, motif) in self.motifs.iter().enumerate() {
            if rank > 0 {
                text.push_str("#\n");
            }
            let id = self.id(rank);
            let other_id = Self::other_id(rank);
            for site in &motif.sites {
                let _ = writeln!(
                    text,
                    "{id}\t{other_id}\t{}\t{}\t{}\t{}\t{:.2}\t{}",
                    positives.name(site.sequence),
                    site.start + 1,
                    site.start + site.bases.len(),
                    site.strand.symbol(),
                    site.score,
                    site.bases
                );
            }
        }
        text
    }
}
