//! Makes the table of built-in motifs from JASPAR's MEME file (latest versions, CORE,
//! non-redundant) and a tab-separated table with the header
//! `matrix_id name class family tax_group species uniprot`:
//!
//! ```text
//! cargo run --release -p bindscape-tools --bin pack_jaspar -- \
//!   jaspar2026_core.meme jaspar2026_core.tsv crates/bindscape-motif/data/jaspar2026_core.bin.zst
//! ```

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bindscape_base::input::Lines;
use bindscape_base::{Error, Place, Result, atomic};
use bindscape_motif::jaspar::pack;
use bindscape_motif::{Background, Format, Metadata, read_motifs};

const HEADER: &str = "matrix_id\tname\tclass\tfamily\ttax_group\tspecies\tuniprot";

fn main() -> Result<()> {
    let paths: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [meme, table, out] = paths.as_slice() else {
        return Err(Error::about(
            "arguments",
            "MEME TSV OUT",
            paths.len().to_string(),
        ));
    };
    let mut set = read_motifs(meme, Some(Format::Meme))?;
    let mut metadata = read(table)?;
    for motif in &mut set.motifs {
        motif.metadata = metadata
            .remove(&motif.id)
            .ok_or_else(|| Error::input(table, Place::Record(motif.id.clone()), "a row", "none"))?;
    }
    set.motifs.sort_by(|a, b| a.id.cmp(&b.id));
    let background = set.background.unwrap_or(Background::uniform());
    atomic::write(out, &pack(&set.motifs, &background)?)
}

fn read(path: &Path) -> Result<BTreeMap<String, Metadata>> {
    let mut lines = Lines::open(path)?;
    let mut metadata = BTreeMap::new();
    while let Some((number, line)) = lines.next()? {
        let text = String::from_utf8_lossy(line).into_owned();
        let columns: Vec<&str> = text.split('\t').collect();
        let &[id, _name, class, family, group, species, uniprot] = columns.as_slice() else {
            return Err(Error::input(
                path,
                Place::Line(number),
                "seven columns",
                columns.len().to_string(),
            ));
        };
        if number == 1 {
            if text != HEADER {
                return Err(Error::input(path, Place::Line(1), HEADER, text));
            }
            continue;
        }
        metadata.insert(
            id.to_owned(),
            Metadata::of_columns([class, family, group, species, uniprot]),
        );
    }
    Ok(metadata)
}
