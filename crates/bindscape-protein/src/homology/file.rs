//! Files of [`HomologyModel`]s.

use std::ops::Range;
use std::path::Path;

use bindscape_arrays::model_file::{FORMAT, ModelFile, ModelKind, tensors};
use bindscape_base::{Error, Place, Result, atomic};
use safetensors::{Dtype, SafeTensors};
use serde::{Deserialize, Serialize};

use super::evidence::{CLASS_COLUMNS, FACTOR_COLUMNS, UNKNOWN_COLUMNS};
use super::{
    CLASS_ANSWERS, ClassQuestion, Classes, FACTOR_ANSWERS, FactorQuestion, HomologyModel,
    HomologyTraining, composition_columns,
};
use crate::baseline::composition::Standard;
use crate::baseline::logistic::{Fitted, Weights};
use crate::model_file;
use crate::profile::{DomainFamilies, Family};
use crate::{Label, Protein, ProteinClass};

#[derive(Serialize, Deserialize)]
struct Metadata {
    kind: Option<String>,
    format: u32,
    training: HomologyTraining,
    ids: Vec<String>,
    /// What headers say of the proteins; none where no header says anything.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    descriptions: Vec<String>,
    labels: Vec<String>,
    /// Residues of each protein.
    lengths: Vec<usize>,
    /// Place of a protein, first residue and the one after the last, where it binds DNA.
    regions: Vec<[usize; 3]>,
    families: Vec<Family>,
    tf: Option<StoredFactors>,
    only_class: Option<ProteinClass>,
    domain: Option<StoredClasses>,
}

/// What tells a model of this version from earlier ones.
#[derive(Deserialize)]
struct Version {
    families: Option<serde::de::IgnoredAny>,
}

/// A question without its arrays.
#[derive(Serialize, Deserialize)]
struct StoredFactors {
    constants: Vec<f64>,
    weights: Vec<f64>,
    unknown: Vec<f64>,
    unknown_shift: f64,
    share: f64,
}

#[derive(Serialize, Deserialize)]
struct StoredClasses {
    constants: Vec<f64>,
    weights: Vec<f64>,
}

/// Names of the arrays of the two questions.
const OF_FACTORS: &str = "tf";
const OF_CLASSES: &str = "domain";
const SEQUENCES: &str = "sequences";
const PROFILES: &str = "profiles";

