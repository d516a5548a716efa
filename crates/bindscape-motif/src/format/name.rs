//! The formats and their names.

use bindscape_base::{Error, Result, names};
use serde::{Deserialize, Serialize};

/// A format of motif files.
///
/// ```
/// use bindscape_motif::Format;
///
/// assert_eq!(Format::from_name("MEME")?, Format::Meme);
/// assert!(Format::from_name("mem").unwrap_err().advice().is_some_and(|hint| hint.contains("meme")));
/// # Ok::<(), bindscape_base::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// MEME's text, minimal or full, of version 4 or 5.
    Meme,
    /// JASPAR's of 2016: `>ID name`, then rows like `A [ 1 2 3 ]`.
    Jaspar,
    /// Four rows of numbers, of A, C, G and T, below `>ID name` or alone.
    Pfm,
    /// A row of numbers of A, C, G and T per position below `>ID name`, as HOCOMOCO's; read with
    /// letters (ENCODE) or as a numbered table (CIS-BP), too.
    Pcm,
    /// TRANSFAC's flat file.
    Transfac,
    /// HOMER's: `>consensus`, name and threshold, then a row of frequencies per position.
    Homer,
    /// UniPROBE's: a name, then rows like `A: 0.1 0.9`.
    Uniprobe,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 7] = [
        Self::Meme,
        Self::Jaspar,
        Self::Pfm,
        Self::Pcm,
        Self::Transfac,
        Self::Homer,
        Self::Uniprobe,
    ];

    /// Its name in options and messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Meme => "meme",
            Self::Jaspar => "jaspar",
            Self::Pfm => "pfm",
            Self::Pcm => "pcm",
            Self::Transfac => "transfac",
            Self::Homer => "homer",
            Self::Uniprobe => "uniprobe",
        }
    }

    /// The format of that name.
    ///
    /// # Errors
    /// If there is none.
    pub fn from_name(name: &str) -> Result<Self> {
        let known = Self::ALL.map(Self::name);
        Self::ALL
            .into_iter()
            .find(|format| format.name().eq_ignore_ascii_case(name))
            .ok_or_else(|| {
                let otherwise = "without a name, the format is recognised from the file";
                Error::about(
                    "format",
                    format!("one of {}", known.join(", ")),
                    format!("{name:?}"),
                )
                .hint(names::suggestion(name, known, otherwise))
            })
    }
}
