//! The files of a look at filters: tables, motifs, a page.

use std::fmt::Write as _;

use bindscape_base::Result;
use bindscape_motif::format::write_motifs;
use bindscape_motif::logo::letter_definitions;
use bindscape_motif::{Background, Format, Logo, MotifSet};
use bindscape_nn::filters::Influence;
use bindscape_report::{FilterBefore, FilterPage, FilterRow, GroupRow, filters_page};

use super::matched::Known;
use super::{Filters, FiltersFound, KnownMotif, strongest};
use crate::data::counted;
use crate::output_directory::OutputDirectory;

/// All of them.
pub(super) const FILES: &[&str] = &[TABLE, INFLUENCE, GROUPS, MOTIFS, PAGE];

const TABLE: &str = "filters.tsv";
const INFLUENCE: &str = "influence.tsv";
const GROUPS: &str = "groups.tsv";
const MOTIFS: &str = "filters.meme";
const PAGE: &str = "filters.html";

/// Writes all of them.
pub(super) fn all(plan: &Filters, found: &FiltersFound, known: &Known) -> Result<FilterPage> {
    let mut directory = OutputDirectory::make(&plan.out)?;
    let motifs = found
        .filters
        .iter()
        .filter_map(|filter| filter.motif.clone());
    let motifs = MotifSet::new(motifs.collect());
    directory.write(MOTIFS, write_motifs(&motifs, Format::Meme))?;
    if plan.influence_regions > 0 {
        directory.write(INFLUENCE, influence(found))?;
        directory.write(GROUPS, groups(found))?;
    }
    let page = page(plan, found, known)?;
    directory.write(PAGE, filters_page(&page))?;
    directory.write(TABLE, table(found))?;
    directory.keep();
    Ok(page)
}

/// A number as tables have it, or nothing.
/// Information, in bits.
fn bits(value: Option<f64>) -> String {
    value.map_or_else(|| "NA".to_owned(), |value| format!("{value:.3}"))
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(String::new, |value| format!("{value:.6}"))
}

/// The columns of an influence: mean squared change, its interval, mean change.
fn columns(influence: Option<Influence>) -> String {
    let Some(influence) = influence else {
        return "\t\t\t".into();
    };
    let end = |end: fn((f64, f64)) -> f64| {
        let value = influence.interval.map(end);
        value.map_or_else(String::new, |value| format!("{value:.6e}"))
    };
    format!(
        "{:.6e}\t{}\t{}\t{:.6}",
        influence.squared,
        end(|(low, _)| low),
        end(|(_, high)| high),
        influence.change
    )
}

/// The columns of a match: id, name, q-value, modes.
fn matched(known: Option<&KnownMotif>) -> String {
    known.map_or_else(
        || "\t\t\t".into(),
        |known| {
            format!(
                "{}\t{}\t{:.3e}\t{}",
                known.id,
                known.name,
                known.q_value,
                known.modes.join(",")
            )
        },
    )
}

fn table(found: &FiltersFound) -> String {
    let mut text = String::from(
        "filter\tsites\tmaximum\tinformation\tconsensus\tmatch\tname\tq_value\tmodes\t\
         tf\tinfluence\tlow\thigh\tchange",
    );
    let compared = found.filters.iter().any(|filter| filter.change.is_some());
    if compared {
        text += "\tkind\tsites_before\tinformation_before\tmatch_before\tname_before\t\
                 q_value_before\tmodes_before\tweights_r\tmotif_r";
    }
    text.push('\n');
    for (place, filter) in found.filters.iter().enumerate() {
        let consensus = filter.motif.as_ref();
        let consensus = consensus.map_or_else(String::new, |motif| motif.frequencies.consensus());
        let strongest = filter.strongest();
        write!(
            text,
            "{}\t{}\t{:.4}\t{}\t{consensus}\t{}\t{}\t{}",
            place + 1,
            filter.sites.sites,
            filter.sites.maximum,
            bits(filter.information),
            matched(filter.known.as_ref()),
            strongest.map_or("", |(tf, _)| &found.tfs[tf]),
            columns(strongest.map(|(_, influence)| influence)),
        )
        .expect("text grows");
        if let Some(change) = &filter.change {
            write!(
                text,
                "\t{}\t{}\t{}\t{}\t{}\t{}",
                change.kind.name(),
                change.sites,
                bits(change.information),
                matched(change.known.as_ref()),
                number(change.weights),
                number(change.motifs),
            )
            .expect("text grows");
        }
        text.push('\n');
    }
    text
}

