//! `bindscape motif logo`: motifs as pictures.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bindscape_base::progress;
use bindscape_base::progress::Progress;
use bindscape_base::{Error, Result, atomic};
use bindscape_motif::{Background, Logo, Motif, MotifSet, logo};
use bindscape_report::{MotifRow, motif_page};
use clap::Args;

use super::input::Input;
use crate::terminal::Terminal;

/// Options of `motif logo`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    input: Input,
    /// File to write: .svg or .png for one motif, .html for a page of all; else a directory, a file for each
    #[arg(long, value_name = "FILE|DIR")]
    out: PathBuf,
    /// Write a PNG beside each SVG of the directory
    #[arg(long)]
    png: bool,
    /// Pixels of a PNG for one of the SVG, in which a position is 22 wide
    #[arg(long, value_name = "N", default_value_t = 3.0)]
    scale: f32,
    /// Letters as high as their share of the position's information, in bits (the default)
    #[arg(long, conflicts_with_all = ["probability", "weights"])]
    information: bool,
    /// Letters as high as their frequency
    #[arg(long, conflicts_with = "weights")]
    probability: bool,
    /// Read a table of weights instead of motifs: tab-separated, columns A, C, G, T, a row per position
    #[arg(long, conflicts_with_all = ["from", "select", "reverse_complement"])]
    weights: bool,
    /// Draw the other strand
    #[arg(long)]
    reverse_complement: bool,
}

/// What `--out` asks for.
#[derive(Clone, Copy)]
enum Target {
    Svg,
    Png,
    Page,
    Directory,
}

impl Target {
    fn of(path: &Path) -> Self {
        let extension = path.extension().map(|text| text.to_ascii_lowercase());
        match extension.as_deref().and_then(|text| text.to_str()) {
            Some("svg") => Self::Svg,
            Some("png") => Self::Png,
            Some("html" | "htm") => Self::Page,
            _ => Self::Directory,
        }
    }
}

pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<()> {
    let target = Target::of(&arguments.out);
    if arguments.png && !matches!(target, Target::Directory) {
        return Err(Error::argument(
            "png",
            "a directory for --out",
            arguments.out.display().to_string(),
        )
        .hint("a file that ends in .png is a PNG without --png"));
    }
    if arguments.weights {
        return draw_weights(arguments, target, terminal);
    }
    let mut set = arguments.input.read()?;
    if arguments.reverse_complement {
        for motif in &mut set.motifs {
            *motif = motif.reverse_complement();
        }
    }
    match target {
        Target::Page => write_page(arguments, &set)?,
        Target::Directory => draw_all(arguments, &set, terminal)?,
        Target::Svg | Target::Png => {
            let [motif] = set.motifs.as_slice() else {
                return Err(Error::argument(
                    "out",
                    "a directory, or a page (.html), for several motifs",
                    format!("{} for {}", arguments.out.display(), set.motifs.len()),
                )
                .hint("choose one motif with --select"));
            };
            write_one(&draw(arguments, motif)?, arguments, target)?;
        }
    }
    if let Some(notice) = &set.notice {
        terminal.note(notice);
    }
    terminal.note(&format!(
        "wrote {}: {} motifs",
        arguments.out.display(),
        set.motifs.len()
    ));
    Ok(())
}

fn draw(arguments: &Arguments, motif: &Motif) -> Result<Logo> {
    let logo = if arguments.probability {
        Logo::probability(&motif.frequencies)
    } else {
        Logo::information(&motif.frequencies, &Background::uniform())
    };
    logo.map_err(|error| error.within(&motif.id))
}

fn write_one(logo: &Logo, arguments: &Arguments, target: Target) -> Result<()> {
    match target {
        Target::Png => atomic::write(&arguments.out, &logo.png(arguments.scale)?),
        _ => atomic::write(&arguments.out, logo.svg().as_bytes()),
    }
}

fn draw_weights(arguments: &Arguments, target: Target, terminal: &Terminal) -> Result<()> {
    if matches!(target, Target::Page | Target::Directory) {
        return Err(Error::argument(
            "out",
            "a file that ends in .svg or .png for --weights",
            arguments.out.display().to_string(),
        ));
    }
    let rows = logo::read_weights(Path::new(&arguments.input.motifs))?;
    let positions = rows.len();
    write_one(&Logo::weights(rows)?, arguments, target)?;
    terminal.note(&format!(
        "wrote {}: {positions} positions",
        arguments.out.display()
    ));
    Ok(())
}

/// A file for each motif, named after its id.
fn draw_all(arguments: &Arguments, set: &MotifSet, terminal: &Terminal) -> Result<()> {
    let mut files: BTreeMap<String, &Motif> = BTreeMap::new();
    for motif in &set.motifs {
        if let Some(other) = files.insert(file_name(&motif.id), motif) {
            return Err(Error::argument(
                "out",
                "motifs whose ids make different file names",
                format!("{:?} and {:?}", other.id, motif.id),
            )
            .hint("choose one of them with --select, or write a page (.html)"));
        }
    }
    std::fs::create_dir_all(&arguments.out)
        .map_err(|source| Error::io("create", &arguments.out, source))?;
    terminal.begin("drawing logos", Some(files.len() as u64));
    for (name, motif) in files {
        progress::check(terminal)?;
        let logo = draw(arguments, motif)?;
        let path = arguments.out.join(&name);
        atomic::write(path.with_added_extension("svg"), logo.svg().as_bytes())?;
        if arguments.png {
            atomic::write(
                path.with_added_extension("png"),
                &logo.png(arguments.scale)?,
            )?;
        }
        terminal.advance(1);
    }
    terminal.finish();
    Ok(())
}

/// An id as a file name that every system takes.
fn file_name(id: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.+()".contains(letter);
    let name: String = id
        .chars()
        .take(120)
        .map(|letter| if plain(letter) { letter } else { '_' })
        .collect();
    match name.strip_prefix('.') {
        Some(rest) => format!("_{rest}"),
        None => name,
    }
}

fn write_page(arguments: &Arguments, set: &MotifSet) -> Result<()> {
    struct Drawn {
        logo: String,
        reverse: String,
        consensus: String,
    }
    let drawn: Result<Vec<Drawn>> = set
        .motifs
        .iter()
        .map(|motif| {
            Ok(Drawn {
                logo: draw(arguments, motif)?.inline_svg(),
                reverse: draw(arguments, &motif.reverse_complement())?.inline_svg(),
                consensus: motif.frequencies.consensus(),
            })
        })
        .collect();
    let drawn = drawn?;
    let rows: Vec<MotifRow<'_>> = set
        .motifs
        .iter()
        .zip(&drawn)
        .map(|(motif, drawn)| MotifRow {
            id: &motif.id,
            name: motif.name.as_deref(),
            consensus: &drawn.consensus,
            sites: motif.sites,
            e_value: motif.e_value.as_ref().map(|e_value| e_value.text()),
            logo: &drawn.logo,
            logo_reverse: &drawn.reverse,
        })
        .collect();
    let notes: Vec<&str> = set.notice.as_deref().into_iter().collect();
    let title = format!("Motifs of {}", arguments.input.motifs);
    let page = motif_page(&title, &notes, &logo::letter_definitions(), &rows);
    atomic::write(&arguments.out, page.as_bytes())
}
