//! Stretches of low complexity: SEG (Wootton and Federhen 1993, Computers & Chemistry 17,
//! 149), with the window of 12 residues and the cutoffs of 2.2 and 2.5 bits that are the
//! defaults of NCBI's programs.
//!
//! A window of an entropy of at most `TRIGGER` begins a raw segment, which grows over the
//! windows on both sides while their entropy is at most `EXTENSION`. Of a raw segment
//! that part is kept whose composition is the least probable by chance; what lies before
//! it is looked at again by itself.
//!
//! Letters other than the twenty amino acids do not count in a window's composition; a
//! window with more than `MOST_UNKNOWN` of them has no entropy, begins no segment and
//! ends those that reach it. Within a segment they may stand, and are masked with it.

use std::ops::Range;

use crate::alphabet::amino_acid;

/// Residues of a window.
const WINDOW: usize = 12;

/// Greatest entropy in bits of a window that begins a segment.
const TRIGGER: f64 = 2.2;

/// Greatest entropy in bits of the windows that a segment grows over.
const EXTENSION: f64 = 2.5;

/// Most letters of a window that are none of the twenty amino acids.
const MOST_UNKNOWN: usize = 2;

/// Most residues by which a raw segment is made shorter.
const MOST_TRIMMED: usize = 50;

/// Logarithms of probabilities that differ by less are equal: the same composition, summed
/// in another order.
const SAME: f64 = 1e-9;

/// The letter of masked residues.
const MASK: u8 = b'X';

/// Stretches of low complexity in a protein: 0-based, half-open, sorted, apart from each
/// other.
///
/// ```
/// use bindscape_protein::low_complexity;
///
/// let sequence = b"MKVLEDWHQRFTAYNGICPSQQQQQQQQQQQQQQQQMKVLEDWHQRFTAYNGICPS";
/// assert_eq!(low_complexity::segments(sequence), [20..36]);
/// ```
#[must_use]
pub fn segments(sequence: &[u8]) -> Vec<Range<usize>> {
    let residues: Vec<Option<usize>> = sequence.iter().map(|&letter| amino_acid(letter)).collect();
    let logarithms: Vec<f64> = (0..=sequence.len().max(KINDS))
        .map(|number| (number as f64).ln())
        .collect();
    let mut found = Vec::new();
    search(&residues, 0, &logarithms, &mut found);
    found.sort_unstable_by_key(|segment| segment.start);
    let mut merged: Vec<Range<usize>> = Vec::with_capacity(found.len());
    for segment in found {
        match merged.last_mut() {
            Some(last) if segment.start <= last.end => last.end = last.end.max(segment.end),
            _ => merged.push(segment),
        }
    }
    merged
}

/// The protein with X for every residue of its [`segments`].
#[must_use]
pub fn masked(sequence: &[u8]) -> Vec<u8> {
    let mut masked = sequence.to_vec();
    for segment in segments(sequence) {
        masked[segment].fill(MASK);
    }
    masked
}

/// Number of amino acids.
const KINDS: usize = 20;

/// Adds the segments of `residues`, which begin at `offset` of the protein.
fn search(
    residues: &[Option<usize>],
    offset: usize,
    logarithms: &[f64],
    found: &mut Vec<Range<usize>>,
) {
    let entropies = entropies(residues);
    let within = |window: usize, most: f64| entropies[window].is_some_and(|bits| bits <= most);
    // Windows are numbered by their first residue.
    let mut first = 0;
    let mut window = 0;
    while window < entropies.len() {
        if !within(window, TRIGGER) {
            window += 1;
            continue;
        }
        let low = (first..=window)
            .rev()
            .take_while(|&other| within(other, EXTENSION))
            .last()
            .unwrap_or(window);
        let high = (window..entropies.len())
            .take_while(|&other| within(other, EXTENSION))
            .last()
            .unwrap_or(window);
        let raw = low..high + WINDOW;
        let kept = least_probable(&residues[raw.clone()], logarithms);
        let kept = raw.start + kept.start..raw.start + kept.end;
        if window + WINDOW <= kept.start {
            // The window that began the segment is not in it.
            search(
                &residues[raw.start..kept.start],
                offset + raw.start,
                logarithms,
                found,
            );
        }
        // On from the last window of the raw segment, or from the one around the last residue
        // that was kept.
        window = high.min(kept.end - 1) + 1;
        first = window;
        found.push(offset + kept.start..offset + kept.end);
    }
}

