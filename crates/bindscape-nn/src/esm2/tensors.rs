//! Named tensors of files with weights, read one by one.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use bindscape_base::{Error, Place, Result};
use safetensors::tensor::{Dtype, Metadata};

/// Largest header that the format allows.
const HEADER: u64 = 100_000_000;

/// Where weights come from.
pub(crate) trait Tensors {
    /// Names and shapes.
    fn shapes(&self) -> BTreeMap<String, Vec<usize>>;

    /// The numbers of a tensor, row by row.
    ///
    /// # Errors
    /// If they cannot be read, or are no floating-point numbers.
    fn read(&mut self, name: &str) -> Result<Vec<f32>>;
}

/// The tensors of one safetensors file or of several shards.
#[derive(Debug)]
pub(crate) struct Safetensors {
    shards: Vec<(PathBuf, File)>,
    tensors: BTreeMap<String, Stored>,
}

/// Where a tensor lies.
#[derive(Debug)]
struct Stored {
    shard: usize,
    dtype: Dtype,
    shape: Vec<usize>,
    /// From the beginning of the file.
    first_byte: u64,
    bytes: usize,
}

impl Safetensors {
    /// Opens files and reads their headers.
    ///
    /// # Errors
    /// If one is missing, damaged, or a tensor lies in two of them.
    pub(crate) fn open(paths: &[PathBuf]) -> Result<Self> {
        let mut all = Self {
            shards: Vec::new(),
            tensors: BTreeMap::new(),
        };
        for path in paths {
            let (file, length, metadata) = header(path)?;
            let shard = all.shards.len();
            for (name, info) in metadata.tensors() {
                let stored = Stored {
                    shard,
                    dtype: info.dtype,
                    shape: info.shape.clone(),
                    first_byte: length + info.data_offsets.0 as u64,
                    bytes: info.data_offsets.1 - info.data_offsets.0,
                };
                if all.tensors.insert(name.clone(), stored).is_some() {
                    return Err(Error::input(
                        path,
                        Place::Record(name),
                        "each tensor in one file",
                        "one that another shard holds, too",
                    ));
                }
            }
            all.shards.push((path.clone(), file));
        }
        Ok(all)
    }
}

/// A file, the length of its header, and what that says.
fn header(path: &Path) -> Result<(File, u64, Metadata)> {
    let failed = |source| Error::io("read", path, source);
    let broken = |found: String| {
        Error::input(path, Place::File, "a whole safetensors file", found)
            .hint("the file is damaged or incomplete: copy or download it again")
    };
    let mut file = File::open(path).map_err(failed)?;
    let size = file.metadata().map_err(failed)?.len();
    let mut prefix = [0; 8];
    if size < 8 {
        return Err(broken(format!("{size} bytes")));
    }
    file.read_exact(&mut prefix).map_err(failed)?;
    let length = u64::from_le_bytes(prefix);
    if length > HEADER || length + 8 > size {
        return Err(broken("no header of that format".into()));
    }
    let mut bytes = vec![0; length as usize];
    file.read_exact(&mut bytes).map_err(failed)?;
    let metadata: Metadata =
        serde_json::from_slice(&bytes).map_err(|error| broken(error.to_string()))?;
    let end = data_length(&metadata)
        .ok_or_else(|| broken("tensors that overlap or do not fill their shapes".into()))?;
    if length + 8 + end != size {
        return Err(broken(format!(
            "{size} bytes where the header says {}",
            length + 8 + end
        )));
    }
    Ok((file, length + 8, metadata))
}

/// Bytes of all tensors, which must lie one after the other and fill their shapes.
fn data_length(metadata: &Metadata) -> Option<u64> {
    let mut infos: Vec<_> = metadata.tensors().into_values().collect();
    infos.sort_by_key(|info| info.data_offsets);
    let mut end = 0_usize;
    for info in infos {
        let bits = info
            .shape
            .iter()
            .try_fold(info.dtype.bitsize(), |bits, &size| bits.checked_mul(size))?;
        let (from, to) = info.data_offsets;
        if from != end || to.checked_sub(from)? != bits / 8 {
            return None;
        }
        end = to;
    }
    Some(end as u64)
}

impl Tensors for Safetensors {
    fn shapes(&self) -> BTreeMap<String, Vec<usize>> {
        let shapes = self.tensors.iter();
        shapes
            .map(|(name, stored)| (name.clone(), stored.shape.clone()))
            .collect()
    }

    fn read(&mut self, name: &str) -> Result<Vec<f32>> {
        let stored = &self.tensors[name];
        let (path, file) = &mut self.shards[stored.shard];
        let mut bytes = vec![0; stored.bytes];
        file.seek(SeekFrom::Start(stored.first_byte))
            .and_then(|_| file.read_exact(&mut bytes))
            .map_err(|source| Error::io("read", &*path, source))?;
        let pairs = || bytes.chunks_exact(2).map(|b| [b[0], b[1]]);
        Ok(match stored.dtype {
            Dtype::F32 => bytes
                .chunks_exact(4)
                .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
                .collect(),
            Dtype::F16 => pairs()
                .map(|b| half::f16::from_le_bytes(b).to_f32())
                .collect(),
            Dtype::BF16 => pairs()
                .map(|b| half::bf16::from_le_bytes(b).to_f32())
                .collect(),
            other => {
                return Err(Error::input(
                    &*path,
                    Place::Record(name.to_owned()),
                    "numbers of type F32, F16 or BF16",
                    format!("{other:?}"),
                ));
            }
        })
    }
}
