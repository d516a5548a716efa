//! `bindscape motif cluster`: groups of like motifs, as binding modes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use bindscape_base::progress::Progress;
use bindscape_base::table;
use bindscape_base::{Error, Place, Result, atomic};
use bindscape_motif::cluster::{Clustering, Thresholds, agreement, cluster, consensus};
use bindscape_motif::{Format, Motif, MotifSet, format, motifs_from};
use clap::{Args, ValueEnum};

use crate::terminal::Terminal;

/// Options of `motif cluster`; thresholds are RSAT's.
#[derive(Debug, Args)]
#[command(after_help = "\
Files: clusters.tsv (cluster, motif, place and strand in the cluster's frame), modes.tsv (TFs \
and the clusters of their motifs), consensus.meme (a motif per cluster), tree.nwk (all motifs).")]
pub(crate) struct Arguments {
    /// Motifs to cluster
    #[arg(value_name = "MOTIFS")]
    motifs: String,
    /// Directory to make and write; must not exist
    #[arg(short = 'o', long, value_name = "DIR")]
    out: PathBuf,
    /// Least mean correlation of the aligned positions between the sides of a branch
    #[arg(long, value_name = "R", default_value_t = Thresholds::default().correlation)]
    cor: f64,
    /// Least mean correlation times the aligned share of the positions that both motifs span
    #[arg(long, value_name = "R", default_value_t = Thresholds::default().normalized)]
    ncor: f64,
    /// Least number of aligned positions
    #[arg(long, value_name = "N", default_value_t = Thresholds::default().overlap)]
    w: usize,
    /// Print the agreement with classes or families of the motifs
    #[arg(long, value_name = "LABEL")]
    compare_to: Option<Label>,
    /// Table with columns matrix_id and class or family, for motifs whose file names none
    #[arg(long, value_name = "TSV", requires = "compare_to")]
    metadata: Option<PathBuf>,
}

/// What clusters are compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Label {
    /// Structural class of the DNA-binding domain.
    Class,
    /// Family within the class.
    Family,
}

impl Label {
    fn name(self) -> &'static str {
        match self {
            Label::Class => "class",
            Label::Family => "family",
        }
    }

    fn of(self, motif: &Motif) -> Option<String> {
        let labels = match self {
            Label::Class => &motif.metadata.class,
            Label::Family => &motif.metadata.family,
        };
        (!labels.is_empty()).then(|| labels.join("::"))
    }
}

pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<()> {
    if arguments.out.exists() {
        return Err(Error::argument(
            "out",
            "a directory that does not exist",
            arguments.out.display().to_string(),
        ));
    }
    let set = motifs_from(&arguments.motifs)?;
    let motifs = &set.motifs;
    let labels = match (arguments.compare_to, &arguments.metadata) {
        (Some(label), Some(path)) => Some(read_labels(path, label, motifs)?),
        (Some(label), None) => Some(motifs.iter().map(|motif| label.of(motif)).collect()),
        (None, _) => None,
    };
    let thresholds = Thresholds {
        correlation: arguments.cor,
        normalized: arguments.ncor,
        overlap: arguments.w,
    };
    terminal.begin("comparing motifs", Some(motifs.len() as u64));
    let clustering = cluster(motifs, thresholds, terminal)?;
    terminal.finish();
    terminal.note(&format!(
        "{} motifs in {} clusters, {} of them of one motif",
        motifs.len(),
        clustering.clusters.len(),
        clustering
            .clusters
            .iter()
            .filter(|members| members.len() == 1)
            .count()
    ));
    if let (Some(label), Some(labels)) = (arguments.compare_to, labels) {
        tell_agreement(&clustering, label, &labels, terminal)?;
    }
    write(&arguments.out, &set, &clustering)
}

fn tell_agreement(
    clustering: &Clustering,
    label: Label,
    labels: &[Option<String>],
    terminal: &Terminal,
) -> Result<()> {
    let (clusters, labels): (Vec<usize>, Vec<&str>) = clustering
        .assignments()
        .into_iter()
        .zip(labels)
        .filter_map(|(cluster, label)| Some((cluster, label.as_deref()?)))
        .unzip();
    let without = clustering.assignments().len() - labels.len();
    let Some(found) = agreement(&clusters, &labels) else {
        return Err(Error::argument(
            "compare_to",
            format!("motifs with a {}", label.name()),
            "none",
        )
        .hint("--metadata names a table with one"));
    };
    let rand = found
        .rand
        .map_or("undefined".to_owned(), |rand| format!("{rand:.4}"));
    terminal.note(&format!(
        "agreement with {}: adjusted Rand index {rand}, homogeneity {:.4}, completeness {:.4} ({} motifs; {without} without one left out)",
        label.name(),
        found.homogeneity,
        found.completeness,
        labels.len(),
    ));
    Ok(())
}

