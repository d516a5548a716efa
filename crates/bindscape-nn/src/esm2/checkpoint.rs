//! The weights of an ESM-2, whatever the program that wrote them calls its tensors.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use bindscape_base::{Error, Place, Result};
use bindscape_kernels::transformer::Rotary;

use super::config::{Esm2Config, PUBLISHED, ROTARY_BASE};
use super::tensors::Tensors;
use super::tokens::VOCABULARY;
use crate::checker::{self, Expected, Found};

/// Tensors that a message names as examples.
const NAMED: usize = 5;

/// Weight `[out, in]` and bias `[out]` of a linear layer; scale and shift of a layer norm.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Affine {
    pub(crate) weight: Vec<f32>,
    pub(crate) bias: Vec<f32>,
}

/// One layer of the encoder.
#[derive(Debug, Clone)]
pub(crate) struct LayerWeights {
    pub(crate) attention_norm: Affine,
    pub(crate) query: Affine,
    pub(crate) key: Affine,
    pub(crate) value: Affine,
    pub(crate) output: Affine,
    pub(crate) forward_norm: Affine,
    pub(crate) up: Affine,
    pub(crate) down: Affine,
}

/// The head that names residues. Its last layer's weight is the embeddings.
#[derive(Debug, Clone)]
pub(crate) struct LanguageHead {
    pub(crate) dense: Affine,
    pub(crate) norm: Affine,
    pub(crate) bias: Vec<f32>,
}

/// The logistic regression on attention maps.
#[derive(Debug, Clone)]
pub(crate) struct ContactHead {
    /// One per layer and head.
    pub(crate) weight: Vec<f32>,
    pub(crate) bias: f32,
}

/// A whole and fitting set of tensors, not yet read.
pub(crate) struct Checkpoint {
    /// The file or directory to blame.
    path: PathBuf,
    pub(crate) config: Esm2Config,
    tensors: Box<dyn Tensors>,
    /// The tensor's own name by the common one.
    names: BTreeMap<String, String>,
    /// Names of the tensors with frequencies of rotary positions, one per layer or for all.
    frequencies: Vec<String>,
}

impl Checkpoint {
    /// Checks names and shapes; without a `config`, sizes follow from the shapes.
    ///
    /// # Errors
    /// If tensors are missing, unexpected or of other shapes: all are listed.
    pub(crate) fn new(
        tensors: Box<dyn Tensors>,
        config: Option<Esm2Config>,
        path: &Path,
    ) -> Result<Self> {
        let mut shapes = BTreeMap::new();
        let mut names = BTreeMap::new();
        let mut frequencies = Vec::new();
        for (own, shape) in tensors.shapes() {
            if own.ends_with(FREQUENCIES) {
                frequencies.push(own.clone());
            }
            if let Some(common) = common_name(&own) {
                shapes.insert(common.clone(), shape);
                names.insert(common, own);
            }
        }
        let config = match config {
            Some(config) => config,
            None => infer(&shapes, path)?,
        };
        config.check(path)?;
        check_tensors(&shapes, &names, config, path)?;
        Ok(Self {
            path: path.to_path_buf(),
            config,
            tensors,
            names,
            frequencies,
        })
    }

    fn read(&mut self, name: &str) -> Result<Vec<f32>> {
        let values = self.tensors.read(&self.names[name])?;
        if let Some(value) = values.iter().find(|value| !value.is_finite()) {
            return Err(Error::input(
                &self.path,
                Place::Record(self.names[name].clone()),
                "finite numbers",
                value.to_string(),
            ));
        }
        Ok(values)
    }

    fn affine(&mut self, name: &str) -> Result<Affine> {
        Ok(Affine {
            weight: self.read(&format!("{name}.weight"))?,
            bias: self.read(&format!("{name}.bias"))?,
        })
    }

    /// Embeddings of the tokens, `[33, width]`.
    pub(crate) fn embeddings(&mut self) -> Result<Vec<f32>> {
        self.read(EMBEDDINGS)
    }

    /// A layer of the encoder.
    pub(crate) fn layer(&mut self, layer: usize) -> Result<LayerWeights> {
        let mut part = |part: &str| self.affine(&format!("encoder.layer.{layer}.{part}"));
        Ok(LayerWeights {
            attention_norm: part("attention.LayerNorm")?,
            query: part("attention.self.query")?,
            key: part("attention.self.key")?,
            value: part("attention.self.value")?,
            output: part("attention.output.dense")?,
            forward_norm: part("LayerNorm")?,
            up: part("intermediate.dense")?,
            down: part("output.dense")?,
        })
    }

