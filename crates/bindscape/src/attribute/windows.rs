//! The windows of the input, all of them, in order.

use bindscape_base::Result;
use bindscape_base::progress::Progress;
use bindscape_genome::sequence::{PackedSequences, Strand, reverse_complement};
use bindscape_genome::tiling;

use crate::predict::PredictionInput;
use crate::predict::input::{read_fasta, read_regions};
use crate::predict::taker::{Span, Taker};
use crate::session::Session;

/// A row of the table.
pub(super) struct Row {
    pub(super) chrom: String,
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) name: String,
    /// Whether its sequence is that of the reverse strand of its region.
    pub(super) reverse: bool,
    /// Its number among the windows; `None` where there is no room for one.
    window: Option<usize>,
}

/// The windows of an input.
pub(super) struct Windows {
    length: u64,
    pub(super) rows: Vec<Row>,
    sequences: PackedSequences,
}

impl Windows {
    /// Reads them, and says what is doubtful.
    pub(super) fn read(
        input: &PredictionInput,
        length: usize,
        refuse_outside: bool,
        session: &Session<'_>,
    ) -> Result<Self> {
        let mut windows = Self {
            length: length as u64,
            rows: Vec::new(),
            sequences: PackedSequences::new(length),
        };
        session.begin("reading sequences", None);
        let read = match input {
            PredictionInput::Fasta { fasta, .. } => read_fasta(fasta, &mut windows)?,
            PredictionInput::Regions { regions, genome } => {
                read_regions(regions, genome, refuse_outside, &mut windows)?
            }
        };
        session.finish();
        for note in read.notes {
            session.note(&note);
        }
        Ok(windows)
    }

    /// The rows that can be attributed.
    pub(super) fn known(&self) -> Vec<usize> {
        let known = |row: &usize| {
            let window = self.rows[*row].window;
            window.is_some_and(|window| !self.sequences.has_unknown(window))
        };
        (0..self.rows.len()).filter(known).collect()
    }

    /// Bases of a sequence.
    pub(super) fn length(&self) -> usize {
        self.sequences.length()
    }

    /// The bases of a row that has a window.
    pub(super) fn bases(&self, row: usize) -> Vec<u8> {
        let mut bases = vec![0; self.sequences.length()];
        let window = self.rows[row].window.expect("a row with a window");
        self.sequences.bases(window, Strand::Forward, &mut bases);
        bases
    }

    fn push(&mut self, span: &Span<'_>, start: i64, end: i64, window: Option<usize>) {
        self.rows.push(Row {
            chrom: span.chrom.to_owned(),
            start,
            end,
            name: span.name.to_owned(),
            reverse: span.turned,
            window,
        });
    }
}

impl Taker for Windows {
    fn length(&self) -> u64 {
        self.length
    }

    fn add(&mut self, span: Span<'_>, offset: u64, letters: &[u8]) -> Result<()> {
        let starts = tiling::starts(letters.len() as u64, self.length, self.length);
        let mut any = false;
        for start in starts {
            any = true;
            let mut window = letters[start as usize..(start + self.length) as usize].to_vec();
            if span.turned {
                // Arrays have the sequence as it was given.
                reverse_complement(&mut window);
            }
            let first = (offset + start) as i64;
            let number = self.sequences.len();
            self.sequences.push(&window);
            self.push(&span, first, first + self.length as i64, Some(number));
        }
        if !any {
            self.push(&span, span.start, span.end, None);
        }
        Ok(())
    }
}
