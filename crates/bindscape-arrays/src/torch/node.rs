//! A look at the values of a pickle.

use crate::pickle::machine::{Loaded, Value};

/// A value that was saved, with whatever it holds.
#[derive(Clone, Copy)]
pub struct Node<'a> {
    loaded: &'a Loaded,
    value: Value,
}

impl<'a> Node<'a> {
    pub(super) fn new(loaded: &'a Loaded, value: Value) -> Self {
        Self { loaded, value }
    }

    fn of(self, value: Value) -> Self {
        Self::new(self.loaded, value)
    }

    /// What it is, in words.
    #[must_use]
    pub fn kind(self) -> String {
        match self.class() {
            Some(class) => format!("an object of `{class}`"),
            None => self.value.kind().to_owned(),
        }
    }

    /// Its text, if it is text.
    #[must_use]
    pub fn as_text(self) -> Option<&'a str> {
        match self.value {
            Value::Text(place) => Some(&self.loaded.texts[place as usize]),
            _ => None,
        }
    }

    /// Its value, if it is an integer.
    #[must_use]
    pub fn as_integer(self) -> Option<i64> {
        match self.value {
            Value::Integer(value) => Some(value),
            _ => None,
        }
    }

    /// Its value, if it is a number.
    #[must_use]
    pub fn as_number(self) -> Option<f64> {
        match self.value {
            Value::Float(bits) => Some(f64::from_bits(bits)),
            Value::Integer(value) => Some(value as f64),
            _ => None,
        }
    }

    /// Its value, if it is a truth value.
    #[must_use]
    pub fn as_bool(self) -> Option<bool> {
        match self.value {
            Value::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// Whether it is Python's `None`.
    #[must_use]
    pub fn is_none(self) -> bool {
        self.value == Value::Nothing
    }

    /// Items of a list, set or tuple; none of other values.
    #[must_use]
    pub fn items(self) -> Vec<Node<'a>> {
        let values: &[Value] = match self.value {
            Value::List(number) => &self.loaded.lists[number as usize],
            Value::Tuple { first, length } => {
                &self.loaded.items[first as usize..(first + length) as usize]
            }
            _ => &[],
        };
        values.iter().map(|&value| self.of(value)).collect()
    }

    /// Keys and values of a dictionary, or of the attributes of an object such as an
    /// `argparse.Namespace`; none of other values.
    #[must_use]
    pub fn entries(self) -> Vec<(Node<'a>, Node<'a>)> {
        let number = match self.value {
            Value::Dictionary(number) => number,
            Value::Object(number) => match self.loaded.objects[number as usize].state {
                Some(Value::Dictionary(number)) => number,
                _ => return Vec::new(),
            },
            _ => return Vec::new(),
        };
        let entries = &self.loaded.dictionaries[number as usize];
        entries
            .iter()
            .map(|&(key, value)| (self.of(key), self.of(value)))
            .collect()
    }

    /// The value of a dictionary's key, or of an object's attribute. Of several the last
    /// counts, as in Python.
    #[must_use]
    pub fn get(self, name: &str) -> Option<Node<'a>> {
        let mut entries = self.entries().into_iter().rev();
        entries
            .find(|(key, _)| key.as_text() == Some(name))
            .map(|(_, value)| value)
    }

    /// The class of an object, or the function that it was made by, as `module name`.
    #[must_use]
    pub fn class(self) -> Option<&'a str> {
        match self.value {
            Value::Object(number) => {
                let class = self.loaded.objects[number as usize].class;
                Some(&self.loaded.texts[class as usize])
            }
            _ => None,
        }
    }

    /// The name of a class or function, as `module name`.
    pub(super) fn as_global(self) -> Option<&'a str> {
        match self.value {
            Value::Global(place) => Some(&self.loaded.texts[place as usize]),
            _ => None,
        }
    }

    /// What an object was made of.
    pub(super) fn arguments(self) -> Vec<Node<'a>> {
        match self.value {
            Value::Object(number) => self
                .of(self.loaded.objects[number as usize].arguments)
                .items(),
            _ => Vec::new(),
        }
    }

    /// What a reference out of the pickle says.
    pub(super) fn reference(self) -> Option<Node<'a>> {
        match self.value {
            Value::Persistent(number) => Some(self.of(self.loaded.persistent[number as usize])),
            _ => None,
        }
    }
}
