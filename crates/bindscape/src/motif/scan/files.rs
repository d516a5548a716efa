//! The files of a scan as FIMO lays them out: `fimo.tsv`, `fimo.gff` and `fimo.html`.

use std::collections::BTreeMap;
use std::io::Write;

use bindscape_base::atomic::AtomicFile;
use bindscape_base::{Error, Result};
use bindscape_motif::logo::letter_definitions;
use bindscape_motif::scan::{COLUMNS, GFF_HEADER, HitFields, Writer};
use bindscape_motif::{Background, Logo, Motif};
use bindscape_report::{HitRow, SoughtMotif, hits_page};

use super::{Found, Scan};
use crate::motif::output::trailer;
use crate::output_directory::OutputDirectory;
use crate::session::Session;

/// All of them.
pub(super) const FILES: &[&str] = &[TABLE, GFF, PAGE];

const TABLE: &str = "fimo.tsv";
const GFF: &str = "fimo.gff";
const PAGE: &str = "fimo.html";

/// Hits on the page; FIMO's.
const SHOWN: usize = 1000;

/// Motifs on the page: those with most hits.
const MOTIFS: usize = 100;

/// Writes the three files, hits sorted by p-value, and returns the number of hits.
pub(super) fn write(
    plan: &Scan,
    motifs: &[Motif],
    writer: Writer<'_>,
    found: &Found,
    session: &Session<'_>,
) -> Result<u64> {
    let mut directory = OutputDirectory::make(&plan.out)?;
    let mut table = AtomicFile::create(directory.file(TABLE))?;
    let mut gff = AtomicFile::create(directory.file(GFF))?;
    let failed = |source| Error::io("write", &plan.out, source);
    table.write_all(COLUMNS.as_bytes()).map_err(failed)?;
    gff.write_all(GFF_HEADER.as_bytes()).map_err(failed)?;
    let mut shown = Vec::new();
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let mut number = 0;
    let hits = writer.finish_sorted(found.q_values(), |hit| {
        number += 1;
        table.write_all(hit.tsv().as_bytes()).map_err(failed)?;
        gff.write_all(hit.gff(number).as_bytes()).map_err(failed)?;
        match counts.get_mut(hit.id) {
            Some(count) => *count += 1,
            None => {
                counts.insert(hit.id.to_owned(), 1);
            }
        }
        if shown.len() < SHOWN {
            shown.push(row(hit));
        }
        Ok(())
    })?;
    let what = "motif scan, after FIMO. start and stop: from 1, both included";
    let end = trailer(what, "fimo-output-format", session);
    table.write_all(end.as_bytes()).map_err(failed)?;
    table.commit()?;
    gff.commit()?;
    let page = page(plan, motifs, &counts, (&shown, hits))?;
    directory.write(PAGE, page)?;
    directory.keep();
    Ok(hits)
}

fn row(hit: &HitFields<'_>) -> HitRow {
    HitRow {
        motif: hit.id.to_owned(),
        place: [hit.sequence, hit.start, hit.stop, hit.strand].map(str::to_owned),
        values: [hit.score.to_owned(), hit.p_value.to_owned(), hit.q_text()],
        bases: hit.bases.to_owned(),
    }
}

fn page(
    plan: &Scan,
    motifs: &[Motif],
    counts: &BTreeMap<String, u64>,
    hits: (&[HitRow], u64),
) -> Result<String> {
    let hits_of = |motif: &Motif| counts.get(&motif.id).copied().unwrap_or(0);
    let mut drawn: Vec<&Motif> = motifs.iter().collect();
    drawn.sort_by_key(|motif| std::cmp::Reverse(hits_of(motif)));
    drawn.truncate(MOTIFS);
    let logos: Vec<String> = drawn
        .iter()
        .map(|motif| {
            let logo = Logo::information(&motif.frequencies, &Background::uniform());
            Ok(logo.map_err(|error| error.within(&motif.id))?.inline_svg())
        })
        .collect::<Result<_>>()?;
    let rows: Vec<SoughtMotif<'_>> = drawn
        .iter()
        .zip(&logos)
        .map(|(motif, logo)| SoughtMotif {
            id: &motif.id,
            name: motif.name.as_deref(),
            width: motif.width(),
            hits: hits_of(motif),
            logo,
        })
        .collect();
    let sequences = plan.sequences.display();
    let title = format!("Hits of {} in {sequences}", plan.motifs);
    let mut notes = vec![
        "Positions count from 1, both ends included. Files: fimo.tsv (the table), fimo.gff (GFF3)."
            .to_owned(),
    ];
    if motifs.len() > drawn.len() {
        notes.push(format!(
            "Of {} motifs the {} with most hits {} drawn.",
            motifs.len(),
            drawn.len(),
            if drawn.len() == 1 { "is" } else { "are" }
        ));
    }
    let notes: Vec<&str> = notes.iter().map(String::as_str).collect();
    Ok(hits_page(
        &title,
        &notes,
        &letter_definitions(),
        &rows,
        hits,
    ))
}
