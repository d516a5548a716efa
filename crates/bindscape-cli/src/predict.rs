//! `bindscape predict`: scores for sequences, or for regions of a genome.
//!
//! Sequences are read, scored and written a few thousand windows at a time, so
//! that neither input nor output has to fit into memory (a FASTA record has to).

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bindscape_base::input::Lines;
use bindscape_base::journal::Journal;
use bindscape_base::progress::{Progress, check};
use bindscape_base::{Error, Place, Result};
use bindscape_genome::bed::Record as BedRecord;
use bindscape_genome::fasta;
use bindscape_genome::genome::Genome;
use bindscape_genome::region::Region;
use bindscape_genome::sequence::{PackedSequences, SequenceSource};
use bindscape_genome::tiling;
use bindscape_matrix::scores::{ScoreFormat, ScoreHeader, ScoreRow, ScoreWriter};
use bindscape_nn::{Precision, Predictor, Strands};
use clap::{Args, ValueEnum};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::json;

use crate::device::DeviceArguments;
use crate::finetune::{file_name, load_model};
use crate::terminal::Terminal;
use bindscape::data::thousands;
use bindscape::training::PREDICTION_BATCH;
use bindscape::unfinished;

/// Windows that are scored before the next are read.
const WINDOWS: usize = 8192;

/// Options of `predict`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Model: a run directory with one model, or a .safetensors file
    #[arg(long, value_name = "RUN|FILE")]
    model: PathBuf,
    /// Sequences to score (FASTA, may be compressed; `-` is standard input). Records named by their region (chrom:start-end, as `bedtools getfasta` writes them) are reported there, others by name and position
    #[arg(long, value_name = "FILE", required_unless_present = "regions")]
    fasta: Option<PathBuf>,
    /// Regions to score (BED or narrowPeak, may be compressed; `-` is standard input); needs --genome
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "fasta",
        requires = "genome"
    )]
    regions: Option<PathBuf>,
    /// Genome of the regions: 2bit, or FASTA with its .fai beside it
    #[arg(long, value_name = "FILE")]
    genome: Option<PathBuf>,
    /// Table to write: .tsv, .bed (both also .gz) or .parquet; `-` is TSV on standard output
    #[arg(long, value_name = "FILE", default_value = "-")]
    out: PathBuf,
    /// Bases between windows over sequences longer than the model's [default: the model's length]
    #[arg(long, value_name = "BP")]
    stride: Option<u64>,
    /// What is reported of a sequence of several windows
    #[arg(long, value_enum, default_value = "max")]
    report: Report,
    /// Strands to score; the scores of both are averaged
    #[arg(long, value_enum, default_value = "both")]
    strands: StrandChoice,
    #[command(flatten)]
    device: DeviceArguments,
}

/// What is said of a sequence of several windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Report {
    /// The highest score of its windows
    Max,
    /// The mean score of its windows
    Mean,
    /// Every window, on a row of its own
    Windows,
}

/// Strands, as the command line names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum StrandChoice {
    /// Both strands
    Both,
    /// As given
    Forward,
}