    /// Frequencies of the rotary positions, `[head size / 2]`. The published files hold them
    /// rounded to 16 bits, as they were in training, and transformers and fair-esm take them
    /// from there; files without them mean those of the formula.
    ///
    /// # Errors
    /// If they are too few or many, are no numbers, or differ between layers.
    pub(crate) fn frequencies(&mut self) -> Result<Vec<f32>> {
        let size = self.config.head_size();
        let mut found: Option<Vec<f32>> = None;
        for name in &self.frequencies {
            let values = self.tensors.read(name)?;
            let wrong = |expected: String, found: String| {
                Error::input(&self.path, Place::Record(name.clone()), expected, found)
            };
            if values.len() != size / 2 || !values.iter().all(|value| value.is_finite()) {
                return Err(wrong(
                    format!("{} finite frequencies of rotary positions", size / 2),
                    format!("{values:?}"),
                ));
            }
            match &found {
                None => found = Some(values),
                Some(first) if *first != values => {
                    return Err(wrong(
                        "the same frequencies in all layers".into(),
                        format!("{values:?}, not {first:?}"),
                    ));
                }
                Some(_) => {}
            }
        }
        Ok(found.unwrap_or_else(|| Rotary::frequencies(size, ROTARY_BASE)))
    }

    /// The layer norm after the last layer.
    pub(crate) fn final_norm(&mut self) -> Result<Affine> {
        self.affine("encoder.emb_layer_norm_after")
    }

    /// The language-model head, if the file has one.
    pub(crate) fn language_head(&mut self) -> Result<Option<LanguageHead>> {
        if !self.names.contains_key("lm_head.bias") {
            return Ok(None);
        }
        Ok(Some(LanguageHead {
            dense: self.affine("lm_head.dense")?,
            norm: self.affine("lm_head.layer_norm")?,
            bias: self.read("lm_head.bias")?,
        }))
    }

    /// The contact head, if the file has one.
    pub(crate) fn contact_head(&mut self) -> Result<Option<ContactHead>> {
        if !self.names.contains_key(CONTACTS) {
            return Ok(None);
        }
        Ok(Some(ContactHead {
            weight: self.read(CONTACTS)?,
            bias: self.read("contact_head.regression.bias")?[0],
        }))
    }
}

const EMBEDDINGS: &str = "embeddings.word_embeddings.weight";
/// The end of the names of frequencies of rotary positions.
const FREQUENCIES: &str = "inv_freq";
const CONTACTS: &str = "contact_head.regression.weight";

/// The name of a tensor in Hugging Face's `EsmModel`; `None` for one that ESM-2 does not
/// use by this name: positions, which are rotary ([`Checkpoint::frequencies`]), copies of the embeddings, and the pooler, which is
/// not trained.
fn common_name(own: &str) -> Option<String> {
    let mut name = own;
    // `EsmForMaskedLM`; fair-esm's published files.
    for prefix in ["esm.", "encoder.sentence_encoder."] {
        name = name.strip_prefix(prefix).unwrap_or(name);
    }
    for head in ["lm_head.", "contact_head."] {
        if let Some(rest) = name.strip_prefix("encoder.")
            && rest.starts_with(head)
        {
            name = rest;
        }
    }
    let unused = name.ends_with(FREQUENCIES)
        || name.starts_with("pooler.")
        || name.starts_with("embeddings.position")
        || name.starts_with("lm_head.decoder.")
        || name == "lm_head.weight";
    if unused {
        return None;
    }
    // Old and new `transformers` call scale and shift of a layer norm so.
    let name = match name.rsplit_once('.') {
        Some((front, "gamma")) => format!("{front}.weight"),
        Some((front, "beta")) => format!("{front}.bias"),
        _ => name.to_owned(),
    };
    if name == "embed_tokens.weight" {
        return Some(EMBEDDINGS.to_owned());
    }
    if let Some(rest) = name.strip_prefix("emb_layer_norm_after.") {
        return Some(format!("encoder.emb_layer_norm_after.{rest}"));
    }
    // fair-esm's layers.
    let fair = || {
        let (number, part) = name.strip_prefix("layers.")?.split_once('.')?;
        let (part, kind) = part.rsplit_once('.')?;
        let part = match part {
            "self_attn.q_proj" => "attention.self.query",
            "self_attn.k_proj" => "attention.self.key",
            "self_attn.v_proj" => "attention.self.value",
            "self_attn.out_proj" => "attention.output.dense",
            "self_attn_layer_norm" => "attention.LayerNorm",
            "final_layer_norm" => "LayerNorm",
            "fc1" => "intermediate.dense",
            "fc2" => "output.dense",
            _ => return None,
        };
        Some(format!("encoder.layer.{number}.{part}.{kind}"))
    };
    Some(fair().unwrap_or(name))
}

