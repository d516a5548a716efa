//! `bindscape motif discover`: de novo motifs of a set of sequences.

use std::path::PathBuf;

use bindscape::motif::{BackgroundChoice, Discover};
use bindscape_base::{Error, Result};
use bindscape_motif::discover::Options;
use clap::Args;

use super::background::background;
use super::others::{Effect, Other, Others, Program, flag, valued};
use super::output::{Output, SuiteOutput, Verbosity};
use crate::face::Verb;

/// What is sought and how; names are STREME's, and defaults but for --neval and --nref.
#[derive(Debug, Args)]
struct Search {
    /// Positive sequences as FASTA, plain or gzip
    #[arg(short = 'p', long = "p", value_name = "FASTA")]
    positives: PathBuf,
    /// Control sequences [default: the positives, shuffled so that the counts of words of
    /// --order + 1 bases stay]
    #[arg(short = 'n', long = "n", value_name = "FASTA")]
    controls: Option<PathBuf>,
    /// Smallest width of a motif
    #[arg(long, value_name = "W", default_value_t = Options::default().min_width)]
    minw: usize,
    /// Largest width of a motif
    #[arg(long, value_name = "W", default_value_t = Options::default().max_width)]
    maxw: usize,
    /// Both --minw and --maxw
    #[arg(short = 'w', long = "w", value_name = "W", conflicts_with_all = ["minw", "maxw"])]
    width: Option<usize>,
    /// Stop after so many motifs, significant or not; 0 is as if it was not given [default: stop by
    /// --thresh and --patience, or after 5 motifs if nothing is held out]
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
    #[arg(long, value_name = "M", default_value_t = Options::default().order, conflicts_with = "kmer")]
    order: usize,
    /// Width of the words whose counts a shuffle keeps, which is --order + 1
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u64).range(1..))]
    kmer: Option<u64>,
    /// Background: a file of MEME's background format of any order up to 4, a MEME motif file,
    /// `--uniform--` or `--nrdb--` [default: estimated from the controls]
    #[arg(long, value_name = "FILE", allow_hyphen_values = true)]
    bfile: Option<String>,
    /// A line about the run for streme.html
    #[arg(long, value_name = "TEXT")]
    desc: Option<String>,
    /// A file with lines about the run for streme.html
    #[arg(long, value_name = "FILE", conflicts_with = "desc")]
    dfile: Option<PathBuf>,
    /// What is sought: de, enrichment over the controls
    #[arg(long, value_name = "NAME", default_value = "de")]
    objfun: String,
    /// Seed of the shuffle and of the held-out part
    #[arg(long, value_name = "N", default_value_t = Options::default().seed)]
    seed: u64,
    /// Words of each width, from 3 to --maxw, that are matched approximately
    #[arg(long, value_name = "N", default_value_t = Options::default().evaluated)]
    neval: usize,
    /// Of these, how many of each width are refined; 0 takes the matrix of the best word's sites
    #[arg(long, value_name = "N", default_value_t = Options::default().refined)]
    nref: usize,
    /// Most steps of a refinement
    #[arg(long, value_name = "N", default_value_t = Options::default().iterations)]
    niter: usize,
    #[command(flatten)]
    verbosity: Verbosity,
    #[command(flatten)]
    others: Others<Streme>,
}

/// STREME.
#[derive(Debug)]
struct Streme;

impl Program for Streme {
    const OPTIONS: &'static [Other] = &[
        flag("dna", Effect::Usual("sequences are DNA")),
        valued(
            "align",
            "WHERE",
            Effect::None("positions of sites are not plotted; sites.tsv has them"),
        ),
        valued(
            "time",
            "SECONDS",
            Effect::None("a search ends by --nmotifs or --patience"),
        ),
        valued("totallength", "N", Effect::None("all sequences are used")),
        flag(
            "rna",
            Effect::Refused("only DNA is searched, on both strands"),
        ),
        flag("protein", Effect::Refused("only DNA is searched")),
        valued("alph", "FILE", Effect::Refused("only DNA is searched")),
    ];
}

/// What both verbs say of their files.
const FILES: &str = "\
Files: streme.txt (motifs in MEME's format), streme.html, motifs.tsv (counts and p-values), \
sequences.tsv (sequences with a site), \
sites.tsv (best site of each positive; positions 1-based and inclusive), \
logo1.svg and so on, \
discover.json (inputs with checksums, options, result).";

impl Search {
    fn plan(self, (out, replace): (PathBuf, bool)) -> Result<Discover> {
        self.others.check()?;
        if self.objfun != "de" {
            return Err(Error::argument("objfun", "de", format!("{:?}", self.objfun))
                .hint("central distance (cd) is not sought; enrichment over controls or shuffled sequences is"));
        }
        let background = match self.bfile {
            Some(name) => Some(background(Some(name), BackgroundChoice::Uniform)?),
            None => None,
        };
        let description = match self.dfile {
            Some(file) => Some(
                std::fs::read_to_string(&file)
                    .map_err(|source| Error::io("read", &file, source))?,
            ),
            None => self.desc,
        };
        Ok(Discover {
            positives: self.positives,
            controls: self.controls,
            options: Options {
                min_width: self.width.unwrap_or(self.minw),
                max_width: self.width.unwrap_or(self.maxw),
                motifs: self.nmotifs.filter(|&motifs| motifs > 0),
                threshold: self.thresh,
                by_e_value: self.evalue,
                patience: self.patience,
                holdout: self.hofract,
                order: self.kmer.map_or(self.order, |kmer| kmer as usize - 1),
                background: None,
                seed: self.seed,
                evaluated: self.neval,
                refined: self.nref,
                iterations: self.niter,
            },
            background,
            description,
            out,
            replace,
        })
    }
}

/// Options of `motif discover`; names and defaults are STREME's.
#[derive(Debug, Args)]
#[command(args_override_self = true, after_help = FILES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    search: Search,
    #[command(flatten)]
    output: Output,
}

impl Verb for Arguments {
    type Job = Discover;

    fn remarks(&self) -> Vec<String> {
        self.search.others.remarks()
    }

    fn plan(self) -> Result<Discover> {
        self.search.plan(self.output.destination())
    }
}

/// Options of `motif streme`: those of `motif discover`, with STREME's directory by default.
#[derive(Debug, Args)]
#[command(version, args_override_self = true, after_help = FILES)]
pub(crate) struct StremeArguments {
    #[command(flatten)]
    search: Search,
    #[command(flatten)]
    output: SuiteOutput,
}

impl Verb for StremeArguments {
    type Job = Discover;

    fn remarks(&self) -> Vec<String> {
        self.search.others.remarks()
    }

    fn plan(self) -> Result<Discover> {
        self.search.plan(self.output.destination("streme_out"))
    }
}
