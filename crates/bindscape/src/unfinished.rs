//! Commands that write results in the order of their input continue where they were interrupted.

use std::path::{Path, PathBuf};

use bindscape_base::Result;
use bindscape_base::journal::Journal;
use bindscape_nn::DeviceChoice;
use serde_json::{Value, json};

/// What all results in a journal of `command` depend on, beside the items themselves:
/// `settings`, an object, and these.
pub fn plan(command: &str, model: &str, device: DeviceChoice, settings: Value) -> Value {
    json!({
        "bindscape": env!("CARGO_PKG_VERSION"),
        "command": command,
        "model": model,
        "device": device.to_string(),
        "settings": settings,
    })
}

/// `OUT.unfinished`, where results for `items` are kept until `out` is complete. None for
/// standard output, which cannot be continued.
///
/// # Errors
/// As [`Journal::open`].
pub fn journal(out: &Path, items: &'static str, plan: &Value) -> Result<Option<Journal>> {
    if out == Path::new("-") {
        return Ok(None);
    }
    Journal::open(beside(out, ".unfinished"), items, plan).map(Some)
}

/// The file whose name is that of `out` with `ending` behind it.
pub fn beside(out: &Path, ending: &str) -> PathBuf {
    let mut name = out.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
