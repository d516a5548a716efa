//! Why a model predicts as it does: what its bound test regions owe to their bases, the patterns that
//! these form, where the patterns lie, and what the filters of a network's first layer look for, or
//! what a readout weighs.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use bindscape_base::digest::InputFile;
use bindscape_base::progress::Progress;
use bindscape_base::words::thousands;
use bindscape_base::{Error, ErrorKind, Place, Result, atomic};
use bindscape_genome::load::SequenceInput;
use bindscape_genome::region::{Region, Regions};
use bindscape_genome::sequence::{PackedSequences, Strand};
use bindscape_matrix::View;
use bindscape_motif::logo::letter_definitions;
use bindscape_nn::filters::FirstLayer;
use bindscape_nn::{Device, Model, Predictor, Strands};
use bindscape_report::{
    ExplanationPage, Inside, PatternSection, WeighedFeatures, explanation_page,
};
use serde::{Deserialize, Serialize};

use crate::attribute::{self, Attribute, Attributed};
use crate::data::{self, counted};
use crate::evaluate::EvaluationRegions;
use crate::filters::{FilterRegions, Filters, FiltersFound};
use crate::job::Job;
use crate::model::{self, FeatureKind, WeighedFeature};
use crate::motif::{CallHits, HitsCalled, Modisco, PatternsFound};
use crate::predict::PredictionInput;
use crate::run_directory::{self, refuse_occupied, write_json};
use crate::session::Session;
use crate::training::PREDICTION_BATCH;

/// Names in the directory.
const REGIONS: &str = "regions.bed";
const SEQUENCES: &str = "regions.fa";
const CONTRIBUTIONS: &str = "contributions";
const PATTERNS: &str = "patterns";
const HITS: &str = "hits";
const FILTERS: &str = "filters";
const PAGE: &str = "explanation.html";
const RECORD: &str = "explanation.json";

/// Patterns need seqlets of some twenty places.
const FEWEST: usize = 20;

/// What the files beside the page hold.
const FILES: [(&str, &str); 8] = [
    (
        "contributions/contributions.html",
        "the regions with the highest logits, base by base",
    ),
    (
        "contributions/regions.tsv",
        "logits of all regions, and convergence deltas where there are any",
    ),
    ("patterns/patterns.html", "the patterns alone"),
    (
        "patterns/patterns.h5",
        "patterns and seqlets as `modisco report` and finemo open them",
    ),
    ("hits/hits.tsv", "where the patterns lie"),
    ("hits/hits.bed", "the same for a genome browser"),
    ("filters/filters.html", "all filters of the first layer"),
    (REGIONS, "the regions that were explained"),
];

/// A plan to explain a model.
///
/// ```
/// use bindscape::Session;
/// use bindscape::explain::Explain;
/// # use bindscape::demo::{Demo, DemoStep};
/// # let directory = tempfile::tempdir()?;
/// # let here = directory.path();
/// # let demo = Demo { regions: 2_400, ..Demo::new(here.into()) };
/// # let data = demo.simulate(&bindscape_base::progress::Silent)?;
/// # let [DemoStep::Build(build), DemoStep::Pretrain(mut pretrain), ..] = demo.steps(&data) else { unreachable!() };
/// # (pretrain.training.max_epochs, pretrain.training.bootstrap.resamples) = (1, 0);
/// # Session::silent().run(&build)?;
/// # Session::silent().run(&pretrain)?;
/// # let tf = data.pretraining_tfs[0].clone();
///
/// let genome = bindscape_genome::load::SequenceInput::Genome(here.join("data/genome.fa"));
/// let mut plan = Explain::new(here.join("multi"), here.join("matrix.parquet"), genome, here.join("why"));
/// plan.tf = Some(tf);
/// let explained = Session::silent().run(&plan)?;
/// assert!(explained.regions >= 20 && here.join("why/explanation.html").exists());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Explain {
    /// A run directory with one model, or a model file.
    pub model: PathBuf,
    /// The multi-model that a network was fine-tuned from, whose filters are compared with its own.
    #[serde(default)]
    pub before: Option<PathBuf>,
    /// Binding matrix (Parquet) that the model was trained from.
    pub matrix: PathBuf,
    /// Where the sequences of its regions come from.
    pub sequences: SequenceInput,
    /// Width of the sequences in base pairs, around the centres of the regions; `None` for that of
    /// the regions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// TF whose logit is explained; `None` for the only one of the model.
    #[serde(default)]
    pub tf: Option<String>,
    /// The regions that may be explained.
    #[serde(default)]
    pub on: EvaluationRegions,
    /// Bound ones of these that are explained, those with the highest predictions.
    pub max_regions: usize,
    /// Motifs that patterns and filters are compared with, as [`bindscape_motif::motifs_from`] takes
    /// them.
    pub motifs: String,
    /// Seed of references, of samples and of the clustering.
    pub seed: u64,
    /// Directory to write, new or empty.
    pub out: PathBuf,
}

