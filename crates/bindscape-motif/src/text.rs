//! Texts of files and messages.

/// The beginning of a text, for messages.
pub(crate) fn excerpt(text: &str) -> String {
    let mut short: String = text.chars().take(40).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// A text on one line, its words separated by single spaces, for formats in which other blanks
/// separate fields.
pub(crate) fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text as one word: blanks become underscores.
pub(crate) fn word(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join("_")
}
