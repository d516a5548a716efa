//! `bindscape motif convert`: motifs in another format.

use std::path::PathBuf;

use bindscape_base::progress::Progress;
use bindscape_base::{Error, Place, Result, atomic};
use bindscape_motif::{Background, Format, MotifSet, Pseudocount, format};
use clap::Args;

use super::input::Input;
use super::output::print;
use crate::terminal::Terminal;

/// Options of `motif convert`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    input: Input,
    /// Format of the output: meme, jaspar, pfm, transfac, homer or uniprobe
    #[arg(long, value_name = "FORMAT", value_parser = Format::from_name)]
    to: Format,
    /// File to write [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Cut ends whose positions have less information than this
    #[arg(long, value_name = "BITS")]
    trim: Option<f64>,
    /// Write the other strand
    #[arg(long)]
    reverse_complement: bool,
    /// Sites added to every position before frequencies are taken, split by the background of the
    /// input, or evenly where it has none
    #[arg(long, value_name = "SITES")]
    pseudocount: Option<f64>,
}

pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<()> {
    let pseudocount = arguments.pseudocount.map(Pseudocount::new).transpose()?;
    if let Some(bits) = arguments.trim
        && !(0.0..=2.0).contains(&bits)
    {
        return Err(Error::argument(
            "trim",
            "bits from 0 to 2",
            bits.to_string(),
        ));
    }
    let mut set = arguments.input.read()?;
    let input = &arguments.input.motifs;
    if let Some(bits) = arguments.trim {
        trim(&mut set, bits, input, terminal)?;
    }
    if let Some(pseudocount) = pseudocount {
        smooth(&mut set, pseudocount, input)?;
    }
    if arguments.reverse_complement {
        for motif in &mut set.motifs {
            *motif = motif.reverse_complement();
        }
    }
    for loss in format::losses(&set, arguments.to) {
        terminal.note(&loss);
    }
    if let Some(notice) = &set.notice {
        terminal.note(notice);
    }
    let text = format::write_motifs(&set, arguments.to);
    match &arguments.out {
        Some(path) => {
            atomic::write(path, text.as_bytes())?;
            terminal.note(&format!(
                "wrote {}: {} motifs",
                path.display(),
                set.motifs.len()
            ));
            Ok(())
        }
        None => print(&text),
    }
}

fn trim(set: &mut MotifSet, bits: f64, input: &str, terminal: &Terminal) -> Result<()> {
    let (mut shortened, mut positions) = (0, 0);
    for motif in &mut set.motifs {
        let Some((trimmed, kept)) = motif.trim(bits) else {
            return Err(Error::input(
                input,
                Place::Record(motif.id.clone()),
                format!("a position with {bits} bits or more"),
                "none",
            )
            .hint("give a lower --trim, or leave the motif out with --select"));
        };
        let cut = motif.width() - kept.len();
        shortened += usize::from(cut > 0);
        positions += cut;
        *motif = trimmed;
    }
    terminal.note(&format!(
        "trimmed {positions} positions off {shortened} of {} motifs",
        set.motifs.len()
    ));
    Ok(())
}

fn smooth(set: &mut MotifSet, pseudocount: Pseudocount, input: &str) -> Result<()> {
    let background = set.background.unwrap_or(Background::uniform());
    for motif in &mut set.motifs {
        motif.frequencies = match (&motif.counts, motif.sites) {
            (Some(counts), _) => counts.frequencies(pseudocount, &background),
            (None, Some(sites)) => {
                motif
                    .frequencies
                    .with_pseudocount(sites, pseudocount, &background)
            }
            (None, None) => {
                return Err(Error::input(
                    input,
                    Place::Record(motif.id.clone()),
                    "the number of sites, to which --pseudocount adds",
                    "none",
                )
                .hint("MEME files tell it by nsites="));
            }
        };
        // Counts that do not give the frequencies any more would contradict them.
        motif.counts = None;
    }
    Ok(())
}
