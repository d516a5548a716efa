//! Sets of pre-training TFs, as tables.

use std::io::{self, Write};

use bindscape_base::words::{counted, first_of, plural, thousands};
use bindscape_matrix::sample::Unresolved;

use super::align;
use crate::job::Outcome;
use crate::select::{ChosenSet, ChosenTf, PREDICTION_ERROR, Selected};

/// TFs of a set that a readable table shows.
const SHOWN: usize = 6;

impl Outcome for Selected {
    fn notes(&self) -> Vec<String> {
        let mut notes = vec![self.about_target()];
        if self.single {
            notes.extend(self.sets.iter().flat_map(ChosenSet::lines));
        } else {
            for (choice, reason) in &self.missing {
                notes.push(format!("not possible here, {choice}: {reason}"));
            }
            notes.extend(self.recommendation());
        }
        if let Some(path) = &self.written {
            notes.push(format!("wrote {}", path.display()));
        }
        notes
    }

    fn write_result(&self, out: &mut dyn Write) -> io::Result<()> {
        match self.written {
            Some(_) => Ok(()),
            None => self.table(out),
        }
    }

    fn write_readable(&self, out: &mut dyn Write) -> io::Result<()> {
        match self.written {
            Some(_) => Ok(()),
            None => self.readable(out),
        }
    }
}

impl Selected {
    /// The target, its modes and its regions, in a line.
    fn about_target(&self) -> String {
        let target = &self.target;
        let bound = match target.bound {
            Some(bound) => counted(bound, "bound region"),
            None => "not in the matrix".to_owned(),
        };
        let modes = if target.modes.is_empty() {
            format!("no binding mode in {}", self.modes)
        } else {
            format!(
                "binding {} {} of {}",
                plural(target.modes.len() as u64, "mode"),
                target.modes.join(", "),
                self.modes
            )
        };
        format!("{}: {bound}; {modes}", target.tf)
    }

    /// What to pre-train on, and why.
    pub(crate) fn recommendation(&self) -> Vec<String> {
        let few = self.sets.iter().filter(|set| set.choice.around().is_some());
        // The first of equals: that with the higher cosines.
        let best = few
            .filter(|set| set.bound_of_mode > 0)
            .rev()
            .max_by_key(|set| set.bound_of_mode);
        let masked = |set: &&ChosenSet| set.unresolved == Unresolved::Mask;
        let mut notes = Vec::new();
        if let Some(all) = self.sets.iter().find(masked) {
            let target = &self.target.tf;
            let of_mode = match all.bound_of_mode {
                0 => format!("no other TF of them shares a binding mode with {target}"),
                bound => format!(
                    "{} of other TFs that share a mode with {target}",
                    counted(bound, "bound region")
                ),
            };
            let beside = best.map_or_else(String::new, |best| {
                format!(
                    " (of the small sets, {} has most: {})",
                    best.choice,
                    thousands(best.bound_of_mode)
                )
            });
            notes.push(format!(
                "recommended: `pretrain` with ⟦tfs⟧ all and ⟦unresolved⟧ mask: {} on {}, {of_mode}\
                 {beside}. What has helped transfer so far is many bound regions of TFs of similar \
                 motif or high cosine; all TFs together have all of them",
                counted(all.tfs.len() as u64, "TF"),
                counted(all.regions, "region"),
            ));
        }
        notes.push(self.promise());
        notes
    }

    /// Which set of few TFs promises most, as the paper pre-trained.
    fn promise(&self) -> String {
        let few = self.sets.iter().filter(|set| set.choice.around().is_some());
        let gains = few.filter_map(|set| Some((set, set.predicted_gain?)));
        let Some((best, gain)) = gains.max_by(|a, b| a.1.total_cmp(&b.1)) else {
            return "what transfer from few TFs gains is not predicted here, as no cosines with \
                    other TFs are known"
                .to_owned();
        };
        let error = PREDICTION_ERROR;
        let worth = if gain > 2.0 * error {
            format!("`pretrain` with ⟦tfs⟧ {} promises most", best.choice)
        } else {
            format!("no set promises much, ⟦tfs⟧ {} most", best.choice)
        };
        format!(
            "of sets of few TFs, as in the paper, {worth}: by transfer, a network from 200 peaks is \
             expected to gain {gain:+.2} in AUCPR over one from scratch (off by {error:.2} in the \
             mean). Compare with a PWM of the same peaks, which such networks seldom beat"
        )
    }

