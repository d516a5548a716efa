//! Files of arrays, one per protein.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde::{Deserialize, Serialize};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::rows::StoredType;
use bindscape_arrays::npz::{Npz, header_bytes};
use bindscape_base::atomic::AtomicFile;
use bindscape_base::error::{Error, Place, Result};

/// Format of the shards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ShardFormat {
    /// Hugging Face's safetensors.
    Safetensors,
    /// NumPy's archives, not compressed.
    Npz,
}

impl ShardFormat {
    /// The end of file names.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            ShardFormat::Safetensors => "safetensors",
            ShardFormat::Npz => "npz",
        }
    }
}

/// The file of shard `number`.
pub(super) fn path(directory: &Path, number: u32, format: ShardFormat) -> PathBuf {
    directory.join(format!("shard-{number:05}.{}", format.extension()))
}

/// A shard under construction.
pub(super) struct Shard {
    dtype: StoredType,
    features: usize,
    /// Name and rows of each array.
    arrays: Vec<(String, usize)>,
    rows: usize,
    bytes: Vec<u8>,
}

impl Shard {
    pub(super) fn new(dtype: StoredType, features: usize) -> Self {
        Self {
            dtype,
            features,
            arrays: Vec::new(),
            rows: 0,
            bytes: Vec::new(),
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.arrays.is_empty()
    }

    /// Appends an array; gives its first row.
    pub(super) fn add(&mut self, name: &str, values: &[f32]) -> usize {
        let first = self.rows;
        let rows = values.len() / self.features;
        self.arrays.push((name.to_owned(), rows));
        self.dtype.append(values, &mut self.bytes);
        self.rows += rows;
        first
    }

    /// `rows` rows from row `first` on.
    pub(super) fn read(&self, first: usize, rows: usize, out: &mut Vec<f32>) {
        let width = self.features * self.dtype.bytes();
        self.dtype
            .numbers(&self.bytes[first * width..(first + rows) * width], out);
    }

    pub(super) fn write(&self, path: &Path, format: ShardFormat) -> Result<()> {
        match format {
            ShardFormat::Safetensors => self.safetensors(path),
            ShardFormat::Npz => self.npz(path),
        }
    }

    /// Place of each array in the bytes.
    fn places(&self) -> impl Iterator<Item = (&str, usize, std::ops::Range<usize>)> {
        let width = self.features * self.dtype.bytes();
        let mut start = 0;
        self.arrays.iter().map(move |(name, rows)| {
            let place = start..start + rows * width;
            start = place.end;
            (name.as_str(), *rows, place)
        })
    }

    fn safetensors(&self, path: &Path) -> Result<()> {
        let dtype = match self.dtype {
            StoredType::F32 => "F32",
            StoredType::F16 => "F16",
        };
        let mut header = serde_json::Map::new();
        for (name, rows, place) in self.places() {
            let entry = serde_json::json!({
                "dtype": dtype,
                "shape": [rows, self.features],
                "data_offsets": [place.start, place.end],
            });
            header.insert(name.to_owned(), entry);
        }
        let mut header = serde_json::Value::Object(header).to_string();
        // The data begin at a multiple of eight bytes.
        let padded = header.len().next_multiple_of(8);
        header.extend(std::iter::repeat_n(' ', padded - header.len()));
        let mut file = AtomicFile::create(path)?;
        file.write_all(&(header.len() as u64).to_le_bytes())
            .and_then(|()| file.write_all(header.as_bytes()))
            .and_then(|()| file.write_all(&self.bytes))
            .map_err(|source| Error::io("write", path, source))?;
        file.commit()
    }

    fn npz(&self, path: &Path) -> Result<()> {
        let failed = |error: zip::result::ZipError| Error::io("write", path, error.into());
        let mut archive = ZipWriter::new_stream(AtomicFile::create(path)?);
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .last_modified_time(zip::DateTime::DEFAULT)
            .large_file(true);
        let kind = match self.dtype {
            StoredType::F32 => "<f4",
            StoredType::F16 => "<f2",
        };
        for (name, rows, place) in self.places() {
            archive
                .start_file(format!("{name}.npy"), options)
                .map_err(failed)?;
            archive
                .write_all(&header_bytes(&[rows as u64, self.features as u64], kind))
                .and_then(|()| archive.write_all(&self.bytes[place]))
                .map_err(|source| Error::io("write", path, source))?;
        }
        archive.finish().map_err(failed)?.into_inner().commit()
    }
}

/// A shard opened for reading.
pub(super) enum OpenShard {
    /// The file and where its data begin.
    Safetensors(PathBuf, u64),
    Npz(PathBuf, Mutex<Npz<BufReader<File>>>),
}

impl OpenShard {
    /// Opens a shard of `rows` rows of `width` bytes and makes sure of its size.
    pub(super) fn open(
        path: &Path,
        format: ShardFormat,
        rows: usize,
        width: usize,
    ) -> Result<Self> {
        if format == ShardFormat::Npz {
            let archive = Npz::open(path)?;
            return Ok(OpenShard::Npz(path.to_path_buf(), Mutex::new(archive)));
        }
        let failed = |source| Error::io("read", path, source);
        let mut file = File::open(path).map_err(failed)?;
        let mut length = [0; 8];
        file.read_exact(&mut length).map_err(failed)?;
        let size = file.metadata().map_err(failed)?.len();
        let data = u64::from_le_bytes(length).checked_add(8);
        let expected = data.and_then(|data| data.checked_add((rows * width) as u64));
        if expected != Some(size) {
            return Err(Error::input(
                path,
                Place::File,
                format!("{rows} rows of {width} bytes, as the index says"),
                format!("a file of {size} bytes"),
            )
            .hint("the shard is damaged: delete the directory and embed again"));
        }
        Ok(OpenShard::Safetensors(
            path.to_path_buf(),
            size - (rows * width) as u64,
        ))
    }

    /// Reads `rows` rows from row `first` on, the array `name`.
    pub(super) fn read(
        &self,
        name: &str,
        first: usize,
        rows: usize,
        features: usize,
        dtype: StoredType,
        out: &mut Vec<f32>,
    ) -> Result<()> {
        match self {
            OpenShard::Safetensors(path, data) => {
                let failed = |source| Error::io("read", path, source);
                let width = features * dtype.bytes();
                let mut file = File::open(path).map_err(failed)?;
                file.seek(SeekFrom::Start(data + (first * width) as u64))
                    .map_err(failed)?;
                let mut bytes = vec![0; rows * width];
                file.read_exact(&mut bytes).map_err(failed)?;
                dtype.numbers(&bytes, out);
            }
            OpenShard::Npz(path, archive) => {
                // A panic elsewhere while reading leaves the archive usable.
                let mut archive = archive
                    .lock()
                    .unwrap_or_else(|poisoned| poisoned.into_inner());
                let mut array = archive.array(name)?;
                if array.shape() != [rows as u64, features as u64] {
                    return Err(Error::input(
                        path,
                        Place::Record(name.to_owned()),
                        format!("an array of {rows} x {features}, as the index says"),
                        format!("{:?}", array.shape()),
                    ));
                }
                let mut wide = vec![0.0; rows * features];
                array.read(&mut wide)?;
                array.finish()?;
                out.clear();
                out.extend(wide.iter().map(|&value| value as f32));
            }
        }
        Ok(())
    }
}
