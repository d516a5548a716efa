//! Jobs on motifs: scanning, comparison, discovery, patterns of attributions, clusters,
//! conversion and logos.

mod background;
mod cluster;
mod compare;
mod convert;
mod discover;
mod hits;
mod input;
mod logo;
mod modisco;
mod output;
mod places;
mod scan;

pub use background::BackgroundChoice;
pub use cluster::{Cluster, Clustered, Label, LabelAgreement};
pub(crate) use cluster::{factors, factors_of};
pub(crate) use compare::MIN_OVERLAP;
pub use compare::{Compare, CompareOptions, Compared, SignificantMatch};
pub use convert::{Convert, Converted};
pub use discover::{Discover, MotifsFound};
pub use hits::{CallHits, HitsCalled, PatternHits};
pub use input::MotifInput;
pub(crate) use input::{motif_file, motifs_from};
pub use logo::{Drawn, Heights, Logo, LogoContent, LogoInput};
pub use modisco::{Modisco, PatternsFound, SeqletCounts};
pub(crate) use output::check_directory;
pub use scan::{Scan, ScanOptions, ScanResults, Scanned};