    /// The table for programs: a row for each set, or for each TF of the one that was asked for.
    pub(crate) fn table(&self, mut out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "# {}", self.about_target())?;
        if let (true, Some(set)) = (self.single, self.sets.first()) {
            return write_tfs(set, out);
        }
        writeln!(
            out,
            "strategy\ttfs\tmodes\tcosines\tunresolved\tregions\tbound\tbound_of_mode\tpredicted_gain\trule"
        )?;
        for set in &self.sets {
            let column = |cell: fn(&ChosenTf) -> String, between: &str| {
                let cells: Vec<String> = set.tfs.iter().map(cell).collect();
                cells.join(between)
            };
            let cells = [
                set.choice.to_string(),
                column(|tf| tf.tf.clone(), ","),
                column(|tf| or_na(tf.modes.join(",")), ";"),
                column(|tf| number(tf.cosine, 4), ","),
                unresolved(set).to_owned(),
                set.regions.to_string(),
                set.bound.to_string(),
                set.bound_of_mode.to_string(),
                number(set.predicted_gain, 3),
                set.rule.clone(),
            ];
            bindscape_base::table::write_row(&mut out, cells.iter().map(String::as_str))?;
        }
        for (choice, reason) in &self.missing {
            let reason = bindscape_base::error::with_fields(reason, &|field| format!("`{field}`"));
            let cells = [
                choice.as_str(),
                "NA",
                "NA",
                "NA",
                "NA",
                "NA",
                "NA",
                "NA",
                "NA",
                &reason,
            ];
            bindscape_base::table::write_row(&mut out, cells)?;
        }
        Ok(())
    }

    /// The table for readers.
    fn readable(&self, out: &mut dyn Write) -> io::Result<()> {
        if let (true, Some(set)) = (self.single, self.sets.first()) {
            let mut rows = vec![
                [
                    "TF",
                    "modes",
                    "cosine",
                    "STRING",
                    "resolved",
                    "bound",
                    "bound in set",
                ]
                .map(str::to_owned),
            ];
            rows.extend(set.tfs.iter().map(|tf| {
                [
                    tf.tf.clone(),
                    marked_modes(tf),
                    number(tf.cosine, 3),
                    number(tf.score, 0),
                    thousands(tf.resolved),
                    thousands(tf.bound),
                    thousands(tf.bound_in_regions),
                ]
            }));
            align(&rows, &[2, 3, 4, 5, 6], out)?;
            return writeln!(out, "* mode of {}", self.target.tf);
        }
        let mut rows = vec![
            [
                "strategy",
                "regions",
                "bound",
                "of mode",
                "gain",
                "TFs (cosine)",
            ]
            .map(str::to_owned),
        ];
        for set in &self.sets {
            let tfs: Vec<String> = set
                .tfs
                .iter()
                .map(|tf| {
                    let mark = if tf.shared.is_empty() { "" } else { "*" };
                    let cosine = tf
                        .cosine
                        .map_or_else(String::new, |value| format!(" {value:.3}"));
                    format!("{}{mark}{cosine}", tf.tf)
                })
                .collect();
            let masked = match set.unresolved {
                Unresolved::Mask => ", masked",
                Unresolved::Drop => "",
            };
            rows.push([
                format!("{}{masked}", set.choice),
                thousands(set.regions),
                thousands(set.bound),
                thousands(set.bound_of_mode),
                set.predicted_gain
                    .map_or_else(|| "NA".to_owned(), |gain| format!("{gain:+.2}")),
                first_of(&tfs, SHOWN),
            ]);
        }
        align(&rows, &[1, 2, 3, 4], out)?;
        writeln!(
            out,
            "* shares a binding mode with {0}; \"of mode\": bound regions of these TFs but {0}; \"gain\": \
             AUCPR of a network from 200 peaks that is expected by transfer, less that from scratch",
            self.target.tf
        )
    }
}

/// The TFs of a set with all that is known of them.
fn write_tfs(set: &ChosenSet, mut out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "# strategy: {}", set.choice)?;
    writeln!(out, "# rule: {}", set.rule)?;
    writeln!(
        out,
        "# regions: {}, resolved for {} of the TFs; bound, summed over TFs: {}; of TFs that share a mode: {}",
        set.regions,
        unresolved(set),
        set.bound,
        set.bound_of_mode
    )?;
    for note in &set.notes {
        writeln!(out, "# {note}")?;
    }
    writeln!(
        out,
        "tf\tmodes\tshared\tcosine\tstring_score\tresolved\tbound\tbound_in_regions\tfills_up"
    )?;
    for tf in &set.tfs {
        let cells = [
            tf.tf.clone(),
            or_na(tf.modes.join(",")),
            or_na(tf.shared.join(",")),
            number(tf.cosine, 6),
            tf.score
                .map_or_else(|| "NA".to_owned(), |score| score.to_string()),
            tf.resolved.to_string(),
            tf.bound.to_string(),
            tf.bound_in_regions.to_string(),
            if tf.fills_up { "yes" } else { "no" }.to_owned(),
        ];
        bindscape_base::table::write_row(&mut out, cells.iter().map(String::as_str))?;
    }
    Ok(())
}

/// For how many TFs a set's regions are resolved.
fn unresolved(set: &ChosenSet) -> &'static str {
    match set.unresolved {
        Unresolved::Drop => "all",
        Unresolved::Mask => "any",
    }
}

/// Modes, those that the target has with a star.
fn marked_modes(tf: &ChosenTf) -> String {
    let marked = tf.modes.iter().map(|mode| {
        let mark = if tf.shared.contains(mode) { "*" } else { "" };
        format!("{mode}{mark}")
    });
    or_na(marked.collect::<Vec<_>>().join(","))
}

fn or_na(text: String) -> String {
    if text.is_empty() {
        "NA".to_owned()
    } else {
        text
    }
}

fn number(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "NA".to_owned(), |value| format!("{value:.digits$}"))
}