/// The label of each motif in a table with a header.
fn read_labels(path: &Path, label: Label, motifs: &[Motif]) -> Result<Vec<Option<String>>> {
    let mut columns = None;
    let mut labels: BTreeMap<String, (String, u64)> = BTreeMap::new();
    table::each_row(path, |number, fields| {
        let fault = |expected: String, found: String| {
            Err(Error::input(path, Place::Line(number), expected, found))
        };
        let Some((id, value)) = columns else {
            let column = |name: &str| fields.iter().position(|field| *field == name);
            let name = label.name();
            columns = column("matrix_id").zip(column(name));
            return match columns {
                Some(_) => Ok(()),
                None => fault(
                    format!("a header with columns `matrix_id` and `{name}`"),
                    format!("{:?}", fields.join("\t")),
                ),
            };
        };
        let (Some(&id), Some(&value)) = (fields.get(id), fields.get(value)) else {
            return fault(
                format!("{} columns", id.max(value) + 1),
                fields.len().to_string(),
            );
        };
        if value.is_empty() {
            return Ok(());
        }
        match labels.get(id) {
            Some((other, line)) if other != value => fault(
                format!("one {} of {id}, on line {line} {other:?}", label.name()),
                format!("{value:?}"),
            ),
            Some(_) => Ok(()),
            None => {
                labels.insert(id.to_owned(), (value.to_owned(), number));
                Ok(())
            }
        }
    })?;
    Ok(motifs
        .iter()
        .map(|motif| labels.get(&motif.id).map(|(label, _)| label.clone()))
        .collect())
}

/// The TFs of a motif: its name, less a variant such as `(var.2)`, split at `::`.
fn factors(motif: &Motif) -> Vec<&str> {
    let name = motif.name.as_deref().unwrap_or(&motif.id);
    let name = name.find("(var.").map_or(name, |at| &name[..at]);
    name.split("::").map(str::trim).collect()
}

fn write(directory: &Path, set: &MotifSet, clustering: &Clustering) -> Result<()> {
    let motifs = &set.motifs;
    let mut clusters = String::from("cluster\tmotif\tname\toffset\torientation\n");
    let mut modes: BTreeMap<&str, (Vec<&str>, BTreeSet<usize>)> = BTreeMap::new();
    let mut means = Vec::with_capacity(clustering.clusters.len());
    for (number, members) in (1..).zip(&clustering.clusters) {
        means.push(consensus(&format!("cluster_{number}"), motifs, members));
        for member in members {
            let motif = &motifs[member.motif];
            writeln!(
                clusters,
                "{number}\t{}\t{}\t{}\t{}",
                motif.id,
                motif.name.as_deref().unwrap_or(""),
                member.offset,
                if member.reverse { '-' } else { '+' },
            )
            .expect("writing to a string");
            for factor in factors(motif) {
                let (ids, numbers) = modes.entry(factor).or_default();
                ids.push(&motif.id);
                numbers.insert(number);
            }
        }
    }
    clusters.push_str(
        "# offset: place of the motif's first position (of its reverse complement where orientation is -) in the cluster's frame, from 0\n",
    );
    let mut table = String::from("tf\tmodes\tclusters\tmotifs\n");
    for (factor, (ids, numbers)) in &modes {
        let joined: Vec<String> = numbers.iter().map(ToString::to_string).collect();
        writeln!(
            table,
            "{factor}\t{}\t{}\t{}",
            numbers.len(),
            joined.join(","),
            ids.join(",")
        )
        .expect("writing to a string");
    }
    let names: Vec<String> = motifs.iter().map(Motif::label).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let means = MotifSet {
        background: set.background,
        notice: set.notice.clone(),
        ..MotifSet::new(means)
    };
    std::fs::create_dir_all(directory).map_err(|source| Error::io("create", directory, source))?;
    for (name, text) in [
        ("clusters.tsv", clusters),
        ("modes.tsv", table),
        ("tree.nwk", clustering.newick(&names)),
        ("consensus.meme", format::write_motifs(&means, Format::Meme)),
    ] {
        atomic::write(directory.join(name), text.as_bytes())?;
    }
    Ok(())
}
