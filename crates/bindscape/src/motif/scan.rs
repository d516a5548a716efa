//! Where motifs fit in sequences.

mod files;
mod options;

use std::io::Write;
use std::path::{Path, PathBuf};

use bindscape_base::progress::Progress;
use bindscape_base::{Error, Place, Result};
use bindscape_motif::scan::{
    self, Format, Letters, OccupancyWriter, Options, QValues, ScanMotif, Scanner, SequenceReader,
    Writer,
};
use bindscape_motif::{ASSUMED_SITES, Background, Motif, MotifSet, Pseudocount};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::input::{check_known, goes_by, motifs_from};
use super::output::{check_directory, is_standard, write_to};
use crate::content::Content;
use crate::data::{counted, plural, thousands};
use crate::job::Job;
use crate::session::Session;

pub use options::{ScanOptions, ScanResults};

/// p-values up to this one are computed beforehand for best hits, larger ones where needed.
const COMMON: f64 = 0.01;

/// A plan to find where motifs fit in sequences, with exact p-values, as FIMO does.
///
/// ```
/// use bindscape::Session;
/// use bindscape::motif::Scan;
///
/// let directory = tempfile::tempdir()?;
/// let [sequences, hits] = ["s.fa", "hits.tsv"].map(|name| directory.path().join(name));
/// std::fs::write(&sequences, ">s\nGTTATGGCCACCAGGGGGCGCCAGTTAT\n")?;
/// let scan = Scan::new(sequences, "jaspar:MA0139", hits.clone());
/// let scanned = Session::silent().run(&scan)?;
/// assert_eq!((scanned.rows, scanned.letters.bases), (1, 28));
/// assert!(std::fs::read_to_string(hits)?.contains("MA0139.2\tCTCF\ts\t"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scan {
    /// Sequences (FASTA, plain or compressed); `-` is standard input. They are read piece by
    /// piece: a chromosome needs no more memory than a short sequence.
    pub sequences: PathBuf,
    /// The motifs, as [`bindscape_motif::motifs_from`] takes them.
    pub motifs: String,
    /// How they are sought and what is written.
    #[serde(default)]
    pub options: ScanOptions,
    /// Table to write; `-` is the session's output.
    pub out: PathBuf,
    /// `out` is a directory, laid out as FIMO does: `fimo.tsv` (hits, best p-value first),
    /// `fimo.gff` and `fimo.html`.
    #[serde(default)]
    pub directory: bool,
    /// Write into a directory that exists; files of an earlier scan in it are replaced.
    #[serde(default)]
    pub replace: bool,
}

/// What a scan leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scanned {
    /// Rows of the table.
    pub rows: u64,
    /// What was scanned.
    pub letters: Letters,
    /// The table; `None` for the session's output.
    pub file: Option<PathBuf>,
}

impl Scan {
    /// A scan with FIMO's settings.
    #[must_use]
    pub fn new(sequences: PathBuf, motifs: impl Into<String>, out: PathBuf) -> Self {
        Self {
            sequences,
            motifs: motifs.into(),
            options: ScanOptions::default(),
            out,
            directory: false,
            replace: false,
        }
    }

    fn select(&self, set: &mut MotifSet) -> Result<()> {
        let select = &self.options.select;
        check_known(&set.motifs, select, &self.motifs)?;
        if !select.is_empty() {
            set.motifs
                .retain(|motif| select.iter().any(|wanted| goes_by(motif, wanted)));
        }
        Ok(())
    }

    fn background(
        &self,
        set: &MotifSet,
        single_strand: bool,
        session: &Session<'_>,
    ) -> Result<Background> {
        let choice = &self.options.background;
        let background = choice.read(set.background, &self.motifs)?;
        let background = if single_strand {
            background
        } else {
            background.both_strands()
        };
        let [a, c, g, t] = background.probabilities();
        let origin = choice.origin(set.background.is_some());
        session.note(&format!(
            "background {origin}: A {a:.4} C {c:.4} G {g:.4} T {t:.4}"
        ));
        Ok(background)
    }

