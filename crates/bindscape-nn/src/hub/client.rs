//! Requests to the hub.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use bindscape_base::progress;
use bindscape_base::progress::Progress;
use bindscape_base::{Error, Result};
use ureq::http::{HeaderMap, Response};
use ureq::{Agent, Body};

use super::files;
use super::settings::Hub;

/// Redirections on the hub itself before its answer counts.
const HOPS: usize = 5;
/// Bytes between two looks at whether the user asked to stop.
const BLOCK: usize = 1 << 18;

/// What became of the wish for a file.
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
    agent: Agent,
}

/// What the hub says of a file.
struct Described {
    commit: String,
    /// The checksum, without quotation marks.
    etag: String,
    bytes: Option<u64>,
}

/// What kept a request from being answered.
enum Failure {
    /// Worth another try.
    Passing(String),
    /// Not worth one.
    Lasting(Error),
}

impl<'a> Client<'a> {
    pub(super) fn new(
        hub: &'a Hub,
        repository: &'a str,
        model: &'a Path,
        progress: &'a dyn Progress,
    ) -> Self {
        let agent = Agent::config_builder()
            .user_agent(concat!("bindscape/", env!("CARGO_PKG_VERSION")))
            .http_status_as_error(false)
            .timeout_connect(Some(Duration::from_secs(30)))
            .timeout_recv_response(Some(Duration::from_secs(60)))
            .build()
            .new_agent();
        Self {
            hub,
            repository,
            model,
            progress,
            agent,
        }
    }

    /// Brings a file into the snapshot of `commit`, the newest if there is none given.
    pub(super) fn file(&self, name: &str, commit: Option<&str>) -> Result<Found> {
        let revision = commit.unwrap_or("main");
        let url = format!(
            "{}/{}/resolve/{revision}/{name}",
            self.hub.endpoint, self.repository
        );
        let Some(described) = self.repeated(&url, || self.describe(&url))? else {
            return Ok(Found::Missing);
        };
        let blobs = self.model.join("blobs");
        files::create(&blobs)?;
        if !blobs.join(&described.etag).exists() {
            self.progress
                .begin(&format!("download {name}"), described.bytes);
            self.repeated(&url, || self.download(&url, name, &described))?;
            self.progress.finish();
        }
        files::link(self.model, &described.commit, name, &described.etag)?;
        Ok(Found::Here {
            commit: described.commit,
        })
    }

    /// Tries again after passing failures.
    fn repeated<T>(&self, url: &str, attempt: impl Fn() -> Result<T, Failure>) -> Result<T> {
        let mut wait = self.hub.wait;
        for repeat in 0.. {
            progress::check(self.progress)?;
            match attempt() {
                Ok(done) => return Ok(done),
                Err(Failure::Lasting(error)) => return Err(error),
                Err(Failure::Passing(why)) if repeat >= self.hub.repeats => {
                    return Err(self
                        .hub
                        .cannot(self.repository, &format!("{url} did not answer: {why}")));
                }
                Err(Failure::Passing(why)) => {
                    let seconds = wait.as_secs_f64();
                    self.progress
                        .note(&format!("{url}: {why}; again in {seconds:.1} s"));
                    let until = Instant::now() + wait;
                    while let Some(left) = until.checked_duration_since(Instant::now()) {
                        progress::check(self.progress)?;
                        std::thread::sleep(left.min(Duration::from_millis(100)));
                    }
                    wait *= 2;
                }
            }
        }
        unreachable!("the loop ends after the last repetition")
    }

