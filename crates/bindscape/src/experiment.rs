//! Experiments: many models of many TFs, compared in one table (the studies of Novakovsky et al.
//! 2021, and one's own).
//!
//! ```text
//! OUT/
//!   experiment.json         ExperimentRecord
//!   results.tsv             ResultRow, a row per model
//!   statistics.tsv          tests over TFs
//!   report.html             figures and tables
//!   cases.jsonl             the rows that are there so far
//!   multi/SET-TF-REPEAT/    the run of each multi-model, as `pretrain` leaves it
//!   cases/CASE/MODEL/       trainings under way; removed once their row is there
//! ```

mod case;
mod data;
mod log;
mod multi;
mod protocol;
mod study;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use bindscape_base::progress::Progress;
use bindscape_base::words::{counted, some_of};
use bindscape_base::{Error, Result, atomic, digest};
use bindscape_genome::load::SequenceInput;
use bindscape_matrix::experiment::{ExperimentRecord, ResultRow};
use bindscape_nn::Precision;
use serde::{Deserialize, Serialize};
use serde_json::json;

use self::case::{Bench, Case};
use self::data::{Data, Rows};
use self::log::{CaseResult, Log};
use self::multi::{Facts, Fold, MultiPlan, fold_of};
use crate::job::Job;
use crate::run_directory::{
    Record, RunDirectory, configuration_difference, device_difference, input_difference,
    refuse_other_files, version_difference,
};
use crate::session::Session;
use crate::side_by_side::{self, SharedProgress, TrainingProgress};

pub use self::protocol::{Protocol, TrainingSettings};
pub use self::study::{ModelKind, PretrainingSet, Study};

/// The result table in the directory of an experiment.
pub const RESULTS: &str = "results.tsv";
/// The table of tests there.
const STATISTICS: &str = "statistics.tsv";
/// The page there.
const REPORT: &str = "report.html";
/// The rows so far.
const CASES: &str = "cases.jsonl";

/// Results are written anew so often while cases are run.
const REFRESH: Duration = Duration::from_secs(20);

/// A plan of an experiment.
///
/// ```
/// use bindscape::Session;
/// use bindscape::experiment::{Experiment, ModelKind, Study};
/// use bindscape_genome::load::SequenceInput;
/// # use bindscape::demo::{Demo, DemoStep};
/// # let directory = tempfile::tempdir()?;
/// # let here = directory.path();
/// # let demo = Demo { regions: 600, ..Demo::new(here.into()) };
/// # let data = demo.simulate(&bindscape_base::progress::Silent)?;
/// # let [DemoStep::Build(build), ..] = demo.steps(&data) else { unreachable!() };
/// # Session::silent().run(&build)?;
/// # let tf = data.pretraining_tfs[0].clone();
///
/// let study = Study { tfs: vec![tf], models: vec![ModelKind::Pwm], ..Study::default() };
/// let genome = SequenceInput::Genome(here.join("data/genome.fa"));
/// let plan = Experiment::new(study, here.join("matrix.parquet"), genome, here.join("mine"));
/// let outcome = Session::silent().run(&plan)?;
/// assert_eq!(outcome.rows.len(), 1);
/// assert!(here.join("mine/results.tsv").exists());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Experiment {
    /// What is studied.
    pub study: Study,
    /// Binding matrix (Parquet).
    pub matrix: PathBuf,
    /// Where the sequences of its regions come from.
    pub sequences: SequenceInput,
    /// Whether the models of single TFs are kept; else their rows alone.
    #[serde(default)]
    pub keep_models: bool,
    /// Directory of the experiment.
    pub out: PathBuf,
}

/// What an experiment leaves.
#[derive(Debug, Clone, PartialEq)]
pub struct Experimented {
    /// What was studied.
    pub title: String,
    /// The result table.
    pub rows: Vec<ResultRow>,
    /// TFs, sets and cases that were left out, with the reason.
    pub left_out: Vec<String>,
    /// The directory.
    pub directory: PathBuf,
    /// The page.
    pub report: PathBuf,
}

impl Experiment {
    /// An experiment that keeps no models of single TFs.
    #[must_use]
    pub fn new(study: Study, matrix: PathBuf, sequences: SequenceInput, out: PathBuf) -> Self {
        Self {
            study,
            matrix,
            sequences,
            keep_models: false,
            out,
        }
    }

