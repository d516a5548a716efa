//! What kind a file is, by its first bytes: for messages about one that is of another kind than
//! was wanted.
//!
//! Only what has marks of its own is recognised. A file that merely could be something else is
//! [`FileKind::Text`] or [`FileKind::Table`], and its reader says what is wrong with it.

mod text;

pub use self::text::BYTE_ORDER_MARK;

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use flate2::read::MultiGzDecoder;

use crate::error::{Error, Place, Result};

/// Bytes of a text that are looked at.
const HEAD: u64 = 4096;

/// Longest header of a safetensors file that is looked at.
const LONGEST_HEADER: u64 = 100 << 20;

/// A kind of file or directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A run of `pretrain` or `finetune`.
    Run,
    /// An experiment.
    Experiment,
    /// A run of `protein train`.
    ProteinRun,
    /// A run of `protein crossval`.
    Crossval,
    /// Embeddings of `protein embed`.
    Embeddings,
    /// A directory of something else.
    Folder,
    /// Nothing.
    Empty,
    /// A model of binding sites.
    BindingModel,
    /// A model of proteins.
    ProteinModel,
    /// Named arrays in Hugging Face's format without our metadata.
    Safetensors,
    /// Parquet, such as a binding matrix.
    Parquet,
    /// A genome in UCSC's 2bit.
    TwoBit,
    /// A zip archive, such as NPZ or a file of `torch.save`.
    Zip,
    /// One array of NumPy.
    Npy,
    /// A pickle of Python.
    Pickle,
    /// HDF5.
    Hdf5,
    /// Alignments, compressed.
    Bam,
    /// Coverage, compressed.
    BigWig,
    /// Intervals, compressed.
    BigBed,
    /// Compressed with Zstandard.
    Zstandard,
    /// Compressed with bzip2.
    Bzip2,
    /// Compressed with xz.
    Xz,
    /// A picture or a PDF.
    Picture,
    /// Text in UTF-16.
    Utf16,
    /// Other bytes that are no text.
    Binary,
    /// FASTA of nucleotides.
    NucleotideFasta,
    /// FASTA of proteins.
    ProteinFasta,
    /// Reads with qualities.
    Fastq,
    /// Motifs in a format that names them so: MEME, TRANSFAC, JASPAR, HOMER.
    Motifs,
    /// BED or narrowPeak.
    Bed,
    /// GFF or GTF.
    Gff,
    /// VCF.
    Vcf,
    /// Alignments as text.
    Sam,
    /// Wiggle.
    Wiggle,
    /// bedGraph, or wiggle, as a track line says.
    BedGraph,
    /// JSON, such as a plan or a record.
    Json,
    /// A web page.
    Html,
    /// XML.
    Xml,
    /// What stands in a git repository for a large file.
    LfsPointer,
    /// Lines of several fields separated by tabs.
    Table,
    /// Other text.
    Text,
}

use FileKind as Kind;

