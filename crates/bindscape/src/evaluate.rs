//! Metrics of a model on regions that it was not fitted on, alone or against another model or a
//! de novo PWM on the same regions.

mod pwm;
mod rows;

use std::path::PathBuf;

use bindscape_base::progress::Progress;
use bindscape_base::{Error, Place, Result, Subject, atomic, names};
use bindscape_genome::load::SequenceInput;
use bindscape_genome::sequence::{PackedSequences, SequenceSource};
use bindscape_matrix::results::Evaluation;
use bindscape_matrix::{BindingMatrix, View};
use bindscape_motif::Format;
use bindscape_motif::format::write_motifs;
use bindscape_nn::compare::{Difference, compare};
use bindscape_nn::evaluate::Bootstrap;
use bindscape_nn::{Device, Model, Precision, Predictor, Strands};
use serde::{Deserialize, Serialize};
use serde_json::json;

use self::pwm::DenovoPwms;
use crate::content::Content;
use crate::data;
use crate::job::Job;
use crate::model;
use crate::run_directory::{read_json, write_json};
use crate::session::Session;
use crate::training::{self, BootstrapPlan, PREDICTION_BATCH};

/// Regions that a model can be measured on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EvaluationRegions {
    /// The test part of the model's own training.
    #[default]
    HeldOut,
    /// All regions of the matrix that share no base with those it was fitted on.
    Unseen,
}

/// A plan of an evaluation.
///
/// ```
/// use bindscape::Session;
/// use bindscape::evaluate::{Evaluate, EvaluationRegions};
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
/// let genome = bindscape_genome::load::SequenceInput::Genome(here.join("data/genome.fa"));
/// let mut plan = Evaluate::new(here.join("multi"), here.join("matrix.parquet"), genome);
/// plan.on = EvaluationRegions::HeldOut;
/// plan.bootstrap.resamples = 0;
/// let evaluated = Session::silent().run(&plan)?;
/// let tf = &evaluated.evaluations[0].tfs[0];
/// println!("{}: AUCPR {:?} on {} regions", tf.tf, tf.aucpr.value, tf.regions);
/// # assert!(tf.regions > 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evaluate {
    /// A run directory with one model, or a model file.
    pub model: PathBuf,
    /// A second model, measured on the same regions and compared.
    pub against: Option<PathBuf>,
    /// Binding matrix (Parquet) with the labels.
    pub matrix: PathBuf,
    /// Where the sequences of its regions come from.
    pub sequences: SequenceInput,
    /// Width of the sequences in base pairs, around the centres of the regions, whose labels they
    /// keep; `None` for that of the regions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// TFs to evaluate; `None` for all of the model.
    pub tfs: Option<Vec<String>>,
    /// Regions to evaluate on.
    pub on: EvaluationRegions,
    /// How regions with one kind of evidence only are read.
    pub view: View,
    /// Confidence intervals of the metrics.
    pub bootstrap: BootstrapPlan,
    /// Seed of the bootstrap, and of the controls of PWMs.
    pub seed: u64,
    /// Type of the products of the network.
    pub precision: Precision,
    /// Measure PWMs, too: learned de novo from the regions that the model itself was fitted on,
    /// scored by sum occupancy.
    pub pwm: bool,
    /// Write these PWMs in MEME's format.
    pub pwm_out: Option<PathBuf>,
    /// Write the metrics with their curves as JSON.
    pub out: Option<PathBuf>,
}

/// What an evaluation found.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluated {
    /// Metrics of the model, of the one it is compared with, and of PWMs, in this order.
    pub evaluations: Vec<Evaluation>,
    /// The model's metrics less those of the other, TF by TF; `None` without another.
    pub differences: Option<Vec<Difference>>,
}

/// A model and its file.
type Loaded = (Model, PathBuf);

/// The regions of an evaluation.
struct Regions {
    sequences: PackedSequences,
    /// `[row * TFs + tf]`.
    labels: Vec<Option<bool>>,
}

impl Evaluate {
    /// Measures `model` on its held-out regions.
    #[must_use]
    pub fn new(model: PathBuf, matrix: PathBuf, sequences: SequenceInput) -> Self {
        Self {
            model,
            against: None,
            matrix,
            sequences,
            width: None,
            tfs: None,
            on: EvaluationRegions::default(),
            view: View::Sparse,
            bootstrap: BootstrapPlan::default(),
            seed: 1,
            precision: Precision::default(),
            pwm: false,
            pwm_out: None,
            out: None,
        }
    }

