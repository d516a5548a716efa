//! Models that the program brings along.

use std::path::{Path, PathBuf};

use bindscape_base::Result;
use bindscape_nn::protein::ProteinClassifier;

/// A model that needs no training and no download. `bench/protein/shipped.sh` makes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShippedModel {
    /// Its name, which may stand where a model is asked for.
    pub name: &'static str,
    /// What it is for.
    pub purpose: &'static str,
    /// The file, compressed.
    compressed: &'static [u8],
}

impl ShippedModel {
    /// All of them; the first is the one that is used where none is named.
    pub const ALL: [Self; 2] = [
        Self {
            name: "eukaryotes",
            purpose: "transcription factors of eukaryotes and their DNA-binding domains",
            compressed: include_bytes!("../../models/eukaryotes.safetensors.zst"),
        },
        Self {
            name: "prokaryotes",
            purpose: "transcription factors of bacteria and archaea",
            compressed: include_bytes!("../../models/prokaryotes.safetensors.zst"),
        },
    ];

    /// The one of that name; a file or directory of the same name is meant by `./eukaryotes`.
    #[must_use]
    pub fn named(path: &Path) -> Option<Self> {
        let named = |model: &Self| path == Path::new(model.name);
        Self::ALL.into_iter().find(named)
    }

    /// The model.
    ///
    /// # Errors
    /// If it is damaged, which it is not.
    pub fn load(self) -> Result<(ProteinClassifier, PathBuf)> {
        let path = PathBuf::from(self.name);
        let bytes = zstd::decode_all(self.compressed).expect("compressed when it was made");
        Ok((ProteinClassifier::from_bytes(bytes, &path)?, path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_whole() {
        for model in ShippedModel::ALL {
            let named = ShippedModel::named(Path::new(model.name)).expect("its name");
            assert_eq!(named, model);
            let (classifier, _) = model.load().expect("a model");
            let ProteinClassifier::Homology(loaded) = classifier else {
                panic!("{} is of another kind", model.name);
            };
            assert!(loaded.answers_tf() && loaded.proteins() > 1000);
            // Nothing of the machine that made it.
            for input in &loaded.training.inputs {
                assert!(!input.name.contains('/'), "{}", input.name);
            }
        }
        for other in ["fungi", "./eukaryotes"] {
            assert_eq!(ShippedModel::named(Path::new(other)), None);
        }
    }
}
