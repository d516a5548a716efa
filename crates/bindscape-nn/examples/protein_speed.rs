//! Trains the multi-task network on the features that `bench/protein-train/prepare.py` wrote, and
//! prints the proteins per second and the loss of each epoch as one line of JSON.
//!
//! ```text
//! protein_speed DATA FEATURES THREADS EPOCHS
//! ```

use std::path::Path;

use bindscape_base::progress::Silent;
use bindscape_nn::Device;
use bindscape_nn::protein::{
    Encoder, ProteinData, ProteinNetworkKind, ProteinTrainOptions, ProteinTraining, train,
};
use bindscape_protein::{Features, KnownSequences, Label, ProteinClass, Representation, Windows};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Features in memory, one protein after the other.
struct Stored {
    features: usize,
    /// Where each protein begins, in positions, and where the last one ends.
    starts: Vec<usize>,
    values: Vec<f32>,
}

impl Features for Stored {
    fn representation(&self) -> Representation {
        Representation::named("stored")
    }

    fn features(&self) -> usize {
        self.features
    }

    fn rows(&self, protein: usize) -> usize {
        self.starts[protein + 1] - self.starts[protein]
    }

    fn read(&self, protein: usize, out: &mut Vec<f32>) -> bindscape_base::Result<()> {
        let own = self.starts[protein] * self.features..self.starts[protein + 1] * self.features;
        out.clear();
        out.extend_from_slice(&self.values[own]);
        Ok(())
    }
}

fn numbers(path: &Path) -> Result<Vec<usize>, Box<dyn std::error::Error>> {
    let text = std::fs::read_to_string(path)?;
    Ok(text.lines().map(str::parse).collect::<Result<_, _>>()?)
}

#[allow(clippy::print_stdout)]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [data, features, threads, epochs] = &words[..] else {
        return Err("DATA FEATURES THREADS EPOCHS".into());
    };
    let (data, features) = (Path::new(data), features.parse()?);
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads.parse()?)
        .build_global()?;
    let mut starts = vec![0];
    for rows in numbers(&data.join("rows.txt"))? {
        starts.push(starts[starts.len() - 1] + rows);
    }
    let bytes = std::fs::read(data.join("features.f32"))?;
    let values = bytes
        .as_chunks::<4>()
        .0
        .iter()
        .map(|&b| f32::from_le_bytes(b));
    let stored = Stored {
        features,
        starts,
        values: values.collect(),
    };
    drop(bytes);
    let labels: Vec<Label> = numbers(&data.join("labels.txt"))?
        .into_iter()
        .map(|class| ProteinClass::ALL[class].into())
        .collect();
    let rows: Vec<usize> = (0..labels.len()).collect();
    let kind = ProteinNetworkKind::MultiTask;
    let windows = Windows::default();
    let options = ProteinTrainOptions {
        max_epochs: epochs.parse()?,
        ..ProteinTrainOptions::new(kind, 1)
    };
    let encoder = Encoder::new(&stored, windows);
    let trained = train(
        &kind.network(features, windows.positions),
        ProteinData {
            features: &stored,
            labels: &labels,
            train: &rows,
            // The clock stops before validation.
            validation: &rows[..1],
        },
        &options,
        ProteinTraining::new(encoder, Vec::new(), KnownSequences::default()),
        None,
        &Device::flex(),
        &Silent,
    )?;
    let of = |value: fn(&bindscape_nn::protein::ProteinEpoch) -> f64| {
        trained.epochs.iter().map(value).collect::<Vec<_>>()
    };
    let line = serde_json::json!({
        "speeds": of(|epoch| epoch.sequences_per_second),
        "losses": of(|epoch| epoch.train_loss),
    });
    println!("{line}");
    Ok(())
}
