use super::*;
use crate::cnn::CnnConfig;
use crate::danq::DanqConfig;
use safetensors::tensor::{Dtype, TensorView, serialize};

fn small() -> Model {
    let mut config = CnnConfig::new(90, 2);
    config.filters = [3, 4, 5];
    config.hidden = 6;
    let architecture = Architecture::Cnn(config);
    let mut fitted = Regions::new();
    fitted.push("chr1", 1000, 1090);
    fitted.push("chr2", 5, 95);
    let training = TrainingIdentity {
        bindscape: "0.0.0".into(),
        kind: RunKind::Pretrain,
        seed: 3,
        genome: Some("hg38".into()),
        inputs: Vec::new(),
        parent: None,
        regions_known: true,
        chromosomes: fitted.chromosomes().to_vec(),
        fitted,
        own: None,
        held_out: Regions::new(),
        bound_shares: Some(vec![0.5, 0.25]),
        best_epoch: 1,
        run: String::new(),
        precision: Precision::F32,
    };
    let state = StateDict::initial(&architecture.slots(), 3);
    Model::new(
        architecture,
        vec!["MAX".into(), "JUND".into()],
        training,
        state,
    )
}

#[test]
fn files_round_trip_with_the_same_bytes() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("model.safetensors");
    let model = small();
    model.save(&path).unwrap();
    let loaded = Model::load(&path).unwrap();
    assert_eq!(loaded, model);
    let again = directory.path().join("again.safetensors");
    loaded.save(&again).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    assert_eq!(bytes, std::fs::read(&again).unwrap());
    assert_eq!(loaded.sha256(), sha256_hex(&bytes));
    assert_eq!(counter(&loaded.state, "bn1.num_batches_tracked"), Some(0));
}

#[test]
fn weights_that_are_no_numbers_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("model.safetensors");
    for (value, shown) in [(f32::NAN, "NaN"), (f32::INFINITY, "inf")] {
        let mut model = small();
        let Values::F32(weights) = &mut model.state.0[0].values else {
            panic!("weights are f32");
        };
        weights[2] = value;
        model.save(&path).unwrap();
        let message = Model::load(&path).unwrap_err().to_string();
        assert!(
            message.contains("model.safetensors, record c1.weight: expected finite weights")
                && message.contains(&format!("found {shown} at place 2, one of 1 of")),
            "{message}"
        );
    }
}

#[test]
fn damaged_files_are_named_with_advice() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("model.safetensors");
    small().save(&path).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    for (damaged, expected) in [
        (&bytes[..bytes.len() - 5], "a whole safetensors file"),
        (&bytes[..3], "a model (safetensors)"),
        (&b"PK\x03\x04rest"[..], "a safetensors file"),
    ] {
        std::fs::write(&path, damaged).unwrap();
        let error = Model::load(&path).unwrap_err();
        let message = error.to_string();
        assert!(message.contains("model.safetensors: expected"), "{message}");
        assert!(message.contains(expected), "{message}");
        assert!(error.advice().is_some());
    }
    std::fs::write(&path, b"PK\x03\x04rest").unwrap();
    let advice = Model::load(&path).unwrap_err().advice().unwrap();
    assert!(advice.contains("model import"), "{advice}");
    let mut other = bytes.clone();
    let position = bytes
        .windows(8)
        .position(|window| window == b"seed\\\":3")
        .unwrap();
    other[position + 7] = b'x';
    std::fs::write(&path, &other).unwrap();
    let error = Model::load(&path).unwrap_err();
    assert!(
        error.to_string().contains("record metadata `bindscape`"),
        "{error}"
    );
}

