//! Binding matrices: built, converted and looked at.

mod build;
mod look;
mod published;
mod regions;

pub use build::{BuildMatrix, BuiltMatrix, CellRegions, ONE_CELL, TfPeaks};
pub use look::{CompareTfs, InspectMatrix};
pub use published::{ExportMatrix, ImportMatrix, ImportedMatrix, PublishedColumns};
pub use regions::RegionChoice;