fn influence(found: &FiltersFound) -> String {
    let mut text = String::from("filter\ttf\tinfluence\tlow\thigh\tchange\n");
    for (place, filter) in found.filters.iter().enumerate() {
        for (tf, &influence) in found.tfs.iter().zip(&filter.influence) {
            let columns = columns(Some(influence));
            writeln!(text, "{}\t{tf}\t{columns}", place + 1).expect("text grows");
        }
    }
    text
}

fn groups(found: &FiltersFound) -> String {
    let mut text = String::from("modes\tmatches\tfilters\ttf\tinfluence\tlow\thigh\tchange\n");
    for group in &found.groups {
        let filters: Vec<String> = group.filters.iter().map(|f| (f + 1).to_string()).collect();
        for (tf, &influence) in found.tfs.iter().zip(&group.influence) {
            writeln!(
                text,
                "{}\t{}\t{}\t{tf}\t{}",
                group.modes.join(","),
                group.tfs.join(","),
                filters.join(","),
                columns(Some(influence))
            )
            .expect("text grows");
        }
    }
    text
}

fn page(plan: &Filters, found: &FiltersFound, known: &Known) -> Result<FilterPage> {
    let background = Background::uniform();
    let influential = |influence: &[Influence]| {
        let (tf, influence) = strongest(influence)?;
        Some((found.tfs[tf].clone(), influence.squared, influence.interval))
    };
    let mut rows = Vec::with_capacity(found.filters.len());
    for (place, filter) in found.filters.iter().enumerate() {
        // As it lies on the known motif, which may be turned.
        let logo = match (&filter.trimmed, &filter.known) {
            (Some(motif), Some(best)) if best.q_value <= found.threshold => {
                let target = &known.motifs[best.alignment.target].frequencies;
                let above = match best.alignment.reverse {
                    true => Logo::information(&target.reverse_complement(), &background)?,
                    false => Logo::information(target, &background)?,
                };
                let below = Logo::information(&motif.frequencies, &background)?;
                above.inline_svg_above(&below, best.alignment.offset)
            }
            _ => match &filter.motif {
                Some(motif) => Logo::information(&motif.frequencies, &background)?.inline_svg(),
                None => String::new(),
            },
        };
        let of_match = |known: &KnownMotif| (known.name.clone(), known.q_value);
        rows.push(FilterRow {
            number: place + 1,
            sites: filter.sites.sites,
            information: filter.information,
            known: filter.known.as_ref().map(of_match),
            modes: filter
                .known
                .as_ref()
                .map_or_else(Vec::new, |known| known.modes.clone()),
            influence: influential(&filter.influence),
            before: filter.change.as_ref().map(|change| FilterBefore {
                kind: change.kind.name().into(),
                information: change.information,
                known: change.known.as_ref().map(of_match),
                weights: change.weights,
            }),
            logo,
        });
    }
    let groups = found.groups.iter().map(|group| GroupRow {
        mode: group.modes.join(", "),
        tfs: group.tfs.clone(),
        filters: group.filters.iter().map(|filter| filter + 1).collect(),
        influence: influential(&group.influence),
    });
    Ok(FilterPage {
        model: crate::model::called(&plan.model),
        before: plan.before.as_deref().map(crate::model::called),
        tfs: found.tfs.clone(),
        regions: format!(
            "{} of {} looked at",
            counted(found.regions as u64, "region"),
            bindscape_base::words::thousands(found.looked_at as u64)
        ),
        share: plan.share,
        trim: plan.trim,
        motifs: plan.motifs.clone(),
        notices: known.notices.clone(),
        threshold: found.threshold,
        definitions: letter_definitions(),
        rows,
        groups: groups.collect(),
    })
}
