//! How pre-training TFs are chosen, as plans and command lines write it.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use bindscape_base::names::nearest;
use bindscape_base::{Error, Result};
use serde::{Deserialize, Serialize};

/// Which TFs a multi-model is trained on.
///
/// ```
/// use bindscape::select::{Rule, TfChoice};
///
/// let choice: TfChoice = "cofactors:HNF4A".parse()?;
/// let expected = TfChoice::Around { rule: Rule::Cofactors, target: "HNF4A".into() };
/// assert_eq!(choice, expected);
/// assert_eq!(choice.to_string(), "cofactors:HNF4A");
/// assert_eq!("MAX, JUND".parse::<TfChoice>()?.to_string(), "MAX,JUND");
/// # Ok::<(), bindscape::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TfChoice {
    /// These TFs, by name.
    Named(Vec<String>),
    /// So many TFs with many regions resolved in common ([`bindscape_matrix::sample::top_resolved`]).
    TopResolved(usize),
    /// So many TFs, those with most resolved regions of their own: the paper's 50.
    MostResolved(usize),
    /// All TFs with bound regions.
    All,
    /// A few TFs chosen for one TF, the target.
    Around {
        /// By what.
        rule: Rule,
        /// The target.
        target: String,
    },
}

/// By what TFs are chosen for a target (Novakovsky et al. 2021, Methods, "Transfer learning", and
/// Figures 6 and 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// TFs that share a binding mode with the target, at random.
    Mode,
    /// TFs that share no binding mode with the target, of highest cosine.
    Cofactors,
    /// TFs that share a binding mode with the target, of lowest cosine.
    LowCorrelation,
    /// TFs that share no binding mode with the target, of highest score in STRING.
    Partners,
    /// TFs that share no binding mode with the target, at random.
    Random,
    /// TFs of highest cosine, whatever their binding modes.
    BestCosine,
    /// TFs of highest score in STRING, whatever their binding modes.
    BestPartners,
    /// A control of [`Rule::Mode`]: TFs that share no binding mode with the target and have as many
    /// bound regions to train on.
    Matched,
}

impl Rule {
    /// All rules, in the order in which tables show them.
    pub const ALL: [Self; 8] = [
        Self::BestCosine,
        Self::Mode,
        Self::LowCorrelation,
        Self::Cofactors,
        Self::BestPartners,
        Self::Partners,
        Self::Matched,
        Self::Random,
    ];

    /// Its name in choices (`low-correlation`).
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Mode => "mode",
            Self::Cofactors => "cofactors",
            Self::LowCorrelation => "low-correlation",
            Self::Partners => "partners",
            Self::Random => "random",
            Self::BestCosine => "best-cosine",
            Self::BestPartners => "best-partners",
            Self::Matched => "matched",
        }
    }

    /// The rule in words.
    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Mode => "TFs that share a binding mode with the target, at random",
            Self::Cofactors => {
                "TFs that share no binding mode with the target, of highest cosine (less sparse view)"
            }
            Self::LowCorrelation => {
                "TFs that share a binding mode with the target, of lowest cosine (less sparse view)"
            }
            Self::Partners => {
                "TFs that share no binding mode with the target, of highest STRING score"
            }
            Self::Random => "TFs that share no binding mode with the target, at random",
            Self::BestCosine => "TFs of highest cosine (less sparse view), whatever their modes",
            Self::BestPartners => "TFs of highest STRING score, whatever their modes",
            Self::Matched => {
                "TFs that share no binding mode with the target, drawn to have as many bound regions \
                 as the set of TFs that share one"
            }
        }
    }

    /// Whether it reads STRING's scores.
    #[must_use]
    pub fn needs_string(self) -> bool {
        matches!(self, Self::Partners | Self::BestPartners)
    }

    /// Whether it compares binding vectors with that of the target, which the matrix must have.
    pub(crate) fn needs_vector(self) -> bool {
        matches!(
            self,
            Self::Cofactors | Self::LowCorrelation | Self::BestCosine
        )
    }

    /// Whether TFs must share a binding mode with the target (`Some(true)`), or must not.
    pub(crate) fn shares_mode(self) -> Option<bool> {
        match self {
            Self::Mode | Self::LowCorrelation => Some(true),
            Self::Cofactors | Self::Partners | Self::Random | Self::Matched => Some(false),
            Self::BestCosine | Self::BestPartners => None,
        }
    }
}

impl TfChoice {
    /// The rule and the target, where TFs are chosen for one.
    #[must_use]
    pub fn around(&self) -> Option<(Rule, &str)> {
        match self {
            Self::Around { rule, target } => Some((*rule, target)),
            _ => None,
        }
    }
}

