//! Embeddings that fair-esm's `esm-extract` wrote, a file per protein.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use bindscape_arrays::torch::{Tensor, TorchFile};
use bindscape_base::progress::{self, Progress};
use bindscape_base::{Error, Place, Result};
use bindscape_protein::{EmbeddingInfo, EmbeddingRow, Protein, RowsOf, protein_id};

use super::{Embed, Embedded, Store};
use crate::session::Session;

/// The name of what is imported, in descriptions.
const MODEL: &str = "esm-extract";

/// What was found in a folder of `esm-extract`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Imported {
    /// Files of proteins that are not among those to embed.
    pub not_in_fasta: usize,
    /// Proteins that `esm-extract` truncated.
    pub truncated: usize,
    /// Proteins to embed that no file is of.
    pub missing: usize,
}

pub(super) fn run(
    plan: &Embed,
    folder: &Path,
    proteins: &[Protein],
    session: &Session<'_>,
) -> Result<Embedded> {
    let files = files_of(folder, "pt")?;
    let Some(first) = files.first() else {
        return Err(
            Error::input(folder, Place::File, "files *.pt of `esm-extract`", "none")
                .hint("give the folder that `esm-extract` wrote to"),
        );
    };
    let (layer, features) = shape(first, plan)?;
    let info = EmbeddingInfo {
        layer: Some(layer),
        ..plan.info(MODEL, features)
    };
    let (mut store, _) = plan.begin(info, proteins, session)?;
    let by_id: HashMap<&str, &Protein> = proteins
        .iter()
        .map(|protein| (protein.id.as_str(), protein))
        .collect();
    let mut imported = Imported::default();
    let mut taken: HashMap<String, &Path> = HashMap::new();
    session.begin("importing", Some(files.len() as u64));
    for path in &files {
        store.or_keep(progress::check(session))?;
        let mut file = TorchFile::open(path)?;
        let label = label(&file, path)?;
        session.advance(1);
        let Some(protein) = by_id.get(protein_id(&label)) else {
            imported.not_in_fasta += 1;
            continue;
        };
        if let Some(other) = taken.insert(protein.id.clone(), path) {
            return Err(Error::input(
                path,
                Place::Record(label),
                "a protein that no other file is of",
                format!("{}, which is of it, too", other.display()),
            )
            .hint("leave one of them in the folder"));
        }
        if store.writer.has(protein)? {
            continue;
        }
        let truncated = store.import(&mut file, label, protein, (layer, features))?;
        imported.truncated += usize::from(truncated);
    }
    session.finish();
    let missing = proteins
        .iter()
        .filter(|protein| !store.writer.knows(protein));
    imported.missing = missing.count();
    store.outcome.imported = Some(imported);
    store.finish(proteins)
}

impl Store<'_> {
    /// Takes the embedding of a protein from its file, and says whether it was truncated.
    fn import(
        &mut self,
        file: &mut TorchFile,
        label: String,
        protein: &Protein,
        (layer, features): (usize, usize),
    ) -> Result<bool> {
        let rows = self.plan.representation;
        let (tensor, per_residue) = tensor(file, layer, self.plan)?;
        let length = protein.sequence.len();
        let found = tensor.shape[0];
        if tensor.shape.last() != Some(&features) || (per_residue && found > length) {
            return Err(Error::input(
                file.path(),
                Place::Record(label),
                format!("at most {length} rows of {features} numbers"),
                format!("shape {:?}", tensor.shape),
            )
            .hint("the files must be of one model and of the proteins of the FASTA file"));
        }
        let mut values = file.read(&tensor)?;
        if let Some(value) = values.iter().find(|value| !value.is_finite()) {
            return Err(Error::input(
                file.path(),
                Place::Record(label),
                "finite numbers",
                value.to_string(),
            )
            .hint("compute the embedding of this protein again"));
        }
        let truncated = per_residue && found < length;
        if per_residue {
            let residues = std::mem::take(&mut values);
            rows.reduce(&residues, features, &mut values);
        }
        let row = EmbeddingRow {
            chunks: 1,
            unknown: 0,
            cut: rows.cut(length) || truncated,
        };
        self.add(protein, &values, row)?;
        Ok(truncated)
    }
}

/// Files of a folder with that extension, by name.
fn files_of(folder: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    let failed = |source| Error::io("read", folder, source);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|found| found == extension) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn label(file: &TorchFile, path: &Path) -> Result<String> {
    let label = file.root().get("label").and_then(|label| label.as_text());
    label.map(str::to_owned).ok_or_else(|| {
        Error::input(
            path,
            Place::File,
            "a file of `esm-extract`, with a `label`",
            file.root().kind(),
        )
        .hint("the folder holds .pt files of another kind")
    })
}

/// The layer and the numbers per row of the files, by the first.
fn shape(path: &Path, plan: &Embed) -> Result<(usize, usize)> {
    let file = TorchFile::open(path)?;
    label(&file, path)?;
    let layers = ["representations", "mean_representations"]
        .into_iter()
        .filter_map(|name| file.root().get(name))
        .flat_map(|node| node.entries())
        .filter_map(|(key, _)| usize::try_from(key.as_integer()?).ok());
    let layer = match plan.layer {
        Some(layer) => layer,
        None => layers.max().ok_or_else(|| {
            Error::input(path, Place::File, "`representations` of a layer", "none")
                .hint("let `esm-extract` include per_tok or mean")
        })?,
    };
    let (tensor, _) = tensor(&file, layer, plan)?;
    let features = tensor.shape.last().copied().filter(|&size| size > 0);
    let features = features.ok_or_else(|| {
        Error::input(
            path,
            Place::File,
            "rows of numbers",
            format!("shape {:?}", tensor.shape),
        )
    })?;
    Ok((layer, features))
}

/// The tensor of a layer, and whether it has a row per residue.
fn tensor(file: &TorchFile, layer: usize, plan: &Embed) -> Result<(Tensor, bool)> {
    let of = |name: &str, dimensions: usize| -> Result<Option<Tensor>> {
        let Some(layers) = file.root().get(name) else {
            return Ok(None);
        };
        let wanted = layers
            .entries()
            .into_iter()
            .find(|(key, _)| key.as_integer() == i64::try_from(layer).ok());
        let Some((_, node)) = wanted else {
            return Ok(None);
        };
        let tensor = file.tensor(node, &format!("{name}[{layer}]"))?;
        Ok(tensor.filter(|tensor| tensor.shape.len() == dimensions && !tensor.is_empty()))
    };
    if let Some(tensor) = of("representations", 2)? {
        return Ok((tensor, true));
    }
    if plan.representation == RowsOf::Mean
        && let Some(tensor) = of("mean_representations", 1)?
    {
        return Ok((tensor, false));
    }
    Err(Error::input(
        file.path(),
        Place::File,
        format!("`representations` of layer {layer}, residues x features"),
        "none",
    )
    .hint("let `esm-extract` include per_tok, or choose another ⟦layer⟧"))
}
