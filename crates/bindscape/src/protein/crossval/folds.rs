//! Which protein is in which fold.

use std::path::Path;

use bindscape_base::Result;
use bindscape_base::progress::Progress;
use bindscape_protein::Folds;

use super::run::Run;
use crate::protein::split::{ProteinSplit, SplitFile};

const FILE: &str = "folds.tsv";

/// Groups and folds of the labelled proteins, as the earlier calls of the run drew them if there
/// were any.
pub(super) fn folds(run: &Run<'_>, progress: &dyn Progress) -> Result<(Option<Vec<u32>>, Folds)> {
    let path = run.plan.out.join(FILE);
    if path.exists() {
        return read(run, &path);
    }
    let settings = run.plan;
    let labelled = &run.proteins[..run.labels.len()];
    let column = run.column.as_ref().map(|(groups, _)| &groups[..]);
    let groups = settings.split.groups(labelled, column, progress)?;
    let folds = match &groups {
        Some(groups) => Folds::grouped(&run.labels, groups, settings.folds, settings.seed)?,
        None => Folds::stratified(&run.labels, settings.folds, settings.seed)?,
    };
    Ok((groups, folds))
}

fn file<'a>(run: &'a Run<'_>, path: &'a Path) -> SplitFile<'a> {
    SplitFile {
        path,
        part: "fold",
        holds: "group and fold",
        proteins: &run.proteins[..run.labels.len()],
    }
}

/// Writes `folds.tsv`.
pub(super) fn write(run: &Run<'_>, groups: Option<&[u32]>, folds: &Folds) -> Result<()> {
    let names = run.column.as_ref().map(|(_, names)| &names[..]);
    let path = run.plan.out.join(FILE);
    let fold = |row: usize| (folds.fold[row] + 1).to_string();
    file(run, &path).write(&run.labels, groups, names, fold)
}

fn read(run: &Run<'_>, path: &Path) -> Result<(Option<Vec<u32>>, Folds)> {
    let k = run.plan.folds;
    let clustered = matches!(run.plan.split, ProteinSplit::Similarity { .. });
    let rows = file(run, path).read(|group, number| {
        let number: u32 = number.parse().ok()?;
        let group: u32 = if clustered { group.parse().ok()? } else { 0 };
        (1..=k).contains(&number).then_some((group, number - 1))
    })?;
    let (groups, fold): (Vec<u32>, Vec<u32>) = rows.into_iter().unzip();
    let groups = match &run.column {
        _ if clustered => Some(groups),
        column => column.as_ref().map(|(groups, _)| groups.clone()),
    };
    Ok((groups, Folds { fold, k }))
}
