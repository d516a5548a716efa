//! A logo before it is drawn: the height of each letter.

use bindscape_base::{Error, Result};

use crate::background::Background;
use crate::matrix::Frequencies;

/// Positions that one logo may have.
const WIDEST: usize = 2000;

/// What the heights are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Axis {
    Bits,
    Probability,
    Weight,
}

/// A logo to draw: the height of each letter at each position.
///
/// ```
/// use bindscape_motif::{Background, Logo, jaspar};
///
/// let ctcf = &jaspar::select("MA0139")?.motifs[0];
/// let logo = Logo::information(&ctcf.frequencies, &Background::uniform())?;
/// assert!(logo.svg().starts_with("<svg"));
/// assert!(logo.png(2.0)?.starts_with(b"\x89PNG"));
///
/// // Any weights, such as attributions; those below zero hang below the axis.
/// let weights = Logo::weights(vec![[0.4, 0.0, -0.1, 0.0], [0.0, 1.2, 0.0, 0.0]])?;
/// assert!(weights.svg().len() < logo.svg().len());
/// # Ok::<(), bindscape_base::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Logo {
    pub(super) heights: Vec<[f64; 4]>,
    pub(super) axis: Axis,
    /// Positions without number before the first.
    pub(super) before: usize,
    /// Positions without number after the last.
    pub(super) after: usize,
}

impl Logo {
    /// Each letter as high as its share of the information of its position, in bits
    /// (Schneider and Stephens 1990).
    ///
    /// # Errors
    /// If the motif has more than 2,000 positions.
    pub fn information(frequencies: &Frequencies, background: &Background) -> Result<Self> {
        let bits = frequencies.information(background);
        let rows = frequencies.rows().iter().zip(bits);
        Self::new(
            rows.map(|(row, bits)| row.map(|p| p * bits)).collect(),
            Axis::Bits,
        )
    }

    /// Each letter as high as its frequency.
    ///
    /// # Errors
    /// If the motif has more than 2,000 positions.
    pub fn probability(frequencies: &Frequencies) -> Result<Self> {
        Self::new(frequencies.rows().to_vec(), Axis::Probability)
    }

    /// Letters of any heights, A, C, G, T per position, such as attributions: those below
    /// zero hang head down below the axis.
    ///
    /// # Errors
    /// If there is no position, there are more than 2,000, or a weight is not finite.
    pub fn weights(rows: Vec<[f64; 4]>) -> Result<Self> {
        Self::new(rows, Axis::Weight)
    }

    fn new(heights: Vec<[f64; 4]>, axis: Axis) -> Result<Self> {
        let fault = |expected: &str, found: String| Err(Error::about("logo", expected, found));
        if heights.is_empty() {
            return fault("at least one position", "none".into());
        }
        if heights.len() > WIDEST {
            let expected = format!("up to {WIDEST} positions, which a page can show");
            return fault(&expected, heights.len().to_string());
        }
        let finite = |row: &[f64; 4]| row.iter().all(|height| height.is_finite());
        match heights.iter().position(|row| !finite(row)) {
            Some(at) => fault(
                "weights that are finite numbers",
                format!("{:?} at position {}", heights[at], at + 1),
            ),
            None => Ok(Self {
                heights,
                axis,
                before: 0,
                after: 0,
            }),
        }
    }

    /// With empty positions on both sides, which aligns logos that lie one above the other.
    #[must_use]
    pub fn padded(self, before: usize, after: usize) -> Self {
        Self {
            before,
            after,
            ..self
        }
    }
}
