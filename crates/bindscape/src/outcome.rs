//! What jobs leave, in words.

mod binding;
mod motif;
mod protein;

use crate::data::thousands;

/// A count of something, where there is any: `1,234 what`.
fn counted(count: u64, what: &str) -> Option<String> {
    (count > 0).then(|| format!("{} {what}", thousands(count)))
}

/// A count in a column of its own.
fn row(count: u64, what: &str) -> String {
    format!("{:>12}  {what}", thousands(count))
}
