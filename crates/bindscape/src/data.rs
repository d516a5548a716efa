//! Regions and sequences of a job, and what is said of them.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use bindscape_base::digest::InputFile;
use bindscape_base::progress::Progress;
use bindscape_base::reading::Reading;
use bindscape_base::{Error, Place, Result, digest};
use bindscape_genome::load;
use bindscape_genome::load::SequenceInput;
use bindscape_genome::region::{Region, Regions, Window};
use bindscape_genome::sequence::{PackedSequences, SequenceSource};
use bindscape_matrix::results::DataStep;
use bindscape_matrix::{BindingMatrix, Provenance, parquet};

pub use bindscape_base::words::{counted, plural, thousands};

/// The genome build of simulated data.
pub(crate) const SIMULATED_BUILD: &str = "simulated";

/// The inputs of a run on `matrix`, for its record.
///
/// # Errors
/// If a file cannot be read.
pub(crate) fn records(matrix: &Path, sequences: &SequenceInput) -> Result<Vec<InputFile>> {
    let role = match sequences {
        SequenceInput::Fasta(_) => "sequences",
        SequenceInput::Genome(_) => "genome",
    };
    let reading = Reading::current();
    let (matrix, sequences) = rayon::join(
        || reading.enter(|| digest::input_file("matrix", matrix)),
        || reading.enter(|| digest::input_file(role, sequences.path())),
    );
    Ok(vec![matrix?, sequences?])
}

/// Name, size and digest of the files that are there, with their roles.
pub(crate) fn given(files: &[(&str, Option<&PathBuf>)]) -> Result<Vec<InputFile>> {
    let given = files.iter().filter_map(|&(role, path)| Some((role, path?)));
    given
        .map(|(role, path)| digest::input_file(role, path))
        .collect()
}

/// Opens sequences whose checksum is recorded. A file that is read whole is digested meanwhile.
///
/// # Errors
/// As [`SequenceInput::open`].
pub(crate) fn open_recorded(sequences: &SequenceInput) -> Result<Box<dyn SequenceSource>> {
    Reading::current().digest_as_read([sequences.path()]);
    sequences.open()
}

/// Reads the matrix at `path`: the columns of `tfs`, in that order, or all. Says what makes it
/// doubtful.
pub(crate) fn read_matrix(
    path: &Path,
    tfs: Option<&[String]>,
    progress: &dyn Progress,
) -> Result<BindingMatrix> {
    progress.begin("reading the matrix", None);
    let matrix = parquet::read(path, tfs)?;
    progress.finish();
    tell_provenance(&matrix.provenance, path, progress);
    Ok(matrix)
}

/// The same with sequences of `width` bases around the centres of its regions, which keep their
/// labels (Novakovsky et al. 2021, Figures S8 and S9). Regions too near to the beginning of their
/// chromosome are left out.
///
/// # Errors
/// If the matrix has regions of several widths, or wider ones.
pub(crate) fn widened(
    matrix: BindingMatrix,
    wanted: Option<u32>,
    path: &Path,
    progress: &dyn Progress,
) -> Result<BindingMatrix> {
    let Some(wanted) = wanted else {
        return Ok(matrix);
    };
    let width = width(&matrix, path)?;
    if (wanted as usize) < width {
        return Err(Error::argument(
            "width",
            format!("at least {width} bp, the width of the regions that have the labels"),
            wanted.to_string(),
        ));
    }
    let mut regions = Regions::new();
    let mut kept = Vec::new();
    for (row, region) in matrix.regions.iter().enumerate() {
        let window = Window::around(region.centre(), wanted);
        // Where the chromosome ends is known to its sequence.
        if let Some((start, end)) = window.within(u64::from(u32::MAX)) {
            regions.push(region.chrom, start, end);
            kept.push(row);
        }
    }
    let lost = (matrix.regions.len() - kept.len()) as u64;
    if lost > 0 {
        progress.note(&format!(
            "{} left out: fewer than {wanted} bp around the centre, at the beginning of a chromosome",
            counted(lost, "region")
        ));
    }
    let columns = matrix.columns.iter();
    let columns = columns.map(|column| kept.iter().map(|&row| column[row]).collect());
    Ok(BindingMatrix {
        columns: columns.collect(),
        regions,
        ..matrix
    })
}

/// The first of `items` that is there twice.
pub(crate) fn twice<T: PartialEq>(items: &[T]) -> Option<&T> {
    let place = (0..items.len()).find(|&place| items[..place].contains(&items[place]));
    place.map(|place| &items[place])
}

/// The rows of the matrix whose regions are among `regions`, the very same.
pub(crate) fn rows_of(matrix: &BindingMatrix, regions: &Regions) -> Vec<usize> {
    let wanted: HashSet<Region<'_>> = regions.iter().collect();
    (0..matrix.regions.len())
        .filter(|&row| wanted.contains(&matrix.regions.get(row)))
        .collect()
}

fn tell_provenance(provenance: &Provenance, path: &Path, progress: &dyn Progress) {
    if !provenance.is_recorded() {
        progress.note(&format!(
            "warning: {} does not say where it comes from (did another program rewrite it?): its \
             genome build, its inputs and the rule of its states are unknown and cannot be checked; \
             whoever rewrites it should keep the Parquet metadata `bindscape.provenance`",
            path.display()
        ));
    }
    if let count @ 1.. = provenance.warnings.len() {
        progress.note(&format!(
            "warning: {} was built with {count} warning{}; `matrix inspect` shows them",
            path.display(),
            if count == 1 { "" } else { "s" }
        ));
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
        .hint("build the matrix with one ⟦width⟧")),
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

/// The last part of a path, for records that shall not depend on where files lie.
pub(crate) fn file_name(path: &Path) -> String {
    path.file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}
