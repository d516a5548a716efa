//! The choice itself.

mod describe;
mod draws;

use std::sync::Arc;

use bindscape_base::digest::{self, InputFile};
use bindscape_base::words::{counted, plural, thousands};
use bindscape_base::{Error, Result, Subject};
use bindscape_matrix::sample::{self, Unresolved};
use bindscape_matrix::{BindingMatrix, RegionsOf, TrainingRegions, View};
use rayon::prelude::*;

use self::draws::Draws;
use super::modes::{Modes, fold};
use super::partners::PartnerInput;
use super::set::{ChosenSet, Target};
use super::strategy::{Choosing, Rule, TfChoice};
use crate::session::Session;

/// What TFs are chosen from, and how.
pub(crate) struct Question<'a> {
    /// The TFs there are, with their regions.
    pub(crate) matrix: &'a BindingMatrix,
    /// Settings of the choice.
    pub(crate) choosing: &'a Choosing,
    /// TFs that are left out.
    pub(crate) without: &'a [String],
    /// What becomes of regions resolved for some of the TFs.
    pub(crate) unresolved: Unresolved,
    /// Regions that are taken at random for the training, where not all are.
    pub(crate) take: Option<usize>,
    /// Seed of all draws.
    pub(crate) seed: u64,
}

/// Chooses TFs.
pub(crate) struct Chooser<'a> {
    question: Question<'a>,
    regions: Arc<RegionsOf>,
    modes: Arc<Modes>,
    /// The TFs that may be chosen, by column: those with bound regions that are not left out.
    candidates: Vec<usize>,
}

/// The TF that others are chosen for.
struct Around {
    name: String,
    /// Its column, where the matrix has it.
    column: Option<usize>,
    /// All its binding modes.
    modes: Vec<String>,
    /// Those that count where TFs must share one.
    counted: Vec<String>,
}

/// A set as it is chosen: columns in order, and scores of TFs in STRING.
#[derive(Debug, Clone, Default)]
struct Picked {
    tfs: Vec<usize>,
    /// Scores in STRING by column.
    scores: Vec<(usize, f64)>,
    notes: Vec<String>,
}

impl<'a> Chooser<'a> {
    /// Counts the regions of all TFs and reads their binding modes.
    pub(crate) fn new(question: Question<'a>, session: &Session<'_>) -> Result<Self> {
        let modes = Modes::read(&question.choosing.modes, session)?;
        let regions = RegionsOf::matrix(question.matrix, View::LessSparse);
        Ok(Self::of(question, Arc::new(regions), Arc::new(modes)))
    }

    /// A choice from regions that are counted, the less sparse view's, and modes that are read.
    pub(crate) fn of(question: Question<'a>, regions: Arc<RegionsOf>, modes: Arc<Modes>) -> Self {
        let tfs = &question.matrix.tfs;
        let candidates = (0..tfs.len())
            .filter(|&tf| regions.bound(tf) > 0 && !question.without.contains(&tfs[tf]))
            .collect();
        Self {
            question,
            regions,
            modes,
            candidates,
        }
    }

    /// Counts regions as `unresolved` says from now on.
    pub(crate) fn set_unresolved(&mut self, unresolved: Unresolved) {
        self.question.unresolved = unresolved;
    }

    /// The files that choices depend on beside the matrix.
    pub(crate) fn inputs(&self, choice: &TfChoice) -> Result<Vec<InputFile>> {
        let mut inputs: Vec<InputFile> = self.modes.input().cloned().into_iter().collect();
        let Choosing {
            string,
            string_info,
            ..
        } = self.question.choosing;
        if choice.around().is_some_and(|(rule, _)| rule.needs_string()) {
            for (role, path) in [("string", string), ("string_info", string_info)] {
                if let Some(path) = path {
                    inputs.push(digest::input_file(role, path)?);
                }
            }
        }
        Ok(inputs)
    }

    /// The target called `name`: a TF of the matrix, or one whose binding modes are known.
    pub(crate) fn target(&self, name: &str) -> Result<Target> {
        let around = self.around(name)?;
        Ok(Target {
            bound: around.column.map(|tf| self.regions.bound(tf)),
            tf: around.name,
            modes: around.modes,
        })
    }

