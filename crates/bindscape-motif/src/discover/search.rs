//! The search: one motif after the other.

use bindscape_base::progress;
use bindscape_base::progress::Progress;
use bindscape_base::{Error, Result, random};
use bindscape_genome::sequence::Strand;
use rand::seq::SliceRandom;
use rayon::prelude::*;

use super::background::Markov;
use super::corpus::{Corpus, UNITS};
use super::enrichment::{Enrichment, Test};
use super::found::{Discovered, Discovery, Part, Passing, Site, Stop};
use super::options::Options;
use super::refine::{Fit, Fitter, Scratch};
use super::scan::{Best, Buffer, Scanner};
use super::sequences::SequenceSet;
use super::shuffle::shuffle_words;
use super::words::{Seed, Words};
use crate::background::Background;
use crate::letters::LETTERS;
use crate::matrix::{Counts, Frequencies};

/// Smallest held-out part of either set; with fewer sequences nothing is held out (STREME).
const LEAST_HELD_OUT: usize = 5;

/// Motifs that are sought where nothing is held out and no number is given.
const MOTIFS_WITHOUT_HOLDOUT: usize = 5;

/// Bases that positions can count.
const MOST_BASES: usize = 1 << 31;

/// Width of the shortest words that are matched: of motifs with few certain bases, longer ones
/// are too rare to be counted.
const SHORTEST_WORD: usize = 3;

/// How many of the best matrices are tried at all widths.
const WIDENED: usize = 3;

/// How often the best of all is tried at all widths again, at most.
const ROUNDS: usize = 3;

/// The four sets of a corpus.
const TRAINING: [usize; 2] = [0, 1];
const HELD_OUT: [usize; 2] = [2, 3];
const CONTROLS: [usize; 2] = [1, 3];

