//! What the filters of the first convolution respond to, and what is lost without them
//! (Novakovsky et al. 2021, Methods, "Model interpretation"; after AI-TAC, Maslova et al. 2020).

use bindscape_base::progress::Progress;
use bindscape_base::random::stream;
use bindscape_base::{Error, Result};
use bindscape_genome::sequence::{PackedSequences, Strand};
use bindscape_stats::quantile;
use rand_chacha::rand_core::RngCore;
use rayon::prelude::*;

use crate::network::{LayerKind, Layers, Source, Traced};
use crate::predict::Predictor;
use crate::strands::Strands;

/// The first convolution of a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstLayer {
    /// Name of the convolution.
    pub convolution: String,
    /// Name of the layer whose output is its activation: its ReLU.
    pub activation: String,
    /// Number of filters.
    pub filters: usize,
    /// Width of a filter in base pairs.
    pub width: usize,
}

impl FirstLayer {
    /// That of a list of layers.
    ///
    /// # Errors
    /// If no convolution reads the sequences, or no ReLU follows it.
    pub fn of(layers: &Layers) -> Result<Self> {
        let none = |found: &str| {
            Error::about(
                "the network",
                "a convolution that reads the sequences, and its ReLU",
                found,
            )
        };
        let readers = layers.readers();
        let convolution = layers.iter().enumerate().find_map(|(place, layer)| {
            match (layer.kind(), layer.reads()) {
                (
                    LayerKind::Convolution {
                        filters, kernel, ..
                    },
                    [Source::Input],
                ) => Some((place, filters, kernel)),
                _ => None,
            }
        });
        let (first, filters, width) = convolution.ok_or_else(|| none("none"))?;
        let mut place = first;
        loop {
            let [next] = readers[place][..] else {
                return Err(none("another one after it"));
            };
            match layers.at(next).kind() {
                LayerKind::Relu => {
                    return Ok(Self {
                        convolution: layers.at(first).name().to_owned(),
                        activation: layers.at(next).name().to_owned(),
                        filters,
                        width,
                    });
                }
                LayerKind::BatchNorm { .. } => place = next,
                _ => return Err(none("another layer after it")),
            }
        }
    }
}

/// The windows that a filter responds to.
#[derive(Debug, Clone, PartialEq)]
pub struct FilterSites {
    /// How often each base stands at each position of the windows.
    ///
    /// # Shapes
    /// `[width]` of A, C, G, T
    pub counts: Vec<[u64; 4]>,
    /// Windows.
    pub sites: u64,
    /// The largest activation; 0 of a filter that never responds.
    pub maximum: f32,
}

/// What changes for a TF if some filters give 0 at every position.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Influence {
    /// Mean over sequences of the squared change of the probability.
    pub squared: f64,
    /// 95% interval of that, by bootstrap over sequences; `None` without resamples.
    pub interval: Option<(f64, f64)>,
    /// Mean change of the probability: negative where the filters speak for binding.
    pub change: f64,
}

/// Bootstrap over sequences.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resampling {
    /// Resamples; 0 for none.
    pub resamples: usize,
    /// Their seed.
    pub seed: u64,
}

impl Predictor {
    /// For each filter of the first convolution the windows, on both strands, at which it responds
    /// with more than `share` of its largest activation on `sequences`. Sequences with letters
    /// other than A, C, G, T are left out. `progress` advances by four per sequence.
    ///
    /// # Errors
    /// If the network has no such layer, the sequences have another length, or the user asked to
    /// stop.
    pub fn filter_sites(
        &self,
        sequences: &PackedSequences,
        share: f32,
        batch: usize,
        progress: &dyn Progress,
    ) -> Result<Vec<FilterSites>> {
        let layer = FirstLayer::of(self.network().layers())?;
        let each = |visit: &mut (dyn FnMut(Strand, &Traced) + Send)| -> Result<()> {
            for strand in [Strand::Forward, Strand::Reverse] {
                let layers = [layer.activation.as_str()];
                self.trace(sequences, strand, &layers, batch, progress, |traced| {
                    visit(strand, &traced);
                    Ok(())
                })?;
            }
            Ok(())
        };
        let mut maxima = vec![0.0_f32; layer.filters];
        each(&mut |_, traced| {
            for of_position in traced.activations[0].values.chunks_exact(layer.filters) {
                for (maximum, &value) in maxima.iter_mut().zip(of_position) {
                    *maximum = maximum.max(value);
                }
            }
        })?;
        let mut counts = vec![vec![[0_u64; 4]; layer.width]; layer.filters];
        let mut sites = vec![0; layer.filters];
        let mut bases = vec![0; sequences.length()];
        each(&mut |strand, traced| {
            let array = &traced.activations[0];
            let of_rows = array.values.chunks_exact(array.shape[1] * layer.filters);
            for (&row, values) in traced.rows.iter().zip(of_rows) {
                sequences.bases(row, strand, &mut bases);
                let windows = bases.windows(layer.width);
                for (window, values) in windows.zip(values.chunks_exact(layer.filters)) {
                    for (filter, &value) in values.iter().enumerate() {
                        if value > 0.0 && value > share * maxima[filter] {
                            sites[filter] += 1;
                            for (count, &base) in counts[filter].iter_mut().zip(window) {
                                count[usize::from(base)] += 1;
                            }
                        }
                    }
                }
            }
        })?;
        let found = counts.into_iter().zip(sites).zip(maxima);
        Ok(found
            .map(|((counts, sites), maximum)| FilterSites {
                counts,
                sites,
                maximum,
            })
            .collect())
    }

