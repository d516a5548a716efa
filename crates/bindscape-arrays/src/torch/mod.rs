//! Files of PyTorch's `torch.save`: weights, and whatever else was saved with them.
//!
//! Such a file (since PyTorch 1.6) is a ZIP archive: a pickle (`data.pkl`) describes the
//! values, and the numbers of each tensor's storage lie beside it (`data/0`, …). The
//! pickle is read by the machine of [`pickle`](crate::pickle), which notes objects down
//! and runs nothing, so that files from untrusted sources are safe to read. Tensors are read when
//! asked for, one at a time.
//!
//! Checked against files that PyTorch 2.15 wrote (`tests/data/torch`).

mod node;
mod tensor;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::{Path, PathBuf};

use zip::ZipArchive;

use crate::npz::zip_error;
use crate::pickle::machine;
use crate::pickle::machine::{Dialect, Loaded};
use bindscape_base::error::{Error, Place, Result};

pub use self::node::Node;
pub use self::tensor::{Dtype, Tensor};

/// Name of the pickle inside of the archive's folder.
const PICKLE: &str = "data.pkl";

/// A file of `torch.save`, opened.
pub struct TorchFile<R = BufReader<File>> {
    path: PathBuf,
    archive: ZipArchive<R>,
    /// The archive's folder, with a slash.
    folder: String,
    big_endian: bool,
    loaded: Loaded,
}

impl TorchFile {
    /// Opens the file at `path` and reads all but its tensors' numbers.
    ///
    /// # Errors
    /// If it cannot be read, is no file of `torch.save` or of one before PyTorch 1.6, is
    /// TorchScript, or is truncated.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let file = File::open(path).map_err(|source| Error::io("read", path, source))?;
        Self::from_reader(BufReader::with_capacity(1 << 17, file), path)
    }

    /// Whether a file that begins with `head` may be one: a ZIP archive or an old pickle.
    #[must_use]
    pub fn detect(head: &[u8]) -> bool {
        head.starts_with(b"PK\x03\x04") || is_old(head)
    }
}

/// Before PyTorch 1.6, a file began with a pickled number (protocol 2).
fn is_old(head: &[u8]) -> bool {
    head.starts_with(&[0x80, 0x02, 0x8a, 0x0a])
}

impl<R: Read + Seek> TorchFile<R> {
    /// Reads from `reader`, called `path` in messages.
    ///
    /// # Errors
    /// As [`TorchFile::open`].
    pub fn from_reader(mut reader: R, path: &Path) -> Result<Self> {
        let failed = |source| Error::io("read", path, source);
        let mut head = Vec::with_capacity(4);
        reader
            .by_ref()
            .take(4)
            .read_to_end(&mut head)
            .map_err(failed)?;
        reader.rewind().map_err(failed)?;
        if is_old(&head) {
            return Err(Error::input(
                path,
                Place::File,
                "a file of `torch.save` of PyTorch 1.6 or later",
                "one of an earlier version",
            )
            .hint("load it with `torch.load` and save it again"));
        }
        if !TorchFile::detect(&head) {
            return Err(Error::input(
                path,
                Place::File,
                "a file of `torch.save`",
                "another format",
            ));
        }
        let mut archive = ZipArchive::new(reader).map_err(|error| zip_error(path, error))?;
        let names: Vec<String> = archive
            .file_names()
            .filter_map(|name| Some(name.ok()?.into_owned()))
            .collect();
        let folder = names
            .iter()
            .filter_map(|name| name.strip_suffix(PICKLE))
            .filter(|folder| folder.ends_with('/') && folder.matches('/').count() == 1)
            .min()
            .map(str::to_owned);
        let Some(folder) = folder else {
            return Err(Error::input(
                path,
                Place::File,
                format!("an archive of `torch.save` with {PICKLE:?}"),
                "another archive",
            ));
        };
        if names
            .iter()
            .any(|name| *name == format!("{folder}constants.pkl"))
        {
            return Err(Error::input(
                path,
                Place::File,
                "a file of `torch.save`",
                "a TorchScript program",
            )
            .hint("save the `state_dict()` of `torch.jit.load(…)` with `torch.save`"));
        }
        let mut big_endian = false;
        if names
            .iter()
            .any(|name| *name == format!("{folder}byteorder"))
        {
            let mut order = String::new();
            archive
                .by_name(&format!("{folder}byteorder"))
                .map_err(|error| zip_error(path, error))?
                .take(16)
                .read_to_string(&mut order)
                .map_err(|source| Error::io("read", path, source))?;
            big_endian = order == "big";
        }
        let pickle = archive
            .by_name(&format!("{folder}{PICKLE}"))
            .map_err(|error| zip_error(path, error))?;
        let loaded = machine::run(BufReader::new(pickle), path, Dialect::Objects)?;
        Ok(Self {
            path: path.to_path_buf(),
            archive,
            folder,
            big_endian,
            loaded,
        })
    }

