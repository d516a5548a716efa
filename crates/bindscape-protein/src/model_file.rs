//! Files of models of proteins.

use std::path::Path;

use bindscape_arrays::model_file::{ModelFile, ModelKind};
use bindscape_base::{Error, Place, Result};

/// A file that bindscape may have written.
///
/// # Errors
/// If it cannot be read, is no whole safetensors file, or is of something else.
pub fn open_model(path: &Path) -> Result<ModelFile> {
    let file = ModelFile::read(path)?;
    if file.is_ours() {
        Ok(file)
    } else {
        Err(not_ours(path, "a safetensors file without its metadata"))
    }
}

/// A model of a kind that is not the wanted one.
#[must_use]
pub fn other_kind(file: &ModelFile, kind: &ModelKind) -> Error {
    match kind.name() {
        Some(name) => not_ours(file.path(), &format!("a model of another kind, `{name}`")),
        None => not_ours(file.path(), "a model of binding sites"),
    }
}

/// A file that is something else.
fn not_ours(path: &Path, found: &str) -> Error {
    Error::input(
        path,
        Place::File,
        "a model of proteins written by bindscape",
        found,
    )
    .hint("train one with `bindscape protein train`")
}
