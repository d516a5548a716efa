//! What a binding matrix holds, and how similar its TFs are.

use std::io::Write;
use std::path::PathBuf;

use bindscape_base::atomic;
use bindscape_base::bgzf::TextFile;
use bindscape_base::progress::Progress;
use bindscape_base::{Error, Result};
use bindscape_genome::load::SequenceInput;
use bindscape_matrix::View;
use bindscape_matrix::inspect::{self, Inspection};
use bindscape_matrix::similarity::{self, Merge, Similarity};
use bindscape_report::{Branch, Heatmap, heatmap_svg};
use serde::{Deserialize, Serialize};

use crate::content::Content;
use crate::data;
use crate::job::Job;
use crate::session::Session;

/// A plan of counting what a matrix holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InspectMatrix {
    /// Binding matrix (Parquet).
    pub matrix: PathBuf,
    /// Sequences of its regions, to count GC and unknown letters.
    pub sequences: Option<SequenceInput>,
}

impl InspectMatrix {
    /// Counts what `matrix` holds, without sequences.
    #[must_use]
    pub fn new(matrix: PathBuf) -> Self {
        Self {
            matrix,
            sequences: None,
        }
    }
}

impl Job for InspectMatrix {
    type Outcome = Inspection;

    const NAME: &'static str = "matrix inspect";

    fn check(&self) -> Result<()> {
        Ok(())
    }

    fn run(&self, session: &Session<'_>) -> Result<Inspection> {
        let matrix = data::read_matrix(&self.matrix, None, session)?;
        let sequences = match &self.sequences {
            Some(input) => {
                let length = data::width(&matrix, &self.matrix)?;
                let mut source = input.open()?;
                let regions = &matrix.regions;
                Some(data::fetch(source.as_mut(), regions, length, session)?)
            }
            None => None,
        };
        Ok(inspect::inspect(&matrix, sequences.as_ref()))
    }
}

/// A plan of cosine similarities between the binding vectors of all pairs of TFs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompareTfs {
    /// Binding matrix (Parquet).
    pub matrix: PathBuf,
    /// The view whose resolved regions are compared.
    #[serde(default = "sparse")]
    pub view: View,
    /// Table to write (TSV, TF x TF, `NA` where it is not defined).
    pub out: PathBuf,
    /// Clustered heatmap to write (SVG).
    pub heatmap: Option<PathBuf>,
}

/// The view of the paper's figure.
fn sparse() -> View {
    View::Sparse
}

impl CompareTfs {
    /// Compares the TFs of `matrix`.
    #[must_use]
    pub fn new(matrix: PathBuf, out: PathBuf) -> Self {
        Self {
            matrix,
            view: sparse(),
            out,
            heatmap: None,
        }
    }

    fn write_table(&self, similarity: &Similarity) -> Result<()> {
        let failed = |source| Error::io("write", &self.out, source);
        let mut out = TextFile::create(&self.out)?;
        writeln!(out, "tf\t{}", similarity.tfs.join("\t")).map_err(failed)?;
        for (a, tf) in similarity.tfs.iter().enumerate() {
            write!(out, "{tf}").map_err(failed)?;
            for b in 0..similarity.tfs.len() {
                match similarity.get(a, b) {
                    Some(value) => write!(out, "\t{value:.6}"),
                    None => write!(out, "\tNA"),
                }
                .map_err(failed)?;
            }
            writeln!(out).map_err(failed)?;
        }
        out.commit()
    }
}

fn heatmap(similarity: &Similarity) -> String {
    let branch = |merge: &Merge| Branch {
        groups: merge.groups,
        height: merge.distance,
    };
    let tree: Vec<Branch> = similarity.merges.iter().map(branch).collect();
    heatmap_svg(&Heatmap {
        title: "Cosine similarity of binding vectors",
        tfs: &similarity.tfs,
        measure: "cosine similarity",
        values: &similarity.values,
        undefined: "no bound region among those resolved for both",
        order: &similarity.order,
        tree: &tree,
        height: "1 \u{2212} similarity",
    })
}

impl Job for CompareTfs {
    type Outcome = Similarity;

    const NAME: &'static str = "matrix similarity";

    fn check(&self) -> Result<()> {
        if let Some(path) = &self.heatmap {
            Content::Drawing.check("heatmap", path)?;
        }
        Content::Table.check("out", &self.out)
    }

    fn run(&self, session: &Session<'_>) -> Result<Similarity> {
        let matrix = data::read_matrix(&self.matrix, None, session)?;
        session.begin("comparing TFs", None);
        let similarity = similarity::similarity(&matrix, self.view);
        session.finish();
        self.write_table(&similarity)?;
        if let Some(path) = &self.heatmap {
            atomic::write(path, heatmap(&similarity).as_bytes())?;
        }
        Ok(similarity)
    }
}
