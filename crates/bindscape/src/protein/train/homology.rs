//! Labelled proteins to compare with.

use bindscape_base::progress::Progress;
use bindscape_base::{Error, Place, Result};
use bindscape_nn::DeviceChoice;
use bindscape_nn::train::MODEL_FILE;
use bindscape_protein::baseline::{BaselineData, HomologyModel, HomologyTraining};
use serde_json::json;

use super::parts::{Labelled, Parts, Planned};
use super::{Train, Trained};
use crate::protein::run::count_labels;
use crate::session::Session;

pub(super) fn train(plan: &Train, session: &Session<'_>) -> Result<Trained> {
    if session.device() != DeviceChoice::Cpu {
        return Err(Error::argument(
            "device",
            "`cpu` with ⟦network⟧ homology, which is no network",
            session.device().to_string(),
        ));
    }
    let labelled = Labelled::read(plan, session)?;
    let labels = &labelled.matched.labels;
    if labels.iter().all(|label| *label == labels[0]) {
        return Err(Error::input(
            &plan.labels,
            Place::File,
            "proteins with two different labels at least",
            "one label",
        ));
    }
    let planned = Planned {
        configuration: json!({ "network": "homology", "seed": plan.seed }),
        parameters: 0,
        cut: 0,
    };
    let (mut run, Parts { train, validation }) = labelled.begin(planned, session)?;
    let path = plan.out.join(MODEL_FILE);
    if run.record.finished {
        session.note(&format!("{} is there already", path.display()));
        return Ok(Trained::Homology {
            model: path,
            fitted: None,
        });
    }
    let training = HomologyTraining {
        bindscape: env!("CARGO_PKG_VERSION").into(),
        inputs: labelled.inputs.clone(),
        proteins: count_labels(labels, 0..labels.len()),
        seed: plan.seed,
    };
    let data = BaselineData {
        labels,
        groups: None,
        train: &train,
        validation: &validation,
    };
    let model = HomologyModel::fit(&labelled.proteins, data, training, session)?;
    model.save(&path)?;
    run.finish()?;
    Ok(Trained::Homology {
        model: path,
        fitted: Some([train.len(), validation.len()]),
    })
}
