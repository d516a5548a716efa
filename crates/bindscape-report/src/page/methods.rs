//! The methods as prose that a paper can take as it stands.

use bindscape_base::words::plural;
use bindscape_matrix::results::{Compared, ComparedModel, RunRecord, Start};
use maud::{Markup, html};
use serde_json::Value;

use crate::figures::precision_recall::intervals;
use crate::funnel::{Funnel, Kind};
use crate::number::{count, counted, fixed, in_words, listed};
use crate::run::Run;

const PAPER: &str = "Novakovsky G, Saraswat M, Fornes O, Mostafavi S, Wasserman WW. Biologically relevant transfer learning improves transcription factor binding prediction. Genome Biology 2021;22:280.";
const PAPER_LINK: &str = "https://doi.org/10.1186/s13059-021-02499-5";

/// A paragraph for each run, saying only what its record says.
pub(super) fn section(runs: &[Run]) -> Markup {
    html! {
        p { "To paste into a paper:" }
        @for run in runs {
            blockquote { p { (paragraph(run)) } }
        }
        p { "Reference: " (PAPER) " " a href=(PAPER_LINK) { (PAPER_LINK) } }
    }
}

fn paragraph(run: &Run) -> String {
    let sentences = [
        network(&run.record),
        transfer(run),
        selection(&run.record),
        parts(&run.record),
        training(run),
        readout(run),
        performance(run),
        run.record
            .simulated
            .as_ref()
            .map(|_| "All data were simulated.".to_owned()),
    ];
    let said: Vec<String> = sentences.into_iter().flatten().collect();
    said.join(" ")
}

/// What else was fitted to the same peaks.
fn readout(run: &Run) -> Option<String> {
    let readout = &run.record.configuration["readout"];
    let ratio = readout["background_per_positive"].as_f64()?;
    let penalty = |key: &str| readout["penalty"][key].as_f64();
    let mut text = format!(
        "A penalised logistic regression was fitted to the same regions and to {ratio} unbound regions per bound one drawn without regard to GC content, on the log odds of the multi-model\u{2019}s outputs (squared penalty {} on standardised features) and on de novo motifs of the bound regions (penalty {}), each by the logarithm of its summed odds and of its best window",
        penalty("outputs")?,
        penalty("motifs")?,
    );
    // Readouts of earlier versions have no words.
    if let Some(words) = penalty("words") {
        text.push_str(&format!(
            ", and on counts of words of six letters in windows of eight bases (penalty {words})"
        ));
    }
    text.push('.');
    let mut repeats = run.compared.iter().flat_map(|compared| &compared.repeats);
    let is_joint = |compared: &ComparedModel| compared.model == Compared::Joint;
    if repeats.any(|repeat| repeat.models.iter().any(is_joint)) {
        text.push_str(&format!(
            " In a joint model, {:.0}% of its log odds were taken from the transferred network.",
            100.0 * Compared::NETWORK_SHARE
        ));
    }
    Some(text)
}

/// How networks are kept from learning what does not hold elsewhere, and what they begin with.
fn regularisation(record: &RunRecord, setting: impl Fn(&str) -> Option<String>) -> String {
    let mut text = String::new();
    let configuration = &record.configuration;
    if let Some(shift) = setting("shift").filter(|shift| shift != "0") {
        text.push_str(&format!(
            " Each time that a sequence was trained on, it was rotated by up to {shift} bases in either direction."
        ));
    }
    if let Some(ratio) = configuration["network_background"].as_f64() {
        text.push_str(&format!(
            " Networks were trained and validated on {ratio} further unbound regions per bound one, drawn without regard to GC content."
        ));
    }
    if configuration["data"]["unresolved"] == "mask" {
        text.push_str(" The loss left out the TFs for which a region was not resolved.");
    }
    match configuration["motif_filters"].as_str() {
        Some("de-novo") => text.push_str(
            " The first filters of networks from random weights began as de novo motifs of the training regions, in both orientations.",
        ),
        Some(motifs) => text.push_str(&format!(
            " Where weights were random, the first filters began as the mean motifs of clusters of {motifs}, in both orientations."
        )),
        None => {}
    }
    text
}

fn network(record: &RunRecord) -> Option<String> {
    if record.trainings.is_empty() {
        return Some(format!(
            "The binding of {} was predicted from DNA sequences of {} bp with bindscape {}.",
            listed(&record.tfs),
            record.length,
            record.bindscape
        ));
    }
    let architecture = &record.configuration["architecture"];
    let kind = match architecture["kind"].as_str() {
        Some("danq") => "A network of a convolutional layer and a bidirectional LSTM (DanQ)",
        _ => "A convolutional neural network",
    };
    let tfs = match record.tfs.len() {
        n @ 7.. => format!("{n} TFs ({})", listed(&record.tfs)),
        _ => listed(&record.tfs),
    };
    let genome = record
        .genome
        .as_ref()
        .map_or_else(String::new, |genome| format!(" (genome build {genome})"));
    Some(format!(
        "{kind} with {} trainable parameters{} was trained with bindscape {} to predict the binding of {tfs} from DNA sequences of {} bp{genome}, after Novakovsky et al. (2021).",
        count(record.parameters),
        layers(architecture),
        record.bindscape,
        record.length
    ))
}

