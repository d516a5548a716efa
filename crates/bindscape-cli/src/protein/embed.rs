//! `bindscape protein embed`.

mod import;

use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use bindscape_base::progress;
use bindscape_base::progress::Progress;
use bindscape_base::{Error, Result};
use bindscape_nn::DeviceChoice;
use bindscape_nn::esm2::{Chunking, EmbedOptions, Embedder, Esm2, LoadOptions};
use bindscape_protein::{
    ChunkSizes, EmbeddingInfo, EmbeddingRow, EmbeddingWriter, Encoding, Protein, RowsOf,
    ShardFormat, StoredType, Windows, amino_acid, read_proteins_with,
};
use clap::Args;

use crate::terminal::Terminal;
use bindscape::data::thousands;

/// Options of `protein embed`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// FASTA of proteins; - reads standard input
    #[arg(value_name = "FASTA")]
    fasta: PathBuf,
    /// ESM-2 by name (facebook/esm2_t6_8M_UR50D), file or directory; or `onehot` or `residue`, which need no weights
    #[arg(long, value_name = "ID|PATH", required_unless_present = "import")]
    model: Option<String>,
    /// Take the embeddings from this folder of .pt files of `esm-extract` instead
    #[arg(long, value_name = "DIR", conflicts_with = "model")]
    import: Option<PathBuf>,
    /// Directory to write or to add to: shards, index.tsv and embedding.json
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Layer whose hidden states are taken, 0 being the embeddings of residues [default: the last]
    #[arg(long, value_name = "N")]
    layer: Option<usize>,
    /// What a row is
    #[arg(long, value_enum, default_value_t = RowsName::Windows)]
    representation: RowsName,
    /// Residues averaged to a row, with --representation windows
    #[arg(long, value_name = "N", default_value = "10")]
    window: NonZeroUsize,
    /// Rows of the standardised length, with --representation windows; what lies beyond is cut
    #[arg(long, value_name = "N", default_value = "300")]
    positions: NonZeroUsize,
    /// Type of the numbers that are written
    #[arg(long, value_enum, default_value_t = TypeName::F32)]
    dtype: TypeName,
    /// Format of the shards
    #[arg(long, value_enum, default_value_t = FormatName::Safetensors)]
    format: FormatName,
    /// Most residues computed at once: memory grows with it
    #[arg(long, value_name = "N", default_value = "8192")]
    token_budget: NonZeroUsize,
    /// Longer proteins are computed in overlapping chunks of so many residues
    #[arg(long, value_name = "N", default_value = "1022")]
    chunk: NonZeroUsize,
    /// Residues that neighbouring chunks share at least
    #[arg(long, value_name = "N", default_value_t = 256)]
    overlap: usize,
    /// Compute device
    #[arg(long, value_name = "DEVICE", default_value = "cpu")]
    device: DeviceChoice,
}

/// [`RowsOf`] as an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum RowsName {
    /// One row per residue
    Residues,
    /// Averages of --window residues, at most --positions of them
    Windows,
    /// One row, the average of all residues
    Mean,
}

/// [`StoredType`] as an option.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum TypeName {
    /// 32 bits
    F32,
    /// 16 bits: half the size, three decimal digits
    F16,
}

/// [`ShardFormat`] as an option.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum FormatName {
    /// Hugging Face's format
    Safetensors,
    /// NumPy's
    Npz,
}

/// What is to be done, checked.
struct Plan {
    fasta: PathBuf,
    out: PathBuf,
    source: Source,
    layer: Option<usize>,
    rows: RowsOf,
    dtype: StoredType,
    format: ShardFormat,
    options: EmbedOptions,
    device: DeviceChoice,
}

enum Source {
    Encoding(Encoding),
    Esm2(String),
    Import(PathBuf),
}

/// What was done, for the user.
#[derive(Default)]
struct Tally {
    computed: usize,
    chunked: usize,
    cut: usize,
    unknown: usize,
}

impl Tally {
    fn count(&mut self, row: EmbeddingRow) {
        self.computed += 1;
        self.chunked += usize::from(row.chunks > 1);
        self.cut += usize::from(row.cut);
        self.unknown += usize::from(row.unknown > 0);
    }
}

