//! Building, overlaps and files of a binding matrix on simulated data:
//! `cargo bench -p bindscape-matrix`. `RAYON_NUM_THREADS` sets the threads.

use bindscape_base::progress::Silent;
use bindscape_base::random;
use bindscape_genome::region::Regions;
use bindscape_matrix::build::{BuildInputs, BuildOptions, RegionInputs, build};
use bindscape_matrix::overlap::RegionIndex;
use bindscape_matrix::sheet::{Aliases, DataSet, unibind_directory};
use bindscape_matrix::simulate::{SimulationOptions, simulate};
use bindscape_matrix::{BindingMatrix, parquet};
use divan::Bencher;
use divan::counter::ItemsCount;
use rand::Rng;

fn main() {
    divan::main();
}

/// The files of a simulated genome, and the directory that holds them.
fn simulated(regions: usize) -> (tempfile::TempDir, BuildInputs) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let options = SimulationOptions { seed: 1, regions };
    let data = simulate(directory.path(), &options, &Silent).expect("a simulation");
    let inputs = BuildInputs {
        regions: RegionInputs::Clusters {
            bed: data.dhs_clusters,
            sources: data.dhs_sources,
        },
        chip: vec![DataSet {
            path: data.chip,
            pair: None,
            format: None,
        }],
        tfbs: unibind_directory(&data.tfbs).expect("sites"),
        aliases: Aliases::default(),
    };
    (directory, inputs)
}

fn matrix(regions: usize) -> (tempfile::TempDir, BindingMatrix) {
    let (directory, inputs) = simulated(regions);
    let built = build(&inputs, &BuildOptions::default(), &Silent).expect("a matrix");
    (directory, built.matrix)
}

#[divan::bench(args = [1_000, 12_000], sample_count = 20)]
fn build_matrix(bencher: Bencher<'_, '_>, regions: usize) {
    let (_directory, inputs) = simulated(regions);
    let options = BuildOptions::default();
    bencher
        .counter(ItemsCount::new(regions))
        .bench(|| build(&inputs, &options, &Silent));
}

/// A million sorted peaks against a region every 600 bases.
#[divan::bench(args = [100, 1_000])]
fn overlaps(bencher: Bencher<'_, '_>, width: u32) {
    let mut regions = Regions::new();
    let chrom = regions.intern("chr1");
    for start in (0..400_000).map(|number| number * 600) {
        regions.push_interned(chrom, start, start + 200);
    }
    let mut random = random::stream(1, "peaks", &[]);
    let mut peaks: Vec<u32> = (0..1_000_000)
        .map(|_| random.random_range(0..240_000_000))
        .collect();
    peaks.sort_unstable();
    let index = RegionIndex::new(&regions, 200);
    bencher.counter(ItemsCount::new(peaks.len())).bench(|| {
        let mut search = index.on(chrom);
        peaks
            .iter()
            .map(|&start| search.overlapping(start, start + width).len())
            .sum::<usize>()
    });
}

#[divan::bench(sample_count = 20)]
fn write_parquet(bencher: Bencher<'_, '_>) {
    let (directory, matrix) = matrix(12_000);
    let path = directory.path().join("matrix.parquet");
    bencher.bench(|| parquet::write(&path, &matrix));
}

/// All columns, and one of them.
#[divan::bench(args = [None, Some(1)])]
fn read_parquet(bencher: Bencher<'_, '_>, columns: Option<usize>) {
    let (directory, matrix) = matrix(12_000);
    let path = directory.path().join("matrix.parquet");
    parquet::write(&path, &matrix).expect("written");
    let tfs = columns.map(|count| matrix.tfs[..count].to_vec());
    bencher.bench(|| parquet::read(&path, tfs.as_deref()));
}
