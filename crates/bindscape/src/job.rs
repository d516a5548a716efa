//! What a job is: a plan that can be checked, written down, and run.

use std::io::{self, Write};
use std::path::Path;

use bindscape_base::kind::{self, BYTE_ORDER_MARK, FileKind};
use bindscape_base::reading::Reading;
use bindscape_base::{Error, Place, Result, atomic};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::session::Session;

/// A plan of work. Its fields are the settings, by the names that errors use.
pub trait Job: Serialize + DeserializeOwned + Send + Sync {
    /// What is there when the job is done.
    type Outcome: Outcome + Send;

    /// The job's name in a written plan (`pretrain`).
    const NAME: &'static str;

    /// Files that it writes over, or removes, in a directory ⟦out⟧ that holds them.
    const FILES: &'static [&'static str] = &[];

    /// Checks the settings, without reading any file.
    ///
    /// # Errors
    /// If a setting makes no sense; the error names its field.
    fn check(&self) -> Result<()>;

    /// Does the work. Call [`Session::run`], which checks the plan first.
    ///
    /// # Errors
    /// If an input is not what it should be, the output cannot be written, or the user interrupts.
    fn run(&self, session: &Session<'_>) -> Result<Self::Outcome>;
}

/// What a job leaves, in words, for whoever shows it: a terminal, a notebook, a page.
pub trait Outcome {
    /// A line for each thing worth knowing; fields of plans stand in them as `⟦field⟧`.
    fn notes(&self) -> Vec<String>;

    /// Writes the table or text that is the result itself, where it is not in a file.
    ///
    /// # Errors
    /// If `out` cannot be written.
    fn write_result(&self, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    /// As [`Outcome::write_result`], for a person who looks at it.
    ///
    /// # Errors
    /// If `out` cannot be written.
    fn write_readable(&self, out: &mut dyn Write) -> io::Result<()> {
        self.write_result(out)
    }
}

impl Session<'_> {
    /// Checks `job` and runs it.
    ///
    /// # Errors
    /// As [`Job::check`] and [`Job::run`].
    pub fn run<J: Job>(&self, job: &J) -> Result<J::Outcome> {
        // That an input would be written over matters more than what else is wrong.
        check_outputs(job)?;
        job.check()?;
        let reading = Reading::default();
        let outcome = self.install(|| reading.enter(|| job.run(self)));
        for warning in reading.take_warnings() {
            self.progress().note(&format!("warning: {warning}"));
        }
        outcome
    }
}

/// Fields of plans that name what is written.
const OUTPUTS: [&str; 5] = ["out", "page", "per_cell", "heatmap", "pwm_out"];

/// Fields of plans that hold names, which may be those of files by chance.
const NAMES: [&str; 9] = [
    "tf", "tfs", "target", "without", "bound", "select", "ids", "name", "build",
];

/// Makes sure before the work that what `job` writes can be written, and is not read.
fn check_outputs<J: Job>(job: &J) -> Result<()> {
    // A path that is not UTF-8 is looked at when it is written.
    let Ok(plan) = serde_json::to_value(job) else {
        return Ok(());
    };
    let outputs: Vec<_> = OUTPUTS
        .iter()
        .filter_map(|field| {
            let path = plan.get(field)?.as_str()?;
            (path != "-").then_some((*field, Path::new(path)))
        })
        .collect();
    for (place, (field, path)) in outputs.iter().enumerate() {
        if let Some((other, _)) = outputs[..place].iter().find(|(_, other)| other == path) {
            return Err(Error::argument(
                *field,
                format!("another file than that of ⟦{other}⟧"),
                path.display().to_string(),
            ));
        }
    }
    let mut read = Vec::new();
    for (field, value) in plan.as_object().into_iter().flatten() {
        if !OUTPUTS.contains(&field.as_str()) {
            texts(field, value, &mut read);
        }
    }
    for (field, path) in outputs {
        atomic::check_writable(path)?;
        refuse_if_read(field, path, read.iter().map(Path::new))?;
        if field == "out" {
            for name in J::FILES {
                refuse_if_inside(path, name, read.iter().map(Path::new))?;
            }
        }
    }
    Ok(())
}

/// The texts in the field of a plan and below it, but for names.
fn texts<'a>(field: &str, value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        _ if NAMES.contains(&field) => {}
        Value::String(text) => found.push(text),
        Value::Array(values) => values.iter().for_each(|value| texts(field, value, found)),
        Value::Object(fields) => {
            for (field, value) in fields {
                texts(field, value, found);
            }
        }
        _ => {}
    }
}

