//! What the trainings of a fine-tuning share, and which regions they see.

use std::path::Path;

use bindscape_base::{Result, random};
use bindscape_matrix::dataset::{Dataset, Part};
use bindscape_matrix::results::{
    ParentModel, RunKind, RunRecord, Start as StartKind, TrainingRecord,
};
use bindscape_matrix::sample::{Excluded, Prepared};
use bindscape_nn::network::Network;
use bindscape_nn::train::{Start, TrainOptions};
use bindscape_nn::{Architecture, Model, TrainingIdentity};

use super::{Finetune, Parent, Planned};
use crate::data;
use crate::model;
use crate::motif::motif_file;
use crate::session::Session;
use crate::training::{self, Task};

/// `dataset` and the unbound regions of `natural`'s training part, of which as large a share
/// validates as of the others.
pub(crate) fn with_background(dataset: &Dataset, natural: &Dataset, seed: u64) -> Dataset {
    let mut background = natural.subset(&natural.rows(Part::Train));
    let [train, validation] =
        [Part::Train, Part::Validation].map(|part| dataset.rows(part).len() as f64);
    let share = validation / (train + validation);
    let mut rows: Vec<usize> = (0..background.len()).collect();
    random::shuffle(&mut rows, &mut random::stream(seed, "background", &[]));
    rows.truncate((background.len() as f64 * share).round() as usize);
    for row in rows {
        background.parts[row] = Part::Validation;
    }
    let mut all = dataset.clone();
    all.append(&background);
    all
}

/// The regions that a multi-model was fitted to: these very ones, or all that share a base with one.
pub(crate) fn fitted_to(model: &Model, exact: bool) -> Excluded<'_> {
    Excluded {
        regions: &model.training.fitted,
        what: "regions that the multi-model was trained or validated on",
        exact,
    }
}

/// The regions that a multi-model was tested on.
pub(super) fn tested_by(model: &Model) -> Excluded<'_> {
    Excluded {
        regions: &model.training.held_out,
        what: "regions that the multi-model was tested on",
        exact: false,
    }
}

/// Everything that the trainings of a run share.
pub(super) struct Inputs {
    pub(super) parent: Option<Parent>,
    pub(super) genome: Option<String>,
    pub(super) length: usize,
    pub(super) architecture: Architecture,
    pub(super) files: Vec<bindscape_base::digest::InputFile>,
    pub(super) planned: Vec<Planned>,
    /// One per repeat.
    pub(super) repeats: Vec<Prepared>,
    /// Regions beside those of each repeat, as they occur in the genome.
    pub(super) naturals: Vec<Dataset>,
    /// What the networks of each repeat are trained on, where that is more than `repeats` hold.
    pub(super) with_background: Option<Vec<Dataset>>,
    /// Weights that networks from scratch begin with, repeat by repeat, where their filters are
    /// motifs.
    pub(super) initial: Option<Vec<Network>>,
}

impl Inputs {
    pub(super) fn read(plan: &Finetune, session: &Session<'_>) -> Result<Self> {
        let parent = plan.model.as_deref().map(model::load).transpose()?;
        let matrix = plan.read_matrix(session)?;
        let length = data::width(&matrix, &plan.matrix)?;
        let genome = matrix.provenance.genome.clone();
        if let Some(parent) = &parent {
            plan.check_parent(parent, length, genome.as_deref(), session)?;
        }
        let architecture = plan.network(parent.as_ref(), length)?;
        let options = plan.training.options(true, plan.training.seed);
        options.check_length(length)?;
        let drawn = plan.datasets(&matrix, parent.as_ref(), length, session)?;
        let (repeats, naturals): (Vec<_>, Vec<_>) = drawn.into_iter().unzip();
        let mut files = data::records(&plan.matrix, &plan.sequences)?;
        if let Some(motifs) = &plan.motif_filters {
            files.extend(motif_file("motif_filters", motifs)?);
        }
        data::tell_steps(&repeats[0].steps, session);
        let with_background = plan.networks_see_background.then(|| {
            let pairs = (1..).zip(repeats.iter().zip(&naturals));
            pairs
                .map(|(repeat, (prepared, natural))| {
                    with_background(&prepared.dataset, natural, plan.seed(repeat))
                })
                .collect()
        });
        let initial = (plan.motif_filters.as_deref())
            .map(|motifs| plan.initial(motifs, &architecture, &repeats, session))
            .transpose()?;
        Ok(Self {
            parent,
            genome,
            length,
            architecture,
            files,
            planned: plan.planned(),
            repeats,
            naturals,
            with_background,
            initial,
        })
    }

    pub(super) fn data(&self, training: &Planned) -> &Dataset {
        let repeat = training.repeat as usize - 1;
        match &self.with_background {
            Some(datasets) => &datasets[repeat],
            None => &self.repeats[repeat].dataset,
        }
    }

