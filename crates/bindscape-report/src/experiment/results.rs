//! The result table by set, number of bound regions, TF and model.

use std::collections::{BTreeMap, BTreeSet};

use bindscape_matrix::experiment::{Relation, ResultRow};
use bindscape_stats::mean;

use super::models;

/// Which test regions an AUCPR is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Metric {
    /// Unbound regions matched in GC content, about as many as bound ones.
    Matched,
    /// Bound and unbound regions in the genome's proportion.
    Natural,
}

impl Metric {
    /// Both, in the order of the page.
    pub const ALL: [Self; 2] = [Self::Matched, Self::Natural];

    /// Its column in the result table.
    #[must_use]
    pub fn column(self) -> &'static str {
        match self {
            Self::Matched => "aucpr",
            Self::Natural => "natural_aucpr",
        }
    }

    pub(super) fn of(self, row: &ResultRow) -> Option<f64> {
        match self {
            Self::Matched => row.aucpr,
            Self::Natural => row.natural_aucpr,
        }
        .filter(|value| value.is_finite())
    }

    /// Share of bound regions, the AUCPR of guessing.
    fn no_skill(self, row: &ResultRow) -> Option<f64> {
        let (bound, regions) = match self {
            Self::Matched => (row.test_bound, row.test_regions),
            Self::Natural => (row.natural_bound, row.natural_regions),
        };
        (regions > 0).then(|| bound as f64 / regions as f64)
    }

    /// What the regions are, after "on test regions".
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Matched => "matched in GC content",
            Self::Natural => "in the genome\u{2019}s proportion",
        }
    }

    /// As the head of a panel or column.
    pub(super) fn head(self) -> &'static str {
        match self {
            Self::Matched => "Matched in GC",
            Self::Natural => "As in the genome",
        }
    }
}

/// A set of multi-models and a number of bound regions; places in [`Results`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Condition {
    pub(super) set: usize,
    pub(super) asked: usize,
}

/// Condition, TF, model.
type Key = (Condition, usize, usize);

/// The table, indexed.
pub(super) struct Results<'a> {
    /// TFs by their training size, smallest first.
    pub(super) tfs: Vec<&'a str>,
    /// Sets in the order in which they occur.
    pub(super) sets: Vec<&'a str>,
    /// Numbers of bound regions, all first, then from most to least.
    pub(super) asked: Vec<Option<u64>>,
    /// Models, the simplest first.
    pub(super) models: Vec<&'a str>,
    cells: BTreeMap<Key, Vec<&'a ResultRow>>,
}

impl<'a> Results<'a> {
    pub(super) fn new(rows: &'a [ResultRow]) -> Self {
        let mut sets: Vec<&str> = Vec::new();
        for row in rows {
            if !sets.contains(&row.set.as_str()) {
                sets.push(&row.set);
            }
        }
        let mut asked: Vec<Option<u64>> = rows.iter().map(|row| row.asked).collect();
        asked.sort_by_key(|asked| std::cmp::Reverse(asked.unwrap_or(u64::MAX)));
        asked.dedup();
        let names: BTreeSet<&str> = rows.iter().map(|row| row.tf.as_str()).collect();
        let tfs = by_size(names, rows);
        let models = models::ordered(rows.iter().map(|row| row.model.as_str()));
        let mut cells: BTreeMap<Key, Vec<&ResultRow>> = BTreeMap::new();
        let place: BTreeMap<&str, usize> = tfs.iter().zip(0..).map(|(&tf, at)| (tf, at)).collect();
        for row in rows {
            let at = |names: &[&str], name: &str| names.iter().position(|&other| other == name);
            let (Some(set), Some(model)) = (at(&sets, &row.set), at(&models, &row.model)) else {
                continue;
            };
            let Some(number) = asked.iter().position(|&other| other == row.asked) else {
                continue;
            };
            let condition = Condition { set, asked: number };
            let key = (condition, place[row.tf.as_str()], model);
            cells.entry(key).or_default().push(row);
        }
        Self {
            tfs,
            sets,
            asked,
            models,
            cells,
        }
    }

    /// Conditions that occur, by number of bound regions, then by set.
    pub(super) fn conditions(&self) -> Vec<Condition> {
        let occur: BTreeSet<Condition> = self.cells.keys().map(|key| key.0).collect();
        let mut conditions: Vec<Condition> = occur.into_iter().collect();
        conditions.sort_by_key(|condition| (condition.asked, condition.set));
        conditions
    }

