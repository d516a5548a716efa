//! Hits: where patterns lie in sequences, and how much each contributes there.
//!
//! The contributions of a sequence are explained as a sum of patterns, each at some place, on some
//! strand and in some strength, with as few of them as a penalty leaves: a lasso whose
//! coefficients are at least 0, as Fi-NeMo has it (Wang, Ramalingam, Tseng, Schreiber et al.,
//! manuscript in preparation; version 0.41). Patterns that overlap compete, so that a place
//! that looks like three similar patterns is a hit of the one that explains it best.
//!
//! Let `a` be the contributions of the bases of a sequence over the root of their mean square. A
//! pattern at a place counts with its core: the mean contributions of its columns, over the norm of
//! all its columns. Its prediction is the core, masked by the bases that are there, times `s = 1 / √(Σa² + 1)`,
//! the sum being over the positions of the core. Coefficients `c ≥ 0` minimise
//! `½ ‖a − prediction‖² + penalty · Σc`. A hit is a coefficient above 0 whose core has a similarity
//! of at least the penalty to the contributions. A palindrome is one hit, on the strand that
//! explains more of it, where Fi-NeMo has two; and a core may lie at the very edge of a sequence,
//! where Fi-NeMo wants room for all columns of the pattern.
//!
//! The minimum is found by coordinate descent over the coefficients that are above 0 or violate the
//! conditions of optimality, until none violates them by more than a millionth.

use bindscape_base::progress::{Progress, check};
use bindscape_base::{Error, Result};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::hdf5::Stored;
use crate::tracks::{Tracks, UNKNOWN};

/// How far a coefficient may be from the conditions of optimality.
const TOLERANCE: f64 = 1e-6;
/// Coefficients up to this size are none.
const LEAST: f64 = 1e-6;
/// Most rounds of descent of a sequence; a few are enough.
const ROUNDS: usize = 1000;
/// Sequences between two looks at the progress.
const CHUNK: usize = 64;

/// Settings of [`call`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HitOptions {
    /// What each coefficient costs, and the least similarity of a hit, above 0 and below 1.
    pub penalty: f64,
    /// Columns at the ends of a pattern that contribute less than this share of its strongest are
    /// no part of its core.
    pub core: f64,
}

impl Default for HitOptions {
    /// Those of Fi-NeMo.
    fn default() -> Self {
        Self {
            penalty: 0.7,
            core: 0.3,
        }
    }
}

impl HitOptions {
    /// Refuses settings that make no sense.
    ///
    /// # Errors
    /// If a setting is out of its range.
    pub fn validate(&self) -> Result<()> {
        if !(self.penalty > 0.0 && self.penalty < 1.0) {
            return Err(Error::argument(
                "penalty",
                "a number between 0 and 1",
                self.penalty.to_string(),
            )
            .hint("0.7 is usual; 0.6 finds more, 0.8 fewer"));
        }
        if !(0.0..=1.0).contains(&self.core) {
            return Err(Error::argument(
                "core",
                "a share from 0 to 1",
                self.core.to_string(),
            ));
        }
        Ok(())
    }
}

/// A pattern at a place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    /// Number of the sequence, from 0.
    pub example: u32,
    /// Number of the pattern in the list that was given.
    pub pattern: usize,
    /// First position of the core in the sequence, from 0.
    pub start: usize,
    /// Position after the last of the core.
    pub end: usize,
    /// Whether it reads along the reverse strand.
    pub reverse: bool,
    /// Its coefficient.
    pub coefficient: f64,
    /// The coefficient times the mean square of the contributions of the sequence: comparable
    /// between sequences.
    pub strength: f64,
    /// Sum of the products of core and contributions over the norm of these: at most 1.
    pub similarity: f64,
    /// Sum of the absolute contributions under the core.
    pub importance: f64,
    /// Sum of their squares.
    pub importance_squared: f64,
}

