//! `BINDSCAPE_VECTORS` counts in tests, too: `cargo xtask check` runs them once more on narrower
//! vectors. The library itself does not read the environment; the program does.

use bindscape_kernels::{Vectors, limit_vectors, vectors};

/// The limit that the environment names.
fn limit() -> Option<Vectors> {
    let name = std::env::var("BINDSCAPE_VECTORS").ok()?;
    Some(Vectors::from_name(&name).expect("BINDSCAPE_VECTORS names vectors"))
}

/// Runs before the tests, as no kernel may have run.
#[ctor::ctor(unsafe)]
fn limit_before_tests() {
    if let Some(limit) = limit() {
        limit_vectors(limit).expect("no kernel has run");
    }
}

#[test]
fn tests_keep_to_the_vectors_of_the_environment() {
    match limit() {
        Some(Vectors::None) => assert_eq!(vectors(), "none"),
        Some(Vectors::Avx2) => assert_ne!(vectors(), "AVX-512"),
        Some(Vectors::Widest) | None => assert_eq!(limit_vectors(Vectors::Widest), Ok(())),
    }
}
