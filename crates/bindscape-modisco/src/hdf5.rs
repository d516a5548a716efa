//! The HDF5 files of modisco-lite, which `modisco report`, finemo and others open.
//!
//! `pos_patterns` and `neg_patterns` hold groups `pattern_0`, `pattern_1`, …, each with its means
//! (`sequence`, `contrib_scores`, `hypothetical_contribs`: columns × 4, f64), its `seqlets` and its
//! `subpattern_0`, … of the same layout. The attribute `window_size` is the number of positions of
//! the sequences, to which `start` and `end` refer. Where edges were kept, a seqlet may begin
//! before 0 or end after the last position.

use std::path::Path;

use bindscape_base::atomic::AtomicFile;
use bindscape_base::error::Place;
use bindscape_base::{Error, Result};
use hdf5_pure::{AttrValue, EnumTypeBuilder, File, FileBuilder, Group, GroupBuilder};

use crate::pattern::Pattern;
use crate::stretch::Seqlet;
use crate::tracks::Tracks;

/// Groups of patterns that raise, and of those that lower, the prediction.
const SIGNS: [&str; 2] = ["pos_patterns", "neg_patterns"];

/// A pattern as a file holds it.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    /// `pos_patterns.pattern_0` and so on.
    pub name: String,
    /// Whether it raises the prediction.
    pub positive: bool,
    /// Share of the seqlets with A, C, G and T, by column.
    pub frequencies: Vec<[f64; 4]>,
    /// Mean contribution of A, C, G and T where they are, by column.
    pub contributions: Vec<[f64; 4]>,
    /// Mean hypothetical contribution of A, C, G and T, by column.
    pub hypothetical: Vec<[f64; 4]>,
    /// Its seqlets; none where a file of an early version leaves them out.
    pub seqlets: Vec<Seqlet>,
    /// Number of seqlets.
    pub count: usize,
}

impl Stored {
    /// Number `number` of the patterns of a sign.
    #[must_use]
    pub fn new(positive: bool, number: usize, pattern: &Pattern) -> Self {
        Self {
            name: format!("{}.pattern_{number}", SIGNS[usize::from(!positive)]),
            positive,
            frequencies: pattern.frequencies(),
            contributions: pattern.contributions(),
            hypothetical: pattern.hypothetical(),
            seqlets: pattern.seqlets().to_vec(),
            count: pattern.seqlets().len(),
        }
    }

    /// The columns that contribute, without those at the ends that contribute less than `share` of
    /// the strongest.
    #[must_use]
    pub fn core(&self, share: f64) -> std::ops::Range<usize> {
        let sizes: Vec<f64> = (self.contributions.iter())
            .map(|row| row.iter().map(|value| value.abs()).sum())
            .collect();
        let least = share * sizes.iter().copied().fold(0.0, f64::max);
        let strong = |size: &f64| *size >= least;
        let first = sizes.iter().position(strong).unwrap_or(0);
        let last = sizes.iter().rposition(strong).unwrap_or(sizes.len() - 1);
        first..last + 1
    }
}

/// Writes patterns of both signs; the file appears once all is written.
///
/// # Errors
/// If it cannot be written.
pub fn write(
    path: &Path,
    tracks: &Tracks,
    positive: &[Pattern],
    negative: &[Pattern],
) -> Result<()> {
    let mut file = FileBuilder::new();
    file.set_attr("window_size", AttrValue::I64(tracks.length() as i64));
    for (sign, patterns) in SIGNS.into_iter().zip([positive, negative]) {
        if patterns.is_empty() {
            continue;
        }
        let mut group = file.create_group(sign);
        for (number, pattern) in patterns.iter().enumerate() {
            let mut of_pattern = group.create_group(&format!("pattern_{number}"));
            add_pattern(&mut of_pattern, tracks, pattern);
            for (number, part) in pattern.subpatterns.iter().enumerate() {
                let mut of_part = of_pattern.create_group(&format!("subpattern_{number}"));
                add_pattern(&mut of_part, tracks, part);
                of_pattern.add_group(of_part.finish());
            }
            group.add_group(of_pattern.finish());
        }
        file.add_group(group.finish());
    }
    let mut target = AtomicFile::create(path)?;
    file.finish_to(&mut target).map_err(|error| {
        let source = match error {
            hdf5_pure::Error::Io(source) => source,
            other => std::io::Error::other(other.to_string()),
        };
        Error::io("write", path, source)
    })?;
    target.commit()
}