/// `, 100, 200 and 200 filters of width 19, 7 and 4 in its convolutional layers`.
fn layers(architecture: &Value) -> String {
    let numbers = |key: &str| -> Option<Vec<String>> {
        let values = architecture[key].as_array()?;
        values
            .iter()
            .map(|value| Some(count(value.as_u64()?)))
            .collect()
    };
    match (numbers("filters"), numbers("kernels")) {
        (Some(filters), Some(widths)) if filters.len() == widths.len() => format!(
            " and {} filters of width {}",
            listed(&filters),
            listed(&widths)
        ),
        _ => String::new(),
    }
}

fn transfer(run: &Run) -> Option<String> {
    let record = &run.record;
    let starts = run.starts();
    let parent = record
        .parent
        .as_ref()
        .filter(|_| starts.contains(&Start::Transfer))?;
    let layers = match record.configuration["transfer"].as_str() {
        Some("convolutional") => "The weights of all convolutional layers",
        Some("first-convolutional") => "The weights of the first convolutional layer",
        _ => "The weights of all layers but the last",
    };
    let mut text = format!(
        "{layers} were transferred from a multi-model of {} that had been trained, validated and tested on {}.",
        counted(parent.tfs.len() as u64, "TF"),
        counted(parent.regions, "region")
    );
    if starts.contains(&Start::Scratch) {
        text.push_str(" For comparison, networks of the same architecture were trained from random weights on the same regions.");
    }
    Some(text)
}

/// From all regions to those that were drawn.
fn selection(record: &RunRecord) -> Option<String> {
    let funnel = Funnel::new(&record.data_steps);
    let mut text = format!(
        "The binding matrix had {}.",
        counted(funnel.stages.first()?.kept, "region")
    );
    let mut left_out: Vec<String> = Vec::new();
    let mut bound = None;
    for stage in &funnel.stages[1..] {
        let what = decapitalised(&stage.what);
        match stage.kind {
            Kind::Resolved if stage.left_out > 0 => {
                say_left_out(&mut text, &mut left_out);
                text.push_str(&format!(" Of these, {} were {what}.", count(stage.kept)));
            }
            Kind::Without if stage.left_out > 0 => {
                left_out.push(without(stage.left_out, &what));
            }
            Kind::All | Kind::Resolved | Kind::Without => {}
            Kind::Drawn => {
                say_left_out(&mut text, &mut left_out);
                text.push_str(&drawn(record, stage.kept, stage.bound, bound, &what));
            }
        }
        if stage.bound.is_some() {
            bound = stage.bound;
        }
    }
    say_left_out(&mut text, &mut left_out);
    Some(text)
}

/// Regions that were left out, and why: `3 regions that overlap …`.
fn without(regions: u64, what: &str) -> String {
    let reason = what.strip_prefix("left out: ").unwrap_or(what);
    let regions = counted(regions, "region");
    if reason.starts_with("overlap ") {
        return format!("{regions} that {reason}");
    }
    match reason.strip_prefix("sequence with ") {
        Some(rest) => format!("{regions} with {rest} in their sequence"),
        None => format!("{regions} ({reason})"),
    }
}

fn say_left_out(text: &mut String, left_out: &mut Vec<String>) {
    if !left_out.is_empty() {
        text.push_str(&format!(" We left out {}.", listed(left_out)));
        left_out.clear();
    }
}

/// How the regions of a data set were drawn from those available.
fn drawn(
    record: &RunRecord,
    kept: u64,
    bound: Option<u64>,
    available: Option<u64>,
    what: &str,
) -> String {
    let Some(bound) = bound else {
        let how = if what.ends_with("at random") {
            "drawn at random"
        } else {
            "used"
        };
        return format!(" {} were {how}.", counted(kept, "region"));
    };
    let bins = record.configuration["data"]["gc_bin_percent"]
        .as_u64()
        .map_or_else(String::new, |bin| {
            format!(" of similar GC content (bins of {bin}%)")
        });
    let number = count(bound);
    let taken = match available {
        Some(available) if available != bound => {
            format!(
                "Of {} bound regions, {number} were drawn at random",
                count(available)
            )
        }
        _ => format!("All {number} bound regions were used"),
    };
    format!(
        " {taken}, with {} unbound regions{bins}.",
        count(kept - bound)
    )
}

fn parts(record: &RunRecord) -> Option<String> {
    let funnel = Funnel::new(&record.data_steps);
    let by = if record.configuration["data"]["split"]["chromosome"].is_null() {
        "at random"
    } else {
        "by chromosome"
    };
    let parts: Vec<String> = funnel
        .parts
        .iter()
        .map(|(what, regions)| {
            let (part, chromosomes) = what.split_once(": ").unwrap_or((what, ""));
            let part = decapitalised(part).replace("train part", "training part");
            match chromosomes {
                "" => format!("a {part} of {}", count(*regions)),
                names => format!("a {part} of {} ({names})", count(*regions)),
            }
        })
        .collect();
    (!parts.is_empty()).then(|| format!("The regions were divided {by} into {}.", listed(&parts)))
}

