//! Predicting which proteins are transcription factors, and of which kind.
//!
//! Proteins are read, scored and written some thousand at a time, so that a
//! proteome need not fit into memory.

mod table;

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use bindscape_base::digest::InputFile;
use bindscape_base::journal::Journal;
use bindscape_base::progress::Progress;
use bindscape_base::reading::Reading;
use bindscape_base::{Error, Result, digest};
use bindscape_nn::protein::{ProteinClassifier, ProteinPredictor};
use bindscape_protein::homology::{HomologyPredictor, Prediction, SHORT};
use bindscape_protein::{
    CLASSES, KnownSequences, Protein, ProteinClass, ProteinReader, ProteinScores, likely_share,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::features::{EmbeddingOptions, FeatureSource};
use super::journal_key;
use super::model::load_model;
use crate::content::Content;
use crate::data::file_name;
use crate::job::{Job, refuse_if_read};
use crate::run_directory::write_json;
use crate::session::Session;
use crate::unfinished;
use table::{Call, Row, Table};

/// Proteins that are scored before the next are read.
const PROTEINS: usize = 4096;

/// A plan of predictions for proteins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Predict {
    /// Model: the directory of a training, a safetensors file, or the name of a
    /// [`ShippedModel`](super::shipped::ShippedModel).
    pub model: PathBuf,
    /// Proteins to score (FASTA); `-` is standard input.
    pub proteins: PathBuf,
    /// Embeddings, for a model that takes such.
    #[serde(default)]
    pub embeddings: EmbeddingOptions,
    /// Probability from which on a protein is called a TF.
    pub threshold: f64,
    /// Write so many proteins with the highest `p_tf` only, the highest first.
    pub top: Option<NonZeroUsize>,
    /// Share of TFs among the proteins; `None` for that in training. Training sets hold far more
    /// than a proteome does.
    pub prior: Option<f64>,
    /// Table to write; `-` is what the session has for it. Beside a file, `FILE.json` says what
    /// made it.
    pub out: PathBuf,
}

/// What predictions leave.
#[derive(Debug, Clone, PartialEq)]
pub struct Predicted {
    /// The table.
    pub out: PathBuf,
    /// What was read and predicted.
    pub counts: PredictionCounts,
    /// The share of TFs that makes the scores most likely; `None` where they are few
    /// ([`FEWEST_FOR_SHARE`]), or the model does not tell TFs.
    pub likely_share: Option<f64>,
}

/// Proteins with a score that an estimate of the share of TFs needs.
pub const FEWEST_FOR_SHARE: usize = 500;

/// What may be said of a protein beside its scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PredictionFlag {
    /// So few of its residues are known that nothing can be said of it; it has no scores.
    NothingKnown,
    /// Stops (`*` or `.`) before its end were read as unknown residues.
    InternalStop,
    /// Gaps of an alignment were taken out of it.
    GapsRemoved,
    /// Characters that stand for nothing in a protein were read as unknown residues.
    OddCharacters,
    /// One head says that it is a TF, the other that it is none; the call is uncertain.
    HeadsDisagree,
    /// No labelled protein is similar to it, so that a homology model knows it by its domains, or
    /// where it has none by its composition alone.
    NoRelative,
    /// It has fewer than 100 residues: there may be a part only, and little that tells.
    Short,
    /// It holds letters other than the twenty amino acids.
    UnknownResidues,
    /// It was embedded in overlapping chunks.
    Chunked,
    /// It is longer than the network's input; residues at its end were not seen.
    Cut,
    /// The model was trained or validated on this sequence.
    SeenInTraining,
}

impl PredictionFlag {
    /// Its name in the table.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NothingKnown => "nothing_known",
            Self::InternalStop => "internal_stop",
            Self::GapsRemoved => "gaps_removed",
            Self::OddCharacters => "odd_characters",
            Self::HeadsDisagree => "heads_disagree",
            Self::NoRelative => "no_relative",
            Self::Short => "short",
            Self::UnknownResidues => "unknown_residues",
            Self::Chunked => "chunked",
            Self::Cut => "cut",
            Self::SeenInTraining => "seen_in_training",
        }
    }
}

/// What was read and predicted.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub struct PredictionCounts {
    /// Proteins.
    pub proteins: u64,
    /// Proteins called TFs; `None` for a model without that head.
    pub tfs: Option<u64>,
    /// Proteins that are called neither a TF nor none.
    pub uncertain: u64,
    /// Proteins by their most probable class.
    pub classes: BTreeMap<ProteinClass, u64>,
    /// Proteins by flag.
    pub flags: BTreeMap<PredictionFlag, u64>,
    /// Sequences whose final `*` or `.` was cut.
    pub stops_dropped: u64,
}

