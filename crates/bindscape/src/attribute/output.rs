//! The files of `attribute`.

use std::io::Write;
use std::path::{Path, PathBuf};

use bindscape_arrays::npz::ArrayWriter;
use bindscape_base::atomic::{self, AtomicFile};
use bindscape_base::digest::InputFile;
use bindscape_base::{Error, Result};
use bindscape_nn::attribution::Attribution;
use bindscape_report::ContributionRow;
use serde::{Deserialize, Serialize};

use super::page::{self, Shown};
use super::windows::{Row, Windows};
use super::{Attributed, Gap};

/// One-hot sequences, `arr_0` `[windows, 4, length]`, int8.
pub const ONE_HOT: &str = "one-hot.npz";
/// Hypothetical contributions, `arr_0` `[windows, 4, length]`, float32.
pub const CONTRIBUTIONS: &str = "contributions.npz";
/// The table of windows.
pub const REGIONS: &str = "regions.tsv";
/// The page of logos.
pub const PAGE: &str = "contributions.html";

/// What the files say of themselves.
pub(super) struct Header {
    pub(super) inputs: Vec<InputFile>,
    pub(super) genome: Option<String>,
    pub(super) model: String,
    pub(super) model_sha256: String,
    pub(super) tf: String,
    pub(super) what: String,
}

/// What is kept of the attribution of a window.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Noted {
    pub(super) logit: f64,
    reference: Option<f64>,
    gap: Option<Gap>,
    /// `[4, length]`
    #[serde(with = "bindscape_base::packed")]
    hypothetical: Vec<f32>,
}

impl Noted {
    pub(super) fn of(attribution: &Attribution) -> Self {
        Self {
            logit: attribution.output,
            reference: attribution.mean_reference(),
            gap: Gap::of(attribution),
            hypothetical: (attribution.hypothetical.iter())
                .map(|&value| value as f32)
                .collect(),
        }
    }
}

/// What the page shows; no rows where there is none.
pub(crate) struct Shows {
    pub(crate) rows: Vec<ContributionRow>,
    pub(crate) notes: Vec<String>,
}

/// Files under construction.
pub(super) struct Output {
    directory: PathBuf,
    /// TF whose logit is attributed.
    tf: String,
    title: String,
    notes: Vec<String>,
    one_hot: ArrayWriter<i8>,
    contributions: ArrayWriter<f32>,
    table: AtomicFile,
    /// Rows written to the table.
    written: usize,
    attributed: u64,
    show: usize,
    shown: Vec<Shown>,
    rough: u64,
    largest: Option<Gap>,
    length: usize,
}

impl Output {
    pub(super) fn create(
        directory: &Path,
        header: &Header,
        windows: &Windows,
        show: usize,
    ) -> Result<Self> {
        let length = windows.length();
        let shape = [windows.known().len() as u64, 4, length as u64];
        let mut table = AtomicFile::create(directory.join(REGIONS))?;
        let mut lines = vec![
            format!("bindscape {}", env!("CARGO_PKG_VERSION")),
            "coordinates: 0-based, half-open".to_owned(),
            format!("model: {}, sha256 {}", header.model, header.model_sha256),
            format!("contributions to: the logit of {}", header.tf),
            format!("method: {}", header.what),
        ];
        for file in &header.inputs {
            lines.push(format!(
                "{}: {}, sha256 {}",
                file.role, file.name, file.sha256
            ));
        }
        lines.extend(
            header
                .genome
                .iter()
                .map(|genome| format!("genome: {genome}")),
        );
        lines.push(format!(
            "index: row of {ONE_HOT} and {CONTRIBUTIONS}, from 0; NA: not attributed"
        ));
        let mut text: String = lines.iter().map(|line| format!("# {line}\n")).collect();
        text += "chrom\tstart\tend\tname\tstrand\tindex\tlogit\tmean_reference_logit\t\
                 largest_delta\n";
        write(&mut table, &text)?;
        Ok(Self {
            one_hot: ArrayWriter::create(&directory.join(ONE_HOT), &shape)?,
            contributions: ArrayWriter::create(&directory.join(CONTRIBUTIONS), &shape)?,
            table,
            title: format!("What makes {} bind", header.tf),
            tf: header.tf.clone(),
            notes: vec![
                format!(
                    "Contributions of bases to the logit of {} by {}: {}.",
                    header.tf, header.model, header.what
                ),
                "Letters above the line speak for binding, letters below it against. Bars name \
                 JASPAR motifs of vertebrates at p ≤ 0.0001 that hold much of the contributions."
                    .to_owned(),
            ],
            directory: directory.to_path_buf(),
            written: 0,
            attributed: 0,
            show,
            shown: Vec::new(),
            rough: 0,
            largest: None,
            length,
        })
    }

