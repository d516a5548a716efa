//! What the sizes of every network must hold to.

use bindscape_base::{Error, Result};

/// Refuses a size of zero.
pub(crate) fn check_sizes(sizes: &[usize], config: &dyn std::fmt::Debug) -> Result<()> {
    if sizes.contains(&0) {
        return Err(Error::about(
            "architecture",
            "sizes of at least 1",
            format!("{config:?}"),
        ));
    }
    Ok(())
}

/// Refuses a dropout that is no share.
pub(crate) fn check_dropout(rate: f64) -> Result<()> {
    if !(0.0..1.0).contains(&rate) {
        return Err(Error::argument(
            "dropout",
            "a share of at least 0 and below 1",
            rate.to_string(),
        ));
    }
    Ok(())
}

/// Refuses sequences that are too short for the network.
pub(crate) fn check_length(length: usize, minimum: usize) -> Result<()> {
    if length < minimum {
        return Err(Error::argument(
            "length",
            format!("at least {minimum} bp for this network"),
            format!("{length} bp"),
        )
        .hint("the paper uses 200; 500 and 1000 work as well"));
    }
    Ok(())
}