/// The entropy in bits of each window's composition.
fn entropies(residues: &[Option<usize>]) -> Vec<Option<f64>> {
    let terms: [f64; WINDOW + 1] = std::array::from_fn(|count| match count {
        0 => 0.0,
        count => count as f64 * (count as f64).log2(),
    });
    residues
        .windows(WINDOW)
        .map(|window| {
            let mut counts = [0_usize; KINDS];
            for &residue in window.iter().flatten() {
                counts[residue] += 1;
            }
            let known: usize = counts.iter().sum();
            let sum: f64 = counts.iter().map(|&count| terms[count]).sum();
            (known + MOST_UNKNOWN >= WINDOW).then(|| (terms[known] - sum) / known as f64)
        })
        .collect()
}

/// The part of a raw segment whose composition is the least probable, of equal ones the
/// longest, of these the first.
fn least_probable(residues: &[Option<usize>], logarithms: &[f64]) -> Range<usize> {
    let shortest = residues.len().saturating_sub(MOST_TRIMMED).max(1);
    let mut least = 0.0;
    let mut kept = 0..residues.len();
    let mut whole = Complexity::new(logarithms, residues.len());
    for &residue in residues {
        whole.add(residue);
    }
    for length in (shortest + 1..=residues.len()).rev() {
        let mut part = whole.clone();
        for start in 0..=residues.len() - length {
            if start > 0 {
                part.remove(residues[start - 1]);
                part.add(residues[start + length - 1]);
            }
            let probability = part.probability();
            if probability < least - SAME {
                least = probability;
                kept = start..start + length;
            }
        }
        whole.remove(residues[length - 1]);
    }
    kept
}

/// The composition of a part of a protein, kept up to date as residues come and go.
#[derive(Clone)]
struct Complexity<'a> {
    /// Logarithms of the numbers from 0.
    logarithms: &'a [f64],
    counts: [usize; KINDS],
    /// How many amino acids have each count.
    alike: Vec<usize>,
    /// Logarithm of the product of the counts' factorials.
    orders: f64,
    /// Logarithm of the product of the factorials of `alike`.
    assignments: f64,
    /// Sum of the logarithms of the numbers up to the part's known residues.
    permutations: f64,
    known: usize,
}

impl<'a> Complexity<'a> {
    fn new(logarithms: &'a [f64], most: usize) -> Self {
        let mut alike = vec![0; most + 1];
        alike[0] = KINDS;
        Self {
            logarithms,
            counts: [0; KINDS],
            alike,
            orders: 0.0,
            assignments: logarithms[1..=KINDS].iter().sum(),
            permutations: 0.0,
            known: 0,
        }
    }

    fn add(&mut self, residue: Option<usize>) {
        let Some(residue) = residue else { return };
        let count = self.counts[residue];
        self.recount(residue, count + 1);
        self.orders += self.logarithms[count + 1];
        self.known += 1;
        self.permutations += self.logarithms[self.known];
    }

    fn remove(&mut self, residue: Option<usize>) {
        let Some(residue) = residue else { return };
        let count = self.counts[residue];
        self.recount(residue, count - 1);
        self.orders -= self.logarithms[count];
        self.permutations -= self.logarithms[self.known];
        self.known -= 1;
    }

    fn recount(&mut self, residue: usize, count: usize) {
        let before = std::mem::replace(&mut self.counts[residue], count);
        self.assignments -= self.logarithms[self.alike[before]];
        self.alike[before] -= 1;
        self.alike[count] += 1;
        self.assignments += self.logarithms[self.alike[count]];
    }

