//! Which bases of regions or sequences a prediction comes from.
//!
//! Windows are read first, two bits a base; then they are attributed a few at a time, and written as
//! they come. What was computed is kept until all is there, so that the same command continues.

mod output;
mod page;
mod references;
mod strand;
mod unbound;
mod windows;

use std::path::{Path, PathBuf};

use bindscape_base::digest::sha256_hex;
use bindscape_base::progress::Progress;
use bindscape_base::{Error, Place, Result};
use bindscape_nn::attribution::{
    self, Attribution, Attributor, Example, Method, ReadoutMutagenesis, Reference,
};
use bindscape_nn::{Device, DeviceChoice, Model, Strands};
use serde::{Deserialize, Serialize};
use serde_json::json;

use self::output::{Noted, Output, Shows};
use self::references::Drawn;
use self::windows::Windows;
use crate::data;
use crate::job::Job;
use crate::model;
use crate::predict::{PredictionInput, other_assembly};
use crate::session::Session;
use crate::unfinished;

pub use self::output::{CONTRIBUTIONS, ONE_HOT, PAGE, REGIONS};
pub use self::references::{ReferenceKind, References};
pub use self::unbound::UnboundRegions;

/// Windows that are attributed before the next.
const BATCH: usize = 128;

/// How far contributions may miss a difference of logits, as a share of it, before that is worth a
/// warning.
pub const TOLERANCE: f64 = 0.01;
/// Smaller differences of logits count as this one there.
pub const SMALL_DIFFERENCE: f64 = 0.1;

/// Methods of attribution, without their settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AttributionMethod {
    /// DeepLIFT, the rescale rule.
    #[default]
    #[serde(rename = "deeplift")]
    DeepLift,
    /// Integrated gradients.
    IntegratedGradients,
    /// In-silico mutagenesis.
    Ism,
    /// The gradient.
    Saliency,
}

/// Points of integrated gradients at most.
const MOST_STEPS: usize = 10_000;

/// A plan of attributions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attribute {
    /// A run directory with one model, or a model file.
    pub model: PathBuf,
    /// Sequences or regions. Of those longer than the model's length every window is attributed, of
    /// shorter regions the window around summit or centre.
    pub input: PredictionInput,
    /// TF whose logit is attributed; `None` for the only one of the model.
    #[serde(default)]
    pub tf: Option<String>,
    /// How; `None` for DeepLIFT of a network, and for in-silico mutagenesis of a readout, alone or
    /// with a network, for which there is no other method.
    #[serde(default)]
    pub method: Option<AttributionMethod>,
    /// What sequences are compared with, by DeepLIFT and integrated gradients.
    #[serde(default)]
    pub references: References,
    /// Points between a reference and a sequence, for integrated gradients; `None` for 50.
    #[serde(default)]
    pub steps: Option<usize>,
    /// In-silico mutagenesis as changes of the logit, from which the mean over the four bases of a
    /// position is not subtracted.
    #[serde(default)]
    pub raw: bool,
    /// Strands whose attributions are averaged.
    #[serde(default)]
    pub strands: Strands,
    /// Windows that the page shows, those with the highest logits; 0 for no page.
    pub show: usize,
    /// Stop at a region that does not lie in the genome.
    #[serde(default)]
    pub refuse_outside: bool,
    /// Directory to write: [`ONE_HOT`], [`CONTRIBUTIONS`], [`REGIONS`] and [`PAGE`].
    pub out: PathBuf,
}

/// What was attributed.
#[derive(Debug, Clone, PartialEq)]
pub struct Attributed {
    /// The directory.
    pub out: PathBuf,
    /// Windows with attributions.
    pub windows: u64,
    /// Windows without: letters other than A, C, G, T, no room for a window, or a region that does
    /// not lie in the genome.
    pub missing: u64,
    /// The largest difference between a sum of contributions and the difference of two logits, and
    /// that difference; `None` for methods without references.
    pub largest_gap: Option<Gap>,
    /// Windows with a gap beyond the tolerance.
    pub rough: u64,
}

/// How far a sum of contributions misses the difference of the logits of a sequence and a
/// reference.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Gap {
    /// By how much.
    pub gap: f64,
    /// The difference of the logits, without its sign.
    pub difference: f64,
}

impl Gap {
    /// The gap as a share of the difference.
    fn share(self) -> f64 {
        self.gap / self.difference.max(SMALL_DIFFERENCE)
    }

    /// Whether it is beyond the tolerance.
    #[must_use]
    pub fn is_rough(self) -> bool {
        self.share() > TOLERANCE
    }

    /// The largest share of those of an attribution.
    fn of(attribution: &Attribution) -> Option<Self> {
        let pairs = attribution.gaps.iter().zip(&attribution.reference_outputs);
        let gaps = pairs.map(|(&gap, reference)| Self {
            gap,
            difference: (attribution.output - reference).abs(),
        });
        gaps.max_by(|a, b| a.share().total_cmp(&b.share()))
    }
}