/// `FILE.json` beside a table: what made it.
#[derive(Debug, Serialize)]
struct Made<'a> {
    bindscape: &'static str,
    command: &'a [String],
    model: String,
    model_sha256: String,
    encoder: String,
    threshold: f64,
    prior: Option<f64>,
    /// Share of TFs in training, which `prior` replaces.
    training_prior: Option<f64>,
    /// Share of TFs that makes these scores most likely.
    likely_share: Option<f64>,
    top: Option<usize>,
    /// Missing for standard input.
    proteins: Option<InputFile>,
    counts: &'a PredictionCounts,
}

impl Predict {
    /// Calls proteins TFs from a probability of one half on.
    #[must_use]
    pub fn new(model: PathBuf, proteins: PathBuf, out: PathBuf) -> Self {
        Self {
            model,
            proteins,
            embeddings: EmbeddingOptions::default(),
            threshold: 0.5,
            top: None,
            prior: None,
            out,
        }
    }

    /// Refuses to write over the model's file, or the description of the table over what is read.
    fn check_out(&self, model: &Path) -> Result<()> {
        let beside = unfinished::beside(&self.out, ".json");
        refuse_if_read("out", &self.out, [model])?;
        refuse_if_read("out", &beside, [self.proteins.as_path(), model])
    }

    /// Checks what is asked for against what `model` predicts.
    fn check_model(&self, model: &ProteinClassifier) -> Result<()> {
        if self.prior.is_some() && tf_prior(model).is_none() {
            return Err(Error::argument(
                "prior",
                "a model that was trained on TFs and other proteins",
                "one that was trained on one kind only",
            )
            .hint("leave ⟦prior⟧ out"));
        }
        if self.top.is_some() && !answers(model).0 {
            return Err(Error::argument(
                "top",
                "a model that tells TFs, with p_tf",
                "one that tells classes only",
            )
            .hint("leave ⟦top⟧ out and sort the table by a class"));
        }
        Ok(())
    }

    fn scorer<'m>(
        &self,
        model: &'m ProteinClassifier,
        session: &Session<'_>,
    ) -> Result<Scorer<'m>> {
        let device = session.device().open()?;
        let classifier = match model {
            ProteinClassifier::Network(model) => Classifier::Network {
                predictor: Box::new(ProteinPredictor::new(model, &device)),
                features: Box::new(FeatureSource::of(
                    &model.training.encoder,
                    &self.embeddings,
                    session.device(),
                    session,
                )?),
            },
            ProteinClassifier::Homology(model) => {
                self.embeddings
                    .refuse("since the model compares sequences")?;
                Classifier::Homology(Box::new(HomologyPredictor::new(model)))
            }
        };
        Ok(Scorer {
            classifier,
            known: known(model),
            threshold: self.threshold,
            prior: self.prior,
        })
    }

    /// Opens the journal of the predictions, which depend on this.
    fn journal(&self, model: &ProteinClassifier, session: &Session<'_>) -> Result<Option<Journal>> {
        let plan = unfinished::plan(
            Self::NAME,
            model.sha256(),
            session.device(),
            json!({
                "embeddings": self.embeddings.identity(),
                "threshold": self.threshold,
                "prior": self.prior,
            }),
        );
        unfinished::journal(&self.out, "proteins", &plan)
    }

    /// Reads, scores and writes all proteins.
    fn score(
        &self,
        scorer: &Scorer<'_>,
        mut reader: ProteinReader,
        journal: &mut Option<Journal>,
        mut table: Table,
        session: &Session<'_>,
    ) -> Result<(PredictionCounts, Vec<f64>)> {
        let mut best = self.top.map(|top| Best::new(top.get()));
        let mut counts = PredictionCounts::default();
        let mut p_tf = Vec::new();
        session.begin("scoring proteins", None);
        loop {
            let proteins = read_chunk(
                &mut reader,
                scorer.proteins_at_a_time(),
                scorer.residues_at_a_time(),
            )?;
            if proteins.is_empty() {
                break;
            }
            for row in scorer.rows(&proteins, journal.as_mut(), session)? {
                counts.add(&row);
                p_tf.extend(row.p_tf);
                match &mut best {
                    Some(best) => best.add(row),
                    None => table.write(&row)?,
                }
            }
        }
        session.finish();
        if let Some(journal) = journal {
            journal.check_end()?;
        }
        for row in best.into_iter().flat_map(Best::into_rows) {
            table.write(&row)?;
        }
        counts.stops_dropped = reader.mended().final_stops;
        table.finish()?;
        Ok((counts, p_tf))
    }

    /// The share of TFs that makes the probabilities `p_tf` of `model` most likely, to four
    /// decimals.
    fn likely_share(&self, model: &ProteinClassifier, p_tf: &[f64]) -> Option<f64> {
        if p_tf.len() < FEWEST_FOR_SHARE {
            return None;
        }
        let share = likely_share(p_tf, tf_prior(model).map(|of| self.prior.unwrap_or(of))?)?;
        Some((share * 1e4).round() / 1e4)
    }

    /// Writes what made the table beside it.
    fn describe(
        &self,
        model: &ProteinClassifier,
        file: &Path,
        predicted: &Predicted,
        session: &Session<'_>,
    ) -> Result<()> {
        let made = Made {
            bindscape: env!("CARGO_PKG_VERSION"),
            command: session.command(),
            model: file_name(file),
            model_sha256: model.sha256().to_owned(),
            encoder: encoder(model),
            threshold: self.threshold,
            prior: self.prior,
            training_prior: tf_prior(model),
            likely_share: predicted.likely_share,
            top: self.top.map(NonZeroUsize::get),
            proteins: (self.proteins != Path::new("-"))
                .then(|| digest::input_file("proteins", &self.proteins))
                .transpose()?,
            counts: &predicted.counts,
        };
        write_json(&unfinished::beside(&self.out, ".json"), &made)
    }
}

