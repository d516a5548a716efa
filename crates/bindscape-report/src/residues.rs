//! A protein with the attributions of its residues and its domains.

use bindscape_protein::Domain;

use crate::number::{count, fixed};
use crate::svg::{Anchor, Frame, Scale, Svg, ems, escape, fitted, px, ticks};
use crate::theme;

/// Widest bars, in pixels; short proteins have a narrower picture.
const WIDEST_BAR: f64 = 9.0;
/// Width of the track, of a protein that is long enough.
const TRACK: f64 = 820.0;
/// Height of the track.
const HEIGHT: f64 = 170.0;
const LEFT: f64 = 66.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 74.0;
/// Height of a domain.
const BOX: f64 = 14.0;
/// Height of a row of domains' names.
const NAMES: f64 = 15.0;

/// What the picture shows.
#[derive(Debug, Clone, Copy)]
pub struct ResidueTrack<'a> {
    /// Name of the protein.
    pub id: &'a str,
    /// Its residues.
    pub length: usize,
    /// What the bars are, in words (`Attribution of each residue to the logit of being a TF`).
    pub subtitle: &'a str,
    /// What the scale of the bars is called.
    pub axis: &'a str,
    /// A line below the title (the output, the share inside domains…).
    pub note: &'a str,
    /// One per residue, from the first one on; fewer than `length` if the network
    /// did not see the end.
    pub attributions: &'a [f64],
    /// Where its domains lie.
    pub domains: &'a [Domain],
}

/// The picture as an SVG file that needs no other file and follows the light or dark
/// theme of its reader.
///
/// Bars above the line are evidence for the target, those below against it. Proteins longer
/// than the picture has pixels are shown as means over a few residues each. Domains lie
/// below, those of one name that follow each other under one label.
///
/// # Panics
/// If there are more attributions than residues, or a domain ends beyond the protein.
#[must_use]
pub fn residues_svg(track: &ResidueTrack<'_>) -> String {
    assert!(
        track.attributions.len() <= track.length
            && track
                .domains
                .iter()
                .all(|domain| domain.end <= track.length),
        "attributions and domains lie on the protein"
    );
    let length = track.length as f64;
    let title = format!("{} ({} residues)", track.id, count(track.length as u64));
    let subtitle = track.subtitle;
    let plot = TRACK.min(length * WIDEST_BAR).max(180.0);
    let widest = [
        (&title, 15.5),
        (&subtitle.to_owned(), 12.0),
        (&track.note.to_owned(), 12.0),
    ]
    .into_iter()
    .map(|(text, size)| ems(text) * size)
    .fold(plot, f64::max);
    let bins = bins(track.attributions, plot as usize);
    let means = bins.iter().map(|bin| bin.mean);
    let high = means.clone().fold(0.0, f64::max);
    let low = means.fold(0.0, f64::min);
    let span = if high > low { high - low } else { 1.0 };
    let frame = Frame {
        x: Scale {
            domain: (0.0, length),
            range: (LEFT, LEFT + plot),
        },
        y: Scale {
            domain: (low - 0.04 * span, high + 0.04 * span),
            range: (TOP + HEIGHT, TOP),
        },
    };
    let names = Names::place(track.domains, &frame.x);
    let rows = names.rows() as f64;
    let domains_at = TOP + HEIGHT + 40.0;
    let height = if track.domains.is_empty() {
        TOP + HEIGHT + 44.0
    } else {
        domains_at + BOX + rows * NAMES + 14.0
    };
    let mut svg = Svg::new(LEFT + widest + RIGHT, height);
    svg.text((16.0, 28.0), Anchor::Start, "title", &title);
    svg.text((16.0, 46.0), Anchor::Start, "label", subtitle);
    svg.text((16.0, 62.0), Anchor::Start, "label", track.note);
    shade(&mut svg, track, &frame);
    axes(&mut svg, track, &frame);
    bars(&mut svg, &bins, &frame);
    unseen(&mut svg, track, &frame);
    if !track.domains.is_empty() {
        draw_domains(&mut svg, track, &frame.x, domains_at);
        names.draw(&mut svg, domains_at + BOX + 12.0);
    }
    let description = format!(
        "{subtitle}, as bars along the protein. {}. {} domains below.",
        track.note,
        track.domains.len()
    );
    file(&title, &description, &svg)
}

