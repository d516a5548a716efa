//! A small simulated genome with ChIP-seq peaks and binding sites, in the file
//! formats of the real sources: for `bindscape demo`, and for tests.
//!
//! Regions accessible in three made-up cell types hold sites drawn from real
//! motifs; who binds them follows from the company of the sites (`grammar`).
//! Nothing of it is measured: a network that does well here shows that the
//! program works, not that it would do as well on a real genome.

mod files;
mod genome;
mod grammar;
mod motifs;

use std::path::{Path, PathBuf};

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use bindscape_base::error::{Error, Result};
use bindscape_base::progress;
use bindscape_base::progress::Progress;
use bindscape_base::random;
use files::{Cluster, Peak, SiteRecord};
use grammar::{CELLS, Content, OTHERS, TARGET, Tf};

/// Width of the regions that the sites are planted in, in base pairs.
const WIDTH: usize = 200;

/// Genome letters per accessible region.
const SPACING: usize = 600;

/// Shares of the regions on chromosomes 1 to 6.
const CHROMOSOMES: [f64; 6] = [0.25, 0.2, 0.17, 0.15, 0.13, 0.1];

/// What to simulate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SimulationOptions {
    /// Seed of everything.
    pub seed: u64,
    /// Accessible regions; the genome has about 600 bases for each.
    pub regions: usize,
}

impl Default for SimulationOptions {
    fn default() -> Self {
        Self {
            seed: 1,
            regions: 12_000,
        }
    }
}

/// Fewest regions that can be simulated.
pub const MIN_REGIONS: usize = 60;

/// What was written, and what it is good for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Simulation {
    /// FASTA of the genome; its index lies beside it (`.fai`).
    pub genome: PathBuf,
    /// Accessible regions, as UCSC's clustered DHS.
    pub dhs_clusters: PathBuf,
    /// Cell of each source id in the clusters.
    pub dhs_sources: PathBuf,
    /// ChIP-seq peaks, as ReMap's.
    pub chip: PathBuf,
    /// Directory of binding sites, one file per data set, as UniBind's.
    pub tfbs: PathBuf,
    /// All TFs, by name.
    pub tfs: Vec<String>,
    /// The TF to fine-tune: few bound regions, a homolog among the others.
    pub target_tf: String,
    /// The TFs of the multi-model.
    pub pretraining_tfs: Vec<String>,
    /// Motifs that sites were drawn from: name and JASPAR matrix.
    pub motifs: Vec<String>,
    /// What was simulated, in a sentence or two.
    pub description: String,
}

/// Writes a simulated genome, its accessible regions, peaks and sites into
/// `directory`, which is made if it is missing. Equal options give equal files.
///
/// # Errors
/// If fewer than [`MIN_REGIONS`] regions are asked for, the directory cannot be
/// written, or the user asked to stop.
pub fn simulate(
    directory: &Path,
    options: &SimulationOptions,
    progress: &dyn Progress,
) -> Result<Simulation> {
    if options.regions < MIN_REGIONS {
        return Err(Error::argument(
            "regions",
            format!("at least {MIN_REGIONS} regions to simulate"),
            options.regions.to_string(),
        ));
    }
    let tfbs = directory.join("unibind");
    std::fs::create_dir_all(&tfbs).map_err(|source| Error::io("create", &tfbs, source))?;
    let mut tfs: Vec<Tf> = OTHERS.to_vec();
    tfs.push(TARGET);
    tfs.sort_unstable_by_key(|tf| tf.name);

    progress.begin("simulating a genome", Some(options.regions as u64));
    let mut world = World::new(&tfs);
    for (number, share) in CHROMOSOMES.iter().enumerate() {
        progress::check(progress)?;
        let regions = ((options.regions as f64 * share).round() as usize).max(1);
        world.add_chromosome(number, regions, &tfs, options.seed);
        progress.advance(regions as u64);
    }
    let simulation = Simulation {
        genome: directory.join("genome.fa"),
        dhs_clusters: directory.join("dhs_clusters.bed.gz"),
        dhs_sources: directory.join("dhs_sources.tsv"),
        chip: directory.join("remap_peaks.bed.gz"),
        tfbs,
        tfs: tfs.iter().map(|tf| tf.name.to_owned()).collect(),
        target_tf: TARGET.name.to_owned(),
        pretraining_tfs: OTHERS.iter().map(|tf| tf.name.to_owned()).collect(),
        motifs: motifs::MOTIFS
            .iter()
            .map(|motif| format!("{} {}", motif.name, motif.matrix))
            .collect(),
        description: describe(&world, options),
    };
    files::write(
        &simulation,
        &world.chromosomes,
        &world.clusters,
        &world.data_sets,
    )?;
    progress.finish();
    Ok(simulation)
}

fn describe(world: &World, options: &SimulationOptions) -> String {
    let bases: usize = world.chromosomes.iter().map(|chrom| chrom.1.len()).sum();
    format!(
        "Simulated data, not measured: {} accessible regions on a made-up genome of {:.1} million \
         bases in {} made-up cell types, with sites of {} TFs drawn from JASPAR 2020 motifs \
         (CC BY 4.0) that are bound together as real cofactors and homologs are (seed {}).",
        world.clusters.len(),
        bases as f64 / 1e6,
        CELLS.len(),
        OTHERS.len() + 1,
        options.seed,
    )
}