impl Job for Predict {
    type Outcome = Predicted;

    const NAME: &'static str = "protein predict";

    fn check(&self) -> Result<()> {
        if self.out != Path::new("-") {
            Content::Table.check("out", &self.out)?;
        }
        self.embeddings.check()?;
        if !(0.0..=1.0).contains(&self.threshold) {
            return Err(Error::argument(
                "threshold",
                "a probability, 0 to 1",
                self.threshold.to_string(),
            ));
        }
        if let Some(prior) = self.prior
            && !(prior > 0.0 && prior < 1.0)
        {
            return Err(
                Error::argument("prior", "a share above 0 and below 1", prior.to_string())
                    .hint("in a eukaryotic proteome it is some 0.05"),
            );
        }
        Ok(())
    }

    fn run(&self, session: &Session<'_>) -> Result<Predicted> {
        let (model, file) = load_model(&self.model)?;
        self.check_model(&model)?;
        self.check_out(&file)?;
        match answers(&model) {
            (false, _) => session.note(
                "the model tells classes, not whether a protein is a TF: p_tf and is_tf are empty",
            ),
            (_, false) => session.note(
                "the model tells whether a protein is a TF, not its class: class and p_… of classes \
                 are empty",
            ),
            (true, true) => {}
        }
        let scorer = self.scorer(&model, session)?;
        Reading::current().digest_as_read([self.proteins.as_path()]);
        let reader = ProteinReader::open(&self.proteins)?;
        let table = Table::create(&self.out, session)?;
        let mut journal = self.journal(&model, session)?;
        let (counts, p_tf) = self.score(&scorer, reader, &mut journal, table, session)?;
        let predicted = Predicted {
            out: self.out.clone(),
            counts,
            likely_share: self.likely_share(&model, &p_tf),
        };
        if self.out != Path::new("-") {
            self.describe(&model, &file, &predicted, session)?;
        }
        journal.map_or(Ok(()), Journal::finish)?;
        Ok(predicted)
    }
}

/// Whether a model tells TFs from other proteins, and whether it tells classes.
fn answers(model: &ProteinClassifier) -> (bool, bool) {
    match model {
        ProteinClassifier::Network(model) => {
            let heads = model.network.heads();
            (heads.tf(), heads.domain())
        }
        ProteinClassifier::Homology(model) => (model.answers_tf(), model.answers_classes()),
    }
}

/// What the model looks at.
fn encoder(model: &ProteinClassifier) -> String {
    match model {
        ProteinClassifier::Network(model) => model.training.encoder.representation.to_string(),
        ProteinClassifier::Homology(_) => "homology".to_owned(),
    }
}

/// The share of TFs in training; `None` if there were only these or none.
fn tf_prior(model: &ProteinClassifier) -> Option<f64> {
    match model {
        ProteinClassifier::Network(model) => {
            let calibration = model.calibration;
            calibration.tf_prior.or(calibration.domain_prior)
        }
        ProteinClassifier::Homology(model) => model.tf_prior(),
    }
}

/// The sequences it was trained on.
fn known(model: &ProteinClassifier) -> Cow<'_, KnownSequences> {
    match model {
        ProteinClassifier::Network(model) => Cow::Borrowed(&model.training.known),
        ProteinClassifier::Homology(model) => Cow::Owned(model.known()),
    }
}

