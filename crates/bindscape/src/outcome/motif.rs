//! Outcomes of the work on motifs.

use crate::data::counted;
use crate::job::Outcome;
use crate::motif::{
    Clustered, Compared, Converted, Drawn, HitsCalled, LogoContent, MotifsFound, PatternsFound,
    Scanned,
};

impl Outcome for Scanned {
    fn notes(&self) -> Vec<String> {
        let note = |file: &std::path::PathBuf| {
            format!("wrote {}: {}", file.display(), counted(self.rows, "row"))
        };
        self.file.iter().map(note).collect()
    }
}

impl Outcome for Compared {
    fn notes(&self) -> Vec<String> {
        vec![format!(
            "{} of {} {} one of {}",
            self.matched(),
            counted(self.queries.len() as u64, "motif"),
            if self.queries.len() == 1 {
                "matches"
            } else {
                "match"
            },
            counted(self.targets.len() as u64, "target")
        )]
    }
}

/// Counts, motifs and the reason why the search ended.
impl Outcome for MotifsFound {
    fn notes(&self) -> Vec<String> {
        let found = &self.discovery;
        let [positives, controls] = found.training;
        let [held_out, held_out_controls] = found.held_out;
        let kind = if found.shuffled {
            "shuffled positives"
        } else {
            "controls"
        };
        let mut notes = vec![format!(
            "{positives} positives and {controls} {kind} for training, {held_out} and {held_out_controls} held out; {}",
            found.test.name()
        )];
        for (rank, motif) in found.motifs.iter().enumerate() {
            let part = motif.held_out.unwrap_or(motif.training);
            let value = match found.e_value(motif) {
                Some(e_value) => format!("E-value {e_value}"),
                None => format!("p-value of the training part 1e{:.1}", part.log10_p),
            };
            notes.push(format!(
                "{}: {value}; in {} of {} positives and {} of {} controls",
                found.id(rank),
                part.positives,
                part.of_positives,
                part.controls,
                part.of_controls
            ));
        }
        if found.motifs.is_empty() {
            notes.push("no significant motif".to_owned());
        }
        notes.push(format!("stopped: {}", found.stop));
        notes.extend(
            self.directory
                .iter()
                .map(|directory| format!("wrote {}", directory.display())),
        );
        notes
    }
}

/// How many clusters there are, and how they agree with labels.
impl Outcome for Clustered {
    fn notes(&self) -> Vec<String> {
        let clusters = &self.clustering.clusters;
        let mut notes = vec![format!(
            "{} in {}, {} of them of one motif",
            counted(clusters.iter().map(Vec::len).sum::<usize>() as u64, "motif"),
            counted(clusters.len() as u64, "cluster"),
            clusters.iter().filter(|members| members.len() == 1).count()
        )];
        if let Some(found) = &self.agreement {
            let rand = found.agreement.rand;
            let rand = rand.map_or("undefined".to_owned(), |rand| format!("{rand:.4}"));
            notes.push(format!(
                "agreement with {}: adjusted Rand index {rand}, homogeneity {:.4}, completeness {:.4} ({}; {} without one left out)",
                found.label.name(),
                found.agreement.homogeneity,
                found.agreement.completeness,
                counted(found.labelled as u64, "motif"),
                found.unlabelled,
            ));
        }
        notes
    }
}

impl PatternsFound {
    /// What was counted, and how many patterns are known.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(counts) = &self.counts {
            lines.push(format!(
                "{} of {} positions: {} seqlets that raise the prediction, {} that lower it, {} of neither sign",
                counted(counts.sequences as u64, "sequence"),
                counts.positions,
                counts.positive,
                counts.negative,
                counts.unsigned
            ));
        }
        let positive = self.patterns.iter().filter(|pattern| pattern.positive);
        let positive = positive.count();
        let known = self
            .matches
            .iter()
            .filter(|found| !found.is_empty())
            .count();
        lines.push(format!(
            "{} that {} the prediction, {} that {} it; {known} like a known motif",
            counted(positive as u64, "pattern"),
            if positive == 1 { "raises" } else { "raise" },
            self.patterns.len() - positive,
            if self.patterns.len() - positive == 1 {
                "lowers"
            } else {
                "lower"
            },
        ));
        lines
    }

    /// The same, and each pattern with its best match.
    pub(super) fn in_detail(&self) -> Vec<String> {
        let mut notes = self.lines();
        for ((pattern, motif), matches) in
            (self.patterns.iter().zip(&self.motifs)).zip(&self.matches)
        {
            let best = match matches.first() {
                Some(best) => {
                    let target = &self.targets[best.alignment.target];
                    format!("like {} (q-value {:.1e})", target.label(), best.q_value)
                }
                None => "like no known motif".to_owned(),
            };
            notes.push(format!(
                "{}: {}, {}, {best}",
                pattern.name,
                counted(pattern.count as u64, "seqlet"),
                motif.frequencies.consensus()
            ));
        }
        notes
    }
}

/// Counts, patterns with their best match, and where they are.
impl Outcome for PatternsFound {
    fn notes(&self) -> Vec<String> {
        let mut notes = self.in_detail();
        notes.push(format!("wrote {}", self.directory.display()));
        notes
    }
}

impl HitsCalled {
    /// How many hits there are, and how much lies under them.
    pub(crate) fn in_words(&self) -> String {
        let fits = &self.called.fits;
        let with = fits.iter().filter(|fit| fit.hits > 0).count();
        let covered: Vec<f64> = fits.iter().filter_map(|fit| fit.covered).collect();
        let mean = covered.iter().sum::<f64>() / covered.len() as f64;
        let share = match covered.is_empty() {
            true => "nothing contributes to any".to_owned(),
            false => format!(
                "{:.0}% of the absolute contributions lie under a hit, in the mean",
                100.0 * mean
            ),
        };
        format!(
            "{} in {with} of {}; {share}",
            counted(self.called.hits.len() as u64, "hit"),
            counted(fits.len() as u64, "sequence"),
        )
    }

    /// The same, and how many there are of each pattern.
    pub(super) fn in_detail(&self) -> Vec<String> {
        let mut notes = vec![self.in_words()];
        for pattern in &self.patterns {
            let known = match &pattern.known {
                Some(known) => format!(", like {known}"),
                None => String::new(),
            };
            let seqlets = match pattern.seqlets {
                Some([all, found]) => {
                    format!("; {found} of {} found", counted(all as u64, "seqlet"))
                }
                None => String::new(),
            };
            notes.push(format!(
                "{}{known}: {} in {}{seqlets}",
                pattern.name,
                counted(pattern.hits as u64, "hit"),
                counted(pattern.sequences as u64, "sequence"),
            ));
        }
        notes
    }
}

/// How many hits there are of each pattern, and where they are.
impl Outcome for HitsCalled {
    fn notes(&self) -> Vec<String> {
        let mut notes = self.in_detail();
        notes.push(format!("wrote {}", self.directory.display()));
        notes
    }
}

impl Outcome for Converted {
    fn notes(&self) -> Vec<String> {
        let note = |file: &std::path::PathBuf| {
            format!(
                "wrote {}: {}",
                file.display(),
                counted(self.motifs as u64, "motif")
            )
        };
        self.file.iter().map(note).collect()
    }
}

impl Outcome for Drawn {
    fn notes(&self) -> Vec<String> {
        let drawn = match self.content {
            LogoContent::Motifs(count) => counted(count as u64, "motif"),
            LogoContent::Positions(count) => counted(count as u64, "position"),
        };
        vec![format!("wrote {}: {drawn}", self.out.display())]
    }
}
