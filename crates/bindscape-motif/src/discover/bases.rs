//! Numbers of bases: A 0, C 1, G 2, T 3.

/// Base number of what is no A, C, G or T.
pub(super) const UNKNOWN: u8 = 4;
