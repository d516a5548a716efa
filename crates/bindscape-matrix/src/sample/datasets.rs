//! Data sets for pre-training and fine-tuning, with an account of every region
//! that was taken or left out.

use rand::seq::SliceRandom;
use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};

use super::gc::match_gc;
use super::resolved::{resolved_for_all, resolved_for_any};
use crate::dataset::{Dataset, Part, UNRESOLVED};
use crate::results::DataStep;
use crate::split;
use crate::split::{Assignment, HeldOutChromosomes, Split};
use crate::{BindingMatrix, BindingState, View};
use bindscape_base::error::{Error, Result, Subject};
use bindscape_base::random;
use bindscape_genome::region::Regions;
use bindscape_genome::sequence::PackedSequences;

/// Fewest bound regions that a network is fitted to, over all parts.
pub const MIN_POSITIVES: usize = 10;

/// Gives the sequences of regions, in their order, one each.
pub type Fetch<'a> = dyn FnMut(&Regions) -> Result<PackedSequences> + 'a;

/// Regions that must not be used again.
#[derive(Debug, Clone, Copy)]
pub struct Excluded<'a> {
    /// The regions.
    pub regions: &'a Regions,
    /// What they are, in the plural: `regions used in pre-training`.
    pub what: &'a str,
    /// Whether these very regions are left out and no others, as the paper's code does; else so
    /// much as one base in common leaves a region out.
    pub exact: bool,
}

impl Excluded<'_> {
    /// For each of `regions`, whether it is left out.
    fn hits(&self, regions: &Regions) -> Vec<bool> {
        if !self.exact {
            return regions.overlaps(self.regions);
        }
        let known: FxHashSet<_> = self.regions.iter().collect();
        regions
            .iter()
            .map(|region| known.contains(&region))
            .collect()
    }

    /// What is done to a region that is left out.
    fn verb(&self) -> &'static str {
        if self.exact { "are" } else { "overlap" }
    }
}

/// A data set and how it came to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// What a network is trained on.
    pub dataset: Dataset,
    /// The row of the matrix that each row of the data set was.
    pub matrix_rows: Vec<usize>,
    /// What was taken and what was left out, in order.
    pub steps: Vec<DataStep>,
    /// Chromosomes of the validation and test parts, of a split by chromosome.
    pub chromosomes: Option<HeldOutChromosomes>,
}

/// What a multi-model makes of regions that are resolved for some of its TFs only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unresolved {
    /// It takes regions resolved for any of its TFs; loss and metrics leave out the TFs for which
    /// a region is not resolved.
    Mask,
    /// It takes regions resolved for all of its TFs, as in the paper.
    #[default]
    Drop,
}

/// What a multi-model is trained on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PretrainOptions {
    /// TFs, one per output, in this order.
    pub tfs: Vec<String>,
    /// View of the matrix; the less sparse one in the paper.
    pub view: View,
    /// What becomes of regions resolved for some of the TFs.
    #[serde(default)]
    pub unresolved: Unresolved,
    /// Further TFs for which regions must be resolved, without an output of their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also_resolved_for: Vec<String>,
    /// Take this many regions at random; all if `None`.
    pub regions: Option<usize>,
    /// How to split.
    pub split: Split,
    /// Seed of all draws.
    pub seed: u64,
}

/// What an individual model is trained on, out of a [`FinetuningPool`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FinetuneOptions {
    /// Take this many bound regions at random; all if `None` or if there are fewer.
    pub positives: Option<usize>,
    /// Width of the GC bins in per cent, 1 to 100; 10 in the paper.
    pub gc_bin_percent: u32,
    /// Unbound regions per bound one; 1 in the paper.
    pub negatives_per_positive: f64,
    /// How to split.
    pub split: Split,
}

impl Default for FinetuneOptions {
    fn default() -> Self {
        Self {
            positives: None,
            gc_bin_percent: 10,
            negatives_per_positive: 1.0,
            split: Split::default(),
        }
    }
}

