//! `bindscape attribute`: which bases a prediction comes from.

use std::path::PathBuf;

use bindscape::attribute::{
    Attribute, AttributionMethod, ReferenceKind, References, UnboundRegions,
};
use bindscape_base::{Error, Result};
use bindscape_genome::load::SequenceInput;
use bindscape_nn::Strands;
use clap::{ArgGroup, Args};

use crate::choice::{STRANDS, choice};
use crate::face::Verb;
use crate::predict::input;

/// Options of `attribute`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("input").args(["fasta", "regions"]).required(true))]
pub(crate) struct Arguments {
    /// Model: a run directory with one model, or a .safetensors file: a network, a readout, or both together
    #[arg(long, value_name = "RUN|FILE")]
    model: PathBuf,
    /// Sequences to explain (FASTA, may be compressed; `-` is standard input), as `predict` takes them
    #[arg(long, value_name = "FILE")]
    fasta: Option<PathBuf>,
    /// Regions to explain (BED or narrowPeak, may be compressed; `-` is standard input); needs --genome. Of those shorter than the model's length the window around the summit or, without one, the centre is explained; longer ones window by window
    #[arg(long, value_name = "FILE", requires = "genome")]
    regions: Option<PathBuf>,
    /// Genome of the regions, also of those of --matrix: 2bit, or FASTA with its .fai beside it
    #[arg(long, value_name = "FILE")]
    genome: Option<PathBuf>,
    /// TF whose logit is explained [default: the model's only one]
    #[arg(long, value_name = "TF")]
    tf: Option<String>,
    /// Method [default: deeplift; for a readout, alone or with a network, ism, the only one there is]
    #[arg(long, value_parser = choice::<AttributionMethod>(METHODS))]
    method: Option<AttributionMethod>,
    /// Shuffles or unbound regions that each sequence is compared with
    #[arg(long, value_name = "N", default_value_t = 10)]
    references: usize,
    /// What sequences are compared with
    #[arg(
        long,
        default_value = "dinucleotide",
        value_parser = choice::<ReferenceKind>(KINDS),
        conflicts_with = "reference_fasta"
    )]
    reference: ReferenceKind,
    /// Binding matrix (Parquet) whose unbound regions are taken with --reference unbound; needs --genome or --sequences
    #[arg(long, value_name = "FILE")]
    matrix: Option<PathBuf>,
    /// FASTA of the regions of --matrix, headers ending in chrom:start-end [default: from --genome]
    #[arg(long, value_name = "FASTA", requires = "matrix")]
    sequences: Option<PathBuf>,
    /// Sequences of the model's length (FASTA) to compare each sequence with, instead of shuffles
    #[arg(long, value_name = "FILE", conflicts_with = "references")]
    reference_fasta: Option<PathBuf>,
    /// Seed of the shuffles or of the draw of regions
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Points between a reference and a sequence, for integrated gradients [default: 50]
    #[arg(long, value_name = "N")]
    steps: Option<usize>,
    /// In-silico mutagenesis as changes of the logit; otherwise the mean over the four bases of a position is subtracted
    #[arg(long)]
    raw: bool,
    /// Strands whose contributions are averaged
    #[arg(long, default_value = "both", value_parser = choice::<Strands>(STRANDS))]
    strands: Strands,
    /// Windows that the page shows, those with the highest logits; 0: no page
    #[arg(long, value_name = "N", default_value_t = 10)]
    show: usize,
    /// Stop at a region past the end of its chromosome or on one that the genome lacks, instead of leaving it out
    #[arg(long)]
    refuse_outside: bool,
    /// Directory to write, new or empty: one-hot.npz and contributions.npz (`arr_0`, windows x 4 x length, as `modisco motifs -s -a` reads them), regions.tsv, contributions.html
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// Methods of attribution.
const METHODS: &[(&str, &str)] = &[
    (
        "deeplift",
        "DeepLIFT by the rescale rule, exact through LSTMs, too",
    ),
    (
        "integrated-gradients",
        "The mean gradient between reference and sequence",
    ),
    (
        "ism",
        "In-silico mutagenesis: every base replaced by every other",
    ),
    ("saliency", "The gradient at the sequence"),
];

/// Kinds of references.
const KINDS: &[(&str, &str)] = &[
    (
        "dinucleotide",
        "Shuffles that keep the counts of dinucleotides",
    ),
    ("mononucleotide", "Shuffles of the bases"),
    ("zero", "No base at any position"),
    (
        "unbound",
        "Regions of --matrix that the TF does not bind, with the GC content of the sequence",
    ),
];

impl Verb for Arguments {
    type Job = Attribute;

    fn plan(self) -> Result<Attribute> {
        let sequences = (self.sequences.map(SequenceInput::Fasta))
            .or_else(|| self.genome.clone().map(SequenceInput::Genome));
        let unbound = match (self.matrix, sequences) {
            (None, _) => None,
            (Some(matrix), Some(sequences)) => Some(UnboundRegions { matrix, sequences }),
            (Some(_), None) => {
                return Err(Error::argument(
                    "sequences",
                    "a FASTA file or ⟦genome⟧, for the regions of ⟦matrix⟧",
                    "neither",
                ));
            }
        };
        Ok(Attribute {
            model: self.model,
            input: input(self.fasta, self.regions, self.genome)?,
            tf: self.tf,
            method: self.method,
            references: References {
                kind: self.reference,
                count: self.references,
                seed: self.seed,
                fasta: self.reference_fasta,
                unbound,
            },
            steps: self.steps,
            raw: self.raw,
            strands: self.strands,
            show: self.show,
            refuse_outside: self.refuse_outside,
            out: self.out,
        })
    }
}
