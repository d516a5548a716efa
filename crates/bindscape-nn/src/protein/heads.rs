//! What a network answers.

use serde::{Deserialize, Serialize};

/// What a network answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Heads {
    /// Whether the protein is a transcription factor, and its class.
    Both,
    /// Whether it is a transcription factor.
    Tf,
    /// Its class.
    Domain,
}

impl Heads {
    /// Whether there is a head for transcription factors.
    #[must_use]
    pub fn tf(self) -> bool {
        self != Heads::Domain
    }

    /// Whether there is a head for classes.
    #[must_use]
    pub fn domain(self) -> bool {
        self != Heads::Tf
    }
}
