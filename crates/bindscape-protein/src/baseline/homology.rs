//! `homology` as a model: votes of the most similar labelled proteins, and what the composition
//! says where there are few or none.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use crate::{Hit, Label, Protein, ProteinClass, SimilarityIndex};
use bindscape_base::digest::InputFile;
use bindscape_base::digest::sha256_hex;
use bindscape_base::progress::{Progress, Unshown};
use bindscape_base::{Error, Place, Result, atomic};
use safetensors::SafeTensors;
use serde::{Deserialize, Serialize};

use super::composition::{MeanFeatures, Standard};
use super::logistic::{Fitted, Logistic, Weights};
use super::nearest::{BITS, best_weight, count_votes, mix};
use super::neighbours::KEPT;
use super::{BaselineData, Task, logarithm, softmax};
use crate::class::CLASSES;
use crate::known::KnownSequences;
use crate::model_file;
use crate::scores::ProteinScores;
use crate::scores::prior_shift;
use bindscape_arrays::model_file::{FORMAT, ModelFile, ModelKind, tensors};

/// What a model was made from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HomologyTraining {
    /// Version of bindscape that made it.
    pub bindscape: String,
    /// Files the data came from, with checksums.
    pub inputs: Vec<InputFile>,
    /// Labelled proteins in it, by label.
    pub proteins: BTreeMap<String, u64>,
    /// Seed of the validation part.
    pub seed: u64,
}

/// Labelled proteins and the weights of what holds where none of them is similar.
///
/// The five labelled proteins with the best local alignments vote, each with the bits of its
/// alignment, and beside them logistic regression on the [composition](MeanFeatures::composition)
/// with a weight in bits. Weight, penalty and temperature are those that fit a validation part
/// best, for which only the other proteins vote; afterwards all do.
#[derive(Debug, Clone, PartialEq)]
pub struct HomologyModel {
    /// What it was made from.
    pub training: HomologyTraining,
    pub(super) proteins: Vec<Protein>,
    pub(super) labels: Vec<Label>,
    tf: Option<Question>,
    classes: Option<Question>,
    sha256: String,
}

/// What is needed to answer one question.
#[derive(Debug, Clone, PartialEq)]
struct Question {
    logistic: Fitted,
    settings: Settings,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Settings {
    /// Weight of the logistic regression.
    bits: f64,
    /// What logarithms of probabilities are divided by.
    temperature: f64,
    /// Share of transcription factors among the proteins that it was fitted on; `None` if there
    /// were only these or none.
    tf_prior: Option<f64>,
}

#[derive(Serialize, Deserialize)]
struct Metadata {
    kind: Option<String>,
    format: u32,
    training: HomologyTraining,
    ids: Vec<String>,
    labels: Vec<String>,
    /// Residues of each protein.
    lengths: Vec<usize>,
    tf: Option<Stored>,
    domain: Option<Stored>,
}

/// A question without its arrays.
#[derive(Serialize, Deserialize)]
struct Stored {
    #[serde(flatten)]
    settings: Settings,
    constants: Vec<f64>,
}

/// The two questions, as files name them, and their numbers of answers.
const QUESTIONS: [(&str, usize); 2] = [("tf", 2), ("domain", CLASSES)];

impl HomologyModel {
    /// Fits a model on the labelled `proteins`.
    ///
    /// # Errors
    /// If the labels do not differ, there is nothing to validate on, or the user asked to stop.
    pub fn fit(
        proteins: &[Protein],
        data: BaselineData<'_>,
        training: HomologyTraining,
        progress: &dyn Progress,
    ) -> Result<Self> {
        let some = |rows: &[usize]| -> Vec<Protein> {
            rows.iter().map(|&row| proteins[row].clone()).collect()
        };
        let index = SimilarityIndex::new(&some(data.train));
        let hits = index.search_all(&some(data.validation), KEPT, progress)?;
        let hits: HashMap<usize, Vec<Hit>> = data.validation.iter().copied().zip(hits).collect();
        let composition = MeanFeatures::composition(proteins);
        let fit = |task: &Task<'_>, is_tf: &dyn Fn(usize) -> bool| {
            let evidence = task.evidence(proteins.len());
            let votes: Vec<f64> = task
                .validation
                .iter()
                .flat_map(|row| {
                    let answer = |hit: &Hit| evidence[data.train[hit.target]];
                    votes(&hits[row], task.classes, answer)
                })
                .collect();
            Question::fit(task, &composition, &votes, is_tf, progress)
        };
        progress.begin("logistic regression", None);
        let tf = Task::new(data, 2, |label| Some(label.tf.into()))
            .map(|task| fit(&task, &|answer| answer == 1))
            .transpose()?;
        let classes = Task::new(data, CLASSES, |label| Some(label.class?.index()))
            .map(|task| fit(&task, &|answer| ProteinClass::ALL[answer].is_tf()))
            .transpose()?;
        progress.finish();
        if tf.is_none() && classes.is_none() {
            return Err(Error::argument(
                "labels",
                "proteins with two different labels at least, some of them to validate on",
                "one label",
            ));
        }
        let mut model = Self {
            training,
            proteins: proteins
                .iter()
                .map(|protein| Protein::new(&*protein.id, &*protein.sequence))
                .collect(),
            labels: data.labels.to_vec(),
            tf,
            classes,
            sha256: String::new(),
        };
        model.sha256 = sha256_hex(&model.to_bytes());
        Ok(model)
    }

