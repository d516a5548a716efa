//! Which proteins may not be on both sides of a split.

use std::fmt::Write as _;
use std::path::Path;

use bindscape_base::progress::Progress;
use bindscape_base::{Error, Place, Result, atomic};
use bindscape_protein::{ClusterOptions, Clusters, Label, Protein};
use clap::Args;
use serde::{Deserialize, Serialize};

use bindscape::data::thousands;

/// Options of a split.
#[derive(Debug, Clone, Args)]
pub(super) struct ProteinSplitArguments {
    /// Which proteins are never on both sides of a split: with `similarity` those of a cluster of similar
    /// ones, with the name of a column of the labels those with the same value; with `random` only
    /// a protein itself
    #[arg(
        long,
        default_value = "similarity",
        value_name = "similarity|random|COLUMN"
    )]
    split: String,
    /// Least identity of similar proteins
    #[arg(long, default_value_t = 0.3, value_name = "SHARE")]
    min_identity: f64,
    /// Least share of both proteins inside their alignment
    #[arg(long, default_value_t = 0.8, value_name = "SHARE")]
    coverage: f64,
}

impl ProteinSplitArguments {
    /// What they say.
    ///
    /// # Errors
    /// If a share is none.
    pub(super) fn split(&self) -> Result<Split> {
        let split = match self.split.as_str() {
            "similarity" => Split::Similarity {
                min_identity: self.min_identity,
                coverage: self.coverage,
            },
            "random" => Split::Random,
            name => Split::Column { name: name.into() },
        };
        if let Some(options) = split.clustering() {
            options.check()?;
        }
        Ok(split)
    }
}

/// How proteins are dealt to the parts of a split.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "by")]
pub(super) enum Split {
    /// Clusters of similar proteins stay together.
    Similarity { min_identity: f64, coverage: f64 },
    /// Every protein on its own.
    Random,
    /// Proteins with one value of this column of the labels stay together.
    Column { name: String },
}

impl Split {
    /// The column that it needs.
    pub(super) fn column(&self) -> Option<&str> {
        match self {
            Self::Column { name } => Some(name),
            _ => None,
        }
    }

    /// In words.
    pub(super) fn describe(&self) -> String {
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
    pub(super) fn groups(
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
            "{} clusters of similar proteins among {}",
            thousands(clusters.representative.len() as u64),
            thousands(proteins.len() as u64)
        ));
        Ok(Some(clusters.cluster))
    }
}

/// # Errors
/// If `share`, the value of `option`, is no part of the whole.
pub(super) fn check_share(option: &str, share: f64) -> Result<()> {
    if share > 0.0 && share < 1.0 {
        return Ok(());
    }
    Err(Error::option(
        option,
        "a share above 0 and below 1",
        share.to_string(),
    ))
}

/// A file that tells where proteins were dealt: their id, class, group, and the part of the split.
pub(super) struct DealtFile<'a> {
    pub(super) path: &'a Path,
    /// What the column of the parts is called.
    pub(super) part: &'a str,
    /// What it holds, for messages.
    pub(super) holds: &'a str,
    pub(super) proteins: &'a [Protein],
}

impl DealtFile<'_> {
    /// Writes it. Groups have the `names` of a column, or else numbers.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(super) fn write(
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
    pub(super) fn read<T>(&self, take: impl Fn(&str, &str) -> Option<T>) -> Result<Vec<T>> {
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
    pub(super) fn damaged(&self, line: usize) -> Error {
        Error::input(
            self.path,
            Place::Line(line as u64),
            format!(
                "the proteins of this run with {}, as bindscape writes them",
                self.holds
            ),
            "something else",
        )
        .hint("the file was changed; choose another --out")
    }
}
