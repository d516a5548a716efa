//! Embeddings that fair-esm's `esm-extract` wrote, a file per protein.

use std::path::Path;

use bindscape_arrays::torch::{Tensor, TorchFile};
use bindscape_base::progress;
use bindscape_base::progress::Progress;
use bindscape_base::{Error, Place, Result};
use bindscape_protein::{EmbeddingInfo, EmbeddingRow, Protein, RowsOf, protein_id};

use super::{Plan, Tally, by_id, files_of, or_keep};
use crate::terminal::Terminal;
use bindscape::data::thousands;

/// The name of what is imported, in descriptions.
const MODEL: &str = "esm-extract";

pub(super) fn run(
    plan: &Plan,
    folder: &Path,
    proteins: &[Protein],
    terminal: &Terminal,
) -> Result<()> {
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
    let (mut writer, _) = plan.begin(info, proteins, terminal)?;
    let by_id = by_id(proteins);
    let mut tally = Tally::default();
    let (mut strangers, mut truncated) = (0, 0);
    let mut values = Vec::new();
    terminal.begin("importing", Some(files.len() as u64));
    for path in &files {
        or_keep(progress::check(terminal), &mut writer)?;
        let mut file = TorchFile::open(path)?;
        let label = label(&file, path)?;
        terminal.advance(1);
        let Some(protein) = by_id.get(protein_id(&label)) else {
            strangers += 1;
            continue;
        };
        if writer.has(protein) {
            continue;
        }
        let (tensor, per_residue) = tensor(&file, layer, plan)?;
        let length = protein.sequence.len();
        let found = tensor.shape[0];
        if tensor.shape.last() != Some(&features) || (per_residue && found > length) {
            return Err(Error::input(
                path,
                Place::Record(label),
                format!("at most {length} rows of {features} numbers"),
                format!("shape {:?}", tensor.shape),
            )
            .hint("the files must be of one model and of the proteins of the FASTA file"));
        }
        let numbers = file.read(&tensor)?;
        if per_residue {
            plan.rows.reduce(&numbers, features, &mut values);
            truncated += usize::from(found < length);
        } else {
            values = numbers;
        }
        let row = EmbeddingRow {
            chunks: 1,
            unknown: 0,
            cut: plan.rows.cut(length) || (per_residue && found < length),
        };
        writer.add(protein, &values, row)?;
        tally.count(row);
    }
    terminal.finish();
    let missing = proteins.iter().filter(|p| !writer.has(p)).count();
    let counts = [
        (
            strangers,
            "files left out: no such protein in the FASTA file",
        ),
        (truncated, "proteins were truncated by `esm-extract`"),
        (missing, "proteins of the FASTA file have no embedding"),
    ];
    for (count, what) in counts {
        if count > 0 {
            terminal.note(&format!("warning: {} {what}", thousands(count as u64)));
        }
    }
    plan.finish(writer, proteins, &tally, terminal)
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
fn shape(path: &Path, plan: &Plan) -> Result<(usize, usize)> {
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
                .hint("run `esm-extract` with --include per_tok or mean")
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
fn tensor(file: &TorchFile, layer: usize, plan: &Plan) -> Result<(Tensor, bool)> {
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
    if plan.rows == RowsOf::Mean
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
    .hint("run `esm-extract` with --include per_tok, or choose another --layer"))
}
