//! The index of weights that lie in several files.

use std::collections::BTreeMap;
use std::path::Path;

use bindscape_base::{Error, Place, Result};
use serde::Deserialize;

/// `model.safetensors.index.json`.
#[derive(Debug, Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

/// The names of the shards that an index lists, each once, sorted.
///
/// # Errors
/// If the text is no such index.
pub(crate) fn shard_names(text: &str, path: &Path) -> Result<Vec<String>> {
    let index: Index = serde_json::from_str(text).map_err(|error| {
        Error::input(
            path,
            Place::File,
            "an index of shards with a \"weight_map\"",
            error.to_string(),
        )
    })?;
    let mut names: Vec<String> = index.weight_map.into_values().collect();
    names.sort();
    names.dedup();
    // A name with a directory could lead out of the model's own.
    if let Some(name) = names.iter().find(|name| name.contains(['/', '\\'])) {
        return Err(Error::input(
            path,
            Place::File,
            "names of files in the same directory",
            format!("`{name}`"),
        ));
    }
    Ok(names)
}
