//! The defaults of the options are those of the plans.

use bindscape::motif as jobs;
use bindscape_motif::Format;
use clap::{FromArgMatches, Subcommand};

use super::{MotifVerb, scan};

/// The arguments of a command line below `motif`.
fn parsed(line: &str) -> MotifVerb {
    let words = std::iter::once("motif").chain(line.split(' '));
    let command = MotifVerb::augment_subcommands(clap::Command::new("motif"));
    let matches = command.try_get_matches_from(words).expect("a command line");
    MotifVerb::from_arg_matches(&matches).expect("a verb")
}

#[test]
fn options_left_out_are_the_defaults_of_the_plan() {
    match parsed("scan --motifs m.meme s.fa") {
        MotifVerb::Scan(arguments) => assert_eq!(
            scan::plan(arguments).expect("a plan"),
            jobs::Scan::new("s.fa".into(), "m.meme", "-".into())
        ),
        other => panic!("{other:?}"),
    }
    match parsed("compare q.meme t.meme u.meme --text") {
        MotifVerb::Compare(arguments) => assert_eq!(
            jobs::Compare::from(arguments),
            jobs::Compare::new("q.meme", vec!["t.meme".into(), "u.meme".into()], "-".into())
        ),
        other => panic!("{other:?}"),
    }
    match parsed("discover --p p.fa --oc out") {
        MotifVerb::Discover(arguments) => assert_eq!(
            jobs::Discover::from(arguments),
            jobs::Discover {
                replace: true,
                ..jobs::Discover::new("p.fa".into(), "out".into())
            }
        ),
        other => panic!("{other:?}"),
    }
    match parsed("cluster m.meme --out out") {
        MotifVerb::Cluster(arguments) => assert_eq!(
            jobs::Cluster::from(arguments),
            jobs::Cluster::new("m.meme", "out".into())
        ),
        other => panic!("{other:?}"),
    }
    let input = || jobs::MotifInput::new("m.meme");
    match parsed("convert m.meme --to meme") {
        MotifVerb::Convert(arguments) => assert_eq!(
            jobs::Convert::from(arguments),
            jobs::Convert::new(input(), Format::Meme, "-".into())
        ),
        other => panic!("{other:?}"),
    }
    match parsed("logo m.meme --out out") {
        MotifVerb::Logo(arguments) => assert_eq!(
            jobs::Logo::from(arguments),
            jobs::Logo::new(input(), "out".into())
        ),
        other => panic!("{other:?}"),
    }
}
