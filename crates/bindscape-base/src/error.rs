//! The error type of every reader, check and job. It says what kind of failure it is, which
//! input or argument is at fault, the place in it, what was expected, what was found, and what
//! to do about it.
//!
//! Libraries name arguments by the field of the plan that holds them (`gc_bin_percent`), never
//! by an option of a command line. Texts may mention other fields as `⟦field⟧`; whoever shows the
//! error puts the name there that its users know ([`Error::message`], [`Error::hint_with`]).
//!
//! ```
//! use bindscape_base::Error;
//!
//! let error = Error::argument("max_width", "at least ⟦min_width⟧ (8)", "7")
//!     .hint("raise ⟦max_width⟧");
//! assert_eq!(
//!     error.to_string(),
//!     "max_width: expected at least `min_width` (8), found 7"
//! );
//! let option = |field: &str| format!("--{}", field.replace('_', "-"));
//! assert_eq!(
//!     error.message(&option),
//!     "--max-width: expected at least --min-width (8), found 7"
//! );
//! assert_eq!(error.hint_with(&option).as_deref(), Some("raise --max-width"));
//! ```

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::near::nearest;

/// Result of the functions of bindscape's crates.
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

/// What an error is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A field of a plan, by its Rust name.
    Field(Cow<'static, str>),
    /// A file, directory, address or other input, as it is shown.
    Input(String),
}

impl Subject {
    /// The field of that name.
    pub fn field(name: impl Into<Cow<'static, str>>) -> Self {
        Subject::Field(name.into())
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Field(field) => f.write_str(field),
            Subject::Input(input) => f.write_str(input),
        }
    }
}

impl From<&Path> for Subject {
    fn from(path: &Path) -> Self {
        Subject::Input(path.display().to_string())
    }
}

impl From<&PathBuf> for Subject {
    fn from(path: &PathBuf) -> Self {
        path.as_path().into()
    }
}

/// The kinds of [`Error`]: what a face tells apart when it chooses an exit status or an
/// exception.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// [`Error::Input`].
    Input,
    /// [`Error::Argument`].
    Argument,
    /// [`Error::Missing`].
    Missing,
    /// [`Error::Conflict`].
    Conflict,
    /// [`Error::Diverged`].
    Diverged,
    /// [`Error::Device`].
    Device,
    /// [`Error::Network`].
    Network,
    /// [`Error::Io`].
    Io,
    /// [`Error::Interrupted`].
    Interrupted,
}

/// What was expected and what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The one of several similar tasks in which it happened.
    pub task: Option<String>,
    /// The input or argument at fault.
    pub subject: Subject,
    /// The place in it.
    pub place: Place,
    /// What was expected there.
    pub expected: String,
    /// What was found instead.
    pub found: String,
    /// Names that the user may have meant, nearest first.
    pub near: Vec<String>,
    /// What the user can do.
    pub hint: Option<String>,
}

impl Mismatch {
    fn new(
        subject: Subject,
        place: Place,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Box<Self> {
        Box::new(Self {
            task: None,
            subject,
            place,
            expected: expected.into(),
            found: found.into(),
            near: Vec::new(),
            hint: None,
        })
    }

    fn write(&self, f: &mut dyn fmt::Write, name: &dyn Fn(&str) -> String) -> fmt::Result {
        if let Some(task) = &self.task {
            write!(f, "{task}: ")?;
        }
        match &self.subject {
            Subject::Field(field) => f.write_str(&name(field))?,
            Subject::Input(input) => f.write_str(input)?,
        }
        write!(
            f,
            "{}: expected {}, found {}",
            self.place,
            with_fields(&self.expected, name),
            with_fields(&self.found, name)
        )
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.subject {
            // The subject is a field and needs no quotes; fields within texts do.
            Subject::Field(field) => {
                let field = field.clone().into_owned();
                let plain = Self {
                    subject: Subject::Input(field),
                    ..self.clone()
                };
                plain.write(f, &quoted)
            }
            Subject::Input(_) => self.write(f, &quoted),
        }
    }
}

fn quoted(field: &str) -> String {
    format!("`{field}`")
}

/// `text` with `name(field)` in place of every `⟦field⟧`.
#[must_use]
pub fn with_fields(text: &str, name: &dyn Fn(&str) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('⟦') {
        let Some((field, after)) = after.split_once('⟧') else {
            break;
        };
        out.push_str(before);
        out.push_str(&name(field));
        rest = after;
    }
    out.push_str(rest);
    out
}

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or another input is not what it should be.
    #[error("{0}")]
    Input(Box<Mismatch>),
    /// A field of a plan has a value that it cannot have.
    #[error("{0}")]
    Argument(Box<Mismatch>),
    /// A name is not among those there are.
    #[error("{0}")]
    Missing(Box<Mismatch>),
    /// What is to be written or continued is something else, or another process is writing it.
    #[error("{0}")]
    Conflict(Box<Mismatch>),
    /// A training's numbers are no numbers any more.
    #[error("{0}")]
    Diverged(Box<Mismatch>),
    /// A compute device is not there or cannot do what was asked.
    #[error("{0}")]
    Device(Box<Mismatch>),
    /// A service did not answer, or answered with a failure.
    #[error("{0}")]
    Network(Box<Mismatch>),
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
    /// An [`Error::Input`] about the file at `path`, at `place`.
    pub fn input(
        path: impl AsRef<Path>,
        place: Place,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        Error::Input(Mismatch::new(path.as_ref().into(), place, expected, found))
    }