/// Sizes by the shapes of tensors.
fn infer(shapes: &BTreeMap<String, Vec<usize>>, path: &Path) -> Result<Esm2Config> {
    let width = shapes
        .get(EMBEDDINGS)
        .and_then(|shape| shape.get(1))
        .copied();
    let layers: BTreeSet<&str> = shapes
        .keys()
        .filter_map(|name| name.strip_prefix("encoder.layer."))
        .filter_map(|name| name.split('.').next())
        .collect();
    let layers = layers.len();
    let Some(width) = width.filter(|_| layers > 0) else {
        let some: Vec<&str> = shapes.keys().map(String::as_str).take(NAMED).collect();
        return Err(Error::input(
            path,
            Place::File,
            format!("weights of ESM-2, with tensors such as `{EMBEDDINGS}`"),
            format!("tensors such as {}", checker::list(&some)),
        )
        .hint("the file holds another architecture"));
    };
    let by_name = PUBLISHED
        .iter()
        .map(|model| model.config)
        .find(|config| (config.layers, config.width) == (layers, width))
        .map(|config| config.heads);
    let by_contacts = shapes
        .get(CONTACTS)
        .and_then(|shape| shape.get(1))
        .map(|maps| maps / layers);
    let heads = by_name.or(by_contacts).ok_or_else(|| {
        Error::input(
            path,
            Place::File,
            "a published size, a contact head or a `config.json` beside, which tell the number of heads",
            format!("{layers} layers of width {width} and neither"),
        )
        .hint("put the model's `config.json` into the same directory and give the directory")
    })?;
    Ok(Esm2Config {
        layers,
        width,
        heads,
    })
}

/// The tensors that an ESM-2 has; those of the heads may be missing.
fn slots(config: Esm2Config) -> Vec<Expected> {
    let (width, hidden, tokens) = (config.width, config.hidden(), VOCABULARY.len());
    let slot = |name: String, shape: &[usize], optional| Expected {
        name,
        shape: shape.to_vec(),
        dtype: None,
        optional,
    };
    let mut slots = vec![slot(EMBEDDINGS.to_owned(), &[tokens, width], false)];
    let mut affine = |name: &str, weight: &[usize], optional: bool| {
        slots.push(slot(format!("{name}.weight"), weight, optional));
        slots.push(slot(format!("{name}.bias"), &weight[..1], optional));
    };
    for layer in 0..config.layers {
        let parts: [(&str, &[usize]); 8] = [
            ("attention.LayerNorm", &[width]),
            ("attention.self.query", &[width, width]),
            ("attention.self.key", &[width, width]),
            ("attention.self.value", &[width, width]),
            ("attention.output.dense", &[width, width]),
            ("LayerNorm", &[width]),
            ("intermediate.dense", &[hidden, width]),
            ("output.dense", &[width, hidden]),
        ];
        for (part, weight) in parts {
            affine(&format!("encoder.layer.{layer}.{part}"), weight, false);
        }
    }
    affine("encoder.emb_layer_norm_after", &[width], false);
    affine("lm_head.dense", &[width, width], true);
    affine("lm_head.layer_norm", &[width], true);
    let maps = config.layers * config.heads;
    affine("contact_head.regression", &[1, maps], true);
    slots.push(slot("lm_head.bias".to_owned(), &[tokens], true));
    slots
}

