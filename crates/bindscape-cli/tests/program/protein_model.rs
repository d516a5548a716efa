//! A small model of proteins for tests: TFs hold a run of histidine and cysteine.

use std::path::{Path, PathBuf};

use bindscape_base::progress::Silent;
use bindscape_nn::DeviceChoice;
use bindscape_nn::protein::{
    Encoder, Heads, MultiTaskConfig, ProteinData, ProteinNetwork, ProteinNetworkKind,
    ProteinTrainOptions, ProteinTraining, train,
};
use bindscape_protein::{
    EncodedProteins, Encoding, KnownSequences, Label, Protein, ProteinClass, Windows,
};

use crate::toy;

/// Proteins of 20 to 120 residues; every other one is a zinc finger, at residues 10 to 20.
pub(crate) fn proteins(count: usize) -> Vec<Protein> {
    let mut draw = toy::draws(1);
    let mut letter = || b"ADEFGIKLMNPQRSTVWY"[draw() % 18];
    (0..count)
        .map(|i| {
            let mut sequence: Vec<u8> = (0..20 + i * 13 % 100).map(|_| letter()).collect();
            if i % 2 == 0 {
                sequence[10..20].copy_from_slice(b"HCHCHCHCHC");
            }
            Protein::new(format!("P{i}"), sequence)
        })
        .collect()
}

/// FASTA of proteins.
pub(crate) fn fasta(proteins: &[Protein]) -> String {
    proteins
        .iter()
        .map(|p| {
            let header = format!("{} {}", p.id, p.description);
            let residues = String::from_utf8_lossy(&p.sequence);
            format!(">{}\n{residues}\n", header.trim_end())
        })
        .collect()
}

/// A model trained on [`proteins`], saved below `directory`.
pub(crate) fn model(directory: &Path, heads: Heads) -> PathBuf {
    let proteins = proteins(64);
    let labels: Vec<Label> = (0..proteins.len())
        .map(|i| match i % 2 {
            0 => ProteinClass::ZincFinger.into(),
            _ => ProteinClass::NonTf.into(),
        })
        .collect();
    let windows = Windows {
        window: 5,
        positions: 20,
    };
    let features = EncodedProteins::new(&proteins, Encoding::Onehot, windows);
    let network = ProteinNetwork::MultiTask(MultiTaskConfig {
        positions: 20,
        filters: [8, 8],
        hidden: vec![8],
        dropout: 0.0,
        ..MultiTaskConfig::new(21, heads)
    });
    let options = ProteinTrainOptions {
        batch_size: 8,
        learning_rate: 0.01,
        max_epochs: 12,
        ..ProteinTrainOptions::new(ProteinNetworkKind::MultiTask, 1)
    };
    let known = KnownSequences::new(proteins.iter().map(|p| p.sequence.as_slice()));
    let trained = train(
        &network,
        ProteinData {
            features: &features,
            labels: &labels,
            train: &(0..56).collect::<Vec<_>>(),
            validation: &(56..64).collect::<Vec<_>>(),
        },
        &options,
        ProteinTraining::new(Encoder::new(&features, windows), Vec::new(), known),
        None,
        &DeviceChoice::default().open().expect("the CPU"),
        &Silent,
    )
    .expect("a training on good data");
    let path = directory.join("model.safetensors");
    trained.model.save(&path).expect("a writable directory");
    path
}
