//! The pages of one query, kept on disk while the work is under way, so that
//! an interruption costs a page at most.
//!
//! ```text
//! pages/CLASS/
//!   state.json     State: query, release, and each page with its next cursor
//!   00001.tsv.gz   the text of a page
//! ```

use std::collections::HashSet;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use bindscape_base::progress;
use bindscape_base::progress::Progress;
use bindscape_base::{Error, Place, Result, atomic, digest};
use bindscape_http::{Client, Refusal, Text};
use serde::{Deserialize, Serialize};

use crate::entry::{Entry, parse_page};
use crate::query;
use crate::service::{self, Outcome};

/// How often a query is started again because the service's data changed under it.
const RESTARTS: u32 = 3;

/// `state.json`: how far a query has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct State {
    /// Address of the first page: endpoint, query, columns and page size.
    pub(crate) url: String,
    /// Release of UniProt (`2026_03`), where the service tells it.
    pub(crate) release: Option<String>,
    /// Date of the release in the service's words.
    pub(crate) release_date: Option<String>,
    /// Records that the query has, by the service's count.
    pub(crate) total: u64,
    /// The pages so far.
    pub(crate) pages: Vec<Page>,
}

/// A page on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Page {
    /// Records in it.
    pub(crate) records: u64,
    /// SHA-256 of the file.
    pub(crate) sha256: String,
    /// Cursor of the page after it; none after the last.
    pub(crate) next: Option<String>,
}

impl State {
    fn records(&self) -> u64 {
        self.pages.iter().map(|page| page.records).sum()
    }

    /// Whether all pages are there.
    fn complete(&self) -> bool {
        self.pages.last().is_some_and(|page| page.next.is_none())
    }
}

/// What a page and its headers say.
struct Fetched {
    release: Option<String>,
    release_date: Option<String>,
    total: u64,
    next: Option<String>,
    records: u64,
    text: String,
}

/// One query and the directory of its pages.
pub(crate) struct Download<'a> {
    /// Name in messages.
    pub(crate) name: &'a str,
    /// Service.
    pub(crate) endpoint: &'a str,
    /// UniProt's query.
    pub(crate) query: &'a str,
    /// Records per page.
    pub(crate) size: usize,
    /// The only release that will do.
    pub(crate) release: Option<&'a str>,
    /// Where pages are kept.
    pub(crate) directory: PathBuf,
}

