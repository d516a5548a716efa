//! From a file, a directory or a name to a network.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use bindscape_arrays::torch::TorchFile;
use bindscape_base::digest;
use bindscape_base::digest::InputFile;
use bindscape_base::progress;
use bindscape_base::progress::Progress;
use bindscape_base::{Error, Place, Result};

use super::checkpoint::Checkpoint;
use super::config::{Esm2Config, Published};
use super::fair::{FairTensors, contact_file};
use super::fast::Fast;
use super::reference::Reference;
use super::tensors::{Safetensors, Tensors};
use super::{Engine, Esm2};
use crate::device::DeviceChoice;
use crate::hub::{Hub, is_repository, shard_names};

/// How a model is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LoadOptions {
    /// Where it shall compute.
    pub device: DeviceChoice,
}

/// Where weights came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// What the user named.
    pub model: String,
    /// The files with weights, with their checksums.
    pub files: Vec<InputFile>,
}

impl Provenance {
    /// One checksum of all files: that of the file, or of the shards' checksums.
    #[must_use]
    pub fn checksum(&self) -> String {
        match &self.files[..] {
            [file] => file.sha256.clone(),
            files => {
                let all: String = files.iter().map(|file| file.sha256.as_str()).collect();
                digest::sha256_hex(all.as_bytes())
            }
        }
    }
}

/// Files of a model.
pub(crate) struct Files {
    pub(crate) weights: Vec<PathBuf>,
    pub(crate) config: Option<PathBuf>,
    /// Whether they are PyTorch's.
    pub(crate) torch: bool,
}

/// Bytes by which a file's format is known.
const HEAD: u64 = 64;

impl Esm2 {
    /// Loads a model: a safetensors file, a `.pt` file of fair-esm (with its contact
    /// head in `NAME-contact-regression.pt` beside it), a directory in the layout of Hugging Face
    /// (`model.safetensors`, or shards with `model.safetensors.index.json`, and
    /// `config.json`), a published model by name, or any OWNER/NAME of the hub ([`Hub`]).
    ///
    /// # Errors
    /// If it is not found, damaged, or no ESM-2; if the device does not work.
    pub fn load(model: &str, options: LoadOptions, progress: &dyn Progress) -> Result<Self> {
        let device = options.device.open()?;
        let (mut checkpoint, provenance) = open(model, progress)?;
        let config = checkpoint.config;
        let engine = if options.device == DeviceChoice::Cpu {
            Engine::Fast(Box::new(Fast::new(&mut checkpoint)?))
        } else {
            Engine::Reference(Box::new(Reference::new(&mut checkpoint, &device)?))
        };
        Ok(Self {
            config,
            provenance,
            engine,
        })
    }
}

/// Finds a model's files, checks them, and notes their checksums.
pub(crate) fn open(model: &str, progress: &dyn Progress) -> Result<(Checkpoint, Provenance)> {
    let path = Path::new(model);
    let files = if path.is_dir() {
        in_directory(path)?
    } else if path.exists() || looks_like_a_path(model) {
        of_file(path)?
    } else {
        in_directory(&Hub::from_environment()?.model(&repository(model)?, progress)?)?
    };
    let (tensors, config) = open_tensors(&files)?;
    let blamed = match &files.weights[..] {
        [file] => file.clone(),
        _ => path.to_path_buf(),
    };
    let checkpoint = Checkpoint::new(tensors, config, &blamed)?;
    progress.begin("checksum of the weights", Some(files.weights.len() as u64));
    let mut inputs = Vec::with_capacity(files.weights.len());
    for file in &files.weights {
        progress::check(progress)?;
        inputs.push(digest::input_file("weights", file)?);
        progress.advance(1);
    }
    progress.finish();
    let provenance = Provenance {
        model: model.to_owned(),
        files: inputs,
    };
    Ok((checkpoint, provenance))
}

/// The tensors of a model's files, and the sizes that they name.
fn open_tensors(files: &Files) -> Result<(Box<dyn Tensors>, Option<Esm2Config>)> {
    if files.torch {
        let tensors = FairTensors::open(&files.weights)?;
        let config = tensors.config()?;
        return Ok((Box::new(tensors), config));
    }
    let config = match &files.config {
        Some(path) => {
            let text =
                std::fs::read_to_string(path).map_err(|source| Error::io("read", path, source))?;
            Some(Esm2Config::from_json(&text, path)?)
        }
        None => None,
    };
    Ok((Box::new(Safetensors::open(&files.weights)?), config))
}

/// The repository of the hub that a name stands for: that of a published model, or any
/// OWNER/NAME.
fn repository(model: &str) -> Result<String> {
    match Published::find(model) {
        Ok(published) => Ok(published.id()),
        // A misspelt name of a published model is no other model's.
        Err(error) if model.starts_with("facebook/") || !is_repository(model) => Err(error),
        Err(_) => Ok(model.to_owned()),
    }
}

/// Whether a name that is no file was meant to be one.
fn looks_like_a_path(model: &str) -> bool {
    let extension = Path::new(model).extension();
    model.starts_with(['.', '/', '~'])
        || model.matches('/').count() > 1
        || extension.is_some_and(|e| e == "safetensors" || e == "pt")
}

fn of_file(path: &Path) -> Result<Files> {
    let failed = |source| Error::io("read", path, source);
    let mut head = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(HEAD).read_to_end(&mut head).map_err(failed)?;
    if TorchFile::detect(&head) {
        let contacts = contact_file(path);
        let mut weights = vec![path.to_path_buf()];
        weights.extend(contacts.exists().then_some(contacts));
        return Ok(Files {
            weights,
            config: None,
            torch: true,
        });
    }
    let config = path.with_file_name("config.json");
    Ok(Files {
        weights: vec![path.to_path_buf()],
        config: config.exists().then_some(config),
        torch: false,
    })
}

/// The files of a model in a directory.
fn in_directory(directory: &Path) -> Result<Files> {
    let config = directory.join("config.json");
    let config = config.exists().then_some(config);
    let single = directory.join("model.safetensors");
    if single.exists() {
        return Ok(Files {
            weights: vec![single],
            config,
            torch: false,
        });
    }
    let index = directory.join("model.safetensors.index.json");
    if index.exists() {
        let text =
            std::fs::read_to_string(&index).map_err(|source| Error::io("read", &index, source))?;
        let names = shard_names(&text, &index)?;
        return Ok(Files {
            weights: names.iter().map(|name| directory.join(name)).collect(),
            config,
            torch: false,
        });
    }
    Err(Error::input(
        directory,
        Place::File,
        "`model.safetensors` or `model.safetensors.index.json` in the directory",
        "neither",
    )
    .hint("give the file with the weights, or the directory that holds it"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_for_repositories() {
        assert_eq!(repository("8M").unwrap(), "facebook/esm2_t6_8M_UR50D");
        assert_eq!(repository("someone/esm2").unwrap(), "someone/esm2");
        for wrong in ["facebook/esm2_t6_9M_UR50D", "esm2_t6_8M", "9M"] {
            let error = repository(wrong).unwrap_err().to_string();
            assert!(error.contains("esm2_t6_8M_UR50D (8M)"), "{error}");
        }
        for path in ["./m", "/m", "a/b/c", "m.safetensors", "esm2.pt"] {
            assert!(looks_like_a_path(path), "{path}");
        }
        assert!(!looks_like_a_path("facebook/esm2_t6_8M_UR50D"));
    }
}
