//! The five classes of the paper's second task.

use serde::{Deserialize, Serialize};

/// Number of classes.
pub const CLASSES: usize = ProteinClass::ALL.len();

/// What a protein is: one of three kinds of DNA-binding domain, another
/// transcription factor, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProteinClass {
    /// A transcription factor with zinc fingers.
    ZincFinger,
    /// A transcription factor with a homeodomain.
    Homeodomain,
    /// A transcription factor with a leucine zipper.
    LeucineZipper,
    /// A transcription factor of another kind.
    OtherTf,
    /// No transcription factor.
    NonTf,
}

impl ProteinClass {
    /// All classes, in the order of their numbers.
    pub const ALL: [ProteinClass; 5] = [
        ProteinClass::ZincFinger,
        ProteinClass::Homeodomain,
        ProteinClass::LeucineZipper,
        ProteinClass::OtherTf,
        ProteinClass::NonTf,
    ];

    /// The name in files: `zinc_finger`, `homeodomain`, `leucine_zipper`, `other_tf`
    /// or `non_tf`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            ProteinClass::ZincFinger => "zinc_finger",
            ProteinClass::Homeodomain => "homeodomain",
            ProteinClass::LeucineZipper => "leucine_zipper",
            ProteinClass::OtherTf => "other_tf",
            ProteinClass::NonTf => "non_tf",
        }
    }

    /// The class of that name, in any case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|class| class.name().eq_ignore_ascii_case(name))
    }

    /// Its number, the place in [`ProteinClass::ALL`].
    #[must_use]
    pub fn index(self) -> usize {
        self as usize
    }

    /// Whether it is a class of transcription factors.
    #[must_use]
    pub fn is_tf(self) -> bool {
        self != ProteinClass::NonTf
    }
}

/// What is known of a protein.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Label {
    /// Whether it is a transcription factor.
    pub tf: bool,
    /// Its class; `None` for a transcription factor of unknown kind.
    pub class: Option<ProteinClass>,
}

impl Label {
    /// The label of a name in a class column: one of [`ProteinClass::name`], or `tf`
    /// for a transcription factor of unknown kind.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        if name.eq_ignore_ascii_case("tf") {
            return Some(Self {
                tf: true,
                class: None,
            });
        }
        ProteinClass::from_name(name).map(Self::from)
    }

    /// The name in a class column.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.class.map_or("tf", ProteinClass::name)
    }

    /// Whether no protein can have both labels. A transcription factor of unknown kind may be of
    /// any.
    #[must_use]
    pub fn contradicts(self, other: Self) -> bool {
        self.tf != other.tf
            || matches!((self.class, other.class), (Some(one), Some(two)) if one != two)
    }
}

impl From<ProteinClass> for Label {
    fn from(class: ProteinClass) -> Self {
        Self {
            tf: class.is_tf(),
            class: Some(class),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_agree() {
        for (index, class) in ProteinClass::ALL.into_iter().enumerate() {
            assert_eq!(class.index(), index);
            assert_eq!(ProteinClass::from_name(class.name()), Some(class));
            assert_eq!(Label::from_name(class.name()), Some(class.into()));
            let json = serde_json::to_string(&class).expect("a text");
            assert_eq!(json, format!("\"{}\"", class.name()));
        }
        assert_eq!(
            Label::from_name("TF"),
            Some(Label {
                tf: true,
                class: None
            })
        );
        assert_eq!(Label::from_name("bzip"), None);
        let label = |name| Label::from_name(name).expect("a label");
        for (one, two, contradict) in [
            ("tf", "zinc_finger", false),
            ("tf", "non_tf", true),
            ("homeodomain", "zinc_finger", true),
            ("non_tf", "non_tf", false),
        ] {
            assert_eq!(label(one).contradicts(label(two)), contradict);
            assert_eq!(label(two).contradicts(label(one)), contradict);
        }
        assert_eq!(ProteinClass::ALL.iter().filter(|c| c.is_tf()).count(), 4);
    }
}
