//! The error type of every reader and check: it names the file, the place in
//! it, what was expected, what was found, and what to do about it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Result of the functions of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Where in an input something was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The file as a whole.
    File,
    /// A line, counted from 1.
    Line(u64),
    /// A record, by name or number.
    Record(String),
    /// A byte offset, counted from 0.
    Byte(u64),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::File => Ok(()),
            Place::Line(line) => write!(f, ", line {line}"),
            Place::Record(record) => write!(f, ", record {record}"),
            Place::Byte(byte) => write!(f, ", byte {byte}"),
        }
    }
}

/// An input that is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputError {
    /// The file or option at fault (`peaks.bed.gz`, `--tf`).
    pub input: String,
    /// The place in it.
    pub place: Place,
    /// What was expected there.
    pub expected: String,
    /// What was found instead.
    pub found: String,
    /// What the user can do.
    pub hint: Option<String>,
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}{}: expected {}, found {}",
            self.input, self.place, self.expected, self.found
        )
    }
}

/// What can go wrong in this crate.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An input or an option is not what it should be.
    #[error("{0}")]
    Input(Box<InputError>),
    /// The operating system refused to read or write.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried: `read`, `write`, `create`…
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The operating system's answer.
        source: io::Error,
    },
    /// The user asked to stop; what was finished before is kept.
    #[error("interrupted")]
    Interrupted,
}

impl Error {
    /// An input error about `path` at `place`.
    pub fn input(
        path: impl AsRef<Path>,
        place: Place,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        Self::option(path.as_ref().display().to_string(), expected, found).at(place)
    }

    /// An input error about an option or another named input that is no file.
    pub fn option(
        input: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        Error::Input(Box::new(InputError {
            input: input.into(),
            place: Place::File,
            expected: expected.into(),
            found: found.into(),
            hint: None,
        }))
    }

    /// The same error at another place of the input.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        if let Error::Input(error) = &mut self {
            error.place = place;
        }
        self
    }

    /// The same error with advice for the user.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        if let Error::Input(error) = &mut self {
            error.hint = Some(hint.into());
        }
        self
    }

    /// The same error as that of `what`, one of several like tasks under way. A
    /// failed system call keeps its words: its path says where.
    #[must_use]
    pub fn within(mut self, what: &str) -> Self {
        if let Error::Input(error) = &mut self {
            error.input = format!("{what}: {}", error.input);
        }
        self
    }

    /// A failed system call on `path`.
    pub fn io(action: &'static str, path: impl AsRef<Path>, source: io::Error) -> Self {
        Error::Io {
            action,
            path: path.as_ref().to_path_buf(),
            source,
        }
    }

    /// Advice for the user, if there is any.
    #[must_use]
    pub fn advice(&self) -> Option<String> {
        match self {
            Error::Input(error) => error.hint.clone(),
            Error::Io { source, .. } => match source.kind() {
                io::ErrorKind::NotFound => Some("check the path".into()),
                io::ErrorKind::PermissionDenied => Some("check the permissions".into()),
                io::ErrorKind::StorageFull => Some(
                    "free space on that disk or choose another output; nothing was left half-written".into(),
                ),
                _ => None,
            },
            Error::Interrupted => None,
        }
    }
}