    /// What silencing each group of filters changes in the probabilities of `sequences`, both
    /// strands averaged, TF by TF. `progress` advances by one per sequence for each group, and once before.
    ///
    /// # Errors
    /// If the network has no such layer or filter, the sequences have another length, or the user
    /// asked to stop.
    pub fn silence(
        &self,
        sequences: &PackedSequences,
        groups: &[Vec<usize>],
        batch: usize,
        resampling: Resampling,
        progress: &dyn Progress,
    ) -> Result<Vec<Vec<Influence>>> {
        let layer = FirstLayer::of(self.network().layers())?;
        let predict = |predictor: &Self| -> Result<Vec<f32>> {
            let found = predictor.predict(sequences, Strands::Both, batch, progress)?;
            // Sequences with unknown letters have none.
            Ok(found.into_iter().flatten().collect())
        };
        let before = predict(self)?;
        let tfs = self.outputs();
        let draws = draws(before.len() / tfs, resampling);
        groups
            .iter()
            .map(|group| {
                let mut silenced = self.clone();
                let mut weights = silenced.network_mut().layer_mut(&layer.convolution)?;
                for &filter in group {
                    weights.hold(filter, 0.0)?;
                }
                let after = predict(&silenced)?;
                Ok(influences(&before, &after, tfs, &draws))
            })
            .collect()
    }
}

/// How often each of `sequences` is drawn, resample by resample.
fn draws(sequences: usize, resampling: Resampling) -> Vec<Vec<f32>> {
    let draw = |number: usize| {
        let mut rng = stream(resampling.seed, "silenced filters", &[number as u64]);
        let mut times = vec![0.0; sequences];
        for _ in 0..sequences {
            // As evenly as 64 bits allow.
            let at = (u128::from(rng.next_u64()) * sequences as u128) >> 64;
            times[at as usize] += 1.0;
        }
        times
    };
    (0..resampling.resamples)
        .into_par_iter()
        .map(draw)
        .collect()
}

