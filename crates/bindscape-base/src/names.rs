//! Values by name, and near names for messages about a name that is not there.

use std::borrow::Cow;

use crate::error::{Error, Result};
pub use crate::near::{nearest, suggestion};

/// The one of `values` that `name_of` calls `name`.
///
/// # Errors
/// If there is none; the message is about `field` of a plan, and where no name is near, the hint
/// is `otherwise`.
pub fn choose<T: Copy>(
    field: impl Into<Cow<'static, str>>,
    name: &str,
    values: impl IntoIterator<Item = T>,
    name_of: impl Fn(T) -> &'static str,
    otherwise: &str,
) -> Result<T> {
    let mut names = Vec::new();
    for value in values {
        if name_of(value) == name {
            return Ok(value);
        }
        names.push(name_of(value));
    }
    Err(Error::argument(
        field,
        format!("one of {}", names.join(", ")),
        format!("`{name}`"),
    )
    .hint(suggestion(name, names, otherwise)))
}

/// A name without letter case and signs, to compare spellings by: `HL-60` and `hl60` are alike.
#[must_use]
pub fn plain(name: &str) -> String {
    name.chars()
        .filter(|letter| letter.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_are_compared_without_case_and_signs() {
        assert_eq!(plain("HL-60 (day 2)"), "hl60day2");
        assert_eq!(plain("hl60.DAY_2"), "hl60day2");
    }

    #[test]
    fn a_value_is_chosen_by_name() {
        let values = [(1, "one"), (2, "two"), (3, "three")];
        let choose = |name| choose("number", name, values, |value| value.1, "count");
        assert_eq!(choose("two").unwrap().0, 2);
        let error = choose("tree").unwrap_err();
        assert_eq!(
            error.to_string(),
            "number: expected one of one, two, three, found `tree`"
        );
        assert_eq!(error.advice().unwrap(), "did you mean three?");
        assert_eq!(choose("ninety").unwrap_err().advice().unwrap(), "count");
    }
}
