//! What the files of a build are: the sample sheet, the names of data sets
//! in directories, the sources of clustered accessible regions, and other
//! names of cells.
//!
//! All tables are text with tab-separated columns, plain or compressed.
//! Empty lines and lines that begin with `#` are skipped.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bindscape_base::bgzf;
use bindscape_base::error::{Error, Place, Result};
use bindscape_base::names::{self, plain};
use bindscape_base::table::each_row;
use bindscape_base::words::counted;
use bindscape_genome::bed::Format;

/// What a file of a sample sheet holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Accessible regions: of one cell, or clusters over cells with source ids.
    Dhs,
    /// ChIP-seq peaks.
    Chip,
    /// Predicted binding sites.
    Tfbs,
}

impl Kind {
    /// The name in a sample sheet: `dhs`, `chip` or `tfbs`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::Dhs => "dhs",
            Kind::Chip => "chip",
            Kind::Tfbs => "tfbs",
        }
    }
}

/// Accessible regions of one cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellFile {
    /// BED, narrowPeak or broadPeak file.
    pub path: PathBuf,
    /// Cell or tissue type.
    pub cell: String,
}

/// A file of ChIP-seq peaks or binding sites.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataSet {
    /// The file.
    pub path: PathBuf,
    /// TF and cell of the whole file; `None` if each record names its own in
    /// the name column, as `EXPERIMENT.TF.CELL`.
    pub pair: Option<(String, String)>,
    /// Its format; `None` to tell it from the extension or the first record.
    pub format: Option<Format>,
}

/// One row of a sample sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetRow {
    /// Line in the sheet, counted from 1.
    pub line: u64,
    /// The file; relative paths are relative to the sheet's directory.
    pub path: PathBuf,
    /// What it holds.
    pub kind: Kind,
    /// TF, if the whole file is of one.
    pub tf: Option<String>,
    /// Cell, if the whole file is of one.
    pub cell: Option<String>,
    /// Name of the experiment.
    pub experiment: Option<String>,
    /// Format, if stated.
    pub format: Option<Format>,
}

/// A sample sheet: one row per file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sheet {
    /// The rows in the order of the sheet.
    pub rows: Vec<SheetRow>,
}

impl Sheet {
    /// Reads a sample sheet.
    ///
    /// The header names the columns, in any order: `path`, `kind` (`dhs`,
    /// `chip`, `tfbs`), `tf`, `cell`, and optionally `experiment` and
    /// `format` (one of [`Format::NAMES`]). An empty cell, `.` or `-` means
    /// that the file does not belong to one TF or cell: its records name
    /// theirs, or, for `dhs`, it holds clusters with source ids.
    ///
    /// # Errors
    /// If a column is missing or unknown, a row has too few or too many
    /// columns, a kind or format is unknown, only one of TF and cell is
    /// given, a path occurs twice, or files are missing (all are counted,
    /// the first is named with its line).
    pub fn read(path: &Path) -> Result<Self> {
        let directory = path.parent().unwrap_or(Path::new(""));
        let mut columns: Option<Columns> = None;
        let mut rows: Vec<SheetRow> = Vec::new();
        let mut seen: BTreeMap<PathBuf, u64> = BTreeMap::new();
        each_row(path, |line, fields| {
            let Some(columns) = &columns else {
                columns = Some(Columns::of_header(path, line, fields)?);
                return Ok(());
            };
            let row = columns.row(path, line, fields, directory)?;
            if let Some(first) = seen.insert(row.path.clone(), line) {
                return Err(Error::input(
                    path,
                    Place::Line(line),
                    "each file once",
                    format!("{} again, first on line {first}", row.path.display()),
                ));
            }
            rows.push(row);
            Ok(())
        })?;
        if columns.is_none() {
            return Err(Error::input(
                path,
                Place::File,
                "a header line with `path`, `kind`, `tf` and `cell`",
                "an empty file",
            ));
        }
        let mut missing = rows.iter().filter(|row| !row.path.is_file());
        if let Some(first) = missing.next() {
            let others = match missing.count() {
                0 => String::new(),
                others => format!(" and {others} more of the sheet"),
            };
            return Err(Error::input(
                path,
                Place::Line(first.line),
                "a file that exists",
                format!("{}, which is missing{others}", first.path.display()),
            )
            .hint("paths are relative to the directory of the sheet"));
        }
        Ok(Self { rows })
    }