/// Finds motifs enriched in `positives` over `controls`, or over shuffled positives.
///
/// ```
/// use bindscape_base::{progress::Silent, random};
/// use bindscape_genome::fasta::Record;
/// use bindscape_motif::discover::{Options, SequenceSet, discover};
/// use rand::Rng;
///
/// let mut draw = random::stream(1, "sequences", &[]);
/// let mut set = |site: &str| {
///     let records = (0..60).map(|number| {
///         let mut letters = |count| (0..count).map(|_| b"ACGT"[draw.random_range(0..4)]).collect::<Vec<u8>>();
///         let sequence = [letters(20), site.into(), letters(20)].concat();
///         Record { name: format!("s{number}"), sequence, ..Record::default() }
///     });
///     SequenceSet::new("simulated", records.collect())
/// };
/// let (positives, controls) = (set("TGACTCAGCA")?, set("")?);
/// let options = Options { motifs: Some(1), min_width: 10, max_width: 10, ..Options::default() };
/// let found = discover(&positives, Some(&controls), &options, &Silent)?;
/// let consensus = found.motifs[0].frequencies.consensus();
/// assert!(["TGACTCAGCA", "TGCTGAGTCA"].contains(&consensus.as_str()));
/// # Ok::<(), bindscape_base::Error>(())
/// ```
///
/// The result depends on sequences and options alone, never on the number of threads.
///
/// # Errors
/// If an option is out of range, either set has fewer than two sequences that a site fits
/// into, or all have more than 2^31 bases; [`Error::Interrupted`] if the user asked to stop.
pub fn discover(
    positives: &SequenceSet,
    controls: Option<&SequenceSet>,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Discovery> {
    options.validate()?;
    let data = Data::new(positives, controls, options)?;
    for (dropped, what) in data.too_short.iter().zip(["sequences", "controls"]) {
        if *dropped > 0 {
            progress.note(&format!(
                "{dropped} {what} left out: fewer than {} known bases in a row",
                options.min_width
            ));
        }
    }
    if options.holdout > 0.0 && !data.holds_out() {
        progress.note(&format!(
            "nothing is held out: the part would have fewer than {LEAST_HELD_OUT} sequences; p-values are of the training part"
        ));
    }
    Search::new(data, options).run(progress)
}

/// The sequences by set, and what is counted of them.
struct Data {
    /// Training positives and controls, held-out positives and controls.
    sets: [Vec<Vec<u8>>; 4],
    /// Numbers of the sequences of the four sets among the positives or the controls.
    numbers: [Vec<usize>; 4],
    too_short: [usize; 2],
    shuffled: bool,
}

impl Data {
    fn new(
        positives: &SequenceSet,
        controls: Option<&SequenceSet>,
        options: &Options,
    ) -> Result<Self> {
        let usable = positives.usable(options.min_width)?;
        let usable_controls = match controls {
            Some(controls) => controls.usable(options.min_width)?,
            None => Vec::new(),
        };
        let too_short = [
            positives.len() - usable.len(),
            controls.map_or(0, SequenceSet::len) - usable_controls.len(),
        ];
        let held_out = |count: usize| (options.holdout * count as f64).round() as usize;
        let smallest = match controls {
            Some(_) => usable.len().min(usable_controls.len()),
            None => usable.len(),
        };
        let enough = held_out(smallest) >= LEAST_HELD_OUT;
        let split = |mut numbers: Vec<usize>, name: &str| {
            let count = if enough { held_out(numbers.len()) } else { 0 };
            let mut rng = random::stream(options.seed, name, &[]);
            let mut drawn = numbers.clone();
            let (chosen, _) = drawn.partial_shuffle(&mut rng, count);
            let mut chosen = chosen.to_vec();
            chosen.sort_unstable();
            numbers.retain(|number| chosen.binary_search(number).is_err());
            [numbers, chosen]
        };
        let numbers = split(usable, "discover: held-out positives");
        let bases = |set: &SequenceSet, numbers: &[usize]| -> Vec<Vec<u8>> {
            numbers.iter().map(|&n| set.bases(n).to_vec()).collect()
        };
        let [training, test] = [0, 1].map(|part| bases(positives, &numbers[part]));
        let control_numbers = match controls {
            Some(_) => split(usable_controls, "discover: held-out controls"),
            None => numbers.clone(),
        };
        let [control_training, control_test] = match controls {
            Some(controls) => [0, 1].map(|part| bases(controls, &control_numbers[part])),
            None => [0, 1].map(|part| {
                let numbers: &[usize] = &numbers[part];
                numbers
                    .iter()
                    .map(|&number| {
                        let mut shuffled = positives.bases(number).to_vec();
                        let mut rng =
                            random::stream(options.seed, "discover: shuffle", &[number as u64]);
                        shuffle_words(&mut shuffled, options.order, &mut rng);
                        shuffled
                    })
                    .collect()
            }),
        };
        let sets = [training, control_training, test, control_test];
        let bases: usize = sets
            .iter()
            .flatten()
            .map(|sequence| sequence.len() + 1)
            .sum();
        if bases > MOST_BASES {
            return Err(Error::about(
                positives.path().display().to_string(),
                format!("at most {MOST_BASES} bases with the controls"),
                bases.to_string(),
            )
            .hint("take a sample of the sequences; a few thousand are enough for a motif"));
        }
        let ([training, test], [control_training, control_test]) = (numbers, control_numbers);
        Ok(Self {
            sets,
            numbers: [training, control_training, test, control_test],
            too_short,
            shuffled: controls.is_none(),
        })
    }

    fn holds_out(&self) -> bool {
        !self.sets[HELD_OUT[0]].is_empty()
    }

    fn count(&self, sets: [usize; 2]) -> [usize; 2] {
        sets.map(|set| self.sets[set].len())
    }

    fn bases(&self, sets: [usize; 2]) -> [u64; 2] {
        sets.map(|set| self.sets[set].iter().map(|s| s.len() as u64).sum())
    }
}

struct Search<'a> {
    options: &'a Options,
    data: Data,
    test: Test,
    training: Enrichment,
    held_out: Option<Enrichment>,
    background: [f64; 4],
    corpus: Corpus,
    words: Words,
}

impl<'a> Search<'a> {
    fn new(data: Data, options: &'a Options) -> Self {
        let [counts, held_out] = [TRAINING, HELD_OUT].map(|part| data.count(part));
        let [bases, held_out_bases] = [TRAINING, HELD_OUT].map(|part| data.bases(part));
        let test = Test::for_sets(
            [counts[0] + held_out[0], counts[1] + held_out[1]],
            [bases[0] + held_out_bases[0], bases[1] + held_out_bases[1]],
        );
        let model = match &options.background {
            Some(given) => Markov::of_words(given),
            None => Markov::of(&data.sets[TRAINING[1]], options.order),
        };
        let sets: Vec<&[Vec<u8>]> = data.sets.iter().map(Vec::as_slice).collect();
        let corpus = Corpus::new(&sets, options.min_width, &model);
        Self {
            options,
            test,
            training: Enrichment::new(test, counts, bases),
            held_out: data
                .holds_out()
                .then(|| Enrichment::new(test, held_out, held_out_bases)),
            background: model.base_probabilities(),
            words: Words::new(&corpus),
            corpus,
            data,
        }
    }

