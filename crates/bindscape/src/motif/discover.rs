//! De novo motifs of a set of sequences.

use std::path::PathBuf;

use bindscape_base::digest::InputFile;
use bindscape_base::reading::Reading;
use bindscape_base::{Error, Result, digest};
use bindscape_motif::discover::{Discovered, Discovery, Options, SequenceSet, WordModel, discover};
use bindscape_motif::{EValue, Format, Frequencies, format, logo};
use bindscape_report::{EnrichedMotif, enrichment_page};
use serde::{Deserialize, Serialize};

use super::background::BackgroundChoice;
use super::output::{check_directory, is_standard, remove, write_text};
use crate::data::counted;
use crate::job::Job;
use crate::output_directory::OutputDirectory;
use crate::run_directory::write_json;
use crate::session::Session;

/// Names of the files of an output directory.
const MOTIFS: &str = "streme.txt";
const PAGE: &str = "streme.html";
const MOTIF_TABLE: &str = "motifs.tsv";
const SEQUENCE_TABLE: &str = "sequences.tsv";
const SITE_TABLE: &str = "sites.tsv";
const RECORD: &str = "discover.json";

/// A plan to find motifs that are enriched in sequences over controls, as STREME does.
///
/// ```
/// use bindscape::Session;
/// use bindscape::motif::Discover;
/// use bindscape_motif::discover::Options;
/// # let fasta = |site: &str| -> String {
/// #     let mut state = 7_u32;
/// #     let mut base = || { state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223); b"ACGT"[(state >> 30) as usize] as char };
/// #     (0..60).map(|i| { let (a, b): (String, String) = ((0..20).map(|_| base()).collect(), (0..20).map(|_| base()).collect()); format!(">s{i}\n{a}{site}{b}\n") }).collect()
/// # };
///
/// let directory = tempfile::tempdir()?;
/// let [bound, unbound] = ["bound.fa", "unbound.fa"].map(|name| directory.path().join(name));
/// std::fs::write(&bound, fasta("TGACTCAGCA"))?;
/// std::fs::write(&unbound, fasta(""))?;
/// let discover = Discover {
///     controls: Some(unbound),
///     options: Options { min_width: 10, max_width: 10, motifs: Some(1), ..Options::default() },
///     ..Discover::new(bound, directory.path().join("found"))
/// };
/// let found = Session::silent().run(&discover)?;
/// let consensus = found.discovery.motifs[0].frequencies.consensus();
/// assert!(["TGACTCAGCA", "TGCTGAGTCA"].contains(&consensus.as_str()));
/// assert!(directory.path().join("found/streme.txt").exists());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Discover {
    /// Positive sequences (FASTA, plain or compressed).
    pub positives: PathBuf,
    /// Control sequences; `None`: the positives, shuffled so that the counts of words of
    /// `order + 1` bases stay.
    #[serde(default)]
    pub controls: Option<PathBuf>,
    /// How motifs are sought.
    #[serde(default)]
    pub options: Options,
    /// Probabilities of bases, or words of them, where no site is; `None`: they are estimated from
    /// the controls.
    #[serde(default)]
    pub background: Option<BackgroundChoice>,
    /// What the page says of the run, beside the rest.
    #[serde(default)]
    pub description: Option<String>,
    /// Directory to write; `-` writes the motifs to the session's output and nothing else.
    pub out: PathBuf,
    /// Write into a directory that exists; files of an earlier discovery in it are replaced.
    #[serde(default)]
    pub replace: bool,
}

/// What a discovery leaves.
#[derive(Debug, Clone, PartialEq)]
pub struct MotifsFound {
    /// The motifs and what was counted.
    pub discovery: Discovery,
    /// The directory; `None` for the session's output.
    pub directory: Option<PathBuf>,
}

/// What `discover.json` tells.
#[derive(Serialize)]
struct Record<'a> {
    bindscape: &'static str,
    command: &'a [String],
    inputs: Vec<InputFile>,
    options: &'a Options,
    result: &'a Discovery,
}