    /// Logarithm of the probability of a composition like this one, whichever amino acid
    /// has which count, if all are equally frequent (equation 5 of the paper).
    fn probability(&self) -> f64 {
        let all: f64 = self.logarithms[1..=KINDS].iter().sum();
        all - self.assignments - self.orders + self.permutations
            - self.known as f64 * self.logarithms[KINDS]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected: `segmasker -in proteins.fasta -outfmt interval` (BLAST 2.12.0) of the
    /// UniProt proteins Q8GSI0, Q9FNZ4, Q9Y6H1 and Q9LPP4; its ends are the last
    /// residues, and overlapping intervals are merged.
    #[test]
    fn segments_are_those_of_segmasker() {
        let cases: [(&[u8], &[Range<usize>]); 4] = [
            (
                b"MASTDPMTRRFAVACGVLSQYVKANSSQPSTAAPVAQGVSGLMAAAAAAAAAPVVQEPGCEVDGGGQQFTIFYAGKVVVIDRCTP\
                  AMAAELMRFASAAQGGGGAPEAPPALVDMPIARKASLKRFLAKRKATPASARSSYVVRAAAAEEEQPPAKKAKAAVERREDWLAL\
                  GSLGHMHSR",
                &[43..52, 94..110, 132..165],
            ),
            (
                b"MDRDRKRVKMEKEDDEEEKMEKLYTVLKNAREMRKYVNSSMEKKRQEEEERARVRRFPSFQPEDFIFMNKAEANNIEKAANESSS\
                  ASNEYDGSKEKQEGSETNVCLDLNLSL",
                &[0..22, 41..56, 68..89],
            ),
            (
                b"MPRGSRSRTSRMAPPASRAPQMRAAPRPAPVAQPPAAAPPSAVGSSAAAPRQPGLMAQMATTAAGVAVGSAVGHTLGHAITGGFS\
                  GGSNAEPARPDITYQEPQGTQPAQQQQPCLYEIKQFLECAQNQGDIKLCEGFNEVLKQCRLANGLA",
                &[4..51, 59..75, 99..113],
            ),
            (
                b"MDLELLQDLSKFNFPTPIKIRSKTSKTKKDEGDDDEDDLRCSTPTSQEHKIPAVVDSPPPPPRKPRPPPSAPSATAALMIRSCKR\
                  KLLVSTCEIIMNREEIDRFFSSVYNETSTTAKRRRSYPYCSRR",
                &[17..38, 51..77],
            ),
        ];
        for (sequence, expected) in cases {
            assert_eq!(segments(sequence), expected);
        }
    }

    #[test]
    fn ordinary_domains_are_left() {
        // The homeodomain of Antennapedia (UniProt P02833), of which segmasker masks nothing.
        let domain = b"RKRGRQTYTRYQTLELEKEFHFNRYLTRRRRIEIAHALCLTERQIKIWFQNRRMKWKKEN";
        assert_eq!(segments(domain), []);
        assert_eq!(masked(domain), domain);
    }

    #[test]
    fn repeats_are_masked() {
        let sequence = [b"MKVLEDWHQRFTAYNGICPS".as_slice(), &[b'Q'; 40]].concat();
        let expected = [b"MKVLEDWHQRFTAYNGICPS".as_slice(), &[b'X'; 40]].concat();
        assert_eq!(masked(&sequence), expected);
        assert_eq!(segments(b"QQQQQQQQQQQ"), [], "shorter than a window");
        assert_eq!(masked(&[b'Q'; 12]), [b'X'; 12]);
    }

    #[test]
    fn unknown_letters_do_not_count() {
        assert_eq!(segments(&[b'X'; 60]), []);
        assert_eq!(masked(b"QQQQQXQQQXQQ"), [b'X'; 12], "two are borne with");
        assert_eq!(segments(b"QQXQQXQQQXQQ"), [], "three are not");
        assert_eq!(segments(b""), []);
    }
}