    /// The set of `choice`. `target` is the TF whose modes and cosines are shown beside a set that
    /// is not chosen for one.
    pub(crate) fn choose(&self, choice: &TfChoice, target: Option<&str>) -> Result<ChosenSet> {
        let (picked, rule) = match choice {
            TfChoice::Around { rule, target } => {
                let around = self.around(target)?;
                let picked = self.pick(*rule, &around)?;
                return self.describe(choice, picked, self.rule_in_words(*rule), Some(&around));
            }
            TfChoice::Named(names) => {
                let Question {
                    matrix, without, ..
                } = &self.question;
                let index = |name: &String| matrix.tf_index(name, Subject::field("tfs"));
                let named: Result<Vec<usize>> = (names.iter())
                    .filter(|name| !without.contains(name))
                    .map(index)
                    .collect();
                let named = named?;
                if named.is_empty() {
                    let expected = "TFs that are not left out";
                    return Err(Error::argument("tfs", expected, names.join(", ")));
                }
                (named, "as named")
            }
            TfChoice::All => (self.candidates.clone(), "all TFs with bound regions"),
            &TfChoice::TopResolved(count) => (
                sample::top_resolved(
                    self.question.matrix,
                    &self.candidates,
                    count,
                    View::LessSparse,
                )?,
                "TFs with many regions resolved in common",
            ),
            &TfChoice::MostResolved(count) => {
                let mut most = self.regions.by_resolved();
                most.retain(|tf| self.candidates.contains(tf));
                if most.len() < count {
                    return Err(Error::argument(
                        "tfs",
                        format!(
                            "a number of TFs from 1 to {}, those with bound regions",
                            most.len()
                        ),
                        choice.to_string(),
                    ));
                }
                most.truncate(count);
                (
                    most,
                    "TFs with most resolved regions each (less sparse view)",
                )
            }
        };
        let around = target.map(|name| self.around(name)).transpose()?;
        let picked = Picked {
            tfs: picked,
            ..Picked::default()
        };
        self.describe(choice, picked, rule.to_owned(), around.as_ref())
    }

    /// Looks the target up.
    fn around(&self, name: &str) -> Result<Around> {
        let Question {
            matrix, choosing, ..
        } = &self.question;
        let exact = matrix.tfs.iter().position(|tf| tf == name);
        let folded = || matrix.tfs.iter().position(|tf| fold(tf) == fold(name));
        let column = exact.or_else(folded);
        let modes = self.modes.of(name);
        if column.is_none() && modes.is_empty() {
            let others = self.modes.tfs();
            let others = others.filter(|of| !matrix.tfs.iter().any(|tf| fold(tf) == *of));
            return Err(Error::missing(
                Subject::field("tfs"),
                "a TF of the matrix, or one whose binding modes are known, to choose others for",
                name,
                matrix.tfs.iter().map(String::as_str).chain(others),
                "inspect the matrix for its TFs",
            ));
        }
        let counted = match &choosing.only_mode {
            None => modes.clone(),
            Some(mode) if modes.contains(mode) => vec![mode.clone()],
            Some(mode) => {
                return Err(Error::argument(
                    "only_mode",
                    format!("a binding mode of {name} ({})", listed(&modes)),
                    format!("`{mode}`"),
                )
                .hint("modes are numbers of clusters of ⟦modes⟧"));
            }
        };
        Ok(Around {
            name: column.map_or_else(|| name.to_owned(), |tf| matrix.tfs[tf].clone()),
            column,
            modes,
            counted,
        })
    }

    /// The rule with the settings that change it.
    fn rule_in_words(&self, rule: Rule) -> String {
        let choosing = self.question.choosing;
        let mut words = rule.in_words().to_owned();
        match &choosing.only_mode {
            Some(mode) if rule.shares_mode() == Some(true) || rule == Rule::Matched => {
                words += &format!("; the mode that counts: {mode} alone");
            }
            _ => {}
        }
        if choosing.with_target {
            words += "; the target is one of them";
        }
        if let Some(least) = choosing.min_regions {
            words += &format!("; at least {} to train on", counted(least, "region"));
        }
        if let Some(all) = choosing.bury {
            words += &format!(
                "; filled up to {all} with the most resolved TFs that share no mode with the target"
            );
        }
        words
    }