    /// What the experiment is, before anything is done.
    fn record(
        &self,
        works: &Works,
        data: &Data,
        session: &Session<'_>,
    ) -> Result<ExperimentRecord> {
        let study = &self.study;
        let genome = data.matrix.provenance.genome.clone();
        let mut inputs = data.files.clone();
        inputs.extend(data.modes.input().cloned());
        for (role, path) in [
            ("string", &study.string),
            ("string_info", &study.string_info),
        ] {
            if let Some(path) = path {
                inputs.push(digest::input_file(role, path)?);
            }
        }
        let mut settings = json!(study);
        settings["device"] = json!(session.device().to_string());
        Ok(ExperimentRecord {
            bindscape: env!("CARGO_PKG_VERSION").into(),
            command: session.command().to_vec(),
            finished: false,
            simulated: crate::data::simulated(genome.as_deref()),
            genome,
            inputs,
            title: study.title.clone(),
            description: study.description.clone(),
            protocol: study.protocol.name().into(),
            protocol_notes: study.protocol.notes(),
            figures: study.figures.clone(),
            left_out: works.left_out.clone(),
            study: settings,
        })
    }
}

impl Record for ExperimentRecord {
    const FILE: &'static str = "experiment.json";

    fn finished(&self) -> bool {
        self.finished
    }

    fn finish(&mut self) {
        self.finished = true;
    }

    fn difference(planned: &Self, found: &Self) -> Option<(String, String)> {
        let device = |of: &Self| of.study["device"].as_str().unwrap_or_default().to_owned();
        version_difference(&planned.bindscape, &found.bindscape)
            .or_else(|| input_difference(&planned.inputs, &found.inputs))
            .or_else(|| device_difference(&device(planned), &device(found)))
            .or_else(|| configuration_difference(&planned.study, &found.study))
    }
}

/// All that is to be done.
#[derive(Default)]
struct Works {
    multis: Vec<MultiPlan>,
    cases: Vec<Case>,
    /// What is left out before anything is trained.
    left_out: Vec<String>,
}

/// Finds out what is to be done.
struct Planner<'a> {
    study: &'a Study,
    data: &'a Data,
    works: Works,
    /// Places of multi-models by set, TF, fold and repeat; `None` for those that cannot be.
    known: BTreeMap<(usize, String, Option<u32>, u32), Option<usize>>,
}

impl Works {
    fn plan(study: &Study, data: &Data, progress: &dyn Progress) -> Result<Self> {
        let mut planner = Planner {
            study,
            data,
            works: Self::default(),
            known: BTreeMap::new(),
        };
        let studied = planner.studied();
        progress.begin("choosing TFs to pre-train on", Some(studied.len() as u64));
        for tf in &studied {
            planner.add_tf(tf, &studied)?;
            progress.advance(1);
        }
        progress.finish();
        let works = planner.works;
        if works.cases.is_empty() {
            let found = match works.left_out.as_slice() {
                [] => "none".to_owned(),
                reasons => reasons.join("; "),
            };
            return Err(Error::about("the study", "a TF that can be studied", found));
        }
        Ok(works)
    }

    /// The sizes of the work, in words.
    fn in_words(&self, study: &Study) -> String {
        let tfs: BTreeSet<&str> = self.cases.iter().map(|case| case.tf.as_str()).collect();
        format!(
            "{}, {}, {} with {} each",
            counted(tfs.len() as u64, "TF"),
            counted(self.multis.len() as u64, "multi-model"),
            counted(self.cases.len() as u64, "case"),
            counted(study.models.len() as u64, "model"),
        )
    }
}

