//! Scores between two columns. All rise with similarity; most are negated distances.
//!
//! Sums over the four letters pair A with T and C with G, so that two columns score
//! exactly as their complements do.

use super::options::Distance;

/// Queries, or query columns, that are scored together.
pub(super) const LANES: usize = 16;

/// Numbers that a distance needs of a column: up to four per letter pair, and sites.
pub(super) const FEATURES: usize = 9;

/// What scores are computed from: see [`features`].
pub(super) type Features = [f32; FEATURES];

/// A column: frequencies of A, C, G, T and the sites they were counted from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Column {
    pub(super) frequencies: [f64; 4],
    pub(super) sites: f64,
}

impl Column {
    pub(super) fn complement(self) -> Self {
        let [a, c, g, t] = self.frequencies;
        Self {
            frequencies: [t, g, c, a],
            ..self
        }
    }
}

/// The features of a column for `distance`, with the background for `Allr`.
pub(super) fn features(distance: Distance, column: &Column, background: &[f64; 4]) -> Features {
    let x = column.frequencies;
    let mut out = [0.0; FEATURES];
    let (first, second) = match distance {
        Distance::Euclidean | Distance::SandelinWasserman => (x, [0.0; 4]),
        Distance::Pearson => (standardized(x), [0.0; 4]),
        Distance::Kullback => (x, x.map(f64::ln)),
        Distance::Allr => (x, std::array::from_fn(|i| (x[i] / background[i]).ln())),
    };
    for i in 0..4 {
        out[i] = first[i] as f32;
        out[4 + i] = second[i] as f32;
    }
    out[8] = column.sites as f32;
    out
}

/// The column less 1/4, scaled to length one. The uniform column has no direction and
/// correlates with nothing: zeros.
fn standardized(x: [f64; 4]) -> [f64; 4] {
    let centred = x.map(|value| value - 0.25);
    let [a, c, g, t] = centred.map(|value| value * value);
    let length = ((a + t) + (c + g)).sqrt();
    if length > 1e-9 {
        centred.map(|value| value / length)
    } else {
        [0.0; 4]
    }
}

/// The score of a proxy, which spares a square root where order is all that matters.
#[inline(always)]
pub(super) fn of_proxy(distance: Distance, proxy: f32) -> f32 {
    match distance {
        Distance::Euclidean => -(-proxy).sqrt(),
        _ => proxy,
    }
}

/// The proxy of a score.
#[inline(always)]
pub(super) fn proxy_of(distance: Distance, score: f32) -> f32 {
    match distance {
        Distance::Euclidean if score > 0.0 => f32::INFINITY,
        Distance::Euclidean => -score * score,
        _ => score,
    }
}

/// Query columns, one per lane: features by lane.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lanes([[f32; LANES]; FEATURES]);

impl Lanes {
    /// Up to [`LANES`] columns; lanes without one repeat the first.
    pub(super) fn new<'a>(columns: impl ExactSizeIterator<Item = &'a Features>) -> Self {
        let mut lanes = [[0.0; LANES]; FEATURES];
        let count = columns.len();
        for (lane, features) in columns.enumerate() {
            for (row, &value) in lanes.iter_mut().zip(features) {
                if lane == 0 {
                    row[count..].fill(value);
                }
                row[lane] = value;
            }
        }
        Self(lanes)
    }

    /// Calls `each` with the number of every target and its score with every lane.
    #[inline(always)]
    pub(super) fn scores(
        &self,
        distance: Distance,
        targets: &[Features],
        mut each: impl FnMut(usize, &[f32; LANES]),
    ) {
        let mut scores = [0.0_f32; LANES];
        self.proxies(
            distance,
            targets,
            #[inline(always)]
            |number, proxies| {
                for lane in 0..LANES {
                    scores[lane] = of_proxy(distance, proxies[lane]);
                }
                each(number, &scores);
            },
        );
    }

    /// As [`scores`](Self::scores), with numbers that rise with the scores in their place:
    /// see [`of_proxy`].
    #[inline(always)]
    pub(super) fn proxies(
        &self,
        distance: Distance,
        targets: &[Features],
        each: impl FnMut(usize, &[f32; LANES]),
    ) {
        match distance {
            Distance::Euclidean => self.each(targets, each, |x, y| {
                let [a, c, g, t] = std::array::from_fn(|i| (x[i] - y[i]) * (x[i] - y[i]));
                -((a + t) + (c + g))
            }),
            Distance::Pearson => self.each(targets, each, |x, y| {
                let [a, c, g, t] = std::array::from_fn(|i| x[i] * y[i]);
                (a + t) + (c + g)
            }),
            Distance::SandelinWasserman => self.each(targets, each, |x, y| {
                let [a, c, g, t] = std::array::from_fn(|i| (x[i] - y[i]) * (x[i] - y[i]));
                2.0 - ((a + t) + (c + g))
            }),
            Distance::Kullback => self.each(targets, each, |x, y| {
                let [a, c, g, t] = std::array::from_fn(|i| (x[i] - y[i]) * (x[4 + i] - y[4 + i]));
                -0.5 * ((a + t) + (c + g))
            }),
            Distance::Allr => self.each(targets, each, |x, y| {
                let [a, c, g, t] =
                    std::array::from_fn(|i| x[8] * x[i] * y[4 + i] + y[8] * y[i] * x[4 + i]);
                ((a + t) + (c + g)) / (x[8] + y[8])
            }),
        }
    }

    #[inline(always)]
    fn each(
        &self,
        targets: &[Features],
        mut each: impl FnMut(usize, &[f32; LANES]),
        score: impl Fn(&Features, &Features) -> f32,
    ) {
        let queries = self.0;
        let mut scores = [0.0_f32; LANES];
        for (number, target) in targets.iter().enumerate() {
            for lane in 0..LANES {
                let [a, c, g, t, la, lc, lg, lt, sites] = &queries;
                let query = [
                    a[lane],
                    c[lane],
                    g[lane],
                    t[lane],
                    la[lane],
                    lc[lane],
                    lg[lane],
                    lt[lane],
                    sites[lane],
                ];
                scores[lane] = score(&query, target);
            }
            each(number, &scores);
        }
    }
}
