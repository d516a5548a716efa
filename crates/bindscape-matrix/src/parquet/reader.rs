//! Reading a binding matrix column by column.

use std::fs::File;
use std::path::{Path, PathBuf};

use parquet::basic::{Compression, Type as PhysicalType};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{
    ByteArray, ByteArrayType, DataType, DoubleType, FloatType, Int32Type, Int64Type,
};
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::schema::types::ColumnDescPtr;

use super::shared_file::SharedFile;
use super::{IGNORED_COLUMNS, MatrixHeader, PROVENANCE_KEY, REGION_COLUMNS};
use crate::{BindingState, Provenance, tf_index};
use bindscape_base::error::{Error, Place, Result};
use bindscape_base::kind::{self, FileKind};
use bindscape_genome::region::Regions;

/// A matrix file opened for reading column by column.
pub struct MatrixReader {
    path: PathBuf,
    file: SerializedFileReader<SharedFile>,
    header: MatrixHeader,
    /// Place in the file of each column of [`REGION_COLUMNS`].
    region_columns: [usize; 3],
    /// Place in the file of each TF.
    tf_columns: Vec<usize>,
}

impl MatrixReader {
    /// Opens the matrix at `path` and reads its header.
    ///
    /// # Errors
    /// If the file cannot be read, is corrupted, or is no binding matrix.
    pub fn open(path: &Path) -> Result<Self> {
        if let Some(kind) = FileKind::of(path)
            && kind != FileKind::Parquet
        {
            let make = "make a matrix with `bindscape matrix build` or `bindscape matrix import`";
            let error = kind::mistaken(path, "a binding matrix (Parquet)", kind);
            return Err(match kind.hint() {
                Some(hint) => error.hint(format!("{hint}; {make}")),
                None => error.hint(make),
            });
        }
        let file = File::open(path).map_err(|source| Error::io("read", path, source))?;
        let shared = SharedFile::new(file).map_err(|source| Error::io("read", path, source))?;
        let mut magic = vec![0; 4.min(shared.length as usize)];
        shared
            .read_at(0, &mut magic)
            .map_err(|source| Error::io("read", path, source))?;
        if magic != *b"PAR1" {
            return Err(Error::input(
                path,
                Place::File,
                "a binding matrix (Parquet)",
                "something else",
            )
            .hint("give a file: a matrix cannot be read from a pipe"));
        }
        let file = SerializedFileReader::new(shared).map_err(|error| corrupted(path, &error))?;
        check_codecs(path, &file)?;
        Self::with_file(path, file)
    }

    fn with_file(path: &Path, file: SerializedFileReader<SharedFile>) -> Result<Self> {
        let metadata = file.metadata().file_metadata();
        let schema = metadata.schema_descr();
        let mut region_columns = [None; 3];
        let mut tfs = Vec::new();
        let mut tf_columns = Vec::new();
        for (index, column) in schema.columns().iter().enumerate() {
            let name = column.name();
            if let Some(field) = REGION_COLUMNS.iter().position(|&field| field == name) {
                region_columns[field] = Some(index);
                continue;
            }
            if IGNORED_COLUMNS.contains(&name) {
                continue;
            }
            let numeric = matches!(
                column.physical_type(),
                PhysicalType::INT32
                    | PhysicalType::INT64
                    | PhysicalType::FLOAT
                    | PhysicalType::DOUBLE
            );
            if !numeric || column.max_rep_level() != 0 || column.path().parts().len() != 1 {
                return Err(Error::input(
                    path,
                    Place::Record(format!("column {name:?}")),
                    "the states of a TF as numbers",
                    format!(
                        "a column of {} values",
                        column.physical_type().to_string().to_lowercase()
                    ),
                )
                .hint("drop columns other than chrom, start, end and one per TF"));
            }
            tfs.push(name.to_owned());
            tf_columns.push(index);
        }
        let mut places = [0; 3];
        for ((place, found), name) in places.iter_mut().zip(region_columns).zip(REGION_COLUMNS) {
            *place = found.ok_or_else(|| {
                Error::input(
                    path,
                    Place::File,
                    format!("a column {name:?}"),
                    format!("the columns {}", listed(schema.columns())),
                )
                .hint("a binding matrix has chrom, start, end and one column per TF")
            })?;
        }
        let recorded = metadata
            .key_value_metadata()
            .into_iter()
            .flatten()
            .find(|pair| pair.key == PROVENANCE_KEY)
            .and_then(|pair| pair.value.as_deref());
        let provenance = match recorded {
            Some(json) => serde_json::from_str(json).map_err(|error| {
                Error::input(
                    path,
                    Place::Record(format!("metadata {PROVENANCE_KEY:?}")),
                    "the provenance of a binding matrix",
                    error.to_string(),
                )
                .hint("the file was written by another version of bindscape, or altered")
            })?,
            None => Provenance::not_recorded(),
        };
        let rows = u64::try_from(metadata.num_rows()).map_err(|_| {
            corrupted(
                path,
                &ParquetError::General("negative number of rows".into()),
            )
        })?;
        Ok(Self {
            path: path.to_path_buf(),
            header: MatrixHeader {
                rows,
                tfs,
                provenance,
            },
            file,
            region_columns: places,
            tf_columns,
        })
    }

