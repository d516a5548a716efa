//! Requests that outlast the faults of networks and services: dropped
//! connections, overload, and answers that end too early.

use std::io::{self, Read};
use std::time::{Duration, Instant, SystemTime};

use bindscape_base::progress;
use bindscape_base::progress::Progress;
use bindscape_base::{Error, Result};
use flate2::read::MultiGzDecoder;
use ureq::http::HeaderMap;

/// Largest answer that is read, in bytes; a page of 500 proteins takes about 300 kB.
const LARGEST_ANSWER: u64 = 1 << 28;

/// Longest wait that a service may ask for.
const LONGEST_ASKED: Duration = Duration::from_secs(15 * 60);

/// How often, and after which waits, a request that failed is sent again.
#[derive(Debug, Clone, Copy)]
pub struct Retry {
    /// Requests in all before giving up, at least 1.
    pub attempts: u32,
    /// Wait before the second request; it doubles from one to the next, and up
    /// to half of it is taken off at random, so that clients which failed
    /// together do not return together.
    pub first_wait: Duration,
    /// Longest wait between two requests. A `Retry-After` of the service that
    /// is longer counts instead, up to 15 minutes.
    pub longest_wait: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: 8,
            first_wait: Duration::from_secs(1),
            longest_wait: Duration::from_secs(60),
        }
    }
}

/// A whole answer with status 200.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Its headers.
    pub(crate) headers: HeaderMap,
    /// Its text.
    pub(crate) text: String,
}

impl Answer {
    /// A header's text, where there is one that is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// Why a request brought no usable answer.
enum Failure {
    /// It may succeed when sent again.
    Passing {
        what: String,
        asked: Option<Duration>,
    },
    /// It will not succeed as it is.
    Lasting(Refusal),
}

/// What the service said to a request that it does not accept.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// Status, 4xx.
    pub(crate) status: u16,
    /// Its words.
    pub(crate) message: String,
}

/// The outcome of [`Client::get`].
pub(crate) enum Outcome<T> {
    /// The answer, after its check.
    Whole(T),
    /// The service does not accept the request.
    Refused(Refusal),
}

/// Sends requests, one after the other.
pub(crate) struct Client<'a> {
    agent: ureq::Agent,
    retry: Retry,
    progress: &'a dyn Progress,
    /// Requests that were sent again.
    pub(crate) repeats: u64,
}

impl<'a> Client<'a> {
    pub(crate) fn new(retry: Retry, progress: &'a dyn Progress) -> Self {
        let config = ureq::Agent::config_builder()
            .user_agent(concat!("bindscape/", env!("CARGO_PKG_VERSION")))
            // Pages are text that compresses to a third; what is asked for is decoded below.
            .accept_encoding("gzip")
            .http_status_as_error(false)
            .timeout_connect(Some(Duration::from_secs(30)))
            .timeout_recv_response(Some(Duration::from_secs(120)))
            .timeout_recv_body(Some(Duration::from_secs(300)))
            .build();
        Self {
            agent: config.new_agent(),
            retry,
            progress,
            repeats: 0,
        }
    }

    /// Asks for `url` until `check` accepts the answer. An answer that it does
    /// not accept, with the reason, counts as cut short and is asked for again.
    ///
    /// # Errors
    /// If the attempts are used up or the user interrupts a wait.
    pub(crate) fn get<T>(
        &mut self,
        url: &str,
        check: impl Fn(Answer) -> Result<T, String>,
    ) -> Result<Outcome<T>> {
        let mut attempt = 0;
        loop {
            progress::check(self.progress)?;
            let checked = self.ask(url).and_then(|answer| {
                check(answer).map_err(|what| Failure::Passing { what, asked: None })
            });
            let (what, asked) = match checked {
                Ok(answer) => return Ok(Outcome::Whole(answer)),
                Err(Failure::Lasting(refusal)) => return Ok(Outcome::Refused(refusal)),
                Err(Failure::Passing { what, asked }) => (what, asked),
            };
            attempt += 1;
            if attempt >= self.retry.attempts {
                return Err(Error::about(
                    url,
                    "a whole answer",
                    format!("none in {attempt} attempts; the last: {what}"),
                )
                .hint(
                    "the service or the network may be down; finished pages are kept, and the same command continues later",
                ));
            }
            let wait = self.wait(attempt, asked)?;
            self.progress.note(&format!(
                "{what}; asking again in {:.1} s ({attempt} of {} attempts used)",
                wait.as_secs_f64(),
                self.retry.attempts
            ));
            self.sleep(wait)?;
            self.repeats += 1;
        }
    }

    /// The wait after failure number `attempt`, from 1.
    fn wait(&self, attempt: u32, asked: Option<Duration>) -> Result<Duration> {
        if let Some(asked) = asked
            && asked > LONGEST_ASKED
        {
            return Err(Error::about(
                "UniProt's service",
                "an answer",
                format!("the request to come back in {} s", asked.as_secs()),
            )
            .hint("finished pages are kept, and the same command continues later"));
        }
        let doubled = self
            .retry
            .first_wait
            .saturating_mul(1 << (attempt - 1).min(20))
            .min(self.retry.longest_wait);
        let share = 0.5 + 0.5 * rand::random::<f64>();
        Ok(doubled.mul_f64(share).max(asked.unwrap_or_default()))
    }

