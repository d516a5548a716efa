//! Near names for messages about a name that is not there.

/// Up to three of `candidates` that a user may have meant by `name`, nearest first.
#[must_use]
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted = name.to_lowercase();
    let mut scored: Vec<(f64, &str)> = candidates
        .into_iter()
        .map(|candidate| {
            (
                strsim::jaro_winkler(&wanted, &candidate.to_lowercase()),
                candidate,
            )
        })
        .filter(|&(score, _)| score >= 0.75)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    scored.truncate(3);
    scored.into_iter().map(|(_, candidate)| candidate).collect()
}

/// "did you mean …?" with the near names, or a general hint where none is near.
#[must_use]
pub fn suggestion<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
    otherwise: &str,
) -> String {
    match nearest(name, candidates).as_slice() {
        [] => otherwise.to_owned(),
        near => format!("did you mean {}?", near.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_typing_errors_are_found() {
        let tfs = ["HNF4A", "HNF4G", "MAX", "JUND"];
        assert_eq!(nearest("hnf4a", tfs)[0], "HNF4A");
        assert_eq!(nearest("JUNDD", tfs), ["JUND"]);
        assert!(nearest("zzz", tfs).is_empty());
    }
}
