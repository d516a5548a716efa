//! `protein train --network homology`.

use std::collections::BTreeMap;

use bindscape_core::progress::Progress;
use bindscape_core::protein::{ClusterOptions, Clusters, Labels, read_proteins_with};
use bindscape_core::{Error, Place, Result, digest};
use bindscape_nn::DeviceChoice;
use bindscape_nn::protein::baseline::{BaselineData, HomologyModel, HomologyTraining};
use bindscape_nn::protein::hold_out;
use bindscape_nn::train::MODEL_FILE;
use serde_json::json;

use super::{Arguments, count};
use crate::data::thousands;
use crate::protein::run::{ProteinRunKind, ProteinRunRecord};
use crate::run_directory::RunDirectory;
use crate::terminal::Terminal;

pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<()> {
    arguments.network.refuse_all()?;
    arguments.training.refuse_all()?;
    if arguments.device != DeviceChoice::Cpu {
        return Err(Error::option(
            "--device",
            "`cpu` with --network homology, which is no network",
            arguments.device.to_string(),
        ));
    }
    let labels = Labels::read(&arguments.labels, arguments.group.as_deref())?;
    let proteins = read_proteins_with(&arguments.proteins, terminal)?;
    let matched = labels.matched(&proteins, &arguments.proteins)?;
    if matched
        .labels
        .iter()
        .all(|label| *label == matched.labels[0])
    {
        return Err(Error::input(
            &arguments.labels,
            Place::File,
            "proteins with two different labels at least",
            "one label",
        ));
    }
    let inputs = vec![
        digest::input_file("proteins", &arguments.proteins)?,
        digest::input_file("labels", &arguments.labels)?,
    ];
    let (share, seed) = (arguments.training.validation, arguments.training.seed);
    let similar = ClusterOptions::default();
    let planned = ProteinRunRecord {
        kind: ProteinRunKind::ProteinTrain,
        bindscape: env!("CARGO_PKG_VERSION").into(),
        command: std::env::args().collect(),
        finished: false,
        inputs: inputs.clone(),
        configuration: json!({
            "network": "homology",
            "seed": seed,
            "validation": match &arguments.group {
                Some(group) => json!({ "share": share, "group": group }),
                None => json!({
                    "share": share,
                    "min_identity": similar.min_identity,
                    "coverage": similar.coverage,
                }),
            },
        }),
        device: arguments.device.to_string(),
        parameters: 0,
        parts: BTreeMap::from([(
            "labelled".to_owned(),
            count(&matched.labels, &(0..proteins.len()).collect::<Vec<_>>()),
        )]),
        cut: 0,
    };
    let mut run = RunDirectory::begin(&arguments.out, planned, terminal)?;
    let path = arguments.out.join(MODEL_FILE);
    if run.record.finished {
        terminal.note(&format!("{} is there already", path.display()));
        return Ok(());
    }
    run.record.tell_parts(terminal);
    // A validation part without relatives in the rest: weights and temperature are those for
    // proteins that are new.
    let groups = match matched.groups {
        Some(groups) => groups,
        None => {
            let clusters = Clusters::of(&proteins, &similar, terminal)?;
            terminal.note(&format!(
                "{} clusters of similar proteins",
                thousands(clusters.representative.len() as u64)
            ));
            clusters.cluster
        }
    };
    let rows: Vec<usize> = (0..proteins.len()).collect();
    let (train, validation) = hold_out(&matched.labels, Some(&groups), &rows, share, seed)?;
    let training = HomologyTraining {
        bindscape: env!("CARGO_PKG_VERSION").into(),
        inputs,
        proteins: count(&matched.labels, &rows),
        seed,
    };
    let data = BaselineData {
        labels: &matched.labels,
        groups: Some(&groups),
        train: &train,
        validation: &validation,
    };
    let model = HomologyModel::fit(&proteins, data, training, terminal)?;
    model.save(&path)?;
    run.finish()?;
    terminal.note(&format!(
        "fitted on {} proteins, weights chosen by {}; the model is {}",
        thousands(train.len() as u64),
        thousands(validation.len() as u64),
        path.display()
    ));
    Ok(())
}