/// How much of the contributions of a sequence its hits account for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fit {
    /// Root of the mean square of its contributions.
    pub scale: f64,
    /// Share of its absolute contributions that lie under a hit; `None` where nothing contributes.
    pub covered: Option<f64>,
    /// Number of hits.
    pub hits: usize,
    /// Whether they are those of the minimum, to a millionth.
    pub exact: bool,
}

/// The hits of all sequences.
#[derive(Debug, Clone, PartialEq)]
pub struct Called {
    /// Sequence by sequence, by their start.
    pub hits: Vec<Hit>,
    /// One per sequence.
    pub fits: Vec<Fit>,
}

/// Finds the hits of `patterns` in all sequences. `progress` advances by one per sequence.
///
/// ```
/// use bindscape_base::progress::Silent;
/// use bindscape_modisco::hdf5::Stored;
/// use bindscape_modisco::hits::{HitOptions, call};
/// use bindscape_modisco::Tracks;
///
/// // One sequence, whose bases TGA at 4 contribute; a pattern of these three.
/// let bases = vec![0, 0, 1, 0, 3, 2, 0, 1, 1, 0];
/// let mut hypothetical = vec![0.0; 40];
/// for (position, base) in [(4, 3), (5, 2), (6, 0)] {
///     hypothetical[base * 10 + position] = 0.5;
/// }
/// let tracks = Tracks::new(10, bases, hypothetical)?;
/// let columns = vec![[0.0, 0.0, 0.0, 1.0], [0.0, 0.0, 1.0, 0.0], [1.0, 0.0, 0.0, 0.0]];
/// let pattern = Stored {
///     name: "pos_patterns.pattern_0".into(),
///     positive: true,
///     frequencies: columns.clone(),
///     contributions: columns.clone(),
///     hypothetical: columns,
///     seqlets: Vec::new(),
///     count: 0,
/// };
/// let called = call(&tracks, &[pattern], HitOptions::default(), &Silent)?;
/// let hit = &called.hits[0];
/// assert_eq!((hit.start, hit.end, hit.reverse), (4, 7, false));
/// assert!((hit.similarity - 1.0).abs() < 1e-6 && (hit.importance - 1.5).abs() < 1e-6);
/// # Ok::<(), bindscape_base::Error>(())
/// ```
///
/// # Errors
/// If a setting is out of its range, no pattern fits into a sequence, or the user asked to stop.
pub fn call(
    tracks: &Tracks,
    patterns: &[Stored],
    options: HitOptions,
    progress: &dyn Progress,
) -> Result<Called> {
    options.validate()?;
    let templates = Templates::new(patterns, options.core);
    let narrowest = templates.widths.iter().copied().min().unwrap_or(0);
    if narrowest == 0 || narrowest > tracks.length() {
        return Err(Error::about(
            "the patterns",
            format!("at least one that fits into {} positions", tracks.length()),
            match patterns.len() {
                0 => "no pattern".to_owned(),
                _ => format!("cores of {narrowest} columns and more"),
            },
        )
        .hint("give wider sequences"));
    }
    progress.begin("finding hits", Some(tracks.examples() as u64));
    let mut called = Called {
        hits: Vec::new(),
        fits: Vec::new(),
    };
    let examples: Vec<usize> = (0..tracks.examples()).collect();
    for chunk in examples.chunks(CHUNK) {
        check(progress)?;
        let found: Vec<(Vec<Hit>, Fit)> = chunk
            .par_iter()
            .map(|&example| Problem::new(tracks, example, &templates, options.penalty).hits())
            .collect();
        for (hits, fit) in found {
            called.hits.extend(hits);
            called.fits.push(fit);
        }
        progress.advance(chunk.len() as u64);
    }
    progress.finish();
    Ok(called)
}

/// The cores of all patterns in both orientations: pattern 0, pattern 0 reversed, pattern 1, …
struct Templates {
    /// Columns of each core.
    widths: Vec<usize>,
    /// By column and base the value of every template there; 0 beyond its core.
    columns: Vec<[Vec<f64>; 4]>,
}

