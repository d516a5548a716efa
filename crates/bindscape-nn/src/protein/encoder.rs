//! The representation of proteins that a model takes.

use bindscape_base::{Error, Result};
use bindscape_protein::{Features, Representation, Windows};
use serde::{Deserialize, Serialize};

/// The representation of proteins that a model takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Encoder {
    /// Which numbers these are.
    #[serde(rename = "id")]
    pub representation: Representation,
    /// Numbers per position.
    pub features: usize,
    /// How residues become positions.
    pub windows: Windows,
}

impl Encoder {
    /// The encoder of `features`, whose positions are `windows`.
    #[must_use]
    pub fn new(features: &dyn Features, windows: Windows) -> Self {
        Self {
            representation: features.representation(),
            features: features.features(),
            windows,
        }
    }

    /// Checks that `features` are of this encoder.
    ///
    /// # Errors
    /// If they are not.
    pub fn check(&self, features: &dyn Features) -> Result<()> {
        if features.representation() == self.representation && features.features() == self.features
        {
            return Ok(());
        }
        Err(Error::about(
            "the features",
            format!(
                "`{}`, {} numbers per position, as the model was trained on",
                self.representation, self.features
            ),
            format!(
                "`{}`, {} numbers",
                features.representation(),
                features.features()
            ),
        )
        .hint("encode the proteins as for the training of the model"))
    }
}
