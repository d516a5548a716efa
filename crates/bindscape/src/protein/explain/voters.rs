//! Explanations of a model that compares with labelled proteins: those that vote.

use std::fs;
use std::path::Path;

use bindscape_base::atomic::AtomicFile;
use bindscape_base::progress::Progress;
use bindscape_base::{Error, Result};
use bindscape_nn::protein::baseline::{HomologyModel, HomologyPredictor, Voter};
use bindscape_nn::protein::{ProteinScores, Target};
use bindscape_protein::Protein;

use super::output::write;
use super::{Explain, Proteins};
use crate::protein;
use crate::session::Session;

/// Proteins that are compared at a time.
const PROTEINS: usize = 512;

/// What was compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct VoterCounts {
    /// Proteins.
    pub proteins: u64,
    /// Proteins that are like none that is labelled.
    pub alone: u64,
}

pub(super) fn run(
    plan: &Explain,
    model: &HomologyModel,
    session: &Session<'_>,
) -> Result<VoterCounts> {
    refuse(plan)?;
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
        for (protein, (scores, voters)) in chunk.iter().zip(explained) {
            output.write(protein, scores, &voters)?;
        }
        session.advance(chunk.len() as u64);
    }
    session.finish();
    output.proteins.commit()?;
    output.voters.commit()?;
    Ok(output.counts)
}

/// Refuses what is said of gradients.
fn refuse(plan: &Explain) -> Result<()> {
    let why = "since the model compares with labelled proteins, and shows those";
    plan.embeddings.refuse(why)?;
    let given = [
        ("target", plan.target != Target::Tf),
        ("steps", plan.steps.is_some()),
        ("baseline", plan.baseline.is_some()),
        ("domains", plan.domains.is_some()),
    ];
    protein::refuse(given, &format!("none, {why}"))
}

/// The tables under way.
struct Output {
    proteins: AtomicFile,
    voters: AtomicFile,
    counts: VoterCounts,
}

impl Output {
    fn create(directory: &Path) -> Result<Self> {
        fs::create_dir_all(directory).map_err(|source| Error::io("create", directory, source))?;
        let table = |name: &str, header: &str| -> Result<AtomicFile> {
            let mut file = AtomicFile::create(directory.join(name))?;
            write(&mut file, header)?;
            Ok(file)
        };
        Ok(Self {
            proteins: table(
                "proteins.tsv",
                "id\tlength\tp_tf\tvoters\tcomposition_share\n",
            )?,
            voters: table(
                "voters.tsv",
                "id\trank\tvoter\tvoter_class\tshare\tbits\te_value\tidentity\tstart\tend\tvoter_start\tvoter_end\n",
            )?,
            counts: VoterCounts::default(),
        })
    }

    fn write(
        &mut self,
        protein: &Protein,
        scores: ProteinScores,
        voters: &[Voter<'_>],
    ) -> Result<()> {
        let id = &protein.id;
        self.counts.proteins += 1;
        self.counts.alone += u64::from(voters.is_empty());
        let voted: f64 = voters.iter().map(|voter| voter.share).sum();
        let p = scores.p_tf.map(|p| (p as f32).to_string());
        write(
            &mut self.proteins,
            &format!(
                "{id}\t{}\t{}\t{}\t{:.4}\n",
                protein.sequence.len(),
                p.unwrap_or_default(),
                voters.len(),
                1.0 - voted
            ),
        )?;
        for (rank, voter) in (1..).zip(voters) {
            let hit = &voter.hit;
            // Residues are counted from 1, both ends included, as in tables of domains.
            write(
                &mut self.voters,
                &format!(
                    "{id}\t{rank}\t{}\t{}\t{:.4}\t{:.1}\t{:.1e}\t{:.3}\t{}\t{}\t{}\t{}\n",
                    voter.id,
                    voter.label.name(),
                    voter.share,
                    hit.bits,
                    hit.e_value,
                    hit.identity,
                    hit.query_range.start + 1,
                    hit.query_range.end,
                    hit.target_range.start + 1,
                    hit.target_range.end,
                ),
            )?;
        }
        Ok(())
    }
}