impl HomologyModel {
    /// Writes the model to `path`, whole or not at all. The same model always gives the same
    /// bytes: the labelled sequences one after the other, the profiles, and the weights.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        atomic::write(path, &self.to_bytes())
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let regions = self.regions.iter().enumerate();
        let metadata = Metadata {
            kind: ModelKind::ProteinHomology.name().map(str::to_owned),
            format: FORMAT,
            training: self.training.clone(),
            ids: self.proteins.iter().map(|p| p.id.clone()).collect(),
            descriptions: descriptions(&self.proteins),
            labels: self.labels.iter().map(|l| l.name().to_owned()).collect(),
            lengths: self.proteins.iter().map(|p| p.sequence.len()).collect(),
            regions: regions
                .flat_map(|(place, of)| of.iter().map(move |r| [place, r.start, r.end]))
                .collect(),
            families: self.families.families.clone(),
            tf: self.tf.as_ref().map(|question| StoredFactors {
                constants: question.composition.weights.constants().to_vec(),
                weights: question.weights.values.clone(),
                unknown: question.unknown.values.clone(),
                unknown_shift: question.unknown_shift,
                share: question.share,
            }),
            only_class: match self.classes {
                Some(Classes::One(class)) => Some(class),
                _ => None,
            },
            domain: self.several_classes().map(|question| StoredClasses {
                constants: question.composition.weights.constants().to_vec(),
                weights: question.weights.values.clone(),
            }),
        };
        let metadata = serde_json::to_string(&metadata).expect("plain data make JSON");
        let sequences: Vec<&[u8]> = self.proteins.iter().map(|p| &p.sequence[..]).collect();
        let sequences = sequences.concat();
        let profiles = self.families.profiles.as_bytes();
        let (letters, text) = ([sequences.len()], [profiles.len()]);
        let mut entries = vec![
            tensors::Entry::bytes(SEQUENCES.into(), &letters, &sequences),
            tensors::Entry::bytes(PROFILES.into(), &text, profiles),
        ];
        let compositions = [
            (OF_FACTORS, self.tf.as_ref().map(|q| &q.composition)),
            (OF_CLASSES, self.several_classes().map(|q| &q.composition)),
        ];
        let kept: Vec<(&str, &Fitted, Vec<f32>)> = compositions
            .into_iter()
            .filter_map(|(name, fitted)| Some((name, fitted?, fitted?.weights.single())))
            .collect();
        let columns = [composition_columns()];
        let shapes = [FACTOR_ANSWERS, CLASS_ANSWERS].map(|answers| [answers, columns[0]]);
        for (name, fitted, weights) in &kept {
            let shape = &shapes[usize::from(*name == OF_CLASSES)];
            let Standard { mean, scale } = &fitted.standard;
            for (part, shape, values) in [
                ("weight", &shape[..], weights),
                ("mean", &columns[..], mean),
                ("scale", &columns[..], scale),
            ] {
                let name = format!("{name}.{part}");
                entries.push(tensors::Entry::numbers(name, shape, values));
            }
        }
        tensors::to_bytes(&entries, metadata)
    }

    fn several_classes(&self) -> Option<&ClassQuestion> {
        match &self.classes {
            Some(Classes::Several(question)) => Some(question),
            _ => None,
        }
    }

    /// Reads a model that bindscape wrote.
    ///
    /// # Errors
    /// If the file cannot be read, is damaged, or is no such model.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let file = model_file::open_model(path.as_ref())?;
        match file.kind()? {
            ModelKind::ProteinHomology => Self::from_file(&file),
            other => Err(model_file::other_kind(&file, &other)),
        }
    }

    /// The model in a file of its kind.
    ///
    /// # Errors
    /// If its arrays or metadata do not agree, or an earlier bindscape wrote it.
    pub fn from_file(file: &ModelFile) -> Result<Self> {
        let version: Version = file.parse()?;
        if version.families.is_none() {
            return Err(Error::input(
                file.path(),
                Place::File,
                "a homology model with profiles of domains",
                "one of an earlier bindscape, without",
            )
            .hint("train it again with `bindscape protein train`"));
        }
        let metadata: Metadata = file.parse()?;
        let (proteins, labels) = proteins(&metadata, file)?;
        let regions = regions(&metadata, file)?;
        let tensors = file.tensors();
        let text = array(&tensors, PROFILES, Dtype::U8, None, file.path())?;
        let profiles = std::str::from_utf8(text)
            .map_err(|_| file.damaged("profiles that are no text".into()))?;
        let families = DomainFamilies {
            families: metadata.families,
            profiles: profiles.to_owned(),
        };
        let search = families.search(file.path())?;
        let named = families.families.iter().map(|family| &family.name[..]);
        if !search.names().eq(named) {
            return Err(file.damaged("profiles of other families than it names".into()));
        }
        let small = |values: Vec<f64>, classes: usize, columns: usize| {
            let weights = Weights::of(values, classes, columns);
            weights.ok_or_else(|| file.damaged("weights that make no sense".into()))
        };
        let tf = metadata.tf.map(|stored| -> Result<FactorQuestion> {
            let sound =
                stored.unknown_shift.is_finite() && stored.share > 0.0 && stored.share < 1.0;
            if !sound {
                return Err(file.damaged("settings that make no sense".into()));
            }
            Ok(FactorQuestion {
                composition: composition(file, OF_FACTORS, FACTOR_ANSWERS, stored.constants)?,
                weights: small(stored.weights, FACTOR_ANSWERS, FACTOR_COLUMNS)?,
                unknown: small(stored.unknown, FACTOR_ANSWERS, UNKNOWN_COLUMNS)?,
                unknown_shift: stored.unknown_shift,
                share: stored.share,
            })
        });
        let several = metadata.domain.map(|stored| -> Result<Classes> {
            Ok(Classes::Several(ClassQuestion {
                composition: composition(file, OF_CLASSES, CLASS_ANSWERS, stored.constants)?,
                weights: small(stored.weights, CLASS_ANSWERS, CLASS_COLUMNS)?,
            }))
        });
        let one = metadata.only_class.filter(|class| class.is_tf());
        Ok(Self {
            training: metadata.training,
            proteins,
            labels,
            regions,
            families,
            tf: tf.transpose()?,
            classes: several.transpose()?.or(one.map(Classes::One)),
            sha256: file.sha256(),
        })
    }
}

