//! Communities of a graph by the Leiden algorithm, which makes the modularity large.
//!
//! Traag, Waltman and van Eck (2019), From Louvain to Leiden: guaranteeing well-connected
//! communities, Scientific Reports 9:5233. Vertices move to the neighbouring community that gains
//! most, in a queue; within each community they are merged again from single vertices; the merged
//! ones are the vertices of the next, smaller graph. This is repeated until nothing is gained.

use bindscape_base::progress::{Progress, check};
use bindscape_base::{Error, Result, random};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::graph::Graph;

/// The best of `runs` clusterings by modularity; the first of equal ones. The largest community
/// has number 0.
pub(crate) fn communities(
    graph: &Graph,
    runs: usize,
    seed: u64,
    progress: &dyn Progress,
) -> Result<Vec<u32>> {
    let found: Vec<(f64, Vec<u32>)> = (0..runs)
        .into_par_iter()
        .map(|run| {
            let mut rng = random::stream(seed, "leiden", &[run as u64]);
            let membership = one_run(graph, &mut rng, progress)?;
            Ok::<_, Error>((modularity(graph, &membership), membership))
        })
        .collect::<Result<_>>()?;
    let best = (found.into_iter())
        .reduce(|best, other| if other.0 > best.0 { other } else { best })
        .expect("at least one run");
    Ok(by_size(best.1))
}

/// Newman's modularity of a partition.
pub(crate) fn modularity(graph: &Graph, membership: &[u32]) -> f64 {
    let count = membership.iter().max().map_or(0, |&most| most as usize + 1);
    let (mut inside, mut strength) = (vec![0.0; count], vec![0.0; count]);
    let mut total = 0.0;
    for (vertex, of_vertex) in graph.strengths().into_iter().enumerate() {
        let community = membership[vertex];
        strength[community as usize] += of_vertex;
        total += of_vertex;
        inside[community as usize] += graph.loops[vertex];
        for (other, weight) in graph.neighbours(vertex) {
            if membership[other as usize] == community {
                inside[community as usize] += weight;
            }
        }
    }
    if total == 0.0 {
        return 0.0;
    }
    (inside.iter().zip(&strength))
        .map(|(inside, strength)| inside / total - (strength / total) * (strength / total))
        .sum()
}

fn one_run(graph: &Graph, rng: &mut ChaCha8Rng, progress: &dyn Progress) -> Result<Vec<u32>> {
    let mut membership: Vec<u32> = (0..graph.len() as u32).collect();
    let mut quality = modularity(graph, &membership);
    loop {
        check(progress)?;
        let improved = iterate(graph, membership.clone(), rng, progress)?;
        let better = modularity(graph, &improved);
        if better <= quality + 1e-12 {
            return Ok(if better > quality {
                improved
            } else {
                membership
            });
        }
        (membership, quality) = (improved, better);
    }
}

/// One pass over all levels, from a partition that is there.
fn iterate(
    graph: &Graph,
    membership: Vec<u32>,
    rng: &mut ChaCha8Rng,
    progress: &dyn Progress,
) -> Result<Vec<u32>> {
    let mut smaller: Option<Graph> = None;
    let mut of_level = membership;
    // Vertex of the level that each vertex of the graph belongs to.
    let mut vertices: Vec<u32> = (0..graph.len() as u32).collect();
    loop {
        check(progress)?;
        let level = smaller.as_ref().unwrap_or(graph);
        let strengths = level.strengths();
        move_vertices(level, &strengths, &mut of_level, rng);
        let count = renumber(&mut of_level);
        let mut refined = merge_within(level, &strengths, &of_level, rng);
        let merged = renumber(&mut refined);
        if merged == level.len() || count == level.len() {
            return Ok(vertices.iter().map(|&v| of_level[v as usize]).collect());
        }
        let mut next = vec![0; merged];
        for (&refined, &community) in refined.iter().zip(&of_level) {
            next[refined as usize] = community;
        }
        for vertex in &mut vertices {
            *vertex = refined[*vertex as usize];
        }
        let aggregated = aggregate(level, &refined, merged);
        smaller = Some(aggregated);
        of_level = next;
    }
}

/// Weights from one vertex to the communities around it.
struct Around {
    weights: Vec<f64>,
    communities: Vec<u32>,
}

impl Around {
    fn new(n: usize) -> Self {
        Self {
            weights: vec![-1.0; n],
            communities: Vec::new(),
        }
    }

    fn add(&mut self, community: u32, weight: f64) {
        let sum = &mut self.weights[community as usize];
        if *sum < 0.0 {
            *sum = 0.0;
            self.communities.push(community);
        }
        *sum += weight;
    }

    fn clear(&mut self) {
        for &community in &self.communities {
            self.weights[community as usize] = -1.0;
        }
        self.communities.clear();
    }
}