    /// The data sets of one kind, [`Kind::Chip`] or [`Kind::Tfbs`].
    #[must_use]
    pub fn data_sets(&self, kind: Kind) -> Vec<DataSet> {
        self.of(kind)
            .map(|row| DataSet {
                path: row.path.clone(),
                pair: row.tf.clone().zip(row.cell.clone()),
                format: row.format,
            })
            .collect()
    }

    /// The accessible regions that are files of one cell each.
    #[must_use]
    pub fn cell_files(&self) -> Vec<CellFile> {
        self.of(Kind::Dhs)
            .filter_map(|row| {
                Some(CellFile {
                    path: row.path.clone(),
                    cell: row.cell.clone()?,
                })
            })
            .collect()
    }

    /// The accessible regions that are clusters over cells, with source ids.
    #[must_use]
    pub fn cluster_files(&self) -> Vec<PathBuf> {
        self.of(Kind::Dhs)
            .filter(|row| row.cell.is_none())
            .map(|row| row.path.clone())
            .collect()
    }

    fn of(&self, kind: Kind) -> impl Iterator<Item = &SheetRow> {
        self.rows.iter().filter(move |row| row.kind == kind)
    }
}

/// Names of a sheet's columns.
const COLUMNS: [&str; 6] = ["path", "kind", "tf", "cell", "experiment", "format"];

/// Where each of [`COLUMNS`] is in a sheet.
struct Columns {
    places: [Option<usize>; COLUMNS.len()],
    count: usize,
}

impl Columns {
    fn of_header(path: &Path, line: u64, fields: &[&str]) -> Result<Self> {
        let mut places = [None; COLUMNS.len()];
        let fault = |expected: String, found: String| {
            Error::input(path, Place::Line(line), expected, found).hint(
                "the header of a sample sheet is `path`, `kind`, `tf`, `cell` and optionally `experiment`, `format`, separated by tabs",
            )
        };
        for (place, field) in fields.iter().enumerate() {
            let known = COLUMNS
                .iter()
                .position(|name| name.eq_ignore_ascii_case(field));
            let Some(column) = known else {
                return Err(fault("the name of a column".into(), format!("{field:?}")));
            };
            if places[column].replace(place).is_some() {
                return Err(fault("each column once".into(), format!("{field:?} twice")));
            }
        }
        for required in 0..4 {
            if places[required].is_none() {
                return Err(fault(
                    format!("a column `{}`", COLUMNS[required]),
                    format!("the columns {}", fields.join(", ")),
                ));
            }
        }
        Ok(Self {
            places,
            count: fields.len(),
        })
    }

