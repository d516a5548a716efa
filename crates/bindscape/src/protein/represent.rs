//! The representation of proteins that a model takes, for proteins at hand.

use std::path::{Path, PathBuf};

use bindscape_base::Result;
use bindscape_nn::protein::{DeepTFactorInput, Encoder, ProteinClassifier};
use bindscape_protein::{EncodedProteins, Encoding, Features, Protein, Windows};
use serde_json::json;

/// Name of the model in the directory of a training.
const MODEL_FILE: &str = "model.safetensors";

/// Reads a model of proteins: a file, or the directory of a training that holds one.
/// Gives the file too.
///
/// # Errors
/// As [`ProteinClassifier::load`].
pub fn load_model(path: &Path) -> Result<(ProteinClassifier, PathBuf)> {
    let file = model_file(path);
    Ok((ProteinClassifier::load(&file)?, file))
}

/// What is known of the model of proteins at `path`; `None` if there is none.
///
/// # Errors
/// As [`ProteinClassifier::load`].
pub fn facts(path: &Path) -> Result<Option<serde_json::Value>> {
    let Some(model) = ProteinClassifier::find(model_file(path))? else {
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
fn model_file(path: &Path) -> PathBuf {
    if path.is_dir() {
        path.join(MODEL_FILE)
    } else {
        path.to_path_buf()
    }
}

/// How proteins become the numbers that a model was trained on.
#[derive(Debug, Clone)]
pub enum Representation {
    /// From the residues alone.
    Residues(Encoding, Windows),
    /// DeepTFactor's own, of so many residues.
    DeepTFactor(usize),
}

impl Representation {
    /// The representation of `encoder`; `None` if it needs embeddings.
    pub fn of(encoder: &Encoder) -> Option<Self> {
        let residues = Encoding::ALL
            .into_iter()
            .find(|encoding| encoding.id(encoder.windows) == encoder.id);
        if let Some(encoding) = residues {
            return Some(Self::Residues(encoding, encoder.windows));
        }
        let length = encoder.id.strip_prefix("deeptfactor:length=")?;
        Some(Self::DeepTFactor(length.parse().ok()?))
    }

    /// How residues become positions.
    pub fn windows(&self) -> Windows {
        match *self {
            Self::Residues(_, windows) => windows,
            Self::DeepTFactor(positions) => Windows {
                window: 1,
                positions,
            },
        }
    }

    /// The numbers of `proteins`, computed when asked for.
    pub fn features<'a>(&'a self, proteins: &'a [Protein]) -> Box<dyn Features + 'a> {
        match *self {
            Self::Residues(encoding, windows) => {
                Box::new(EncodedProteins::new(proteins, encoding, windows))
            }
            Self::DeepTFactor(length) => Box::new(DeepTFactorInput::new(proteins, length)),
        }
    }

    /// The numbers of the single residues of a protein (residues x features), where
    /// positions are means over several residues and those are known.
    pub fn of_residues(&self, sequence: &[u8]) -> Option<Vec<f32>> {
        match *self {
            Self::Residues(encoding, windows) if windows.window > 1 => {
                let single = Windows {
                    window: 1,
                    positions: windows.length(),
                };
                let mut values = Vec::new();
                encoding.encode(sequence, single, &mut values);
                Some(values)
            }
            Self::Residues(..) | Self::DeepTFactor(_) => None,
        }
    }
}
