//! Tensors: a storage of numbers, and which of them, in which order.

use half::{bf16, f16};

use super::node::Node;

/// Numbers that a tensor may have beyond those of its storage: one that repeats a row
/// (stride 0) is small on disk and may be of any size in memory.
const MOST_REPEATED: usize = 1 << 28;

/// Types of numbers that are read, all as `f32`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dtype {
    /// `torch.float64`.
    F64,
    /// `torch.float32`.
    F32,
    /// `torch.float16`.
    F16,
    /// `torch.bfloat16`.
    Bf16,
    /// `torch.int64`.
    I64,
    /// `torch.int32`.
    I32,
    /// `torch.int16`.
    I16,
    /// `torch.int8`.
    I8,
    /// `torch.uint8`.
    U8,
    /// `torch.bool`.
    Bool,
}

impl Dtype {
    fn of_storage(class: &str) -> Option<Self> {
        Some(match class {
            "torch DoubleStorage" => Dtype::F64,
            "torch FloatStorage" => Dtype::F32,
            "torch HalfStorage" => Dtype::F16,
            "torch BFloat16Storage" => Dtype::Bf16,
            "torch LongStorage" => Dtype::I64,
            "torch IntStorage" => Dtype::I32,
            "torch ShortStorage" => Dtype::I16,
            "torch CharStorage" => Dtype::I8,
            "torch ByteStorage" => Dtype::U8,
            "torch BoolStorage" => Dtype::Bool,
            _ => return None,
        })
    }

    /// Bytes of a number.
    #[must_use]
    pub fn bytes(self) -> usize {
        match self {
            Dtype::F64 | Dtype::I64 => 8,
            Dtype::F32 | Dtype::I32 => 4,
            Dtype::F16 | Dtype::Bf16 | Dtype::I16 => 2,
            Dtype::I8 | Dtype::U8 | Dtype::Bool => 1,
        }
    }

    /// Whether these are whole numbers.
    #[must_use]
    pub fn is_integer(self) -> bool {
        !matches!(self, Dtype::F64 | Dtype::F32 | Dtype::F16 | Dtype::Bf16)
    }

    /// The whole number of little-endian bytes, widened to eight.
    pub(super) fn integer(self, wide: [u8; 8]) -> i64 {
        let bits = u64::from_le_bytes(wide);
        match self {
            Dtype::I64 => bits as i64,
            Dtype::I32 => (bits as i32).into(),
            Dtype::I16 => (bits as i16).into(),
            Dtype::I8 => (bits as i8).into(),
            _ => bits as i64,
        }
    }

    /// The number of little-endian bytes, widened to eight.
    pub(super) fn number(self, wide: [u8; 8]) -> f32 {
        let bits = u64::from_le_bytes(wide);
        match self {
            Dtype::F64 => f64::from_bits(bits) as f32,
            Dtype::F32 => f32::from_bits(bits as u32),
            Dtype::F16 => f16::from_bits(bits as u16).to_f32(),
            Dtype::Bf16 => bf16::from_bits(bits as u16).to_f32(),
            Dtype::I64 => bits as i64 as f32,
            Dtype::I32 => bits as i32 as f32,
            Dtype::I16 => f32::from(bits as i16),
            Dtype::I8 => f32::from(bits as i8),
            Dtype::U8 => f32::from(bits as u8),
            Dtype::Bool => f32::from(u8::from(bits != 0)),
        }
    }
}

/// A tensor of a file, whose numbers are not read yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tensor {
    /// Size along each dimension.
    pub shape: Vec<usize>,
    /// Type of its numbers in the file.
    pub dtype: Dtype,
    /// Name of the storage.
    pub(super) storage: String,
    /// Numbers in the storage.
    length: usize,
    /// The first number's place in the storage.
    offset: usize,
    /// Steps in the storage per step along each dimension.
    strides: Vec<usize>,
}

