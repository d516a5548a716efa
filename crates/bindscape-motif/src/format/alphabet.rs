//! The alphabet of a MEME file: which column is of which base.

use bindscape_base::{Error, Result};

use super::source::Source;
use crate::letters::letter_index;
use crate::text::excerpt;

/// Which column of a file belongs to A, C, G, T.
pub(super) type Columns = [usize; 4];

/// What a file says of its letters.
#[derive(Debug, Clone, Copy)]
pub(super) struct Alphabet {
    pub(super) columns: Columns,
    /// Whether its letters have complements: RNA has none.
    pub(super) complements: bool,
}

impl Default for Alphabet {
    fn default() -> Self {
        Self {
            columns: [0, 1, 2, 3],
            complements: true,
        }
    }
}

/// Reads the alphabet whose keyword stands on the line of `index`, with `rest` after it, and gives
/// the line after it: `= ACGT` on the line itself, or a block that defines letters
/// (<https://meme-suite.org/meme/doc/alphabet-format.html>).
pub(super) fn alphabet(source: &Source, index: usize, rest: &str) -> Result<(Alphabet, usize)> {
    if let Some(letters) = rest.trim_start().strip_prefix('=') {
        // These letters stand in the order of the columns.
        return Ok((of_letters(source, index, letters.trim())?, index + 1));
    }
    let (mut letters, next) = block(source, index)?;
    // The order in which a block defines letters is not that of columns, which is alphabetical.
    letters.sort_unstable();
    let letters: String = letters.into_iter().collect();
    Ok((of_letters(source, index, &letters)?, next))
}

/// The core letters that a block defines, and the line after it. A block ends with
/// `END ALPHABET`, or, in the full output of some programs, with a line of asterisks like that
/// before it.
fn block(source: &Source, index: usize) -> Result<(Vec<char>, usize)> {
    let mut letters = Vec::new();
    let mut framed = false;
    for (at, line) in source.lines_from(index + 1) {
        let starts = |text: &str| {
            line.len() >= text.len()
                && line.is_char_boundary(text.len())
                && line[..text.len()].eq_ignore_ascii_case(text)
        };
        if starts("END ALPHABET") {
            return Ok((letters, at + 1));
        }
        if line.starts_with("***") {
            if framed && !letters.is_empty() {
                return Ok((letters, at + 1));
            }
            framed = true;
            continue;
        }
        if starts("MOTIF") || starts("Background letter") || starts("strands:") {
            break;
        }
        letters.extend(core_letters(source, at, line)?);
    }
    Err(source.fault(index, "the line END ALPHABET after the letters", "none"))
}

/// The letters of a definition: one, or two that complement each other
/// (`A "Adenine" CC0000 ~ T "Thymine" 0000CC`); none where it is of a letter that stands for
/// others (`N "Any base" = ACGT`, `U = T`).
fn core_letters(source: &Source, index: usize, line: &str) -> Result<Vec<char>> {
    let definition = without_names(line);
    if definition.contains('=') {
        return Ok(Vec::new());
    }
    let letters: Vec<char> = definition
        .split('~')
        .filter_map(|half| half.trim().chars().next())
        .collect();
    if let &[one, other] = letters.as_slice() {
        let base = |letter: char| u8::try_from(letter).ok().and_then(letter_index);
        if let (Some(one), Some(other)) = (base(one), base(other))
            && one + other != 3
        {
            return Err(source.fault(
                index,
                "A paired with T (or U), and C with G",
                format!("{:?}", excerpt(line)),
            ));
        }
    }
    Ok(letters)
}

/// A definition without names in double quotes, which may hold any sign, and without the comment.
fn without_names(line: &str) -> String {
    let mut kept = String::new();
    let (mut quoted, mut escaped) = (false, false);
    for letter in line.chars() {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '#' if !quoted => break,
            _ if !quoted => kept.push(letter),
            _ => {}
        }
    }
    kept
}

fn of_letters(source: &Source, index: usize, letters: &str) -> Result<Alphabet> {
    let mut columns = [None; 4];
    for (column, letter) in letters.chars().enumerate() {
        let base = u8::try_from(letter).ok().and_then(letter_index);
        match base.map(|base| &mut columns[base]) {
            Some(place @ None) => *place = Some(column),
            _ => return Err(other_alphabet(source, index, letters)),
        }
    }
    match columns {
        [Some(a), Some(c), Some(g), Some(t)] => Ok(Alphabet {
            columns: [a, c, g, t],
            complements: !letters.contains(['U', 'u']),
        }),
        _ => Err(other_alphabet(source, index, letters)),
    }
}

pub(super) fn other_alphabet(source: &Source, index: usize, letters: &str) -> Error {
    let hint = if letters.len() == 20 {
        "these are motifs of proteins; bindscape knows DNA and RNA"
    } else {
        "motifs of DNA (ACGT, in any order) and of RNA (ACGU) are read"
    };
    source
        .fault(
            index,
            "the alphabet ACGT",
            format!("{:?}", excerpt(letters)),
        )
        .hint(hint)
}
