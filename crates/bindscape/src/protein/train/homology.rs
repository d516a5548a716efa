//! `protein train --network homology`.

use std::collections::BTreeMap;

use bindscape_core::progress::Progress;
use bindscape_core::protein::{Labels, read_proteins_with};
use bindscape_core::{Error, Place, Result, digest};
use bindscape_nn::DeviceChoice;
use bindscape_nn::protein::baseline::{BaselineData, HomologyModel, HomologyTraining};
use bindscape_nn::train::MODEL_FILE;
use serde_json::json;

use super::parts::{Draw, Parts};
use super::{Arguments, check_share, count};
use crate::data::thousands;
use crate::protein::run::{ProteinRunKind, ProteinRunRecord};
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
    let split = arguments.split.split()?;
    let labels = Labels::read(&arguments.labels, split.column())?;
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
    check_share(share)?;
    let planned = ProteinRunRecord {
        kind: ProteinRunKind::ProteinTrain,
        bindscape: env!("CARGO_PKG_VERSION").into(),
        command: std::env::args().collect(),
        finished: false,
        inputs: inputs.clone(),
        configuration: json!({
            "network": "homology",
            "seed": seed,
            "validation": { "share": share, "split": split },
        }),
        device: arguments.device.to_string(),
        parameters: 0,
        parts: BTreeMap::new(),
        cut: 0,
    };
    let draw = Draw {
        proteins: &proteins,
        labels: &matched.labels,
        split: &split,
        column: matched.groups.as_deref(),
        names: &matched.group_names,
        share,
        seed,
    };
    let (mut run, Parts { train, validation }) = draw.begin(&arguments.out, planned, terminal)?;
    run.record.tell_parts(terminal);
    let path = arguments.out.join(MODEL_FILE);
    if run.record.finished {
        terminal.note(&format!("{} is there already", path.display()));
        return Ok(());
    }
    let training = HomologyTraining {
        bindscape: env!("CARGO_PKG_VERSION").into(),
        inputs,
        proteins: count(&matched.labels, &(0..proteins.len()).collect::<Vec<_>>()),
        seed,
    };
    let data = BaselineData {
        labels: &matched.labels,
        groups: None,
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
