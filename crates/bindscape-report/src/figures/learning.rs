//! Learning curves: loss and AUCPR by epoch, the kept epoch ringed.

use bindscape_matrix::results::{EpochRecord, RunKind, Start};
use bindscape_stats::{mean, quantile};

use super::{Figure, Key, Mark};
use crate::number::{count, fixed, significant};
use crate::run::{Run, Training, start_name};
use crate::svg::{Anchor, Frame, Scale, Svg, ticks};

const WIDTH: f64 = 320.0;
const HEIGHT: f64 = 252.0;

/// A quantity of an epoch.
type Of = fn(&EpochRecord) -> Option<f64>;

const TRAIN_LOSS: Of = |epoch| Some(epoch.train_loss);
const VALIDATION_LOSS: Of = |epoch| Some(epoch.validation_loss);
const VALIDATION_AUCPR: Of = |epoch| epoch.validation_aucpr;

/// Series class of a start.
pub(super) fn class(start: Start) -> &'static str {
    match start {
        Start::Scratch => "scratch",
        Start::Transfer => "transfer",
    }
}

/// Learning curves of a run; `None` before its first epoch.
pub(crate) fn learning_curves(run: &Run) -> Option<Figure> {
    let with_epochs: Vec<&Training> = run
        .trainings
        .iter()
        .filter(|training| !training.epochs.is_empty())
        .collect();
    let last = with_epochs
        .iter()
        .filter_map(|training| training.epochs.last())
        .map(|epoch| epoch.epoch)
        .max()?;
    let (loss, capped) = loss_domain(&with_epochs);
    let mut caption = String::new();
    let (legend, panels, columns);
    if let [training] = with_epochs[..] {
        legend = vec![
            Key::new(Mark::Line, "only train", "training"),
            Key::new(Mark::Line, "only validation", "validation"),
            Key::new(Mark::Dot, "ring validation", "epoch kept"),
        ];
        let mut left = Panel::new("Loss", last, loss);
        left.curve(training, TRAIN_LOSS, "only train", "training");
        left.curve(training, VALIDATION_LOSS, "only validation", "validation");
        left.ring(training, VALIDATION_LOSS, "validation");
        let mut right = Panel::new("Validation AUCPR", last, share_domain(&with_epochs));
        right.curve(training, VALIDATION_AUCPR, "only validation", "validation");
        right.ring(training, VALIDATION_AUCPR, "validation");
        panels = vec![left.svg, right.svg];
        columns = 2;
    } else {
        let pretraining = run.record.kind == RunKind::Pretrain;
        let starts: Vec<Start> = run.starts().into_iter().rev().collect();
        legend = starts
            .iter()
            .map(|&start| {
                let label = if pretraining {
                    "mean of the repeats"
                } else {
                    start_name(start)
                };
                let class = match start {
                    Start::Scratch => "thick scratch",
                    Start::Transfer => "thick transfer",
                };
                Key::new(Mark::Line, class, label)
            })
            .collect();
        let drawn = [
            ("Training loss", loss, TRAIN_LOSS),
            ("Validation loss", loss, VALIDATION_LOSS),
            (
                "Validation AUCPR",
                share_domain(&with_epochs),
                VALIDATION_AUCPR,
            ),
        ];
        panels = drawn
            .into_iter()
            .map(|(title, domain, of)| {
                let mut panel = Panel::new(title, last, domain);
                for start in [Start::Scratch, Start::Transfer] {
                    panel.repeats(run, start, of, title != "Training loss");
                }
                panel.svg
            })
            .collect();
        columns = 3;
        caption.push_str(
            "Thin lines are repeats; the thick line is their mean, drawn as far as all of them reached. ",
        );
    }
    caption.push_str(
        "The ring marks the epoch with the lowest validation loss, whose weights were kept. The loss is binary cross-entropy per region and TF.",
    );
    let levels: Vec<f64> = with_epochs
        .iter()
        .filter_map(|t| t.validation_no_skill())
        .collect();
    if let Some(level) = mean(&levels) {
        caption.push_str(&format!(
            " No skill gives a validation AUCPR of {}, the share of bound regions{}.",
            fixed(level, 2),
            if run.record.tfs.len() > 1 {
                ", as mean over TFs"
            } else {
                ""
            }
        ));
    }
    if capped > 0 {
        caption.push_str(&format!(
            " Losses above the frame ({}) are drawn at its upper edge.",
            count(capped)
        ));
    }
    Some(Figure {
        name: "learning-curves".into(),
        title: "Learning curves".into(),
        caption,
        legend,
        panels,
        columns,
    })
}

