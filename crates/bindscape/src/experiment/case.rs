//! One case of an experiment: a TF, a multi-model, a draw of regions; and all models of it.

use std::cell::OnceCell;
use std::path::Path;
use std::time::Instant;

use bindscape_base::{Error, ErrorKind, Result};
use bindscape_matrix::View;
use bindscape_matrix::dataset::{Dataset, Part};
use bindscape_matrix::experiment::{Relation, ResultRow};
use bindscape_matrix::results::{Compared, RunKind, TfMetrics};
use bindscape_matrix::sample::FinetuningPool;
use bindscape_motif::{Motif, MotifSet, motifs_from};
use bindscape_nn::evaluate::Bootstrap;
use bindscape_nn::train::{self, Freeze, Observer, Start, TrainOptions, TransferLayers};
use bindscape_nn::{Architecture, Device, Model, Precision, TrainingIdentity};

use super::Experiment;
use super::data::{Data, Rows};
use super::log::CaseResult;
use super::multi::{self, Facts};
use super::protocol::Protocol;
use super::study::ModelKind;
use crate::finetune;
use crate::finetune::readout::{self, ReadoutFit};
use crate::pretrain::filters;
use crate::profiles;
use crate::tested::{Scoring, Tested, bound, by_kmers, on_both};

/// Intervals are over TFs, not over regions of one.
const NO_INTERVALS: Bootstrap = Bootstrap {
    resamples: 0,
    level: 0.95,
    seed: 0,
};

/// Motifs that the filters of [`ModelKind::MotifFilters`] begin as.
const FILTER_MOTIFS: &str = "jaspar:vertebrates";

/// A case.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) tf: String,
    /// Place of the set in the study, where it has sets.
    pub(super) set: Option<usize>,
    /// Place of the multi-model.
    pub(super) multi: Option<usize>,
    pub(super) repeat: u32,
    pub(super) draw: u32,
    pub(super) split: u32,
    pub(super) asked: Option<usize>,
}

impl Case {
    /// Its name, which no other case has: that of its directory, too.
    pub(super) fn key(&self, set: &str) -> String {
        let asked = self
            .asked
            .map_or_else(|| "all".to_owned(), |n| n.to_string());
        let set = if set.is_empty() { "-" } else { set };
        format!(
            "{}.{set}.{asked}.{}.{}.{}",
            self.tf, self.repeat, self.draw, self.split
        )
    }
}

/// What cases are run in.
pub(super) struct Bench<'a> {
    pub(super) plan: &'a Experiment,
    pub(super) data: &'a Data,
    pub(super) rows: &'a Rows<'a>,
    /// Directories and facts of the multi-models.
    pub(super) multis: &'a [(String, Facts)],
    pub(super) device: &'a Device,
}

/// A case under way.
struct Running<'a> {
    bench: &'a Bench<'a>,
    case: &'a Case,
    directory: &'a Path,
    multi: Option<Model>,
    data: Dataset,
    /// Rows of `data` that are not tested on.
    fitted: Vec<usize>,
    natural: Dataset,
    /// What networks are trained on, where that is more than `data`.
    with_background: Option<Dataset>,
    /// Test regions, matched in GC content and in the proportion of the genome.
    tested: [Tested; 2],
    split_seed: u64,
    observer: &'a dyn Observer,
    /// What [`ModelKind::Joint`] is made of, as soon as it is there.
    transferred: OnceCell<Made>,
    readout: OnceCell<Made>,
}

/// A model, and what it took.
struct Made {
    model: Model,
    /// Epochs and the best one.
    epochs: Option<(u32, u32)>,
    seconds: f64,
}

/// A model's metrics on both kinds of test regions, with its epochs and its best one.
type Outcome = ([TfMetrics; 2], Option<(u32, u32)>);

