//! `bindscape protein predict`: is a protein a transcription factor, and of which kind?
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
use bindscape_base::{Error, Result, atomic, digest};
use bindscape_nn::DeviceChoice;
use bindscape_nn::protein::baseline::HomologyPredictor;
use bindscape_nn::protein::{KnownSequences, ProteinClassifier, ProteinPredictor, ProteinScores};
use bindscape_protein::{Protein, ProteinClass, ProteinReader, amino_acid};
use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::options::EmbeddingArguments;
use crate::finetune::file_name;
use crate::terminal::Terminal;
use bindscape::data::thousands;
use bindscape::protein::features::{FeatureSource, Represented};
use bindscape::protein::journal_key;
use bindscape::protein::model::load_model;
use bindscape::unfinished;
use table::{Row, Table};

/// Proteins that are scored before the next are read.
const PROTEINS: usize = 4096;

/// Options of `protein predict`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Model: the directory of a training, or a .safetensors file
    #[arg(long, value_name = "RUN|FILE")]
    model: PathBuf,
    /// Proteins to score (FASTA, may be compressed; `-` is standard input)
    #[arg(long, value_name = "FASTA")]
    proteins: PathBuf,
    #[command(flatten)]
    embeddings: EmbeddingArguments,
    /// Probability from which on a protein is called a TF
    #[arg(long, value_name = "P", default_value_t = 0.5)]
    threshold: f64,
    /// Write the N proteins with the highest p_tf only, the highest first
    #[arg(long, value_name = "N")]
    top: Option<NonZeroUsize>,
    /// Share of TFs among the proteins at hand; training sets hold far more than a proteome does [default: as in training]
    #[arg(long, value_name = "SHARE")]
    prior: Option<f64>,
    /// Table to write; `-` is standard output. Beside a file, FILE.json says what made it; the same command continues an interrupted one
    #[arg(long, value_name = "TSV", default_value = "-")]
    out: PathBuf,
    /// Compute device
    #[arg(long, default_value = "cpu", value_name = "DEVICE")]
    device: DeviceChoice,
}

/// What may be said of a protein beside its scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Flag {
    /// One head says that it is a TF, the other that it is none.
    HeadsDisagree,
    /// It holds letters other than the twenty amino acids.
    UnknownResidues,
    /// It was embedded in overlapping chunks.
    Chunked,
    /// It is longer than the network's input; residues at its end were not seen.
    Cut,
    /// The model was trained or validated on this sequence.
    SeenInTraining,
}

impl Flag {
    fn name(self) -> &'static str {
        match self {
            Flag::HeadsDisagree => "heads_disagree",
            Flag::UnknownResidues => "unknown_residues",
            Flag::Chunked => "chunked",
            Flag::Cut => "cut",
            Flag::SeenInTraining => "seen_in_training",
        }
    }
}

/// `FILE.json` beside a table: what made it.
#[derive(Debug, Serialize)]
struct Made {
    bindscape: &'static str,
    command: Vec<String>,
    model: String,
    model_sha256: String,
    encoder: String,
    threshold: f64,
    prior: Option<f64>,
    /// Share of TFs in training, which `prior` replaces.
    training_prior: Option<f64>,
    top: Option<usize>,
    /// Missing for standard input.
    proteins: Option<InputFile>,
    counts: Counts,
}

/// What was read and said.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
struct Counts {
    proteins: u64,
    /// Missing for a model without the head.
    tfs: Option<u64>,
    classes: BTreeMap<ProteinClass, u64>,
    flags: BTreeMap<Flag, u64>,
    /// Sequences whose final `*` was dropped.
    stops_dropped: u64,
}

