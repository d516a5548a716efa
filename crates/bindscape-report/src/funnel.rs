//! How the regions of a run were selected, as a funnel: each stage leaves some out and keeps the
//! rest.
//!
//! A run records its steps in words (`bindscape_matrix::sample` chooses them); what a step does
//! to the number of regions follows from how its words begin. Steps that do nothing to it, and
//! words that are not known here, become remarks, so that no step is lost.

use bindscape_matrix::results::DataStep;

use crate::figures::data::capitalised;
use crate::number::{count, counted};

/// The stages of a selection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Funnel {
    /// From all regions to those that were used.
    pub(crate) stages: Vec<Stage>,
    /// Parts into which those were split, with their regions.
    pub(crate) parts: Vec<(String, u64)>,
    /// What else is to be said.
    pub(crate) remarks: Vec<String>,
}

/// One stage of a selection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stage {
    pub(crate) what: String,
    pub(crate) kind: Kind,
    /// Regions that this stage left out.
    pub(crate) left_out: u64,
    /// Regions that it kept.
    pub(crate) kept: u64,
    /// Bound ones among those kept, where that is known.
    pub(crate) bound: Option<u64>,
}

/// What a stage is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The regions that there were.
    All,
    /// Those that have a label.
    Resolved,
    /// Those without some, for the reason that [`Stage::what`] gives.
    Without,
    /// Those that were drawn.
    Drawn,
}

impl Funnel {
    pub(crate) fn new(steps: &[DataStep]) -> Self {
        let mut funnel = Self::default();
        for step in steps {
            funnel.add(&step.what, step.regions);
        }
        funnel
    }

    fn add(&mut self, what: &str, regions: u64) {
        let begins = |words: &[&str]| words.iter().any(|word| what.starts_with(word));
        if begins(&["train part", "validation part", "test part"]) {
            self.parts.push((capitalised(what), regions));
        } else if let Some(reason) = what.strip_prefix("dropped: ") {
            let kept = self.kept().and_then(|kept| kept.checked_sub(regions));
            self.stage(&format!("left out: {reason}"), Kind::Without, kept, regions);
        } else if what == "bound regions among the dropped" {
            let were = if regions == 1 { "was" } else { "were" };
            self.remarks.push(format!(
                "{} of those left out because of the multi-model {were} bound.",
                counted(regions, "region")
            ));
        } else if what == "bound regions available" {
            if let Some(last) = self.stages.last_mut().filter(|last| regions <= last.kept) {
                last.bound = Some(regions);
            }
        } else if what == "unbound regions available" {
            // What is not bound.
        } else if begins(&["bound regions taken"]) {
            self.stage(what, Kind::Drawn, Some(regions), regions);
            if let Some(last) = self.stages.last_mut() {
                last.bound = Some(regions);
            }
        } else if begins(&["unbound regions taken"]) {
            self.unbound_taken(what, regions);
        } else if begins(&["resolved for"]) {
            self.stage(what, Kind::Resolved, Some(regions), regions);
        } else if begins(&["regions taken"]) {
            self.stage(what, Kind::Drawn, Some(regions), regions);
        } else if self.stages.is_empty() {
            self.stage(what, Kind::All, Some(regions), regions);
        } else {
            self.remark(what, regions);
        }
    }

    /// Regions that are left.
    pub(crate) fn kept(&self) -> Option<u64> {
        Some(self.stages.last()?.kept)
    }

    /// A stage that keeps `kept`; a remark where that is more than there are, or not known.
    fn stage(&mut self, what: &str, kind: Kind, kept: Option<u64>, regions: u64) {
        let before = self.kept();
        let Some((kept, left_out)) = kept.and_then(|kept| {
            let left_out = before.map_or(Some(0), |before| before.checked_sub(kept))?;
            Some((kept, left_out))
        }) else {
            return self.remark(what, regions);
        };
        self.stages.push(Stage {
            what: capitalised(what),
            kind,
            left_out,
            kept,
            bound: None,
        });
    }

