//! Sequences with the contributions that a model gives them.

use std::path::Path;

use bindscape_arrays::npz::ArrayFile;
use bindscape_base::error::Place;
use bindscape_base::progress::{Progress, check};
use bindscape_base::{Error, Result};

use crate::stretch::Seqlet;

/// Numbers of a position of a seqlet: the hypothetical contributions of A, C, G and T, then the
/// contribution of the base that is there, in its place.
pub(crate) const CHANNELS: usize = 8;

/// A base that is not known, as N.
pub(crate) const UNKNOWN: u8 = 4;

/// One-hot sequences and their hypothetical contributions.
#[derive(Debug, Clone, PartialEq)]
pub struct Tracks {
    /// Positions of each sequence.
    length: usize,
    /// 0 to 3 for A, C, G and T, 4 for none; by sequence, then position.
    bases: Vec<u8>,
    /// By sequence, base, then position.
    hypothetical: Vec<f32>,
}

impl Tracks {
    /// Tracks of `bases` (0 to 3 for A, C, G and T, 4 where none is known) and of the hypothetical
    /// contribution of each base at each position.
    ///
    /// # Shapes
    /// `bases`: sequences × `length`; `hypothetical`: sequences × 4 × `length`.
    ///
    /// # Errors
    /// If the shapes do not fit, a base is above 4, or a contribution is not a finite number.
    pub fn new(length: usize, bases: Vec<u8>, hypothetical: Vec<f32>) -> Result<Self> {
        let fault = |expected: &str, found: String| {
            Err(Error::about(
                "the contributions",
                expected.to_owned(),
                found,
            ))
        };
        if length == 0 || bases.is_empty() || !bases.len().is_multiple_of(length) {
            return fault(
                "sequences of one length, at least one",
                format!("{} bases for a length of {length}", bases.len()),
            );
        }
        if hypothetical.len() != 4 * bases.len() {
            return fault(
                "four numbers for each base",
                format!("{} for {} bases", hypothetical.len(), bases.len()),
            );
        }
        if let Some(base) = bases.iter().find(|&&base| base > UNKNOWN) {
            return fault("bases from 0 to 4", base.to_string());
        }
        if let Some(value) = hypothetical.iter().find(|value| !value.is_finite()) {
            return fault("finite numbers", value.to_string());
        }
        Ok(Self {
            length,
            bases,
            hypothetical,
        })
    }

    /// Reads the files that `modisco motifs -s SEQUENCES -a CONTRIBUTIONS` takes: archives (`arr_0`)
    /// or single arrays of one-hot sequences and of hypothetical contributions, both sequences × 4 × positions. Of the
    /// positions the `window` in the middle is read, or all.
    ///
    /// # Errors
    /// If a file cannot be read, is of another layout, or both do not fit each other.
    pub fn read(
        sequences: &Path,
        contributions: &Path,
        window: Option<usize>,
        progress: &dyn Progress,
    ) -> Result<Self> {
        let (mut one_hot, mut hypothetical) =
            (ArrayFile::open(sequences)?, ArrayFile::open(contributions)?);
        let mut one_hot = one_hot.array()?;
        let mut hypothetical = hypothetical.array()?;
        let [examples, length] = check_layout(sequences, one_hot.shape())?;
        let other = check_layout(contributions, hypothetical.shape())?;
        if other != [examples, length] {
            return Err(Error::input(
                contributions,
                Place::File,
                format!(
                    "an array of the shape of {}, {}",
                    sequences.display(),
                    shape_text(one_hot.shape())
                ),
                shape_text(hypothetical.shape()),
            )
            .hint("both files hold one row for each sequence, in the same order"));
        }
        let kept = window.unwrap_or(length);
        if kept == 0 || kept > length {
            return Err(Error::argument(
                "window",
                format!("1 to the {length} positions of {}", sequences.display()),
                kept.to_string(),
            ));
        }
        // As modisco-lite cuts it: an odd window keeps one position less there, but not here.
        let first = (length / 2).saturating_sub(kept / 2).min(length - kept);
        let mut tracks = Self {
            length: kept,
            bases: Vec::with_capacity(examples * kept),
            hypothetical: Vec::with_capacity(4 * examples * kept),
        };
        progress.begin("reading contributions", Some(examples as u64));
        let mut row = vec![0.0; 4 * length];
        for example in 0..examples {
            check(progress)?;
            one_hot.read(&mut row)?;
            tracks.add_bases(&row, first..first + kept, length, (sequences, example))?;
            hypothetical.read(&mut row)?;
            for base in row.chunks_exact(length) {
                for &value in &base[first..first + kept] {
                    let value = value as f32;
                    if !value.is_finite() {
                        return Err(Error::input(
                            contributions,
                            Place::Record(example.to_string()),
                            "finite numbers",
                            value.to_string(),
                        )
                        .hint("leave out sequences whose contributions are not numbers"));
                    }
                    tracks.hypothetical.push(value);
                }
            }
            progress.advance(1);
        }
        one_hot.finish()?;
        hypothetical.finish()?;
        progress.finish();
        Ok(tracks)
    }