pub(super) fn run(arguments: Arguments, terminal: &Terminal) -> Result<()> {
    let (model, file) = load_model(&arguments.model)?;
    check(&arguments, &model)?;
    let device = arguments.device.open()?;
    let scorer = Scorer {
        known: known(&model),
        way: match &model {
            ProteinClassifier::Network(model) => {
                let encoder = &model.training.encoder;
                let embeddings = &arguments.embeddings.options();
                Way::Network {
                    predictor: Box::new(ProteinPredictor::new(model, &device)),
                    source: Box::new(FeatureSource::of(
                        encoder,
                        embeddings,
                        arguments.device,
                        terminal,
                    )?),
                }
            }
            ProteinClassifier::Homology(model) => {
                arguments
                    .embeddings
                    .options()
                    .refuse("since the model compares sequences")?;
                Way::Homology(HomologyPredictor::new(model))
            }
        },
        threshold: arguments.threshold,
        prior: arguments.prior,
    };
    let mut reader = ProteinReader::open(&arguments.proteins)?;
    let mut table = Table::create(&arguments.out)?;
    let plan = unfinished::plan(
        "protein predict",
        model.sha256(),
        arguments.device,
        json!({
            "embeddings": arguments.embeddings.options(),
            "threshold": arguments.threshold,
            "prior": arguments.prior,
        }),
    );
    let mut journal = unfinished::journal(&arguments.out, "proteins", &plan)?;
    let mut best = arguments.top.map(|top| Best::new(top.get()));
    let mut counts = Counts::default();
    terminal.begin("scoring proteins", None);
    loop {
        let proteins = read_chunk(
            &mut reader,
            scorer.proteins_at_a_time(),
            scorer.residues_at_a_time(),
        )?;
        if proteins.is_empty() {
            break;
        }
        for row in scorer.rows(&proteins, journal.as_mut(), terminal)? {
            counts.add(&row);
            match &mut best {
                Some(best) => best.add(row),
                None => table.write(&row)?,
            }
        }
    }
    terminal.finish();
    if let Some(journal) = &mut journal {
        journal.check_end()?;
    }
    for row in best.into_iter().flat_map(Best::into_rows) {
        table.write(&row)?;
    }
    counts.stops_dropped = reader.stops();
    table.finish()?;
    counts.tell(terminal);
    if arguments.out != Path::new("-") {
        let made = Made {
            bindscape: env!("CARGO_PKG_VERSION"),
            command: std::env::args().collect(),
            model: file_name(&file),
            model_sha256: model.sha256().to_owned(),
            encoder: encoder(&model),
            threshold: arguments.threshold,
            prior: arguments.prior,
            training_prior: tf_prior(&model),
            top: arguments.top.map(NonZeroUsize::get),
            proteins: (arguments.proteins != Path::new("-"))
                .then(|| digest::input_file("proteins", &arguments.proteins))
                .transpose()?,
            counts,
        };
        let mut json = serde_json::to_vec_pretty(&made).expect("plain fields make JSON");
        json.push(b'\n');
        atomic::write(unfinished::beside(&arguments.out, ".json"), &json)?;
    }
    journal.map_or(Ok(()), Journal::finish)
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

fn check(arguments: &Arguments, model: &ProteinClassifier) -> Result<()> {
    if !(0.0..=1.0).contains(&arguments.threshold) {
        return Err(Error::argument(
            "threshold",
            "a probability, 0 to 1",
            arguments.threshold.to_string(),
        ));
    }
    if let Some(prior) = arguments.prior {
        if !(prior > 0.0 && prior < 1.0) {
            return Err(
                Error::argument("prior", "a share above 0 and below 1", prior.to_string())
                    .hint("in a eukaryotic proteome it is some 0.05"),
            );
        }
        if tf_prior(model).is_none() {
            return Err(Error::argument(
                "prior",
                "a model that was trained on TFs and other proteins",
                "one that was trained on one kind only",
            )
            .hint("leave --prior out"));
        }
    }
    let answers_tf = match model {
        ProteinClassifier::Network(model) => model.network.heads().tf(),
        ProteinClassifier::Homology(model) => model.answers_tf(),
    };
    if arguments.top.is_some() && !answers_tf {
        return Err(Error::argument(
            "top",
            "a model that tells TFs, with p_tf",
            "one that tells classes only",
        )
        .hint("leave --top out and sort the table by a class"));
    }
    Ok(())
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

struct Scorer<'a> {
    way: Way<'a>,
    known: Cow<'a, KnownSequences>,
    threshold: f64,
    prior: Option<f64>,
}

/// How scores come about.
enum Way<'a> {
    Network {
        predictor: Box<ProteinPredictor>,
        source: Box<FeatureSource>,
    },
    Homology(HomologyPredictor<'a>),
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
        let (scores, represented) = match &self.way {
            Way::Network { predictor, source } => {
                let represented = source.represent(proteins, progress)?;
                let all: Vec<usize> = (0..proteins.len()).collect();
                let features = represented.features.as_ref();
                let scores = predictor.scores(features, &all, self.prior, progress)?;
                (scores, Some(represented))
            }
            Way::Homology(predictor) => {
                let scores = predictor.scores(proteins, self.prior, progress)?;
                progress.advance(proteins.len() as u64);
                (scores, None)
            }
        };
        let rows = proteins.iter().zip(scores).enumerate();
        Ok(rows
            .map(|(place, (protein, scores))| {
                self.row(protein, scores, represented.as_ref(), place)
            })
            .collect())
    }

    /// Proteins that may be scored at a time: progress is shown after them.
    fn proteins_at_a_time(&self) -> usize {
        match &self.way {
            Way::Network { .. } => PROTEINS,
            Way::Homology(_) => COMPARED,
        }
    }

    /// Residues that may be scored at a time.
    fn residues_at_a_time(&self) -> usize {
        match &self.way {
            Way::Network { source, .. } => source.residues_at_a_time(),
            Way::Homology(_) => usize::MAX,
        }
    }

    fn row(
        &self,
        protein: &Protein,
        scores: ProteinScores,
        represented: Option<&Represented<'_>>,
        place: usize,
    ) -> Row {
        let is_tf = scores.p_tf.map(|p| p >= self.threshold);
        let class = scores.p_class.map(most_probable);
        let mut flags = Vec::new();
        if let (Some(is_tf), Some(class)) = (is_tf, class)
            && is_tf != class.is_tf()
        {
            flags.push(Flag::HeadsDisagree);
        }
        let unknown = |&letter: &u8| amino_acid(letter).is_none();
        if protein.sequence.iter().any(unknown) {
            flags.push(Flag::UnknownResidues);
        }
        if represented.is_some_and(|it| it.chunked(place)) {
            flags.push(Flag::Chunked);
        }
        if represented.is_some_and(|it| it.features.cut(place)) {
            flags.push(Flag::Cut);
        }
        if self.known.contains(&protein.sequence) {
            flags.push(Flag::SeenInTraining);
        }
        Row {
            id: protein.id.clone(),
            length: protein.sequence.len(),
            p_tf: scores.p_tf,
            is_tf,
            class,
            p_class: scores.p_class,
            flags,
        }
    }
}

