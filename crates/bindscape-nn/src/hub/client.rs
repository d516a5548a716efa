//! Requests to the hub.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Duration;

use bindscape_base::progress;
use bindscape_base::progress::Progress;
use bindscape_base::{Error, Result};
use bindscape_http::{Answer, Failure, Refusal, Requests, Stopped, Timeouts};

use super::files;
use super::settings::Hub;

/// Redirections on the hub itself before its answer counts.
const HOPS: usize = 5;
/// Bytes between two looks at whether the user asked to stop.
const BLOCK: usize = 1 << 18;

/// Files may take hours to come.
const TIMEOUTS: Timeouts = Timeouts {
    answer: Duration::from_secs(60),
    body: None,
};

/// Whether the repository has a file.
pub(super) enum Found {
    /// It lies in the snapshot of the commit.
    Here { commit: String },
    /// The repository does not have it.
    Missing,
}

/// Asks for the files of one repository.
pub(super) struct Client<'a> {
    hub: &'a Hub,
    repository: &'a str,
    model: &'a Path,
    progress: &'a dyn Progress,
    http: bindscape_http::Client<'a>,
}

/// What the hub says of a file.
struct Described {
    commit: String,
    /// The checksum, without quotation marks.
    etag: String,
    bytes: Option<u64>,
}

impl<'a> Client<'a> {
    pub(super) fn new(
        hub: &'a Hub,
        repository: &'a str,
        model: &'a Path,
        progress: &'a dyn Progress,
    ) -> Self {
        Self {
            hub,
            repository,
            model,
            progress,
            http: bindscape_http::Client::new(hub.retry, TIMEOUTS, progress),
        }
    }

    /// Brings a file into the snapshot of `commit`, the newest if there is none given.
    pub(super) fn file(&mut self, name: &str, commit: Option<&str>) -> Result<Found> {
        let revision = commit.unwrap_or("main");
        let url = format!(
            "{}/{}/resolve/{revision}/{name}",
            self.hub.endpoint, self.repository
        );
        let hub = self.hub;
        let described = match self.http.repeat(|requests| describe(hub, requests, &url)) {
            Ok(described) => described,
            // Repositories that do not exist are answered with 401.
            Err(Stopped::Refused(Refusal {
                status: Some(401 | 403 | 404),
                ..
            })) => return Ok(Found::Missing),
            Err(stopped) => return Err(self.stopped(&url, stopped)),
        };
        let blobs = self.model.join("blobs");
        files::create(&blobs)?;
        if !blobs.join(&described.etag).exists() {
            self.progress
                .begin(&format!("download {name}"), described.bytes);
            let download = Download {
                url: &url,
                name,
                blobs: &blobs,
                described: &described,
                progress: self.progress,
            };
            let outcome = self.http.repeat(|requests| download.attempt(requests));
            outcome.map_err(|stopped| self.stopped(&url, stopped))?;
            self.progress.finish();
        }
        files::link(self.model, &described.commit, name, &described.etag)?;
        Ok(Found::Here {
            commit: described.commit,
        })
    }

    /// The error for a file that does not come.
    fn stopped(&self, url: &str, stopped: Stopped) -> Error {
        let why = match stopped {
            Stopped::Failed(error) => return error,
            Stopped::GaveUp(gave_up) => format!("{url} did not answer: {gave_up}"),
            Stopped::Refused(Refusal { status, message }) => match status {
                Some(status) => format!("{url} answered with status {status}"),
                None => format!("{url} did not answer: {message}"),
            },
        };
        let (wanted, found) = self.hub.not_all(self.repository, &why);
        Error::network(&self.hub.endpoint, wanted, found).hint(self.hub.by_hand(self.repository))
    }
}

