//! Matrices with a row of four numbers per position, as in HOCOMOCO's files, below `>id name` or not.
//! Before the numbers there may be a letter for the position, as in ENCODE's files, or its number,
//! where a line `Pos A C G T` says so, as in CIS-BP's. In CIS-BP's `PWM.txt`, which holds many
//! motifs, lines such as `Motif` and `TF Name` with what they are stand above that line.

use std::fmt::Write as _;

use bindscape_base::Result;

use super::source::{LOOSEST, Source, digits};
use super::values::{self, header, id_of_file, names, number_of_position};
use crate::letters::letter_index;
use crate::motif::{Metadata, Motif, MotifSet};
use crate::text::{excerpt, word};

/// What the lines above a table of CIS-BP tell.
const LABELS: [&str; 6] = ["TF", "TF Name", "Gene", "Motif", "Family", "Species"];

/// Letters for bases and several of them.
const LETTERS: &[u8] = b"ACGTURYKMSWBDHVN";

/// Whether the first motif has a table of numbered positions, or all rows have a letter for their
/// position.
pub(super) fn is(source: &Source) -> bool {
    let mut lines = source.head(LABELS.len() + 2);
    let first = lines.next().unwrap_or_default();
    let mut below = lines.skip_while(|line| label(line).is_some());
    let is_table = |line: &str| table(line).is_some();
    is_table(first) || below.next().is_some_and(is_table) || has_letters(source)
}

/// One of [`LABELS`] and its text.
fn label(line: &str) -> Option<(&str, &str)> {
    let (label, text) = line.split_once('\t').unwrap_or((line, ""));
    let text = text.trim();
    LABELS.contains(&label).then_some((label, text))
}

/// The bases of the columns of a line such as `Pos A C G T`.
fn table(line: &str) -> Option<[usize; 4]> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let (first, letters) = fields.split_first()?;
    let named = ["pos", "position"].contains(&first.to_ascii_lowercase().as_str());
    values::columns(letters).filter(|_| named && letters.len() == 4)
}

/// The letter and the four numbers of a row, which sum to one: rows of four numbers by letter, as
/// JASPAR has them, do not.
fn row(line: &str) -> Option<(u8, [f64; 4])> {
    let mut fields = line.split_whitespace();
    let &[letter] = fields.next()?.as_bytes() else {
        return None;
    };
    let numbers: Option<Vec<f64>> = fields.map(|field| field.parse().ok()).collect();
    let numbers: [f64; 4] = numbers?.try_into().ok()?;
    let known = LETTERS.contains(&letter.to_ascii_uppercase());
    (known && is_one(numbers)).then_some((letter, numbers))
}

/// Whether a line is a row of a letter and four frequencies.
pub(super) fn is_row(line: &str) -> bool {
    row(line).is_some()
}

/// Whether all rows have a letter and four frequencies. Motifs of A, C, G and T
/// alone may be four rows of letters, as JASPAR has them; they are where the sums fit that, too.
fn has_letters(source: &Source) -> bool {
    let mut blocks: Vec<Vec<(u8, [f64; 4])>> = Vec::new();
    for (_, line) in source.content() {
        if line.starts_with('>') || blocks.is_empty() {
            blocks.push(Vec::new());
        }
        if line.starts_with('>') {
            continue;
        }
        match (row(line), blocks.last_mut()) {
            (Some(row), Some(block)) => block.push(row),
            _ => return false,
        }
    }
    blocks.iter().any(|block| !block.is_empty()) && !blocks.iter().all(|block| is_by_letter(block))
}

fn is_one(numbers: [f64; 4]) -> bool {
    (numbers.iter().sum::<f64>() - 1.0).abs() <= LOOSEST
}

/// Whether rows may be those of A, C, G and T.
fn is_by_letter(rows: &[(u8, [f64; 4])]) -> bool {
    let has = |base| {
        rows.iter()
            .any(|(letter, _)| letter_index(*letter) == Some(base))
    };
    let column = |at: usize| std::array::from_fn(|base| rows[base].1[at]);
    rows.len() == 4 && (0..4).all(has) && (0..4).all(|at| is_one(column(at)))
}