    fn row(&self, sheet: &Path, line: u64, fields: &[&str], directory: &Path) -> Result<SheetRow> {
        let fault = |expected: String, found: String| {
            Error::input(sheet, Place::Line(line), expected, found)
        };
        if fields.len() != self.count {
            return Err(fault(
                format!("{} as in the header", counted(self.count as u64, "column")),
                fields.len().to_string(),
            )
            .hint("columns are separated by tabs; write `.` where there is nothing to say"));
        }
        let value = |column: usize| -> Option<String> {
            let text = fields[self.places[column]?];
            (!matches!(text, "" | "." | "-")).then(|| text.to_owned())
        };
        let file = value(0).ok_or_else(|| fault("a path".into(), "an empty column".into()))?;
        let kind_name = value(1).unwrap_or_default();
        let kind = [Kind::Dhs, Kind::Chip, Kind::Tfbs]
            .into_iter()
            .find(|kind| kind.name().eq_ignore_ascii_case(&kind_name))
            .ok_or_else(|| fault("a kind: dhs, chip or tfbs".into(), format!("{kind_name:?}")))?;
        let (tf, cell) = (value(2), value(3));
        if kind != Kind::Dhs && tf.is_some() != cell.is_some() {
            let (given, absent) = if tf.is_some() {
                ("TF", "cell")
            } else {
                ("cell", "TF")
            };
            return Err(fault(
                "both TF and cell, or neither".into(),
                format!("a {given} without a {absent}"),
            )
            .hint("leave both empty if the records name them, as EXPERIMENT.TF.CELL"));
        }
        let format = match value(5) {
            None => None,
            Some(name) => Some(Format::from_name(&name).ok_or_else(|| {
                let known = Format::NAMES.map(|(name, _)| name);
                fault(
                    format!("a format: {}", known.join(", ")),
                    format!("{name:?}"),
                )
                .hint(names::suggestion(
                    &name,
                    known,
                    "leave it empty to tell it from the file",
                ))
            })?),
        };
        Ok(SheetRow {
            line,
            path: directory.join(file),
            kind,
            tf,
            cell,
            experiment: value(4),
            format,
        })
    }
}

/// Other names of cells: what one source calls `MCF7` another calls `MCF-7`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Aliases {
    cells: BTreeMap<String, String>,
    path: Option<PathBuf>,
}

impl Aliases {
    /// Reads a table of two columns, the alias and the cell's name; a header that names them may
    /// be there.
    ///
    /// # Errors
    /// If a row has not two columns or an alias stands for two cells.
    pub fn read(path: &Path) -> Result<Self> {
        let mut cells: BTreeMap<String, String> = BTreeMap::new();
        let mut first = true;
        each_row(path, |line, fields| {
            let &[alias, cell] = fields else {
                return Err(two_columns(path, line, "alias", fields.len()));
            };
            let first = std::mem::replace(&mut first, false);
            if first && is_header(alias, ALIAS_WORDS, cell) {
                return Ok(());
            }
            match cells.insert(alias.to_owned(), cell.to_owned()) {
                Some(before) if before != cell => Err(Error::input(
                    path,
                    Place::Line(line),
                    "one cell for each alias",
                    format!("{alias:?} for {cell:?} and, before, for {before:?}"),
                )),
                _ => Ok(()),
            }
        })?;
        Ok(Self {
            cells,
            path: Some(path.to_owned()),
        })
    }

    /// The file they were read from, if any.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// The name of a cell that goes by `name`.
    #[must_use]
    pub fn resolve<'a>(&'a self, name: &'a str) -> &'a str {
        self.cells.get(name).map_or(name, String::as_str)
    }
}

impl FromIterator<(String, String)> for Aliases {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(pairs: T) -> Self {
        Self {
            cells: pairs.into_iter().collect(),
            path: None,
        }
    }
}

/// Reads the sources of clustered accessible regions: source id and cell.
/// Columns after the second are ignored (UCSC's table has some). A header may be there: a first
/// row that names the columns, or whose id is no number where all others are.
///
/// # Errors
/// If a row has fewer than two columns, or an id occurs twice.
pub fn read_sources(path: &Path) -> Result<BTreeMap<String, String>> {
    let mut sources = BTreeMap::new();
    let mut first: Option<String> = None;
    each_row(path, |line, fields| {
        let [id, cell, ..] = fields else {
            return Err(two_columns(path, line, "source id", fields.len()));
        };
        if first.is_none() {
            first = Some((*id).to_owned());
            if is_header(id, SOURCE_WORDS, cell) {
                return Ok(());
            }
        }
        match sources.insert((*id).to_owned(), (*cell).to_owned()) {
            Some(_) => Err(Error::input(
                path,
                Place::Line(line),
                "each source id once",
                format!("{id:?} again"),
            )),
            None => Ok(()),
        }
    })?;
    if let Some(first) = first.filter(|id| !is_digits(id))
        && sources.len() > 1
        && sources.keys().filter(|id| !is_digits(id)).count() == 1
    {
        sources.remove(&first);
    }
    if sources.is_empty() {
        return Err(Error::input(
            path,
            Place::File,
            "at least one source id with its cell",
            "none",
        ));
    }
    Ok(sources)
}

