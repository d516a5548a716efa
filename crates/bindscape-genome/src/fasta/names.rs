//! Regions in the names of FASTA records.

use crate::region::Region;

/// Who named a record, by the length of its sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameStyle {
    /// `bedtools getfasta`: from 0, without the end, as in BED.
    Bedtools,
    /// `samtools faidx`: from 1, with the end.
    Samtools,
}

/// A region in the name of a record, as two programs write them:
///
/// | program | name |
/// |---|---|
/// | `bedtools getfasta` | `chr1:99-300` |
/// | with `-name` (since 2.27) or `-name+` | `peak1::chr1:99-300` |
/// | with `-s`, with any of these | `chr1:99-300(-)` |
/// | `samtools faidx` | `chr1:100-300`, also as typed, `chr1:100,000-100,300` |
/// | with `-i` | `chr1:100-300/rc` |
///
/// Which of the two it was is told by the length of the sequence ([`RegionName::placed`]). A name
/// without a region (`bedtools getfasta -nameOnly`) is none.
///
/// ```
/// use bindscape_genome::fasta::{NameStyle, RegionName};
///
/// let name = RegionName::parse("peak1::chr1:100-300(-)").expect("a region");
/// let placed = name.placed(200).expect("200 bases");
/// assert_eq!(placed.region.to_string(), "chr1:100-300");
/// assert_eq!((placed.reverse, placed.style), (true, NameStyle::Bedtools));
/// // One base more: both ends are in it.
/// let placed = name.placed(201).expect("201 bases");
/// assert_eq!(placed.region.to_string(), "chr1:99-300");
/// assert!(name.placed(150).is_none());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegionName<'a> {
    chrom: &'a str,
    start: u32,
    end: u32,
    reverse: bool,
}

/// Where a record lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlacedRecord<'a> {
    /// The region, 0-based and half-open.
    pub region: Region<'a>,
    /// Whether the sequence is that of the reverse strand.
    pub reverse: bool,
    /// How the name counts.
    pub style: NameStyle,
}

impl<'a> RegionName<'a> {
    /// The region that `name` states; `None` if it states none.
    #[must_use]
    pub fn parse(name: &'a str) -> Option<Self> {
        let region = name.rsplit_once("::").map_or(name, |(_, region)| region);
        let (region, reverse) = strand_of(region)?;
        let (chrom, span) = region.rsplit_once(':')?;
        let (start, end) = span.split_once('-')?;
        let (start, end) = (position(start)?, position(end)?);
        (!chrom.is_empty() && start <= end).then_some(Self {
            chrom,
            start,
            end,
            reverse,
        })
    }

    /// Bases of the region, if the name counts as in BED.
    #[must_use]
    pub fn length(&self) -> u64 {
        u64::from(self.end - self.start)
    }

    /// Where a sequence of `length` bases of this name lies; `None` if that is not the length of
    /// the region, however it is counted.
    #[must_use]
    pub fn placed(&self, length: u64) -> Option<PlacedRecord<'a>> {
        let (start, style) = if length == 0 {
            return None;
        } else if length == self.length() {
            (self.start, NameStyle::Bedtools)
        } else if length == self.length() + 1 {
            (self.start.checked_sub(1)?, NameStyle::Samtools)
        } else {
            return None;
        };
        Some(PlacedRecord {
            region: Region {
                chrom: self.chrom,
                start,
                end: self.end,
            },
            reverse: self.reverse,
            style,
        })
    }
}

/// The region that a name states, counted as in BED, and whether the sequence is that of the
/// reverse strand: for readers that know the length of a sequence only at its end. `None` if it
/// states none.
#[must_use]
pub fn region_of_name(name: &str) -> Option<(Region<'_>, bool)> {
    let name = RegionName::parse(name)?;
    let placed = name.placed(name.length())?;
    Some((placed.region, placed.reverse))
}

/// A region without its strand, and whether that is the reverse one.
fn strand_of(region: &str) -> Option<(&str, bool)> {
    if let Some(region) = region.strip_suffix("/rc") {
        return Some((region, true));
    }
    let Some(open) = region.strip_suffix(')') else {
        return Some((region, false));
    };
    match open.rsplit_once('(')? {
        (region, "-") => Some((region, true)),
        (region, "+" | "." | "") => Some((region, false)),
        _ => None,
    }
}

/// A position, perhaps with commas between thousands.
fn position(text: &str) -> Option<u32> {
    if text.contains(',') && text.starts_with(|first: char| first.is_ascii_digit()) {
        return text.replace(',', "").parse().ok();
    }
    // Signs are no part of a position.
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placed(name: &str, length: u64) -> Option<(String, bool, NameStyle)> {
        let placed = RegionName::parse(name)?.placed(length)?;
        Some((placed.region.to_string(), placed.reverse, placed.style))
    }

    #[test]
    fn names_of_both_programs() {
        use NameStyle::{Bedtools, Samtools};
        for (name, length, region, reverse, style) in [
            ("chr1:99-300", 201, "chr1:99-300", false, Bedtools),
            ("chr1:99-300(+)", 201, "chr1:99-300", false, Bedtools),
            ("chr1:99-300(-)", 201, "chr1:99-300", true, Bedtools),
            ("chr1:99-300()", 201, "chr1:99-300", false, Bedtools),
            ("a:b::HLA:1:9-30(-)", 21, "HLA:1:9-30", true, Bedtools),
            ("chr1:100-300", 201, "chr1:99-300", false, Samtools),
            ("chr1:1-3", 3, "chr1:0-3", false, Samtools),
            ("chr1:7-7", 1, "chr1:6-7", false, Samtools),
            ("chr1:1,000-1,200", 201, "chr1:999-1200", false, Samtools),
            ("chr1:100-300/rc", 201, "chr1:99-300", true, Samtools),
            ("chr1:100-300(-)", 201, "chr1:99-300", true, Samtools),
        ] {
            let expected = (region.to_owned(), reverse, style);
            assert_eq!(placed(name, length), Some(expected), "{name}");
        }
        for (name, length) in [
            ("chr1:99-300", 200),
            ("chr1:99-300", 0),
            ("chr1:0-3", 4),
            ("chr1:7-7", 0),
            ("chr1:30-10", 20),
            ("chr1:+1-3", 2),
            ("n2(-)", 200),
            ("n2", 200),
            (":1-3", 2),
            ("chr1:1-3(x)", 2),
            ("chr1", 2),
        ] {
            assert_eq!(placed(name, length), None, "{name} {length}");
        }
    }
}
