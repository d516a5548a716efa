//! The binding matrix: TF x region, bound, unbound or unresolved.

use bindscape_base::digest::InputFile;
use serde::{Deserialize, Serialize};

use bindscape_base::error::{Error, Result, Subject};
use bindscape_genome::region::Regions;

/// What is known of the binding of one TF to one region, over all cells.
///
/// Ordered by evidence, so that the state over several cells is the maximum.
/// In a Parquet file: null, 0, 1, 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum BindingState {
    /// Not accessible in any cell in which the TF was profiled (null).
    Closed = 0,
    /// Accessible in a profiled cell, with no evidence of binding in any (0).
    Unbound = 1,
    /// Accessible, with one of the two kinds of evidence only (1).
    OneEvidence = 2,
    /// Accessible, with both kinds of evidence in one cell at least (2).
    Bound = 3,
}

impl BindingState {
    /// The state of the number stored in a file.
    #[must_use]
    pub fn from_stored(stored: Option<i32>) -> Option<Self> {
        match stored {
            None => Some(BindingState::Closed),
            Some(0) => Some(BindingState::Unbound),
            Some(1) => Some(BindingState::OneEvidence),
            Some(2) => Some(BindingState::Bound),
            Some(_) => None,
        }
    }

    /// The number stored in a file.
    #[must_use]
    pub fn stored(self) -> Option<i32> {
        match self {
            BindingState::Closed => None,
            other => Some(i32::from(other as u8) - 1),
        }
    }

    /// The label in `view`: bound, unbound, or `None` where it is not resolved.
    #[must_use]
    pub fn label(self, view: View) -> Option<bool> {
        match (self, view) {
            (BindingState::Closed, _) | (BindingState::OneEvidence, View::Sparse) => None,
            (BindingState::Unbound, _) | (BindingState::OneEvidence, View::LessSparse) => {
                Some(false)
            }
            (BindingState::Bound, _) => Some(true),
        }
    }
}

/// How one-evidence-only entries are read (Novakovsky et al. 2021, Methods, "TF binding matrices").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum View {
    /// One kind of evidence only: unresolved. For individual models.
    Sparse,
    /// One kind of evidence only: unbound. For multi-models.
    LessSparse,
}

/// Where a matrix comes from; stored in its file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// Version of bindscape that wrote it.
    pub bindscape: String,
    /// Genome build, as the user named it (`hg38`).
    pub genome: Option<String>,
    /// Common width of the regions in base pairs, `None` if they differ.
    pub width: Option<u32>,
    /// The rule that made a TF bound: `chip+tfbs`, `chip`, or `imported`; with `, per-cell centres`
    /// where regions lie around those.
    pub rule: String,
    /// The cell, in a per-cell matrix; `None` if aggregated over cells.
    pub cell: Option<String>,
    /// What it was made from.
    pub inputs: Vec<InputFile>,
    /// The cells and data sets of each TF; empty where they are not known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub profiles: Vec<TfProfile>,
    /// What makes the matrix doubtful, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// The rule of a matrix that another program rewrote without its provenance.
pub const NOT_RECORDED: &str = "not recorded";

impl Provenance {
    /// The provenance of a matrix of which nothing else is known than the rule.
    #[must_use]
    pub fn of_rule(rule: impl Into<String>) -> Self {
        Self {
            bindscape: env!("CARGO_PKG_VERSION").to_owned(),
            genome: None,
            width: None,
            rule: rule.into(),
            cell: None,
            inputs: Vec::new(),
            profiles: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// That of a file without it.
    #[must_use]
    pub fn not_recorded() -> Self {
        Self {
            bindscape: NOT_RECORDED.to_owned(),
            ..Self::of_rule(NOT_RECORDED)
        }
    }

    /// Whether it is known.
    #[must_use]
    pub fn is_recorded(&self) -> bool {
        self.rule != NOT_RECORDED
    }
}

/// Where the evidence of a TF comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TfProfile {
    /// TF.
    pub tf: String,
    /// Cells in which it was profiled.
    pub cells: Vec<String>,
    /// Data sets of ChIP-seq peaks: files, and of a file whose records name their TF and cell,
    /// each of its cells.
    pub chip: u64,
    /// Data sets of binding sites, counted in the same way.
    pub tfbs: u64,
}

/// A matrix in memory: regions in rows, one column of states per TF.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BindingMatrix {
    /// The rows.
    pub regions: Regions,
    /// TF names, one per column.
    pub tfs: Vec<String>,
    /// One column per TF, one [`BindingState`] per region.
    pub columns: Vec<Vec<BindingState>>,
    /// Where it comes from.
    pub provenance: Provenance,
}

impl BindingMatrix {
    /// The column number of a TF.
    ///
    /// # Errors
    /// If the TF is not in the matrix; the error names near names. `subject` is what asked for it.
    pub fn tf_index(&self, tf: &str, subject: impl Into<Subject>) -> Result<usize> {
        tf_index(&self.tfs, tf, subject)
    }

    /// The column of a TF; errors as [`BindingMatrix::tf_index`].
    ///
    /// # Errors
    /// See above.
    pub fn column(&self, tf: &str, subject: impl Into<Subject>) -> Result<&[BindingState]> {
        Ok(&self.columns[self.tf_index(tf, subject)?])
    }
}

/// The place of `tf` in `tfs`. `subject` is what asked for it.
///
/// # Errors
/// If it is not there; the error names near names.
pub fn tf_index(tfs: &[String], tf: &str, subject: impl Into<Subject>) -> Result<usize> {
    tfs.iter().position(|name| name == tf).ok_or_else(|| {
        Error::missing(
            subject,
            "the name of a TF in the matrix",
            tf,
            tfs.iter().map(String::as_str),
            "inspect the matrix for its TFs",
        )
    })
}
