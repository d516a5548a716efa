//! `bindscape protein fetch`.

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use bindscape_base::progress::Progress;
use bindscape_base::{Error, Result, names};
use bindscape_protein::ProteinClass;
use bindscape_uniprot::{ENDPOINT, Plan, Record, Retry};
use clap::Args;

use crate::terminal::Terminal;
use bindscape::data::thousands;

/// Options of `protein fetch`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Directory to write: proteins.fasta.gz, labels.tsv and fetch.json; that of an interrupted fetch is continued
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Classes of the set: zinc_finger, homeodomain, leucine_zipper, other_tf, non_tf [default: all]
    #[arg(long, value_delimiter = ',', value_name = "CLASS,…")]
    classes: Vec<String>,
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

pub(super) fn run(arguments: Arguments, terminal: &Terminal) -> Result<()> {
    let plan = plan(arguments)?;
    let command: Vec<String> = std::env::args().collect();
    let record = bindscape_uniprot::fetch(&plan, &command, terminal)?;
    tell(&record, terminal);
    terminal.note(&format!("wrote {}", plan.out.display()));
    Ok(())
}

fn plan(arguments: Arguments) -> Result<Plan> {
    let mut classes = arguments
        .classes
        .iter()
        .map(|name| class(name))
        .collect::<Result<Vec<_>>>()?;
    if classes.is_empty() {
        classes = ProteinClass::ALL.to_vec();
    }
    if !(0.0..=60.0).contains(&arguments.wait) {
        return Err(Error::argument(
            "wait",
            "0 to 60 seconds",
            arguments.wait.to_string(),
        ));
    }
    Ok(Plan {
        classes,
        max_per_class: arguments.max_per_class.map(NonZeroUsize::get),
        non_tf: Some(arguments.non_tf.get()),
        seed: arguments.seed,
        endpoint: arguments.endpoint,
        release: arguments.release,
        retry: Retry {
            attempts: arguments.attempts.get(),
            first_wait: Duration::from_secs_f64(arguments.wait),
            ..Retry::default()
        },
        keep_pages: arguments.keep_pages,
        ..Plan::new(arguments.out)
    })
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

/// What came and what was left out, for the user.
fn tell(record: &Record, terminal: &Terminal) {
    terminal.note(&match &record.release {
        Some(release) => format!("UniProt release {release}"),
        None => "UniProt's release: not told by the service".to_owned(),
    });
    for query in &record.queries {
        if let Some(count) = query.without_evidence
            && count > 0
        {
            terminal.note(&format!(
                "warning: {} of {} records found for {} show none of the keywords and domains that were asked for",
                thousands(count),
                thousands(query.total),
                query.class.name()
            ));
        }
    }
    for (class, counts) in &record.classes {
        terminal.note(&format!(
            "{:>15}  {} of {} found",
            thousands(counts.kept),
            class.name(),
            thousands(counts.found)
        ));
        for (count, why) in [
            (counts.ambiguous, "left out: of two domain classes"),
            (
                counts.with_domain,
                "left out: homeodomain or bZIP domain without the GO term",
            ),
            (
                counts.contradictory,
                "left out: same sequence as a protein of another class",
            ),
            (counts.not_drawn, "not drawn"),
        ] {
            if count > 0 {
                terminal.note(&format!("{:>15}    {why}", thousands(count)));
            }
        }
    }
}
