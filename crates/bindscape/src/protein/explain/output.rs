//! The files of `protein explain`.

use std::collections::HashSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use bindscape_base::atomic;
use bindscape_base::atomic::AtomicFile;
use bindscape_base::{Error, Result};
use bindscape_nn::protein::Target;
use bindscape_protein::{Domain, Protein, ShareInside};
use bindscape_report::{ResidueTrack, residues_svg};

use super::Explanation;

/// The share of a score that attributions may miss before that is worth a word.
const ROUGH: f64 = 0.05;

/// One protein's score, explained.
pub(super) struct Judged {
    pub(super) target: Target,
    pub(super) explanation: Explanation,
    /// Missing if there is no table, or the protein is not in it.
    pub(super) domains: Option<Vec<Domain>>,
    pub(super) share: Option<ShareInside>,
}

/// What was explained.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct ExplanationCounts {
    /// Proteins.
    pub proteins: u64,
    /// Proteins longer than the network's input.
    pub cut: u64,
    /// Proteins whose attributions miss the score by more than a twentieth of it.
    pub rough: u64,
    /// Proteins without domains in the table; `None` if there is none.
    pub without_domains: Option<u64>,
    /// Attribution inside domains; `None` without a table, or where no protein has some.
    pub inside_domains: Option<MeanShares>,
}

/// Means over proteins of what lies inside their domains.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeanShares {
    /// Share of the positive attribution.
    pub attribution: f64,
    /// Share of the length.
    pub length: f64,
    /// Proteins.
    pub proteins: u64,
}

/// What was written so far.
#[derive(Debug, Default)]
struct Tally {
    proteins: u64,
    cut: u64,
    /// Proteins with a gap that is large.
    rough: u64,
    without_domains: u64,
    /// Proteins with a share of attribution inside domains.
    shares: u64,
    /// Sums of the shares of attribution and of length over these.
    sums: (f64, f64),
}

impl Tally {
    fn counts(&self, with_domains: bool) -> ExplanationCounts {
        let count = self.shares as f64;
        ExplanationCounts {
            proteins: self.proteins,
            cut: self.cut,
            rough: self.rough,
            without_domains: with_domains.then_some(self.without_domains),
            inside_domains: (with_domains && self.shares > 0).then(|| MeanShares {
                attribution: self.sums.0 / count,
                length: self.sums.1 / count,
                proteins: self.shares,
            }),
        }
    }

    fn add(&mut self, protein: &Protein, explained: &Judged) {
        self.proteins += 1;
        self.cut += u64::from(explained.explanation.residues.len() < protein.sequence.len());
        let difference = (explained.explanation.output - explained.explanation.baseline).abs();
        self.rough += u64::from(explained.explanation.gap > ROUGH * difference);
        self.without_domains += u64::from(explained.domains.as_ref().is_none_or(Vec::is_empty));
        if let Some(ShareInside {
            attribution: Some(attribution),
            length,
        }) = explained.share
        {
            self.shares += 1;
            self.sums.0 += attribution;
            self.sums.1 += length;
        }
    }
}

/// The files under way.
pub(super) struct Output {
    directory: PathBuf,
    residues: AtomicFile,
    proteins: AtomicFile,
    pictures: PictureNames,
    tally: Tally,
}

impl Output {
    /// Starts the tables in `directory`.
    pub(super) fn create(directory: &Path) -> Result<Self> {
        fs::create_dir_all(directory).map_err(|source| Error::io("create", directory, source))?;
        let table = |name: &str, header: &str| table(directory, name, header);
        Ok(Self {
            directory: directory.to_path_buf(),
            residues: table("attributions.tsv", "id\tposition\tresidue\tattribution")?,
            proteins: table(
                "proteins.tsv",
                "id\tlength\tresidues_seen\ttarget\tlogit\tbaseline_logit\tgap\tdomain_attribution_share\tdomain_length_share\tpicture",
            )?,
            pictures: PictureNames::default(),
            tally: Tally::default(),
        })
    }

