//! What models are computed from.

use bindscape_base::Result;
use bindscape_base::progress::Silent;
use bindscape_nn::protein::ProteinNetworkKind;
use bindscape_protein::{Features, Protein, Representation, Windows};

use super::models::Input;
use super::run::Run;

/// What a network, or a mean over positions, is computed from; and how residues become positions.
pub(super) fn features<'a>(
    run: &'a Run<'_>,
    input: Input,
) -> Result<(Box<dyn Features + 'a>, Windows)> {
    let encoding = match input {
        Input::Residues(kind) => kind.encoding(),
        Input::Own | Input::Composition => {
            let length = ProteinNetworkKind::DeepTFactor.network(0, 0).positions();
            let representation = Representation::Letters { length };
            return Ok(computed(&representation, &run.proteins));
        }
    };
    if let Some(encoding) = encoding {
        let representation = Representation::Encoding(encoding, run.plan.windows);
        return Ok(computed(&representation, &run.proteins));
    }
    let source = run.stored.as_ref();
    let source = source.expect("a model that needs embeddings is refused without");
    let represented = source.represent(&run.proteins, &Silent)?;
    Ok((represented.features, source.windows()))
}

fn computed<'a>(
    representation: &Representation,
    proteins: &'a [Protein],
) -> (Box<dyn Features + 'a>, Windows) {
    let features = representation.compute(proteins);
    let windows = representation.windows();
    features.zip(windows).expect("computed from the residues")
}
