//! `bindscape motif modisco`: the motifs that attributions form.

use std::path::PathBuf;

use bindscape::motif::Modisco;
use bindscape_base::Result;
use bindscape_modisco::{Edges, Options};
use clap::Args;

use crate::choice::choice;
use crate::face::Verb;

/// Options of `motif modisco`; names are those of `modisco motifs`, and defaults but for
/// --window, --max-seqlets and --n-leiden.
#[derive(Debug, Args)]
#[command(after_help = "\
Files: patterns.html (a page of the patterns with their logos and matches), patterns.h5 (as \
`modisco report` and finemo open it), patterns.meme (frequencies), contributions.meme (mean \
contributions in MEME's layout), patterns.tsv (seqlets, consensus and best match of each), \
matches.tsv (all matches), seqlets.bed, modisco.json (inputs, options and counts).\n\n\
Sequences and attributions: two files of NumPy, .npz (arr_0) or .npy, of sequences × 4 (A, C, G, T) × \
positions; one of one-hot sequences, one of hypothetical contributions.")]
pub(crate) struct Arguments {
    /// One-hot sequences (.npz or .npy)
    #[arg(
        short = 's',
        long,
        value_name = "NPZ",
        required_unless_present = "patterns",
        requires = "attributions"
    )]
    sequences: Option<PathBuf>,
    /// Hypothetical contributions (.npz or .npy)
    #[arg(short = 'a', long, value_name = "NPZ", requires = "sequences")]
    attributions: Option<PathBuf>,
    /// Patterns that modisco-lite or this command found (HDF5): their page, matches and tables
    #[arg(long, value_name = "H5", conflicts_with = "sequences")]
    patterns: Option<PathBuf>,
    /// Directory to write, new or empty
    #[arg(short = 'o', long, value_name = "DIR")]
    out: PathBuf,
    /// Region of each sequence, in order (BED); seqlets.bed has their coordinates
    #[arg(long, value_name = "BED")]
    regions: Option<PathBuf>,
    /// Positions in the middle of the sequences to look at [default: all]
    #[arg(short = 'w', long, value_name = "N", conflicts_with = "patterns")]
    window: Option<usize>,
    /// Most seqlets of a sign; more are drawn at random
    #[arg(short = 'n', long, value_name = "N", default_value_t = Options::default().max_seqlets)]
    max_seqlets: usize,
    /// Seqlets that a sign needs
    #[arg(long, value_name = "N", default_value_t = Options::default().min_seqlets)]
    min_seqlets: usize,
    /// Seqlets that a pattern needs
    #[arg(long, value_name = "N", default_value_t = Options::default().min_support)]
    min_support: usize,
    /// Seqlets that reach beyond a sequence
    #[arg(long, value_name = "WHAT", default_value = "keep", value_parser = choice::<Edges>(EDGES))]
    edges: Edges,
    /// Clusterings with seeds of their own, of which the best is taken
    #[arg(short = 'l', long, value_name = "N", default_value_t = Options::default().leiden_runs)]
    n_leiden: usize,
    /// Positions of the core of a seqlet
    #[arg(short = 'z', long, value_name = "N", default_value_t = Options::default().core)]
    size: usize,
    /// Positions that a pattern is trimmed to
    #[arg(short = 't', long, value_name = "N", default_value_t = Options::default().trim)]
    trim_size: usize,
    /// Positions on either side of the core of a seqlet
    #[arg(short = 'f', long, value_name = "N", default_value_t = Options::default().flank)]
    seqlet_flank_size: usize,
    /// Positions added on either side of a trimmed pattern
    #[arg(short = 'g', long, value_name = "N", default_value_t = Options::default().pattern_flank)]
    initial_flank_to_add: usize,
    /// Positions added on either side of a pattern at the end
    #[arg(short = 'j', long, value_name = "N", default_value_t = Options::default().final_flank)]
    final_flank_to_add: usize,
    /// False discovery rate of seqlets
    #[arg(long, value_name = "RATE", default_value_t = Options::default().fdr)]
    fdr: f64,
    /// Motifs that patterns are compared with
    #[arg(long, value_name = "MOTIFS", default_value = Modisco::TARGETS)]
    targets: String,
    /// Largest q-value of a match
    #[arg(long, value_name = "Q", default_value_t = Modisco::Q_VALUE)]
    q_value: f64,
    /// Seed of the sample of seqlets and of the clusterings
    #[arg(long, value_name = "N", default_value_t = Options::default().seed)]
    seed: u64,
}

/// What becomes of seqlets at an edge.
const EDGES: &[(&str, &str)] = &[
    ("keep", "Keep their known positions"),
    ("drop", "Leave them out, as modisco-lite does"),
];

impl Verb for Arguments {
    type Job = Modisco;

    fn plan(self) -> Result<Modisco> {
        Ok(Modisco {
            sequences: self.sequences,
            contributions: self.attributions,
            patterns: self.patterns,
            regions: self.regions,
            window: self.window,
            options: Options {
                core: self.size,
                flank: self.seqlet_flank_size,
                trim: self.trim_size,
                pattern_flank: self.initial_flank_to_add,
                final_flank: self.final_flank_to_add,
                fdr: self.fdr,
                max_seqlets: self.max_seqlets,
                min_seqlets: self.min_seqlets,
                min_support: self.min_support,
                leiden_runs: self.n_leiden,
                edges: self.edges,
                seed: self.seed,
                ..Options::default()
            },
            targets: self.targets,
            q_value: self.q_value,
            out: self.out,
        })
    }
}