impl Bench<'_> {
    /// Runs `case` in `directory`.
    pub(super) fn run(
        &self,
        case: &Case,
        directory: &Path,
        observer: &dyn Observer,
    ) -> Result<CaseResult> {
        let study = &self.plan.study;
        let multi = case
            .multi
            .map(|multi| multi::load(&self.plan.out, &self.multis[multi].0))
            .transpose()?;
        let running = match self.draw(case, directory, multi, observer) {
            Ok(running) => running,
            // Too few regions: the reason stands in the result.
            Err(error) if error.kind() == ErrorKind::Argument => {
                return Ok(CaseResult::LeftOut(error.message(&str::to_owned)));
            }
            Err(error) => return Err(error),
        };
        let motifs = match study.models.iter().any(|model| model.needs_motifs()) {
            true => Some(running.motifs()?),
            false => None,
        };
        let mut rows = Vec::new();
        for &model in &study.models {
            let began = Instant::now();
            let (mut seconds_before, motifs) = match &motifs {
                Some((motifs, seconds)) if model.needs_motifs() => (*seconds, Some(motifs)),
                _ => (0.0, None),
            };
            seconds_before += running.seconds_of_parts(model);
            if let Some(tested) = running.test(model, motifs)? {
                let seconds = seconds_before + began.elapsed().as_secs_f64();
                rows.push(running.row(model, tested, seconds));
            }
        }
        Ok(CaseResult::Rows(rows))
    }

    fn draw<'a>(
        &'a self,
        case: &'a Case,
        directory: &'a Path,
        multi: Option<Model>,
        observer: &'a dyn Observer,
    ) -> Result<Running<'a>> {
        let study = &self.plan.study;
        let fitted = |exact| {
            multi
                .as_ref()
                .map(|model| finetune::fitted_to(model, exact))
        };
        let (excluded, seen) = match study.protocol {
            Protocol::Paper2021 => (fitted(true).into_iter().collect(), None),
            Protocol::Bindscape => (Vec::new(), fitted(false)),
        };
        let pool = FinetuningPool::new(
            &self.data.matrix,
            &case.tf,
            View::Sparse,
            &excluded,
            seen,
            &mut |regions| Ok(self.rows.fetch(regions)),
        )?;
        if pool.positives() < study.min_bound {
            return Err(Error::argument(
                "min_bound",
                format!("at least {} bound regions of {}", study.min_bound, case.tf),
                pool.positives().to_string(),
            ));
        }
        let draw = study.draw(case.asked);
        let draw_seed = study.seed + u64::from(case.repeat) - 1 + 1_000 * u64::from(case.draw - 1);
        let split_seed = draw_seed + 1_000_000 * u64::from(case.split - 1);
        let (held_out, pool) = match study.test_positives {
            None => (None, pool),
            Some(bound) => {
                let (held_out, rest) = pool.hold_out(bound, &draw, draw_seed)?;
                (Some(held_out), rest)
            }
        };
        if let Some(asked) = case.asked
            && !study.all_if_fewer
            && pool.positives() < asked
        {
            return Err(Error::argument(
                "positives",
                format!("{asked} bound regions of {}", case.tf),
                pool.positives().to_string(),
            ));
        }
        let prepared = pool.dataset_of(&draw, draw_seed, split_seed)?;
        let natural = pool.natural(&prepared, finetune::background(), draw_seed);
        let data = prepared.dataset;
        let tested = match held_out {
            Some(held_out) => {
                [held_out.matched, held_out.natural].map(|data| Tested::all_of(data, NO_INTERVALS))
            }
            None => [&data, &natural].map(|data| Tested::part_of(data, NO_INTERVALS)),
        };
        let with_background = study
            .train_background
            .then(|| finetune::with_background(&data, &natural, split_seed));
        Ok(Running {
            bench: self,
            case,
            directory,
            multi,
            fitted: (0..data.len())
                .filter(|&row| data.parts[row] != Part::Test)
                .collect(),
            data,
            natural,
            with_background,
            tested,
            split_seed,
            observer,
            transferred: OnceCell::new(),
            readout: OnceCell::new(),
        })
    }
}

/// All weights of a multi-model but those of its outputs.
fn whole(parent: &Model) -> Start<'_> {
    Start::Transfer {
        parent,
        layers: TransferLayers::AllButOutput,
    }
}

/// What `cell` holds, or what `make` makes now.
fn made(
    cell: &OnceCell<Made>,
    make: impl FnOnce() -> Result<(Model, Option<(u32, u32)>)>,
) -> Result<&Made> {
    if let Some(made) = cell.get() {
        return Ok(made);
    }
    let began = Instant::now();
    let (model, epochs) = make()?;
    let seconds = began.elapsed().as_secs_f64();
    Ok(cell.get_or_init(|| Made {
        model,
        epochs,
        seconds,
    }))
}

