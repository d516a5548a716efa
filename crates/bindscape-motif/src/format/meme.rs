//! MEME's text format, versions 4 and 5: the minimal format
//! (<https://meme-suite.org/meme/doc/meme-format.html>), and the full output of MEME, DREME and
//! STREME, whose other parts are skipped.

use std::fmt::Write as _;

use bindscape_base::{Error, Place, Result};

use super::alphabet::{Alphabet, Columns, alphabet, other_alphabet};
use super::doubts::Doubt;
use super::source::{Source, is_comment};
use super::values::number;
use crate::background::Background;
use crate::letters::{LETTERS, letter_index};
use crate::matrix::Frequencies;
use crate::motif::{EValue, Motif, MotifSet};
use crate::text::{excerpt, line, word};

/// Lines within which the version must come; the full output has a banner before it.
const HEAD: usize = 30;

pub(super) fn is(source: &Source) -> bool {
    source.head(HEAD).any(|line| version(line).is_some())
}

/// What follows `MEME version`.
fn version(line: &str) -> Option<&str> {
    let rest = after_keyword(line, "MEME")?;
    after_keyword(rest.trim_start(), "version").map(str::trim)
}

/// What follows a keyword, in whatever case.
fn after_keyword<'a>(line: &'a str, keyword: &str) -> Option<&'a str> {
    let (start, rest) = line.split_at_checked(keyword.len())?;
    start.eq_ignore_ascii_case(keyword).then_some(rest)
}

/// A motif under way, with its matrix once that has been read.
struct Begun {
    line: usize,
    id: String,
    name: Option<String>,
    matrix: Option<Matrix>,
    url: Option<String>,
}

struct Matrix {
    frequencies: Frequencies,
    attributes: Attributes,
}

/// What the line above a matrix says of it.
#[derive(Default)]
struct Attributes {
    width: Option<usize>,
    sites: Option<f64>,
    e_value: Option<EValue>,
    p_value: Option<EValue>,
}

/// A file under way. Several of them may stand one below the other (`cat a.meme b.meme`).
struct Reader<'a> {
    source: &'a Source,
    set: MotifSet,
    letters: Alphabet,
    /// Whether the motifs are of one strand only, once that is settled.
    single_strand: Option<bool>,
    /// Whether a motif has begun: what is said of all motifs stands above the first.
    in_motifs: bool,
    begun: Option<Begun>,
}

pub(super) fn parse(source: &Source) -> Result<MotifSet> {
    check_version(source)?;
    let mut reader = Reader {
        source,
        set: MotifSet::default(),
        letters: Alphabet::default(),
        single_strand: None,
        in_motifs: false,
        begun: None,
    };
    // The next line to look at: sections step over theirs.
    let mut next = 0;
    for (index, line) in source.lines_from(0) {
        if index >= next && !is_comment(line) {
            next = reader.line(index, line)?;
        }
    }
    Ok(reader.end())
}

impl Reader<'_> {
    /// Takes a line and those of its section; returns the index of the line to go on with.
    fn line(&mut self, index: usize, line: &str) -> Result<usize> {
        let source = self.source;
        if version(line).is_some() {
            self.letters = Alphabet::default();
        } else if let Some(rest) = after_keyword(line, "ALPHABET") {
            let (letters, after) = alphabet(source, index, rest)?;
            self.letters = letters;
            return Ok(after);
        } else if let Some(rest) = after_keyword(line, "strands:") {
            self.strands(index, strands(source, index, rest)?);
        } else if let Some(rest) = after_keyword(line, "Background letter frequencies") {
            let (background, after) = background(source, index)?;
            self.background(index, background, origin(rest));
            return Ok(after);
        } else if let Some(rest) = motif_line(source, index, line) {
            self.end_motif();
            self.begun = Some(begin(source, index, rest)?);
            self.in_motifs = true;
            // Letters without complements have one strand, as in the MEME suite.
            self.single_strand.get_or_insert(!self.letters.complements);
        } else if let Some(rest) = after_keyword(line, "letter-probability matrix:") {
            return self.matrix(index, rest);
        } else if let (Some(url), Some(begun)) = (after_word(line, "URL"), self.begun.as_mut()) {
            begun.url = Some(url.trim().to_owned()).filter(|url| !url.is_empty());
        }
        Ok(index + 1)
    }

    fn strands(&mut self, index: usize, single: bool) {
        match self.single_strand {
            Some(known) if self.in_motifs => self.second(index, "strands", known == single),
            _ => self.single_strand = Some(single),
        }
    }

    fn background(&mut self, index: usize, background: Background, origin: Option<String>) {
        if self.in_motifs {
            let known = self.set.background.unwrap_or_default();
            self.second(index, "background", known == background);
        } else {
            self.set.background = Some(background);
            self.set.background_source = origin;
        }
    }

    /// Notes what differs from the same at the beginning of the file.
    fn second(&self, index: usize, what: &str, same: bool) {
        if !same {
            let place = format!("{what} on line {}", index + 1);
            self.source.doubt(Doubt::SecondHeader, place);
        }
    }

    fn matrix(&mut self, index: usize, rest: &str) -> Result<usize> {
        let Some(begun) = self.begun.as_mut().filter(|begun| begun.matrix.is_none()) else {
            return Err(self.source.fault(
                index,
                "a line `MOTIF` with the motif's id before each matrix",
                "none",
            ));
        };
        let (matrix, after) = matrix(self.source, index, rest, self.letters.columns)?;
        begun.matrix = Some(matrix);
        Ok(after)
    }

    fn end_motif(&mut self) {
        let motif = self
            .begun
            .take()
            .and_then(|begun| finish(self.source, begun));
        self.set.motifs.extend(motif);
    }

    fn end(mut self) -> MotifSet {
        self.end_motif();
        let complements = self.letters.complements;
        self.set.single_strand = self.single_strand.unwrap_or(!complements);
        self.set
    }
}