impl Templates {
    fn new(patterns: &[Stored], share: f64) -> Self {
        let mut cores: Vec<Vec<[f64; 4]>> = Vec::new();
        for pattern in patterns {
            let rows = &pattern.contributions;
            let norm = rows.as_flattened().iter().map(|v| v * v).sum::<f64>();
            let norm = norm.sqrt().max(f64::MIN_POSITIVE);
            let core: Vec<[f64; 4]> = rows[pattern.core(share)]
                .iter()
                .map(|row| row.map(|value| value / norm))
                .collect();
            let complement = |row: &[f64; 4]| [row[3], row[2], row[1], row[0]];
            let reverse = core.iter().rev().map(complement).collect();
            cores.extend([core, reverse]);
        }
        let widest = cores.iter().map(Vec::len).max().unwrap_or(0);
        let value = |column: usize, base: usize| {
            let of = |core: &Vec<[f64; 4]>| core.get(column).map_or(0.0, |row| row[base]);
            cores.iter().map(of).collect()
        };
        Self {
            widths: cores.iter().map(Vec::len).collect(),
            columns: (0..widest)
                .map(|column| std::array::from_fn(|base| value(column, base)))
                .collect(),
        }
    }

    fn len(&self) -> usize {
        self.widths.len()
    }
}

/// A template at a place, whose coefficient may be above 0.
struct Candidate {
    template: usize,
    start: usize,
    /// What a coefficient of 1 predicts, position by position of the core.
    values: Vec<f64>,
    /// Sum of their squares.
    square: f64,
    coefficient: f64,
}

/// The contributions of one sequence and what is to be explained of them.
struct Problem<'a> {
    example: u32,
    templates: &'a Templates,
    penalty: f64,
    bases: &'a [u8],
    /// Scaled contributions.
    target: Vec<f64>,
    /// What is not explained of them.
    residual: Vec<f64>,
    /// Sums of the squares of the first 0, 1, … of them.
    squares: Vec<f64>,
    scale: f64,
    candidates: Vec<Candidate>,
}

impl<'a> Problem<'a> {
    fn new(tracks: &'a Tracks, example: usize, templates: &'a Templates, penalty: f64) -> Self {
        let length = tracks.length();
        let contribution = |at: usize| f64::from(tracks.contribution(example, at));
        let mut target: Vec<f64> = (0..length).map(contribution).collect();
        let square: f64 = target.iter().map(|v| v * v).sum();
        let scale = (square / length as f64).sqrt();
        if scale > 0.0 {
            target.iter_mut().for_each(|value| *value /= scale);
        }
        let mut squares = vec![0.0; length + 1];
        for (at, value) in target.iter().enumerate() {
            squares[at + 1] = squares[at] + value * value;
        }
        Self {
            example: example as u32,
            templates,
            penalty,
            bases: tracks.bases(example),
            residual: target.clone(),
            target,
            squares,
            scale,
            candidates: Vec::new(),
        }
    }

    /// Sum of the squared contributions under a template.
    fn square(&self, template: usize, start: usize) -> f64 {
        let sum = self.squares[start + self.templates.widths[template]] - self.squares[start];
        sum.max(0.0)
    }

    /// What the predictions of a template are multiplied with.
    fn weight(&self, template: usize, start: usize) -> f64 {
        (self.square(template, start) + 1.0).sqrt().recip()
    }

    fn value(&self, template: usize, start: usize, column: usize) -> f64 {
        match self.bases[start + column] {
            UNKNOWN => 0.0,
            base => self.templates.columns[column][usize::from(base)][template],
        }
    }

