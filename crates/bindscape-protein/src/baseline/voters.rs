//! Which labelled proteins speak for what a [`HomologyModel`](super::HomologyModel) says.

use std::collections::HashMap;

use crate::{ClusterOptions, Hit, Label, Protein};
use bindscape_base::Result;
use bindscape_base::progress::{Progress, Unshown};

use super::homology::HomologyPredictor;
use super::nearest::VOTERS;
use super::neighbours::KEPT;
use crate::scores::ProteinScores;

/// A labelled protein whose similarity counts as evidence about another one.
#[derive(Debug, Clone, PartialEq)]
pub struct Voter<'a> {
    /// Its id,
    pub id: &'a str,
    /// and what is known of it.
    pub label: Label,
    /// The alignment; `target` is the place among the labelled proteins.
    pub hit: Hit,
    /// Its part in the question whether the protein is a transcription factor: its bits, over those
    /// of all voters and the weight of the composition.
    pub share: f64,
}

impl Voter<'_> {
    /// Whether the two proteins are alike: chance makes fewer than a thousandth of such an
    /// alignment expected, as for [clusters](ClusterOptions). Weaker ones vote, with few bits.
    #[must_use]
    pub fn is_similar(&self) -> bool {
        self.hit.e_value <= ClusterOptions::default().max_e_value
    }
}

/// What is said of a protein, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Voting<'a> {
    /// The scores by these voters and the composition.
    pub scores: ProteinScores,
    /// Labelled proteins that vote, best first.
    pub voters: Vec<Voter<'a>>,
    /// Ids and labels of the labelled proteins with the very sequence, which have no vote: what is
    /// known of a protein is no reason for itself.
    pub left_out: Vec<(&'a str, Label)>,
}

impl<'a> HomologyPredictor<'a> {
    /// As [`HomologyPredictor::scores`], with the labelled proteins that vote on each; those of the
    /// same sequence do not.
    ///
    /// # Errors
    /// If the user asked to stop.
    pub fn explain(
        &self,
        proteins: &[Protein],
        progress: &dyn Progress,
    ) -> Result<Vec<Voting<'a>>> {
        let known = &self.model.proteins;
        let mut hits = self.index.search_all(proteins, KEPT, &Unshown(progress))?;
        for (protein, hits) in proteins.iter().zip(&mut hits) {
            hits.retain(|hit| known[hit.target].sequence != protein.sequence);
        }
        let mut same: HashMap<&[u8], Vec<(&'a str, Label)>> = HashMap::new();
        for (protein, &label) in known.iter().zip(&self.model.labels) {
            let of_sequence = same.entry(&protein.sequence).or_default();
            of_sequence.push((&protein.id, label));
        }
        let scores = self.scores_of(proteins, &hits, None);
        let votings = proteins.iter().zip(scores).zip(hits);
        Ok(votings
            .map(|((protein, scores), hits)| Voting {
                scores,
                voters: self.voters(hits),
                left_out: same.get(&protein.sequence[..]).cloned().unwrap_or_default(),
            })
            .collect())
    }

    /// The first of `hits`.
    fn voters(&self, mut hits: Vec<Hit>) -> Vec<Voter<'a>> {
        let model = self.model;
        hits.truncate(VOTERS);
        let sum = self.composition_bits() + hits.iter().map(|hit| hit.bits).sum::<f64>();
        let voter = |hit: Hit| Voter {
            id: &model.proteins[hit.target].id,
            label: model.labels[hit.target],
            share: hit.bits / sum,
            hit,
        };
        hits.into_iter().map(voter).collect()
    }
}
