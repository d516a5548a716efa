//! Explanations of a homology model: the domains and relatives of a protein, and what they add to
//! the odds.

use std::fs;
use std::path::{Path, PathBuf};

use bindscape_base::atomic::AtomicFile;
use bindscape_base::progress::Progress;
use bindscape_base::{Error, Result, atomic};
use bindscape_nn::protein::Target;
use bindscape_protein::homology::{
    Explanation, HomologyModel, HomologyPredictor, ProteinDomain, Relative,
};
use bindscape_protein::{Domain, Domains, Protein, ProteinClass};
use bindscape_report::{ResidueTrack, residues_svg};

use super::output::{PictureNames, table, write};
use super::{Explain, Proteins};
use crate::data::counted;
use crate::protein;
use crate::session::Session;

/// Proteins that are compared at a time.
const PROTEINS: usize = 512;

/// Relatives of a protein whose alignments are shown, the best ones,
const ALIGNED: usize = 5;
/// and columns of an alignment in a line.
const COLUMNS: usize = 60;

/// What was explained.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EvidenceCounts {
    /// Proteins.
    pub proteins: u64,
    /// Proteins with neither a domain nor a relative.
    pub alone: u64,
    /// Proteins that are labelled themselves, and were explained by the others.
    pub labelled: u64,
}

pub(super) fn run(
    plan: &Explain,
    model: &HomologyModel,
    session: &Session<'_>,
) -> Result<EvidenceCounts> {
    refuse(plan)?;
    let table = plan.domains.as_deref().map(Domains::read).transpose()?;
    let mut proteins = Proteins::open(plan)?;
    let predictor = HomologyPredictor::new(model);
    let mut output = Output::create(&plan.out)?;
    session.begin("comparing proteins", proteins.known().map(|n| n as u64));
    loop {
        session.check()?;
        let chunk: Vec<Protein> = proteins.by_ref().take(PROTEINS).collect::<Result<_>>()?;
        if chunk.is_empty() {
            break;
        }
        let explained = predictor.explain(&chunk, session)?;
        for (protein, explanation) in chunk.iter().zip(explained) {
            let in_table = match &table {
                Some(table) => table.get(&protein.id, protein.sequence.len())?,
                None => None,
            };
            output.write(protein, &explanation, in_table)?;
        }
        session.advance(chunk.len() as u64);
    }
    session.finish();
    proteins.tell(session);
    output.finish()
}

/// Refuses what is said of gradients.
fn refuse(plan: &Explain) -> Result<()> {
    let why = "since the model compares with labelled proteins, and shows those";
    plan.embeddings.refuse(why)?;
    let given = [
        ("target", plan.target != Target::Tf),
        ("steps", plan.steps.is_some()),
        ("baseline", plan.baseline.is_some()),
    ];
    protein::refuse(given, &format!("none, {why}"))
}

/// The files under way.
struct Output {
    directory: PathBuf,
    proteins: AtomicFile,
    relatives: AtomicFile,
    alignments: AtomicFile,
    domains: AtomicFile,
    pictures: PictureNames,
    drawn: Drawn,
    counts: EvidenceCounts,
}

/// Pictures that go again unless all is written: nothing continues from them.
#[derive(Default)]
struct Drawn(Vec<PathBuf>);

impl Drop for Drawn {
    fn drop(&mut self) {
        for picture in &self.0 {
            // What cannot be removed is in the way of the next call, which says so.
            let _ = fs::remove_file(picture);
        }
    }
}

impl Output {
    fn create(directory: &Path) -> Result<Self> {
        fs::create_dir_all(directory).map_err(|source| Error::io("create", directory, source))?;
        let table = |name: &str, header: &str| table(directory, name, header);
        Ok(Self {
            directory: directory.to_path_buf(),
            proteins: table(
                "proteins.tsv",
                "id\tlength\tp_tf\tconstant\tby_domains\tby_relatives\tby_composition\tby_length\trelatives\tleft_out\tpicture",
            )?,
            relatives: table(
                "relatives.tsv",
                "id\trank\trelative\trelative_class\tcovers_domain\tbits\te_value\tidentity\tstart\tend\trelative_start\trelative_end\tcigar\trelative_domains\trelative_description",
            )?,
            alignments: AtomicFile::create(directory.join("alignments.txt"))?,
            domains: table(
                "domains.tsv",
                "id\tdomain\tclass\tstart\tend\tbits\te_value\tsource",
            )?,
            pictures: PictureNames::default(),
            drawn: Drawn::default(),
            counts: EvidenceCounts::default(),
        })
    }

