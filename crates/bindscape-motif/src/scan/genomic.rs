//! Regions that names of sequences state, and from where they count.

use std::path::Path;

use bindscape_base::{Error, Place, Result};
use bindscape_genome::fasta::{NameStyle, RegionName, region_of_name};
use bindscape_genome::region::Region;

use super::stream::{Batch, Sequence};

/// How a style of names counts, in words.
#[must_use]
pub fn counting(style: NameStyle) -> &'static str {
    match style {
        NameStyle::Bedtools => "from 0, the end excluded, as `bedtools getfasta` does",
        NameStyle::Samtools => "from 1, the end included, as `samtools faidx` does",
    }
}

/// Reads the regions that the names of a file's sequences state ([`RegionName`]). The length of a
/// sequence tells from where they count, and all of a file count alike.
#[derive(Debug, Default)]
pub struct Regions {
    /// What the sequences so far say, and the line of the first that did.
    known: Option<(NameStyle, u64)>,
    /// Whether places of a sequence were given out before its length was known.
    assumed: bool,
}

impl Regions {
    /// From where positions count; `None` if no name stated a region.
    #[must_use]
    pub fn style(&self) -> Option<NameStyle> {
        self.known.map(|(style, _)| style)
    }

    /// The region of each sequence of a batch, and whether it is that of the reverse strand; `None`
    /// for a name that states none. A sequence that goes on in the next batch counts as those
    /// before it, or from 0 where there is none.
    ///
    /// # Errors
    /// If a sequence is as long as neither way of counting says, or not all count alike.
    pub fn of_batch<'a>(
        &mut self,
        batch: &'a Batch,
        path: &Path,
    ) -> Result<Vec<Option<(Region<'a>, bool)>>> {
        for sequence in &batch.sequences {
            let name = RegionName::parse(&sequence.name);
            match (name, sequence.length) {
                (Some(name), Some(length)) => self.learn(sequence, length, &name, path)?,
                (Some(_), None) => self.assumed |= self.known.is_none(),
                (None, _) => {}
            }
        }
        let place = |sequence: &'a Sequence| match (self.style(), sequence.length) {
            (Some(NameStyle::Samtools), None) => {
                // Its length is not known yet; that of the region is.
                let name = RegionName::parse(&sequence.name)?;
                let placed = name.placed(name.length() + 1)?;
                Some((placed.region, placed.reverse))
            }
            (_, Some(length)) => {
                let placed = RegionName::parse(&sequence.name)?.placed(length)?;
                Some((placed.region, placed.reverse))
            }
            _ => region_of_name(&sequence.name),
        };
        Ok(batch.sequences.iter().map(place).collect())
    }

    /// Takes from the length of a sequence how the region in its name counts.
    fn learn(
        &mut self,
        sequence: &Sequence,
        length: u64,
        name: &RegionName<'_>,
        path: &Path,
    ) -> Result<()> {
        let fault = |expected: String, found: String| {
            Error::input(path, Place::Line(sequence.line), expected, found)
        };
        let Some(placed) = name.placed(length) else {
            return Err(fault(
                format!(
                    "{} letters for {:?} ({} if it counts from 1 and includes the end)",
                    name.length(),
                    sequence.name,
                    name.length() + 1
                ),
                length.to_string(),
            )
            .hint("leave out ⟦genomic_coordinates⟧ if names are no regions"));
        };
        let counts = || {
            format!(
                "{:?}, which counts {}",
                sequence.name,
                counting(placed.style)
            )
        };
        match self.known {
            None if self.assumed && placed.style == NameStyle::Samtools => Err(fault(
                format!("positions {}", counting(NameStyle::Bedtools)),
                counts(),
            )
            .hint("put a shorter sequence first: how this one counts is known only at its end")),
            Some((known, line)) if known != placed.style => Err(fault(
                format!("positions {}, as on line {line}", counting(known)),
                counts(),
            )
            .hint("make the file with one of the two programs")),
            Some(_) => Ok(()),
            None => {
                self.known = Some((placed.style, sequence.line));
                Ok(())
            }
        }
    }
}
