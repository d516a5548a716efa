//! Named arrays in safetensors files, with all metadata as one JSON string
//! under one key, so that the same content always gives the same bytes.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Cursor;
use std::path::Path;

use bindscape_base::{Error, Place, Result, atomic};
use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};

use crate::torch::TorchFile;

/// Values of one array of a `state_dict`.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Weights and statistics.
    F32(Vec<f32>),
    /// The counter `num_batches_tracked`, a scalar.
    I64(i64),
}

/// One array of a `state_dict`.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    /// Its name.
    pub name: String,
    /// Its shape, outermost dimension first.
    pub shape: Vec<usize>,
    /// Its values in row-major order.
    pub values: Values,
}

/// The metadata key.
pub const KEY: &str = "bindscape";

/// An array to be written, where it lies.
#[derive(Debug)]
pub struct Entry<'a> {
    /// Its name in the file.
    pub name: String,
    shape: &'a [usize],
    dtype: Dtype,
    bytes: Cow<'a, [u8]>,
}

/// The arrays of a `state_dict` that PyTorch saved: numbers as `f32`, and scalars of
/// integers.
///
/// # Errors
/// If the bytes are no whole file of `torch.save`, or it holds arrays of integers or
/// tensors that are not dense.
pub fn from_torch(bytes: &[u8], path: &Path) -> Result<Vec<Array>> {
    let mut file = TorchFile::from_reader(Cursor::new(bytes), path)?;
    let mut arrays = Vec::new();
    for (name, tensor) in file.state_dict()? {
        let values = if !tensor.dtype.is_integer() {
            Values::F32(file.read(&tensor)?)
        } else if tensor.shape.is_empty() {
            Values::I64(file.read_integers(&tensor)?[0])
        } else {
            return Err(Error::input(
                path,
                Place::Record(name),
                "arrays of real numbers and scalars of integers",
                format!("{:?} of shape {:?}", tensor.dtype, tensor.shape),
            ));
        };
        arrays.push(Array {
            name,
            shape: tensor.shape,
            values,
        });
    }
    Ok(arrays)
}

impl<'a> Entry<'a> {
    /// An array of a network under `name`.
    #[must_use]
    pub fn new(name: String, array: &'a Array) -> Self {
        match &array.values {
            Values::F32(values) => Self::numbers(name, &array.shape, values),
            Values::I64(value) => Self {
                name,
                shape: &array.shape,
                dtype: Dtype::I64,
                bytes: Cow::Owned(value.to_le_bytes().to_vec()),
            },
        }
    }

    /// Bytes, such as letters.
    #[must_use]
    pub fn bytes(name: String, shape: &'a [usize], values: &'a [u8]) -> Self {
        Self {
            name,
            shape,
            dtype: Dtype::U8,
            bytes: Cow::Borrowed(values),
        }
    }

    /// Numbers of a shape, in row-major order.
    #[must_use]
    pub fn numbers(name: String, shape: &'a [usize], values: &'a [f32]) -> Self {
        Self {
            name,
            shape,
            dtype: Dtype::F32,
            bytes: if cfg!(target_endian = "little") {
                Cow::Borrowed(bytemuck::cast_slice(values))
            } else {
                values.iter().flat_map(|v| v.to_le_bytes()).collect()
            },
        }
    }
}

/// The bytes of a safetensors file.
///
/// # Panics
/// If the values of an entry do not fill its shape.
#[must_use]
pub fn to_bytes(entries: &[Entry<'_>], metadata: String) -> Vec<u8> {
    let views = entries.iter().map(|entry| {
        let view = TensorView::new(entry.dtype, entry.shape.to_vec(), &entry.bytes)
            .expect("an array's values fill its shape");
        (entry.name.as_str(), view)
    });
    serialize(views, Some(HashMap::from([(KEY.to_owned(), metadata)])))
        .expect("a header far below the format's limit of 100 MB")
}

/// Writes a safetensors file at once.
///
/// # Errors
/// If it cannot be written.
pub fn write(path: &Path, entries: &[Entry<'_>], metadata: String) -> Result<()> {
    atomic::write(path, &to_bytes(entries, metadata))
}

/// The arrays of a safetensors file and its metadata under [`KEY`], if there are any.
///
/// # Errors
/// If the bytes are no whole safetensors file, or hold types other than `f32`
/// arrays and `i64` scalars.
pub fn from_bytes(bytes: &[u8], path: &Path) -> Result<(Vec<Array>, Option<String>)> {
    let (file, metadata) = open(bytes, path)?;
    Ok((of_network(&file, path)?, metadata))
}

/// The arrays of a network, by name.
///
/// # Errors
/// If there are types other than `f32` arrays and `i64` scalars.
pub fn of_network(file: &SafeTensors<'_>, path: &Path) -> Result<Vec<Array>> {
    let mut tensors = file.tensors();
    tensors.sort_by(|a, b| a.0.cmp(&b.0));
    let mut arrays = Vec::with_capacity(tensors.len());
    for (name, view) in tensors {
        let values = match (view.dtype(), view.shape()) {
            (Dtype::F32, _) => Values::F32(numbers(view.data())),
            (Dtype::I64, []) => {
                let mut number = [0; 8];
                number.copy_from_slice(view.data());
                Values::I64(i64::from_le_bytes(number))
            }
            (dtype, shape) => {
                return Err(Error::input(
                    path,
                    Place::Record(name),
                    "f32 arrays and i64 scalars",
                    format!("{dtype:?} of shape {shape:?}"),
                )
                .hint("convert the weights with `.float()` before saving them"));
            }
        };
        arrays.push(Array {
            name,
            shape: view.shape().to_vec(),
            values,
        });
    }
    Ok(arrays)
}

/// The numbers of an array of type `f32`.
#[must_use]
pub fn numbers(bytes: &[u8]) -> Vec<f32> {
    bytes
        .chunks_exact(4)
        .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
        .collect()
}

/// A safetensors file and its metadata under [`KEY`], if there are any.
///
/// # Errors
/// If the bytes are no whole safetensors file.
pub fn open<'a>(bytes: &'a [u8], path: &Path) -> Result<(SafeTensors<'a>, Option<String>)> {
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(&[0x80, 0x02]) {
        return Err(Error::input(
            path,
            Place::File,
            "a safetensors file",
            "a PyTorch pickle (.pth, .pt)",
        )
        .hint("`bindscape model import` takes over weights of the published networks"));
    }
    let broken = |found: String| {
        Error::input(path, Place::File, "a whole safetensors file", found)
            .hint("the file is damaged or incomplete: copy or make it again")
    };
    let (_, header) =
        SafeTensors::read_metadata(bytes).map_err(|error| broken(error.to_string()))?;
    let metadata = header
        .metadata()
        .as_ref()
        .and_then(|map| map.get(KEY).cloned());
    let file = SafeTensors::deserialize(bytes).map_err(|error| broken(error.to_string()))?;
    Ok((file, metadata))
}
