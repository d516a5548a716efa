//! Which protein is in which fold.

use std::path::Path;

use bindscape_base::Result;
use bindscape_base::progress::Progress;
use bindscape_protein::Folds;

use super::Plan;
use bindscape::protein::split::{DealtFile, ProteinSplit};

const FILE: &str = "folds.tsv";

/// Groups and folds of the labelled proteins, as the run's earlier commands dealt them if there
/// were any.
pub(super) fn folds(plan: &Plan, progress: &dyn Progress) -> Result<(Option<Vec<u32>>, Folds)> {
    let path = plan.out.join(FILE);
    if path.exists() {
        return read(plan, &path);
    }
    let settings = &plan.settings;
    let labelled = &plan.proteins[..plan.labels.len()];
    let column = plan.column.as_ref().map(|(groups, _)| &groups[..]);
    let groups = settings.split.groups(labelled, column, progress)?;
    let folds = match &groups {
        Some(groups) => Folds::grouped(&plan.labels, groups, settings.folds, settings.seed)?,
        None => Folds::stratified(&plan.labels, settings.folds, settings.seed)?,
    };
    Ok((groups, folds))
}

fn file<'a>(plan: &'a Plan, path: &'a Path) -> DealtFile<'a> {
    DealtFile {
        path,
        part: "fold",
        holds: "group and fold",
        proteins: &plan.proteins[..plan.labels.len()],
    }
}

/// Writes `folds.tsv`.
pub(super) fn write(plan: &Plan, groups: Option<&[u32]>, folds: &Folds) -> Result<()> {
    let names = plan.column.as_ref().map(|(_, names)| &names[..]);
    let path = plan.out.join(FILE);
    let fold = |row: usize| (folds.fold[row] + 1).to_string();
    file(plan, &path).write(&plan.labels, groups, names, fold)
}

fn read(plan: &Plan, path: &Path) -> Result<(Option<Vec<u32>>, Folds)> {
    let k = plan.settings.folds;
    let clustered = matches!(plan.settings.split, ProteinSplit::Similarity { .. });
    let rows = file(plan, path).read(|group, number| {
        let number: u32 = number.parse().ok()?;
        let group: u32 = if clustered { group.parse().ok()? } else { 0 };
        (1..=k).contains(&number).then_some((group, number - 1))
    })?;
    let (groups, fold): (Vec<u32>, Vec<u32>) = rows.into_iter().unzip();
    let groups = match &plan.column {
        _ if clustered => Some(groups),
        column => column.as_ref().map(|(groups, _)| groups.clone()),
    };
    Ok((groups, Folds { fold, k }))
}