    fn finish(mut self) -> Result<EvidenceCounts> {
        for file in [self.proteins, self.relatives, self.alignments, self.domains] {
            file.commit()?;
        }
        self.drawn.0.clear();
        Ok(self.counts)
    }

    fn write(
        &mut self,
        protein: &Protein,
        explanation: &Explanation<'_>,
        in_table: Option<&[Domain]>,
    ) -> Result<()> {
        self.counts.proteins += 1;
        self.counts.alone += u64::from(explanation.prediction.is_unknown());
        self.counts.labelled += u64::from(!explanation.left_out.is_empty());
        self.write_domains(&protein.id, &explanation.prediction.domains, in_table)?;
        self.write_relatives(protein, explanation)?;
        let picture = self.pictures.of(&protein.id);
        let svg = picture_of(protein, explanation, in_table);
        let path = self.directory.join(&picture);
        atomic::write(&path, svg.as_bytes())?;
        self.drawn.0.push(path);
        let known = !protein.says_nothing();
        let p_tf = explanation.prediction.scores.p_tf.filter(|_| known);
        let odds = explanation.log_odds.filter(|_| known);
        let odds = odds.map(|odds| {
            let parts = [
                odds.constant,
                odds.domains,
                odds.relatives,
                odds.composition,
                odds.length,
            ];
            parts.map(|part| format!("{part:.3}")).join("\t")
        });
        let left_out = explanation.left_out.iter();
        let left_out: Vec<String> = left_out
            .map(|(id, label)| format!("{id}:{}", label.name()))
            .collect();
        let row = [
            protein.id.clone(),
            protein.sequence.len().to_string(),
            p_tf.map(|p| (p as f32).to_string()).unwrap_or_default(),
            odds.unwrap_or_else(|| "\t\t\t\t".to_owned()),
            explanation.relatives.len().to_string(),
            left_out.join(";"),
            picture,
        ];
        write(&mut self.proteins, &format!("{}\n", row.join("\t")))
    }

    fn write_domains(
        &mut self,
        id: &str,
        found: &[ProteinDomain],
        in_table: Option<&[Domain]>,
    ) -> Result<()> {
        // Residues are counted from 1, both ends included, as in tables of domains.
        for domain in found {
            let class = domain.class.map_or("", ProteinClass::name);
            let (start, end) = (domain.residues.start + 1, domain.residues.end);
            let row = format!(
                "{id}\t{}\t{class}\t{start}\t{end}\t{:.1}\t{:.1e}\tprofile\n",
                domain.family, domain.bits, domain.e_value
            );
            write(&mut self.domains, &row)?;
        }
        for domain in in_table.unwrap_or_default() {
            let (start, end) = (domain.start + 1, domain.end);
            let row = format!("{id}\t{}\t\t{start}\t{end}\t\t\ttable\n", domain.name);
            write(&mut self.domains, &row)?;
        }
        Ok(())
    }

    fn write_relatives(&mut self, protein: &Protein, explanation: &Explanation<'_>) -> Result<()> {
        for (rank, relative) in (1..).zip(&explanation.relatives) {
            let row = Row::of(protein, relative);
            write(&mut self.relatives, &row.line(rank))?;
            if rank <= ALIGNED {
                write(&mut self.alignments, &row.alignment(rank))?;
            }
        }
        Ok(())
    }
}

/// A relative of a protein, as it is written.
struct Row<'a> {
    protein: &'a Protein,
    relative: &'a Relative<'a>,
    description: String,
    domains: String,
}

impl<'a> Row<'a> {
    fn of(protein: &'a Protein, relative: &'a Relative<'a>) -> Self {
        let domains: Vec<String> = relative.domains.iter().map(ToString::to_string).collect();
        Self {
            protein,
            relative,
            // A header may hold tabs.
            description: relative.description.replace(char::is_control, " "),
            domains: domains.join(";"),
        }
    }

