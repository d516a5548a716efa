//! What transfer from a set of TFs is expected to gain.
//!
//! A linear function of two properties of the set, fitted to experiments in which networks of TFs
//! were trained from 200 bound regions by transfer from multi-models of five TFs, and from scratch
//! (docs/select.md says which, and how well it predicts TFs that it was not fitted to).

use super::set::ChosenTf;

/// A property of a set: its weight, and the range in which it was seen.
struct Property {
    weight: f64,
    range: [f64; 2],
}

/// Logarithm (base 10) of bound regions of TFs that share a mode with the target, and of bound
/// regions weighted by cosine; one is added to both before.
const PROPERTIES: [Property; 2] = [
    Property {
        weight: 0.0211,
        range: [0.0, 3.65],
    },
    Property {
        weight: 0.0933,
        range: [1.42, 3.38],
    },
];

/// The gain where both properties are 0.
const OFFSET: f64 = -0.2027;

/// By how much a predicted gain is off: root of the mean squared error for TFs that the prediction
/// was not fitted to.
pub const PREDICTION_ERROR: f64 = 0.067;

/// Expected AUCPR (as many bound as unbound test regions) of a network by transfer from `tfs` less
/// that of one from scratch; properties beyond those of the experiments count as their ends. `share`
/// of the regions that the TFs have are trained on. `None` where the target is one of the TFs, or
/// their cosines are not known: no experiment had such a set.
pub(super) fn predicted(tfs: &[ChosenTf], target: Option<&str>, share: f64) -> Option<f64> {
    let target = target?;
    if tfs.iter().any(|tf| tf.tf == target) || tfs.iter().all(|tf| tf.cosine.is_none()) {
        return None;
    }
    let bound = |tf: &ChosenTf| share * tf.bound_in_regions as f64;
    let cosine = |tf: &ChosenTf| tf.cosine.unwrap_or(0.0);
    let of_mode = tfs.iter().filter(|tf| !tf.shared.is_empty()).map(bound);
    let by_cosine = tfs.iter().map(|tf| bound(tf) * cosine(tf));
    let values = [
        (1.0 + of_mode.sum::<f64>()).log10(),
        (1.0 + by_cosine.sum::<f64>()).log10(),
    ];
    let weighted = PROPERTIES.iter().zip(values).map(|(property, value)| {
        let [least, most] = property.range;
        property.weight * value.clamp(least, most)
    });
    Some(OFFSET + weighted.sum::<f64>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tf(name: &str, shared: bool, cosine: Option<f64>, bound_in_regions: u64) -> ChosenTf {
        ChosenTf {
            tf: name.into(),
            modes: Vec::new(),
            shared: if shared { vec!["1".into()] } else { Vec::new() },
            cosine,
            score: None,
            resolved: 10_000,
            bound: bound_in_regions,
            bound_in_regions,
            fills_up: false,
        }
    }

    #[test]
    fn relatives_with_many_bound_regions_promise_more() {
        let of = |tfs: &[ChosenTf]| predicted(tfs, Some("MAX"), 1.0).expect("a prediction");
        let unlike = of(&[tf("JUND", false, Some(0.05), 2_000)]);
        let like = of(&[tf("MYC", true, Some(0.5), 2_000)]);
        let few = of(&[tf("MYC", true, Some(0.5), 20)]);
        assert!(like > few && like > unlike, "{like} {few} {unlike}");
        assert!(
            unlike.abs() < 0.15 && (0.1..0.5).contains(&like),
            "{unlike} {like}"
        );
        // Beyond what was seen, nothing is added.
        let many = [tf("MYC", true, Some(0.9), 1_000_000)];
        assert_eq!(of(&many), of(&[tf("MYC", true, Some(0.9), 10_000_000)]));
        assert!(predicted(&many, Some("MAX"), 1e-4) < predicted(&many, Some("MAX"), 1.0));
    }

    #[test]
    fn what_no_experiment_had_is_not_predicted() {
        assert_eq!(
            predicted(&[tf("MYC", true, None, 9)], Some("MAX"), 1.0),
            None
        );
        let itself = [tf("MAX", true, Some(1.0), 9), tf("MYC", true, Some(0.5), 9)];
        assert_eq!(predicted(&itself, Some("MAX"), 1.0), None);
        assert_eq!(predicted(&itself, None, 1.0), None);
    }
}