    /// The place of a model, if any row is of it.
    pub(super) fn model(&self, name: &str) -> Option<usize> {
        self.models.iter().position(|&model| model == name)
    }

    /// Whether any row has this metric.
    pub(super) fn has(&self, metric: Metric) -> bool {
        self.rows().any(|row| metric.of(row).is_some())
    }

    /// The metrics that occur.
    pub(super) fn metrics(&self) -> Vec<Metric> {
        let metrics = Metric::ALL.into_iter();
        metrics.filter(|&metric| self.has(metric)).collect()
    }

    fn rows(&self) -> impl Iterator<Item = &'a ResultRow> {
        self.cells.values().flatten().copied()
    }

    /// Rows of a TF and model. Models that need no multi-model may have their rows without a set.
    pub(super) fn cell(&self, at: Condition, tf: usize, model: usize) -> &[&'a ResultRow] {
        if let Some(rows) = self.cells.get(&(at, tf, model)) {
            return rows;
        }
        let without = self.sets.iter().position(|set| set.is_empty());
        without
            .and_then(|set| self.cells.get(&(Condition { set, ..at }, tf, model)))
            .map_or(&[], Vec::as_slice)
    }

    /// Whether a TF has rows of its own in a condition.
    pub(super) fn occurs(&self, at: Condition, tf: usize) -> bool {
        let last = (at, tf, usize::MAX);
        self.cells.range((at, tf, 0)..=last).next().is_some()
    }

    /// TFs with rows of their own in a condition, by training size.
    pub(super) fn tfs_of(&self, at: Condition) -> Vec<usize> {
        let tfs = 0..self.tfs.len();
        tfs.filter(|&tf| self.occurs(at, tf)).collect()
    }

    /// Models that any TF of a condition has a value of.
    pub(super) fn models_of(&self, at: Condition, metric: Metric) -> Vec<usize> {
        let tfs = self.tfs_of(at);
        let any = |model: &usize| {
            tfs.iter()
                .any(|&tf| self.mean(at, tf, *model, metric).is_some())
        };
        (0..self.models.len()).filter(any).collect()
    }

    /// Values of a TF and model: one for each repeat, draw and split.
    pub(super) fn values(
        &self,
        at: Condition,
        tf: usize,
        model: usize,
        metric: Metric,
    ) -> Vec<f64> {
        let rows = self.cell(at, tf, model).iter();
        rows.filter_map(|row| metric.of(row)).collect()
    }

    /// Mean over repeats, draws and splits.
    pub(super) fn mean(
        &self,
        at: Condition,
        tf: usize,
        model: usize,
        metric: Metric,
    ) -> Option<f64> {
        mean(&self.values(at, tf, model, metric))
    }

    /// Mean over draws and splits of each repeat.
    pub(super) fn repeats(
        &self,
        at: Condition,
        tf: usize,
        model: usize,
        metric: Metric,
    ) -> Vec<f64> {
        let mut repeats: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
        for row in self.cell(at, tf, model) {
            if let Some(value) = metric.of(row) {
                repeats.entry(row.repeat).or_default().push(value);
            }
        }
        repeats.values().filter_map(|values| mean(values)).collect()
    }

    /// Means of two models of a TF over the repeats, draws and splits that both have; over all of
    /// each where they share none.
    pub(super) fn pair(
        &self,
        at: Condition,
        tf: usize,
        (first, second): (usize, usize),
        metric: Metric,
    ) -> Option<(f64, f64)> {
        let [one, other] = [first, second].map(|model| {
            let mut values: BTreeMap<(u32, u32, u32), f64> = BTreeMap::new();
            for row in self.cell(at, tf, model) {
                if let Some(value) = metric.of(row) {
                    values.insert((row.repeat, row.draw, row.split), value);
                }
            }
            values
        });
        let shared: (Vec<f64>, Vec<f64>) = one
            .iter()
            .filter_map(|(key, &value)| Some((value, *other.get(key)?)))
            .unzip();
        if shared.0.is_empty() {
            let of = |values: BTreeMap<_, f64>| mean(&values.into_values().collect::<Vec<_>>());
            return of(one).zip(of(other));
        }
        mean(&shared.0).zip(mean(&shared.1))
    }

    /// First minus second model of a TF.
    pub(super) fn change(
        &self,
        at: Condition,
        tf: usize,
        models: (usize, usize),
        metric: Metric,
    ) -> Option<f64> {
        let (first, second) = self.pair(at, tf, models, metric)?;
        Some(first - second)
    }

    /// What a TF has to do with the multi-models of a set; unknown if that differs by repeat.
    pub(super) fn relation(&self, at: Condition, tf: usize) -> Relation {
        let rows = self.cells.range((at, tf, 0)..=(at, tf, usize::MAX));
        let mut relations: Vec<Relation> = rows
            .flat_map(|(_, rows)| rows.iter().map(|row| row.relation))
            .filter(|&relation| relation != Relation::Unknown)
            .collect();
        relations.sort_unstable();
        relations.dedup();
        match relations[..] {
            [only] => only,
            _ => Relation::Unknown,
        }
    }

    /// Mean number of training regions of a TF.
    pub(super) fn size(&self, at: Condition, tf: usize) -> Option<f64> {
        let rows = self.cells.range((at, tf, 0)..=(at, tf, usize::MAX));
        size(rows.flat_map(|(_, rows)| rows.iter().copied()))
    }

    /// Mean share of bound test regions of a TF.
    pub(super) fn no_skill(&self, at: Condition, tf: usize, metric: Metric) -> Option<f64> {
        let rows = self.cells.range((at, tf, 0)..=(at, tf, usize::MAX));
        let rows = rows.flat_map(|(_, rows)| rows.iter());
        let shares: Vec<f64> = rows.filter_map(|row| metric.no_skill(row)).collect();
        mean(&shares)
    }

    /// All rows of a set.
    pub(super) fn rows_of_set(&self, set: usize) -> impl Iterator<Item = &'a ResultRow> {
        let name = self.sets[set];
        self.rows().filter(move |row| row.set == name)
    }

    /// The model that a study is about: transfer, where there is any.
    pub(super) fn studied(&self) -> Option<usize> {
        self.model(models::TRANSFER)
            .or_else(|| self.model("readout"))
            .or_else(|| {
                let baselines = [models::PWM, models::SCRATCH, models::MULTI];
                let models = self.models.iter();
                models
                    .rev()
                    .position(|model| !baselines.contains(model))
                    .map(|back| self.models.len() - 1 - back)
            })
    }

    /// Transfer and scratch, if both occur.
    pub(super) fn transfer_and_scratch(&self) -> Option<(usize, usize)> {
        Some((self.model(models::TRANSFER)?, self.model(models::SCRATCH)?))
    }

    /// What distinguishes a condition from the others, in words; empty for the only one.
    pub(super) fn label(&self, at: Condition) -> String {
        let mut parts = vec![self.set_label(at.set), self.asked_label(at.asked)];
        parts.retain(|part| !part.is_empty());
        parts.join(", ")
    }

    /// A set in words; empty for the only one.
    pub(super) fn set_label(&self, set: usize) -> String {
        match self.sets.len() {
            1 => String::new(),
            _ => format!("set {}", set_name(self.sets[set])),
        }
    }

    /// A number of bound regions in words; empty for the only one.
    pub(super) fn asked_label(&self, asked: usize) -> String {
        match self.asked.len() {
            1 => String::new(),
            _ => asked_words(self.asked[asked]),
        }
    }
}

/// The name of a set on the page.
pub(super) fn set_name(set: &str) -> &str {
    if set.is_empty() { "without" } else { set }
}

/// `all bound regions`, `500 bound regions`.
pub(super) fn asked_words(asked: Option<u64>) -> String {
    asked.map_or_else(
        || "all bound regions".to_owned(),
        |asked| crate::number::counted(asked, "bound region"),
    )
}

fn size<'a>(rows: impl Iterator<Item = &'a ResultRow>) -> Option<f64> {
    let sizes: Vec<f64> = rows
        .filter(|row| row.train_regions > 0)
        .map(|row| row.train_regions as f64)
        .collect();
    mean(&sizes)
}

fn by_size<'a>(names: BTreeSet<&'a str>, rows: &'a [ResultRow]) -> Vec<&'a str> {
    let mut sizes: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.train_regions > 0) {
        let sum = sizes.entry(&row.tf).or_default();
        sum.0 += row.train_regions as f64;
        sum.1 += 1.0;
    }
    let mean = |tf: &str| sizes.get(tf).map_or(0.0, |(sum, many)| sum / many);
    let mut tfs: Vec<&str> = names.into_iter().collect();
    tfs.sort_by(|a, b| mean(a).total_cmp(&mean(b)));
    tfs
}
