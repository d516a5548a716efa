//! Comparison of motifs after Tomtom.
//!
//! Gupta, Stamatoyannopoulos, Bailey and Noble (2007), Quantifying similarity between
//! motifs, Genome Biology 8:R24; complete scores after Tanaka, Bailey, Grant and Noble
//! (2011), Improved similarity scores for comparing motifs, Bioinformatics 27:1603.
//!
//! A query column is scored against every column of all targets. These scores, in bins,
//! are its null distribution, and sums over neighbouring query columns are convolved from
//! them, as if the columns of a random target were drawn one by one. An alignment's
//! complete score is the sum over its aligned columns plus, for each query column that
//! has no partner, that column's median score; bins are counted from the median, so that
//! these add nothing. Scores that are not complete are binned as they are. The p-value of the best alignment is the probability that any of
//! the possible alignments reaches its score, taken as independent; where both strands
//! are compared, `1 - (1 - p)^2` of the better one.
//!
//! Scores are binned (100 bins over the range of a query's scores). Target columns that
//! agree to a step of [`Options::steps`] can be taken for one, which is faster and moves
//! the p-values of near-identical motifs by orders of magnitude.

mod align;
mod columns;
mod distance;
mod null;
mod options;
mod summary;
#[cfg(test)]
mod tests;

use bindscape_base::progress::{Progress, check};
use bindscape_base::{Error, Result};
use bindscape_kernels::vectorized;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::motif::Motif;
use align::{Place, Scored};
use columns::Columns;
use distance::{Column, Features, LANES, features};
use null::{BestScores, SpanTails};
use summary::QueryColumn;

pub use options::{Distance, Options};

/// The best alignment of a query with a target.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Match {
    /// Number of the target, from 0.
    pub target: usize,
    /// Probability that a random target of this width matches as well.
    pub p_value: f64,
    /// Place of the query's first column in the target, from 0; negative where the query
    /// overhangs to the left. On the reverse complement of the target if
    /// [`reverse`](Self::reverse).
    pub offset: i32,
    /// Aligned columns.
    pub overlap: usize,
    /// Whether the target was reverse-complemented.
    pub reverse: bool,
    /// The alignment's score in bins, comparable among matches of one query only.
    pub score: i32,
}

/// Motifs to compare queries with.
///
/// ```
/// use bindscape_base::progress::Silent;
/// use bindscape_motif::compare::{Options, Targets};
/// use bindscape_motif::jaspar;
///
/// let known = jaspar::select("insects")?.motifs;
/// let human = jaspar::select("MA0139")?.motifs;
/// let targets = Targets::new(&known, Options::default())?;
/// let best = targets.compare(&human, &Silent, |_, matches| {
///     matches.iter().copied().min_by(|a, b| a.p_value.total_cmp(&b.p_value))
/// })?;
/// let best = best[0].expect("a match per target");
/// assert_eq!(known[best.target].name.as_deref(), Some("CTCF"));
/// assert!(best.p_value < 1e-4);
/// # Ok::<(), bindscape_base::Error>(())
/// ```
pub struct Targets {
    columns: Columns,
    widths: Vec<bool>,
    options: Options,
    background: [f64; 4],
}

impl Targets {
    /// Prepares `targets`.
    ///
    /// # Errors
    /// If there is none, or an option is out of its range.
    pub fn new(targets: &[Motif], options: Options) -> Result<Self> {
        options.validate()?;
        let background = options.background_of_strands();
        if targets.is_empty() {
            return Err(Error::about("the targets", "at least one motif", "none"));
        }
        let columns: Vec<Vec<Column>> = targets
            .iter()
            .map(|target| motif_columns(target, &options, &background))
            .collect::<Result<_>>()?;
        let widest = columns.iter().map(Vec::len).max().unwrap_or(0);
        let mut widths = vec![false; widest + 1];
        for target in &columns {
            widths[target.len()] = true;
        }
        Ok(Self {
            columns: Columns::new(&columns, &options, &background),
            widths,
            options,
            background,
        })
    }

    /// Number of targets.
    #[must_use]
    pub fn len(&self) -> usize {
        self.columns.forward.len()
    }

