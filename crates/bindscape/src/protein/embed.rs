//! Computing what networks see of proteins, such as ESM-2's embeddings, and keeping it.

mod import;

use std::collections::HashSet;
use std::path::PathBuf;

use bindscape_base::progress::{self, Progress};
use bindscape_base::{Error, Place, Result};
use bindscape_nn::esm2::{Chunking, EmbedOptions, Embedder, Esm2, LoadOptions};
use bindscape_protein::{
    ChunkSizes, EmbeddingInfo, EmbeddingRow, EmbeddingWriter, Encoding, Protein, RowsOf,
    ShardFormat, StoredType, Windows, amino_acid, read_proteins_with,
};
use serde::{Deserialize, Serialize};

use crate::data::{counted, thousands};
use crate::job::Job;
use crate::session::Session;

pub use import::Imported;

/// Where embeddings come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EmbeddingOrigin {
    /// `onehot` or `residue`, which are computed from the residues alone, or ESM-2 by name
    /// (`facebook/esm2_t6_8M_UR50D`), file or directory.
    Named(String),
    /// A folder of `.pt` files that fair-esm's `esm-extract` wrote.
    EsmExtract(PathBuf),
}

/// A plan of embeddings.
///
/// ```
/// use bindscape::Session;
/// use bindscape::protein::embed::{Embed, EmbeddingOrigin};
///
/// # let directory = tempfile::tempdir()?;
/// # let at = |name: &str| directory.path().join(name);
/// # std::fs::write(at("proteins.fa"), ">P1\nMKVLEDWQHH\n>P2\nWWHHCC\n")?;
/// let model = EmbeddingOrigin::Named("residue".into());
/// let plan = Embed::new(at("proteins.fa"), model, at("embeddings"));
/// let embedded = Session::silent().run(&plan)?;
/// assert_eq!((embedded.computed, embedded.stored), (2, 2));
/// // Nothing is computed twice.
/// assert_eq!(Session::silent().run(&plan)?.computed, 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Embed {
    /// Proteins (FASTA).
    pub proteins: PathBuf,
    /// Where the embeddings come from.
    pub model: EmbeddingOrigin,
    /// Directory to write or to add to: shards, `index.tsv` and `embedding.json`.
    pub out: PathBuf,
    /// Layer whose hidden states are taken, 0 being the embeddings of residues; `None` for the
    /// last.
    pub layer: Option<usize>,
    /// What a row is.
    pub representation: RowsOf,
    /// Type of the numbers that are written.
    pub dtype: StoredType,
    /// Format of the shards.
    pub format: ShardFormat,
    /// Most residues computed at once: memory grows with it.
    pub token_budget: usize,
    /// Longer proteins are computed in overlapping chunks of so many residues.
    pub chunk: usize,
    /// Residues that neighbouring chunks share at least.
    pub overlap: usize,
}

/// What an embedding leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Embedded {
    /// The directory.
    pub out: PathBuf,
    /// Proteins that are new in it; those with the same sequence as another are not counted.
    pub computed: usize,
    /// Of these, proteins computed in overlapping chunks.
    pub chunked: usize,
    /// Of these, proteins of whose ends residues are missing.
    pub cut: usize,
    /// Of these, proteins with residues that the model does not know.
    pub unknown: usize,
    /// Proteins in the directory.
    pub stored: usize,
    /// What was found in a folder of `esm-extract`; `None` for computed embeddings.
    pub imported: Option<Imported>,
}

impl Embed {
    /// Averages of ten residues, 300 at most, from the last layer.
    #[must_use]
    pub fn new(proteins: PathBuf, model: EmbeddingOrigin, out: PathBuf) -> Self {
        let usual = EmbedOptions::default();
        Self {
            proteins,
            model,
            out,
            layer: None,
            representation: RowsOf::Windows(Windows::default()),
            dtype: StoredType::F32,
            format: ShardFormat::Safetensors,
            token_budget: usual.token_budget,
            chunk: usual.chunking.chunk,
            overlap: usual.chunking.overlap,
        }
    }

    fn options(&self) -> EmbedOptions {
        EmbedOptions {
            layer: self.layer,
            chunking: Chunking {
                chunk: self.chunk,
                overlap: self.overlap,
            },
            token_budget: self.token_budget,
        }
    }