pub(super) fn run(arguments: Arguments, terminal: &Terminal) -> Result<()> {
    let plan = plan(arguments)?;
    let proteins = read_proteins_with(&plan.fasta, terminal)?;
    match &plan.source {
        Source::Encoding(encoding) => encode(&plan, *encoding, &proteins, terminal),
        Source::Esm2(model) => embed(&plan, model, &proteins, terminal),
        Source::Import(folder) => import::run(&plan, folder, &proteins, terminal),
    }
}

fn plan(arguments: Arguments) -> Result<Plan> {
    let rows = match arguments.representation {
        RowsName::Residues => RowsOf::Residues,
        RowsName::Mean => RowsOf::Mean,
        RowsName::Windows => RowsOf::Windows(Windows {
            window: arguments.window.get(),
            positions: arguments.positions.get(),
        }),
    };
    let source = match (arguments.import, arguments.model) {
        (Some(folder), _) => Source::Import(folder),
        (None, model) => {
            let model = model.unwrap_or_default();
            match Encoding::from_name(&model) {
                Some(encoding) => Source::Encoding(encoding),
                None => Source::Esm2(model),
            }
        }
    };
    if let (Source::Encoding(encoding), Some(layer)) = (&source, arguments.layer) {
        return Err(Error::argument(
            "layer",
            format!("none, since `{}` has no layers", encoding.name()),
            layer.to_string(),
        ));
    }
    let chunking = Chunking {
        chunk: arguments.chunk.get(),
        overlap: arguments.overlap,
    };
    chunking.check()?;
    Ok(Plan {
        fasta: arguments.fasta,
        out: arguments.out,
        source,
        layer: arguments.layer,
        rows,
        dtype: match arguments.dtype {
            TypeName::F32 => StoredType::F32,
            TypeName::F16 => StoredType::F16,
        },
        format: match arguments.format {
            FormatName::Safetensors => ShardFormat::Safetensors,
            FormatName::Npz => ShardFormat::Npz,
        },
        options: EmbedOptions {
            layer: arguments.layer,
            chunking,
            token_budget: arguments.token_budget.get(),
        },
        device: arguments.device,
    })
}

