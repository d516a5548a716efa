//! Command lines as the MEME suite spells them: `-oc DIR` is `--oc DIR` there.

use std::ffi::OsString;

use clap::{Arg, Command};

/// Verbs whose options are those of programs of the MEME suite.
const VERBS: [&str; 6] = ["fimo", "tomtom", "streme", "scan", "compare", "discover"];

/// The words of a command line with two dashes before each long option of a verb of the MEME suite
/// that has one, known or not; values of options and all other words stay as they are. `--verbosity 1`, which
/// asks for nothing but errors, is `--quiet`, too.
pub(crate) fn long_options(command: &Command, words: Vec<OsString>) -> Vec<OsString> {
    let below = |command: &Command, name: Option<&OsString>| {
        let name = name?.to_str()?;
        command.find_subcommand(name).cloned()
    };
    let verb = words.get(2).and_then(|word| word.to_str()).unwrap_or("");
    if words.get(1).is_none_or(|word| word != "motif") || !VERBS.contains(&verb) {
        return words;
    }
    let verb = below(command, words.get(1)).and_then(|motif| below(&motif, words.get(2)));
    let Some(mut verb) = verb else {
        return words;
    };
    // Adds the options for help and version.
    verb.build();
    let mut spelled: Vec<OsString> = Vec::with_capacity(words.len() + 1);
    let mut rest = words.into_iter();
    spelled.extend(rest.by_ref().take(3));
    let (mut value_of, mut ended, mut quiet) = (None, false, false);
    for word in rest {
        if let Some(option) = value_of.take() {
            quiet |= option == "verbosity" && word == "1";
            spelled.push(word);
            continue;
        }
        ended |= word == "--";
        let known = word.to_str().filter(|_| !ended).and_then(|text| {
            let dashes = text.len() - text.trim_start_matches('-').len();
            let (name, value) = match text[dashes..].split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (&text[dashes..], None),
            };
            (matches!(dashes, 1 | 2) && name.len() > 2 - dashes)
                .then(|| {
                    verb.get_arguments()
                        .find(|argument| is_called(argument, name))
                })?
                .map(|argument| (argument, name.to_owned(), value.map(str::to_owned)))
        });
        let Some((argument, name, value)) = known else {
            spelled.push(if ended { word } else { unknown(word) });
            continue;
        };
        quiet |= name == "verbosity" && value.as_deref() == Some("1");
        if value.is_none() && argument.get_action().takes_values() {
            value_of = Some(name.clone());
        }
        let value = value.map_or(String::new(), |value| format!("={value}"));
        spelled.push(format!("--{name}{value}").into());
    }
    if quiet {
        spelled.push("--quiet".into());
    }
    spelled
}

/// A word that is no long option of the verb. With one dash it would be taken for a short option
/// and its value (`-nmotif 3` for `-n motif`), which nobody means here: with two, it is refused.
fn unknown(word: OsString) -> OsString {
    let option = word.to_str().and_then(|text| text.strip_prefix('-'));
    match option {
        Some(name)
            if name.len() > 1 && name.starts_with(|first: char| first.is_ascii_alphabetic()) =>
        {
            format!("--{name}").into()
        }
        _ => word,
    }
}

/// Whether an argument has this long name.
fn is_called(argument: &Arg, name: &str) -> bool {
    let aliases = argument.get_all_aliases().unwrap_or_default();
    argument.get_long() == Some(name) || aliases.contains(&name)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn spelled(line: &str) -> String {
        let words = line.split(' ').map(OsString::from).collect();
        let words = long_options(&crate::cli::Arguments::command(), words);
        let words: Vec<&str> = words.iter().filter_map(|word| word.to_str()).collect();
        words.join(" ")
    }

    #[test]
    fn one_dash_becomes_two_before_long_options_alone() {
        for (typed, expected) in [
            (
                "b motif tomtom -no-ssc -oc out -dist pearson -thresh=0.1 q t",
                "b motif tomtom --no-ssc --oc out --dist pearson --thresh=0.1 q t",
            ),
            // Short options stay; what nobody knows must not become one with a value.
            (
                "b motif streme -p a.fa -o out -nmotif 1 -1 -",
                "b motif streme -p a.fa -o out --nmotif 1 -1 -",
            ),
            // Values may look like options.
            (
                "b motif fimo --bfile --motif-- -thresh -1 -o -oc m s",
                "b motif fimo --bfile --motif-- --thresh -1 -o --oc m s",
            ),
            (
                "b motif streme --desc -text -p a",
                "b motif streme --desc -text -p a",
            ),
            ("b motif fimo -- -oc -text", "b motif fimo -- -oc -text"),
            // Other verbs have options of their own.
            ("b motif logo -out x m", "b motif logo -out x m"),
            ("b predict -out x", "b predict -out x"),
            ("b motif", "b motif"),
            ("b motif fimo -version", "b motif fimo --version"),
            (
                "b motif fimo -verbosity 1 m s",
                "b motif fimo --verbosity 1 m s --quiet",
            ),
            (
                "b motif fimo --verbosity=1 m s",
                "b motif fimo --verbosity=1 m s --quiet",
            ),
            (
                "b motif fimo --verbosity 3 m s",
                "b motif fimo --verbosity 3 m s",
            ),
        ] {
            assert_eq!(spelled(typed), expected);
        }
    }
}
