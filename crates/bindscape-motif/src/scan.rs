//! Scanning sequences with motifs: hits, best hits, and occupancies.
//!
//! After FIMO (Grant, Bailey and Noble 2011): log-odds scores of both strands against a
//! background of independent bases, and their exact p-values (see [`crate::pvalue`]).
//! Sequences come in batches of bounded size ([`SequenceReader`]), so that a chromosome
//! needs no more memory than a short sequence.
//!
//! A hit is found in two steps: a filter that tests many windows at once by what their bases
//! take off the best score, rounded down, passes all hits and little else
//! (`bindscape_kernels::windows`); what passes is scored exactly.

mod cells;
mod fimo;
mod genomic;
mod hits;
mod occupancies;
mod qvalue;
mod scanner;
mod stream;
mod table;

use bindscape_base::Result;
use bindscape_base::progress::{self, Progress};

pub use self::cells::{Best, Occupancy};
pub use self::fimo::{COLUMNS, GFF_HEADER, HitFields};
pub use self::genomic::{Regions, counting};
pub use self::hits::{Hit, best_strands};
pub use self::occupancies::OccupancyWriter;
pub use self::qvalue::QValues;
pub use self::scanner::{Options, PSEUDOCOUNT, ScanMotif, Scanner};
pub use self::stream::{Batch, Letters, Run, Sequence, SequenceReader};
pub use self::table::{Format, Place, Row, Writer};

/// Calls `each` with one batch after the other, while the next one is being read.
///
/// # Errors
/// Those of reading ([`SequenceReader::next_batch`]) and of `each`;
/// [`Error::Interrupted`](bindscape_base::Error::Interrupted) once the user asked to stop.
pub fn for_each_batch(
    reader: &mut SequenceReader,
    progress: &dyn Progress,
    mut each: impl FnMut(&Batch) -> Result<()>,
) -> Result<()> {
    std::thread::scope(|scope| {
        let (sender, batches) = std::sync::mpsc::sync_channel(1);
        scope.spawn(move || {
            loop {
                let batch = reader.next_batch().transpose();
                let last = !matches!(batch, Some(Ok(_)));
                // A receiver that is gone wants no more.
                if batch.is_some_and(|batch| sender.send(batch).is_err()) || last {
                    return;
                }
            }
        });
        for batch in batches {
            let batch = batch?;
            progress::check(progress)?;
            each(&batch)?;
            progress.advance(batch.limit as u64);
        }
        Ok(())
    })
}
