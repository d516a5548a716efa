//! `bindscape motif discover`: de novo motifs of a set of sequences.

use std::path::PathBuf;

use bindscape::motif::Discover;
use bindscape_base::Result;
use bindscape_motif::discover::Options;
use clap::Args;

use super::output::Output;
use crate::face::Verb;

/// Options of `motif discover`; names and defaults are STREME's.
#[derive(Debug, Args)]
#[command(after_help = "\
Files: streme.txt (motifs in MEME's format), motifs.tsv (counts and p-values), \
sequences.tsv (sequences with a site), \
sites.tsv (best site of each positive; positions 1-based and inclusive), \
logo1.svg and so on, \
discover.json (inputs with checksums, options, result).")]
pub(crate) struct Arguments {
    /// Positive sequences as FASTA, plain or gzip
    #[arg(short = 'p', long = "p", value_name = "FASTA")]
    positives: PathBuf,
    /// Control sequences [default: the positives, shuffled so that the counts of words of
    /// --order + 1 bases stay]
    #[arg(short = 'n', long = "n", value_name = "FASTA")]
    controls: Option<PathBuf>,
    #[command(flatten)]
    output: Output,
    /// The sequences are DNA: the default, and the only alphabet
    #[arg(long)]
    dna: bool,
    /// Smallest width of a motif
    #[arg(long, value_name = "W", default_value_t = Options::default().min_width)]
    minw: usize,
    /// Largest width of a motif
    #[arg(long, value_name = "W", default_value_t = Options::default().max_width)]
    maxw: usize,
    /// Both --minw and --maxw
    #[arg(short = 'w', long = "w", value_name = "W", conflicts_with_all = ["minw", "maxw"])]
    width: Option<usize>,
    /// Stop after so many motifs, significant or not [default: stop by --thresh and
    /// --patience, or after 5 motifs if nothing is held out]
    #[arg(long, value_name = "N")]
    nmotifs: Option<usize>,
    /// Largest p-value of a significant motif
    #[arg(long, visible_alias = "pvt", value_name = "P", default_value_t = Options::default().threshold)]
    thresh: f64,
    /// --thresh is of E-values
    #[arg(long)]
    evalue: bool,
    /// Stop after so many motifs in a row that are not significant
    #[arg(long, value_name = "N", default_value_t = Options::default().patience)]
    patience: usize,
    /// Share of the sequences held out for p-values; 0 gives p-values of the training part,
    /// which are no measure of significance
    #[arg(long, value_name = "SHARE", default_value_t = Options::default().holdout)]
    hofract: f64,
    /// Order of the background model and of the shuffle
    #[arg(long, value_name = "M", default_value_t = Options::default().order)]
    order: usize,
    /// Seed of the shuffle and of the held-out part
    #[arg(long, value_name = "N", default_value_t = Options::default().seed)]
    seed: u64,
    /// Words of each width that are matched approximately
    #[arg(long, value_name = "N", default_value_t = Options::default().evaluated)]
    neval: usize,
    /// Of these, how many of each width are refined; 0 takes the matrix of the best word's sites
    #[arg(long, value_name = "N", default_value_t = Options::default().refined)]
    nref: usize,
    /// Most steps of a refinement
    #[arg(long, value_name = "N", default_value_t = Options::default().iterations)]
    niter: usize,
}

impl Verb for Arguments {
    type Job = Discover;

    fn plan(self) -> Result<Discover> {
        let (out, replace) = self.output.destination();
        Ok(Discover {
            positives: self.positives,
            controls: self.controls,
            options: Options {
                min_width: self.width.unwrap_or(self.minw),
                max_width: self.width.unwrap_or(self.maxw),
                motifs: self.nmotifs,
                threshold: self.thresh,
                by_e_value: self.evalue,
                patience: self.patience,
                holdout: self.hofract,
                order: self.order,
                seed: self.seed,
                evaluated: self.neval,
                refined: self.nref,
                iterations: self.niter,
            },
            out,
            replace,
        })
    }
}