fn shuffled(n: usize, rng: &mut ChaCha8Rng) -> Vec<u32> {
    let mut order: Vec<u32> = (0..n as u32).collect();
    random::shuffle(&mut order, rng);
    order
}

/// Moves vertices to the community that gains most, until none gains.
fn move_vertices(graph: &Graph, strengths: &[f64], membership: &mut [u32], rng: &mut ChaCha8Rng) {
    let n = graph.len();
    let total: f64 = strengths.iter().sum();
    let least = 1e-14 * total;
    let (mut of_community, mut sizes) = (vec![0.0; n], vec![0_u32; n]);
    for (&community, strength) in membership.iter().zip(strengths) {
        of_community[community as usize] += strength;
        sizes[community as usize] += 1;
    }
    let mut empty: Vec<u32> = (0..n as u32).filter(|&c| sizes[c as usize] == 0).collect();
    let mut queue: std::collections::VecDeque<u32> = shuffled(n, rng).into();
    let mut queued = vec![true; n];
    let mut around = Around::new(n);
    while let Some(vertex) = queue.pop_front() {
        let v = vertex as usize;
        queued[v] = false;
        let own = membership[v];
        around.clear();
        around.add(own, 0.0);
        for (other, weight) in graph.neighbours(v) {
            around.add(membership[other as usize], weight);
        }
        let share = strengths[v] / total;
        of_community[own as usize] -= strengths[v];
        let gain = |community: u32, weight: f64| weight - share * of_community[community as usize];
        let mut best = (own, gain(own, around.weights[own as usize]));
        for &community in &around.communities[1..] {
            let gain = gain(community, around.weights[community as usize]);
            if gain > best.1 + least {
                best = (community, gain);
            }
        }
        if sizes[own as usize] > 1
            && best.1 < -least
            && let Some(&alone) = empty.last()
        {
            best = (alone, 0.0);
        }
        let community = best.0;
        of_community[community as usize] += strengths[v];
        if community == own {
            continue;
        }
        membership[v] = community;
        sizes[own as usize] -= 1;
        if sizes[own as usize] == 0 {
            empty.push(own);
        }
        if sizes[community as usize] == 0 {
            empty.pop();
        }
        sizes[community as usize] += 1;
        for (other, _) in graph.neighbours(v) {
            let o = other as usize;
            if membership[o] != community && !queued[o] {
                queued[o] = true;
                queue.push_back(other);
            }
        }
    }
}

/// Merges single vertices within their communities, each at most once.
fn merge_within(
    graph: &Graph,
    strengths: &[f64],
    membership: &[u32],
    rng: &mut ChaCha8Rng,
) -> Vec<u32> {
    let n = graph.len();
    let total: f64 = strengths.iter().sum();
    let mut refined: Vec<u32> = (0..n as u32).collect();
    let mut of_refined = strengths.to_vec();
    let mut sizes = vec![1_u32; n];
    let mut around = Around::new(n);
    for vertex in shuffled(n, rng) {
        let v = vertex as usize;
        let own = refined[v];
        if sizes[own as usize] != 1 {
            continue;
        }
        around.clear();
        for (other, weight) in graph.neighbours(v) {
            if membership[other as usize] == membership[v] {
                around.add(refined[other as usize], weight);
            }
        }
        let share = strengths[v] / total;
        let mut best = (own, 0.0);
        for &community in &around.communities {
            let gain = around.weights[community as usize] - share * of_refined[community as usize];
            if gain >= best.1 && community != own {
                best = (community, gain);
            }
        }
        if best.0 != own {
            of_refined[own as usize] -= strengths[v];
            of_refined[best.0 as usize] += strengths[v];
            sizes[own as usize] = 0;
            sizes[best.0 as usize] += 1;
            refined[v] = best.0;
        }
    }
    refined
}

/// The graph whose vertices are the `count` groups.
fn aggregate(graph: &Graph, groups: &[u32], count: usize) -> Graph {
    let mut members: Vec<Vec<u32>> = vec![Vec::new(); count];
    for (vertex, &group) in groups.iter().enumerate() {
        members[group as usize].push(vertex as u32);
    }
    let mut result = Graph {
        starts: vec![0],
        targets: Vec::new(),
        weights: Vec::new(),
        loops: vec![0.0; count],
    };
    let mut around = Around::new(count);
    for (group, members) in members.iter().enumerate() {
        around.clear();
        for &vertex in members {
            result.loops[group] += graph.loops[vertex as usize];
            for (other, weight) in graph.neighbours(vertex as usize) {
                around.add(groups[other as usize], weight);
            }
        }
        around.communities.sort_unstable();
        for &other in &around.communities {
            let weight = around.weights[other as usize];
            if other as usize == group {
                result.loops[group] += weight;
            } else {
                result.targets.push(other);
                result.weights.push(weight);
            }
        }
        result.starts.push(result.targets.len());
    }
    result
}

