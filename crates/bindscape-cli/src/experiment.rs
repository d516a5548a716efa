//! `bindscape experiment`: many models of many TFs, in one table.

use std::path::{Path, PathBuf};

use bindscape::experiment::{Experiment, ModelKind, Protocol, Study};
use bindscape_base::{Error, Result, names};
use bindscape_nn::DeviceChoice;
use clap::Args;

use crate::choice::{choice, name};
use crate::data::SequenceArguments;
use crate::face::Verb;

/// Options of `experiment`.
#[derive(Debug, Args)]
#[command(after_help = STUDIES)]
pub(crate) struct Arguments {
    /// A study that comes with the program (below), or a file that holds one (JSON)
    #[arg(value_name = "STUDY|FILE")]
    study: String,
    /// Binding matrix (Parquet)
    #[arg(long, value_name = "FILE")]
    matrix: PathBuf,
    #[command(flatten)]
    sequences: SequenceArguments,
    /// How models are trained and tested [default: the study's, bindscape if it has none]
    #[arg(long, value_parser = choice::<Protocol>(PROTOCOLS))]
    protocol: Option<Protocol>,
    /// TFs to study [default: the study's]
    #[arg(long, value_name = "TF,…", value_delimiter = ',', value_parser = name())]
    tfs: Vec<String>,
    /// Sets of the study to pre-train on, by name [default: all]
    #[arg(long, value_name = "SET,…", value_delimiter = ',', value_parser = name())]
    sets: Vec<String>,
    /// Models to compare [default: the study's]
    #[arg(long, value_name = "MODEL,…", value_delimiter = ',', value_parser = model_kind)]
    models: Vec<ModelKind>,
    /// Regions that each multi-model takes at random, in place of the study's number; also replaces
    /// the minimum number of regions of sets that have one
    #[arg(long, value_name = "N")]
    regions: Option<usize>,
    /// Bound regions to draw, in place of the study's numbers
    #[arg(long, value_name = "N,…", value_delimiter = ',')]
    positives: Vec<usize>,
    /// Use all bound regions of TFs that have fewer than asked for, instead of skipping them
    #[arg(long)]
    all_if_fewer: bool,
    /// Bound regions to test on that no draw has, in place of the study's number
    #[arg(long, value_name = "N")]
    test_positives: Option<usize>,
    /// Repeats, in place of the study's
    #[arg(long, value_name = "N")]
    repeats: Option<u32>,
    /// Draws in each repeat, in place of the study's
    #[arg(long, value_name = "N")]
    draws: Option<u32>,
    /// Splits of each draw, in place of the study's
    #[arg(long, value_name = "N")]
    splits: Option<u32>,
    /// STRING's protein.links, for sets of partners; without it they are left out
    #[arg(long, value_name = "FILE")]
    string: Option<PathBuf>,
    /// STRING's protein.info, which names the proteins of protein.links
    #[arg(long, value_name = "FILE", requires = "string")]
    string_info: Option<PathBuf>,
    /// Keep the models of single TFs, not their rows alone
    #[arg(long)]
    keep_models: bool,
    /// Directory of the experiment; the same command continues it
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Compute device: cpu, or one that this program was built with
    #[arg(long, default_value = "cpu", value_name = "DEVICE")]
    device: DeviceChoice,
}

/// A model to compare, without blanks around its name.
fn model_kind(text: &str) -> Result<ModelKind> {
    text.trim().parse()
}

const PROTOCOLS: &[(&str, &str)] = &[
    ("bindscape", "As pretrain and finetune do by default"),
    ("paper-2021", "As Novakovsky et al. (2021) did"),
];

/// What studies there are, below the help of the verb.
const STUDIES: &str = "\
Studies, by figure of Novakovsky et al. (2021):
  all-tfs       all TFs by transfer and from scratch (3B, 3C, 5, S1)
  downsampling  5,000 to 50 bound regions (4, S2 to S5)
  strategies    same mode, cofactors, partners and controls (6)
  danq          the same with DanQ (S7)
  buried        five TFs, or the same five among 50 (7)
  families      fifteen TFs, large and small (8, S10)
  layers        how much is transferred; filters that begin as motifs (S11)
  freezing      layers that keep their weights (Table S5)
  few-peaks     50 to 5,000 peaks of TFs that no multi-model saw, with readouts
--plan FILE writes a study with all its fields, to be changed and run.";

impl Arguments {
    fn study(&self) -> Result<Study> {
        let path = Path::new(&self.study);
        let named = Study::names().any(|name| name == self.study);
        let mut study = if !named && (path.exists() || self.study.contains(['.', '/'])) {
            Study::read(path)?
        } else {
            Study::shipped(&self.study)?
        };
        self.restrict(&mut study)?;
        Ok(study)
    }

    /// What options say in place of the study.
    fn restrict(&self, study: &mut Study) -> Result<()> {
        fn set<T: Copy>(field: &mut T, value: Option<T>) {
            *field = value.unwrap_or(*field);
        }
        set(&mut study.protocol, self.protocol);
        set(&mut study.repeats, self.repeats);
        set(&mut study.draws, self.draws);
        set(&mut study.splits, self.splits);
        if !self.tfs.is_empty() {
            study.tfs.clone_from(&self.tfs);
        }
        if !self.models.is_empty() {
            study.models.clone_from(&self.models);
        }
        if !self.positives.is_empty() {
            study.positives = self.positives.iter().copied().map(Some).collect();
        }
        study.all_if_fewer |= self.all_if_fewer;
        if self.test_positives.is_some() {
            study.test_positives = self.test_positives;
        }
        if self.sequences.width.is_some() {
            study.width = self.sequences.width;
        }
        if self.string.is_some() {
            study.string.clone_from(&self.string);
            study.string_info.clone_from(&self.string_info);
        }
        let known: Vec<String> = study.sets.iter().map(|set| set.name.clone()).collect();
        if let Some(unknown) = self.sets.iter().find(|name| !known.contains(name)) {
            let all = known.join(", ");
            return Err(Error::argument(
                "sets",
                format!("sets of the study ({all})"),
                format!("`{unknown}`"),
            )
            .hint(names::suggestion(
                unknown,
                known.iter().map(String::as_str),
                "see the sets of the study with ⟦plan⟧",
            )));
        }
        if !self.sets.is_empty() {
            study.sets.retain(|set| self.sets.contains(&set.name));
        }
        if let Some(regions) = self.regions {
            for set in &mut study.sets {
                set.regions = Some(regions);
                set.min_regions = set.min_regions.map(|_| regions as u64);
            }
        }
        Ok(())
    }
}

impl Verb for Arguments {
    type Job = Experiment;

    fn device(&self) -> DeviceChoice {
        self.device
    }

    fn plan(self) -> Result<Experiment> {
        Ok(Experiment {
            study: self.study()?,
            matrix: self.matrix,
            sequences: self.sequences.input()?,
            keep_models: self.keep_models,
            out: self.out,
        })
    }
}