/// What follows `MOTIF`. In the full output indented lines of other sections begin with `Motif`.
fn motif_line<'a>(source: &Source, index: usize, line: &'a str) -> Option<&'a str> {
    let rest = after_keyword(line, "MOTIF")?;
    let whole = rest.is_empty() || rest.starts_with(char::is_whitespace);
    (whole && (line.starts_with("MOTIF") || !source.is_indented(index))).then_some(rest)
}

/// What follows `word` and a blank, or nothing, at the beginning of a line.
fn after_word<'a>(line: &'a str, word: &str) -> Option<&'a str> {
    let rest = line.strip_prefix(word)?;
    (rest.is_empty() || rest.starts_with(char::is_whitespace)).then_some(rest)
}

fn check_version(source: &Source) -> Result<()> {
    let line = source
        .lines_from(0)
        .find_map(|(index, line)| Some((index, version(line)?)));
    let Some((index, version)) = line else {
        return Err(Error::input(
            source.path(),
            Place::File,
            "the line `MEME version 4`",
            "a file without it",
        )
        .hint("is it of another format?"));
    };
    let number: String = version.chars().take_while(char::is_ascii_digit).collect();
    if !matches!(number.as_str(), "4" | "5") {
        return Err(source
            .fault(
                index,
                "a version of MEME's format from 4 to 5",
                format!("{:?}", excerpt(version)),
            )
            .hint("older files: `meme-get-motif -all` or `meme2meme` of the MEME suite writes version 4"));
    }
    Ok(())
}

/// Whether the motifs are of one strand only.
fn strands(source: &Source, index: usize, rest: &str) -> Result<bool> {
    let signs: String = rest.split_whitespace().collect();
    match signs.as_str() {
        "+-" | "-+" => Ok(false),
        "+" => Ok(true),
        _ => Err(source.fault(index, "strands `+ -` or `+`", format!("{:?}", rest.trim()))),
    }
}

