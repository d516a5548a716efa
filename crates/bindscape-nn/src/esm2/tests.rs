//! The network against `transformers` and fair-esm, with weights of a small random model
//! (`tests/golden/esm2/generate.py`).

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use bindscape_base::progress::Silent;
use burn::tensor::Device;
use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};

use super::*;

const PROTEINS: usize = 5;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden/esm2")
        .join(name)
}

fn text(path: &Path) -> &str {
    path.to_str().expect("paths of tests are text")
}

fn load(path: &Path) -> Result<Esm2> {
    Esm2::load(text(path), LoadOptions::default(), &Silent)
}

fn load_reference(path: &Path) -> Result<Esm2> {
    let (mut checkpoint, provenance) = load::open(text(path), &Silent)?;
    Ok(Esm2 {
        config: checkpoint.config,
        provenance,
        engine: Engine::Reference(Box::new(Reference::new(&mut checkpoint, &Device::flex())?)),
    })
}

fn everything() -> Request {
    Request {
        layers: vec![0, 1, 2, 3],
        logits: true,
        contacts: true,
    }
}

/// Tensors of a golden file.
fn expected(name: &str) -> HashMap<String, Vec<f32>> {
    let bytes = std::fs::read(golden(name)).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let numbers = |view: &TensorView<'_>| match view.dtype() {
        Dtype::U8 => view.data().iter().map(|&byte| f32::from(byte)).collect(),
        _ => bytemuck::pod_collect_to_vec::<u8, f32>(view.data()),
    };
    let tensors = file.tensors();
    tensors
        .iter()
        .map(|(name, view)| (name.clone(), numbers(view)))
        .collect()
}

fn tokens() -> Vec<Vec<u8>> {
    let all = expected("transformers.safetensors");
    (0..PROTEINS)
        .map(|n| {
            all[&format!("tokens.{n}")]
                .iter()
                .map(|&t| t as u8)
                .collect()
        })
        .collect()
}

fn slices(tokens: &[Vec<u8>]) -> Vec<&[u8]> {
    tokens.iter().map(Vec::as_slice).collect()
}

/// The largest difference from a golden file, over everything that it holds.
fn difference(outputs: &[Output], name: &str) -> f32 {
    let all = expected(name);
    let mut worst = 0.0_f32;
    let mut compare = |key: String, ours: &[f32]| {
        let theirs = &all[&key];
        assert_eq!(ours.len(), theirs.len(), "{key}");
        for (a, b) in ours.iter().zip(theirs) {
            assert!(a.is_finite());
            worst = worst.max((a - b).abs());
        }
    };
    for (n, output) in outputs.iter().enumerate() {
        assert_eq!(output.layers.len(), 4);
        for (layer, values) in &output.layers {
            compare(format!("layer.{layer}.{n}"), values);
        }
        compare(format!("logits.{n}"), output.logits.as_ref().unwrap());
        compare(format!("contacts.{n}"), output.contacts.as_ref().unwrap());
    }
    worst
}

#[test]
fn all_layers_and_heads_agree_with_transformers_and_fair_esm() {
    let directory = golden("");
    let models = [
        ("fast", load(&directory).unwrap()),
        ("burn", load_reference(&directory).unwrap()),
    ];
    let tokens = tokens();
    for (name, model) in models {
        let outputs = model.forward(&slices(&tokens), &everything()).unwrap();
        for file in ["transformers.safetensors", "fair.safetensors"] {
            let worst = difference(&outputs, file);
            println!("{name}, {file}: largest difference {worst:.1e}");
            assert!(worst < 1e-4, "{name} {file} {worst}");
        }
    }
}

#[test]
fn a_protein_alone_equals_the_same_in_a_batch() {
    let tokens = tokens();
    let model = load(&golden("")).unwrap();
    let together = model.forward(&slices(&tokens), &everything()).unwrap();
    let reversed: Vec<&[u8]> = slices(&tokens).into_iter().rev().collect();
    let mut turned = model.forward(&reversed, &everything()).unwrap();
    turned.reverse();
    assert_eq!(together, turned);
    for (own, output) in tokens.iter().zip(&together) {
        let alone = model.forward(&[own], &everything()).unwrap();
        assert_eq!(alone[0], *output);
    }
}