fn add_pattern(group: &mut GroupBuilder, tracks: &Tracks, pattern: &Pattern) {
    let width = pattern.width() as u64;
    for (name, rows) in [
        ("sequence", pattern.frequencies()),
        ("contrib_scores", pattern.contributions()),
        ("hypothetical_contribs", pattern.hypothetical()),
    ] {
        (group.create_dataset(name))
            .with_f64_data(rows.as_flattened())
            .with_shape(&[width, 4]);
    }
    let seqlets = pattern.seqlets();
    let mut of_seqlets = group.create_group("seqlets");
    of_seqlets
        .create_dataset("n_seqlets")
        .with_i64_data(&[seqlets.len() as i64]);
    type Number = fn(&Seqlet) -> i64;
    let numbers: [(&str, Number); 3] = [
        ("start", |seqlet| seqlet.start.into()),
        ("end", |seqlet| seqlet.end.into()),
        ("example_idx", |seqlet| seqlet.example.into()),
    ];
    for (name, of) in numbers {
        let values: Vec<i64> = seqlets.iter().map(of).collect();
        of_seqlets.create_dataset(name).with_i64_data(&values);
    }
    let strands: Vec<u8> = seqlets.iter().map(|seqlet| seqlet.reverse.into()).collect();
    // As h5py stores truth values.
    let boolean = EnumTypeBuilder::u8_based()
        .u8_value("FALSE", 0)
        .u8_value("TRUE", 1)
        .build()
        .expect("members that fit their type");
    of_seqlets
        .create_dataset("is_revcomp")
        .with_enum_u8_data(boolean, &strands);
    let shape = [seqlets.len() as u64, width, 4];
    let mut arrays: [Vec<f32>; 3] = Default::default();
    for seqlet in seqlets {
        for (position, base) in (tracks.positions(seqlet)).zip(tracks.seqlet_bases(seqlet)) {
            let mut rows = [[0.0_f32; 4]; 3];
            if let Some(position) = position {
                for (letter, value) in rows[2].iter_mut().enumerate() {
                    let track = if seqlet.reverse { 3 - letter } else { letter };
                    *value = tracks.hypothetical(seqlet.example as usize, track)[position];
                }
            }
            if let Some(base) = base.map(usize::from).filter(|&base| base < 4) {
                rows[0][base] = 1.0;
                rows[1][base] = rows[2][base];
            }
            for (array, row) in arrays.iter_mut().zip(rows) {
                array.extend(row);
            }
        }
    }
    let names = ["sequence", "contrib_scores", "hypothetical_contribs"];
    for (name, array) in names.into_iter().zip(&arrays) {
        (of_seqlets.create_dataset(name))
            .with_f32_data(array)
            .with_shape(&shape);
    }
    group.add_group(of_seqlets.finish());
}

/// What a file holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Contents {
    /// Positions of the sequences that seqlets refer to, where the file says so.
    pub window: Option<usize>,
    /// Patterns, those that raise the prediction first.
    pub patterns: Vec<Stored>,
}

/// Reads the patterns of a file, without their subpatterns.
///
/// # Errors
/// If it cannot be read, is no HDF5 file, or holds no pattern of modisco-lite.
pub fn read(path: &Path) -> Result<Contents> {
    // A file that cannot be opened has the message of the system.
    std::fs::File::open(path).map_err(|source| Error::io("read", path, source))?;
    let fault = |what: &str, error: &dyn std::fmt::Display| {
        Error::input(path, Place::File, what.to_owned(), error.to_string())
            .hint("give a file that `modisco motifs` or `bindscape motif modisco` wrote")
    };
    let file = File::open(path).map_err(|error| fault("an HDF5 file", &error))?;
    let root = file.root();
    let attributes = root
        .attrs()
        .map_err(|error| fault("attributes that can be read", &error))?;
    let window = match attributes.get("window_size") {
        Some(AttrValue::I64(window)) => usize::try_from(*window).ok(),
        _ => None,
    };
    let groups = root
        .groups()
        .map_err(|error| fault("groups that can be read", &error))?;
    let mut patterns = Vec::new();
    for (sign, positive) in SIGNS.into_iter().zip([true, false]) {
        if !groups.iter().any(|group| group == sign) {
            continue;
        }
        let of_sign =
            (root.group(sign)).map_err(|error| fault("a group that can be read", &error))?;
        let mut names = of_sign
            .groups()
            .map_err(|error| fault("groups that can be read", &error))?;
        names.sort_by_key(|name| number(name));
        for name in names {
            let group = (of_sign.group(&name))
                .map_err(|error| fault("a group that can be read", &error))?;
            let name = format!("{sign}.{name}");
            let pattern = read_pattern(&group, name.clone(), positive)
                .map_err(|error| fault(&format!("the arrays of {name}"), &error))?;
            patterns.push(pattern);
        }
    }
    let is_of_patterns =
        window.is_some() || (groups.iter()).any(|group| SIGNS.contains(&group.as_str()));
    if patterns.is_empty() && is_of_patterns {
        return Err(
            Error::input(path, Place::File, "at least one pattern", "none").hint(
                "the search that wrote the file found no pattern: give it more sequences, or \
                 look at the contributions first",
            ),
        );
    }
    if patterns.is_empty() {
        let found = if groups.is_empty() {
            "no group".to_owned()
        } else {
            groups.join(", ")
        };
        return Err(fault("a group `pos_patterns` or `neg_patterns`", &found));
    }
    Ok(Contents { window, patterns })
}

