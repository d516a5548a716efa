//! How surprising it is that so many of the sequences with a site are positives.
//!
//! With sets of equal mean length, the number of positives among the sequences with a
//! site is hypergeometric if sites fall on sequences at random (Fisher's exact test, one
//! side). Longer sequences hold more sites by chance; where the mean lengths differ, a
//! sequence with a site is a positive with the share of the positives in all bases
//! (binomial test). P-values are natural logarithms: they reach far below the smallest
//! `f64`.

use serde::Serialize;

use super::corpus::Score;

/// Relative difference of mean lengths up to which they count as equal (STREME's manual,
/// `--objfun de`: "within 0.01%").
const SAME_LENGTH: f64 = 1e-4;

/// The test of enrichment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Test {
    /// Fisher's exact test, one-sided.
    Fisher,
    /// Binomial test, one-sided, by the share of the positives in all bases.
    Binomial,
}

impl Test {
    /// Its name in words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Test::Fisher => "Fisher's exact test",
            Test::Binomial => "binomial test",
        }
    }

    /// The test for sets of `sequences` (positives, controls) with so many `bases`.
    pub(super) fn for_sets(sequences: [usize; 2], bases: [u64; 2]) -> Self {
        let mean = |set: usize| bases[set] as f64 / sequences[set].max(1) as f64;
        let (positives, controls) = (mean(0), mean(1));
        if (positives - controls).abs() <= SAME_LENGTH * positives.max(controls) {
            Test::Fisher
        } else {
            Test::Binomial
        }
    }
}

/// The test for one pair of sets.
#[derive(Debug, Clone)]
pub(super) struct Enrichment {
    positives: usize,
    controls: usize,
    /// `None`: Fisher's test. Otherwise the natural logarithms of the share of the
    /// positives in all bases, and of the rest.
    shares: Option<[f64; 2]>,
    ln_factorial: Vec<f64>,
}

impl Enrichment {
    pub(super) fn new(test: Test, sequences: [usize; 2], bases: [u64; 2]) -> Self {
        let total = sequences[0] + sequences[1];
        let mut ln_factorial = Vec::with_capacity(total + 1);
        let mut sum = 0.0;
        ln_factorial.push(sum);
        for n in 1..=total {
            sum += (n as f64).ln();
            ln_factorial.push(sum);
        }
        let shares = (test == Test::Binomial).then(|| {
            let all = (bases[0] + bases[1]).max(1) as f64;
            [bases[0], bases[1]].map(|part| (part as f64 / all).ln())
        });
        Self {
            positives: sequences[0],
            controls: sequences[1],
            shares,
            ln_factorial,
        }
    }

    /// Number of positives and of controls.
    pub(super) fn sizes(&self) -> [usize; 2] {
        [self.positives, self.controls]
    }

    /// Sites that the positives have by chance for each one of the controls.
    pub(super) fn by_chance(&self) -> f64 {
        match self.shares {
            None => self.positives as f64 / self.controls.max(1) as f64,
            Some([positive, control]) => (positive - control).exp(),
        }
    }

    /// Natural logarithm of the probability of at least `positives` among the
    /// `positives + controls` sequences with a site.
    pub(super) fn ln_p(&self, positives: usize, controls: usize) -> f64 {
        let with_site = positives + controls;
        if positives == 0 || with_site == 0 {
            return 0.0;
        }
        if positives as f64 > self.expected(with_site) {
            return self.upper_tail(positives, with_site).min(0.0);
        }
        // At or below the mean the terms rise first; the other tail is summed instead.
        let below = self.lower_tail(positives - 1, with_site).exp();
        (-below.min(1.0)).ln_1p()
    }

    /// As [`Enrichment::ln_p`], or `None` if that is not below `limit`. The one term of
    /// the observed table is a lower bound, so that most tables cost one term.
    pub(super) fn ln_p_below(&self, positives: usize, controls: usize, limit: f64) -> Option<f64> {
        let with_site = positives + controls;
        if positives as f64 <= self.expected(with_site) {
            return None;
        }
        if self.ln_term(positives, with_site) >= limit {
            return None;
        }
        Some(self.ln_p(positives, controls)).filter(|&ln_p| ln_p < limit)
    }

    fn expected(&self, with_site: usize) -> f64 {
        match self.shares {
            None => {
                with_site as f64 * self.positives as f64 / (self.positives + self.controls) as f64
            }
            Some([share, _]) => with_site as f64 * share.exp(),
        }
    }

    fn ln_choose(&self, n: usize, k: usize) -> f64 {
        self.ln_factorial[n] - self.ln_factorial[k] - self.ln_factorial[n - k]
    }

