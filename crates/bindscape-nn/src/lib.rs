//! Networks, training, transfer and prediction of bindscape, on Burn.
//!
//! The main path: a [`Dataset`](bindscape_matrix::dataset::Dataset) and a
//! [`Architecture`] go into [`train`](train::train), which leaves a
//! [`Model`] file; a [`Model`] predicts sequences ([`predict`]), and
//! [`evaluate`] turns predictions and labels into metrics.
//!
//! This is the one crate that names Burn. It knows neither the file formats of
//! genomics nor terminals. The same inputs, seed and device give the same
//! numbers, whatever the number of threads.

pub mod architecture;
pub mod attribution;
pub mod cnn;
pub mod compare;
pub mod danq;
pub mod device;
pub mod esm2;
pub mod evaluate;
pub mod features;
pub mod filters;
pub mod hub;
pub mod kmers;
pub mod layers;
pub mod model;
pub mod network;
pub mod precision;
pub mod predict;
pub mod protein;
pub mod readout;
pub mod train;

mod adam;
mod checker;
mod encode;
mod host;
mod parameters;
mod quadrature;
mod random;
mod reader;
mod sizes;
mod strands;
#[cfg(test)]
mod vectors;

pub use architecture::{Architecture, ArchitectureKind};
pub use burn::tensor::Device;
pub use cnn::CnnConfig;
pub use danq::DanqConfig;
pub use device::DeviceChoice;
pub use model::{Model, TrainingIdentity};
pub use precision::Precision;
pub use predict::{Predictor, Strands};
