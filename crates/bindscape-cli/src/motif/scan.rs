//! `bindscape motif scan`: where motifs fit in sequences.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use bindscape_base::atomic::AtomicFile;
use bindscape_base::progress::Progress;
use bindscape_base::{Error, Place, Result};
use bindscape_motif::scan::{
    self, Format, Letters, OccupancyWriter, Options, QValues, ScanMotif, Scanner, SequenceReader,
    Writer,
};
use bindscape_motif::{ASSUMED_SITES, Background, MotifSet, Pseudocount, motifs_from};
use clap::{Args, ValueEnum};

use super::input::unknown;
use crate::terminal::Terminal;
use bindscape::data::thousands;

/// Largest p-value of a hit, unless asked otherwise; FIMO's.
const THRESHOLD: f64 = 1e-4;

/// p-values up to this one are computed beforehand with `--best`, larger ones where needed.
const COMMON: f64 = 0.01;

/// Options of `motif scan`; those that FIMO has are named as there.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Sequences (FASTA), plain or compressed; `-` is standard input. They are read piece by piece:
    /// a chromosome needs no more memory than a short sequence
    #[arg(value_name = "SEQUENCES")]
    sequences: PathBuf,
    /// Motif file
    #[arg(long, value_name = "MOTIFS")]
    motifs: String,
    /// Only the motifs of these ids or names
    #[arg(long = "motif", value_name = "ID,…", value_delimiter = ',')]
    only: Vec<String>,
    /// Largest p-value of a hit [default: 1e-4; 1 with --best; 0.05 with --qv-thresh]
    #[arg(long, value_name = "P")]
    thresh: Option<f64>,
    /// Compare q-values with --thresh, not p-values
    #[arg(long, conflicts_with_all = ["best", "occupancy", "no_qvalue"])]
    qv_thresh: bool,
    /// Write no q-values
    #[arg(long, alias = "text")]
    no_qvalue: bool,
    /// Scan the sequences as they are, not their reverse complements
    #[arg(long)]
    norc: bool,
    /// Background: a file of MEME's background format or a MEME motif file, `--motif--` for that of
    /// the motif file, or `--uniform--`. With both strands, A and T are averaged, and C and G
    /// [default: that of the motif file, or uniform where it has none]
    #[arg(
        long,
        visible_alias = "bgfile",
        value_name = "FILE",
        allow_hyphen_values = true
    )]
    bfile: Option<String>,
    /// Sites added to those of each motif, split by the background
    #[arg(
        long,
        value_name = "SITES",
        default_value_t = scan::PSEUDOCOUNT,
        allow_negative_numbers = true
    )]
    motif_pseudo: f64,
    /// Only the best hit of each motif in each sequence
    #[arg(long)]
    best: bool,
    /// Instead of hits, the sum over all windows and strands of their probability under the motif
    #[arg(long, conflicts_with_all = ["best", "thresh", "format", "parse_genomic_coord"])]
    occupancy: bool,
    /// Positions in the genome for sequences named `chrom:start-end` or `name::chrom:start-end`
    /// (0-based, end excluded, as `bedtools getfasta` writes them)
    #[arg(long)]
    parse_genomic_coord: bool,
    /// Treat lower-case (soft-masked) bases like N
    #[arg(long)]
    skip_masked: bool,
    /// Format of the hits
    #[arg(long, value_enum, default_value = "tsv")]
    format: FormatChoice,
    /// File to write [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Formats of hits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FormatChoice {
    /// FIMO's columns; positions from 1, both ends included
    Tsv,
    /// BED6 and further columns; positions from 0, the end excluded
    Bed,
}

pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<()> {
    let threshold = arguments.thresh.unwrap_or(if arguments.best {
        1.0
    } else if arguments.qv_thresh {
        0.05
    } else {
        THRESHOLD
    });
    let scanner = prepare(arguments, threshold, terminal)?;
    let reader = SequenceReader::open(
        &arguments.sequences,
        scanner.widest(),
        arguments.skip_masked,
    )?;
    let job = Job {
        arguments,
        scanner: &scanner,
        threshold,
        terminal,
    };
    match &arguments.out {
        Some(path) => {
            let mut file = AtomicFile::create(path)?;
            let rows = job.write(reader, &mut file)?;
            file.commit()?;
            terminal.note(&format!(
                "wrote {}: {} rows",
                path.display(),
                thousands(rows)
            ));
        }
        None => {
            let mut out = BufWriter::with_capacity(1 << 18, std::io::stdout().lock());
            job.write(reader, &mut out)?;
            out.flush()
                .map_err(|source| Error::io("write", "<stdout>", source))?;
        }
    }
    Ok(())
}