    /// Unbound regions join the bound ones that were drawn, or all of those that there are.
    fn unbound_taken(&mut self, what: &str, regions: u64) {
        let Some(last) = self.stages.last_mut() else {
            return self.remark(what, regions);
        };
        match (last.kind, last.bound) {
            (Kind::Drawn, Some(bound)) => {
                last.what = format!("{}; {what}", last.what);
                last.kept = bound + regions;
                last.left_out = last.left_out.saturating_sub(regions);
            }
            (_, Some(bound)) => {
                let what = format!("all bound regions; {what}");
                self.stage(&what, Kind::Drawn, Some(bound + regions), regions);
                if let Some(last) = self.stages.last_mut() {
                    last.bound = Some(bound);
                }
            }
            (_, None) => self.remark(what, regions),
        }
    }

    fn remark(&mut self, what: &str, regions: u64) {
        self.remarks
            .push(format!("{}: {}.", capitalised(what), count(regions)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn funnel(steps: &[(&str, u64)]) -> Funnel {
        let steps: Vec<DataStep> = steps
            .iter()
            .map(|&(what, regions)| DataStep {
                what: what.into(),
                regions,
            })
            .collect();
        Funnel::new(&steps)
    }

    fn numbers(funnel: &Funnel) -> Vec<(u64, u64, Option<u64>)> {
        let stages = funnel.stages.iter();
        stages.map(|s| (s.left_out, s.kept, s.bound)).collect()
    }

    #[test]
    fn what_is_left_out_and_what_is_kept_are_what_there_was() {
        let funnel = funnel(&[
            ("regions in the matrix", 12_000),
            ("resolved for HNF4G in the sparse matrix", 8_198),
            ("dropped: overlap regions that were used", 3_865),
            ("bound regions among the dropped", 342),
            ("dropped: sequence with unknown bases (N)", 22),
            ("bound regions available", 411),
            ("unbound regions available", 3_900),
            ("bound regions taken at random", 250),
            ("unbound regions taken, GC as the bound ones'", 240),
            ("unbound regions missing with GC of 30 to 40 %", 10),
            ("train part", 390),
            ("test part: chr8", 100),
        ]);
        assert_eq!(
            numbers(&funnel),
            [
                (0, 12_000, None),
                (3_802, 8_198, None),
                (3_865, 4_333, None),
                (22, 4_311, Some(411)),
                (3_821, 490, Some(250)),
            ]
        );
        for pair in funnel.stages.windows(2) {
            assert_eq!(pair[0].kept, pair[1].kept + pair[1].left_out);
        }
        assert_eq!(funnel.parts[1], ("Test part: chr8".to_owned(), 100));
        assert_eq!(
            funnel.remarks,
            [
                "342 regions of those left out because of the multi-model were bound.",
                "Unbound regions missing with GC of 30 to 40 %: 10."
            ]
        );
    }

    #[test]
    fn without_a_draw_all_bound_regions_are_taken() {
        let funnel = funnel(&[
            ("regions in the matrix", 100),
            ("bound regions available", 20),
            ("unbound regions available", 80),
            ("unbound regions taken, GC as the bound ones'", 20),
        ]);
        assert_eq!(numbers(&funnel), [(0, 100, Some(20)), (60, 40, Some(20))]);
        assert!(
            funnel.stages[1]
                .what
                .starts_with("All bound regions; unbound")
        );
    }

    #[test]
    fn words_that_are_not_known_and_numbers_that_grow_are_remarks() {
        let funnel = funnel(&[
            ("regions in the matrix", 10),
            ("blessed by the reviewer", 3),
            ("resolved for MAX", 11),
            ("dropped: too many", 12),
        ]);
        assert_eq!(numbers(&funnel), [(0, 10, None)]);
        assert_eq!(
            funnel.remarks,
            [
                "Blessed by the reviewer: 3.",
                "Resolved for MAX: 11.",
                "Left out: too many: 12."
            ]
        );
    }
}