    /// Goes towards the minimum for so many rounds at most; whether it is reached.
    fn solve(&mut self, rounds: usize) -> bool {
        let mut gradients = vec![0.0; self.bases.len() * self.templates.len()];
        for _ in 0..rounds {
            self.correlate(&mut gradients);
            let added = self.violations(&gradients);
            if added.is_empty() {
                return true;
            }
            for (template, start) in added {
                self.add(template, start);
            }
            self.descend();
            self.candidates
                .retain(|candidate| candidate.coefficient > 0.0);
        }
        false
    }

    /// Products of the residual with every template at every start, `[start, template]`.
    fn correlate(&self, gradients: &mut [f64]) {
        let count = self.templates.len();
        let length = self.bases.len();
        for (start, sums) in gradients.chunks_exact_mut(count).enumerate() {
            sums.fill(0.0);
            for (column, values) in self.templates.columns.iter().enumerate() {
                let at = start + column;
                if at >= length {
                    break;
                }
                let residual = self.residual[at];
                let base = self.bases[at];
                if base == UNKNOWN || residual == 0.0 {
                    continue;
                }
                for (sum, value) in sums.iter_mut().zip(&values[usize::from(base)]) {
                    *sum += residual * value;
                }
            }
        }
    }

    /// Templates at places that would lower the objective, the most promising first and none over
    /// the middle of a better one.
    fn violations(&self, gradients: &[f64]) -> Vec<(usize, usize)> {
        let count = self.templates.len();
        let length = self.bases.len();
        let mut found: Vec<(f64, usize, usize)> = Vec::new();
        for (start, sums) in gradients.chunks_exact(count).enumerate() {
            for (template, &sum) in sums.iter().enumerate() {
                // The weight is at most 1.
                if sum <= self.penalty || start + self.templates.widths[template] > length {
                    continue;
                }
                let excess = sum * self.weight(template, start) - self.penalty;
                if excess > TOLERANCE {
                    found.push((excess, template, start));
                }
            }
        }
        found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.2.cmp(&b.2)).then(a.1.cmp(&b.1)));
        let mut taken = vec![false; length];
        let mut added = Vec::new();
        for (_, template, start) in found {
            let width = self.templates.widths[template];
            let known = |c: &Candidate| c.template == template && c.start == start;
            if taken[start + width / 2] || self.candidates.iter().any(known) {
                continue;
            }
            taken[start..start + width].fill(true);
            added.push((template, start));
        }
        added
    }

    fn add(&mut self, template: usize, start: usize) {
        let weight = self.weight(template, start);
        let values: Vec<f64> = (0..self.templates.widths[template])
            .map(|column| weight * self.value(template, start, column))
            .collect();
        let square = values.iter().map(|v| v * v).sum();
        self.candidates.push(Candidate {
            template,
            start,
            values,
            square,
            coefficient: 0.0,
        });
    }

    /// Coordinate descent over the candidates.
    fn descend(&mut self) {
        loop {
            let mut largest = 0.0_f64;
            for candidate in &mut self.candidates {
                if candidate.square == 0.0 {
                    continue;
                }
                let under = &mut self.residual[candidate.start..][..candidate.values.len()];
                let products = under.iter().zip(&candidate.values);
                let gradient: f64 = products.map(|(r, v)| r * v).sum::<f64>() - self.penalty;
                let before = candidate.coefficient;
                candidate.coefficient = (before + gradient / candidate.square).max(0.0);
                let change = candidate.coefficient - before;
                for (residual, value) in under.iter_mut().zip(&candidate.values) {
                    *residual -= change * value;
                }
                // As a change of the gradient.
                largest = largest.max(change.abs() * candidate.square);
            }
            if largest < TOLERANCE / 10.0 {
                return;
            }
        }
    }

    fn hits(mut self) -> (Vec<Hit>, Fit) {
        let exact = self.scale == 0.0 || self.solve(ROUNDS);
        let mut hits: Vec<Hit> = (self.candidates.iter())
            .filter(|candidate| candidate.coefficient > LEAST)
            .map(|candidate| self.hit(candidate))
            .filter(|hit| hit.similarity >= self.penalty)
            .collect();
        hits.sort_by_key(|hit| (hit.start, hit.end, hit.pattern, hit.reverse));
        hits.dedup_by(|second, first| merge(first, second));
        let fit = Fit {
            scale: self.scale,
            covered: self.covered(&hits),
            hits: hits.len(),
            exact,
        };
        (hits, fit)
    }

    fn covered(&self, hits: &[Hit]) -> Option<f64> {
        let mut under = vec![false; self.target.len()];
        for hit in hits {
            under[hit.start..hit.end].fill(true);
        }
        let sum = |all: bool| -> f64 {
            let values = self.target.iter().zip(&under);
            let kept = values.filter(|&(_, &under)| all || under);
            // The sum of none is -0.
            kept.map(|(value, _)| value.abs()).sum::<f64>() + 0.0
        };
        let all = sum(true);
        (all > 0.0).then(|| sum(false) / all)
    }

    fn hit(&self, candidate: &Candidate) -> Hit {
        let (template, start) = (candidate.template, candidate.start);
        let end = start + self.templates.widths[template];
        let products =
            (start..end).map(|at| self.target[at] * self.value(template, start, at - start));
        let norm = self.square(template, start).sqrt().max(f64::MIN_POSITIVE);
        let importance = self.target[start..end].iter().map(|v| v.abs()).sum::<f64>();
        Hit {
            example: self.example,
            pattern: template / 2,
            start,
            end,
            reverse: template % 2 == 1,
            coefficient: candidate.coefficient,
            strength: candidate.coefficient * self.scale * self.scale,
            similarity: products.sum::<f64>() / norm,
            importance: importance * self.scale,
            importance_squared: self.square(template, start) * self.scale * self.scale,
        }
    }
}

