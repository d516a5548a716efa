//! The background that a user names as the MEME suite does.

use bindscape::motif::BackgroundChoice;
use bindscape_base::{Error, Result};

/// The names of those that are no files.
const NAMES: [(&str, BackgroundChoice); 5] = [
    ("--motif--", BackgroundChoice::Motifs),
    ("motif-file", BackgroundChoice::Motifs),
    ("--uniform--", BackgroundChoice::Uniform),
    ("--nrdb--", BackgroundChoice::Nrdb),
    ("nrdb", BackgroundChoice::Nrdb),
];

/// The background of that name, or of that file; `usual` without a name.
pub(super) fn background(
    name: Option<String>,
    usual: BackgroundChoice,
) -> Result<BackgroundChoice> {
    let Some(name) = name else {
        return Ok(usual);
    };
    let known = NAMES.into_iter().find(|(known, _)| *known == name);
    match known {
        // A file of that name is meant, where there is one.
        Some((known, choice))
            if known.starts_with("--") || !std::path::Path::new(&name).exists() =>
        {
            Ok(choice)
        }
        None if name.starts_with("--") => Err(Error::argument(
            "background",
            "a file, --motif--, --uniform-- or --nrdb--",
            format!("{name:?}"),
        )
        .hint("write another background into a file: a letter and its probability on each line")),
        _ => Ok(BackgroundChoice::File(name.into())),
    }
}
