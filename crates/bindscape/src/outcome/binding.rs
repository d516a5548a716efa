//! Outcomes of matrices, and of models of binding.

use std::io::{self, Write};
use std::path::PathBuf;

use bindscape_base::words::first_of;
use bindscape_matrix::TfProfile;
use bindscape_matrix::inspect::Inspection;
use bindscape_matrix::results::{Compared, Comparison, Estimate, FEW_REGIONS, Start, TfMetrics};
use bindscape_matrix::similarity::Similarity;

use super::align;
use crate::attribute::{Attributed, CONTRIBUTIONS, ONE_HOT, REGIONS, SMALL_DIFFERENCE, TOLERANCE};
use crate::data::{counted, plural, thousands};
use crate::demo::Demonstrated;
use crate::evaluate::Evaluated;
use crate::explain::{Explained, ExplainedInside};
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
            "wrote {}: {} x {}",
            self.file.display(),
            counted(self.regions as u64, "region"),
            counted(self.tfs as u64, "TF")
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
            "wrote {}: {} x {}",
            self.file.display(),
            counted(self.regions as u64, "region"),
            counted(self.tfs as u64, "TF")
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
            "# GC: {} {}, {} with unknown letters, mean {}",
            gc.sequences,
            plural(gc.sequences, "sequence"),
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
        let regions = plural(chromosome.regions, "region");
        writeln!(
            out,
            "# {}: {} {regions}",
            chromosome.name, chromosome.regions
        )?;
    }
    for profile in &provenance.profiles {
        let TfProfile {
            tf,
            cells,
            chip,
            tfbs,
        } = profile;
        let counted_cells = counted(cells.len() as u64, "cell");
        writeln!(
            out,
            "# {tf}: {counted_cells} ({}), {} of ChIP-seq peaks, {tfbs} of binding sites",
            cells.join(", "),
            counted(*chip, "data set")
        )?;
    }
    for warning in &provenance.warnings {
        writeln!(out, "# warning: {warning}")?;
    }
    Ok(())
}

impl Outcome for Pretrained {
    fn notes(&self) -> Vec<String> {
        let (mean, defined) = mean_aucpr(&self.evaluation.tfs);
        let mut notes = vec![format!(
            "test AUCPR: mean {} over {defined} of {} TFs ({}); the model is {}",
            mean.map_or_else(|| "undefined".into(), |mean| format!("{mean:.3}")),
            self.evaluation.tfs.len(),
            no_skill(&self.evaluation.tfs),
            self.model.display(),
        )];
        notes.extend(few_regions(&self.evaluation.tfs));
        notes
    }
}

/// What a model without skill reaches, for the brackets behind an AUCPR.
fn no_skill<'a>(tfs: impl IntoIterator<Item = &'a TfMetrics>) -> String {
    let defined = tfs.into_iter().filter(|tf| tf.aucpr.value.is_some());
    let shares: Vec<f64> = defined.filter_map(TfMetrics::no_skill).collect();
    match bindscape_stats::mean(&shares) {
        Some(share) => format!("no skill: {share:.3}"),
        None => "no skill: undefined".to_owned(),
    }
}

/// A warning about metrics of few regions, with their intervals.
fn few_regions<'a>(tfs: impl IntoIterator<Item = &'a TfMetrics>) -> Option<String> {
    const SHOWN: usize = 5;
    let few: Vec<String> = tfs
        .into_iter()
        .filter(|tf| tf.is_of_few())
        .map(|tf| {
            format!(
                "{} ({} bound, {} unbound: AUCPR {})",
                tf.tf,
                tf.positives,
                tf.regions - tf.positives,
                estimate(&tf.aucpr)
            )
        })
        .collect();
    (!few.is_empty()).then(|| {
        format!(
            "warning: fewer than {FEW_REGIONS} regions of a class to measure on, too few for a \
             number without its interval: {}",
            first_of(&few, SHOWN)
        )
    })
}

/// A number with its interval in brackets.
fn estimate(estimate: &Estimate) -> String {
    let value = estimate
        .value
        .map_or_else(|| "NA".to_owned(), |value| format!("{value:.3}"));
    match estimate.interval {
        Some((low, high)) => format!("{value} [{low:.3}, {high:.3}]"),
        None => value,
    }
}

