//! Fits every model on the training part of every fold, side by side.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use bindscape_base::progress::Progress;
use bindscape_base::{Error, Result, atomic};
use bindscape_nn::DeviceChoice;
use bindscape_nn::protein::ProteinEpoch;
use bindscape_nn::train::Observer;
use bindscape_protein::baseline::{
    Baseline, BaselineData, Logistic, MeanFeatures, NearestAlignment, NearestEmbedding, Neighbours,
    TfPredict,
};
use bindscape_protein::homology::{
    HomologyModel, HomologyPredictor, HomologyTraining, LabelledProteins,
};
use bindscape_protein::{Folds, Label, Protein, ProteinScores, hold_out};

use super::inputs::features;
use super::models::{Input, InputKind, Kind, Model};
use super::networks::NetworkTraining;
use super::predictions;
use super::run::Run;
use crate::data::counted;
use crate::protein::run::count_labels;
use crate::session::Session;
use crate::side_by_side::{self, SharedProgress};

/// Does what is left of the run. What is finished is kept when another model fails or the
/// user stops.
pub(super) fn fit(
    run: &Run<'_>,
    groups: Option<&[u32]>,
    folds: &Folds,
    session: &Session<'_>,
) -> Result<()> {
    let jobs: Vec<(&Model, u32)> = run
        .models
        .iter()
        .flat_map(|model| run.folds_now.iter().map(move |&fold| (model, fold)))
        .filter(|(model, fold)| !run.finished(model, *fold))
        .collect();
    if jobs.is_empty() {
        return Ok(());
    }
    let shared = Shared::new(run, &jobs, session)?;
    let workers = side_by_side::workers(jobs.len(), session);
    session.begin(
        &format!(
            "{} to fit, {workers} at a time",
            counted(jobs.len() as u64, "model")
        ),
        Some(jobs.len() as u64),
    );
    let all_jobs = SharedProgress::new(session, jobs.len());
    let times = Mutex::new(());
    let done = side_by_side::all(jobs.len(), workers, &all_jobs, &|index| {
        let (model, fold) = jobs[index];
        let label = format!("{} fold {}", model.name, fold + 1);
        let watcher = ModelWatcher {
            all_jobs: &all_jobs,
            index,
            label: &label,
        };
        let started = Instant::now();
        let work = Fit {
            run,
            shared: &shared,
            groups,
            folds,
            device: session.device(),
            watcher: &watcher,
        };
        let result = work.model(model, fold);
        all_jobs.show(index, None);
        result.map_err(|error| error.within(&label))?;
        let seconds = started.elapsed().as_secs_f64();
        let _one = times.lock().unwrap_or_else(PoisonError::into_inner);
        note_seconds(run, model, fold, seconds)?;
        all_jobs.ended(&format!("{label}: {seconds:.0} s"));
        Ok(())
    });
    session.finish();
    done.map(|_| ())
}

/// Adds a line to `seconds.tsv`. It is no result: two runs differ in it.
fn note_seconds(run: &Run<'_>, model: &Model, fold: u32, seconds: f64) -> Result<()> {
    let path = run.plan.out.join("seconds.tsv");
    let mut text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            "model\tfold\tseconds\tthreads\n".into()
        }
        Err(source) => return Err(Error::io("read", &path, source)),
    };
    let threads = rayon::current_num_threads();
    text += &format!("{}\t{}\t{seconds:.1}\t{threads}\n", model.name, fold + 1);
    atomic::write(&path, text.as_bytes())
}

/// What several models use.
struct Shared {
    neighbours: Option<Neighbours>,
    composition: Option<MeanFeatures>,
    means: Vec<(InputKind, MeanFeatures)>,
}

impl Shared {
    fn new(run: &Run<'_>, jobs: &[(&Model, u32)], session: &Session<'_>) -> Result<Self> {
        let any = |wanted: &dyn Fn(&Model) -> bool| jobs.iter().any(|(model, _)| wanted(model));
        let aligned =
            |model: &Model| matches!(model.kind, Kind::TfPredict | Kind::NearestAlignment);
        let vectors = |model: &Model| matches!(model.kind, Kind::Logistic | Kind::NearestEmbedding);
        let mut means = Vec::new();
        for kind in InputKind::ALL {
            if any(&|model| vectors(model) && model.input == Input::Residues(kind)) {
                let (features, _) = features(run, Input::Residues(kind))?;
                let mean = MeanFeatures::new(&*features, run.proteins.len(), session)?;
                means.push((kind, mean));
            }
        }
        Ok(Self {
            neighbours: any(&aligned)
                .then(|| Neighbours::search(&run.proteins, run.labels.len(), session))
                .transpose()?,
            composition: any(&|model| model.input == Input::Composition)
                .then(|| MeanFeatures::composition(&run.proteins)),
            means,
        })
    }

    fn neighbours(&self) -> &Neighbours {
        self.neighbours
            .as_ref()
            .expect("made where a model needs them")
    }

    fn vectors(&self, input: Input) -> &MeanFeatures {
        match input {
            Input::Residues(kind) => self
                .means
                .iter()
                .find(|(of, _)| *of == kind)
                .map(|(_, means)| means),
            Input::Composition | Input::Own => self.composition.as_ref(),
        }
        .expect("made where a model needs them")
    }
}

/// One model of one fold.
struct Fit<'a> {
    run: &'a Run<'a>,
    shared: &'a Shared,
    groups: Option<&'a [u32]>,
    folds: &'a Folds,
    device: DeviceChoice,
    watcher: &'a ModelWatcher<'a>,
}