impl Running<'_> {
    /// De novo motifs, and the seconds that it took to find them.
    fn motifs(&self) -> Result<(MotifSet, f64)> {
        let began = Instant::now();
        let plan = self.bench.plan;
        let rows = &self.learned_from();
        let motifs = readout::motifs(
            &plan.matrix,
            &self.data,
            rows,
            self.split_seed,
            self.observer,
        )?;
        Ok((motifs, began.elapsed().as_secs_f64()))
    }

    /// Makes a model and tests it; `None` where there is no such model of the TF.
    fn test(&self, model: ModelKind, motifs: Option<&MotifSet>) -> Result<Option<Outcome>> {
        match (model, &self.multi, motifs) {
            (ModelKind::Profile, ..) => self.test_profile(),
            (ModelKind::Pwm, _, Some(motifs)) => motifs
                .motifs
                .first()
                .map(|first| self.test_motif(first))
                .transpose(),
            (ModelKind::Kmers, ..) => self.test_kmers(),
            (ModelKind::MultiModel, Some(multi), _) => self.test_multi(multi),
            (ModelKind::Scratch, ..) => self.train(model, Start::Scratch, Freeze::None),
            (ModelKind::MotifFilters, ..) => {
                self.train_from_motifs(model, &motifs_from(FILTER_MOTIFS)?)
            }
            (ModelKind::DeNovoFilters, _, Some(motifs)) => self.train_from_motifs(model, motifs),
            (ModelKind::Transfer, Some(parent), _) => self.test_made(self.transferred(parent)?),
            (ModelKind::Frozen(freeze), Some(parent), _) => {
                self.train(model, whole(parent), freeze)
            }
            (ModelKind::Layers(layers), Some(parent), _) => {
                self.train(model, Start::Transfer { parent, layers }, Freeze::None)
            }
            (ModelKind::Readout, Some(multi), Some(motifs)) => {
                self.test_made(self.readout(multi, motifs)?)
            }
            (ModelKind::Joint, Some(multi), Some(motifs)) => self.test_joint(multi, motifs),
            _ => Ok(None),
        }
    }

    /// Trains a network whose first filters begin as `motifs`.
    fn train_from_motifs(&self, model: ModelKind, motifs: &MotifSet) -> Result<Option<Outcome>> {
        let architecture = self.architecture();
        let initial = filters::initial(&architecture, motifs, self.split_seed, self.observer)?;
        self.train(model, Start::Weights(&initial), Freeze::None)
    }

    fn architecture(&self) -> Architecture {
        let study = &self.bench.plan.study;
        Architecture::usual(study.network, self.bench.data.length, 1)
    }

    /// Rows that PWMs and profiles may learn from.
    fn learned_from(&self) -> Vec<usize> {
        match self.bench.plan.study.protocol.pwm_sees_validation() {
            true => self.fitted.clone(),
            false => self.data.rows(Part::Train),
        }
    }

    fn test_motif(&self, motif: &Motif) -> Result<Outcome> {
        Ok((
            on_both(&self.tested, |tested| tested.by_motif(motif))?,
            None,
        ))
    }

    /// The JASPAR profile of the TF that ranks the regions of `rows` best.
    fn profile(&self, rows: &[usize]) -> Result<Option<&'static Motif>> {
        let learned = self.data.subset(rows);
        profiles::best(&self.case.tf, &learned.sequences, &bound(&learned))
    }

    fn test_profile(&self) -> Result<Option<Outcome>> {
        let profile = self.profile(&self.learned_from())?;
        profile.map(|profile| self.test_motif(profile)).transpose()
    }

    fn test_kmers(&self) -> Result<Option<Outcome>> {
        let learned = self.data.subset(&self.learned_from());
        let metrics = by_kmers(&self.tested, &learned, &self.natural, self.observer)?;
        Ok(Some((metrics, None)))
    }

    fn test_multi(&self, multi: &Model) -> Result<Option<Outcome>> {
        let Some(output) = multi.tfs.iter().position(|tf| *tf == self.case.tf) else {
            return Ok(None);
        };
        self.test_model(multi, output)
            .map(|metrics| Some((metrics, None)))
    }

    /// Seconds that the parts of `model` took which are there already, made for another one.
    fn seconds_of_parts(&self, model: ModelKind) -> f64 {
        let parts: &[_] = match model {
            ModelKind::Transfer => &[&self.transferred],
            ModelKind::Readout => &[&self.readout],
            ModelKind::Joint => &[&self.transferred, &self.readout],
            _ => &[],
        };
        let made = parts.iter().filter_map(|part| part.get());
        made.map(|made| made.seconds).sum()
    }

    /// The readout of the case.
    fn readout(&self, multi: &Model, motifs: &MotifSet) -> Result<&Made> {
        made(&self.readout, || {
            let data = self.bench.data;
            let profile = self.profile(&self.fitted)?;
            let model = ReadoutFit {
                multi,
                data: &self.data,
                fitted: &self.fitted,
                natural: &self.natural,
                motifs,
                profile,
                seed: self.split_seed,
                genome: data.matrix.provenance.genome.as_deref(),
                files: &data.files,
                precision: Precision::F32,
                device: self.bench.device,
                label: &self.case.tf,
            }
            .fit(self.observer)?;
            Ok((model, None))
        })
    }

    /// The network of the case that begins with all weights of `multi` but those of its outputs.
    fn transferred(&self, multi: &Model) -> Result<&Made> {
        made(&self.transferred, || {
            self.trained(ModelKind::Transfer, whole(multi), Freeze::None)
        })
    }

    fn test_joint(&self, multi: &Model, motifs: &MotifSet) -> Result<Option<Outcome>> {
        let network = self.transferred(multi)?;
        let readout = &self.readout(multi, motifs)?.model;
        let model = readout.with_companion(&network.model, Compared::NETWORK_SHARE);
        Ok(Some((self.test_model(&model, 0)?, network.epochs)))
    }

    fn test_made(&self, made: &Made) -> Result<Option<Outcome>> {
        Ok(Some((self.test_model(&made.model, 0)?, made.epochs)))
    }

    /// Trains a network and tests it.
    fn train(&self, model: ModelKind, start: Start<'_>, freeze: Freeze) -> Result<Option<Outcome>> {
        let (trained, epochs) = self.trained(model, start, freeze)?;
        Ok(Some((self.test_model(&trained, 0)?, epochs)))
    }

    /// A network, with its epochs and its best one.
    fn trained(
        &self,
        model: ModelKind,
        start: Start<'_>,
        freeze: Freeze,
    ) -> Result<(Model, Option<(u32, u32)>)> {
        let study = &self.bench.plan.study;
        let parent = match start {
            Start::Transfer { parent, .. } => Some(parent),
            _ => None,
        };
        let options = TrainOptions {
            freeze,
            ..study
                .protocol
                .training(study.training, parent.is_some(), self.split_seed)
        };
        let data = self.bench.data;
        let seen = self.with_background.as_ref().unwrap_or(&self.data);
        let identity = TrainingIdentity::new(
            RunKind::Finetune,
            self.split_seed,
            data.matrix.provenance.genome.clone(),
            data.files.clone(),
            seen,
            parent,
        );
        let directory = self.directory.join(model.to_string().replace(':', "-"));
        let trained = train::train(
            &self.architecture(),
            start,
            seen,
            &options,
            identity,
            &directory,
            self.bench.device,
            self.observer,
        )?;
        let epochs = trained.epochs.len() as u32;
        Ok((trained.model, Some((epochs, trained.best_epoch))))
    }

    /// The metrics of one output of a model.
    fn test_model(&self, model: &Model, output: usize) -> Result<[TfMetrics; 2]> {
        let scoring = Scoring {
            strands: self.bench.plan.study.protocol.strands(),
            precision: Precision::F32,
            device: self.bench.device,
        };
        on_both(&self.tested, |tested| {
            tested.by_model(model, output, scoring, self.observer)
        })
    }

    fn row(&self, model: ModelKind, (metrics, epochs): Outcome, seconds: f64) -> ResultRow {
        let (bench, case) = (self.bench, self.case);
        let [matched, natural] = metrics;
        let multi = case.multi.map(|multi| &bench.multis[multi]);
        let train = self.data.rows(Part::Train);
        let bound = train.iter().filter(|&&row| self.data.labels[row] == 1);
        let set = case.set.map(|set| bench.plan.study.sets[set].name.clone());
        ResultRow {
            tf: case.tf.clone(),
            set: set.unwrap_or_default(),
            relation: multi.map_or(Relation::Unknown, |(_, facts)| {
                facts.relation(&case.tf, bench.data)
            }),
            repeat: case.repeat,
            draw: case.draw,
            split: case.split,
            asked: case.asked.map(|asked| asked as u64),
            model: model.to_string(),
            multi_model: multi
                .map(|(directory, _)| directory.clone())
                .unwrap_or_default(),
            multi_tfs: multi
                .map(|(_, facts)| facts.tfs.clone())
                .unwrap_or_default(),
            multi_regions: multi.map_or(0, |(_, facts)| facts.regions),
            multi_bound: multi.map_or(0, |(_, facts)| facts.bound.iter().sum()),
            multi_bound_of_mode: multi
                .map_or(0, |(_, facts)| facts.bound_of_mode(&case.tf, bench.data)),
            train_regions: train.len() as u64,
            train_bound: bound.count() as u64,
            test_regions: matched.regions,
            test_bound: matched.positives,
            aucpr: matched.aucpr.value,
            average_precision: matched.average_precision.value,
            auroc: matched.auroc.value,
            mcc: matched.mcc.value,
            natural_regions: natural.regions,
            natural_bound: natural.positives,
            natural_aucpr: natural.aucpr.value,
            epochs: epochs.map(|(all, _)| all),
            best_epoch: epochs.map(|(_, best)| best),
            seconds: (seconds * 100.0).round() / 100.0,
        }
    }
}
