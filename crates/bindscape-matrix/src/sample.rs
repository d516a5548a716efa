//! Which regions and TFs a network is trained on (Novakovsky et al. 2021, Methods,
//! "Transfer learning"): regions resolved for all TFs for a multi-model; all bound
//! regions of one TF and as many unbound ones of similar GC for an individual model.

mod datasets;
mod gc;
mod resolved;

pub use datasets::{
    Excluded, Fetch, FinetuneOptions, FinetuningPool, HeldOut, MIN_POSITIVES, Prepared,
    PretrainOptions, Unresolved, pretraining_dataset,
};
pub use gc::{MatchedNegatives, ShortBin, match_gc};
pub use resolved::{resolved_for_all, resolved_for_any, top_resolved};