/// What explains a model.
#[derive(Debug, Clone)]
pub struct Explained {
    /// The TF.
    pub tf: String,
    /// Regions that were explained.
    pub regions: usize,
    /// Where they were chosen from.
    pub on: EvaluationRegions,
    /// Bound regions there.
    pub bound: usize,
    /// Those of the explained regions with a predicted probability of one half and more.
    pub predicted: usize,
    /// Their contributions.
    pub attributed: Attributed,
    /// The patterns that these form, and their hits; `None` if too little stands out.
    pub patterns: Option<(PatternsFound, HitsCalled)>,
    /// What the model is made of.
    pub inside: ExplainedInside,
    /// The page.
    pub page: PathBuf,
}

/// What an explained model is made of.
#[derive(Debug, Clone)]
pub enum ExplainedInside {
    /// The filters of a network.
    Filters(FiltersFound),
    /// What a readout weighs, that which counts most first.
    Readout(Vec<WeighedFeature>),
}

/// What `explanation.json` tells.
#[derive(Serialize)]
struct Record<'a> {
    bindscape: &'static str,
    command: &'a [String],
    inputs: Vec<InputFile>,
    model_sha256: &'a str,
    plan: &'a Explain,
    tf: &'a str,
    bound: usize,
    regions: usize,
    predicted: usize,
    patterns: usize,
    hits: usize,
}

/// Bound regions that the model was not fitted on.
struct Chosen {
    regions: Regions,
    sequences: PackedSequences,
    bound: usize,
    predicted: usize,
}

impl Explain {
    /// An explanation with the default settings.
    #[must_use]
    pub fn new(model: PathBuf, matrix: PathBuf, sequences: SequenceInput, out: PathBuf) -> Self {
        Self {
            model,
            before: None,
            matrix,
            sequences,
            width: None,
            tf: None,
            on: EvaluationRegions::default(),
            max_regions: 1000,
            motifs: Modisco::TARGETS.to_owned(),
            seed: 1,
            out,
        }
    }