/// Reads motifs and background, and says what is made of them.
fn prepare(arguments: &Arguments, threshold: f64, terminal: &Terminal) -> Result<Scanner> {
    let pseudocount =
        Pseudocount::new(arguments.motif_pseudo).map_err(|error| error.within("--motif-pseudo"))?;
    let mut set = motifs_from(&arguments.motifs)?;
    if !arguments.only.is_empty() {
        select(&mut set, arguments)?;
    }
    let single_strand = arguments.norc || set.single_strand;
    if set.single_strand && !arguments.norc {
        terminal.note("the motif file is for one strand: reverse complements are not scanned");
    }
    let background = background(arguments, &set, single_strand, terminal)?;
    let unknown = set.motifs.iter().filter(|motif| motif.sites.is_none());
    let unknown = unknown.count();
    if unknown > 0 && arguments.motif_pseudo > 0.0 {
        terminal.note(&format!(
            "{:>12}  motifs without a number of sites: {} are assumed beside the pseudocount",
            thousands(unknown as u64),
            ASSUMED_SITES
        ));
    }
    let tail = if arguments.best {
        // Refused here, since the scanner is asked for another one.
        if !(threshold > 0.0 && threshold <= 1.0) {
            return Err(Error::argument(
                "threshold",
                "a p-value above 0 and at most 1",
                threshold.to_string(),
            ));
        }
        threshold.min(COMMON)
    } else {
        threshold
    };
    let options = Options {
        threshold: tail,
        single_strand,
        pseudocount,
    };
    let scanner = Scanner::new(&set.motifs, &background, &options)
        .map_err(|error| error.within(&arguments.motifs))?;
    let weak = scanner.motifs().iter().filter(|m| m.threshold().is_none());
    let weak = weak.count();
    if weak > 0 && !arguments.best && !arguments.occupancy {
        terminal.note(&format!(
            "{:>12}  motifs without hits: even their best score has a p-value above {threshold}",
            thousands(weak as u64)
        ));
    }
    Ok(scanner)
}

fn select(set: &mut MotifSet, arguments: &Arguments) -> Result<()> {
    let is = |motif: &bindscape_motif::Motif, wanted: &String| {
        motif.id == *wanted || motif.name.as_ref() == Some(wanted)
    };
    for wanted in &arguments.only {
        if !set.motifs.iter().any(|motif| is(motif, wanted)) {
            let expected = format!("an id or a name of a motif of {}", arguments.motifs);
            return Err(unknown("--motif", expected, wanted, &set.motifs));
        }
    }
    set.motifs
        .retain(|motif| arguments.only.iter().any(|wanted| is(motif, wanted)));
    Ok(())
}

fn background(
    arguments: &Arguments,
    set: &MotifSet,
    single_strand: bool,
    terminal: &Terminal,
) -> Result<Background> {
    let of_motifs = || {
        set.background.ok_or_else(|| {
            Error::input(
                &arguments.motifs,
                Place::File,
                "the line `Background letter frequencies`, as --bfile asks for",
                "a motif file without it",
            )
        })
    };
    let (background, source) = match arguments.bfile.as_deref() {
        None => match set.background {
            Some(background) => (background, "of the motif file"),
            None => (Background::uniform(), "uniform"),
        },
        Some("--motif--") => (of_motifs()?, "of the motif file"),
        Some("--uniform--") => (Background::uniform(), "uniform"),
        Some(name) if name.starts_with("--") => {
            return Err(Error::argument(
                "bfile",
                "a file, --motif-- or --uniform--",
                format!("{name:?}"),
            )
            .hint(
                "write another background into a file: a letter and its probability on each line",
            ));
        }
        Some(path) => (Background::read(Path::new(path))?, "of the file"),
    };
    let background = if single_strand {
        background
    } else {
        background.both_strands()
    };
    let [a, c, g, t] = background.probabilities();
    terminal.note(&format!(
        "background {source}: A {a:.4} C {c:.4} G {g:.4} T {t:.4}"
    ));
    Ok(background)
}

/// A scan that is ready to run.
struct Job<'a> {
    arguments: &'a Arguments,
    scanner: &'a Scanner,
    threshold: f64,
    terminal: &'a Terminal,
}

