//! Tensors on memory that returns to a shelf instead of the system.

use std::borrow::Cow;
use std::mem::MaybeUninit;

use bindscape_kernels::buffer::Buffer;
use burn::backend::Flex;
use burn::backend::tensor::FloatTensor;
use burn::tensor::TensorData;
use burn_std::{AccessError, AccessPolicy, AllocationController, AllocationProperty, Bytes, DType};

/// A tensor of the CPU.
pub(super) type Flat = FloatTensor<Flex>;

/// The numbers of a tensor in the order of its shape.
pub(super) fn values(tensor: &Flat) -> Cow<'_, [f32]> {
    match tensor.as_slice::<f32>() {
        Some(values) => Cow::Borrowed(values),
        None => Cow::Owned(
            tensor
                .to_contiguous()
                .as_slice::<f32>()
                .expect("a contiguous tensor is a slice")
                .to_vec(),
        ),
    }
}

/// A tensor of the numbers in `buffer`.
pub(super) fn tensor(buffer: Buffer, shape: &[usize]) -> Flat {
    let bytes = size_of_val::<[f32]>(&buffer);
    // SAFETY: all bytes of a buffer are initialized.
    #[allow(unsafe_code)]
    let bytes = unsafe { Bytes::from_controller(Box::new(Shelved(buffer)), bytes) };
    Flat::from_data(TensorData::from_bytes(bytes, shape.to_vec(), DType::F32))
}

/// A buffer as the memory of a tensor.
struct Shelved(Buffer);

impl AllocationController for Shelved {
    fn alloc_align(&self) -> usize {
        Buffer::ALIGN
    }

    fn property(&self) -> AllocationProperty {
        AllocationProperty::Other
    }

    #[allow(unsafe_code)]
    unsafe fn memory_mut(
        &mut self,
        _policy: AccessPolicy,
    ) -> Result<&mut [MaybeUninit<u8>], AccessError> {
        let bytes = size_of_val::<[f32]>(&self.0);
        let start = self.0.as_mut_ptr().cast();
        // SAFETY: these are the bytes of the buffer, borrowed as long as it; whoever
        // writes them writes initialized data by contract.
        Ok(unsafe { std::slice::from_raw_parts_mut(start, bytes) })
    }

    #[allow(unsafe_code)]
    fn memory(&self, _policy: AccessPolicy) -> Result<&[MaybeUninit<u8>], AccessError> {
        let bytes = size_of_val::<[f32]>(&self.0);
        // SAFETY: these are the bytes of the buffer, borrowed as long as it.
        Ok(unsafe { std::slice::from_raw_parts(self.0.as_ptr().cast(), bytes) })
    }
}
