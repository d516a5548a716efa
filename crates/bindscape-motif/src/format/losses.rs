//! What a format cannot hold of a set of motifs.

use bindscape_base::words::counted;

use super::homer::SHARE_OF_BEST;
use super::name::Format;
use super::values::counts;
use crate::motif::{Metadata, Motif, MotifSet};

/// What will be missing when `set` is written in `format`, in words, with how many motifs
/// it concerns; empty if nothing will.
#[must_use]
pub fn losses(set: &MotifSet, format: Format) -> Vec<String> {
    let name = format.name();
    let mut losses = Vec::new();
    let mut missing = |what: &str, lost: &dyn Fn(&Motif) -> bool| {
        let count = set.motifs.iter().filter(|motif| lost(motif)).count();
        if count > 0 {
            let motifs = counted(count as u64, "motif");
            losses.push(format!("{what} of {motifs} cannot be written as {name}"));
        }
    };
    if !matches!(format, Format::Meme) {
        missing("E-values", &|motif| motif.e_value.is_some());
        missing("p-values", &|motif| motif.p_value.is_some());
        missing("addresses", &|motif| motif.url.is_some());
    }
    if matches!(format, Format::Homer | Format::Uniprobe) {
        missing("numbers of sites", &|motif| motif.sites.is_some());
    } else if !matches!(format, Format::Meme) {
        // Counts of at most one site look like frequencies.
        missing("numbers of sites", &|motif| {
            motif.sites.is_some() && counts(motif).is_none()
        });
    }
    if !matches!(format, Format::Transfac) {
        missing("class, family, species and accessions", &|motif| {
            let Metadata {
                class,
                family,
                tax_group,
                species,
                uniprot,
                ..
            } = &motif.metadata;
            let lists = [class, family, species, uniprot];
            tax_group.is_some() || lists.iter().any(|list| !list.is_empty())
        });
        missing("second ids and descriptions", &|motif| {
            motif.metadata.other_id.is_some() || motif.metadata.description.is_some()
        });
    }
    missing("comments", &|motif| {
        let kept = match format {
            Format::Transfac | Format::Uniprobe => true,
            Format::Homer => motif.metadata.threshold.is_some(),
            _ => false,
        };
        !kept && !motif.metadata.comments.is_empty()
    });
    if matches!(format, Format::Homer) {
        let without = |motif: &&Motif| motif.metadata.threshold.is_none();
        let count = set.motifs.iter().filter(without).count();
        if count > 0 {
            losses.push(format!(
                "no detection threshold of {} is known: {:.0}% of the best score is written",
                counted(count as u64, "motif"),
                100.0 * SHARE_OF_BEST
            ));
        }
    } else {
        missing("detection thresholds", &|motif| {
            motif.metadata.threshold.is_some()
        });
    }
    let blank = |motif: &&Motif| motif.id.contains(char::is_whitespace);
    let count = set.motifs.iter().filter(blank).count();
    if count > 0 {
        losses.push(format!(
            "blanks in the ids of {} become underscores",
            counted(count as u64, "motif")
        ));
    }
    if matches!(format, Format::Meme) {
        let blank = |motif: &&Motif| {
            let name = motif.name.as_deref();
            name.is_some_and(|name| name.trim().contains(char::is_whitespace))
        };
        let count = set.motifs.iter().filter(blank).count();
        if count > 0 {
            losses.push(format!(
                "blanks in the names of {} become underscores",
                counted(count as u64, "motif")
            ));
        }
    }
    if !matches!(format, Format::Meme) && set.background.is_some() {
        losses.push(format!("the background cannot be written as {name}"));
    }
    losses
}
