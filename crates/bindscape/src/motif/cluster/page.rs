//! The page of a clustering: `clusters.html`.

use bindscape_base::Result;
use bindscape_motif::cluster::{Clustering, Member, Merge, Subtree};
use bindscape_motif::logo::letter_definitions;
use bindscape_motif::{Background, Logo, Motif, MotifSet};
use bindscape_report::{Branch, ClusterPage, ClusteredMotif, MotifCluster, cluster_page};
use rayon::prelude::*;

/// What is beside the page.
const FILES: [(&str, &str); 4] = [
    (
        "clusters.tsv",
        "each motif with its place and strand in the frame of its cluster",
    ),
    ("modes.tsv", "each TF with the clusters of its motifs"),
    ("consensus.meme", "the consensus of each cluster"),
    ("tree.nwk", "the tree of all motifs"),
];

/// The page of `clustering`, whose consensus motifs are `means`. `notes` are lines below the title.
pub(super) fn page(
    title: &str,
    notes: &[String],
    set: &MotifSet,
    means: &MotifSet,
    clustering: &Clustering,
) -> Result<String> {
    let numbers: Vec<usize> = (0..clustering.clusters.len()).collect();
    let clusters: Vec<MotifCluster> = numbers
        .into_par_iter()
        .map(|number| drawn(number, &means.motifs[number], &set.motifs, clustering))
        .collect::<Result<_>>()?;
    let tree = clustering.tree_of_clusters();
    Ok(cluster_page(&ClusterPage {
        title,
        notes,
        definitions: &letter_definitions(),
        clusters: &clusters,
        order: &tree.leaves,
        tree: &branches(&tree),
        height: "mean dissimilarity, 1 less the width-normalised correlation",
        files: &FILES,
    }))
}

/// A cluster with the logos of its motifs in one frame, in the order of its tree.
fn drawn(
    number: usize,
    mean: &Motif,
    motifs: &[Motif],
    clustering: &Clustering,
) -> Result<MotifCluster> {
    let members = &clustering.clusters[number];
    let tree = clustering.tree_of(number);
    let end = |member: &Member| member.offset + motifs[member.motif].width();
    let frame = members.iter().map(end).max().unwrap_or(0);
    let rows = tree
        .leaves
        .iter()
        .filter_map(|&leaf| members.iter().find(|member| member.motif == leaf))
        .map(|member| row(member, &motifs[member.motif], frame))
        .collect::<Result<_>>()?;
    Ok(MotifCluster {
        consensus: mean.frequencies.consensus(),
        logo: Logo::information(&mean.frequencies, &Background::uniform())?.inline_svg(),
        members: rows,
        tree: branches(&tree),
    })
}

fn row(member: &Member, motif: &Motif, frame: usize) -> Result<ClusteredMotif> {
    let frequencies = if member.reverse {
        motif.frequencies.reverse_complement()
    } else {
        motif.frequencies.clone()
    };
    let logo = Logo::information(&frequencies, &Background::uniform())
        .map_err(|error| error.within(&motif.id))?;
    let after = frame - member.offset - motif.width();
    Ok(ClusteredMotif {
        id: motif.id.clone(),
        name: motif.name.clone().unwrap_or_else(|| motif.id.clone()),
        species: motif.metadata.species_names(),
        reverse: member.reverse,
        logo: logo.padded(member.offset, after).inline_svg(),
    })
}

fn branches(tree: &Subtree) -> Vec<Branch> {
    let branch = |merge: &Merge| Branch {
        groups: merge.groups,
        height: merge.height,
    };
    tree.merges.iter().map(branch).collect()
}