pub(crate) fn run(arguments: Arguments, terminal: &Terminal) -> Result<()> {
    ScoreFormat::of(&arguments.out)?;
    if arguments.stride == Some(0) {
        return Err(Error::argument("stride", "at least 1", "0"));
    }
    let device = arguments.device.open()?;
    let (model, file) = load_model(&arguments.model)?;
    let length = model.architecture.length() as u64;
    let strands = match arguments.strands {
        StrandChoice::Both => Strands::Both,
        StrandChoice::Forward => Strands::Forward,
    };
    let header = ScoreHeader {
        bindscape: env!("CARGO_PKG_VERSION").into(),
        genome: model
            .training
            .genome
            .clone()
            .or_else(|| arguments.genome.as_deref().map(file_name)),
        model: file_name(&file),
        model_sha256: model.sha256().to_owned(),
        score: score_in_words(&arguments, length),
        tfs: model.tfs.clone(),
    };
    let plan = unfinished::plan(
        "predict",
        model.sha256(),
        arguments.device.choice,
        json!({
            "both_strands": strands == Strands::Both,
            "precision": arguments.device.precision.to_string(),
        }),
    );
    let mut scorer = Scorer {
        predictor: Predictor::new(&model, &device).with_precision(arguments.device.precision),
        strands,
        report: arguments.report,
        length,
        stride: arguments.stride.unwrap_or(length),
        tfs: model.tfs.len(),
        windows: PackedSequences::new(model.architecture.length()),
        rows: VecDeque::new(),
        writer: ScoreWriter::create(&arguments.out, &header)?,
        journal: unfinished::journal(&arguments.out, "batches of windows", &plan, terminal)?,
        written: 0,
        missing: 0,
        terminal,
    };
    terminal.begin("scoring", None);
    let short = match (&arguments.fasta, &arguments.regions, &arguments.genome) {
        (Some(fasta), _, _) => score_fasta(fasta, &mut scorer)?,
        (None, Some(regions), Some(genome)) => score_regions(regions, genome, &mut scorer)?,
        _ => unreachable!("clap requires sequences, or regions with their genome"),
    };
    scorer.flush()?;
    terminal.finish();
    let Scorer {
        writer,
        journal,
        written,
        missing,
        ..
    } = scorer;
    writer.finish()?;
    journal.map_or(Ok(()), Journal::finish)?;
    terminal.note(&format!(
        "{} rows written, {} of them without a score (letters other than A, C, G, T, or no room for a window)",
        thousands(written),
        thousands(missing)
    ));
    if short > 0 {
        terminal.note(&format!(
            "{} were shorter than the model's {length} bp: {}",
            thousands(short),
            if arguments.fasta.is_some() {
                "they have no score"
            } else {
                "the window around their centre was scored"
            }
        ));
    }
    Ok(())
}

fn score_in_words(arguments: &Arguments, length: u64) -> String {
    let strands = match arguments.strands {
        StrandChoice::Both => "mean of both strands",
        StrandChoice::Forward => "forward strand",
    };
    let stride = arguments.stride.unwrap_or(length);
    let windows = match arguments.report {
        Report::Max => "highest of the windows",
        Report::Mean => "mean of the windows",
        Report::Windows => "one row per window",
    };
    let precision = match arguments.device.precision {
        Precision::F32 => String::new(),
        half => format!(", computed in {half}"),
    };
    format!(
        "probability of binding, {strands}, windows of {length} bp every {stride} bp, \
         {windows}{precision}"
    )
}

/// Scores all records; returns how many were too short.
fn score_fasta(path: &Path, scorer: &mut Scorer<'_>) -> Result<u64> {
    let mut reader = fasta::Reader::open(path)?;
    let mut record = fasta::Record::default();
    let mut short = 0;
    while reader.read(&mut record)? {
        let end = record.sequence.len() as u64;
        short += u64::from(end < scorer.length);
        // A record that is named by its region is reported there.
        let placed = fasta::region_of_name(&record.name)
            .filter(|(region, reverse)| !reverse && u64::from(region.end - region.start) == end);
        let span = match placed {
            Some((region, _)) => Span {
                chrom: region.chrom,
                start: u64::from(region.start),
                end: u64::from(region.end),
                name: &record.name,
            },
            None => Span {
                chrom: &record.name,
                start: 0,
                end,
                name: ".",
            },
        };
        let offset = span.start;
        scorer.add(span, offset, &record.sequence)?;
    }
    Ok(short)
}

/// Scores all regions; returns how many were widened.
fn score_regions(path: &Path, genome: &Path, scorer: &mut Scorer<'_>) -> Result<u64> {
    let mut genome = Genome::open(genome)?;
    let lengths: std::collections::HashMap<String, u64> =
        genome.chromosomes().iter().cloned().collect();
    let mut lines = Lines::open(path)?;
    let mut letters = Vec::new();
    let mut short = 0;
    while let Some((number, line)) = lines.next()? {
        let record = match BedRecord::parse(line) {
            Ok(Some(record)) => record,
            Ok(None) => continue,
            Err(malformed) => return Err(malformed.at(path, number)),
        };
        let chrom = text(record.chrom, path, number, "a chromosome name")?;
        let name = match record.column(4) {
            Some(name) if !name.is_empty() => text(name, path, number, "a name")?,
            _ => ".",
        };
        let span = Span {
            chrom,
            start: u64::from(record.start),
            end: u64::from(record.end),
            name,
        };
        let (mut start, mut end) = (span.start, span.end);
        if end - start < scorer.length {
            short += 1;
            let centre = u64::from(record.centre());
            let half = scorer.length / 2;
            let room = lengths.get(chrom).copied().unwrap_or(u64::MAX);
            if centre < half || centre - half + scorer.length > room {
                // Checks that the region itself lies in the genome.
                letters.clear();
                genome
                    .fetch(region(chrom, start, end, path, number)?, &mut letters)
                    .map_err(|error| at_line(error, path, number))?;
                scorer.add(span, start, &[])?;
                continue;
            }
            start = centre - half;
            end = start + scorer.length;
        }
        letters.clear();
        genome
            .fetch(region(chrom, start, end, path, number)?, &mut letters)
            .map_err(|error| at_line(error, path, number))?;
        scorer.add(span, start, &letters)?;
    }
    Ok(short)
}

