//! Outcomes of the work on proteins.

use std::io::{self, Write};

use super::{any, row};
use crate::data::{counted, thousands};
use crate::job::Outcome;
use crate::protein::cluster::Clustered;
use crate::protein::crossval::Crossvalidated;
use crate::protein::embed::Embedded;
use crate::protein::explain::{EvidenceCounts, Explained, ExplanationCounts, Explanations};
use crate::protein::fetch::Fetched;
use crate::protein::predict::Predicted;
use crate::protein::train::Trained;
use crate::watcher::validation_words;

impl Outcome for Trained {
    fn notes(&self) -> Vec<String> {
        match self {
            Trained::Network {
                model,
                epochs,
                best_epoch,
            } => {
                let best = epochs.iter().find(|record| record.epoch == *best_epoch);
                vec![format!(
                    "best epoch {best_epoch} of {}{}; the model is {}",
                    epochs.len(),
                    best.map_or_else(String::new, |record| format!(
                        ": {}",
                        validation_words(record)
                    )),
                    model.display(),
                )]
            }
            Trained::Homology {
                model,
                fitted: Some([fitted, families]),
            } => vec![format!(
                "fitted on {}, with profiles of {}; the model is {}",
                counted(*fitted as u64, "protein"),
                families_of(*families),
                model.display()
            )],
            // The job has said that the model is there.
            Trained::Homology { fitted: None, .. } => Vec::new(),
        }
    }
}

fn families_of(count: usize) -> String {
    match count {
        1 => "one family of domains".into(),
        _ => format!("{} families of domains", thousands(count as u64)),
    }
}

impl Outcome for Predicted {
    fn notes(&self) -> Vec<String> {
        let counts = &self.counts;
        let mut notes = vec![row(counts.proteins, "proteins")];
        notes.extend(counts.tfs.map(|tfs| row(tfs, "called TFs")));
        if counts.uncertain > 0 {
            notes.push(row(counts.uncertain, "uncertain"));
        }
        notes.extend(self.likely_share.map(|share| {
            format!(
                "{:>12}  share of TFs that makes these scores most likely",
                share
            )
        }));
        for (class, &count) in &counts.classes {
            notes.push(row(count, &format!("with class {}", class.name())));
        }
        for (flag, &count) in &counts.flags {
            notes.push(row(count, &format!("flagged {}", flag.name())));
        }
        if counts.stops_dropped > 0 {
            notes.push(row(counts.stops_dropped, "final stops ('*' or '.') cut"));
        }
        notes
    }
}

impl Outcome for Explained {
    fn notes(&self) -> Vec<String> {
        let mut notes = match &self.counts {
            Explanations::Attributions(counts) => attributions(counts),
            Explanations::Evidence(counts) => evidence(counts),
        };
        notes.push(format!("wrote {}", self.out.display()));
        notes
    }
}

fn evidence(counts: &EvidenceCounts) -> Vec<String> {
    let mut notes = vec![
        row(counts.proteins, "proteins explained"),
        row(
            counts.alone,
            "without a domain or a relative: known by their composition alone",
        ),
    ];
    if counts.labelled > 0 {
        notes.push(row(
            counts.labelled,
            "labelled, and explained by the others (left_out)",
        ));
    }
    notes
}

fn attributions(counts: &ExplanationCounts) -> Vec<String> {
    let mut notes = vec![row(counts.proteins, "proteins explained")];
    if counts.cut > 0 {
        notes.push(row(
            counts.cut,
            "longer than the network's input; their ends have no attribution",
        ));
    }
    if counts.rough > 0 {
        notes.push(row(
            counts.rough,
            "whose attributions miss the score by more than a twentieth; more ⟦steps⟧ help",
        ));
    }
    if let Some(count) = counts.without_domains {
        notes.push(row(count, "without domains in the table"));
    }
    if let Some(inside) = &counts.inside_domains {
        notes.push(format!(
            "positive attribution inside domains: {:.0}% on average, {:.0}% expected by length ({})",
            100.0 * inside.attribution,
            100.0 * inside.length,
            counted(inside.proteins, "protein")
        ));
    }
    notes
}

/// What was computed, and what is missing.
impl Outcome for Embedded {
    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if let Some(imported) = &self.imported {
            let warnings = [
                any(
                    imported.not_in_fasta,
                    "file",
                    "left out: no such protein in the FASTA file",
                ),
                any(imported.truncated, "protein", "truncated by `esm-extract`"),
                any(
                    imported.missing,
                    "protein",
                    "of the FASTA file without an embedding",
                ),
            ];
            let warning = |text| format!("warning: {text}");
            notes.extend(warnings.into_iter().flatten().map(warning));
        }
        let facts = [
            any(self.chunked, "protein", "computed in overlapping chunks"),
            any(self.cut, "protein", "cut: residues of the end are missing"),
            any(
                self.unknown,
                "protein",
                "with residues that the model does not know",
            ),
        ];
        notes.extend(facts.into_iter().flatten());
        notes.push(format!(
            "wrote {}: {} new, {} in all",
            self.out.display(),
            thousands(self.computed as u64),
            thousands(self.stored as u64)
        ));
        notes
    }
}

/// What came and what was left out.
impl Outcome for Fetched {
    fn notes(&self) -> Vec<String> {
        let record = &self.record;
        let mut notes = vec![match &record.release {
            Some(release) => format!("UniProt release {release}"),
            None => "UniProt's release: the service does not name it".to_owned(),
        }];
        for query in &record.queries {
            if let Some(count) = query.without_evidence
                && count > 0
            {
                notes.push(format!(
                    "warning: {} of {} records found for {} show none of the keywords and domains that were asked for",
                    thousands(count),
                    thousands(query.total),
                    query.class.name()
                ));
            }
        }
        for (class, counts) in &record.classes {
            let found = thousands(counts.found);
            notes.push(row(
                counts.kept,
                &format!("{} of {found} found", class.name()),
            ));
            for (count, why) in [
                (counts.ambiguous, "left out: of two domain classes"),
                (
                    counts.with_domain,
                    "left out: homeodomain or bZIP domain without the GO term",
                ),
                (
                    counts.contradictory,
                    "left out: same sequence as a protein of another class",
                ),
                (counts.not_drawn, "not drawn"),
            ] {
                if count > 0 {
                    notes.push(row(count, &format!("  {why}")));
                }
            }
        }
        notes.push(format!("wrote {}", self.out.display()));
        notes
    }
}

/// The tables of the metrics.
impl Outcome for Crossvalidated {
    fn notes(&self) -> Vec<String> {
        vec![format!("wrote {}", self.page.display())]
    }

    fn write_result(&self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(self.text.as_bytes())
    }
}

impl Outcome for Clustered {
    fn notes(&self) -> Vec<String> {
        let sizes = &self.sizes;
        let alone = sizes.iter().filter(|size| **size == 1).count();
        let mut notes = vec![format!(
            "{} in {}: {} alone, {} in the largest; {}",
            counted(sizes.iter().sum::<usize>() as u64, "protein"),
            counted(sizes.len() as u64, "cluster"),
            thousands(alone as u64),
            thousands(sizes.iter().copied().max().unwrap_or(0) as u64),
            counted(self.similar_pairs as u64, "similar pair"),
        )];
        notes.extend(any(
            self.identical,
            "protein",
            "with the sequence of another before them",
        ));
        notes.push(format!("wrote {}", self.out.display()));
        notes
    }
}