impl Discover {
    /// A discovery against shuffled sequences, with STREME's settings.
    #[must_use]
    pub fn new(positives: PathBuf, out: PathBuf) -> Self {
        Self {
            positives,
            controls: None,
            options: Options::default(),
            background: None,
            description: None,
            out,
            replace: false,
        }
    }

    /// Name, size and digest of the input files.
    fn inputs(&self) -> Result<Vec<InputFile>> {
        let files = [
            ("positives", Some(&self.positives)),
            ("controls", self.controls.as_ref()),
        ];
        files
            .into_iter()
            // Standard input cannot be read again.
            .filter_map(|(role, path)| Some((role, path.filter(|path| !is_standard(path))?)))
            .map(|(role, path)| digest::input_file(role, path))
            .collect()
    }

    fn write_directory(
        &self,
        (positives, controls): (&SequenceSet, Option<&SequenceSet>),
        found: &Discovery,
        motifs: &str,
        session: &Session<'_>,
    ) -> Result<()> {
        let record = Record {
            bindscape: env!("CARGO_PKG_VERSION"),
            command: session.command(),
            inputs: self.inputs()?,
            options: &self.options,
            result: found,
        };
        let mut directory = OutputDirectory::make(&self.out)?;
        // The record comes last: a directory that has it is complete.
        remove(&self.out.join(RECORD))?;
        for (name, text) in [
            (MOTIFS, motifs),
            (MOTIF_TABLE, &found.motif_table()),
            (SEQUENCE_TABLE, &found.sequence_table(positives, controls)),
            (SITE_TABLE, &found.site_table(positives)),
        ] {
            directory.write(name, text)?;
        }
        self.write_logos(found, &mut directory)?;
        directory.write(PAGE, self.page(found)?)?;
        write_json(&directory.file(RECORD), &record)?;
        directory.keep();
        Ok(())
    }
}

/// What the files beside the page hold.
const DESCRIBED: [(&str, &str); 5] = [
    (MOTIFS, "motifs in MEME's format"),
    (MOTIF_TABLE, "counts, thresholds, p-values and E-values"),
    (SEQUENCE_TABLE, "sequences with a site"),
    (SITE_TABLE, "best site of each positive"),
    (RECORD, "inputs with checksums, options and result"),
];

impl Discover {
    /// `logo1.svg` and so on, by rank; those of an earlier discovery with more motifs go.
    fn write_logos(&self, found: &Discovery, directory: &mut OutputDirectory) -> Result<()> {
        let name = |number: usize| format!("logo{number}.svg");
        for (rank, motif) in found.motifs.iter().enumerate() {
            let logo = logo::Logo::information(&motif.frequencies, &found.background)?;
            directory.write(name(rank + 1), logo.svg())?;
        }
        for old in (found.motifs.len() + 1..).map(name) {
            if !remove(&self.out.join(old))? {
                break;
            }
        }
        Ok(())
    }

    /// The page of the motifs.
    fn page(&self, found: &Discovery) -> Result<String> {
        let ids: Vec<String> = (0..found.motifs.len()).map(|rank| found.id(rank)).collect();
        let names: Vec<String> = (0..found.motifs.len()).map(Discovery::other_id).collect();
        let motifs = (found.motifs.iter().zip(&ids).zip(&names))
            .map(|((motif, id), name)| {
                let draw = |frequencies: &Frequencies| {
                    Ok(logo::Logo::information(frequencies, &found.background)?.inline_svg())
                };
                Ok(EnrichedMotif {
                    id,
                    name,
                    logos: [
                        draw(&motif.frequencies)?,
                        draw(&motif.frequencies.reverse_complement())?,
                    ],
                    facts: facts(found, motif),
                })
            })
            .collect::<Result<Vec<_>>>()?;
        let title = format!("Motifs of {}", self.positives.display());
        let against = match &self.controls {
            Some(controls) => format!("over {}", controls.display()),
            None => "over the same sequences, shuffled".to_owned(),
        };
        let [positives, controls] = found.training;
        let [held_out, held_out_controls] = found.held_out;
        let mut notes: Vec<String> = self.description.iter().cloned().collect();
        notes.push(format!(
            "Enriched {against}, after STREME. {} and {} for training, {held_out} and {held_out_controls} held out; {}. The search stopped: {}.",
            counted(positives as u64, "sequence"),
            counted(controls as u64, "control"),
            found.test.name(),
            found.stop
        ));
        let notes: Vec<&str> = notes.iter().map(String::as_str).collect();
        let definitions = logo::letter_definitions();
        Ok(enrichment_page(
            &title,
            &notes,
            &definitions,
            &motifs,
            &DESCRIBED,
        ))
    }
}

