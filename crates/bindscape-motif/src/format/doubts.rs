//! What is doubtful in a motif file that was read all the same.

use std::path::Path;

use bindscape_base::words;

/// Places that a remark names; the others are counted.
const NAMED: usize = 5;

/// Doubts by kind, each with the places it concerns.
#[derive(Debug, Default)]
pub(super) struct Doubts(Vec<(Doubt, Vec<String>)>);

/// A kind of doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doubt {
    /// A position has no count at all.
    EmptyPosition,
    /// No position of a motif has a count.
    EmptyMotif,
    /// A row is further from one than its digits explain.
    Scaled,
    /// Four rows of four numbers could be read either way.
    Orientation,
    /// A value that says how significant a motif is, of a kind that is not kept.
    Score,
    /// A motif of which there is nothing but the name.
    NoMatrix,
    /// A matrix of counts with a single site at each position, which might be frequencies.
    OneSite,
    /// Background or strands below the first motif, which differ from those above it.
    SecondHeader,
    /// A value such as `inf` in place of a number.
    NoNumber,
}

impl Doubt {
    /// What it means for the motifs.
    fn text(self) -> &'static str {
        match self {
            Self::EmptyPosition => {
                "positions without any count are taken as a quarter of each base"
            }
            Self::EmptyMotif => "motifs without any count are left out",
            Self::Scaled => "frequencies that do not sum to one are scaled",
            Self::Orientation => {
                "four rows of four numbers are read as rows of A, C, G and T; name the format pcm if they are positions"
            }
            Self::Score => "scores (S=) of motifs are not kept",
            Self::NoMatrix => "motifs without a matrix are left out",
            Self::OneSite => {
                "matrices of 0 and 1 alone are read as counts of one site; write decimals (1.0) if they are frequencies"
            }
            Self::SecondHeader => {
                "all motifs get the background and strands of the beginning of the file; others further down are not used"
            }
            Self::NoNumber => "values that are no number are taken as unknown",
        }
    }
}

impl Doubts {
    pub(super) fn add(&mut self, doubt: Doubt, place: String) {
        match self.0.iter_mut().find(|(known, _)| *known == doubt) {
            Some((_, places)) => places.push(place),
            None => self.0.push((doubt, vec![place])),
        }
    }

    /// A sentence for each kind.
    pub(super) fn remarks(self, path: &Path) -> Vec<String> {
        let remark = |(doubt, places): (Doubt, Vec<String>)| {
            let named = words::first_of(&places, NAMED);
            format!("{}: {} ({named})", path.display(), doubt.text())
        };
        self.0.into_iter().map(remark).collect()
    }
}