    fn run(mut self, progress: &dyn Progress) -> Result<Discovery> {
        let log10_threshold = self.options.threshold.log10();
        let wanted = match (self.options.motifs, &self.held_out) {
            (None, None) => Some(MOTIFS_WITHOUT_HOLDOUT),
            (wanted, _) => wanted,
        };
        let mut found: Vec<Discovered> = Vec::new();
        let mut in_a_row = 0;
        let significant = |motif: &Discovered, found: usize| {
            let tests = if self.options.by_e_value { found } else { 1 };
            motif.log10_p() + (tests as f64).log10() <= log10_threshold
        };
        let stop = loop {
            if wanted == Some(found.len()) {
                break Stop::Motifs(found.len());
            }
            if wanted.is_none() && in_a_row == self.options.patience {
                break Stop::Patience(in_a_row);
            }
            let Some(fit) = self.best(found.len() + 1, progress)? else {
                break Stop::NothingEnriched;
            };
            let motif = self.describe(&fit, found.len() + 1);
            in_a_row = if significant(&motif, found.len() + 1) {
                0
            } else {
                in_a_row + 1
            };
            self.erase(&fit);
            found.push(motif);
        };
        let count = found.len();
        if wanted.is_none() {
            found.retain(|motif| significant(motif, count));
        }
        found.sort_by(|a, b| {
            let training = |motif: &Discovered| motif.training.log10_p;
            a.log10_p()
                .total_cmp(&b.log10_p())
                .then(training(a).total_cmp(&training(b)))
        });
        Ok(Discovery {
            motifs: found,
            found: count,
            stop,
            test: self.test,
            background: Background::new(self.background)?,
            background_given: self.options.background.is_some(),
            training: self.training.sizes(),
            held_out: self.held_out.as_ref().map_or([0; 2], Enrichment::sizes),
            too_short: self.data.too_short,
            shuffled: self.data.shuffled,
        })
    }

    /// The matrix with the smallest p-value on the training part.
    fn best(&mut self, number: usize, progress: &dyn Progress) -> Result<Option<Fit>> {
        let Options {
            min_width,
            max_width,
            evaluated,
            refined,
            iterations,
            ..
        } = *self.options;
        self.words.update(&self.corpus);
        let fitter = Fitter {
            corpus: &self.corpus,
            test: &self.training,
            background: self.background,
        };
        let words = &self.words;
        let shortest = match refined {
            0 => min_width,
            _ => SHORTEST_WORD.min(min_width),
        };
        let seeds: Vec<Seed> = (shortest..=max_width)
            .into_par_iter()
            .flat_map_iter(|width| words.seeds(width, evaluated, &self.training))
            .collect();
        progress.begin(&format!("motif {number}"), Some(seeds.len() as u64));
        let scored: Vec<Option<f64>> = seeds
            .par_iter()
            .map_init(Scratch::default, |scratch, seed| {
                progress::check(progress)?;
                let fit = fitter.seed(seed.bases(), scratch);
                progress.advance(1);
                Ok(fit.map(|fit| fit.cut.ln_p))
            })
            .collect::<Result<_>>()?;

        // The best of each width go on; all of them compete if none is refined.
        let mut starts: Vec<(f64, &Seed)> = scored
            .into_iter()
            .zip(&seeds)
            .filter_map(|(ln_p, seed)| Some((ln_p?, seed)))
            .collect();
        if refined == 0 {
            starts.sort_by(|a, b| a.0.total_cmp(&b.0));
            starts.truncate(1);
        } else {
            starts.sort_by(|a, b| (a.1.width).cmp(&b.1.width).then(a.0.total_cmp(&b.0)));
            let mut of_width = (0, 0);
            starts.retain(|(_, seed)| {
                of_width = match of_width {
                    (width, rank) if width == seed.width => (width, rank + 1),
                    _ => (seed.width, 1),
                };
                of_width.1 <= refined
            });
        }
        let fits: Vec<Option<Fit>> = starts
            .par_iter()
            .map_init(Scratch::default, |scratch, (_, seed)| {
                progress::check(progress)?;
                let start = fitter.seed(seed.bases(), scratch);
                let steps = if refined > 0 { iterations } else { 0 };
                Ok(start.and_then(|start| {
                    let fit = fitter.refine(start, steps, scratch);
                    let fit = fitter.of_sites(fit, steps, scratch);
                    if seed.width >= min_width {
                        return Some(fit);
                    }
                    let start = fitter.at_width(&fit, min_width, scratch)?;
                    Some(fitter.refine(start, steps, scratch))
                }))
            })
            .collect::<Result<_>>()?;
        let mut fits: Vec<Fit> = fits.into_iter().flatten().collect();
        if refined == 0 {
            progress.finish();
            return Ok(fits.pop());
        }
        // Many words end in the same matrix.
        fits.sort_by(|a, b| a.ln_p.total_cmp(&b.ln_p));
        fits.dedup_by(|a, b| a.ln_p == b.ln_p && a.counts == b.counts);
        fits.truncate(WIDENED);
        for _ in 0..ROUNDS {
            let others = self.at_all_widths(&fits, &fitter, progress)?;
            let before = fits.first().map(|fit| fit.ln_p);
            let best = fitter.most_enriched(fits.into_iter().chain(others));
            fits = best.into_iter().collect();
            if fits.first().map(|fit| fit.ln_p) == before {
                break;
            }
        }
        progress.finish();
        Ok(fits.pop())
    }

