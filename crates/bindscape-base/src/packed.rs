//! Numbers in text: exact, and half as long as in digits.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use serde::{Deserialize, Deserializer, Serializer, de};

/// Earlier versions wrote some numbers without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Writes numbers as the base64 of their little-endian bytes, for `serde(with)`.
///
/// ```
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Noted {
///     #[serde(with = "bindscape_base::packed")]
///     scores: Vec<f32>,
/// }
///
/// let text = serde_json::to_string(&Noted { scores: vec![0.1, -2.0] })?;
/// assert_eq!(text, r#"{"scores":"zczMPQAAAMA="}"#);
/// for text in [&text, r#"{"scores":"zczMPQAAAMA"}"#] {
///     let noted: Noted = serde_json::from_str(text)?;
///     assert_eq!(noted.scores, [0.1, -2.0]);
/// }
/// assert!(serde_json::from_str::<Noted>(r#"{"scores":"AAA="}"#).is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// # Errors
/// Those of the serializer.
pub fn serialize<S: Serializer>(numbers: &[f32], serializer: S) -> Result<S::Ok, S::Error> {
    let bytes: Vec<u8> = numbers
        .iter()
        .flat_map(|number| number.to_le_bytes())
        .collect();
    serializer.serialize_str(&BASE64.encode(bytes))
}

/// Reads what [`serialize`] wrote.
///
/// # Errors
/// If the text is no base64, or ends within a number.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f32>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let bytes = BASE64.decode(text).map_err(de::Error::custom)?;
    let (numbers, []) = bytes.as_chunks::<4>() else {
        return Err(de::Error::custom("half a number"));
    };
    Ok(numbers.iter().copied().map(f32::from_le_bytes).collect())
}
