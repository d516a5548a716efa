//! What an experiment studies, as its file says it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use bindscape_base::{Error, Result, names};
use bindscape_matrix::experiment::FigureKind;
use bindscape_matrix::sample::{FinetuneOptions, MIN_POSITIVES, Unresolved};
use bindscape_matrix::split::Split;
use bindscape_nn::ArchitectureKind;
use bindscape_nn::train::{Freeze, TransferLayers};
use serde::{Deserialize, Serialize};

use super::protocol::{Protocol, TrainingSettings};
use crate::data;
use crate::job::read_settings;
use crate::select::{Choosing, TfChoice};

/// What stands for the TF that is studied in the choice of a set.
const TARGET: &str = "{tf}";

/// A study: TFs, multi-models to learn from, models to compare, and how often.
///
/// Each TF is studied with each set, in each repeat, draw and split, for each number of bound
/// regions; all models of such a case see the same regions.
///
/// ```
/// use bindscape::experiment::Study;
///
/// let study = Study::shipped("downsampling")?;
/// assert_eq!(study.positives.len(), 6);
/// // What a file leaves out has its default.
/// let mine: Study = serde_json::from_str(r#"{ "tfs": ["MAX"], "models": ["pwm", "scratch"] }"#).unwrap();
/// assert_eq!(mine.repeats, 1);
/// # Ok::<(), bindscape::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Study {
    /// A few words.
    pub title: String,
    /// A sentence or two.
    pub description: String,
    /// How models are trained and tested.
    pub protocol: Protocol,
    /// The TFs that are studied; none for all of the matrix with enough bound regions.
    pub tfs: Vec<String>,
    /// Fewest bound regions, beside those that the multi-model had, of a TF that is studied.
    pub min_bound: usize,
    /// What multi-models are trained on.
    pub sets: Vec<PretrainingSet>,
    /// Models that are compared.
    pub models: Vec<ModelKind>,
    /// Numbers of bound regions to draw; `null` for all.
    pub positives: Vec<Option<usize>>,
    /// Whether a TF with fewer bound regions than such a number is studied with all of them; else
    /// that case is left out.
    pub all_if_fewer: bool,
    /// Test on so many bound regions that no draw has, instead of on a part of each draw.
    pub test_positives: Option<usize>,
    /// Repeats, each with its own seed and its own multi-models.
    pub repeats: u32,
    /// Whether all repeats share the multi-models of the first.
    pub shared_multi_models: bool,
    /// Draws of bound regions in each repeat.
    pub draws: u32,
    /// Splits of each draw.
    pub splits: u32,
    /// The network of all models.
    pub network: ArchitectureKind,
    /// Width of the sequences in base pairs, around the centres of the regions, whose labels they
    /// keep; `None` for that of the regions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// How regions are split into training, validation and test parts.
    pub split: Split,
    /// How those of multi-models are split, where it is not the same.
    pub pretraining_split: Option<Split>,
    /// Training of the multi-models, where it is not the protocol's.
    pub pretraining: TrainingSettings,
    /// Training of the other models, where it is not the protocol's.
    pub training: TrainingSettings,
    /// Whether networks of one TF are trained on the unbound regions of any GC content that readouts
    /// and k-mer regressions see, too.
    #[serde(skip_serializing_if = "is_false")]
    pub train_background: bool,
    /// What binding modes come from, as `select` takes it.
    pub modes: String,
    /// STRING's links, for sets of partners; without it these sets are left out.
    pub string: Option<PathBuf>,
    /// STRING's names of the proteins of these links.
    pub string_info: Option<PathBuf>,
    /// Figures of the page.
    pub figures: Vec<FigureKind>,
    /// Seed of the first repeat; the next ones have the next numbers.
    pub seed: u64,
}