impl Attribute {
    /// DeepLIFT against ten dinucleotide shuffles or, of a readout, in-silico mutagenesis; on both
    /// strands.
    #[must_use]
    pub fn new(model: PathBuf, input: PredictionInput, out: PathBuf) -> Self {
        Self {
            model,
            input,
            tf: None,
            method: None,
            references: References::default(),
            steps: None,
            raw: false,
            strands: Strands::default(),
            show: 10,
            refuse_outside: false,
            out,
        }
    }

    /// How a model is attributed, in a file at `path`.
    fn method(&self, model: &Model, path: &Path) -> Result<Method> {
        let is_readout = model.readout().is_some();
        let fallback = match is_readout {
            true => AttributionMethod::Ism,
            false => AttributionMethod::DeepLift,
        };
        let method = self.method.unwrap_or(fallback);
        if is_readout && method != AttributionMethod::Ism {
            return Err(Error::argument(
                "method",
                format!(
                    "`ism` for {}: motifs and k-mers of a readout are no layers, for which the \
                     other methods have rules",
                    path.display()
                ),
                "another method",
            )
            .hint("leave ⟦method⟧ out, or attribute a fine-tuned network or the multi-model"));
        }
        Ok(match method {
            AttributionMethod::DeepLift => Method::DeepLift,
            AttributionMethod::IntegratedGradients => Method::IntegratedGradients {
                steps: self.steps.unwrap_or(50),
            },
            AttributionMethod::Ism => Method::Ism { centred: !self.raw },
            AttributionMethod::Saliency => Method::Saliency,
        })
    }

    /// Settings that are given and have no effect with `method`.
    fn unused(&self, method: Method) -> Vec<String> {
        let mut notes = Vec::new();
        let mut unused = |given: bool, field: &str, why: &str| {
            if given {
                notes.push(format!("{field} has no effect {why}"));
            }
        };
        let gradients = matches!(method, Method::IntegratedGradients { .. });
        unused(
            self.steps.is_some() && !gradients,
            "⟦steps⟧",
            "but with integrated gradients",
        );
        unused(
            self.raw && !matches!(method, Method::Ism { .. }),
            "⟦raw⟧",
            "but with in-silico mutagenesis",
        );
        let (given, fallback) = (&self.references, References::default());
        let compares = method.takes_references();
        let without = "with a method that compares with no references";
        unused(
            given.kind != fallback.kind && !compares,
            "⟦reference⟧",
            without,
        );
        unused(
            given.fasta.is_some() && !compares,
            "⟦reference_fasta⟧",
            without,
        );
        let count = given.count != fallback.count;
        unused(count && !compares, "⟦references⟧", without);
        unused(
            count && compares && given.fasta.is_none() && given.kind == ReferenceKind::Zero,
            "⟦references⟧",
            "where each sequence is compared with zeros",
        );
        notes
    }

    /// What the results mean, in words.
    fn in_words(&self, method: Method) -> String {
        let strands = match self.strands {
            Strands::Both => "mean of both strands",
            Strands::Forward => "the strand as given",
        };
        let words = match method {
            Method::DeepLift => "DeepLIFT, rescale rule".to_owned(),
            Method::IntegratedGradients { steps } => {
                format!("integrated gradients, {steps} points")
            }
            Method::Ism { centred: true } => {
                "in-silico mutagenesis, less the mean over the four bases of a position".to_owned()
            }
            Method::Ism { centred: false } => {
                "in-silico mutagenesis, changes of the logit".to_owned()
            }
            _ => "saliency, the gradient at the sequence".to_owned(),
        };
        let against = if method.takes_references() {
            format!("; against {}", self.references.in_words())
        } else {
            String::new()
        };
        format!("{words}{against}; {strands}")
    }
}

/// What attributes windows.
enum Attributes {
    Network(Attributor<f32>, Method),
    /// A readout, and whether the mean over the bases of a position is subtracted.
    Readout(ReadoutMutagenesis<f32>, bool),
}

impl Attributes {
    fn new(model: &Model, target: usize, method: Method) -> Result<Self> {
        if let Some(mutagenesis) = ReadoutMutagenesis::of(model)? {
            let centred = matches!(method, Method::Ism { centred: true });
            return Ok(Self::Readout(mutagenesis, centred));
        }
        let network = model.network(&Device::flex());
        let attributor = Attributor::new(&network, model.architecture.length(), target)?;
        Ok(Self::Network(attributor, method))
    }

    fn batch(&self, drawn: &Drawn, bases: &[Vec<u8>], strands: Strands) -> Vec<Attribution> {
        let (attributor, method) = match self {
            Self::Network(attributor, method) => (attributor, *method),
            Self::Readout(mutagenesis, centred) => {
                return mutagenesis.attribute(bases, *centred, strands);
            }
        };
        let references: Vec<Vec<Option<Vec<u8>>>> = bases
            .iter()
            .map(|bases| match method.takes_references() {
                true => drawn.of(bases),
                false => Vec::new(),
            })
            .collect();
        let references: Vec<Vec<Reference<'_>>> = references
            .iter()
            .map(|references| references.iter().map(Reference::from).collect())
            .collect();
        let examples: Vec<Example<'_>> = bases
            .iter()
            .zip(&references)
            .map(|(bases, references)| Example { bases, references })
            .collect();
        attributor.attribute(&examples, method, strands)
    }
}