/// The text in ` (from TEXT):`.
fn origin(rest: &str) -> Option<String> {
    let text = rest.trim().strip_prefix("(from ")?;
    let text = &text[..text.rfind(')')?];
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

/// Letters and probabilities in turn, on one line or several after the line of this index.
fn background(source: &Source, index: usize) -> Result<(Background, usize)> {
    let mut probabilities = [None; 4];
    let mut last = index;
    let mut missing = 4;
    for (at, line) in source.lines_from(index + 1) {
        if missing == 0 {
            break;
        }
        last = at;
        let fields: Vec<&str> = line.split_whitespace().collect();
        for pair in fields.chunks(2) {
            let &[letter, value] = pair else {
                return Err(pairs_fault(source, at, line));
            };
            let Some(base) = one_letter(letter) else {
                let letters = fields.iter().step_by(2).copied().collect::<String>();
                return Err(other_alphabet(source, at, &letters));
            };
            let value = source.numbers(at, &[value])?[0];
            if probabilities[base].replace(value).is_some() {
                return Err(pairs_fault(source, at, line));
            }
            missing -= 1;
        }
    }
    match probabilities {
        [Some(a), Some(c), Some(g), Some(t)] => {
            let background = Background::new([a, c, g, t]).map_err(|error| {
                error
                    .at(Place::Line(last as u64 + 1))
                    .within(&source.path().display().to_string())
            })?;
            Ok((background, last + 1))
        }
        _ => Err(pairs_fault(source, last, "the end of the file")),
    }
}

fn one_letter(text: &str) -> Option<usize> {
    match text.as_bytes() {
        &[letter] => letter_index(letter),
        _ => None,
    }
}

fn pairs_fault(source: &Source, index: usize, found: &str) -> Error {
    source.fault(
        index,
        "the background as `A 0.25 C 0.25 G 0.25 T 0.25`",
        format!("{:?}", excerpt(found)),
    )
}

fn begin(source: &Source, line: usize, rest: &str) -> Result<Begun> {
    let rest = rest.trim();
    // The full output goes on after the names: `MOTIF ACGT MEME-1 width = 8 sites = 20 …`.
    let names = rest.split_once("width =").map_or(rest, |(names, _)| names);
    let (id, name) = names.split_once(char::is_whitespace).unwrap_or((names, ""));
    if id.is_empty() {
        return Err(source.fault(line, "an id after MOTIF", "none"));
    }
    Ok(Begun {
        line,
        id: id.to_owned(),
        name: Some(name.trim().to_owned()).filter(|name| !name.is_empty()),
        matrix: None,
        url: None,
    })
}

/// The motif; `None` for a line `MOTIF` alone.
fn finish(source: &Source, begun: Begun) -> Option<Motif> {
    let Some(matrix) = begun.matrix else {
        let expected = format!("a letter-probability matrix for motif {}", begun.id);
        let error = source.fault(begun.line, expected, "none");
        let hint = "the file may be truncated; log-odds matrices alone do not do";
        source.leave_out(begun.line, &begun.id, error.hint(hint));
        return None;
    };
    Some(Motif {
        name: begun.name,
        sites: matrix.attributes.sites,
        e_value: matrix.attributes.e_value,
        p_value: matrix.attributes.p_value,
        url: begun.url,
        ..Motif::new(begun.id, matrix.frequencies)
    })
}

/// The matrix whose header is on the line of this index, and the line after it.
fn matrix(source: &Source, index: usize, rest: &str, columns: Columns) -> Result<(Matrix, usize)> {
    let attributes = attributes(source, index, rest)?;
    let (rows, after) = rows(source, index, attributes.width, columns)?;
    let frequencies = Frequencies::new(rows).map_err(|error| {
        error
            .at(Place::Line(index as u64 + 1))
            .within(&source.path().display().to_string())
    })?;
    let matrix = Matrix {
        frequencies,
        attributes,
    };
    Ok((matrix, after))
}

fn attributes(source: &Source, index: usize, rest: &str) -> Result<Attributes> {
    let mut attributes = Attributes::default();
    let text = rest.replace('=', "= ");
    let mut words = text.split_whitespace();
    while let Some(word) = words.next() {
        let Some(key) = word.strip_suffix('=') else {
            return Err(attribute_fault(source, index, word));
        };
        let value = words.next().unwrap_or("");
        if is_unknown(value) && matches!(key, "nsites" | "E" | "P") {
            let place = format!("line {}: {key}= {value}", index + 1);
            source.doubt(Doubt::NoNumber, place);
            continue;
        }
        let fault = |expected: &str| source.fault(index, expected, format!("{value:?}"));
        match key {
            "alength" if value == "4" => {}
            "alength" => {
                return Err(fault("alength= 4, for A, C, G, T")
                    .hint("motifs of proteins (alength= 20) are not read"));
            }
            "w" => {
                let read = value.parse::<usize>().ok().filter(|&width| width > 0);
                let read = read.ok_or_else(|| fault("a width above zero after w="))?;
                attributes.width = Some(read);
            }
            "nsites" => {
                let read = value.parse().ok();
                let read = read.filter(|n: &f64| *n >= 0.0 && n.is_finite());
                let read = read.ok_or_else(|| fault("a number of sites after nsites="))?;
                // Zero says that nothing is known of them.
                attributes.sites = Some(read).filter(|&sites| sites > 0.0);
            }
            "E" => {
                let read = EValue::parse(value);
                attributes.e_value = Some(read.ok_or_else(|| fault("an E-value after E="))?);
            }
            "P" => {
                let read = EValue::parse(value);
                attributes.p_value = Some(read.ok_or_else(|| fault("a p-value after P="))?);
            }
            // STREME's, where nothing is held out: no measure of significance.
            "S" => source.doubt(Doubt::Score, format!("line {}", index + 1)),
            _ => {}
        }
    }
    Ok(attributes)
}

/// Whether a value is what programs write where they could not compute a number.
fn is_unknown(value: &str) -> bool {
    let value = value.trim_start_matches(['+', '-']).to_ascii_lowercase();
    matches!(
        value.as_str(),
        "inf" | "infinity" | "nan" | "na" | "n/a" | "none"
    )
}

fn attribute_fault(source: &Source, index: usize, word: &str) -> Error {
    source.fault(
        index,
        "attributes such as `alength= 4 w= 10 nsites= 20 E= 0`",
        format!("{:?}", excerpt(word)),
    )
}

fn rows(
    source: &Source,
    index: usize,
    width: Option<usize>,
    columns: Columns,
) -> Result<(Vec<[f64; 4]>, usize)> {
    let mut rows = Vec::new();
    let mut after = index + 1;
    for (at, line) in source.lines_from(index + 1) {
        after = at;
        if is_comment(line) || (line.is_empty() && rows.is_empty()) {
            continue;
        }
        if line.is_empty() {
            break;
        }
        let fields: Vec<&str> = line.split_whitespace().collect();
        let numeric = fields[0].parse::<f64>().is_ok();
        let complete = width.is_some_and(|width| rows.len() >= width);
        if !numeric && (complete || width.is_none() || line.starts_with("MOTIF")) {
            break;
        }
        if complete {
            return Err(source.fault(at, format!("{} rows, as w= says", rows.len()), "one more"));
        }
        let row = source.frequencies(at, &fields)?;
        rows.push(columns.map(|column| row[column]));
        after = at + 1;
    }
    match width {
        Some(width) if rows.len() < width => Err(source
            .fault(
                index,
                format!("{width} rows, as w= says"),
                rows.len().to_string(),
            )
            .hint(match source.lines_from(after + 1).next() {
                Some(_) => "a row is missing here, or w= is wrong",
                None => "the file may be truncated",
            })),
        None if rows.is_empty() => Err(source.fault(index, "a row for each position", "none")),
        _ => Ok((rows, after)),
    }
}

pub(super) fn write(set: &MotifSet) -> String {
    let mut out = String::from("MEME version 4\n\nALPHABET= ACGT\n\n");
    out.push_str(if set.single_strand {
        "strands: +\n\n"
    } else {
        "strands: + -\n\n"
    });
    if let Some(notice) = &set.notice {
        for line in notice.lines() {
            put(&mut out, format_args!("# {line}\n"));
        }
        out.push('\n');
    }
    if let Some(background) = &set.background {
        out.push_str("Background letter frequencies");
        if let Some(origin) = &set.background_source {
            put(&mut out, format_args!(" (from {origin}):"));
        }
        out.push('\n');
        let pairs: Vec<String> = LETTERS
            .iter()
            .zip(background.probabilities())
            .map(|(&letter, p)| format!("{} {p}", char::from(letter)))
            .collect();
        put(&mut out, format_args!("{}\n\n", pairs.join(" ")));
    }
    for motif in &set.motifs {
        write_motif(&mut out, motif);
    }
    out
}

fn write_motif(out: &mut String, motif: &Motif) {
    put(out, format_args!("MOTIF {}", word(&motif.id)));
    if let Some(name) = &motif.name {
        // What follows a blank here is no part of the name for the MEME suite.
        put(out, format_args!(" {}", word(name)));
    }
    put(
        out,
        format_args!(
            "\nletter-probability matrix: alength= 4 w= {}",
            motif.width()
        ),
    );
    if let Some(sites) = motif.sites {
        put(out, format_args!(" nsites= {}", number(sites)));
    }
    if let Some(e_value) = &motif.e_value {
        put(out, format_args!(" E= {e_value}"));
    }
    if let Some(p_value) = &motif.p_value {
        put(out, format_args!(" P= {p_value}"));
    }
    out.push('\n');
    for [a, c, g, t] in motif.frequencies.rows() {
        put(out, format_args!(" {a:.6}  {c:.6}  {g:.6}  {t:.6}\n"));
    }
    if let Some(url) = &motif.url {
        put(out, format_args!("\nURL {}\n", line(url)));
    }
    out.push('\n');
}

fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("strings can be written to");
}

#[cfg(test)]
#[path = "meme_tests.rs"]
mod tests;