    fn info(&self, model: &str, features: usize) -> EmbeddingInfo {
        EmbeddingInfo {
            model: model.to_owned(),
            checksum: None,
            layer: None,
            features,
            rows: self.representation,
            dtype: self.dtype,
            format: self.format,
            chunks: None,
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }

    /// Opens the directory, finds the proteins that it lacks, each sequence once, and
    /// tells what is to come; refuses what the disk has no room for.
    fn begin<'a>(
        &self,
        info: EmbeddingInfo,
        proteins: &'a [Protein],
        session: &Session<'_>,
    ) -> Result<(Store<'_>, Vec<&'a Protein>)> {
        let bytes_per_row = (info.features * info.dtype.bytes()) as u64;
        let writer = EmbeddingWriter::open(&self.out, info)?;
        let mut sequences = HashSet::new();
        let mut todo = Vec::new();
        let mut rows = 0;
        for protein in proteins {
            if !writer.holds(protein)? {
                rows += self.representation.rows(protein.sequence.len()) as u64;
            }
            if !writer.knows(protein) && sequences.insert(&protein.sequence) {
                todo.push(protein);
            }
        }
        let bytes = rows * bytes_per_row;
        let free = fs4::available_space(&self.out)
            .map_err(|source| Error::io("read the free space of", &self.out, source))?;
        session.note(&format!(
            "{}, {} of them to compute: {}, {} to write, {} free",
            counted(proteins.len() as u64, "protein"),
            thousands(todo.len() as u64),
            counted(rows, "row"),
            size(bytes),
            size(free)
        ));
        if bytes > free {
            return Err(Error::input(
                &self.out,
                Place::File,
                format!("{} of free space", size(bytes)),
                size(free),
            )
            .hint(
                "⟦dtype⟧ f16 halves the size; ⟦representation⟧ windows or mean needs far less than residues",
            ));
        }
        Ok((Store::new(self, writer), todo))
    }

    fn encode(
        &self,
        encoding: Encoding,
        proteins: &[Protein],
        session: &Session<'_>,
    ) -> Result<Embedded> {
        let info = self.info(encoding.name(), encoding.features());
        let (mut store, todo) = self.begin(info, proteins, session)?;
        let mut values = Vec::new();
        session.begin(encoding.name(), Some(todo.len() as u64));
        for protein in todo {
            store.or_keep(progress::check(session))?;
            let sequence = &protein.sequence;
            let windows = self.windows(sequence.len());
            encoding.encode(sequence, windows, &mut values);
            let unknown = sequence
                .iter()
                .filter(|&&letter| amino_acid(letter).is_none());
            let row = EmbeddingRow {
                chunks: 1,
                unknown: unknown.count(),
                cut: self.representation.cut(sequence.len()),
            };
            store.add(protein, &values, row)?;
            session.advance(1);
        }
        session.finish();
        store.finish(proteins)
    }

    /// Windows as wide as the rows are: no residue is averaged twice.
    fn windows(&self, residues: usize) -> Windows {
        match self.representation {
            RowsOf::Windows(windows) => windows,
            RowsOf::Residues => Windows {
                window: 1,
                positions: residues,
            },
            RowsOf::Mean => Windows {
                window: residues,
                positions: 1,
            },
        }
    }

    fn embed(&self, model: &str, proteins: &[Protein], session: &Session<'_>) -> Result<Embedded> {
        let device = session.device();
        let network = Esm2::load(model, LoadOptions { device }, session)?;
        let width = network.config().width;
        let info = EmbeddingInfo {
            checksum: Some(network.provenance().checksum()),
            layer: Some(self.layer.unwrap_or(network.config().layers)),
            chunks: Some(ChunkSizes {
                chunk: self.chunk,
                overlap: self.overlap,
            }),
            ..self.info(model, width)
        };
        // A layer that is not there is found before a directory is begun.
        Embedder::new(&network, &[], self.options())?;
        let (mut store, todo) = self.begin(info, proteins, session)?;
        let sequences: Vec<&[u8]> = todo.iter().map(|p| p.sequence.as_slice()).collect();
        let residues: usize = sequences.iter().map(|sequence| sequence.len()).sum();
        let mut embedder = Embedder::new(&network, &sequences, self.options())?;
        let mut values = Vec::new();
        session.begin("embedding", Some(residues as u64));
        while let Some(batch) = store.or_keep(embedder.next_batch(session))? {
            for (number, embedding) in batch.embeddings.iter().enumerate() {
                let protein = todo[batch.first + number];
                self.representation
                    .reduce(&embedding.values, width, &mut values);
                let row = EmbeddingRow {
                    chunks: embedding.chunks,
                    unknown: embedding.unknown,
                    cut: self.representation.cut(protein.sequence.len()),
                };
                store.add(protein, &values, row)?;
            }
        }
        session.finish();
        store.finish(proteins)
    }
}