/// Mean and spread of AUCPR for each way to start.
impl Outcome for Finetuned {
    fn notes(&self) -> Vec<String> {
        let starts = [
            (Start::Transfer, "transfer"),
            (Start::Scratch, "from scratch"),
        ];
        let tested = || {
            let trainings = self.trainings.iter();
            trainings.flat_map(|training| &training.evaluation.tfs)
        };
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
                "{} test AUCPR, {name}: {mean:.3}{spread} over {} repeat{} ({})",
                self.tf,
                values.len(),
                if values.len() == 1 { "" } else { "s" },
                no_skill(tested()),
            ))
        };
        let mut notes: Vec<String> = starts.into_iter().filter_map(note).collect();
        notes.extend(few_regions(tested()));
        notes.extend(compared(&self.comparison));
        for (what, files) in [
            ("the readout", &self.readouts),
            ("the readout and the network together", &self.joint),
        ] {
            let told = |file: &PathBuf| format!("{what}: {}", file.display());
            notes.extend(files.iter().map(told));
        }
        notes
    }
}

/// A table of what can be made of the same peaks, the simplest first, and what it says.
fn compared(comparison: &Comparison) -> Vec<String> {
    if comparison
        .repeats
        .iter()
        .all(|repeat| repeat.models.is_empty())
    {
        return Vec::new();
    }
    let mut notes = vec![format!(
        "{} AUCPR on test regions       matched  as in the genome",
        comparison.tf
    )];
    let width = notes[0].len() - "  matched  as in the genome".len();
    let row = |name: &str, matched: Option<f64>, natural: Option<f64>| {
        let number = |value: Option<f64>| {
            value.map_or_else(|| "NA".to_owned(), |value| format!("{value:.3}"))
        };
        format!(
            "{name:<width$}  {:>7}  {:>16}",
            number(matched),
            number(natural)
        )
    };
    let [matched, natural] = comparison.no_skill();
    notes.push(row("guessing", matched, natural));
    let found = comparison.ranked();
    for (model, (matched, natural)) in &found {
        notes.push(row(model.name(), Some(*matched), Some(*natural)));
    }
    let best = found.iter().max_by(|a, b| a.1.1.total_cmp(&b.1.1));
    match best {
        Some((model, _))
            if model.is_simple() && found.iter().any(|(other, _)| !other.is_simple()) =>
        {
            let name = model.name();
            // It is measured here, and kept in no file.
            let how = match model {
                Compared::Kmers => " as gkm-SVM and the like fit one",
                _ => "",
            };
            notes.push(format!(
                "warning: no network or readout ranks regions of the genome better than the {name}: \
                 use the {name}{how}, or more peaks"
            ));
        }
        Some((model, _)) if found.len() > 1 => notes.push(format!(
            "best at the genome's ratio of bound to unbound regions: {}",
            model.name()
        )),
        _ => {}
    }
    notes
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
        let evaluations = self.evaluations.iter().take(1);
        let few = few_regions(evaluations.flat_map(|evaluation| &evaluation.tfs));
        few.into_iter().collect()
    }

    fn write_result(&self, out: &mut dyn Write) -> io::Result<()> {
        write!(out, "model\ttf\tregions\tbound")?;
        for metric in METRICS {
            write!(out, "\t{metric}\t{metric}_low\t{metric}_high")?;
        }
        writeln!(out, "\taucpr_no_skill")?;
        for evaluation in &self.evaluations {
            for tf in &evaluation.tfs {
                let row = (&*evaluation.model, &*tf.tf, tf.regions, tf.positives);
                write_row(out, row, &values_of(tf))?;
            }
        }
        for of_tf in self.differences.iter().flatten() {
            let row = (DIFFERENCE, &*of_tf.tf, of_tf.regions, of_tf.positives);
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

    /// The metrics as a table to look at: columns of one width, intervals in brackets, and beside
    /// AUCPR what a model without skill reaches.
    fn write_readable(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut rows = vec![
            [
                "", "TF", "regions", "bound", "AUCPR", "no skill", "AUROC", "MCC",
            ]
            .map(str::to_owned),
        ];
        for evaluation in &self.evaluations {
            for tf in &evaluation.tfs {
                let no_skill = tf.no_skill();
                rows.push([
                    evaluation.model.clone(),
                    tf.tf.clone(),
                    thousands(tf.regions),
                    thousands(tf.positives),
                    estimate(&tf.aucpr),
                    no_skill.map_or_else(|| "NA".to_owned(), |share| format!("{share:.3}")),
                    estimate(&tf.auroc),
                    estimate(&tf.mcc),
                ]);
            }
        }
        for of_tf in self.differences.iter().flatten() {
            rows.push([
                DIFFERENCE.to_owned(),
                of_tf.tf.clone(),
                thousands(of_tf.regions),
                thousands(of_tf.positives),
                estimate(&of_tf.aucpr),
                String::new(),
                estimate(&of_tf.auroc),
                estimate(&of_tf.mcc),
            ]);
        }
        // Counts are flush right, as numbers are compared.
        align(&rows, &[2, 3], out)
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
    let no_skill = (regions > 0 && model != DIFFERENCE).then(|| positives as f64 / regions as f64);
    writeln!(out, "\t{}", number(no_skill))
}

/// What stands for the model in rows of differences.
const DIFFERENCE: &str = "difference";

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
            "{} written, {} of them without a score (letters other than A, C, G, T, no room for a window, or outside the genome)",
            counted(self.rows, "row"),
            thousands(self.missing)
        )];
        if self.short > 0 {
            notes.push(format!(
                "{} {} shorter than the model's {} bp: {}",
                thousands(self.short),
                if self.short == 1 { "was" } else { "were" },
                self.length,
                match (self.widened, self.at_summit) {
                    (true, 0) => "the window around their centre was scored".to_owned(),
                    (true, count) if count == self.short =>
                        "the window around their summit was scored".to_owned(),
                    (true, count) => format!(
                        "the window around their summit ({}) or centre was scored",
                        thousands(count)
                    ),
                    (false, _) => "they have no score".to_owned(),
                }
            ));
        }
        notes
    }
}

