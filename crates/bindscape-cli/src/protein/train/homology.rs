//! `protein train --network homology`.

use bindscape_base::progress::Progress;
use bindscape_base::{Error, Place, Result};
use bindscape_nn::DeviceChoice;
use bindscape_nn::protein::baseline::{BaselineData, HomologyModel, HomologyTraining};
use bindscape_nn::train::MODEL_FILE;
use serde_json::json;

use super::Arguments;
use super::parts::{Labelled, Parts, Planned, count};
use crate::terminal::Terminal;
use bindscape::data::thousands;

pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<()> {
    arguments.network.refuse_all()?;
    arguments.training.refuse_all()?;
    if arguments.device != DeviceChoice::Cpu {
        return Err(Error::argument(
            "device",
            "`cpu` with --network homology, which is no network",
            arguments.device.to_string(),
        ));
    }
    let labelled = Labelled::read(arguments, terminal)?;
    let labels = &labelled.matched.labels;
    if labels.iter().all(|label| *label == labels[0]) {
        return Err(Error::input(
            &arguments.labels,
            Place::File,
            "proteins with two different labels at least",
            "one label",
        ));
    }
    let seed = arguments.training.seed;
    let planned = Planned {
        configuration: json!({ "network": "homology", "seed": seed }),
        parameters: 0,
        cut: 0,
    };
    let (mut run, Parts { train, validation }) = labelled.begin(arguments, planned, terminal)?;
    let path = arguments.out.join(MODEL_FILE);
    if run.record.finished {
        terminal.note(&format!("{} is there already", path.display()));
        return Ok(());
    }
    let training = HomologyTraining {
        bindscape: env!("CARGO_PKG_VERSION").into(),
        inputs: labelled.inputs.clone(),
        proteins: count(labels, 0..labels.len()),
        seed,
    };
    let data = BaselineData {
        labels,
        groups: None,
        train: &train,
        validation: &validation,
    };
    let model = HomologyModel::fit(&labelled.proteins, data, training, terminal)?;
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
