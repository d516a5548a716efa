//! Networks of a cross-validation: trained on the training part of a fold, where asked for with
//! the learning rate and the loss weights that its validation part prefers.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use bindscape_base::{Error, Result, atomic};
use bindscape_nn::protein::{
    Encoder, ProteinData, ProteinEpoch, ProteinModel, ProteinNetworkKind, ProteinPredictor,
    ProteinTrainOptions, ProteinTraining, train,
};
use bindscape_nn::train::Observer;
use bindscape_nn::{Device, DeviceChoice};
use bindscape_protein::baseline::BaselineData;
use bindscape_protein::{Features, KnownSequences, Label, ProteinScores, Windows};

use super::inputs::features;
use super::models::Model;
use super::run::Run;

/// The training of a network for a fold.
pub(super) struct NetworkTraining<'a> {
    pub(super) run: &'a Run<'a>,
    pub(super) device: DeviceChoice,
    pub(super) watcher: &'a dyn Observer<ProteinEpoch>,
    /// Where it is trained.
    pub(super) folder: PathBuf,
    pub(super) kind: ProteinNetworkKind,
    pub(super) model: &'a Model,
    pub(super) fold: u32,
}

/// What it is trained on.
struct Data<'a> {
    labelled: BaselineData<'a>,
    features: Box<dyn Features + 'a>,
    windows: Windows,
}

/// A network that was trained with one of several settings.
struct Candidate {
    options: ProteinTrainOptions,
    model: ProteinModel,
    loss: f64,
}

impl NetworkTraining<'_> {
    /// Trains it, and gives what it says of the proteins `rows`.
    ///
    /// # Errors
    /// If the device fails, a file cannot be written, or the user asked to stop.
    pub(super) fn scores(
        &self,
        labelled: BaselineData<'_>,
        rows: &[usize],
    ) -> Result<Vec<ProteinScores>> {
        let (features, windows) = features(self.run, self.model.input)?;
        let data = Data {
            labelled,
            features,
            windows,
        };
        let plan = self.run.plan;
        let seed = plan.seed.wrapping_add(self.fold.into());
        let learned = data.features.representation().is_learned();
        let settings = plan.trainings(self.kind, learned, seed);
        let device = self.device.open()?;
        let model = match &settings[..] {
            [options] => self.train(&data, options, &self.folder, &device)?,
            _ => self.choose(&data, settings, &device)?,
        };
        self.predict(&data, &model, rows, &device)
    }

    /// Trains with each of `settings`, and keeps the network with the smallest loss on the
    /// validation part.
    fn choose(
        &self,
        data: &Data<'_>,
        settings: Vec<ProteinTrainOptions>,
        device: &Device,
    ) -> Result<ProteinModel> {
        let BaselineData {
            labels, validation, ..
        } = data.labelled;
        let mut candidates = Vec::with_capacity(settings.len());
        for (number, options) in settings.into_iter().enumerate() {
            let folder = self.folder.join(format!("choice{}", number + 1));
            let model = self.train(data, &options, &folder, device)?;
            let scores = self.predict(data, &model, validation, device)?;
            candidates.push(Candidate {
                loss: loss(&scores, labels, validation),
                options,
                model,
            });
        }
        let mut best = 0;
        for (number, candidate) in candidates.iter().enumerate() {
            if candidate.loss < candidates[best].loss {
                best = number;
            }
        }
        self.write_choice(&candidates, best)?;
        Ok(candidates.swap_remove(best).model)
    }

    /// Says in `choices/` what was tried.
    fn write_choice(&self, candidates: &[Candidate], best: usize) -> Result<()> {
        let mut text = String::from("learning_rate\ttf_weight\tclass_weight\tloss\tchosen\n");
        for (number, candidate) in candidates.iter().enumerate() {
            let options = &candidate.options;
            let [tf, class] = options.loss_weights;
            writeln!(
                text,
                "{}\t{tf}\t{class}\t{}\t{}",
                options.learning_rate,
                candidate.loss,
                if number == best { "yes" } else { "no" },
            )
            .expect("text takes all");
        }
        let path = self.run.file("choices", self.model, self.fold);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)
                .map_err(|source| Error::io("create", folder, source))?;
        }
        atomic::write(&path, text.as_bytes())
    }

    fn train(
        &self,
        data: &Data<'_>,
        options: &ProteinTrainOptions,
        folder: &Path,
        device: &Device,
    ) -> Result<ProteinModel> {
        let (run, features) = (self.run, data.features.as_ref());
        let network = self
            .kind
            .network(features.features(), data.windows.positions);
        let seen = data.labelled.train.iter().chain(data.labelled.validation);
        let training = ProteinTraining::new(
            Encoder::new(features, data.windows),
            run.settings.inputs.clone(),
            KnownSequences::new(seen.map(|&row| run.proteins[row].sequence.as_slice())),
        );
        let data = ProteinData {
            features,
            labels: data.labelled.labels,
            train: data.labelled.train,
            validation: data.labelled.validation,
        };
        let folder = Some(folder);
        train(
            &network,
            data,
            options,
            training,
            folder,
            device,
            self.watcher,
        )
        .map(|trained| trained.model)
    }

    fn predict(
        &self,
        data: &Data<'_>,
        model: &ProteinModel,
        rows: &[usize],
        device: &Device,
    ) -> Result<Vec<ProteinScores>> {
        let predictor = ProteinPredictor::new(model, device);
        predictor.scores(data.features.as_ref(), rows, None, self.watcher)
    }
}

/// Mean negative logarithm of the probability of what is true, in the sum over the two questions:
/// whatever the weights of the losses in training were.
fn loss(scores: &[ProteinScores], labels: &[Label], rows: &[usize]) -> f64 {
    let (mut tf, mut class) = (Vec::new(), Vec::new());
    for (score, &row) in scores.iter().zip(rows) {
        let label = labels[row];
        if let Some(p) = score.p_tf {
            tf.push(logarithm(if label.tf { p } else { 1.0 - p }));
        }
        if let (Some(p), Some(known)) = (score.p_class, label.class) {
            class.push(logarithm(p[known.index()]));
        }
    }
    let mean = |values: &[f64]| bindscape_stats::mean(values).unwrap_or(0.0);
    -mean(&tf) - mean(&class)
}

fn logarithm(p: f64) -> f64 {
    p.max(1e-12).ln()
}

#[cfg(test)]
mod tests {
    use bindscape_protein::ProteinClass;

    use super::*;

    #[test]
    fn the_loss_is_that_of_both_questions() {
        let labels = [ProteinClass::ZincFinger, ProteinClass::NonTf].map(Label::from);
        let score = |p_tf, p| ProteinScores {
            p_tf: Some(p_tf),
            p_class: Some([p, 0.0, 0.0, 0.0, 1.0 - p]),
        };
        let scores = [score(0.5, 0.25), score(0.5, 0.5)];
        let expected = 2f64.ln() + (4f64.ln() + 2f64.ln()) / 2.0;
        assert!((loss(&scores, &labels, &[0, 1]) - expected).abs() < 1e-12);
        // Rows choose the labels; a question that a network does not answer counts nothing.
        let one = ProteinScores {
            p_tf: Some(0.25),
            p_class: None,
        };
        assert!((loss(&[one], &labels, &[1]) - (4.0f64 / 3.0).ln()).abs() < 1e-12);
    }
}