impl Default for Study {
    fn default() -> Self {
        Self {
            title: "Models of one TF".into(),
            description: String::new(),
            protocol: Protocol::default(),
            tfs: Vec::new(),
            min_bound: MIN_POSITIVES,
            sets: Vec::new(),
            models: vec![ModelKind::Pwm, ModelKind::Scratch],
            positives: vec![None],
            all_if_fewer: false,
            test_positives: None,
            repeats: 1,
            shared_multi_models: false,
            draws: 1,
            splits: 1,
            network: ArchitectureKind::default(),
            width: None,
            split: Split::default(),
            pretraining_split: None,
            pretraining: TrainingSettings::default(),
            training: TrainingSettings::default(),
            train_background: false,
            modes: Choosing::default().modes,
            string: None,
            string_info: None,
            figures: vec![FigureKind::Sizes, FigureKind::Tfs, FigureKind::Changes],
            seed: 1,
        }
    }
}

/// What a multi-model is trained on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PretrainingSet {
    /// Its name in tables and directories.
    pub name: String,
    /// Its TFs, as `pretrain` takes them, with `{tf}` for the TF that is studied: `mode:{tf}`,
    /// `most-resolved:50`. A set without it is the same for all TFs.
    pub tfs: String,
    /// How many TFs are chosen for a TF.
    #[serde(default = "five")]
    pub count: usize,
    /// Whether the TF that is studied is one of them.
    #[serde(default)]
    pub with_target: bool,
    /// Fill up with the most resolved TFs of other modes until there are so many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bury: Option<usize>,
    /// With `bury`: train on the regions of the filled-up set, without the TFs that fill it up.
    #[serde(default, skip_serializing_if = "is_false")]
    pub alone: bool,
    /// The one mode that counts for a TF, by TF.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub only_mode: BTreeMap<String, String>,
    /// Take so many regions at random; all where there are fewer.
    #[serde(default)]
    pub regions: Option<usize>,
    /// Fewest regions that the TFs must have; random sets are drawn until they have them.
    #[serde(default)]
    pub min_regions: Option<u64>,
    /// What becomes of regions resolved for some of the TFs.
    #[serde(default)]
    pub unresolved: Unresolved,
    /// Deal the studied TFs into so many folds and leave those of a TF's fold out of the
    /// multi-model that it is studied with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folds: Option<u32>,
    /// Motifs that the first filters begin as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub motif_filters: Option<String>,
}

fn five() -> usize {
    Choosing::default().count
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_false(value: &bool) -> bool {
    !value
}

/// A model of one TF.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ModelKind {
    /// The JASPAR profile of the TF that ranks the training regions best, by sum occupancy.
    Profile,
    /// The first de novo motif of the same regions, by sum occupancy.
    Pwm,
    /// A regression on gapped k-mers.
    Kmers,
    /// The multi-model's own output for the TF, where it has one.
    MultiModel,
    /// A network that begins with random weights.
    Scratch,
    /// A network that begins with the multi-model's weights.
    Transfer,
    /// The same, with layers that keep their weights.
    Frozen(Freeze),
    /// A network some layers of which begin with the multi-model's weights.
    Layers(TransferLayers),
    /// A network whose first filters begin as known motifs.
    MotifFilters,
    /// A network whose first filters begin as the de novo motifs of the regions that it may learn
    /// from.
    DeNovoFilters,
    /// A regression on the multi-model's outputs and de novo motifs.
    Readout,
    /// The readout and the network that begins with the multi-model's weights, together.
    Joint,
}

impl ModelKind {
    /// All models.
    pub const ALL: [Self; 15] = [
        Self::Profile,
        Self::Pwm,
        Self::Kmers,
        Self::MultiModel,
        Self::Scratch,
        Self::MotifFilters,
        Self::DeNovoFilters,
        Self::Layers(TransferLayers::FirstConvolutional),
        Self::Layers(TransferLayers::Convolutional),
        Self::Transfer,
        Self::Frozen(Freeze::FirstConvolutional),
        Self::Frozen(Freeze::Convolutional),
        Self::Frozen(Freeze::AllButOutput),
        Self::Readout,
        Self::Joint,
    ];

    /// Whether it needs a multi-model.
    pub(super) fn needs_multi_model(self) -> bool {
        !matches!(
            self,
            Self::Profile
                | Self::Pwm
                | Self::Kmers
                | Self::Scratch
                | Self::MotifFilters
                | Self::DeNovoFilters
        )
    }