    /// The ends of refinements at all widths that begin with `fits`.
    fn at_all_widths(
        &self,
        fits: &[Fit],
        fitter: &Fitter<'_>,
        progress: &dyn Progress,
    ) -> Result<Vec<Fit>> {
        let widths = self.options.min_width..=self.options.max_width;
        let starts: Vec<(&Fit, usize)> = fits
            .iter()
            .flat_map(|fit| widths.clone().map(move |width| (fit, width)))
            .collect();
        let ends: Vec<Option<Fit>> = starts
            .into_par_iter()
            .map_init(Scratch::default, |scratch, (fit, width)| {
                progress::check(progress)?;
                let start = fitter.at_width(fit, width, scratch);
                let iterations = self.options.iterations;
                Ok(start.map(|start| fitter.refine_well(start, iterations, scratch)))
            })
            .collect::<Result<_>>()?;
        Ok(ends.into_iter().flatten().collect())
    }

    /// Counts and sites of a matrix.
    fn describe(&self, fit: &Fit, found: usize) -> Discovered {
        let scanner = Scanner::new(&fit.frequencies);
        let threshold = fit.cut.threshold;
        let mut best = Vec::new();
        let mut buffer = Buffer::default();
        let (mut sites, mut passing) = (Vec::new(), Vec::new());
        let mut held_out = [0; 2];
        for set in [TRAINING, HELD_OUT].concat() {
            let control = CONTROLS.contains(&set);
            scanner.best(&self.corpus, self.corpus.set(set), &mut best, &mut buffer);
            let sequences = self.corpus.set(set).zip(&self.data.numbers[set]);
            for (best, (sequence, &number)) in best.iter().zip(sequences) {
                if best.score < threshold {
                    continue;
                }
                passing.push(Passing {
                    sequence: number,
                    control,
                    held_out: HELD_OUT.contains(&set),
                    score: f64::from(best.score) / UNITS,
                });
                if HELD_OUT.contains(&set) {
                    held_out[usize::from(control)] += 1;
                }
                if !control {
                    sites.push(self.site(best, sequence, number, fit.counts.len()));
                }
            }
        }
        sites.sort_by_key(|site| site.sequence);
        passing.sort_by(|a, b| {
            let number = |passing: &Passing| (passing.control, passing.sequence);
            b.score.total_cmp(&a.score).then(number(a).cmp(&number(b)))
        });
        let part = |test: &Enrichment, [positives, controls]: [usize; 2]| {
            let [of_positives, of_controls] = test.sizes();
            Part {
                positives,
                of_positives,
                controls,
                of_controls,
                log10_p: test.ln_p(positives, controls) / std::f64::consts::LN_10,
            }
        };
        Discovered {
            found,
            frequencies: Frequencies::new(fit.frequencies.clone())
                .expect("counts with a pseudocount, divided by their sum"),
            counts: Counts::new(fit.counts.clone())
                .expect("every column has the base of at least one site"),
            threshold: f64::from(threshold) / UNITS,
            training: part(&self.training, [fit.cut.positives, fit.cut.controls]),
            held_out: self.held_out.as_ref().map(|test| part(test, held_out)),
            sites,
            passing,
        }
    }

    /// The best site of a sequence of the corpus, which has this number among the positives.
    fn site(&self, best: &Best, sequence: usize, number: usize, width: usize) -> Site {
        let start = best.start as usize;
        let word = &self.corpus.bases()[start..start + width];
        let letter = |base: u8| char::from(LETTERS[usize::from(base)]);
        let (strand, bases) = if best.reverse {
            let turned = word.iter().rev().map(|&base| letter(3 - base)).collect();
            (Strand::Reverse, turned)
        } else {
            let bases = word.iter().map(|&base| letter(base)).collect();
            (Strand::Forward, bases)
        };
        Site {
            sequence: number,
            start: start - self.corpus.positions(sequence).start,
            strand,
            score: f64::from(best.score) / UNITS,
            bases,
        }
    }

    /// Forbids all sites of a matrix in all sets, overlapping ones too.
    fn erase(&mut self, fit: &Fit) {
        let scanner = Scanner::new(&fit.frequencies);
        let mut sites = Vec::new();
        let mut buffer = Buffer::default();
        let threshold = fit.cut.threshold;
        for sequence in 0..self.corpus.set(HELD_OUT[1]).end {
            scanner.sites(&self.corpus, sequence, threshold, &mut sites, &mut buffer);
        }
        for start in sites {
            let start = start as usize;
            self.corpus.erase(start..start + fit.counts.len());
        }
        self.corpus.find_segments();
    }
}