    /// Bound regions that `model` was not fitted on, those with the highest predictions for the TF.
    fn choose(
        &self,
        (model, file): (&Model, &Path),
        (target, tf): (usize, &String),
        session: &Session<'_>,
    ) -> Result<Chosen> {
        if !model.training.regions_known {
            return Err(Error::input(
                file,
                Place::File,
                "a model that carries the regions it was tested on",
                "imported weights, whose regions are unknown",
            )
            .hint("explain regions of your own with `attribute`"));
        }
        let matrix = data::read_matrix(&self.matrix, Some(std::slice::from_ref(tf)), session)?;
        let matrix = data::widened(matrix, self.width, &self.matrix, session)?;
        let genome = matrix.provenance.genome.as_deref();
        model::check_build(model, file, genome, &self.matrix, session)?;
        let width = data::width(&matrix, &self.matrix)?;
        model::check_length(model, file, width, &self.matrix, model::OTHER_LENGTH)?;
        let bound = |row: &usize| matrix.columns[0][*row].label(View::Sparse) == Some(true);
        let mut rows = self.on.candidates(&matrix, model);
        rows.retain(bound);
        if self.on == EvaluationRegions::Unseen {
            let regions = matrix.regions.select(&rows);
            let mut seen = regions.overlaps(&model.training.fitted).into_iter();
            rows.retain(|_| !seen.next().expect("one for each row"));
        }
        let regions = matrix.regions.select(&rows);
        let mut source = data::open_recorded(&self.sequences)?;
        let length = model.architecture.length();
        let sequences = data::fetch(source.as_mut(), &regions, length, session)?;
        let known: Vec<usize> = (0..rows.len())
            .filter(|&row| !sequences.has_unknown(row))
            .collect();
        if known.len() < FEWEST {
            return Err(Error::input(
                &self.matrix,
                Place::File,
                format!("at least {FEWEST} bound regions of {tf} {}", place(self.on)),
                known.len().to_string(),
            )
            .hint(match self.on {
                EvaluationRegions::HeldOut => {
                    "give the matrix that the model was trained from, or explain all regions that \
                     it was not fitted on with ⟦on⟧ unseen"
                }
                EvaluationRegions::Unseen => {
                    "give a matrix with more regions, or explain regions of your own with \
                     `attribute`"
                }
            }));
        }
        let (regions, sequences) = (regions.select(&known), sequences.select(&known));
        session.begin("scoring regions", Some(known.len() as u64));
        let predictor = Predictor::new(model, &Device::flex());
        let scores = predictor.predict(&sequences, Strands::Both, PREDICTION_BATCH, session)?;
        session.finish();
        let score = |row: usize| scores[row * model.tfs.len() + target].unwrap_or(0.0);
        let mut order: Vec<usize> = (0..known.len()).collect();
        order.sort_by(|&a, &b| score(b).total_cmp(&score(a)).then(a.cmp(&b)));
        order.truncate(self.max_regions);
        Ok(Chosen {
            regions: regions.select(&order),
            sequences: sequences.select(&order),
            bound: known.len(),
            predicted: order.iter().filter(|&&row| score(row) >= 0.5).count(),
        })
    }

    /// Writes the regions and their sequences.
    fn write_regions(&self, chosen: &Chosen) -> Result<()> {
        let (mut bed, mut fasta) = (String::new(), String::new());
        let mut bases = vec![0; chosen.sequences.length()];
        for (row, region) in chosen.regions.iter().enumerate() {
            let Region { chrom, start, end } = region;
            writeln!(bed, "{chrom}\t{start}\t{end}").expect("text grows");
            chosen.sequences.bases(row, Strand::Forward, &mut bases);
            let letters: String = (bases.iter())
                .map(|&base| ['A', 'C', 'G', 'T'][usize::from(base)])
                .collect();
            writeln!(fasta, ">{chrom}:{start}-{end}\n{letters}").expect("text grows");
        }
        atomic::write(self.out.join(REGIONS), bed.as_bytes())?;
        atomic::write(self.out.join(SEQUENCES), fasta.as_bytes())
    }

    /// A look at the filters of a model with so many of them. The more there are, the fewer regions
    /// show what they look for and are lost without them, so that it takes as long.
    fn filters(&self, tf: &str, filters: usize) -> Filters {
        let regions = |of_hundred: usize, least: usize| {
            (of_hundred * 100 / filters.max(1)).clamp(least, of_hundred)
        };
        Filters {
            before: self.before.clone(),
            width: self.width,
            tf: Some(tf.to_owned()),
            max_regions: regions(20_000, 2_000),
            influence_regions: regions(1_000, 100),
            // Of a model that predicts few regions rightly there would be none.
            regions: FilterRegions::Resolved,
            motifs: self.motifs.clone(),
            seed: self.seed,
            ..Filters::new(
                self.model.clone(),
                self.matrix.clone(),
                self.sequences.clone(),
                self.out.join(FILTERS),
            )
        }
    }

    fn attribution(&self, tf: &str) -> Attribute {
        let mut plan = Attribute::new(
            self.model.clone(),
            PredictionInput::Fasta {
                fasta: self.out.join(SEQUENCES),
                genome: None,
            },
            self.out.join(CONTRIBUTIONS),
        );
        plan.tf = Some(tf.to_owned());
        plan.references.seed = self.seed;
        plan
    }

