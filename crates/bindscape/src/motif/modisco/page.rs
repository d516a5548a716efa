//! The page of the patterns.

use bindscape_base::Result;
use bindscape_motif::logo::letter_definitions;
use bindscape_motif::{Background, Logo, Motif};
use bindscape_report::{MatchRow, PatternSection, patterns_page};
use rayon::prelude::*;

use super::{
    CONTRIBUTIONS, MATCH_TABLE, MOTIFS, Modisco, PATTERN_TABLE, PatternsFound, RECORD, SEQLETS,
    STORED,
};
use crate::data::counted;
use crate::motif::compare::row;

/// Matches of a pattern on the page.
const SHOWN: usize = 5;

/// What the files beside the page hold; the first only after a search.
const FILES: [(&str, &str); 7] = [
    (
        STORED,
        "patterns and seqlets as `modisco report` and finemo open them",
    ),
    (MOTIFS, "frequencies in MEME's format"),
    (CONTRIBUTIONS, "mean contributions in MEME's layout"),
    (
        PATTERN_TABLE,
        "seqlets, consensus and best match of each pattern",
    ),
    (MATCH_TABLE, "all matches"),
    (SEQLETS, "seqlets"),
    (RECORD, "inputs with checksums, settings and counts"),
];

/// The page of all patterns.
pub(super) fn page(
    plan: &Modisco,
    found: &PatternsFound,
    whole: &[Motif],
    notice: Option<&str>,
) -> Result<String> {
    let sections = sections(found, whole)?;
    let source = plan.contributions.as_ref().or(plan.patterns.as_ref());
    let title = match source {
        Some(path) => format!("Patterns of {}", path.display()),
        None => "Patterns".to_owned(),
    };
    let mut notes = found.lines();
    for note in &mut notes {
        note.push('.');
    }
    notes.push(format!(
        "After TF-MoDISco. Matches: {}, after Tomtom, up to a q-value of {}; the columns that \
         contribute at least 30% of the strongest and those between are compared.",
        plan.targets, plan.q_value
    ));
    notes.extend(notice.map(str::to_owned));
    let notes: Vec<&str> = notes.iter().map(String::as_str).collect();
    let files = if found.counts.is_some() {
        &FILES[..]
    } else {
        &FILES[1..]
    };
    let definitions = letter_definitions();
    Ok(patterns_page(
        &title,
        &notes,
        &definitions,
        &sections,
        files,
    ))
}

/// The patterns as a page shows them; `whole` are the motifs of all their columns.
pub(super) fn sections<'a>(
    found: &'a PatternsFound,
    whole: &[Motif],
) -> Result<Vec<PatternSection<'a>>> {
    (0..found.patterns.len())
        .into_par_iter()
        .map(|number| section(found, &whole[number], number))
        .collect()
}

fn section<'a>(
    found: &'a PatternsFound,
    whole: &Motif,
    number: usize,
) -> Result<PatternSection<'a>> {
    let background = Background::uniform();
    let (pattern, motif) = (&found.patterns[number], &found.motifs[number]);
    let mut reversed = pattern.contributions.clone();
    reversed.reverse();
    for row in &mut reversed {
        row.reverse();
    }
    let logos = vec![
        (
            "Mean contributions",
            Logo::weights(pattern.contributions.clone())?.inline_svg(),
        ),
        (
            "Mean contributions, other strand",
            Logo::weights(reversed)?.inline_svg(),
        ),
        (
            "Information of the bases",
            Logo::information(&whole.frequencies, &background)?.inline_svg(),
        ),
    ];
    let below = Logo::information(&motif.frequencies, &background)?;
    let matches: Vec<MatchRow<'_>> = (found.matches[number].iter())
        .take(SHOWN)
        .map(|matched| row(matched, &found.targets, &below, &background))
        .collect::<Result<_>>()?;
    let mut facts = vec![
        ("Seqlets", pattern.count.to_string()),
        ("Consensus", motif.frequencies.consensus()),
        ("Matches", found.matches[number].len().to_string()),
    ];
    let examples: std::collections::BTreeSet<u32> = pattern
        .seqlets
        .iter()
        .map(|seqlet| seqlet.example)
        .collect();
    if !examples.is_empty() {
        facts.push(("In", counted(examples.len() as u64, "sequence")));
    }
    Ok(PatternSection {
        id: &pattern.name,
        seqlets: pattern.count,
        hits: None,
        logos,
        facts,
        matches,
    })
}