#[test]
fn early_layers_are_those_of_a_whole_pass() {
    let model = load(&golden("")).unwrap();
    let tokens = tokens();
    let whole = model.forward(&slices(&tokens), &everything()).unwrap();
    for layer in 0..=3 {
        let request = Request {
            layers: vec![layer],
            ..Request::default()
        };
        let part = model.forward(&slices(&tokens), &request).unwrap();
        for (part, whole) in part.iter().zip(&whole) {
            assert_eq!(part.layers, [whole.layers[layer].clone()]);
            assert!(part.logits.is_none() && part.contacts.is_none());
        }
    }
}

#[test]
fn embeddings_come_in_input_order_whatever_the_budget() {
    let fast = load(&golden("")).unwrap();
    let reference = load_reference(&golden("")).unwrap();
    let long: Vec<u8> = b"MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQ".repeat(4);
    let sequences: [&[u8]; 5] = [b"MKTJ", &long, b"W", &long[20..90], b"ACDEFGHIKLM"];
    let options = |token_budget| EmbedOptions {
        chunking: Chunking {
            chunk: 40,
            overlap: 10,
        },
        token_budget,
        layer: Some(2),
    };
    let all = fast.embed(&sequences, options(10_000)).unwrap();
    let counts: Vec<_> = all
        .iter()
        .map(|e| (e.values.len() / 32, e.chunks, e.unknown))
        .collect();
    assert_eq!(
        counts,
        [(4, 1, 1), (132, 5, 0), (1, 1, 0), (70, 2, 0), (11, 1, 0)]
    );
    for budget in [0, 50, 100] {
        assert_eq!(all, fast.embed(&sequences, options(budget)).unwrap());
        for (ours, theirs) in all
            .iter()
            .zip(reference.embed(&sequences, options(budget)).unwrap())
        {
            assert_eq!(ours.values.len(), theirs.values.len());
            let pairs = ours.values.iter().zip(&theirs.values);
            assert!(pairs.clone().all(|(a, b)| (a - b).abs() < 1e-4));
        }
    }
    // A residue of a chunk is what the network makes of that chunk.
    let part = &options(0).chunking.parts(132)[1];
    let alone = fast
        .embed(&[&long[part.residues.clone()]], options(0))
        .unwrap();
    let from = (part.kept.start - part.residues.start) * 32;
    let kept = &all[1].values[part.kept.start * 32..part.kept.end * 32];
    assert_eq!(*kept, alone[0].values[from..from + kept.len()]);
    let mut embedder = Embedder::new(&fast, &sequences, options(50)).unwrap();
    let mut firsts = Vec::new();
    while let Some(batch) = embedder.next_batch(&Silent).unwrap() {
        firsts.push((batch.first, batch.embeddings.len()));
    }
    assert_eq!(firsts, [(0, 1), (1, 1), (2, 1), (3, 1), (4, 1)]);
    let error = fast.embed(&[b"MK", b""], options(9)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "protein 2: expected at least one residue, found none"
    );
}

/// The golden weights with further tensors in place of the frequencies, in `directory`.
fn with_tensors(directory: &Path, further: &[(&str, &[f32])]) {
    std::fs::copy(golden("config.json"), directory.join("config.json")).unwrap();
    let bytes = std::fs::read(golden("model.safetensors")).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let own = file
        .tensors()
        .into_iter()
        .filter(|(name, _)| !name.ends_with("inv_freq"));
    let more = further.iter().map(|(name, values)| {
        let bytes = bytemuck::cast_slice(values);
        let view = TensorView::new(Dtype::F32, vec![values.len()], bytes).unwrap();
        ((*name).to_owned(), view)
    });
    std::fs::write(
        directory.join("model.safetensors"),
        serialize(own.chain(more), None).unwrap(),
    )
    .unwrap();
}

