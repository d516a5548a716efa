//! A chosen set of TFs, as tables and records show it.

use bindscape_base::words::{counted, first_of};
use bindscape_matrix::sample::Unresolved;
use serde::{Deserialize, Serialize};

use super::strategy::TfChoice;

/// TFs to pre-train on, and what speaks for them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChosenSet {
    /// The choice.
    pub choice: TfChoice,
    /// The rule in words.
    pub rule: String,
    /// What binding modes come from, without the directory of a file.
    pub modes_from: String,
    /// The TF that the others were chosen for, and its binding modes.
    pub target: Option<Target>,
    /// The TFs.
    pub tfs: Vec<ChosenTf>,
    /// What becomes of regions resolved for some of the TFs; says which regions the counts below
    /// are of.
    pub unresolved: Unresolved,
    /// Regions to train on: resolved for all of the TFs, or for one at least where others are
    /// masked.
    pub regions: u64,
    /// Bound regions among them, summed over the TFs.
    pub bound: u64,
    /// The same over those TFs, but the target, that share a binding mode with the target.
    pub bound_of_mode: u64,
    /// By how much the AUCPR of a network from few peaks of the target is expected to be larger by
    /// transfer than from scratch; `None` where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predicted_gain: Option<f64>,
    /// What is to be known of the choice.
    pub notes: Vec<String>,
}

/// The TF that others are chosen for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Its name.
    pub tf: String,
    /// Its binding modes.
    pub modes: Vec<String>,
    /// Its bound regions in the matrix; `None` where the matrix lacks it.
    pub bound: Option<u64>,
}

/// A TF of a set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChosenTf {
    /// Its name.
    pub tf: String,
    /// Its binding modes.
    pub modes: Vec<String>,
    /// Those of them that the target has, too.
    pub shared: Vec<String>,
    /// Cosine similarity to the target (less sparse view); `None` where it is not defined.
    pub cosine: Option<f64>,
    /// Score of the pair in STRING, where TFs were chosen by it.
    pub score: Option<f64>,
    /// Its resolved regions (less sparse view).
    pub resolved: u64,
    /// Its bound regions.
    pub bound: u64,
    /// Those of them that the set trains on.
    pub bound_in_regions: u64,
    /// Whether it only fills the set up.
    pub fills_up: bool,
}

impl ChosenSet {
    /// The names of the TFs.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.tfs.iter().map(|tf| tf.tf.clone()).collect()
    }

    /// Lines about the choice: TFs, rule, counts, and what is to be known of it.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let names = first_of(&self.names(), 50);
        let count = counted(self.tfs.len() as u64, "TF");
        let mut lines = vec![format!("{count} chosen: {names} ({})", self.rule)];
        let for_how_many = match self.unresolved {
            Unresolved::Drop => "for all of them",
            Unresolved::Mask => "for one of them at least",
        };
        let mut regions = format!(
            "{} resolved {for_how_many}, with {}",
            counted(self.regions, "region"),
            bound(self.bound)
        );
        if let Some(target) = &self.target {
            regions += &format!(
                ", {} of which are those of other TFs that share a mode with {}",
                bindscape_base::words::thousands(self.bound_of_mode),
                target.tf
            );
        }
        lines.push(regions);
        lines.extend(self.notes.iter().cloned());
        lines
    }
}

/// A sum of bound regions over TFs, in words.
fn bound(count: u64) -> String {
    format!("{} summed over TFs", counted(count, "bound region"))
}
