//! Tables of binding scores: one row per region or sequence, one score per TF,
//! as TSV, BED or Parquet, written as they come and in the order they come.
//!
//! Every table names its coordinate convention, the files that were read (the genome among them)
//! and the model with the SHA-256 of each, the genome build of the model, what a score is, and the
//! version that wrote it: in `#` lines of TSV and BED, in the key-value metadata of Parquet.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use parquet::basic::{
    Compression as ParquetCompression, LogicalType, Repetition, Type as PhysicalType, ZstdLevel,
};
use parquet::data_type::{ByteArray, ByteArrayType, FloatType, Int64Type};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;

use crate::parquet::write_failed;
use bindscape_base::atomic::AtomicFile;
use bindscape_base::bgzf::{self, TextFile};
use bindscape_base::digest::InputFile;
use bindscape_base::error::{Error, Result};

/// Rows per Parquet row group, and so the rows held in memory.
const ROW_GROUP: usize = 131_072;

/// What a table of scores must say about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScoreHeader {
    /// Version of bindscape.
    pub bindscape: String,
    /// Files that the sequences came from, with their roles: `genome`, `regions`, `sequences`.
    pub inputs: Vec<InputFile>,
    /// The genome where no file of it was read: what is known of it, in words.
    pub genome: Option<String>,
    /// File name of the model.
    pub model: String,
    /// Genome build that the model was trained on, as it was named there.
    pub model_genome: Option<String>,
    /// SHA-256 of the model file.
    pub model_sha256: String,
    /// What a score is, in words.
    pub score: String,
    /// TFs, one score column each.
    pub tfs: Vec<String>,
}

/// One row: a stretch of a chromosome or of a named sequence, and its scores.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreRow<'a> {
    /// Chromosome, or sequence name.
    pub chrom: &'a str,
    /// First base, counted from 0; below 0 where a region that could not be scored begins there.
    pub start: i64,
    /// One past the last base.
    pub end: i64,
    /// Name of the region, `.` where it has none.
    pub name: &'a str,
    /// Probability of binding per TF; `None` where it could not be scored.
    pub scores: &'a [Option<f32>],
}

/// Formats of a table of scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScoreFormat {
    /// One row per region, one column per TF; `NA` where missing.
    Tsv,
    /// BED6 + 2, one line per region and TF: the name is the region's, or the TF where the region
    /// has none; the BED score is the probability times 1,000; column 7 is the probability itself
    /// and column 8 the TF. Score and probability are `.` where missing.
    Bed,
    /// Columns as in TSV; null where missing.
    Parquet,
}

impl ScoreFormat {
    /// The format that a file name asks for.
    ///
    /// # Errors
    /// If the extension is none of `.tsv`, `.bed` (both also with `.gz`), `.parquet`; `-` is TSV.
    pub fn of(path: &Path) -> Result<Self> {
        let name = path.to_string_lossy().to_lowercase();
        let (stem, compressed) = bgzf::split_ending(&name);
        if stem == "-" || stem.ends_with(".tsv") {
            Ok(ScoreFormat::Tsv)
        } else if stem.ends_with(".bed") {
            Ok(ScoreFormat::Bed)
        } else if stem.ends_with(".parquet") && !compressed {
            Ok(ScoreFormat::Parquet)
        } else {
            Err(Error::argument(
                "out",
                "a file name ending in .tsv, .tsv.gz, .bed, .bed.gz or .parquet, or `-`",
                format!("{:?}", path.display().to_string()),
            ))
        }
    }
}

/// Where the text of a table goes.
enum TextSink {
    Stream(std::io::BufWriter<Box<dyn Write + Send>>),
    File(TextFile),
}

impl TextSink {
    fn writer(&mut self) -> &mut dyn Write {
        match self {
            TextSink::Stream(sink) => sink,
            TextSink::File(sink) => sink,
        }
    }
}

enum Sink {
    Text { sink: TextSink, format: ScoreFormat },
    Parquet(Box<ParquetSink>),
}

/// Writes a table of scores; it appears at its place when [`ScoreWriter::finish`] is called.
pub struct ScoreWriter {
    path: std::path::PathBuf,
    tfs: Vec<String>,
    sink: Sink,
}

