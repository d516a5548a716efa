//! `bindscape matrix inspect` and `bindscape matrix similarity`.

use std::io::Write;
use std::path::PathBuf;

use bindscape::matrix::{CompareTfs, InspectMatrix};
use bindscape_base::{Error, Result};
use bindscape_genome::load::SequenceInput;
use bindscape_matrix::inspect::Inspection;
use bindscape_matrix::similarity::Similarity;
use clap::Args;

use crate::face::{Face, print_json};

/// Options of `matrix inspect`.
#[derive(Debug, Args)]
pub(crate) struct InspectArguments {
    /// Binding matrix (Parquet)
    matrix: PathBuf,
    #[command(flatten)]
    sequences: OptionalSequences,
    /// Print JSON instead of tables
    #[arg(long)]
    json: bool,
}

/// Sequences, where they are wanted.
#[derive(Debug, Args)]
struct OptionalSequences {
    /// FASTA of the regions, to count GC and unknown letters
    #[arg(long, value_name = "FASTA")]
    sequences: Option<PathBuf>,
    /// Genome of the regions, to count GC and unknown letters
    #[arg(long, value_name = "FILE", conflicts_with = "sequences")]
    genome: Option<PathBuf>,
}

/// Options of `matrix similarity`.
#[derive(Debug, Args)]
pub(crate) struct SimilarityArguments {
    /// Binding matrix (Parquet)
    matrix: PathBuf,
    /// Table to write (TSV, TF x TF, NA where it is not defined)
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Clustered heatmap to write (SVG)
    #[arg(long, value_name = "FILE")]
    heatmap: Option<PathBuf>,
}

impl From<InspectArguments> for InspectMatrix {
    fn from(arguments: InspectArguments) -> Self {
        let OptionalSequences { sequences, genome } = arguments.sequences;
        Self {
            matrix: arguments.matrix,
            sequences: sequences
                .map(SequenceInput::Fasta)
                .or(genome.map(SequenceInput::Genome)),
        }
    }
}

impl From<SimilarityArguments> for CompareTfs {
    fn from(arguments: SimilarityArguments) -> Self {
        Self {
            matrix: arguments.matrix,
            out: arguments.out,
            heatmap: arguments.heatmap,
        }
    }
}

pub(super) fn inspect(arguments: InspectArguments, face: &Face<'_>) -> Result<()> {
    let json = arguments.json;
    face.run(&InspectMatrix::from(arguments), |inspection, face| {
        if json {
            print_json(&inspection)
        } else {
            report_inspection(inspection, face)
        }
    })
}

/// Prints what a matrix holds as tables.
pub(crate) fn report_inspection(inspection: Inspection, _face: &Face<'_>) -> Result<()> {
    let mut out = std::io::stdout().lock();
    print_facts(&mut out, &inspection)
        .and_then(|()| print_table(&mut out, &inspection))
        .map_err(|source| Error::io("write", "standard output", source))
}

pub(super) fn similarity(arguments: SimilarityArguments, face: &Face<'_>) -> Result<()> {
    face.run(&CompareTfs::from(arguments), report_similarity)
}

/// Says nothing: the table is all there is.
pub(crate) fn report_similarity(_similarity: Similarity, _face: &Face<'_>) -> Result<()> {
    Ok(())
}

fn print_facts(out: &mut dyn Write, inspection: &Inspection) -> std::io::Result<()> {
    let provenance = &inspection.provenance;
    writeln!(
        out,
        "# genome: {}",
        provenance.genome.as_deref().unwrap_or("not named")
    )?;
    writeln!(out, "# rule: {}", provenance.rule)?;
    if let Some(cell) = &provenance.cell {
        writeln!(out, "# cell: {cell}")?;
    }
    writeln!(out, "# regions: {}", inspection.regions)?;
    if let Some(widths) = &inspection.widths {
        writeln!(
            out,
            "# width: min {} median {} mean {:.1} max {}",
            widths.min, widths.median, widths.mean, widths.max
        )?;
    }
    let share = |value: Option<f64>| {
        value.map_or_else(|| "NA".to_owned(), |v| format!("{:.1}%", 100.0 * v))
    };
    writeln!(
        out,
        "# unresolved: sparse {} less-sparse {}",
        share(inspection.unresolved_sparse),
        share(inspection.unresolved_less_sparse)
    )?;
    if let Some(gc) = &inspection.gc {
        write!(
            out,
            "# GC: {} sequences, {} with unknown letters, mean {}",
            gc.sequences,
            gc.unknown,
            share(gc.mean)
        )?;
        for (quantile, value) in &gc.quantiles {
            write!(
                out,
                ", {:.0}% quantile {:.1}%",
                100.0 * quantile,
                100.0 * value
            )?;
        }
        writeln!(out)?;
    }
    for chromosome in &inspection.chromosomes {
        writeln!(out, "# {}: {} regions", chromosome.name, chromosome.regions)?;
    }
    Ok(())
}

fn print_table(out: &mut dyn Write, inspection: &Inspection) -> std::io::Result<()> {
    writeln!(out, "tf\tbound\tunbound\tone_evidence\tclosed")?;
    for tf in &inspection.tfs {
        writeln!(
            out,
            "{}\t{}\t{}\t{}\t{}",
            tf.tf, tf.bound, tf.unbound, tf.one_evidence, tf.closed
        )?;
    }
    Ok(())
}
