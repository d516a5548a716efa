//! Scores for sequences, or for regions of a genome.
//!
//! Sequences are read, scored and written a few thousand windows at a time, so that neither input
//! nor output has to fit into memory (a FASTA record has to).

pub(crate) mod input;
mod outside;
pub(crate) mod scorer;
pub(crate) mod taker;

use std::path::{Path, PathBuf};

use bindscape_base::digest::InputFile;
use bindscape_base::progress::Progress;
use bindscape_base::{Error, Result, digest};
use bindscape_genome::assembly;
use bindscape_matrix::scores::{ScoreFormat, ScoreHeader, ScoreWriter};
use bindscape_nn::{Model, Precision, Predictor, Strands};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::json;

use self::scorer::Scorer;
use self::taker::Taker;
use crate::data::file_name;
use crate::job::Job;
use crate::model;
use crate::session::Session;
use crate::unfinished;

/// What a model scores.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PredictionInput {
    /// Sequences. Records named by their region (`chrom:start-end`) are reported there, others by
    /// name and position.
    Fasta {
        /// FASTA file, may be compressed; `-` is standard input.
        fasta: PathBuf,
        /// The genome they are from. It is not read; the table names it.
        genome: Option<PathBuf>,
    },
    /// Regions of a genome.
    Regions {
        /// BED or narrowPeak file, may be compressed; `-` is standard input.
        regions: PathBuf,
        /// 2bit, or FASTA with its index beside it.
        genome: PathBuf,
    },
}

impl PredictionInput {
    /// What the table says of the genome where no file of it is read.
    pub(crate) fn genome_in_words(&self) -> Option<String> {
        match self {
            Self::Fasta { genome, .. } => Some(match genome {
                Some(genome) => format!("{}, by its name; it was not read", file_name(genome)),
                None => "not read: sequences were given".into(),
            }),
            Self::Regions { .. } => None,
        }
    }

    /// The files that are read, with their checksums; pipes have none.
    pub(crate) fn files(&self, session: &Session<'_>) -> Result<Vec<InputFile>> {
        let files: Vec<(&str, &Path)> = match self {
            Self::Fasta { fasta, .. } => vec![("sequences", fasta)],
            Self::Regions { regions, genome } => vec![("genome", genome), ("regions", regions)],
        };
        session.begin("checksums of the input", None);
        let files = files
            .into_par_iter()
            .filter(|(_, path)| path.is_file())
            .map(|(role, path)| digest::input_file(role, path))
            .collect();
        session.finish();
        files
    }
}

/// What is reported of a sequence of several windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WindowReport {
    /// The highest score of its windows.
    #[default]
    Max,
    /// The mean score of its windows.
    Mean,
    /// Every window, on a row of its own.
    Windows,
}

/// A plan of scores.
///
/// ```
/// use bindscape::Session;
/// use bindscape::predict::{Predict, PredictionInput};
/// # use bindscape::demo::{Demo, DemoStep};
/// # let directory = tempfile::tempdir()?;
/// # let here = directory.path();
/// # let demo = Demo { regions: 200, ..Demo::new(here.into()) };
/// # let data = demo.simulate(&bindscape_base::progress::Silent)?;
/// # let [DemoStep::Build(build), DemoStep::Pretrain(mut pretrain), ..] = demo.steps(&data) else { unreachable!() };
/// # (pretrain.training.max_epochs, pretrain.training.bootstrap.resamples) = (1, 0);
/// # Session::silent().run(&build)?;
/// # Session::silent().run(&pretrain)?;
///
/// std::fs::write(here.join("promoters.bed"), "chr1\t2000\t2500\tA\nchr1\t9000\t9010\tB\n")?;
/// let input = PredictionInput::Regions {
///     regions: here.join("promoters.bed"),
///     genome: here.join("data/genome.fa"),
/// };
/// let plan = Predict::new(here.join("multi"), input, here.join("scores.tsv"));
/// let predicted = Session::silent().run(&plan)?;
/// assert_eq!((predicted.rows, predicted.short), (2, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Predict {
    /// A run directory with one model, or a model file.
    pub model: PathBuf,
    /// What is scored.
    pub input: PredictionInput,
    /// Table to write ([`ScoreFormat`]); `-` is TSV on the session's output.
    pub out: PathBuf,
    /// Bases between windows over sequences longer than the model's; `None` for the model's
    /// length.
    pub stride: Option<u64>,
    /// What is reported of a sequence of several windows.
    pub report: WindowReport,
    /// Strands to score; the scores of both are averaged.
    pub strands: Strands,
    /// Share of bound regions among those that are scored. The odds of each TF are multiplied by
    /// its odds over those of the training, where often half of the regions are bound. `None`
    /// leaves them as they are.
    #[serde(default)]
    pub prior: Option<f64>,
    /// Stop at a region that does not lie in the genome, instead of giving it no score.
    #[serde(default)]
    pub refuse_outside: bool,
    /// Type of the products of the network.
    pub precision: Precision,
}