fn region<'a>(chrom: &'a str, start: u64, end: u64, path: &Path, line: u64) -> Result<Region<'a>> {
    let narrow = |value: u64| {
        u32::try_from(value).map_err(|_| {
            Error::input(
                path,
                Place::Line(line),
                "positions below 2^32",
                value.to_string(),
            )
        })
    };
    Ok(Region {
        chrom,
        start: narrow(start)?,
        end: narrow(end)?,
    })
}

/// A genome's error, with the line of the regions that asked for it.
fn at_line(error: Error, path: &Path, line: u64) -> Error {
    match error {
        Error::Input(inner) => {
            let told = Error::input(
                path,
                Place::Line(line),
                format!("{} (in {})", inner.expected, inner.subject),
                inner.found,
            );
            match inner.hint {
                Some(hint) => told.hint(hint),
                None => told,
            }
        }
        other => other,
    }
}

fn text<'a>(bytes: &'a [u8], path: &Path, line: u64, what: &str) -> Result<&'a str> {
    std::str::from_utf8(bytes).map_err(|_| {
        Error::input(
            path,
            Place::Line(line),
            what,
            "bytes that are no UTF-8 text",
        )
    })
}

/// A row's coordinates and name.
struct Span<'a> {
    chrom: &'a str,
    start: u64,
    end: u64,
    name: &'a str,
}

/// A row that waits for the scores of its windows.
struct Row {
    chrom: String,
    start: u64,
    end: u64,
    name: String,
    /// Windows not scored yet.
    waiting: usize,
    /// Windows scored, and per TF the highest or the sum of their scores.
    scored: u32,
    scores: Vec<f32>,
}

/// Collects windows, scores them in batches, and writes rows in their order.
struct Scorer<'a> {
    predictor: Predictor,
    strands: Strands,
    report: Report,
    length: u64,
    stride: u64,
    tfs: usize,
    windows: PackedSequences,
    /// Rows not written yet. The windows at hand are those of these rows, in order.
    rows: VecDeque<Row>,
    writer: ScoreWriter,
    /// Scores of each batch of windows.
    journal: Option<Journal>,
    written: u64,
    missing: u64,
    terminal: &'a Terminal,
}