impl FinetuneOptions {
    /// Checks the ranges.
    ///
    /// # Errors
    /// If an option makes no sense; the error names it.
    pub fn validate(&self) -> Result<()> {
        if let Some(wanted) = self.positives
            && wanted < MIN_POSITIVES
        {
            return Err(Error::argument(
                "positives",
                format!("at least {MIN_POSITIVES}"),
                wanted.to_string(),
            ));
        }
        if !(1..=100).contains(&self.gc_bin_percent) {
            return Err(Error::argument(
                "gc_bin_percent",
                "a width of 1 to 100 per cent",
                self.gc_bin_percent.to_string(),
            ));
        }
        let ratio = self.negatives_per_positive;
        if !(ratio > 0.0 && ratio.is_finite()) {
            return Err(Error::argument(
                "negatives_per_positive",
                "a positive number",
                ratio.to_string(),
            ));
        }
        self.split.check()
    }
}

/// The data of a multi-model: regions resolved for all of its TFs, or with
/// [`Unresolved::Mask`] for any of them, less those
/// that `excluded` names and those with unknown bases. Sequences are fetched
/// for the regions that are left only.
///
/// # Errors
/// If a TF is not in the matrix or named twice, no region is left, the split
/// cannot be made, or `fetch` fails.
///
/// # Panics
/// If `fetch` gives another number of sequences than regions.
pub fn pretraining_dataset(
    matrix: &BindingMatrix,
    excluded: &[Excluded<'_>],
    options: &PretrainOptions,
    fetch: &mut Fetch<'_>,
) -> Result<Prepared> {
    if let Some(tf) = duplicate(&options.tfs) {
        return Err(Error::argument(
            "tfs",
            "each TF once",
            format!("{tf:?} twice"),
        ));
    }
    let columns = options
        .tfs
        .iter()
        .map(|tf| matrix.column(tf, Subject::field("tfs")))
        .collect::<Result<Vec<&[BindingState]>>>()?;
    let mut steps = Steps::of(matrix);
    let mut counted = columns.clone();
    for tf in &options.also_resolved_for {
        counted.push(matrix.column(tf, Subject::field("tfs"))?);
    }
    let (mut rows, which) = match options.unresolved {
        Unresolved::Drop => (resolved_for_all(&counted, options.view), "all"),
        Unresolved::Mask => (resolved_for_any(&counted, options.view), "any of"),
    };
    let which = match options.tfs.as_slice() {
        [one] if counted.len() == 1 => one.clone(),
        _ => format!("{which} {} TFs", counted.len()),
    };
    steps.add(
        format!(
            "resolved for {which} in the {} matrix",
            view_name(options.view)
        ),
        rows.len(),
    );
    rows = steps.without(excluded, &matrix.regions, rows);
    if let Some(wanted) = options.regions {
        if wanted < rows.len() {
            let mut rng = random::stream(options.seed, "regions", &[]);
            let (drawn, _) = rows.partial_shuffle(&mut rng, wanted);
            rows = drawn.to_vec();
            rows.sort_unstable();
        }
        steps.add(taken("regions", rows.len(), wanted), rows.len());
    }
    let (rows, sequences) = steps.fetch_known(&matrix.regions, rows, fetch)?;
    if rows.is_empty() {
        return Err(steps.nothing_left("tfs", "regions to train on"));
    }
    let label = |state: BindingState| state.label(options.view).map_or(UNRESOLVED, u8::from);
    let labels: Vec<u8> = rows
        .iter()
        .flat_map(|&row| columns.iter().map(move |column| label(column[row])))
        .collect();
    let idle: Vec<&str> = (0..columns.len())
        .filter(|&tf| (0..rows.len()).all(|row| labels[row * columns.len() + tf] != 1))
        .map(|tf| options.tfs[tf].as_str())
        .collect();
    if !idle.is_empty() {
        steps.add(
            format!(
                "bound by {}, whose outputs have nothing to learn from",
                idle.join(", ")
            ),
            0,
        );
    }
    let regions = matrix.regions.select(&rows);
    let assignment = split::assign(&regions, None, &[], &options.split, options.seed)?;
    Ok(steps.finish(
        Dataset {
            tfs: options.tfs.clone(),
            regions,
            sequences,
            labels,
            parts: Vec::new(),
        },
        rows,
        assignment,
    ))
}

/// Everything resolved for one TF, with its sequences, from which repeats draw.
#[derive(Debug, Clone)]
pub struct FinetuningPool {
    tf: String,
    regions: Regions,
    sequences: PackedSequences,
    matrix_rows: Vec<usize>,
    positives: Vec<usize>,
    negatives: Vec<usize>,
    /// Whether an ancestor was fitted to the region of a row, so that it can only be trained on.
    seen: Vec<bool>,
    steps: Steps,
}

impl FinetuningPool {
    /// Collects the regions resolved for `tf` in `view` (the sparse one in the
    /// paper), less those that `excluded` names and those with unknown bases. Those that `seen`
    /// names may be trained on and come into no other part.
    ///
    /// # Errors
    /// If the TF is not in the matrix, fewer than [`MIN_POSITIVES`] bound or no
    /// unbound regions are left, or `fetch` fails.
    ///
    /// # Panics
    /// If `fetch` gives another number of sequences than regions.
    pub fn new(
        matrix: &BindingMatrix,
        tf: &str,
        view: View,
        excluded: &[Excluded<'_>],
        seen: Option<Excluded<'_>>,
        fetch: &mut Fetch<'_>,
    ) -> Result<Self> {
        let column = matrix.column(tf, Subject::field("tf"))?;
        let mut steps = Steps::of(matrix);
        let rows = resolved_for_all(&[column], view);
        steps.add(
            format!("resolved for {tf} in the {} matrix", view_name(view)),
            rows.len(),
        );
        let all_bound = rows
            .iter()
            .filter(|&&row| column[row] == BindingState::Bound)
            .count();
        let rows = steps.without(excluded, &matrix.regions, rows);
        let left: usize = rows
            .iter()
            .map(|&row| usize::from(bound(column[row])))
            .sum();
        if !excluded.is_empty() {
            steps.add("bound regions among the dropped".into(), all_bound - left);
        }
        // What no sequences can mend is said before they are looked up.
        let enough = |bound: usize, all: usize| -> Result<(), String> {
            if bound < MIN_POSITIVES {
                return Err(format!(
                    "at least {MIN_POSITIVES} bound regions of {tf} to learn from"
                ));
            }
            if bound == all {
                return Err(format!("unbound regions of {tf} to learn from"));
            }
            Ok(())
        };
        enough(left, rows.len()).map_err(|expected| {
            let mut steps = steps.clone();
            steps.add("bound regions available".into(), left);
            steps.nothing_left("tf", &expected)
        })?;
        let (matrix_rows, sequences) = steps.fetch_known(&matrix.regions, rows, fetch)?;
        let (positives, negatives): (Vec<usize>, Vec<usize>) = (0..matrix_rows.len())
            .partition(|&row| column[matrix_rows[row]] == BindingState::Bound);
        let regions = matrix.regions.select(&matrix_rows);
        let seen = match seen {
            None => vec![false; regions.len()],
            Some(of) => {
                let seen = of.hits(&regions);
                let count = seen.iter().filter(|&&seen| seen).count();
                let which = format!("may only be trained on: {} {}", of.verb(), of.what);
                steps.add(which, count);
                seen
            }
        };
        steps.add("bound regions available".into(), positives.len());
        steps.add("unbound regions available".into(), negatives.len());
        enough(positives.len(), matrix_rows.len())
            .map_err(|expected| steps.nothing_left("tf", &expected))?;
        Ok(Self {
            tf: tf.to_owned(),
            regions,
            sequences,
            matrix_rows,
            positives,
            negatives,
            seen,
            steps,
        })
    }

    /// Bound regions in the pool.
    #[must_use]
    pub fn positives(&self) -> usize {
        self.positives.len()
    }

    /// Unbound regions in the pool.
    #[must_use]
    pub fn negatives(&self) -> usize {
        self.negatives.len()
    }

    /// Draws bound regions, unbound ones of similar GC, and the split, all by `seed`.
    ///
    /// Of regions that may only be trained on, no more are taken than leave the validation and
    /// test parts their shares, where there are enough others.
    ///
    /// # Errors
    /// If fewer than [`MIN_POSITIVES`] bound regions are asked for, the bins are
    /// not 1 to 100 per cent wide, the ratio is not positive, the split cannot be made, or its
    /// chromosomes hold regions that may only be trained on.
    pub fn dataset(&self, options: &FinetuneOptions, seed: u64) -> Result<Prepared> {
        self.dataset_of(options, seed, seed)
    }

    /// As [`FinetuningPool::dataset`], with a seed of the draw and another one of the split.
    ///
    /// # Errors
    /// As [`FinetuningPool::dataset`].
    pub fn dataset_of(
        &self,
        options: &FinetuneOptions,
        seed: u64,
        split_seed: u64,
    ) -> Result<Prepared> {
        options.validate()?;
        let mut steps = self.steps.clone();
        let (fresh, positives) = self.draw_positives(options, seed, &mut steps);
        let gc = |row: usize| self.gc(row);
        let mut rows = Vec::new();
        let (mut matched, mut short) = (0, Vec::new());
        // Those that may be tested on get unbound regions that may be, too.
        for (positives, negatives) in [
            (&fresh, self.negatives_where(|row| !self.seen[row])),
            (
                &positives,
                self.negatives_where(|row| fresh.is_empty() || self.seen[row]),
            ),
        ] {
            if positives.is_empty() {
                continue;
            }
            let found = match_gc(
                positives,
                &negatives,
                gc,
                options.gc_bin_percent,
                options.negatives_per_positive,
                seed,
            );
            matched += found.rows.len();
            short.extend(found.short);
            rows.extend_from_slice(positives);
            rows.extend(found.rows);
        }
        steps.add(
            format!(
                "unbound regions taken, GC as the bound ones' in bins of {} %",
                options.gc_bin_percent
            ),
            matched,
        );
        for bin in &short {
            steps.add(
                format!(
                    "unbound regions missing with GC of {} to {} %: {} wanted, {} available",
                    bin.above, bin.to, bin.wanted, bin.available
                ),
                bin.wanted - bin.available,
            );
        }
        rows.sort_unstable();
        let labels: Vec<bool> = rows.iter().map(|&row| self.is_bound(row)).collect();
        let regions = self.regions.select(&rows);
        let seen: Vec<bool> = rows.iter().map(|&row| self.seen[row]).collect();
        let assignment = split::assign(&regions, Some(&labels), &seen, &options.split, split_seed)?;
        self.refuse_seen(&rows, &assignment)?;
        Ok(steps.finish(
            Dataset {
                tfs: vec![self.tf.clone()],
                regions,
                sequences: self.sequences.select(&rows),
                labels: labels.into_iter().map(u8::from).collect(),
                parts: Vec::new(),
            },
            rows.iter().map(|&row| self.matrix_rows[row]).collect(),
            assignment,
        ))
    }

    /// Bound regions: those that may be tested on and are drawn for it, and all others. Without
    /// any region that an ancestor saw, all are among the others.
    fn draw_positives(
        &self,
        options: &FinetuneOptions,
        seed: u64,
        steps: &mut Steps,
    ) -> (Vec<usize>, Vec<usize>) {
        let mut positives = self.positives.clone();
        let all = positives.len();
        let wanted = options.positives.unwrap_or(all).min(all);
        let mut rng = random::stream(seed, "positives", &[]);
        let held_out = match &options.split {
            Split::Random {
                validation, test, ..
            } if self.seen.contains(&true) => validation + test,
            _ => 0.0,
        };
        let mut fresh = Vec::new();
        if held_out > 0.0 {
            let (mut unseen, seen): (Vec<usize>, Vec<usize>) =
                positives.into_iter().partition(|&row| !self.seen[row]);
            unseen.shuffle(&mut rng);
            // More of them only where the others do not suffice.
            let least = (wanted as f64 * held_out).ceil() as usize;
            unseen.truncate(least.max(wanted.saturating_sub(seen.len())));
            (fresh, positives) = (unseen, seen);
        }
        let wanted = wanted.saturating_sub(fresh.len());
        if wanted < positives.len() {
            let (drawn, _) = positives.partial_shuffle(&mut rng, wanted);
            positives = drawn.to_vec();
        }
        if let Some(wanted) = options.positives {
            let count = fresh.len() + positives.len();
            steps.add(taken("bound regions", count, wanted), count);
        }
        (fresh, positives)
    }

    fn negatives_where(&self, rule: impl Fn(usize) -> bool) -> Vec<usize> {
        let rows = self.negatives.iter().copied();
        rows.filter(|&row| rule(row)).collect()
    }

    /// Refuses a split by chromosome that would test on what an ancestor was fitted to.
    fn refuse_seen(&self, rows: &[usize], assignment: &Assignment) -> Result<()> {
        let held_out = rows.iter().zip(&assignment.parts);
        let mut seen: Vec<&str> = held_out
            .filter(|&(&row, &part)| part != Part::Train && self.seen[row])
            .map(|(&row, _)| self.regions.get(row).chrom)
            .collect();
        seen.sort_unstable();
        seen.dedup();
        if seen.is_empty() {
            return Ok(());
        }
        let mut free: Vec<&str> = Vec::new();
        for chrom in self.regions.chromosomes() {
            let mut of = (0..self.seen.len()).filter(|&row| self.regions.get(row).chrom == *chrom);
            if of.all(|row| !self.seen[row]) {
                free.push(chrom);
            }
        }
        Err(Error::argument(
            "split",
            "validation and test chromosomes that the multi-model was not fitted to",
            format!("{} among them", seen.join(", ")),
        )
        .hint(if free.is_empty() {
            "use a random split, or a multi-model that was trained with chromosomes held out"
                .to_owned()
        } else {
            format!("it was not fitted to {}", free.join(", "))
        }))
    }

    /// Regions beside those of a data set, as they occur: unbound ones for the training part,
    /// `ratio` for each bound one there whatever their GC, and a test part in which bound and
    /// unbound regions have the proportion that they have among all regions resolved for the TF.
    /// By a split by chromosome that is every region of the test chromosomes; else the bound
    /// regions of the test part, and unbound ones drawn by `seed`.
    ///
    /// No region shares a base with one of another part of `prepared`, or is one that may only be
    /// trained on and comes into the test part.
    #[must_use]
    pub fn natural(&self, prepared: &Prepared, ratio: f64, seed: u64) -> Dataset {
        let dataset = &prepared.dataset;
        let of = |part: Part| dataset.regions.select(&dataset.rows(part));
        let (train, validation, test) = (of(Part::Train), of(Part::Validation), of(Part::Test));
        let hits = [&train, &validation, &test].map(|regions| self.regions.overlaps(regions));
        let bound_in = |part: Part| {
            let rows = dataset.rows(part);
            rows.iter().filter(|&&row| dataset.labels[row] == 1).count()
        };
        let test_rows: Vec<usize> = match &prepared.chromosomes {
            Some(held_out) => (0..self.regions.len())
                .filter(|&row| {
                    held_out
                        .test
                        .iter()
                        .any(|chrom| chrom == self.regions.get(row).chrom)
                })
                .filter(|&row| !hits[0][row] && !hits[1][row] && !self.seen[row])
                .collect(),
            None => {
                let share = self.negatives.len() as f64 / self.positives.len() as f64;
                let wanted = (bound_in(Part::Test) as f64 * share).round() as usize;
                let mut free =
                    self.negatives_where(|row| !hits[0][row] && !hits[1][row] && !self.seen[row]);
                free.shuffle(&mut random::stream(seed, "natural-test", &[]));
                free.truncate(wanted);
                let bound = prepared.matrix_rows.iter().zip(&dataset.parts);
                let bound = bound.filter(|&(_, &part)| part == Part::Test);
                free.extend(
                    bound
                        .filter_map(|(row, _)| self.matrix_rows.binary_search(row).ok())
                        .filter(|&row| self.is_bound(row)),
                );
                free.sort_unstable();
                free
            }
        };
        let test_regions = self.regions.select(&test_rows);
        let near_test = self.regions.overlaps(&test_regions);
        let held_out = |row: usize| {
            prepared.chromosomes.as_ref().is_some_and(|held_out| {
                let chrom = self.regions.get(row).chrom;
                held_out
                    .test
                    .iter()
                    .chain(&held_out.validation)
                    .any(|name| name == chrom)
            })
        };
        let mut rows = self.negatives_where(|row| {
            !hits.iter().any(|hit| hit[row]) && !near_test[row] && !held_out(row)
        });
        rows.shuffle(&mut random::stream(seed, "natural-train", &[]));
        rows.truncate((bound_in(Part::Train) as f64 * ratio).round() as usize);
        rows.sort_unstable();
        let mut parts = vec![Part::Train; rows.len()];
        parts.resize(rows.len() + test_rows.len(), Part::Test);
        rows.extend(test_rows);
        self.of_rows(&rows, parts)
    }

    /// Share of G and C in the sequence of a row.
    fn gc(&self, row: usize) -> f64 {
        let known = self.sequences.gc(row);
        known.expect("sequences with unknown bases were dropped")
    }

    fn is_bound(&self, row: usize) -> bool {
        self.positives.binary_search(&row).is_ok()
    }

    /// Rows of the pool as a data set with these parts.
    fn of_rows(&self, rows: &[usize], parts: Vec<Part>) -> Dataset {
        let labels = rows.iter().map(|&row| u8::from(self.is_bound(row)));
        Dataset {
            tfs: vec![self.tf.clone()],
            regions: self.regions.select(rows),
            sequences: self.sequences.select(rows),
            labels: labels.collect(),
            parts,
        }
    }
}

fn bound(code: BindingState) -> u8 {
    u8::from(code == BindingState::Bound)
}

fn view_name(view: View) -> &'static str {
    match view {
        View::Sparse => "sparse",
        View::LessSparse => "less sparse",
    }
}

fn duplicate(names: &[String]) -> Option<&str> {
    let mut sorted: Vec<&str> = names.iter().map(String::as_str).collect();
    sorted.sort_unstable();
    sorted
        .windows(2)
        .find(|pair| pair[0] == pair[1])
        .map(|pair| pair[0])
}

fn taken(what: &str, count: usize, wanted: usize) -> String {
    if count < wanted {
        format!("{what} taken: all, fewer than the {wanted} asked for")
    } else {
        format!("{what} taken at random")
    }
}

/// The account of a data set.
#[derive(Debug, Clone)]
struct Steps(Vec<DataStep>);

impl Steps {
    fn of(matrix: &BindingMatrix) -> Self {
        let mut steps = Self(Vec::new());
        steps.add("regions in the matrix".into(), matrix.regions.len());
        steps
    }

    fn add(&mut self, what: String, regions: usize) {
        self.0.push(DataStep {
            what,
            regions: regions as u64,
        });
    }

    /// `rows` without those that share a base with an excluded region.
    fn without(
        &mut self,
        excluded: &[Excluded<'_>],
        regions: &Regions,
        mut rows: Vec<usize>,
    ) -> Vec<usize> {
        for excluded in excluded {
            let before = rows.len();
            let hit = excluded.hits(&regions.select(&rows));
            let mut hit = hit.into_iter();
            rows.retain(|_| !hit.next().expect("one answer per row"));
            self.add(
                format!("dropped: {} {}", excluded.verb(), excluded.what),
                before - rows.len(),
            );
        }
        rows
    }

    /// `rows` whose sequences have no unknown bases, and these sequences.
    fn fetch_known(
        &mut self,
        regions: &Regions,
        rows: Vec<usize>,
        fetch: &mut Fetch<'_>,
    ) -> Result<(Vec<usize>, PackedSequences)> {
        let sequences = fetch(&regions.select(&rows))?;
        assert_eq!(sequences.len(), rows.len(), "one sequence per region");
        let known: Vec<usize> = (0..rows.len())
            .filter(|&row| !sequences.has_unknown(row))
            .collect();
        self.add(
            "dropped: sequence with unknown bases (N)".into(),
            rows.len() - known.len(),
        );
        if known.len() == rows.len() {
            return Ok((rows, sequences));
        }
        let sequences = sequences.select(&known);
        Ok((known.into_iter().map(|row| rows[row]).collect(), sequences))
    }

    /// The error that too little is left, with the whole account.
    fn nothing_left(&self, field: &str, expected: &str) -> Error {
        let account: Vec<String> = self
            .0
            .iter()
            .map(|step| format!("{}: {}", step.what, step.regions))
            .collect();
        Error::argument(field.to_owned(), expected, account.join("; "))
            .hint("look at the counts with `bindscape matrix inspect`")
    }

    fn finish(
        mut self,
        mut dataset: Dataset,
        matrix_rows: Vec<usize>,
        assignment: Assignment,
    ) -> Prepared {
        dataset.parts = assignment.parts;
        if assignment.overlapping > 0 {
            self.add(
                "share bases with another region and stay in its part".into(),
                assignment.overlapping,
            );
        }
        for part in [Part::Train, Part::Validation, Part::Test] {
            let named = match (part, &assignment.chromosomes) {
                (Part::Validation, Some(held_out)) => {
                    format!(": {}", held_out.validation.join(", "))
                }
                (Part::Test, Some(held_out)) => format!(": {}", held_out.test.join(", ")),
                _ => String::new(),
            };
            self.add(
                format!("{} part{named}", part.name()),
                dataset.rows(part).len(),
            );
        }
        Prepared {
            dataset,
            matrix_rows,
            steps: self.0,
            chromosomes: assignment.chromosomes,
        }
    }
}

mod held_out;

pub use held_out::HeldOut;

#[cfg(test)]
pub(super) mod tests;
