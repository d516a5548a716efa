//! What stands in sequences of proteins beside residues.

use std::path::Path;

use super::Protein;
use bindscape_base::progress::Progress;
use bindscape_base::words::{SHOWN, counted, some_of};

/// What a file held instead of residues of a protein, and how it was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Mended {
    /// Whether stops at the end (`*` or `.`) were cut.
    pub final_stop: bool,
    /// Stops before the end (`*`, or `.` as gffread writes them), read as X.
    pub stops: usize,
    /// Gaps of an alignment (`-`, and `.` beside such), taken out.
    pub gaps: usize,
    /// Characters that stand for nothing in a protein, read as X.
    pub others: usize,
    /// Whether there was no residue at all; a single X stands for it.
    pub empty: bool,
}

/// What was mended in proteins, and how many of them say nothing.
#[derive(Debug, Clone, Default)]
pub struct MendedCounts {
    /// Proteins whose final `*` or `.` was cut.
    pub final_stops: u64,
    mute: Kind,
    stops: Kind,
    gaps: Kind,
    others: Kind,
    empty: Kind,
}

/// Proteins with something to mend of one kind.
#[derive(Debug, Clone, Default)]
struct Kind {
    proteins: u64,
    /// The first of them, one more than are shown.
    ids: Vec<String>,
}

impl Kind {
    fn add(&mut self, id: &str, is: bool) {
        if !is {
            return;
        }
        self.proteins += 1;
        if self.ids.len() <= SHOWN {
            self.ids.push(id.to_owned());
        }
    }
}

impl MendedCounts {
    /// Counts a protein.
    pub fn add(&mut self, protein: &Protein) {
        let (id, mended) = (&protein.id, protein.mended);
        self.final_stops += u64::from(mended.final_stop);
        self.mute.add(id, protein.says_nothing());
        self.stops.add(id, mended.stops > 0);
        self.gaps.add(id, mended.gaps > 0);
        self.others.add(id, mended.others > 0);
        self.empty.add(id, mended.empty);
    }

    /// Tells what was mended in proteins of `path`, and in which.
    pub fn tell(&self, path: &Path, progress: &dyn Progress) {
        let path = path.display();
        if self.final_stops > 0 {
            let proteins = counted(self.final_stops, "protein");
            progress.note(&format!(
                "{path}: cut the final stop ('*' or '.') of {proteins}"
            ));
        }
        let kinds = [
            (
                &self.stops,
                ["holds", "hold"],
                "stops ('*' or '.') before its end, read as unknown residues (X)",
            ),
            (&self.gaps, ["holds", "hold"], "gaps ('-'), taken out"),
            (
                &self.others,
                ["holds", "hold"],
                "characters that stand for no residue, read as X",
            ),
            (
                &self.empty,
                ["has", "have"],
                "no residues, read as a single X",
            ),
            (
                &self.mute,
                ["has", "have"],
                "fewer than 20 known residues, too few to say what it is",
            ),
        ];
        for (kind, [one, several], what) in kinds {
            let (verb, what) = match kind.proteins {
                0 => continue,
                1 => (one, what.to_owned()),
                _ => (
                    several,
                    what.replace("its end", "their ends")
                        .replace("it is", "they are"),
                ),
            };
            progress.note(&format!(
                "warning: {path}: {} {verb} {what}: {}",
                counted(kind.proteins, "protein"),
                some_of(&kind.ids)
            ));
        }
    }
}

/// Makes residues of what a record holds.
pub(super) fn mend(sequence: &mut Vec<u8>) -> Mended {
    let mut mended = Mended::default();
    if !sequence.iter().all(u8::is_ascii_uppercase) {
        sequence.retain(|letter| !letter.is_ascii_whitespace());
        if sequence.contains(&b'-') {
            // In an alignment a dot is a gap, too.
            let all = sequence.len();
            sequence.retain(|letter| !matches!(letter, b'-' | b'.'));
            mended.gaps = all - sequence.len();
        }
        while let Some(b'*' | b'.') = sequence.last() {
            sequence.pop();
            mended.final_stop = true;
        }
        for letter in sequence.iter_mut() {
            let count = match *letter {
                b'A'..=b'Z' => continue,
                b'*' | b'.' => &mut mended.stops,
                _ => &mut mended.others,
            };
            *count += 1;
            *letter = b'X';
        }
    }
    if sequence.is_empty() {
        sequence.push(b'X');
        mended.empty = true;
    }
    mended
}
