//! Times a discovery: `time_discovery POSITIVES [CONTROLS] [--nmotifs N] [--maxw W] [--hofract F] [--order M] [--seed S]`.

use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use bindscape_base::progress::Silent;
use bindscape_motif::discover::{Options, SequenceSet, discover};

fn main() -> Result<(), Box<dyn Error>> {
    let mut options = Options::default();
    let mut files = Vec::new();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or("an option lacks its value");
        match argument.as_str() {
            "--nmotifs" => options.motifs = Some(value()?.parse()?),
            "--maxw" => options.max_width = value()?.parse()?,
            "--minw" => options.min_width = value()?.parse()?,
            "--hofract" => options.holdout = value()?.parse()?,
            "--order" => options.order = value()?.parse()?,
            "--seed" => options.seed = value()?.parse()?,
            _ => files.push(argument),
        }
    }
    let sets = files
        .iter()
        .map(|path| SequenceSet::read(Path::new(path)))
        .collect::<Result<Vec<_>, _>>()?;
    let begin = Instant::now();
    let found = discover(&sets[0], sets.get(1), &options, &Silent)?;
    let seconds = begin.elapsed().as_secs_f64();
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{seconds:.2} s with {} threads; {:?}, {} found, {}",
        rayon::current_num_threads(),
        found.test,
        found.found,
        found.stop
    )?;
    for motif in &found.motifs {
        writeln!(
            out,
            "{}\t{}\t{:?}\ttraining 1e{:.1}\theld out {:?}",
            motif.found,
            motif.frequencies.consensus(),
            (motif.training.positives, motif.training.controls),
            motif.training.log10_p,
            motif
                .held_out
                .map(|part| (part.positives, part.controls, part.log10_p)),
        )?;
    }
    Ok(())
}
