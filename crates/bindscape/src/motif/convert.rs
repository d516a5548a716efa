//! Motifs in another format.

use std::path::PathBuf;

use bindscape_base::progress::Progress;
use bindscape_base::words::counted;
use bindscape_base::{Error, Place, Result};
use bindscape_motif::{Background, Format, MotifSet, Pseudocount, format};
use serde::{Deserialize, Serialize};

use super::input::MotifInput;
use super::output::{is_standard, write_text};
use crate::content::Content;
use crate::job::Job;
use crate::session::Session;

/// A plan to write motifs in another format, trimmed, on the other strand, or some of them.
///
/// ```
/// use bindscape::Session;
/// use bindscape::motif::{Convert, MotifInput};
/// use bindscape_motif::Format;
///
/// let directory = tempfile::tempdir()?;
/// let out = directory.path().join("ctcf.meme");
/// let convert = Convert {
///     trim: Some(0.5),
///     ..Convert::new(MotifInput::new("jaspar:MA0139"), Format::Meme, out.clone())
/// };
/// let converted = Session::silent().run(&convert)?;
/// assert_eq!(converted.motifs, 1);
/// assert!(std::fs::read_to_string(out)?.contains("MOTIF MA0139.2 CTCF"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Convert {
    /// The motifs.
    pub input: MotifInput,
    /// Format of the output.
    pub to: Format,
    /// File to write; `-` is the session's output.
    pub out: PathBuf,
    /// Cut ends whose positions have less information than so many bits.
    #[serde(default)]
    pub trim: Option<f64>,
    /// Write the other strand.
    #[serde(default)]
    pub reverse_complement: bool,
    /// Sites added to every position before frequencies are taken, split by the background of
    /// the input, or evenly where it has none.
    #[serde(default)]
    pub pseudocount: Option<f64>,
}

/// What a conversion leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Converted {
    /// Motifs written.
    pub motifs: usize,
    /// The file; `None` for the session's output.
    pub file: Option<PathBuf>,
}

impl Convert {
    /// A conversion that changes nothing but the format.
    #[must_use]
    pub fn new(input: MotifInput, to: Format, out: PathBuf) -> Self {
        Self {
            input,
            to,
            out,
            trim: None,
            reverse_complement: false,
            pseudocount: None,
        }
    }

    fn cut_ends(&self, set: &mut MotifSet, bits: f64, session: &Session<'_>) -> Result<()> {
        let (mut shortened, mut positions) = (0, 0);
        for motif in &mut set.motifs {
            let Some((trimmed, kept)) = motif.trim(bits) else {
                return Err(Error::input(
                    &self.input.motifs,
                    Place::Record(motif.id.clone()),
                    format!("a position with {bits} bits or more"),
                    "none",
                )
                .hint("give a lower ⟦trim⟧, or leave the motif out with ⟦select⟧"));
            };
            let cut = motif.width() - kept.len();
            shortened += usize::from(cut > 0);
            positions += cut;
            *motif = trimmed;
        }
        session.note(&format!(
            "trimmed {} off {shortened} of {}",
            counted(positions as u64, "position"),
            counted(set.motifs.len() as u64, "motif")
        ));
        Ok(())
    }

    fn smooth(&self, set: &mut MotifSet, pseudocount: Pseudocount) -> Result<()> {
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
                        &self.input.motifs,
                        Place::Record(motif.id.clone()),
                        "the number of sites, to which ⟦pseudocount⟧ adds",
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
}

impl Job for Convert {
    type Outcome = Converted;

    const NAME: &'static str = "motif convert";

    fn check(&self) -> Result<()> {
        self.pseudocount.map(Pseudocount::new).transpose()?;
        if !is_standard(&self.out) {
            Content::Motifs(self.to).check("out", &self.out)?;
        }
        match self.trim {
            Some(bits) if !(0.0..=2.0).contains(&bits) => Err(Error::argument(
                "trim",
                "bits from 0 to 2",
                bits.to_string(),
            )),
            _ => Ok(()),
        }
    }

    fn run(&self, session: &Session<'_>) -> Result<Converted> {
        let mut set = self.input.read(session)?;
        if let Some(bits) = self.trim {
            self.cut_ends(&mut set, bits, session)?;
        }
        if let Some(sites) = self.pseudocount {
            self.smooth(&mut set, Pseudocount::new(sites)?)?;
        }
        if self.reverse_complement {
            for motif in &mut set.motifs {
                *motif = motif.reverse_complement();
            }
        }
        for loss in format::losses(&set, self.to) {
            session.note(&loss);
        }
        if let Some(notice) = &set.notice {
            session.note(notice);
        }
        write_text(&self.out, &format::write_motifs(&set, self.to), session)?;
        Ok(Converted {
            motifs: set.motifs.len(),
            file: (!is_standard(&self.out)).then(|| self.out.clone()),
        })
    }
}
