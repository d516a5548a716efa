//! Null distributions of alignment scores: sums over contiguous query columns, each
//! against a column drawn at random from those of all targets.

/// Summands of a convolution that are added in one pass.
const TOGETHER: usize = 8;

/// The distribution of one query column's score, in bins.
#[derive(Debug, Clone)]
pub(super) struct Distribution {
    /// The lowest bin of positive probability.
    pub(super) low: i32,
    /// Probabilities from there to the highest bin of positive probability.
    pub(super) probabilities: Vec<f64>,
}

impl Distribution {
    pub(super) fn high(&self) -> i32 {
        self.low + self.probabilities.len() as i32 - 1
    }
}

/// `P(score >= low + k)` of a span of query columns, for each `k`; one below `low`,
/// zero above.
pub(super) struct Tail<'a> {
    pub(super) start: usize,
    pub(super) length: usize,
    pub(super) low: i32,
    pub(super) survival: &'a [f64],
}

/// Calls `visit` with the tail of every span of `columns`, as far as it concerns scores of
/// at least `lowest`: a tail may begin anywhere up to there.
///
/// The tail of a sum is the tail of all but its last summand, convolved with the last
/// one's distribution: only positive numbers are added, so the smallest probabilities
/// keep their relative precision.
#[inline(always)]
pub(super) fn spans(columns: &[Distribution], lowest: i32, mut visit: impl FnMut(Tail<'_>)) {
    // The most that the columns from each one on can add.
    let mut rest = vec![0; columns.len() + 1];
    for (at, column) in columns.iter().enumerate().rev() {
        rest[at] = rest[at + 1] + column.high().max(0);
    }
    let mut padded: Vec<f64> = Vec::new();
    let mut next: Vec<f64> = Vec::new();
    for start in 0..columns.len() {
        next.clear();
        next.push(1.0);
        let mut low = 0;
        for (end, column) in columns.iter().enumerate().skip(start) {
            let width = column.probabilities.len();
            let count = next.len() + width - 1;
            // Certainty below the support, impossibility above.
            padded.clear();
            padded.resize(width - 1, 1.0);
            padded.extend_from_slice(&next);
            padded.resize(count + width - 1, 0.0);
            // The empty sum is zero for certain: its support is one bin.
            low += column.low;
            // What lies lower reaches `lowest` with no column to come.
            let needless = lowest.saturating_sub(rest[end + 1]).saturating_sub(low);
            let cut = usize::try_from(needless).unwrap_or(0);
            if cut >= count {
                break;
            }
            low += cut as i32;
            next.clear();
            next.resize(count - cut, 0.0);
            convolve(&padded[cut..], &column.probabilities, &mut next);
            visit(Tail {
                start,
                length: end + 1 - start,
                low,
                survival: &next,
            });
        }
    }
}

/// Adds to `out[k]` the sum over `b` of `probabilities[b]` times
/// `padded[k + probabilities.len() - 1 - b]`.
#[inline(always)]
fn convolve(padded: &[f64], probabilities: &[f64], out: &mut [f64]) {
    let count = out.len();
    let last = probabilities.len() - 1;
    let mut passes = probabilities.chunks_exact(TOGETHER);
    let mut first = 0;
    for pass in &mut passes {
        let pass: &[f64; TOGETHER] = pass.try_into().expect("a slice of that length");
        let windows: [&[f64]; TOGETHER] =
            std::array::from_fn(|at| &padded[last - first - at..][..count]);
        for k in 0..count {
            let mut sum = out[k];
            for at in 0..TOGETHER {
                sum = pass[at].mul_add(windows[at][k], sum);
            }
            out[k] = sum;
        }
        first += TOGETHER;
    }
    for (at, &probability) in (first..).zip(passes.remainder()) {
        let window = &padded[last - at..][..count];
        for k in 0..count {
            out[k] = probability.mul_add(window[k], out[k]);
        }
    }
}

/// The probability that one of several independent events happens, updated by one more:
/// exact for the smallest probabilities too.
#[inline(always)]
fn unite(into: &mut [f64], with: &[f64]) {
    let count = into.len().min(with.len());
    let (into, with) = (&mut into[..count], &with[..count]);
    for k in 0..count {
        into[k] = (1.0 - into[k]).mul_add(with[k], into[k]);
    }
}

/// A row of probabilities that a score of at least `lowest + k` arises, for each `k`.
#[derive(Clone)]
struct Row(Vec<f64>);

impl Row {
    fn never(count: usize) -> Self {
        Self(vec![0.0; count])
    }

    /// Adds the event that the span's score is that high.
    #[inline(always)]
    fn unite(&mut self, tail: &Tail<'_>, lowest: i32) {
        let below = usize::try_from(tail.low - lowest).unwrap_or(0);
        let cut = usize::try_from(lowest - tail.low).unwrap_or(0);
        let certain = below.min(self.0.len());
        self.0[..certain].fill(1.0);
        if cut < tail.survival.len() {
            unite(&mut self.0[certain..], &tail.survival[cut..]);
        }
    }
}

/// For each width of targets, the probability that the best complete score over all
/// alignments with a random target is at least a given score.
pub(super) struct BestScores {
    lowest: i32,
    /// By width; empty for widths that no target has.
    rows: Vec<Vec<f64>>,
}

impl BestScores {
    /// For scores from `lowest` up. `widths[t]` tells whether a target has width `t`.
    #[inline(always)]
    pub(super) fn new(
        columns: &[Distribution],
        widths: &[bool],
        min_overlap: usize,
        lowest: i32,
    ) -> Self {
        let width = columns.len();
        let highest: i32 = columns.iter().map(|column| column.high().max(0)).sum();
        let count = usize::try_from(highest - lowest + 1).unwrap_or(0);
        let mut full = Row::never(count);
        // Overhanging alignments by overlap, at both ends of the query; and those that
        // lie within the query, by width of the target.
        let mut edges = vec![Row::never(count); width];
        let mut inner: Vec<Row> = (0..width)
            .map(|length| {
                Row::never(if widths.get(length) == Some(&true) {
                    count
                } else {
                    0
                })
            })
            .collect();
        spans(
            columns,
            lowest,
            #[inline(always)]
            |tail| {
                if tail.length == width {
                    full.unite(&tail, lowest);
                    return;
                }
                if tail.start == 0 {
                    edges[tail.length].unite(&tail, lowest);
                }
                if tail.start + tail.length == width {
                    edges[tail.length].unite(&tail, lowest);
                }
                if !inner[tail.length].0.is_empty() {
                    inner[tail.length].unite(&tail, lowest);
                }
            },
        );
        // Alignments that overhang by `min_overlap` to `length - 1` columns.
        let mut overhanging = Row::never(count);
        let mut rows = vec![Vec::new(); widths.len()];
        for (target, row) in rows.iter_mut().enumerate().take(width) {
            if target > min_overlap {
                unite(&mut overhanging.0, &edges[target - 1].0);
            }
            if widths[target] {
                *row = overhanging.0.clone();
                unite(row, &inner[target].0);
            }
        }
        if width > min_overlap && width > 1 {
            unite(&mut overhanging.0, &edges[width - 1].0);
        }
        let mut best = overhanging;
        for (target, row) in rows.iter_mut().enumerate().skip(width) {
            // One more place within the target for each column that it is wider.
            unite(&mut best.0, &full.0);
            if widths[target] {
                row.clone_from(&best.0);
            }
        }
        Self { lowest, rows }
    }

    /// The p-value of the best score `score` with a target of width `target`.
    #[inline(always)]
    pub(super) fn p_value(&self, target: usize, score: i32) -> f64 {
        let row = &self.rows[target];
        usize::try_from(score - self.lowest)
            .map_or(1.0, |at| row.get(at).map_or(0.0, |p| p.min(1.0)))
    }
}

/// The tails of all spans, for scores of single alignments.
pub(super) struct SpanTails {
    width: usize,
    tails: Vec<(i32, Vec<f64>)>,
}

impl SpanTails {
    #[inline(always)]
    pub(super) fn new(columns: &[Distribution]) -> Self {
        let width = columns.len();
        let mut tails = vec![(0, Vec::new()); width * (width + 1)];
        spans(
            columns,
            i32::MIN,
            #[inline(always)]
            |tail| {
                tails[tail.start * (width + 1) + tail.length] = (tail.low, tail.survival.to_vec());
            },
        );
        Self { width, tails }
    }

    /// `P(sum over the span >= score)`.
    pub(super) fn p_value(&self, start: usize, length: usize, score: i32) -> f64 {
        let (low, survival) = &self.tails[start * (self.width + 1) + length];
        usize::try_from(score - low).map_or(1.0, |at| survival.get(at).map_or(0.0, |p| p.min(1.0)))
    }
}
