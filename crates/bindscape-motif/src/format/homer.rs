//! HOMER's motif files: `>consensus`, name, detection threshold and more, separated by tabs, then
//! frequencies of A, C, G, T, a position on a line.

use std::fmt::Write as _;

use bindscape_base::Result;

use super::source::Source;
use super::values::{header, id_and_name};
use crate::matrix::Frequencies;
use crate::motif::{Metadata, Motif, MotifSet};
use crate::text::{excerpt, line};

/// HOMER's smallest probability.
const FLOOR: f64 = 0.001;

/// The share of the best score that is written as threshold where none is known.
pub(super) const SHARE_OF_BEST: f64 = 0.8;

pub(super) fn is(source: &Source) -> bool {
    let first = source
        .head(1)
        .next()
        .and_then(|line| line.strip_prefix('>'));
    first.is_some_and(|header| {
        let threshold = header.split('\t').nth(2);
        threshold.is_some_and(|text| text.trim().parse::<f64>().is_ok())
    })
}

struct Begun {
    line: usize,
    motif: (String, Option<String>),
    metadata: Metadata,
    rows: Vec<[f64; 4]>,
}

pub(super) fn parse(source: &Source) -> Result<MotifSet> {
    let mut set = MotifSet::default();
    let mut begun: Option<Begun> = None;
    for (index, line) in source.content() {
        if let Some(header) = line.strip_prefix('>') {
            set.motifs.extend(finish(source, begun.take())?);
            begun = Some(begin(source, index, header)?);
            continue;
        }
        let Some(begun) = &mut begun else {
            return Err(source.fault(
                index,
                "a header such as `>TGACTCA<tab>AP-1<tab>6.05`",
                format!("{:?}", excerpt(line)),
            ));
        };
        let fields: Vec<&str> = line.split_whitespace().collect();
        begun.rows.push(source.frequencies(index, &fields)?);
    }
    set.motifs.extend(finish(source, begun)?);
    Ok(set)
}

fn begin(source: &Source, line: usize, header: &str) -> Result<Begun> {
    let mut fields = header.split('\t').map(str::trim);
    let (_consensus, name, threshold) = (fields.next(), fields.next(), fields.next());
    let motif = id_and_name(name.unwrap_or(""));
    if motif.0.is_empty() {
        return Err(source
            .fault(
                line,
                "consensus, name and threshold after `>`, separated by tabs",
                format!("{:?}", excerpt(header)),
            )
            .hint("a header of id and name alone is that of JASPAR's formats"));
    }
    let threshold = threshold.unwrap_or("");
    let value = threshold.parse().ok().filter(|t: &f64| t.is_finite());
    let value = value.ok_or_else(|| {
        source.fault(
            line,
            "the detection threshold in the third field",
            format!("{:?}", excerpt(threshold)),
        )
    })?;
    let rest: Vec<&str> = fields.collect();
    Ok(Begun {
        line,
        motif,
        metadata: Metadata {
            threshold: Some(value),
            comments: rest.into_iter().map(str::to_owned).collect(),
            ..Metadata::default()
        },
        rows: Vec::new(),
    })
}

fn finish(source: &Source, begun: Option<Begun>) -> Result<Option<Motif>> {
    let Some(begun) = begun else {
        return Ok(None);
    };
    let (id, name) = begun.motif;
    if begun.rows.is_empty() {
        source.no_rows(begun.line, &id);
        return Ok(None);
    }
    let frequencies = Frequencies::new(begun.rows).map_err(|error| {
        let place = bindscape_base::Place::Line(begun.line as u64 + 1);
        error.at(place).within(&source.path().display().to_string())
    })?;
    Ok(Some(Motif {
        name,
        metadata: begun.metadata,
        ..Motif::new(id, frequencies)
    }))
}

/// The share of the best score (natural logarithm of the odds against a quarter) that is written
/// for a motif without threshold.
fn usual_threshold(frequencies: &Frequencies) -> f64 {
    let best = |row: &[f64; 4]| row.iter().fold(FLOOR, |best, &p| best.max(p));
    let sum: f64 = frequencies
        .rows()
        .iter()
        .map(|row| (best(row) / 0.25).ln())
        .sum();
    SHARE_OF_BEST * sum
}

pub(super) fn write(set: &MotifSet) -> String {
    let mut out = String::new();
    for motif in &set.motifs {
        let threshold = motif
            .metadata
            .threshold
            .unwrap_or_else(|| usual_threshold(&motif.frequencies));
        write!(
            out,
            ">{}\t{}\t{}",
            motif.frequencies.consensus(),
            header(motif, ' '),
            super::values::number(threshold)
        )
        .expect("strings can be written to");
        // Comments of other formats are not what HOMER has in these fields.
        if motif.metadata.threshold.is_some() {
            for field in &motif.metadata.comments {
                write!(out, "\t{}", line(field)).expect("strings can be written to");
            }
        }
        out.push('\n');
        for [a, c, g, t] in motif.frequencies.rows() {
            writeln!(out, "{a:.6}\t{c:.6}\t{g:.6}\t{t:.6}").expect("strings can be written to");
        }
    }
    out
}
