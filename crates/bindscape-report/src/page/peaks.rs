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

/// The headline: the best model beside the PWM of the same peaks, as in the genome.
pub(super) fn sentence(comparison: &Comparison) -> Option<String> {
    let (_, pwm) = comparison.means(Compared::Pwm)?;
    let (best, value) = Compared::ALL
        .into_iter()
        .skip(1)
        .filter_map(|model| Some((model, comparison.means(model)?.1)))
        .max_by(|a, b| a.1.total_cmp(&b.1))?;
    let tf = &comparison.tf;
    let share = in_brackets(comparison.no_skill()[1]);
    Some(if value > pwm {
        format!(
            "Where as many regions are unbound as in the genome, the best model of {tf} ({}) has an AUCPR of {}, and a PWM of the same peaks {}{share}.",
            best.name(),
            fixed(value, 3),
            fixed(pwm, 3),
        )
    } else {
        format!(
            "Where as many regions are unbound as in the genome, a PWM of the same peaks ranks best, with an AUCPR of {}; the best model of {tf} ({}) has {}{share}. Use the PWM, or more peaks.",
            fixed(pwm, 3),
            best.name(),
            fixed(value, 3),
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
                    tr class=(if model == Compared::Readout { "strong" } else { "" }) {
                        th scope="row" { (capitalised(model)) }
                        td { (spread(&natural)) }
                        td { (spread(&matched)) }
                    }
                }
            }
        }
    };
    let notes = format!(
        "AUCPR. All are fitted to the same {} or more, and tested on the same regions, which no ancestor was fitted to; {repeats}, mean ± standard deviation. Matched in GC: the test part. As in the genome: test regions in which bound and unbound ones have the proportion that they have among all regions resolved for {}. De novo PWM: the first motif, by sum occupancy. From scratch, transfer: networks. Readout: a penalised logistic regression on the log odds of the multi-model\u{2019}s outputs and on the de novo motifs.",
        counted(least, "bound region"),
        comparison.tf,
    );
    let title = format!("What can be made of the same peaks of {}", comparison.tf);
    numbering.table(&title, &notes, "", &content)
}

fn capitalised(model: Compared) -> &'static str {
    match model {
        Compared::Pwm => "De novo PWM",
        Compared::Scratch => "From scratch",
        Compared::Transfer => "Transfer",
        Compared::Readout => "Readout",
    }
}

fn spread(values: &[f64]) -> String {
    match (mean(values), standard_deviation(values)) {
        (Some(mean), Some(sd)) => format!("{} ± {}", fixed(mean, 3), fixed(sd, 3)),
        (mean, _) => maybe(mean, 3),
    }
}
