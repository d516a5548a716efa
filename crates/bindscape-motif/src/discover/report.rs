//! What a discovery is written as: motifs in MEME's format, and two tables.

use std::fmt::Write as _;

use super::found::{Discovered, Discovery, Part, Site};
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

    /// Its other name, as STREME makes it.
    #[must_use]
    pub fn other_id(rank: usize) -> String {
        format!("STREME-{}", rank + 1)
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
            background_source: Some(match self.background_given {
                true => "a given model, both strands".into(),
                false => "control sequences, both strands".into(),
            }),
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
    /// that has one, by motif and then score. Positions are 1-based and inclusive; motifs are
    /// separated by a line `#`, and comments stand at the end.
    #[must_use]
    pub fn site_table(&self, positives: &SequenceSet) -> String {
        let mut text = String::from(
            "motif_ID\tmotif_ALT_ID\tseq_ID\tsite_Start\tsite_End\tsite_Strand\tsite_Score\tsite_Sequence\n",
        );
        for (rank, motif) in self.motifs.iter().enumerate() {
            if rank > 0 {
                text.push_str("#\n");
            }
            let id = self.id(rank);
            let other_id = Self::other_id(rank);
            let mut sites: Vec<&Site> = motif.sites.iter().collect();
            sites.sort_by(|a, b| b.score.total_cmp(&a.score));
            for site in sites {
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
        text.push_str(
            "\n# site_Start and site_End: 1-based, both included; site_Score: log-odds in bits; site_Sequence: along site_Strand\n",
        );
        text
    }

    /// The table of sequences with a site, with STREME's columns: by motif and then score,
    /// positives (`tp`) and controls (`fp`), those held out with 1 in the last column. Controls
    /// that are shuffled positives are called after them.
    ///
    /// # Panics
    /// If there are no `controls` though there were.
    #[must_use]
    pub fn sequence_table(
        &self,
        positives: &SequenceSet,
        controls: Option<&SequenceSet>,
    ) -> String {
        let value = match self.held_out {
            [0, 0] => "motif_Score",
            _ => "motif_P-value",
        };
        let mut text =
            format!("motif_ID\tmotif_ALT_ID\t{value}\tseq_ID\tseq_Score\tseq_Class\tis_holdout?\n");
        for (rank, motif) in self.motifs.iter().enumerate() {
            if rank > 0 {
                text.push_str("#\n");
            }
            let (id, other_id) = (self.id(rank), Self::other_id(rank));
            let p = EValue::from_log10(motif.log10_p());
            for passing in &motif.passing {
                let number = passing.sequence;
                let (name, class) = match (passing.control, self.shuffled) {
                    (false, _) => (positives.name(number).to_owned(), "tp"),
                    (true, true) => (format!("{}_shuf_1", positives.name(number)), "fp"),
                    (true, false) => {
                        let controls = controls.expect("the controls of the search");
                        (controls.name(number).to_owned(), "fp")
                    }
                };
                let _ = writeln!(
                    text,
                    "{id}\t{other_id}\t{p}\t{name}\t{:.2}\t{class}\t{}",
                    passing.score,
                    u8::from(passing.held_out)
                );
            }
        }
        text.push_str(
            "\n# seq_Score: log-odds of the best site in bits; tp: positive, fp: control\n",
        );
        text
    }
}