    /// Refuses models without the TFs asked for, or whose regions are not known.
    fn check_models(&self, models: &[Loaded], tfs: &[String]) -> Result<()> {
        for (model, file) in models {
            if !model.training.regions_known {
                return Err(Error::input(
                    file,
                    Place::File,
                    "a model that carries the regions it was trained on",
                    "imported weights, whose regions are unknown",
                )
                .hint("without them no evaluation can be free of leakage"));
            }
            if let Some(tf) = tfs.iter().find(|tf| !model.tfs.contains(tf)) {
                return Err(
                    Error::input(file, Place::File, format!("an output for {tf}"), "none").hint(
                        names::suggestion(
                            tf,
                            model.tfs.iter().map(String::as_str),
                            "choose with ⟦tfs⟧ among the TFs of the model",
                        ),
                    ),
                );
            }
        }
        Ok(())
    }

    fn read_matrix(
        &self,
        models: &[Loaded],
        tfs: &[String],
        session: &Session<'_>,
    ) -> Result<BindingMatrix> {
        let matrix = data::read_matrix(&self.matrix, Some(tfs), session)?;
        let matrix = data::widened(matrix, self.width, &self.matrix, session)?;
        let genome = matrix.provenance.genome.as_deref();
        let width = data::width(&matrix, &self.matrix)?;
        for (model, file) in models {
            model::check_build(model, file, genome, &self.matrix, session)?;
            model::check_length(model, file, width, &self.matrix, model::OTHER_LENGTH)?;
        }
        Ok(matrix)
    }

    /// The regions that no model was fitted on, with their sequences and labels.
    fn regions(
        &self,
        matrix: &BindingMatrix,
        models: &[Loaded],
        source: &mut dyn SequenceSource,
        session: &Session<'_>,
    ) -> Result<Regions> {
        let rows = rows::choose(self, matrix, models, session)?;
        let length = models[0].0.architecture.length();
        let sequences = data::fetch(source, &matrix.regions.select(&rows), length, session)?;
        let unknown = (0..rows.len()).filter(|&row| sequences.has_unknown(row));
        match unknown.count() {
            0 => {}
            all if all == rows.len() => {
                return Err(Error::argument(
                    "sequences",
                    "regions of A, C, G and T",
                    "unknown bases (N) in each of them",
                ));
            }
            unknown => session.note(&format!(
                "{:>12}  of them are not scored: sequence with unknown bases (N)",
                data::thousands(unknown as u64)
            )),
        }
        let labels = rows
            .iter()
            .flat_map(|&row| {
                let columns = matrix.columns.iter();
                columns.map(move |column| column[row].label(self.view))
            })
            .collect();
        Ok(Regions { sequences, labels })
    }

    /// The metrics of a model, and its scores, `[row * TFs + tf]`.
    fn measure(
        &self,
        (model, file): &Loaded,
        tfs: &[String],
        regions: &Regions,
        device: &Device,
        session: &Session<'_>,
    ) -> Result<(Evaluation, Vec<Option<f32>>)> {
        let predictor = Predictor::new(model, device).with_precision(self.precision);
        let sequences = &regions.sequences;
        session.begin(
            &format!("scoring with {}", file.display()),
            Some(sequences.len() as u64),
        );
        let scores = predictor.predict(sequences, Strands::Both, PREDICTION_BATCH, session)?;
        session.finish();
        let scores = of_tfs(&scores, model, tfs)?;
        let options = self.bootstrap_options();
        let evaluation = Evaluation {
            model: file.display().to_string(),
            model_sha256: model.sha256().to_owned(),
            data: match self.on {
                EvaluationRegions::HeldOut => "held-out regions of the model".into(),
                EvaluationRegions::Unseen => "all unseen regions of the matrix".into(),
            },
            level: options.level,
            resamples: options.resamples,
            tfs: training::metrics(tfs, &scores, &regions.labels, options),
        };
        Ok((evaluation, scores))
    }

    fn bootstrap_options(&self) -> Bootstrap {
        self.bootstrap.options(self.seed)
    }

    /// The metrics of PWMs, which are also written where they are asked for.
    fn measure_pwms(
        &self,
        pwms: &DenovoPwms,
        regions: &Regions,
        model: &Loaded,
        like: &Evaluation,
        session: &Session<'_>,
    ) -> Result<Evaluation> {
        let evaluation = pwms.evaluate(
            &regions.sequences,
            &regions.labels,
            self.bootstrap_options(),
            like,
        )?;
        if let Some(file) = self.beside_results(model, &evaluation)? {
            write_json(&file, &evaluation)?;
            session.note(&format!(
                "wrote {}, which `report` shows beside the network",
                file.display()
            ));
        }
        if let Some(out) = &self.pwm_out {
            atomic::write(out, write_motifs(pwms.motifs(), Format::Meme).as_bytes())?;
        }
        Ok(evaluation)
    }

