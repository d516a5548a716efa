//! What all models of an experiment are made from, read once.

use std::sync::Arc;

use bindscape_base::digest::InputFile;
use bindscape_base::{Result, Subject};
use bindscape_genome::region::{Region, Regions};
use bindscape_genome::sequence::PackedSequences;
use bindscape_matrix::{BindingMatrix, BindingState, RegionsOf, View};
use rustc_hash::FxHashMap;

use super::Experiment;
use crate::data;
use crate::select::Modes;
use crate::session::Session;

/// The matrix with all its sequences, and what TFs are chosen by.
pub(super) struct Data {
    pub(super) matrix: BindingMatrix,
    /// Width of the regions in base pairs.
    pub(super) length: usize,
    /// One per region of the matrix.
    sequences: PackedSequences,
    pub(super) regions_of: Arc<RegionsOf>,
    pub(super) modes: Arc<Modes>,
    /// The files of every run.
    pub(super) files: Vec<InputFile>,
}

impl Data {
    pub(super) fn read(plan: &Experiment, session: &Session<'_>) -> Result<Self> {
        let matrix = data::read_matrix(&plan.matrix, None, session)?;
        let matrix = data::widened(matrix, plan.study.width, &plan.matrix, session)?;
        for tf in &plan.study.tfs {
            matrix.tf_index(tf, Subject::field("tfs"))?;
        }
        let length = data::width(&matrix, &plan.matrix)?;
        let mut source = data::open_recorded(&plan.sequences)?;
        let sequences = data::fetch(source.as_mut(), &matrix.regions, length, session)?;
        let modes = Modes::read(&plan.study.modes, session)?;
        Ok(Self {
            regions_of: Arc::new(RegionsOf::matrix(&matrix, View::LessSparse)),
            files: data::records(&plan.matrix, &plan.sequences)?,
            modes: Arc::new(modes),
            length,
            sequences,
            matrix,
        })
    }

    /// The rows of the matrix by their regions.
    pub(super) fn rows(&self) -> Rows<'_> {
        let regions = self.matrix.regions.iter();
        Rows {
            of: regions
                .enumerate()
                .map(|(row, region)| (region, row))
                .collect(),
            sequences: &self.sequences,
        }
    }

    /// Whether two TFs share a binding mode; `None` where those of one are not known.
    pub(super) fn share_mode(&self, a: &str, b: &str) -> Option<bool> {
        let (a, b) = (self.modes.of(a), self.modes.of(b));
        (!a.is_empty() && !b.is_empty()).then(|| a.iter().any(|mode| b.contains(mode)))
    }

    /// Regions that a TF binds.
    pub(super) fn bound(&self, tf: usize) -> usize {
        let column = self.matrix.columns[tf].iter();
        column
            .filter(|&&state| state == BindingState::Bound)
            .count()
    }
}

/// Sequences of regions of the matrix.
pub(super) struct Rows<'a> {
    of: FxHashMap<Region<'a>, usize>,
    sequences: &'a PackedSequences,
}

impl Rows<'_> {
    /// The sequences of `regions`, which are the matrix's.
    pub(super) fn fetch(&self, regions: &Regions) -> PackedSequences {
        let rows: Vec<usize> = regions.iter().map(|region| self.of[&region]).collect();
        self.sequences.select(&rows)
    }
}