    /// What the file says of itself.
    #[must_use]
    pub fn header(&self) -> &MatrixHeader {
        &self.header
    }

    /// The regions, in row order.
    ///
    /// # Errors
    /// If the file is corrupted, or a region is missing, reversed, not below 2^32 or there twice:
    /// such a region would count twice in every set.
    pub fn regions(&self) -> Result<Regions> {
        let [chrom, start, end] = self.region_columns;
        let mut starts = self.positions(start, "start")?.into_iter();
        let mut ends = self.positions(end, "end")?.into_iter();
        let mut regions = Regions::new();
        let mut row = 0_u64;
        let mut last: Option<(ByteArray, u32)> = None;
        self.each_chunk(chrom, |reader| {
            let ColumnReader::ByteArrayColumnReader(reader) = reader else {
                return Err(self.wrong_type("chrom", "chromosome names as text"));
            };
            self.each_value::<ByteArrayType>(reader, |value| {
                let bad = |expected: &str, found: String| {
                    Error::input(
                        &self.path,
                        Place::Record(format!("row {row}")),
                        expected,
                        found,
                    )
                };
                let (Some(value), Some(start), Some(end)) = (value, starts.next(), ends.next())
                else {
                    return Err(bad("chrom, start and end", "a missing value".into()));
                };
                if start >= end {
                    return Err(bad("a start before the end", format!("{start} and {end}")));
                }
                let index = match &last {
                    Some((name, index)) if name.data() == value.data() => *index,
                    _ => {
                        let name = std::str::from_utf8(value.data()).map_err(|_| {
                            bad("a chromosome name in UTF-8", format!("{:?}", value.data()))
                        })?;
                        let index = regions.intern(name);
                        last = Some((value.clone(), index));
                        index
                    }
                };
                regions.push_interned(index, start, end);
                row += 1;
                Ok(())
            })
        })?;
        self.check_rows(regions.len())?;
        if let Some((earlier, later)) = regions.first_repeat() {
            return Err(Error::input(
                &self.path,
                Place::Record(format!("row {later}")),
                "each region once",
                format!("{} again, first in row {earlier}", regions.get(later)),
            )
            .hint(
                "rows count from 0; keep one row for each region, as \
                 `drop_duplicates([\"chrom\", \"start\", \"end\"])` of pandas does, or join their states",
            ));
        }
        Ok(regions)
    }

    /// The states of one TF, one per region.
    ///
    /// # Errors
    /// If the TF is not in the file, a value is no state, or the file is corrupted.
    pub fn column(&self, tf: &str) -> Result<Vec<BindingState>> {
        let place = tf_index(&self.header.tfs, tf, self.path.as_path())?;
        let mut states = Vec::with_capacity(self.row_capacity());
        self.each_number(self.tf_columns[place], tf, |value| {
            let state = match value {
                None => Some(BindingState::Closed),
                Some(number) if number.is_nan() => Some(BindingState::Closed),
                Some(0.0) => Some(BindingState::Unbound),
                Some(1.0) => Some(BindingState::OneEvidence),
                Some(2.0) => Some(BindingState::Bound),
                Some(_) => None,
            };
            let Some(state) = state else {
                return Err(Error::input(
                    &self.path,
                    Place::Record(format!("column {tf:?}, row {}", states.len())),
                    "null, 0, 1 or 2",
                    value.unwrap_or(f64::NAN).to_string(),
                )
                .hint("null closed, 0 unbound, 1 one kind of evidence only, 2 bound"));
            };
            states.push(state);
            Ok(())
        })?;
        self.check_rows(states.len())?;
        Ok(states)
    }

    fn positions(&self, index: usize, name: &str) -> Result<Vec<u32>> {
        let mut positions = Vec::with_capacity(self.row_capacity());
        self.each_number(index, name, |value| {
            let position = value
                .filter(|value| value.fract() == 0.0 && *value >= 0.0)
                .filter(|value| *value <= f64::from(u32::MAX));
            let Some(position) = position else {
                return Err(Error::input(
                    &self.path,
                    Place::Record(format!("column {name:?}, row {}", positions.len())),
                    "a whole number from 0 to 4294967295",
                    value.map_or_else(|| "null".into(), |value| value.to_string()),
                ));
            };
            positions.push(position as u32);
            Ok(())
        })?;
        self.check_rows(positions.len())?;
        Ok(positions)
    }

