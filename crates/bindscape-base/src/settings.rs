//! Which settings of two differ, for messages about results that are there already.

use std::collections::BTreeMap;

use serde_json::Value;

/// A setting that two have otherwise.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Its innermost name.
    pub name: String,
    /// Its value in the first, in words.
    pub planned: String,
    /// The same of the second.
    pub found: String,
}

/// The settings that differ, by name.
#[must_use]
pub fn differences(planned: &Value, found: &Value) -> Vec<Difference> {
    let mut all = BTreeMap::new();
    differing(planned, found, "", &mut all);
    let difference = |(name, (planned, found))| Difference {
        name,
        planned,
        found,
    };
    all.into_iter()
        .filter(|(name, _)| !name.is_empty())
        .map(difference)
        .collect()
}

/// The settings of the first that differ, and those of the second: `max_epochs 20, seed 1`.
#[must_use]
pub fn in_words(differences: &[Difference]) -> (String, String) {
    let list = |value: fn(&Difference) -> &str| {
        let words: Vec<String> = differences
            .iter()
            .map(|difference| format!("{} {}", difference.name, value(difference)))
            .collect();
        words.join(", ")
    };
    (
        list(|difference| &difference.planned),
        list(|difference| &difference.found),
    )
}

fn differing(one: &Value, other: &Value, name: &str, all: &mut BTreeMap<String, (String, String)>) {
    let (Value::Object(one), Value::Object(other)) = (one, other) else {
        if one != other {
            all.insert(name.to_owned(), (word(one), word(other)));
        }
        return;
    };
    for name in one.keys().chain(other.keys()) {
        let field =
            |object: &serde_json::Map<String, Value>| object.get(name).cloned().unwrap_or_default();
        differing(&field(one), &field(other), name, all);
    }
}

/// A value as a message shows it.
fn word(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn settings_that_differ_are_named_with_both_values() {
        let one =
            json!({ "seed": 1, "training": { "max_epochs": 20, "freeze": "none" }, "same": [1] });
        let two = json!({ "seed": 2, "training": { "max_epochs": 10 }, "same": [1] });
        let found = differences(&one, &two);
        assert_eq!(
            in_words(&found),
            (
                "freeze none, max_epochs 20, seed 1".to_owned(),
                "freeze none, max_epochs 10, seed 2".to_owned()
            )
        );
        assert!(differences(&one, &one).is_empty());
        assert!(differences(&json!(1), &json!(2)).is_empty(), "no names");
    }
}
