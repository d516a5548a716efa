//! What the filters of a network's first convolution look for, what the network loses without
//! them, and what a training made of them (Novakovsky et al. 2021, Figure 9).

mod change;
mod choose;
mod matched;
mod write;

use std::path::PathBuf;

use bindscape_base::progress::Progress;
use bindscape_base::{Error, Place, Result};
use bindscape_genome::load::SequenceInput;
use bindscape_motif::compare::Distance;
use bindscape_motif::{Background, Counts, Motif};
use bindscape_nn::attribution;
use bindscape_nn::filters::{FilterSites, FirstLayer, Influence, Resampling};
use bindscape_nn::{Model, Precision, Predictor};
use bindscape_report::FilterPage;
use serde::{Deserialize, Serialize};

pub use self::change::{Change, ChangeKind};
pub use self::matched::KnownMotif;

use self::matched::Known;
use crate::data::counted;
use crate::job::Job;
use crate::model;
use crate::motif::check_directory;
use crate::session::Session;
use crate::training::PREDICTION_BATCH;

/// Windows above this share of a filter's largest activation are its sites, in the paper.
const SHARE: f64 = 0.5;

/// Fewer sequences than these make poor motifs, and are remarked upon.
const FEW: usize = 100;

/// Regions that show what filters look for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FilterRegions {
    /// Those for which every resolved TF is predicted rightly, at a probability of one half.
    #[default]
    Correct,
    /// Those that are resolved for a TF at least.
    Resolved,
}

/// A plan to look at the filters of a model.
///
/// ```
/// use bindscape::Session;
/// use bindscape::filters::Filters;
/// # use bindscape::demo::{Demo, DemoStep};
/// # let directory = tempfile::tempdir()?;
/// # let here = directory.path();
/// # let demo = Demo { regions: 200, ..Demo::new(here.into()) };
/// # let data = demo.simulate(&bindscape_base::progress::Silent)?;
/// # let [DemoStep::Build(build), DemoStep::Pretrain(mut pretrain), ..] = demo.steps(&data) else { unreachable!() };
/// # (pretrain.training.max_epochs, pretrain.training.bootstrap.resamples) = (1, 0);
/// # Session::silent().run(&build)?;
/// # Session::silent().run(&pretrain)?;
///
/// let genome = bindscape_genome::load::SequenceInput::Genome(here.join("data/genome.fa"));
/// let mut plan = Filters::new(here.join("multi"), here.join("matrix.parquet"), genome, here.join("filters"));
/// plan.influence_regions = 20;
/// let found = Session::silent().run(&plan)?;
/// let filter = &found.filters[0];
/// println!("{} sites, {:?}", filter.sites.sites, filter.known);
/// assert!(here.join("filters/filters.tsv").exists());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filters {
    /// A run directory with one model, or a model file.
    pub model: PathBuf,
    /// The multi-model that the model began as, whose filters are compared with its own.
    pub before: Option<PathBuf>,
    /// Binding matrix (Parquet) with the labels.
    pub matrix: PathBuf,
    /// Where the sequences of its regions come from.
    pub sequences: SequenceInput,
    /// Width of the sequences in base pairs, around the centres of the regions; `None` for that
    /// of the regions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// TF whose probability is looked at without a filter; `None` for every TF of the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tf: Option<String>,
    /// Regions that show what filters look for.
    pub regions: FilterRegions,
    /// Regions of the matrix that are looked at, drawn at random.
    pub max_regions: usize,
    /// How many of the regions that show what filters look for measure their influence; 0 leaves
    /// it out.
    pub influence_regions: usize,
    /// Windows above this share of a filter's largest activation are its sites.
    pub share: f64,
    /// Positions at both ends of a filter's motif with less information than this, in bits, are cut
    /// off before it is compared; 0 in the paper.
    pub trim: f64,
    /// How columns are compared. With Euclidean distances, Tomtom's default and the paper's, flat
    /// columns of a filter match the wide gaps of known motifs.
    pub distance: Distance,
    /// Known motifs, as [`bindscape_motif::motifs_from`] takes them; their clusters are the binding
    /// modes.
    pub motifs: String,
    /// Largest q-value of a match.
    pub threshold: f64,
    /// Resamples of the bootstrap over regions, 0 for no intervals.
    pub resamples: usize,
    /// Seed of the draw and of the bootstrap.
    pub seed: u64,
    /// Type of the products of the network.
    pub precision: Precision,
    /// Directory to write.
    pub out: PathBuf,
    /// Write into a directory that exists; files of an earlier run in it are replaced.
    #[serde(default)]
    pub replace: bool,
}

