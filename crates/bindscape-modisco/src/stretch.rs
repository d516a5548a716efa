//! A seqlet: where it lies.

/// A stretch of a sequence, along one of its strands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Seqlet {
    /// Number of the sequence, from 0.
    pub example: u32,
    /// First position, from 0; below 0 where the seqlet begins before its sequence.
    pub start: i32,
    /// Position after the last; above the length where the seqlet ends after its sequence.
    pub end: i32,
    /// Whether it reads along the reverse strand.
    pub reverse: bool,
}

impl Seqlet {
    /// Its place, whatever its strand.
    pub(crate) fn place(&self) -> (u32, i32, i32) {
        (self.example, self.start, self.end)
    }

    /// The seqlet with `left` and `right` more positions, along its strand.
    pub(crate) fn expanded(self, left: i32, right: i32) -> Self {
        let (before, after) = if self.reverse {
            (right, left)
        } else {
            (left, right)
        };
        Self {
            start: self.start - before,
            end: self.end + after,
            ..self
        }
    }

    /// Positions `from` to `to` along its strand.
    pub(crate) fn slice(self, from: i32, to: i32) -> Self {
        let (start, end) = if self.reverse {
            (self.end - to, self.end - from)
        } else {
            (self.start + from, self.start + to)
        };
        Self { start, end, ..self }
    }

    /// The same place, read along the other strand.
    pub(crate) fn flipped(self) -> Self {
        Self {
            reverse: !self.reverse,
            ..self
        }
    }
}
