//! Names of chromosomes in messages.

use bindscape_base::names;

/// What to tell a user whose chromosome is not among `names` of `what`.
pub fn absent_chromosome<'a>(
    chrom: &str,
    names: impl Iterator<Item = &'a str> + Clone,
    what: &str,
) -> String {
    let has = |wanted: &str| names.clone().any(|name| name == wanted);
    if chrom.strip_prefix("chr").is_some_and(has) {
        return format!("{what} names chromosomes without the prefix chr");
    }
    if has(&format!("chr{chrom}")) {
        return format!("{what} names chromosomes with the prefix chr");
    }
    names::suggestion(
        chrom,
        names,
        "wrong genome, or another naming of chromosomes?",
    )
}