    /// Whether a TF shares one of `modes`.
    fn shares(&self, tf: usize, modes: &[String]) -> bool {
        let own = self.modes.of(&self.question.matrix.tfs[tf]);
        own.iter().any(|mode| modes.contains(mode))
    }

    /// The candidates but the target that `take` takes.
    fn pool(&self, around: &Around, take: impl Fn(usize) -> bool) -> Vec<usize> {
        let candidates = self.candidates.iter().copied();
        candidates
            .filter(|&tf| Some(tf) != around.column && take(tf))
            .collect()
    }

    /// TFs of which it is known that they share no mode with the target.
    fn others(&self, around: &Around) -> Vec<usize> {
        self.pool(around, |tf| {
            let modes = self.modes.of(&self.question.matrix.tfs[tf]);
            !modes.is_empty() && !self.shares(tf, &around.modes)
        })
    }

    /// TFs that share a mode with the target.
    fn members(&self, around: &Around) -> Result<Vec<usize>> {
        let members = self.pool(around, |tf| self.shares(tf, &around.counted));
        if members.is_empty() {
            return Err(Error::argument(
                "tfs",
                format!(
                    "a TF that shares a binding mode with others of the matrix that have bound \
                     regions, to choose for {}",
                    around.name
                ),
                format!(
                    "{}, alone in {} {}",
                    around.name,
                    plural(around.counted.len() as u64, "mode"),
                    listed(&around.counted)
                ),
            )
            .hint(match around.column {
                Some(_) => format!(
                    "choose by cosine instead: best-cosine:{0} or cofactors:{0}",
                    around.name
                ),
                None => format!("choose all, or random:{}", around.name),
            }));
        }
        Ok(members)
    }

    /// `pool` with the cosines to the target, the highest first; TFs without one are left out.
    fn by_cosine(&self, around: &Around, pool: Vec<usize>) -> Vec<usize> {
        let Some(target) = around.column else {
            return Vec::new();
        };
        let mut cosines: Vec<(usize, f64)> = pool
            .into_par_iter()
            .filter_map(|tf| Some((tf, self.regions.cosine(target, tf)?)))
            .collect();
        cosines.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        cosines.into_iter().map(|(tf, _)| tf).collect()
    }

    /// Makes sure that `rule` can be followed for the target.
    fn check_target(&self, rule: Rule, around: &Around) -> Result<()> {
        let Question {
            matrix,
            choosing,
            without,
            ..
        } = &self.question;
        let name = &around.name;
        if rule.shares_mode().is_some() && around.modes.is_empty() {
            return Err(Error::argument(
                "modes",
                format!("motifs or a table that tell the binding modes of {name}"),
                format!("`{}`, which does not know it", choosing.modes),
            )
            .hint(format!(
                "name motifs or a table with its modes, or choose whatever the modes: \
                 best-cosine:{name}"
            )));
        }
        let vector = rule.needs_vector() || choosing.with_target;
        match around.column {
            None if vector => {
                return Err(Error::missing(
                    Subject::field("tfs"),
                    if choosing.with_target {
                        "a TF of the matrix, as it shall be one of those trained on"
                    } else {
                        "a TF of the matrix, whose bound regions are compared with those of others"
                    },
                    name,
                    matrix.tfs.iter().map(String::as_str),
                    "mode:TF, random:TF and partners:TF, without the target, need its modes or \
                     partners alone",
                ));
            }
            Some(tf) if vector && self.regions.bound(tf) == 0 => {
                return Err(Error::argument(
                    "tfs",
                    format!("a TF with bound regions for {}", rule.name()),
                    format!("{name}, without any"),
                )
                .hint("mode:TF and random:TF, without the target, need its modes alone"));
            }
            _ => {}
        }
        if choosing.with_target && without.contains(name) {
            return Err(Error::argument(
                "without",
                "other TFs than the target, which ⟦with_target⟧ takes",
                name.clone(),
            ));
        }
        Ok(())
    }