/// The binding sites of a UniBind-style directory, one file per data set,
/// sorted by file name: `EXPERIMENT.CELL.TF.MODEL.bed`, plain or `.gz`, with
/// the model `pwm` or `damo`. A JASPAR id between TF and model
/// (`….CTCF.MA0139.1.damo.bed`, later releases of UniBind) is no part of the
/// TF. The cell may hold dots; a TF with dots is told once the cells are known.
///
/// # Errors
/// If the directory cannot be read, holds no such file, or holds a BED file
/// of another name.
pub fn unibind_directory(directory: &Path) -> Result<Vec<DataSet>> {
    let failed = |source| Error::io("read", directory, source);
    if std::fs::metadata(directory).map_err(failed)?.is_file() {
        return Err(Error::input(
            directory,
            Place::File,
            "a directory of files named like EXPERIMENT.CELL.TF.pwm.bed.gz",
            "a file",
        )
        .hint(
            "give the directory that holds it, or list the file in a sample sheet with its TF and \
             cell (⟦samples⟧)",
        ));
    }
    let mut data_sets = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        let Some(stem) = bed_stem(&name) else {
            continue;
        };
        let Some((tf, cell)) = unibind_name(stem) else {
            return Err(Error::input(
                &path,
                Place::File,
                "a name like EXPERIMENT.CELL.TF.pwm.bed.gz",
                format!("{name:?}"),
            )
            .hint("list files with other names in a sample sheet"));
        };
        data_sets.push(DataSet {
            pair: Some((tf.to_owned(), cell.to_owned())),
            path,
            format: Some(Format::Bed),
        });
    }
    if data_sets.is_empty() {
        return Err(Error::input(
            directory,
            Place::File,
            "files named like EXPERIMENT.CELL.TF.pwm.bed.gz",
            "none",
        ));
    }
    data_sets.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(data_sets)
}

/// TF and cell of a file name without `.bed.gz`.
fn unibind_name(stem: &str) -> Option<(&str, &str)> {
    let (rest, model) = stem.rsplit_once('.')?;
    if !matches!(model, "pwm" | "damo") {
        return None;
    }
    let without_matrix = rest
        .rsplit_once('.')
        .filter(|(_, version)| is_digits(version))
        .and_then(|(rest, _)| rest.rsplit_once('.'))
        .filter(|(_, id)| id.strip_prefix("MA").is_some_and(is_digits))
        .map_or(rest, |(rest, _)| rest);
    let (rest, tf) = without_matrix.rsplit_once('.')?;
    let (experiment, cell) = rest.split_once('.')?;
    (!experiment.is_empty() && !cell.is_empty() && !tf.is_empty()).then_some((tf, cell))
}

/// What the first column of a table of sources may be called.
const SOURCE_WORDS: &[&str] = &["id", "sourceid", "source", "number", "index", "experiment"];

/// What the first column of a table of aliases may be called.
const ALIAS_WORDS: &[&str] = &["alias", "aliases", "name", "othername", "synonym", "from"];

/// What a column of cells may be called.
const CELL_WORDS: &[&str] = &[
    "cell",
    "cells",
    "celltype",
    "cellline",
    "name",
    "tissue",
    "biosample",
    "biotype",
    "sample",
    "description",
    "to",
];

/// Whether a row of an id or name and a cell names its columns: the first by one of `words`.
fn is_header(first: &str, words: &[&str], cell: &str) -> bool {
    words.contains(&&*plain(first)) && CELL_WORDS.contains(&&*plain(cell))
}

