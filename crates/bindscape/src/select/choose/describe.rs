//! A set as it is shown and recorded, or what it lacks.

use bindscape_base::words::{counted, some_of, thousands};
use bindscape_base::{Error, Result};
use bindscape_matrix::TrainingRegions;

use super::{Around, Chooser, Picked};
use crate::select::gain;
use crate::select::set::{ChosenSet, ChosenTf, Target};
use crate::select::strategy::TfChoice;

impl Chooser<'_> {
    /// Too few regions for `set`; `which` says which of several sets it is.
    pub(super) fn too_few(
        &self,
        choice: &str,
        set: &[usize],
        around: &Around,
        which: &str,
    ) -> Error {
        let regions = self.training(set).regions;
        let name = |tf: usize| self.question.matrix.tfs[tf].as_str();
        let names: Vec<&str> = set.iter().map(|&tf| name(tf)).collect();
        let least = self.least_regions();
        let which = if which.is_empty() {
            String::new()
        } else {
            format!("{which}, ")
        };
        let error = Error::argument(
            if self.question.choosing.min_regions.is_some() {
                "min_regions"
            } else {
                "tfs"
            },
            format!(
                "{choice} to have {} to train on{}",
                counted(least, "region"),
                if regions < least {
                    ""
                } else {
                    ", some of them bound by each TF"
                }
            ),
            format!("{} ({which}{})", thousands(regions), some_of(&names)),
        );
        let without = |left_out: usize| {
            let rest: Vec<usize> = set.iter().copied().filter(|&tf| tf != left_out).collect();
            (self.training(&rest).regions, left_out)
        };
        let costliest = set.iter().map(|&tf| without(tf)).max_by_key(|&(n, _)| n);
        match costliest {
            Some((more, tf)) if set.len() > 1 && more > regions => {
                let leave = if Some(tf) == around.column {
                    "leave ⟦with_target⟧ out".to_owned()
                } else {
                    format!("leave it out with ⟦without⟧ {}", name(tf))
                };
                error.hint(format!(
                    "{} costs most: the others have {}; {leave}, or lower ⟦count⟧ or \
                     ⟦min_regions⟧",
                    name(tf),
                    counted(more, "region")
                ))
            }
            _ => error.hint("lower ⟦min_regions⟧"),
        }
    }

    /// What is to be said of each of `tfs`, which train on `training`, but for its score in STRING.
    fn chosen(
        &self,
        tfs: &[usize],
        training: &TrainingRegions,
        around: Option<&Around>,
    ) -> Vec<ChosenTf> {
        let names = &self.question.matrix.tfs;
        let (modes, target) = around.map_or((&[][..], None), |a| (&a.modes[..], a.column));
        let describe = |(&tf, &bound_in_regions): (&usize, &u64)| {
            let own_modes = self.modes.of(&names[tf]);
            ChosenTf {
                tf: names[tf].clone(),
                shared: (own_modes.iter())
                    .filter(|mode| modes.contains(mode))
                    .cloned()
                    .collect(),
                modes: own_modes,
                cosine: target.and_then(|target| self.regions.cosine(target, tf)),
                score: None,
                resolved: self.regions.resolved(tf),
                bound: self.regions.bound(tf),
                bound_in_regions,
                fills_up: false,
            }
        };
        tfs.iter().zip(&training.bound).map(describe).collect()
    }

    /// The set as it is shown and recorded; makes sure that it has regions enough.
    pub(super) fn describe(
        &self,
        choice: &TfChoice,
        picked: Picked,
        rule: String,
        around: Option<&Around>,
    ) -> Result<ChosenSet> {
        let own = picked.tfs.len();
        let tfs = match (choice, around) {
            (TfChoice::Around { .. }, Some(around)) => self.filled(around, picked.tfs),
            _ => picked.tfs,
        };
        if let Some(all) = self.question.choosing.bury
            && choice.around().is_some()
            && tfs.len() < all
        {
            return Err(Error::argument(
                "bury",
                format!(
                    "at most {}, as no more TFs are known to share no mode with the target",
                    tfs.len()
                ),
                all.to_string(),
            ));
        }
        let training = self.training(&tfs);
        let nobody = Around {
            name: String::new(),
            column: None,
            modes: Vec::new(),
            counted: Vec::new(),
        };
        if training.regions < self.least_regions() {
            let around = around.unwrap_or(&nobody);
            return Err(self.too_few(&choice.to_string(), &tfs, around, ""));
        }
        let target = around.and_then(|around| around.column);
        let mut chosen = self.chosen(&tfs, &training, around);
        for (place, (tf, column)) in chosen.iter_mut().zip(&tfs).enumerate() {
            let scored = picked.scores.iter().find(|(of, _)| of == column);
            tf.score = scored.map(|(_, score)| *score);
            tf.fills_up = place >= own;
        }
        let mut notes = picked.notes;
        let never: Vec<&str> = chosen
            .iter()
            .filter(|tf| tf.bound_in_regions == 0)
            .map(|tf| tf.tf.as_str())
            .collect();
        if !never.is_empty() {
            notes.push(format!(
                "warning: bound in none of these regions: {}",
                some_of(&never)
            ));
        }
        let of_mode = chosen.iter().zip(&tfs);
        let bound_of_mode = of_mode
            .filter(|(tf, column)| !tf.shared.is_empty() && Some(**column) != target)
            .map(|(tf, _)| tf.bound_in_regions)
            .sum();
        let share = self.taken_share(&training);
        let predicted_gain = gain::predicted(&chosen, around.map(|of| of.name.as_str()), share);
        Ok(ChosenSet {
            choice: choice.clone(),
            rule,
            modes_from: match self.modes.input() {
                Some(file) => file.name.clone(),
                None => self.question.choosing.modes.clone(),
            },
            target: around.map(|around| Target {
                tf: around.name.clone(),
                modes: around.modes.clone(),
                bound: around.column.map(|tf| self.regions.bound(tf)),
            }),
            tfs: chosen,
            unresolved: self.question.unresolved,
            regions: training.regions,
            bound: training.bound.iter().sum(),
            bound_of_mode,
            predicted_gain,
            notes,
        })
    }
}
