//! Kinds of text, by the first lines.

use super::FileKind as Kind;

/// Spreadsheets put a byte-order mark before UTF-8; it is no part of the text.
pub const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The codes of nucleotides, and X for masked ones.
const NUCLEOTIDES: &[u8] = b"ACGTUNRYKMSWBDHVX";

/// Whether a track line says that a signal follows: it looks like BED, and is no list of peaks.
fn is_signal(line: &[u8]) -> bool {
    let mut line = line.to_ascii_lowercase();
    line.retain(|&byte| byte != b'"' && byte != b'\'');
    let has = |word: &[u8]| line.windows(word.len()).any(|part| part == word);
    line.starts_with(b"track") && (has(b"type=bedgraph") || has(b"type=wiggle_0"))
}

/// The kind of a text that begins with `head`, which may end within a line.
pub(super) fn kind(head: &[u8]) -> Kind {
    let head = head.strip_prefix(BYTE_ORDER_MARK).unwrap_or(head);
    let mut lines = head
        .split(|&byte| byte == b'\n' || byte == b'\r')
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty());
    let Some(first) = lines.next() else {
        return Kind::Empty;
    };
    if let Some(kind) = marked(first) {
        return kind;
    }
    let rest: Vec<&[u8]> = lines.collect();
    if first.starts_with(b">") {
        return after_header(&rest);
    }
    if first.starts_with(b"@") {
        return match rest.get(1) {
            Some(line) if line.starts_with(b"+") => Kind::Fastq,
            _ => Kind::Text,
        };
    }
    let all: Vec<&[u8]> = std::iter::once(first).chain(rest).collect();
    let note = |line: &&&[u8]| {
        line.starts_with(b"#") || line.starts_with(b"track") || line.starts_with(b"browser")
    };
    if all.iter().take_while(note).any(|line| is_signal(line)) {
        return Kind::BedGraph;
    }
    match all.iter().find(|line| !note(line)) {
        Some(line) if line.starts_with(b"MEME version") => Kind::Motifs,
        Some(line) => of_fields(line),
        None => Kind::Text,
    }
}

/// The kind of a text whose first line names it.
fn marked(first: &[u8]) -> Option<Kind> {
    const MARKS: [(&[u8], Kind); 20] = [
        (b"MEME version", Kind::Motifs),
        (b"MOTIF ", Kind::Motifs),
        (b"AC ", Kind::Motifs),
        (b"ID ", Kind::Motifs),
        (b"VV ", Kind::Motifs),
        (b"##fileformat=VCF", Kind::Vcf),
        (b"##gff-version", Kind::Gff),
        (b"@HD\t", Kind::Sam),
        (b"@SQ\t", Kind::Sam),
        (b"@RG\t", Kind::Sam),
        (b"@PG\t", Kind::Sam),
        (b"fixedStep", Kind::Wiggle),
        (b"variableStep", Kind::Wiggle),
        (b"version https://git-lfs", Kind::LfsPointer),
        (b"{", Kind::Json),
        (b"<!DOCTYPE html", Kind::Html),
        (b"<!doctype html", Kind::Html),
        (b"<html", Kind::Html),
        (b"<HTML", Kind::Html),
        (b"<?xml", Kind::Xml),
    ];
    let mark = MARKS.iter().find(|(mark, _)| first.starts_with(mark));
    mark.map(|(_, kind)| *kind)
}

/// The kind of what follows a line that begins with `>`: sequences, or motifs whose positions are
/// numbers.
fn after_header(lines: &[&[u8]]) -> Kind {
    let body = || lines.iter().filter(|line| !line.starts_with(b">"));
    let Some(first) = body().next() else {
        return Kind::Text;
    };
    if first.iter().any(u8::is_ascii_digit) && first.iter().any(u8::is_ascii_whitespace) {
        let number = |byte: &u8| byte.is_ascii_digit() || b"ACGTU[]|:.eE+- \t".contains(byte);
        return if first.iter().all(number) {
            Kind::Motifs
        } else {
            Kind::Text
        };
    }
    let signs = || body().flat_map(|line| line.iter().copied());
    // Dots stand for unknown bases and residues, others for gaps and stops.
    let known = |sign: &u8| sign.is_ascii_alphabetic() || b".-*".contains(sign);
    if signs().filter(known).count() * 10 < signs().count() * 9 {
        return Kind::Text;
    }
    let letters = || signs().filter(u8::is_ascii_alphabetic);
    let all = letters().count();
    if all == 0 {
        return Kind::Text;
    }
    let nucleotides = letters().filter(|letter| NUCLEOTIDES.contains(&letter.to_ascii_uppercase()));
    if nucleotides.count() * 20 >= all * 19 {
        Kind::NucleotideFasta
    } else {
        Kind::ProteinFasta
    }
}

/// The kind of a line of fields.
fn of_fields(line: &[u8]) -> Kind {
    let Ok(line) = std::str::from_utf8(line) else {
        return Kind::Text;
    };
    let fields: Vec<&str> = line.split('\t').collect();
    let number = |place: usize| {
        let field = fields.get(place);
        field.is_some_and(|field| field.parse::<u64>().is_ok())
    };
    // An interval may begin before its chromosome.
    let before = |place: usize| {
        let digits = fields.get(place).and_then(|field| field.strip_prefix('-'));
        digits.is_some_and(|digits| digits.parse::<u64>().is_ok())
    };
    // The third field of GFF is a type; tables of UCSC with a `bin` have the start there.
    if fields.len() >= 8 && number(3) && number(4) && !number(1) && !number(2) {
        Kind::Gff
    } else if fields.len() >= 3 && (number(1) || before(1)) && number(2) && !number(0) {
        Kind::Bed
    } else if fields.len() >= 2 {
        Kind::Table
    } else {
        Kind::Text
    }
}
