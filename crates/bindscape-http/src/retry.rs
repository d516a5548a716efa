//! Repeating what failed.

use std::fmt;
use std::time::{Duration, Instant};

use bindscape_base::{Error, progress};

use crate::{Client, Failure, Refusal, Requests};

/// Longest wait that a service may ask for.
const LONGEST_ASKED: Duration = Duration::from_secs(15 * 60);

/// How often, and after which waits, an attempt that failed is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// Attempts in all before giving up, at least 1.
    pub attempts: u32,
    /// Wait before the second attempt; it doubles from one to the next, and up to half of it is
    /// taken off at random, so that clients which failed together do not return together.
    pub first_wait: Duration,
    /// Longest wait between two attempts. A `Retry-After` of the service that is longer counts
    /// instead, up to 15 minutes.
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

impl Retry {
    /// The wait after failure number `failures`, from 1.
    fn wait(self, failures: u32, asked: Option<Duration>) -> Duration {
        let doubled = self
            .first_wait
            .saturating_mul(1 << (failures - 1).min(20))
            .min(self.longest_wait);
        let share = 0.5 + 0.5 * rand::random::<f64>();
        doubled.mul_f64(share).max(asked.unwrap_or_default())
    }
}

/// Why no further attempt is made.
#[derive(Debug)]
pub enum Stopped {
    /// The failure did not pass.
    GaveUp(GaveUp),
    /// The service does not accept the request.
    Refused(Refusal),
    /// Something other than the service failed, such as the disk, or the user asked to stop.
    Failed(Error),
}

/// A failure that did not pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GaveUp {
    /// All attempts failed.
    Attempts {
        /// How many.
        count: u32,
        /// What happened in the last one.
        last: String,
    },
    /// The service asks for a wait of more than 15 minutes.
    ComeBack(Duration),
}

impl fmt::Display for GaveUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attempts { count, last } => {
                write!(f, "none in {count} attempts; the last: {last}")
            }
            Self::ComeBack(wait) => {
                write!(f, "the request to come back in {} s", wait.as_secs())
            }
        }
    }
}

impl Client<'_> {
    /// Repeats `attempt` until it succeeds or fails for good.
    ///
    /// # Errors
    /// Why it ended; [`Error::Interrupted`] once the user asks to stop.
    pub fn repeat<T>(
        &mut self,
        attempt: impl Fn(Requests<'_>) -> Result<T, Failure>,
    ) -> Result<T, Stopped> {
        let mut failures = 0;
        loop {
            progress::check(self.progress).map_err(Stopped::Failed)?;
            let requests = Requests { agent: &self.agent };
            let (what, asked) = match attempt(requests) {
                Ok(done) => return Ok(done),
                Err(Failure::Refused(refusal)) => return Err(Stopped::Refused(refusal)),
                Err(Failure::Failed(error)) => return Err(Stopped::Failed(error)),
                Err(Failure::Passing { what, asked }) => (what, asked),
            };
            failures += 1;
            if failures >= self.retry.attempts {
                return Err(Stopped::GaveUp(GaveUp::Attempts {
                    count: failures,
                    last: what,
                }));
            }
            if let Some(asked) = asked
                && asked > LONGEST_ASKED
            {
                return Err(Stopped::GaveUp(GaveUp::ComeBack(asked)));
            }
            let wait = self.retry.wait(failures, asked);
            self.progress.note(&format!(
                "{what}; asking again in {:.1} s ({failures} of {} attempts used)",
                wait.as_secs_f64(),
                self.retry.attempts
            ));
            self.sleep(wait).map_err(Stopped::Failed)?;
            self.repeats += 1;
        }
    }

    /// Sleeps, waking now and then to see whether the user wants to stop.
    fn sleep(&self, wait: Duration) -> Result<(), Error> {
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
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use bindscape_base::progress::{Notes, Silent};

    use super::*;
    use crate::Timeouts;

    const FAST: Retry = Retry {
        attempts: 3,
        first_wait: Duration::from_millis(2),
        longest_wait: Duration::from_millis(2),
    };

    #[test]
    fn waits_double_and_yield_to_the_service() {
        let retry = Retry {
            attempts: 9,
            first_wait: Duration::from_secs(1),
            longest_wait: Duration::from_secs(20),
        };
        for (failures, full) in [(1, 1.0), (2, 2.0), (3, 4.0), (6, 20.0), (60, 20.0)] {
            let wait = retry.wait(failures, None).as_secs_f64();
            assert!((0.5 * full..=full).contains(&wait), "{failures}: {wait}");
        }
        let asked = Duration::from_secs(300);
        assert_eq!(retry.wait(1, Some(asked)), asked);
    }

    /// How repeating ends if every attempt fails in one way, and the number of attempts.
    fn stopped(failure: impl Fn() -> Failure) -> (Stopped, u32) {
        let mut client = Client::new(FAST, Timeouts::default(), &Silent);
        let count = Cell::new(0);
        let result: Result<(), Stopped> = client.repeat(|_| {
            count.set(count.get() + 1);
            Err(failure())
        });
        (result.expect_err("a failure"), count.get())
    }

    #[test]
    fn only_failures_that_may_pass_are_repeated() {
        let (ended, count) = stopped(|| Failure::passing("overload"));
        assert_eq!(count, 3);
        let Stopped::GaveUp(gave_up) = ended else {
            panic!("{ended:?}");
        };
        assert_eq!(
            gave_up.to_string(),
            "none in 3 attempts; the last: overload"
        );

        let refusal = Refusal {
            status: Some(404),
            message: String::new(),
        };
        let (ended, count) = stopped(|| Failure::Refused(refusal.clone()));
        assert!(matches!(ended, Stopped::Refused(found) if found == refusal));
        assert_eq!(count, 1);

        let (ended, count) = stopped(|| Failure::Failed(Error::Interrupted));
        assert!(matches!(ended, Stopped::Failed(Error::Interrupted)));
        assert_eq!(count, 1);

        let day = Duration::from_secs(86_400);
        let (ended, count) = stopped(|| Failure::Passing {
            what: "overload".into(),
            asked: Some(day),
        });
        let Stopped::GaveUp(gave_up) = ended else {
            panic!("{ended:?}");
        };
        assert_eq!(gave_up.to_string(), "the request to come back in 86400 s");
        assert_eq!(count, 1);
    }

    #[test]
    fn repeats_are_counted_and_told() {
        let notes = Notes::default();
        let mut client = Client::new(FAST, Timeouts::default(), &notes);
        let failures = Cell::new(0);
        let done = client.repeat(|_| match failures.replace(failures.get() + 1) {
            0 => Err(Failure::passing("a short answer")),
            _ => Ok(7),
        });
        assert_eq!(done.ok(), Some(7));
        assert_eq!(client.repeats(), 1);
        let notes = notes.0.into_inner().expect("no panic");
        assert_eq!(
            notes,
            ["a short answer; asking again in 0.0 s (1 of 3 attempts used)"]
        );
    }
}