impl Planner<'_> {
    /// The TFs that have enough bound regions.
    fn studied(&mut self) -> Vec<String> {
        let tfs = &self.data.matrix.tfs;
        let least = self.study.min_bound;
        let all: Vec<usize> = match self.study.tfs.as_slice() {
            [] => (0..tfs.len()).collect(),
            named => named
                .iter()
                .filter_map(|name| tfs.iter().position(|tf| tf == name))
                .collect(),
        };
        let (enough, few): (Vec<usize>, Vec<usize>) = all
            .into_iter()
            .partition(|&tf| self.data.bound(tf) >= least);
        if !few.is_empty() {
            let names: Vec<&str> = few.iter().map(|&tf| tfs[tf].as_str()).collect();
            self.works.left_out.push(format!(
                "{} with fewer than {}: {}",
                counted(few.len() as u64, "TF"),
                counted(least as u64, "bound region"),
                some_of(&names)
            ));
        }
        enough.into_iter().map(|tf| tfs[tf].clone()).collect()
    }

    /// Adds all cases of a TF.
    fn add_tf(&mut self, tf: &str, studied: &[String]) -> Result<()> {
        let study = self.study;
        if study.sets.is_empty() {
            for repeat in 1..=study.repeats {
                self.add_cases(tf, None, repeat);
            }
        }
        for set in study.sets.iter().enumerate() {
            for repeat in 1..=study.repeats {
                let fold = fold_of(set.1, studied, tf, study.seed);
                let of = if study.shared_multi_models { 1 } else { repeat };
                if let Some(multi) = self.multi(set, tf, fold, of)? {
                    self.add_cases(tf, Some((set.0, multi)), repeat);
                }
            }
        }
        Ok(())
    }

    /// The place of the multi-model of a set for a TF; `None` where it cannot be chosen.
    fn multi(
        &mut self,
        set: (usize, &PretrainingSet),
        tf: &str,
        fold: Fold,
        repeat: u32,
    ) -> Result<Option<usize>> {
        let of = if set.1.is_for_each_tf() { tf } else { "" };
        let key = (set.0, of.to_owned(), fold.number, repeat);
        if let Some(&place) = self.known.get(&key) {
            return Ok(place);
        }
        let works = &mut self.works;
        let place = match MultiPlan::choose(self.study, set, tf, fold, repeat, self.data)? {
            Ok(multi) => {
                // `mode-MAX` may be the set `mode` for MAX, or the set `mode-MAX`.
                if let Some(other) = (works.multis.iter()).find(|other| other.shares_place(&multi))
                {
                    let sets = &self.study.sets;
                    let found = format!("`{}` and `{}`", sets[other.set].name, set.1.name);
                    let expected = "names of sets that differ by more than a TF at their end";
                    return Err(Error::argument("sets", expected, found));
                }
                works.multis.push(multi);
                Some(works.multis.len() - 1)
            }
            Err(reason) => {
                let whom = if of.is_empty() {
                    String::new()
                } else {
                    format!(" of {tf}")
                };
                let reason = format!("the set {}{whom}: {reason}", set.1.name);
                if !works.left_out.contains(&reason) {
                    works.left_out.push(reason);
                }
                None
            }
        };
        self.known.insert(key, place);
        Ok(place)
    }

    /// Adds the cases of a TF with a set and its multi-model, or without one, in a repeat.
    fn add_cases(&mut self, tf: &str, with: Option<(usize, usize)>, repeat: u32) {
        for draw in 1..=self.study.draws {
            for split in 1..=self.study.splits {
                for &asked in &self.study.positives {
                    self.works.cases.push(Case {
                        tf: tf.to_owned(),
                        set: with.map(|(set, _)| set),
                        multi: with.map(|(_, multi)| multi),
                        repeat,
                        draw,
                        split,
                        asked,
                    });
                }
            }
        }
    }
}

/// An experiment under way.
struct Running<'a> {
    plan: &'a Experiment,
    works: &'a Works,
    data: &'a Data,
    rows: Rows<'a>,
    log: &'a Log,
    session: &'a Session<'a>,
}

impl Running<'_> {
    /// Trains all multi-models.
    fn train_multis(&self) -> Result<Vec<(String, Facts)>> {
        let multis = &self.works.multis;
        let count = multis.len();
        if count == 0 {
            return Ok(Vec::new());
        }
        let session = self.session;
        session.begin("multi-models", Some(count as u64));
        let shared = SharedProgress::new(session, count);
        let workers = side_by_side::workers(count, session);
        let facts = side_by_side::all(count, workers, &shared, &|index| {
            let multi = &multis[index];
            let observer = TrainingProgress::quiet(&shared, index, multi.label());
            let result = multi.train(self.plan, self.data, &self.rows, &observer, session);
            shared.show(index, None);
            let (record, aucpr) = result.map_err(|error| error.within(multi.label()))?;
            let facts = Facts::of(&record);
            let aucpr = aucpr.map_or_else(|| "undefined".to_owned(), |mean| format!("{mean:.3}"));
            shared.ended(&format!(
                "{}: {} of {}, mean test AUCPR {aucpr}",
                multi.label(),
                counted(facts.regions, "region"),
                counted(facts.tfs.len() as u64, "TF"),
            ));
            Ok((multi.directory.clone(), facts))
        })?;
        session.finish();
        Ok(facts)
    }

    fn key(&self, case: &Case) -> String {
        let set = case.set.map_or("", |set| &self.plan.study.sets[set].name);
        case.key(set)
    }

    /// Runs all cases that have no result yet.
    fn run_cases(&self, multis: &[(String, Facts)], record: &ExperimentRecord) -> Result<()> {
        let cases = &self.works.cases;
        let open: Vec<&Case> = cases
            .iter()
            .filter(|case| !self.log.has(&self.key(case)))
            .collect();
        let session = self.session;
        if open.len() < cases.len() {
            let done = counted((cases.len() - open.len()) as u64, "case");
            session.note(&format!("{done} of an earlier call kept"));
        }
        let device = session.device().open_for(Precision::F32)?;
        let bench = Bench {
            plan: self.plan,
            data: self.data,
            rows: &self.rows,
            multis,
            device: &device,
        };
        session.begin("cases", Some(open.len() as u64));
        let shared = SharedProgress::new(session, open.len());
        let written = Mutex::new(Instant::now());
        let workers = side_by_side::workers(open.len(), session);
        side_by_side::all(open.len(), workers, &shared, &|index| {
            let case = open[index];
            let key = self.key(case);
            let directory = self.plan.out.join("cases").join(&key);
            let observer = TrainingProgress::quiet(&shared, index, &key);
            let result = bench.run(case, &directory, &observer);
            shared.show(index, None);
            let result = result.map_err(|error| error.within(&key))?;
            let told = in_words(&result);
            self.log.add(&key, result)?;
            if !self.plan.keep_models {
                remove(&directory)?;
            }
            shared.ended(&format!("{key}: {told}"));
            let mut written = written.lock().unwrap_or_else(PoisonError::into_inner);
            if written.elapsed() >= REFRESH {
                *written = Instant::now();
                self.write_results(record)?;
            }
            Ok(())
        })?;
        session.finish();
        Ok(())
    }

    /// The rows so far, in the order of the cases, and what was left out.
    fn results(&self) -> (Vec<ResultRow>, Vec<String>) {
        let (mut rows, mut left_out) = (Vec::new(), self.works.left_out.clone());
        for case in &self.works.cases {
            let key = self.key(case);
            match self.log.get(&key) {
                Some(CaseResult::Rows(of)) => rows.extend(of),
                Some(CaseResult::LeftOut(reason)) => left_out.push(format!("{key}: {reason}")),
                None => {}
            }
        }
        (rows, left_out)
    }

    /// Writes the result table, and gives its rows and what was left out.
    fn write_results(&self, record: &ExperimentRecord) -> Result<(Vec<ResultRow>, Vec<String>)> {
        let (rows, left_out) = self.results();
        let comments = [
            format!("bindscape: {}", record.bindscape),
            format!("experiment: {}", record.title),
            format!("protocol: {}", record.protocol),
        ];
        let mut table = Vec::new();
        ResultRow::write_table(&mut table, &comments, &rows).expect("memory takes all");
        atomic::write(self.plan.out.join(RESULTS), &table)?;
        Ok((rows, left_out))
    }
}