impl ScoreWriter {
    /// Starts a table in the file `path`.
    ///
    /// # Errors
    /// If the name asks for no known format or the file cannot be created.
    pub fn create(path: &Path, header: &ScoreHeader) -> Result<Self> {
        let format = ScoreFormat::of(path)?;
        if format == ScoreFormat::Parquet {
            return Ok(Self {
                path: path.to_path_buf(),
                tfs: header.tfs.clone(),
                sink: Sink::Parquet(Box::new(ParquetSink::create(path, header)?)),
            });
        }
        Self::text(
            path,
            TextSink::File(TextFile::create(path)?),
            format,
            header,
        )
    }

    /// Starts a TSV table in `out`, which errors call `-`.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn stream(out: Box<dyn Write + Send>, header: &ScoreHeader) -> Result<Self> {
        let sink = TextSink::Stream(std::io::BufWriter::new(out));
        Self::text(Path::new("-"), sink, ScoreFormat::Tsv, header)
    }

    fn text(
        path: &Path,
        mut sink: TextSink,
        format: ScoreFormat,
        header: &ScoreHeader,
    ) -> Result<Self> {
        let failed = |source| Error::io("write", path, source);
        let out = sink.writer();
        for (key, value) in facts(header) {
            writeln!(out, "# {key}: {value}").map_err(failed)?;
        }
        if format == ScoreFormat::Tsv {
            writeln!(out, "chrom\tstart\tend\tname\t{}", header.tfs.join("\t")).map_err(failed)?;
        }
        Ok(Self {
            path: path.to_path_buf(),
            tfs: header.tfs.clone(),
            sink: Sink::Text { sink, format },
        })
    }

    /// Appends one row.
    ///
    /// # Errors
    /// If it cannot be written.
    ///
    /// # Panics
    /// If the row has not one score per TF.
    pub fn write(&mut self, row: &ScoreRow<'_>) -> Result<()> {
        assert_eq!(row.scores.len(), self.tfs.len(), "one score per TF");
        match &mut self.sink {
            Sink::Text { sink, format } => write_text(sink.writer(), *format, &self.tfs, row)
                .map_err(|source| Error::io("write", &self.path, source)),
            Sink::Parquet(sink) => sink.push(&self.path, row),
        }
    }

    /// Completes the table.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn finish(self) -> Result<()> {
        let failed = |source| Error::io("write", &self.path, source);
        match self.sink {
            Sink::Text { sink, .. } => match sink {
                TextSink::Stream(mut out) => out.flush().map_err(failed),
                TextSink::File(file) => file.commit(),
            },
            Sink::Parquet(sink) => sink.finish(&self.path),
        }
    }
}

fn facts(header: &ScoreHeader) -> Vec<(String, String)> {
    let mut facts: Vec<(String, String)> = Vec::new();
    let mut say = |key: &str, value: &str| facts.push((key.to_owned(), value.to_owned()));
    let unnamed = "not named";
    say("bindscape", &header.bindscape);
    say("coordinates", "0-based, half-open");
    if !header.inputs.iter().any(|file| file.role == "genome") {
        say("genome", header.genome.as_deref().unwrap_or(unnamed));
    }
    for file in &header.inputs {
        say(&file.role, &file.name);
        say(&format!("{}_sha256", file.role), &file.sha256);
    }
    say("model", &header.model);
    say("model_sha256", &header.model_sha256);
    say(
        "model_genome",
        header.model_genome.as_deref().unwrap_or(unnamed),
    );
    say("score", &header.score);
    say("tfs", &header.tfs.join(","));
    facts
}

fn write_text(
    out: &mut dyn Write,
    format: ScoreFormat,
    tfs: &[String],
    row: &ScoreRow<'_>,
) -> std::io::Result<()> {
    let ScoreRow {
        chrom,
        start,
        end,
        name,
        scores,
    } = row;
    if format == ScoreFormat::Tsv {
        write!(out, "{chrom}\t{start}\t{end}\t{name}")?;
        for score in *scores {
            match score {
                // As many digits as tell it from every other: ranks are kept.
                Some(score) => write!(out, "\t{score}")?,
                None => write!(out, "\tNA")?,
            }
        }
        return writeln!(out);
    }
    for (tf, score) in tfs.iter().zip(*scores) {
        let name = if *name == "." { tf } else { *name };
        match score {
            Some(score) => {
                let thousandths = (score * 1000.0).round();
                writeln!(
                    out,
                    "{chrom}\t{start}\t{end}\t{name}\t{thousandths:.0}\t.\t{score}\t{tf}"
                )?;
            }
            None => writeln!(out, "{chrom}\t{start}\t{end}\t{name}\t.\t.\t.\t{tf}")?,
        }
    }
    Ok(())
}

