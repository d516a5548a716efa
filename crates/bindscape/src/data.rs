//! Options that say where regions and sequences come from, and how they are split.

use std::path::{Path, PathBuf};

use bindscape_base::digest::InputFile;
use bindscape_base::progress::Progress;
use bindscape_base::{Error, Place, Result, digest};
use bindscape_genome::load;
use bindscape_genome::load::SequenceInput;
use bindscape_genome::region::Regions;
use bindscape_genome::sequence::{PackedSequences, SequenceSource};
use bindscape_matrix::BindingMatrix;
use bindscape_matrix::results::DataStep;
use bindscape_matrix::split::Split;
use clap::{Args, ValueEnum};

/// The genome build of simulated data.
pub(crate) const SIMULATED_BUILD: &str = "simulated";

/// Where the sequences of regions come from.
#[derive(Debug, Args)]
pub(crate) struct SequenceArguments {
    /// FASTA of the regions, headers ending in chrom:start-end (as `bedtools getfasta` writes them); may be gzipped
    #[arg(long, value_name = "FASTA", required_unless_present = "genome")]
    pub(crate) sequences: Option<PathBuf>,
    /// Genome: 2bit, or FASTA with its .fai beside it
    #[arg(long, value_name = "FILE", conflicts_with = "sequences")]
    pub(crate) genome: Option<PathBuf>,
}

impl SequenceArguments {
    /// The source, opened.
    pub(crate) fn open(&self) -> Result<Box<dyn SequenceSource>> {
        self.input()?.1.open()
    }

    /// The source, opened, and the records of `matrix` and of its own file.
    pub(crate) fn open_with(
        &self,
        matrix: &Path,
    ) -> Result<(Box<dyn SequenceSource>, Vec<InputFile>)> {
        let (role, input) = self.input()?;
        let inputs = vec![
            digest::input_file("matrix", matrix)?,
            digest::input_file(role, input.path())?,
        ];
        Ok((input.open()?, inputs))
    }

    /// The input asked for, and its role.
    fn input(&self) -> Result<(&'static str, SequenceInput)> {
        match (&self.sequences, &self.genome) {
            (Some(path), _) => Ok(("sequences", SequenceInput::Fasta(path.clone()))),
            (None, Some(path)) => Ok(("genome", SequenceInput::Genome(path.clone()))),
            (None, None) => Err(Error::option(
                "--sequences",
                "a FASTA file or --genome",
                "neither",
            )),
        }
    }
}

/// Loads the sequences of regions of one width; the network takes no other.
pub(crate) fn fetch(
    source: &mut dyn SequenceSource,
    regions: &Regions,
    length: usize,
    progress: &dyn Progress,
) -> Result<PackedSequences> {
    load::load_sequences(source, regions, length, progress)
}

/// How regions are divided into training, validation and test parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SplitKind {
    /// 80% / 10% / 10% at random
    Random,
    /// Whole chromosomes
    Chromosome,
}

/// Options of the split.
#[derive(Debug, Args)]
pub(crate) struct SplitArguments {
    /// How regions are split into training, validation and test parts
    #[arg(long, value_enum, default_value = "random")]
    split: SplitKind,
    /// Chromosomes of the validation part with --split chromosome [default: chosen near 10% of the regions]
    #[arg(long, value_delimiter = ',', value_name = "CHROM,…")]
    validation_chromosomes: Vec<String>,
    /// Chromosomes of the test part with --split chromosome [default: chosen near 10% of the regions]
    #[arg(long, value_delimiter = ',', value_name = "CHROM,…")]
    test_chromosomes: Vec<String>,
}

impl SplitArguments {
    pub(crate) fn split(&self) -> Result<Split> {
        let named = !self.validation_chromosomes.is_empty() || !self.test_chromosomes.is_empty();
        match self.split {
            SplitKind::Random if named => Err(Error::option(
                "--split",
                "`chromosome`, since chromosomes are named for a part",
                "`random`",
            )),
            SplitKind::Random => Ok(Split::Random {
                train: 0.8,
                validation: 0.1,
                test: 0.1,
            }),
            SplitKind::Chromosome => Ok(Split::Chromosome {
                validation: self.validation_chromosomes.clone(),
                test: self.test_chromosomes.clone(),
            }),
        }
    }
}

/// The common width of a matrix's regions, which is the length of the network's sequences.
pub(crate) fn width(matrix: &BindingMatrix, path: &Path) -> Result<usize> {
    let mut widths = matrix
        .regions
        .iter()
        .map(|region| region.end - region.start);
    let Some(width) = widths.next() else {
        return Err(Error::input(path, Place::File, "regions", "none"));
    };
    match widths.position(|other| other != width) {
        None => Ok(width as usize),
        Some(row) => Err(Error::input(
            path,
            Place::Record(matrix.regions.get(row + 1).to_string()),
            format!("regions of one width ({width} bp, as the first)"),
            "another width",
        )
        .hint("build the matrix with `matrix build --width`")),
    }
}

/// A sentence for results made from simulated data. The demonstration names its
/// genome build so; no sequencing project does.
pub(crate) fn simulated(genome: Option<&str>) -> Option<String> {
    (genome == Some(SIMULATED_BUILD)).then(|| {
        "The genome, the peaks and the sites behind this run are simulated. \
         Nothing here is a biological result."
            .to_owned()
    })
}

/// Says what was taken and what was left out.
pub(crate) fn tell_steps(steps: &[DataStep], progress: &dyn Progress) {
    for step in steps {
        progress.note(&format!("{:>12}  {}", thousands(step.regions), step.what));
    }
}

/// A count with commas between thousands.
pub(crate) fn thousands(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn thousands_are_parted() {
        assert_eq!(super::thousands(7), "7");
        assert_eq!(super::thousands(1_234_567), "1,234,567");
        assert_eq!(super::thousands(123), "123");
    }
}
