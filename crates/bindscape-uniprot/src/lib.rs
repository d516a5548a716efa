//! Labelled sets of proteins from UniProt's REST service: the proteins of each
//! class that the networks tell apart, by stated queries, with everything that
//! tells where they came from.
//!
//! [`fetch`] asks page by page, survives the faults of network and service,
//! continues where it was interrupted, and writes three files:
//!
//! ```text
//! DIR/
//!   proteins.fasta.gz   >sp|ACCESSION|NAME OX=TAXON
//!   labels.tsv          accession, class, source, taxon, length
//!   fetch.json          Record: queries, release, counts, checksums
//!   pages/              only while the work is under way (or if kept)
//! ```
//!
//! This crate stands alone because the formats of proteins should not depend on a client for web
//! services, and its tests, which run a faulty service, should not wait for the networks to be
//! built.

mod entry;
mod pages;
mod query;
mod select;
mod service;
mod write;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use bindscape_base::progress::Progress;
use bindscape_base::{Error, Result};
use bindscape_http::{Client, Timeouts};
use bindscape_protein::ProteinClass;

use pages::{Download, State};

pub use bindscape_http::Retry;
pub use query::{PAGE, query};
pub use select::ClassCounts;
pub use write::{QueryRecord, Record};

/// UniProt's service.
pub const ENDPOINT: &str = "https://rest.uniprot.org";

/// Directory of the pages below that of the set.
const PAGES: &str = "pages";

/// How often queries are repeated until all come from one release.
const ROUNDS: u32 = 3;

/// What to fetch.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Directory to write; a new one, an empty one, or that of an interrupted fetch.
    pub out: PathBuf,
    /// Classes of the set, in any order.
    pub classes: Vec<ProteinClass>,
    /// Most proteins of each class of TFs; a draw where there are more.
    pub max_per_class: Option<usize>,
    /// Most non-TFs; a draw where there are more. All of them are paged through,
    /// since the service cannot draw.
    pub non_tf: Option<usize>,
    /// Seed of the draws.
    pub seed: u64,
    /// Address of the service.
    pub endpoint: String,
    /// The only release that will do.
    pub release: Option<String>,
    /// Records per page, at most 500.
    pub page: usize,
    /// What to do when a request fails.
    pub retry: Retry,
    /// Whether the pages stay on disk, for a set with another draw.
    pub keep_pages: bool,
}

impl Plan {
    /// A plan with the published set's number of non-TFs and all TFs.
    #[must_use]
    pub fn new(out: impl Into<PathBuf>) -> Self {
        Self {
            out: out.into(),
            classes: ProteinClass::ALL.to_vec(),
            max_per_class: None,
            non_tf: Some(5000),
            seed: 1,
            endpoint: ENDPOINT.to_owned(),
            release: None,
            page: PAGE,
            retry: Retry::default(),
            keep_pages: false,
        }
    }

    /// The queries it takes: the domain classes always, since a protein that
    /// has two of the domains, or one without the GO term, is known by them only.
    fn queries(&self) -> Vec<ProteinClass> {
        ProteinClass::ALL
            .into_iter()
            .filter(|&class| {
                !matches!(class, ProteinClass::OtherTf | ProteinClass::NonTf)
                    || self.classes.contains(&class)
            })
            .collect()
    }

    fn limit(&self, class: ProteinClass) -> Option<usize> {
        if class.is_tf() {
            self.max_per_class
        } else {
            self.non_tf
        }
    }

    /// Checks the settings, without a look at the disk or the service.
    ///
    /// # Errors
    /// If one makes no sense.
    pub fn check(&self) -> Result<()> {
        if self.classes.is_empty() {
            return Err(Error::argument("classes", "at least one class", "none"));
        }
        if !(1..=PAGE).contains(&self.page) {
            return Err(Error::argument(
                "page",
                format!("1 to {PAGE} records"),
                self.page.to_string(),
            ));
        }
        if !(self.endpoint.starts_with("https://") || self.endpoint.starts_with("http://")) {
            return Err(Error::argument(
                "endpoint",
                "an address that starts with https:// or http://",
                format!("{:?}", self.endpoint),
            )
            .hint(format!("UniProt's is {ENDPOINT}")));
        }
        Ok(())
    }

