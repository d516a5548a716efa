//! What the scores of a query column against all target columns span, and their median.

use super::columns::Columns;
use super::distance::{Features, LANES, Lanes, of_proxy, proxy_of};
use super::options::Distance;

/// Thresholds about the presumed median below which scores are counted.
const THRESHOLDS: usize = 4;

/// A query column with what its scores against all target columns span.
#[derive(Debug, Clone, Copy)]
pub(super) struct QueryColumn {
    pub(super) features: Features,
    pub(super) lowest: f32,
    pub(super) highest: f32,
    /// The score that is bin 0: the centre of that class of a thousandth of the range in which the
    /// median lies.
    pub(super) zero: f32,
}

impl QueryColumn {
    /// Up to [`LANES`] columns.
    #[inline(always)]
    pub(super) fn all(features: &[Features], columns: &Columns, distance: Distance) -> Vec<Self> {
        let lanes = Lanes::new(features.iter());
        let (presumed, steps) = presumed_medians(&lanes, columns, distance);
        let mut thresholds = [[0.0_f32; LANES]; THRESHOLDS];
        let mut limits = thresholds;
        for (at, (thresholds, limits)) in thresholds.iter_mut().zip(&mut limits).enumerate() {
            for lane in 0..LANES {
                let threshold = presumed[lane] + (at as f32 - 1.5) * steps[lane];
                thresholds[lane] = threshold;
                limits[lane] = proxy_of(distance, threshold);
            }
        }
        let (mut lowest, mut highest) = ([f32::INFINITY; LANES], [f32::NEG_INFINITY; LANES]);
        let [mut first, mut second, mut third, mut fourth] = [[0_u32; LANES]; THRESHOLDS];
        lanes.proxies(
            distance,
            &columns.distinct,
            #[inline(always)]
            |column, scores| {
                widen(&mut lowest, &mut highest, scores);
                let weight = columns.weights[column];
                // One call each: as a loop, this is not turned into vectors.
                count(&mut first, &limits[0], scores, weight);
                count(&mut second, &limits[1], scores, weight);
                count(&mut third, &limits[2], scores, weight);
                count(&mut fourth, &limits[3], scores, weight);
            },
        );
        let half = columns.total as f64 / 2.0;
        let mut all = Vec::with_capacity(features.len());
        for (lane, &features) in features.iter().enumerate() {
            let lowest = of_proxy(distance, lowest[lane]);
            let highest = of_proxy(distance, highest[lane]);
            let counts = [first, second, third, fourth].map(|below| f64::from(below[lane]));
            let median = if lowest >= highest {
                lowest
            } else {
                match counts.iter().position(|&count| count >= half) {
                    Some(above @ 1..) => {
                        let (before, after) = (counts[above - 1], counts[above]);
                        let within = (half - before) / (after - before);
                        thresholds[above - 1][lane] + within as f32 * steps[lane]
                    }
                    _ => exact_median(&features, columns, distance),
                }
            };
            all.push(Self {
                features,
                lowest,
                highest,
                zero: class_centre(median, lowest, highest),
            });
        }
        all
    }
}

/// The centre of the class about `score`, one of 999 between `lowest` and `highest`.
fn class_centre(score: f32, lowest: f32, highest: f32) -> f32 {
    const CLASSES: f32 = 999.0;
    if lowest >= highest {
        return lowest;
    }
    let class = ((score - lowest) / (highest - lowest) * CLASSES).floor();
    lowest + (class.clamp(0.0, CLASSES - 1.0) + 0.5) / CLASSES * (highest - lowest)
}

/// Adds the weight to the lanes whose score is below the limit.
#[inline(always)]
fn count(below: &mut [u32; LANES], limits: &[f32; LANES], scores: &[f32; LANES], weight: u32) {
    for lane in 0..LANES {
        below[lane] += if scores[lane] < limits[lane] {
            weight
        } else {
            0
        };
    }
}

#[inline(always)]
fn widen(lowest: &mut [f32; LANES], highest: &mut [f32; LANES], scores: &[f32; LANES]) {
    for lane in 0..LANES {
        let score = scores[lane];
        lowest[lane] = if score < lowest[lane] {
            score
        } else {
            lowest[lane]
        };
        highest[lane] = if score > highest[lane] {
            score
        } else {
            highest[lane]
        };
    }
}

/// The medians over the coarse columns by classes of the range, and thresholds' distance.
#[inline(always)]
fn presumed_medians(
    lanes: &Lanes,
    columns: &Columns,
    distance: Distance,
) -> ([f32; LANES], [f32; LANES]) {
    // As many as a byte holds: the conversion to it ends at the last.
    const CLASSES: usize = 256;
    let (mut lowest, mut highest) = ([f32::INFINITY; LANES], [f32::NEG_INFINITY; LANES]);
    lanes.scores(
        distance,
        &columns.coarse,
        #[inline(always)]
        |_, scores| widen(&mut lowest, &mut highest, scores),
    );
    let mut scale = [0.0_f32; LANES];
    for lane in 0..LANES {
        let range = highest[lane] - lowest[lane];
        scale[lane] = if range > 0.0 {
            CLASSES as f32 / range
        } else {
            0.0
        };
    }
    let mut counts = vec![[0_u32; CLASSES]; LANES];
    let mut classes = vec![[0_u8; LANES]; columns.coarse.len()];
    lanes.scores(
        distance,
        &columns.coarse,
        #[inline(always)]
        |column, scores| {
            let mut shares = [0.0_f32; LANES];
            for lane in 0..LANES {
                shares[lane] = (scores[lane] - lowest[lane]) * scale[lane];
            }
            let classes = &mut classes[column];
            for lane in 0..LANES {
                classes[lane] = shares[lane] as u8;
            }
        },
    );
    for (classes, &weight) in classes.iter().zip(&columns.coarse_weights) {
        for lane in 0..LANES {
            counts[lane][usize::from(classes[lane])] += weight;
        }
    }
    let half = columns.total as f64 / 2.0;
    let mut medians = lowest;
    let mut steps = [0.0_f32; LANES];
    for lane in 0..LANES {
        if scale[lane] == 0.0 {
            continue;
        }
        // Two classes.
        steps[lane] = 2.0 / scale[lane];
        let mut below = 0.0;
        for (class, &count) in counts[lane].iter().enumerate() {
            let count = f64::from(count);
            if below + count >= half {
                let within = class as f64 + (half - below) / count;
                medians[lane] = lowest[lane] + within as f32 / scale[lane];
                break;
            }
            below += count;
        }
    }
    (medians, steps)
}

/// The median by sorting, where counts below thresholds do not enclose it.
#[inline(never)]
fn exact_median(features: &Features, columns: &Columns, distance: Distance) -> f32 {
    let mut scores: Vec<(f32, u32)> = Vec::with_capacity(columns.distinct.len());
    Lanes::new([features].into_iter()).scores(distance, &columns.distinct, |column, lanes| {
        scores.push((lanes[0], columns.weights[column]));
    });
    scores.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let mut below = 0;
    for (score, weight) in scores {
        below += u64::from(weight);
        if 2 * below >= columns.total {
            return score;
        }
    }
    f32::NAN
}
