//! Scores for sequences, or for regions of a genome.
//!
//! Sequences are read, scored and written a few thousand windows at a time, so that neither input
//! nor output has to fit into memory (a FASTA record has to).

mod input;
mod scorer;

use std::path::{Path, PathBuf};

use bindscape_base::progress::Progress;
use bindscape_base::{Error, Result};
use bindscape_matrix::scores::{ScoreFormat, ScoreHeader, ScoreWriter};
use bindscape_nn::{Model, Precision, Predictor, Strands};
use serde::{Deserialize, Serialize};
use serde_json::json;

use self::scorer::Scorer;
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
        /// The genome they are from, which the table names if the model names none.
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
    fn genome(&self) -> Option<&Path> {
        match self {
            Self::Fasta { genome, .. } => genome.as_deref(),
            Self::Regions { genome, .. } => Some(genome),
        }
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Type of the products of the network.
    pub precision: Precision,
}

/// What was scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Predicted {
    /// Rows written.
    pub rows: u64,
    /// Rows without a score: letters other than A, C, G, T, or no room for a window.
    pub missing: u64,
    /// Sequences or regions shorter than the model's length.
    pub short: u64,
    /// Whether these were regions, of which the window around their centre was scored; short
    /// sequences have no score.
    pub widened: bool,
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
            precision: Precision::default(),
        }
    }

    fn header(&self, model: &Model, file: &Path) -> ScoreHeader {
        ScoreHeader {
            bindscape: env!("CARGO_PKG_VERSION").into(),
            genome: model
                .training
                .genome
                .clone()
                .or_else(|| self.input.genome().map(file_name)),
            model: file_name(file),
            model_sha256: model.sha256().to_owned(),
            score: self.score_in_words(model.architecture.length() as u64),
            tfs: model.tfs.clone(),
        }
    }

    fn score_in_words(&self, length: u64) -> String {
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
            "probability of binding, {strands}, windows of {length} bp every {stride} bp, \
             {windows}{precision}"
        )
    }

    fn scorer<'a>(&self, session: &'a Session<'a>) -> Result<Scorer<'a>> {
        let device = session.open_device(self.precision)?;
        let (model, file) = model::load(&self.model)?;
        let header = self.header(&model, &file);
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
        Ok(Scorer::new(
            self,
            &model,
            Predictor::new(&model, &device).with_precision(self.precision),
            writer,
            unfinished::journal(&self.out, "batches of windows", &plan)?,
            session,
        ))
    }
}

impl Job for Predict {
    type Outcome = Predicted;

    const NAME: &'static str = "predict";

    fn check(&self) -> Result<()> {
        ScoreFormat::of(&self.out)?;
        if self.stride == Some(0) {
            return Err(Error::argument("stride", "at least 1", "0"));
        }
        Ok(())
    }

    fn run(&self, session: &Session<'_>) -> Result<Predicted> {
        let mut scorer = self.scorer(session)?;
        session.begin("scoring", None);
        let short = match &self.input {
            PredictionInput::Fasta { fasta, .. } => input::score_fasta(fasta, &mut scorer)?,
            PredictionInput::Regions { regions, genome } => {
                input::score_regions(regions, genome, &mut scorer)?
            }
        };
        scorer.flush()?;
        session.finish();
        let length = scorer.length();
        let (rows, missing) = scorer.finish()?;
        Ok(Predicted {
            rows,
            missing,
            short,
            widened: matches!(self.input, PredictionInput::Regions { .. }),
            length,
        })
    }
}
