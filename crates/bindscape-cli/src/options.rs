//! The options of the command line by the fields of plans that they set.

/// Options that are not called as their field, for all verbs.
const ANYWHERE: &[(&str, &str)] = &[
    ("gc_bin_percent", "--gc-bin"),
    ("max_epochs", "--epochs"),
    ("reverse_complement", "--forward-only"),
];

/// Options of scanning, as FIMO calls them.
const SCAN: &[(&str, &str)] = &[
    ("select", "--motif"),
    ("background", "--bfile"),
    ("threshold", "--thresh"),
    ("pseudocount", "--motif-pseudo"),
    ("genomic_coordinates", "--parse-genomic-coord"),
    ("replace", "--oc"),
];

/// Options of comparing, as Tomtom calls them.
const COMPARE: &[(&str, &str)] = &[
    ("select", "--m"),
    ("numbers", "--mi"),
    ("background", "--bfile"),
    ("threshold", "--thresh"),
    ("by_e_value", "--evalue"),
    ("pseudocount", "--motif-pseudo"),
    ("distance", "--dist"),
    ("replace", "--oc"),
];

/// Options of discovery, as STREME calls them.
const DISCOVER: &[(&str, &str)] = &[
    ("background", "--bfile"),
    ("positives", "--p"),
    ("controls", "--n"),
    ("min_width", "--minw"),
    ("max_width", "--maxw"),
    ("threshold", "--thresh"),
    ("holdout", "--hofract"),
    ("evaluated", "--neval"),
    ("motifs", "--nmotifs"),
    ("replace", "--oc"),
];

/// Options of patterns of attributions, as modisco calls them.
const MODISCO: &[(&str, &str)] = &[
    ("contributions", "--attributions"),
    ("core", "--size"),
    ("flank", "--seqlet-flank-size"),
    ("trim", "--trim-size"),
    ("pattern_flank", "--initial-flank-to-add"),
    ("final_flank", "--final-flank-to-add"),
    ("leiden_runs", "--n-leiden"),
];

/// Options of hits of patterns.
const HITS: &[(&str, &str)] = &[("contributions", "--attributions")];

/// The same for the verbs of motifs, whose options are called as in the MEME suite, and others
/// that differ. The verb is named with spaces, as it is typed.
const OF_VERB: &[(&str, &[(&str, &str)])] = &[
    ("protein crossval", &[("representation", "--encoder")]),
    ("protein train", &[("representation", "--encoder")]),
    ("finetune", &[("start", "--scratch")]),
    ("motif scan", SCAN),
    ("motif fimo", SCAN),
    ("motif compare", COMPARE),
    ("motif tomtom", COMPARE),
    (
        "motif cluster",
        &[
            ("correlation", "--cor"),
            ("normalized", "--ncor"),
            ("overlap", "--w"),
        ],
    ),
    ("motif discover", DISCOVER),
    ("motif hits", HITS),
    ("motif modisco", MODISCO),
    ("motif streme", DISCOVER),
];

/// The option of `verb` that sets the field `field` of its plan.
pub(crate) fn of_field(verb: &str, field: &str) -> String {
    let of_verb = OF_VERB
        .iter()
        .find(|(name, _)| *name == verb)
        .map_or(&[][..], |(_, options)| options);
    of_verb
        .iter()
        .chain(ANYWHERE)
        .find(|(name, _)| *name == field)
        .map_or_else(
            || format!("--{}", field.replace('_', "-")),
            |(_, option)| (*option).to_owned(),
        )
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn options_have_the_names_of_their_verb() {
        assert_eq!(of_field("motif discover", "min_width"), "--minw");
        assert_eq!(of_field("motif scan", "threshold"), "--thresh");
        assert_eq!(of_field("finetune", "gc_bin_percent"), "--gc-bin");
        assert_eq!(of_field("finetune", "start"), "--scratch");
        assert_eq!(
            of_field("finetune", "negatives_per_positive"),
            "--negatives-per-positive"
        );
    }

    #[test]
    fn every_option_of_the_table_is_one_of_its_verb() {
        for (verb, options) in OF_VERB {
            let mut command = crate::cli::Arguments::command();
            for word in verb.split(' ') {
                command = command
                    .find_subcommand(word)
                    .unwrap_or_else(|| panic!("no verb {verb}"))
                    .clone();
            }
            for (_, option) in *options {
                let long = option.trim_start_matches("--");
                assert!(
                    command.get_arguments().any(|argument| {
                        argument.get_long() == Some(long)
                            || argument.get_short().map(String::from).as_deref() == Some(long)
                            || argument
                                .get_all_aliases()
                                .is_some_and(|aliases| aliases.contains(&long))
                    }),
                    "{verb} has no {option}"
                );
            }
        }
    }
}