/// Gives communities the numbers from 0 on, in the order of their first vertices; how many.
fn renumber(membership: &mut [u32]) -> usize {
    let most = membership.iter().max().map_or(0, |&most| most as usize + 1);
    let mut new = vec![u32::MAX; most];
    let mut count = 0;
    for community in membership {
        let number = &mut new[*community as usize];
        if *number == u32::MAX {
            *number = count;
            count += 1;
        }
        *community = *number;
    }
    count as usize
}

/// The largest community gets number 0, and so on; of equal ones, that of the first vertex.
fn by_size(mut membership: Vec<u32>) -> Vec<u32> {
    let count = renumber(&mut membership);
    let mut sizes = vec![0_usize; count];
    for &community in &membership {
        sizes[community as usize] += 1;
    }
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(|&community| std::cmp::Reverse(sizes[community]));
    let mut new = vec![0; count];
    for (number, community) in order.into_iter().enumerate() {
        new[community] = number as u32;
    }
    for community in &mut membership {
        *community = new[*community as usize];
    }
    membership
}

#[cfg(test)]
mod tests {
    use bindscape_base::progress::Silent;

    use super::*;

    fn graph(n: usize, edges: &[(u32, u32, f64)]) -> Graph {
        let mut rows = vec![Vec::new(); n];
        for &(a, b, weight) in edges {
            rows[a as usize].push((b, weight));
            rows[b as usize].push((a, weight));
        }
        let mut graph = Graph {
            starts: vec![0],
            loops: vec![0.0; n],
            ..Graph::default()
        };
        for mut row in rows {
            row.sort_unstable_by_key(|entry| entry.0);
            for (target, weight) in row {
                graph.targets.push(target);
                graph.weights.push(weight);
            }
            graph.starts.push(graph.targets.len());
        }
        graph
    }

    /// Zachary's karate club; the best modularity known is 0.4198 (igraph 1.0.0:
    /// `community_optimal_modularity`).
    #[test]
    fn the_karate_club_falls_into_its_four_parts() {
        const EDGES: &[(u32, u32)] = &[
            (0, 1),
            (0, 2),
            (0, 3),
            (0, 4),
            (0, 5),
            (0, 6),
            (0, 7),
            (0, 8),
            (0, 10),
            (0, 11),
            (0, 12),
            (0, 13),
            (0, 17),
            (0, 19),
            (0, 21),
            (0, 31),
            (1, 2),
            (1, 3),
            (1, 7),
            (1, 13),
            (1, 17),
            (1, 19),
            (1, 21),
            (1, 30),
            (2, 3),
            (2, 7),
            (2, 8),
            (2, 9),
            (2, 13),
            (2, 27),
            (2, 28),
            (2, 32),
            (3, 7),
            (3, 12),
            (3, 13),
            (4, 6),
            (4, 10),
            (5, 6),
            (5, 10),
            (5, 16),
            (6, 16),
            (8, 30),
            (8, 32),
            (8, 33),
            (9, 33),
            (13, 33),
            (14, 32),
            (14, 33),
            (15, 32),
            (15, 33),
            (18, 32),
            (18, 33),
            (19, 33),
            (20, 32),
            (20, 33),
            (22, 32),
            (22, 33),
            (23, 25),
            (23, 27),
            (23, 29),
            (23, 32),
            (23, 33),
            (24, 25),
            (24, 27),
            (24, 31),
            (25, 31),
            (26, 29),
            (26, 33),
            (27, 33),
            (28, 31),
            (28, 33),
            (29, 32),
            (29, 33),
            (30, 32),
            (30, 33),
            (31, 32),
            (31, 33),
            (32, 33),
        ];
        let edges: Vec<_> = EDGES.iter().map(|&(a, b)| (a, b, 1.0)).collect();
        let graph = graph(34, &edges);
        let found = communities(&graph, 10, 1, &Silent).expect("not interrupted");
        assert!((modularity(&graph, &found) - 0.419_789_6).abs() < 1e-6);
        assert_eq!(found.iter().max(), Some(&3));
    }

    #[test]
    fn vertices_without_edges_stay_alone() {
        let graph = graph(3, &[(0, 2, 1.0)]);
        let found = communities(&graph, 2, 1, &Silent).expect("not interrupted");
        assert_eq!(found, [0, 1, 0]);
        let none = Graph {
            starts: vec![0, 0],
            loops: vec![0.0],
            ..Graph::default()
        };
        assert_eq!(
            communities(&none, 1, 1, &Silent).expect("not interrupted"),
            [0]
        );
    }
}