struct ParquetSink {
    writer: SerializedFileWriter<AtomicFile>,
    chrom: Vec<ByteArray>,
    start: Vec<i64>,
    end: Vec<i64>,
    name: Vec<ByteArray>,
    scores: Vec<Vec<Option<f32>>>,
}

impl ParquetSink {
    fn create(path: &Path, header: &ScoreHeader) -> Result<Self> {
        let column = |name: &str, physical, logical, repetition| {
            Type::primitive_type_builder(name, physical)
                .with_logical_type(logical)
                .with_repetition(repetition)
                .build()
                .map(Arc::new)
                .map_err(|error| write_failed(path, error))
        };
        let mut fields = vec![
            column(
                "chrom",
                PhysicalType::BYTE_ARRAY,
                Some(LogicalType::String),
                Repetition::REQUIRED,
            )?,
            column("start", PhysicalType::INT64, None, Repetition::REQUIRED)?,
            column("end", PhysicalType::INT64, None, Repetition::REQUIRED)?,
            column(
                "name",
                PhysicalType::BYTE_ARRAY,
                Some(LogicalType::String),
                Repetition::REQUIRED,
            )?,
        ];
        for tf in &header.tfs {
            fields.push(column(tf, PhysicalType::FLOAT, None, Repetition::OPTIONAL)?);
        }
        let schema = Type::group_type_builder("scores")
            .with_fields(fields)
            .build()
            .map_err(|error| write_failed(path, error))?;
        let metadata = facts(header)
            .into_iter()
            .map(|(key, value)| KeyValue::new(format!("bindscape.{key}"), value))
            .collect();
        let properties = WriterProperties::builder()
            .set_compression(ParquetCompression::ZSTD(ZstdLevel::default()))
            .set_key_value_metadata(Some(metadata))
            .build();
        let writer = SerializedFileWriter::new(
            AtomicFile::create(path)?,
            Arc::new(schema),
            Arc::new(properties),
        )
        .map_err(|error| write_failed(path, error))?;
        Ok(Self {
            writer,
            chrom: Vec::new(),
            start: Vec::new(),
            end: Vec::new(),
            name: Vec::new(),
            scores: vec![Vec::new(); header.tfs.len()],
        })
    }

    fn push(&mut self, path: &Path, row: &ScoreRow<'_>) -> Result<()> {
        self.chrom
            .push(ByteArray::from(row.chrom.as_bytes().to_vec()));
        self.start.push(row.start);
        self.end.push(row.end);
        self.name
            .push(ByteArray::from(row.name.as_bytes().to_vec()));
        for (column, &score) in self.scores.iter_mut().zip(row.scores) {
            column.push(score);
        }
        if self.chrom.len() == ROW_GROUP {
            self.flush(path)?;
        }
        Ok(())
    }

    fn flush(&mut self, path: &Path) -> Result<()> {
        let failed = |error| write_failed(path, error);
        let mut group = self.writer.next_row_group().map_err(failed)?;
        let mut scores = self.scores.iter();
        let mut index = 0;
        while let Some(mut column) = group.next_column().map_err(failed)? {
            match index {
                0 | 3 => {
                    let values = if index == 0 { &self.chrom } else { &self.name };
                    column
                        .typed::<ByteArrayType>()
                        .write_batch(values, None, None)
                        .map_err(failed)?;
                }
                1 | 2 => {
                    let values = if index == 1 { &self.start } else { &self.end };
                    column
                        .typed::<Int64Type>()
                        .write_batch(values, None, None)
                        .map_err(failed)?;
                }
                _ => {
                    let column_scores = scores.next().expect("one column of scores per TF");
                    let levels: Vec<i16> = column_scores
                        .iter()
                        .map(|score| i16::from(score.is_some()))
                        .collect();
                    let values: Vec<f32> =
                        column_scores.iter().filter_map(|score| *score).collect();
                    column
                        .typed::<FloatType>()
                        .write_batch(&values, Some(&levels), None)
                        .map_err(failed)?;
                }
            }
            column.close().map_err(failed)?;
            index += 1;
        }
        group.close().map_err(failed)?;
        self.chrom.clear();
        self.start.clear();
        self.end.clear();
        self.name.clear();
        self.scores.iter_mut().for_each(Vec::clear);
        Ok(())
    }