    /// The patterns of the contributions and their hits; `None`, which is said, if too little
    /// stands out.
    fn patterns(&self, session: &Session<'_>) -> Result<Option<(PatternsFound, HitsCalled)>> {
        let contributions = self.out.join(CONTRIBUTIONS);
        let sequences = contributions.join(attribute::ONE_HOT);
        let values = contributions.join(attribute::CONTRIBUTIONS);
        let regions = Some(self.out.join(REGIONS));
        let mut search = Modisco::new(sequences.clone(), values.clone(), self.out.join(PATTERNS));
        search.regions.clone_from(&regions);
        search.targets.clone_from(&self.motifs);
        search.options.seed = self.seed;
        let found = match search.run(session) {
            Ok(found) => found,
            Err(error) if error.kind() == ErrorKind::Input => {
                session.note(&format!("no patterns: {error}"));
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        if found.patterns.is_empty() {
            return Ok(None);
        }
        let patterns = self.out.join(PATTERNS).join("patterns.h5");
        let mut hits = CallHits::new(patterns, sequences, values, self.out.join(HITS));
        hits.regions = regions;
        hits.targets.clone_from(&self.motifs);
        let hits = hits.find(Some(found.known()), session)?;
        Ok(Some((found, hits)))
    }

    /// Removes what an explanation writes.
    fn remove_parts(&self) {
        for name in [REGIONS, SEQUENCES, PAGE, RECORD] {
            let _ = std::fs::remove_file(self.out.join(name));
        }
        for name in [FILTERS, CONTRIBUTIONS, PATTERNS, HITS] {
            let _ = std::fs::remove_dir_all(self.out.join(name));
        }
    }

    /// Everything but the beginning.
    fn explain(
        &self,
        model: &Model,
        tf: String,
        chosen: &Chosen,
        session: &Session<'_>,
    ) -> Result<Explained> {
        self.write_regions(chosen)?;
        let (inside, inside_page) = match model.readout() {
            None => {
                let layer = FirstLayer::of(&model.architecture.layers())?;
                let (filters, page) = self.filters(&tf, layer.filters).look(session)?;
                (ExplainedInside::Filters(filters), Inside::Filters(page))
            }
            Some(readout) => {
                let features = model::weighed(readout);
                let page = Inside::Readout(weighed_page(model, &features));
                (ExplainedInside::Readout(features), page)
            }
        };
        let (attributed, shows) = self.attribution(&tf).attribute(session)?;
        let patterns = self.patterns(session)?;
        let explained = Explained {
            regions: chosen.regions.len(),
            on: self.on,
            bound: chosen.bound,
            predicted: chosen.predicted,
            attributed,
            patterns,
            inside,
            page: self.out.join(PAGE),
            tf,
        };
        let (sections, said) = explained.sections()?;
        let page = explanation_page(&ExplanationPage {
            title: format!(
                "Why {} predicts {}",
                model::called(&self.model),
                explained.tf
            ),
            notes: vec![explained.in_words()],
            definitions: letter_definitions(),
            patterns: (sections, said),
            regions: (shows.rows, shows.notes),
            inside: inside_page,
            files: (FILES.into_iter())
                .filter(|(name, _)| self.out.join(name).exists())
                .collect(),
        });
        atomic::write(&explained.page, page.as_bytes())?;
        // The record comes last: a directory that has it is complete.
        let record = Record {
            bindscape: env!("CARGO_PKG_VERSION"),
            command: session.command(),
            inputs: data::records(&self.matrix, &self.sequences)?,
            model_sha256: model.sha256(),
            plan: self,
            tf: &explained.tf,
            bound: explained.bound,
            regions: explained.regions,
            predicted: explained.predicted,
            patterns: explained
                .patterns
                .as_ref()
                .map_or(0, |both| both.0.patterns.len()),
            hits: explained
                .patterns
                .as_ref()
                .map_or(0, |both| both.1.called.hits.len()),
        };
        write_json(&self.out.join(RECORD), &record)?;
        Ok(explained)
    }
}

/// Where regions are chosen from, in words.
fn place(on: EvaluationRegions) -> &'static str {
    match on {
        EvaluationRegions::HeldOut => "in the test part of the model",
        EvaluationRegions::Unseen => "outside of all that the model was fitted on",
    }
}

/// What a readout weighs as the page shows it.
fn weighed_page(model: &Model, features: &[WeighedFeature]) -> WeighedFeatures {
    let rows = features.iter().map(|feature| {
        let kind = match feature.kind {
            FeatureKind::Motif => "motif",
            FeatureKind::Output => "TF of the multi-model",
            FeatureKind::Words => "gapped k-mers",
        };
        (feature.feature.clone(), kind, feature.effect)
    });
    let mut notes = vec![
        "Effect: the change of the log odds of binding for one standard deviation of the feature \
         among the regions that the readout was fitted to."
            .to_owned(),
    ];
    notes.extend(model.companion().map(|companion| {
        format!(
            "{}% of the log odds come from the readout, and {}% from a fine-tuned network, which has \
             a file of its own and can be explained alone.",
            (100.0 * (1.0 - companion.share)).round(),
            (100.0 * companion.share).round()
        )
    }));
    WeighedFeatures {
        notes,
        rows: rows.collect(),
    }
}

impl Explained {
    /// Which regions were explained.
    pub(crate) fn in_words(&self) -> String {
        format!(
            "Explained: the {} with the highest predictions among {} bound by {} {}; {} of them have a predicted probability of one half or more.",
            counted(self.regions as u64, "region"),
            thousands(self.bound as u64),
            self.tf,
            place(self.on),
            thousands(self.predicted as u64)
        )
    }

