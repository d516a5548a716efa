//! Several trainings of one run at a time: a small network leaves most of a
//! machine idle, and as many of them as there are threads use it better than
//! one after the other. The numbers are those of one after the other.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use bindscape_base::progress::Progress;
use bindscape_base::{Error, Result};
use bindscape_matrix::results::{EpochRecord, Evaluation};
use bindscape_nn::DeviceChoice;
use bindscape_nn::train::Observer;

use crate::run_directory::RunDirectory;
use crate::session::Session;
use crate::training::{self, Task};

/// Stack of a training's threads, as large as that of a main thread.
const STACK: usize = 8 << 20;

/// How many of `count` jobs are done at a time: as many as there are threads, or one on a graphics
/// device, which one training can fill.
pub(crate) fn workers(count: usize, session: &Session<'_>) -> usize {
    match session.device() {
        DeviceChoice::Cpu => rayon::current_num_threads().min(count.max(1)),
        _ => 1,
    }
}

/// Trains and tests `count` jobs, [`workers`] of them at a time, and gives their evaluations in the order of the jobs.
///
/// # Errors
/// The first error in the order of the jobs, naming its training. The other
/// trainings stop before their next batch; what they finished is kept.
pub(crate) fn train_and_test<'a>(
    run: &RunDirectory,
    count: usize,
    task: &(dyn Fn(usize) -> Task<'a> + Sync),
    session: &Session<'_>,
) -> Result<Vec<Evaluation>> {
    let workers = workers(count, session);
    if workers <= 1 {
        return (0..count)
            .map(|index| {
                let task = task(index);
                let label = task.label.clone();
                training::train_and_test(run, task, session).map_err(|error| error.within(&label))
            })
            .collect();
    }

    session.begin(
        &format!("{count} trainings, {workers} at a time"),
        Some(count as u64),
    );
    let all_jobs = SharedProgress::new(session, count);
    let results = all(count, workers, &all_jobs, &|index| {
        watch(&all_jobs, index, run, task(index))
    });
    session.finish();
    results
}

/// Does `count` jobs, `workers` at a time, each worker with its share of the threads, and
/// gives their results in the order of the jobs. `all_jobs` says that jobs should stop once
/// one fails.
///
/// # Errors
/// The first error in the order of the jobs, and not that of a job that stopped because
/// another one failed.
pub(crate) fn all<T: Send>(
    count: usize,
    workers: usize,
    all_jobs: &SharedProgress<'_>,
    job: &(dyn Fn(usize) -> Result<T> + Sync),
) -> Result<Vec<T>> {
    let threads = rayon::current_num_threads();
    let workers = workers.clamp(1, threads);
    let stop = &all_jobs.stop;
    let next = AtomicUsize::new(0);
    let work = || {
        let mut results = Vec::new();
        while !stop.load(Ordering::SeqCst) {
            let index = next.fetch_add(1, Ordering::SeqCst);
            if index >= count {
                break;
            }
            let _stop = StopOnPanic(stop);
            let result = job(index);
            if result.is_err() {
                stop.store(true, Ordering::SeqCst);
            }
            results.push((index, result));
        }
        results
    };
    let mut results = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..workers)
            .map(|worker| {
                let work = &work;
                let own = threads / workers + usize::from(worker < threads % workers);
                scope.spawn(move || {
                    // What a training does in parallel stays within its own threads.
                    rayon::ThreadPoolBuilder::new()
                        .num_threads(own)
                        .stack_size(STACK)
                        .build()
                        .expect("the system has room for the threads that the user asked for")
                        .install(work)
                })
            })
            .collect();
        let mut results = Vec::with_capacity(count);
        for handle in handles {
            match handle.join() {
                Ok(some) => results.extend(some),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        results
    });
    results.sort_by_key(|&(index, _)| index);
    // Trainings that stopped because another failed have nothing of their own to say.
    let failed = results
        .iter()
        .position(|(_, result)| result.as_ref().is_err_and(|error| !stopped(error)));
    if let Some(failed) = failed {
        results.swap(0, failed);
    }
    results.into_iter().map(|(_, result)| result).collect()
}

fn stopped(error: &Error) -> bool {
    matches!(error, Error::Interrupted)
}

