//! Sequences per second of the paper's network: `cargo run --release -p bindscape-nn --example throughput`.
//! A first argument sets the number of TFs (50); a second names a directory
//! that the trained model is kept in.

use std::path::PathBuf;
use std::time::Instant;

use bindscape_core::dataset::{Dataset, Part};
use bindscape_core::progress::{Progress, Silent};
use bindscape_core::region::Regions;
use bindscape_core::results::{EpochRecord, RunKind};
use bindscape_core::sequence::PackedSequences;
use bindscape_nn::train::{BatchReport, Observer, Start, TrainOptions, train};
use bindscape_nn::{Architecture, CnnConfig, DeviceChoice, Predictor, Strands, TrainingIdentity};

/// Tells the speed of each epoch.
struct Speed;

impl Progress for Speed {
    fn begin(&self, _label: &str, _total: Option<u64>) {}
    fn advance(&self, _by: u64) {}
    fn note(&self, _message: &str) {}
    fn finish(&self) {}
}

impl Observer for Speed {
    fn batch(&self, _report: &BatchReport) {}

    #[allow(clippy::print_stdout)]
    fn epoch(&self, record: &EpochRecord) {
        println!(
            "training: {:.0} sequences/s (loss {:.4})",
            record.sequences_per_second, record.train_loss
        );
    }
}

#[allow(clippy::print_stdout)]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let tfs: usize = std::env::args()
        .nth(1)
        .map_or(Ok(50), |text| text.parse())?;
    let rows = 2000;
    let mut data = Dataset {
        tfs: (0..tfs).map(|tf| format!("TF{tf}")).collect(),
        regions: Regions::new(),
        sequences: PackedSequences::new(200),
        labels: Vec::new(),
        parts: Vec::new(),
    };
    let mut state = 1_u64;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 40) as usize
    };
    for row in 0..rows {
        let letters: Vec<u8> = (0..200).map(|_| b"ACGT"[next() % 4]).collect();
        data.sequences.push(&letters);
        data.regions.push("chr1", row * 1000, row * 1000 + 200);
        data.labels
            .extend((0..tfs).map(|_| u8::from(next() % 4 == 0)));
        data.parts.push(if row % 20 == 0 {
            Part::Validation
        } else {
            Part::Train
        });
    }
    let architecture = Architecture::Cnn(CnnConfig::new(200, tfs));
    let mut options = TrainOptions::scratch(1);
    options.max_epochs = 3;
    let device = DeviceChoice::Cpu.open()?;
    let kept = std::env::args().nth(2).map(PathBuf::from);
    let directory = kept.clone().unwrap_or_else(|| {
        std::env::temp_dir().join(format!("bindscape-throughput-{}", std::process::id()))
    });
    let identity = TrainingIdentity::new(RunKind::Pretrain, 1, None, Vec::new(), &data, None);
    println!(
        "{} threads, {tfs} TFs, batches of {}",
        rayon::current_num_threads(),
        options.batch_size
    );
    let trained = train(
        &architecture,
        Start::Scratch,
        &data,
        &options,
        identity,
        &directory,
        &device,
        &Speed,
    )?;
    if kept.is_none() {
        std::fs::remove_dir_all(&directory)?;
    }
    let predictor = Predictor::new(&trained.model, &device);
    for (name, strands) in [
        ("one strand", Strands::Forward),
        ("both strands", Strands::Both),
    ] {
        let began = Instant::now();
        predictor.predict(&data.sequences, strands, 256, &Silent)?;
        println!(
            "prediction, {name}: {:.0} sequences/s",
            f64::from(rows) / began.elapsed().as_secs_f64()
        );
    }
    Ok(())
}