    fn finish(mut self, path: &Path) -> Result<()> {
        if !self.chrom.is_empty() {
            self.flush(path)?;
        }
        self.writer
            .into_inner()
            .map_err(|error| write_failed(path, error))?
            .commit()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parquet::file::reader::{FileReader, SerializedFileReader};

    fn header() -> ScoreHeader {
        ScoreHeader {
            bindscape: "0.0.0".into(),
            inputs: vec![InputFile {
                role: "genome".into(),
                name: "hg38.2bit".into(),
                bytes: 5,
                sha256: "cd".into(),
            }],
            genome: None,
            model_genome: Some("GRCh38".into()),
            model: "model.safetensors".into(),
            model_sha256: "ab".into(),
            score: "probability".into(),
            tfs: vec!["MAX".into(), "SPI1".into()],
        }
    }

    fn write_two_rows(path: &Path) {
        let mut writer = ScoreWriter::create(path, &header()).unwrap();
        let rows = [
            (5, "r", [Some(0.25), Some(0.000_000_123)]),
            (1, ".", [None, Some(1.0)]),
        ];
        for (start, name, scores) in rows {
            writer
                .write(&ScoreRow {
                    chrom: "chr1",
                    start,
                    end: start + 200,
                    name,
                    scores: &scores,
                })
                .unwrap();
        }
        writer.finish().unwrap();
    }

    #[test]
    fn text_tables_keep_order_and_say_what_is_missing() {
        let directory = tempfile::tempdir().unwrap();
        let tsv = directory.path().join("out.tsv");
        write_two_rows(&tsv);
        let text = std::fs::read_to_string(&tsv).unwrap();
        assert!(text.contains(
            "# coordinates: 0-based, half-open\n# genome: hg38.2bit\n# genome_sha256: cd\n"
        ));
        assert!(text.contains("# model_sha256: ab\n# model_genome: GRCh38\n"));
        assert!(text.ends_with(
            "chrom\tstart\tend\tname\tMAX\tSPI1\n\
             chr1\t5\t205\tr\t0.25\t0.000000123\n\
             chr1\t1\t201\t.\tNA\t1\n"
        ));
        let bed = directory.path().join("out.bed");
        write_two_rows(&bed);
        let text = std::fs::read_to_string(&bed).unwrap();
        // A region without a name goes by the TF; a missing score is no number.
        assert!(text.ends_with(
            "chr1\t5\t205\tr\t250\t.\t0.25\tMAX\n\
             chr1\t5\t205\tr\t0\t.\t0.000000123\tSPI1\n\
             chr1\t1\t201\tMAX\t.\t.\t.\tMAX\n\
             chr1\t1\t201\tSPI1\t1000\t.\t1\tSPI1\n"
        ));
        let compressed = directory.path().join("out.bed.gz");
        write_two_rows(&compressed);
        let bytes = std::fs::read(&compressed).unwrap();
        assert!(
            bytes.ends_with(&bindscape_base::bgzf::END),
            "tabix needs blocks"
        );
    }

    #[test]
    fn parquet_holds_nulls_and_facts() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("out.parquet");
        write_two_rows(&path);
        let reader = SerializedFileReader::new(std::fs::File::open(&path).unwrap()).unwrap();
        let facts = reader
            .metadata()
            .file_metadata()
            .key_value_metadata()
            .unwrap();
        assert!(facts.iter().any(
            |fact| fact.key == "bindscape.genome" && fact.value.as_deref() == Some("hg38.2bit")
        ));
        let rows: Vec<String> = reader
            .get_row_iter(None)
            .unwrap()
            .map(|row| row.unwrap().to_string())
            .collect();
        assert!(
            rows[0].contains("MAX: 0.25") && rows[1].contains("MAX: null"),
            "{rows:?}"
        );
    }

    #[test]
    fn unknown_extensions_are_refused() {
        let error = ScoreFormat::of(Path::new("scores.xlsx")).unwrap_err();
        assert!(error.to_string().contains(".parquet"));
    }
}
