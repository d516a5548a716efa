//! Groups of similar motifs, as binding modes.

mod page;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use bindscape_base::progress::Progress;
use bindscape_base::{Error, Place, Result, table};
use bindscape_motif::cluster::{Agreement, Clustering, Thresholds, agreement, cluster, consensus};
use bindscape_motif::{Format, Motif, MotifSet, format};
use serde::{Deserialize, Serialize};

use super::input::motifs_from;
use crate::job::{Job, Outcome};
use crate::output_directory::OutputDirectory;
use crate::run_directory::refuse_occupied;
use crate::session::Session;

/// A plan to group like motifs into binding modes, as RSAT's matrix-clustering does.
///
/// ```
/// use bindscape::Session;
/// use bindscape::motif::{Cluster, Label};
///
/// let directory = tempfile::tempdir()?;
/// let out = directory.path().join("clusters");
/// let cluster = Cluster {
///     compare_to: Some(Label::Class),
///     ..Cluster::new("jaspar:CTCF,HNF4A,HNF4G,RXRA", out.clone())
/// };
/// let clustered = Session::silent().run(&cluster)?;
/// let families = clustered.clustering.clusters.len();
/// assert!(families < clustered.clustering.assignments().len());
/// assert!(clustered.agreement.is_some_and(|found| found.agreement.homogeneity > 0.9));
/// assert!(out.join("modes.tsv").exists());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cluster {
    /// The motifs, as [`bindscape_motif::motifs_from`] takes them.
    pub motifs: String,
    /// How like the motifs of a cluster are.
    #[serde(default)]
    pub thresholds: Thresholds,
    /// Compare the clusters with these labels of the motifs.
    #[serde(default)]
    pub compare_to: Option<Label>,
    /// Table with columns `matrix_id` and `class` or `family`, for motifs whose file names none.
    #[serde(default)]
    pub metadata: Option<PathBuf>,
    /// Directory to write, new or empty.
    pub out: PathBuf,
}

/// What clusters are compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Label {
    /// Structural class of the DNA-binding domain.
    Class,
    /// Family within the class.
    Family,
}

impl Label {
    /// Its name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
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

/// Agreement of clusters with labels of the motifs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LabelAgreement {
    /// The labels.
    pub label: Label,
    /// How well clusters and labels agree.
    pub agreement: Agreement,
    /// Motifs that have a label.
    pub labelled: usize,
    /// Motifs without one, which are left out.
    pub unlabelled: usize,
}

/// What a clustering leaves.
#[derive(Debug, Clone, PartialEq)]
pub struct Clustered {
    /// The clusters and the tree they were cut from.
    pub clustering: Clustering,
    /// Agreement with labels, where it was asked for.
    pub agreement: Option<LabelAgreement>,
}

impl Cluster {
    /// A clustering with RSAT's thresholds.
    #[must_use]
    pub fn new(motifs: impl Into<String>, out: PathBuf) -> Self {
        Self {
            motifs: motifs.into(),
            thresholds: Thresholds::default(),
            compare_to: None,
            metadata: None,
            out,
        }
    }

    /// The label of each motif, where clusters are compared with labels.
    fn labels(&self, motifs: &[Motif]) -> Result<Option<(Label, Vec<Option<String>>)>> {
        let Some(label) = self.compare_to else {
            return Ok(None);
        };
        let labels = match &self.metadata {
            Some(path) => read_labels(path, label, motifs)?,
            None => motifs.iter().map(|motif| label.of(motif)).collect(),
        };
        Ok(Some((label, labels)))
    }
}

