//! Models of proteins: how they are found and what is known of them.

use std::path::{Path, PathBuf};

use bindscape_base::Result;
use bindscape_base::kind::FileKind;
use bindscape_nn::protein::ProteinClassifier;
use serde_json::json;

use crate::run_directory::model_in;

/// Reads a model of proteins: a file, or the directory of a training that holds one.
/// Gives the file too.
///
/// # Errors
/// As [`ProteinClassifier::load`].
pub fn load_model(path: &Path) -> Result<(ProteinClassifier, PathBuf)> {
    let file = model_file(path)?;
    Ok((ProteinClassifier::load(&file)?, file))
}

/// What is known of the model of proteins at `path`; `None` if there is none.
///
/// # Errors
/// As [`ProteinClassifier::load`].
pub fn facts(path: &Path) -> Result<Option<serde_json::Value>> {
    // A directory without a model may be a run of another kind.
    let Ok(file) = model_file(path) else {
        return Ok(None);
    };
    let Some(model) = ProteinClassifier::find(file)? else {
        return Ok(None);
    };
    let sha256 = model.sha256();
    Ok(Some(match &model {
        ProteinClassifier::Network(model) => json!({
            "sha256": sha256,
            "kind": "protein",
            "network": model.network,
            "parameters": model.network.parameters(),
            "encoder": model.training.encoder,
            "calibration": model.calibration,
            "bindscape": model.training.bindscape,
            "seed": model.training.seed,
            "best_epoch": model.training.best_epoch,
            "inputs": model.training.inputs,
            "proteins": model.training.proteins,
        }),
        ProteinClassifier::Homology(model) => json!({
            "sha256": sha256,
            "kind": "protein-homology",
            "bindscape": model.training.bindscape,
            "seed": model.training.seed,
            "inputs": model.training.inputs,
            "proteins": model.training.proteins,
        }),
    }))
}

/// The file of a model, or of the directory of a training.
fn model_file(path: &Path) -> Result<PathBuf> {
    let wanted = "a model of proteins, or the directory of a run of `protein train`";
    model_in(path, FileKind::of(path), wanted)
}
