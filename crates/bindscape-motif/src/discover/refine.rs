//! From a word to a matrix: approximate matches of a seed, and sites and matrix estimated
//! in turn for as long as the p-value falls.

use std::cmp::Ordering;

use super::bases::UNKNOWN;
use super::corpus::Corpus;
use super::enrichment::{Cut, Enrichment, best_cut};
use super::scan::{Best, Buffer, Scanner};

/// Pseudocount of a seed, in sites: one occurrence of the word and so many of the
/// background. A base of the word has a probability of about 0.6, another of 0.12.
const SEED_PSEUDOCOUNT: f64 = 1.0;

/// Pseudocount of a matrix estimated from sites, in sites.
pub(super) const PSEUDOCOUNT: f64 = 1.0;

/// Memory that scans use over again.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    best: Vec<Best>,
    buffer: Buffer,
    sorted: Vec<u32>,
}

/// A matrix with the sites it finds.
#[derive(Debug, Clone)]
pub(super) struct Fit {
    /// Bases of the sites (or of the word) it was estimated from.
    pub(super) counts: Vec<[f64; 4]>,
    /// Probabilities it scores with.
    pub(super) frequencies: Vec<[f64; 4]>,
    pub(super) cut: Cut,
    /// Best site of each training positive.
    best: Vec<Best>,
    /// Whether it was made of a word, not of sites.
    of_word: bool,
}

impl Fit {
    /// Best sites of the training positives above the threshold.
    fn sites(&self) -> impl Iterator<Item = &Best> {
        self.best
            .iter()
            .filter(|best| best.score >= self.cut.threshold)
    }
}

/// What a matrix is fitted to: the sets 0 (positives) and 1 (controls) of a corpus.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fitter<'a> {
    pub(super) corpus: &'a Corpus,
    pub(super) test: &'a Enrichment,
    /// Probabilities of single bases, by which pseudocounts are split.
    pub(super) background: [f64; 4],
}