/// The output of the TF that was asked for, or of the only one, and its name.
pub(crate) fn target(tf: Option<&str>, model: &Model) -> Result<(usize, String)> {
    match (tf, &model.tfs[..]) {
        (Some(tf), tfs) => Ok((attribution::target(tfs, tf)?, tf.to_owned())),
        (None, [tf]) => Ok((0, tf.clone())),
        (None, tfs) => Err(Error::argument(
            "tf",
            "one of the model's TFs",
            format!("none, and a model of {}", tfs.len()),
        )
        .hint("`model inspect` lists them")),
    }
}

/// The input has no window.
fn nothing_known(input: &PredictionInput, length: usize) -> Error {
    let (PredictionInput::Fasta { fasta: path, .. }
    | PredictionInput::Regions { regions: path, .. }) = input;
    Error::input(
        path.as_path(),
        Place::File,
        format!("windows of {length} bp, the model's length, of A, C, G and T"),
        "none",
    )
    .hint("widen the regions, or choose a model of their length")
}

impl Job for Attribute {
    type Outcome = Attributed;

    const NAME: &'static str = "attribute";

    fn check(&self) -> Result<()> {
        if let Some(steps) = self.steps
            && !(1..=MOST_STEPS).contains(&steps)
        {
            let expected = format!("1 to {MOST_STEPS}");
            return Err(Error::argument("steps", expected, steps.to_string()));
        }
        self.references.check()
    }

    fn run(&self, session: &Session<'_>) -> Result<Attributed> {
        Ok(self.attribute(session)?.0)
    }
}

impl Attribute {
    /// Writes all files, and says what the page shows.
    pub(crate) fn attribute(&self, session: &Session<'_>) -> Result<(Attributed, Shows)> {
        if self.out.is_file() {
            return Err(Error::conflict(&self.out, "a directory to make", "a file")
                .hint("choose another ⟦out⟧"));
        }
        unfinished::check_directory(&self.out)?;
        if session.device() != DeviceChoice::Cpu {
            session.note("attributions are computed on the CPU");
        }
        let (model, file) = model::load(&self.model)?;
        let method = self.method(&model, &file)?;
        for note in self.unused(method) {
            session.note(&note);
        }
        let (target, tf) = target(self.tf.as_deref(), &model)?;
        let length = model.architecture.length();
        let attributes = Attributes::new(&model, target, method)?;
        let drawn = Drawn::new(&self.references, (&model, &file), &tf, session)?;
        let mut inputs = self.input.files(session)?;
        let unbound = match &self.references.unbound {
            Some(unbound) => data::records(&unbound.matrix, &unbound.sequences)?,
            None => Vec::new(),
        };
        for file in &unbound {
            if inputs.contains(file) {
                continue;
            }
            let mut file = file.clone();
            if file.role != "matrix" {
                file.role.push_str(" of the matrix");
            }
            inputs.push(file);
        }
        let windows = Windows::read(&self.input, length, self.refuse_outside, session)?;
        let known = windows.known();
        if known.is_empty() {
            return Err(nothing_known(&self.input, length));
        }
        if let Some(note) = drawn.lacking(known.iter().map(|&row| windows.bases(row))) {
            session.note(&note);
        }
        if let Some(note) = other_assembly(&model.training.genome, &self.input) {
            session.note(&note);
        }
        let plan = unfinished::plan(
            <Self as Job>::NAME,
            model.sha256(),
            DeviceChoice::Cpu,
            json!({
                "tf": tf,
                "method": self.in_words(method),
                "references": drawn.identity(),
                "unbound": unbound.iter().map(|file| &file.sha256).collect::<Vec<_>>(),
                "seed": self.references.seed,
            }),
        );
        let mut journal = unfinished::journal_in(&self.out, "batches of windows", &plan)?;
        let header = output::Header {
            inputs,
            genome: self.input.genome_in_words(),
            model: model::called(&file),
            model_sha256: model.sha256().to_owned(),
            tf: tf.clone(),
            what: self.in_words(method),
        };
        let mut output = Output::create(&self.out, &header, &windows, self.show)?;
        session.begin("attributing", Some(known.len() as u64));
        for rows in known.chunks(BATCH) {
            session.check()?;
            let bases: Vec<Vec<u8>> = rows.iter().map(|&row| windows.bases(row)).collect();
            let key = sha256_hex(&bases.concat());
            let noted = match journal.find::<Vec<Noted>>(&key, session)? {
                Some(noted) => noted,
                None => {
                    let found = attributes.batch(&drawn, &bases, self.strands);
                    let noted = found.iter().map(Noted::of).collect();
                    journal.add(&key, &noted)?;
                    journal.flush()?;
                    noted
                }
            };
            output.take(&windows, rows, &bases, noted)?;
            session.advance(rows.len() as u64);
        }
        session.finish();
        journal.check_end()?;
        let attributed = output.finish(&windows)?;
        journal.finish()?;
        Ok(attributed)
    }
}
