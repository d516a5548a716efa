//! Motifs as pictures.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bindscape_base::progress::Progress;
use bindscape_base::{Error, Result, atomic};
use bindscape_motif::{Background, Motif, MotifSet, logo};
use bindscape_report::{MotifRow, motif_page};
use serde::{Deserialize, Serialize};

use super::input::MotifInput;
use crate::job::Job;
use crate::output_directory::OutputDirectory;
use crate::session::Session;

/// A plan to draw motifs, or any weights of bases, as SVG, PNG or a page of all.
///
/// ```
/// use bindscape::Session;
/// use bindscape::motif::{Logo, LogoContent, MotifInput};
///
/// let directory = tempfile::tempdir()?;
/// let out = directory.path().join("ctcf.svg");
/// let logo = Logo::new(MotifInput::new("jaspar:MA0139"), out.clone());
/// let drawn = Session::silent().run(&logo)?;
/// assert_eq!(drawn.content, LogoContent::Motifs(1));
/// assert!(std::fs::read_to_string(out)?.starts_with("<svg"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Logo {
    /// What is drawn.
    pub input: LogoInput,
    /// File to write: `.svg` or `.png` for one motif, `.html` for a page of all; else a directory,
    /// a file for each.
    pub out: PathBuf,
    /// Write a PNG beside each SVG of the directory.
    #[serde(default)]
    pub png: bool,
    /// Pixels of a PNG for one of the SVG, in which a position is 22 wide.
    #[serde(default = "Logo::scale")]
    pub scale: f32,
}

/// What is drawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum LogoInput {
    /// Motifs.
    Motifs {
        /// The motifs.
        input: MotifInput,
        /// What the heights of letters are.
        #[serde(default)]
        heights: Heights,
        /// Draw the other strand.
        #[serde(default)]
        reverse_complement: bool,
    },
    /// A table of weights: tab-separated, columns A, C, G, T, a row per position.
    Weights(PathBuf),
}

/// What the heights of a motif's letters are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Heights {
    /// Their share of the position's information, in bits.
    #[default]
    Information,
    /// Their frequency.
    Probability,
}

impl Heights {
    fn draw(self, motif: &Motif) -> Result<logo::Logo> {
        match self {
            Self::Information => {
                logo::Logo::information(&motif.frequencies, &Background::uniform())
            }
            Self::Probability => logo::Logo::probability(&motif.frequencies),
        }
        .map_err(|error| error.within(&motif.id))
    }
}

/// What a drawing leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    /// The file or directory.
    pub out: PathBuf,
    /// What is on it.
    pub content: LogoContent,
}

/// What was drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogoContent {
    /// So many motifs.
    Motifs(usize),
    /// A table of so many positions.
    Positions(usize),
}

/// What [`Logo::out`] asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
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

impl Logo {
    /// Logos of motifs, with letters as high as their share of the information.
    #[must_use]
    pub fn new(input: MotifInput, out: PathBuf) -> Self {
        Self {
            input: LogoInput::Motifs {
                input,
                heights: Heights::default(),
                reverse_complement: false,
            },
            out,
            png: false,
            scale: Self::scale(),
        }
    }

    /// The usual scale of a PNG.
    fn scale() -> f32 {
        3.0
    }

    fn draw_weights(&self, path: &Path) -> Result<LogoContent> {
        let rows = logo::read_weights(path)?;
        let positions = rows.len();
        self.write_one(&logo::Logo::weights(rows)?)?;
        Ok(LogoContent::Positions(positions))
    }

    fn draw_motifs(
        &self,
        set: &MotifSet,
        heights: Heights,
        title: &str,
        session: &Session<'_>,
    ) -> Result<()> {
        match Target::of(&self.out) {
            Target::Page => {
                let page = page(set, heights, title)?;
                atomic::write(&self.out, page.as_bytes())
            }
            Target::Directory => self.draw_each(set, heights, session),
            Target::Svg | Target::Png => {
                let [motif] = set.motifs.as_slice() else {
                    return Err(Error::argument(
                        "out",
                        "a directory, or a page (.html), for several motifs",
                        format!("{} for {}", self.out.display(), set.motifs.len()),
                    )
                    .hint("choose one motif with ⟦select⟧"));
                };
                self.write_one(&heights.draw(motif)?)
            }
        }
    }