    /// The TFs of `rule`.
    fn pick(&self, rule: Rule, around: &Around) -> Result<Picked> {
        self.check_target(rule, around)?;
        let lead: Vec<usize> = match self.question.choosing.with_target {
            true => around.column.into_iter().collect(),
            false => Vec::new(),
        };
        let wanted = self.question.choosing.count - lead.len();
        let mut picked = match rule {
            Rule::Mode => self.draw(rule, around, self.members(around)?, wanted, &lead)?,
            Rule::Random => self.draw(rule, around, self.others(around), wanted, &lead)?,
            Rule::Matched => self.matched(around, wanted, &lead)?,
            Rule::Cofactors | Rule::BestCosine => {
                let apart = rule == Rule::Cofactors;
                let pool = self.pool(around, |tf| !apart || !self.shares(tf, &around.modes));
                let mut ranked = self.by_cosine(around, pool);
                ranked.truncate(wanted);
                self.fixed(ranked, &lead)
            }
            Rule::LowCorrelation => {
                let ranked = self.by_cosine(around, self.members(around)?);
                let last = ranked.len().saturating_sub(wanted);
                self.fixed(ranked[last..].to_vec(), &lead)
            }
            Rule::Partners | Rule::BestPartners => {
                let apart = rule == Rule::Partners;
                let mut ranked = self.partners(around)?;
                ranked.retain(|(tf, _)| {
                    self.candidates.contains(tf)
                        && Some(*tf) != around.column
                        && (!apart || !self.shares(*tf, &around.modes))
                });
                ranked.truncate(wanted);
                let tfs = ranked.iter().map(|(tf, _)| *tf).collect();
                Picked {
                    scores: ranked,
                    ..self.fixed(tfs, &lead)
                }
            }
        };
        let found = picked.tfs.len() - lead.len();
        if found == 0 {
            return Err(Error::argument(
                "tfs",
                format!("TFs in the matrix for {}:{}", rule.name(), around.name),
                "none",
            )
            .hint("choose by another rule"));
        }
        if found < wanted {
            picked.notes.push(format!(
                "{} instead of {}: there are no more for {}:{}",
                counted(picked.tfs.len() as u64, "TF"),
                self.question.choosing.count,
                rule.name(),
                around.name
            ));
        }
        Ok(picked)
    }

    fn fixed(&self, tfs: Vec<usize>, lead: &[usize]) -> Picked {
        Picked {
            tfs: lead.iter().copied().chain(tfs).collect(),
            ..Picked::default()
        }
    }

    fn partners(&self, around: &Around) -> Result<Vec<(usize, f64)>> {
        let Question {
            matrix, choosing, ..
        } = &self.question;
        let links = choosing.string.as_deref().ok_or_else(|| {
            Error::argument("string", "a file of partners and their scores", "none")
        })?;
        PartnerInput {
            links,
            info: choosing.string_info.as_deref(),
            target: &around.name,
            tfs: &matrix.tfs,
            build: matrix.provenance.genome.as_deref(),
        }
        .read()
    }

    /// `wanted` TFs of `pool` at random, behind `lead`, with regions enough: the first of
    /// [`Draws`] that has them, which is one of all such sets, each with equal probability.
    fn draw(
        &self,
        rule: Rule,
        around: &Around,
        pool: Vec<usize>,
        wanted: usize,
        lead: &[usize],
    ) -> Result<Picked> {
        let draws = Draws::new(&pool, wanted, self.question.seed, rule);
        let enough = |number: u64| {
            let set = self.filled(around, self.fixed(draws.set(number), lead).tfs);
            let training = self.training(&set);
            training.regions >= self.least_regions() && training.bound.iter().all(|&n| n > 0)
        };
        let found = (0..draws.count())
            .into_par_iter()
            .find_first(|&n| enough(n));
        if let Some(number) = found {
            return Ok(self.fixed(draws.set(number), lead));
        }
        let richest = (0..draws.count())
            .into_par_iter()
            .map(|number| {
                let set = self.filled(around, self.fixed(draws.set(number), lead).tfs);
                let training = self.training(&set);
                let all_bound = training.bound.iter().all(|&n| n > 0);
                (
                    (all_bound, training.regions, std::cmp::Reverse(number)),
                    set,
                )
            })
            .max_by_key(|(key, _)| *key);
        let Some((_, set)) = richest else {
            return Ok(self.fixed(Vec::new(), lead));
        };
        let count = draws.count();
        let tried = match (draws.complete, count) {
            (true, 1) => "the only set".to_owned(),
            (true, _) => format!("the best of all {} sets", thousands(count)),
            (false, _) => format!("the best of {} sets at random", thousands(count)),
        };
        Err(self.too_few(
            &format!("{}:{}", rule.name(), around.name),
            &set,
            around,
            &tried,
        ))
    }

