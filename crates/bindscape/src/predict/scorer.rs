//! Windows in batches, and rows in the order of the input.

use std::collections::VecDeque;

use bindscape_base::Result;
use bindscape_base::journal::Journal;
use bindscape_base::progress::Progress;
use bindscape_genome::sequence::{PackedSequences, reverse_complement};
use bindscape_genome::tiling;
use bindscape_matrix::scores::{ScoreRow, ScoreWriter};
use bindscape_nn::{Model, Predictor, Strands};
use serde::{Deserialize, Serialize};

use super::taker::{Span, Taker};
use super::{Predict, WindowReport};
use crate::session::Session;
use crate::training::PREDICTION_BATCH;

/// Windows that are scored before the next are read.
const WINDOWS: usize = 8192;

/// A row that waits for the scores of its windows.
struct Row {
    chrom: String,
    start: i64,
    end: i64,
    name: String,
    /// Windows not scored yet.
    waiting: usize,
    /// Windows scored, and per TF the highest or the sum of their scores.
    scored: u32,
    scores: Vec<f32>,
}

/// Collects windows, scores them in batches, and writes rows in their order.
pub(super) struct Scorer<'a> {
    predictor: Predictor,
    strands: Strands,
    report: WindowReport,
    length: u64,
    stride: u64,
    tfs: usize,
    /// The windows to score next.
    windows: PackedSequences,
    /// Rows not written yet. The windows to score next are those of these rows, in order.
    rows: VecDeque<Row>,
    writer: ScoreWriter,
    /// Scores of each batch of windows.
    journal: Option<Journal>,
    written: u64,
    missing: u64,
    /// Per TF, the factor that `prior` puts on the odds; empty without it.
    odds: Vec<f64>,
    session: &'a Session<'a>,
}

impl<'a> Scorer<'a> {
    pub(super) fn new(
        plan: &Predict,
        model: &Model,
        predictor: Predictor,
        writer: ScoreWriter,
        journal: Option<Journal>,
        odds: Vec<f64>,
        session: &'a Session<'a>,
    ) -> Self {
        let length = model.architecture.length();
        Self {
            predictor,
            strands: plan.strands,
            report: plan.report,
            length: length as u64,
            stride: plan.stride.unwrap_or(length as u64),
            tfs: model.tfs.len(),
            windows: PackedSequences::new(length),
            rows: VecDeque::new(),
            writer,
            journal,
            written: 0,
            missing: 0,
            odds,
            session,
        }
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

    fn window(&mut self, letters: &[u8], turned: bool) -> Result<()> {
        if turned && self.strands == Strands::Forward {
            // The strand that was given is the one to score.
            let mut letters = letters.to_vec();
            reverse_complement(&mut letters);
            self.windows.push(&letters);
        } else {
            self.windows.push(letters);
        }
        if self.windows.len() == WINDOWS {
            self.flush()?;
        }
        Ok(())
    }

    /// Scores the windows that wait, and writes the rows that are complete.
    pub(super) fn flush(&mut self) -> Result<()> {
        let scores = self.scores()?;
        self.windows = PackedSequences::new(self.windows.length());
        let scores = with_odds(scores, &self.odds);
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

    /// Completes the table. Gives the number of rows, and of those without a score.
    pub(super) fn finish(mut self) -> Result<(u64, u64)> {
        if let Some(journal) = &mut self.journal {
            journal.check_end()?;
        }
        self.writer.finish()?;
        self.journal.map_or(Ok(()), Journal::finish)?;
        Ok((self.written, self.missing))
    }

    /// The scores of the windows that wait; those that the journal has are taken from there.
    fn scores(&mut self) -> Result<Vec<Option<f32>>> {
        let windows = &self.windows;
        if windows.is_empty() {
            return Ok(Vec::new());
        }
        let compute = || {
            self.predictor
                .predict(windows, self.strands, PREDICTION_BATCH, self.session)
        };
        let Some(journal) = &mut self.journal else {
            return compute();
        };
        let key = windows.sha256();
        if let Some(noted) = journal.find::<Noted>(&key, self.session)? {
            self.session.check()?;
            self.session.advance(windows.len() as u64);
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
                (scored, WindowReport::Mean) => Some(score / scored as f32),
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

impl Taker for Scorer<'_> {
    fn length(&self) -> u64 {
        self.length
    }

    /// Without letters, the row has no score.
    fn add(&mut self, span: Span<'_>, offset: u64, letters: &[u8]) -> Result<()> {
        if self.rows.len() >= WINDOWS {
            // Rows without windows wait for no batch; they must not pile up.
            self.flush()?;
        }
        let starts = tiling::starts(letters.len() as u64, self.length, self.stride);
        let turned = span.turned;
        if self.report == WindowReport::Windows {
            for start in starts.clone() {
                let first = (offset + start) as i64;
                self.open_row(
                    &Span {
                        start: first,
                        end: first + self.length as i64,
                        ..span
                    },
                    1,
                );
                self.window(
                    &letters[start as usize..(start + self.length) as usize],
                    turned,
                )?;
            }
            if starts.clone().next().is_none() {
                self.open_row(&span, 0);
            }
            return Ok(());
        }
        self.open_row(&span, starts.clone().count());
        for start in starts {
            self.window(
                &letters[start as usize..(start + self.length) as usize],
                turned,
            )?;
        }
        Ok(())
    }
}

/// Scores whose odds are multiplied by those of their TF.
fn with_odds(mut scores: Vec<Option<f32>>, odds: &[f64]) -> Vec<Option<f32>> {
    if !odds.is_empty() {
        for window in scores.chunks_exact_mut(odds.len()) {
            for (score, factor) in window.iter_mut().zip(odds) {
                *score = score.map(|p| {
                    let p = f64::from(p);
                    (p * factor / (p * factor + 1.0 - p)) as f32
                });
            }
        }
    }
    scores
}

/// The scores of a batch as a journal keeps them. A missing score is 0, since the windows tell which are missing.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Noted(#[serde(with = "bindscape_base::packed")] Vec<f32>);

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

impl Row {
    /// Takes the scores of one window. A window has all of them or none.
    fn take(&mut self, window: &[Option<f32>], report: WindowReport) {
        self.waiting -= 1;
        let mut any = false;
        for (sum, score) in self.scores.iter_mut().zip(window) {
            if let Some(score) = *score {
                any = true;
                *sum = match report {
                    WindowReport::Mean => *sum + score,
                    WindowReport::Max | WindowReport::Windows => sum.max(score),
                };
            }
        }
        self.scored += u32::from(any);
    }
}

#[cfg(test)]
mod tests {
    use super::with_odds;

    #[test]
    fn a_prior_changes_odds_alone() {
        // Training on halves, 1 in 20 bound: even odds become 1 to 19.
        let factor = 0.05 / 0.95;
        let scores = vec![Some(0.5), Some(0.5), None, Some(1.0)];
        let changed = with_odds(scores.clone(), &[factor, 1.0]);
        assert!((changed[0].unwrap() - 0.05).abs() < 1e-7);
        assert_eq!(changed[1..], [Some(0.5), None, Some(1.0)]);
        assert_eq!(with_odds(scores.clone(), &[]), scores);
    }
}
