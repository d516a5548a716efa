//! TRANSFAC's flat files, as TRANSFAC, JASPAR and RSAT write them.
//!
//! Read are `AC`, `ID`, `NA`, `DE`, the matrix after `P0` (or `PO`), and `CC`, in which JASPAR
//! keeps class, family, group and UniProt accessions; references and binding factors are passed
//! over. A record ends with `//`, or, in files without it, where the labels or the matrix of another
//! begin. Numbered lines that do not follow `P0` are no rows (mCross has more of them below `XL`).

use std::fmt::Write as _;

use bindscape_base::Result;

use super::source::{Source, digits};
use super::values::{self, id_of_file};
use crate::motif::{Metadata, Motif, MotifSet};
use crate::text::{excerpt, line, word};

/// Codes of lines with which a record begins.
const FIRST: [&str; 6] = ["AC", "ID", "VV", "NA", "DE", "P0"];

/// Codes that belong to the record after a matrix, where one came.
const LABELS: [&str; 5] = ["AC", "ID", "NA", "P0", "PO"];

/// Lines among which the matrix of the first record begins, where its first line has another code.
const HEAD: usize = 60;

pub(super) fn is(source: &Source) -> bool {
    let mut codes = source
        .head(HEAD)
        .map(|line| split(line).0)
        .filter(|code| !matches!(*code, "XX" | "//"));
    let Some(first) = codes.next() else {
        return false;
    };
    FIRST.contains(&first)
        || first == "PO"
        || (is_code(first) && codes.any(|code| matches!(code, "P0" | "PO")))
}