    fn add_bases(
        &mut self,
        row: &[f64],
        kept: std::ops::Range<usize>,
        length: usize,
        (path, example): (&Path, usize),
    ) -> Result<()> {
        for position in kept {
            let mut base = UNKNOWN;
            for letter in 0..4 {
                let value = row[letter as usize * length + position];
                if value == 1.0 && base == UNKNOWN {
                    base = letter;
                } else if value != 0.0 {
                    return Err(Error::input(
                        path,
                        Place::Record(example.to_string()),
                        "one-hot sequences: at each position one 1 and three 0, or four 0 for N",
                        format!(
                            "{value} for {} at position {position}",
                            ["A", "C", "G", "T"][letter as usize]
                        ),
                    )
                    .hint("give the sequences first, then the contributions"));
                }
            }
            self.bases.push(base);
        }
        Ok(())
    }

    /// Number of sequences.
    #[must_use]
    pub fn examples(&self) -> usize {
        self.bases.len() / self.length
    }

    /// Positions of each sequence.
    #[must_use]
    pub fn length(&self) -> usize {
        self.length
    }

    /// Bases of a sequence: 0 to 3 for A, C, G and T, 4 where none is known.
    #[must_use]
    pub fn bases(&self, example: usize) -> &[u8] {
        &self.bases[example * self.length..][..self.length]
    }

    /// Hypothetical contributions of the base `letter` along a sequence.
    #[must_use]
    pub fn hypothetical(&self, example: usize, letter: usize) -> &[f32] {
        &self.hypothetical[(example * 4 + letter) * self.length..][..self.length]
    }

    /// Contribution of the base at a position, 0 where none is known.
    pub(crate) fn contribution(&self, example: usize, position: usize) -> f32 {
        match self.bases(example)[position] {
            UNKNOWN => 0.0,
            base => self.hypothetical(example, base.into())[position],
        }
    }

    /// Positions of a seqlet that lie within its sequence.
    pub(crate) fn known(&self, seqlet: &Seqlet) -> usize {
        let first = seqlet.start.max(0);
        let last = seqlet.end.min(self.length as i32);
        (last - first).max(0) as usize
    }

    /// The base of each position of a seqlet along its strand: 0 to 3, 4 for N, `None` beyond the
    /// ends of the sequence.
    pub(crate) fn seqlet_bases(&self, seqlet: &Seqlet) -> impl Iterator<Item = Option<u8>> {
        let bases = self.bases(seqlet.example as usize);
        self.positions(seqlet).map(move |position| {
            let base = bases[position?];
            Some(if seqlet.reverse && base != UNKNOWN {
                3 - base
            } else {
                base
            })
        })
    }

    /// Places of the positions of a seqlet along its strand.
    pub(crate) fn positions(&self, seqlet: &Seqlet) -> impl Iterator<Item = Option<usize>> {
        let (start, end, reverse) = (seqlet.start, seqlet.end, seqlet.reverse);
        let length = self.length as i32;
        (0..end - start).map(move |i| {
            let position = if reverse { end - 1 - i } else { start + i };
            (0..length).contains(&position).then_some(position as usize)
        })
    }

    /// Writes the [`CHANNELS`] of each position of a seqlet along its strand, 0 beyond the ends.
    pub(crate) fn fill(&self, seqlet: &Seqlet, out: &mut [f32]) {
        let example = seqlet.example as usize;
        let bases = self.bases(example);
        let tracks: [&[f32]; 4] = std::array::from_fn(|base| self.hypothetical(example, base));
        let (rows, _) = out.as_chunks_mut::<CHANNELS>();
        for (row, position) in rows.iter_mut().zip(self.positions(seqlet)) {
            *row = [0.0; CHANNELS];
            let Some(position) = position else { continue };
            for (base, track) in tracks.iter().enumerate() {
                let letter = if seqlet.reverse { 3 - base } else { base };
                row[letter] = track[position];
            }
            let base = usize::from(bases[position]);
            if base < 4 {
                let letter = if seqlet.reverse { 3 - base } else { base };
                row[4 + letter] = row[letter];
            }
        }
    }
}