/// A motif that began, and its rows by position.
#[derive(Default)]
struct Begun {
    line: usize,
    names: (String, Option<String>),
    metadata: Metadata,
    /// Which base each column is of, where rows are numbered.
    columns: Option<[usize; 4]>,
    /// The number of the last row.
    position: Option<u64>,
    rows: Vec<[f64; 4]>,
    lines: Vec<usize>,
    digits: usize,
}

impl Begun {
    fn new(line: usize, names: (String, Option<String>)) -> Self {
        Self {
            line,
            names,
            ..Self::default()
        }
    }

    /// Adds a row from the line of this index.
    fn add(&mut self, source: &Source, index: usize, line: &str) -> Result<()> {
        let mut fields: Vec<&str> = line.split_whitespace().collect();
        if self.columns.is_some() {
            let number = fields.remove(0);
            self.position = Some(number_of_position(source, index, number, self.position)?);
        } else if is_row(line) {
            fields.remove(0);
        }
        let row = source.numbers(index, &fields)?.try_into().map_err(|_| {
            source.fault(
                index,
                "four numbers, of A, C, G and T",
                format!("{:?}", excerpt(line)),
            )
        })?;
        let columns = self.columns.unwrap_or([0, 1, 2, 3]);
        self.digits = self.digits.max(digits(&fields));
        self.rows.push(values::by_base(row, columns));
        self.lines.push(index);
        Ok(())
    }

    /// Takes what a line above the table tells, which is the line of this index.
    fn label(&mut self, index: usize, label: &str, text: &str) {
        self.line = index;
        let text = || Some(text.to_owned()).filter(|text| !text.is_empty());
        match (label, text()) {
            ("Motif", Some(id)) => self.names.0 = word(&id),
            ("TF Name", Some(name)) => self.names.1 = Some(name),
            ("Family", family) => self.metadata.family.extend(family),
            ("Species", species) => self.metadata.species.extend(species),
            _ => {}
        }
    }

    fn finish(self, source: &Source) -> Result<Option<Motif>> {
        let (id, name) = self.names;
        if self.rows.is_empty() {
            source.no_rows(self.line, &id);
            return Ok(None);
        }
        let motif = values::motif(source, &self.lines, &id, self.rows, self.digits)?;
        Ok(motif.map(|motif| Motif {
            name,
            metadata: self.metadata,
            ..motif
        }))
    }
}

/// Reads a row of A, C, G and T per position.
pub(super) fn parse(source: &Source) -> Result<MotifSet> {
    let mut set = MotifSet::default();
    let mut begun: Option<Begun> = None;
    for (index, line) in source.content() {
        let header = line.strip_prefix('>');
        let columns = table(line);
        let label = label(line);
        // A table below a header, or below labels, is of that motif.
        let below = |begun: &Begun| begun.columns.is_none() && begun.rows.is_empty();
        let begins = header.is_some()
            || ((columns.is_some() || label.is_some()) && !begun.as_ref().is_some_and(below));
        if begins && let Some(begun) = begun.take() {
            set.motifs.extend(begun.finish(source)?);
        }
        if let Some(header) = header {
            begun = Some(Begun::new(index, names(source, index, header)?));
            continue;
        }
        let begun = begun.get_or_insert_with(|| {
            let id = id_of_file(source, set.motifs.len());
            Begun::new(index, (id, None))
        });
        match (label, columns) {
            (Some((label, text)), _) => begun.label(index, label, text),
            (None, Some(_)) => {
                begun.line = index;
                begun.columns = columns;
            }
            (None, None) => begun.add(source, index, line)?,
        }
    }
    if let Some(begun) = begun {
        set.motifs.extend(begun.finish(source)?);
    }
    Ok(set)
}

/// Writes a row per position.
pub(super) fn write(set: &MotifSet) -> String {
    let mut out = String::new();
    for motif in &set.motifs {
        writeln!(out, ">{}", header(motif, '\t')).expect("strings can be written to");
        for row in values::rows(motif) {
            writeln!(out, "{}", row.join("\t")).expect("strings can be written to");
        }
    }
    out
}