#[test]
fn foreign_weights_are_imported_and_not_loaded() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("weights.safetensors");
    let model = small();
    let encoded: Vec<(String, Vec<usize>, Dtype, Vec<u8>)> = model
        .state
        .0
        .iter()
        .map(|array| {
            let mut shape = array.shape.clone();
            if array.name == "c2.weight" {
                shape.push(1);
            }
            match &array.values {
                Values::F32(v) => (
                    array.name.clone(),
                    shape,
                    Dtype::F32,
                    v.iter().flat_map(|v| v.to_le_bytes()).collect(),
                ),
                Values::I64(v) => (
                    array.name.clone(),
                    shape,
                    Dtype::I64,
                    v.to_le_bytes().to_vec(),
                ),
            }
        })
        .collect();
    let views = encoded.iter().map(|(name, shape, dtype, bytes)| {
        (
            name.clone(),
            TensorView::new(*dtype, shape.clone(), bytes).unwrap(),
        )
    });
    std::fs::write(&path, serialize(views, None).unwrap()).unwrap();

    let error = Model::load(&path).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("found a safetensors file without its metadata"),
        "{error}"
    );
    let imported = Model::import(&path, model.tfs.clone(), 90, None).unwrap();
    assert_eq!(imported.state, model.state);
    assert_eq!(imported.architecture, model.architecture);
    assert!(!imported.training.regions_known);
    let error = Model::import(&path, model.tfs.clone(), 200, None).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("1 of other shapes: d4.weight of [6, 5], not [6, 25]"),
        "{error}"
    );
    assert!(error.advice().unwrap().contains("length"));
    let error = Model::import(&path, vec!["MAX".into()], 90, None).unwrap_err();
    assert!(
        error.to_string().ends_with(
            "2 of other shapes: d6.weight of [2, 6], not [1, 6], d6.bias of [2], not [1]"
        ),
        "{error}"
    );
}

/// The weights of `pytorch_small.safetensors`, saved with `torch.save` (`parity.py`).
#[test]
fn weights_that_pytorch_saved_are_imported() {
    let golden = |name: &str| format!("{}/tests/golden/{name}", env!("CARGO_MANIFEST_DIR"));
    let import = |name: &str| {
        let tfs = ["A", "B", "C"].map(str::to_owned).to_vec();
        Model::import(golden(name), tfs, 200, None)
    };
    let plain = import("pytorch_small.safetensors").unwrap();
    let saved = import("pytorch_small.pth").unwrap();
    assert_eq!(saved.state, plain.state);
    assert_eq!(saved.architecture, plain.architecture);
    let error = import("esm2/fair-contact-regression.pt").unwrap_err();
    assert!(
        error.to_string().contains("contact-regression.pt"),
        "{error}"
    );
}

#[test]
fn danq_is_told_by_its_names() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("danq.safetensors");
    let mut config = DanqConfig::new(90, 1);
    (config.filters, config.units, config.hidden) = (3, 2, 4);
    let architecture = Architecture::Danq(config);
    let state = StateDict::initial(&architecture.slots(), 3);
    let model = Model::new(
        architecture,
        vec!["MAX".into()],
        small().training,
        state.clone(),
    );
    model.save(&path).unwrap();
    assert_eq!(Model::load(&path).unwrap(), model);
    // The names alone, as PyTorch would save them.
    let imported = Model::import(&path, vec!["MAX".into()], 90, None).unwrap();
    assert_eq!(imported.architecture, model.architecture);
    assert_eq!(imported.state, state);

    let refuse = |tfs: &[&str], length| {
        let tfs = tfs.iter().map(|&tf| tf.to_owned()).collect();
        Model::import(&path, tfs, length, None)
            .unwrap_err()
            .to_string()
    };
    let message = refuse(&["MAX"], 200);
    assert!(
        message.ends_with("1 of other shapes: Linear1.weight of [4, 20], not [4, 52]"),
        "{message}"
    );
    let message = refuse(&["MAX", "JUND"], 90);
    assert!(
        message.contains("2 of other shapes: Linear2.weight"),
        "{message}"
    );
    let message = refuse(&["MAX"], 30);
    assert!(message.contains("at least 38 bp"), "{message}");
    let fewer = state
        .0
        .into_iter()
        .filter(|array| array.name != "BiLSTM.weight_hh_l1_reverse")
        .collect::<Vec<_>>();
    let fewer: Vec<_> = fewer
        .iter()
        .map(|array| tensors::Entry::new(array.name.clone(), array))
        .collect();
    tensors::write(&path, &fewer, String::new()).unwrap();
    let message = refuse(&["MAX"], 90);
    assert!(
        message.ends_with("1 missing: BiLSTM.weight_hh_l1_reverse"),
        "{message}"
    );
}
