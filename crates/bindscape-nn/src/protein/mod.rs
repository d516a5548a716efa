//! Is a protein a transcription factor, and of which kind? The paper's multi-task network, its
//! single-task twins and DeepTFactor: training, the model file, prediction, explanation.
//!
//! The main path: [`Features`](bindscape_protein::Features) and labels of proteins, split
//! by [`hold_out`](bindscape_protein::hold_out()), go into [`train()`], which gives a [`ProteinModel`]; a [`ProteinPredictor`]
//! scores proteins with it, and explains the scores.

mod assess;
mod batches;
mod calibration;
mod classifier;
mod config;
mod deeptfactor;
mod encoder;
mod explain;
mod forward;
mod heads;
mod loss;
mod model;
mod multitask;
mod objective;
mod options;
mod predict;
mod step;
mod train;

pub use assess::{CALIBRATION_BINS, ClassAssessment, OneClass, TfAssessment, called_tf};
pub use calibration::{Calibration, temperature_of_classes};
pub use classifier::ProteinClassifier;
pub use config::{ProteinNetwork, ProteinNetworkKind};
pub use deeptfactor::DeepTFactorConfig;
pub use encoder::Encoder;
pub use explain::{Attribution, Baseline, ExplainOptions, Target};
pub use heads::Heads;
pub use loss::{ClassWeights, Logits};
pub use model::{ProteinModel, ProteinTraining};
pub use multitask::MultiTaskConfig;
pub use objective::{ProteinData, ProteinEpoch};
pub use options::ProteinTrainOptions;
pub use predict::ProteinPredictor;
pub use train::{TrainedProteins, train};

#[cfg(test)]
mod tests;