/// The labelled proteins of a file.
fn proteins(metadata: &Metadata, file: &ModelFile) -> Result<(Vec<Protein>, Vec<Label>)> {
    let labels: Option<Vec<Label>> = metadata
        .labels
        .iter()
        .map(|name| Label::from_name(name))
        .collect();
    let labels = labels.ok_or_else(|| file.damaged("a label that is none".into()))?;
    let tensors = file.tensors();
    let mut letters = array(&tensors, SEQUENCES, Dtype::U8, None, file.path())?;
    let count = metadata.ids.len();
    let sum = metadata
        .lengths
        .iter()
        .try_fold(0_usize, |sum, &length| sum.checked_add(length));
    if labels.len() != count || metadata.lengths.len() != count || sum != Some(letters.len()) {
        return Err(file.damaged("numbers of ids, labels and residues that do not agree".into()));
    }
    let described = metadata.descriptions.len();
    if described != 0 && described != count {
        return Err(file.damaged("numbers of ids and descriptions that do not agree".into()));
    }
    let mut proteins = Vec::with_capacity(count);
    for (number, (id, &length)) in metadata.ids.iter().zip(&metadata.lengths).enumerate() {
        let (sequence, rest) = letters.split_at(length);
        let description = metadata.descriptions.get(number).cloned();
        proteins.push(Protein {
            description: description.unwrap_or_default(),
            ..Protein::new(&**id, sequence)
        });
        letters = rest;
    }
    Ok((proteins, labels))
}

/// Descriptions of proteins, if there are any.
fn descriptions(proteins: &[Protein]) -> Vec<String> {
    if proteins
        .iter()
        .all(|protein| protein.description.is_empty())
    {
        return Vec::new();
    }
    proteins
        .iter()
        .map(|protein| protein.description.clone())
        .collect()
}

/// Where each of them binds DNA.
fn regions(metadata: &Metadata, file: &ModelFile) -> Result<Vec<Vec<Range<usize>>>> {
    let mut regions = vec![Vec::new(); metadata.lengths.len()];
    for &[place, start, end] in &metadata.regions {
        let length = metadata.lengths.get(place);
        if length.is_none_or(|&length| start >= end || end > length) {
            return Err(file.damaged("domains outside of their proteins".into()));
        }
        regions[place].push(start..end);
    }
    Ok(regions)
}

/// A regression on the composition.
fn composition(
    file: &ModelFile,
    name: &str,
    classes: usize,
    constants: Vec<f64>,
) -> Result<Fitted> {
    let columns = composition_columns();
    let numbers = |part: &str, shape: &[usize]| -> Result<Vec<f32>> {
        let name = format!("{name}.{part}");
        let tensors = file.tensors();
        let bytes = array(&tensors, &name, Dtype::F32, Some(shape), file.path())?;
        Ok(tensors::numbers(bytes))
    };
    let weights = numbers("weight", &[classes, columns])?;
    let values = weights.into_iter().map(f64::from).chain(constants);
    let weights = Weights::of(values.collect(), classes, columns);
    Ok(Fitted {
        standard: Standard {
            mean: numbers("mean", &[columns])?,
            scale: numbers("scale", &[columns])?,
        },
        weights: weights
            .ok_or_else(|| file.damaged(format!("constants of `{name}` that make no sense")))?,
    })
}

/// The bytes of an array of a file, of that shape if one is given.
fn array<'a>(
    file: &SafeTensors<'a>,
    name: &str,
    dtype: Dtype,
    shape: Option<&[usize]>,
    path: &Path,
) -> Result<&'a [u8]> {
    let wrong = |found: String| {
        let expected = match shape {
            Some(shape) => format!("an array {dtype:?} of shape {shape:?}"),
            None => format!("an array {dtype:?}"),
        };
        Error::input(path, Place::Record(name.to_owned()), expected, found)
            .hint("the file is damaged, or a newer bindscape wrote it")
    };
    let view = file.tensor(name).map_err(|_| wrong("none".into()))?;
    if view.dtype() != dtype || shape.is_some_and(|shape| view.shape() != shape) {
        return Err(wrong(format!("{:?} of {:?}", view.dtype(), view.shape())));
    }
    Ok(view.data())
}
