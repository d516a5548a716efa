//! What motifs of filters are like, and which filters look for one binding mode.

use std::collections::BTreeMap;

use bindscape_base::Result;
use bindscape_base::progress::Progress;
use bindscape_motif::compare::{Distance, Match, Options, Targets};
use bindscape_motif::{Background, Motif};

use super::{FilterFound, FilterGroup};
use crate::motif::{MIN_OVERLAP, factors, motifs_from};
use crate::select::Modes;
use crate::session::Session;

/// The known motif that is most like that of a filter.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownMotif {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// False discovery rate among the known motifs.
    pub q_value: f64,
    /// The binding modes of its TFs.
    pub modes: Vec<String>,
    /// How the two lie on each other.
    pub alignment: Match,
}

/// Motifs to compare filters with.
pub(super) struct Known {
    pub(super) motifs: Vec<Motif>,
    /// Licences and citations.
    pub(super) notices: Vec<String>,
    background: Background,
    modes: Modes,
}

impl Known {
    pub(super) fn read(source: &str, session: &Session<'_>) -> Result<Self> {
        let set = motifs_from(source, session)?;
        Ok(Self {
            modes: Modes::of_motifs(source, session)?,
            motifs: set.motifs,
            notices: set.notice.into_iter().collect(),
            background: set.background.unwrap_or_default(),
        })
    }

    /// The best match of each of `queries`, as Tomtom finds it.
    pub(super) fn best(
        &self,
        queries: &[Motif],
        distance: Distance,
        session: &Session<'_>,
    ) -> Result<Vec<KnownMotif>> {
        let options = Options {
            distance,
            background: self.background,
            min_overlap: MIN_OVERLAP,
            ..Options::default()
        };
        let targets = Targets::new(&self.motifs, options)?;
        session.begin("comparing filters", Some(queries.len() as u64));
        let found = targets.compare(queries, session, |_, matches| {
            let p_values: Vec<f64> = matches.iter().map(|found| found.p_value).collect();
            let q_values = bindscape_stats::q_values(&p_values);
            let all = matches.iter().copied().zip(q_values);
            all.min_by(|a, b| a.0.p_value.total_cmp(&b.0.p_value))
                .expect("there is a target")
        })?;
        session.finish();
        Ok(found
            .into_iter()
            .map(|(alignment, q_value)| {
                let motif = &self.motifs[alignment.target];
                KnownMotif {
                    id: motif.id.clone(),
                    name: motif.name.clone().unwrap_or_else(|| motif.id.clone()),
                    q_value,
                    modes: self.modes_of(motif),
                    alignment,
                }
            })
            .collect())
    }

    fn modes_of(&self, motif: &Motif) -> Vec<String> {
        let mut modes: Vec<String> = Vec::new();
        for factor in factors(motif) {
            for mode in self.modes.of(factor) {
                if !modes.contains(&mode) {
                    modes.push(mode);
                }
            }
        }
        modes
    }

    /// Filters that match motifs of one mode, two at least, the largest groups first.
    pub(super) fn groups(&self, filters: &[FilterFound], threshold: f64) -> Vec<FilterGroup> {
        let mut groups: BTreeMap<&str, FilterGroup> = BTreeMap::new();
        for (number, filter) in filters.iter().enumerate() {
            let Some(known) = filter.matched(threshold) else {
                continue;
            };
            for mode in &known.modes {
                let group = groups.entry(mode).or_insert_with(|| FilterGroup {
                    modes: vec![mode.clone()],
                    tfs: Vec::new(),
                    filters: Vec::new(),
                    influence: Vec::new(),
                });
                group.filters.push(number);
                if !group.tfs.contains(&known.name) {
                    group.tfs.push(known.name.clone());
                }
            }
        }
        let mut merged: Vec<FilterGroup> = Vec::new();
        for group in groups.into_values().filter(|group| group.filters.len() > 1) {
            // Dimers have several modes: one row for filters that have all of them in common.
            match merged
                .iter_mut()
                .find(|other| other.filters == group.filters)
            {
                Some(same) => same.modes.extend(group.modes),
                None => merged.push(group),
            }
        }
        let mut groups = merged;
        groups.sort_by_key(|group| std::cmp::Reverse(group.filters.len()));
        groups
    }
}