impl Job<'_> {
    /// Scans and writes the table; returns its rows.
    fn write(&self, mut reader: SequenceReader, out: &mut dyn Write) -> Result<u64> {
        let label = format!(
            "scanning {} with {} motifs",
            reader.path().display(),
            self.scanner.motifs().len()
        );
        self.terminal.begin(&label, None);
        let rows = if self.arguments.occupancy {
            self.occupancy(&mut reader, out)
        } else {
            self.hits(&mut reader, out)
        };
        self.terminal.finish();
        let letters = reader.letters();
        rows.inspect(|_| self.tell(letters))
    }

    fn hits(&self, reader: &mut SequenceReader, out: &mut dyn Write) -> Result<u64> {
        let format = match self.arguments.format {
            FormatChoice::Tsv => Format::Tsv,
            FormatChoice::Bed => Format::Bed,
        };
        let genomic = self.arguments.parse_genomic_coord;
        let directory = self.arguments.out.as_ref().map(|out| match out.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        });
        let mut writer = Writer::new(self.scanner, format, genomic, directory);
        let mut q_values = QValues::new(self.scanner);
        let mut open = Vec::new();
        let path = reader.path().to_path_buf();
        scan::for_each_batch(reader, self.terminal, |batch| {
            let windows = self.scanner.windows(batch);
            if self.arguments.best {
                q_values.add(&[], &windows);
                let best = self.scanner.best(batch, &mut open);
                writer.add_best(batch, &best, self.threshold, &path)
            } else {
                let hits = self.scanner.hits(batch);
                q_values.add(&hits, &windows);
                writer.add(batch, &hits, &path)
            }
        })?;
        self.check_widths(&path, q_values.windows())?;
        if self.arguments.best || self.arguments.no_qvalue {
            return writer.finish(None, out);
        }
        let most = if self.arguments.qv_thresh {
            self.threshold
        } else {
            1.0
        };
        let q_values = q_values.finish(self.scanner);
        writer.finish(Some((&q_values, most)), out)
    }

    fn occupancy(&self, reader: &mut SequenceReader, out: &mut dyn Write) -> Result<u64> {
        let mut writer = OccupancyWriter::new(self.scanner);
        let mut windows = vec![0; self.scanner.motifs().len()];
        let mut open = Vec::new();
        let path = reader.path().to_path_buf();
        scan::for_each_batch(reader, self.terminal, |batch| {
            for (sum, more) in windows.iter_mut().zip(self.scanner.windows(batch)) {
                *sum += more;
            }
            writer.add(batch, &self.scanner.occupancy(batch, &mut open))
        })?;
        self.check_widths(&path, &windows)?;
        writer.finish(out)
    }

    /// Refuses sequences that no motif fits into, and tells which motifs fit nowhere.
    fn check_widths(&self, path: &Path, windows: &[u64]) -> Result<()> {
        let motifs = self.scanner.motifs();
        let narrowest = motifs.iter().map(ScanMotif::width).min().unwrap_or(0);
        let wide: Vec<&str> = motifs
            .iter()
            .zip(windows)
            .filter_map(|(motif, &windows)| (windows == 0).then_some(motif.id()))
            .collect();
        if wide.len() == motifs.len() {
            return Err(Error::input(
                path,
                Place::File,
                format!("{narrowest} bases in a row, as wide as the narrowest motif"),
                "shorter sequences, or such with too many other letters",
            ));
        }
        if !wide.is_empty() {
            let shown = wide[..wide.len().min(5)].join(", ");
            let more = if wide.len() > 5 { ", …" } else { "" };
            self.terminal.note(&format!(
                "{:>12}  motifs wider than any sequence without other letters: {shown}{more}",
                thousands(wide.len() as u64)
            ));
        }
        Ok(())
    }

    fn tell(&self, letters: Letters) {
        let Letters {
            sequences,
            bases,
            ambiguous,
            masked,
        } = letters;
        let strands = self.scanner.strands();
        self.terminal.note(&format!(
            "{:>12}  sequences with {} bases scanned on {strands} strand{}",
            thousands(sequences),
            thousands(bases),
            if strands == 1 { "" } else { "s" }
        ));
        for (count, what) in [
            (ambiguous, "N and other ambiguous letters left out"),
            (masked, "lower-case bases left out"),
        ] {
            if count > 0 {
                self.terminal
                    .note(&format!("{:>12}  {what}", thousands(count)));
            }
        }
    }
}
