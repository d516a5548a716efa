//! Requests to web services that survive dropped connections, overload and answers that are
//! too short.
//!
//! [`Client::repeat`] makes an attempt, which sends [`Requests`] and looks at their answers, and
//! repeats it as long as its failure may pass: a broken connection, an answer that was cut, or one
//! of the statuses 408, 425, 429 and 5xx. It waits between two attempts, longer each time, and at
//! least as long as a `Retry-After` of the service says.
//!
//! This crate stands alone because it is the only one that needs TLS: file formats and networks
//! are built without it.

mod answer;
mod retry;

use std::time::Duration;

use bindscape_base::progress::Progress;
use ureq::http::HeaderMap;
use ureq::{Agent, Body};

pub use answer::{Answer, Failure, Refusal, Text};
pub use retry::{GaveUp, Retry, Stopped};

/// How long a request may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// Until the service begins to answer.
    pub answer: Duration,
    /// Until the body of the answer is read; `None` for no limit, as for large files.
    pub body: Option<Duration>,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            answer: Duration::from_secs(120),
            body: Some(Duration::from_secs(300)),
        }
    }
}

/// Sends requests, one after the other.
pub struct Client<'a> {
    agent: Agent,
    retry: Retry,
    progress: &'a dyn Progress,
    repeats: u64,
}

impl<'a> Client<'a> {
    /// A client that notes failures with `progress`, and asks it whether to stop.
    #[must_use]
    pub fn new(retry: Retry, timeouts: Timeouts, progress: &'a dyn Progress) -> Self {
        let config = Agent::config_builder()
            .user_agent(concat!("bindscape/", env!("CARGO_PKG_VERSION")))
            .http_status_as_error(false)
            .timeout_connect(Some(Duration::from_secs(30)))
            .timeout_recv_response(Some(timeouts.answer))
            .timeout_recv_body(timeouts.body)
            .build();
        Self {
            agent: config.new_agent(),
            retry,
            progress,
            repeats: 0,
        }
    }

    /// Attempts that were repeated so far.
    #[must_use]
    pub fn repeats(&self) -> u64 {
        self.repeats
    }
}

/// Sends the requests of one attempt.
#[derive(Debug, Clone, Copy)]
pub struct Requests<'a> {
    agent: &'a Agent,
}

impl Requests<'_> {
    /// Asks for a text, which may come compressed.
    ///
    /// # Errors
    /// If there is no answer, its status is not 200, or its body is shorter than announced or no
    /// text.
    pub fn text(&self, url: &str) -> Result<Text, Failure> {
        let request = self.agent.get(url).header("accept-encoding", "gzip");
        Answer::of(request.call())?.into_text()
    }

    /// Asks for the bytes of a file from `first` on. The service may answer with all of it
    /// ([`Answer::status`] is 206 where it does not).
    ///
    /// # Errors
    /// If there is no answer, or its status is 400 or above.
    pub fn get(&self, url: &str, first: u64) -> Result<Answer, Failure> {
        let mut request = self.agent.get(url);
        if first > 0 {
            request = request.header("range", format!("bytes={first}-"));
        }
        Answer::of(request.call())
    }

    /// Asks for the headers of a file. Redirections are not followed: they count as answers.
    ///
    /// # Errors
    /// As [`Requests::get`].
    pub fn head(&self, url: &str) -> Result<Answer, Failure> {
        let request = self.agent.head(url).config().max_redirects(0).build();
        Answer::of(request.call())
    }
}

/// What ureq gives.
type Response = Result<ureq::http::Response<Body>, ureq::Error>;

/// A header's text, where there is one that is text.
fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}
