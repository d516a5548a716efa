//! The table of `protein predict`: tab-separated, a header and a row per protein,
//! no comments, so that every reader of tables takes it. What a model does not
//! say is an empty cell.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use bindscape_base::bgzf::TextFile;
use bindscape_base::{Error, Result};
use bindscape_protein::{CLASSES, ProteinClass};
use serde::{Deserialize, Serialize};

use super::PredictionFlag;
use crate::session::Session;

/// What is said of a protein.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Row {
    pub(super) id: String,
    /// In residues.
    pub(super) length: usize,
    pub(super) p_tf: Option<f64>,
    pub(super) call: Option<Call>,
    pub(super) class: Option<ProteinClass>,
    pub(super) p_class: Option<[f64; CLASSES]>,
    /// Domains that a homology model found, as `NAME:START-END`.
    #[serde(default)]
    pub(super) domains: Option<Vec<String>>,
    pub(super) flags: Vec<PredictionFlag>,
}

/// Whether a protein is called a transcription factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Call {
    Yes,
    No,
    /// Two parts of the model contradict each other, or nothing but the composition speaks for it.
    Uncertain,
}

impl Call {
    fn name(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Uncertain => "uncertain",
        }
    }
}

/// The table under way.
pub(super) struct Table {
    path: PathBuf,
    out: Output,
}

enum Output {
    File(TextFile),
    Stream(BufWriter<Box<dyn Write + Send>>),
}

impl Table {
    /// Starts the table at `path`; `-` is the output of the session.
    pub(super) fn create(path: &Path, session: &Session<'_>) -> Result<Self> {
        let out = if path == Path::new("-") {
            Output::Stream(BufWriter::new(session.output()?))
        } else {
            Output::File(TextFile::create(path)?)
        };
        let mut table = Self {
            path: path.to_path_buf(),
            out,
        };
        let classes = ProteinClass::ALL.map(|class| format!("p_{}", class.name()));
        table.line(&format!(
            "id\tlength\tp_tf\tis_tf\tclass\t{}\tdomains\tflags",
            classes.join("\t")
        ))?;
        Ok(table)
    }

    pub(super) fn write(&mut self, row: &Row) -> Result<()> {
        let mut cells = vec![
            row.id.clone(),
            row.length.to_string(),
            row.p_tf.map(probability).unwrap_or_default(),
            row.call.map_or("", Call::name).to_owned(),
            row.class.map_or("", ProteinClass::name).to_owned(),
        ];
        match row.p_class {
            Some(p) => cells.extend(p.map(probability)),
            None => cells.extend([const { String::new() }; CLASSES]),
        }
        cells.push(row.domains.as_deref().unwrap_or_default().join(";"));
        let flags: Vec<&str> = row.flags.iter().map(|flag| flag.name()).collect();
        cells.push(flags.join(","));
        self.line(&cells.join("\t"))
    }

    /// Makes the table appear at its place.
    pub(super) fn finish(self) -> Result<()> {
        match self.out {
            Output::File(file) => file.commit(),
            Output::Stream(mut out) => out.flush().map_err(|error| failed(&self.path, error)),
        }
    }

    fn line(&mut self, line: &str) -> Result<()> {
        let out: &mut dyn Write = match &mut self.out {
            Output::File(file) => file,
            Output::Stream(out) => out,
        };
        writeln!(out, "{line}").map_err(|error| failed(&self.path, error))
    }
}

/// The shortest decimal that gives the same number in single precision.
fn probability(p: f64) -> String {
    let p = p as f32;
    if p > 0.0 && p < 1e-4 {
        format!("{p:e}")
    } else {
        p.to_string()
    }
}

fn failed(path: &Path, source: std::io::Error) -> Error {
    let name = if path == Path::new("-") {
        Path::new("<stdout>")
    } else {
        path
    };
    Error::io("write", name, source)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_probabilities_keep_their_digits() {
        assert_eq!(probability(0.5), "0.5");
        assert_eq!(probability(1.0), "1");
        assert_eq!(probability(0.0), "0");
        assert_eq!(probability(0.123_456_79), "0.12345679");
        assert_eq!(probability(3.25e-9), "3.25e-9");
    }

    #[test]
    fn what_a_model_does_not_say_is_empty() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("out.tsv");
        let mut table = Table::create(&path, &Session::silent()).expect("a writable directory");
        let row = Row {
            id: "P1".into(),
            length: 12,
            p_tf: Some(0.25),
            call: Some(Call::No),
            class: None,
            p_class: None,
            domains: None,
            flags: vec![PredictionFlag::UnknownResidues, PredictionFlag::Cut],
        };
        table.write(&row).expect("room on the disk");
        table.finish().expect("room on the disk");
        assert_eq!(
            std::fs::read_to_string(&path).expect("a table"),
            "id\tlength\tp_tf\tis_tf\tclass\tp_zinc_finger\tp_homeodomain\tp_leucine_zipper\tp_other_tf\tp_non_tf\tdomains\tflags\nP1\t12\t0.25\tno\t\t\t\t\t\t\t\tunknown_residues,cut\n"
        );
    }
}