    /// An [`Error::Input`] about something that is no file, as `name` shows it.
    pub fn about(
        name: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        Error::Input(Mismatch::new(
            Subject::Input(name.into()),
            Place::File,
            expected,
            found,
        ))
    }

    /// An [`Error::Argument`] about a field of a plan.
    pub fn argument(
        field: impl Into<Cow<'static, str>>,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        Error::Argument(Mismatch::new(
            Subject::field(field),
            Place::File,
            expected,
            found,
        ))
    }

    /// An [`Error::Missing`]: `name` is not one of `candidates`. Names near to it become the hint;
    /// where none is near, `otherwise` is.
    pub fn missing<'a>(
        subject: impl Into<Subject>,
        expected: impl Into<String>,
        name: &str,
        candidates: impl IntoIterator<Item = &'a str>,
        otherwise: impl Into<String>,
    ) -> Self {
        let mut mismatch =
            Mismatch::new(subject.into(), Place::File, expected, format!("{name:?}"));
        mismatch.near = nearest(name, candidates)
            .into_iter()
            .map(str::to_owned)
            .collect();
        mismatch.hint = Some(otherwise.into());
        Error::Missing(mismatch)
    }

    /// An [`Error::Conflict`] about an output or run directory.
    pub fn conflict(
        path: impl AsRef<Path>,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        Error::Conflict(Mismatch::new(
            path.as_ref().into(),
            Place::File,
            expected,
            found,
        ))
    }

    /// An [`Error::Diverged`] of the training that `name` shows.
    pub fn diverged(
        name: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        Error::Diverged(Mismatch::new(
            Subject::Input(name.into()),
            Place::File,
            expected,
            found,
        ))
    }

    /// An [`Error::Device`] about the field that chose the device or what it computes in.
    pub fn device(
        field: impl Into<Cow<'static, str>>,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        Error::Device(Mismatch::new(
            Subject::field(field),
            Place::File,
            expected,
            found,
        ))
    }

    /// An [`Error::Network`] about the service at `address`.
    pub fn network(
        address: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        Error::Network(Mismatch::new(
            Subject::Input(address.into()),
            Place::File,
            expected,
            found,
        ))
    }

    /// A failed system call on `path`.
    pub fn io(action: &'static str, path: impl AsRef<Path>, source: io::Error) -> Self {
        Error::Io {
            action,
            path: path.as_ref().to_path_buf(),
            source,
        }
    }

    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Error::Input(_) => ErrorKind::Input,
            Error::Argument(_) => ErrorKind::Argument,
            Error::Missing(_) => ErrorKind::Missing,
            Error::Conflict(_) => ErrorKind::Conflict,
            Error::Diverged(_) => ErrorKind::Diverged,
            Error::Device(_) => ErrorKind::Device,
            Error::Network(_) => ErrorKind::Network,
            Error::Io { .. } => ErrorKind::Io,
            Error::Interrupted => ErrorKind::Interrupted,
        }
    }

    /// What was expected and found, of every kind but [`Error::Io`] and [`Error::Interrupted`].
    #[must_use]
    pub fn mismatch(&self) -> Option<&Mismatch> {
        match self {
            Error::Input(mismatch)
            | Error::Argument(mismatch)
            | Error::Missing(mismatch)
            | Error::Conflict(mismatch)
            | Error::Diverged(mismatch)
            | Error::Device(mismatch)
            | Error::Network(mismatch) => Some(mismatch),
            Error::Io { .. } | Error::Interrupted => None,
        }
    }

    fn change(mut self, change: impl FnOnce(&mut Mismatch)) -> Self {
        match &mut self {
            Error::Input(mismatch)
            | Error::Argument(mismatch)
            | Error::Missing(mismatch)
            | Error::Conflict(mismatch)
            | Error::Diverged(mismatch)
            | Error::Device(mismatch)
            | Error::Network(mismatch) => change(mismatch),
            Error::Io { .. } | Error::Interrupted => {}
        }
        self
    }

    /// The same error at another place of the input.
    #[must_use]
    pub fn at(self, place: Place) -> Self {
        self.change(|mismatch| mismatch.place = place)
    }

    /// The same error with advice for the user.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        self.change(|mismatch| mismatch.hint = Some(hint.into()))
    }

    /// The same error as that of `task`, one of several similar tasks. A failed system call keeps
    /// its words: its path says where.
    #[must_use]
    pub fn within(self, task: &str) -> Self {
        self.change(|mismatch| {
            mismatch.task = Some(match mismatch.task.take() {
                Some(inner) => format!("{task}: {inner}"),
                None => task.to_owned(),
            });
        })
    }

    /// The message, with fields of plans as `name` calls them.
    #[must_use]
    pub fn message(&self, name: &dyn Fn(&str) -> String) -> String {
        let Some(mismatch) = self.mismatch() else {
            return self.to_string();
        };
        let mut message = String::new();
        mismatch
            .write(&mut message, name)
            .expect("a string takes all that is written to it");
        message
    }

    /// Advice for the user, if there is any, with fields of plans in backticks.
    #[must_use]
    pub fn advice(&self) -> Option<String> {
        self.hint_with(&quoted)
    }

    /// Advice for the user, if there is any, with fields of plans as `name` calls them.
    #[must_use]
    pub fn hint_with(&self, name: &dyn Fn(&str) -> String) -> Option<String> {
        match self {
            Error::Io { source, .. } => match source.kind() {
                io::ErrorKind::NotFound => Some("check the path".into()),
                io::ErrorKind::PermissionDenied => Some("check the permissions".into()),
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Some(
                    "free space on that disk or choose another output; nothing was left half-written".into(),
                ),
                _ => None,
            },
            other => {
                let mismatch = other.mismatch()?;
                if mismatch.near.is_empty() {
                    mismatch.hint.as_ref().map(|hint| with_fields(hint, name))
                } else {
                    Some(format!("did you mean {}?", mismatch.near.join(", ")))
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_named_as_the_reader_knows_them() {
        let error = Error::argument("seed", "a number below ⟦limit⟧", "⟦").within("fold 1");
        assert_eq!(
            error.to_string(),
            "fold 1: seed: expected a number below `limit`, found ⟦"
        );
        let option = |field: &str| format!("--{field}");
        assert_eq!(
            error.message(&option),
            "fold 1: --seed: expected a number below --limit, found ⟦"
        );
        assert_eq!(error.kind(), ErrorKind::Argument);
        assert_eq!(error.advice(), None);
    }

    #[test]
    fn near_names_are_the_hint_and_otherwise_the_general_one() {
        let missing = |name| {
            Error::missing(
                Subject::field("tf"),
                "the name of a TF in the matrix",
                name,
                ["HNF4A", "MAX"],
                "inspect the matrix",
            )
        };
        let error = missing("HNF4");
        assert_eq!(
            error.to_string(),
            "tf: expected the name of a TF in the matrix, found \"HNF4\""
        );
        assert_eq!(error.advice().unwrap(), "did you mean HNF4A?");
        assert_eq!(missing("zzz").advice().unwrap(), "inspect the matrix");
        assert_eq!(error.mismatch().unwrap().near, ["HNF4A"]);
    }

    #[test]
    fn places_and_advice_are_kept() {
        let error = Error::input("a.bed", Place::Line(3), "a start", "x").hint("sort it");
        assert_eq!(
            error.to_string(),
            "a.bed, line 3: expected a start, found x"
        );
        assert_eq!(error.advice().unwrap(), "sort it");
        let full = Error::io("write", "out", io::ErrorKind::StorageFull.into());
        assert!(full.advice().unwrap().contains("free space"));
        assert_eq!(full.kind(), ErrorKind::Io);
    }
}
