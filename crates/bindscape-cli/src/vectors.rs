//! `BINDSCAPE_VECTORS`: narrower vectors than the processor has, for comparisons.

use bindscape_base::{Error, Result, Subject};
use bindscape_kernels::{Vectors, limit_vectors};

const VARIABLE: &str = "BINDSCAPE_VECTORS";

/// Limits the vectors of kernels to those that the environment names.
pub(crate) fn limit() -> Result<()> {
    let name = std::env::var_os(VARIABLE).unwrap_or_default();
    if name.is_empty() {
        return Ok(());
    }
    let name = name.to_string_lossy();
    let Some(limit) = Vectors::from_name(&name) else {
        let names = Vectors::NAMED.map(Vectors::name);
        return Err(Error::missing(
            Subject::Input(VARIABLE.into()),
            format!("one of {}", names.join(", ")),
            &name,
            names,
            "leave it out for the widest vectors of the processor",
        ));
    };
    limit_vectors(limit).expect("no kernel has run yet");
    Ok(())
}
