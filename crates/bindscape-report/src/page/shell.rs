//! Commands as a reader types them.

/// A command line as a POSIX shell takes it.
pub(crate) fn shell(command: &[String]) -> String {
    let words: Vec<String> = command.iter().map(|word| shell_word(word)).collect();
    words.join(" ")
}

/// A word, quoted where a shell would read it otherwise.
pub(super) fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_quoted_for_a_shell() {
        let command = ["bindscape", "--out", "my run", "it's", ""].map(String::from);
        assert_eq!(shell(&command), r"bindscape --out 'my run' 'it'\''s' ''");
    }
}