/// Some neighbouring residues, 0-based and half-open, and the mean of their attributions.
struct Bin {
    start: usize,
    end: usize,
    mean: f64,
}

/// As many bins of equal size as fit.
fn bins(attributions: &[f64], most: usize) -> Vec<Bin> {
    let size = attributions.len().div_ceil(most.max(1)).max(1);
    attributions
        .chunks(size)
        .enumerate()
        .map(|(number, values)| Bin {
            start: number * size,
            end: number * size + values.len(),
            mean: values.iter().sum::<f64>() / values.len() as f64,
        })
        .collect()
}

/// The ground behind domains, so that the eye finds what lies above them.
fn shade(svg: &mut Svg, track: &ResidueTrack<'_>, frame: &Frame) {
    for domain in track.domains {
        let (x, width) = extent(domain, &frame.x);
        svg.rect((x, TOP), (width, HEIGHT), "under", "");
    }
}

fn axes(svg: &mut Svg, track: &ResidueTrack<'_>, frame: &Frame) {
    let length = track.length;
    let (left, right) = frame.x.range;
    let (values, decimals) = ticks(frame.y.domain, 6, 1e-9);
    for value in values {
        let y = frame.y.at(value);
        svg.line((left, y), (right, y), "grid");
        let label = fixed(value, decimals);
        svg.text((left - 7.0, y + 4.0), Anchor::End, "tick", &label);
    }
    svg.upward(
        (20.0, TOP + HEIGHT / 2.0),
        Anchor::Middle,
        "label",
        track.axis,
    );
    // Residues are counted from 1 here, and a tick points at the middle of one.
    let bottom = TOP + HEIGHT;
    svg.line((left, bottom), (right, bottom), "axis");
    let wanted = ((right - left) / 100.0).max(2.0) as usize;
    let (values, _) = ticks((1.0, length as f64), wanted, 1.0);
    for value in std::iter::once(1.0).chain(values.into_iter().filter(|&value| value > 1.0)) {
        let x = frame.x.at(value - 0.5);
        svg.line((x, bottom), (x, bottom + 4.0), "axis");
        svg.text(
            (x, bottom + 17.0),
            Anchor::Middle,
            "tick",
            &count(value as u64),
        );
    }
}

fn bars(svg: &mut Svg, bins: &[Bin], frame: &Frame) {
    let zero = frame.y.at(0.0);
    for bin in bins.iter().filter(|bin| bin.mean != 0.0) {
        let x = frame.x.at(bin.start as f64);
        let width = frame.x.at(bin.end as f64) - x;
        // A hair of ground between bars that are wide enough.
        let gap = if width > 3.0 { 0.8 } else { 0.0 };
        let y = frame.y.at(bin.mean);
        let (class, top) = if bin.mean > 0.0 {
            ("for", y)
        } else {
            ("against", zero)
        };
        let residues = if bin.end - bin.start == 1 {
            format!("residue {}", bin.end)
        } else {
            format!("residues {} to {}, mean", bin.start + 1, bin.end)
        };
        let tooltip = format!("{residues}: {}", short(bin.mean));
        svg.rect(
            (x + gap / 2.0, top),
            (width - gap, (y - zero).abs()),
            class,
            &tooltip,
        );
    }
    let (left, right) = frame.x.range;
    svg.line((left, zero), (right, zero), "zero");
}

