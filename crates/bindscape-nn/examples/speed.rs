//! Times training or prediction for `bench/speed`, through the public API:
//!
//! ```text
//! speed DATA WHAT NETWORK THREADS BATCH OUTPUTS LENGTH SECONDS
//! ```
//!
//! DATA holds `sequences.txt` and `labels.txt`, one sequence and one row of 0
//! and 1 per line. WHAT is `train`, `predict`, or `model`, which leaves the model
//! that `predict` loads in DATA. Prints one line of JSON; `bench/speed/pytorch.py`
//! is the same program in PyTorch.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Instant;

use bindscape_base::progress::{Progress, Silent};
use bindscape_genome::region::Regions;
use bindscape_genome::sequence::PackedSequences;
use bindscape_matrix::dataset::{Dataset, Part};
use bindscape_matrix::results::RunKind;
use bindscape_nn::train::{BatchReport, MODEL_FILE, Observer, Start, TrainOptions, train};
use bindscape_nn::{
    Architecture, ArchitectureKind, DeviceChoice, Model, Predictor, Strands, TrainingIdentity,
};

/// The program's allocator, so that speed and memory are the program's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Steps, and calls of prediction, before the clock runs.
const WARM_UP: usize = 5;
/// Fewest steps that are timed, however long they take.
const LEAST: usize = 5;
/// Sequences per epoch, at the least.
const SEQUENCES: usize = 2000;
/// Batches per call of prediction.
const BATCHES: usize = 10;

/// What is measured.
struct Plan {
    data: PathBuf,
    what: String,
    network: ArchitectureKind,
    threads: usize,
    batch: usize,
    outputs: usize,
    length: usize,
    seconds: f64,
}

impl Plan {
    fn parse(words: &[String]) -> Result<Self, Box<dyn Error>> {
        let [
            data,
            what,
            network,
            threads,
            batch,
            outputs,
            length,
            seconds,
        ] = words
        else {
            return Err("expected DATA WHAT NETWORK THREADS BATCH OUTPUTS LENGTH SECONDS".into());
        };
        Ok(Self {
            data: data.into(),
            what: what.clone(),
            network: network.parse()?,
            threads: threads.parse()?,
            batch: batch.parse()?,
            outputs: outputs.parse()?,
            length: length.parse()?,
            seconds: seconds.parse()?,
        })
    }

    fn architecture(&self) -> Architecture {
        Architecture::usual(self.network, self.length, self.outputs)
    }

    fn model_directory(&self) -> PathBuf {
        self.data.join(format!(
            "model-{}-{}-{}",
            self.network, self.length, self.outputs
        ))
    }
}

#[allow(clippy::print_stdout)]
fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let plan = Plan::parse(&words)?;
    rayon::ThreadPoolBuilder::new()
        .num_threads(plan.threads)
        .build_global()?;
    let before = peak_resident_mib();
    let (sequences, seconds) = match plan.what.as_str() {
        "train" => time_training(&plan)?,
        "predict" => time_prediction(&plan)?,
        "model" => return leave_model(&plan),
        other => return Err(format!("expected train, predict or model, found {other}").into()),
    };
    let line = serde_json::json!({
        "program": "bindscape",
        "what": plan.what,
        "network": plan.network.to_string(),
        "threads": plan.threads,
        "batch": plan.batch,
        "outputs": plan.outputs,
        "length": plan.length,
        "sequences": sequences,
        "seconds": seconds,
        "sequences_per_second": sequences as f64 / seconds,
        "start_rss_mib": before,
        "peak_rss_mib": peak_resident_mib(),
    });
    println!("{line}");
    Ok(())
}

/// The first `rows` rows of the data. Row `i` of sequences longer than a line of
/// the file is several lines in a row, cut to length; columns of labels are used
/// over again where there are fewer than outputs.
fn read(plan: &Plan, rows: usize) -> Result<Dataset, Box<dyn Error>> {
    let text = |name: &str| std::fs::read_to_string(plan.data.join(name));
    let (sequences, labels) = (text("sequences.txt")?, text("labels.txt")?);
    let sequences: Vec<&str> = sequences.lines().collect();
    let labels: Vec<&[u8]> = labels.lines().map(str::as_bytes).collect();
    let lines = plan
        .length
        .div_ceil(sequences.first().ok_or("no sequences")?.len());
    let mut data = Dataset {
        tfs: (1..=plan.outputs).map(|tf| format!("TF{tf}")).collect(),
        regions: Regions::new(),
        sequences: PackedSequences::new(plan.length),
        labels: Vec::new(),
        parts: Vec::new(),
    };
    for row in 0..rows {
        let letters: String = (0..lines)
            .map(|line| sequences[(row * lines + line) % sequences.len()])
            .collect();
        data.sequences.push(&letters.as_bytes()[..plan.length]);
        let labels = labels[row % labels.len()];
        data.labels
            .extend((0..plan.outputs).map(|tf| labels[tf % labels.len()] - b'0'));
        let start = u32::try_from(row * plan.length)?;
        data.regions
            .push("data", start, start + u32::try_from(plan.length)?);
        data.parts.push(Part::Train);
    }
    Ok(data)
}

