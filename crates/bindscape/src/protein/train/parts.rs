//! The labelled proteins of a training, and which of them are validated on; `parts.tsv` of its
//! directory keeps that.

use std::collections::BTreeMap;
use std::path::Path;

use bindscape_base::digest::InputFile;
use bindscape_base::progress::Progress;
use bindscape_base::reading::Reading;
use bindscape_base::{Result, digest};
use bindscape_protein::{Label, Labels, MatchedLabels, Protein, hold_out, read_proteins_with};
use serde_json::{Value, json};

use super::Train;
use crate::protein::run::{ProteinRunKind, ProteinRunRecord, count_labels};
use crate::protein::split::SplitFile;
use crate::run_directory::RunDirectory;
use crate::session::Session;

const FILE: &str = "parts.tsv";
const NAMES: [&str; 2] = ["train", "validation"];

/// Labelled proteins, and how they are split.
pub(super) struct Labelled<'a> {
    plan: &'a Train,
    pub(super) proteins: Vec<Protein>,
    pub(super) matched: MatchedLabels,
    /// The files they came from.
    pub(super) inputs: Vec<InputFile>,
}

/// Proteins to train on and to validate on.
pub(super) struct Parts {
    pub(super) train: Vec<usize>,
    pub(super) validation: Vec<usize>,
}

/// What a run is, beside its data.
pub(super) struct Planned {
    /// Hyper-parameters, as JSON; how proteins are validated on comes to it.
    pub(super) configuration: Value,
    /// Number of trainable parameters.
    pub(super) parameters: u64,
    /// Proteins whose ends are cut.
    pub(super) cut: u64,
}

impl<'a> Labelled<'a> {
    /// Reads proteins and labels.
    ///
    /// # Errors
    /// If a file cannot be read, or the two do not fit together.
    pub(super) fn read(plan: &'a Train, progress: &dyn Progress) -> Result<Self> {
        Reading::current().digest_as_read([plan.proteins.as_path(), &plan.labels]);
        let labels = Labels::read(&plan.labels, plan.split.column())?;
        let proteins = read_proteins_with(&plan.proteins, progress)?;
        Ok(Self {
            plan,
            matched: labels.matched(&proteins, &plan.proteins, progress)?,
            proteins,
            inputs: vec![
                digest::input_file("proteins", &plan.proteins)?,
                digest::input_file("labels", &plan.labels)?,
            ],
        })
    }

    /// Begins or continues the run in the directory of the plan, and gives its parts: a call
    /// before has drawn them, or they are drawn now, before anything is written. Tells how
    /// many they are.
    ///
    /// # Errors
    /// If one part would be empty, the directory holds something else or cannot be written, or the
    /// user asked to stop.
    pub(super) fn begin(
        &self,
        planned: Planned,
        session: &Session<'_>,
    ) -> Result<(RunDirectory<ProteinRunRecord>, Parts)> {
        let plan = self.plan;
        let mut record = self.record(planned, session);
        record.configuration["validation"] =
            json!({ "share": plan.validation, "split": plan.split });
        let path = plan.out.join(FILE);
        let mut drawn = None;
        if !path.exists() {
            let column = self.matched.groups.as_deref();
            let groups = plan.split.groups(&self.proteins, column, session)?;
            let parts = self.draw(groups.as_deref())?;
            record.parts = parts.count(&self.matched.labels);
            drawn = Some((groups, parts));
        }
        let run = RunDirectory::begin(&plan.out, record, session)?;
        let parts = match drawn {
            None => self.read_parts(&path)?,
            Some((groups, parts)) => {
                self.write_parts(&path, groups.as_deref(), &parts)?;
                parts
            }
        };
        run.record.tell_parts(session);
        Ok((run, parts))
    }

    /// Begins or continues a run that trains on all proteins.
    ///
    /// # Errors
    /// As [`Labelled::begin`].
    pub(super) fn begin_whole(
        &self,
        planned: Planned,
        session: &Session<'_>,
    ) -> Result<RunDirectory<ProteinRunRecord>> {
        let labels = &self.matched.labels;
        let mut record = self.record(planned, session);
        record.configuration["split"] = json!(self.plan.split);
        let all = count_labels(labels, 0..labels.len());
        record.parts = BTreeMap::from([(NAMES[0].to_owned(), all)]);
        let run = RunDirectory::begin(&self.plan.out, record, session)?;
        run.record.tell_parts(session);
        Ok(run)
    }

    /// What the run is, before its parts are drawn.
    fn record(&self, planned: Planned, session: &Session<'_>) -> ProteinRunRecord {
        ProteinRunRecord {
            kind: ProteinRunKind::ProteinTrain,
            bindscape: env!("CARGO_PKG_VERSION").into(),
            command: session.command().to_vec(),
            finished: false,
            inputs: self.inputs.clone(),
            configuration: planned.configuration,
            device: session.device().to_string(),
            parameters: planned.parameters,
            parts: BTreeMap::new(),
            cut: planned.cut,
        }
    }

    fn draw(&self, groups: Option<&[u32]>) -> Result<Parts> {
        let rows: Vec<usize> = (0..self.proteins.len()).collect();
        let labels = &self.matched.labels;
        let (train, validation) =
            hold_out(labels, groups, &rows, self.plan.validation, self.plan.seed)?;
        Ok(Parts { train, validation })
    }

    fn file<'b>(&'b self, path: &'b Path) -> SplitFile<'b> {
        SplitFile {
            path,
            part: "part",
            holds: "their part",
            proteins: &self.proteins,
        }
    }

    fn write_parts(&self, path: &Path, groups: Option<&[u32]>, parts: &Parts) -> Result<()> {
        let mut part = vec![NAMES[0]; self.proteins.len()];
        for &row in &parts.validation {
            part[row] = NAMES[1];
        }
        let matched = &self.matched;
        let names = matched.groups.as_ref().map(|_| &matched.group_names[..]);
        let part = |row: usize| part[row].to_owned();
        self.file(path).write(&matched.labels, groups, names, part)
    }

    fn read_parts(&self, path: &Path) -> Result<Parts> {
        let file = self.file(path);
        let held_out = file.read(|_, part| NAMES.iter().position(|name| *name == part))?;
        let (train, validation): (Vec<usize>, Vec<usize>) =
            (0..held_out.len()).partition(|&row| held_out[row] == 0);
        if train.is_empty() || validation.is_empty() {
            return Err(file.damaged(1));
        }
        Ok(Parts { train, validation })
    }
}

impl Parts {
    /// Proteins by label.
    fn count(&self, labels: &[Label]) -> BTreeMap<String, BTreeMap<String, u64>> {
        let parts = [&self.train, &self.validation];
        let named = NAMES.into_iter().zip(parts);
        named
            .map(|(name, rows)| (name.to_owned(), count_labels(labels, rows.iter().copied())))
            .collect()
    }
}