    /// Whether it needs de novo motifs.
    pub(super) fn needs_motifs(self) -> bool {
        matches!(
            self,
            Self::Pwm | Self::DeNovoFilters | Self::Readout | Self::Joint
        )
    }
}

impl fmt::Display for ModelKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Profile => f.write_str("profile"),
            Self::Pwm => f.write_str("pwm"),
            Self::Kmers => f.write_str("kmers"),
            Self::MultiModel => f.write_str("multi-model"),
            Self::Scratch => f.write_str("scratch"),
            Self::Transfer => f.write_str("transfer"),
            Self::Frozen(layers) => write!(f, "freeze:{layers}"),
            Self::Layers(layers) => write!(f, "layers:{layers}"),
            Self::MotifFilters => f.write_str("motif-filters"),
            Self::DeNovoFilters => f.write_str("de-novo-filters"),
            Self::Readout => f.write_str("readout"),
            Self::Joint => f.write_str("joint"),
        }
    }
}

impl FromStr for ModelKind {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let names: Vec<String> = Self::ALL.iter().map(Self::to_string).collect();
        let found = names.iter().position(|name| name == text);
        found.map(|index| Self::ALL[index]).ok_or_else(|| {
            Error::argument(
                "models",
                format!("models among {}", names.join(", ")),
                format!("`{text}`"),
            )
            .hint(names::suggestion(
                text,
                names.iter().map(String::as_str),
                "see the documentation of experiments",
            ))
        })
    }
}

impl Serialize for ModelKind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ModelKind {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|error: Error| {
            let hint = error.advice().map(|hint| format!(" ({hint})"));
            serde::de::Error::custom(format!("{error}{}", hint.unwrap_or_default()))
        })
    }
}

/// Studies that come with the program.
const SHIPPED: &[(&str, &str)] = &[
    ("all-tfs", include_str!("studies/all-tfs.json")),
    ("downsampling", include_str!("studies/downsampling.json")),
    ("strategies", include_str!("studies/strategies.json")),
    ("buried", include_str!("studies/buried.json")),
    ("families", include_str!("studies/families.json")),
    ("freezing", include_str!("studies/freezing.json")),
    ("layers", include_str!("studies/layers.json")),
    ("danq", include_str!("studies/danq.json")),
    ("few-peaks", include_str!("studies/few-peaks.json")),
];

