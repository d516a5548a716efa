//! The binding matrix as a Parquet file: one row per region (`chrom`, `start`,
//! `end`; 0-based, half-open), one nullable integer column per TF with the
//! number of its [`BindingState`] (null, 0, 1, 2), and the provenance as JSON under the
//! key `bindscape.provenance`.
//!
//! Rows are sorted by chromosome, in the order in which the matrix names them,
//! then by start. A per-cell matrix is the same file at `cell=NAME/…`, as Hive
//! partitions are named, with the cell in its provenance.

mod reader;
mod shared_file;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::io;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::{
    Compression, ConvertedType, Encoding, LogicalType, Repetition, Type as PhysicalType, ZstdLevel,
};
use parquet::column::writer::{ColumnCloseResult, get_column_writer, get_typed_column_writer};
use parquet::data_type::{ByteArray, ByteArrayType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{WriterProperties, WriterPropertiesPtr};
use parquet::file::writer::{
    SerializedColumnWriter, SerializedFileWriter, SerializedPageWriter, SerializedRowGroupWriter,
    TrackedWrite,
};
use parquet::schema::types::{ColumnPath, SchemaDescriptor, Type};
use rayon::prelude::*;

pub use self::reader::MatrixReader;
use super::{BindingMatrix, BindingState, Provenance, tf_index};
use bindscape_base::atomic::AtomicFile;
use bindscape_base::error::{Error, Place, Result};
use bindscape_genome::region::Regions;

/// Rows per row group.
const ROW_GROUP: usize = 131_072;

/// Key of the provenance in the metadata of the file.
const PROVENANCE_KEY: &str = "bindscape.provenance";

/// Columns that are no TF.
const REGION_COLUMNS: [&str; 3] = ["chrom", "start", "end"];

/// Columns that other programs add and that hold no TF: the index of pandas and
/// the partition of a per-cell data set.
const IGNORED_COLUMNS: [&str; 2] = ["__index_level_0__", "cell"];

/// What a file says of itself before any column is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatrixHeader {
    /// Number of regions.
    pub rows: u64,
    /// TF names in the order of the columns.
    pub tfs: Vec<String>,
    /// Where the matrix comes from. In a file that another program rewrote
    /// without it, the rule is `not recorded`.
    pub provenance: Provenance,
}

/// Writes `matrix` to `path`. Rows that are not sorted are written sorted.
///
/// # Errors
/// If a TF has the name of a region column or of another TF, or the file
/// cannot be written.
pub fn write(path: &Path, matrix: &BindingMatrix) -> Result<()> {
    write_with(path, matrix, Compression::ZSTD(ZstdLevel::default()))
}

fn write_with(path: &Path, matrix: &BindingMatrix, compression: Compression) -> Result<()> {
    let failed = |error| write_failed(path, error);
    check_names(path, &matrix.tfs)?;
    let schema = schema(&matrix.tfs).map_err(failed)?;
    let provenance = serde_json::to_string(&matrix.provenance)
        .map_err(|error| Error::io("write", path, error.into()))?;
    let properties = WriterProperties::builder()
        .set_compression(compression)
        .set_created_by(format!("bindscape {}", env!("CARGO_PKG_VERSION")))
        .set_key_value_metadata(Some(vec![KeyValue::new(
            PROVENANCE_KEY.to_owned(),
            provenance,
        )]))
        .set_column_dictionary_enabled(ColumnPath::from("start"), false)
        .set_column_dictionary_enabled(ColumnPath::from("end"), false)
        .set_column_encoding(ColumnPath::from("start"), Encoding::DELTA_BINARY_PACKED)
        .set_column_encoding(ColumnPath::from("end"), Encoding::DELTA_BINARY_PACKED)
        .build();
    let mut writer = SerializedFileWriter::new(
        AtomicFile::create(path)?,
        Arc::new(schema),
        Arc::new(properties),
    )
    .map_err(failed)?;
    let order = sorted_rows(&matrix.regions);
    let mut first = 0;
    while first < matrix.regions.len() {
        let last = (first + ROW_GROUP).min(matrix.regions.len());
        let rows: Vec<usize> = match &order {
            Some(order) => order[first..last].to_vec(),
            None => (first..last).collect(),
        };
        let encoded = encode_states(writer.schema_descr(), writer.properties(), matrix, &rows)
            .map_err(failed)?;
        let mut group = writer.next_row_group().map_err(failed)?;
        write_row_group(&mut group, matrix, &rows, encoded).map_err(failed)?;
        group.close().map_err(failed)?;
        first = last;
    }
    writer.into_inner().map_err(failed)?.commit()
}

/// Reads the matrix at `path`: the columns of `tfs`, in that order, or all.
///
/// # Errors
/// If the file cannot be read, is corrupted or no binding matrix, or lacks a TF.
pub fn read(path: &Path, tfs: Option<&[String]>) -> Result<BindingMatrix> {
    let reader = MatrixReader::open(path)?;
    let tfs = tfs.map_or_else(|| reader.header().tfs.clone(), <[String]>::to_vec);
    // Names are checked before anything large is read.
    for tf in &tfs {
        tf_index(&reader.header().tfs, tf, path)?;
    }
    let (regions, columns) = rayon::join(
        || reader.regions(),
        || {
            let columns = tfs.par_iter().map(|tf| reader.column(tf));
            // Of several faults the first, not that which a thread came to first.
            let columns: Vec<Result<_>> = columns.collect();
            columns.into_iter().collect::<Result<Vec<_>>>()
        },
    );
    Ok(BindingMatrix {
        regions: regions?,
        tfs,
        columns: columns?,
        provenance: reader.header().provenance.clone(),
    })
}