/// Features of a readout that are named.
const FEATURES: usize = 5;

/// Regions, patterns, filters or weights, and where the page is.
impl Outcome for Explained {
    fn notes(&self) -> Vec<String> {
        let mut notes = vec![self.in_words()];
        if let Some((found, hits)) = &self.patterns {
            notes.extend(found.in_detail());
            notes.extend(hits.in_detail());
        }
        match &self.inside {
            ExplainedInside::Filters(filters) => notes.extend(filters.in_detail()),
            ExplainedInside::Readout(features) => {
                let most = features.iter().take(FEATURES);
                let most: Vec<String> = most
                    .map(|feature| format!("{} ({:+.2})", feature.feature, feature.effect))
                    .collect();
                notes.push(format!(
                    "the readout weighs most, per standard deviation: {}",
                    most.join(", ")
                ));
            }
        }
        notes.push(format!("wrote {}", self.page.display()));
        notes
    }
}

impl Outcome for Attributed {
    fn notes(&self) -> Vec<String> {
        let mut notes = vec![format!(
            "wrote {}: {} in {ONE_HOT} and {CONTRIBUTIONS}, listed in {REGIONS}",
            self.out.display(),
            counted(self.windows, "window")
        )];
        if self.missing > 0 {
            notes.push(format!(
                "{} not attributed (letters other than A, C, G, T, no room for a window, or outside \
                 the genome)",
                counted(self.missing, "window")
            ));
        }
        if let Some(largest) = self.largest_gap {
            notes.push(format!(
                "sums of contributions miss the differences of logits by {:.1e} at most, where the \
                 logits differ by {:.3}",
                largest.gap, largest.difference
            ));
        }
        if self.rough > 0 {
            notes.push(format!(
                "warning: the contributions of {} miss a difference of logits by more than {}% of it \
                 (of {SMALL_DIFFERENCE} if it is smaller): they are not exact; take more ⟦steps⟧, \
                 or DeepLIFT",
                counted(self.rough, "window"),
                TOLERANCE * 100.0
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
            "wrote {}: {}, {} parameters, {}. The regions it was trained on are not known, \
             so nothing can be kept out of fine-tuning, and `evaluate` refuses it.",
            self.file.display(),
            facts.architecture.kind(),
            thousands(facts.parameters),
            counted(facts.tfs.len() as u64, "TF")
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