/// Tells the other trainings to stop when one ends in a defect.
struct StopOnPanic<'a>(&'a AtomicBool);

impl Drop for StopOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.store(true, Ordering::SeqCst);
        }
    }
}

/// The progress of several jobs, as one bar: how many jobs are done, and where those under way stand.
pub(crate) struct SharedProgress<'a> {
    progress: &'a dyn Progress,
    count: usize,
    /// Jobs under way, by index.
    running: Mutex<BTreeMap<usize, String>>,
    done: AtomicUsize,
    /// Whether one failed, so that the others shall stop.
    stop: AtomicBool,
}

impl<'a> SharedProgress<'a> {
    /// For `count` jobs, none of which has begun.
    pub(crate) fn new(progress: &'a dyn Progress, count: usize) -> Self {
        Self {
            progress,
            count,
            running: Mutex::new(BTreeMap::new()),
            done: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
        }
    }

    /// Shows where a job stands, or that it is no longer under way.
    pub(crate) fn show(&self, index: usize, stage: Option<String>) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        match stage {
            Some(stage) => running.insert(index, stage),
            None => running.remove(&index),
        };
        let all: Vec<&str> = running.values().map(String::as_str).collect();
        self.progress.status(&all.join("; "));
    }

    /// Counts a job that ended well, and says what came of it.
    pub(crate) fn ended(&self, outcome: &str) {
        let done = self.done.fetch_add(1, Ordering::SeqCst) + 1;
        self.progress.advance(1);
        self.note(&format!("{outcome}  ({done} of {} done)", self.count));
    }

    /// Says something.
    pub(crate) fn note(&self, message: &str) {
        self.progress.note(message);
    }

    /// Whether a job should stop: the user asked for it, or another one failed.
    pub(crate) fn interrupted(&self) -> bool {
        self.progress.interrupted() || self.stop.load(Ordering::SeqCst)
    }
}

/// Trains and tests one job, with a line at its end.
fn watch(
    all_jobs: &SharedProgress<'_>,
    index: usize,
    run: &RunDirectory,
    task: Task<'_>,
) -> Result<Evaluation> {
    let label = task.label.clone();
    let own = TrainingProgress {
        all_jobs,
        index,
        label: &label,
        tells: true,
        last: Mutex::new(None),
    };
    let result = training::train_and_test_watched(run, task, &own);
    all_jobs.show(index, None);
    let evaluation = result.map_err(|error| error.within(&label))?;
    let aucpr = training::mean_aucpr(&evaluation.tfs)
        .0
        .map_or_else(|| "undefined".to_owned(), |value| format!("{value:.3}"));
    let epochs = own
        .last
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner)
        .map_or_else(String::new, |last| {
            format!(
                "epoch {:>2}  validation loss {:.4}  ",
                last.epoch, last.validation_loss
            )
        });
    all_jobs.ended(&format!("{label}: {epochs}test AUCPR {aucpr}"));
    Ok(evaluation)
}

/// The progress of one training among several.
pub(crate) struct TrainingProgress<'a> {
    all_jobs: &'a SharedProgress<'a>,
    index: usize,
    label: &'a str,
    /// Whether it passes on what it is told.
    tells: bool,
    /// The last epoch that ended.
    last: Mutex<Option<EpochRecord>>,
}

impl<'a> TrainingProgress<'a> {
    /// The progress of the job `index` of `all_jobs`, which says nothing but where it stands.
    pub(crate) fn quiet(all_jobs: &'a SharedProgress<'a>, index: usize, label: &'a str) -> Self {
        Self {
            all_jobs,
            index,
            label,
            tells: false,
            last: Mutex::new(None),
        }
    }
}

impl Progress for TrainingProgress<'_> {
    fn begin(&self, label: &str, _total: Option<u64>) {
        self.all_jobs
            .show(self.index, Some(format!("{}: {label}", self.label)));
    }

    fn advance(&self, _by: u64) {}

    fn note(&self, message: &str) {
        if self.tells {
            self.all_jobs.note(message);
        }
    }

    fn finish(&self) {}

    fn interrupted(&self) -> bool {
        self.all_jobs.interrupted()
    }
}

impl Observer for TrainingProgress<'_> {
    fn epoch(&self, record: &EpochRecord) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(record.clone());
    }
}
