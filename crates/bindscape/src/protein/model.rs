//! Models of proteins: how they are found and what is known of them.

use std::path::{Path, PathBuf};

use bindscape_base::kind::FileKind;
use bindscape_base::{Error, Place, Result, names};
use bindscape_nn::protein::ProteinClassifier;
use bindscape_nn::train::MODEL_FILE;
use serde_json::json;

use super::shipped::ShippedModel;
use crate::run_directory::model_in;

/// Reads a model of proteins: a file, the directory of a training that holds one, or one that the
/// program brings along, by its name. Gives the file too.
///
/// # Errors
/// As [`ProteinClassifier::load`].
pub fn load_model(path: &Path) -> Result<(ProteinClassifier, PathBuf)> {
    if let Some(shipped) = ShippedModel::named(path) {
        return shipped.load();
    }
    refuse_unknown_name(path)?;
    let file = model_file(path)?;
    Ok((ProteinClassifier::load(&file)?, file))
}

/// A word that names neither a file nor a model that the program brings along.
fn refuse_unknown_name(path: &Path) -> Result<()> {
    let is_word = path.components().count() == 1 && path.extension().is_none();
    if path.exists() || !is_word {
        return Ok(());
    }
    let known = ShippedModel::ALL.map(|model| model.name);
    let name = path.to_string_lossy();
    let otherwise = format!("the program brings {} along", known.join(" and "));
    Err(Error::argument(
        "model",
        "the directory of a training, a file, or the name of a model",
        format!("{name:?}, which is none of these"),
    )
    .hint(names::suggestion(&name, known, &otherwise)))
}

/// What is known of the model of proteins at `path`; `None` if there is none.
///
/// # Errors
/// As [`ProteinClassifier::load`].
pub fn facts(path: &Path) -> Result<Option<serde_json::Value>> {
    let model = match ShippedModel::named(path) {
        Some(shipped) => shipped.load()?.0,
        None => {
            // A directory without a model may be a run of another kind.
            let Ok(file) = model_file(path) else {
                return Ok(None);
            };
            match ProteinClassifier::find(file)? {
                Some(model) => model,
                None => return Ok(None),
            }
        }
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
            "families": model.families(),
        }),
    }))
}

/// The file of a model, or of the directory of a training.
fn model_file(path: &Path) -> Result<PathBuf> {
    let wanted = "a model of proteins, or the directory of a run of `protein train`";
    let kind = FileKind::of(path);
    if kind == Some(FileKind::ProteinRun) && !path.join(MODEL_FILE).exists() {
        let found = "a run of `protein train` without a model";
        return Err(Error::input(path, Place::File, wanted, found)
            .hint("the training was not finished; the same command continues it"));
    }
    model_in(path, kind, wanted)
}
