//! Hits as FIMO lays them out: its table, and GFF3.

use std::fmt::Write as _;

/// The columns of FIMO's table.
pub const COLUMNS: &str = "motif_id\tmotif_alt_id\tsequence_name\tstart\tstop\tstrand\tscore\tp-value\tq-value\tmatched_sequence\n";

/// The line that begins a GFF3 file.
pub const GFF_HEADER: &str = "##gff-version 3\n";

/// A row of the table, field by field, as it is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HitFields<'a> {
    /// The motif's id.
    pub id: &'a str,
    /// Its other name; empty if it has none.
    pub name: &'a str,
    /// Sequence, or chromosome.
    pub sequence: &'a str,
    /// First base, from 1.
    pub start: &'a str,
    /// Last base, from 1.
    pub stop: &'a str,
    /// `+` or `-`.
    pub strand: &'a str,
    /// Log-odds score in bits.
    pub score: &'a str,
    /// p-value of the score.
    pub p_value: &'a str,
    /// q-value of the hit, where there is one.
    pub q_value: Option<f64>,
    /// The bases of the hit along the strand of the motif; may be empty.
    pub bases: &'a str,
}

impl<'a> HitFields<'a> {
    /// From the text of a row before and after its q-value.
    pub(super) fn new(before: &'a str, after: &'a str, q_value: Option<f64>) -> Self {
        let mut fields = before.split('\t');
        let mut next = || fields.next().unwrap_or_default();
        Self {
            id: next(),
            name: next(),
            sequence: next(),
            start: next(),
            stop: next(),
            strand: next(),
            score: next(),
            p_value: next(),
            q_value,
            bases: after.trim(),
        }
    }

    /// The q-value as it is written; empty where there is none, as FIMO leaves it.
    #[must_use]
    pub fn q_text(&self) -> String {
        self.q_value.map_or(String::new(), |q| format!("{q:.4e}"))
    }

    /// The row of FIMO's table.
    #[must_use]
    pub fn tsv(&self) -> String {
        let Self {
            id,
            name,
            sequence,
            start,
            stop,
            strand,
            score,
            p_value,
            bases,
            ..
        } = self;
        let q_value = self.q_text();
        format!(
            "{id}\t{name}\t{sequence}\t{start}\t{stop}\t{strand}\t{score}\t{p_value}\t{q_value}\t{bases}\n"
        )
    }

    /// The line of a GFF3 file (version 1.26 of the specification); `number` makes its ID unique.
    /// The score is -10 log10 of the p-value, at most 1000, as FIMO's is.
    #[must_use]
    pub fn gff(&self, number: u64) -> String {
        let p: f64 = self.p_value.parse().unwrap_or(1.0);
        let score = (-10.0 * p.log10()).clamp(0.0, 1000.0);
        let [id, name, sequence] = [self.id, self.name, self.sequence].map(escaped);
        let (start, stop, strand) = (self.start, self.stop, self.strand);
        let p = self.p_value;
        let mut line = format!(
            "{sequence}\tfimo\tnucleotide_motif\t{start}\t{stop}\t{score:.1}\t{strand}\t.\tName={id}_{sequence}{strand};"
        );
        let mut put = |text: std::fmt::Arguments<'_>| {
            line.write_fmt(text).expect("strings can be written to");
        };
        if !name.is_empty() {
            put(format_args!("Alias={name};"));
        }
        put(format_args!("ID={id}-{number}-{sequence};pvalue={p};"));
        if self.q_value.is_some() {
            put(format_args!("qvalue={};", self.q_text()));
        }
        if !self.bases.is_empty() {
            put(format_args!("sequence={};", self.bases));
        }
        line.push('\n');
        line
    }
}

/// A text whose signs with a meaning in GFF3 are written as `%` and two digits.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_control() || matches!(letter, ';' | '=' | '&' | ',' | '%' | ' ' | '>') {
            let mut bytes = [0; 4];
            for byte in letter.encode_utf8(&mut bytes).bytes() {
                write!(out, "%{byte:02X}").expect("strings can be written to");
            }
        } else {
            out.push(letter);
        }
    }
    out
}
