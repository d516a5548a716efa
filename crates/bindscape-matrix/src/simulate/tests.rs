use super::*;
use crate::build::{BuildInputs, BuildOptions, RegionInputs, build};
use crate::sample::{
    Excluded, FinetuneOptions, FinetuningPool, PretrainOptions, Unresolved, pretraining_dataset,
};
use crate::sheet::{Aliases, DataSet as Sheet, unibind_directory};
use crate::split::Split;
use crate::{BindingMatrix, BindingState, View};
use bindscape_base::progress::Silent;
use bindscape_genome::genome::Genome;
use bindscape_genome::load::load_sequences;

fn built(simulation: &Simulation) -> BindingMatrix {
    let inputs = BuildInputs {
        regions: RegionInputs::Clusters {
            bed: simulation.dhs_clusters.clone(),
            sources: simulation.dhs_sources.clone(),
        },
        chip: vec![Sheet {
            path: simulation.chip.clone(),
            pair: None,
            format: None,
        }],
        tfbs: unibind_directory(&simulation.tfbs).unwrap(),
        aliases: Aliases::default(),
    };
    let sizes = Genome::open(&simulation.genome)
        .unwrap()
        .chromosomes()
        .to_vec();
    let options = BuildOptions {
        chrom_sizes: Some(sizes),
        ..BuildOptions::default()
    };
    build(&inputs, &options, &Silent).unwrap().matrix
}

#[test]
fn the_ordinary_build_reads_it_and_the_job_is_as_described() {
    let directory = tempfile::tempdir().unwrap();
    let options = SimulationOptions::default();
    let simulation = simulate(directory.path(), &options, &Silent).unwrap();
    let matrix = built(&simulation);
    assert_eq!(matrix.tfs, simulation.tfs);
    assert_eq!(matrix.regions.len(), options.regions);

    let mut genome = Genome::open(&simulation.genome).unwrap();
    let mut fetch = |regions: &bindscape_genome::region::Regions| {
        load_sequences(&mut genome, regions, WIDTH, &Silent)
    };
    let pretraining = PretrainOptions {
        tfs: simulation.pretraining_tfs.clone(),
        view: View::LessSparse,
        unresolved: Unresolved::Drop,
        also_resolved_for: Vec::new(),
        regions: None,
        split: Split::default(),
        seed: 1,
    };
    let multi = pretraining_dataset(&matrix, &[], &pretraining, &mut fetch).unwrap();
    assert!(
        (3600..4400).contains(&multi.dataset.len()),
        "{}",
        multi.dataset.len()
    );
    for (output, tf) in simulation.pretraining_tfs.iter().enumerate() {
        let bound = (0..multi.dataset.len())
            .filter(|&row| multi.dataset.labels_of(row)[output] == 1)
            .count();
        assert!(bound >= 200, "{tf} is bound in {bound} regions only");
    }
    let excluded = [Excluded {
        regions: &multi.dataset.regions,
        what: "regions used in pre-training",
        exact: false,
    }];
    let target = &simulation.target_tf;
    let pool =
        FinetuningPool::new(&matrix, target, View::Sparse, &excluded, None, &mut fetch).unwrap();
    assert!(
        (250..600).contains(&pool.positives()),
        "{}",
        pool.positives()
    );
    let one = pool
        .dataset(
            &FinetuneOptions {
                positives: Some(250),
                ..FinetuneOptions::default()
            },
            1,
        )
        .unwrap();
    assert_eq!(one.dataset.len(), 500, "{:?}", one.steps);
    let unknown = &multi
        .steps
        .iter()
        .find(|step| step.what.contains("(N)"))
        .unwrap();
    assert!(unknown.regions > 0, "gaps are met");

    // All four states occur: the two views differ.
    let column = matrix
        .column(target, bindscape_base::Subject::field("tf"))
        .unwrap();
    for state in [
        BindingState::Closed,
        BindingState::Unbound,
        BindingState::OneEvidence,
        BindingState::Bound,
    ] {
        assert!(column.contains(&state), "{state:?}");
    }
    assert!(
        simulation
            .description
            .starts_with("Simulated data, not measured")
    );
}

#[test]
fn equal_seeds_give_equal_files() {
    let run = |seed| {
        let directory = tempfile::tempdir().unwrap();
        let options = SimulationOptions { seed, regions: 200 };
        let simulation = simulate(directory.path(), &options, &Silent).unwrap();
        let read = |path: &Path| std::fs::read(path).unwrap();
        let sites: Vec<Vec<u8>> = unibind_directory(&simulation.tfbs)
            .unwrap()
            .iter()
            .map(|set| read(&set.path))
            .collect();
        (
            read(&simulation.genome),
            read(&simulation.dhs_clusters),
            read(&simulation.chip),
            sites,
        )
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

#[test]
fn too_few_regions_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let options = SimulationOptions {
        seed: 1,
        regions: 3,
    };
    let error = simulate(directory.path(), &options, &Silent)
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        "regions: expected at least 60 regions to simulate, found 3"
    );
}

#[test]
fn motifs_are_whole() {
    for motif in &motifs::MOTIFS {
        assert!(
            motif.matrix.starts_with("MA") && motif.counts.len() >= 9,
            "{}",
            motif.name
        );
        let site = motif.draw(0.8, &mut bindscape_base::random::stream(1, "motif", &[]));
        assert_eq!(site.len(), motif.counts.len());
    }
}