    /// SHA-256 of the file that this model was loaded from, or would be saved as.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Whether it tells transcription factors from other proteins.
    #[must_use]
    pub fn answers_tf(&self) -> bool {
        self.tf.is_some()
    }

    /// Whether it tells classes.
    #[must_use]
    pub fn answers_classes(&self) -> bool {
        self.classes.is_some()
    }

    /// Share of transcription factors among the proteins it was fitted on, where it tells them.
    #[must_use]
    pub fn tf_prior(&self) -> Option<f64> {
        let of = |question: &Option<Question>| question.as_ref()?.settings.tf_prior;
        of(&self.tf).or(of(&self.classes))
    }

    /// Number of labelled proteins.
    #[must_use]
    pub fn proteins(&self) -> usize {
        self.proteins.len()
    }

    /// Its sequences.
    #[must_use]
    pub fn known(&self) -> KnownSequences {
        KnownSequences::new(self.proteins.iter().map(|protein| &protein.sequence[..]))
    }

    /// Writes the model to `path`, whole or not at all. The same model always gives the same
    /// bytes: the labelled sequences one after the other, and the weights.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        atomic::write(path, &self.to_bytes())
    }

    fn questions(&self) -> impl Iterator<Item = ((&'static str, usize), &Question)> {
        let both = [&self.tf, &self.classes];
        let named = QUESTIONS.into_iter().zip(both);
        named.filter_map(|(name, question)| Some((name, question.as_ref()?)))
    }

    fn to_bytes(&self) -> Vec<u8> {
        let stored = |question: &Option<Question>| {
            question.as_ref().map(|question| Stored {
                settings: question.settings,
                constants: question.constants().to_vec(),
            })
        };
        let metadata = Metadata {
            kind: ModelKind::ProteinHomology.name().map(str::to_owned),
            format: FORMAT,
            training: self.training.clone(),
            ids: self.proteins.iter().map(|p| p.id.clone()).collect(),
            labels: self.labels.iter().map(|l| l.name().to_owned()).collect(),
            lengths: self.proteins.iter().map(|p| p.sequence.len()).collect(),
            tf: stored(&self.tf),
            domain: stored(&self.classes),
        };
        let metadata = serde_json::to_string(&metadata).expect("plain data make JSON");
        let sequences: Vec<&[u8]> = self.proteins.iter().map(|p| &p.sequence[..]).collect();
        let sequences = sequences.concat();
        let letters = [sequences.len()];
        let weights: Vec<Vec<f32>> = self.questions().map(|(_, q)| q.single()).collect();
        let columns = [MeanFeatures::composition(&[]).columns()];
        let shapes = QUESTIONS.map(|(_, classes)| [classes, columns[0]]);
        let mut entries = vec![tensors::Entry::bytes(
            "sequences".into(),
            &letters,
            &sequences,
        )];
        for (((name, classes), question), weights) in self.questions().zip(&weights) {
            let shape = shapes.iter().find(|shape| shape[0] == classes);
            let shape = shape.expect("a shape for each question");
            let Standard { mean, scale } = &question.logistic.standard;
            for (part, shape, values) in [
                ("weight", &shape[..], weights),
                ("mean", &columns[..], mean),
                ("scale", &columns[..], scale),
            ] {
                entries.push(tensors::Entry::numbers(
                    format!("{name}.{part}"),
                    shape,
                    values,
                ));
            }
        }
        tensors::to_bytes(&entries, metadata)
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
    /// If its arrays or metadata do not agree.
    pub fn from_file(file: &ModelFile) -> Result<Self> {
        let metadata: Metadata = file.parse()?;
        let (proteins, labels) = proteins(&metadata, file)?;
        let question = |(name, classes): (&str, usize), stored: Option<Stored>| {
            stored
                .map(|stored| Question::from_file(name, classes, stored, file))
                .transpose()
        };
        Ok(Self {
            training: metadata.training,
            proteins,
            labels,
            tf: question(QUESTIONS[0], metadata.tf)?,
            classes: question(QUESTIONS[1], metadata.domain)?,
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
    let path = file.path();
    let mut letters = array(&tensors, "sequences", safetensors::Dtype::U8, None, path)?;
    let count = metadata.ids.len();
    let sum = metadata
        .lengths
        .iter()
        .try_fold(0_usize, |sum, &length| sum.checked_add(length));
    if labels.len() != count || metadata.lengths.len() != count || sum != Some(letters.len()) {
        return Err(file.damaged("numbers of ids, labels and residues that do not agree".into()));
    }
    let mut proteins = Vec::with_capacity(count);
    for (id, &length) in metadata.ids.iter().zip(&metadata.lengths) {
        let (sequence, rest) = letters.split_at(length);
        proteins.push(Protein::new(&**id, sequence));
        letters = rest;
    }
    Ok((proteins, labels))
}

/// The bytes of an array of a file, of that shape if one is given.
fn array<'a>(
    file: &SafeTensors<'a>,
    name: &str,
    dtype: safetensors::Dtype,
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

impl Question {
    fn fit(
        task: &Task<'_>,
        composition: &MeanFeatures,
        votes: &[f64],
        is_tf: &dyn Fn(usize) -> bool,
        progress: &dyn Progress,
    ) -> Result<Self> {
        let logistic = Logistic {
            features: composition,
        };
        let mut logistic = logistic.fit(task, progress)?;
        // As a file keeps them.
        let weights = &mut logistic.weights;
        for weight in &mut weights.values[..weights.classes * weights.columns] {
            *weight = f64::from(*weight as f32);
        }
        let fallback = logistic.probabilities(composition, &task.validation);
        let bits = best_weight(task, &fallback, votes, &BITS);
        let p = mix(&fallback, votes, task.classes, bits);
        let logs: Vec<f64> = p.into_iter().map(logarithm).collect();
        let temperature =
            bindscape_stats::temperature_multiclass(&logs, &task.validation_answers, task.classes);
        let tfs = task.train_answers.iter().filter(|&&answer| is_tf(answer));
        let share = tfs.count() as f64 / task.train_answers.len() as f64;
        Ok(Self {
            logistic,
            settings: Settings {
                bits,
                temperature: temperature.unwrap_or(1.0),
                tf_prior: (share > 0.0 && share < 1.0).then_some(share),
            },
        })
    }

    fn from_file(name: &str, classes: usize, stored: Stored, file: &ModelFile) -> Result<Self> {
        let columns = MeanFeatures::composition(&[]).columns();
        let numbers = |part: &str, shape: &[usize]| -> Result<Vec<f32>> {
            let name = format!("{name}.{part}");
            let tensors = file.tensors();
            let dtype = safetensors::Dtype::F32;
            let bytes = array(&tensors, &name, dtype, Some(shape), file.path())?;
            Ok(tensors::numbers(bytes))
        };
        let Settings {
            bits, temperature, ..
        } = stored.settings;
        let sound = bits >= 0.0 && temperature > 0.0 && stored.constants.len() == classes;
        if !sound || !stored.constants.iter().all(|c| c.is_finite()) {
            return Err(file.damaged(format!("settings of `{name}` that make no sense")));
        }
        let weights = numbers("weight", &[classes, columns])?;
        let values = weights.into_iter().map(f64::from).chain(stored.constants);
        Ok(Self {
            logistic: Fitted {
                standard: Standard {
                    mean: numbers("mean", &[columns])?,
                    scale: numbers("scale", &[columns])?,
                },
                weights: Weights {
                    classes,
                    columns,
                    values: values.collect(),
                },
            },
            settings: stored.settings,
        })
    }

    fn constants(&self) -> &[f64] {
        let weights = &self.logistic.weights;
        &weights.values[weights.classes * weights.columns..]
    }

    fn single(&self) -> Vec<f32> {
        let weights = &self.logistic.weights;
        let own = &weights.values[..weights.classes * weights.columns];
        own.iter().map(|&weight| weight as f32).collect()
    }

    /// Probabilities of proteins with these `votes`, rows x classes; with a `prior` the odds of
    /// transcription factors are as if these were that share of all.
    fn probabilities(
        &self,
        composition: &MeanFeatures,
        votes: &[f64],
        is_tf: impl Fn(usize) -> bool,
        prior: Option<f64>,
    ) -> Vec<f64> {
        let classes = self.logistic.weights.classes;
        let rows: Vec<usize> = (0..votes.len() / classes).collect();
        let fallback = self.logistic.probabilities(composition, &rows);
        let mut p = mix(&fallback, votes, classes, self.settings.bits);
        let shift = prior_shift(self.settings.tf_prior, prior);
        for row in p.chunks_exact_mut(classes) {
            for (answer, p) in row.iter_mut().enumerate() {
                *p = logarithm(*p) / self.settings.temperature;
                if is_tf(answer) {
                    *p += shift;
                }
            }
            softmax(row);
        }
        p
    }
}

/// The bits of the voters among `hits`, by answer.
fn votes(hits: &[Hit], classes: usize, answer: impl Fn(&Hit) -> Option<usize>) -> Vec<f64> {
    let mut votes = vec![0.0; classes];
    let voters = hits.iter().filter_map(|hit| Some((answer(hit)?, hit.bits)));
    count_votes(voters, &mut votes);
    votes
}

/// A [`HomologyModel`] that is ready to score.
pub struct HomologyPredictor<'a> {
    pub(super) model: &'a HomologyModel,
    pub(super) index: SimilarityIndex,
}

impl<'a> HomologyPredictor<'a> {
    /// Prepares the search among the labelled proteins.
    #[must_use]
    pub fn new(model: &'a HomologyModel) -> Self {
        Self {
            index: SimilarityIndex::new(&model.proteins),
            model,
        }
    }

    /// Probabilities of `proteins`, in their order; what is said of one does not depend on the
    /// others. `prior` is the share of transcription factors among the scored proteins, as in
    /// a network's calibration. A protein that is among the labelled
    /// ones votes for itself; [`HomologyPredictor::explain`] leaves it out.
    ///
    /// # Errors
    /// If the user asked to stop.
    pub fn scores(
        &self,
        proteins: &[Protein],
        prior: Option<f64>,
        progress: &dyn Progress,
    ) -> Result<Vec<ProteinScores>> {
        let hits = self.index.search_all(proteins, KEPT, &Unshown(progress))?;
        Ok(self.scores_of(proteins, &hits, prior))
    }

    pub(super) fn scores_of(
        &self,
        proteins: &[Protein],
        hits: &[Vec<Hit>],
        prior: Option<f64>,
    ) -> Vec<ProteinScores> {
        let composition = MeanFeatures::composition(proteins);
        let labels = &self.model.labels;
        let mut scores = vec![
            ProteinScores {
                p_tf: None,
                p_class: None
            };
            proteins.len()
        ];
        if let Some(question) = &self.model.tf {
            let answer = |hit: &Hit| Some(usize::from(labels[hit.target].tf));
            let votes: Vec<f64> = hits
                .iter()
                .flat_map(|hits| votes(hits, 2, answer))
                .collect();
            let p = question.probabilities(&composition, &votes, |answer| answer == 1, prior);
            for (scores, p) in scores.iter_mut().zip(p.as_chunks::<2>().0) {
                scores.p_tf = Some(p[1]);
            }
        }
        if let Some(question) = &self.model.classes {
            let answer = |hit: &Hit| Some(labels[hit.target].class?.index());
            let votes: Vec<f64> = hits
                .iter()
                .flat_map(|hits| votes(hits, CLASSES, answer))
                .collect();
            let is_tf = |answer: usize| ProteinClass::ALL[answer].is_tf();
            let p = question.probabilities(&composition, &votes, is_tf, prior);
            for (scores, p) in scores.iter_mut().zip(p.as_chunks::<CLASSES>().0) {
                scores.p_class = Some(*p);
            }
        }
        scores
    }

    /// The weight of the composition in the question whether a protein is a transcription factor,
    /// or else in that of its class.
    pub(super) fn composition_bits(&self) -> f64 {
        let question = self.model.tf.as_ref().or(self.model.classes.as_ref());
        question.map_or(0.0, |question| question.settings.bits)
    }
}