/// The next proteins, until there are `most` or more than `residues` residues; none at the end.
fn read_chunk(reader: &mut ProteinReader, most: usize, residues: usize) -> Result<Vec<Protein>> {
    let mut proteins = Vec::new();
    let mut letters = 0;
    while proteins.len() < most && letters < residues {
        let mut protein = Protein::default();
        if !reader.read(&mut protein)? {
            break;
        }
        letters += protein.sequence.len();
        proteins.push(protein);
    }
    Ok(proteins)
}

/// Scores proteins.
struct Scorer<'a> {
    classifier: Classifier<'a>,
    known: Cow<'a, KnownSequences>,
    threshold: f64,
    prior: Option<f64>,
}

/// How scores come about.
enum Classifier<'a> {
    Network {
        predictor: Box<ProteinPredictor>,
        features: Box<FeatureSource>,
    },
    Homology(Box<HomologyPredictor<'a>>),
}

/// Proteins that are compared with labelled ones before the next are read.
const COMPARED: usize = 1024;

impl Scorer<'_> {
    /// The rows of `proteins`, those that the journal has taken from there.
    fn rows(
        &self,
        proteins: &[Protein],
        journal: Option<&mut Journal>,
        progress: &dyn Progress,
    ) -> Result<Vec<Row>> {
        let Some(journal) = journal else {
            return self.score(proteins, progress);
        };
        let mut rows = Vec::with_capacity(proteins.len());
        for protein in proteins {
            let Some(row) = journal.find(&journal_key(protein), progress)? else {
                break;
            };
            rows.push(row);
        }
        let rest = &proteins[rows.len()..];
        if !rest.is_empty() {
            for (protein, row) in rest.iter().zip(self.score(rest, progress)?) {
                journal.add(&journal_key(protein), &row)?;
                rows.push(row);
            }
            journal.flush()?;
        }
        Ok(rows)
    }

    fn score(&self, proteins: &[Protein], progress: &dyn Progress) -> Result<Vec<Row>> {
        // Those of which nothing is known are not scored.
        let telling: Cow<'_, [Protein]> = if proteins.iter().any(Protein::says_nothing) {
            let telling = proteins.iter().filter(|protein| !protein.says_nothing());
            telling.cloned().collect()
        } else {
            proteins.into()
        };
        let (said, represented): (Vec<Said>, _) = match &self.classifier {
            _ if telling.is_empty() => (Vec::new(), None),
            Classifier::Network {
                predictor,
                features,
            } => {
                let represented = features.represent(&telling, progress)?;
                let all: Vec<usize> = (0..telling.len()).collect();
                let numbers = represented.features.as_ref();
                let scores = predictor.scores(numbers, &all, self.prior, progress)?;
                let said = scores.into_iter().map(Said::of_network).collect();
                (said, Some(represented))
            }
            Classifier::Homology(predictor) => {
                let predictions = predictor.predict(&telling, self.prior, progress)?;
                progress.advance(telling.len() as u64);
                let said = predictions.into_iter().map(Said::of_homology);
                (said.collect(), None)
            }
        };
        let mut said = said.into_iter().enumerate();
        let mut row = |protein: &Protein| {
            if protein.says_nothing() {
                return self.row(protein, None, [false, false]);
            }
            let (place, said) = said.next().expect("scores of each of them");
            let long = match &represented {
                Some(it) => [it.chunked(place), it.features.cut(place)],
                None => [false, false],
            };
            self.row(protein, Some(said), long)
        };
        Ok(proteins.iter().map(&mut row).collect())
    }

    /// Proteins that may be scored at a time: progress is shown after them.
    fn proteins_at_a_time(&self) -> usize {
        match &self.classifier {
            Classifier::Network { .. } => PROTEINS,
            Classifier::Homology(_) => COMPARED,
        }
    }

    /// Residues that may be scored at a time.
    fn residues_at_a_time(&self) -> usize {
        match &self.classifier {
            Classifier::Network { features, .. } => features.residues_at_a_time(),
            Classifier::Homology(_) => usize::MAX,
        }
    }

    /// The row of a protein of which that is `said`, if anything is, that was embedded in chunks
    /// or cut.
    fn row(&self, protein: &Protein, said: Option<Said>, [chunked, cut]: [bool; 2]) -> Row {
        let scores = said.as_ref().map(|said| said.scores);
        let p_tf = scores.and_then(|scores| scores.p_tf);
        let p_class = scores.and_then(|scores| scores.p_class);
        let above = p_tf.map(|p| p >= self.threshold);
        let evidence = said.as_ref().and_then(|said| said.evidence.as_ref());
        // The classes of a homology model share out its p_tf, so that they follow the call; the
        // heads of a network may differ.
        let class = match (p_class, above, evidence) {
            (Some(p), Some(true), Some(_)) => Some(most_probable(&p[..CLASSES - 1])),
            (Some(_), Some(false), Some(_)) => Some(ProteinClass::NonTf),
            (p, _, _) => p.map(|p| most_probable(&p)),
        };
        let disagree = matches!((above, class), (Some(tf), Some(class)) if tf != class.is_tf());
        // A composition is no reason to call a protein a TF.
        let unfounded = above == Some(true) && evidence.is_some_and(Prediction::is_unknown);
        let call = above.map(|tf| match tf {
            _ if disagree || unfounded => Call::Uncertain,
            true => Call::Yes,
            false => Call::No,
        });
        let length = protein.sequence.len();
        let mended = protein.mended;
        let flags = [
            (said.is_none(), PredictionFlag::NothingKnown),
            (mended.stops > 0, PredictionFlag::InternalStop),
            (mended.gaps > 0, PredictionFlag::GapsRemoved),
            (mended.others > 0, PredictionFlag::OddCharacters),
            (disagree, PredictionFlag::HeadsDisagree),
            (
                evidence.is_some_and(|found| !found.has_relative),
                PredictionFlag::NoRelative,
            ),
            (said.is_some() && length < SHORT, PredictionFlag::Short),
            (
                protein.known_residues() < length,
                PredictionFlag::UnknownResidues,
            ),
            (chunked, PredictionFlag::Chunked),
            (cut, PredictionFlag::Cut),
            (
                self.known.contains(&protein.sequence),
                PredictionFlag::SeenInTraining,
            ),
        ];
        let flags = flags.into_iter().filter(|(is, _)| *is);
        Row {
            id: protein.id.clone(),
            length: if mended.empty { 0 } else { length },
            p_tf,
            call,
            class,
            p_class,
            domains: evidence.map(|found| found.domains.iter().map(ToString::to_string).collect()),
            flags: flags.map(|(_, flag)| flag).collect(),
        }
    }
}

