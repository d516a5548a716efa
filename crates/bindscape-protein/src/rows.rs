//! What the rows of a protein are, and the type of their numbers.

use std::fmt;

use half::f16;
use serde::{Deserialize, Serialize};

use super::windows::Windows;

/// What the rows of a protein are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowsOf {
    /// One row per residue, of the whole protein.
    Residues,
    /// One row per window, its average.
    Windows(Windows),
    /// One row, the average over the whole protein.
    Mean,
}

impl RowsOf {
    /// Rows of a protein of `residues` residues.
    #[must_use]
    pub fn rows(self, residues: usize) -> usize {
        match self {
            RowsOf::Residues => residues,
            RowsOf::Windows(windows) => windows.windows(residues),
            RowsOf::Mean => 1,
        }
    }

    /// Whether residues at the end of the protein are missing.
    #[must_use]
    pub fn cut(self, residues: usize) -> bool {
        matches!(self, RowsOf::Windows(windows) if windows.cut(residues))
    }

    /// Makes the rows out of per-residue features (residues x `features`, row-major).
    pub fn reduce(self, values: &[f32], features: usize, out: &mut Vec<f32>) {
        match self {
            RowsOf::Residues => {
                out.clear();
                out.extend_from_slice(values);
            }
            RowsOf::Windows(windows) => windows.average(values, features, out),
            RowsOf::Mean => {
                let whole = Windows {
                    window: values.len() / features,
                    positions: 1,
                };
                whole.average(values, features, out);
            }
        }
    }
}

impl RowsOf {
    /// What the next of `settings` say.
    pub(crate) fn parse<'a>(settings: &mut impl Iterator<Item = &'a str>) -> Option<Self> {
        match settings.next()? {
            "residues" => Some(Self::Residues),
            "mean" => Some(Self::Mean),
            window => Some(Self::Windows(Windows {
                window: window.strip_prefix("window=")?.parse().ok()?,
                positions: settings.next()?.strip_prefix("positions=")?.parse().ok()?,
            })),
        }
    }
}

impl fmt::Display for RowsOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Residues => f.write_str("residues"),
            Self::Windows(Windows { window, positions }) => {
                write!(f, "window={window},positions={positions}")
            }
            Self::Mean => f.write_str("mean"),
        }
    }
}

/// Type of stored numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StoredType {
    /// 32 bits.
    F32,
    /// 16 bits: three decimal digits, half the size.
    F16,
}

impl StoredType {
    /// The name in options: `f32` or `f16`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            StoredType::F32 => "f32",
            StoredType::F16 => "f16",
        }
    }

    /// Bytes of a number.
    #[must_use]
    pub fn bytes(self) -> usize {
        match self {
            StoredType::F32 => 4,
            StoredType::F16 => 2,
        }
    }

    /// Whether `value` is a finite number within its range.
    #[must_use]
    pub fn holds(self, value: f32) -> bool {
        match self {
            StoredType::F32 => value.is_finite(),
            StoredType::F16 => f16::from_f32(value).is_finite(),
        }
    }

    /// Numbers as they are read again after having been written.
    pub fn round(self, values: &mut [f32]) {
        match self {
            StoredType::F32 => {}
            StoredType::F16 => {
                for value in values {
                    *value = f16::from_f32(*value).to_f32();
                }
            }
        }
    }

    /// Adds the bytes of `values` to `out`.
    pub(crate) fn append(self, values: &[f32], out: &mut Vec<u8>) {
        match self {
            StoredType::F32 => out.extend(values.iter().flat_map(|v| v.to_le_bytes())),
            StoredType::F16 => {
                out.extend(values.iter().flat_map(|&v| f16::from_f32(v).to_le_bytes()));
            }
        }
    }

    /// Puts the numbers that `bytes` hold into `out`.
    pub(crate) fn numbers(self, bytes: &[u8], out: &mut Vec<f32>) {
        out.clear();
        match self {
            StoredType::F32 => out.extend(
                bytes
                    .chunks_exact(4)
                    .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])),
            ),
            StoredType::F16 => out.extend(
                bytes
                    .chunks_exact(2)
                    .map(|b| f16::from_le_bytes([b[0], b[1]]).to_f32()),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_precision_holds_less() {
        for (value, f32, f16) in [
            (1.5, true, true),
            (-65_504.0, true, true),
            (1e5, true, false),
            (f32::NAN, false, false),
            (f32::NEG_INFINITY, false, false),
        ] {
            assert_eq!(StoredType::F32.holds(value), f32, "{value}");
            assert_eq!(StoredType::F16.holds(value), f16, "{value}");
        }
    }
}