/// The experiment on one TF in one cell.
struct DataSet {
    tf: &'static str,
    cell: &'static str,
    peaks: Vec<Peak>,
    sites: Vec<SiteRecord>,
}

struct World {
    /// Names and letters.
    chromosomes: Vec<(String, Vec<u8>)>,
    clusters: Vec<Cluster>,
    /// By TF, then by cell.
    data_sets: Vec<DataSet>,
}

impl World {
    fn new(tfs: &[Tf]) -> Self {
        let data_sets = tfs
            .iter()
            .flat_map(|tf| {
                profiled(tf.cells).map(|(_, cell)| DataSet {
                    tf: tf.name,
                    cell,
                    peaks: Vec::new(),
                    sites: Vec::new(),
                })
            })
            .collect();
        Self {
            chromosomes: Vec::new(),
            clusters: Vec::new(),
            data_sets,
        }
    }

    fn add_chromosome(&mut self, number: usize, regions: usize, tfs: &[Tf], seed: u64) {
        let mut letters = genome::background(
            (regions + 2) * SPACING,
            &mut random::stream(seed, "background", &[number as u64]),
        );
        // Chromosome ends are not sequenced.
        letters[..SPACING / 2].fill(b'N');
        let mut rng = random::stream(seed, "regions", &[number as u64]);
        for region in 0..regions {
            // At least 440 bases between two centres: clusters do not meet.
            let centre = SPACING + region * SPACING + rng.random_range(0..160);
            self.add_region(number, centre, &mut letters, tfs, &mut rng);
        }
        self.chromosomes
            .push((format!("chr{}", number + 1), letters));
    }

    fn add_region(
        &mut self,
        chrom: usize,
        centre: usize,
        letters: &mut [u8],
        tfs: &[Tf],
        rng: &mut ChaCha8Rng,
    ) {
        let start = centre - WIDTH / 2;
        let content = Content::draw(WIDTH, rng);
        if content.island {
            letters[start..start + WIDTH].copy_from_slice(&genome::island(WIDTH, rng));
        }
        for site in &content.sites {
            let at = start + site.start;
            for (letter, &base) in letters[at..].iter_mut().zip(&site.bases) {
                *letter = b"ACGT"[usize::from(base)];
            }
        }
        // A few regions lie beside gaps of the assembly.
        if rng.random_bool(0.003) {
            letters[start..start + rng.random_range(1..12)].fill(b'N');
        }
        // The cluster is wider or narrower than the region; its centre is the region's.
        let half = rng.random_range(70..=190);
        self.clusters.push(Cluster {
            chrom,
            start: centre - half,
            end: centre + half + rng.random_range(0..=1),
            cells: content.open,
        });
        self.add_evidence(chrom, start, &content, tfs, rng);
    }

    /// What the experiments see of a region that begins at `start`.
    fn add_evidence(
        &mut self,
        chrom: usize,
        start: usize,
        content: &Content,
        tfs: &[Tf],
        rng: &mut ChaCha8Rng,
    ) {
        let mut data_sets = self.data_sets.iter_mut();
        for tf in tfs {
            for (bit, _) in profiled(tf.cells) {
                let data_set = data_sets.next().expect("a data set per TF and cell");
                if content.open & bit == 0 {
                    continue;
                }
                let site = content
                    .sites
                    .iter()
                    .find(|site| site.family == tf.family && site.bound);
                let mut peak = |summit: usize, rng: &mut ChaCha8Rng| {
                    data_set.peaks.push(Peak {
                        chrom,
                        start: summit - rng.random_range(80..200),
                        end: summit + rng.random_range(80..200),
                        summit,
                    });
                };
                if let Some(site) = site {
                    if !rng.random_bool(tf.depth) {
                        continue;
                    }
                    // One region in fifty has its summit outside: site evidence only.
                    let middle = start + site.start + site.bases.len() / 2;
                    let summit = if rng.random_bool(0.02) {
                        start + WIDTH + rng.random_range(1..30)
                    } else {
                        let shift = rng.random_range(0..40);
                        (middle + shift)
                            .saturating_sub(20)
                            .clamp(start, start + WIDTH - 1)
                    };
                    peak(summit, rng);
                    data_set.sites.push(SiteRecord {
                        chrom,
                        start: start + site.start,
                        end: start + site.start + site.bases.len(),
                        reverse: site.reverse,
                    });
                } else if rng.random_bool(if content.active { 0.05 } else { 0.01 }) {
                    // Peaks without a site: the TF is tethered by others, or the peak is wrong.
                    peak(start + rng.random_range(0..WIDTH), rng);
                }
            }
        }
    }
}

/// Bits and names of cells.
fn profiled(cells: u8) -> impl Iterator<Item = (u8, &'static str)> {
    CELLS
        .iter()
        .enumerate()
        .map(|(bit, &name)| (1 << bit, name))
        .filter(move |(bit, _)| cells & bit != 0)
}

#[cfg(test)]
mod tests;
