//! Commands that write results in the order of their input continue where they were interrupted.

use std::path::{Path, PathBuf};

use bindscape_base::Result;
use bindscape_base::journal::Journal;
use bindscape_nn::DeviceChoice;
use serde_json::{Value, json};

use crate::run_directory::refuse_occupied;

/// What all results in a journal of `command` depend on, beside the items themselves:
/// `settings`, an object, and these.
pub(crate) fn plan(command: &str, model: &str, device: DeviceChoice, settings: Value) -> Value {
    json!({
        "bindscape": env!("CARGO_PKG_VERSION"),
        "command": command,
        "model": model,
        "device": device.to_string(),
        "settings": settings,
    })
}

/// Where results are kept in a directory until all are there.
const FILE: &str = "unfinished.jsonl";

/// Refuses a directory that holds files, unless a command was interrupted there.
///
/// # Errors
/// See above.
pub(crate) fn check_directory(out: &Path) -> Result<()> {
    if out.join(FILE).exists() {
        return Ok(());
    }
    refuse_occupied(out, "out")
}

/// The journal in the directory `out`, where results for `items` are kept until all are there.
///
/// # Errors
/// As [`Journal::open`].
pub(crate) fn journal_in(out: &Path, items: &'static str, plan: &Value) -> Result<Journal> {
    Journal::open(out.join(FILE), items, plan)
}

/// `OUT.unfinished`, where results for `items` are kept until `out` is complete. None for
/// standard output, which cannot be continued.
///
/// # Errors
/// As [`Journal::open`].
pub(crate) fn journal(out: &Path, items: &'static str, plan: &Value) -> Result<Option<Journal>> {
    if out == Path::new("-") {
        return Ok(None);
    }
    Journal::open(beside(out, ".unfinished"), items, plan).map(Some)
}

/// The file whose name is that of `out` with `ending` behind it.
pub(crate) fn beside(out: &Path, ending: &str) -> PathBuf {
    let mut name = out.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
