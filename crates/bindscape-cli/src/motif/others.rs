//! Options of a program of the MEME suite that this one has no use for: they are accepted and said
//! to have no effect, or refused with the reason, and never taken for something else.

use std::marker::PhantomData;

use bindscape_base::{Error, Result};
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, parser::ValueSource};

/// An option that changes nothing, or cannot be obeyed.
#[derive(Debug)]
pub(super) struct Other {
    /// Its long name.
    pub(super) name: &'static str,
    /// What its value is called; none if it takes none.
    pub(super) value: Option<&'static str>,
    /// What is made of it.
    pub(super) effect: Effect,
}

/// What is made of an option.
#[derive(Debug)]
pub(super) enum Effect {
    /// Nothing, for this reason.
    None(&'static str),
    /// Nothing that needs a word: it asks for what is done anyway.
    Usual(&'static str),
    /// It is refused, for this reason.
    Refused(&'static str),
}

/// An option without a value.
pub(super) const fn flag(name: &'static str, effect: Effect) -> Other {
    Other {
        name,
        value: None,
        effect,
    }
}

/// An option with a value.
pub(super) const fn valued(name: &'static str, value: &'static str, effect: Effect) -> Other {
    Other {
        name,
        value: Some(value),
        effect,
    }
}

/// A program, by the options of it that are of no use here.
pub(super) trait Program {
    /// The options.
    const OPTIONS: &'static [Other];
}

/// Those that were given.
#[derive(Debug)]
pub(super) struct Others<P> {
    given: Vec<&'static Other>,
    program: PhantomData<P>,
}

impl<P: Program> Others<P> {
    /// What is to be said of them.
    pub(super) fn remarks(&self) -> Vec<String> {
        let remark = |other: &&Other| match other.effect {
            Effect::None(reason) => Some(format!("--{} has no effect: {reason}", other.name)),
            _ => None,
        };
        self.given.iter().filter_map(remark).collect()
    }

    /// Refuses those that cannot be obeyed.
    pub(super) fn check(&self) -> Result<()> {
        for other in &self.given {
            if let Effect::Refused(reason) = other.effect {
                let field = other.name.replace('-', "_");
                return Err(
                    Error::argument(field, "to be left out", "on the command line").hint(reason),
                );
            }
        }
        Ok(())
    }
}

impl<P: Program> Args for Others<P> {
    fn augment_args(command: Command) -> Command {
        P::OPTIONS.iter().fold(command, |command, other| {
            let (kind, reason) = match other.effect {
                Effect::None(reason) => ("No effect", reason),
                Effect::Usual(reason) => ("The default", reason),
                Effect::Refused(reason) => ("Refused", reason),
            };
            let argument = Arg::new(other.name)
                .long(other.name)
                .help(format!("{kind}: {reason}"))
                .help_heading("Options of the MEME suite that change nothing here");
            command.arg(match other.value {
                Some(value) => argument
                    .value_name(value)
                    .action(ArgAction::Append)
                    .allow_hyphen_values(true),
                None => argument.action(ArgAction::SetTrue),
            })
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<P: Program> FromArgMatches for Others<P> {
    fn from_arg_matches(matches: &ArgMatches) -> std::result::Result<Self, clap::Error> {
        let given =
            |other: &&Other| matches.value_source(other.name) == Some(ValueSource::CommandLine);
        Ok(Self {
            given: P::OPTIONS.iter().filter(given).collect(),
            program: PhantomData,
        })
    }

    fn update_from_arg_matches(
        &mut self,
        matches: &ArgMatches,
    ) -> std::result::Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
