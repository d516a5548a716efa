//! Draws some logos, to look at: `cargo run --release -p bindscape-tools --bin draw_logos -- DIR`.

use std::path::PathBuf;

use bindscape_base::{Error, Result, atomic};
use bindscape_motif::{Background, Logo, jaspar};

fn main() -> Result<()> {
    let Some(out) = std::env::args_os().nth(1).map(PathBuf::from) else {
        return Err(Error::about("arguments", "a directory", "none"));
    };
    let all = jaspar();
    let mut by_width: Vec<_> = all.motifs.iter().collect();
    by_width.sort_by_key(|motif| motif.width());
    let ctcf = jaspar::select("MA0139")?.motifs;
    let chosen = [by_width[0], by_width[by_width.len() - 1], &ctcf[0]];
    for motif in chosen {
        let logo = Logo::information(&motif.frequencies, &Background::uniform())?;
        atomic::write(out.join(format!("{}.svg", motif.id)), logo.svg().as_bytes())?;
        atomic::write(out.join(format!("{}.png", motif.id)), &logo.png(2.0)?)?;
    }
    let frequencies = &ctcf[0].frequencies;
    let probability = Logo::probability(frequencies)?.padded(3, 2);
    atomic::write(out.join("probability.png"), &probability.png(2.0)?)?;
    let smooth = frequencies.with_pseudocount(
        100.0,
        bindscape_motif::Pseudocount::new(1.0)?,
        &Background::uniform(),
    );
    let log_odds = smooth.log_odds(&Background::uniform())?;
    let weights = Logo::weights(log_odds.rows().to_vec())?;
    atomic::write(out.join("weights.png"), &weights.png(2.0)?)
}
