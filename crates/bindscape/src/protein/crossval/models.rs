//! The models of a cross-validation by name.

use bindscape_base::{Error, Result, names};
use bindscape_nn::protein::ProteinNetworkKind;
use bindscape_protein::Encoding;
use serde::{Deserialize, Serialize};

/// What is fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Network(ProteinNetworkKind),
    TfPredict,
    NearestAlignment,
    /// Nearest alignment, and composition where there is none.
    Homology,
    NearestEmbedding,
    Logistic,
}

/// Which numbers stand for the residues of a protein: an encoding, or embeddings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InputKind {
    /// [`Encoding::Onehot`].
    Onehot,
    /// [`Encoding::Residue`].
    Residue,
    /// Stored embeddings, mostly of ESM-2.
    Esm2,
}

impl InputKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Onehot, Self::Residue, Self::Esm2];

    /// The name in plans and files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Onehot => "onehot",
            Self::Residue => "residue",
            Self::Esm2 => "esm2",
        }
    }

    /// The encoding; `None` for embeddings.
    pub(super) fn encoding(self) -> Option<Encoding> {
        match self {
            Self::Onehot => Some(Encoding::Onehot),
            Self::Residue => Some(Encoding::Residue),
            Self::Esm2 => None,
        }
    }

    /// Checks that there are `embeddings` if they are needed.
    pub(super) fn check(self, embeddings: bool) -> Result<()> {
        if embeddings || self != Self::Esm2 {
            return Ok(());
        }
        Err(Error::argument(
            "embeddings",
            "a directory of embeddings for the encoder esm2",
            "none",
        )
        .hint("make one with `bindscape protein embed`"))
    }

    /// The one of that name; errors are about `field`.
    fn parse(field: &'static str, name: &str) -> Result<Self> {
        let known = Self::ALL.map(Self::name);
        let found = Self::ALL.into_iter().find(|kind| kind.name() == name);
        found.ok_or_else(|| {
            let hint = names::suggestion(name, known, "see the help of the option");
            let expected = format!("an encoder: {}", known.join(", "));
            Error::argument(field, expected, format!("{name:?}")).hint(hint)
        })
    }
}

impl std::str::FromStr for InputKind {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse("representation", text)
    }
}

/// What a model takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Input {
    /// Numbers of the residues, or their mean.
    Residues(InputKind),
    /// The composition of the protein.
    Composition,
    /// What the model itself prescribes.
    Own,
}

/// A model of a cross-validation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Model {
    /// As the user wrote it.
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) input: Input,
}

impl Model {
    /// The name in names of files.
    pub(super) fn file(&self) -> String {
        self.name.replace(':', "-")
    }
}

const KINDS: [(&str, Kind); 9] = [
    ("multitask", Kind::Network(ProteinNetworkKind::MultiTask)),
    ("tf", Kind::Network(ProteinNetworkKind::Tf)),
    ("domain", Kind::Network(ProteinNetworkKind::Domain)),
    (
        "deeptfactor",
        Kind::Network(ProteinNetworkKind::DeepTFactor),
    ),
    ("tfpredict", Kind::TfPredict),
    ("nearest-alignment", Kind::NearestAlignment),
    ("nearest-embedding", Kind::NearestEmbedding),
    ("logistic", Kind::Logistic),
    ("homology", Kind::Homology),
];

/// The models of `words`, all where there are none; networks that name no representation
/// have `usual`. `stored` tells whether there are embeddings.
pub(super) fn parse(words: &[String], usual: InputKind, stored: bool) -> Result<Vec<Model>> {
    let mut models: Vec<Model> = Vec::new();
    for word in words {
        let model = model(word, usual, stored)?;
        if models.contains(&model) {
            return Err(Error::argument(
                "models",
                "each model once",
                format!("{word} twice"),
            ));
        }
        models.push(model);
    }
    if models.is_empty() {
        for (name, _) in KINDS {
            models.push(model(name, usual, stored)?);
        }
        if stored {
            for name in ["nearest-embedding:esm2", "logistic:esm2"] {
                models.push(model(name, usual, stored)?);
            }
        }
    }
    Ok(models)
}

fn model(word: &str, usual: InputKind, stored: bool) -> Result<Model> {
    let (name, input) = match word.split_once(':') {
        Some((name, input)) => (name, Some(input)),
        None => (word, None),
    };
    let known = KINDS.map(|(name, _)| name);
    let Some(&(_, kind)) = KINDS.iter().find(|(known, _)| *known == name) else {
        let hint = names::suggestion(name, known, "leave ⟦models⟧ out for all of them");
        return Err(Error::argument("models", known.join(", "), format!("{name:?}")).hint(hint));
    };
    let vectors = matches!(kind, Kind::Logistic | Kind::NearestEmbedding);
    let own = !vectors
        && !matches!(kind, Kind::Network(network) if network != ProteinNetworkKind::DeepTFactor);
    let input = match input {
        None if own => Input::Own,
        None if vectors => Input::Composition,
        None => Input::Residues(usual),
        Some(_) if own => {
            return Err(Error::argument(
                "models",
                format!("{name} without an encoder: it has one of its own"),
                format!("{word:?}"),
            ));
        }
        Some("composition") if vectors => Input::Composition,
        Some(input) => Input::Residues(InputKind::parse("models", input)?),
    };
    if let Input::Residues(kind) = input {
        kind.check(stored)?;
    }
    Ok(Model {
        name: word.to_owned(),
        kind,
        input,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESIDUE: InputKind = InputKind::Residue;

    fn words(text: &str) -> Vec<String> {
        text.split(',').map(str::to_owned).collect()
    }

    #[test]
    fn names_and_encoders() {
        let all = parse(&[], RESIDUE, false).expect("all models");
        assert_eq!(all.len(), KINDS.len());
        assert_eq!(all[0].input, Input::Residues(InputKind::Residue));
        assert_eq!(all[3].input, Input::Own);
        assert_eq!(all[7].input, Input::Composition);
        let two = parse(&words("multitask:onehot,logistic:residue"), RESIDUE, false).expect("two");
        assert_eq!(two[0].input, Input::Residues(InputKind::Onehot));
        assert_eq!(two[0].file(), "multitask-onehot");
        let stored = parse(&[], InputKind::Esm2, true).expect("all models");
        assert_eq!(stored.len(), KINDS.len() + 2);
        assert_eq!(stored[0].input, Input::Residues(InputKind::Esm2));
        assert_eq!(stored[10].name, "logistic:esm2");
        assert_eq!(two[1].input, Input::Residues(InputKind::Residue));
    }

    #[test]
    fn what_is_refused() {
        let message = |text: &str| {
            let error = parse(&words(text), RESIDUE, false).expect_err("a fault");
            format!("{error} {}", error.advice().unwrap_or_default())
        };
        let near = message("multitsak");
        assert!(
            near.contains("found \"multitsak\"") && near.contains("did you mean multitask"),
            "{near}"
        );
        assert!(message("tfpredict:onehot").contains("without an encoder"));
        assert!(message("logistic:esm2").contains("embeddings: expected a directory"));
        assert!(message("tf,tf").contains("tf twice"));
        assert!(message("multitask:composition").contains("an encoder: onehot, residue, esm2"));
    }
}