    pub(super) fn write(&mut self, protein: &Protein, explained: &Judged) -> Result<()> {
        let id = &protein.id;
        let explanation = &explained.explanation;
        let mut rows = String::new();
        for (place, &letter) in protein.sequence.iter().enumerate() {
            let cell = explanation
                .residues
                .get(place)
                .map(number)
                .unwrap_or_default();
            rows.push_str(&format!(
                "{id}\t{}\t{}\t{cell}\n",
                place + 1,
                letter as char
            ));
        }
        write(&mut self.residues, &rows)?;
        let picture = self.pictures.of(id);
        let share = explained.share;
        let row = [
            id.clone(),
            protein.sequence.len().to_string(),
            explanation.residues.len().to_string(),
            explained.target.name().to_owned(),
            number(&explanation.output),
            number(&explanation.baseline),
            number(&explanation.gap),
            share
                .and_then(|share| share.attribution)
                .map(|share| number(&share))
                .unwrap_or_default(),
            share.map(|share| number(&share.length)).unwrap_or_default(),
            picture.clone(),
        ];
        write(&mut self.proteins, &format!("{}\n", row.join("\t")))?;
        let svg = residues_svg(&ResidueTrack {
            axis: "attribution",
            id,
            length: protein.sequence.len(),
            subtitle: &match explained.target {
                Target::Tf => "Attribution of each residue to the logit of being a TF".to_owned(),
                Target::Class(class) => format!(
                    "Attribution of each residue to the logit of class {}",
                    class.name()
                ),
            },
            note: &note(explained),
            attributions: &explanation.residues,
            domains: explained.domains.as_deref().unwrap_or_default(),
        });
        atomic::write(self.directory.join(&picture), svg.as_bytes())?;
        self.tally.add(protein, explained);
        Ok(())
    }

    /// Makes the tables appear at their places.
    pub(super) fn finish(self, with_domains: bool) -> Result<ExplanationCounts> {
        self.residues.commit()?;
        self.proteins.commit()?;
        Ok(self.tally.counts(with_domains))
    }
}

/// Names of pictures so far, in lower case: some disks take no notice of case.
#[derive(Debug, Default)]
pub(super) struct PictureNames(HashSet<String>);

impl PictureNames {
    /// A file name from an id, which may hold characters that file names may not,
    /// and which no other protein has.
    pub(super) fn of(&mut self, id: &str) -> String {
        let plain = |c: char| {
            if c.is_ascii_alphanumeric() || "_-.".contains(c) {
                c
            } else {
                '_'
            }
        };
        let stem: String = id
            .trim_start_matches('.')
            .chars()
            .map(plain)
            .take(100)
            .collect();
        let mut name = format!("{stem}.svg");
        let mut number = 2;
        while !self.0.insert(name.to_lowercase()) {
            name = format!("{stem}-{number}.svg");
            number += 1;
        }
        name
    }
}

/// The line below the title of a picture.
fn note(explained: &Judged) -> String {
    let mut note = format!(
        "Logit {:.2}, of the baseline {:.2}",
        explained.explanation.output, explained.explanation.baseline
    );
    if let Some(ShareInside {
        attribution: Some(attribution),
        length,
    }) = explained.share
    {
        note += &format!(
            "; {:.0}% of what speaks for it lies inside domains, which are {:.0}% of the length",
            100.0 * attribution,
            100.0 * length
        );
    }
    note
}

/// The shortest decimal that gives the same number in single precision.
fn number(value: &f64) -> String {
    let value = *value as f32;
    if value != 0.0 && value.abs() < 1e-4 {
        format!("{value:e}")
    } else {
        value.to_string()
    }
}

/// Starts a table in `directory`.
pub(super) fn table(directory: &Path, name: &str, header: &str) -> Result<AtomicFile> {
    let mut file = AtomicFile::create(directory.join(name))?;
    write(&mut file, &format!("{header}\n"))?;
    Ok(file)
}

pub(super) fn write(file: &mut AtomicFile, text: &str) -> Result<()> {
    file.write_all(text.as_bytes())
        .map_err(|source| Error::io("write", file.target(), source))
}
