//! Whether a file is sorted: chromosomes contiguous, starts ascending.

use std::path::Path;

use bindscape_base::error::{Error, Place, Result};

/// A stretch of lines of one chromosome within one block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Chromosome.
    pub chrom: Vec<u8>,
    /// First line of the stretch, counted from 1.
    pub line: u64,
    /// Start of its first interval.
    pub first: u32,
    /// Start of its last interval.
    pub last: u32,
}

/// The order of a file, from the runs of its blocks.
#[derive(Debug, Default)]
pub struct Order {
    finished: Vec<Vec<u8>>,
    current: Option<Run>,
}

impl Order {
    /// Adds the next run of the file.
    ///
    /// # Errors
    /// If it begins before its chromosome's last start, or its chromosome came before.
    pub fn add(&mut self, path: &Path, run: Run) -> Result<()> {
        if let Some(current) = &mut self.current {
            if current.chrom == run.chrom {
                if run.first < current.last {
                    return Err(descending(path, run.line, current.last, run.first));
                }
                current.last = run.last;
                return Ok(());
            }
            if self.finished.contains(&run.chrom) {
                let chrom = String::from_utf8_lossy(&run.chrom).into_owned();
                return Err(unsorted(Error::input(
                    path,
                    Place::Line(run.line),
                    "all intervals of a chromosome together",
                    format!("{chrom} again, after other chromosomes"),
                )));
            }
        }
        if let Some(previous) = self.current.replace(run) {
            self.finished.push(previous.chrom);
        }
        Ok(())
    }
}

/// The error for a start that is smaller than the one before.
pub fn descending(path: &Path, line: u64, before: u32, found: u32) -> Error {
    unsorted(Error::input(
        path,
        Place::Line(line),
        format!("a start of at least {before}, that of the interval before (sorted BED)"),
        found.to_string(),
    ))
}

fn unsorted(error: Error) -> Error {
    error.hint("sort the file with `sort -k1,1 -k2,2n`, or pass ⟦unsorted⟧")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(chrom: &str, line: u64, first: u32, last: u32) -> Run {
        Run {
            chrom: chrom.into(),
            line,
            first,
            last,
        }
    }

    #[test]
    fn chromosomes_may_come_in_any_order_but_once() {
        let path = Path::new("p.bed");
        let mut order = Order::default();
        order.add(path, run("chr2", 1, 5, 9)).expect("first");
        order.add(path, run("chr2", 4, 9, 20)).expect("continued");
        order.add(path, run("chr1", 7, 1, 1)).expect("next");
        let again = order.add(path, run("chr2", 8, 30, 31)).expect_err("again");
        assert_eq!(
            again.to_string(),
            "p.bed, line 8: expected all intervals of a chromosome together, found chr2 again, after other chromosomes"
        );
        assert!(
            again
                .advice()
                .expect("a hint")
                .contains("sort -k1,1 -k2,2n")
        );
        let back = order
            .add(path, run("chr1", 9, 0, 3))
            .expect_err("descending");
        assert!(
            back.to_string()
                .contains("line 9: expected a start of at least 1")
        );
    }
}
