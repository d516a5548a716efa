//! Explanations of a model that compares with labelled proteins: those that vote.

use std::fs;
use std::path::Path;

use bindscape_base::atomic::AtomicFile;
use bindscape_base::progress::Progress;
use bindscape_base::{Error, Result};
use bindscape_nn::protein::Target;
use bindscape_protein::Protein;
use bindscape_protein::baseline::{HomologyModel, HomologyPredictor, Voting};

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
    /// Proteins that are similar to none that is labelled: none votes that chance makes expected
    /// fewer than a thousandth of once.
    pub alone: u64,
    /// Proteins that are labelled themselves, and were explained by the others.
    pub labelled: u64,
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
        for (protein, voting) in chunk.iter().zip(explained) {
            output.write(protein, &voting)?;
        }
        session.advance(chunk.len() as u64);
    }
    session.finish();
    proteins.tell(session);
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
                "id\tlength\tp_tf\tvoters\tcomposition_share\tsimilar\tleft_out\n",
            )?,
            voters: table(
                "voters.tsv",
                "id\trank\tvoter\tvoter_class\tshare\tbits\te_value\tidentity\tstart\tend\tvoter_start\tvoter_end\tsimilar\n",
            )?,
            counts: VoterCounts::default(),
        })
    }

    fn write(&mut self, protein: &Protein, voting: &Voting<'_>) -> Result<()> {
        let id = &protein.id;
        let voters = &voting.voters;
        let similar = voters.iter().filter(|voter| voter.is_similar()).count();
        self.counts.proteins += 1;
        self.counts.alone += u64::from(similar == 0);
        self.counts.labelled += u64::from(!voting.left_out.is_empty());
        let voted: f64 = voters.iter().map(|voter| voter.share).sum();
        let p_tf = voting.scores.p_tf.filter(|_| !protein.says_nothing());
        let p = p_tf.map(|p| (p as f32).to_string());
        let left_out = voting.left_out.iter();
        let left_out: Vec<String> = left_out
            .map(|(id, label)| format!("{id}:{}", label.name()))
            .collect();
        write(
            &mut self.proteins,
            &format!(
                "{id}\t{}\t{}\t{}\t{:.4}\t{similar}\t{}\n",
                protein.sequence.len(),
                p.unwrap_or_default(),
                voters.len(),
                1.0 - voted,
                left_out.join(";")
            ),
        )?;
        for (rank, voter) in (1..).zip(voters) {
            let hit = &voter.hit;
            // Residues are counted from 1, both ends included, as in tables of domains.
            write(
                &mut self.voters,
                &format!(
                    "{id}\t{rank}\t{}\t{}\t{:.4}\t{:.1}\t{:.1e}\t{:.3}\t{}\t{}\t{}\t{}\t{}\n",
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
                    if voter.is_similar() { "yes" } else { "no" },
                ),
            )?;
        }
        Ok(())
    }
}