    /// Reads motifs and background, and says what is made of them.
    fn scanner(&self, session: &Session<'_>) -> Result<(MotifSet, Scanner)> {
        let options = &self.options;
        let mut set = motifs_from(&self.motifs, session)?;
        self.select(&mut set)?;
        let single_strand = options.single_strand || set.single_strand;
        if set.single_strand && !options.single_strand {
            session.note("the motif file is for one strand: reverse complements are not scanned");
        }
        let background = self.background(&set, single_strand, session)?;
        let unknown = set.motifs.iter().filter(|motif| motif.sites.is_none());
        let unknown = unknown.count();
        if unknown > 0 && options.pseudocount > 0.0 {
            session.note(&format!(
                "{:>12}  motifs without a number of sites: {} are assumed beside the pseudocount",
                thousands(unknown as u64),
                ASSUMED_SITES
            ));
        }
        let threshold = options.results.threshold();
        let prepared = Options {
            threshold: match options.results {
                ScanResults::BestHits { .. } => threshold.min(COMMON),
                _ => threshold,
            },
            single_strand,
            pseudocount: Pseudocount::new(options.pseudocount)?,
        };
        let scanner = Scanner::new(&set.motifs, &background, &prepared)
            .map_err(|error| error.within(&self.motifs))?;
        if let ScanResults::Hits { .. } | ScanResults::HitsByQValue { .. } = options.results {
            tell_weak(&scanner, threshold, session);
        }
        Ok((set, scanner))
    }
}

/// Says how many motifs are too short to have a hit.
fn tell_weak(scanner: &Scanner, threshold: f64, session: &Session<'_>) {
    let weak = scanner.motifs().iter().filter(|m| m.threshold().is_none());
    let weak = weak.count();
    if weak > 0 {
        session.note(&format!(
            "{:>12}  motifs without hits: even their best score has a p-value above {threshold}",
            thousands(weak as u64)
        ));
    }
}

impl Scan {
    /// What the file holds that is written.
    fn content(&self) -> Content {
        match (self.options.results, self.options.format) {
            (ScanResults::Occupancies, _) | (_, Format::Tsv | Format::Fimo) => Content::Table,
            (_, Format::Bed) => Content::Bed,
            (_, Format::Gff) => Content::Gff,
        }
    }
}

impl Job for Scan {
    type Outcome = Scanned;

    const NAME: &'static str = "motif scan";

    const FILES: &'static [&'static str] = files::FILES;

    fn check(&self) -> Result<()> {
        let options = &self.options;
        Pseudocount::new(options.pseudocount)?;
        let threshold = options.results.threshold();
        if !(threshold > 0.0 && threshold <= 1.0) {
            return Err(Error::argument(
                "threshold",
                "a p-value above 0 and at most 1",
                threshold.to_string(),
            ));
        }
        if self.directory && is_standard(&self.out) {
            return Err(Error::argument("out", "a directory", "-"));
        }
        if self.directory && options.format == Format::Bed {
            return Err(Error::argument(
                "format",
                "that of FIMO's table in a directory",
                "bed",
            ));
        }
        if !self.directory && !is_standard(&self.out) {
            self.content().check("out", &self.out)?;
        }
        if options.results == ScanResults::Occupancies {
            if self.directory {
                return Err(Error::argument("directory", "hits", "occupancies"));
            }
            if options.format != Format::Tsv {
                return Err(Error::argument("format", "tsv for occupancies", "bed"));
            }
            if options.genomic_coordinates {
                return Err(Error::argument(
                    "genomic_coordinates",
                    "hits, as occupancies have no positions",
                    "occupancies",
                ));
            }
        }
        Ok(())
    }

    fn run(&self, session: &Session<'_>) -> Result<Scanned> {
        if self.directory {
            check_directory(&self.out, self.replace)?;
        }
        let (set, scanner) = self.scanner(session)?;
        let mut reader =
            SequenceReader::open(&self.sequences, scanner.widest(), self.options.skip_masked)?;
        let scan = PreparedScan {
            plan: self,
            motifs: &set.motifs,
            scanner: &scanner,
            session,
        };
        let rows = if self.directory {
            scan.begin(&reader);
            let rows = scan.files(&mut reader);
            scan.end(rows, &reader)?
        } else {
            write_to(&self.out, session, |out| scan.write(&mut reader, out))?
        };
        Ok(Scanned {
            rows,
            letters: reader.letters(),
            file: (!is_standard(&self.out)).then(|| self.out.clone()),
        })
    }
}

/// What the q-values of hits are.
struct Found {
    /// By motif and score, and the largest that is written; `None` if none are.
    q_values: Option<(Vec<FxHashMap<i64, f64>>, f64)>,
}

impl Found {
    fn q_values(&self) -> Option<(&[FxHashMap<i64, f64>], f64)> {
        let (q_values, most) = self.q_values.as_ref()?;
        Some((q_values, *most))
    }
}

/// A scan that is ready to run.
struct PreparedScan<'a> {
    plan: &'a Scan,
    motifs: &'a [Motif],
    scanner: &'a Scanner,
    session: &'a Session<'a>,
}