/// Removes a directory, if it is there.
fn remove(directory: &Path) -> Result<()> {
    match std::fs::remove_dir_all(directory) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::io("remove", directory, error))
        }
        _ => Ok(()),
    }
}

/// A case's AUCPR by model, or why it was left out.
fn in_words(result: &CaseResult) -> String {
    match result {
        CaseResult::LeftOut(reason) => format!("left out, {reason}"),
        CaseResult::Rows(rows) => {
            let values = rows.iter().map(|row| {
                let value = row
                    .aucpr
                    .map_or_else(|| "NA".to_owned(), |value| format!("{value:.3}"));
                format!("{} {value}", row.model)
            });
            format!("AUCPR {}", values.collect::<Vec<_>>().join(", "))
        }
    }
}

impl Job for Experiment {
    type Outcome = Experimented;

    const NAME: &'static str = "experiment";

    fn check(&self) -> Result<()> {
        self.study.check()
    }

    fn run(&self, session: &Session<'_>) -> Result<Experimented> {
        session.open_device(Precision::F32)?;
        refuse_other_files(&self.out, ExperimentRecord::FILE)?;
        let data = Data::read(self, session)?;
        self.study.check_length(data.length)?;
        let works = Works::plan(&self.study, &data, session)?;
        session.note(&format!(
            "{}: {}",
            self.study.title,
            works.in_words(&self.study)
        ));
        for reason in &works.left_out {
            session.note(&format!("left out: {reason}"));
        }
        let record = self.record(&works, &data, session)?;
        let mut run = RunDirectory::begin(&self.out, record, session)?;
        let log = Log::open(&self.out.join(CASES))?;
        let running = Running {
            plan: self,
            works: &works,
            rows: data.rows(),
            data: &data,
            log: &log,
            session,
        };
        let multis = running.train_multis()?;
        running.run_cases(&multis, &run.record)?;
        let (rows, left_out) = running.write_results(&run.record)?;
        if rows.is_empty() {
            let reasons: Vec<&str> = left_out.iter().map(String::as_str).collect();
            let found = format!("none: {}", some_of(&reasons));
            return Err(Error::argument(
                "study",
                "a case that can be studied",
                found,
            ));
        }
        if !self.keep_models {
            remove(&self.out.join("cases"))?;
        }
        let tests = bindscape_report::experiment::statistics(&rows);
        bindscape_report::experiment::write_statistics(&tests, &self.out.join(STATISTICS))?;
        run.record.left_out.clone_from(&left_out);
        run.finish()?;
        let report = self.out.join(REPORT);
        bindscape_report::experiment::write_experiment(&run.record, &rows, &report)?;
        Ok(Experimented {
            title: self.study.title.clone(),
            rows,
            left_out,
            directory: self.out.clone(),
            report,
        })
    }
}