    /// Size and checksum of a file; `None` if there is none.
    fn describe(&self, url: &str) -> Result<Option<Described>, Failure> {
        let (mut url, mut commit) = (url.to_owned(), None);
        for _ in 0..HOPS {
            // The hub's own answer tells of commit and checksum, not that of the server for
            // large files which it points to: so redirections are followed by hand.
            let response = self
                .agent
                .head(&url)
                .config()
                .max_redirects(0)
                .build()
                .call()
                .map_err(|error| Failure::Passing(error.to_string()))?;
            let headers = response.headers();
            commit = commit.or_else(|| text(headers, "x-repo-commit"));
            let linked = text(headers, "x-linked-etag");
            let status = response.status().as_u16();
            match status {
                // Repositories that do not exist are answered with 401.
                401 | 403 | 404 => return Ok(None),
                300..=399 if linked.is_none() => match text(headers, "location") {
                    Some(location) if location.starts_with('/') => {
                        url = format!("{}{location}", self.origin());
                        continue;
                    }
                    _ => {}
                },
                200..=399 => {}
                _ => return Err(status_failure(status)),
            }
            let etag = linked.or_else(|| text(headers, "etag")).unwrap_or_default();
            let etag = etag.trim_start_matches("W/").trim_matches('"').to_owned();
            let bytes = text(headers, "x-linked-size").or_else(|| text(headers, "content-length"));
            let named = etag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
            let commit = commit.filter(|commit| files::is_commit(commit));
            return match commit {
                Some(commit) if named && !etag.is_empty() => Ok(Some(Described {
                    commit,
                    etag,
                    bytes: bytes.and_then(|bytes| bytes.parse().ok()),
                })),
                _ => Err(Failure::Lasting(
                    Error::about(
                        &url,
                        "an answer of the Hugging Face hub, with a commit and an entity tag",
                        "one without",
                    )
                    .hint("check HF_ENDPOINT"),
                )),
            };
        }
        Err(Failure::Passing(format!("more than {HOPS} redirections")))
    }

    /// Scheme and host of the endpoint.
    fn origin(&self) -> &str {
        let endpoint = &self.hub.endpoint;
        let host = endpoint.find("://").map_or(0, |at| at + 3);
        let end = endpoint[host..]
            .find('/')
            .map_or(endpoint.len(), |at| host + at);
        &endpoint[..end]
    }

    /// Downloads what is not yet there of a blob, checks it and puts it into its place.
    fn download(&self, url: &str, name: &str, described: &Described) -> Result<(), Failure> {
        let blob = self.model.join("blobs").join(&described.etag);
        let partial = blob.with_file_name(format!("{}.incomplete", described.etag));
        let failed = |source| Failure::Lasting(Error::io("write", &partial, source));
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
            let response = self.ask(url, have)?;
            if response.status().as_u16() != 206 {
                // The server sends all of it.
                have = 0;
            }
            file.set_len(have).map_err(failed)?;
            file.seek(SeekFrom::Start(have)).map_err(failed)?;
            self.progress.advance(have);
            self.receive(response, &mut file, &partial)?;
        }
        file.sync_all().map_err(failed)?;
        let size = file.metadata().map_err(failed)?.len();
        if let Some(bytes) = described.bytes
            && size < bytes
        {
            let why = format!("the connection ended after {size} of {bytes} bytes");
            return Err(Failure::Passing(why));
        }
        let sum = files::checksum(&partial, &described.etag).map_err(Failure::Lasting)?;
        let too_long = described.bytes.is_some_and(|bytes| size > bytes);
        if too_long || sum.is_some_and(|sum| !sum.eq_ignore_ascii_case(&described.etag)) {
            std::fs::remove_file(&partial).map_err(failed)?;
            return Err(Failure::Passing(format!(
                "{name} does not match its checksum {}",
                described.etag
            )));
        }
        std::fs::rename(&partial, &blob).map_err(failed)
    }

    /// Asks for a file from byte `first` on.
    fn ask(&self, url: &str, first: u64) -> Result<Response<Body>, Failure> {
        let mut request = self.agent.get(url);
        if first > 0 {
            request = request.header("range", format!("bytes={first}-"));
        }
        let response = request
            .call()
            .map_err(|error| Failure::Passing(error.to_string()))?;
        match response.status().as_u16() {
            200 | 206 => Ok(response),
            // What lies here is not a part of the file: without it, all is asked for.
            416 if first > 0 => self.ask(url, 0),
            status => Err(status_failure(status)),
        }
    }

    fn receive(
        &self,
        response: Response<Body>,
        file: &mut File,
        path: &Path,
    ) -> Result<(), Failure> {
        let mut body = response
            .into_body()
            .into_with_config()
            .limit(u64::MAX)
            .reader();
        let mut block = vec![0; BLOCK];
        loop {
            progress::check(self.progress).map_err(Failure::Lasting)?;
            let count = match body.read(&mut block) {
                Ok(0) => return Ok(()),
                Ok(count) => count,
                Err(error) => return Err(Failure::Passing(error.to_string())),
            };
            file.write_all(&block[..count])
                .map_err(|source| Failure::Lasting(Error::io("write", path, source)))?;
            self.progress.advance(count as u64);
        }
    }
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}

fn status_failure(status: u16) -> Failure {
    Failure::Passing(format!("status {status}"))
}
