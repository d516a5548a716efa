//! Writes the bound regions of a TF, and as many unbound ones with the same GC contents,
//! as two FASTA files: what the benchmark of `motif discover` runs on.
//!
//! `bound_regions DIRECTORY TF OUT_BOUND OUT_UNBOUND [MOST]`, where DIRECTORY holds the
//! published matrix (`matrix2d.ReMap+UniBind.sparse.npz`, the two pickles) and
//! `sequences.200bp.fa.gz`.

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;

use bindscape_base::random;
use bindscape_genome::fasta::{Reader, Record};
use bindscape_matrix::View;
use bindscape_matrix::published::import_npz;
use bindscape_matrix::sample::match_gc;
use rand::seq::SliceRandom;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [directory, tf, bound, unbound, rest @ ..] = arguments.as_slice() else {
        return Err("usage: bound_regions DIRECTORY TF OUT_BOUND OUT_UNBOUND [MOST]".into());
    };
    let most = match rest {
        [] => usize::MAX,
        [most, ..] => most.parse()?,
    };
    let directory = Path::new(directory);
    let matrix = import_npz(
        &directory.join("matrix2d.ReMap+UniBind.sparse.npz"),
        None,
        &directory.join("regions_idx.pickle.gz"),
        &directory.join("tfs_idx.pickle.gz"),
    )?;
    let column = matrix.column(tf, bindscape_base::Subject::field("tf"))?;
    let rows = |label| -> Vec<usize> {
        (0..column.len())
            .filter(|&row| column[row].label(View::Sparse) == Some(label))
            .collect()
    };
    let mut records: Vec<Record> = Vec::with_capacity(column.len());
    let mut reader = Reader::open(directory.join("sequences.200bp.fa.gz"))?;
    let mut record = Record::default();
    while reader.read(&mut record)? {
        records.push(std::mem::take(&mut record));
    }
    assert_eq!(records.len(), column.len(), "one sequence per region");
    let gc = |row: usize| {
        let sequence = &records[row].sequence;
        let strong = sequence.iter().filter(|base| matches!(base, b'G' | b'C'));
        strong.count() as f64 / sequence.len() as f64
    };
    let mut positives = rows(true);
    let most = most.min(positives.len());
    let (drawn, _) = positives.partial_shuffle(&mut random::stream(1, "bound", &[]), most);
    let mut positives = drawn.to_vec();
    positives.sort_unstable();
    let negatives = match_gc(&positives, &rows(false), gc, 10, 1.0, 1);
    for (path, rows) in [(bound, &positives), (unbound, &negatives.rows)] {
        let mut text = String::new();
        for &row in rows {
            let Record { name, sequence, .. } = &records[row];
            writeln!(text, ">{name}\n{}", String::from_utf8_lossy(sequence))?;
        }
        std::fs::write(path, text)?;
    }
    Ok(())
}
