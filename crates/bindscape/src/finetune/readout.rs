//! De novo motifs of the regions of a repeat, and the readout of a multi-model that is fitted to
//! them.

use std::path::Path;

use bindscape_base::Result;
use bindscape_base::digest::InputFile;
use bindscape_base::progress::Progress;
use bindscape_matrix::dataset::{Dataset, Part};
use bindscape_matrix::results::RunKind;
use bindscape_motif::{Motif, MotifSet};
use bindscape_nn::features::{FeatureSource, Penalty};
use bindscape_nn::readout::ReadoutMotif;
use bindscape_nn::{Device, Model, Precision, Strands, TrainingIdentity};

use crate::denovo;
use crate::training::PREDICTION_BATCH;

/// Bound regions for each motif that a readout sees. Motifs fit the regions that they were found in
/// better than others, and the more so the fewer these are: with 50 peaks a second motif makes a
/// readout worse, with 400 it does no harm. Chosen on TFs that no table reports.
const PEAKS_PER_MOTIF: u64 = 200;

/// De novo motifs of the bound regions among `rows` against the unbound ones there, best first.
///
/// # Errors
/// If there are too few to find any, or the user asked to stop.
pub(crate) fn motifs(
    matrix: &Path,
    data: &Dataset,
    rows: &[usize],
    seed: u64,
    progress: &dyn Progress,
) -> Result<MotifSet> {
    let set = |label: u8| {
        let rows: Vec<usize> = rows
            .iter()
            .copied()
            .filter(|&row| data.labels[row] == label)
            .collect();
        let regions = data.regions.select(&rows);
        denovo::sequence_set(matrix, &regions, &data.sequences.select(&rows))
    };
    let found = denovo::motifs(&set(1)?, &set(0)?, seed, progress)
        .map_err(|error| error.within(&format!("the motifs of {}", data.tfs[0])))?;
    let motifs = (1..).zip(&found.motifs).map(|(number, found)| {
        let mut motif = Motif::new(
            format!("{number}-{}", found.frequencies.consensus()),
            found.frequencies.clone(),
        );
        motif.sites = Some(found.counts.sites());
        motif
    });
    Ok(MotifSet::new(motifs.collect()))
}

/// What a readout is fitted to.
pub(crate) struct ReadoutFit<'a> {
    /// The multi-model.
    pub(crate) multi: &'a Model,
    /// The regions of the repeat.
    pub(crate) data: &'a Dataset,
    /// Rows that may be fitted to.
    pub(crate) fitted: &'a [usize],
    /// Regions beside them; those of the training part are fitted to as well.
    pub(crate) natural: &'a Dataset,
    /// Motifs, best first.
    pub(crate) motifs: &'a MotifSet,
    /// The JASPAR profile of the TF that ranks the fitted regions best, if it has one.
    pub(crate) profile: Option<&'a Motif>,
    /// Seed of the repeat.
    pub(crate) seed: u64,
    /// Genome build.
    pub(crate) genome: Option<&'a str>,
    /// Input files.
    pub(crate) files: &'a [InputFile],
    pub(crate) precision: Precision,
    pub(crate) device: &'a Device,
    /// What is said of the work.
    pub(crate) label: &'a str,
}

impl ReadoutFit<'_> {
    /// Fits the readout: a model of the TF.
    ///
    /// # Errors
    /// If it cannot be fitted, or the user asked to stop.
    pub(crate) fn fit(&self, progress: &dyn Progress) -> Result<Model> {
        let (data, natural) = (self.data, self.natural);
        let background = natural.rows(Part::Train);
        let source = FeatureSource::new(self.multi, self.seen_motifs(), self.device)
            .with_precision(self.precision);
        let count = (self.fitted.len() + background.len()) as u64;
        progress.begin(&format!("{}: fitting the readout", self.label), Some(count));
        let mut features = Vec::new();
        let mut labels = Vec::new();
        let sets = [(data, self.fitted), (natural, &background[..])];
        let sequences = sets.map(|(data, rows)| data.sequences.select(rows));
        for ((data, rows), sequences) in sets.iter().zip(&sequences) {
            features.extend(source.features(
                sequences,
                Strands::Both,
                PREDICTION_BATCH,
                progress,
            )?);
            labels.extend(rows.iter().map(|&row| data.labels[row] == 1));
        }
        let readout = source
            .fit(
                self.multi.output_names(),
                &features,
                &sequences.each_ref(),
                &labels,
                Penalty::default(),
                progress,
            )
            .map_err(|error| error.within(self.label))?;
        progress.finish();
        let mut all = data.clone();
        all.append(&natural.subset(&background));
        let mut identity = TrainingIdentity::new(
            RunKind::Finetune,
            self.seed,
            self.genome.map(str::to_owned),
            self.files.to_vec(),
            &all,
            Some(self.multi),
        );
        let bound = labels.iter().filter(|&&label| label).count();
        identity.bound_shares = Some(vec![bound as f64 / labels.len() as f64]);
        identity.precision = self.precision;
        let tf = data.tfs[0].clone();
        Ok(self.multi.with_readout(tf, identity, readout))
    }

    /// As many of the motifs as the bound regions allow, and the profile.
    fn seen_motifs(&self) -> Vec<ReadoutMotif> {
        let bound = |row: &&usize| self.data.labels[**row] == 1;
        let peaks = self.fitted.iter().filter(bound).count() as u64;
        let count = (peaks / PEAKS_PER_MOTIF).max(1) as usize;
        let seen = self.motifs.motifs.iter().take(count).chain(self.profile);
        seen.map(|motif| ReadoutMotif {
            name: motif.label(),
            frequencies: motif.frequencies.rows().to_vec(),
        })
        .collect()
    }
}