#[test]
fn frequencies_of_rotary_positions_are_those_of_the_file() {
    let half = &expected("half-transformers.safetensors")["frequencies"];
    let tokens = tokens();
    let outputs = |model: Result<Esm2>| {
        model
            .unwrap()
            .forward(&slices(&tokens), &everything())
            .unwrap()
    };
    // One for all layers, as transformers writes them now, and one each, as the published files.
    let old: Vec<String> = (0..3)
        .map(|layer| format!("esm.encoder.layer.{layer}.attention.self.rotary_embeddings.inv_freq"))
        .collect();
    let each: Vec<(&str, &[f32])> = old.iter().map(|name| (&name[..], &half[..])).collect();
    for further in [
        vec![("esm.rotary_embeddings.inv_freq", &half[..])],
        each.clone(),
    ] {
        let directory = tempfile::tempdir().unwrap();
        with_tensors(directory.path(), &further);
        for load in [load, load_reference] {
            let outputs = outputs(load(directory.path()));
            for file in ["half-transformers.safetensors", "half-fair.safetensors"] {
                let worst = difference(&outputs, file);
                assert!(worst < 1e-4, "{file} {worst}");
            }
            // It matters.
            assert!(difference(&outputs, "transformers.safetensors") > 1e-3);
        }
    }
    let directory = tempfile::tempdir().unwrap();
    let mut differ = each.clone();
    let other = [1.0, 0.1, 0.01, 0.002];
    differ[2].1 = &other;
    with_tensors(directory.path(), &differ);
    let error = load(directory.path()).unwrap_err().to_string();
    assert!(
        error.contains("layer.2") && error.contains("in all layers"),
        "{error}"
    );
    with_tensors(
        directory.path(),
        &[("esm.rotary_embeddings.inv_freq", &half[1..])],
    );
    let error = load(directory.path()).unwrap_err().to_string();
    assert!(error.contains("inv_freq: expected 4 finite"), "{error}");
}

/// Rewrites the golden weights: each tensor into a file of `files`, by `convert`.
fn rewrite(directory: &Path, files: usize, dtype: Dtype, convert: impl Fn(f32) -> Vec<u8>) {
    std::fs::copy(golden("config.json"), directory.join("config.json")).unwrap();
    let bytes = std::fs::read(golden("model.safetensors")).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let mut shards = vec![Vec::new(); files];
    let mut map = serde_json::Map::new();
    let name_of = |number: usize| match files {
        1 => "model.safetensors".to_owned(),
        _ => format!("model-{:05}-of-{files:05}.safetensors", number + 1),
    };
    for (number, (name, view)) in file.tensors().into_iter().enumerate() {
        let values = bytemuck::pod_collect_to_vec::<u8, f32>(view.data());
        let converted: Vec<u8> = values.into_iter().flat_map(&convert).collect();
        map.insert(name.clone(), name_of(number % files).into());
        shards[number % files].push((name, view.shape().to_vec(), converted));
    }
    for (number, shard) in shards.iter().enumerate() {
        let views = shard.iter().map(|(name, shape, bytes)| {
            (name, TensorView::new(dtype, shape.clone(), bytes).unwrap())
        });
        std::fs::write(
            directory.join(name_of(number)),
            serialize(views, None).unwrap(),
        )
        .unwrap();
    }
    if files > 1 {
        let index = serde_json::json!({ "metadata": {}, "weight_map": map });
        std::fs::write(
            directory.join("model.safetensors.index.json"),
            index.to_string(),
        )
        .unwrap();
    }
}

#[test]
fn shards_and_half_precision_are_read() {
    let tokens = tokens();
    let run = |path: &Path| {
        let model = load(path).unwrap();
        model.forward(&slices(&tokens), &everything()).unwrap()
    };
    let directory = tempfile::tempdir().unwrap();
    rewrite(directory.path(), 3, Dtype::F32, |x| {
        x.to_le_bytes().to_vec()
    });
    assert_eq!(run(directory.path()), run(&golden("")));
    let model = load(directory.path()).unwrap();
    assert_eq!(model.provenance().files.len(), 3);
    assert_eq!(model.provenance().checksum().len(), 64);

    let (half, full) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let round = |x: f32| half::bf16::from_f32(x);
    rewrite(half.path(), 1, Dtype::BF16, |x| {
        round(x).to_le_bytes().to_vec()
    });
    rewrite(full.path(), 1, Dtype::F32, |x| {
        round(x).to_f32().to_le_bytes().to_vec()
    });
    assert_eq!(run(half.path()), run(full.path()));
    let round = |x: f32| half::f16::from_f32(x);
    rewrite(half.path(), 1, Dtype::F16, |x| {
        round(x).to_le_bytes().to_vec()
    });
    rewrite(full.path(), 1, Dtype::F32, |x| {
        round(x).to_f32().to_le_bytes().to_vec()
    });
    assert_eq!(run(half.path()), run(full.path()));
}

