//! Which strands of a sequence count.

use serde::{Deserialize, Serialize};

/// The strands that a prediction looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strands {
    /// Both: the probability is the mean of the two strands' probabilities.
    #[default]
    Both,
    /// The sequence as given.
    Forward,
}