/// What is known of a filter.
#[derive(Debug, Clone, PartialEq)]
pub struct FilterFound {
    /// Its sites.
    pub sites: FilterSites,
    /// Their motif; `None` of a filter that never responds.
    pub motif: Option<Motif>,
    /// The motif without ends of little information; `None` if nothing is left.
    pub trimmed: Option<Motif>,
    /// Information content of the motif in bits; `None` of a filter that never responds.
    pub information: Option<f64>,
    /// The known motif that is most like the trimmed one; `None` without that.
    pub known: Option<KnownMotif>,
    /// What silencing it changes, TF by TF; empty where that was not asked for.
    pub influence: Vec<Influence>,
    /// What it was before, where that was asked for.
    pub change: Option<Change>,
}

/// Filters that look for one binding mode, silenced together.
#[derive(Debug, Clone, PartialEq)]
pub struct FilterGroup {
    /// The binding mode; several where they have the same filters.
    pub modes: Vec<String>,
    /// TFs of the known motifs that the filters match.
    pub tfs: Vec<String>,
    /// Numbers of the filters, from 0.
    pub filters: Vec<usize>,
    /// What silencing them changes, TF by TF of the model.
    pub influence: Vec<Influence>,
}

/// The filters of a model.
#[derive(Debug, Clone, PartialEq)]
pub struct FiltersFound {
    /// TFs of the model, or the one that was asked for.
    pub tfs: Vec<String>,
    /// The filters, in their order.
    pub filters: Vec<FilterFound>,
    /// Groups of filters of one mode.
    pub groups: Vec<FilterGroup>,
    /// Regions that showed what filters look for.
    pub regions: usize,
    /// Regions of which these were chosen.
    pub looked_at: usize,
    /// Largest q-value of a match.
    pub threshold: f64,
    /// Directory that was written.
    pub out: PathBuf,
}

impl FilterFound {
    /// The known motif, if its q-value is no larger than `threshold`.
    #[must_use]
    pub fn matched(&self, threshold: f64) -> Option<&KnownMotif> {
        let known = self.known.as_ref();
        known.filter(|known| known.q_value <= threshold)
    }

    /// Number of the TF that silencing changes most, and by how much.
    #[must_use]
    pub fn strongest(&self) -> Option<(usize, Influence)> {
        strongest(&self.influence)
    }
}

/// Number of the TF that changes most, and by how much.
fn strongest(influence: &[Influence]) -> Option<(usize, Influence)> {
    let all = influence.iter().copied().enumerate();
    all.reduce(|best, next| match next.1.squared > best.1.squared {
        true => next,
        false => best,
    })
}

impl Filters {
    /// Looks at the filters of `model` as the paper does.
    #[must_use]
    pub fn new(model: PathBuf, matrix: PathBuf, sequences: SequenceInput, out: PathBuf) -> Self {
        Self {
            model,
            before: None,
            matrix,
            sequences,
            width: None,
            tf: None,
            regions: FilterRegions::default(),
            max_regions: 20_000,
            influence_regions: 1_000,
            share: SHARE,
            trim: 0.25,
            distance: Distance::Pearson,
            motifs: "jaspar:vertebrates".into(),
            threshold: 0.05,
            resamples: 200,
            seed: 1,
            precision: Precision::default(),
            out,
            replace: false,
        }
    }

    /// A network whose filters can be looked at, and its first layer.
    fn load(path: &std::path::Path) -> Result<(Model, PathBuf, FirstLayer)> {
        let (model, file) = model::load(path)?;
        if model.readout().is_some() {
            return Err(Error::input(
                &file,
                Place::File,
                "a model with filters of its own",
                "a readout, whose filters are those of its multi-model",
            )
            .hint("give the multi-model"));
        }
        let layer = FirstLayer::of(&model.architecture.layers())?;
        Ok((model, file, layer))
    }

