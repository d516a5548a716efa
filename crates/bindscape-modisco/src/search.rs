//! From the seqlets of a sign to patterns: two rounds of clustering, splitting, merging.

use bindscape_base::progress::{Progress, Unshown, check};
use bindscape_base::{Error, Result};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::align::{Metric, merge};
use crate::coarse::{neighbours, top};
use crate::collapse::collapse;
use crate::fine::{agree, similarities};
use crate::graph::{kept_rows, seqlet_graph, subpattern_graph};
use crate::kernel::jaccard;
use crate::leiden::communities;
use crate::options::{BITS_WINDOW, LEAST_BITS, Options, SUBPATTERN_PERPLEXITY};
use crate::pattern::{Context, Pattern, best_window};
use crate::profiles::{Profiles, sum_of_sizes};
use crate::stretch::Seqlet;
use crate::tracks::{CHANNELS, Tracks};
use bindscape_kernels::vectorized;

/// The patterns of the seqlets of one sign (1 or -1), the largest first.
pub(crate) fn patterns(
    tracks: &Tracks,
    seqlets: Vec<Seqlet>,
    sign: f32,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Vec<Pattern>> {
    let context = Context {
        tracks,
        options,
        background: background(tracks, &seqlets),
        sign,
    };
    let name = if sign > 0.0 { "positive" } else { "negative" };
    let mut seqlets = by_strength(tracks, seqlets);
    let mut patterns = Vec::new();
    for round in 1..=2 {
        if seqlets.is_empty() {
            return Ok(Vec::new());
        }
        let label = format!("comparing {name} seqlets, round {round} of 2");
        progress.begin(&label, Some(2 * seqlets.len() as u64));
        let (kept, membership) = cluster(&context, &seqlets, round == 1, progress)?;
        progress.finish();
        patterns = from_clusters(&context, &kept, &membership, progress)?;
        seqlets = unique(&patterns);
    }
    let label = format!("merging {name} patterns");
    progress.begin(&label, Some(patterns.len() as u64));
    let mut split = Vec::new();
    for pattern in patterns {
        progress.advance(1);
        if pattern.seqlets().len() > options.min_support.max(SUBPATTERN_PERPLEXITY as usize) {
            let parts = subpatterns(&context, &pattern, progress)?;
            split.extend(collapse(&context, parts, progress)?);
        } else {
            split.push(pattern);
        }
    }
    let mut merged = collapse(&context, split, progress)?;
    merged.sort_by_key(|pattern| std::cmp::Reverse(pattern.seqlets().len()));
    merged.retain(|pattern| is_informative(&context, pattern));
    let flank = options.final_flank;
    let mut found = Vec::new();
    for pattern in merged {
        if let Some(mut pattern) = pattern.expanded(&context, flank, flank) {
            pattern.subpatterns = subpatterns(&context, &pattern, progress)?;
            found.push(pattern);
        }
    }
    progress.finish();
    Ok(found)
}

/// Frequencies of the bases in the seqlets, as a mean in single precision.
fn background(tracks: &Tracks, seqlets: &[Seqlet]) -> [f64; 4] {
    let mut counts = [0_u64; 5];
    for seqlet in seqlets {
        for base in tracks.seqlet_bases(seqlet).flatten() {
            counts[usize::from(base)] += 1;
        }
    }
    let all: u64 = counts.iter().sum();
    std::array::from_fn(|base| f64::from(counts[base] as f32 / all as f32))
}

/// The seqlets that contribute most first.
fn by_strength(tracks: &Tracks, seqlets: Vec<Seqlet>) -> Vec<Seqlet> {
    let mut profile = Vec::new();
    let mut sizes = Vec::new();
    let mut strengths: Vec<(f32, Seqlet)> = (seqlets.into_iter())
        .map(|seqlet| {
            profile.resize((seqlet.end - seqlet.start) as usize * CHANNELS, 0.0);
            tracks.fill(&seqlet, &mut profile);
            (sum_of_sizes(&profile, 4, &mut sizes), seqlet)
        })
        .collect();
    strengths.sort_by(|a, b| b.0.total_cmp(&a.0));
    strengths.into_iter().map(|(_, seqlet)| seqlet).collect()
}

/// Communities of the seqlets; with `filter`, of those alone whose similarities agree.
fn cluster(
    context: &Context<'_>,
    seqlets: &[Seqlet],
    filter: bool,
    progress: &dyn Progress,
) -> Result<(Vec<Seqlet>, Vec<u32>)> {
    let neighbours = neighbours(context.tracks, seqlets, context.sign, progress)?;
    let profiles = Profiles::new(context.tracks, seqlets);
    let fine = similarities(&profiles, &neighbours, progress)?;
    drop(profiles);
    let kept = if filter {
        agree(&fine, &neighbours)
    } else {
        vec![true; seqlets.len()]
    };
    let rows = kept_rows((&neighbours.seqlets, &fine), neighbours.count, &kept);
    drop((neighbours, fine));
    let seqlets: Vec<Seqlet> = (seqlets.iter().zip(&kept))
        .filter_map(|(seqlet, kept)| kept.then_some(*seqlet))
        .collect();
    if seqlets.is_empty() {
        return Ok((seqlets, Vec::new()));
    }
    let graph = seqlet_graph(rows, progress)?;
    let options = context.options;
    let membership = communities(&graph, options.leiden_runs, options.seed, progress)?;
    Ok((seqlets, membership))
}

/// The pattern of each community.
fn from_clusters(
    context: &Context<'_>,
    seqlets: &[Seqlet],
    membership: &[u32],
    progress: &dyn Progress,
) -> Result<Vec<Pattern>> {
    let count = membership.iter().max().map_or(0, |&most| most as usize + 1);
    let mut clusters: Vec<Vec<Seqlet>> = vec![Vec::new(); count];
    for (seqlet, &community) in seqlets.iter().zip(membership) {
        clusters[community as usize].push(*seqlet);
    }
    progress.begin("aligning seqlets", Some(count as u64));
    let patterns: Vec<Option<Pattern>> = clusters
        .into_par_iter()
        .map(|cluster| {
            check(progress)?;
            let sorted = by_strength(context.tracks, cluster);
            let pattern = Pattern::new(context.tracks, [sorted[0]])
                .map(|first| merge(context, first, &sorted[1..], Metric::Jaccard))
                .and_then(|pattern| pattern.polished(context))
                .filter(|pattern| pattern.has_sign(context));
            progress.advance(1);
            Ok::<_, Error>(pattern)
        })
        .collect::<Result<_>>()?;
    progress.finish();
    Ok(patterns.into_iter().flatten().collect())
}

/// The seqlets of all patterns, each place once: where it came first, along the strand that it had
/// last.
fn unique(patterns: &[Pattern]) -> Vec<Seqlet> {
    let mut places: FxHashMap<_, usize> = FxHashMap::default();
    let mut seqlets: Vec<Seqlet> = Vec::new();
    for seqlet in patterns.iter().flat_map(Pattern::seqlets) {
        let place = *places.entry(seqlet.place()).or_insert(seqlets.len());
        if place == seqlets.len() {
            seqlets.push(*seqlet);
        }
        seqlets[place] = *seqlet;
    }
    seqlets
}

/// Groups of the seqlets of a pattern, the largest first.
fn subpatterns(
    context: &Context<'_>,
    pattern: &Pattern,
    progress: &dyn Progress,
) -> Result<Vec<Pattern>> {
    let seqlets = pattern.seqlets();
    let profiles = Profiles::new(context.tracks, seqlets);
    let n = seqlets.len();
    if n < 3 {
        return Ok(vec![pattern.clone()]);
    }
    let count = n.min((3.0 * SUBPATTERN_PERPLEXITY + 2.0) as usize);
    let rows: Vec<Vec<(u32, f64)>> = (0..n)
        .into_par_iter()
        .map_init(
            || (vec![0.0_f32; n], Vec::new()),
            |(similarities, order), number| {
                check(progress)?;
                let seqlet = profiles.get(number);
                vectorized(
                    #[inline(always)]
                    || {
                        for (other, similarity) in similarities.iter_mut().enumerate() {
                            *similarity = jaccard(seqlet, profiles.get(other));
                        }
                    },
                );
                top(similarities, count, order);
                Ok::<_, Error>(
                    (order.iter())
                        .map(|&other| (other, f64::from(similarities[other as usize])))
                        .collect(),
                )
            },
        )
        .collect::<Result<_>>()?;
    let graph = subpattern_graph(&rows);
    let options = context.options;
    let membership = communities(
        &graph,
        options.leiden_runs,
        options.seed,
        &Unshown(progress),
    )?;
    let count = membership.iter().max().map_or(0, |&most| most as usize + 1);
    let mut groups: Vec<Vec<Seqlet>> = vec![Vec::new(); count];
    for (seqlet, &group) in seqlets.iter().zip(&membership) {
        groups[group as usize].push(*seqlet);
    }
    Ok((groups.into_iter())
        .filter_map(|group| Pattern::new(context.tracks, group))
        .collect())
}

/// Whether a pattern has enough seqlets, and enough information in its best columns.
fn is_informative(context: &Context<'_>, pattern: &Pattern) -> bool {
    pattern.seqlets().len() >= context.options.min_support
        && best_window(&pattern.information(&context.background), BITS_WINDOW).1 >= LEAST_BITS
}

#[cfg(test)]
mod tests {
    use bindscape_base::progress::Silent;

    use super::*;

    /// Sequences of 200 bases with a site of TGACTCA, or one that differs in a base; bases of the
    /// site contribute more or less.
    fn one_motif(sequences: usize) -> Tracks {
        let mut state = 7_u32;
        let mut random = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as usize
        };
        let (length, site) = (200, [3_u8, 2, 0, 1, 3, 1, 0]);
        let (mut bases, mut hypothetical) = (Vec::new(), Vec::new());
        for _ in 0..sequences {
            let mut sequence: Vec<u8> = (0..length).map(|_| (random() >> 16) as u8 % 4).collect();
            let mut contributions = vec![0.0; 4 * length];
            contributions.fill_with(|| (random() % 1000) as f32 * 1e-4 - 0.05);
            let start = random() % (length - site.len());
            let other_base = random() % 21;
            for (i, base) in site.into_iter().enumerate() {
                let size = 0.5 + (random() % 100) as f32 * 0.01;
                let here = if other_base == i {
                    (base + 1) % 4
                } else {
                    base
                };
                sequence[start + i] = here;
                for other in 0..4 {
                    let one = if other == base { size } else { -0.3 * size };
                    contributions[usize::from(other) * length + start + i] += one;
                }
            }
            bases.extend(sequence);
            hypothetical.extend(contributions);
        }
        Tracks::new(length, bases, hypothetical).expect("tracks")
    }

    #[test]
    fn one_motif_alone_is_found_in_a_few_sequences() {
        for sequences in [60, 200] {
            let tracks = one_motif(sequences);
            let found = crate::find(&tracks, &Options::default(), &Silent).expect("patterns");
            assert!(found.negative.is_empty());
            let pattern = &found.positive[0];
            assert!(pattern.seqlets().len() * 10 >= sequences * 7, "{sequences}");
            let strong = |row: &&[f64; 4]| row.iter().any(|&share| share > 0.8);
            assert!(pattern.frequencies().iter().filter(strong).count() >= 7);
        }
    }
}
