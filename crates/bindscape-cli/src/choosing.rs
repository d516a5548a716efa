//! Options of choosing TFs for one TF.

use std::path::PathBuf;

use bindscape::select::Choosing;
use clap::Args;

/// How TFs are chosen for one TF.
#[derive(Debug, Args)]
#[command(next_help_heading = "Choice of TFs for one TF")]
pub(crate) struct ChoosingArguments {
    /// TFs to choose
    #[arg(long, value_name = "N", default_value_t = Choosing::default().count)]
    count: usize,
    /// Make the TF itself one of them
    #[arg(long)]
    with_target: bool,
    /// Fill up to this many with the most resolved TFs that share no mode with the TF
    #[arg(long, value_name = "N")]
    bury: Option<usize>,
    /// Fewest regions that the TFs must have to train on; random sets are drawn until they have them
    #[arg(long, value_name = "N")]
    min_regions: Option<u64>,
    /// Binding modes: motifs to cluster (a file, jaspar:GROUP), or a table with the columns tf and modes
    #[arg(long, value_name = "MOTIFS|TSV", default_value_t = Choosing::default().modes)]
    modes: String,
    /// Count this one of the TF's modes only, by its number
    #[arg(long, value_name = "MODE")]
    only_mode: Option<String>,
    /// STRING's protein.links (also .full, .detailed), or a table of TF, partner and score
    #[arg(long, value_name = "FILE")]
    string: Option<PathBuf>,
    /// STRING's protein.info, which names the proteins of protein.links
    #[arg(long, value_name = "FILE", requires = "string")]
    string_info: Option<PathBuf>,
}

impl ChoosingArguments {
    pub(crate) fn choosing(self) -> Choosing {
        Choosing {
            modes: self.modes,
            only_mode: self.only_mode,
            string: self.string,
            string_info: self.string_info,
            count: self.count,
            with_target: self.with_target,
            bury: self.bury,
            min_regions: self.min_regions,
        }
    }
}

/// What choices of TFs there are, below the help of a verb.
pub(crate) const STRATEGIES: &str = "\
Strategies; a binding mode is a cluster of similar motifs, and cosines are those of the less sparse view.
  mode:TF             TFs that share a mode with TF, at random
  low-correlation:TF  those of lowest cosine
  cofactors:TF        TFs that share no mode, of highest cosine
  partners:TF         TFs that share no mode, of highest STRING score (--string)
  random:TF           TFs that share no mode, at random
  matched:TF          the same, with as many bound regions as those of mode:TF
  best-cosine:TF, best-partners:TF  whatever the modes
  most-resolved:N     TFs with most resolved regions each, the paper's 50
  top-resolved:N      TFs with many regions resolved in common
  all                 all TFs with bound regions; --unresolved mask makes use of their regions
`bindscape select TF --matrix M` shows them beside each other.";