impl Plan {
    fn info(&self, model: &str, features: usize) -> EmbeddingInfo {
        EmbeddingInfo {
            model: model.to_owned(),
            checksum: None,
            layer: None,
            features,
            rows: self.rows,
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
        terminal: &Terminal,
    ) -> Result<(EmbeddingWriter, Vec<&'a Protein>)> {
        let bytes_per_row = (info.features * info.dtype.bytes()) as u64;
        let mut writer = EmbeddingWriter::open(&self.out, info)?;
        let mut sequences = HashSet::new();
        let todo: Vec<&Protein> = proteins
            .iter()
            .filter(|protein| !writer.has(protein) && sequences.insert(&protein.sequence))
            .collect();
        let rows: u64 = todo
            .iter()
            .map(|protein| self.rows.rows(protein.sequence.len()) as u64)
            .sum();
        let bytes = rows * bytes_per_row;
        let free = fs4::available_space(&self.out)
            .map_err(|source| Error::io("read the free space of", &self.out, source))?;
        terminal.note(&format!(
            "{} proteins, {} of them to compute: {} rows, {} to write, {} free",
            thousands(proteins.len() as u64),
            thousands(todo.len() as u64),
            thousands(rows),
            size(bytes),
            size(free)
        ));
        if bytes > free {
            return Err(Error::input(
                &self.out,
                bindscape_base::Place::File,
                format!("{} of free space", size(bytes)),
                size(free),
            )
            .hint(
                "--dtype f16 halves the size; --representation windows or mean needs far less than residues",
            ));
        }
        Ok((writer, todo))
    }

    /// Writes what is left and tells what was done.
    fn finish(
        &self,
        mut writer: EmbeddingWriter,
        proteins: &[Protein],
        tally: &Tally,
        terminal: &Terminal,
    ) -> Result<()> {
        // Those of a sequence that came earlier in the file.
        for protein in proteins {
            writer.has(protein);
        }
        writer.flush()?;
        let counts = [
            (tally.chunked, "computed in overlapping chunks"),
            (tally.cut, "cut: residues of the end are missing"),
            (tally.unknown, "with residues that the model does not know"),
        ];
        for (count, what) in counts {
            if count > 0 {
                terminal.note(&format!("{} proteins {what}", thousands(count as u64)));
            }
        }
        terminal.note(&format!(
            "wrote {}: {} new, {} in all",
            self.out.display(),
            thousands(tally.computed as u64),
            thousands(writer.len() as u64)
        ));
        Ok(())
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

fn encode(
    plan: &Plan,
    encoding: Encoding,
    proteins: &[Protein],
    terminal: &Terminal,
) -> Result<()> {
    let info = plan.info(encoding.name(), encoding.features());
    let (mut writer, todo) = plan.begin(info, proteins, terminal)?;
    let mut tally = Tally::default();
    let mut values = Vec::new();
    terminal.begin(encoding.name(), Some(todo.len() as u64));
    for protein in todo {
        or_keep(progress::check(terminal), &mut writer)?;
        let sequence = &protein.sequence;
        // Windows as wide as the rows are: no residue is averaged twice.
        let windows = match plan.rows {
            RowsOf::Windows(windows) => windows,
            RowsOf::Residues => Windows {
                window: 1,
                positions: sequence.len(),
            },
            RowsOf::Mean => Windows {
                window: sequence.len(),
                positions: 1,
            },
        };
        encoding.encode(sequence, windows, &mut values);
        let row = EmbeddingRow {
            chunks: 1,
            unknown: sequence
                .iter()
                .filter(|&&l| amino_acid(l).is_none())
                .count(),
            cut: plan.rows.cut(sequence.len()),
        };
        writer.add(protein, &values, row)?;
        tally.count(row);
        terminal.advance(1);
    }
    terminal.finish();
    plan.finish(writer, proteins, &tally, terminal)
}

fn embed(plan: &Plan, model: &str, proteins: &[Protein], terminal: &Terminal) -> Result<()> {
    let options = LoadOptions {
        device: plan.device,
    };
    let network = Esm2::load(model, options, terminal)?;
    let width = network.config().width;
    let layer = plan.layer.unwrap_or(network.config().layers);
    let chunking = plan.options.chunking;
    let info = EmbeddingInfo {
        checksum: Some(network.provenance().checksum()),
        layer: Some(layer),
        chunks: Some(ChunkSizes {
            chunk: chunking.chunk,
            overlap: chunking.overlap,
        }),
        ..plan.info(model, width)
    };
    // A layer that is not there is found before a directory is begun.
    Embedder::new(&network, &[], plan.options)?;
    let (mut writer, todo) = plan.begin(info, proteins, terminal)?;
    let sequences: Vec<&[u8]> = todo.iter().map(|p| p.sequence.as_slice()).collect();
    let residues: usize = sequences.iter().map(|sequence| sequence.len()).sum();
    let mut embedder = Embedder::new(&network, &sequences, plan.options)?;
    let mut tally = Tally::default();
    let mut values = Vec::new();
    terminal.begin("embedding", Some(residues as u64));
    while let Some(batch) = or_keep(embedder.next_batch(terminal), &mut writer)? {
        for (number, embedding) in batch.embeddings.iter().enumerate() {
            let protein = todo[batch.first + number];
            plan.rows.reduce(&embedding.values, width, &mut values);
            let row = EmbeddingRow {
                chunks: embedding.chunks,
                unknown: embedding.unknown,
                cut: plan.rows.cut(protein.sequence.len()),
            };
            writer.add(protein, &values, row)?;
            tally.count(row);
        }
    }
    terminal.finish();
    plan.finish(writer, proteins, &tally, terminal)
}

/// Passes on a result; before an error, what was computed is written, so that the same
/// command continues from there.
fn or_keep<T>(result: Result<T>, writer: &mut EmbeddingWriter) -> Result<T> {
    if result.is_err() {
        writer.flush()?;
    }
    result
}

/// The protein of each id.
fn by_id(proteins: &[Protein]) -> std::collections::HashMap<&str, &Protein> {
    proteins
        .iter()
        .map(|protein| (protein.id.as_str(), protein))
        .collect()
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