    /// Refuses two models whose filters do not correspond.
    fn check_before(
        (model, file, layer): &(Model, PathBuf, FirstLayer),
        before: &(Model, PathBuf, FirstLayer),
    ) -> Result<()> {
        let hint = "give the multi-model that the model was fine-tuned from";
        if (before.2.filters, before.2.width) == (layer.filters, layer.width)
            && before.0.architecture.length() == model.architecture.length()
        {
            // Imported weights do not say where they come from.
            let known = model.training.parent.is_some() || model.training.regions_known;
            if !known || model.training.parent.as_deref() == Some(before.0.sha256()) {
                return Ok(());
            }
            let expected = format!(
                "the multi-model that {} was fine-tuned from",
                file.display()
            );
            return Err(Error::input(&before.1, Place::File, expected, "another").hint(hint));
        }
        Err(Error::input(
            &before.1,
            Place::File,
            format!(
                "{} filters of {} bp in sequences of {} bp, as {} has them",
                layer.filters,
                layer.width,
                model.architecture.length(),
                file.display()
            ),
            format!(
                "{} of {} bp in sequences of {} bp",
                before.2.filters,
                before.2.width,
                before.0.architecture.length()
            ),
        )
        .hint(hint))
    }
}

/// The motif of a filter's sites, `filter-7` for the seventh.
fn motif(number: usize, sites: &FilterSites) -> Result<Option<Motif>> {
    if sites.sites == 0 {
        return Ok(None);
    }
    let rows = sites.counts.iter().map(|row| row.map(|count| count as f64));
    let counts = Counts::new(rows.collect())?;
    Ok(Some(Motif::from_counts(
        format!("filter-{}", number + 1),
        counts,
    )))
}

impl Job for Filters {
    type Outcome = FiltersFound;

    const NAME: &'static str = "filters";

    const FILES: &'static [&'static str] = write::FILES;

    fn check(&self) -> Result<()> {
        let share = |field, value: f64| {
            if value > 0.0 && value < 1.0 {
                return Ok(());
            }
            let expected = "a number between 0 and 1";
            Err(Error::argument(field, expected, value.to_string()))
        };
        share("share", self.share)?;
        share("threshold", self.threshold)?;
        if !(0.0..2.0).contains(&self.trim) {
            let expected = "0 to less than 2 bits";
            return Err(Error::argument("trim", expected, self.trim.to_string()));
        }
        if self.max_regions == 0 {
            return Err(Error::argument("max_regions", "at least 1", "0"));
        }
        Ok(())
    }

    fn run(&self, session: &Session<'_>) -> Result<FiltersFound> {
        Ok(self.look(session)?.0)
    }
}