impl PreparedScan<'_> {
    /// Scans and writes the table; returns its rows.
    fn write(&self, reader: &mut SequenceReader, out: &mut dyn Write) -> Result<u64> {
        self.begin(reader);
        let rows = match self.plan.options.results {
            ScanResults::Occupancies => self.occupancies(reader, out),
            _ => self.hits(reader, out),
        };
        self.end(rows, reader)
    }

    fn begin(&self, reader: &SequenceReader) {
        let label = format!(
            "scanning {} with {}",
            reader.path().display(),
            counted(self.scanner.motifs().len() as u64, "motif")
        );
        self.session.begin(&label, None);
    }

    /// Says what was scanned.
    fn end(&self, rows: Result<u64>, reader: &SequenceReader) -> Result<u64> {
        self.session.finish();
        let letters = reader.letters();
        rows.inspect(|_| self.tell(letters))
    }

    /// Scans and writes the files of a directory; returns the number of hits.
    fn files(&self, reader: &mut SequenceReader) -> Result<u64> {
        let (writer, found) = self.search(reader)?;
        files::write(self.plan, self.motifs, writer, &found, self.session)
    }

    fn hits(&self, reader: &mut SequenceReader, out: &mut dyn Write) -> Result<u64> {
        let (writer, found) = self.search(reader)?;
        writer.finish(found.q_values(), out)
    }

    /// Where rows wait that memory has no room for.
    fn spill(&self) -> Option<&Path> {
        let out = self.plan.out.as_path();
        let beside = match out.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        match self.plan.directory {
            // Made at the end: what is beside it may be there now.
            true => Some(beside).filter(|beside| beside.is_dir()),
            false => (!is_standard(out)).then_some(beside),
        }
    }

    /// The rows of all hits, and what their q-values follow from.
    fn search(&self, reader: &mut SequenceReader) -> Result<(Writer<'_>, Found)> {
        let options = &self.plan.options;
        let (format, genomic) = (options.format, options.genomic_coordinates);
        let mut writer = Writer::new(self.scanner, format, genomic, self.spill())
            .without_bases(options.without_bases);
        let mut q_values = QValues::new(self.scanner);
        let mut open = Vec::new();
        let path = reader.path().to_path_buf();
        scan::for_each_batch(reader, self.session, |batch| {
            let windows = self.scanner.windows(batch);
            if let ScanResults::BestHits { threshold } = options.results {
                q_values.add(&[], &windows);
                let best = self.scanner.best(batch, &mut open);
                writer.add_best(batch, &best, threshold, &path)
            } else {
                let mut hits = self.scanner.hits(batch);
                if options.best_strand {
                    scan::best_strands(&mut hits);
                }
                q_values.add(&hits, &windows);
                writer.add(batch, &hits, &path)
            }
        })?;
        self.check_widths(&path, q_values.windows())?;
        if let Some(style) = writer.name_style() {
            let counting = scan::counting(style);
            self.session.note(&format!(
                "names of sequences are regions that count {counting}"
            ));
        }
        let most = match options.results {
            ScanResults::Hits { q_values: true, .. } => Some(1.0),
            ScanResults::HitsByQValue { threshold } => Some(threshold),
            _ => None,
        };
        let found = Found {
            q_values: most.map(|most| (q_values.finish(self.scanner), most)),
        };
        Ok((writer, found))
    }

    fn occupancies(&self, reader: &mut SequenceReader, out: &mut dyn Write) -> Result<u64> {
        let mut writer = OccupancyWriter::new(self.scanner);
        let mut windows = vec![0; self.scanner.motifs().len()];
        let mut open = Vec::new();
        let path = reader.path().to_path_buf();
        scan::for_each_batch(reader, self.session, |batch| {
            for (sum, more) in windows.iter_mut().zip(self.scanner.windows(batch)) {
                *sum += more;
            }
            writer.add(batch, &self.scanner.occupancy(batch, &mut open))
        })?;
        self.check_widths(&path, &windows)?;
        writer.finish(out)
    }

    /// Refuses sequences that no motif fits into, and says which motifs fit nowhere.
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
                "only shorter runs of A, C, G and T",
            ));
        }
        if !wide.is_empty() {
            let shown = wide[..wide.len().min(5)].join(", ");
            let more = if wide.len() > 5 { ", …" } else { "" };
            self.session.note(&format!(
                "{:>12}  motifs wider than the longest run of A, C, G and T: {shown}{more}",
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
        self.session.note(&format!(
            "{:>12}  {} with {} scanned on {strands} strand{}",
            thousands(sequences),
            plural(sequences, "sequence"),
            counted(bases, "base"),
            if strands == 1 { "" } else { "s" }
        ));
        for (count, what) in [
            (ambiguous, "N and other ambiguous letters left out"),
            (masked, "lower-case bases left out"),
        ] {
            if count > 0 {
                self.session
                    .note(&format!("{:>12}  {what}", thousands(count)));
            }
        }
    }
}