    pub(super) fn record(&self, plan: &Finetune, session: &Session<'_>) -> RunRecord {
        let trainings: Vec<TrainingRecord> = self
            .planned
            .iter()
            .map(|training| {
                training::training_record(
                    training.directory.clone(),
                    training.start,
                    training.repeat,
                    training.seed,
                    self.data(training),
                )
            })
            .collect();
        RunRecord {
            kind: RunKind::Finetune,
            bindscape: env!("CARGO_PKG_VERSION").into(),
            command: session.command().to_vec(),
            finished: false,
            simulated: data::simulated(self.genome.as_deref()),
            genome: self.genome.clone(),
            inputs: self.files.clone(),
            configuration: plan.configuration(&self.architecture, &self.planned),
            tfs: vec![plan.tf.clone()],
            length: self.length,
            device: session.device().to_string(),
            parameters: self.architecture.parameters(),
            parent: self
                .parent
                .as_ref()
                .map(|(model, file)| parent_record(model, file)),
            data_steps: self.repeats[0].steps.clone(),
            trainings,
        }
    }

    /// One training with `options`.
    pub(super) fn task<'a>(
        &'a self,
        plan: &Finetune,
        training: &'a Planned,
        options: &'a TrainOptions,
        session: &Session<'_>,
    ) -> Task<'a> {
        let ancestor = self
            .parent
            .as_ref()
            .filter(|_| training.start == StartKind::Transfer)
            .map(|(model, _)| model);
        let data = self.data(training);
        Task {
            label: format!("{} {}", plan.tf, training.directory),
            directory: &training.directory,
            architecture: &self.architecture,
            start: match (ancestor, &self.initial) {
                (Some(parent), _) => Start::Transfer {
                    parent,
                    layers: plan.transfer,
                },
                (None, Some(initial)) => Start::Weights(&initial[training.repeat as usize - 1]),
                (None, None) => Start::Scratch,
            },
            data,
            options,
            identity: TrainingIdentity::new(
                RunKind::Finetune,
                training.seed,
                self.genome.clone(),
                self.files.clone(),
                data,
                ancestor,
            ),
            device: session.device(),
            bootstrap: plan.training.bootstrap.options(plan.training.seed),
        }
    }
}

fn parent_record(model: &Model, file: &Path) -> ParentModel {
    ParentModel {
        name: data::file_name(file),
        sha256: model.sha256().to_owned(),
        tfs: model.tfs.clone(),
        regions: (model.training.fitted.len() + model.training.held_out.len()) as u64,
    }
}

#[cfg(test)]
mod tests {
    use bindscape_genome::region::Regions;
    use bindscape_genome::sequence::PackedSequences;

    use super::*;

    /// Rows on `chrom`, of the parts and labels given.
    fn dataset(chrom: &str, rows: &[(Part, u8)]) -> Dataset {
        let mut data = Dataset {
            tfs: vec!["MAX".into()],
            regions: Regions::new(),
            sequences: PackedSequences::new(8),
            labels: Vec::new(),
            parts: Vec::new(),
        };
        for (row, &(part, label)) in rows.iter().enumerate() {
            let start = 100 * row as u32;
            data.regions.push(chrom, start, start + 8);
            data.sequences
                .push(if label == 1 { b"CACGTGAA" } else { b"ATATATAT" });
            data.labels.push(label);
            data.parts.push(part);
        }
        data
    }

    #[test]
    fn background_is_trained_and_validated_on_as_other_regions_are() {
        let (train, validation, test) = (Part::Train, Part::Validation, Part::Test);
        let own = [train, train, train, validation, test].map(|part| (part, 1));
        let drawn = dataset("chr1", &own);
        let mut beside = vec![(train, 0); 8];
        beside.push((test, 1));
        let natural = dataset("chr2", &beside);
        let all = with_background(&drawn, &natural, 1);
        assert_eq!(all.parts[..5], drawn.parts);
        assert_eq!(all.labels[..5], drawn.labels);
        assert_eq!(all.sequences.letters(4), drawn.sequences.letters(4));
        assert_eq!(
            all.len(),
            5 + 8,
            "what is tested on as it occurs is not among them"
        );
        let added: Vec<usize> = (5..13).collect();
        assert!(added.iter().all(|&row| all.labels[row] == 0));
        assert_eq!(all.sequences.letters(5), "ATATATAT");
        assert_eq!(all.regions.get(5).chrom, "chr2");
        let validating = |data: &Dataset| data.rows(validation)[1..].to_vec();
        // One of four that are not tested on validates, and so does a quarter of the others.
        assert_eq!(validating(&all).len(), 2);
        assert_eq!(all.rows(test), [4]);
        assert_eq!(with_background(&drawn, &natural, 1), all);
        let other = (2..9).map(|seed| validating(&with_background(&drawn, &natural, seed)));
        assert!(other.into_iter().any(|rows| rows != validating(&all)));
    }
}