impl fmt::Display for TfChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(names) => f.write_str(&names.join(",")),
            Self::TopResolved(count) => write!(f, "top-resolved:{count}"),
            Self::MostResolved(count) => write!(f, "most-resolved:{count}"),
            Self::All => f.write_str("all"),
            Self::Around { rule, target } => write!(f, "{}:{target}", rule.name()),
        }
    }
}

impl FromStr for TfChoice {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if text == "all" {
            return Ok(Self::All);
        }
        let Some((name, rest)) = strategy_of(text) else {
            let names = text.split(',').map(|name| name.trim().to_owned());
            return Ok(Self::Named(names.filter(|name| !name.is_empty()).collect()));
        };
        let count = || {
            rest.parse().map_err(|_| {
                Error::argument(
                    "tfs",
                    format!("{name}:N with a number"),
                    format!("{text:?}"),
                )
                .hint(format!("for example {name}:50"))
            })
        };
        match name {
            "top-resolved" => return count().map(Self::TopResolved),
            "most-resolved" => return count().map(Self::MostResolved),
            _ => {}
        }
        match Rule::ALL.into_iter().find(|rule| rule.name() == name) {
            Some(_) if rest.is_empty() || rest.contains(',') => Err(Error::argument(
                "tfs",
                format!("{name}:TF with the name of one TF"),
                format!("{text:?}"),
            )
            .hint(format!("for example {name}:HNF4A"))),
            Some(rule) => Ok(Self::Around {
                rule,
                target: rest.to_owned(),
            }),
            None => {
                let known = || {
                    let rules = Rule::ALL.into_iter().map(Rule::name);
                    rules.chain(["top-resolved", "most-resolved"])
                };
                let meant = nearest(name, known());
                let hint = match meant.first() {
                    Some(near) => format!("did you mean {near}:{rest}?"),
                    None => format!(
                        "strategies are {}; names of TFs are separated by commas",
                        known().collect::<Vec<_>>().join(", ")
                    ),
                };
                Err(Error::argument(
                    "tfs",
                    "names of TFs, `all`, or a strategy with its TF or number",
                    format!("{text:?}"),
                )
                .hint(hint))
            }
        }
    }
}

/// The parts of `STRATEGY:VALUE`; names of TFs have no colon, but dimers two (`NR1H3::RXRA`).
fn strategy_of(text: &str) -> Option<(&str, &str)> {
    let (name, rest) = text.split_once(':')?;
    (!rest.starts_with(':')).then(|| (name.trim(), rest.trim()))
}

/// How TFs are chosen for a target, whatever the rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Choosing {
    /// What the binding modes of TFs come from: motifs to cluster, as
    /// [`bindscape_motif::motifs_from`] takes them, or a table with the columns `tf` and `modes`.
    pub modes: String,
    /// Count only this one of the target's modes, as the paper's code did; `None` for all.
    pub only_mode: Option<String>,
    /// STRING's links, or a table of TF, partner and score.
    pub string: Option<PathBuf>,
    /// STRING's names of the proteins of these links.
    pub string_info: Option<PathBuf>,
    /// Number of TFs.
    pub count: usize,
    /// Whether the target is one of them.
    pub with_target: bool,
    /// Fill up with the most resolved TFs of other modes until there are so many.
    pub bury: Option<usize>,
    /// Fewest regions that the TFs must have to train on.
    pub min_regions: Option<u64>,
}

impl Default for Choosing {
    /// Five TFs without the target, after the built-in motifs of vertebrates.
    fn default() -> Self {
        Self {
            modes: "jaspar:vertebrates".to_owned(),
            only_mode: None,
            string: None,
            string_info: None,
            count: 5,
            with_target: false,
            bury: None,
            min_regions: None,
        }
    }
}

impl Choosing {
    /// Checks the settings for `choice`.
    ///
    /// # Errors
    /// If one makes no sense.
    pub fn check(&self, choice: &TfChoice) -> Result<()> {
        if matches!(choice, TfChoice::Named(names) if names.is_empty()) {
            return Err(Error::argument("tfs", "names of TFs", "none"));
        }
        if let TfChoice::MostResolved(0) = choice {
            return Err(Error::argument("tfs", "at least one TF", "most-resolved:0"));
        }
        self.check_numbers()?;
        let Some((rule, target)) = choice.around() else {
            let usual = Self::default();
            for (field, set) in [
                ("with_target", self.with_target),
                ("bury", self.bury.is_some()),
                ("only_mode", self.only_mode.is_some()),
                ("count", self.count != usual.count),
            ] {
                if set {
                    return Err(Error::argument(
                        field,
                        "TFs that are chosen for one TF",
                        format!("⟦tfs⟧ {choice}"),
                    )
                    .hint(
                        "⟦tfs⟧ mode:TF chooses for a TF; leave the option out with other choices",
                    ));
                }
            }
            return Ok(());
        };
        if rule.needs_string() && self.string.is_none() {
            return Err(Error::argument(
                "string",
                format!(
                    "STRING's file of links, or a table of TF, partner and score, for {}:{target}",
                    rule.name()
                ),
                "none",
            )
            .hint(
                "download protein.links and protein.info of the species from string-db.org and \
                 name them with ⟦string⟧ and ⟦string_info⟧",
            ));
        }
        Ok(())
    }