/// Takes the other strand of a hit into it, as it is in a palindrome: the stronger one stays, with
/// both coefficients. Says whether it is that.
fn merge(first: &mut Hit, second: &Hit) -> bool {
    let place = |hit: &Hit| (hit.start, hit.end, hit.pattern);
    if place(first) != place(second) {
        return false;
    }
    let sum = |of: fn(&Hit) -> f64| of(first) + of(second);
    let (coefficient, strength) = (sum(|hit| hit.coefficient), sum(|hit| hit.strength));
    if second.coefficient > first.coefficient {
        *first = *second;
    }
    (first.coefficient, first.strength) = (coefficient, strength);
    true
}

#[cfg(test)]
mod tests {
    use bindscape_base::progress::Silent;

    use super::*;

    /// A pattern whose columns contribute with one base each.
    fn pattern(sequence: &str, sizes: &[f64]) -> Stored {
        let contributions = (sequence.bytes().zip(sizes))
            .map(|(letter, &size)| {
                let base = b"ACGT".iter().position(|&b| b == letter).expect("a base");
                std::array::from_fn(|other| if other == base { size } else { 0.0 })
            })
            .collect();
        Stored {
            name: sequence.to_owned(),
            positive: true,
            frequencies: Vec::new(),
            contributions,
            hypothetical: Vec::new(),
            seqlets: Vec::new(),
            count: 0,
        }
    }

    /// Sequences of equal length, and what each of their bases contributes.
    fn tracks(sequences: &[(&str, &[f32])]) -> Tracks {
        let length = sequences[0].0.len();
        let (mut bases, mut hypothetical) = (Vec::new(), Vec::new());
        for (sequence, contributions) in sequences {
            let mut rows = vec![0.0; 4 * length];
            for (at, letter) in sequence.bytes().enumerate() {
                let base = b"ACGT".iter().position(|&b| b == letter).unwrap_or(4);
                bases.push(base as u8);
                for other in 0..4 {
                    let own = other == base || base == 4;
                    rows[other * length + at] = if own { contributions[at] } else { -1.0 };
                }
            }
            hypothetical.extend(rows);
        }
        Tracks::new(length, bases, hypothetical).expect("tracks")
    }

