//! Patterns and their matches as tables, and contributions in MEME's layout.

use std::fmt::Write as _;

use bindscape_modisco::hdf5::Stored;

use super::{PatternsFound, core};

/// `patterns.tsv`: a row for each pattern.
pub(super) fn patterns(found: &PatternsFound) -> String {
    let mut text = String::from(
        "pattern\tsign\tseqlets\tfirst\tlast\tconsensus\tmatch\tmatch_name\tq-value\n",
    );
    for ((pattern, motif), matches) in (found.patterns.iter())
        .zip(&found.motifs)
        .zip(&found.matches)
    {
        let columns = core(pattern);
        let sign = if pattern.positive { '+' } else { '-' };
        let best = match matches.first() {
            Some(best) => {
                let target = &found.targets[best.alignment.target];
                let name = target.name.as_deref().unwrap_or("NA");
                format!("{}\t{name}\t{:.5e}", target.id, best.q_value)
            }
            None => "NA\tNA\tNA".to_owned(),
        };
        writeln!(
            text,
            "{}\t{sign}\t{}\t{}\t{}\t{}\t{best}",
            pattern.name,
            pattern.count,
            columns.start,
            columns.end,
            motif.frequencies.consensus()
        )
        .expect("writing to a string");
    }
    text.push_str(
        "# first, last: columns of the pattern that were compared with known motifs, from 0, the last not among them\n",
    );
    text
}

/// `matches.tsv`: a row for each match.
pub(super) fn matches(found: &PatternsFound) -> String {
    let mut text = String::from(
        "pattern\tmatch\tmatch_name\toffset\toverlap\torientation\tp-value\tE-value\tq-value\n",
    );
    for (pattern, matches) in found.patterns.iter().zip(&found.matches) {
        for matched in matches {
            let alignment = &matched.alignment;
            let target = &found.targets[alignment.target];
            writeln!(
                text,
                "{}\t{}\t{}\t{}\t{}\t{}\t{:.5e}\t{:.5e}\t{:.5e}",
                pattern.name,
                target.id,
                target.name.as_deref().unwrap_or("NA"),
                alignment.offset,
                alignment.overlap,
                if alignment.reverse { '-' } else { '+' },
                alignment.p_value,
                matched.e_value,
                matched.q_value
            )
            .expect("writing to a string");
        }
    }
    text.push_str(
        "# offset: place of the first compared column in the match (reverse-complemented where orientation is -), from 0\n",
    );
    text
}

/// `contributions.meme`: mean contributions in the layout of MEME's motifs, as `modisco meme` writes
/// them.
pub(super) fn contributions(patterns: &[Stored]) -> String {
    let mut text = String::from(
        "MEME version 4\n\nALPHABET= ACGT\n\nstrands: + -\n\nBackground letter frequencies\nA 0.25 C 0.25 G 0.25 T 0.25\n",
    );
    for pattern in patterns {
        writeln!(
            text,
            "\nMOTIF {}\nletter-probability matrix: alength= 4 w= {} nsites= {}",
            pattern.name,
            pattern.contributions.len(),
            pattern.count
        )
        .expect("writing to a string");
        for row in &pattern.contributions {
            let [a, c, g, t] = row;
            writeln!(text, "{a:.6}\t{c:.6}\t{g:.6}\t{t:.6}").expect("writing to a string");
        }
    }
    text
}
