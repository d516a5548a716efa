//! Which proteins may not be on both sides of a split.

use std::fmt::Write as _;
use std::path::Path;

use bindscape_base::progress::Progress;
use bindscape_base::{Error, Place, Result, atomic};
use bindscape_protein::{ClusterOptions, Clusters, Label, Protein};
use serde::{Deserialize, Serialize};

use crate::data::{counted, thousands};

/// How proteins are divided into the parts of a split.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "by")]
pub enum ProteinSplit {
    /// Clusters of similar proteins stay together.
    Similarity {
        /// Least identity of similar proteins.
        min_identity: f64,
        /// Least share of both proteins inside their alignment.
        coverage: f64,
    },
    /// Every protein on its own.
    Random,
    /// Proteins with one value of this column of the labels stay together.
    Column {
        /// The column's name.
        name: String,
    },
}

impl Default for ProteinSplit {
    fn default() -> Self {
        Self::Similarity {
            min_identity: 0.3,
            coverage: 0.8,
        }
    }
}

impl ProteinSplit {
    /// Checks the shares.
    ///
    /// # Errors
    /// If one is no share.
    pub fn check(&self) -> Result<()> {
        self.clustering().map_or(Ok(()), |options| options.check())
    }

    /// The column that it needs.
    pub fn column(&self) -> Option<&str> {
        match self {
            Self::Column { name } => Some(name),
            _ => None,
        }
    }

    /// In words.
    pub fn describe(&self) -> String {
        match self {
            Self::Similarity {
                min_identity,
                coverage,
            } => format!(
                "proteins of at least {:.0}% identity over {:.0}% of both never in different folds",
                100.0 * min_identity,
                100.0 * coverage
            ),
            Self::Random => "random folds: similar proteins may be on both sides".into(),
            Self::Column { name } => format!("proteins of the same {name} in one fold"),
        }
    }

    fn clustering(&self) -> Option<ClusterOptions> {
        match *self {
            Self::Similarity {
                min_identity,
                coverage,
            } => Some(ClusterOptions {
                min_identity,
                coverage,
                ..ClusterOptions::default()
            }),
            _ => None,
        }
    }

    /// The group of each of `proteins`, whose values of the column are `column`; `None` if each is
    /// on its own.
    ///
    /// # Errors
    /// If the user asked to stop.
    pub fn groups(
        &self,
        proteins: &[Protein],
        column: Option<&[u32]>,
        progress: &dyn Progress,
    ) -> Result<Option<Vec<u32>>> {
        let Some(options) = self.clustering() else {
            return Ok(column.map(<[_]>::to_vec));
        };
        let clusters = Clusters::of(proteins, &options, progress)?;
        progress.note(&format!(
            "{} of similar proteins among {}",
            counted(clusters.representative.len() as u64, "cluster"),
            thousands(proteins.len() as u64)
        ));
        Ok(Some(clusters.cluster))
    }
}

/// # Errors
/// If `share`, the value of `field`, is no part of the whole.
pub fn check_share(field: &'static str, share: f64) -> Result<()> {
    if share > 0.0 && share < 1.0 {
        return Ok(());
    }
    Err(Error::argument(
        field,
        "a share above 0 and below 1",
        share.to_string(),
    ))
}

/// The table of a split: id, class, group and part of every protein.
pub struct SplitFile<'a> {
    /// The file.
    pub path: &'a Path,
    /// What the column of the parts is called.
    pub part: &'a str,
    /// What it holds, for messages.
    pub holds: &'a str,
    /// The proteins, in the order of the lines.
    pub proteins: &'a [Protein],
}

impl SplitFile<'_> {
    /// Writes it. Groups have the `names` of a column, or else numbers.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(
        &self,
        labels: &[Label],
        groups: Option<&[u32]>,
        names: Option<&[String]>,
        part_of: impl Fn(usize) -> String,
    ) -> Result<()> {
        let mut text = format!("id\tclass\tgroup\t{}\n", self.part);
        for (row, (protein, label)) in self.proteins.iter().zip(labels).enumerate() {
            let group = match (groups, names) {
                (Some(groups), Some(names)) => names[groups[row] as usize].clone(),
                (Some(groups), None) => groups[row].to_string(),
                (None, _) => String::new(),
            };
            let (id, class, part) = (&protein.id, label.name(), part_of(row));
            writeln!(text, "{id}\t{class}\t{group}\t{part}").expect("text takes all");
        }
        atomic::write(self.path, text.as_bytes())
    }

    /// Reads it back: what `take` makes of the group and the part of each protein.
    ///
    /// # Errors
    /// If it cannot be read, is not of these proteins, or `take` does not understand a line.
    pub fn read<T>(&self, take: impl Fn(&str, &str) -> Option<T>) -> Result<Vec<T>> {
        let text = std::fs::read_to_string(self.path)
            .map_err(|source| Error::io("read", self.path, source))?;
        let lines: Vec<&str> = text.lines().skip(1).collect();
        if lines.len() != self.proteins.len() {
            return Err(self.damaged(1));
        }
        let taken = |(row, (line, protein)): (usize, (&&str, &Protein))| {
            let fields: Vec<&str> = line.split('\t').collect();
            let found = match fields[..] {
                [id, _, group, part] if id == protein.id => take(group, part),
                _ => None,
            };
            found.ok_or_else(|| self.damaged(row + 2))
        };
        lines
            .iter()
            .zip(self.proteins)
            .enumerate()
            .map(taken)
            .collect()
    }

    /// An error about a line.
    pub fn damaged(&self, line: usize) -> Error {
        Error::input(
            self.path,
            Place::Line(line as u64),
            format!(
                "the proteins of this run with {}, as bindscape writes them",
                self.holds
            ),
            "something else",
        )
        .hint("the file was changed; choose another ⟦out⟧")
    }
}
