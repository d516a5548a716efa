//! Long proteins in overlapping parts.

use std::ops::Range;

use bindscape_base::{Error, Result};

/// How proteins that are longer than a chunk are cut.
///
/// Chunks of a protein are of one length and start at even distances, as few as give every
/// two neighbours the overlap asked for. A residue in an overlap is taken from the chunk
/// in which it lies farther from the cut, so that its value is one that the network gave,
/// with at least half the overlap of context on either side.
///
/// ```
/// use bindscape_nn::esm2::Chunking;
/// let parts = Chunking { chunk: 10, overlap: 4 }.parts(20);
/// let chunks: Vec<_> = parts.iter().map(|part| part.residues.clone()).collect();
/// assert_eq!(chunks, [0..10, 5..15, 10..20]);
/// let kept: Vec<_> = parts.iter().map(|part| part.kept.clone()).collect();
/// assert_eq!(kept, [0..7, 7..12, 12..20]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunking {
    /// Most residues of a chunk. ESM-2 was trained on 1,024 tokens, of which two stand
    /// around the residues.
    pub chunk: usize,
    /// Residues that neighbouring chunks share at least.
    pub overlap: usize,
}

impl Default for Chunking {
    fn default() -> Self {
        Self {
            chunk: 1022,
            overlap: 256,
        }
    }
}

/// A chunk of a protein; positions are 0-based and half-open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The residues that the network sees.
    pub residues: Range<usize>,
    /// Those of them whose values are taken.
    pub kept: Range<usize>,
}

impl Chunking {
    /// Whether chunks advance.
    ///
    /// # Errors
    /// If the overlap is not smaller than the chunk.
    pub fn check(self) -> Result<()> {
        if self.chunk == 0 || self.overlap >= self.chunk {
            return Err(Error::argument(
                "overlap",
                format!("fewer residues than ⟦chunk⟧ ({})", self.chunk),
                self.overlap.to_string(),
            ));
        }
        Ok(())
    }

    /// The chunks of a protein of `residues` residues: one if it fits.
    ///
    /// # Panics
    /// If the overlap is not smaller than the chunk.
    #[must_use]
    pub fn parts(self, residues: usize) -> Vec<Part> {
        assert!(self.overlap < self.chunk, "chunks advance");
        if residues <= self.chunk {
            return vec![Part {
                residues: 0..residues,
                kept: 0..residues,
            }];
        }
        let count = (residues - self.overlap).div_ceil(self.chunk - self.overlap);
        let start = |number: usize| number * (residues - self.chunk) / (count - 1);
        // The middle of what two neighbours share.
        let cut = |number: usize| (start(number - 1) + self.chunk).midpoint(start(number));
        (0..count)
            .map(|number| Part {
                residues: start(number)..start(number) + self.chunk,
                kept: if number == 0 { 0 } else { cut(number) }..if number + 1 == count {
                    residues
                } else {
                    cut(number + 1)
                },
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_residue_is_kept_once_with_context(
            residues in 1_usize..5000, chunk in 2_usize..1200, share in 0_usize..100,
        ) {
            let overlap = (chunk - 1) * share / 100;
            let parts = Chunking { chunk, overlap }.parts(residues);
            let mut next = 0;
            for part in &parts {
                prop_assert_eq!(part.kept.start, next);
                prop_assert!(part.kept.end > part.kept.start);
                prop_assert!(part.residues.start <= part.kept.start);
                prop_assert!(part.kept.end <= part.residues.end && part.residues.end <= residues);
                prop_assert!(part.residues.len() <= chunk);
                let before = part.kept.start - part.residues.start;
                prop_assert!(part.residues.start == 0 || before >= overlap / 2);
                next = part.kept.end;
            }
            prop_assert_eq!(next, residues);
            let shared = |pair: &[Part]| pair[0].residues.end - pair[1].residues.start;
            prop_assert!(parts.windows(2).all(|pair| shared(pair) >= overlap));
            prop_assert_eq!(parts.len() == 1, residues <= chunk);
        }
    }

    #[test]
    fn an_overlap_as_long_as_a_chunk_is_refused() {
        let error = Chunking {
            chunk: 5,
            overlap: 5,
        }
        .check()
        .unwrap_err();
        assert_eq!(
            error.to_string(),
            "overlap: expected fewer residues than `chunk` (5), found 5"
        );
        assert!(Chunking::default().check().is_ok());
    }
}