    fn ln_term(&self, positives: usize, with_site: usize) -> f64 {
        let controls = with_site - positives;
        match self.shares {
            None => {
                self.ln_choose(self.positives, positives) + self.ln_choose(self.controls, controls)
                    - self.ln_choose(self.positives + self.controls, with_site)
            }
            Some([positive, control]) => {
                // A share of zero is never multiplied by its logarithm.
                let times = |n: usize, ln: f64| if n == 0 { 0.0 } else { n as f64 * ln };
                self.ln_choose(with_site, positives)
                    + times(positives, positive)
                    + times(controls, control)
            }
        }
    }

    /// Term of `positives + 1` over the term of `positives`.
    fn ratio(&self, positives: usize, with_site: usize) -> f64 {
        let x = positives as f64;
        let rest = (with_site - positives) as f64;
        match self.shares {
            None => {
                (self.positives as f64 - x) * rest
                    / ((x + 1.0) * (self.controls as f64 - rest + 1.0))
            }
            Some([positive, control]) => rest / (x + 1.0) * (positive - control).exp(),
        }
    }

    /// Largest number of positives that `with_site` sequences can hold.
    fn most(&self, with_site: usize) -> usize {
        match self.shares {
            None => with_site.min(self.positives),
            Some(_) => with_site,
        }
    }

    /// Smallest number of positives that `with_site` sequences can hold.
    fn least(&self, with_site: usize) -> usize {
        match self.shares {
            None => with_site.saturating_sub(self.controls),
            Some(_) => 0,
        }
    }

    /// Above the mean, where the terms fall.
    fn upper_tail(&self, from: usize, with_site: usize) -> f64 {
        let mut term = 1.0;
        let mut sum = 1.0;
        for x in from..self.most(with_site) {
            term *= self.ratio(x, with_site);
            sum += term;
            if term < sum * f64::EPSILON {
                break;
            }
        }
        self.ln_term(from, with_site) + f64::ln(sum)
    }

    /// Below the mean, where the terms fall downwards.
    fn lower_tail(&self, from: usize, with_site: usize) -> f64 {
        let least = self.least(with_site);
        if from < least {
            return f64::NEG_INFINITY;
        }
        let mut term = 1.0;
        let mut sum = 1.0;
        for x in (least..from).rev() {
            term /= self.ratio(x, with_site);
            sum += term;
            if term < sum * f64::EPSILON {
                break;
            }
        }
        self.ln_term(from, with_site) + f64::ln(sum)
    }
}

/// The threshold on scores with the smallest p-value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Cut {
    /// A sequence has a site if its best score is at least this.
    pub(super) threshold: Score,
    /// Positives with a site.
    pub(super) positives: usize,
    /// Controls with a site.
    pub(super) controls: usize,
    /// Natural logarithm of the p-value.
    pub(super) ln_p: f64,
}