impl Filters {
    /// Writes all files, and says what the page shows.
    pub(crate) fn look(&self, session: &Session<'_>) -> Result<(FiltersFound, FilterPage)> {
        check_directory(&self.out, self.replace)?;
        let loaded = Self::load(&self.model)?;
        let before = self.before.as_deref().map(Self::load).transpose()?;
        if let Some(before) = &before {
            Self::check_before(&loaded, before)?;
        }
        let target = (self.tf.as_deref())
            .map(|tf| attribution::target(&loaded.0.tfs, tf))
            .transpose()?;
        let known = Known::read(&self.motifs, session)?;
        let device = session.open_device(self.precision)?;
        let predictor =
            |model: &Model| Predictor::new(model, &device).with_precision(self.precision);
        let (model, file, layer) = &loaded;
        let network = predictor(model);
        let chosen = choose::regions(self, model, file, &network, session)?;
        if chosen.sequences.len() < FEW {
            session.note(&format!(
                "warning: only {} to show what the filters look for; their motifs are rough",
                counted(chosen.sequences.len() as u64, "region")
            ));
        }

        let look = |network: &Predictor| -> Result<Vec<FilterFound>> {
            let work = 4 * chosen.sequences.len() as u64;
            session.begin("finding the sites of the filters", Some(work));
            let share = self.share as f32;
            let sites =
                network.filter_sites(&chosen.sequences, share, PREDICTION_BATCH, session)?;
            session.finish();
            self.known(sites, &known, session)
        };
        let mut filters = look(&network)?;
        if let Some((before, ..)) = &before {
            let earlier = predictor(before);
            let found = look(&earlier)?;
            let now = change::weights(&network, &layer.convolution)?;
            let then = change::weights(&earlier, &layer.convolution)?;
            change::compare(&mut filters, &found, &now, &then, self.threshold);
        }
        let mut groups = known.groups(&filters, self.threshold);
        if self.influence_regions > 0 {
            self.silence(&network, &chosen, &mut filters, &mut groups, session)?;
        }
        let tfs = match target {
            Some(target) => {
                let all = (filters.iter_mut().map(|filter| &mut filter.influence))
                    .chain(groups.iter_mut().map(|group| &mut group.influence));
                for influence in all.filter(|influence| !influence.is_empty()) {
                    *influence = vec![influence[target]];
                }
                vec![model.tfs[target].clone()]
            }
            None => model.tfs.clone(),
        };
        let found = FiltersFound {
            tfs,
            filters,
            groups,
            regions: chosen.sequences.len(),
            looked_at: chosen.looked_at,
            threshold: self.threshold,
            out: self.out.clone(),
        };
        let page = write::all(self, &found, &known)?;
        Ok((found, page))
    }

    /// Motifs of sites, and what they are like.
    fn known(
        &self,
        sites: Vec<FilterSites>,
        known: &Known,
        session: &Session<'_>,
    ) -> Result<Vec<FilterFound>> {
        let motifs: Vec<Option<Motif>> = sites
            .iter()
            .enumerate()
            .map(|(number, sites)| motif(number, sites))
            .collect::<Result<_>>()?;
        let trimmed: Vec<Option<Motif>> = motifs
            .iter()
            .map(|motif| Some(motif.as_ref()?.trim(self.trim)?.0))
            .collect();
        let informative: Vec<Motif> = trimmed.iter().flatten().cloned().collect();
        let mut best = known
            .best(&informative, self.distance, session)?
            .into_iter();
        let filters = sites.into_iter().zip(motifs).zip(trimmed);
        let filters = filters.map(|((sites, motif), trimmed)| {
            let known = trimmed.as_ref().and_then(|_| best.next());
            let information = motif.as_ref().map(|motif| {
                let bits = motif.frequencies.information(&Background::uniform());
                bits.iter().sum::<f64>()
            });
            FilterFound {
                sites,
                motif,
                trimmed,
                information,
                known,
                influence: Vec::new(),
                change: None,
            }
        });
        Ok(filters.collect())
    }

    /// Silences each filter, and each group.
    fn silence(
        &self,
        network: &Predictor,
        chosen: &choose::Chosen,
        filters: &mut [FilterFound],
        groups: &mut [FilterGroup],
        session: &Session<'_>,
    ) -> Result<()> {
        // The draw was random, so that the first are as good as any.
        let first: Vec<usize> = (0..chosen.sequences.len().min(self.influence_regions)).collect();
        let sequences = chosen.sequences.select(&first);
        let alone = (0..filters.len()).map(|filter| vec![filter]);
        let together = groups.iter().map(|group| group.filters.clone());
        let all: Vec<Vec<usize>> = alone.chain(together).collect();
        let work = (sequences.len() * (all.len() + 1)) as u64;
        session.begin("silencing the filters", Some(work));
        let resampling = Resampling {
            resamples: self.resamples,
            seed: self.seed,
        };
        let silenced = network.silence(&sequences, &all, PREDICTION_BATCH, resampling, session)?;
        session.finish();
        let mut silenced = silenced.into_iter();
        for (filter, influence) in filters.iter_mut().zip(&mut silenced) {
            filter.influence = influence;
        }
        for (group, influence) in groups.iter_mut().zip(silenced) {
            group.influence = influence;
        }
        Ok(())
    }
}