/// What was scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Predicted {
    /// Rows written.
    pub rows: u64,
    /// Rows without a score: letters other than A, C, G, T, no room for a window, or a region
    /// that does not lie in the genome.
    pub missing: u64,
    /// Regions past the end of their chromosome, or on chromosomes that the genome lacks.
    pub outside: u64,
    /// Sequences or regions shorter than the model's length.
    pub short: u64,
    /// Whether these were regions, of which the window around their centre was scored; short
    /// sequences have no score.
    pub widened: bool,
    /// Those of them with a summit, which was the centre of the window.
    pub at_summit: u64,
    /// The model's length in base pairs.
    pub length: u64,
}

impl Predict {
    /// Scores `input` with `model` on both strands, window by window without overlap.
    #[must_use]
    pub fn new(model: PathBuf, input: PredictionInput, out: PathBuf) -> Self {
        Self {
            model,
            input,
            out,
            stride: None,
            report: WindowReport::default(),
            strands: Strands::default(),
            prior: None,
            refuse_outside: false,
            precision: Precision::default(),
        }
    }

    fn header(&self, model: &Model, file: &Path, inputs: Vec<InputFile>) -> ScoreHeader {
        ScoreHeader {
            bindscape: env!("CARGO_PKG_VERSION").into(),
            inputs,
            genome: self.input.genome_in_words(),
            model: file_name(file),
            model_sha256: model.sha256().to_owned(),
            model_genome: model.training.genome.clone(),
            score: self.score_in_words(model),
            tfs: model.tfs.clone(),
        }
    }

    /// Per TF, what its odds are multiplied by; empty without a prior.
    fn odds(&self, model: &Model, file: &Path) -> Result<Vec<f64>> {
        let Some(prior) = self.prior else {
            return Ok(Vec::new());
        };
        let odds = |share: f64| share / (1.0 - share);
        let unknown = |found: String| {
            Error::argument(
                "prior",
                format!(
                    "a model that says which share of its training regions was bound ({})",
                    file.display()
                ),
                found,
            )
            .hint("leave ⟦prior⟧ out, or train the model with this version")
        };
        let Some(shares) = &model.training.bound_shares else {
            return Err(unknown("one that does not".into()));
        };
        shares
            .iter()
            .zip(&model.tfs)
            .map(|(&share, tf)| {
                if share > 0.0 && share < 1.0 {
                    Ok(odds(prior) / odds(share))
                } else {
                    Err(unknown(format!("a share of {share} for {tf}")))
                }
            })
            .collect()
    }

    /// What the probabilities take for granted.
    fn prior_in_words(&self, model: &Model) -> String {
        if let Some(prior) = self.prior {
            return format!("where {prior} of the regions are bound (prior)");
        }
        let Some(shares) = &model.training.bound_shares else {
            return "where as many regions are bound as in training".into();
        };
        let (low, high) = shares
            .iter()
            .fold((f64::INFINITY, 0.0_f64), |(low, high), &share| {
                (low.min(share), high.max(share))
            });
        let shares = match (format!("{low:.3}"), format!("{high:.3}")) {
            (low, high) if low == high => low,
            (low, high) => format!("{low} to {high}"),
        };
        format!("where {shares} of the regions are bound, as in training; fewer are in a genome")
    }

