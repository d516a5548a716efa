//! Choosing the TFs that a multi-model is pre-trained on.

pub(crate) mod choose;
mod gain;
mod modes;
mod page;
mod partners;
mod set;
mod strategy;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use bindscape_base::bgzf::TextFile;
use bindscape_base::progress::Progress;
use bindscape_base::{Error, ErrorKind, Result, atomic};
use bindscape_matrix::sample::Unresolved;
use serde::{Deserialize, Serialize};

use self::choose::{Chooser, Question};
use crate::content::Content;
use crate::data;
use crate::job::Job;
use crate::session::Session;

pub use self::gain::PREDICTION_ERROR;
pub use self::modes::Modes;
pub use self::partners::PartnerInput;
pub use self::set::{ChosenSet, ChosenTf, Target};
pub use self::strategy::{Choosing, Rule, TfChoice};

/// TFs of the sets that are not chosen for a target, as in the paper.
const MANY: usize = 50;

/// A plan of choosing pre-training TFs for one TF: the sets by all rules beside each other, or the
/// set by one.
///
/// ```
/// use bindscape::Session;
/// use bindscape::select::{Select, TfChoice};
/// # use bindscape::demo::{Demo, DemoStep};
/// # let directory = tempfile::tempdir()?;
/// # let here = directory.path();
/// # let demo = Demo { regions: 200, ..Demo::new(here.into()) };
/// # let data = demo.simulate(&bindscape_base::progress::Silent)?;
/// # let [DemoStep::Build(build), ..] = demo.steps(&data) else { unreachable!() };
/// # Session::silent().run(&build)?;
///
/// let mut plan = Select::new(data.target_tf.clone(), here.join("matrix.parquet"));
/// plan.choosing.count = 2;
/// let selected = Session::silent().run(&plan)?;
/// let all = &selected.sets[0];
/// assert_eq!(all.choice, TfChoice::All);
/// assert!(all.regions > 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Select {
    /// The TF that others are chosen for: one of the matrix, or one whose binding modes are known.
    pub target: String,
    /// Binding matrix (Parquet).
    pub matrix: PathBuf,
    /// The choice to show; `None` for all.
    pub tfs: Option<TfChoice>,
    /// How TFs are chosen.
    #[serde(default)]
    pub choosing: Choosing,
    /// TFs that are left out.
    #[serde(default)]
    pub without: Vec<String>,
    /// Regions that pre-training will take at random; controls are matched in the bound regions
    /// among so many.
    pub regions: Option<usize>,
    /// Seed of all draws; that of the training chooses the same TFs.
    pub seed: u64,
    /// Table to write (TSV) instead of showing it.
    pub out: Option<PathBuf>,
    /// Page of the sets to write (HTML).
    #[serde(default)]
    pub page: Option<PathBuf>,
}

/// Sets of pre-training TFs.
#[derive(Debug, Clone, PartialEq)]
pub struct Selected {
    /// The TF that they are chosen for.
    pub target: Target,
    /// Where its binding modes come from.
    pub modes: String,
    /// The sets, those of many TFs first.
    pub sets: Vec<ChosenSet>,
    /// Choices that cannot be made here, with the reason; fields of plans stand in it as `⟦field⟧`.
    pub missing: Vec<(String, String)>,
    /// Whether one choice was asked for.
    pub single: bool,
    /// The table that was written.
    pub written: Option<PathBuf>,
}

impl Select {
    /// Shows all sets for `target` of `matrix`.
    #[must_use]
    pub fn new(target: String, matrix: PathBuf) -> Self {
        Self {
            target,
            matrix,
            tfs: None,
            choosing: Choosing::default(),
            without: Vec::new(),
            regions: None,
            seed: 1,
            out: None,
            page: None,
        }
    }

    /// All choices, in the order in which they are shown.
    fn all(&self, many: usize) -> Vec<TfChoice> {
        let around = Rule::ALL.into_iter().map(|rule| TfChoice::Around {
            rule,
            target: self.target.clone(),
        });
        [
            TfChoice::All,
            TfChoice::TopResolved(many),
            TfChoice::MostResolved(many),
        ]
        .into_iter()
        .chain(around)
        .filter(|choice| {
            let needs_string = choice.around().is_some_and(|(rule, _)| rule.needs_string());
            !needs_string || self.choosing.string.is_some()
        })
        .collect()
    }
}

impl Job for Select {
    type Outcome = Selected;

    const NAME: &'static str = "select";

    fn check(&self) -> Result<()> {
        if let Some(path) = &self.out {
            Content::Table.check("out", path)?;
        }
        if let Some(path) = &self.page {
            Content::Page.check("page", path)?;
        }
        let Some(choice) = &self.tfs else {
            return self.choosing.check_numbers();
        };
        if let Some((_, target)) = choice.around()
            && target != self.target
        {
            return Err(Error::argument(
                "tfs",
                format!("a choice for {}", self.target),
                format!("{choice}"),
            )
            .hint("leave the TF of the strategy out"));
        }
        self.choosing.check(choice)
    }

    fn run(&self, session: &Session<'_>) -> Result<Selected> {
        let matrix = data::read_matrix(&self.matrix, None, session)?;
        for name in &self.without {
            matrix.tf_index(name, bindscape_base::Subject::field("without"))?;
        }
        let question = Question {
            matrix: &matrix,
            choosing: &self.choosing,
            without: &self.without,
            unresolved: Unresolved::Drop,
            take: self.regions,
            seed: self.seed,
        };
        let mut chooser = Chooser::new(question, session)?;
        let target = chooser.target(&self.target)?;
        let bound = matrix
            .columns
            .iter()
            .filter(|column| column.contains(&bindscape_matrix::BindingState::Bound));
        let many = bound
            .count()
            .saturating_sub(self.without.len())
            .clamp(1, MANY);
        let choices = match &self.tfs {
            Some(choice) => vec![choice.clone()],
            None => self.all(many),
        };
        let (mut sets, mut missing) = (Vec::new(), Vec::new());
        session.begin("choosing TFs", Some(choices.len() as u64));
        for choice in &choices {
            // All TFs at once have hardly a region in common.
            chooser.set_unresolved(match choice {
                TfChoice::All => Unresolved::Mask,
                _ => Unresolved::Drop,
            });
            match chooser.choose(choice, Some(&self.target)) {
                Ok(set) => sets.push(set),
                Err(error) if self.tfs.is_none() && is_of_the_choice(&error) => {
                    let reason = error.message(&|field| format!("⟦{field}⟧"));
                    missing.push((choice.to_string(), reason));
                }
                Err(error) => return Err(error),
            }
            session.advance(1);
        }
        session.finish();
        let selected = Selected {
            target,
            modes: self.choosing.modes.clone(),
            sets,
            missing,
            single: self.tfs.is_some(),
            written: self.out.clone(),
        };
        if let Some(path) = &self.out {
            let mut out = TextFile::create(path)?;
            selected
                .table(&mut out)
                .map_err(|source| Error::io("write", path, source))?;
            out.commit()?;
        }
        if let Some(path) = &self.page {
            atomic::write(path, page::of(&selected).as_bytes())?;
            session.note(&format!("the page is {}", path.display()));
        }
        Ok(selected)
    }
}

/// Whether other choices may be possible nevertheless.
fn is_of_the_choice(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Argument | ErrorKind::Missing)
}