    /// Rows to make room for; a corrupted count must not ask for more memory than this.
    fn row_capacity(&self) -> usize {
        usize::try_from(self.header.rows)
            .unwrap_or(usize::MAX)
            .min(1 << 24)
    }

    fn check_rows(&self, found: usize) -> Result<()> {
        if found as u64 == self.header.rows {
            return Ok(());
        }
        Err(Error::input(
            &self.path,
            Place::File,
            format!("{} rows in every column", self.header.rows),
            format!("a column of {found}"),
        )
        .hint("the file is corrupted: make or copy it again"))
    }

    fn each_chunk(
        &self,
        column: usize,
        mut take: impl FnMut(ColumnReader) -> Result<()>,
    ) -> Result<()> {
        for group in 0..self.file.num_row_groups() {
            let reader = self
                .file
                .get_row_group(group)
                .and_then(|group| group.get_column_reader(column))
                .map_err(|error| corrupted(&self.path, &error))?;
            take(reader)?;
        }
        Ok(())
    }

    fn each_number(
        &self,
        column: usize,
        name: &str,
        mut take: impl FnMut(Option<f64>) -> Result<()>,
    ) -> Result<()> {
        self.each_chunk(column, |reader| match reader {
            ColumnReader::Int32ColumnReader(reader) => {
                self.each_value::<Int32Type>(reader, |value| take(value.map(|&value| value.into())))
            }
            // Codes and positions are far below 2^53, and larger numbers are refused.
            ColumnReader::Int64ColumnReader(reader) => {
                self.each_value::<Int64Type>(reader, |value| take(value.map(|&value| value as f64)))
            }
            ColumnReader::FloatColumnReader(reader) => {
                self.each_value::<FloatType>(reader, |value| take(value.map(|&value| value.into())))
            }
            ColumnReader::DoubleColumnReader(reader) => {
                self.each_value::<DoubleType>(reader, |value| take(value.copied()))
            }
            _ => Err(self.wrong_type(name, "numbers")),
        })
    }

    fn each_value<T: DataType>(
        &self,
        mut reader: ColumnReaderImpl<T>,
        mut take: impl FnMut(Option<&T::T>) -> Result<()>,
    ) -> Result<()> {
        const BATCH: usize = 8192;
        let (mut values, mut levels) = (Vec::with_capacity(BATCH), Vec::with_capacity(BATCH));
        loop {
            values.clear();
            levels.clear();
            let (records, value_count, _) = reader
                .read_records(BATCH, Some(&mut levels), None, &mut values)
                .map_err(|error| corrupted(&self.path, &error))?;
            if records == 0 {
                return Ok(());
            }
            if levels.is_empty() || value_count == records {
                for value in &values {
                    take(Some(value))?;
                }
                continue;
            }
            let mut present = values.iter();
            for &level in &levels {
                if level == 0 {
                    take(None)?;
                } else {
                    let value = present.next().ok_or_else(|| {
                        corrupted(
                            &self.path,
                            &ParquetError::General("fewer values than levels".into()),
                        )
                    })?;
                    take(Some(value))?;
                }
            }
        }
    }

    fn wrong_type(&self, column: &str, expected: &str) -> Error {
        Error::input(
            &self.path,
            Place::Record(format!("column {column:?}")),
            expected,
            "another type",
        )
    }
}

/// Refuses a file that is compressed in a way that is not read here.
fn check_codecs(path: &Path, file: &SerializedFileReader<SharedFile>) -> Result<()> {
    for group in file.metadata().row_groups() {
        for column in group.columns() {
            check_codec(path, column.column_descr().name(), column.compression())?;
        }
    }
    Ok(())
}

pub(super) fn check_codec(path: &Path, column: &str, codec: Compression) -> Result<()> {
    if !matches!(codec, Compression::BROTLI(_) | Compression::LZO) {
        return Ok(());
    }
    let name = codec.to_string().to_lowercase();
    let name = name.split('(').next().unwrap_or_default();
    Err(Error::input(
        path,
        Place::Record(format!("column {column:?}")),
        "Parquet compressed with Zstandard, Snappy, gzip or LZ4, or not at all",
        format!("the codec {name}, which is not supported"),
    )
    .hint(
        "write it again with another codec, as in `to_parquet(…, compression=\"zstd\")`, and keep \
         its metadata",
    ))
}

fn listed(columns: &[ColumnDescPtr]) -> String {
    let mut names: Vec<&str> = columns.iter().take(8).map(|column| column.name()).collect();
    if columns.len() > names.len() {
        names.push("…");
    }
    names.join(", ")
}

fn corrupted(path: &Path, error: &ParquetError) -> Error {
    Error::input(
        path,
        Place::File,
        "an intact Parquet file",
        format!("a truncated or corrupted one ({error})"),
    )
    .hint("copy it again, or make it again with `bindscape matrix build` or `import`")
}