    /// Whether there is no target; never.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.columns.forward.is_empty()
    }

    /// Compares every query with every target. `keep` gets the number of a query and its
    /// matches, one per target in order, and says what to keep of them; the results are in
    /// the order of the queries and do not depend on the number of threads.
    ///
    /// # Errors
    /// If a query is too wide, or the user asked to stop.
    pub fn compare<R: Send>(
        &self,
        queries: &[Motif],
        progress: &dyn Progress,
        keep: impl Fn(usize, &[Match]) -> R + Sync,
    ) -> Result<Vec<R>> {
        let columns: Vec<Vec<Column>> = queries
            .iter()
            .map(|query| motif_columns(query, &self.options, &self.background))
            .collect::<Result<_>>()?;
        let queries = self.query_columns(&columns, progress)?;
        // Batches of one width, the widest first: they take longest.
        let mut order: Vec<usize> = (0..queries.len()).collect();
        order.sort_by_key(|&query| std::cmp::Reverse(queries[query].len()));
        let batches: Vec<&[usize]> = order
            .chunk_by(|&a, &b| queries[a].len() == queries[b].len())
            .flat_map(|same| same.chunks(LANES))
            .collect();
        let kept: Vec<Vec<R>> = batches
            .par_iter()
            .with_max_len(1)
            .map_init(Vec::new, |memory, &batch| {
                check(progress)?;
                let columns: Vec<Vec<QueryColumn>> =
                    batch.iter().map(|&query| queries[query].clone()).collect();
                let matches = vectorized(
                    #[inline(always)]
                    || self.batch(&columns, memory),
                );
                progress.advance(batch.len() as u64);
                Ok(batch
                    .iter()
                    .zip(&matches)
                    .map(|(&query, matches)| keep(query, matches))
                    .collect())
            })
            .collect::<Result<_>>()?;
        let mut placed: Vec<Option<R>> = (0..queries.len()).map(|_| None).collect();
        for (&query, result) in batches
            .iter()
            .flat_map(|batch| batch.iter())
            .zip(kept.into_iter().flatten())
        {
            placed[query] = Some(result);
        }
        Ok(placed
            .into_iter()
            .map(|result| result.expect("every query is in one batch"))
            .collect())
    }

    /// The columns of the queries with what their scores span; equal columns once.
    fn query_columns(
        &self,
        columns: &[Vec<Column>],
        progress: &dyn Progress,
    ) -> Result<Vec<Vec<QueryColumn>>> {
        let mut numbers: FxHashMap<[u32; distance::FEATURES], usize> = FxHashMap::default();
        let mut distinct: Vec<Features> = Vec::new();
        let mut queries: Vec<Vec<usize>> = Vec::with_capacity(columns.len());
        for query in columns {
            queries.push(
                query
                    .iter()
                    .map(|column| {
                        let features = features(self.options.distance, column, &self.background);
                        *numbers
                            .entry(features.map(f32::to_bits))
                            .or_insert_with(|| {
                                distinct.push(features);
                                distinct.len() - 1
                            })
                    })
                    .collect(),
            );
        }
        let mut distinct: Vec<QueryColumn> = distinct
            .par_chunks(LANES)
            .map(|chunk| {
                check(progress)?;
                Ok(vectorized(
                    #[inline(always)]
                    || QueryColumn::all(chunk, &self.columns, self.options.distance),
                ))
            })
            .collect::<Result<Vec<_>>>()?
            .concat();
        if !self.options.complete {
            // Columns without a partner add nothing: bins are those of the scores themselves.
            for column in &mut distinct {
                column.zero = 0.0;
            }
        }
        Ok(queries
            .into_iter()
            .map(|query| query.into_iter().map(|number| distinct[number]).collect())
            .collect())
    }

    /// All matches of up to [`LANES`] queries of one width.
    #[inline(always)]
    fn batch(
        &self,
        queries: &[Vec<QueryColumn>],
        memory: &mut Vec<[i8; LANES]>,
    ) -> Vec<Vec<Match>> {
        let width = queries[0].len();
        let scored = Scored::new(
            queries,
            &self.columns,
            &self.options,
            std::mem::take(memory),
        );
        let places: Vec<Vec<Place>> = self
            .widths
            .iter()
            .enumerate()
            .map(|(target, &there)| {
                if there {
                    Place::all(width, target, self.options.min_overlap)
                } else {
                    Vec::new()
                }
            })
            .collect();
        let matches = if self.options.complete {
            self.complete(&scored, &places)
        } else {
            self.incomplete(&scored, &places)
        };
        *memory = scored.into_memory();
        matches
    }

    /// Matches by complete scores.
    #[inline(always)]
    fn complete(&self, scored: &Scored, places: &[Vec<Place>]) -> Vec<Vec<Match>> {
        let lanes = scored.distributions.len();
        let mut lowest = [i16::MAX; LANES];
        let mut best: Vec<[([i16; LANES], [i16; LANES]); 2]> = Vec::with_capacity(self.len());
        for target in 0..self.len() {
            let columns = &self.columns.forward[target];
            let places = &places[columns.len()];
            let forward = scored.best(columns, places);
            let reverse = if self.options.both_strands {
                scored.best(&self.columns.reverse[target], places)
            } else {
                forward
            };
            for (lane, lowest) in lowest.iter_mut().enumerate() {
                *lowest = (*lowest).min(forward.0[lane].max(reverse.0[lane]));
            }
            best.push([forward, reverse]);
        }
        let mut matches = Vec::with_capacity(lanes);
        for lane in 0..lanes {
            let null = BestScores::new(
                &scored.distributions[lane],
                &self.widths,
                self.options.min_overlap,
                i32::from(lowest[lane]),
            );
            let mut row = Vec::with_capacity(self.len());
            for (target, [forward, reverse]) in best.iter().enumerate() {
                let width = self.columns.forward[target].len();
                // On equal scores the target is left as it is.
                let reversed = reverse.0[lane] > forward.0[lane];
                let (scores, at) = if reversed { reverse } else { forward };
                let score = i32::from(scores[lane]);
                let place = places[width][at[lane] as usize];
                row.push(self.matched(target, place, reversed, score, null.p_value(width, score)));
            }
            matches.push(row);
        }
        matches
    }

    /// Matches by the scores of the aligned columns alone.
    #[inline(always)]
    fn incomplete(&self, scored: &Scored, places: &[Vec<Place>]) -> Vec<Vec<Match>> {
        let lanes = scored.distributions.len();
        let tails: Vec<SpanTails> = scored
            .distributions
            .iter()
            .map(|columns| SpanTails::new(columns))
            .collect();
        let mut matches = vec![Vec::with_capacity(self.len()); lanes];
        for target in 0..self.len() {
            let width = self.columns.forward[target].len();
            let places = &places[width];
            let mut best: Vec<Option<Match>> = vec![None; lanes];
            let mut try_strand = |columns: &[u32], reversed: bool| {
                scored.alignments(columns, places, |place, sums| {
                    for lane in 0..lanes {
                        let score = i32::from(sums[lane]);
                        let (start, length) = (place.start.into(), place.overlap.into());
                        let p = tails[lane].p_value(start, length, score);
                        if best[lane].is_none_or(|best| p < best.p_value) {
                            best[lane] = Some(Match {
                                p_value: p,
                                ..self.matched(target, *place, reversed, score, p)
                            });
                        }
                    }
                });
            };
            try_strand(&self.columns.forward[target], false);
            if self.options.both_strands {
                try_strand(&self.columns.reverse[target], true);
            }
            for (matches, best) in matches.iter_mut().zip(best) {
                let best = best.expect("two motifs have at least one alignment");
                let p = at_least_one(best.p_value, places.len());
                matches.push(Match {
                    p_value: self.of_strands(p),
                    ..best
                });
            }
        }
        matches
    }

    fn matched(&self, target: usize, place: Place, reverse: bool, score: i32, p: f64) -> Match {
        Match {
            target,
            p_value: self.of_strands(p),
            offset: place.offset(),
            overlap: place.overlap.into(),
            reverse,
            score,
        }
    }

    fn of_strands(&self, p: f64) -> f64 {
        if self.options.both_strands {
            p * (2.0 - p)
        } else {
            p
        }
    }
}

/// `1 - (1 - p)^m`, exact for small `p`.
fn at_least_one(p: f64, m: usize) -> f64 {
    if p >= 1.0 {
        return 1.0;
    }
    -f64::exp_m1(m as f64 * f64::ln_1p(-p))
}

/// The columns of a motif with the pseudocount.
fn motif_columns(motif: &Motif, options: &Options, background: &[f64; 4]) -> Result<Vec<Column>> {
    let rows = motif.frequencies.rows();
    if rows.len() > align::MAX_WIDTH {
        return Err(Error::about(
            format!("motif {}", motif.id),
            format!("at most {} positions", align::MAX_WIDTH),
            rows.len().to_string(),
        )
        .hint("trim its uninformative ends first"));
    }
    let sites = motif.sites_or_assumed();
    let all = sites + options.pseudocount;
    Ok(rows
        .iter()
        .map(|row| Column {
            frequencies: std::array::from_fn(|i| {
                (row[i] * sites + options.pseudocount * background[i]) / all
            }),
            sites,
        })
        .collect())
}