/// Range of both losses, and how many values lie above it: one early spike
/// must not flatten everything else.
fn loss_domain(trainings: &[&Training]) -> ((f64, f64), u64) {
    let losses: Vec<f64> = trainings
        .iter()
        .flat_map(|training| &training.epochs)
        .flat_map(|epoch| [epoch.train_loss, epoch.validation_loss])
        .collect();
    let low = losses.iter().copied().fold(f64::INFINITY, f64::min);
    let mut high = losses.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut capped = 0;
    if let Some(usual) = quantile(&losses, 0.9)
        && high > 2.5 * usual
    {
        high = 2.0 * usual;
        capped = losses.iter().filter(|&&loss| loss > high).count() as u64;
    }
    (padded(low, high, 0.0, f64::INFINITY), capped)
}

fn share_domain(trainings: &[&Training]) -> (f64, f64) {
    let values = || {
        trainings
            .iter()
            .flat_map(|training| &training.epochs)
            .filter_map(|epoch| epoch.validation_aucpr)
    };
    let low = values().fold(f64::INFINITY, f64::min);
    let high = values().fold(f64::NEG_INFINITY, f64::max);
    if low > high {
        return (0.0, 1.0);
    }
    padded(low, high, 0.0, 1.0)
}

fn padded(low: f64, high: f64, least: f64, most: f64) -> (f64, f64) {
    let pad = ((high - low) * 0.06).max(0.02 * high.abs()).max(1e-6);
    ((low - pad).max(least), (high + pad).min(most))
}

struct Panel {
    svg: Svg,
    frame: Frame,
}

impl Panel {
    fn new(title: &str, last: u32, domain: (f64, f64)) -> Self {
        let mut svg = Svg::new(WIDTH, HEIGHT);
        let epochs = if last == 1 {
            (0.5, 1.5)
        } else {
            (1.0, f64::from(last))
        };
        let frame = Frame {
            x: Scale {
                domain: epochs,
                range: (46.0, WIDTH - 12.0),
            },
            y: Scale {
                domain,
                range: (HEIGHT - 40.0, 32.0),
            },
        };
        svg.text((6.0, 14.0), Anchor::Start, "panel", title);
        frame.axes(&mut svg, ticks(epochs, 6, 1.0), 5);
        let middle = (46.0 + WIDTH - 12.0) / 2.0;
        svg.text((middle, HEIGHT - 6.0), Anchor::Middle, "label", "Epoch");
        Self { svg, frame }
    }

    fn place(&self, epoch: &EpochRecord, value: f64) -> (f64, f64) {
        let value = value.min(self.frame.y.domain.1);
        self.frame.at((f64::from(epoch.epoch), value))
    }

    fn curve(&mut self, training: &Training, of: Of, class: &str, tooltip: &str) {
        let points: Vec<(f64, f64)> = training
            .epochs
            .iter()
            .filter_map(|epoch| Some(self.place(epoch, of(epoch)?)))
            .collect();
        match points[..] {
            // One epoch makes no line.
            [point] => self
                .svg
                .circle(point, 2.5, &format!("dot {class}"), tooltip),
            _ => self.svg.polyline(&points, class, tooltip),
        }
    }

    fn ring(&mut self, training: &Training, of: Of, class: &str) {
        let Some(epoch) = training.best() else { return };
        let Some(value) = of(epoch) else { return };
        let tooltip = format!("epoch {}: {}", epoch.epoch, significant(value, 3));
        let place = self.place(epoch, value);
        self.svg
            .circle(place, 3.6, &format!("ring {class}"), &tooltip);
    }

    fn repeats(&mut self, run: &Run, start: Start, of: Of, rings: bool) {
        let colour = class(start);
        let trainings: Vec<&Training> = run
            .started(start)
            .filter(|training| !training.epochs.is_empty())
            .collect();
        for training in &trainings {
            let label = training.label(run.record.kind);
            self.curve(training, of, &format!("thin {colour}"), &label);
        }
        let shared = trainings.iter().map(|training| training.epochs.len()).min();
        if trainings.len() > 1 {
            let means: Vec<(f64, f64)> = (0..shared.unwrap_or(0))
                .filter_map(|i| {
                    let epoch = &trainings[0].epochs[i];
                    let sum: Option<f64> = trainings
                        .iter()
                        .map(|training| of(&training.epochs[i]))
                        .sum();
                    Some(self.place(epoch, sum? / trainings.len() as f64))
                })
                .collect();
            let tooltip = format!("{}, mean of {} repeats", start_name(start), trainings.len());
            self.svg
                .polyline(&means, &format!("thick {colour}"), &tooltip);
        }
        if rings {
            for training in &trainings {
                self.ring(training, of, colour);
            }
        }
    }
}
