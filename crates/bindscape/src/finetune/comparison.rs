//! What can be made of the same peaks, the simplest first: a known profile, a PWM, a regression on
//! k-mers, networks, a readout of the multi-model with motifs. All are tested on the same regions,
//! matched in GC content and in the proportion of the genome.

use std::path::{Path, PathBuf};

use bindscape_base::progress::Progress;
use bindscape_base::{Result, atomic};
use bindscape_matrix::dataset::{Dataset, Part};
use bindscape_matrix::results::{
    Compared, ComparedModel, Comparison, RepeatComparison, Start as StartKind, TfMetrics,
};
use bindscape_motif::format::write_motifs;
use bindscape_motif::{Format, Motif, MotifSet};
use bindscape_nn::train::MODEL_FILE;
use bindscape_nn::{Device, Model, Strands};

use super::inputs::Inputs;
use super::readout::{self, ReadoutFit};
use super::{Finetune, FinetunedModel, Parent};
use crate::profiles;
use crate::run_directory::{RunDirectory, read_json, write_json};
use crate::session::Session;
use crate::tested::{Scoring, Tested, bound, by_kmers, on_both};

/// The comparison of a run, and of each repeat in its directory.
const FILE: &str = "comparison.json";
/// The motifs of a repeat.
const MOTIFS: &str = "motifs.meme";

/// Name of the directory of a repeat's motifs and readout.
fn directory_of(repeat: u32) -> String {
    format!("readout-{repeat}")
}

/// Name of the directory of a repeat's readout that a network supports.
fn joint_directory(repeat: u32) -> String {
    format!("joint-{repeat}")
}

/// The files of the models of one kind, repeat by repeat.
pub(super) fn files(plan: &Finetune, comparison: &Comparison, kind: Compared) -> Vec<PathBuf> {
    let models = comparison.repeats.iter().flat_map(|repeat| &repeat.models);
    models
        .filter(|compared| compared.model == kind)
        .filter_map(|compared| Some(plan.out.join(compared.file.as_ref()?)))
        .collect()
}

/// Compares all models of a run. What an earlier call finished is not done again.
pub(super) fn compare(
    plan: &Finetune,
    inputs: &Inputs,
    run: &RunDirectory,
    trainings: &[FinetunedModel],
    session: &Session<'_>,
) -> Result<Comparison> {
    let device = session.device().open_for(plan.training.precision)?;
    let mut comparison = Comparison {
        tf: plan.tf.clone(),
        level: plan.training.bootstrap.level,
        repeats: Vec::new(),
    };
    if profiles::of(&plan.tf).is_empty() {
        session.note(&format!(
            "no JASPAR profile of vertebrates has the name of {}, so there is none to compare with",
            plan.tf
        ));
    }
    for repeat in 1..=plan.repeats {
        let name = directory_of(repeat);
        let file = run.training(&name)?.join(FILE);
        let networks: Vec<&FinetunedModel> = (inputs.planned.iter().zip(trainings))
            .filter(|(planned, _)| planned.repeat == repeat)
            .map(|(_, trained)| trained)
            .collect();
        let before: Option<RepeatComparison> =
            file.exists().then(|| read_json(&file)).transpose()?;
        // A network that was given more epochs since is another.
        let current = before.filter(|found| {
            networks.iter().all(|trained| {
                let like = |compared: &ComparedModel| {
                    compared.file.as_ref() == Some(&trained.evaluation.model)
                        && compared.matched == trained.evaluation.tfs[0]
                };
                found.models.iter().any(like)
            })
        });
        let found = if let Some(found) = current {
            found
        } else {
            let found = Repeat {
                plan,
                inputs,
                run,
                repeat,
                directory: &run.training(&name)?,
                name,
                networks,
                device: &device,
                session,
            }
            .compare()?;
            write_json(&file, &found)?;
            found
        };
        comparison.repeats.push(found);
    }
    write_json(&plan.out.join(FILE), &comparison)?;
    Ok(comparison)
}

/// One repeat.
struct Repeat<'a> {
    plan: &'a Finetune,
    inputs: &'a Inputs,
    run: &'a RunDirectory,
    repeat: u32,
    directory: &'a Path,
    /// That of the directory.
    name: String,
    networks: Vec<&'a FinetunedModel>,
    device: &'a Device,
    session: &'a Session<'a>,
}

