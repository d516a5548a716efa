//! Which proteins may not be on both sides of a split.

use bindscape_core::Result;
use bindscape_core::progress::Progress;
use bindscape_core::protein::{ClusterOptions, Clusters, Protein};
use clap::Args;
use serde::{Deserialize, Serialize};

use crate::data::thousands;

/// Options of a split.
#[derive(Debug, Clone, Args)]
pub(super) struct ProteinSplitArguments {
    /// Which proteins are never on both sides of a split: with `similarity` those of a cluster of similar
    /// ones, with the name of a column of the labels those with the same value; with `random` only
    /// a protein itself
    #[arg(
        long,
        default_value = "similarity",
        value_name = "similarity|random|COLUMN"
    )]
    split: String,
    /// Least identity of similar proteins
    #[arg(long, default_value_t = 0.3, value_name = "SHARE")]
    min_identity: f64,
    /// Least share of both proteins inside their alignment
    #[arg(long, default_value_t = 0.8, value_name = "SHARE")]
    coverage: f64,
}

impl ProteinSplitArguments {
    /// What they say.
    ///
    /// # Errors
    /// If a share is none.
    pub(super) fn split(&self) -> Result<Split> {
        let split = match self.split.as_str() {
            "similarity" => Split::Similarity {
                min_identity: self.min_identity,
                coverage: self.coverage,
            },
            "random" => Split::Random,
            name => Split::Column { name: name.into() },
        };
        if let Some(options) = split.clustering() {
            options.check()?;
        }
        Ok(split)
    }
}

/// How proteins are dealt to the parts of a split.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "by")]
pub(super) enum Split {
    /// Clusters of similar proteins stay together.
    Similarity { min_identity: f64, coverage: f64 },
    /// Every protein on its own.
    Random,
    /// Proteins with one value of this column of the labels stay together.
    Column { name: String },
}

impl Split {
    /// The column that it needs.
    pub(super) fn column(&self) -> Option<&str> {
        match self {
            Self::Column { name } => Some(name),
            _ => None,
        }
    }

    /// In words.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Similarity {
                min_identity,
                coverage,
            } => format!(
                "proteins of at least {:.0}% identity over {:.0}% of both never in different folds",
                100.0 * min_identity,
                100.0 * coverage
            ),
            Self::Random => "random folds: similar proteins may be on both sides".into(),
            Self::Column { name } => format!("proteins of the same {name} in one fold"),
        }
    }

    fn clustering(&self) -> Option<ClusterOptions> {
        match *self {
            Self::Similarity {
                min_identity,
                coverage,
            } => Some(ClusterOptions {
                min_identity,
                coverage,
                ..ClusterOptions::default()
            }),
            _ => None,
        }
    }

    /// The group of each of `proteins`, whose values of the column are `column`; `None` if each is
    /// on its own.
    ///
    /// # Errors
    /// If the user asked to stop.
    pub(super) fn groups(
        &self,
        proteins: &[Protein],
        column: Option<&[u32]>,
        progress: &dyn Progress,
    ) -> Result<Option<Vec<u32>>> {
        let Some(options) = self.clustering() else {
            return Ok(column.map(<[_]>::to_vec));
        };
        let clusters = Clusters::of(proteins, &options, progress)?;
        progress.note(&format!(
            "{} clusters of similar proteins among {}",
            thousands(clusters.representative.len() as u64),
            thousands(proteins.len() as u64)
        ));
        Ok(Some(clusters.cluster))
    }
}