/// The class with the largest probability, the first of equals.
fn most_probable<const N: usize>(p: [f64; N]) -> ProteinClass {
    let mut best = ProteinClass::ALL[0];
    for class in ProteinClass::ALL {
        if p[class.index()] > p[best.index()] {
            best = class;
        }
    }
    best
}

impl Counts {
    fn add(&mut self, row: &Row) {
        self.proteins += 1;
        if let Some(is_tf) = row.is_tf {
            *self.tfs.get_or_insert(0) += u64::from(is_tf);
        }
        if let Some(class) = row.class {
            *self.classes.entry(class).or_default() += 1;
        }
        for &flag in &row.flags {
            *self.flags.entry(flag).or_default() += 1;
        }
    }

    fn tell(&self, terminal: &Terminal) {
        let line = |count, what: &str| terminal.note(&format!("{:>12}  {what}", thousands(count)));
        line(self.proteins, "proteins");
        if let Some(tfs) = self.tfs {
            line(tfs, "called TFs");
        }
        for (class, &count) in &self.classes {
            line(count, &format!("with class {}", class.name()));
        }
        for (flag, &count) in &self.flags {
            line(count, &format!("flagged {}", flag.name()));
        }
        if self.stops_dropped > 0 {
            line(self.stops_dropped, "final stops ('*') dropped");
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
