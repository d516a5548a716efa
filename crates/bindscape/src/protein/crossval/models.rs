//! The models of a cross-validation by name.

use bindscape_core::protein::Encoding;
use bindscape_core::{Error, Result, names};
use bindscape_nn::protein::ProteinNetworkKind;

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

/// The models of `words`, all where there are none.
pub(super) fn parse(words: &[String], encoder: Encoding) -> Result<Vec<Model>> {
    let mut models: Vec<Model> = Vec::new();
    for word in words {
        let model = model(word, encoder)?;
        if models.contains(&model) {
            return Err(Error::option(
                "--models",
                "each model once",
                format!("{word} twice"),
            ));
        }
        models.push(model);
    }
    if models.is_empty() {
        for (name, _) in KINDS {
            models.push(model(name, encoder)?);
        }
    }
    Ok(models)
}

fn model(word: &str, encoder: Encoding) -> Result<Model> {
    let (name, sight) = match word.split_once(':') {
        Some((name, sight)) => (name, Some(sight)),
        None => (word, None),
    };
    let known = KINDS.map(|(name, _)| name);
    let Some(&(_, kind)) = KINDS.iter().find(|(known, _)| *known == name) else {
        let hint = names::suggestion(name, known, "leave --models out for all of them");
        return Err(Error::option("--models", known.join(", "), format!("{name:?}")).hint(hint));
    };
    let vectors = matches!(kind, Kind::Logistic | Kind::NearestEmbedding);
    let own = !vectors
        && !matches!(kind, Kind::Network(network) if network != ProteinNetworkKind::DeepTFactor);
    let sight = match sight {
        None if own => Sight::Own,
        None if vectors => Sight::Composition,
        None => Sight::Residues(encoder),
        Some(_) if own => {
            return Err(Error::option(
                "--models",
                format!("{name} without an encoder: it has one of its own"),
                format!("{word:?}"),
            ));
        }
        Some("composition") if vectors => Sight::Composition,
        Some(sight) => Sight::Residues(residue_encoding("--models", sight)?),
    };
    Ok(Model {
        name: word.to_owned(),
        kind,
        sight,
    })
}

/// The encoding of that name.
pub(super) fn residue_encoding(option: &str, name: &str) -> Result<Encoding> {
    Encoding::from_name(name).ok_or_else(|| {
        let known = Encoding::ALL.map(Encoding::name);
        let hint = names::suggestion(name, known, "the encoder needs no weights");
        Error::option(
            option,
            format!("an encoder: {}", known.join(" or ")),
            format!("{name:?}"),
        )
        .hint(hint)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split(',').map(str::to_owned).collect()
    }

    #[test]
    fn names_and_encoders() {
        let all = parse(&[], Encoding::Residue).expect("all models");
        assert_eq!(all.len(), KINDS.len());
        assert_eq!(all[0].sight, Sight::Residues(Encoding::Residue));
        assert_eq!(all[3].sight, Sight::Own);
        assert_eq!(all[7].sight, Sight::Composition);
        let two = parse(
            &words("multitask:onehot,logistic:residue"),
            Encoding::Residue,
        )
        .expect("two");
        assert_eq!(two[0].sight, Sight::Residues(Encoding::Onehot));
        assert_eq!(two[0].file(), "multitask-onehot");
        assert_eq!(two[1].sight, Sight::Residues(Encoding::Residue));
    }

    #[test]
    fn what_is_refused() {
        let message = |text: &str| {
            let error = parse(&words(text), Encoding::Residue).expect_err("a fault");
            format!("{error} {}", error.advice().unwrap_or_default())
        };
        let near = message("multitsak");
        assert!(
            near.contains("found \"multitsak\"") && near.contains("did you mean multitask"),
            "{near}"
        );
        assert!(message("tfpredict:onehot").contains("without an encoder"));
        assert!(message("tf,tf").contains("tf twice"));
        assert!(message("multitask:composition").contains("an encoder: onehot or residue"));
    }
}
