use crate::data::counted;
use crate::filters::{ChangeKind, FiltersFound};
use crate::job::Outcome;

impl FiltersFound {
    /// How many filters match, how they changed, the strongest ones.
    pub(super) fn in_detail(&self) -> Vec<String> {
        let threshold = self.threshold;
        let matching = self
            .filters
            .iter()
            .filter(|f| f.matched(threshold).is_some());
        let dead = self.filters.iter().filter(|filter| filter.motif.is_none());
        let mut notes = vec![format!(
            "{} of {} match a known motif at a q-value of {threshold} or less; {} never respond",
            matching.count(),
            counted(self.filters.len() as u64, "filter"),
            dead.count()
        )];
        let kinds: Vec<String> = ChangeKind::ALL
            .into_iter()
            .filter_map(|kind| {
                let changes = self
                    .filters
                    .iter()
                    .filter_map(|filter| filter.change.as_ref());
                let count = changes.filter(|change| change.kind == kind).count();
                (count > 0).then(|| format!("{count} {}", kind.name()))
            })
            .collect();
        if !kinds.is_empty() {
            notes.push(format!("against the model before: {}", kinds.join(", ")));
        }
        let mut strongest: Vec<_> = (1..)
            .zip(&self.filters)
            .filter_map(|(number, filter)| Some((number, filter, filter.strongest()?)))
            .collect();
        strongest.sort_by(|a, b| b.2.1.squared.total_cmp(&a.2.1.squared));
        for (number, filter, (tf, influence)) in strongest.into_iter().take(3) {
            let known = filter.matched(threshold);
            notes.push(format!(
                "filter {number} ({}) changes {} most: mean squared change of the probability {:.2e}",
                known.map_or("no known motif", |known| &known.name),
                self.tfs[tf],
                influence.squared
            ));
        }
        notes
    }
}

/// The same, and where the page is.
impl Outcome for FiltersFound {
    fn notes(&self) -> Vec<String> {
        let mut notes = self.in_detail();
        notes.push(format!("wrote {}", self.out.join("filters.html").display()));
        notes
    }
}
