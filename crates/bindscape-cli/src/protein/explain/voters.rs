//! `protein explain` of a model that compares with labelled proteins: those that vote.

use std::fs;

use bindscape_base::atomic::AtomicFile;
use bindscape_base::progress::{Progress, check};
use bindscape_base::{Error, Result};
use bindscape_nn::protein::ProteinScores;
use bindscape_nn::protein::baseline::{HomologyModel, HomologyPredictor, Voter};
use bindscape_protein::Protein;

use super::output::write;
use super::{Arguments, Proteins};
use crate::terminal::Terminal;
use bindscape::data::thousands;

/// Proteins that are compared at a time.
const PROTEINS: usize = 512;

pub(super) fn run(arguments: &Arguments, model: &HomologyModel, terminal: &Terminal) -> Result<()> {
    refuse(arguments)?;
    let mut proteins = Proteins::open(arguments)?;
    let predictor = HomologyPredictor::new(model);
    let mut output = Output::create(arguments)?;
    terminal.begin("comparing proteins", proteins.known().map(|n| n as u64));
    let mut done = 0;
    loop {
        check(terminal)?;
        let chunk: Vec<Protein> = proteins.by_ref().take(PROTEINS).collect::<Result<_>>()?;
        if chunk.is_empty() {
            break;
        }
        let explained = predictor.explain(&chunk, terminal)?;
        for (protein, (scores, voters)) in chunk.iter().zip(explained) {
            output.write(protein, scores, &voters)?;
        }
        terminal.advance(chunk.len() as u64);
        done += chunk.len() as u64;
    }
    terminal.finish();
    output.proteins.commit()?;
    output.voters.commit()?;
    terminal.note(&format!(
        "{:>12}  proteins, {} of them like none that is labelled",
        thousands(done),
        thousands(output.alone)
    ));
    terminal.note(&format!("wrote {}", arguments.out.display()));
    Ok(())
}

/// Refuses what is said of gradients.
fn refuse(arguments: &Arguments) -> Result<()> {
    let why = "since the model compares with labelled proteins, and shows those";
    arguments.embeddings.options().refuse(why)?;
    let given = [
        ("target", arguments.target != "tf"),
        ("steps", arguments.steps.is_some()),
        ("baseline", arguments.baseline.is_some()),
        ("domains", arguments.domains.is_some()),
    ];
    bindscape::protein::refuse(given, &format!("none, {why}"))
}

/// The tables under way.
struct Output {
    proteins: AtomicFile,
    voters: AtomicFile,
    /// Proteins without voters.
    alone: u64,
}

impl Output {
    fn create(arguments: &Arguments) -> Result<Self> {
        let directory = &arguments.out;
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
            alone: 0,
        })
    }

    fn write(
        &mut self,
        protein: &Protein,
        scores: ProteinScores,
        voters: &[Voter<'_>],
    ) -> Result<()> {
        let id = &protein.id;
        self.alone += u64::from(voters.is_empty());
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