impl Job for Embed {
    type Outcome = Embedded;

    const NAME: &'static str = "protein embed";

    fn check(&self) -> Result<()> {
        if let (EmbeddingOrigin::Named(name), Some(layer)) = (&self.model, self.layer)
            && let Some(encoding) = Encoding::from_name(name)
        {
            return Err(Error::argument(
                "layer",
                format!("none, since `{}` has no layers", encoding.name()),
                layer.to_string(),
            ));
        }
        let mut sizes = vec![("chunk", self.chunk), ("token_budget", self.token_budget)];
        if let RowsOf::Windows(windows) = self.representation {
            sizes.extend([("window", windows.window), ("positions", windows.positions)]);
        }
        if let Some((field, _)) = sizes.into_iter().find(|(_, size)| *size == 0) {
            return Err(Error::argument(field, "at least 1", "0"));
        }
        self.options().chunking.check()
    }

    fn run(&self, session: &Session<'_>) -> Result<Embedded> {
        let proteins = read_proteins_with(&self.proteins, session)?;
        match &self.model {
            EmbeddingOrigin::EsmExtract(folder) => import::run(self, folder, &proteins, session),
            EmbeddingOrigin::Named(name) => match Encoding::from_name(name) {
                Some(encoding) => self.encode(encoding, &proteins, session),
                None => self.embed(name, &proteins, session),
            },
        }
    }
}

/// The directory under way, and what went into it.
struct Store<'a> {
    writer: EmbeddingWriter,
    outcome: Embedded,
    plan: &'a Embed,
}

impl<'a> Store<'a> {
    fn new(plan: &'a Embed, writer: EmbeddingWriter) -> Self {
        Self {
            writer,
            outcome: Embedded {
                out: plan.out.clone(),
                computed: 0,
                chunked: 0,
                cut: 0,
                unknown: 0,
                stored: 0,
                imported: None,
            },
            plan,
        }
    }

    fn add(&mut self, protein: &Protein, values: &[f32], row: EmbeddingRow) -> Result<()> {
        let dtype = self.plan.dtype;
        if let Some(value) = values.iter().find(|&&value| !dtype.holds(value)) {
            let found = format!("{value} in the embedding of {}", protein.id);
            let error = Error::argument(
                "dtype",
                format!("numbers that {} holds", dtype.name()),
                found,
            );
            return Err(match value.is_finite() {
                true => error.hint("f32 holds it"),
                false => error.hint("what computed it went wrong: a network cannot learn from it"),
            });
        }
        self.writer.add(protein, values, row)?;
        self.outcome.computed += 1;
        self.outcome.chunked += usize::from(row.chunks > 1);
        self.outcome.cut += usize::from(row.cut);
        self.outcome.unknown += usize::from(row.unknown > 0);
        Ok(())
    }

    /// Passes on a result; before an error, what was computed is written, so that the same
    /// plan continues from there.
    fn or_keep<T>(&mut self, result: Result<T>) -> Result<T> {
        if result.is_err() {
            self.writer.flush()?;
        }
        result
    }

    /// Writes what is left.
    fn finish(mut self, proteins: &[Protein]) -> Result<Embedded> {
        // Arrays for the ids of a sequence that is there under another one.
        for protein in proteins {
            self.writer.has(protein)?;
        }
        self.writer.flush()?;
        self.outcome.stored = self.writer.len();
        Ok(self.outcome)
    }
}

/// Bytes in words.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    let mut value = bytes as f64 / 1e3;
    let mut unit = 0;
    while value >= 1000.0 && unit + 1 < UNITS.len() {
        value /= 1e3;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}
