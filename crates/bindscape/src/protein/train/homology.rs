//! Labelled proteins to compare with.

use std::path::Path;

use bindscape_base::progress::Progress;
use bindscape_base::{Error, Place, Result, atomic, digest};
use bindscape_nn::DeviceChoice;
use bindscape_nn::train::MODEL_FILE;
use bindscape_protein::homology::{HomologyModel, HomologyTraining, LabelledProteins};
use serde_json::json;

use super::parts::{Labelled, Planned};
use super::{Train, Trained};
use crate::data::counted;
use crate::protein::domains::DomainTable;
use crate::protein::run::count_labels;
use crate::session::Session;

/// The profiles of domains, as HMMER reads them.
const PROFILES: &str = "profiles.hmm";

/// Proteins of a kind, TFs or others, that are few to fit a regression to.
const FEW: usize = 50;

pub(super) fn train(
    plan: &Train,
    domains: Option<&Path>,
    session: &Session<'_>,
) -> Result<Trained> {
    if session.device() != DeviceChoice::Cpu {
        return Err(Error::argument(
            "device",
            "`cpu` with ⟦network⟧ homology, which is no network",
            session.device().to_string(),
        ));
    }
    let table = DomainTable::read(domains)?;
    let mut labelled = Labelled::read(plan, session)?;
    if let Some(path) = domains {
        labelled.inputs.push(digest::input_file("domains", path)?);
    }
    let labels = &labelled.matched.labels;
    if labels.iter().all(|label| *label == labels[0]) {
        return Err(Error::input(
            &plan.labels,
            Place::File,
            "proteins with two different labels at least",
            "one label",
        ));
    }
    let domains = table.of(&labelled.proteins, session)?;
    let planned = Planned {
        configuration: json!({ "network": "homology", "seed": plan.seed }),
        parameters: 0,
        cut: 0,
    };
    let mut run = labelled.begin_whole(planned, session)?;
    let path = plan.out.join(MODEL_FILE);
    if run.record.finished {
        session.note(&format!("{} is there already", path.display()));
        return Ok(Trained::Homology {
            model: path,
            fitted: None,
        });
    }
    let factors = labels.iter().filter(|label| label.tf).count();
    if factors.min(labels.len() - factors) < FEW {
        session.note(&format!(
            "warning: {} and {} are too few to weigh evidence well; the built-in model `eukaryotes` was \
             trained on more",
            counted(factors as u64, "TF"),
            counted((labels.len() - factors) as u64, "other protein")
        ));
    }
    let column = labelled.matched.groups.as_deref();
    let groups = plan.split.groups(&labelled.proteins, column, session)?;
    let training = HomologyTraining {
        bindscape: env!("CARGO_PKG_VERSION").into(),
        inputs: labelled.inputs.clone(),
        proteins: count_labels(labels, 0..labels.len()),
        seed: plan.seed,
    };
    let data = LabelledProteins {
        proteins: &labelled.proteins,
        labels,
        groups: groups.as_deref(),
        domains: &domains,
        seed: plan.seed,
    };
    let model = HomologyModel::fit(data, training, session)?;
    if !model.profiles().is_empty() {
        atomic::write(plan.out.join(PROFILES), model.profiles().as_bytes())?;
    }
    model.save(&path)?;
    run.finish()?;
    Ok(Trained::Homology {
        model: path,
        fitted: Some([labelled.proteins.len(), model.families().len()]),
    })
}
