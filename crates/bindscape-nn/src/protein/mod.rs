//! Is a protein a transcription factor, and of which kind? The paper's multi-task network, its
//! single-task twins and DeepTFactor: training, the model file, prediction, explanation.
//!
//! The main path: [`Features`](bindscape_protein::Features) and labels of proteins, split
//! by [`hold_out`], go into [`train()`], which gives a [`ProteinModel`]; a [`ProteinPredictor`]
//! scores proteins with it, and explains the scores.

mod assess;
pub mod baseline;
mod batches;
mod calibration;
mod config;
mod deeptfactor;
mod epoch;
mod explain;
mod forward;
mod loss;
mod model;
mod multitask;
mod options;
mod predict;
mod step;
mod train;

pub use assess::{CALIBRATION_BINS, ClassAssessment, OneClass, TfAssessment, called_tf};
pub use calibration::{Calibration, temperature_of_classes};
pub use config::{
    CLASSES, DeepTFactorConfig, Heads, MultiTaskConfig, ProteinNetwork, ProteinNetworkKind,
};
pub use explain::{Attribution, Baseline, ExplainOptions, Target};
pub use loss::{ClassWeights, Logits};
pub(crate) use model::describes;
pub use model::{Encoder, KnownSequences, ProteinClassifier, ProteinModel, ProteinTraining};
pub use options::ProteinTrainOptions;
pub use predict::{ProteinPredictor, ProteinScores};
pub use train::{ProteinData, ProteinEpoch, ProteinObserver, TrainedProteins, hold_out, train};

#[cfg(test)]
mod tests;
