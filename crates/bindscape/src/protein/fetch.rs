//! Fetching a labelled set of proteins from UniProt.

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use bindscape_base::{Error, Result};
use bindscape_protein::ProteinClass;
use bindscape_uniprot::{ENDPOINT, Record, Retry};
use serde::{Deserialize, Serialize};

use crate::job::Job;
use crate::session::Session;

/// Non-TFs of the published set.
const NON_TF: NonZeroUsize = NonZeroUsize::new(5000).expect("not zero");
/// Requests before giving up on a page.
const ATTEMPTS: NonZeroU32 = NonZeroU32::new(8).expect("not zero");

/// A plan of fetching proteins of some classes, with their labels, from UniProt's REST service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fetch {
    /// Directory to write: `proteins.fasta.gz`, `labels.tsv` and `fetch.json`. That of an
    /// interrupted fetch is continued.
    pub out: PathBuf,
    /// Classes of the set, in any order.
    pub classes: Vec<ProteinClass>,
    /// Draw so many of each class of TFs where there are more; `None` takes all.
    pub max_per_class: Option<NonZeroUsize>,
    /// Draw so many non-TFs. All of them are paged through, since the service cannot draw.
    pub non_tf: NonZeroUsize,
    /// Seed of the draws.
    pub seed: u64,
    /// Address of the service.
    pub endpoint: String,
    /// The only release of UniProt that will do, such as `2026_03`.
    pub release: Option<String>,
    /// Requests before giving up on a page.
    pub attempts: NonZeroU32,
    /// Seconds before a failed request is sent again, at most 60; they double each time, up to a
    /// minute.
    pub wait: f64,
    /// Whether to keep the pages of the service, so that another draw needs no requests.
    pub keep_pages: bool,
}

/// What a fetch leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The directory of the set.
    pub out: PathBuf,
    /// What was asked, what came, and what was left out; `fetch.json` holds it too.
    pub record: Record,
}

impl Fetch {
    /// All TFs of UniProt and 5,000 other proteins.
    #[must_use]
    pub fn new(out: PathBuf) -> Self {
        let usual = bindscape_uniprot::Plan::new(PathBuf::new());
        Self {
            out,
            classes: usual.classes,
            max_per_class: None,
            non_tf: NON_TF,
            seed: usual.seed,
            endpoint: ENDPOINT.to_owned(),
            release: None,
            attempts: ATTEMPTS,
            wait: usual.retry.first_wait.as_secs_f64(),
            keep_pages: false,
        }
    }

    fn requests(&self) -> bindscape_uniprot::Plan {
        bindscape_uniprot::Plan {
            classes: self.classes.clone(),
            max_per_class: self.max_per_class.map(NonZeroUsize::get),
            non_tf: Some(self.non_tf.get()),
            seed: self.seed,
            endpoint: self.endpoint.clone(),
            release: self.release.clone(),
            retry: Retry {
                attempts: self.attempts.get(),
                first_wait: Duration::from_secs_f64(self.wait),
                ..Retry::default()
            },
            keep_pages: self.keep_pages,
            ..bindscape_uniprot::Plan::new(&self.out)
        }
    }
}

impl Job for Fetch {
    type Outcome = Fetched;

    const NAME: &'static str = "protein fetch";

    fn check(&self) -> Result<()> {
        if !(0.0..=60.0).contains(&self.wait) {
            return Err(Error::argument(
                "wait",
                "0 to 60 seconds",
                self.wait.to_string(),
            ));
        }
        self.requests().check()
    }

    fn run(&self, session: &Session<'_>) -> Result<Fetched> {
        let record = bindscape_uniprot::fetch(&self.requests(), session.command(), session)?;
        Ok(Fetched {
            out: self.out.clone(),
            record,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_plan_is_that_of_the_crate() {
        let usual = Fetch::new("out".into());
        let (ours, theirs) = (usual.requests(), bindscape_uniprot::Plan::new("out"));
        assert_eq!(format!("{ours:?}"), format!("{theirs:?}"));
    }

    #[test]
    fn settings_that_make_no_sense_are_refused() {
        let refused = |change: &dyn Fn(&mut Fetch)| {
            let mut plan = Fetch::new("out".into());
            change(&mut plan);
            plan.check().expect_err("a wrong plan").to_string()
        };
        let wait = refused(&|plan| plan.wait = f64::NAN);
        assert!(wait.starts_with("wait: expected 0 to 60 seconds"), "{wait}");
        let classes = refused(&|plan| plan.classes.clear());
        assert!(classes.starts_with("classes: "), "{classes}");
        let endpoint = refused(&|plan| plan.endpoint = "ftp://x".into());
        assert!(endpoint.starts_with("endpoint: "), "{endpoint}");
    }
}