/// The end that the network did not see.
fn unseen(svg: &mut Svg, track: &ResidueTrack<'_>, frame: &Frame) {
    let seen = track.attributions.len();
    if seen == track.length {
        return;
    }
    let x = frame.x.at(seen as f64);
    let width = frame.x.range.1 - x;
    let words = format!("residues {} to {}: not seen", seen + 1, track.length);
    svg.rect((x, TOP), (width, HEIGHT), "unseen", &words);
    if width > 62.0 {
        let middle = (x + width / 2.0, TOP + HEIGHT / 2.0);
        svg.text(middle, Anchor::Middle, "note", "not seen");
    }
}

fn draw_domains(svg: &mut Svg, track: &ResidueTrack<'_>, x: &Scale, y: f64) {
    let middle = y + BOX / 2.0;
    svg.line((x.range.0, middle), (x.range.1, middle), "chain");
    for domain in track.domains {
        let (left, width) = extent(domain, x);
        let tooltip = format!(
            "{}, residues {} to {}",
            domain.name,
            domain.start + 1,
            domain.end
        );
        svg.rect((left, y), (width, BOX), "domain", &tooltip);
    }
}

/// Left end and width of a domain; never so narrow that it does not show.
fn extent(domain: &Domain, x: &Scale) -> (f64, f64) {
    let left = x.at(domain.start as f64);
    (left, (x.at(domain.end as f64) - left).max(2.0))
}

/// Labels of domains with their places: text, middle and row.
struct Names(Vec<(String, f64, usize)>);

impl Names {
    /// One label for neighbours of one name, in rows where they do not touch.
    fn place(domains: &[Domain], x: &Scale) -> Self {
        const SIZE: f64 = 11.5;
        let mut sorted: Vec<&Domain> = domains.iter().collect();
        sorted.sort_by_key(|domain| (domain.start, domain.end));
        let mut ends: Vec<f64> = Vec::new();
        let mut names = Vec::new();
        for group in sorted.chunk_by(|a, b| a.name == b.name) {
            let end = group.iter().map(|domain| domain.end).max().unwrap_or(0);
            let middle = (x.at(group[0].start as f64) + x.at(end as f64)) / 2.0;
            let name = fitted(&group[0].name, 16.0);
            let label = match group.len() {
                1 => name,
                n => format!("{n} × {name}"),
            };
            let half = ems(&label) * SIZE / 2.0 + 4.0;
            // Labels of domains at an end stay inside the picture.
            let middle = middle.clamp(
                x.range.0 - LEFT + half,
                (x.range.1 + RIGHT - half).max(x.range.0 - LEFT + half),
            );
            let row = ends
                .iter()
                .position(|&end| end <= middle - half)
                .unwrap_or(ends.len());
            if row == ends.len() {
                ends.push(0.0);
            }
            ends[row] = middle + half;
            names.push((label, middle, row));
        }
        Self(names)
    }

    fn rows(&self) -> usize {
        self.0.iter().map(|(_, _, row)| row + 1).max().unwrap_or(0)
    }

    fn draw(&self, svg: &mut Svg, y: f64) {
        for (label, middle, row) in &self.0 {
            let place = (*middle, y + NAMES * *row as f64);
            svg.text(place, Anchor::Middle, "name", label);
        }
    }
}

/// Three significant digits.
fn short(value: f64) -> String {
    let magnitude = value.abs().log10().floor();
    fixed(value, (2.0 - magnitude).clamp(0.0, 9.0) as usize)
}

fn file(title: &str, description: &str, svg: &Svg) -> String {
    let (width, height) = (px(svg.width), px(svg.height));
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" class="fig" width="{width}" height="{height}" viewBox="0 0 {width} {height}" style="max-width:100%;height:auto" role="img"><title>{}</title><desc>{}</desc><style>{}</style><rect class="paper" width="{width}" height="{height}"/>{}</svg>"#,
        escape(title),
        escape(description),
        theme::residues_css(),
        svg.body
    )
}