    fn places(called: &Called) -> Vec<(u32, usize, usize, bool)> {
        let place = |hit: &Hit| (hit.example, hit.pattern, hit.start, hit.reverse);
        called.hits.iter().map(place).collect()
    }

    #[test]
    fn hits_at_both_edges_and_on_both_strands() {
        let patterns = [pattern(
            "TTGACTTT",
            &[0.0, 0.1, 1.0, 1.0, 1.0, 1.0, 0.1, 0.0],
        )];
        // GACT at the very beginning, its reverse complement AGTC at the very end.
        let contributions = [1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.9, 0.9, 0.9, 0.9];
        let tracks = tracks(&[("GACTCCCAGTC", &contributions)]);
        let called = call(&tracks, &patterns, HitOptions::default(), &Silent).expect("hits");
        assert_eq!(places(&called), [(0, 0, 0, false), (0, 0, 7, true)]);
        assert_eq!((called.hits[1].start, called.hits[1].end), (7, 11));
        assert!(called.hits[0].strength > called.hits[1].strength);
        assert!(
            (called.fits[0].covered.expect("contributions") - 1.0).abs() < 1e-9
                && called.fits[0].hits == 2
        );
        // All columns are the core: the pattern has no room at the edges.
        let whole = HitOptions {
            core: 0.0,
            ..HitOptions::default()
        };
        assert!(
            call(&tracks, &patterns, whole, &Silent)
                .expect("hits")
                .hits
                .is_empty()
        );
    }

