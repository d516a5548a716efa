//! Requests to the service.

use bindscape_base::{Error, Result};
use bindscape_http::{Client, Failure, Refusal, Stopped, Text};

/// The outcome of [`get`].
pub(crate) enum Outcome<T> {
    /// What the check made of the answer.
    Whole(T),
    /// The service does not accept the request.
    Refused(Refusal),
}

/// Asks for `url` until `check` accepts the answer. An answer that it does not accept, with the
/// reason, counts as cut short and is asked for again. The message of a refusal is the service's
/// reasons.
///
/// # Errors
/// If the attempts are used up or the user interrupts a wait.
pub(crate) fn get<T>(
    client: &mut Client<'_>,
    url: &str,
    check: impl Fn(Text) -> Result<T, String>,
) -> Result<Outcome<T>> {
    let attempt = client.repeat(|requests| check(requests.text(url)?).map_err(Failure::passing));
    match attempt {
        Ok(answer) => Ok(Outcome::Whole(answer)),
        Err(Stopped::Refused(refusal)) => Ok(Outcome::Refused(Refusal {
            message: reasons(&refusal.message),
            ..refusal
        })),
        Err(Stopped::Failed(error)) => Err(error),
        Err(Stopped::GaveUp(gave_up)) => Err(Error::network(
            url,
            "a whole answer",
            gave_up.to_string(),
        )
        .hint(
            "the service or the network may be down; finished pages are kept, and the same command continues later",
        )),
    }
}

/// The service's reasons from its JSON answer, or the beginning of any other.
fn reasons(body: &str) -> String {
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

    #[test]
    fn reasons_are_read_from_json() {
        let json = r#"{"url":"x","messages":["Invalid cursor","second"]}"#;
        assert_eq!(reasons(json), "Invalid cursor; second");
        assert_eq!(reasons("<html>"), "<html>");
    }
}