/// What a model says of a protein.
struct Said {
    scores: ProteinScores,
    /// What a homology model found.
    evidence: Option<Prediction>,
}

impl Said {
    fn of_network(scores: ProteinScores) -> Self {
        Self {
            scores,
            evidence: None,
        }
    }

    fn of_homology(prediction: Prediction) -> Self {
        Self {
            scores: prediction.scores,
            evidence: Some(prediction),
        }
    }
}

/// The class with the largest of the probabilities `p`, the first of equals.
fn most_probable(p: &[f64]) -> ProteinClass {
    let mut best = 0;
    for (class, probability) in p.iter().enumerate() {
        if *probability > p[best] {
            best = class;
        }
    }
    ProteinClass::ALL[best]
}

impl PredictionCounts {
    fn add(&mut self, row: &Row) {
        self.proteins += 1;
        if let Some(call) = row.call {
            *self.tfs.get_or_insert(0) += u64::from(call == Call::Yes);
            self.uncertain += u64::from(call == Call::Uncertain);
        }
        if let Some(class) = row.class {
            *self.classes.entry(class).or_default() += 1;
        }
        for &flag in &row.flags {
            *self.flags.entry(flag).or_default() += 1;
        }
    }
}

/// The rows with the highest p_tf so far, few more than are wanted.
struct Best {
    most: usize,
    rows: Vec<(u64, Row)>,
    seen: u64,
}

impl Best {
    fn new(most: usize) -> Self {
        Self {
            most,
            rows: Vec::new(),
            seen: 0,
        }
    }

    fn add(&mut self, row: Row) {
        self.rows.push((self.seen, row));
        self.seen += 1;
        // Sorting now and then keeps memory at the wanted rows and some thousand.
        if self.rows.len() >= self.most.saturating_add(PROTEINS) {
            self.prune();
        }
    }

    /// Highest p_tf first; of equals, the earlier in the input.
    fn prune(&mut self) {
        self.rows.sort_by(|(i, a), (j, b)| {
            let order = b.p_tf.partial_cmp(&a.p_tf).unwrap_or(Ordering::Equal);
            order.then(i.cmp(j))
        });
        self.rows.truncate(self.most);
    }

    fn into_rows(mut self) -> impl Iterator<Item = Row> {
        self.prune();
        self.rows.into_iter().map(|(_, row)| row)
    }
}