impl Download<'_> {
    /// Brings all pages of the query onto the disk, from where it stands.
    ///
    /// # Errors
    /// If the service refuses, fails for good or has another release than the
    /// wanted one, the data changes again and again, the disk fails, or the
    /// user interrupts.
    pub(crate) fn run(&self, client: &mut Client<'_>, progress: &dyn Progress) -> Result<State> {
        let mut state = self.resume(progress);
        let mut restarts = 0;
        let mut shown = false;
        while !state.as_ref().is_some_and(State::complete) {
            progress::check(progress)?;
            let cursor = state.as_ref().and_then(|state| {
                let last = state.pages.last()?;
                last.next.clone()
            });
            let done = state.as_ref().map_or(0, State::records);
            let url = query::url(self.endpoint, self.query, self.size, cursor.as_deref());
            let size = self.size as u64;
            let outcome =
                service::get(client, &url, |answer| examine(answer, size, state.as_ref()))?;
            let changed = match (&outcome, &state) {
                (Outcome::Refused(refusal), Some(_)) => Some(format!(
                    "the service no longer knows the cursor ({})",
                    refusal.message
                )),
                (Outcome::Refused(refusal), None) => return Err(self.refused(&url, refusal)),
                (Outcome::Whole(page), Some(state)) if page.release != state.release => {
                    Some(format!(
                        "the release changed from {} to {}",
                        named(&state.release),
                        named(&page.release)
                    ))
                }
                (Outcome::Whole(page), Some(state)) if page.total != state.total => Some(format!(
                    "the number of records changed from {} to {}",
                    state.total, page.total
                )),
                _ => None,
            };
            if let Some(why) = changed {
                restarts += 1;
                if restarts > RESTARTS {
                    return Err(Error::network(
                        url,
                        "data that stays the same while it is read",
                        format!("{why}, for the {restarts}th time"),
                    )
                    .hint("the service may be at a change of release; try again in an hour"));
                }
                progress.note(&format!(
                    "{}: {why}; its pages are fetched again",
                    self.name
                ));
                self.clear()?;
                state = None;
                continue;
            }
            let Outcome::Whole(page) = outcome else {
                // A refusal is a change or an error, both dealt with above.
                continue;
            };
            self.require_release(&url, page.release.as_deref())?;
            if page.total == 0 {
                return Err(Error::network(
                    url,
                    format!("proteins for the class {}", self.name),
                    "none",
                )
                .hint("check that ⟦endpoint⟧ is UniProt's REST service"));
            }
            let state = state.get_or_insert_with(|| State {
                url: query::url(self.endpoint, self.query, self.size, None),
                release: page.release.clone(),
                release_date: page.release_date.clone(),
                total: page.total,
                pages: Vec::new(),
            });
            if !shown {
                progress.begin(&format!("fetching {}", self.name), Some(page.total));
                progress.advance(done);
                shown = true;
            }
            let records = page.records;
            self.keep(state, page)?;
            progress.advance(records);
        }
        progress.finish();
        Ok(state.expect("the loop ends with a complete state"))
    }

    /// Drops all pages.
    pub(crate) fn clear(&self) -> Result<()> {
        fs::remove_dir_all(&self.directory)
            .map_err(|source| Error::io("remove", &self.directory, source))
    }

    /// The records of a finished query, in the service's order.
    ///
    /// # Errors
    /// If a page cannot be read, or a record stands on two of them.
    pub(crate) fn entries(&self, state: &State) -> Result<Vec<Entry>> {
        let mut entries = Vec::new();
        let mut seen = HashSet::new();
        for number in 1..=state.pages.len() {
            let path = self.page_path(number);
            let mut text = String::new();
            let bytes = fs::read(&path).map_err(|source| Error::io("read", &path, source))?;
            flate2::read::GzDecoder::new(bytes.as_slice())
                .read_to_string(&mut text)
                .map_err(|source| Error::io("read", &path, source))?;
            let page = parse_page(&text)
                .map_err(|what| Error::input(&path, Place::File, "a page of proteins", what))?;
            for entry in page {
                if !seen.insert(entry.accession.clone()) {
                    return Err(Error::input(
                        &path,
                        Place::Record(entry.accession),
                        "every protein on one page",
                        "one that stood on an earlier page",
                    )
                    .hint("remove the directory of the pages and fetch them again"));
                }
                entries.push(entry);
            }
        }
        Ok(entries)
    }

    fn page_path(&self, number: usize) -> PathBuf {
        self.directory.join(format!("{number:05}.tsv.gz"))
    }

    fn state_path(&self) -> PathBuf {
        self.directory.join("state.json")
    }

    /// The state on disk as far as it is of this query and its pages are intact.
    fn resume(&self, progress: &dyn Progress) -> Option<State> {
        let text = fs::read(self.state_path()).ok()?;
        let mut state: State = serde_json::from_slice(&text).ok()?;
        if state.url != query::url(self.endpoint, self.query, self.size, None) {
            progress.note(&format!(
                "{}: the pages on disk are of another query; they are fetched again",
                self.name
            ));
            return None;
        }
        let intact = state
            .pages
            .iter()
            .enumerate()
            .take_while(|(index, page)| {
                fs::read(self.page_path(index + 1))
                    .is_ok_and(|bytes| digest::sha256_hex(&bytes) == page.sha256)
            })
            .count();
        if intact < state.pages.len() {
            progress.note(&format!(
                "{}: page {} on disk is damaged; it and those after it are fetched again",
                self.name,
                intact + 1
            ));
            state.pages.truncate(intact);
        }
        if state.pages.is_empty() {
            return None;
        }
        progress.note(&format!(
            "{}: {} of {} proteins are there from before",
            self.name,
            state.records(),
            state.total
        ));
        Some(state)
    }

    /// Puts a page and then the state that names it on the disk.
    fn keep(&self, state: &mut State, page: Fetched) -> Result<()> {
        // Only now: a first request that fails leaves nothing behind.
        fs::create_dir_all(&self.directory)
            .map_err(|source| Error::io("create", &self.directory, source))?;
        let path = self.page_path(state.pages.len() + 1);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        let bytes = gzip
            .write_all(page.text.as_bytes())
            .and_then(|()| gzip.finish())
            .map_err(|source| Error::io("write", &path, source))?;
        atomic::write(&path, &bytes)?;
        state.pages.push(Page {
            records: page.records,
            sha256: digest::sha256_hex(&bytes),
            next: page.next,
        });
        write_json(&self.state_path(), state)
    }

    fn require_release(&self, url: &str, found: Option<&str>) -> Result<()> {
        match self.release {
            Some(wanted) if found != Some(wanted) => Err(Error::argument(
                "release",
                format!("release {} at {url}", found.unwrap_or("(not told)")),
                wanted,
            )
            .hint("UniProt's REST service holds the current release only; older ones are on its FTP site")),
            _ => Ok(()),
        }
    }

    fn refused(&self, url: &str, refusal: &Refusal) -> Error {
        let what = match refusal.status {
            None => refusal.message.clone(),
            Some(status) => format!("status {status}: {}", refusal.message),
        };
        Error::network(url, "a page of proteins", what)
            .hint("check that ⟦endpoint⟧ is UniProt's REST service, https://rest.uniprot.org")
    }
}

/// Reads a page and its headers, which come after what `state` holds. A page must
/// hold as many records as are left of the service's own count, or as fit.
fn examine(answer: Text, size: u64, state: Option<&State>) -> Result<Fetched, String> {
    let total: u64 = answer
        .header("x-total-results")
        .and_then(|total| total.trim().parse().ok())
        .ok_or("an answer without the number of results (x-total-results)")?;
    let records = parse_page(&answer.text)?.len() as u64;
    let mut page = Fetched {
        release: answer.header("x-uniprot-release").map(str::to_owned),
        release_date: answer.header("x-uniprot-release-date").map(str::to_owned),
        total,
        next: answer
            .header("link")
            .and_then(query::next_cursor)
            .map(str::to_owned),
        records,
        text: answer.text,
    };
    if state.is_some_and(|state| state.release != page.release || state.total != total) {
        // Of other data: nothing to compare it with.
        return Ok(page);
    }
    let done = state.map_or(0, State::records);
    let expected = size.min(total.saturating_sub(done));
    if records != expected {
        return Err(format!(
            "a page of {records} instead of {expected} proteins ({total} in all, {done} before it)"
        ));
    }
    if done + records == total {
        page.next = None;
    } else if page.next.is_none() {
        return Err(format!(
            "no page after {} of {total} proteins",
            done + records
        ));
    }
    Ok(page)
}

/// A release for messages.
pub(crate) fn named(release: &Option<String>) -> &str {
    release.as_deref().unwrap_or("(not told)")
}

/// Writes `value` as indented JSON, whole or not at all.
pub(crate) fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    let mut text = serde_json::to_vec_pretty(value)
        .expect("records of plain fields and string keys are always JSON");
    text.push(b'\n');
    atomic::write(path, &text)
}
