//! What can be made of the same peaks, the simplest first.

use bindscape_matrix::results::{Compared, ComparedModel, Comparison, TfMetrics};
use bindscape_stats::{mean, standard_deviation};
use maud::{Markup, html};

use super::Numbering;
use crate::number::{counted, fixed, maybe};

/// AUCPR of one model in every repeat, on matched and on natural test regions.
fn values(comparison: &Comparison, model: Compared) -> [Vec<f64>; 2] {
    let of = |metrics: fn(&ComparedModel) -> &TfMetrics| {
        let models = comparison.repeats.iter().flat_map(|repeat| &repeat.models);
        models
            .filter(|compared| compared.model == model)
            .filter_map(|compared| metrics(compared).aucpr.value)
            .collect()
    };
    [
        of(|compared| &compared.matched),
        of(|compared| &compared.natural),
    ]
}

/// The headline: the best model beside the best of the simple tools, as in the genome.
pub(super) fn sentence(comparison: &Comparison) -> Option<String> {
    let found = comparison.ranked();
    let best = |simple: bool| {
        let models = found
            .iter()
            .filter(|(model, _)| model.is_simple() == simple);
        models
            .map(|&(model, (_, natural))| (model, natural))
            .max_by(|a, b| a.1.total_cmp(&b.1))
    };
    let (simple, of_simple) = best(true)?;
    let (model, value) = best(false)?;
    let tf = &comparison.tf;
    let share = in_brackets(comparison.no_skill()[1]);
    let (simple, model) = (simple.name(), model.name());
    // It is measured, and kept in no file.
    let how = if simple == Compared::Kmers.name() {
        ", as gkm-SVM and the like fit one"
    } else {
        ""
    };
    let [of_simple_text, value_text] = [of_simple, value].map(|value| fixed(value, 3));
    Some(if value > of_simple {
        format!(
            "Where as many regions are unbound as in the genome, the best model of {tf} ({model}) has an AUCPR of {value_text}, and the best simple tool ({simple}) {of_simple_text}{share}.",
        )
    } else {
        format!(
            "Where as many regions are unbound as in the genome, a simple tool ranks best ({simple}), with an AUCPR of {of_simple_text}; the best model of {tf} ({model}) has {value_text}{share}. Use the {simple}{how}, or more peaks.",
        )
    })
}

fn in_brackets(share: Option<f64>) -> String {
    share.map_or_else(String::new, |share| {
        format!(" (no skill: {})", fixed(share, 3))
    })
}

/// One row per model.
pub(super) fn table(comparison: &Comparison, numbering: &mut Numbering) -> Markup {
    let peaks: Vec<u64> = comparison
        .repeats
        .iter()
        .map(|repeat| repeat.peaks)
        .collect();
    let least = peaks.iter().copied().min().unwrap_or(0);
    let repeats = counted(comparison.repeats.len() as u64, "repeat");
    let guess = comparison.no_skill();
    // By regions as in the genome, the column that stands first.
    let ranked = comparison.ranked().into_iter();
    let best = ranked.max_by(|a, b| a.1.1.total_cmp(&b.1.1));
    let best = best.map(|(model, _)| model);
    let content = html! {
        thead {
            tr {
                th.left scope="col" { "Model" }
                th scope="col" { "As in the genome" }
                th scope="col" { "Matched in GC" }
            }
        }
        tbody {
            tr {
                th scope="row" { "Guessing" }
                td { (maybe(guess[1], 3)) }
                td { (maybe(guess[0], 3)) }
            }
            @for model in Compared::ALL {
                @let [matched, natural] = values(comparison, model);
                @if !natural.is_empty() || !matched.is_empty() {
                    tr class=(if Some(model) == best { "strong" } else { "" }) {
                        th scope="row" { (capitalised(model)) }
                        td { (spread(&natural)) }
                        td { (spread(&matched)) }
                    }
                }
            }
        }
    };
    let mut notes = format!(
        "AUCPR. All are fitted to the same {} or more, and tested on the same regions, which no ancestor was fitted to; {repeats}, mean ± standard deviation. Matched in GC: the test part. As in the genome: test regions in which bound and unbound ones have the proportion that they have among all regions resolved for {}.",
        counted(least, "bound region"),
        comparison.tf,
    );
    for (model, _) in comparison.ranked() {
        notes.push_str(&explained(model, comparison));
    }
    let title = format!("What can be made of the same peaks of {}", comparison.tf);
    numbering.table(&title, &notes, "", &content)
}

fn capitalised(model: Compared) -> &'static str {
    match model {
        Compared::Profile => "JASPAR profile",
        Compared::Pwm => "De novo PWM",
        Compared::Kmers => "K-mer regression",
        Compared::Scratch => "From scratch",
        Compared::Transfer => "Transfer",
        Compared::Readout => "Readout",
        Compared::Joint => "Readout and network",
    }
}

/// What a row is, as a sentence that follows others.
fn explained(model: Compared, comparison: &Comparison) -> String {
    match model {
        Compared::Profile => {
            let models = comparison.repeats.iter().flat_map(|repeat| &repeat.models);
            let mut ids: Vec<&str> = models.filter_map(|model| model.profile.as_deref()).collect();
            ids.sort_unstable();
            ids.dedup();
            format!(
                " JASPAR profile: of those with the name of {} the one that ranks the fitted regions best, by sum occupancy ({}).",
                comparison.tf,
                ids.join(", "),
            )
        }
        Compared::Pwm => " De novo PWM: the first motif, by sum occupancy.".into(),
        Compared::Kmers => {
            let none = comparison.means(Compared::Profile).is_none();
            let without = if none {
                format!(" No JASPAR profile has the name of {}.", comparison.tf)
            } else {
                String::new()
            };
            format!("{without} K-mer regression: a penalised logistic regression on words of six letters in windows of eight bases.")
        }
        Compared::Scratch => " From scratch: a network that began with random weights.".into(),
        Compared::Transfer => " Transfer: one that began with the multi-model\u{2019}s.".into(),
        Compared::Readout => " Readout: a penalised logistic regression on the log odds of the multi-model\u{2019}s outputs, the de novo motifs, the JASPAR profile if there is one, and the words of six letters in windows of eight bases.".into(),
        Compared::Joint => format!(
            " Readout and network: the log odds of the readout, with {:.0}% of them taken from the network of transfer.",
            100.0 * Compared::NETWORK_SHARE
        ),
    }
}

fn spread(values: &[f64]) -> String {
    match (mean(values), standard_deviation(values)) {
        (Some(mean), Some(sd)) => format!("{} ± {}", fixed(mean, 3), fixed(sd, 3)),
        (mean, _) => maybe(mean, 3),
    }
}
