//! Fits every model on the training part of every fold, side by side.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use bindscape_base::progress::{Progress, Silent};
use bindscape_base::{Error, Result, atomic};
use bindscape_nn::DeviceChoice;
use bindscape_nn::protein::baseline::{
    Baseline, BaselineData, Fallback, Logistic, MeanFeatures, NearestAlignment, NearestEmbedding,
    Neighbours, TfPredict,
};
use bindscape_nn::protein::{
    Encoder, KnownSequences, ProteinData, ProteinEpoch, ProteinNetwork, ProteinNetworkKind,
    ProteinObserver, ProteinPredictor, ProteinScores, ProteinTraining, hold_out, train,
};
use bindscape_protein::{EncodedProteins, Encoding, Features, Folds, ProteinLetters, Windows};

use super::models::{Kind, Model, Sight};
use super::{Plan, predictions};
use crate::terminal::Terminal;
use bindscape::protein::features::FeatureSource;
use bindscape::side_by_side::{self, Board};

/// Does what is left of the run. What is finished is kept when another model fails or the
/// user stops.
pub(super) fn fit(
    plan: &Plan,
    groups: Option<&[u32]>,
    folds: &Folds,
    terminal: &Terminal,
) -> Result<()> {
    let jobs: Vec<(&Model, u32)> = plan
        .models
        .iter()
        .flat_map(|model| plan.only.iter().map(move |&fold| (model, fold)))
        .filter(|(model, fold)| !plan.finished(model, *fold))
        .collect();
    if jobs.is_empty() {
        return Ok(());
    }
    let shared = Shared::new(plan, &jobs, terminal)?;
    let workers = match plan.device {
        DeviceChoice::Cpu => rayon::current_num_threads().min(jobs.len()),
        // One training fills a graphics device.
        _ => 1,
    };
    terminal.begin(
        &format!("{} models to fit, {workers} at a time", jobs.len()),
        Some(jobs.len() as u64),
    );
    let board = Board::new(terminal, jobs.len());
    let times = Mutex::new(());
    let done = side_by_side::all(jobs.len(), workers, &board, &|index| {
        let (model, fold) = jobs[index];
        let label = format!("{} fold {}", model.name, fold + 1);
        let seat = Seat {
            board: &board,
            index,
            label: &label,
        };
        let started = Instant::now();
        let work = Work {
            plan,
            shared: &shared,
            groups,
            folds,
            seat: &seat,
        };
        let result = work.model(model, fold);
        board.show(index, None);
        result.map_err(|error| error.within(&label))?;
        let seconds = started.elapsed().as_secs_f64();
        let _one = times.lock().unwrap_or_else(PoisonError::into_inner);
        note_seconds(plan, model, fold, seconds)?;
        board.ended(&format!("{label}: {seconds:.0} s"));
        Ok(())
    });
    terminal.finish();
    done.map(|_| ())
}

/// Adds a line to `seconds.tsv`. It is no result: two runs differ in it.
fn note_seconds(plan: &Plan, model: &Model, fold: u32, seconds: f64) -> Result<()> {
    let path = plan.out.join("seconds.tsv");
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
    means: Vec<(Sight, MeanFeatures)>,
}

impl Shared {
    fn new(plan: &Plan, jobs: &[(&Model, u32)], terminal: &Terminal) -> Result<Self> {
        let any = |wanted: &dyn Fn(&Model) -> bool| jobs.iter().any(|(model, _)| wanted(model));
        let aligned = |model: &Model| {
            matches!(
                model.kind,
                Kind::TfPredict | Kind::NearestAlignment | Kind::Homology
            )
        };
        let composed =
            |model: &Model| model.sight == Sight::Composition || model.kind == Kind::Homology;
        let vectors = |model: &Model| matches!(model.kind, Kind::Logistic | Kind::NearestEmbedding);
        let mut means = Vec::new();
        let residues = Encoding::ALL.map(Sight::Residues);
        for sight in residues.into_iter().chain([Sight::Stored]) {
            if any(&|model| vectors(model) && model.sight == sight) {
                let (features, _) = features(plan, sight)?;
                let mean = MeanFeatures::new(&*features, plan.proteins.len(), terminal)?;
                means.push((sight, mean));
            }
        }
        Ok(Self {
            neighbours: any(&aligned)
                .then(|| Neighbours::search(&plan.proteins, plan.labels.len(), terminal))
                .transpose()?,
            composition: any(&composed).then(|| MeanFeatures::composition(&plan.proteins)),
            means,
        })
    }

    fn neighbours(&self) -> &Neighbours {
        self.neighbours
            .as_ref()
            .expect("made where a model needs them")
    }

    fn vectors(&self, sight: Sight) -> &MeanFeatures {
        match sight {
            Sight::Residues(_) | Sight::Stored => self
                .means
                .iter()
                .find(|(of, _)| *of == sight)
                .map(|(_, means)| means),
            Sight::Composition | Sight::Own => self.composition.as_ref(),
        }
        .expect("made where a model needs them")
    }
}

/// What a network, or a mean over positions, is computed from; and how residues become positions.
fn features(plan: &Plan, sight: Sight) -> Result<(Box<dyn Features + '_>, Windows)> {
    match sight {
        Sight::Residues(encoding) => {
            let windows = plan.settings.windows;
            let features = EncodedProteins::new(&plan.proteins, encoding, windows);
            Ok((Box::new(features), windows))
        }
        Sight::Stored => {
            let source = plan.stored.as_ref();
            let source = source.expect("a model that needs embeddings is refused without");
            let represented = source.represent(&plan.proteins, &Silent)?;
            Ok((represented.features, source.windows()))
        }
        Sight::Own | Sight::Composition => {
            let positions = ProteinNetworkKind::DeepTFactor.network(0, 0).positions();
            let features = ProteinLetters::new(&plan.proteins, positions);
            let windows = Windows {
                window: 1,
                positions,
            };
            Ok((Box::new(features), windows))
        }
    }
}