    /// The patterns as the page shows them, with what is said of them.
    fn sections(&self) -> Result<(Vec<PatternSection<'_>>, Vec<String>)> {
        let Some((found, hits)) = &self.patterns else {
            let said = "Too little stands out from the contributions to form patterns.";
            return Ok((Vec::new(), vec![said.to_owned()]));
        };
        let mut sections = found.sections()?;
        for (section, hits) in sections.iter_mut().zip(&hits.patterns) {
            section.hits = Some(hits.hits);
            let sequences = counted(hits.sequences as u64, "sequence");
            section.facts.push((
                "Hits",
                format!("{} in {sequences}", thousands(hits.hits as u64)),
            ));
        }
        let mut said = found.lines();
        said.push(hits.in_words());
        for line in &mut said {
            line.push('.');
        }
        Ok((sections, said))
    }
}

impl Job for Explain {
    type Outcome = Explained;

    const NAME: &'static str = "explain";

    fn check(&self) -> Result<()> {
        if self.max_regions < FEWEST {
            return Err(Error::argument(
                "max_regions",
                format!("at least {FEWEST}"),
                self.max_regions.to_string(),
            ));
        }
        Ok(())
    }

    fn run(&self, session: &Session<'_>) -> Result<Explained> {
        refuse_occupied(&self.out, "out")?;
        let (model, file) = model::load(&self.model)?;
        if let (Some(_), Some(before)) = (model.readout(), &self.before) {
            return Err(Error::argument(
                "before",
                format!(
                    "nothing, as {} is a readout, whose explanation shows no filters",
                    file.display()
                ),
                before.display().to_string(),
            )
            .hint("leave ⟦before⟧ out, or explain the fine-tuned network alone"));
        }
        // A fault of theirs is none of the contributions, from which patterns may well not form.
        bindscape_motif::motifs_from(&self.motifs)?;
        let (target, tf) = attribute::target(self.tf.as_deref(), &model)?;
        let chosen = self.choose((&model, &file), (target, &tf), session)?;
        let is_new = !self.out.exists();
        std::fs::create_dir_all(&self.out)
            .map_err(|source| Error::io("create", &self.out, source))?;
        let lock = run_directory::lock(&self.out)?;
        // What another process wrote before it let go of the lock counts.
        run_directory::refuse_files(&self.out)?;
        let explained = self.explain(&model, tf, &chosen, session);
        if explained.is_err() {
            // Half an explanation is none.
            self.remove_parts();
        }
        lock.remove();
        if explained.is_err() && is_new {
            // Other files in it, if there are any now, are someone else's.
            let _ = std::fs::remove_dir(&self.out);
        }
        explained
    }
}
