//! Models of an experiment: their order, names, colours and symbols.

use crate::svg::Symbol;

pub(super) const PWM: &str = "pwm";
pub(super) const MULTI: &str = "multi-model";
pub(super) const SCRATCH: &str = "scratch";
pub(super) const TRANSFER: &str = "transfer";

/// The simplest first. Names that end in a colon are beginnings.
const ORDER: [&str; 10] = [
    "profile", PWM, "kmers", MULTI, SCRATCH, TRANSFER, "layers:", "freeze:", "readout", "joint",
];

/// Different models, the simplest first, those that are not known last.
pub(super) fn ordered<'a>(models: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut found: Vec<&str> = Vec::new();
    for model in models {
        if !found.contains(&model) {
            found.push(model);
        }
    }
    let rank = |model: &str| {
        let known = |name: &&str| model == *name || name.ends_with(':') && model.starts_with(*name);
        ORDER.iter().position(known).unwrap_or(ORDER.len())
    };
    found.sort_by_key(|model| rank(model));
    found
}

/// The name of a model on the page.
pub(super) fn name(model: &str) -> &str {
    match model {
        PWM => "PWM",
        SCRATCH => "from scratch",
        "profile" => "JASPAR profile",
        "kmers" => "k-mers",
        "joint" => "readout and network",
        other => other,
    }
}

/// How a series is drawn: a class of `figure.css` and a symbol, so that colour alone says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Style {
    pub(super) class: &'static str,
    pub(super) symbol: Symbol,
}

/// Styles of models without one of their own.
const OTHERS: [Style; 7] = [
    style("m-1", Symbol::Triangle),
    style("m-2", Symbol::Down),
    style("m-3", Symbol::Square),
    style("m-4", Symbol::Plus),
    style("m-1", Symbol::Cross),
    style("m-2", Symbol::Square),
    style("m-3", Symbol::Triangle),
];

const fn style(class: &'static str, symbol: Symbol) -> Style {
    Style { class, symbol }
}

/// The styles of `models`, those of the paper (Novakovsky et al. 2021) where it has one.
pub(super) fn styles(models: &[&str]) -> Vec<Style> {
    let mut others = OTHERS.into_iter().cycle();
    let own = |model: &&str| match *model {
        PWM => style("m-pwm", Symbol::Star),
        MULTI => style("m-multi", Symbol::Diamond),
        SCRATCH => style("m-scratch", Symbol::Circle),
        TRANSFER => style("m-transfer", Symbol::Circle),
        _ => others.next().expect("a cycle has no end"),
    };
    models.iter().map(own).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_simplest_comes_first_and_the_unknown_last() {
        let models = [
            "wonder",
            "transfer",
            "freeze:all",
            "pwm",
            "scratch",
            "pwm",
            "layers:x",
        ];
        assert_eq!(
            ordered(models.into_iter()),
            [
                "pwm",
                "scratch",
                "transfer",
                "layers:x",
                "freeze:all",
                "wonder"
            ]
        );
    }

    #[test]
    fn no_two_of_nine_models_look_alike() {
        let models = [
            "pwm",
            "multi-model",
            "scratch",
            "transfer",
            "a",
            "b",
            "c",
            "d",
            "e",
            "f",
            "g",
        ];
        let styles = styles(&models);
        for (i, one) in styles.iter().enumerate() {
            assert!(!styles[..i].contains(one), "{}", models[i]);
        }
    }
}
