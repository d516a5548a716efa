//! Outcomes of matrices, and of models of binding.

use std::io::{self, Write};
use std::path::PathBuf;

use bindscape_matrix::inspect::Inspection;
use bindscape_matrix::results::{Estimate, Start, TfMetrics};
use bindscape_matrix::similarity::Similarity;

use crate::data::thousands;
use crate::demo::Demonstrated;
use crate::evaluate::Evaluated;
use crate::finetune::Finetuned;
use crate::job::Outcome;
use crate::matrix::{BuiltMatrix, ImportedMatrix};
use crate::model::{ImportedModel, ModelFacts};
use crate::predict::Predicted;
use crate::pretrain::Pretrained;
use crate::training::mean_aucpr;

/// Files that a job wrote.
impl Outcome for Vec<PathBuf> {
    fn notes(&self) -> Vec<String> {
        self.iter()
            .map(|file| format!("wrote {}", file.display()))
            .collect()
    }
}

/// The one file that a job wrote.
impl Outcome for PathBuf {
    fn notes(&self) -> Vec<String> {
        vec![format!("wrote {}", self.display())]
    }
}

impl Outcome for BuiltMatrix {
    fn notes(&self) -> Vec<String> {
        vec![format!(
            "wrote {}: {} regions x {} TFs",
            self.file.display(),
            thousands(self.regions as u64),
            self.tfs
        )]
    }
}

impl Outcome for ImportedMatrix {
    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if !self.both_views {
            notes.push(
                "without ⟦less_sparse⟧, one kind of evidence only cannot be distinguished from \
                 closed: the less-sparse view equals the sparse one"
                    .to_owned(),
            );
        }
        notes.push(format!(
            "wrote {}: {} regions x {} TFs",
            self.file.display(),
            thousands(self.regions as u64),
            self.tfs
        ));
        notes
    }
}

/// The table that was written is all there is to it.
impl Outcome for Similarity {
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }
}

impl Outcome for Inspection {
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }

    fn write_result(&self, out: &mut dyn Write) -> io::Result<()> {
        write_facts(self, out)?;
        writeln!(out, "tf\tbound\tunbound\tone_evidence\tclosed")?;
        for tf in &self.tfs {
            writeln!(
                out,
                "{}\t{}\t{}\t{}\t{}",
                tf.tf, tf.bound, tf.unbound, tf.one_evidence, tf.closed
            )?;
        }
        Ok(())
    }
}

/// Facts of a whole matrix, as comment lines before its table.
fn write_facts(inspection: &Inspection, out: &mut dyn Write) -> io::Result<()> {
    let provenance = &inspection.provenance;
    writeln!(
        out,
        "# genome: {}",
        provenance.genome.as_deref().unwrap_or("not named")
    )?;
    writeln!(out, "# rule: {}", provenance.rule)?;
    if let Some(cell) = &provenance.cell {
        writeln!(out, "# cell: {cell}")?;
    }
    writeln!(out, "# regions: {}", inspection.regions)?;
    if let Some(widths) = &inspection.widths {
        writeln!(
            out,
            "# width: min {} median {} mean {:.1} max {}",
            widths.min, widths.median, widths.mean, widths.max
        )?;
    }
    let share = |value: Option<f64>| {
        value.map_or_else(|| "NA".to_owned(), |v| format!("{:.1}%", 100.0 * v))
    };
    writeln!(
        out,
        "# unresolved: sparse {} less-sparse {}",
        share(inspection.unresolved_sparse),
        share(inspection.unresolved_less_sparse)
    )?;
    if let Some(gc) = &inspection.gc {
        write!(
            out,
            "# GC: {} sequences, {} with unknown letters, mean {}",
            gc.sequences,
            gc.unknown,
            share(gc.mean)
        )?;
        for (quantile, value) in &gc.quantiles {
            write!(
                out,
                ", {:.0}% quantile {:.1}%",
                100.0 * quantile,
                100.0 * value
            )?;
        }
        writeln!(out)?;
    }
    for chromosome in &inspection.chromosomes {
        writeln!(out, "# {}: {} regions", chromosome.name, chromosome.regions)?;
    }
    Ok(())
}

impl Outcome for Pretrained {
    fn notes(&self) -> Vec<String> {
        let (mean, defined) = mean_aucpr(&self.evaluation.tfs);
        vec![format!(
            "test AUCPR: mean {} over {defined} of {} TFs; the model is {}",
            mean.map_or_else(|| "undefined".into(), |mean| format!("{mean:.3}")),
            self.evaluation.tfs.len(),
            self.model.display(),
        )]
    }
}

