//! Options that take one of a few values by name.

use clap::builder::{PossibleValue, PossibleValuesParser, StringValueParser, TypedValueParser};
use serde::de::DeserializeOwned;

/// A parser of values by the names that plans have for them; each name comes with its help.
pub(crate) fn choice<T>(
    values: &'static [(&'static str, &'static str)],
) -> impl TypedValueParser<Value = T>
where
    T: DeserializeOwned + Clone + Send + Sync + 'static,
{
    let shown = values
        .iter()
        .map(|(name, help)| PossibleValue::new(*name).help(*help));
    PossibleValuesParser::new(shown).map(|name| {
        serde_json::from_value(serde_json::Value::String(name)).expect("plans have that name")
    })
}

/// A parser of a name in a list, without the blanks around it: `MAX, JUND` are MAX and JUND.
pub(crate) fn name() -> impl TypedValueParser<Value = String> {
    StringValueParser::new().map(|name| name.trim().to_owned())
}

/// Both strands of a sequence, or one.
pub(crate) const STRANDS: &[(&str, &str)] = &[("both", "Both strands"), ("forward", "As given")];

/// The views of a matrix, by what becomes of regions with one kind of evidence only.
pub(crate) const VIEWS: &[(&str, &str)] = &[("sparse", "Unresolved"), ("less-sparse", "Unbound")];
