//! Clusters of similar proteins.

use std::io::Write;
use std::path::PathBuf;

use bindscape_base::bgzf::TextFile;
use bindscape_base::{Error, Result};
use bindscape_protein::{ClusterOptions, Clusters, Protein, read_proteins_with};
use serde::{Deserialize, Serialize};

use crate::content::Content;
use crate::job::Job;
use crate::session::Session;

/// A plan of clustering similar proteins.
///
/// ```
/// use bindscape::Session;
/// use bindscape::protein::cluster::Cluster;
///
/// let directory = tempfile::tempdir()?;
/// let proteins = directory.path().join("proteins.fa");
/// let p53 = "MEEPQSDPSVEPPLSQETFSDLWKLLPENNVLSPLPSQAMDDLMLSPDDIEQWFTEDPGP";
/// let max = "MSDNDDIEVESDEEQPRFQSAADKRAHHNALERKRRDHIKDSFHSLRDSVPSLQGEKASR";
/// std::fs::write(&proteins, format!(">a\n{p53}\n>b\n{max}\n>c\n{p53}\n"))?;
///
/// let plan = Cluster::new(proteins, directory.path().join("clusters.tsv"));
/// let clustered = Session::silent().run(&plan)?;
/// assert_eq!(clustered.sizes, [2, 1]);
/// assert_eq!(clustered.identical, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cluster {
    /// Proteins (FASTA, may be compressed); `-` is standard input.
    pub proteins: PathBuf,
    /// Which proteins count as similar, and how pairs become clusters.
    #[serde(default)]
    pub clustering: ClusterOptions,
    /// Table to write: id, cluster, representative.
    pub out: PathBuf,
}

/// What a clustering gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clustered {
    /// The table.
    pub out: PathBuf,
    /// Number of proteins of each cluster.
    pub sizes: Vec<usize>,
    /// Similar pairs among the different sequences.
    pub similar_pairs: usize,
    /// Proteins that have the sequence of another one before them.
    pub identical: usize,
}

impl Cluster {
    /// Clusters of the proteins of a file, with the default thresholds.
    #[must_use]
    pub fn new(proteins: PathBuf, out: PathBuf) -> Self {
        Self {
            proteins,
            clustering: ClusterOptions::default(),
            out,
        }
    }

    fn write(&self, mut file: TextFile, proteins: &[Protein], clusters: &Clusters) -> Result<()> {
        let mut text = String::from("id\tcluster\trepresentative\n");
        for (protein, &cluster) in proteins.iter().zip(&clusters.cluster) {
            let representative = clusters.representative[cluster as usize] as usize;
            text.push_str(&format!(
                "{}\t{cluster}\t{}\n",
                protein.id, proteins[representative].id
            ));
        }
        file.write_all(text.as_bytes())
            .map_err(|source| Error::io("write", &self.out, source))?;
        file.commit()
    }
}

impl Job for Cluster {
    type Outcome = Clustered;

    const NAME: &'static str = "protein cluster";

    fn check(&self) -> Result<()> {
        Content::Table.check("out", &self.out)?;
        self.clustering.check()
    }

    fn run(&self, session: &Session<'_>) -> Result<Clustered> {
        let file = TextFile::create(&self.out)?;
        let proteins = read_proteins_with(&self.proteins, session)?;
        let clusters = Clusters::of(&proteins, &self.clustering, session)?;
        self.write(file, &proteins, &clusters)?;
        Ok(Clustered {
            out: self.out.clone(),
            sizes: clusters.sizes(),
            similar_pairs: clusters.pairs,
            identical: clusters.identical,
        })
    }
}
