//! Trees of hierarchical clusterings, drawn with right angles.

/// Two groups that a hierarchical clustering joined.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Branch {
    /// The groups: a leaf by its number, or an earlier branch by its number and that of leaves.
    pub groups: [usize; 2],
    /// How far apart they are.
    pub height: f64,
}

/// The branches of a tree as paths of an SVG, one each: from the first group up to the branch,
/// across, and down to the second. `places` says where each leaf lies across the tree, `at` maps a
/// height and a place to pixels as (x, y), the heights being along x.
///
/// # Panics
/// If a branch joins what is not before it.
pub(crate) fn paths(
    branches: &[Branch],
    places: &[f64],
    at: &dyn Fn(f64, f64) -> (f64, f64),
) -> Vec<String> {
    // Height and place of every group so far.
    let mut groups: Vec<(f64, f64)> = places.iter().map(|&place| (0.0, place)).collect();
    branches
        .iter()
        .map(|branch| {
            let [first, second] = branch.groups.map(|group| groups[group]);
            groups.push((branch.height, (first.1 + second.1) / 2.0));
            let (start, end) = (at(first.0, first.1), at(second.0, second.1));
            let (up, _) = at(branch.height, 0.0);
            let px = crate::svg::px;
            format!(
                "M{} {}H{}V{}H{}",
                px(start.0),
                px(start.1),
                px(up),
                px(end.1),
                px(end.0)
            )
        })
        .collect()
}

/// The height of the highest branch; 0 of a tree without.
pub(crate) fn highest(branches: &[Branch]) -> f64 {
    branches
        .iter()
        .map(|branch| branch.height)
        .fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_meet_between_their_groups() {
        let branches = [
            Branch {
                groups: [0, 1],
                height: 1.0,
            },
            Branch {
                groups: [3, 2],
                height: 2.0,
            },
        ];
        let paths = paths(&branches, &[0.0, 10.0, 30.0], &|height, place| {
            (height * 10.0, place)
        });
        assert_eq!(paths, ["M0 0H10V10H0", "M10 5H20V30H0"]);
        assert_eq!(highest(&branches), 2.0);
        assert_eq!(highest(&[]), 0.0);
    }
}