impl FileKind {
    /// The kind of the file or directory at `path`; `None` for standard input and other streams,
    /// and for what is not there or cannot be read.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        if metadata.is_dir() {
            return Some(of_directory(path));
        }
        if !metadata.is_file() {
            return None;
        }
        let mut head = Vec::new();
        let mut file = File::open(path).ok()?;
        file.by_ref().take(HEAD).read_to_end(&mut head).ok()?;
        match Self::of_bytes(&head) {
            Self::Safetensors => {
                let length = u64::from_le_bytes(head[..8].try_into().expect("eight bytes"));
                if length > LONGEST_HEADER {
                    return Some(Self::Safetensors);
                }
                let end = 8 + length;
                file.take(end.saturating_sub(head.len() as u64))
                    .read_to_end(&mut head)
                    .ok()?;
                Some(of_model(head.get(8..end as usize).unwrap_or_default()))
            }
            kind => Some(kind),
        }
    }

    /// The kind of a file that begins with `head`, decompressed if need be. What a safetensors
    /// file is of is not told.
    #[must_use]
    pub fn of_bytes(head: &[u8]) -> Self {
        if head.starts_with(&[0x1f, 0x8b]) {
            let mut text = Vec::new();
            // An end within the compressed bytes is no fault here.
            let _ = MultiGzDecoder::new(head).take(HEAD).read_to_end(&mut text);
            return if text.starts_with(b"BAM\x01") {
                Kind::Bam
            } else {
                binary(&text).unwrap_or_else(|| text::kind(&text))
            };
        }
        binary(head).unwrap_or_else(|| text::kind(head))
    }

    /// Whether it is no text and cannot be read as text: what is compressed or has a format of
    /// its own. Pickles may be text, and other bytes may be text with a fault.
    #[must_use]
    pub fn is_no_text(self) -> bool {
        matches!(
            self,
            Kind::Bam
                | Kind::BigBed
                | Kind::BigWig
                | Kind::Bzip2
                | Kind::Hdf5
                | Kind::Npy
                | Kind::Parquet
                | Kind::Picture
                | Kind::Safetensors
                | Kind::TwoBit
                | Kind::Utf16
                | Kind::Xz
                | Kind::Zip
                | Kind::Zstandard
        )
    }

    /// Its name with an article, for messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::Run => "the directory of a run of `pretrain` or `finetune`",
            Kind::Experiment => "the directory of an experiment",
            Kind::ProteinRun => "the directory of a run of `protein train`",
            Kind::Crossval => "the directory of a run of `protein crossval`",
            Kind::Embeddings => "a directory of embeddings",
            Kind::Folder => "a directory",
            Kind::Empty => "an empty file",
            Kind::BindingModel => "a model of binding sites",
            Kind::ProteinModel => "a model of proteins",
            Kind::Safetensors => "a safetensors file that is no model of bindscape",
            Kind::Parquet => "a Parquet file",
            Kind::TwoBit => "a genome in 2bit",
            Kind::Zip => "a zip archive (.npz, .pth or .xlsx are such)",
            Kind::Npy => "an array of NumPy (.npy)",
            Kind::Pickle => "a pickle of Python (.pkl, .pth)",
            Kind::Hdf5 => "an HDF5 file",
            Kind::Bam => "a BAM file",
            Kind::BigWig => "a bigWig file",
            Kind::BigBed => "a bigBed file",
            Kind::Zstandard => "a file compressed with Zstandard",
            Kind::Bzip2 => "a file compressed with bzip2",
            Kind::Xz => "a file compressed with xz",
            Kind::Picture => "a picture or PDF",
            Kind::Utf16 => "text in UTF-16",
            Kind::Binary => "a file that is no text, of an unknown kind",
            Kind::NucleotideFasta => "a FASTA file of nucleotides",
            Kind::ProteinFasta => "a FASTA file of proteins",
            Kind::Fastq => "a FASTQ file",
            Kind::Motifs => "a file of motifs",
            Kind::Bed => "a BED file",
            Kind::Gff => "a GFF file",
            Kind::Vcf => "a VCF file",
            Kind::Sam => "a SAM file",
            Kind::Wiggle => "a wiggle file",
            Kind::BedGraph => "a track of a signal (bedGraph)",
            Kind::Json => "a JSON file",
            Kind::Html => "a web page (HTML)",
            Kind::Xml => "an XML file",
            Kind::LfsPointer => "what git keeps in place of a large file",
            Kind::Table => "a table",
            Kind::Text => "a text file of another kind",
        }
    }

    /// Where it belongs, or what makes something else of it; `None` if there is nothing to say.
    #[must_use]
    pub fn hint(self) -> Option<&'static str> {
        Some(match self {
            Kind::Run => "`bindscape report` and the verbs that take a model take such a directory",
            Kind::Experiment => {
                "`bindscape report` takes it; its multi-models lie in `multi`, a run each"
            }
            Kind::ProteinRun => {
                "`bindscape protein predict` and `bindscape protein explain` take it as a model"
            }
            Kind::Embeddings => "verbs for proteins take it as ⟦embeddings⟧",
            Kind::BindingModel => {
                "`bindscape predict`, `bindscape evaluate` and `bindscape finetune` take it as a model"
            }
            Kind::ProteinModel => {
                "`bindscape protein predict` uses it, and `bindscape protein explain`"
            }
            Kind::Safetensors => {
                "`bindscape model import` takes over weights of the published networks"
            }
            Kind::Parquet => "`bindscape matrix inspect` shows what a binding matrix holds",
            Kind::TwoBit => "it can be a genome; `twoBitToFa` makes FASTA of it",
            Kind::Npy => "`numpy.savez_compressed` makes an archive (.npz) of arrays",
            Kind::Zip | Kind::Pickle => {
                "`bindscape model import` takes over weights of PyTorch, `bindscape matrix import` a published matrix; a spreadsheet is saved as text separated by tabs"
            }
            Kind::Bam => "`bedtools bamtobed` makes BED of it; peaks come from a peak caller",
            Kind::BigWig => "`bigWigToWig` makes text of it; peaks come from a peak caller",
            Kind::BigBed => "`bigBedToBed` makes BED of it",
            Kind::Zstandard => "decompress it with `zstd -d`",
            Kind::Bzip2 => "decompress it with `bzip2 -d`",
            Kind::Xz => "decompress it with `xz -d`",
            Kind::Utf16 => "convert it with `iconv -f UTF-16 -t UTF-8`",
            Kind::NucleotideFasta => "it can be a genome, or sequences of regions",
            Kind::ProteinFasta => "verbs for proteins are those of `bindscape protein`",
            Kind::Fastq => "reads are to be aligned, and peaks called, first",
            Kind::Motifs => "`bindscape motif` has the verbs for motifs",
            Kind::Bed => "it can be regions or peaks; a genome is needed for sequences",
            Kind::Gff | Kind::Vcf | Kind::Sam | Kind::Wiggle => {
                "convert it to BED: `convert2bed` of BEDOPS does that"
            }
            Kind::BedGraph => {
                "a signal has no peaks yet: a peak caller finds them, such as `macs3 bdgpeakcall`"
            }
            Kind::Json => "`bindscape run` takes a plan",
            Kind::Html => "was an error page downloaded in place of the file?",
            Kind::LfsPointer => "`git lfs pull` gets the file itself",
            _ => return None,
        })
    }
}

