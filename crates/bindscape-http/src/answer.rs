//! Answers, and why a request got none that can be used.

use std::io::{self, Read};
use std::time::{Duration, SystemTime};

use bindscape_base::Error;
use flate2::read::MultiGzDecoder;
use ureq::Body;
use ureq::http::HeaderMap;

use crate::{Response, header};

/// Largest text that is read, in bytes.
const LARGEST_TEXT: u64 = 1 << 28;

/// Why an attempt brought nothing usable.
#[derive(Debug)]
pub enum Failure {
    /// The next attempt may succeed.
    Passing {
        /// What happened.
        what: String,
        /// How long the service asks to wait.
        asked: Option<Duration>,
    },
    /// The service does not accept the request as it is.
    Refused(Refusal),
    /// Something other than the service failed.
    Failed(Error),
}

impl Failure {
    /// A failure that may pass.
    pub fn passing(what: impl Into<String>) -> Self {
        Self::Passing {
            what: what.into(),
            asked: None,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// What the service said to a request that it does not accept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Status; `None` if the request could not be sent, since its address is not valid.
    pub status: Option<u16>,
    /// The text of the answer, or what is wrong with the address.
    pub message: String,
}

/// An answer with a status below 400.
#[derive(Debug)]
pub struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Body,
}

impl Answer {
    /// Separates answers from refusals and from failures that may pass.
    pub(crate) fn of(response: Response) -> Result<Self, Failure> {
        let response = response.map_err(|error| match error {
            ureq::Error::BadUri(_) | ureq::Error::Http(_) | ureq::Error::InvalidProxyUrl => {
                Failure::Refused(Refusal {
                    status: None,
                    message: error.to_string(),
                })
            }
            error => Failure::passing(format!("no answer ({error})")),
        })?;
        let status = response.status().as_u16();
        let (parts, body) = response.into_parts();
        let answer = Self {
            status,
            headers: parts.headers,
            body,
        };
        match status {
            408 | 425 | 429 | 500.. => Err(Failure::Passing {
                what: format!("the service answered with status {status}"),
                asked: retry_after(&answer.headers, SystemTime::now()),
            }),
            400.. => Err(Failure::Refused(Refusal {
                status: Some(status),
                message: answer.message(),
            })),
            _ => Ok(answer),
        }
    }

    /// Status, below 400.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// A header's text, where there is one that is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    /// The body as a text, decompressed, with its headers. The status must be 200.
    pub(crate) fn into_text(self) -> Result<Text, Failure> {
        if self.status != 200 {
            return Err(Failure::Refused(Refusal {
                status: Some(self.status),
                message: self.message(),
            }));
        }
        let Self { headers, body, .. } = self;
        let reader = body.into_with_config().limit(LARGEST_TEXT).reader();
        match read_text(&headers, reader) {
            Ok(text) => Ok(Text { headers, text }),
            Err(error) => Err(Failure::passing(format!(
                "an answer that was cut short ({error})"
            ))),
        }
    }

    /// What the body says, or nothing if it cannot be read.
    fn message(self) -> String {
        let reader = self.body.into_with_config().limit(LARGEST_TEXT).reader();
        read_text(&self.headers, reader).unwrap_or_default()
    }

    /// The bytes of the body, as they come.
    #[must_use]
    pub fn into_reader(self) -> impl Read {
        self.body.into_with_config().limit(u64::MAX).reader()
    }
}

/// A whole text with the headers of its answer.
#[derive(Debug)]
pub struct Text {
    headers: HeaderMap,
    /// The text.
    pub text: String,
}

impl Text {
    /// As [`Answer::header`].
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }
}

/// The text of a body, decompressed, and compared with its announced length.
fn read_text(headers: &HeaderMap, mut body: impl Read) -> io::Result<String> {
    let mut bytes = Vec::new();
    body.read_to_end(&mut bytes)?;
    let announced =
        header(headers, "content-length").and_then(|length| length.trim().parse::<usize>().ok());
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
        let mut plain = Vec::new();
        MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut plain)?;
        bytes = plain;
    }
    String::from_utf8(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

/// `Retry-After` (RFC 9110, section 10.2.3): seconds, or a date.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let value = header(headers, "retry-after")?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|&(name, value)| {
                let name = name.parse().expect("a name of a header");
                (name, value.parse().expect("a value of a header"))
            })
            .collect()
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").expect("a date");
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
    fn short_bodies_are_noticed() {
        let length = headers(&[("content-length", "5")]);
        let whole = read_text(&length, &b"whole"[..]).expect("a whole text");
        assert_eq!(whole, "whole");
        let error = read_text(&length, &b"who"[..]).expect_err("a short text");
        assert!(error.to_string().contains("3 of 5 bytes"), "{error}");

        use std::io::Write;
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(b"Entry\nP1\n")
            .expect("memory does not fail");
        let gzip = gzip.finish().expect("memory does not fail");
        let encoded = headers(&[("content-encoding", "gzip")]);
        let text = read_text(&encoded, gzip.as_slice()).expect("a whole text");
        assert_eq!(text, "Entry\nP1\n");
        assert!(read_text(&encoded, &gzip[..gzip.len() - 3]).is_err());
    }
}
