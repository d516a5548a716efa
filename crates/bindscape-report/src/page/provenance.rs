//! Settings, versions, seeds and files: what it takes to do it again.

use bindscape_base::digest::InputFile;
use maud::{Markup, html};
use serde_json::Value;

use super::shell::shell;
use super::{Numbering, summary};
use crate::date;
use crate::number::{bytes, count};
use crate::run::Run;

/// Provenance of every run of the page.
pub(super) fn section(runs: &[Run], numbering: &mut Numbering) -> Markup {
    html! {
        @for run in runs {
            @if runs.len() > 1 { h3 { (summary::title(run)) } }
            (of_run(run, numbering))
        }
    }
}

fn of_run(run: &Run, numbering: &mut Numbering) -> Markup {
    let record = &run.record;
    let mut seeds: Vec<String> = Vec::new();
    for training in &run.trainings {
        let seed = training.record.seed.to_string();
        if !seeds.contains(&seed) {
            seeds.push(seed);
        }
    }
    let mut facts: Vec<(&str, String)> = vec![
        ("Run directory", run.path.display().to_string()),
        ("bindscape", record.bindscape.clone()),
        ("Device", record.device.clone()),
        (
            "Genome build",
            record
                .genome
                .clone()
                .unwrap_or_else(|| "not recorded".into()),
        ),
        ("Seeds", seeds.join(", ")),
        ("Trainable parameters", count(record.parameters)),
    ];
    if let Some(written) = run.written {
        let day = format!("{} (UTC, the time of run.json)", date::day(written));
        facts.insert(1, ("Last written", day));
    }
    if let Some(parent) = &record.parent {
        facts.push(("Parent model", parent.name.clone()));
        facts.push(("Parent SHA-256", parent.sha256.clone()));
    }
    let evaluated: Vec<_> = run
        .trainings
        .iter()
        .filter_map(|training| Some((training, training.evaluation.as_ref()?)))
        .collect();
    let models = html! {
        thead {
            tr {
                th.left scope="col" { "Training" }
                th.left scope="col" { "Model" }
                th.left scope="col" { "SHA-256" }
            }
        }
        tbody {
            @for (training, evaluation) in &evaluated {
                tr {
                    th scope="row" { (crate::figures::data::capitalised(&training.label(record.kind))) }
                    td.left.wrap { code { (evaluation.model) } }
                    td.left.wrap { code.hash { (evaluation.model_sha256) } }
                }
            }
        }
    };
    html! {
        p { "The command of this run:" }
        pre { code { (shell(&record.command)) } }
        (facts_table("The run", &facts, numbering))
        (settings("Configuration", "All settings, after defaults were filled in.", &record.configuration, numbering))
        (inputs(&record.inputs, numbering))
        @if !evaluated.is_empty() {
            (numbering.table("Models", "As they were evaluated.", "wide", &models))
        }
    }
}

/// A table of names and values.
pub(crate) fn facts_table(
    title: &str,
    facts: &[(&str, String)],
    numbering: &mut Numbering,
) -> Markup {
    let content = html! {
        tbody {
            @for (name, value) in facts {
                tr { th scope="row" { (name) } td.left.wrap { (value) } }
            }
        }
    };
    numbering.table(title, "", "", &content)
}

/// The table of all settings in `value`; nothing where there are none.
pub(crate) fn settings(
    title: &str,
    notes: &str,
    value: &Value,
    numbering: &mut Numbering,
) -> Markup {
    let settings = flattened(value);
    if settings.is_empty() {
        return html! {};
    }
    let content = html! {
        thead { tr { th.left scope="col" { "Setting" } th.left scope="col" { "Value" } } }
        tbody {
            @for (name, value) in &settings {
                tr { th scope="row" { code { (name) } } td.left.wrap { (value) } }
            }
        }
    };
    numbering.table(title, notes, "compact", &content)
}

/// The table of input files; nothing where there are none.
pub(crate) fn inputs(files: &[InputFile], numbering: &mut Numbering) -> Markup {
    if files.is_empty() {
        return html! {};
    }
    let content = html! {
        thead {
            tr {
                th.left scope="col" { "Used as" }
                th.left scope="col" { "File" }
                th scope="col" { "Size" }
                th.left scope="col" { "SHA-256" }
            }
        }
        tbody {
            @for input in files {
                tr {
                    th scope="row" { (input.role) }
                    td.left.wrap { (input.name) }
                    td title={ (count(input.bytes)) " bytes" } { (bytes(input.bytes)) }
                    td.left.wrap { code.hash { (input.sha256) } }
                }
            }
        }
    };
    numbering.table("Input files", "", "wide", &content)
}

/// A configuration as dotted names and values, in the order of the record.
fn flattened(value: &Value) -> Vec<(String, String)> {
    fn walk(name: &str, value: &Value, out: &mut Vec<(String, String)>) {
        let below = |key: &str| {
            if name.is_empty() {
                key.to_owned()
            } else {
                format!("{name}.{key}")
            }
        };
        match value {
            Value::Object(fields) => {
                for (key, value) in fields {
                    walk(&below(key), value, out);
                }
            }
            Value::Array(values) if values.iter().any(Value::is_object) => {
                for (i, value) in values.iter().enumerate() {
                    walk(&below(&(i + 1).to_string()), value, out);
                }
            }
            Value::Array(values) => {
                let values: Vec<String> = values.iter().map(scalar).collect();
                out.push((name.to_owned(), values.join(", ")));
            }
            other => out.push((name.to_owned(), scalar(other))),
        }
    }
    let mut out = Vec::new();
    if !value.is_null() {
        walk("", value, &mut out);
    }
    out
}

fn scalar(value: &Value) -> String {
    match value {
        Value::Null => "none".into(),
        Value::Bool(true) => "yes".into(),
        Value::Bool(false) => "no".into(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configurations_become_dotted_names() {
        let value = serde_json::json!({
            "training": {"learning_rate": 0.003, "reverse_complement": true},
            "filters": [100, 200, 200],
            "positives": null,
        });
        let flat = flattened(&value);
        let find = |name: &str| {
            flat.iter()
                .find(|(key, _)| key == name)
                .map(|(_, v)| v.as_str())
        };
        assert_eq!(find("training.learning_rate"), Some("0.003"));
        assert_eq!(find("training.reverse_complement"), Some("yes"));
        assert_eq!(find("filters"), Some("100, 200, 200"));
        assert_eq!(find("positives"), Some("none"));
    }
}
