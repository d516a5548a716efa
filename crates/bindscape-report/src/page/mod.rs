//! The page: head, summary, then one section per question a reader has.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::date;
use crate::figures::{Figure, data, learning, metrics, precision_recall, transfer};
use crate::run::Run;
use crate::theme;
use bindscape_matrix::results::RunKind;

mod methods;
mod peaks;
mod provenance;
mod results;
mod selection;
mod shell;
mod summary;
mod usage;

pub(crate) use provenance::{facts_table, inputs, settings};
pub(crate) use shell::shell;

/// Numbers figures and tables through the page.
#[derive(Debug, Default)]
pub(crate) struct Numbering {
    figures: usize,
    tables: usize,
}

impl Numbering {
    pub(crate) fn figure(&mut self, figure: &Figure) -> Markup {
        self.figures += 1;
        figure.inline(self.figures)
    }

    /// A table with a numbered caption. It scrolls on its own where it is too
    /// wide, which keyboards must reach: hence the tab stop and the name.
    pub(crate) fn table(
        &mut self,
        title: &str,
        notes: &str,
        class: &str,
        content: &Markup,
    ) -> Markup {
        self.tables += 1;
        let number = self.tables;
        html! {
            div.table tabindex="0" role="region" aria-labelledby={ "table-" (number) } {
                table class=(class) {
                    caption id={ "table-" (number) } {
                        div { strong { "Table " (number) ". " (title) "." } " " (notes) }
                    }
                    (content)
                }
            }
        }
    }
}

/// A part of the page.
struct Section {
    id: String,
    heading: String,
    /// Whether it belongs to the section before that is not below another.
    below: bool,
    content: Markup,
}

impl Section {
    fn new(id: &str, heading: &str, below: bool, content: Markup) -> Self {
        Self {
            id: id.to_owned(),
            heading: heading.to_owned(),
            below,
            content,
        }
    }
}

/// All figures of a run, in the order of the page.
pub(crate) fn figures(run: &Run) -> Vec<Figure> {
    let mut figures = dots(run);
    figures.extend(curves(run));
    figures.extend(learning::learning_curves(run));
    figures.extend(data::data_summary(run));
    figures
}

/// The whole page about a main run and the runs shown with it.
pub(crate) fn page(runs: &[Run]) -> String {
    let main = &runs[0];
    let title = summary::title(main);
    let mut numbering = Numbering::default();
    let mut sections: Vec<Section> = Vec::new();
    for (i, run) in runs.iter().enumerate() {
        // The main run's sections stand on their own; those of a further run below its name.
        let (prefix, below) = if i == 0 {
            (String::new(), false)
        } else {
            let id = format!("run-{}", i + 1);
            let intro = summary::further(main, run);
            sections.push(Section::new(&id, &summary::title(run), false, intro));
            (format!("{id}-"), true)
        };
        let parts = [
            ("results", "Results", results::section(run, &mut numbering)),
            (
                "training",
                "Training",
                results::training(run, &mut numbering),
            ),
            ("data", "Data", selection::section(run, &mut numbering)),
        ];
        for (id, heading, content) in parts {
            sections.push(Section::new(
                &format!("{prefix}{id}"),
                heading,
                below,
                content,
            ));
        }
    }
    let provenance = provenance::section(runs, &mut numbering);
    sections.extend([
        Section::new("use", "How to go on", false, usage::next_steps(main)),
        Section::new(
            "methods",
            "Methods, for a paper",
            false,
            methods::section(runs),
        ),
        Section::new("provenance", "Provenance", false, provenance),
    ]);
    let content = html! {
        div.sheet {
            header {
                p.kicker { "bindscape report · " (date::today()) }
                h1 { (title) }
                (summary::banners(runs))
                p.lede { (summary::sentence(main)) }
                (summary::key_numbers(main))
                nav aria-label="Contents" {
                    ul {
                        @for section in sections.iter().filter(|section| !section.below) {
                            li { a href={ "#" (section.id) } { (section.heading) } }
                        }
                    }
                }
            }
            main {
                @for section in &sections {
                    section {
                        @if section.below {
                            h3 id=(section.id) { (section.heading) }
                        } @else {
                            h2 id=(section.id) { (section.heading) }
                        }
                        (section.content)
                    }
                }
            }
            footer {
                "Made by bindscape " (env!("CARGO_PKG_VERSION")) " on " (date::today()) " from the files of "
                @for (i, run) in runs.iter().enumerate() {
                    @if i > 0 { " and " }
                    code { (run.path.display()) }
                }
                ". This page is one file and loads nothing from the network."
            }
        }
    };
    document(&title, "", content, Some(theme::SCRIPT))
}

/// A whole page that loads nothing: `style` adds to the style of all pages, `content` is its body.
pub(crate) fn document(title: &str, style: &str, content: Markup, script: Option<&str>) -> String {
    // Nothing may be fetched, whatever the names in the data say.
    let mut policy = String::from("default-src 'none'; style-src 'unsafe-inline'");
    if script.is_some() {
        policy.push_str("; script-src 'unsafe-inline'");
    }
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="generator" content={ "bindscape " (env!("CARGO_PKG_VERSION")) };
                title { (title) " · bindscape" }
                style { (PreEscaped(theme::page_css())) (PreEscaped(style)) }
            }
            body {
                (content)
                @if let Some(script) = script {
                    script { (PreEscaped(script)) }
                }
            }
        }
    };
    markup.into_string()
}

/// Whether the run compares repeats of few TFs rather than many TFs.
fn compares(run: &Run) -> bool {
    run.record.kind == RunKind::Finetune
}

/// Figures of a fine-tuning or of a multi-model that are dots.
fn dots(run: &Run) -> Vec<Figure> {
    if compares(run) {
        (0..run.record.tfs.len())
            .filter_map(|tf| transfer::transfer_against_scratch(run, tf))
            .collect()
    } else {
        metrics::dot_plot(run).into_iter().collect()
    }
}

/// Figures of a fine-tuning or of a multi-model that are curves.
fn curves(run: &Run) -> Vec<Figure> {
    if compares(run) {
        (0..run.record.tfs.len())
            .filter_map(|tf| precision_recall::of_repeats(run, tf))
            .collect()
    } else {
        precision_recall::of_tfs(run).into_iter().collect()
    }
}