    fn score_in_words(&self, model: &Model) -> String {
        let length = model.architecture.length() as u64;
        let strands = match self.strands {
            Strands::Both => "mean of both strands",
            Strands::Forward => "forward strand",
        };
        let stride = self.stride.unwrap_or(length);
        let windows = match self.report {
            WindowReport::Max => "highest of the windows",
            WindowReport::Mean => "mean of the windows",
            WindowReport::Windows => "one row per window",
        };
        let precision = match self.precision {
            Precision::F32 => String::new(),
            half => format!(", computed in {half}"),
        };
        format!(
            "probability of binding {}; {strands}, windows of {length} bp every {stride} bp, \
             {windows}{precision}",
            self.prior_in_words(model)
        )
    }

    /// What scores, and the genome build of the model.
    fn scorer<'a>(&self, session: &'a Session<'a>) -> Result<(Scorer<'a>, Option<String>)> {
        let device = session.open_device(self.precision)?;
        let (model, file) = model::load(&self.model)?;
        let odds = self.odds(&model, &file)?;
        let header = self.header(&model, &file, self.input.files(session)?);
        let plan = unfinished::plan(
            "predict",
            model.sha256(),
            session.device(),
            json!({
                "both_strands": self.strands == Strands::Both,
                "precision": self.precision.to_string(),
            }),
        );
        let writer = if self.out == Path::new("-") {
            ScoreWriter::stream(session.output()?, &header)?
        } else {
            ScoreWriter::create(&self.out, &header)?
        };
        let scorer = Scorer::new(
            self,
            &model,
            Predictor::new(&model, &device).with_precision(self.precision),
            writer,
            unfinished::journal(&self.out, "batches of windows", &plan)?,
            odds,
            session,
        );
        Ok((scorer, model.training.genome))
    }
}

/// A warning if the genome's file is named after another assembly than the model's.
pub(crate) fn other_assembly(
    model_genome: &Option<String>,
    input: &PredictionInput,
) -> Option<String> {
    let (PredictionInput::Regions { genome, .. }
    | PredictionInput::Fasta {
        genome: Some(genome),
        ..
    }) = input
    else {
        return None;
    };
    let trained = model_genome.as_deref()?;
    let file = assembly::of_file_name(&file_name(genome))?;
    (assembly::known(trained)? != file).then(|| {
        format!(
            "warning: the model was trained on {trained}, and {} is named after {file}: \
             scores may be wrong, and the model's training regions cannot be recognised",
            genome.display()
        )
    })
}

impl Job for Predict {
    type Outcome = Predicted;

    const NAME: &'static str = "predict";

    fn check(&self) -> Result<()> {
        ScoreFormat::of(&self.out)?;
        if self.stride == Some(0) {
            return Err(Error::argument("stride", "at least 1", "0"));
        }
        match self.prior {
            Some(prior) if !(prior > 0.0 && prior < 1.0) => Err(Error::argument(
                "prior",
                "a share above 0 and below 1",
                prior.to_string(),
            )),
            _ => Ok(()),
        }
    }

    fn run(&self, session: &Session<'_>) -> Result<Predicted> {
        let (mut scorer, model_genome) = self.scorer(session)?;
        session.begin("scoring", None);
        let read = match &self.input {
            PredictionInput::Fasta { fasta, .. } => input::read_fasta(fasta, &mut scorer)?,
            PredictionInput::Regions { regions, genome } => {
                input::read_regions(regions, genome, self.refuse_outside, &mut scorer)?
            }
        };
        scorer.flush()?;
        session.finish();
        for note in read.notes {
            session.note(&note);
        }
        if let Some(note) = other_assembly(&model_genome, &self.input) {
            session.note(&note);
        }
        let length = scorer.length();
        let (rows, missing) = scorer.finish()?;
        Ok(Predicted {
            rows,
            missing,
            outside: read.outside,
            short: read.short,
            widened: matches!(self.input, PredictionInput::Regions { .. }),
            at_summit: read.at_summit,
            length,
        })
    }
}