/// Mean and spread of AUCPR for each way to start.
impl Outcome for Finetuned {
    fn notes(&self) -> Vec<String> {
        let starts = [
            (Start::Transfer, "transfer"),
            (Start::Scratch, "from scratch"),
        ];
        let note = |(start, name)| {
            let values: Vec<f64> = self
                .trainings
                .iter()
                .filter(|training| training.start == start)
                .filter_map(|training| mean_aucpr(&training.evaluation.tfs).0)
                .collect();
            let mean = bindscape_stats::mean(&values)?;
            let spread = bindscape_stats::standard_deviation(&values)
                .map(|spread| format!(" ± {spread:.3}"))
                .unwrap_or_default();
            Some(format!(
                "{} test AUCPR, {name}: {mean:.3}{spread} over {} repeat{}",
                self.tf,
                values.len(),
                if values.len() == 1 { "" } else { "s" },
            ))
        };
        starts.into_iter().filter_map(note).collect()
    }
}

/// Names of the metrics, in the order of [`values_of`].
const METRICS: [&str; 6] = [
    "aucpr",
    "average_precision",
    "auroc",
    "mcc",
    "precision",
    "recall",
];

/// The metrics as TSV.
impl Outcome for Evaluated {
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }

    fn write_result(&self, out: &mut dyn Write) -> io::Result<()> {
        write!(out, "model\ttf\tregions\tbound")?;
        for metric in METRICS {
            write!(out, "\t{metric}\t{metric}_low\t{metric}_high")?;
        }
        writeln!(out)?;
        for evaluation in &self.evaluations {
            for tf in &evaluation.tfs {
                let row = (&*evaluation.model, &*tf.tf, tf.regions, tf.positives);
                write_row(out, row, &values_of(tf))?;
            }
        }
        for of_tf in self.differences.iter().flatten() {
            let row = ("difference", &*of_tf.tf, of_tf.regions, of_tf.positives);
            let values = [
                of_tf.aucpr,
                of_tf.average_precision,
                of_tf.auroc,
                of_tf.mcc,
                of_tf.precision,
                of_tf.recall,
            ];
            write_row(out, row, &values)?;
        }
        Ok(())
    }
}

fn write_row(
    out: &mut dyn Write,
    (model, tf, regions, positives): (&str, &str, u64, u64),
    values: &[Estimate],
) -> io::Result<()> {
    let number = |value: Option<f64>| value.map_or_else(|| "NA".to_owned(), |v| format!("{v:.4}"));
    write!(out, "{model}\t{tf}\t{regions}\t{positives}")?;
    for estimate in values {
        let (low, high) = estimate.interval.unzip();
        let [value, low, high] = [estimate.value, low, high].map(number);
        write!(out, "\t{value}\t{low}\t{high}")?;
    }
    writeln!(out)
}

fn values_of(tf: &TfMetrics) -> [Estimate; 6] {
    [
        tf.aucpr,
        tf.average_precision,
        tf.auroc,
        tf.mcc,
        tf.precision,
        tf.recall,
    ]
}

impl Outcome for Predicted {
    fn notes(&self) -> Vec<String> {
        let mut notes = vec![format!(
            "{} rows written, {} of them without a score (letters other than A, C, G, T, or no room for a window)",
            thousands(self.rows),
            thousands(self.missing)
        )];
        if self.short > 0 {
            notes.push(format!(
                "{} were shorter than the model's {} bp: {}",
                thousands(self.short),
                self.length,
                if self.widened {
                    "the window around their centre was scored"
                } else {
                    "they have no score"
                }
            ));
        }
        notes
    }
}

/// What a model is, as JSON with names in alphabetical order.
impl Outcome for ModelFacts {
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }

    fn write_result(&self, out: &mut dyn Write) -> io::Result<()> {
        let facts = serde_json::to_value(self).expect("facts have plain fields");
        writeln!(out, "{facts:#}")
    }
}

impl Outcome for ImportedModel {
    fn notes(&self) -> Vec<String> {
        let facts = &self.facts;
        vec![format!(
            "wrote {}: {}, {} parameters, {} TFs. The regions it was trained on are not known, \
             so nothing can be kept out of fine-tuning, and `evaluate` refuses it.",
            self.file.display(),
            facts.architecture.kind(),
            thousands(facts.parameters),
            facts.tfs.len()
        )]
    }
}

impl Outcome for Demonstrated {
    fn notes(&self) -> Vec<String> {
        [
            self.matrix.notes(),
            self.multi.notes(),
            self.target.notes(),
            self.page.notes(),
        ]
        .concat()
    }
}