    fn write_one(&self, logo: &logo::Logo) -> Result<()> {
        if Target::of(&self.out) == Target::Png {
            atomic::write(&self.out, &logo.png(self.scale)?)
        } else {
            atomic::write(&self.out, logo.svg().as_bytes())
        }
    }

    /// A file for each motif, named after its id.
    fn draw_each(&self, set: &MotifSet, heights: Heights, session: &Session<'_>) -> Result<()> {
        let mut files: BTreeMap<String, &Motif> = BTreeMap::new();
        for motif in &set.motifs {
            if let Some(other) = files.insert(file_name(&motif.id), motif) {
                return Err(Error::argument(
                    "out",
                    "motifs whose ids make different file names",
                    format!("{:?} and {:?}", other.id, motif.id),
                )
                .hint("choose one of them with ⟦select⟧, or write a page (.html)"));
            }
        }
        let mut directory = OutputDirectory::make(&self.out)?;
        session.begin("drawing logos", Some(files.len() as u64));
        for (name, motif) in files {
            session.check()?;
            let logo = heights.draw(motif)?;
            directory.write(format!("{name}.svg"), logo.svg())?;
            if self.png {
                directory.write(format!("{name}.png"), logo.png(self.scale)?)?;
            }
            session.advance(1);
        }
        session.finish();
        directory.keep();
        Ok(())
    }
}

impl Job for Logo {
    type Outcome = Drawn;

    const NAME: &'static str = "motif logo";

    fn check(&self) -> Result<()> {
        let target = Target::of(&self.out);
        if self.png && target != Target::Directory {
            return Err(Error::argument(
                "png",
                "a directory for ⟦out⟧",
                self.out.display().to_string(),
            )
            .hint("a file that ends in .png is a PNG without ⟦png⟧"));
        }
        let one = matches!(target, Target::Svg | Target::Png);
        if matches!(self.input, LogoInput::Weights(_)) && !one {
            return Err(Error::argument(
                "out",
                "a file that ends in .svg or .png for ⟦weights⟧",
                self.out.display().to_string(),
            ));
        }
        Ok(())
    }

    fn run(&self, session: &Session<'_>) -> Result<Drawn> {
        let content = match &self.input {
            LogoInput::Weights(path) => self.draw_weights(path)?,
            LogoInput::Motifs {
                input,
                heights,
                reverse_complement,
            } => {
                let mut set = input.read(session)?;
                if *reverse_complement {
                    for motif in &mut set.motifs {
                        *motif = motif.reverse_complement();
                    }
                }
                let title = format!("Motifs of {}", input.motifs);
                self.draw_motifs(&set, *heights, &title, session)?;
                if let Some(notice) = &set.notice {
                    session.note(notice);
                }
                LogoContent::Motifs(set.motifs.len())
            }
        };
        Ok(Drawn {
            out: self.out.clone(),
            content,
        })
    }
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

/// A page of all motifs, both strands.
fn page(set: &MotifSet, heights: Heights, title: &str) -> Result<String> {
    struct Pictures {
        logo: String,
        reverse: String,
        consensus: String,
        species: String,
    }
    let drawn: Result<Vec<Pictures>> = set
        .motifs
        .iter()
        .map(|motif| {
            Ok(Pictures {
                logo: heights.draw(motif)?.inline_svg(),
                reverse: heights.draw(&motif.reverse_complement())?.inline_svg(),
                consensus: motif.frequencies.consensus(),
                species: motif.metadata.species_names(),
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
            species: &drawn.species,
            consensus: &drawn.consensus,
            sites: motif.sites,
            e_value: motif.e_value.as_ref().map(|e_value| e_value.text()),
            logo: &drawn.logo,
            logo_reverse: &drawn.reverse,
        })
        .collect();
    let notes: Vec<&str> = set.notice.as_deref().into_iter().collect();
    Ok(motif_page(
        title,
        &notes,
        &logo::letter_definitions(),
        &rows,
    ))
}
