//! What a training made of filters: they correspond one to one.

use bindscape_base::Result;
use bindscape_motif::Motif;
use bindscape_nn::Predictor;
use bindscape_stats::pearson;
use serde::Serialize;

use super::{FilterFound, KnownMotif};

/// A q-value that falls or rises by this factor is another.
const FACTOR: f64 = 10.0;

/// How a filter differs from what it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// It matches a known motif, and matched none: the q-value fell to a tenth or less.
    Gained,
    /// It matched a known motif, and matches none: the q-value rose tenfold or more.
    Lost,
    /// It matches a motif of another binding mode.
    Replaced,
    /// It matches the same mode better: the q-value fell to a tenth or less.
    Refined,
    /// It matches the same mode less well: the q-value rose tenfold or more.
    Blurred,
    /// It matches the same mode as well, or its q-value passed the threshold by a small step.
    Unchanged,
    /// It matched no known motif, and matches none.
    Unknown,
}

impl ChangeKind {
    /// All kinds, in the order of tables.
    pub const ALL: [Self; 7] = [
        Self::Gained,
        Self::Refined,
        Self::Replaced,
        Self::Unchanged,
        Self::Blurred,
        Self::Lost,
        Self::Unknown,
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Gained => "gained",
            Self::Lost => "lost",
            Self::Replaced => "replaced",
            Self::Refined => "refined",
            Self::Blurred => "blurred",
            Self::Unchanged => "unchanged",
            Self::Unknown => "unknown",
        }
    }

    /// The kind of the change from the best match `before` to `after`, where those above
    /// `threshold` are none.
    #[must_use]
    pub fn of(before: Option<&KnownMotif>, after: Option<&KnownMotif>, threshold: f64) -> Self {
        let matched = |known: &&KnownMotif| known.q_value <= threshold;
        // A filter that never responds matches nothing at all.
        let q_value =
            |known: Option<&KnownMotif>| known.map_or(f64::INFINITY, |known| known.q_value);
        let (then, now) = (q_value(before), q_value(after));
        let (better, worse) = (now * FACTOR <= then, then * FACTOR <= now);
        match (before.filter(matched), after.filter(matched)) {
            (None, None) => Self::Unknown,
            (None, Some(_)) if better => Self::Gained,
            (Some(_), None) if worse => Self::Lost,
            (Some(before), Some(after))
                if before.id != after.id
                    && !before.modes.iter().any(|mode| after.modes.contains(mode)) =>
            {
                Self::Replaced
            }
            (Some(_), Some(_)) if better => Self::Refined,
            (Some(_), Some(_)) if worse => Self::Blurred,
            _ => Self::Unchanged,
        }
    }
}

/// A filter before a training.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// How it differs.
    pub kind: ChangeKind,
    /// Its sites then.
    pub sites: u64,
    /// Information content of its motif then, in bits; `None` if it never responded.
    pub information: Option<f64>,
    /// The known motif that was most like it.
    pub known: Option<KnownMotif>,
    /// Pearson's correlation of its weights now and then; `None` where one of them is constant.
    pub weights: Option<f64>,
    /// That of the motifs' frequencies; `None` where it did not or does not respond.
    pub motifs: Option<f64>,
}

/// The weights of each filter of the layer `name`.
pub(super) fn weights(network: &Predictor, name: &str) -> Result<Vec<Vec<f64>>> {
    let layer = network.network().layer(name)?;
    let weight = layer.weights().swap_remove(0);
    let values: Vec<f64> = weight.values.iter().map(|&value| value.into()).collect();
    let width = values.len() / weight.shape[0].max(1);
    Ok(values.chunks_exact(width).map(<[f64]>::to_vec).collect())
}

/// Says of each filter what it was.
pub(super) fn compare(
    filters: &mut [FilterFound],
    before: &[FilterFound],
    now: &[Vec<f64>],
    then: &[Vec<f64>],
    threshold: f64,
) {
    let weights = now.iter().zip(then);
    for ((filter, before), (now, then)) in filters.iter_mut().zip(before).zip(weights) {
        let motifs = filter.motif.as_ref().zip(before.motif.as_ref());
        filter.change = Some(Change {
            kind: ChangeKind::of(before.known.as_ref(), filter.known.as_ref(), threshold),
            sites: before.sites.sites,
            information: before.information,
            known: before.known.clone(),
            weights: pearson(now, then),
            motifs: motifs.and_then(|(now, then)| {
                let values = |motif: &Motif| motif.frequencies.rows().concat();
                pearson(&values(now), &values(then))
            }),
        });
    }
}

#[cfg(test)]
mod tests {
    use bindscape_motif::compare::Match;

    use super::*;

    fn known(q_value: f64, modes: &[&str]) -> KnownMotif {
        KnownMotif {
            id: modes.concat(),
            name: "MAX".into(),
            q_value,
            modes: modes.iter().map(ToString::to_string).collect(),
            alignment: Match {
                target: 0,
                p_value: q_value,
                offset: 0,
                overlap: 8,
                reverse: false,
                score: 1,
            },
        }
    }

    #[test]
    fn kinds_of_change() {
        let of = |before: (f64, &[&str]), after: (f64, &[&str])| {
            let [before, after] = [before, after].map(|(q, modes)| known(q, modes));
            ChangeKind::of(Some(&before), Some(&after), 0.05)
        };
        assert_eq!(of((0.2, &["1"]), (0.3, &["1"])), ChangeKind::Unknown);
        assert_eq!(of((0.2, &["1"]), (0.01, &["1"])), ChangeKind::Gained);
        assert_eq!(of((0.01, &["1"]), (0.2, &["1"])), ChangeKind::Lost);
        // Small steps over the threshold.
        assert_eq!(of((0.06, &["1"]), (0.04, &["1"])), ChangeKind::Unchanged);
        assert_eq!(of((0.04, &["1"]), (0.06, &["2"])), ChangeKind::Unchanged);
        assert_eq!(of((0.01, &["1"]), (0.01, &["2"])), ChangeKind::Replaced);
        assert_eq!(
            of((0.01, &["1", "2"]), (0.001, &["2"])),
            ChangeKind::Refined
        );
        assert_eq!(of((0.001, &["1"]), (0.01, &["1"])), ChangeKind::Blurred);
        assert_eq!(of((0.01, &["1"]), (0.008, &["1"])), ChangeKind::Unchanged);
        // A filter that never responds matches nothing.
        let none = ChangeKind::of(None, Some(&known(0.01, &["1"])), 0.05);
        assert_eq!(none, ChangeKind::Gained);
    }
}