impl DataSet {
    /// TF and cell of the whole file. Where they come from its name and the cell is none that
    /// `is_cell` knows, the longest beginning of the cell is taken that it does know, up to a dot,
    /// and the rest is part of the TF (`EXP.K562.NKX2.5.pwm.bed`).
    pub(crate) fn pair(&self, is_cell: impl Fn(&str) -> bool) -> Option<(String, String)> {
        let (tf, cell) = self.pair.as_ref()?;
        if !is_cell(cell) && self.is_named_by_file(tf, cell) {
            let splits = cell.rmatch_indices('.').map(|(at, _)| cell.split_at(at));
            for (shorter, rest) in splits {
                if is_cell(shorter) {
                    return Some((format!("{}.{tf}", &rest[1..]), shorter.to_owned()));
                }
            }
        }
        Some((tf.clone(), cell.clone()))
    }

    fn is_named_by_file(&self, tf: &str, cell: &str) -> bool {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        bed_stem(&name).and_then(unibind_name) == Some((tf, cell))
    }
}

/// A file name without `.bed`, `.bed.gz` or `.bed.bgz`.
fn bed_stem(name: &str) -> Option<&str> {
    bgzf::split_ending(name).0.strip_suffix(".bed")
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn two_columns(path: &Path, line: u64, first: &str, found: usize) -> Error {
    Error::input(
        path,
        Place::Line(line),
        format!("two columns, {first} and cell, separated by a tab"),
        format!("{found}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(name: &str, text: &str) -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().expect("temporary directory");
        let path = directory.path().join(name);
        std::fs::write(&path, text).expect("written");
        (directory, path)
    }

    fn sheet_fault(text: &str) -> String {
        let (directory, path) = written("sheet.tsv", text);
        std::fs::write(directory.path().join("a.bed"), "").expect("written");
        let error = Sheet::read(&path).expect_err("a fault");
        format!("{error}; {}", error.advice().unwrap_or_default())
    }

    #[test]
    fn a_sheet_in_any_column_order() {
        let (directory, path) = written(
            "sheet.tsv",
            "# samples\nkind\tpath\ttf\tcell\tformat\nchip\ta.narrowPeak\tMAX\tK562\tnarrowPeak\r\n\ndhs\tb.bed\t\tK562\t\ntfbs\tc.bed\t.\t-\t\n",
        );
        for name in ["a.narrowPeak", "b.bed", "c.bed"] {
            std::fs::write(directory.path().join(name), "").expect("written");
        }
        let sheet = Sheet::read(&path).expect("a sheet");
        assert_eq!(
            sheet.data_sets(Kind::Chip),
            [DataSet {
                path: directory.path().join("a.narrowPeak"),
                pair: Some(("MAX".into(), "K562".into())),
                format: Some(Format::NarrowPeak),
            }]
        );
        assert_eq!(sheet.data_sets(Kind::Tfbs)[0].pair, None);
        assert_eq!(sheet.cell_files()[0].cell, "K562");
        assert!(sheet.cluster_files().is_empty());
    }

    #[test]
    fn faults_of_a_sheet_are_named() {
        let head = "path\tkind\ttf\tcell\n";
        let missing = sheet_fault(&format!(
            "{head}a.bed\tdhs\t\tK\nb.bed\tdhs\t\tK\nc.bed\tdhs\t\tK\n"
        ));
        assert!(
            missing.contains("sheet.tsv, line 3: expected a file that exists"),
            "{missing}"
        );
        assert!(
            missing.contains("b.bed, which is missing and 1 more of the sheet"),
            "{missing}"
        );
        let twice = sheet_fault(&format!("{head}a.bed\tdhs\t\tK\na.bed\tdhs\t\tL\n"));
        assert!(twice.contains("line 3: expected each file once"), "{twice}");
        assert!(twice.contains("again, first on line 2"), "{twice}");
        let kind = sheet_fault(&format!("{head}a.bed\tatac\t\tK\n"));
        assert!(
            kind.contains("expected a kind: dhs, chip or tfbs, found \"atac\""),
            "{kind}"
        );
        let half = sheet_fault(&format!("{head}a.bed\tchip\tMAX\t\n"));
        assert!(half.contains("found a TF without a cell"), "{half}");
        let short = sheet_fault(&format!("{head}a.bed\tchip\n"));
        assert!(
            short.contains("expected 4 columns as in the header, found 2"),
            "{short}"
        );
        let header = sheet_fault("path\tkind\ttf\n");
        assert!(header.contains("expected a column `cell`"), "{header}");
        let unknown = sheet_fault("path\tkind\ttf\tcell\tgenome\n");
        assert!(unknown.contains("found \"genome\""), "{unknown}");
        let format = sheet_fault("path\tkind\ttf\tcell\tformat\na.bed\tchip\tA\tB\tnarowPeak\n");
        assert!(format.contains("did you mean narrowPeak"), "{format}");
        assert!(sheet_fault("# nothing\n").contains("found an empty file"));
    }

    #[test]
    fn names_of_unibind_files() {
        assert_eq!(unibind_name("EXP1.K562.MAX.pwm"), Some(("MAX", "K562")));
        assert_eq!(
            unibind_name("E.HL-60.day.2.SPI1.pwm"),
            Some(("SPI1", "HL-60.day.2"))
        );
        assert_eq!(
            unibind_name("E.MCF7.CTCF.MA0139.1.damo"),
            Some(("CTCF", "MCF7"))
        );
        assert_eq!(unibind_name("E.K562.pwm"), None);
        assert_eq!(unibind_name("E.K562.MAX"), None);
        let (directory, _) = written("peaks.bed", "");
        let error = unibind_directory(directory.path()).expect_err("a fault");
        assert!(error.to_string().contains("EXPERIMENT.CELL.TF.pwm.bed.gz"));
        assert!(error.advice().expect("a hint").contains("sample sheet"));
    }

    #[test]
    fn aliases_and_sources() {
        let (_guard, path) = written("aliases.tsv", "alias\tcell\nMCF7\tMCF-7\n");
        let aliases = Aliases::read(&path).expect("aliases");
        assert_eq!(aliases.resolve("MCF7"), "MCF-7");
        assert_eq!(aliases.resolve("K562"), "K562");
        let (_guard, path) = written("aliases.tsv", "A\tB\nA\tC\n");
        let error = Aliases::read(&path).expect_err("two cells").to_string();
        assert!(
            error.contains("line 2: expected one cell for each alias"),
            "{error}"
        );
        let (_guard, path) = written("sources.tsv", "0\tA549\n0\tK562\n");
        let error = read_sources(&path).expect_err("twice").to_string();
        assert!(
            error.contains("line 2: expected each source id once"),
            "{error}"
        );
        for header in ["id\tname\n", "Source_ID\tCell type\tlab\n", "nr\tK\n"] {
            let text = format!("# of UCSC\n{header}0\tA549\n1\tK562\n");
            let (_guard, path) = written("sources.tsv", &text);
            let cells: Vec<String> = read_sources(&path).expect(header).into_values().collect();
            assert_eq!(cells, ["A549", "K562"], "{header}");
        }
        // Ids may be words.
        let (_guard, path) = written("sources.tsv", "ENCFF1\tA549\nENCFF2\tK562\n");
        assert_eq!(read_sources(&path).expect("two").len(), 2);
        let (_guard, path) = written("aliases.tsv", "Name\tCell\nMCF7\tMCF-7\n");
        assert_eq!(
            Aliases::read(&path).expect("aliases").resolve("Name"),
            "Name"
        );
        let (_guard, path) = written("sources.tsv", "0 A549\n");
        let error = read_sources(&path).expect_err("no tab").to_string();
        assert!(error.contains("two columns, source id and cell"), "{error}");
    }
}
