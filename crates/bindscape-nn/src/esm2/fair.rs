//! The files of fair-esm: `NAME.pt`, and `NAME-contact-regression.pt` with the contact
//! head beside it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bindscape_arrays::torch::{Tensor, TorchFile};
use bindscape_base::{Error, Place, Result};

use super::config::Esm2Config;
use super::tensors::Tensors;

/// The tensors of a file and of that with its contact head, if there is one.
pub(crate) struct FairTensors {
    files: Vec<TorchFile>,
    tensors: BTreeMap<String, (usize, Tensor)>,
}

/// Where fair-esm looks for the contact head of a file.
pub(crate) fn contact_file(path: &Path) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!("{stem}-contact-regression.pt"))
}

impl FairTensors {
    /// Opens files, the one with the network first.
    pub(crate) fn open(paths: &[PathBuf]) -> Result<Self> {
        let mut all = Self {
            files: Vec::new(),
            tensors: BTreeMap::new(),
        };
        for path in paths {
            let file = TorchFile::open(path)?;
            for (name, tensor) in file.state_dict()? {
                all.tensors.insert(name, (all.files.len(), tensor));
            }
            all.files.push(file);
        }
        Ok(all)
    }

    /// The sizes that the file names, if it does so.
    ///
    /// # Errors
    /// If they are those of another architecture.
    pub(crate) fn config(&self) -> Result<Option<Esm2Config>> {
        let Some(file) = self.files.first() else {
            return Ok(None);
        };
        let Some(model) = file.root().get("cfg").and_then(|cfg| cfg.get("model")) else {
            return Ok(None);
        };
        let kind = model.get("arch").and_then(|arch| arch.as_text());
        let wrong = |expected: &str, found: String| {
            Error::input(file.path(), Place::Record("cfg".into()), expected, found)
                .hint("ESM-2 is needed; ESM-1b, ESM-1v, ESMFold and others differ from it")
        };
        if let Some(token_dropout) = model.get("token_dropout")
            && token_dropout.as_bool() == Some(false)
        {
            let kind = kind.unwrap_or("an unnamed one");
            return Err(wrong(
                "an architecture with token dropout",
                format!("{kind} without"),
            ));
        }
        let number = |name: &str| {
            let value = model.get(name)?.as_integer()?;
            usize::try_from(value).ok().filter(|&value| value > 0)
        };
        let sizes = [
            "encoder_layers",
            "encoder_embed_dim",
            "encoder_attention_heads",
        ]
        .map(number);
        let [Some(layers), Some(width), Some(heads)] = sizes else {
            return Ok(None);
        };
        Ok(Some(Esm2Config {
            layers,
            width,
            heads,
        }))
    }
}

impl Tensors for FairTensors {
    fn shapes(&self) -> BTreeMap<String, Vec<usize>> {
        let tensors = self.tensors.iter();
        tensors
            .map(|(name, (_, tensor))| (name.clone(), tensor.shape.clone()))
            .collect()
    }

    fn read(&mut self, name: &str) -> Result<Vec<f32>> {
        let (file, tensor) = &self.tensors[name];
        self.files[*file].read(tensor)
    }
}