/// Sequences and positions of an array, which must be sequences × 4 × positions.
fn check_layout(path: &Path, shape: &[u64]) -> Result<[usize; 2]> {
    let expected = "an array of sequences × 4 × positions";
    let fault = || Error::input(path, Place::File, expected, shape_text(shape));
    match *shape {
        [examples, 4, length] if examples > 0 && length > 0 => {
            let sizes = [examples, length].map(usize::try_from);
            let [Ok(examples), Ok(length)] = sizes else {
                return Err(fault());
            };
            Ok([examples, length])
        }
        [_, _, 4] => Err(fault().hint(
            "exchange the last two dimensions: `numpy.savez_compressed(path, array.transpose(0, 2, 1))`",
        )),
        _ => Err(fault()
            .hint("save it with `numpy.savez_compressed(path, array)`, A, C, G, T in this order")),
    }
}

fn shape_text(shape: &[u64]) -> String {
    let sizes: Vec<String> = shape.iter().map(ToString::to_string).collect();
    if sizes.is_empty() {
        "a single number".to_owned()
    } else {
        format!("one of {}", sizes.join(" × "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tracks() -> Tracks {
        // One sequence, ACGN; the contribution of base b at position p is 10 b + p.
        let hypothetical = (0..16).map(|i| (10 * (i / 4) + i % 4) as f32).collect();
        Tracks::new(4, vec![0, 1, 2, 4], hypothetical).expect("tracks")
    }

    #[test]
    fn a_seqlet_reads_along_its_strand() {
        let tracks = tracks();
        let mut out = [0.0; 5 * CHANNELS];
        let seqlet = Seqlet {
            example: 0,
            start: -1,
            end: 4,
            reverse: false,
        };
        tracks.fill(&seqlet, &mut out);
        assert_eq!(out[..8], [0.0; 8]);
        assert_eq!(out[8..16], [0.0, 10.0, 20.0, 30.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(out[16..24], [1.0, 11.0, 21.0, 31.0, 0.0, 11.0, 0.0, 0.0]);
        assert_eq!(out[36..40], [0.0; 4], "N contributes nothing");
        assert_eq!(tracks.known(&seqlet), 4);
        let reverse = Seqlet {
            reverse: true,
            ..seqlet
        };
        tracks.fill(&reverse, &mut out);
        // G at position 2 is C of the other strand.
        assert_eq!(out[8..16], [32.0, 22.0, 12.0, 2.0, 0.0, 22.0, 0.0, 0.0]);
        let bases: Vec<_> = tracks.seqlet_bases(&reverse).collect();
        assert_eq!(bases, [Some(4), Some(1), Some(2), Some(3), None]);
    }

    #[test]
    fn tracks_that_do_not_fit_are_refused() {
        assert!(Tracks::new(4, vec![0; 6], vec![0.0; 24]).is_err());
        assert!(Tracks::new(3, vec![0; 6], vec![0.0; 12]).is_err());
        assert!(Tracks::new(3, vec![5; 6], vec![0.0; 24]).is_err());
        assert!(Tracks::new(3, vec![0; 6], vec![f32::NAN; 24]).is_err());
    }

    use bindscape_arrays::npz::{ArrayWriter, header_bytes};
    use bindscape_base::progress::Silent;

    fn write(path: &Path, shape: &[u64], numbers: &[f64]) {
        let mut writer = ArrayWriter::create(path, shape).expect("created");
        writer.write(numbers).expect("written");
        writer.finish().expect("finished");
    }

    /// What is said of one-hot sequences and contributions of these shapes and numbers.
    fn refused(one_hot: (&[u64], &[f64]), contributions: (&[u64], &[f64])) -> String {
        let directory = tempfile::tempdir().expect("directory");
        let [s, a] = ["s.npz", "a.npz"].map(|name| directory.path().join(name));
        write(&s, one_hot.0, one_hot.1);
        write(&a, contributions.0, contributions.1);
        let error = Tracks::read(&s, &a, None, &Silent).expect_err("refused");
        format!("{error}; {}", error.advice().unwrap_or_default())
    }

    /// AC, one-hot.
    const AC: [f64; 8] = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0];

    #[test]
    fn archives_are_read_and_cut_in_the_middle() {
        let directory = tempfile::tempdir().expect("directory");
        let [s, a] = ["s.npz", "a.npz"].map(|name| directory.path().join(name));
        write(&s, &[1, 4, 2], &AC);
        write(&a, &[1, 4, 2], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
        let tracks = Tracks::read(&s, &a, None, &Silent).expect("read");
        assert_eq!(tracks.bases(0), [0, 1]);
        assert_eq!(tracks.hypothetical(0, 3), [7.0, 8.0]);
        assert_eq!(
            [tracks.contribution(0, 0), tracks.contribution(0, 1)],
            [1.0, 4.0]
        );
        // Arrays without an archive are read as well.
        let alone = |name: &str, kind: &str, bytes: Vec<u8>| {
            let path = directory.path().join(name);
            let header = header_bytes(&[1, 4, 2], kind);
            std::fs::write(&path, [header, bytes].concat()).expect("written");
            path
        };
        let one_hot = alone("s.npy", "|i1", AC.map(|value| value as u8).to_vec());
        let numbers = (1..9).flat_map(|value: u8| f32::from(value).to_le_bytes());
        let values = alone("a.npy", "<f4", numbers.collect());
        let same = Tracks::read(&one_hot, &values, None, &Silent).expect("read");
        assert_eq!(
            (same.bases(0), same.hypothetical(0, 3)),
            (tracks.bases(0), tracks.hypothetical(0, 3))
        );
        let cut = Tracks::read(&s, &a, Some(1), &Silent).expect("read");
        assert_eq!((cut.bases(0), cut.length()), (&[1][..], 1));
        assert!(Tracks::read(&s, &a, Some(3), &Silent).is_err());
    }

    #[test]
    fn arrays_of_another_layout_are_refused_with_what_was_expected() {
        let said = refused((&[1, 2, 4], &AC), (&[1, 2, 4], &AC));
        assert!(
            said.contains("s.npz: expected an array of sequences × 4 × positions"),
            "{said}"
        );
        assert!(
            said.contains("found one of 1 × 2 × 4") && said.contains("transpose(0, 2, 1)"),
            "{said}"
        );
        let said = refused((&[1, 4, 2], &AC), (&[2, 4, 1], &AC));
        assert!(
            said.contains("a.npz: expected an array of the shape of"),
            "{said}"
        );
        assert!(said.contains("found one of 2 × 4 × 1"), "{said}");
        let said = refused((&[8], &AC), (&[8], &AC));
        assert!(said.contains("found one of 8"), "{said}");
    }

    #[test]
    fn numbers_that_cannot_be_are_refused_with_their_place() {
        let half = AC.map(|value| value / 2.0);
        let said = refused((&[1, 4, 2], &half), (&[1, 4, 2], &AC));
        assert!(
            said.contains("record 0: expected one-hot sequences")
                && said.contains("0.5 for A at position 0"),
            "{said}"
        );
        let mut nan = AC;
        nan[3] = f64::NAN;
        let said = refused((&[1, 4, 2], &AC), (&[1, 4, 2], &nan));
        assert!(
            said.contains("a.npz, record 0: expected finite numbers"),
            "{said}"
        );
    }

    #[test]
    fn too_few_seqlets_are_told() {
        // Three sequences with one site each.
        let (length, mut bases, mut hypothetical) = (60, Vec::new(), Vec::new());
        for example in 0..3 {
            bases.extend((0..length).map(|i| ((i * 7 + i / 5 + example) % 4) as u8));
            let mut values: Vec<f32> = (0..4 * length)
                .map(|i| ((i * 31 % 17) as f32 - 8.0) / 100.0)
                .collect();
            for base in values.chunks_mut(length) {
                base[30..36].fill(1.0);
            }
            hypothetical.extend(values);
        }
        let tracks = Tracks::new(length, bases, hypothetical).expect("tracks");
        let error = crate::find(&tracks, &crate::Options::default(), &Silent).expect_err("too few");
        let said = format!("{error}; {}", error.advice().unwrap_or_default());
        assert!(
            said.contains("expected at least 20 that raise or lower the prediction"),
            "{said}"
        );
        assert!(said.contains("in 3 sequences"), "{said}");
        let flat = Tracks::new(60, vec![0; 120], vec![0.0; 480]).expect("tracks");
        let error = crate::find(&flat, &crate::Options::default(), &Silent).expect_err("flat");
        assert!(
            error
                .to_string()
                .contains("windows that differ in their sum"),
            "{error}"
        );
        let short = Tracks::new(10, vec![0; 20], vec![0.0; 80]).expect("tracks");
        assert!(crate::find(&short, &crate::Options::default(), &Silent).is_err());
    }
}
