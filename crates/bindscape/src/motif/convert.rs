//! `bindscape motif convert`: motifs in another format.

use std::io::Write;
use std::path::{Path, PathBuf};

use bindscape_core::progress::Progress;
use bindscape_core::{Error, Place, Result, atomic, names};
use bindscape_motif::{
    Background, Format, Motif, MotifSet, Pseudocount, format, motifs_from, read_motifs,
};
use clap::Args;

use crate::terminal::Terminal;

/// Options of `motif convert`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Motif file, plain or gzip; `-` is standard input
    #[arg(value_name = "MOTIFS")]
    input: String,
    /// Format of the input [default: told from the text]
    #[arg(long, value_name = "FORMAT", value_parser = Format::from_name)]
    from: Option<Format>,
    /// Format of the output
    #[arg(long, value_name = "FORMAT", value_parser = Format::from_name)]
    to: Format,
    /// File to write [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Only the motifs of these ids or names, in this order
    #[arg(long, value_name = "ID,...", value_delimiter = ',')]
    select: Vec<String>,
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
        return Err(Error::option(
            "--trim",
            "bits from 0 to 2",
            bits.to_string(),
        ));
    }
    let mut set = match arguments.from {
        Some(from) => read_motifs(Path::new(&arguments.input), Some(from))?,
        None => motifs_from(&arguments.input)?,
    };
    if !arguments.select.is_empty() {
        set.motifs = select(&set.motifs, &arguments.select)?;
    }
    if let Some(bits) = arguments.trim {
        trim(&mut set, bits, &arguments.input, terminal)?;
    }
    if let Some(pseudocount) = pseudocount {
        smooth(&mut set, pseudocount, &arguments.input)?;
    }
    if arguments.reverse_complement {
        for motif in &mut set.motifs {
            *motif = motif.reverse_complement();
        }
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
        None => std::io::stdout()
            .write_all(text.as_bytes())
            .map_err(|source| Error::io("write", "<stdout>", source)),
    }
}

/// The motifs of these ids, or, where no id fits, of these names.
fn select(motifs: &[Motif], wanted: &[String]) -> Result<Vec<Motif>> {
    let mut selected = Vec::new();
    for id in wanted {
        let before = selected.len();
        selected.extend(motifs.iter().filter(|motif| motif.id == *id).cloned());
        if selected.len() == before {
            let named = |motif: &&Motif| motif.name.as_deref() == Some(id);
            selected.extend(motifs.iter().filter(named).cloned());
        }
        if selected.len() == before {
            let known = motifs.iter().flat_map(|motif| {
                [Some(motif.id.as_str()), motif.name.as_deref()]
                    .into_iter()
                    .flatten()
            });
            return Err(Error::option(
                "--select",
                "ids or names of motifs of the input",
                format!("{id:?}"),
            )
            .hint(names::suggestion(
                id,
                known,
                "ids are compared letter by letter",
            )));
        }
    }
    Ok(selected)
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
