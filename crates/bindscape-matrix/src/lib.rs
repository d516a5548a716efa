#![doc = include_str!("../README.md")]

mod binding;
mod bits;
pub mod build;
pub mod dataset;
pub mod experiment;
pub mod inspect;
pub mod overlap;
pub mod parquet;
pub mod published;
mod regions_of;
pub mod results;
pub mod sample;
pub mod scores;
pub mod sheet;
pub mod similarity;
pub mod simulate;
pub mod split;

pub use binding::{
    BindingMatrix, BindingState, NOT_RECORDED, Provenance, TfProfile, View, tf_index,
};
pub use regions_of::{RegionsOf, TrainingRegions};