/// A setting with its noun.
fn several(setting: &str, noun: &str) -> String {
    let count = setting.parse().unwrap_or(0);
    format!("{setting} {}", plural(count, noun))
}

/// How networks were trained; nothing where there are none.
fn training(run: &Run) -> Option<String> {
    if run.record.trainings.is_empty() {
        return None;
    }
    let mut details: Vec<String> = Vec::new();
    let decays = setting(run, "decay").as_deref() == Some("cosine");
    let falls = match decays {
        true => ", falling to 0 along half a cosine",
        false => "",
    };
    let rate = setting(run, "learning_rate");
    details.extend(rate.map(|value| format!("learning rate {value}{falls}")));
    let weight_decay = setting(run, "weight_decay").filter(|value| value != "0.0");
    details.extend(
        weight_decay
            .iter()
            .map(|value| format!("weight decay {value}")),
    );
    details.extend(
        setting(run, "batch_size")
            .map(|value| format!("batches of {}", several(&value, "sequence"))),
    );
    let dropout = &run.record.configuration["architecture"]["dropout"];
    details.extend(dropout.as_f64().map(|value| format!("dropout {value}")));
    let optimiser = match weight_decay {
        Some(_) => "AdamW",
        None => "Adam",
    };
    let mut text = format!("Binary cross-entropy was minimised with {optimiser}");
    if !details.is_empty() {
        text.push_str(&format!(" ({})", details.join(", ")));
    }
    let [epochs, patience] = ["max_epochs", "patience"].map(|limit| setting(run, limit));
    let number = |limit: &Option<String>| limit.as_deref()?.parse::<u64>().ok();
    let may_end_early = number(&patience) < number(&epochs);
    if let Some(epochs) = epochs {
        let most = if may_end_early { "at most " } else { "" };
        text.push_str(&format!(" for {most}{}", several(&epochs, "epoch")));
    }
    if let Some(patience) = patience.filter(|_| may_end_early) {
        text.push_str(&format!(
            ", ending once the validation loss had not fallen for {}",
            several(&patience, "epoch")
        ));
    }
    text.push_str("; the weights of the epoch with the lowest validation loss were kept.");
    if setting(run, "reverse_complement").as_deref() == Some("true") {
        text.push_str(" Training sequences were given on both strands.");
    }
    text.push_str(&regularisation(&run.record, |key| setting(run, key)));
    match setting(run, "freeze").as_deref() {
        Some("first-convolutional") => {
            text.push_str(" The first convolutional layer kept its transferred weights.");
        }
        Some("convolutional") => {
            text.push_str(" The convolutional layers kept their transferred weights.");
        }
        Some("all-but-output") => {
            text.push_str(" All layers but the last kept their transferred weights.");
        }
        _ => {}
    }
    Some(text)
}

/// A setting of training. Where the two starts differ in it, both values with their start.
fn setting(run: &Run, key: &str) -> Option<String> {
    let training = &run.record.configuration["training"];
    let text = |value: &Value| match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    };
    if let Some(value) = text(&training[key]) {
        return Some(value);
    }
    let starts = run.starts();
    let of = |start: Start, name: &str| {
        starts
            .contains(&start)
            .then(|| text(&training[name][key]))
            .flatten()
    };
    match (
        of(Start::Transfer, "transfer"),
        of(Start::Scratch, "scratch"),
    ) {
        (Some(transfer), Some(scratch)) if transfer != scratch => Some(format!(
            "{transfer} after transfer and {scratch} from scratch"
        )),
        (transfer, scratch) => transfer.or(scratch),
    }
}

fn performance(run: &Run) -> Option<String> {
    if !run.evaluated() {
        return None;
    }
    let mut text = String::from(
        "Performance was measured on the test part as the area under the precision-recall curve (AUCPR, by trapezoids)",
    );
    if let ([_], Some(level)) = (&run.record.tfs[..], run.no_skill(0)) {
        text.push_str(&format!(
            "; a model without skill would reach {}, the share of bound regions",
            fixed(level, 2)
        ));
    }
    text.push('.');
    if let Some(what) = intervals(run) {
        text.push_str(&format!(" Intervals are percentile {what}."));
    }
    if run.repeats() > 1 {
        text.push_str(&format!(
            " Values are means and standard deviations over {} repeats, each with its own seed.",
            in_words(run.repeats())
        ));
    }
    Some(text)
}

/// A word that began a line, within a sentence; names keep their capitals.
fn decapitalised(text: &str) -> String {
    let mut letters = text.chars();
    match (letters.next(), letters.clone().next()) {
        (Some(first), Some(second)) if second.is_lowercase() || second == ' ' => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => text.to_owned(),
    }
}
