//! De novo discovery of motifs that are enriched in one set of sequences over another.
//!
//! After STREME (Bailey 2021, Bioinformatics 37:2834): words that more positives than
//! controls hold are matched approximately, the best of each width are refined to
//! matrices, and the matrix with the smallest p-value on the training part is taken. Its
//! p-value is that on a part of the sequences held out. Then its sites are erased and the
//! search begins again.
//!
//! What differs from the paper and its program:
//! - words are counted by sorting all positions once, not in a suffix tree; the counts
//!   are the same;
//! - the best matrices are also tried at every other width, from the most informative
//!   window of their sites with their surroundings, and refined again: words as wide as the
//!   motif are too rare to be counted;
//! - what the sites of the controls hold is taken off the counts of those of the positives;
//! - matrices are compared by a p-value for which no sequence is scored with its own site
//!   among the counts; the p-values that are reported have all sites;
//! - a site's background probability has the bases before the site as predecessors, and
//!   the model is the same on both strands;
//! - controls longer than the positives are not trimmed: the binomial test accounts
//!   for their length;
//! - only DNA, both strands always, and differential enrichment alone.

mod background;
mod bases;
mod corpus;
mod enrichment;
mod found;
mod options;
mod refine;
mod report;
mod scan;
mod search;
mod sequences;
mod shuffle;
mod words;

pub use self::background::WordModel;
pub use self::enrichment::Test;
pub use self::found::{Discovered, Discovery, Part, Passing, Site, Stop};
pub use self::options::Options;
pub use self::search::discover;
pub use self::sequences::SequenceSet;
pub use self::shuffle::shuffle_words;
pub use bindscape_genome::sequence::Strand;