impl Study {
    /// The names of the studies that come with the program.
    pub fn names() -> impl Iterator<Item = &'static str> {
        SHIPPED.iter().map(|(name, _)| *name)
    }

    /// The study of that name that comes with the program.
    ///
    /// # Errors
    /// If there is none.
    ///
    /// # Panics
    /// Never: all of them are read in tests.
    pub fn shipped(name: &str) -> Result<Self> {
        let Some((_, text)) = SHIPPED.iter().find(|(known, _)| *known == name) else {
            return Err(Error::about(
                "the study",
                "a study that comes with the program, or a file that holds one",
                format!("`{name}`"),
            )
            .hint(names::suggestion(
                name,
                Self::names(),
                &format!(
                    "studies are {}",
                    Self::names().collect::<Vec<_>>().join(", ")
                ),
            )));
        };
        Ok(serde_json::from_str(text).expect("tested"))
    }

    /// Reads a study from a file (JSON).
    ///
    /// # Errors
    /// If it cannot be read, or is no study.
    pub fn read(path: &Path) -> Result<Self> {
        read_settings(
            path,
            ("a study", "a study with fields of that name and kind"),
            "write one that comes with the program with ⟦plan⟧, and look at its fields",
        )
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// If one makes no sense.
    pub fn check(&self) -> Result<()> {
        for (field, value) in [
            ("repeats", self.repeats),
            ("draws", self.draws),
            ("splits", self.splits),
        ] {
            if value == 0 {
                return Err(Error::argument(field, "at least 1", "0"));
            }
        }
        if self.models.is_empty() {
            return Err(Error::argument("models", "models to compare", "none"));
        }
        if self.positives.is_empty() {
            return Err(Error::argument(
                "positives",
                "numbers of bound regions, or null for all",
                "none",
            ));
        }
        for &positives in &self.positives {
            self.draw(positives).validate()?;
        }
        if let Some(positives) = data::twice(&self.positives) {
            let found = positives.map_or("null".to_owned(), |number| number.to_string());
            let found = format!("{found} twice");
            return Err(Error::argument("positives", "each number once", found));
        }
        if let Some(model) = data::twice(&self.models) {
            let found = format!("`{model}` twice");
            return Err(Error::argument("models", "each model once", found));
        }
        if let Some(bound) = self.test_positives
            && bound < MIN_POSITIVES
        {
            let expected = format!("at least {MIN_POSITIVES} bound regions to test on");
            return Err(Error::argument(
                "test_positives",
                expected,
                bound.to_string(),
            ));
        }
        let needs = self.models.iter().find(|model| model.needs_multi_model());
        if let (Some(model), true) = (needs, self.sets.is_empty()) {
            return Err(Error::argument(
                "sets",
                format!("a set to pre-train on, which `{model}` needs"),
                "none",
            ));
        }
        let mut names = BTreeSet::new();
        for set in &self.sets {
            if !names.insert(&set.name) {
                let found = format!("`{}` twice", set.name);
                return Err(Error::argument(
                    "sets",
                    "a name of its own for each set",
                    found,
                ));
            }
            self.check_set(set)?;
        }
        let mut tfs = BTreeSet::new();
        if let Some(twice) = self.tfs.iter().find(|tf| !tfs.insert(tf.to_uppercase())) {
            let found = format!("`{twice}` twice");
            return Err(Error::argument("tfs", "each TF once", found));
        }
        for transfer in [true, false] {
            self.protocol
                .training(self.training, transfer, 1)
                .validate()?;
        }
        if let Some(split) = &self.pretraining_split {
            split.check()?;
        }
        self.protocol.pretraining(self.pretraining, 1).check()
    }

    /// Checks what trainings ask of sequences of `length`.
    pub(super) fn check_length(&self, length: usize) -> Result<()> {
        let multi = self.protocol.pretraining(self.pretraining, 1);
        let own = self.protocol.training(self.training, true, 1);
        multi.options(false, 1).check_length(length)?;
        own.check_length(length)
    }

    fn check_set(&self, set: &PretrainingSet) -> Result<()> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_+".contains(c);
        if set.name.is_empty() || !set.name.chars().all(plain) {
            return Err(Error::argument(
                "sets",
                "a name of letters, digits, - and _, which becomes that of a directory",
                format!("`{}`", set.name),
            ));
        }
        if set.alone && set.bury.is_none() {
            return Err(Error::argument(
                "sets",
                format!("`bury` beside `alone` in the set `{}`", set.name),
                "none",
            ));
        }
        if set.regions == Some(0) {
            return Err(Error::argument("regions", "at least 1", "0"));
        }
        if set.folds.is_some_and(|folds| folds < 2) {
            return Err(Error::argument(
                "sets",
                format!("at least 2 folds in the set `{}`", set.name),
                format!("{:?}", set.folds.unwrap_or(0)),
            ));
        }
        let choice = set.choice(TARGET)?;
        let mut choosing = self.choosing(set, TARGET);
        // Whether partners are known is seen later: their sets may be left out.
        choosing.string = Some(PathBuf::new());
        choosing
            .check(&choice)
            .map_err(|error| error.within(&format!("the set `{}`", set.name)))
    }

    /// How TFs of `set` are chosen for `tf`.
    pub(super) fn choosing(&self, set: &PretrainingSet, tf: &str) -> Choosing {
        let usual = Choosing::default();
        let own = set.is_for_each_tf();
        Choosing {
            modes: self.modes.clone(),
            only_mode: set.only_mode.get(tf).cloned(),
            string: self.string.clone(),
            string_info: self.string_info.clone(),
            count: if own { set.count } else { usual.count },
            with_target: set.with_target,
            bury: set.bury,
            min_regions: set.min_regions,
        }
    }

    /// What a case of so many bound regions draws.
    pub(super) fn draw(&self, positives: Option<usize>) -> FinetuneOptions {
        FinetuneOptions {
            positives,
            split: self.split.clone(),
            ..FinetuneOptions::default()
        }
    }
}