    /// Checks what does not depend on the choice.
    pub(crate) fn check_numbers(&self) -> Result<()> {
        let least = if self.with_target { 2 } else { 1 };
        if self.count < least {
            let beside = if self.with_target {
                ", the target among them"
            } else {
                ""
            };
            return Err(Error::argument(
                "count",
                format!(
                    "at least {least} TF{}{beside}",
                    if least == 1 { "" } else { "s" }
                ),
                self.count.to_string(),
            ));
        }
        if let Some(all) = self.bury
            && all <= self.count
        {
            return Err(Error::argument(
                "bury",
                format!("more TFs than ⟦count⟧ ({})", self.count),
                all.to_string(),
            ));
        }
        if self.string_info.is_some() && self.string.is_none() {
            return Err(Error::argument(
                "string_info",
                "⟦string⟧ beside it, whose proteins it names",
                "none",
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_choice_is_written_as_it_is_read() {
        let mut texts: Vec<String> = Rule::ALL
            .iter()
            .map(|rule| format!("{}:HNF4A", rule.name()))
            .collect();
        texts.extend(["all", "top-resolved:50", "most-resolved:3", "MAX,JUND"].map(String::from));
        texts.push("NR1H3::RXRA".to_owned());
        for text in texts {
            let choice: TfChoice = text.parse().expect("a choice");
            assert_eq!(choice.to_string(), text);
            let written = serde_json::to_string(&choice).expect("JSON");
            assert_eq!(
                serde_json::from_str::<TfChoice>(&written).expect("a choice"),
                choice
            );
        }
        // As plans had it before there were strategies.
        let before: TfChoice = serde_json::from_str(r#"{"top-resolved":50}"#).expect("a choice");
        assert_eq!(before, TfChoice::TopResolved(50));
    }

    #[test]
    fn what_is_no_choice_is_told_with_what_was_meant() {
        let refused = |text: &str| {
            let error = text.parse::<TfChoice>().unwrap_err();
            format!("{error} / {}", error.advice().unwrap_or_default())
        };
        assert!(refused("modes:HNF4A").contains("did you mean mode:HNF4A?"));
        assert!(refused("cofactor:HNF4A").contains("did you mean cofactors:HNF4A?"));
        assert!(refused("mode:").contains("mode:TF with the name of one TF"));
        assert!(refused("mode:A,B").contains("for example mode:HNF4A"));
        assert!(refused("most-resolved:many").contains("most-resolved:50"));
        assert!(refused("xyz:A").contains("strategies are best-cosine, mode,"));
    }

    #[test]
    fn settings_without_sense_are_refused() {
        let mode: TfChoice = "mode:A".parse().expect("a choice");
        let refused = |choosing: Choosing, choice: &TfChoice| {
            let error = choosing.check(choice).unwrap_err();
            format!("{error} / {}", error.advice().unwrap_or_default())
        };
        let usual = Choosing::default;
        assert!(usual().check(&mode).is_ok());
        let told = refused(
            Choosing {
                with_target: true,
                ..usual()
            },
            &TfChoice::All,
        );
        assert!(
            told.starts_with("with_target: expected TFs that are chosen for one TF"),
            "{told}"
        );
        let told = refused(
            Choosing {
                count: 1,
                with_target: true,
                ..usual()
            },
            &mode,
        );
        assert!(
            told.contains("at least 2 TFs, the target among them"),
            "{told}"
        );
        let told = refused(
            Choosing {
                bury: Some(5),
                ..usual()
            },
            &mode,
        );
        assert!(told.contains("more TFs than `count` (5)"), "{told}");
        let told = refused(usual(), &"partners:A".parse().expect("a choice"));
        assert!(
            told.contains("for partners:A") && told.contains("string-db.org"),
            "{told}"
        );
        let info = Choosing {
            string_info: Some("i".into()),
            ..usual()
        };
        assert!(refused(info, &mode).contains("`string` beside it"));
        let none = TfChoice::Named(Vec::new());
        assert!(refused(usual(), &none).contains("names of TFs"));
    }
}