    /// Writes the next rows that were attributed, and those before them that were not.
    pub(super) fn take(
        &mut self,
        windows: &Windows,
        rows: &[usize],
        bases: &[Vec<u8>],
        noted: Vec<Noted>,
    ) -> Result<()> {
        for ((&row, bases), noted) in rows.iter().zip(bases).zip(noted) {
            if noted.hypothetical.len() != 4 * self.length {
                return Err(Error::about(
                    "the unfinished results",
                    "contributions of each base",
                    "something else",
                )
                .hint("remove the directory and run the command again"));
            }
            let base = |base: u8| bases.iter().map(move |&own| i8::from(own == base));
            let one_hot: Vec<i8> = (0..4).flat_map(base).collect();
            self.one_hot.write(&one_hot)?;
            self.contributions.write(&noted.hypothetical)?;
            self.rough += u64::from(noted.gap.is_some_and(Gap::is_rough));
            self.largest = [self.largest, noted.gap]
                .into_iter()
                .flatten()
                .max_by(|a, b| a.share().total_cmp(&b.share()));
            self.show_if_high(row, bases, &noted);
            self.write_missing(windows, row)?;
            let number = |value: Option<f64>| value.map_or("NA".to_owned(), |v| format!("{v:.6}"));
            let delta = noted
                .gap
                .map_or("NA".to_owned(), |gap| format!("{:.3e}", gap.gap));
            let cells = format!(
                "{}\t{}\t{}\t{delta}",
                self.attributed,
                number(Some(noted.logit)),
                number(noted.reference)
            );
            self.write_row(windows, row, &cells)?;
            self.attributed += 1;
        }
        Ok(())
    }

    /// Writes the rows up to `row` that were not attributed.
    fn write_missing(&mut self, windows: &Windows, row: usize) -> Result<()> {
        while self.written < row {
            self.write_row(windows, self.written, "NA\tNA\tNA\tNA")?;
        }
        Ok(())
    }

    fn write_row(&mut self, windows: &Windows, row: usize, cells: &str) -> Result<()> {
        let Row {
            chrom,
            start,
            end,
            name,
            reverse,
            ..
        } = &windows.rows[row];
        let strand = if *reverse { '-' } else { '+' };
        self.written = row + 1;
        let line = format!("{chrom}\t{start}\t{end}\t{name}\t{strand}\t{cells}\n");
        write(&mut self.table, &line)
    }

    /// Completes the files.
    pub(super) fn finish(mut self, windows: &Windows) -> Result<(Attributed, Shows)> {
        self.write_missing(windows, windows.rows.len())?;
        self.one_hot.finish()?;
        self.contributions.finish()?;
        let mut rows = Vec::new();
        if self.show > 0 {
            let notice;
            (rows, notice) = page::rows(&self.tf, &self.shown, windows)?;
            self.notes.extend(notice);
            let page = page::page(&self.title, &self.notes, &rows);
            atomic::write(self.directory.join(PAGE), page.as_bytes())?;
        }
        self.table.commit()?;
        let attributed = Attributed {
            out: self.directory,
            windows: self.attributed,
            missing: windows.rows.len() as u64 - self.attributed,
            largest_gap: self.largest,
            rough: self.rough,
        };
        let shows = Shows {
            rows,
            notes: self.notes,
        };
        Ok((attributed, shows))
    }

    /// Keeps a window for the page while its logit is among the highest.
    fn show_if_high(&mut self, row: usize, bases: &[u8], noted: &Noted) {
        let place = self
            .shown
            .partition_point(|shown| shown.logit >= noted.logit);
        if place >= self.show {
            return;
        }
        let own = bases.iter().enumerate();
        let contributions =
            own.map(|(at, &base)| noted.hypothetical[usize::from(base) * self.length + at]);
        let shown = Shown {
            row,
            logit: noted.logit,
            bases: bases.to_vec(),
            contributions: contributions.map(f64::from).collect(),
        };
        self.shown.insert(place, shown);
        self.shown.truncate(self.show);
    }
}

fn write(table: &mut AtomicFile, text: &str) -> Result<()> {
    let target = table.target().to_path_buf();
    table
        .write_all(text.as_bytes())
        .map_err(|source| Error::io("write", target, source))
}
