//! The number type of the products, on devices that compute faster in half a word.
//!
//! Weights, Adam's moments, statistics of normalisations, the loss and everything between
//! two layers stay `f32`. The factors of a product (convolution, linear layer, LSTM) are
//! rounded to the half type and the product comes back as `f32`, as in PyTorch's autocast
//! (Micikevicius and others, 2018, "Mixed precision training").

use std::fmt;
use std::str::FromStr;

use bindscape_base::{Error, Result, names};
use burn::tensor::DType;
use serde::{Deserialize, Serialize};

/// The type in which a network computes its products.
///
/// ```
/// use bindscape_nn::{DeviceChoice, Precision};
///
/// assert_eq!("bf16".parse::<Precision>().unwrap(), Precision::Bf16);
/// // The kernels of the processor compute in f32 alone.
/// assert!(DeviceChoice::Cpu.open_for(Precision::Bf16).is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// Single precision: 24 significant bits.
    #[default]
    F32,
    /// The upper half of `f32`: 8 significant bits, the same range.
    Bf16,
    /// IEEE half precision: 11 significant bits, numbers up to 65,504. Training scales the
    /// loss, so that small gradients are not rounded to zero.
    F16,
}

impl Precision {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::F32, Self::Bf16, Self::F16];

    /// The name that the user writes.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Bf16 => "bf16",
            Self::F16 => "f16",
        }
    }

    /// The type in Burn's words.
    pub(crate) fn dtype(self) -> DType {
        match self {
            Self::F32 => DType::F32,
            Self::Bf16 => DType::BF16,
            Self::F16 => DType::F16,
        }
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Precision {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        names::choose(
            "precision",
            text,
            Self::ALL,
            Self::name,
            "`f32` works everywhere",
        )
    }
}

#[cfg(test)]
mod tests;