/// The number at the end of a name.
fn number(name: &str) -> usize {
    let digits = name.rsplit('_').next().unwrap_or_default();
    digits.parse().unwrap_or(usize::MAX)
}

fn read_pattern(
    group: &Group,
    name: String,
    positive: bool,
) -> Result<Stored, Box<dyn std::error::Error>> {
    let rows = |array: &str| -> Result<Vec<[f64; 4]>, Box<dyn std::error::Error>> {
        let values = group.dataset(array)?.read_f64()?;
        let (rows, rest) = values.as_chunks::<4>();
        if !rest.is_empty() || rows.is_empty() {
            return Err(format!("{} numbers in {array}", values.len()).into());
        }
        if let Some(value) = values.iter().find(|value| !value.is_finite()) {
            return Err(format!("{value} in {array}").into());
        }
        Ok(rows.to_vec())
    };
    let seqlets = group.group("seqlets")?;
    let (places, count) = match seqlets.dataset("start") {
        Ok(start) => {
            let starts = start.read_i64()?;
            let ends = seqlets.dataset("end")?.read_i64()?;
            let examples = seqlets.dataset("example_idx")?.read_i64()?;
            let strands = seqlets.dataset("is_revcomp")?.read_i64()?;
            let count = starts.len();
            if [ends.len(), examples.len(), strands.len()] != [count; 3] {
                return Err("arrays of seqlets of different lengths".into());
            }
            let places = (0..count)
                .map(|i| {
                    Ok(Seqlet {
                        example: u32::try_from(examples[i])?,
                        start: i32::try_from(starts[i])?,
                        end: i32::try_from(ends[i])?,
                        reverse: strands[i] != 0,
                    })
                })
                .collect::<Result<Vec<_>, std::num::TryFromIntError>>()?;
            (places, count)
        }
        Err(_) => {
            let count = seqlets.dataset("n_seqlets")?.read_i64()?;
            let count = count.first().copied().unwrap_or(0);
            (Vec::new(), usize::try_from(count)?)
        }
    };
    Ok(Stored {
        name,
        positive,
        frequencies: rows("sequence")?,
        contributions: rows("contrib_scores")?,
        hypothetical: rows("hypothetical_contribs")?,
        seqlets: places,
        count,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let tracks = Tracks::new(
            6,
            vec![0, 1, 2, 3, 4, 0],
            (0..24).map(|i| i as f32).collect(),
        )
        .expect("tracks");
        let seqlets = [(-1, 3, false), (2, 6, true)].map(|(start, end, reverse)| Seqlet {
            example: 0,
            start,
            end,
            reverse,
        });
        let mut pattern = Pattern::new(&tracks, seqlets).expect("two");
        pattern.subpatterns = vec![pattern.clone()];
        let directory = tempfile::tempdir().expect("directory");
        let path = directory.path().join("patterns.h5");
        let patterns = std::slice::from_ref(&pattern);
        write(&path, &tracks, patterns, patterns).expect("written");
        let contents = read(&path).expect("read");
        assert_eq!(contents.window, Some(6));
        assert_eq!(
            contents.patterns,
            [
                Stored::new(true, 0, &pattern),
                Stored::new(false, 0, &pattern)
            ]
        );
        assert_eq!(contents.patterns[1].name, "neg_patterns.pattern_0");
    }

    #[test]
    fn other_files_are_refused_with_a_hint() {
        let directory = tempfile::tempdir().expect("directory");
        let path = directory.path().join("text.h5");
        std::fs::write(&path, "no such format").expect("written");
        let error = read(&path).expect_err("refused");
        assert!(
            error.to_string().contains("expected an HDF5 file"),
            "{error}"
        );
        assert!(read(&directory.path().join("none.h5")).is_err());
    }

    #[test]
    fn a_file_of_a_search_without_patterns_says_so() {
        let directory = tempfile::tempdir().expect("directory");
        let path = directory.path().join("empty.h5");
        let refused = |file: FileBuilder| {
            file.write(&path).expect("written");
            let error = read(&path).expect_err("refused");
            format!("{error} hint: {}", error.advice().unwrap_or_default())
        };
        let mut with_group = FileBuilder::new();
        let group = with_group.create_group("pos_patterns");
        with_group.add_group(group.finish());
        let mut with_window = FileBuilder::new();
        with_window.set_attr("window_size", AttrValue::I64(400));
        for file in [with_group, with_window] {
            let told = refused(file);
            assert!(
                told.contains("empty.h5: expected at least one pattern, found none"),
                "{told}"
            );
            assert!(told.contains("more sequences"), "{told}");
        }
        let mut other = FileBuilder::new();
        let group = other.create_group("weights");
        other.add_group(group.finish());
        let told = refused(other);
        assert!(
            told.contains("a group `pos_patterns` or `neg_patterns`, found weights"),
            "{told}"
        );
    }
}
