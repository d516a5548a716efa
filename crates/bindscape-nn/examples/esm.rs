//! Residues per second of ESM-2: `cargo run --release -p bindscape-nn --example esm --
//! MODEL PROTEINS.fasta [THREADS] [TOKENS] [RUNS]`; the fastest run counts.

use std::time::Instant;

use bindscape_base::progress::Silent;
use bindscape_nn::esm2::{EmbedOptions, Embedder, Esm2, LoadOptions};
use bindscape_protein::read_proteins;
use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[allow(clippy::print_stdout)]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [model, fasta, options @ ..] = &arguments[..] else {
        return Err("MODEL PROTEINS.fasta [THREADS] [TOKENS] [RUNS]".into());
    };
    let number = |place: usize, default: usize| {
        options
            .get(place)
            .map_or(Ok(default), |text| text.parse::<usize>())
    };
    rayon::ThreadPoolBuilder::new()
        .num_threads(number(0, 2)?)
        .build_global()?;
    let model = Esm2::load(model, LoadOptions::default(), &Silent)?;
    let proteins = read_proteins(fasta)?;
    let sequences: Vec<&[u8]> = proteins.iter().map(|p| &p.sequence[..]).collect();
    let residues: usize = sequences.iter().map(|sequence| sequence.len()).sum();
    let embed = EmbedOptions {
        token_budget: number(1, EmbedOptions::default().token_budget)?,
        ..EmbedOptions::default()
    };
    let mut best = f64::INFINITY;
    for _ in 0..number(2, 3)? {
        let began = Instant::now();
        let mut embedder = Embedder::new(&model, &sequences, embed)?;
        while embedder.next_batch(&Silent)?.is_some() {}
        best = best.min(began.elapsed().as_secs_f64());
    }
    println!("{:.1}", residues as f64 / best);
    Ok(())
}