impl PretrainingSet {
    /// Whether each TF has a set of its own.
    pub(super) fn is_for_each_tf(&self) -> bool {
        self.tfs.contains(TARGET)
    }

    /// The choice for `tf`.
    pub(super) fn choice(&self, tf: &str) -> Result<TfChoice> {
        self.tfs
            .replace(TARGET, tf)
            .parse()
            .map_err(|error: Error| error.within(&format!("the set `{}`", self.name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn studies_that_are_shipped_make_sense_and_are_written_as_they_are_read() {
        for name in Study::names() {
            let study = Study::shipped(name).expect("a study");
            study
                .check()
                .unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(
                !study.title.is_empty() && !study.description.is_empty(),
                "{name}"
            );
            assert!(!study.figures.is_empty(), "{name}");
            let text = serde_json::to_string(&study).expect("JSON");
            assert_eq!(
                serde_json::from_str::<Study>(&text).expect("a study"),
                study
            );
        }
        let error = Study::shipped("down-sampling").unwrap_err();
        assert!(error.advice().expect("a hint").contains("downsampling"));
    }

    #[test]
    fn models_are_written_as_they_are_read() {
        for model in ModelKind::ALL {
            assert_eq!(
                model.to_string().parse::<ModelKind>().expect("a model"),
                model
            );
        }
        let error = "transfers".parse::<ModelKind>().unwrap_err();
        assert!(
            error.advice().expect("a hint").contains("transfer"),
            "{error}"
        );
    }

    #[test]
    fn faults_of_a_study_are_told_with_file_and_line() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let path = folder.path().join("mine.json");
        let told = |text: &str| {
            std::fs::write(&path, text).expect("written");
            Study::read(&path).unwrap_err().to_string()
        };
        let message = told("{\n  \"repeat\": 5\n}\n");
        assert!(
            message.contains("mine.json, line 2") && message.contains("unknown field `repeat`"),
            "{message}"
        );
        std::fs::write(&path, "\u{feff}{ \"tfs\": [\"MAX\"] }").expect("written");
        assert_eq!(Study::read(&path).expect("a study").tfs, ["MAX"]);
        let message = told("{ \"models\": [\"transfers\"] }");
        assert!(message.contains("`transfers`"), "{message}");
        assert!(
            told("{ \"sets\": [{ \"name\": \"a\", \"tfs\": \"all\", \"size\": 1 }] }")
                .contains("`size`")
        );
    }

    #[test]
    fn settings_without_sense_are_refused() {
        let refused = |change: &dyn Fn(&mut Study)| {
            let mut study = Study::shipped("strategies").expect("a study");
            change(&mut study);
            study.check().unwrap_err().to_string()
        };
        assert!(refused(&|study| study.repeats = 0).starts_with("repeats"));
        assert!(refused(&|study| study.models.clear()).starts_with("models"));
        assert!(refused(&|study| study.positives.clear()).starts_with("positives"));
        assert!(refused(&|study| study.positives = vec![Some(5)]).starts_with("positives"));
        assert!(refused(&|study| study.sets.clear()).contains("which `transfer` needs"));
        assert!(
            refused(&|study| study.sets[1].name = study.sets[0].name.clone()).contains("twice")
        );
        assert!(refused(&|study| study.sets[0].name = "../x".into()).contains("directory"));
        assert!(
            refused(&|study| study.sets[0].tfs = "modes:{tf}".into()).contains("the set `mode")
        );
        assert!(refused(&|study| study.sets[0].count = 0).contains("count"));
        assert!(refused(&|study| study.sets[0].regions = Some(0)).starts_with("regions"));
        assert!(refused(&|study| study.test_positives = Some(5)).starts_with("test_positives"));
        assert!(refused(&|study| study.tfs.push("spi1".into())).contains("`spi1` twice"));
        assert!(refused(&|study| study.training.max_epochs = Some(0)).contains("max_epochs"));
    }
}