    /// Refuses a directory that holds a set.
    fn check_directory(&self) -> Result<()> {
        // Without `fetch.json`, files beside pages are those of an interrupted fetch.
        let taken = write::FILES.iter().find(|&&file| {
            self.out.join(file).exists()
                && (file == write::RECORD || !self.out.join(PAGES).exists())
        });
        if let Some(file) = taken {
            return Err(Error::conflict(
                &self.out,
                "a new directory, or that of an interrupted fetch",
                format!("one which holds {file}"),
            )
            .hint("choose another directory, or move the old set away"));
        }
        Ok(())
    }
}

/// Fetches what `plan` asks for and returns what `fetch.json` holds. After an
/// interruption or a failure, the same plan continues after the last whole page.
///
/// # Errors
/// If the plan is wrong, its directory holds a set already, the service refuses
/// or fails for good, a class is empty, its data keeps changing, the disk fails,
/// or the user interrupts.
pub fn fetch(plan: &Plan, command: &[String], progress: &dyn Progress) -> Result<Record> {
    plan.check()?;
    plan.check_directory()?;
    let started = httpdate::fmt_http_date(SystemTime::now());
    let pages = plan.out.join(PAGES);
    let mut client = Client::new(plan.retry, Timeouts::default(), progress);
    let queries: Vec<(ProteinClass, String)> = plan
        .queries()
        .into_iter()
        .map(|class| (class, query(class)))
        .collect();
    let downloads: Vec<(ProteinClass, Download<'_>)> = queries
        .iter()
        .map(|(class, query)| (*class, download(plan, *class, query, &pages)))
        .collect();
    let states = of_one_release(&downloads, &mut client, progress)?;

    let mut found = BTreeMap::new();
    let mut records = Vec::new();
    for ((class, download), state) in downloads.iter().zip(&states) {
        let entries = download.entries(state)?;
        records.push(QueryRecord::new(*class, download.query, state, &entries));
        found.insert(class.index(), entries);
    }
    let (chosen, counts) =
        select::select(found, &plan.classes, |class| plan.limit(class), plan.seed);
    let release = &states[0];
    let mut record = Record {
        bindscape: env!("CARGO_PKG_VERSION").to_owned(),
        command: command.to_vec(),
        endpoint: plan.endpoint.clone(),
        release: release.release.clone(),
        release_date: release.release_date.clone(),
        started,
        finished: String::new(),
        seed: plan.seed,
        requests_repeated: client.repeats(),
        queries: records,
        classes: counts,
        files: Vec::new(),
    };
    write::write(&plan.out, &chosen, &mut record)?;
    if !plan.keep_pages {
        std::fs::remove_dir_all(&pages).map_err(|source| Error::io("remove", &pages, source))?;
    }
    Ok(record)
}

fn download<'a>(plan: &'a Plan, class: ProteinClass, query: &'a str, pages: &Path) -> Download<'a> {
    Download {
        name: class.name(),
        endpoint: &plan.endpoint,
        query,
        size: plan.page,
        release: plan.release.as_deref(),
        directory: pages.join(class.name()),
    }
}

/// Runs all downloads, and those of an older release again, until all are of
/// the release that the last of them was.
fn of_one_release(
    downloads: &[(ProteinClass, Download<'_>)],
    client: &mut Client<'_>,
    progress: &dyn Progress,
) -> Result<Vec<State>> {
    for _ in 0..ROUNDS {
        let mut states = Vec::new();
        for (_, download) in downloads {
            states.push(download.run(client, progress)?);
        }
        let newest = states
            .iter()
            .map(|state| &state.release)
            .max()
            .expect("the domain classes are always asked for");
        let old: Vec<usize> = (0..states.len())
            .filter(|&index| states[index].release != *newest)
            .collect();
        if old.is_empty() {
            return Ok(states);
        }
        for index in old {
            let download = &downloads[index].1;
            progress.note(&format!(
                "{}: fetched from release {}, others from {}; its pages are fetched again",
                download.name,
                pages::named(&states[index].release),
                pages::named(newest)
            ));
            download.clear()?;
        }
    }
    Err(Error::network(
        "UniProt's service",
        "one release for all queries",
        format!("another one in each of {ROUNDS} rounds"),
    )
    .hint("the service may be at a change of release; try again in an hour"))
}