impl Tensor {
    /// Numbers in the tensor.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether it holds no number.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn storage_bytes(&self) -> u64 {
        self.length as u64 * self.dtype.bytes() as u64
    }

    /// Makes sure that the tensor lies inside of its storage.
    fn check(&self) -> Result<(), String> {
        let beyond = || {
            format!(
                "shape {:?} with strides {:?} at {}, beyond a storage of {}",
                self.shape, self.strides, self.offset, self.length
            )
        };
        let mut count = 1_usize;
        let mut last = self.offset;
        for (&size, &stride) in self.shape.iter().zip(&self.strides) {
            if size == 0 {
                return Ok(());
            }
            count = count.checked_mul(size).ok_or_else(beyond)?;
            last = (size - 1)
                .checked_mul(stride)
                .and_then(|steps| last.checked_add(steps))
                .ok_or_else(beyond)?;
        }
        if last >= self.length || count > self.length.max(MOST_REPEATED) {
            return Err(beyond());
        }
        Ok(())
    }

    /// The numbers, row-major, out of the storage's bytes; `of` makes them from
    /// little-endian bytes.
    pub(super) fn gather<T>(
        &self,
        bytes: &[u8],
        big_endian: bool,
        of: impl Fn(Dtype, [u8; 8]) -> T,
    ) -> Vec<T> {
        let width = self.dtype.bytes();
        let number = |place: usize| {
            let mut wide = [0; 8];
            wide[..width].copy_from_slice(&bytes[place * width..(place + 1) * width]);
            if big_endian {
                wide[..width].reverse();
            }
            of(self.dtype, wide)
        };
        if self.is_empty() {
            return Vec::new();
        }
        if self.is_contiguous() {
            return (self.offset..self.offset + self.len())
                .map(number)
                .collect();
        }
        let mut out = Vec::with_capacity(self.len());
        let mut index = vec![0; self.shape.len()];
        let mut place = self.offset;
        'next: loop {
            out.push(number(place));
            for axis in (0..index.len()).rev() {
                index[axis] += 1;
                place += self.strides[axis];
                if index[axis] < self.shape[axis] {
                    continue 'next;
                }
                place -= self.strides[axis] * self.shape[axis];
                index[axis] = 0;
            }
            return out;
        }
    }

    fn is_contiguous(&self) -> bool {
        let mut step = 1;
        self.shape
            .iter()
            .zip(&self.strides)
            .rev()
            .all(|(&size, &stride)| {
                let fits = size == 1 || stride == step;
                step *= size;
                fits
            })
    }
}

/// The tensor that a node describes; `None` if it is none, and what is wrong with it.
pub(super) fn describe(node: Node<'_>) -> Result<Option<Tensor>, String> {
    // A parameter is a tensor with a wrapper.
    let node = match node.class() {
        Some("torch._utils _rebuild_parameter" | "torch._utils _rebuild_parameter_with_state") => {
            *node
                .arguments()
                .first()
                .ok_or("a parameter without a tensor")?
        }
        _ => node,
    };
    match node.class() {
        Some("torch._utils _rebuild_tensor" | "torch._utils _rebuild_tensor_v2") => {
            let tensor =
                dense(&node.arguments()).ok_or("a tensor that is not described in full")??;
            tensor.check()?;
            Ok(Some(tensor))
        }
        Some(other) if other.starts_with("torch._utils _rebuild_") => {
            Err(format!("one made by `{other}`"))
        }
        _ => Ok(None),
    }
}

/// Storage, offset, shape and strides of `_rebuild_tensor`; what follows says whether
/// gradients are wanted.
fn dense(arguments: &[Node<'_>]) -> Option<Result<Tensor, String>> {
    let [storage, offset, shape, strides, ..] = arguments else {
        return None;
    };
    let reference = storage.reference()?.items();
    let [kind, class, name, _device, length, ..] = &reference[..] else {
        return None;
    };
    if kind.as_text() != Some("storage") {
        return None;
    }
    let class = class.as_global()?;
    let Some(dtype) = Dtype::of_storage(class) else {
        return Some(Err(format!("numbers of `{class}`")));
    };
    let size = |node: &Node<'_>| usize::try_from(node.as_integer()?).ok();
    let sizes = |node: &Node<'_>| node.items().iter().map(size).collect::<Option<Vec<_>>>();
    let tensor = Tensor {
        shape: sizes(shape)?,
        dtype,
        storage: name.as_text()?.to_owned(),
        length: size(length)?,
        offset: size(offset)?,
        strides: sizes(strides)?,
    };
    if tensor.shape.len() != tensor.strides.len() {
        return None;
    }
    Some(Ok(tensor))
}