    /// A control of [`Rule::Mode`]: of random sets of other modes the one whose bound regions are
    /// closest in number.
    fn matched(&self, around: &Around, wanted: usize, lead: &[usize]) -> Result<Picked> {
        let model = self.draw(Rule::Mode, around, self.members(around)?, wanted, lead)?;
        let wanted = model.tfs.len() - lead.len();
        let goal = self.bound_taken(&self.training(&self.filled(around, model.tfs.clone())));
        let pool = self.others(around);
        let draws = Draws::new(&pool, wanted, self.question.seed, Rule::Matched);
        let closest = (0..draws.count())
            .into_par_iter()
            .filter_map(|number| {
                let set = self.fixed(draws.set(number), lead).tfs;
                let training = self.training(&self.filled(around, set));
                let enough = training.regions >= self.least_regions()
                    && training.bound.iter().all(|&n| n > 0);
                let bound = self.bound_taken(&training);
                enough.then(|| (number, bound, (bound - goal).abs()))
            })
            .min_by(|a, b| a.2.total_cmp(&b.2).then(a.0.cmp(&b.0)));
        let Some((number, bound, _)) = closest else {
            // Says what there is instead.
            return self.draw(Rule::Matched, around, pool, wanted, lead);
        };
        let mut picked = self.fixed(draws.set(number), lead);
        let taken = match self.question.take {
            Some(take) => format!(" (with {} taken)", counted(take as u64, "region")),
            None => String::new(),
        };
        picked.notes.push(format!(
            "{} bound regions summed over TFs, against {} of mode:{}{taken}",
            thousands(bound.round() as u64),
            thousands(goal.round() as u64),
            around.name
        ));
        Ok(picked)
    }

    /// Bound regions, summed over TFs, that are expected among those that are taken at random.
    fn bound_taken(&self, training: &TrainingRegions) -> f64 {
        let bound: u64 = training.bound.iter().sum();
        bound as f64 * self.taken_share(training)
    }

    /// The share of the regions that are taken at random.
    fn taken_share(&self, training: &TrainingRegions) -> f64 {
        match self.question.take {
            Some(take) if (take as u64) < training.regions => take as f64 / training.regions as f64,
            _ => 1.0,
        }
    }

    fn least_regions(&self) -> u64 {
        self.question.choosing.min_regions.unwrap_or(1)
    }

    fn training(&self, tfs: &[usize]) -> TrainingRegions {
        match self.question.unresolved {
            Unresolved::Drop => self.regions.in_common(tfs),
            Unresolved::Mask => self.regions.in_any(tfs),
        }
    }

    /// `tfs` and, where sets are filled up, the most resolved TFs of other modes.
    fn filled(&self, around: &Around, mut tfs: Vec<usize>) -> Vec<usize> {
        let Some(all) = self.question.choosing.bury else {
            return tfs;
        };
        let others = self.others(around);
        for tf in self.regions.by_resolved() {
            if tfs.len() >= all {
                break;
            }
            if others.contains(&tf) && !tfs.contains(&tf) {
                tfs.push(tf);
            }
        }
        tfs
    }
}

/// Names or numbers in a row, or that there are none.
fn listed(items: &[String]) -> String {
    if items.is_empty() {
        "none".to_owned()
    } else {
        items.join(", ")
    }
}