impl Scorer<'_> {
    /// Adds a sequence whose first letter is base `offset` of its chromosome.
    fn add(&mut self, span: Span<'_>, offset: u64, letters: &[u8]) -> Result<()> {
        if self.rows.len() >= WINDOWS {
            // Rows without windows wait for no batch; they must not pile up.
            self.flush()?;
        }
        let starts = tiling::starts(letters.len() as u64, self.length, self.stride);
        if self.report == Report::Windows {
            for start in starts.clone() {
                let (first, last) = (offset + start, offset + start + self.length);
                self.open_row(
                    &Span {
                        start: first,
                        end: last,
                        ..span
                    },
                    1,
                );
                self.window(&letters[start as usize..(start + self.length) as usize])?;
            }
            if starts.clone().next().is_none() {
                self.open_row(&span, 0);
            }
            return Ok(());
        }
        self.open_row(&span, starts.clone().count());
        for start in starts {
            self.window(&letters[start as usize..(start + self.length) as usize])?;
        }
        Ok(())
    }

    fn open_row(&mut self, span: &Span<'_>, windows: usize) {
        self.rows.push_back(Row {
            chrom: span.chrom.to_owned(),
            start: span.start,
            end: span.end,
            name: span.name.to_owned(),
            waiting: windows,
            scored: 0,
            scores: vec![0.0; self.tfs],
        });
    }

    fn window(&mut self, letters: &[u8]) -> Result<()> {
        self.windows.push(letters);
        if self.windows.len() == WINDOWS {
            self.flush()?;
        }
        Ok(())
    }

    /// Scores the windows at hand and writes the rows that are complete.
    fn flush(&mut self) -> Result<()> {
        let scores = self.scores()?;
        self.windows = PackedSequences::new(self.windows.length());
        let mut row = 0;
        for window in scores.chunks_exact(self.tfs) {
            while self.rows[row].waiting == 0 {
                row += 1;
            }
            self.rows[row].take(window, self.report);
        }
        while self.rows.front().is_some_and(|row| row.waiting == 0) {
            let row = self.rows.pop_front().expect("there is a front row");
            self.write(&row)?;
        }
        Ok(())
    }

    /// The scores of the windows at hand, those that the journal has taken from there.
    fn scores(&mut self) -> Result<Vec<Option<f32>>> {
        let windows = &self.windows;
        if windows.is_empty() {
            return Ok(Vec::new());
        }
        let compute = || {
            self.predictor
                .predict(windows, self.strands, PREDICTION_BATCH, self.terminal)
        };
        let Some(journal) = &mut self.journal else {
            return compute();
        };
        let key = windows.sha256();
        if let Some(noted) = journal.find::<Noted>(&key, self.terminal)? {
            check(self.terminal)?;
            self.terminal.advance(windows.len() as u64);
            return Ok(noted.scores(windows, self.tfs));
        }
        let scores = compute()?;
        journal.add(&key, &Noted::of(&scores))?;
        journal.flush()?;
        Ok(scores)
    }

    fn write(&mut self, row: &Row) -> Result<()> {
        let scores: Vec<Option<f32>> = row
            .scores
            .iter()
            .map(|&score| match (row.scored, self.report) {
                (0, _) => None,
                (scored, Report::Mean) => Some(score / scored as f32),
                _ => Some(score),
            })
            .collect();
        self.written += 1;
        self.missing += u64::from(row.scored == 0);
        self.writer.write(&ScoreRow {
            chrom: &row.chrom,
            start: row.start,
            end: row.end,
            name: &row.name,
            scores: &scores,
        })
    }
}

/// The scores of a batch as a journal keeps them: exact, and half as long as in digits. A
/// missing score is 0, since the windows tell which are missing.
struct Noted(Vec<f32>);

impl Noted {
    fn of(scores: &[Option<f32>]) -> Self {
        Self(scores.iter().map(|score| score.unwrap_or(0.0)).collect())
    }

    /// The scores of `windows`, whose digest led here.
    fn scores(self, windows: &PackedSequences, tfs: usize) -> Vec<Option<f32>> {
        assert_eq!(self.0.len(), windows.len() * tfs, "scores of these windows");
        let rows = self.0.chunks_exact(tfs).enumerate();
        rows.flat_map(|(row, scores)| {
            let known = !windows.has_unknown(row);
            scores.iter().map(move |&score| known.then_some(score))
        })
        .collect()
    }
}

impl Serialize for Noted {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let bytes: Vec<u8> = self
            .0
            .iter()
            .flat_map(|score| score.to_le_bytes())
            .collect();
        serializer.serialize_str(&STANDARD.encode(bytes))
    }
}

impl<'de> Deserialize<'de> for Noted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = STANDARD.decode(text).map_err(serde::de::Error::custom)?;
        let (numbers, []) = bytes.as_chunks::<4>() else {
            return Err(serde::de::Error::custom("half a number"));
        };
        Ok(Self(
            numbers.iter().copied().map(f32::from_le_bytes).collect(),
        ))
    }
}

impl Row {
    /// Takes the scores of one window. A window has all of them or none.
    fn take(&mut self, window: &[Option<f32>], report: Report) {
        self.waiting -= 1;
        let mut any = false;
        for (sum, score) in self.scores.iter_mut().zip(window) {
            if let Some(score) = *score {
                any = true;
                *sum = match report {
                    Report::Mean => *sum + score,
                    Report::Max | Report::Windows => sum.max(score),
                };
            }
        }
        self.scored += u32::from(any);
    }
}
