//! `bindscape protein fetch`.

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;

use bindscape::protein::fetch::Fetch;
use bindscape_base::{Error, Result, names};
use bindscape_protein::ProteinClass;
use bindscape_uniprot::ENDPOINT;
use clap::Args;

use crate::face::Verb;

/// Options of `protein fetch`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Directory to write: proteins.fasta.gz, labels.tsv and fetch.json; that of an interrupted fetch is continued
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Classes of the set: zinc_finger, homeodomain, leucine_zipper, other_tf, non_tf [default: all]
    #[arg(long, value_delimiter = ',', value_name = "CLASS,…", value_parser = class)]
    classes: Vec<ProteinClass>,
    /// Draw so many of each class of TFs where there are more [default: take all]
    #[arg(long, value_name = "N")]
    max_per_class: Option<NonZeroUsize>,
    /// Draw so many non-TFs; all of them are paged through for that, some hundred requests
    #[arg(long, value_name = "N", default_value = "5000")]
    non_tf: NonZeroUsize,
    /// Seed of the draws
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Address of UniProt's REST service or of one that speaks as it does
    #[arg(long, value_name = "URL", default_value = ENDPOINT)]
    endpoint: String,
    /// Stop unless the service holds this release of UniProt, such as 2026_03
    #[arg(long, value_name = "NAME")]
    release: Option<String>,
    /// Requests before giving up on a page
    #[arg(long, value_name = "N", default_value = "8")]
    attempts: NonZeroU32,
    /// Seconds before a failed request is sent again; doubles each time, up to a minute
    #[arg(long, value_name = "SECONDS", default_value_t = 1.0)]
    wait: f64,
    /// Keep the pages of the service, so that another draw needs no requests
    #[arg(long)]
    keep_pages: bool,
}

impl Verb for Arguments {
    type Job = Fetch;

    fn plan(self) -> Result<Fetch> {
        let all = || ProteinClass::ALL.to_vec();
        Ok(Fetch {
            out: self.out,
            classes: Some(self.classes)
                .filter(|classes| !classes.is_empty())
                .unwrap_or_else(all),
            max_per_class: self.max_per_class,
            non_tf: self.non_tf,
            seed: self.seed,
            endpoint: self.endpoint,
            release: self.release,
            attempts: self.attempts,
            wait: self.wait,
            keep_pages: self.keep_pages,
        })
    }
}

fn class(name: &str) -> Result<ProteinClass> {
    ProteinClass::from_name(name.trim()).ok_or_else(|| {
        let all = ProteinClass::ALL.map(ProteinClass::name);
        Error::argument(
            "classes",
            format!("one of {}", all.join(", ")),
            format!("{name:?}"),
        )
        .hint(names::suggestion(
            name,
            all,
            "separate several classes with commas",
        ))
    })
}
