//! `bindscape matrix inspect` and `bindscape matrix similarity`.

use std::io::Write;
use std::path::PathBuf;

use bindscape_base::atomic;
use bindscape_base::atomic::AtomicFile;
use bindscape_base::progress::Progress;
use bindscape_base::{Error, Result};
use bindscape_matrix::inspect;
use bindscape_matrix::inspect::Inspection;
use bindscape_matrix::{parquet, similarity};
use clap::Args;

use crate::data::SequenceArguments;
use crate::terminal::Terminal;
use bindscape::data;

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

pub(super) fn inspect(arguments: &InspectArguments, terminal: &Terminal) -> Result<()> {
    terminal.begin("reading the matrix", None);
    let matrix = parquet::read(&arguments.matrix, None)?;
    terminal.finish();
    let OptionalSequences { sequences, genome } = &arguments.sequences;
    let sequences = if sequences.is_some() || genome.is_some() {
        let source = SequenceArguments {
            sequences: sequences.clone(),
            genome: genome.clone(),
        };
        let length = data::width(&matrix, &arguments.matrix)?;
        let mut source = source.open()?;
        Some(data::fetch(
            source.as_mut(),
            &matrix.regions,
            length,
            terminal,
        )?)
    } else {
        None
    };
    let inspection = inspect::inspect(&matrix, sequences.as_ref());
    let mut out = std::io::stdout().lock();
    let written = if arguments.json {
        serde_json::to_writer_pretty(&mut out, &inspection)
            .map_err(std::io::Error::from)
            .and_then(|()| writeln!(out))
    } else {
        print_tables(&mut out, &inspection)
    };
    written.map_err(|source| Error::io("write", "standard output", source))
}

fn print_tables(out: &mut dyn Write, inspection: &Inspection) -> std::io::Result<()> {
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

pub(super) fn similarity(arguments: &SimilarityArguments, terminal: &Terminal) -> Result<()> {
    terminal.begin("reading the matrix", None);
    let matrix = parquet::read(&arguments.matrix, None)?;
    terminal.finish();
    terminal.begin("comparing TFs", None);
    let similarity = similarity::similarity(&matrix);
    terminal.finish();
    let failed = |source| Error::io("write", &arguments.out, source);
    let mut out = AtomicFile::create(&arguments.out)?;
    writeln!(out, "tf\t{}", similarity.tfs.join("\t")).map_err(failed)?;
    for (a, tf) in similarity.tfs.iter().enumerate() {
        write!(out, "{tf}").map_err(failed)?;
        for b in 0..similarity.tfs.len() {
            match similarity.get(a, b) {
                Some(value) => write!(out, "\t{value:.6}"),
                None => write!(out, "\tNA"),
            }
            .map_err(failed)?;
        }
        writeln!(out).map_err(failed)?;
    }
    out.commit()?;
    if let Some(path) = &arguments.heatmap {
        let svg = bindscape_report::heatmap_svg(
            &similarity.tfs,
            &similarity.values,
            &similarity.order,
            "Cosine similarity of binding vectors",
        );
        atomic::write(path, svg.as_bytes())?;
    }
    Ok(())
}
