//! From a protein to whether it is a transcription factor, and of which kind.

pub mod cluster;
pub mod crossval;
pub mod domains;
pub mod embed;
pub mod embedded;
pub mod explain;
pub mod features;
pub mod fetch;
pub mod model;
pub mod predict;
pub mod run;
pub mod shipped;
pub mod split;
pub mod train;

use bindscape_base::{Error, Result, digest};
use bindscape_protein::Protein;

/// Refuses the first of `fields` that was given.
///
/// # Errors
/// If there is one; the message says what was `expected` of it.
pub fn refuse<'a>(fields: impl IntoIterator<Item = (&'a str, bool)>, expected: &str) -> Result<()> {
    match fields.into_iter().find(|(_, given)| *given) {
        Some((field, _)) => Err(Error::argument(field.to_owned(), expected, "one")),
        None => Ok(()),
    }
}

/// What identifies a protein in a [`Journal`](bindscape_base::journal::Journal).
#[must_use]
pub fn journal_key(protein: &Protein) -> String {
    let mut bytes = protein.id.clone().into_bytes();
    bytes.push(b'\t');
    bytes.extend_from_slice(&protein.sequence);
    digest::sha256_hex(&bytes)
}
