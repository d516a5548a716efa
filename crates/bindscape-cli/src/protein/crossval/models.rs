//! The models of a cross-validation by name.

use bindscape_base::{Error, Result, names};
use bindscape_nn::protein::ProteinNetworkKind;
use bindscape_protein::Encoding;

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

/// What it sees of a protein.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sight {
    Residues(Encoding),
    /// Stored embeddings.
    Stored,
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
    pub(super) sight: Sight,
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

/// The encoder whose numbers are stored.
const STORED: &str = "esm2";

/// The models of `words`, all where there are none; networks that name no encoder have
/// `encoder`. `stored` tells whether there are embeddings.
pub(super) fn parse(words: &[String], encoder: Sight, stored: bool) -> Result<Vec<Model>> {
    let mut models: Vec<Model> = Vec::new();
    for word in words {
        let model = model(word, encoder, stored)?;
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
            models.push(model(name, encoder, stored)?);
        }
        if stored {
            for name in ["nearest-embedding:esm2", "logistic:esm2"] {
                models.push(model(name, encoder, stored)?);
            }
        }
    }
    Ok(models)
}

fn model(word: &str, encoder: Sight, stored: bool) -> Result<Model> {
    let (name, sight) = match word.split_once(':') {
        Some((name, sight)) => (name, Some(sight)),
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
    let sight = match sight {
        None if own => Sight::Own,
        None if vectors => Sight::Composition,
        None => encoder,
        Some(_) if own => {
            return Err(Error::argument(
                "models",
                format!("{name} without an encoder: it has one of its own"),
                format!("{word:?}"),
            ));
        }
        Some("composition") if vectors => Sight::Composition,
        Some(sight) => self::sight("models", sight, stored)?,
    };
    Ok(Model {
        name: word.to_owned(),
        kind,
        sight,
    })
}

/// The encoder of that name.
pub(super) fn sight(field: &'static str, name: &str, stored: bool) -> Result<Sight> {
    if name == STORED {
        return if stored {
            Ok(Sight::Stored)
        } else {
            Err(Error::argument(
                "embeddings",
                "a directory of embeddings for the encoder esm2",
                "none",
            )
            .hint("make one with `bindscape protein embed --model facebook/esm2_t6_8M_UR50D`"))
        };
    }
    Encoding::from_name(name)
        .map(Sight::Residues)
        .ok_or_else(|| {
            let known = ["onehot", "residue", STORED];
            let hint = names::suggestion(name, known, "see the help of the option");
            let expected = format!("an encoder: {}", known.join(", "));
            Error::argument(field, expected, format!("{name:?}")).hint(hint)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESIDUE: Sight = Sight::Residues(Encoding::Residue);

    fn words(text: &str) -> Vec<String> {
        text.split(',').map(str::to_owned).collect()
    }

    #[test]
    fn names_and_encoders() {
        let all = parse(&[], RESIDUE, false).expect("all models");
        assert_eq!(all.len(), KINDS.len());
        assert_eq!(all[0].sight, Sight::Residues(Encoding::Residue));
        assert_eq!(all[3].sight, Sight::Own);
        assert_eq!(all[7].sight, Sight::Composition);
        let two = parse(&words("multitask:onehot,logistic:residue"), RESIDUE, false).expect("two");
        assert_eq!(two[0].sight, Sight::Residues(Encoding::Onehot));
        assert_eq!(two[0].file(), "multitask-onehot");
        let stored = parse(&[], Sight::Stored, true).expect("all models");
        assert_eq!(stored.len(), KINDS.len() + 2);
        assert_eq!(stored[0].sight, Sight::Stored);
        assert_eq!(stored[10].name, "logistic:esm2");
        assert_eq!(two[1].sight, Sight::Residues(Encoding::Residue));
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
        assert!(message("logistic:esm2").contains("--embeddings: expected a directory"));
        assert!(message("tf,tf").contains("tf twice"));
        assert!(message("multitask:composition").contains("an encoder: onehot, residue, esm2"));
    }
}
