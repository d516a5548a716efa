//! From a word to a matrix: approximate matches of a seed, and sites and matrix estimated
//! in turn for as long as the p-value falls.
//!
//! Two things keep matrices honest. Some of the sites of the positives are there by chance, as
//! those of the controls are: what these hold is taken off the counts. And a site that a
//! matrix was estimated from scores higher than it otherwise would, the more so the fewer
//! they are and the wider the matrix: matrices are compared by p-values for which each
//! positive is scored as if its own site were not counted.

use std::cmp::Ordering;

use super::bases::UNKNOWN;
use super::corpus::{Corpus, Score, UNITS};
use super::enrichment::{Cut, Enrichment, best_cut};
use super::scan::{Best, Buffer, Scanner};

/// Pseudocount of a seed, in sites: one occurrence of the word and so many of the
/// background. A base of the word has a probability of about 0.6, another of 0.12.
const SEED_PSEUDOCOUNT: f64 = 1.0;

/// Pseudocount of a matrix estimated from sites, in sites.
pub(super) const PSEUDOCOUNT: f64 = 1.0;

/// Sites that a step of a refinement takes, as shares of those above the threshold: where no
/// step with all of them lowers the p-value, the best of them are tried.
const SHARES: [f64; 2] = [1.0, 0.7];

/// Memory that scans use over again.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    best: Vec<Best>,
    buffer: Buffer,
    sorted: Vec<u32>,
    scores: Vec<Score>,
}

/// A matrix with the sites it finds.
#[derive(Debug, Clone)]
pub(super) struct Fit {
    /// Bases of the sites (or of the word) it was estimated from.
    pub(super) counts: Vec<[f64; 4]>,
    /// Probabilities it scores with.
    pub(super) frequencies: Vec<[f64; 4]>,
    pub(super) cut: Cut,
    /// Natural logarithm of the smallest p-value if no positive's score counts its own site:
    /// what matrices are compared by.
    pub(super) ln_p: f64,
    /// Best site of each training positive, and of each control.
    best: [Vec<Best>; 2],
    /// Whether it was made of a word, not of sites.
    of_word: bool,
}

/// Which columns of the sites of a matrix, with their surroundings, another one has.
#[derive(Debug, Clone, Copy)]
struct Window {
    /// Columns on either side of the sites that the first column counts from.
    margin: usize,
    first: usize,
    width: usize,
}

impl Window {
    /// First base of the window on a site of `columns`; `None` before all bases.
    fn start(self, site: &Best, columns: usize) -> Option<usize> {
        let before = if site.reverse {
            columns + 2 * self.margin - self.first - self.width
        } else {
            self.first
        };
        (site.start as usize + before).checked_sub(self.margin)
    }
}