fn check_tensors(
    shapes: &BTreeMap<String, Vec<usize>>,
    names: &BTreeMap<String, String>,
    config: Esm2Config,
    path: &Path,
) -> Result<()> {
    let mut slots = slots(config);
    for slot in slots.iter_mut().filter(|slot| slot.optional) {
        // A head is there with all of its parts, or not at all.
        let head = slot.name.split('.').next().unwrap_or(&slot.name);
        slot.optional = !shapes.keys().any(|found| found.starts_with(head));
    }
    let found: Vec<Found> = shapes
        .iter()
        .map(|(name, shape)| Found {
            name: name.clone(),
            own: names[name].clone(),
            shape: shape.clone(),
            dtype: None,
        })
        .collect();
    let Esm2Config {
        layers,
        width,
        heads,
    } = config;
    let network = format!("an ESM-2 of {layers} layers, width {width} and {heads} heads");
    let advice = "the file holds another architecture or is incomplete";
    checker::check(&network, &slots, &found, path, advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Shapes(BTreeMap<String, Vec<usize>>);

    impl Tensors for Shapes {
        fn shapes(&self) -> BTreeMap<String, Vec<usize>> {
            self.0.clone()
        }
        fn read(&mut self, name: &str) -> Result<Vec<f32>> {
            Ok(vec![0.0; self.0[name].iter().product()])
        }
    }

    const SMALL: Esm2Config = Esm2Config {
        layers: 2,
        width: 8,
        heads: 2,
    };

    fn all() -> BTreeMap<String, Vec<usize>> {
        let slots = slots(SMALL).into_iter();
        slots.map(|slot| (slot.name, slot.shape)).collect()
    }

    fn open(shapes: BTreeMap<String, Vec<usize>>) -> Result<Checkpoint> {
        Checkpoint::new(Box::new(Shapes(shapes)), None, Path::new("m.safetensors"))
    }

    #[test]
    fn names_of_all_writers_are_understood() {
        let same = [
            ("esm.embeddings.word_embeddings.weight", EMBEDDINGS),
            ("embed_tokens.weight", EMBEDDINGS),
            ("encoder.sentence_encoder.embed_tokens.weight", EMBEDDINGS),
            (
                "encoder.sentence_encoder.layers.3.self_attn.q_proj.bias",
                "encoder.layer.3.attention.self.query.bias",
            ),
            ("layers.0.fc2.weight", "encoder.layer.0.output.dense.weight"),
            (
                "layers.0.final_layer_norm.weight",
                "encoder.layer.0.LayerNorm.weight",
            ),
            (
                "esm.encoder.layer.0.attention.LayerNorm.gamma",
                "encoder.layer.0.attention.LayerNorm.weight",
            ),
            ("encoder.lm_head.bias", "lm_head.bias"),
            (
                "emb_layer_norm_after.bias",
                "encoder.emb_layer_norm_after.bias",
            ),
        ];
        for (own, common) in same {
            assert_eq!(common_name(own).as_deref(), Some(common), "{own}");
        }
        for unused in [
            "esm.embeddings.position_ids",
            "layers.1.self_attn.rot_emb.inv_freq",
            "lm_head.decoder.weight",
            "encoder.lm_head.weight",
            "pooler.dense.bias",
        ] {
            assert_eq!(common_name(unused), None, "{unused}");
        }
    }

    #[test]
    fn sizes_follow_from_the_shapes() {
        let mut checkpoint = open(all()).unwrap();
        assert_eq!(checkpoint.config, SMALL);
        assert_eq!(checkpoint.layer(1).unwrap().up.weight.len(), 8 * 32);
        assert!(checkpoint.language_head().unwrap().is_some());
        let without: BTreeMap<_, _> = all()
            .into_iter()
            .filter(|(name, _)| !name.contains("head"))
            .collect();
        let error = open(without).map(|_| ()).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("2 layers of width 8 and neither"),
            "{error}"
        );
        assert!(error.advice().unwrap().contains("config.json"));
    }

    #[test]
    fn all_that_does_not_fit_is_listed() {
        let mut shapes = all();
        shapes.remove("encoder.layer.1.LayerNorm.bias");
        shapes.insert("classifier.weight".into(), vec![2, 8]);
        shapes.insert("encoder.layer.0.output.dense.weight".into(), vec![8, 8]);
        let error = open(shapes).map(|_| ()).unwrap_err().to_string();
        for part in [
            "an ESM-2 of 2 layers, width 8 and 2 heads",
            "1 missing: encoder.layer.1.LayerNorm.bias",
            "1 unexpected: classifier.weight",
            "1 of other shapes: encoder.layer.0.output.dense.weight of [8, 8], not [8, 32]",
        ] {
            assert!(error.contains(part), "{part}: {error}");
        }
        let other = BTreeMap::from([("bert.pooler".to_owned(), vec![3])]);
        let error = open(other).map(|_| ()).unwrap_err().to_string();
        assert!(
            error.contains("found tensors such as bert.pooler"),
            "{error}"
        );
        let mut half = all();
        half.remove("lm_head.dense.bias");
        let error = open(half).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains("1 missing: lm_head.dense.bias"), "{error}");
    }
}
