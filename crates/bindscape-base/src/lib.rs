//! What every part of bindscape stands on: errors with kinds, progress and cancellation, random
//! streams, digests and the provenance of input files, files that appear whole or not at all,
//! locks, journals, text streams and tables.
//!
//! This crate knows nothing of biology, networks, terminals or command lines.

pub mod atomic;
pub mod digest;
pub mod error;
pub mod input;
pub mod journal;
pub mod lock;
pub mod names;
mod near;
pub mod progress;
pub mod random;
pub mod table;

pub use error::{Error, ErrorKind, Place, Result, Subject};