impl Fitter<'_> {
    /// The matrix of a word and what it matches approximately; `None` if no threshold has
    /// relatively more positives than controls.
    pub(super) fn seed(
        &self,
        bases: impl Iterator<Item = u8>,
        scratch: &mut Scratch,
    ) -> Option<Fit> {
        let counts = bases
            .map(|base| {
                let mut column = [0.0; 4];
                column[usize::from(base)] = 1.0;
                column
            })
            .collect();
        let fit = self.fit(counts, SEED_PSEUDOCOUNT, scratch)?;
        Some(Fit {
            of_word: true,
            ..fit
        })
    }

    /// `fit` as a matrix of sites. That of a word, whose p-value no refinement lowered, says
    /// nothing of how often each base occurs: its sites do, and refinement goes on from them. It
    /// stays only where no threshold of the new matrix has relatively more positives.
    pub(super) fn of_sites(&self, fit: Fit, iterations: usize, scratch: &mut Scratch) -> Fit {
        if !fit.of_word {
            return fit;
        }
        let counts = self.counts(&fit, 0);
        match self.fit(counts, PSEUDOCOUNT, scratch) {
            Some(estimated) => self.refine(estimated, iterations, scratch),
            None => fit,
        }
    }

    /// The end of the iteration that starts with `fit`, after at most `iterations` steps.
    pub(super) fn refine(&self, mut fit: Fit, iterations: usize, scratch: &mut Scratch) -> Fit {
        for _ in 0..iterations {
            let counts = self.counts(&fit, 0);
            match self.fit(counts, PSEUDOCOUNT, scratch) {
                Some(next) if next.cut.ln_p < fit.cut.ln_p => fit = next,
                _ => break,
            }
        }
        fit
    }

    /// The fit with the smallest p-value; of equal ones that with the most information, and then
    /// the first. Where every positive has a site and no control, many words are equally enriched,
    /// shifted and with bases that say nothing.
    pub(super) fn most_enriched(&self, fits: impl IntoIterator<Item = Option<Fit>>) -> Option<Fit> {
        fits.into_iter().flatten().reduce(|best, next| {
            let better = match next.cut.ln_p.total_cmp(&best.cut.ln_p) {
                Ordering::Less => true,
                Ordering::Equal => self.information(&next) > self.information(&best),
                Ordering::Greater => false,
            };
            if better { next } else { best }
        })
    }

    /// Information of the sites of a fit in bits, less what random bases would have: a column of `n`
    /// of them has 3 / (2 n ln 2) bits in the mean, of which three times as much is taken off.
    fn information(&self, fit: &Fit) -> f64 {
        let column = |column: &[f64; 4]| -> f64 {
            let sites: f64 = column.iter().sum();
            let bits = |base: usize| match column[base] / sites {
                0.0 => 0.0,
                p => p * (p / self.background[base]).log2(),
            };
            (0..4).map(bits).sum::<f64>() - 3.0 * 1.5 / (sites * std::f64::consts::LN_2)
        };
        fit.counts.iter().map(column).sum()
    }

    /// A start of `width` for another refinement: the most informative window of the sites
    /// of `fit` with their surroundings. `None` if no base is known in one of its columns, or
    /// as [`Fitter::seed`].
    pub(super) fn at_width(&self, fit: &Fit, width: usize, scratch: &mut Scratch) -> Option<Fit> {
        let margin = width.saturating_sub(fit.counts.len());
        let counts = self.counts(fit, margin);
        let bits: Vec<f64> = self
            .frequencies(&counts, PSEUDOCOUNT)
            .iter()
            .map(|column| {
                (0..4)
                    .map(|base| column[base] * (column[base] / self.background[base]).log2())
                    .sum()
            })
            .collect();
        let total = |first: usize| bits[first..first + width].iter().sum::<f64>();
        let first = (0..=counts.len() - width)
            .max_by(|&a, &b| total(a).total_cmp(&total(b)).then(b.cmp(&a)))
            .expect("there is at least one window");
        let window = counts[first..first + width].to_vec();
        // Where all sites lie at the ends of sequences, a column may have no base.
        if window
            .iter()
            .any(|column| column.iter().sum::<f64>() == 0.0)
        {
            return None;
        }
        self.fit(window, PSEUDOCOUNT, scratch)
    }

    fn frequencies(&self, counts: &[[f64; 4]], pseudocount: f64) -> Vec<[f64; 4]> {
        counts
            .iter()
            .map(|column| {
                let total = column.iter().sum::<f64>() + pseudocount;
                std::array::from_fn(|base| {
                    (column[base] + pseudocount * self.background[base]) / total
                })
            })
            .collect()
    }

    fn fit(&self, counts: Vec<[f64; 4]>, pseudocount: f64, scratch: &mut Scratch) -> Option<Fit> {
        let frequencies = self.frequencies(&counts, pseudocount);
        let Scratch {
            best,
            buffer,
            sorted,
        } = scratch;
        let all = self.corpus.set(0).start..self.corpus.set(1).end;
        Scanner::new(&frequencies).best(self.corpus, all, best, buffer);
        let (positives, controls) = best.split_at(self.corpus.set(0).len());
        let score = |best: &Best| best.score;
        let cut = best_cut(
            self.test,
            positives.iter().map(score),
            controls.iter().map(score),
            sorted,
        )?;
        Some(Fit {
            counts,
            frequencies,
            cut,
            best: positives.to_vec(),
            of_word: false,
        })
    }

    /// Bases of the sites of `fit`, with `margin` more columns on either side. Erased bases
    /// and those beyond the sequence are not counted.
    fn counts(&self, fit: &Fit, margin: usize) -> Vec<[f64; 4]> {
        let width = fit.counts.len();
        let mut counts = vec![[0.0; 4]; width + 2 * margin];
        let (bases, free) = (self.corpus.bases(), self.corpus.free());
        for site in fit.sites() {
            let start = site.start as usize;
            // Unknown bases between sequences are never free, but margins could reach over
            // them into the next sequence: each side ends at the first base not free.
            let run = |steps: &mut dyn Iterator<Item = usize>| {
                steps.take_while(|&at| at < free.len() && free[at]).count()
            };
            let before = run(&mut (start.saturating_sub(margin)..start).rev());
            let after = run(&mut (start + width..start + width + margin));
            let first = start - before;
            for (index, &base) in bases[first..start + width + after].iter().enumerate() {
                let column = margin - before + index;
                debug_assert!(base < UNKNOWN);
                if site.reverse {
                    let column = counts.len() - 1 - column;
                    counts[column][usize::from(3 - base)] += 1.0;
                } else {
                    counts[column][usize::from(base)] += 1.0;
                }
            }
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use bindscape_base::random;
    use rand::Rng;

    use super::*;
    use crate::discover::background::Markov;
    use crate::discover::enrichment::Test;

    /// Random sequences, `planted` of which hold TGACTCAGCA with one random change, on
    /// either strand.
    fn sequences(count: usize, planted: usize, stream: u64) -> Vec<Vec<u8>> {
        let mut rng = random::stream(3, "test", &[stream]);
        let site = [3_u8, 2, 0, 1, 3, 1, 0, 2, 1, 0];
        (0..count)
            .map(|index| {
                let mut bases: Vec<u8> = (0..100).map(|_| rng.random_range(0..4)).collect();
                if index < planted {
                    let mut site = site;
                    site[rng.random_range(0..10)] = rng.random_range(0..4);
                    let at = rng.random_range(0..90);
                    if rng.random() {
                        site.reverse();
                        site = site.map(|base| 3 - base);
                    }
                    bases[at..at + 10].copy_from_slice(&site);
                }
                bases
            })
            .collect()
    }

    #[test]
    fn a_shifted_word_becomes_the_motif() {
        let (positives, controls) = (sequences(200, 120, 0), sequences(200, 0, 1));
        let model = Markov::of(&controls, 2);
        let corpus = Corpus::new(&[&positives, &controls], 4, &model);
        let test = Enrichment::new(Test::Fisher, [200, 200], [20_000, 20_000]);
        let fitter = Fitter {
            corpus: &corpus,
            test: &test,
            background: model.base_probabilities(),
        };
        let scratch = &mut Scratch::default();
        // ACTCAG with one wrong base.
        let seed = fitter
            .seed([0, 1, 3, 1, 3, 2].into_iter(), scratch)
            .expect("enriched");
        let short = fitter.refine(seed.clone(), 20, scratch);
        assert!(short.cut.ln_p <= seed.cut.ln_p);
        let wide = fitter.at_width(&short, 10, scratch).expect("enriched");
        let fit = fitter.refine(wide, 20, scratch);
        assert!(fit.cut.ln_p < -80.0, "{:?}", fit.cut);
        assert!((100..150).contains(&fit.cut.positives), "{:?}", fit.cut);
        let consensus: Vec<usize> = fit
            .frequencies
            .iter()
            .map(|f| (0..4).max_by(|&a, &b| f[a].total_cmp(&f[b])).expect("four"))
            .collect();
        let reverse: Vec<usize> = consensus.iter().rev().map(|b| 3 - b).collect();
        let site = [3, 2, 0, 1, 3, 1, 0, 2, 1, 0];
        assert!(consensus == site || reverse == site, "{consensus:?}");
        // Every site counts once in every column.
        let sites = |column: &[f64; 4]| column.iter().sum::<f64>();
        assert!(
            fit.counts
                .iter()
                .all(|column| sites(column) == sites(&fit.counts[0]))
        );
    }
}
