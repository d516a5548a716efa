//! The files of a fetched set.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::time::SystemTime;

use bindscape_base::atomic::AtomicFile;
use bindscape_base::digest::InputFile;
use bindscape_base::{Error, Result, atomic, digest};
use bindscape_protein::ProteinClass;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};

use crate::entry::Entry;
use crate::pages::{State, write_json};
use crate::select::ClassCounts;

/// Names of the files, in the reverse of the order in which they are written.
pub(crate) const FILES: [&str; 3] = [RECORD, "labels.tsv", "proteins.fasta.gz"];

/// Name of the file that stands for a whole set.
pub(crate) const RECORD: &str = "fetch.json";

/// Residues per line of FASTA.
const LINE: usize = 60;

/// `fetch.json`: where a set came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Version of bindscape.
    pub bindscape: String,
    /// Command line.
    pub command: Vec<String>,
    /// Service.
    pub endpoint: String,
    /// Release of UniProt that all records are of, where the service tells it.
    pub release: Option<String>,
    /// Its date in the service's words.
    pub release_date: Option<String>,
    /// When the work began, or was last taken up (HTTP date, GMT).
    pub started: String,
    /// When it ended.
    pub finished: String,
    /// Seed of the draws.
    pub seed: u64,
    /// Requests that had to be sent again.
    pub requests_repeated: u64,
    /// What was asked.
    pub queries: Vec<QueryRecord>,
    /// Its records that were kept or dropped, per class of the set.
    pub classes: BTreeMap<ProteinClass, ClassCounts>,
    /// The other files with their checksums.
    pub files: Vec<InputFile>,
}

/// One query and its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueryRecord {
    /// Class whose candidates it finds.
    pub class: ProteinClass,
    /// The query in UniProt's words.
    pub query: String,
    /// Address of its first page.
    pub url: String,
    /// Records, by the service's count (`x-total-results`) and by ours.
    pub total: u64,
    /// Pages.
    pub pages: u64,
    /// Records of a domain class that show neither a keyword nor a Pfam domain
    /// of the query; anything but 0 means that the service read the query otherwise.
    pub without_evidence: Option<u64>,
    /// SHA-256 over the checksums of the pages.
    pub sha256: String,
}

impl QueryRecord {
    pub(crate) fn new(class: ProteinClass, query: &str, state: &State, entries: &[Entry]) -> Self {
        let domain = !matches!(class, ProteinClass::OtherTf | ProteinClass::NonTf);
        let shown = |entry: &&Entry| {
            entry
                .keywords
                .iter()
                .chain(&entry.pfam)
                .any(|accession| query.contains(accession.as_str()))
        };
        let checksums: String = state
            .pages
            .iter()
            .map(|page| page.sha256.as_str())
            .collect();
        Self {
            class,
            query: query.to_owned(),
            url: state.url.clone(),
            total: state.total,
            pages: state.pages.len() as u64,
            without_evidence: domain
                .then(|| (entries.len() - entries.iter().filter(shown).count()) as u64),
            sha256: digest::sha256_hex(checksums.as_bytes()),
        }
    }
}

/// Writes the set to `out`; `fetch.json` comes last, so that it stands for a whole set.
pub(crate) fn write(
    out: &Path,
    chosen: &[(ProteinClass, Entry)],
    record: &mut Record,
) -> Result<()> {
    let [json, labels, fasta] = FILES.map(|name| out.join(name));
    let failed = |source| Error::io("write", &fasta, source);
    let mut gzip = GzEncoder::new(AtomicFile::create(&fasta)?, flate2::Compression::best());
    for (_, entry) in chosen {
        writeln!(
            gzip,
            ">sp|{}|{} OX={}",
            entry.accession, entry.name, entry.organism
        )
        .map_err(failed)?;
        for line in entry.sequence.as_bytes().chunks(LINE) {
            gzip.write_all(line).map_err(failed)?;
            gzip.write_all(b"\n").map_err(failed)?;
        }
    }
    gzip.finish().map_err(failed)?.commit()?;

    let mut table = String::from("accession\tclass\tsource\ttaxon\tlength\n");
    for (class, entry) in chosen {
        table.push_str(&format!(
            "{}\t{}\tUniProt\t{}\t{}\n",
            entry.accession,
            class.name(),
            entry.taxon,
            entry.sequence.len()
        ));
    }
    atomic::write(&labels, table.as_bytes())?;

    record.files = vec![
        digest::input_file("proteins", &fasta)?,
        digest::input_file("labels", &labels)?,
    ];
    record.finished = httpdate::fmt_http_date(SystemTime::now());
    write_json(&json, record)
}