impl Fit<'_> {
    /// Fits the model and writes what it says of the test part and of the further proteins.
    fn model(&self, model: &Model, fold: u32) -> Result<()> {
        let run = self.run;
        let plan = run.plan;
        let (rows, validation) = hold_out(
            &run.labels,
            self.groups,
            &self.folds.train(fold),
            plan.validation,
            plan.seed.wrapping_add(fold.into()),
        )?;
        let data = BaselineData {
            labels: &run.labels,
            groups: self.groups,
            train: &rows,
            validation: &validation,
        };
        let test = self.folds.test(fold);
        let all: Vec<usize> = test.iter().copied().chain(run.external()).collect();
        let scores = match model.kind {
            Kind::Network(kind) => {
                let training = NetworkTraining {
                    run,
                    device: self.device,
                    watcher: self.watcher,
                    folder: self.folder(model, fold),
                    kind,
                    model,
                    fold,
                };
                training.scores(data, &all)?
            }
            Kind::Homology => self.homology(data, &all)?,
            _ => self.baseline(model, data, &all)?,
        };
        let (of_test, of_external) = scores.split_at(test.len());
        if !of_external.is_empty() {
            let rows: Vec<usize> = run.external().collect();
            let none = vec![""; rows.len()];
            let path = run.file("external", model, fold);
            predictions::write(&path, &run.ids(&rows), &none, of_external)?;
        }
        let classes: Vec<&str> = test.iter().map(|&row| run.labels[row].name()).collect();
        let path = run.file("predictions", model, fold);
        predictions::write(&path, &run.ids(&test), &classes, of_test)?;
        if !run.plan.keep_models {
            let folder = self.folder(model, fold);
            if folder.exists() {
                std::fs::remove_dir_all(&folder)
                    .map_err(|source| Error::io("remove", &folder, source))?;
            }
        }
        Ok(())
    }

    /// Where a network of a fold is trained.
    fn folder(&self, model: &Model, fold: u32) -> std::path::PathBuf {
        let name = format!("{}.fold{}", model.file(), fold + 1);
        self.run.plan.out.join("trainings").join(name)
    }

    fn baseline(
        &self,
        model: &Model,
        data: BaselineData<'_>,
        rows: &[usize],
    ) -> Result<Vec<ProteinScores>> {
        let shared = self.shared;
        let baseline: Box<dyn Baseline> = match model.kind {
            Kind::Logistic => Box::new(Logistic {
                features: shared.vectors(model.input),
            }),
            Kind::NearestEmbedding => Box::new(NearestEmbedding {
                features: shared.vectors(model.input),
            }),
            Kind::NearestAlignment => Box::new(NearestAlignment {
                neighbours: shared.neighbours(),
            }),
            Kind::TfPredict => Box::new(TfPredict {
                neighbours: shared.neighbours(),
            }),
            Kind::Network(_) | Kind::Homology => unreachable!("models are fitted elsewhere"),
        };
        baseline.scores(data, rows, self.watcher)
    }

    /// Fits the model that `protein train` makes of the training part, and scores with it.
    fn homology(&self, data: BaselineData<'_>, rows: &[usize]) -> Result<Vec<ProteinScores>> {
        let run = self.run;
        let mut known = [data.train, data.validation].concat();
        known.sort_unstable();
        let proteins = |rows: &[usize]| -> Vec<Protein> {
            rows.iter().map(|&row| run.proteins[row].clone()).collect()
        };
        let labels: Vec<Label> = known.iter().map(|&row| data.labels[row]).collect();
        let training = HomologyTraining {
            bindscape: env!("CARGO_PKG_VERSION").into(),
            inputs: run.settings.inputs.clone(),
            proteins: count_labels(&labels, 0..labels.len()),
            seed: run.plan.seed,
        };
        let labelled = proteins(&known);
        let domains = run.domains.find(&labelled)?;
        let groups = data
            .groups
            .map(|groups| -> Vec<u32> { known.iter().map(|&row| groups[row]).collect() });
        let data = LabelledProteins {
            proteins: &labelled,
            labels: &labels,
            groups: groups.as_deref(),
            domains: &domains,
            seed: run.plan.seed,
        };
        let model = HomologyModel::fit(data, training, self.watcher)?;
        let predictor = HomologyPredictor::new(&model);
        let predictions = predictor.predict(&proteins(rows), None, self.watcher)?;
        Ok(predictions
            .into_iter()
            .map(|prediction| prediction.scores)
            .collect())
    }
}

/// Shows how far one of the models has come.
struct ModelWatcher<'a> {
    all_jobs: &'a SharedProgress<'a>,
    index: usize,
    label: &'a str,
}

impl Progress for ModelWatcher<'_> {
    fn begin(&self, label: &str, _total: Option<u64>) {
        self.all_jobs
            .show(self.index, Some(format!("{}: {label}", self.label)));
    }

    fn advance(&self, _by: u64) {}

    fn note(&self, message: &str) {
        self.all_jobs.note(&format!("{}: {message}", self.label));
    }

    fn finish(&self) {}

    fn interrupted(&self) -> bool {
        self.all_jobs.interrupted()
    }
}

impl Observer<ProteinEpoch> for ModelWatcher<'_> {
    fn epoch(&self, record: &ProteinEpoch) {
        let line = format!(
            "{}: epoch {}, validation loss {:.4}",
            self.label, record.epoch, record.validation_loss
        );
        self.all_jobs.show(self.index, Some(line));
    }
}