/// The code of a line and what follows.
fn split(line: &str) -> (&str, &str) {
    let (code, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    (code, rest.trim())
}

fn is_code(code: &str) -> bool {
    code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Where in a record the reader is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Part {
    /// Before its matrix.
    #[default]
    Before,
    /// Among the rows of its matrix.
    Rows,
    /// Directly below the `XX` that ends the matrix.
    End,
    /// Below another code after the matrix.
    After,
}

#[derive(Default)]
struct Record {
    /// Index of its first line.
    line: Option<usize>,
    /// Index of its last line.
    last: usize,
    part: Part,
    accession: Option<String>,
    id: Option<String>,
    name: Option<String>,
    metadata: Metadata,
    /// Which base each column of the matrix is of, once `P0` came.
    columns: Option<[usize; 4]>,
    /// Whether further columns, such as the information of a position, follow those of the bases.
    further: bool,
    /// The number of the last row.
    position: Option<u64>,
    rows: Vec<[f64; 4]>,
    lines: Vec<usize>,
    digits: usize,
}

pub(super) fn parse(source: &Source) -> Result<MotifSet> {
    let mut set = MotifSet::default();
    let mut record = Record::default();
    for (index, line) in source.content() {
        let (code, rest) = split(line);
        if code == "VV" && record.line.is_none() {
            continue;
        }
        if code == "XX" {
            record.part = match record.part {
                Part::Rows => Part::End,
                part => part,
            };
            continue;
        }
        let another = match code {
            "//" => true,
            "DE" => record.part != Part::Before && record.metadata.description.is_some(),
            _ => record.part != Part::Before && LABELS.contains(&code),
        };
        if another {
            let whole = std::mem::take(&mut record);
            let number = set.motifs.len();
            set.motifs.extend(finish(source, whole, number)?);
            if code == "//" {
                continue;
            }
        }
        record.line.get_or_insert(index);
        record.last = index;
        let text = || Some(rest.to_owned()).filter(|text| !text.is_empty());
        if code.bytes().all(|byte| byte.is_ascii_digit()) {
            numbered(source, index, &mut record, code, rest)?;
            continue;
        }
        if record.part != Part::Before {
            record.part = Part::After;
        }
        match code {
            "AC" => record.accession = text(),
            "ID" => record.id = text(),
            "NA" => record.name = text(),
            "DE" => record.metadata.description = text(),
            "CC" => comment(&mut record.metadata, rest),
            "P0" | "PO" => {
                begin_rows(source, index, &mut record, rest)?;
            }
            _ if is_code(code) => {}
            _ => {
                return Err(source.fault(
                    index,
                    "a line that begins with a code of two letters, such as CC",
                    format!("{:?}", excerpt(line)),
                ));
            }
        }
    }
    let number = set.motifs.len();
    set.motifs.extend(finish(source, record, number)?);
    Ok(set)
}

/// A line that begins with a number: a row, if it stands below `P0`.
fn numbered(
    source: &Source,
    index: usize,
    record: &mut Record,
    number: &str,
    rest: &str,
) -> Result<()> {
    let like_a_row = || {
        let numbers = rest.split_whitespace().take(4);
        numbers.clone().count() == 4 && numbers.into_iter().all(|n| n.parse::<f64>().is_ok())
    };
    match record.part {
        Part::Rows => {
            record.position = Some(values::number_of_position(
                source,
                index,
                number,
                record.position,
            )?);
            add_row(source, index, record, rest)
        }
        Part::Before if like_a_row() => Err(source.fault(
            index,
            "the line P0 with the letters before the matrix",
            "none",
        )),
        // A matrix with a gap must not be read as a shorter one.
        Part::End if like_a_row() => Err(source.fault(
            index,
            "rows of the matrix directly below P0",
            "another one after the line XX that ends it",
        )),
        _ => Ok(()),
    }
}

/// The line `P0`: letters of the bases in any order, and perhaps names of further columns, such as
/// SwissRegulon's `CONS` and `INF`.
fn begin_rows(source: &Source, index: usize, record: &mut Record, rest: &str) -> Result<()> {
    let letters: Vec<&str> = rest.split_whitespace().collect();
    let columns = values::columns(&letters).ok_or_else(|| {
        source
            .fault(
                index,
                "the letters A, C, G, T after P0, in any order",
                format!("{:?}", excerpt(rest)),
            )
            .hint("motifs of proteins are not read")
    })?;
    record.columns = Some(columns);
    record.further = letters.len() > columns.len();
    record.part = Part::Rows;
    Ok(())
}

/// A row: its number, which has been read, four values, and, not always, a consensus letter, or
/// what other columns follow.
fn add_row(source: &Source, index: usize, record: &mut Record, rest: &str) -> Result<()> {
    let columns = record.columns.unwrap_or([0, 1, 2, 3]);
    let mut fields: Vec<&str> = rest.split_whitespace().collect();
    let consensus = |field: &&str| field.parse::<f64>().is_err();
    if record.further || fields.get(4).is_some_and(consensus) {
        fields.truncate(4);
    }
    let row: [f64; 4] = source.numbers(index, &fields)?.try_into().map_err(|_| {
        source.fault(
            index,
            "four numbers and, perhaps, a consensus letter",
            format!("{:?}", excerpt(rest)),
        )
    })?;
    record.digits = record.digits.max(digits(&fields));
    record.rows.push(values::by_base(row, columns));
    record.lines.push(index);
    Ok(())
}

/// JASPAR's keys in comments, and ours for the species; other comments are kept as they are.
fn comment(metadata: &mut Metadata, text: &str) {
    let list = |value: &str, between: &str| -> Vec<String> {
        let parts = value.split(between).map(|part| part.trim().to_owned());
        parts.filter(|part| !part.is_empty()).collect()
    };
    match text
        .split_once(':')
        .map(|(key, value)| (key.trim(), value.trim()))
    {
        Some(("tax_group", value)) if !value.is_empty() => {
            metadata.tax_group = Some(value.to_owned());
        }
        Some(("tf_class", value)) => metadata.class = list(value, "::"),
        Some(("tf_family", value)) => metadata.family = list(value, "::"),
        Some(("species", value)) => metadata.species = list(value, ","),
        Some(("uniprot_ids", value)) => metadata.uniprot = list(&value.replace(';', ","), ","),
        _ if text.is_empty() => {}
        _ => metadata.comments.push(text.to_owned()),
    }
}

/// The motif of a record, after so many others; `None` for a record without lines, counts or a
/// matrix.
fn finish(source: &Source, record: Record, number: usize) -> Result<Option<Motif>> {
    let Some(line) = record.line else {
        return Ok(None);
    };
    let Record {
        last,
        accession,
        id,
        name,
        mut metadata,
        columns,
        rows,
        lines,
        digits,
        ..
    } = record;
    let nameless = [&accession, &id, &name, &metadata.description];
    if rows.is_empty() && columns.is_none() && nameless.iter().all(|label| label.is_none()) {
        // Comments on the file as a whole.
        return Ok(None);
    }
    // The first of AC, ID and NA that is there is the id; the last of the others is the name.
    let mut labels: Vec<String> = [accession, id, name].into_iter().flatten().collect();
    let id = if labels.is_empty() {
        id_of_file(source, number)
    } else {
        word(&labels.remove(0))
    };
    let name = labels.pop();
    metadata.other_id = labels.pop();
    if rows.is_empty() {
        let expected = format!("a matrix after P0 for motif {id}");
        source.leave_out(last, &id, source.fault(line, expected, "none"));
        return Ok(None);
    }
    let motif = values::motif(source, &lines, &id, rows, digits)?;
    Ok(motif.map(|motif| Motif {
        name,
        metadata,
        ..motif
    }))
}

pub(super) fn write(set: &MotifSet) -> String {
    let mut out = String::new();
    if let Some(notice) = &set.notice {
        put(&mut out, "VV", notice);
        out.push_str("XX\n//\n");
    }
    for motif in &set.motifs {
        write_motif(&mut out, motif);
    }
    out
}

fn write_motif(out: &mut String, motif: &Motif) {
    let metadata = &motif.metadata;
    put(out, "AC", &word(&motif.id));
    out.push_str("XX\n");
    match (&metadata.other_id, &motif.name) {
        (Some(other), Some(name)) => {
            put(out, "ID", other);
            put(out, "NA", name);
        }
        (Some(only), None) | (None, Some(only)) => put(out, "ID", only),
        (None, None) => {}
    }
    if let Some(description) = &metadata.description {
        put(out, "DE", description);
    }
    out.push_str("P0       A       C       G       T\n");
    let consensus = motif.frequencies.consensus();
    for (at, (row, letter)) in values::rows(motif)
        .iter()
        .zip(consensus.chars())
        .enumerate()
    {
        let [a, c, g, t] = row;
        writeln!(out, "{:02} {a:>7} {c:>7} {g:>7} {t:>7}  {letter}", at + 1)
            .expect("strings can be written to");
    }
    out.push_str("XX\n");
    let lists = [
        ("tax_group", metadata.tax_group.clone().unwrap_or_default()),
        ("tf_class", metadata.class.join("::")),
        ("tf_family", metadata.family.join("::")),
        ("species", metadata.species.join(",")),
        ("uniprot_ids", metadata.uniprot.join(",")),
    ];
    for (key, value) in lists.iter().filter(|(_, value)| !value.is_empty()) {
        put(out, "CC", &format!("{key}:{value}"));
    }
    for comment in &metadata.comments {
        put(out, "CC", comment);
    }
    out.push_str("XX\n//\n");
}

/// A line of a code and a text.
fn put(out: &mut String, code: &str, text: &str) {
    writeln!(out, "{code}  {}", line(text)).expect("strings can be written to");
}