/// Size and checksum of the file at `url`.
fn describe(hub: &Hub, requests: Requests<'_>, url: &str) -> Result<Described, Failure> {
    let (mut url, mut commit) = (url.to_owned(), None);
    for _ in 0..HOPS {
        // The hub's own answer names commit and checksum, not that of the server for large
        // files which it points to: so redirections are followed by hand.
        let answer = requests.head(&url)?;
        let text = |name| answer.header(name).map(str::to_owned);
        commit = commit.or_else(|| text("x-repo-commit"));
        let linked = text("x-linked-etag");
        if (300..400).contains(&answer.status())
            && linked.is_none()
            && let Some(location) = answer.header("location")
            && location.starts_with('/')
        {
            url = format!("{}{location}", origin(&hub.endpoint));
            continue;
        }
        let etag = linked.or_else(|| text("etag")).unwrap_or_default();
        let etag = etag.trim_start_matches("W/").trim_matches('"').to_owned();
        let bytes = text("x-linked-size").or_else(|| text("content-length"));
        let named = etag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let commit = commit.filter(|commit| files::is_commit(commit));
        return match commit {
            Some(commit) if named && !etag.is_empty() => Ok(Described {
                commit,
                etag,
                bytes: bytes.and_then(|bytes| bytes.parse().ok()),
            }),
            _ => Err(Failure::Failed(
                Error::network(
                    &url,
                    "an answer of the Hugging Face hub, with a commit and an entity tag",
                    "one without",
                )
                .hint("check HF_ENDPOINT"),
            )),
        };
    }
    Err(Failure::passing(format!("more than {HOPS} redirections")))
}

/// Scheme and host of an endpoint.
fn origin(endpoint: &str) -> &str {
    let host = endpoint.find("://").map_or(0, |at| at + 3);
    let end = endpoint[host..]
        .find('/')
        .map_or(endpoint.len(), |at| host + at);
    &endpoint[..end]
}

/// The download of one file.
struct Download<'a> {
    url: &'a str,
    name: &'a str,
    blobs: &'a Path,
    described: &'a Described,
    progress: &'a dyn Progress,
}

impl Download<'_> {
    /// Downloads what is not yet there of a blob, checks it and puts it into its place.
    fn attempt(&self, requests: Requests<'_>) -> Result<(), Failure> {
        let described = self.described;
        let blob = self.blobs.join(&described.etag);
        let partial = blob.with_file_name(format!("{}.incomplete", described.etag));
        let failed = |source| Error::io("write", &partial, source);
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&partial)
            .map_err(failed)?;
        // One process at a time; the next finds the work done.
        file.lock().map_err(failed)?;
        if blob.exists() {
            return Ok(());
        }
        let mut have = file.seek(SeekFrom::End(0)).map_err(failed)?;
        if described.bytes.is_none_or(|bytes| have < bytes) {
            let answer = self.ask(requests, have)?;
            if answer.status() != 206 {
                // The server sends all of it.
                have = 0;
            }
            file.set_len(have).map_err(failed)?;
            file.seek(SeekFrom::Start(have)).map_err(failed)?;
            self.progress.advance(have);
            self.receive(answer, &mut file, &partial)?;
        }
        file.sync_all().map_err(failed)?;
        let size = file.metadata().map_err(failed)?.len();
        if let Some(bytes) = described.bytes
            && size < bytes
        {
            return Err(Failure::passing(format!(
                "the connection ended after {size} of {bytes} bytes"
            )));
        }
        let sum = files::checksum(&partial, &described.etag)?;
        let too_long = described.bytes.is_some_and(|bytes| size > bytes);
        if too_long || sum.is_some_and(|sum| !sum.eq_ignore_ascii_case(&described.etag)) {
            std::fs::remove_file(&partial).map_err(failed)?;
            return Err(Failure::passing(format!(
                "{} does not match its checksum {}",
                self.name, described.etag
            )));
        }
        std::fs::rename(&partial, &blob).map_err(failed)?;
        Ok(())
    }

    /// Asks for the file from byte `first` on.
    fn ask(&self, requests: Requests<'_>, first: u64) -> Result<Answer, Failure> {
        match requests.get(self.url, first) {
            // What lies here is not a part of the file: without it, all is asked for.
            Err(Failure::Refused(refusal)) if refusal.status == Some(416) && first > 0 => {
                requests.get(self.url, 0)
            }
            answer => answer,
        }
    }

    fn receive(&self, answer: Answer, file: &mut File, path: &Path) -> Result<(), Failure> {
        let mut body = answer.into_reader();
        let mut block = vec![0; BLOCK];
        loop {
            progress::check(self.progress)?;
            let count = match body.read(&mut block) {
                Ok(0) => return Ok(()),
                Ok(count) => count,
                Err(error) => return Err(Failure::passing(error.to_string())),
            };
            file.write_all(&block[..count])
                .map_err(|source| Error::io("write", path, source))?;
            self.progress.advance(count as u64);
        }
    }
}