/// A training that `observer` may stop, in a directory that is removed.
fn train_watched(
    plan: &Plan,
    rows: usize,
    epochs: u32,
    directory: &Path,
    observer: &dyn Observer,
) -> Result<(), Box<dyn Error>> {
    // Validation is not timed; one batch of it is enough.
    let mut data = read(plan, rows + plan.batch)?;
    data.parts[rows..].fill(Part::Validation);
    let options = TrainOptions {
        batch_size: plan.batch,
        max_epochs: epochs,
        patience: epochs,
        ..TrainOptions::scratch(1)
    };
    let identity = TrainingIdentity::new(RunKind::Pretrain, 1, None, Vec::new(), &data, None);
    let result = train(
        &plan.architecture(),
        Start::Scratch,
        &data,
        &options,
        identity,
        directory,
        &DeviceChoice::Cpu.open()?,
        observer,
    );
    match result {
        Err(bindscape_base::Error::Interrupted) | Ok(_) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Sequences trained on in whole steps, and the seconds that these took.
fn time_training(plan: &Plan) -> Result<(usize, f64), Box<dyn Error>> {
    // Full batches of both strands only.
    let batches = SEQUENCES.div_ceil(plan.batch).next_multiple_of(2);
    let clock = Clock {
        seconds: plan.seconds,
        state: Mutex::default(),
    };
    let directory = std::env::temp_dir().join(format!("bindscape-speed-{}", std::process::id()));
    let trained = train_watched(plan, batches * plan.batch / 2, u32::MAX, &directory, &clock);
    std::fs::remove_dir_all(&directory)?;
    trained?;
    let state = clock.state.into_inner()?;
    Ok((state.timed * plan.batch, state.seconds))
}

fn leave_model(plan: &Plan) -> Result<(), Box<dyn Error>> {
    train_watched(plan, plan.batch, 1, &plan.model_directory(), &Silent)
}

/// Sequences predicted, one strand each, and the seconds that they took.
fn time_prediction(plan: &Plan) -> Result<(usize, f64), Box<dyn Error>> {
    let model = Model::load(plan.model_directory().join(MODEL_FILE))?;
    let predictor = Predictor::new(&model, &DeviceChoice::Cpu.open()?);
    drop(model);
    let sequences = read(plan, BATCHES * plan.batch)?.sequences;
    let predict = |sequences: &PackedSequences| {
        predictor.predict(sequences, Strands::Forward, plan.batch, &Silent)
    };
    let few: Vec<usize> = (0..plan.batch).collect();
    let few = sequences.select(&few);
    for _ in 0..WARM_UP {
        predict(&few)?;
    }
    let (began, mut count) = (Instant::now(), 0);
    while began.elapsed().as_secs_f64() < plan.seconds {
        predict(&sequences)?;
        count += sequences.len();
    }
    Ok((count, began.elapsed().as_secs_f64()))
}

/// Times every step of a training, and stops it after a while.
struct Clock {
    seconds: f64,
    state: Mutex<Steps>,
}

#[derive(Default)]
struct Steps {
    began: Option<Instant>,
    done: usize,
    timed: usize,
    seconds: f64,
}

impl Clock {
    fn state(&self) -> std::sync::MutexGuard<'_, Steps> {
        self.state.lock().expect("no thread panics while it counts")
    }
}

impl Progress for Clock {
    fn begin(&self, _label: &str, _total: Option<u64>) {
        self.state().began = Some(Instant::now());
    }

    fn advance(&self, _by: u64) {}
    fn note(&self, _message: &str) {}
    fn finish(&self) {}

    fn interrupted(&self) -> bool {
        let state = self.state();
        state.timed >= LEAST && state.seconds >= self.seconds
    }
}

impl Observer for Clock {
    fn batch(&self, _report: &BatchReport) {
        let mut state = self.state();
        let now = Instant::now();
        let began = state.began.replace(now);
        state.done += 1;
        if state.done > WARM_UP {
            state.timed += 1;
            state.seconds += began.map_or(0.0, |began| (now - began).as_secs_f64());
        }
    }
}

/// Most memory that this process has held so far, in MiB; `None` where the system does not tell.
fn peak_resident_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib / 1024.0)
}