impl Cluster {
    fn write(&self, set: &MotifSet, clustered: &Clustered) -> Result<()> {
        let (motifs, clustering) = (&set.motifs, &clustered.clustering);
        let names: Vec<String> = motifs.iter().map(Motif::label).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let means = means(set, clustering);
        let title = format!("Clusters of {}", self.motifs);
        let page = page::page(
            &title,
            &self.remarks(set, clustered),
            set,
            &means,
            clustering,
        )?;
        let mut directory = OutputDirectory::make(&self.out)?;
        for (name, text) in [
            ("clusters.tsv", cluster_table(motifs, clustering)),
            ("modes.tsv", mode_table(motifs, clustering)),
            ("tree.nwk", clustering.newick(&names)),
            ("consensus.meme", format::write_motifs(&means, Format::Meme)),
            ("clusters.html", page),
        ] {
            directory.write(name, text)?;
        }
        directory.keep();
        Ok(())
    }

    /// What the page says of the clustering before it shows it.
    fn remarks(&self, set: &MotifSet, clustered: &Clustered) -> Vec<String> {
        let Thresholds {
            correlation,
            normalized,
            overlap,
        } = self.thresholds;
        let mut remarks: Vec<String> = clustered.notes();
        for remark in &mut remarks {
            remark.push('.');
        }
        remarks.push(format!(
            "After RSAT matrix-clustering: a cluster is a branch of the tree in which, at every \
             branching, the mean correlation of aligned positions is at least {correlation}, the \
             width-normalised correlation {normalized}, and the mean overlap {overlap} positions."
        ));
        remarks.extend(set.notice.clone());
        remarks
    }
}

impl Job for Cluster {
    type Outcome = Clustered;

    const NAME: &'static str = "motif cluster";

    fn check(&self) -> Result<()> {
        self.thresholds.validate()?;
        if self.metadata.is_some() && self.compare_to.is_none() {
            return Err(Error::argument(
                "metadata",
                "⟦compare_to⟧ beside it, which says what to read",
                "none",
            ));
        }
        Ok(())
    }

    fn run(&self, session: &Session<'_>) -> Result<Clustered> {
        refuse_occupied(&self.out, "out")?;
        let set = motifs_from(&self.motifs, session)?;
        let labels = self.labels(&set.motifs)?;
        session.begin("comparing motifs", Some(set.motifs.len() as u64));
        let clustering = cluster(&set.motifs, self.thresholds, session)?;
        session.finish();
        let agreement = labels
            .map(|(label, labels)| compare_with(label, &labels, &clustering))
            .transpose()?;
        let clustered = Clustered {
            clustering,
            agreement,
        };
        self.write(&set, &clustered)?;
        Ok(clustered)
    }
}

fn compare_with(
    label: Label,
    labels: &[Option<String>],
    clustering: &Clustering,
) -> Result<LabelAgreement> {
    let (clusters, known): (Vec<usize>, Vec<&str>) = clustering
        .assignments()
        .into_iter()
        .zip(labels)
        .filter_map(|(cluster, label)| Some((cluster, label.as_deref()?)))
        .unzip();
    let agreement = agreement(&clusters, &known).ok_or_else(|| {
        Error::argument(
            "compare_to",
            format!("motifs with a {}", label.name()),
            "none",
        )
        .hint("⟦metadata⟧ names a table with one")
    })?;
    Ok(LabelAgreement {
        label,
        agreement,
        labelled: known.len(),
        unlabelled: labels.len() - known.len(),
    })
}

/// The label of each motif in a table with a header.
fn read_labels(path: &Path, label: Label, motifs: &[Motif]) -> Result<Vec<Option<String>>> {
    let mut labels = LabelTable {
        path,
        name: label.name(),
        columns: None,
        labels: BTreeMap::new(),
    };
    table::each_row(path, |number, fields| labels.add(number, fields))?;
    let labels = labels.labels;
    Ok(motifs
        .iter()
        .map(|motif| labels.get(&motif.id).map(|(label, _)| label.clone()))
        .collect())
}

/// Labels by motif as they are read.
struct LabelTable<'a> {
    path: &'a Path,
    /// Name of the column of labels.
    name: &'static str,
    /// Places of the columns of ids and labels, once the header was read.
    columns: Option<(usize, usize)>,
    /// Label of each motif, and the line it stands on.
    labels: BTreeMap<String, (String, u64)>,
}