    /// Where the metrics of PWMs belong in the model's run: where those of the model lie, if both
    /// are of the same TFs and of as many regions and bound ones. Another view of the matrix has
    /// others.
    fn beside_results(&self, (model, file): &Loaded, pwms: &Evaluation) -> Result<Option<PathBuf>> {
        let Some(directory) = file.parent() else {
            return Ok(None);
        };
        let metrics = directory.join("metrics.json");
        let alike = self.on == EvaluationRegions::HeldOut
            && self.against.is_none()
            && self.tfs.as_ref().is_none_or(|tfs| *tfs == model.tfs)
            && metrics.exists();
        if !alike {
            return Ok(None);
        }
        let tested: Evaluation = read_json(&metrics)?;
        let same = tested.tfs.len() == pwms.tfs.len()
            && tested.tfs.iter().zip(&pwms.tfs).all(|(network, pwm)| {
                (&network.tf, network.regions, network.positives)
                    == (&pwm.tf, pwm.regions, pwm.positives)
            });
        Ok(same.then(|| directory.join("pwm.json")))
    }

    /// The differences of two models' metrics.
    fn differences(
        &self,
        tfs: &[String],
        scores: &[Vec<Option<f32>>],
        labels: &[Option<bool>],
    ) -> Option<Vec<Difference>> {
        let [first, second] = scores else {
            return None;
        };
        let of_tf = |(index, tf): (usize, &String)| {
            compare(
                tf,
                &training::column(first, index, tfs.len()),
                &training::column(second, index, tfs.len()),
                &training::column(labels, index, tfs.len()),
                self.bootstrap_options(),
            )
        };
        Some(tfs.iter().enumerate().map(of_tf).collect())
    }
}

/// The scores of the TFs asked for, out of those of all TFs of the model.
fn of_tfs(scores: &[Option<f32>], model: &Model, tfs: &[String]) -> Result<Vec<Option<f32>>> {
    let columns: Vec<usize> = tfs
        .iter()
        .map(|tf| bindscape_matrix::tf_index(&model.tfs, tf, Subject::field("tfs")))
        .collect::<Result<_>>()?;
    Ok(scores
        .chunks_exact(model.tfs.len())
        .flat_map(|row| columns.iter().map(|&column| row[column]))
        .collect())
}

impl Job for Evaluate {
    type Outcome = Evaluated;

    const NAME: &'static str = "evaluate";

    fn check(&self) -> Result<()> {
        if let Some(path) = &self.out {
            Content::Json.check("out", path)?;
        }
        if let Some(path) = &self.pwm_out {
            Content::Motifs(Format::Meme).check("pwm_out", path)?;
        }
        if self.tfs.as_ref().is_some_and(Vec::is_empty) {
            return Err(Error::argument("tfs", "names of TFs", "none"));
        }
        let tfs = self.tfs.as_deref().unwrap_or_default();
        if let Some(tf) = data::twice(tfs) {
            let found = format!("`{tf}` twice");
            return Err(Error::argument("tfs", "each TF once", found));
        }
        if self.pwm_out.is_some() && !self.pwm {
            return Err(Error::argument(
                "pwm_out",
                "nothing without ⟦pwm⟧",
                "a file for PWMs",
            ));
        }
        self.bootstrap.check()
    }

    fn run(&self, session: &Session<'_>) -> Result<Evaluated> {
        let device = session.open_device(self.precision)?;
        let models: Vec<Loaded> = std::iter::once(&self.model)
            .chain(&self.against)
            .map(|path| model::load(path))
            .collect::<Result<_>>()?;
        let tfs = self.tfs.clone().unwrap_or_else(|| models[0].0.tfs.clone());
        self.check_models(&models, &tfs)?;
        let matrix = self.read_matrix(&models, &tfs, session)?;
        let mut source = self.sequences.open()?;
        let regions = self.regions(&matrix, &models, source.as_mut(), session)?;
        let (mut evaluations, mut scores) = (Vec::new(), Vec::new());
        for model in &models {
            let (evaluation, of_model) = self.measure(model, &tfs, &regions, &device, session)?;
            evaluations.push(evaluation);
            scores.push(of_model);
        }
        let differences = self.differences(&tfs, &scores, &regions.labels);
        if self.pwm {
            let pwms = DenovoPwms::learn(self, &models[0], &matrix, source.as_mut(), session)?;
            let like = evaluations[0].clone();
            evaluations.push(self.measure_pwms(&pwms, &regions, &models[0], &like, session)?);
        }
        if let Some(out) = &self.out {
            write_json(
                out,
                &json!({ "evaluations": evaluations, "differences": differences }),
            )?;
        }
        Ok(Evaluated {
            evaluations,
            differences,
        })
    }
}
