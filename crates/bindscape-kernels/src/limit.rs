//! Narrower vectors than the processor has, for tests and comparisons.

use std::sync::OnceLock;

/// The widest vectors that kernels may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vectors {
    /// Those of the processor.
    Widest,
    /// AVX2 on x86; elsewhere those of the processor, which are narrower.
    Avx2,
    /// One number at a time.
    None,
}

impl Vectors {
    /// All limits that have a name: what `BINDSCAPE_VECTORS` may be.
    pub const NAMED: [Self; 2] = [Self::Avx2, Self::None];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Widest => "widest",
            Self::Avx2 => "avx2",
            Self::None => "none",
        }
    }

    /// The limit of [`Vectors::NAMED`] with that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMED.into_iter().find(|limit| limit.name() == name)
    }
}

static LIMIT: OnceLock<Vectors> = OnceLock::new();

/// Sets the widest vectors that kernels of this process use. It counts once, before any kernel
/// runs.
///
/// # Errors
/// If kernels have another limit already; gives that.
pub fn limit_vectors(to: Vectors) -> Result<(), Vectors> {
    let found = *LIMIT.get_or_init(|| to);
    if found == to { Ok(()) } else { Err(found) }
}

/// The limit of this process.
pub(crate) fn limit() -> Vectors {
    *LIMIT.get_or_init(usual)
}

#[cfg(not(test))]
fn usual() -> Vectors {
    Vectors::Widest
}

/// Tests take it from the environment, since no program is there to set it.
#[cfg(test)]
fn usual() -> Vectors {
    match std::env::var("BINDSCAPE_VECTORS") {
        Ok(name) => Vectors::from_name(&name).expect("BINDSCAPE_VECTORS names vectors"),
        Err(_) => Vectors::Widest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_counts_once() {
        let found = limit();
        assert_eq!(limit_vectors(found), Ok(()));
        let other = match found {
            Vectors::None => Vectors::Avx2,
            _ => Vectors::None,
        };
        assert_eq!(limit_vectors(other), Err(found));
    }

    #[test]
    fn kernels_keep_to_the_limit() {
        let vectors = crate::vectors();
        match limit() {
            Vectors::None => assert_eq!(vectors, "none"),
            Vectors::Avx2 if cfg!(target_arch = "x86_64") => {
                assert!(["AVX2", "none"].contains(&vectors), "{vectors}");
            }
            // Every processor of this architecture has them.
            _ if cfg!(target_arch = "aarch64") => assert_eq!(vectors, "NEON"),
            _ => assert!(["AVX-512", "AVX2", "none"].contains(&vectors), "{vectors}"),
        }
    }

    #[test]
    fn limits_have_names() {
        for limit in Vectors::NAMED {
            assert_eq!(Vectors::from_name(limit.name()), Some(limit));
        }
        assert_eq!(Vectors::from_name("avx"), None);
    }
}