    /// Sleeps, waking now and then to see whether the user wants to stop.
    fn sleep(&self, wait: Duration) -> Result<()> {
        let end = Instant::now() + wait;
        loop {
            progress::check(self.progress)?;
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            std::thread::sleep(left.min(Duration::from_millis(100)));
        }
    }

    /// One request.
    fn ask(&self, url: &str) -> Result<Answer, Failure> {
        let response = self.agent.get(url).call().map_err(|error| match error {
            ureq::Error::BadUri(_) | ureq::Error::Http(_) | ureq::Error::InvalidProxyUrl => {
                Failure::Lasting(Refusal {
                    status: 0,
                    message: error.to_string(),
                })
            }
            error => Failure::Passing {
                what: format!("no answer ({error})"),
                asked: None,
            },
        })?;
        let status = response.status().as_u16();
        let (parts, body) = response.into_parts();
        let headers = parts.headers;
        let read = read_body(
            &headers,
            body.into_with_config().limit(LARGEST_ANSWER).reader(),
        );
        match status {
            200 => {
                let text = read.map_err(|error| Failure::Passing {
                    what: format!("an answer that was cut short ({error})"),
                    asked: None,
                })?;
                Ok(Answer { headers, text })
            }
            408 | 425 | 429 | 500..=599 => Err(Failure::Passing {
                what: format!("the service answered with status {status}"),
                asked: retry_after(&headers, SystemTime::now()),
            }),
            status => Err(Failure::Lasting(Refusal {
                status,
                message: words(&read.unwrap_or_default()),
            })),
        }
    }
}

/// The text of a body, decompressed, and compared with its announced length.
fn read_body(headers: &HeaderMap, mut body: impl Read) -> io::Result<String> {
    let mut bytes = Vec::new();
    body.read_to_end(&mut bytes)?;
    let announced = headers
        .get("content-length")
        .and_then(|length| length.to_str().ok()?.trim().parse::<usize>().ok());
    if let Some(announced) = announced
        && announced != bytes.len()
    {
        return Err(io::Error::new(
            io::ErrorKind::UnexpectedEof,
            format!("{} of {announced} bytes", bytes.len()),
        ));
    }
    let zipped = headers
        .get("content-encoding")
        .is_some_and(|encoding| encoding.as_bytes().eq_ignore_ascii_case(b"gzip"));
    if zipped {
        let mut plain = Vec::with_capacity(4 * bytes.len());
        MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut plain)?;
        bytes = plain;
    }
    String::from_utf8(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

/// `Retry-After` (RFC 9110, section 10.2.3): seconds, or a date.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let value = headers.get("retry-after")?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

/// The service's reasons from its JSON answer, or the beginning of any other.
fn words(body: &str) -> String {
    #[derive(serde::Deserialize)]
    struct Messages {
        messages: Vec<String>,
    }
    match serde_json::from_str::<Messages>(body) {
        Ok(answer) => answer.messages.join("; "),
        Err(_) => body.chars().take(200).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bindscape_base::progress::Silent;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|&(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        let wait = |value| retry_after(&headers(&[("retry-after", value)]), now);
        assert_eq!(wait("7"), Some(Duration::from_secs(7)));
        assert_eq!(
            wait("Sun, 06 Nov 1994 08:50:37 GMT"),
            Some(Duration::from_secs(60))
        );
        assert_eq!(wait("Sun, 06 Nov 1994 08:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(wait("soon"), None);
    }

    #[test]
    fn waits_double_and_yield_to_the_service() {
        let client = Client::new(
            Retry {
                attempts: 9,
                first_wait: Duration::from_secs(1),
                longest_wait: Duration::from_secs(20),
            },
            &Silent,
        );
        for (attempt, full) in [(1, 1.0), (2, 2.0), (3, 4.0), (6, 20.0), (60, 20.0)] {
            let wait = client.wait(attempt, None).unwrap().as_secs_f64();
            assert!((0.5 * full..=full).contains(&wait), "{attempt}: {wait}");
        }
        let asked = Some(Duration::from_secs(300));
        assert_eq!(client.wait(1, asked).unwrap(), Duration::from_secs(300));
        let message = client
            .wait(1, Some(Duration::from_secs(86_400)))
            .unwrap_err()
            .to_string();
        assert!(message.contains("86400 s"), "{message}");
    }

    #[test]
    fn short_bodies_are_noticed() {
        let length = headers(&[("content-length", "5")]);
        assert_eq!(read_body(&length, &b"whole"[..]).unwrap(), "whole");
        let error = read_body(&length, &b"who"[..]).unwrap_err().to_string();
        assert!(error.contains("3 of 5 bytes"), "{error}");

        use std::io::Write;
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(b"Entry\nP1\n").unwrap();
        let gzip = gzip.finish().unwrap();
        let encoded = headers(&[("content-encoding", "gzip")]);
        assert_eq!(read_body(&encoded, gzip.as_slice()).unwrap(), "Entry\nP1\n");
        assert!(read_body(&encoded, &gzip[..gzip.len() - 3]).is_err());
    }

    #[test]
    fn reasons_are_read_from_json() {
        let json = r#"{"url":"x","messages":["Invalid cursor","second"]}"#;
        assert_eq!(words(json), "Invalid cursor; second");
        assert_eq!(words("<html>"), "<html>");
    }
}