/// One model of one fold.
struct Work<'a> {
    plan: &'a Plan,
    shared: &'a Shared,
    groups: Option<&'a [u32]>,
    folds: &'a Folds,
    seat: &'a Seat<'a>,
}

impl Work<'_> {
    /// Fits the model and writes what it says of the test part and of the further proteins.
    fn model(&self, model: &Model, fold: u32) -> Result<()> {
        let plan = self.plan;
        let settings = &plan.settings;
        let (rows, validation) = hold_out(
            &plan.labels,
            self.groups,
            &self.folds.train(fold),
            settings.validation,
            settings.seed.wrapping_add(fold.into()),
        )?;
        let data = BaselineData {
            labels: &plan.labels,
            groups: self.groups,
            train: &rows,
            validation: &validation,
        };
        let test = self.folds.test(fold);
        let all: Vec<usize> = test.iter().copied().chain(plan.external()).collect();
        let scores = match model.kind {
            Kind::Network(kind) => self.network(kind, model, fold, data, &all)?,
            _ => self.baseline(model, data, &all)?,
        };
        let (of_test, of_external) = scores.split_at(test.len());
        if !of_external.is_empty() {
            let rows: Vec<usize> = plan.external().collect();
            let none = vec![""; rows.len()];
            let path = plan.file("external", model, fold);
            predictions::write(&path, &plan.ids(&rows), &none, of_external)?;
        }
        let classes: Vec<&str> = test.iter().map(|&row| plan.labels[row].name()).collect();
        let path = plan.file("predictions", model, fold);
        predictions::write(&path, &plan.ids(&test), &classes, of_test)?;
        if !plan.keep_models {
            let folder = self.folder(model, fold);
            if folder.exists() {
                std::fs::remove_dir_all(&folder)
                    .map_err(|source| Error::io("remove", &folder, source))?;
            }
        }
        Ok(())
    }

    fn folder(&self, model: &Model, fold: u32) -> std::path::PathBuf {
        let name = format!("{}.fold{}", model.file(), fold + 1);
        self.plan.out.join("trainings").join(name)
    }

    fn baseline(
        &self,
        model: &Model,
        data: BaselineData<'_>,
        rows: &[usize],
    ) -> Result<Vec<ProteinScores>> {
        let shared = self.shared;
        let logistic = || Logistic {
            features: shared.vectors(model.sight),
        };
        let nearest = |fallback| NearestAlignment {
            neighbours: shared.neighbours(),
            fallback,
        };
        let baseline: Box<dyn Baseline> = match model.kind {
            Kind::Logistic => Box::new(logistic()),
            Kind::NearestEmbedding => Box::new(NearestEmbedding {
                features: shared.vectors(model.sight),
            }),
            Kind::NearestAlignment => Box::new(nearest(Fallback::Shares)),
            Kind::Homology => Box::new(nearest(Fallback::Logistic(logistic()))),
            Kind::TfPredict => Box::new(TfPredict {
                neighbours: shared.neighbours(),
            }),
            Kind::Network(_) => unreachable!("networks are trained elsewhere"),
        };
        baseline.scores(data, rows, self.seat)
    }

    fn network(
        &self,
        kind: ProteinNetworkKind,
        model: &Model,
        fold: u32,
        data: BaselineData<'_>,
        rows: &[usize],
    ) -> Result<Vec<ProteinScores>> {
        let (plan, settings) = (self.plan, &self.plan.settings);
        let (features, windows) = features(plan, model.sight)?;
        let network: ProteinNetwork = kind.network(features.features(), windows.positions);
        let seed = settings.seed.wrapping_add(fold.into());
        let learned = model.sight == Sight::Stored
            && plan.stored.as_ref().is_some_and(FeatureSource::learned);
        let options = settings.training(kind, learned, seed);
        let seen = data.train.iter().chain(data.validation);
        let training = ProteinTraining::new(
            Encoder::new(features.as_ref(), windows),
            settings.inputs.clone(),
            KnownSequences::new(seen.map(|&row| plan.proteins[row].sequence.as_slice())),
        );
        let device = plan.device.open()?;
        let trained = train(
            &network,
            ProteinData {
                features: features.as_ref(),
                labels: data.labels,
                train: data.train,
                validation: data.validation,
            },
            &options,
            training,
            Some(&self.folder(model, fold)),
            &device,
            self.seat,
        )?;
        ProteinPredictor::new(&trained.model, &device).scores(
            features.as_ref(),
            rows,
            None,
            self.seat,
        )
    }
}

/// One model's place on the board.
struct Seat<'a> {
    board: &'a Board<'a>,
    index: usize,
    label: &'a str,
}

impl Progress for Seat<'_> {
    fn begin(&self, label: &str, _total: Option<u64>) {
        self.board
            .show(self.index, Some(format!("{}: {label}", self.label)));
    }

    fn advance(&self, _by: u64) {}

    fn note(&self, message: &str) {
        self.board.note(&format!("{}: {message}", self.label));
    }

    fn finish(&self) {}

    fn interrupted(&self) -> bool {
        self.board.interrupted()
    }
}

impl ProteinObserver for Seat<'_> {
    fn epoch(&self, record: &ProteinEpoch) {
        let line = format!(
            "{}: epoch {}, validation loss {:.4}",
            self.label, record.epoch, record.validation_loss
        );
        self.board.show(self.index, Some(line));
    }
}