/// Refuses to write over a file that is one of those that are `read`, by whatever name.
pub(crate) fn refuse_if_read<'a>(
    field: &'static str,
    out: &Path,
    read: impl IntoIterator<Item = &'a Path>,
) -> Result<()> {
    match same_file(out, read) {
        Some(path) => Err(Error::argument(
            field,
            "a file that is not read",
            format!("{}, which is {}", out.display(), path.display()),
        )
        .hint("write to another file, and rename it if it is to take the place of this one")),
        None => Ok(()),
    }
}

/// Refuses to write over the file `name` in the directory `out`, or to remove it, if it is one of
/// those that are `read`.
fn refuse_if_inside<'a>(
    out: &Path,
    name: &str,
    read: impl IntoIterator<Item = &'a Path>,
) -> Result<()> {
    match same_file(&out.join(name), read) {
        Some(path) => Err(Error::argument(
            "out",
            "a directory whose files are not read",
            format!(
                "{}, whose {name} is read ({}) and would be replaced",
                out.display(),
                path.display()
            ),
        )
        .hint("write to another directory")),
        None => Ok(()),
    }
}

/// The one of the paths `read` that leads to the file at `written`, by whatever name.
fn same_file<'a>(written: &Path, read: impl IntoIterator<Item = &'a Path>) -> Option<&'a Path> {
    let file = |path: &Path| path.canonicalize().ok().filter(|path| path.is_file());
    let written = file(written)?;
    read.into_iter()
        .find(|path| file(path).as_ref() == Some(&written))
}

/// A plan as it stands in a file: the version that wrote it, the name of the job, its settings.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenPlan {
    /// Version of bindscape that wrote the plan.
    pub bindscape: String,
    /// [`Job::NAME`].
    pub job: String,
    /// The plan itself.
    pub plan: Value,
}

impl WrittenPlan {
    /// The written form of `job`.
    ///
    /// # Errors
    /// If a path is not UTF-8, which JSON cannot hold.
    pub fn of<J: Job>(job: &J) -> Result<Self> {
        let plan = serde_json::to_value(job).map_err(|error| {
            Error::argument("plan", "settings that JSON can hold", error.to_string())
                .hint("rename files whose names are not UTF-8")
        })?;
        Ok(Self {
            bindscape: env!("CARGO_PKG_VERSION").to_owned(),
            job: J::NAME.to_owned(),
            plan,
        })
    }

    /// Reads a written plan.
    ///
    /// # Errors
    /// If the file cannot be read or is no plan.
    pub fn read(path: &Path) -> Result<Self> {
        let content = ("a plan", "a plan with `bindscape`, `job` and `plan`");
        read_settings(
            path,
            content,
            "write one with the ⟦plan⟧ option of a command",
        )
    }

    /// Writes the plan to `path`, whole or not at all.
    ///
    /// # Errors
    /// If the file cannot be written, or is one that the plan names.
    pub fn write(&self, path: &Path) -> Result<()> {
        let mut named = Vec::new();
        texts("plan", &self.plan, &mut named);
        refuse_if_read("plan", path, named.into_iter().map(Path::new))?;
        let mut text = serde_json::to_vec_pretty(self).expect("a plan has plain fields");
        text.push(b'\n');
        atomic::write(path, &text)
    }

    /// The plan as a job of type `J`.
    ///
    /// # Errors
    /// If its settings are not those of `J`; `path` names the file.
    pub fn parse<J: Job>(&self, path: &Path) -> Result<J> {
        J::deserialize(&self.plan).map_err(|error| {
            Error::input(
                path,
                Place::Record("plan".into()),
                format!("the settings of `{}`", J::NAME),
                error.to_string(),
            )
        })
    }
}

/// Reads settings that a person may have written, as JSON; `content` says what they are, in few words
/// and with their fields.
///
/// # Errors
/// If the file cannot be read or holds something else.
pub(crate) fn read_settings<T: DeserializeOwned>(
    path: &Path,
    (content, fields): (&str, &str),
    hint: &str,
) -> Result<T> {
    kind::expect_text(path, &format!("{content} (JSON)"), &[FileKind::Json])?;
    let text = std::fs::read(path).map_err(|source| Error::io("read", path, source))?;
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&text);
    serde_json::from_slice(text).map_err(|error| {
        let place = Place::Line(error.line() as u64);
        Error::input(path, place, fields, error.to_string()).hint(hint)
    })
}