    #[test]
    fn coefficients_meet_the_conditions_of_optimality() {
        let patterns = [
            pattern("TGACTCA", &[0.5, 1.0, 1.0, 0.7, 0.9, 1.0, 0.4]),
            pattern("GACTCAT", &[0.9, 1.0, 0.8, 0.8, 0.6, 0.9, 0.7]),
            pattern("CTGACT", &[-0.4, -1.0, -0.9, -1.0, -0.6, -0.4]),
        ];
        // Whole numbers from a small recurrence: contributions of both signs, with and without sites.
        let mut state = 1_u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state >> 16
        };
        let sequence: String = (0..40)
            .map(|at| match at % 20 {
                5..12 => "TGACTCA".as_bytes()[at % 20 - 5] as char,
                _ => "ACGT".as_bytes()[next() as usize % 4] as char,
            })
            .collect();
        let contributions: Vec<f32> = (0..40)
            .map(|_| (next() % 100) as f32 / 40.0 - 0.7)
            .collect();
        let tracks = tracks(&[(&sequence, &contributions)]);
        let templates = Templates::new(&patterns, 0.3);
        let penalty = 0.2;
        let mut problem = Problem::new(&tracks, 0, &templates, penalty);
        assert!(!problem.solve(1), "one round is too few");
        assert!(problem.solve(ROUNDS));
        assert!(
            problem.candidates.len() >= 3,
            "{}",
            problem.candidates.len()
        );
        for template in 0..templates.len() {
            let width = templates.widths[template];
            for start in 0..=40 - width {
                let products = (0..width).map(|column| {
                    problem.residual[start + column] * problem.value(template, start, column)
                });
                let gradient = products.sum::<f64>() * problem.weight(template, start) - penalty;
                let above = problem
                    .candidates
                    .iter()
                    .any(|candidate| (candidate.template, candidate.start) == (template, start));
                assert!(gradient < 2e-6, "{template} {start}: {gradient}");
                assert!(!above || gradient > -2e-6, "{template} {start}: {gradient}");
            }
        }
    }

    #[test]
    fn a_palindrome_is_one_hit() {
        let sizes = [0.8, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.9];
        let patterns = [pattern("ATGCGCAT", &sizes)];
        let contributions = [0.0, 0.0, 0.85, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.86, 0.0, 0.0];
        let tracks = tracks(&[("CCATGCGCATCC", &contributions)]);
        let called = call(&tracks, &patterns, HitOptions::default(), &Silent).expect("hits");
        assert_eq!(places(&called), [(0, 0, 2, false)]);
        assert_eq!(called.fits[0].hits, 1);
    }

    #[test]
    fn similar_patterns_compete() {
        let patterns = [
            pattern("TGACTCA", &[1.0; 7]),
            pattern("TGACTC", &[1.0; 6]),
            pattern("GACTCA", &[1.0; 6]),
        ];
        let contributions = [0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0];
        let tracks = tracks(&[("CCTGACTCACCC", &contributions)]);
        let called = call(&tracks, &patterns, HitOptions::default(), &Silent).expect("hits");
        assert_eq!(called.hits.len(), 1, "{called:?}");
        assert_eq!(called.hits[0].pattern, 0);
        // Each alone would be a hit.
        for pattern in &patterns[1..] {
            let alone = call(
                &tracks,
                std::slice::from_ref(pattern),
                HitOptions::default(),
                &Silent,
            );
            assert_eq!(alone.expect("hits").hits.len(), 1);
        }
    }

    #[test]
    fn the_scale_of_contributions_and_patterns_does_not_matter() {
        let contributions: Vec<f32> = (0..12).map(|at| [0.1, 0.9, 0.4][at % 3]).collect();
        let large: Vec<f32> = contributions.iter().map(|value| value * 64.0).collect();
        let sequence = "TGACTCATGACC";
        let both = tracks(&[(sequence, &contributions), (sequence, &large)]);
        let small = pattern("ACTCA", &[0.4, 0.1, 0.9, 0.4, 0.1]);
        let mut scaled = small.clone();
        scaled
            .contributions
            .iter_mut()
            .for_each(|row| *row = row.map(|value| 8.0 * value));
        let called = call(&both, &[small], HitOptions::default(), &Silent).expect("hits");
        let [first, second] = &called.hits[..] else {
            panic!("{called:?}")
        };
        assert!((first.coefficient - second.coefficient).abs() < 1e-5);
        assert!((second.importance / first.importance - 64.0).abs() < 1e-3);
        let other = call(&both, &[scaled], HitOptions::default(), &Silent).expect("hits");
        assert_eq!(places(&other), places(&called));
    }

    #[test]
    fn nothing_contributes_nothing_is_found() {
        let patterns = [pattern("GACT", &[1.0; 4])];
        let tracks = tracks(&[("GACTNGACT", &[0.0; 9]), ("GANTNNNNN", &[1.0; 9])]);
        let called = call(&tracks, &patterns, HitOptions::default(), &Silent).expect("hits");
        assert!(called.hits.iter().all(|hit| hit.example == 1), "{called:?}");
        assert_eq!(called.fits[0].covered, None);
        let silent = self::tracks(&[("AAAAAAA", &[1.0; 7])]);
        let called = call(&silent, &patterns, HitOptions::default(), &Silent).expect("hits");
        assert_eq!(called.fits[0].hits, 0);
        let covered = called.fits[0].covered.expect("contributions");
        assert_eq!(covered.to_string(), "0", "not -0");
    }

    #[test]
    fn bad_settings_and_patterns_are_refused() {
        let tracks = tracks(&[("GACT", &[1.0; 4])]);
        let patterns = [pattern("GACTG", &[1.0; 5])];
        let said = |patterns: &[Stored], penalty: f64| {
            let options = HitOptions {
                penalty,
                ..HitOptions::default()
            };
            call(&tracks, patterns, options, &Silent)
                .expect_err("refused")
                .to_string()
        };
        assert!(said(&patterns, 0.7).contains("fits into 4 positions, found cores of 5"));
        assert!(said(&[], 0.7).contains("no pattern"));
        assert!(said(&patterns, 1.0).starts_with("penalty"));
        assert!(said(&patterns, f64::NAN).starts_with("penalty"));
    }
}