/// Refuses the file at `path` if it is of a kind that is none of `accepted`; `wanted` says what it
/// should be. Streams and what cannot be read pass: their readers know better.
///
/// # Errors
/// See above.
pub fn expect(path: &Path, wanted: &str, accepted: &[FileKind]) -> Result<()> {
    match FileKind::of(path) {
        Some(kind) if !accepted.contains(&kind) => Err(mistaken(path, wanted, kind)),
        _ => Ok(()),
    }
}

/// Kinds of text without marks of their own, which may be of any format.
const PLAIN: [FileKind; 3] = [FileKind::Text, FileKind::Table, FileKind::Empty];

/// As [`expect`], and lets text pass that has no marks of its own: its reader knows better.
///
/// # Errors
/// As [`expect`].
pub fn expect_text(path: &Path, wanted: &str, accepted: &[FileKind]) -> Result<()> {
    match FileKind::of(path) {
        Some(kind) if !accepted.contains(&kind) && !PLAIN.contains(&kind) => {
            Err(mistaken(path, wanted, kind))
        }
        _ => Ok(()),
    }
}

/// The error of a file of the wrong kind.
#[must_use]
pub fn mistaken(path: &Path, wanted: &str, found: FileKind) -> Error {
    let error = Error::input(path, Place::File, wanted, found.name());
    match found.hint() {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

/// What a directory is of, by the files in it.
fn of_directory(path: &Path) -> FileKind {
    if path.join("embedding.json").is_file() {
        return Kind::Embeddings;
    }
    if path.join("crossval.json").is_file() {
        return Kind::Crossval;
    }
    if path.join("experiment.json").is_file() {
        return Kind::Experiment;
    }
    let kind = fs::read(path.join("run.json")).ok().and_then(|bytes| {
        let record: serde_json::Value = serde_json::from_slice(&bytes).ok()?;
        Some(record.get("kind")?.as_str()? == "protein-train")
    });
    match kind {
        Some(true) => Kind::ProteinRun,
        Some(false) => Kind::Run,
        None => Kind::Folder,
    }
}

/// What a safetensors file is of, by its header.
fn of_model(header: &[u8]) -> FileKind {
    let own = || {
        let header: serde_json::Value = serde_json::from_slice(header).ok()?;
        let text = header.get("__metadata__")?.get("bindscape")?.as_str()?;
        let metadata: serde_json::Value = serde_json::from_str(text).ok()?;
        let kind = metadata.get("kind").and_then(serde_json::Value::as_str);
        Some(kind.map(str::to_owned))
    };
    match own() {
        None => Kind::Safetensors,
        Some(Some(kind)) if kind.starts_with("protein") => Kind::ProteinModel,
        Some(_) => Kind::BindingModel,
    }
}

/// The kind of what begins with `head`, if that is no text.
fn binary(head: &[u8]) -> Option<FileKind> {
    const MARKS: [(&[u8], FileKind); 19] = [
        (b"PAR1", Kind::Parquet),
        (b"\x43\x27\x41\x1a", Kind::TwoBit),
        (b"\x1a\x41\x27\x43", Kind::TwoBit),
        (b"PK\x03\x04", Kind::Zip),
        (b"\x93NUMPY", Kind::Npy),
        (b"\x80\x02", Kind::Pickle),
        (b"\x80\x03", Kind::Pickle),
        (b"\x80\x04", Kind::Pickle),
        (b"\x80\x05", Kind::Pickle),
        (b"\x89HDF\r\n", Kind::Hdf5),
        (b"\x26\xfc\x8f\x88", Kind::BigWig),
        (b"\xeb\xf2\x89\x87", Kind::BigBed),
        (b"\x28\xb5\x2f\xfd", Kind::Zstandard),
        (b"BZh", Kind::Bzip2),
        (b"\xfd7zXZ\0", Kind::Xz),
        (b"\x89PNG\r\n", Kind::Picture),
        (b"%PDF-", Kind::Picture),
        (b"\xff\xfe", Kind::Utf16),
        (b"\xfe\xff", Kind::Utf16),
    ];
    if let Some((_, kind)) = MARKS.iter().find(|(mark, _)| head.starts_with(mark)) {
        return Some(*kind);
    }
    // The length of a header of JSON, and that.
    if head.len() > 8 && head[8] == b'{' && head[4..8] == [0; 4] {
        return Some(Kind::Safetensors);
    }
    head.contains(&0).then_some(Kind::Binary)
}

#[cfg(test)]
mod tests;