    /// The name of the file in messages.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What was saved.
    #[must_use]
    pub fn root(&self) -> Node<'_> {
        Node::new(&self.loaded, self.loaded.root)
    }

    /// The tensors of a `state_dict`, by name: those of the dictionary that was saved, or
    /// else of its entry `model`, `state_dict`, `model_state_dict` or `module`.
    ///
    /// # Errors
    /// If there are none, or one is of a kind that is not read (sparse, quantised).
    pub fn state_dict(&self) -> Result<BTreeMap<String, Tensor>> {
        let root = self.root();
        let inner = ["model", "state_dict", "model_state_dict", "module"]
            .into_iter()
            .filter_map(|name| root.get(name));
        for node in std::iter::once(root).chain(inner) {
            let tensors = self.tensors(node)?;
            if !tensors.is_empty() {
                return Ok(tensors);
            }
        }
        Err(Error::input(
            &self.path,
            Place::File,
            "a dictionary of tensors, as `torch.save(model.state_dict(), path)` writes it",
            root.kind(),
        )
        .hint("save the model's `state_dict()` instead of the model"))
    }

    /// The tensors among the entries of a dictionary.
    ///
    /// # Errors
    /// If one is of a kind that is not read.
    pub fn tensors(&self, node: Node<'_>) -> Result<BTreeMap<String, Tensor>> {
        let mut tensors = BTreeMap::new();
        for (key, value) in node.entries() {
            let Some(name) = key.as_text() else { continue };
            if let Some(tensor) = self.tensor(value, name)? {
                tensors.insert(name.to_owned(), tensor);
            }
        }
        Ok(tensors)
    }

    /// The tensor that a value describes, or `None` if it is something else; `name` tells
    /// it in messages.
    ///
    /// # Errors
    /// If the tensor is of a kind that is not read, or its description is inconsistent.
    pub fn tensor(&self, node: Node<'_>, name: &str) -> Result<Option<Tensor>> {
        tensor::describe(node).map_err(|found| {
            Error::input(
                &self.path,
                Place::Record(name.to_owned()),
                "a dense tensor of real numbers",
                found,
            )
        })
    }

    /// The numbers of a tensor, row-major. Integers beyond 2^24 and numbers of 64 bits are
    /// rounded.
    ///
    /// # Errors
    /// If its storage is missing, too short or corrupted.
    pub fn read(&mut self, tensor: &Tensor) -> Result<Vec<f32>> {
        let bytes = self.storage(tensor)?;
        Ok(tensor.gather(&bytes, self.big_endian, Dtype::number))
    }

    /// The numbers of a tensor of integers, row-major.
    ///
    /// # Errors
    /// As [`TorchFile::read`]; and if they are no integers.
    pub fn read_integers(&mut self, tensor: &Tensor) -> Result<Vec<i64>> {
        if !tensor.dtype.is_integer() {
            return Err(Error::input(
                &self.path,
                Place::Record(format!("data/{}", tensor.storage)),
                "integers",
                format!("{:?}", tensor.dtype),
            ));
        }
        let bytes = self.storage(tensor)?;
        Ok(tensor.gather(&bytes, self.big_endian, Dtype::integer))
    }

    /// The bytes of a tensor's storage.
    fn storage(&mut self, tensor: &Tensor) -> Result<Vec<u8>> {
        let entry = format!("{}data/{}", self.folder, tensor.storage);
        let path = &self.path;
        let fault = |found: String| {
            Error::input(
                path,
                Place::Record(entry.clone()),
                format!("{} bytes", tensor.storage_bytes()),
                found,
            )
            .hint("the file is damaged or incomplete: copy or make it again")
        };
        let mut file = match self.archive.by_name(&entry) {
            Ok(file) => file,
            Err(zip::result::ZipError::FileNotFound) => {
                return Err(fault("no such entry".to_owned()));
            }
            Err(error) => return Err(zip_error(path, error)),
        };
        if file.size() != tensor.storage_bytes() {
            return Err(fault(format!("{} bytes", file.size())));
        }
        // What the archive says of its sizes is not to be trusted with memory.
        let mut bytes = Vec::with_capacity(file.size().min(1 << 26) as usize);
        file.read_to_end(&mut bytes)
            .map_err(|error| fault(format!("corrupted data ({error})")))?;
        if bytes.len() as u64 != tensor.storage_bytes() {
            return Err(fault(format!("{} bytes", bytes.len())));
        }
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests;