#[test]
fn what_is_no_model_is_told() {
    let fails = |path: &Path| load(path).unwrap_err();
    let directory = tempfile::tempdir().unwrap();
    let error = fails(directory.path()).to_string();
    assert!(
        error.ends_with("in the directory, found neither"),
        "{error}"
    );
    rewrite(directory.path(), 2, Dtype::F32, |x| {
        x.to_le_bytes().to_vec()
    });
    let shard = directory.path().join("model-00001-of-00002.safetensors");
    let bytes = std::fs::read(&shard).unwrap();
    std::fs::write(&shard, &bytes[..bytes.len() - 1]).unwrap();
    let error = fails(directory.path());
    assert!(
        error.to_string().contains("bytes where the header says"),
        "{error}"
    );
    assert!(error.advice().unwrap().contains("download it again"));
    std::fs::remove_file(&shard).unwrap();
    let error = fails(directory.path()).to_string();
    assert!(
        error.starts_with("cannot read") && error.contains("00001-of-00002"),
        "{error}"
    );
    std::fs::write(&shard, b"XY\x03\x04 no safetensors file at all").unwrap();
    let error = fails(directory.path()).to_string();
    assert!(
        error.contains("expected a whole safetensors file"),
        "{error}"
    );

    let other = golden("../pytorch_small.safetensors");
    let error = fails(&other).to_string();
    assert!(error.contains("expected weights of ESM-2"), "{error}");
    let error = fails(Path::new("./nowhere/model.safetensors")).to_string();
    assert!(error.starts_with("cannot read"), "{error}");
}

#[test]
fn files_of_fair_esm_hold_the_same_network() {
    let tokens = tokens();
    let run = |model: &Esm2| model.forward(&slices(&tokens), &everything()).unwrap();
    let fair = load(&golden("fair.pt")).unwrap();
    assert_eq!(run(&fair), run(&load(&golden("")).unwrap()));
    assert_eq!(fair.provenance().files.len(), 2);
    // Without the contact head beside it.
    let directory = tempfile::tempdir().unwrap();
    let alone = directory.path().join("alone.pt");
    std::fs::copy(golden("fair.pt"), &alone).unwrap();
    let model = load(&alone).unwrap();
    let request = Request {
        contacts: true,
        ..Request::default()
    };
    let error = model.forward(&slices(&tokens), &request).unwrap_err();
    assert_eq!(
        error.to_string(),
        "model: expected weights with a contact head, found none in them"
    );
    assert!(
        error
            .advice()
            .unwrap()
            .contains("NAME-contact-regression.pt")
    );
    let other = load(&golden("fair-contact-regression.pt")).unwrap_err();
    assert!(
        other.to_string().contains("expected weights of ESM-2"),
        "{other}"
    );
}

#[test]
fn requests_beyond_the_model_are_refused() {
    let model = load(&golden("")).unwrap();
    let request = Request {
        layers: vec![4],
        ..Request::default()
    };
    let error = model.forward(&[&[CLS, EOS]], &request).unwrap_err();
    assert_eq!(
        error.to_string(),
        "layer: expected a layer from 0 (embeddings) to 3 (last), found 4"
    );
    assert!(
        model
            .forward(&[&[CLS, PAD, EOS]], &Request::default())
            .is_err()
    );
    assert!(
        model
            .forward(&[&[CLS, 33, EOS]], &Request::default())
            .is_err()
    );
    assert!(model.forward(&[&[5, EOS]], &Request::default()).is_err());
}
