//! An experiment, in words.

use std::collections::BTreeMap;

use bindscape_stats::mean;

use crate::data::counted;
use crate::experiment::Experimented;
use crate::job::Outcome;

/// Reasons that are told; the record has all of them.
const TOLD: usize = 5;

impl Outcome for Experimented {
    fn notes(&self) -> Vec<String> {
        let mut notes = self.means();
        for reason in self.left_out.iter().take(TOLD) {
            notes.push(format!("left out: {reason}"));
        }
        if self.left_out.len() > TOLD {
            notes.push(format!(
                "left out: {} more, all of them in experiment.json",
                self.left_out.len() - TOLD
            ));
        }
        notes.push(format!(
            "wrote {} to {}",
            counted(self.rows.len() as u64, "row"),
            self.directory.join(crate::experiment::RESULTS).display()
        ));
        notes.push(format!("wrote {}", self.report.display()));
        notes
    }
}

impl Experimented {
    /// A line for each set, number of bound regions and model: its means over TFs.
    fn means(&self) -> Vec<String> {
        type Values = BTreeMap<String, [Vec<f64>; 2]>;
        let mut groups: BTreeMap<(String, Option<u64>, String), Values> = BTreeMap::new();
        for row in &self.rows {
            let group = groups.entry((row.set.clone(), row.asked, row.model.clone()));
            let of_tf = group.or_default().entry(row.tf.clone()).or_default();
            of_tf[0].extend(row.aucpr);
            of_tf[1].extend(row.natural_aucpr);
        }
        let lines = groups.iter().map(|((set, asked, model), tfs)| {
            let over_tfs = |which: usize| {
                let of = tfs.values().filter_map(|values| mean(&values[which]));
                let value = mean(&of.collect::<Vec<f64>>());
                value.map_or_else(|| "NA".to_owned(), |value| format!("{value:.3}"))
            };
            let set = if set.is_empty() {
                String::new()
            } else {
                format!("{set}, ")
            };
            let asked = asked.map_or_else(
                || "all bound regions".to_owned(),
                |asked| counted(asked, "bound region"),
            );
            format!(
                "{set}{asked}, {model}: mean AUCPR {} matched in GC, {} as in the genome ({})",
                over_tfs(0),
                over_tfs(1),
                counted(tfs.len() as u64, "TF")
            )
        });
        lines.collect()
    }
}
