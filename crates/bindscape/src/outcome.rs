//! What jobs leave, in words.

mod binding;
mod motif;
mod protein;

use crate::data::{counted, thousands};

/// A count of something with its noun, where there is any: `1,234 proteins what`.
fn any(count: usize, noun: &str, what: &str) -> Option<String> {
    (count > 0).then(|| format!("{} {what}", counted(count as u64, noun)))
}

/// A count in a column of its own.
fn row(count: u64, what: &str) -> String {
    format!("{:>12}  {what}", thousands(count))
}