/// The model that a choice of background names.
fn model(choice: &BackgroundChoice) -> Result<WordModel> {
    match choice {
        BackgroundChoice::File(path) => WordModel::read(path),
        other => Ok(WordModel::of_bases(&other.read(None, "")?)),
    }
}

/// What the page tells of a motif.
fn facts(found: &Discovery, motif: &Discovered) -> Vec<(&'static str, String)> {
    let share = |count: usize, of: usize| format!("{count} of {of}");
    let mut facts = Vec::new();
    match (found.e_value(motif), motif.held_out) {
        (Some(e_value), Some(part)) => {
            facts.push(("E-value", e_value.to_string()));
            let p = EValue::from_log10(part.log10_p);
            facts.push(("p-value, held out", p.to_string()));
            facts.push((
                "Positives held out",
                share(part.positives, part.of_positives),
            ));
            facts.push(("Controls held out", share(part.controls, part.of_controls)));
        }
        _ => {
            let p = EValue::from_log10(motif.training.log10_p);
            facts.push((
                "p-value of the training part, no measure of significance",
                p.to_string(),
            ));
        }
    }
    let part = motif.training;
    facts.push((
        "Positives, training",
        share(part.positives, part.of_positives),
    ));
    facts.push(("Controls, training", share(part.controls, part.of_controls)));
    facts.push(("Sites", motif.counts.sites().to_string()));
    facts.push(("Consensus", motif.frequencies.consensus()));
    facts
}

impl Job for Discover {
    type Outcome = MotifsFound;

    const NAME: &'static str = "motif discover";

    const FILES: &'static [&'static str] = &[
        MOTIFS,
        PAGE,
        MOTIF_TABLE,
        SEQUENCE_TABLE,
        SITE_TABLE,
        RECORD,
    ];

    fn check(&self) -> Result<()> {
        self.options.validate()?;
        if let Some(BackgroundChoice::Motifs | BackgroundChoice::MotifsOrUniform) = self.background
        {
            return Err(Error::argument(
                "background",
                "a file, or a background by name",
                "that of a motif file, though there is none",
            ));
        }
        if self.controls.as_ref() == Some(&self.positives) {
            return Err(Error::argument(
                "controls",
                "other sequences than those of ⟦positives⟧",
                self.positives.display().to_string(),
            )
            .hint("leave ⟦controls⟧ out to compare with shuffled sequences"));
        }
        Ok(())
    }

    fn run(&self, session: &Session<'_>) -> Result<MotifsFound> {
        check_directory(&self.out, self.replace)?;
        let files = [Some(&self.positives), self.controls.as_ref()];
        Reading::current().digest_as_read(files.into_iter().flatten().map(PathBuf::as_path));
        let positives = SequenceSet::read(&self.positives)?;
        let controls = self
            .controls
            .as_deref()
            .map(SequenceSet::read)
            .transpose()?;
        let options = Options {
            background: self.background.as_ref().map(model).transpose()?,
            ..self.options.clone()
        };
        let found = discover(&positives, controls.as_ref(), &options, session)?;
        let motifs = format::write_motifs(&found.motif_set(), Format::Meme);
        let directory = if is_standard(&self.out) {
            write_text(&self.out, &motifs, session)?;
            None
        } else {
            let sets = (&positives, controls.as_ref());
            self.write_directory(sets, &found, &motifs, session)?;
            Some(self.out.clone())
        };
        Ok(MotifsFound {
            discovery: found,
            directory,
        })
    }
}