/// The influences TF by TF, of probabilities `[sequence * TFs + TF]`.
fn influences(before: &[f32], after: &[f32], tfs: usize, draws: &[Vec<f32>]) -> Vec<Influence> {
    let sequences = before.len() / tfs;
    let changes: Vec<f32> = after.iter().zip(before).map(|(a, b)| a - b).collect();
    let squares: Vec<f32> = changes.iter().map(|change| change * change).collect();
    let resampled: Vec<Vec<f64>> = draws
        .par_iter()
        .map(|times| {
            let mut sums = vec![0.0_f64; tfs];
            for (row, &times) in squares.chunks_exact(tfs).zip(times) {
                if times > 0.0 {
                    for (sum, &square) in sums.iter_mut().zip(row) {
                        *sum += f64::from(times * square);
                    }
                }
            }
            sums
        })
        .collect();
    let share = 1.0 / sequences.max(1) as f64;
    (0..tfs)
        .map(|tf| {
            let of_tf = |values: &[f32]| -> f64 {
                values
                    .iter()
                    .skip(tf)
                    .step_by(tfs)
                    .map(|&v| f64::from(v))
                    .sum()
            };
            let means: Vec<f64> = resampled.iter().map(|sums| share * sums[tf]).collect();
            Influence {
                squared: share * of_tf(&squares),
                interval: quantile(&means, 0.025).zip(quantile(&means, 0.975)),
                change: share * of_tf(&changes),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use bindscape_base::progress::Silent;
    use burn::tensor::Device;

    use super::*;
    use crate::{Architecture, CnnConfig, DanqConfig, random};

    fn predictor() -> Predictor {
        let mut config = CnnConfig::new(90, 2);
        (config.filters, config.hidden) = ([4, 4, 4], 8);
        Predictor::initial(&Architecture::Cnn(config), 1, &Device::flex()).unwrap()
    }

    fn sequences(count: usize) -> PackedSequences {
        let mut rng = random::stream(5, "filters-test", &[]);
        let mut sequences = PackedSequences::new(90);
        for _ in 0..count {
            let letters: Vec<u8> = (0..90)
                .map(|_| b"ACGT"[(rng.next_u32() >> 30) as usize])
                .collect();
            sequences.push(&letters);
        }
        sequences
    }

    #[test]
    fn the_first_layer_is_that_which_reads_the_sequences() {
        let layers = Architecture::Cnn(CnnConfig::new(200, 50)).layers();
        let first = FirstLayer::of(&layers).unwrap();
        assert_eq!(
            (first.convolution.as_str(), first.filters, first.width),
            ("c1", 100, 19)
        );
        let layers = Architecture::Danq(DanqConfig::new(200, 50)).layers();
        let first = FirstLayer::of(&layers).unwrap();
        assert_eq!((first.filters, first.width), (320, 26));
    }

    /// A filter that wants one word finds it on both strands, and nothing else.
    #[test]
    fn a_filter_that_wants_a_word_finds_its_sites() {
        let mut predictor = predictor();
        let word = b"CACGTTGACCATTGCAGTA";
        let mut filter = vec![0.0; 4 * 19];
        for (at, letter) in word.iter().enumerate() {
            let base = b"ACGT".iter().position(|b| b == letter).unwrap();
            filter[base * 19 + at] = 1.0;
        }
        let mut weights = predictor.network_mut().layer_mut("c1").unwrap();
        weights.set_filter(1, &filter).unwrap();
        weights.set("c1.bias", &[0.0; 4]).unwrap();
        let mut planted = sequences(6);
        let mut letters = planted.letters(0).into_bytes();
        letters[30..49].copy_from_slice(word);
        planted.push(&letters);
        bindscape_genome::sequence::reverse_complement(&mut letters);
        planted.push(&letters);
        planted.push(&[b'N'; 90]);
        // The normalisation subtracts nothing yet; nine tenths of the largest are the word alone.
        let sites = predictor.filter_sites(&planted, 0.9, 3, &Silent).unwrap();
        assert_eq!(sites.len(), 4);
        assert_eq!(sites[1].sites, 2);
        for (count, letter) in sites[1].counts.iter().zip(word) {
            let base = b"ACGT".iter().position(|b| b == letter).unwrap();
            assert_eq!(count[base], 2);
        }
    }

    #[test]
    fn silencing_is_the_change_of_the_prediction() {
        let predictor = predictor();
        let sequences = sequences(40);
        let resampling = Resampling {
            resamples: 200,
            seed: 1,
        };
        let groups = [vec![0], vec![0, 1, 2, 3], vec![]];
        let found = predictor
            .silence(&sequences, &groups, 16, resampling, &Silent)
            .unwrap();
        let probabilities = |predictor: &Predictor| -> Vec<f32> {
            let found = predictor.predict(&sequences, Strands::Both, 40, &Silent);
            found.unwrap().into_iter().flatten().collect()
        };
        let before = probabilities(&predictor);
        let mut without = predictor.clone();
        let mut weights = without.network_mut().layer_mut("c1").unwrap();
        weights.hold(0, 0.0).unwrap();
        let after = probabilities(&without);
        for tf in 0..2 {
            let changes: Vec<f64> = (0..40)
                .map(|row| f64::from(after[2 * row + tf] - before[2 * row + tf]))
                .collect();
            let squared = changes.iter().map(|c| c * c).sum::<f64>() / 40.0;
            let influence = found[0][tf];
            assert!((influence.squared - squared).abs() < 1e-9);
            assert!((influence.change - changes.iter().sum::<f64>() / 40.0).abs() < 1e-9);
            let (low, high) = influence.interval.unwrap();
            assert!(low <= squared && squared <= high && low < high);
            // Without any filter all sequences are alike.
            assert!(found[1][tf].squared > 0.0);
            assert_eq!(found[2][tf].squared, 0.0);
        }
    }

    #[test]
    fn a_filter_that_is_not_there_is_refused() {
        let none = Resampling {
            resamples: 0,
            seed: 1,
        };
        let predictor = predictor();
        let sequences = sequences(3);
        let fault = predictor.silence(&sequences, &[vec![4]], 16, none, &Silent);
        assert!(fault.is_err());
        let found = predictor
            .silence(&sequences, &[vec![3]], 16, none, &Silent)
            .unwrap();
        assert_eq!(found[0][0].interval, None);
    }
}