/// Reads what the matrix at `path` says of itself, without its columns.
///
/// # Errors
/// If the file cannot be read, is corrupted, or is no binding matrix.
pub fn read_header(path: &Path) -> Result<MatrixHeader> {
    Ok(MatrixReader::open(path)?.header().clone())
}

fn check_names(path: &Path, tfs: &[String]) -> Result<()> {
    let mut seen = HashSet::new();
    for tf in tfs {
        let taken = REGION_COLUMNS.contains(&tf.as_str()) || IGNORED_COLUMNS.contains(&tf.as_str());
        if taken || tf.is_empty() || !seen.insert(tf) {
            return Err(Error::input(
                path,
                Place::Record(format!("TF {tf:?}")),
                "TF names that differ from each other and from chrom, start, end and cell",
                format!("{tf:?}"),
            ));
        }
    }
    Ok(())
}

fn schema(tfs: &[String]) -> std::result::Result<Type, ParquetError> {
    let mut fields = vec![
        Type::primitive_type_builder("chrom", PhysicalType::BYTE_ARRAY)
            .with_repetition(Repetition::REQUIRED)
            .with_logical_type(Some(LogicalType::String))
            .with_converted_type(ConvertedType::UTF8)
            .build()?,
    ];
    for name in ["start", "end"] {
        fields.push(
            Type::primitive_type_builder(name, PhysicalType::INT64)
                .with_repetition(Repetition::REQUIRED)
                .build()?,
        );
    }
    for tf in tfs {
        fields.push(
            Type::primitive_type_builder(tf, PhysicalType::INT32)
                .with_repetition(Repetition::OPTIONAL)
                .with_logical_type(Some(LogicalType::integer(8, true)))
                .with_converted_type(ConvertedType::INT_8)
                .build()?,
        );
    }
    Type::group_type_builder("binding_matrix")
        .with_fields(fields.into_iter().map(Arc::new).collect())
        .build()
}

/// The rows in file order, or `None` if they already are in it.
fn sorted_rows(regions: &Regions) -> Option<Vec<usize>> {
    let key = |row: usize| {
        (
            regions.chrom_column()[row],
            regions.start_column()[row],
            regions.end_column()[row],
        )
    };
    if (1..regions.len()).all(|row| key(row - 1) <= key(row)) {
        return None;
    }
    let mut rows: Vec<usize> = (0..regions.len()).collect();
    rows.sort_by_key(|&row| key(row));
    Some(rows)
}

fn write_row_group<W: io::Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    matrix: &BindingMatrix,
    rows: &[usize],
    encoded: Vec<(Vec<u8>, ColumnCloseResult)>,
) -> std::result::Result<(), ParquetError> {
    let regions = &matrix.regions;
    let names: Vec<ByteArray> = regions
        .chromosomes()
        .iter()
        .map(|name| ByteArray::from(name.as_str()))
        .collect();
    let chroms: Vec<ByteArray> = rows
        .iter()
        .map(|&row| names[regions.chrom_column()[row] as usize].clone())
        .collect();
    let mut column = next_column(group)?;
    column
        .typed::<ByteArrayType>()
        .write_batch(&chroms, None, None)?;
    column.close()?;
    for positions in [regions.start_column(), regions.end_column()] {
        let values: Vec<i64> = rows.iter().map(|&row| positions[row].into()).collect();
        let mut column = next_column(group)?;
        column
            .typed::<Int64Type>()
            .write_batch(&values, None, None)?;
        column.close()?;
    }
    for (bytes, column) in encoded {
        group.append_column(&Bytes::from(bytes), column)?;
    }
    Ok(())
}

/// The columns of TFs of one row group as their bytes in the file, made side by side.
fn encode_states(
    schema: &SchemaDescriptor,
    properties: &WriterPropertiesPtr,
    matrix: &BindingMatrix,
    rows: &[usize],
) -> std::result::Result<Vec<(Vec<u8>, ColumnCloseResult)>, ParquetError> {
    matrix
        .columns
        .par_iter()
        .enumerate()
        .map(|(tf, states)| {
            let levels: Vec<i16> = rows
                .iter()
                .map(|&row| i16::from(states[row] != BindingState::Closed))
                .collect();
            let values: Vec<i32> = rows
                .iter()
                .filter_map(|&row| states[row].stored())
                .collect();
            let mut sink = TrackedWrite::new(Vec::new());
            let page_writer = Box::new(SerializedPageWriter::new(&mut sink));
            let mut writer = get_typed_column_writer::<Int32Type>(get_column_writer(
                schema.column(REGION_COLUMNS.len() + tf),
                Arc::clone(properties),
                page_writer,
            ));
            writer.write_batch(&values, Some(&levels), None)?;
            let closed = writer.close()?;
            Ok((sink.into_inner()?, closed))
        })
        .collect()
}

fn next_column<'a, W: io::Write + Send>(
    group: &'a mut SerializedRowGroupWriter<'_, W>,
) -> std::result::Result<SerializedColumnWriter<'a>, ParquetError> {
    group
        .next_column()?
        .ok_or_else(|| ParquetError::General("more columns than the schema has".into()))
}

/// The error that a failed write of Parquet is, with what the system said of it.
pub(crate) fn write_failed(path: &Path, error: ParquetError) -> Error {
    let source = match error {
        ParquetError::External(source) => match source.downcast::<io::Error>() {
            Ok(source) => *source,
            Err(source) => io::Error::other(source),
        },
        other => io::Error::other(other),
    };
    Error::io("write", path, source)
}