/// What a matrix is made of.
struct Estimate {
    /// Bases of the sites.
    counts: Vec<[f64; 4]>,
    /// The same less what controls hold: the matrix is made of these.
    corrected: Vec<[f64; 4]>,
    /// Bases of the sites of the controls, and by how much of them `counts` are lowered.
    by_chance: Vec<[f64; 4]>,
    weight: f64,
    /// Place of the site of each positive and each control; empty for a word.
    own: [Vec<Option<(u32, bool)>>; 2],
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
        let counts: Vec<[f64; 4]> = bases
            .map(|base| {
                let mut column = [0.0; 4];
                column[usize::from(base)] = 1.0;
                column
            })
            .collect();
        let estimate = Estimate {
            corrected: counts.clone(),
            counts,
            by_chance: Vec::new(),
            weight: 0.0,
            own: [Vec::new(), Vec::new()],
        };
        let fit = self.fit(estimate, SEED_PSEUDOCOUNT, scratch)?;
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
        match self.step(&fit, 1.0, scratch) {
            Some(estimated) => self.refine(estimated, iterations, scratch),
            None => fit,
        }
    }

    /// The end of the iteration that starts with `fit`, after at most `iterations` steps.
    pub(super) fn refine(&self, fit: Fit, iterations: usize, scratch: &mut Scratch) -> Fit {
        self.iterate(fit, &SHARES[..1], iterations, scratch)
    }

    /// As [`Fitter::refine`]; where no step lowers the p-value, one with the best of the sites
    /// alone is tried, from which it goes on.
    pub(super) fn refine_well(&self, fit: Fit, iterations: usize, scratch: &mut Scratch) -> Fit {
        self.iterate(fit, &SHARES, iterations, scratch)
    }

    fn iterate(
        &self,
        mut fit: Fit,
        shares: &[f64],
        iterations: usize,
        scratch: &mut Scratch,
    ) -> Fit {
        let mut untried = shares.iter();
        for _ in 0..iterations {
            let Some(&share) = untried.next() else { break };
            if let Some(next) = self.step(&fit, share, scratch)
                && next.ln_p < fit.ln_p
            {
                fit = next;
                untried = shares.iter();
            }
        }
        fit
    }

    /// The matrix of the best sites of `fit`, so many times those above the threshold.
    fn step(&self, fit: &Fit, share: f64, scratch: &mut Scratch) -> Option<Fit> {
        let threshold = if share == 1.0 {
            fit.cut.threshold
        } else {
            let scores = &mut scratch.scores;
            scores.clear();
            scores.extend(fit.best[0].iter().map(|b| b.score).filter(|&s| s > 0));
            let rank = (fit.cut.positives as f64 * share).round() as usize;
            let rank = rank.clamp(1, scores.len()) - 1;
            *scores.select_nth_unstable_by(rank, |a, b| b.cmp(a)).1
        };
        let width = fit.counts.len();
        let window = Window {
            margin: 0,
            first: 0,
            width,
        };
        let estimate = self.estimate(fit, threshold, window);
        self.fit(estimate, PSEUDOCOUNT, scratch)
    }

    /// The fit with the smallest p-value; of equal ones that with the most information, and then
    /// the first. Where every positive has a site and no control, many words are equally enriched,
    /// shifted and with bases that say nothing.
    pub(super) fn most_enriched(&self, fits: impl IntoIterator<Item = Fit>) -> Option<Fit> {
        fits.into_iter().reduce(|best, next| {
            let better = match next.ln_p.total_cmp(&best.ln_p) {
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
        let threshold = fit.cut.threshold;
        let counts = self.bases_of(&fit.best[0], fit.counts.len(), margin, threshold);
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
        let window = Window {
            margin,
            first,
            width,
        };
        let estimate = self.estimate(fit, threshold, window);
        // All sites may lie at the ends of sequences.
        if estimate.own[0].iter().all(Option::is_none) {
            return None;
        }
        self.fit(estimate, PSEUDOCOUNT, scratch)
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

    fn fit(&self, estimate: Estimate, pseudocount: f64, scratch: &mut Scratch) -> Option<Fit> {
        let frequencies = self.frequencies(&estimate.corrected, pseudocount);
        let Scratch {
            best,
            buffer,
            sorted,
            scores,
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
        let ln_p = if estimate.own[0].is_empty() {
            cut.ln_p
        } else {
            scores.clear();
            scores.extend(positives.iter().zip(&estimate.own[0]).map(|(best, own)| {
                if *own == Some((best.start, best.reverse)) {
                    best.score - self.own_score(&estimate.corrected, best)
                } else {
                    best.score
                }
            }));
            scores.extend(controls.iter().zip(&estimate.own[1]).map(|(best, own)| {
                own.map_or(best.score, |own| {
                    best.score.max(self.restored_score(&estimate, own))
                })
            }));
            let (positives, controls) = scores.split_at(positives.len());
            let [positives, controls] = [positives, controls].map(|s| s.iter().copied());
            best_cut(self.test, positives, controls, sorted).map_or(0.0, |cut| cut.ln_p)
        };
        Some(Fit {
            counts: estimate.counts,
            frequencies,
            cut,
            ln_p,
            best: [positives.to_vec(), controls.to_vec()],
            of_word: false,
        })
    }

    /// What a site scores more because it is one of those that the matrix was estimated from.
    fn own_score(&self, counts: &[[f64; 4]], site: &Best) -> Score {
        let start = site.start as usize;
        let bases = &self.corpus.bases()[start..start + counts.len()];
        let ratio: f64 = counts
            .iter()
            .enumerate()
            .map(|(column, count)| {
                let base = usize::from(if site.reverse {
                    3 - bases[counts.len() - 1 - column]
                } else {
                    bases[column]
                });
                let total: f64 = count.iter().sum();
                let frequency = |of_base: f64, of_all: f64| {
                    (of_base + PSEUDOCOUNT * self.background[base]) / (of_all + PSEUDOCOUNT)
                };
                let without = frequency((count[base] - 1.0).max(0.0), (total - 1.0).max(0.0));
                frequency(count[base], total) / without
            })
            .product();
        (ratio.log2() * UNITS).round() as Score
    }

    /// Score of the site of a control if the matrix was not corrected by it.
    fn restored_score(&self, estimate: &Estimate, (start, reverse): (u32, bool)) -> Score {
        let Estimate {
            counts,
            corrected,
            by_chance,
            weight,
            ..
        } = estimate;
        let (start, width) = (start as usize, counts.len());
        let bases = &self.corpus.bases()[start..start + width];
        let ratio: f64 = (0..width)
            .map(|column| {
                let base = usize::from(if reverse {
                    3 - bases[width - 1 - column]
                } else {
                    bases[column]
                });
                let without = weight * (by_chance[column][base] - 1.0);
                let restored = (counts[column][base] - without).max(0.0);
                let total = corrected[column].iter().sum::<f64>() - corrected[column][base];
                (restored + PSEUDOCOUNT * self.background[base]) / (total + restored + PSEUDOCOUNT)
            })
            .product();
        let background = self.corpus.background();
        let background = background[start + width].wrapping_sub(background[start]);
        // The product of 30 probabilities of more than 1e-6 is no smaller than 1e-180.
        (ratio.log2() * UNITS).round() as Score - background
    }

    /// What a matrix is made of if it has the `window` of the sites of `fit` above `threshold`.
    /// Sites whose window reaches beyond the sequence, or over erased bases, do not count.
    ///
    /// A positive without a true site has one by chance as often as a control has one. By the
    /// numbers with and without a site, the share without a true one is at most that of the
    /// positives without any over that of the controls.
    fn estimate(&self, fit: &Fit, threshold: Score, window: Window) -> Estimate {
        let sites = [0, 1].map(|set| self.moved(&fit.best[set], fit.counts.len(), window));
        let [counts, by_chance] =
            [0, 1].map(|set| self.bases_of(&sites[set], window.width, 0, threshold));
        let without = |best: &[Best]| {
            let without = best.iter().filter(|best| best.score < threshold).count();
            without as f64 / best.len().max(1) as f64
        };
        let [positives, controls] = [0, 1].map(|set| without(&fit.best[set]));
        let share = if positives < controls {
            positives / controls
        } else {
            1.0
        };
        let weight = share * self.test.by_chance();
        let corrected = counts
            .iter()
            .zip(&by_chance)
            .map(|(column, chance)| {
                let corrected: [f64; 4] =
                    std::array::from_fn(|base| (column[base] - weight * chance[base]).max(0.0));
                // With nothing left, the column is as it was.
                if corrected.iter().any(|&count| count > 0.0) {
                    corrected
                } else {
                    *column
                }
            })
            .collect();
        let own = sites.map(|sites| {
            let place = |site: &Best| (site.start, site.reverse);
            let counted = |site: &Best| (site.score >= threshold).then(|| place(site));
            sites.iter().map(counted).collect()
        });
        Estimate {
            counts,
            corrected,
            by_chance,
            weight,
            own,
        }
    }

    /// The sites of a matrix of `columns` moved to `window`; without a score where not all its bases
    /// can be in a site.
    fn moved(&self, best: &[Best], columns: usize, window: Window) -> Vec<Best> {
        let free = self.corpus.free();
        best.iter()
            .map(|site| {
                let start = window.start(site, columns).filter(|&start| {
                    let bases = free.get(start..start + window.width);
                    bases.is_some_and(|bases| bases.iter().all(|&free| free))
                });
                match start {
                    Some(start) => Best {
                        start: start as u32,
                        ..*site
                    },
                    None => Best {
                        score: Score::MIN,
                        ..*site
                    },
                }
            })
            .collect()
    }

    /// Bases of the sites of `width` among `best` above the threshold, with `margin` more
    /// columns on either side. Erased bases and those beyond the sequence are not counted.
    fn bases_of(
        &self,
        best: &[Best],
        width: usize,
        margin: usize,
        threshold: Score,
    ) -> Vec<[f64; 4]> {
        let mut counts = vec![[0.0; 4]; width + 2 * margin];
        let (bases, free) = (self.corpus.bases(), self.corpus.free());
        for site in best.iter().filter(|best| best.score >= threshold) {
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

    #[test]
    fn no_site_counts_for_itself() {
        // Nothing is planted: what a wide matrix finds are the sites that it was estimated from.
        let (positives, controls) = (sequences(100, 0, 2), sequences(100, 0, 3));
        let model = Markov::of(&controls, 2);
        let corpus = Corpus::new(&[&positives, &controls], 4, &model);
        let test = Enrichment::new(Test::Fisher, [100, 100], [10_000, 10_000]);
        let fitter = Fitter {
            corpus: &corpus,
            test: &test,
            background: model.base_probabilities(),
        };
        let scratch = &mut Scratch::default();
        let seed = fitter
            .seed(positives[0][20..35].iter().copied(), scratch)
            .expect("enriched");
        let fit = fitter.step(&seed, 1.0, scratch).expect("enriched");
        assert!(fit.ln_p > fit.cut.ln_p + 1.0, "{} {:?}", fit.ln_p, fit.cut);

        // A site scores less by as much as the matrix of all others gives it less.
        let counts = [[5.0, 1.0, 1.0, 2.0], [1.0, 3.0, 5.0, 1.0]];
        let site = Best {
            score: 1,
            start: 0,
            reverse: false,
        };
        let bases = [0, 1].map(|at| usize::from(corpus.bases()[at]));
        let bits = |counts: &[[f64; 4]]| -> f64 {
            let frequencies = fitter.frequencies(counts, PSEUDOCOUNT);
            (0..2)
                .map(|column| frequencies[column][bases[column]].log2())
                .sum()
        };
        let mut others = counts;
        for column in 0..2 {
            others[column][bases[column]] -= 1.0;
        }
        let expected = bits(&counts) - bits(&others);
        let got = f64::from(fitter.own_score(&counts, &site)) / UNITS;
        assert!((got - expected).abs() < 1e-5, "{got} {expected}");
    }
}