/// Chooses the threshold, above 0, at which best scores of `positives` and `controls`
/// differ most. Equal scores enter together; of equal p-values the higher threshold wins.
/// `None` if no threshold has relatively more positives than controls.
pub(super) fn best_cut(
    test: &Enrichment,
    positives: impl Iterator<Item = Score>,
    controls: impl Iterator<Item = Score>,
    sorted: &mut Vec<u32>,
) -> Option<Cut> {
    // A positive score has 31 bits; the class is the last bit of the key.
    let key = |score: Score, positive: u32| (score as u32) << 1 | positive;
    sorted.clear();
    sorted.extend(positives.filter(|&score| score > 0).map(|s| key(s, 1)));
    sorted.extend(controls.filter(|&score| score > 0).map(|s| key(s, 0)));
    sorted.sort_unstable_by(|a, b| b.cmp(a));
    let mut best: Option<Cut> = None;
    let mut counts = [0_usize; 2];
    let mut limit = 0.0;
    for (index, &entry) in sorted.iter().enumerate() {
        counts[(entry & 1) as usize] += 1;
        if sorted
            .get(index + 1)
            .is_some_and(|next| next >> 1 == entry >> 1)
        {
            continue;
        }
        if let Some(ln_p) = test.ln_p_below(counts[1], counts[0], limit) {
            limit = ln_p;
            best = Some(Cut {
                threshold: (entry >> 1) as Score,
                positives: counts[1],
                controls: counts[0],
                ln_p,
            });
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Positives, controls, and how many of each have a site.
    type Table = (u64, u64, usize, usize);

    const FISHER: [(Table, f64); 8] = [
        ((10, 10, 7, 2), -3.355_576_252_227_072_2),
        ((2500, 2500, 1200, 300), -409.429_184_746_329_3),
        ((2500, 2500, 40, 40), -0.607_292_581_046_509_6),
        ((100, 300, 3, 20), -0.045_629_033_095_521_444),
        ((5, 5, 5, 0), -5.529_429_087_511_424),
        ((5, 5, 5, 5), 0.0),
        ((30, 7, 30, 1), -12.713_227_540_406_699),
        ((2500, 2500, 2400, 100), -2_627.932_884_768_308),
    ];

    /// Bases of the positives and of the controls, and sequences with a site.
    const BINOMIAL: [(Table, f64); 4] = [
        ((1000, 1000, 7, 2), -2.409_683_228_550_412_6),
        ((200_000, 100_000, 600, 100), -68.802_378_192_284_86),
        ((100_000, 200_000, 1, 40), -6.029_181_968_914_56e-8),
        ((100_000, 200_000, 500, 1), -543.494_005_834_761_1),
    ];

    fn fisher(positives: usize, controls: usize) -> Enrichment {
        Enrichment::new(Test::Fisher, [positives, controls], [0, 0])
    }

    #[test]
    fn fisher_as_scipy_has_it() {
        // SciPy 1.17.1: hypergeom.logsf(x - 1, P + C, P, x + y).
        for ((p, c, x, y), expected) in FISHER {
            let got = fisher(p as usize, c as usize).ln_p(x, y);
            assert!(
                (got - expected).abs() <= 1e-9 * expected.abs().max(1e-3),
                "{p} {c} {x} {y}: {got} {expected}"
            );
        }
    }

    #[test]
    fn binomial_as_scipy_has_it() {
        // SciPy 1.17.1: binom.logsf(x - 1, x + y, share of the positives).
        for ((a, b, x, y), expected) in BINOMIAL {
            let test = Enrichment::new(Test::Binomial, [1000, 1000], [a, b]);
            let got = test.ln_p(x, y);
            assert!(
                (got - expected).abs() <= 1e-9 * expected.abs().max(1e-3),
                "{a} {b} {x} {y}: {got} {expected}"
            );
        }
    }

    #[test]
    fn mean_lengths_choose_the_test() {
        assert_eq!(
            Test::for_sets([10, 1000], [2_000, 200_000]),
            Test::Fisher,
            "equal means"
        );
        assert_eq!(Test::for_sets([10, 10], [10_000, 10_001]), Test::Fisher);
        assert_eq!(Test::for_sets([10, 10], [10_000, 10_002]), Test::Binomial);
    }

    proptest! {
        #[test]
        fn more_positives_are_rarer(
            positives in 1_usize..60, controls in 1_usize..60, share in 0.0..1.0_f64, with in 1_usize..60
        ) {
            let with = with.min(positives + controls);
            for test in [
                fisher(positives, controls),
                Enrichment::new(
                    Test::Binomial, [positives, controls],
                    [1 + (share * 1e6) as u64, 1_000_000],
                ),
            ] {
                let mut last = 0.0;
                let most = with.min(positives);
                for x in with.saturating_sub(controls)..=most {
                    let ln_p = test.ln_p(x, with - x);
                    prop_assert!(ln_p <= last + 1e-9, "{x}: {ln_p} after {last}");
                    prop_assert!(ln_p >= test.ln_term(x, with) - 1e-9);
                    if let Some(below) = test.ln_p_below(x, with - x, -1.0) {
                        prop_assert_eq!(below, ln_p);
                        prop_assert!(ln_p < -1.0);
                    }
                    last = ln_p;
                }
            }
        }

        #[test]
        fn the_best_cut_is_the_best_of_all(
            positives in prop::collection::vec(-2_i8..6, 1..30),
            controls in prop::collection::vec(-2_i8..6, 1..30),
        ) {
            let test = fisher(positives.len(), controls.len());
            let scores = |of: &[i8]| of.iter().map(|&s| Score::from(s)).collect::<Vec<_>>();
            let (p, c) = (scores(&positives), scores(&controls));
            let cut = best_cut(&test, p.iter().copied(), c.iter().copied(), &mut Vec::new());
            let smallest = (1..6_i8)
                .map(|threshold| {
                    let above = |of: &[i8]| of.iter().filter(|&&s| s >= threshold).count();
                    let (x, y) = (above(&positives), above(&controls));
                    let enriched = x * controls.len() > y * positives.len();
                    if enriched { test.ln_p(x, y) } else { 0.0 }
                })
                .fold(0.0, f64::min);
            match cut {
                None => prop_assert_eq!(smallest, 0.0),
                Some(cut) => {
                    prop_assert!((cut.ln_p - smallest).abs() < 1e-9, "{} {smallest}", cut.ln_p);
                    let above = |of: &[Score]| of.iter().filter(|&&s| s >= cut.threshold).count();
                    prop_assert_eq!((cut.positives, cut.controls), (above(&p), above(&c)));
                }
            }
        }
    }
}