impl LabelTable<'_> {
    fn add(&mut self, number: u64, fields: &[&str]) -> Result<()> {
        let fault = |expected: String, found: String| {
            Err(Error::input(
                self.path,
                Place::Line(number),
                expected,
                found,
            ))
        };
        let name = self.name;
        let Some((id, value)) = self.columns else {
            let column = |name: &str| fields.iter().position(|field| *field == name);
            self.columns = column("matrix_id").zip(column(name));
            return match self.columns {
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
        match self.labels.get(id) {
            Some((other, line)) if other != value => fault(
                format!("one {name} of {id}, on line {line} {other:?}"),
                format!("{value:?}"),
            ),
            Some(_) => Ok(()),
            None => {
                self.labels
                    .insert(id.to_owned(), (value.to_owned(), number));
                Ok(())
            }
        }
    }
}

/// The TFs of a motif: its name, less a variant such as `(var.2)`, split at `::`.
pub(crate) fn factors(motif: &Motif) -> Vec<&str> {
    factors_of(motif.name.as_deref().unwrap_or(&motif.id)).collect()
}

/// The TFs of a motif of that name.
pub(crate) fn factors_of(name: &str) -> impl Iterator<Item = &str> {
    let name = name.find("(var.").map_or(name, |at| &name[..at]);
    name.split("::").map(str::trim)
}

/// `clusters.tsv`: each motif with its place in the frame of its cluster.
fn cluster_table(motifs: &[Motif], clustering: &Clustering) -> String {
    let mut text = String::from("cluster\tmotif\tname\toffset\torientation\n");
    for (number, members) in (1..).zip(&clustering.clusters) {
        for member in members {
            let motif = &motifs[member.motif];
            writeln!(
                text,
                "{number}\t{}\t{}\t{}\t{}",
                motif.id,
                motif.name.as_deref().unwrap_or(""),
                member.offset,
                if member.reverse { '-' } else { '+' },
            )
            .expect("writing to a string");
        }
    }
    text.push_str(
        "# offset: place of the motif's first position (of its reverse complement where orientation is -) in the cluster's frame, from 0\n",
    );
    text
}

/// `modes.tsv`: each TF with the clusters of its motifs. Names are compared without case, as a
/// file may write a TF in two ways (JASPAR has `RXRA` and the mouse's `Rxra`).
fn mode_table(motifs: &[Motif], clustering: &Clustering) -> String {
    let mut modes: BTreeMap<String, ModesOf<'_>> = BTreeMap::new();
    for (number, members) in (1..).zip(&clustering.clusters) {
        for member in members {
            let motif = &motifs[member.motif];
            for factor in factors(motif) {
                let of = modes.entry(factor.to_uppercase()).or_default();
                of.spellings.insert(factor);
                of.motifs.push(&motif.id);
                of.clusters.insert(number);
            }
        }
    }
    let mut text = String::from("tf\tmodes\tclusters\tmotifs\n");
    for of in modes.values() {
        // Capitals come first.
        let factor = of.spellings.first().copied().unwrap_or_default();
        let joined: Vec<String> = of.clusters.iter().map(ToString::to_string).collect();
        writeln!(
            text,
            "{factor}\t{}\t{}\t{}",
            of.clusters.len(),
            joined.join(","),
            of.motifs.join(",")
        )
        .expect("writing to a string");
    }
    text
}

/// The motifs of a TF.
#[derive(Default)]
struct ModesOf<'a> {
    /// Its name as files write it.
    spellings: BTreeSet<&'a str>,
    motifs: Vec<&'a str>,
    clusters: BTreeSet<usize>,
}

/// A motif for each cluster: the mean of its own.
fn means(set: &MotifSet, clustering: &Clustering) -> MotifSet {
    let means = (1..)
        .zip(&clustering.clusters)
        .map(|(number, members)| consensus(&format!("cluster_{number}"), &set.motifs, members))
        .collect();
    MotifSet {
        background: set.background,
        notice: set.notice.clone(),
        ..MotifSet::new(means)
    }
}
