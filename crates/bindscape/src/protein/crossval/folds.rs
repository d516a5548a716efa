//! Which protein is in which fold.

use std::fmt::Write as _;

use bindscape_core::progress::Progress;
use bindscape_core::protein::Folds;
use bindscape_core::{Error, Place, Result, atomic};

use super::Plan;
use crate::protein::split::Split;

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

/// Writes `folds.tsv`.
pub(super) fn write(plan: &Plan, groups: Option<&[u32]>, folds: &Folds) -> Result<()> {
    let mut text = String::from("id\tclass\tgroup\tfold\n");
    for (row, label) in plan.labels.iter().enumerate() {
        let group = match (groups, &plan.column) {
            (Some(groups), Some((_, names))) => names[groups[row] as usize].clone(),
            (Some(groups), None) => groups[row].to_string(),
            (None, _) => String::new(),
        };
        let id = &plan.proteins[row].id;
        let fold = folds.fold[row] + 1;
        writeln!(text, "{id}\t{}\t{group}\t{fold}", label.name()).expect("text takes all");
    }
    atomic::write(plan.out.join(FILE), text.as_bytes())
}

fn read(plan: &Plan, path: &std::path::Path) -> Result<(Option<Vec<u32>>, Folds)> {
    let damaged = |line: usize| {
        Error::input(
            path,
            Place::Line(line as u64),
            "the proteins of this run with group and fold, as bindscape writes them",
            "something else",
        )
        .hint("the file was changed; choose another --out")
    };
    let text = std::fs::read_to_string(path).map_err(|source| Error::io("read", path, source))?;
    let mut fold = Vec::new();
    let mut groups = Vec::new();
    let lines: Vec<&str> = text.lines().skip(1).collect();
    if lines.len() != plan.labels.len() {
        return Err(damaged(1));
    }
    for (row, line) in lines.iter().enumerate() {
        let fields: Vec<&str> = line.split('\t').collect();
        let parsed = match fields[..] {
            [id, _, group, number] if id == plan.proteins[row].id => number
                .parse()
                .ok()
                .filter(|number| (1..=plan.settings.folds).contains(number))
                .map(|number: u32| (group, number - 1)),
            _ => None,
        };
        let (group, number) = parsed.ok_or_else(|| damaged(row + 2))?;
        fold.push(number);
        match &plan.settings.split {
            Split::Similarity { .. } => {
                groups.push(group.parse().map_err(|_| damaged(row + 2))?);
            }
            Split::Column { .. } | Split::Random => {}
        }
    }
    let groups = match (&plan.settings.split, &plan.column) {
        (Split::Similarity { .. }, _) => Some(groups),
        (_, column) => column.as_ref().map(|(groups, _)| groups.clone()),
    };
    let k = plan.settings.folds;
    Ok((groups, Folds { fold, k }))
}