    /// The row of the table.
    fn line(&self, rank: usize) -> String {
        let Relative { hit, binds, .. } = self.relative;
        format!(
            "{}\t{rank}\t{}\t{}\t{}\t{:.1}\t{:.1e}\t{:.3}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n",
            self.protein.id,
            self.relative.id,
            self.relative.label.name(),
            binds.map_or("", |binds| if binds { "yes" } else { "no" }),
            hit.bits,
            hit.e_value,
            hit.identity,
            hit.query_range.start + 1,
            hit.query_range.end,
            hit.target_range.start + 1,
            hit.target_range.end,
            hit.cigar(&self.protein.sequence, self.relative.sequence),
            self.domains,
            self.description,
        )
    }

    /// The alignment, [`COLUMNS`] at a time, as BLAST shows it.
    fn alignment(&self, rank: usize) -> String {
        let Relative { hit, label, .. } = self.relative;
        let rows = hit.rows(&self.protein.sequence, self.relative.sequence);
        let names = [&self.protein.id[..], self.relative.id];
        let name = names[0].len().max(names[1].len());
        let last = hit.query_range.end.max(hit.target_range.end);
        let digits = last.to_string().len();
        let mut text = format!(
            "# {} and its relative {rank}, {} ({})",
            names[0],
            names[1],
            label.name()
        );
        for said in [&self.description, &self.domains] {
            if !said.is_empty() {
                text += &format!("; {said}");
            }
        }
        text += &format!(
            "\n# {:.1} bits, E-value {:.1e}, identity {:.3}\n\n",
            hit.bits, hit.e_value, hit.identity
        );
        let mut starts = [hit.query_range.start, hit.target_range.start];
        let blank = " ".repeat(name + digits + 3);
        let mut from = 0;
        while from < rows.query.len() {
            // All letters are ASCII.
            let columns = from..rows.query.len().min(from + COLUMNS);
            let [query, target] = [&rows.query, &rows.target].map(|row| &row[columns.clone()]);
            for (number, part) in [query, target].into_iter().enumerate() {
                let residues = part.bytes().filter(|&letter| letter != b'-').count();
                // A part that is all gap stands at the residue before it.
                let first = starts[number] + usize::from(residues > 0);
                starts[number] += residues;
                let id = names[number];
                text += &format!("{id:<name$}  {first:>digits$} {part} {}\n", starts[number]);
                if number == 0 {
                    let between = format!("{blank}{}", &rows.between[columns.clone()]);
                    text += between.trim_end();
                    text.push('\n');
                }
            }
            text.push('\n');
            from = columns.end;
        }
        text
    }
}

/// The protein with its domains, those of the table where it has some, and for each residue what
/// its relatives say: their bits, spread over the residues that align.
fn picture_of(
    protein: &Protein,
    explanation: &Explanation<'_>,
    in_table: Option<&[Domain]>,
) -> String {
    let length = protein.sequence.len();
    let mut said = vec![0.0; length];
    for relative in &explanation.relatives {
        let range = relative.hit.query_range.clone();
        let bits = relative.hit.bits / range.len().max(1) as f64;
        let signed = if relative.label.tf { bits } else { -bits };
        for residue in &mut said[range] {
            *residue += signed;
        }
    }
    let found: Vec<Domain> = explanation
        .prediction
        .domains
        .iter()
        .map(|domain| Domain {
            name: domain.family.clone(),
            start: domain.residues.start,
            end: domain.residues.end,
        })
        .collect();
    let domains = in_table.filter(|domains| !domains.is_empty());
    let relatives = match explanation.relatives.len() {
        0 => "no relatives".to_owned(),
        count => format!(
            "{}, {} of them transcription factors",
            counted(count as u64, "relative"),
            explanation.relatives.iter().filter(|r| r.label.tf).count()
        ),
    };
    let note = match explanation.prediction.scores.p_tf {
        Some(p) => format!("p_tf {p:.3}; {relatives}"),
        None => relatives,
    };
    residues_svg(&ResidueTrack {
        axis: "bits",
        id: &protein.id,
        length,
        subtitle: "Bits of relatives by residue: transcription factors above, others below",
        note: &note,
        attributions: &said,
        domains: domains.unwrap_or(&found),
    })
}
