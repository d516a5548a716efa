//! Which proteins of a training are validated on; `parts.tsv` of its directory keeps it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use bindscape_core::progress::Progress;
use bindscape_core::protein::{Label, Protein};
use bindscape_core::{Error, Place, Result, atomic};
use bindscape_nn::protein::hold_out;

use crate::protein::run::ProteinRunRecord;
use crate::protein::split::Split;
use crate::run_directory::RunDirectory;

const FILE: &str = "parts.tsv";
const NAMES: [&str; 2] = ["train", "validation"];

/// Proteins to train on and to validate on.
pub(super) struct Parts {
    pub(super) train: Vec<usize>,
    pub(super) validation: Vec<usize>,
}

/// How they are drawn.
pub(super) struct Draw<'a> {
    pub(super) proteins: &'a [Protein],
    pub(super) labels: &'a [Label],
    pub(super) split: &'a Split,
    /// The values of the split's column, by number,
    pub(super) column: Option<&'a [u32]>,
    /// and their names.
    pub(super) names: &'a [String],
    /// Of the proteins, to validate on.
    pub(super) share: f64,
    pub(super) seed: u64,
}

impl Draw<'_> {
    /// Begins or continues the run `planned` in `out`, and gives its parts: a call before has
    /// drawn them, or they are drawn now, before anything is written.
    ///
    /// # Errors
    /// If one part would be empty, the directory holds something else or cannot be written, or the
    /// user asked to stop.
    pub(super) fn begin(
        &self,
        out: &Path,
        mut planned: ProteinRunRecord,
        progress: &dyn Progress,
    ) -> Result<(RunDirectory<ProteinRunRecord>, Parts)> {
        let path = out.join(FILE);
        let mut drawn = None;
        if !path.exists() {
            let groups = self.split.groups(self.proteins, self.column, progress)?;
            let parts = self.parts(groups.as_deref())?;
            planned.parts = parts.count(self.labels);
            drawn = Some((groups, parts));
        }
        let run = RunDirectory::begin(out, planned, progress)?;
        let parts = match drawn {
            None => self.read(&path)?,
            Some((groups, parts)) => {
                self.write(&path, groups.as_deref(), &parts)?;
                parts
            }
        };
        Ok((run, parts))
    }

    fn parts(&self, groups: Option<&[u32]>) -> Result<Parts> {
        let rows: Vec<usize> = (0..self.proteins.len()).collect();
        let (train, validation) = hold_out(self.labels, groups, &rows, self.share, self.seed)?;
        Ok(Parts { train, validation })
    }

    fn write(&self, path: &Path, groups: Option<&[u32]>, parts: &Parts) -> Result<()> {
        let mut part = vec![NAMES[0]; self.proteins.len()];
        for &row in &parts.validation {
            part[row] = NAMES[1];
        }
        let mut text = String::from("id\tclass\tgroup\tpart\n");
        for (row, protein) in self.proteins.iter().enumerate() {
            let group = groups.map(|groups| match self.column {
                Some(_) => self.names[groups[row] as usize].clone(),
                None => groups[row].to_string(),
            });
            writeln!(
                text,
                "{}\t{}\t{}\t{}",
                protein.id,
                self.labels[row].name(),
                group.unwrap_or_default(),
                part[row]
            )
            .expect("text takes all");
        }
        atomic::write(path, text.as_bytes())
    }

    fn read(&self, path: &Path) -> Result<Parts> {
        let text =
            std::fs::read_to_string(path).map_err(|source| Error::io("read", path, source))?;
        let lines: Vec<&str> = text.lines().skip(1).collect();
        let mut parts = Parts {
            train: Vec::new(),
            validation: Vec::new(),
        };
        let damaged = |line: usize| {
            Error::input(
                path,
                Place::Line(line as u64),
                "the proteins of this run with their part, as bindscape writes them",
                "something else",
            )
            .hint("the file was changed; choose another --out")
        };
        if lines.len() != self.proteins.len() {
            return Err(damaged(1));
        }
        for (row, line) in lines.iter().enumerate() {
            let fields: Vec<&str> = line.split('\t').collect();
            match fields[..] {
                [id, _, _, part] if id == self.proteins[row].id && part == NAMES[0] => {
                    parts.train.push(row);
                }
                [id, _, _, part] if id == self.proteins[row].id && part == NAMES[1] => {
                    parts.validation.push(row);
                }
                _ => return Err(damaged(row + 2)),
            }
        }
        if parts.train.is_empty() || parts.validation.is_empty() {
            return Err(damaged(1));
        }
        Ok(parts)
    }
}

impl Parts {
    /// Proteins by label.
    fn count(&self, labels: &[Label]) -> BTreeMap<String, BTreeMap<String, u64>> {
        let parts = [&self.train, &self.validation];
        let named = NAMES.into_iter().zip(parts);
        named
            .map(|(name, rows)| (name.to_owned(), super::count(labels, rows)))
            .collect()
    }
}