impl Repeat<'_> {
    fn data(&self) -> &Dataset {
        &self.inputs.repeats[self.repeat as usize - 1].dataset
    }

    fn natural(&self) -> &Dataset {
        &self.inputs.naturals[self.repeat as usize - 1]
    }

    fn seed(&self) -> u64 {
        self.plan.seed(self.repeat)
    }

    fn compare(&self) -> Result<RepeatComparison> {
        let bootstrap = self.plan.training.bootstrap;
        let bootstrap = bootstrap.options(self.plan.training.seed);
        let tested = [self.data(), self.natural()].map(|data| Tested::part_of(data, bootstrap));
        let fitted = self.fitted();
        let peaks = fitted.iter().filter(|&&row| self.data().labels[row] == 1);
        let peaks = peaks.count() as u64;
        let motifs = self.motifs(&fitted)?;
        let learned = self.data().subset(&fitted);
        let profile = profiles::best(&self.plan.tf, &learned.sequences, &bound(&learned))?;
        let mut models = self.simple(&learned, profile, &motifs, &tested)?;
        let mut transferred = None;
        for trained in &self.networks {
            let model = Model::load(&trained.model)?;
            models.push(ComparedModel {
                model: trained.start.into(),
                file: Some(trained.evaluation.model.clone()),
                profile: None,
                matched: trained.evaluation.tfs[0].clone(),
                natural: self.test(&model, &tested[1])?,
            });
            if trained.start == StartKind::Transfer {
                transferred = Some(model);
            }
        }
        if let (true, Some(parent)) = (self.plan.reads_out(), &self.inputs.parent) {
            let readout = self.read_out(parent, &fitted, &motifs, profile)?;
            models.push(self.keep(&readout, Compared::Readout, &self.name, &tested)?);
            if let Some(network) = transferred {
                let joint = readout.with_companion(&network, Compared::NETWORK_SHARE);
                let name = joint_directory(self.repeat);
                models.push(self.keep(&joint, Compared::Joint, &name, &tested)?);
            }
        }
        models.sort_by_key(|compared| compared.model);
        Ok(RepeatComparison {
            repeat: self.repeat,
            seed: self.seed(),
            peaks,
            models,
        })
    }

    /// What needs no network, the simplest first.
    fn simple(
        &self,
        learned: &Dataset,
        profile: Option<&Motif>,
        motifs: &MotifSet,
        tested: &[Tested; 2],
    ) -> Result<Vec<ComparedModel>> {
        let mut models = Vec::new();
        if let Some(profile) = profile {
            let [matched, natural] = on_both(tested, |tested| tested.by_motif(profile))?;
            models.push(ComparedModel {
                model: Compared::Profile,
                file: None,
                profile: Some(profile.id.clone()),
                matched,
                natural,
            });
        }
        if let Some(first) = motifs.motifs.first() {
            let [matched, natural] = on_both(tested, |tested| tested.by_motif(first))?;
            models.push(ComparedModel {
                model: Compared::Pwm,
                file: Some(format!("{}/{MOTIFS}", self.name)),
                profile: None,
                matched,
                natural,
            });
        } else {
            self.session.note(&format!(
                "warning: no motif is more frequent in the bound regions of {} than in the \
                 unbound ones, so there is no PWM to compare with",
                self.plan.tf
            ));
        }
        let [matched, natural] = by_kmers(tested, learned, self.natural(), self.session)
            .map_err(|error| error.within(&format!("{} {}", self.plan.tf, self.name)))?;
        models.push(ComparedModel {
            model: Compared::Kmers,
            file: None,
            profile: None,
            matched,
            natural,
        });
        Ok(models)
    }

    /// Rows that may be fitted to: all but the test part.
    fn fitted(&self) -> Vec<usize> {
        let parts = &self.data().parts;
        (0..parts.len())
            .filter(|&row| parts[row] != Part::Test)
            .collect()
    }

    /// De novo motifs of the bound regions against those matched in GC content; written to a file.
    fn motifs(&self, fitted: &[usize]) -> Result<MotifSet> {
        let matrix = &self.plan.matrix;
        let motifs = readout::motifs(matrix, self.data(), fitted, self.seed(), self.session)?;
        let text = write_motifs(&motifs, Format::Meme);
        atomic::write(self.directory.join(MOTIFS), text.as_bytes())?;
        Ok(motifs)
    }

    /// Fits a readout of the multi-model.
    fn read_out(
        &self,
        parent: &Parent,
        fitted: &[usize],
        motifs: &MotifSet,
        profile: Option<&Motif>,
    ) -> Result<Model> {
        ReadoutFit {
            multi: &parent.0,
            data: self.data(),
            fitted,
            natural: self.natural(),
            motifs,
            profile,
            seed: self.seed(),
            genome: self.inputs.genome.as_deref(),
            files: &self.inputs.files,
            precision: self.plan.training.precision,
            device: self.device,
            label: &format!("{} {}", self.plan.tf, self.name),
        }
        .fit(self.session)
    }

    /// Writes a model into a directory of the run, and tests it.
    fn keep(
        &self,
        model: &Model,
        kind: Compared,
        directory: &str,
        tested: &[Tested; 2],
    ) -> Result<ComparedModel> {
        let path = self.run.training(directory)?.join(MODEL_FILE);
        model.save(&path)?;
        Ok(ComparedModel {
            model: kind,
            file: Some(format!("{directory}/{MODEL_FILE}")),
            profile: None,
            matched: self.test(model, &tested[0])?,
            natural: self.test(model, &tested[1])?,
        })
    }

    fn test(&self, model: &Model, tested: &Tested) -> Result<TfMetrics> {
        let scoring = Scoring {
            strands: Strands::Both,
            precision: self.plan.training.precision,
            device: self.device,
        };
        tested.by_model(model, 0, scoring, self.session)
    }
}
