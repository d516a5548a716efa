//! Matrices of numbers alone, below `>id name` or not, in four rows of A, C, G and T, as JASPAR's
//! position frequency matrices have them; and how they differ from matrices with a row of four
//! numbers per position, which [`super::positions`] reads.

use bindscape_base::Result;

use super::doubts::Doubt;
use super::name::Format;
use super::source::Source;
use super::values::id_and_name;
use crate::motif::MotifSet;

/// How far sums of counts may differ and still count as the same.
const SAME: f64 = 0.01;

/// The matrix of a motif, and its name for remarks.
struct Block<'a> {
    header: &'a str,
    rows: Vec<Vec<f64>>,
}

/// The matrices of a file that has nothing but headers and numbers.
fn blocks(source: &Source) -> Option<Vec<Block<'_>>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    for (_, line) in source.content() {
        if let Some(header) = line.strip_prefix('>') {
            let rows = Vec::new();
            blocks.push(Block { header, rows });
            continue;
        }
        let row: Option<Vec<f64>> = line.split_whitespace().map(|n| n.parse().ok()).collect();
        match blocks.last_mut() {
            Some(block) => block.rows.push(row?),
            None => blocks.push(Block {
                header: "",
                rows: vec![row?],
            }),
        }
    }
    Some(blocks)
}

/// Which of the two formats a file is of: what rows and columns it has decides, of all motifs
/// together; where each is of four by four, what sums are the same.
pub(super) fn detect(source: &Source) -> Option<Format> {
    let blocks = blocks(source)?;
    let first = blocks.first()?;
    let by_letter = blocks.iter().all(|block| block.rows.len() == 4);
    let by_position = blocks
        .iter()
        .all(|block| !block.rows.is_empty() && block.rows.iter().all(|row| row.len() == 4));
    // A line of numbers alone is no motif.
    let some = !first.header.is_empty() || first.rows.len() > 1;
    match (by_letter, by_position) {
        (true, true) => Some(square(source, &blocks)),
        (true, false) => Some(Format::Pfm),
        (false, true) if some => Some(Format::Pcm),
        // A row is missing or ragged somewhere, which reading tells.
        _ if first.rows.len() == 4 => Some(Format::Pfm),
        _ => None,
    }
}

/// The format of matrices of four by four: the bases of a position sum to the same number at each.
fn square(source: &Source, blocks: &[Block<'_>]) -> Format {
    let same = |sums: [f64; 4]| {
        let (least, most) = sums
            .iter()
            .fold((f64::INFINITY, 0.0_f64), |(a, b), &n| (a.min(n), b.max(n)));
        most - least <= SAME * most
    };
    let rows = |block: &Block<'_>| same(std::array::from_fn(|at| block.rows[at].iter().sum()));
    let columns = |block: &Block<'_>| {
        same(std::array::from_fn(|at| {
            block.rows.iter().map(|row| row[at]).sum()
        }))
    };
    let [all_rows, all_columns] = [blocks.iter().all(rows), blocks.iter().all(columns)];
    if all_rows && !all_columns {
        return Format::Pcm;
    }
    if all_rows == all_columns {
        for block in blocks {
            source.doubt(Doubt::Orientation, id_and_name(block.header).0);
        }
    }
    Format::Pfm
}

/// Reads rows of A, C, G and T.
pub(super) fn parse(source: &Source) -> Result<MotifSet> {
    super::jaspar::read(source, |index, line, number| {
        if number == 4 {
            return Err(source
                .fault(index, "four rows, of A, C, G and T", "one more")
                .hint("a row per position, as in HOCOMOCO's files, is the format pcm"));
        }
        Ok((number, line.split_whitespace().collect()))
    })
}
