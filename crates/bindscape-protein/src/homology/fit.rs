//! Fitting a [`HomologyModel`].

use bindscape_base::digest::sha256_hex;
use bindscape_base::progress::{Progress, check};
use bindscape_base::{Error, Result};
use rustc_hash::{FxHashMap, FxHashSet};

use super::evidence::{
    CLASS_COLUMNS, Evidence, FACTOR_COLUMNS, FACTORS, Known, UNKNOWN_COLUMNS, regions, unknown_row,
};
use super::{
    CLASS_ANSWERS, ClassQuestion, Classes, FACTOR_ANSWERS, FactorQuestion, HomologyModel,
    HomologyTraining,
};
use crate::baseline::composition::{MeanFeatures, Standard};
use crate::baseline::logistic::{Fitted, Weights};
use crate::baseline::{logarithm, loss};
use crate::profile::{DomainFamilies, DomainHit, FamilyOptions};
use crate::{Domain, Folds, Label, Protein, SimilarityIndex};

/// Folds in which a protein's evidence comes from the proteins of the other ones.
const FOLDS: u32 = 5;
/// Penalties that are tried for compositions, strongest first.
const PENALTIES: [f64; 4] = [0.3, 0.1, 0.03, 0.01];
/// Share of the transcription factors of a new genome that are taken to be of families that
/// nothing is known of, at least. Labelled proteins are of known families, so that it is measured
/// too small.
const UNKNOWN_FAMILIES: f64 = 0.03;

/// Labelled proteins are near to each other: of few kinds of organisms, and families of many
/// members. So each is taken several times, with shares of the bits that homology gives it as if
/// what is labelled were further away, as it is from a new genome.
const DISTANCES: [f64; 3] = [1.0, 0.6, 0.3];

/// Labelled proteins to make a model of.
#[derive(Debug, Clone, Copy)]
pub struct LabelledProteins<'a> {
    /// The proteins,
    pub proteins: &'a [Protein],
    /// their labels,
    pub labels: &'a [Label],
    /// the groups that they belong to, where some are similar; those of a group are no evidence for
    /// each other while the evidence is weighed,
    pub groups: Option<&'a [u32]>,
    /// and the DNA-binding domains of each, where they are known.
    pub domains: &'a [&'a [Domain]],
    /// Seed of the folds.
    pub seed: u64,
}

impl HomologyModel {
    /// Makes a model of labelled proteins.
    ///
    /// # Errors
    /// If the labels do not differ, or the user asked to stop.
    pub fn fit(
        data: LabelledProteins<'_>,
        training: HomologyTraining,
        progress: &dyn Progress,
    ) -> Result<Self> {
        let LabelledProteins {
            proteins, labels, ..
        } = data;
        let factors = labels.iter().filter(|label| label.tf).count();
        let classes: Vec<usize> = (0..labels.len())
            .filter(|&row| labels[row].tf && labels[row].class.is_some())
            .collect();
        let one_class = classes
            .iter()
            .all(|&row| labels[row].class == labels[classes[0]].class);
        let all_alike = factors == 0 || factors == labels.len();
        if all_alike && one_class {
            return Err(Error::argument(
                "labels",
                "proteins with two different labels at least",
                "one label",
            ));
        }
        progress.begin("profiles of domains", None);
        let families = DomainFamilies::build(
            proteins,
            labels,
            data.domains,
            FamilyOptions::default(),
            progress,
        )?;
        let search = families.search("profiles".as_ref())?;
        let found = search.search(proteins, progress)?;
        progress.finish();
        let evidence = data.evidence(progress)?;
        progress.begin("regression on the composition", None);
        let composition = MeanFeatures::composition(proteins);
        let everything: Vec<usize> = (0..proteins.len()).collect();
        let tf = (!all_alike)
            .then(|| {
                let composition = Composition {
                    features: &composition,
                    fold: data.family_folds(&found),
                };
                data.factor_question(&everything, &evidence, &composition, progress)
            })
            .transpose()?;
        let classes = match classes.first() {
            Some(&first) if one_class => {
                let class = labels[first].class.filter(|_| classes.len() == factors);
                class.map(Classes::One)
            }
            None => None,
            Some(_) => {
                let composition = Composition {
                    features: &composition,
                    fold: data.folds().fold,
                };
                let question = data.class_question(&classes, &evidence, &composition, progress)?;
                Some(Classes::Several(question))
            }
        };
        progress.finish();
        let mut model = Self {
            training,
            proteins: proteins
                .iter()
                .map(|protein| Protein {
                    description: protein.description.clone(),
                    ..Protein::new(&*protein.id, &*protein.sequence)
                })
                .collect(),
            labels: labels.to_vec(),
            regions: regions(data.domains, &found),
            families,
            tf,
            classes,
            sha256: String::new(),
        };
        for (label, regions) in model.labels.iter().zip(&mut model.regions) {
            if !label.tf {
                regions.clear();
            }
        }
        model.sha256 = sha256_hex(&model.to_bytes());
        Ok(model)
    }
}

impl LabelledProteins<'_> {
    /// Folds that part no group.
    fn folds(&self) -> Folds {
        let own: Vec<u32>;
        let groups = match self.groups {
            Some(groups) => groups,
            None => {
                own = (0..self.labels.len() as u32).collect();
                &own
            }
        };
        Folds::dealt(self.labels, groups, FOLDS, self.seed)
    }

    /// What each protein gets from those of the other folds.
    fn evidence(&self, progress: &dyn Progress) -> Result<Vec<Evidence>> {
        let folds = self.folds();
        let mut evidence = vec![Evidence::default(); self.proteins.len()];
        progress.begin("evidence from other folds", Some(FOLDS.into()));
        for fold in 0..FOLDS {
            check(progress)?;
            let (known, held_out) = (folds.train(fold), folds.test(fold));
            for (row, of) in held_out
                .iter()
                .zip(self.of_fold(&known, &held_out, progress)?)
            {
                evidence[*row] = of;
            }
            progress.advance(1);
        }
        progress.finish();
        Ok(evidence)
    }

    /// What proteins get from the `known` ones.
    fn of_fold(
        &self,
        known: &[usize],
        held_out: &[usize],
        progress: &dyn Progress,
    ) -> Result<Vec<Evidence>> {
        let proteins = |rows: &[usize]| -> Vec<Protein> {
            rows.iter().map(|&row| self.proteins[row].clone()).collect()
        };
        let quiet = &bindscape_base::progress::Unshown(progress);
        let queries = proteins(held_out);
        let targets = proteins(known);
        let labels: Vec<Label> = known.iter().map(|&row| self.labels[row]).collect();
        let domains: Vec<&[Domain]> = known.iter().map(|&row| self.domains[row]).collect();
        let families =
            DomainFamilies::build(&targets, &labels, &domains, FamilyOptions::default(), quiet)?;
        let search = families.search("profiles".as_ref())?;
        let regions = regions(&domains, &search.search(&targets, quiet)?);
        let known = Known {
            labels: &labels,
            regions: &regions,
            index: &SimilarityIndex::corrected(&targets),
            families: &families.families,
            search: &search,
        };
        let found = known.find(&queries, quiet)?;
        Ok(found.iter().map(|found| known.weigh(found)).collect())
    }

    /// Folds that part neither a group nor the transcription factors of one family, so that what
    /// is learnt of compositions holds for families that are new; or no group alone, where there
    /// are fewer families than folds.
    fn family_folds(&self, found: &[Vec<DomainHit>]) -> Vec<u32> {
        let mut numbers: FxHashMap<(bool, u32), u32> = FxHashMap::default();
        let mut families = FxHashSet::default();
        let mut groups = Vec::with_capacity(found.len());
        for (row, (hits, label)) in found.iter().zip(self.labels).enumerate() {
            let best = hits
                .iter()
                .max_by(|a, b| a.protein_bits.total_cmp(&b.protein_bits));
            let key = match best.filter(|_| label.tf) {
                Some(hit) => (true, hit.profile as u32),
                None => (false, self.groups.map_or(row as u32, |groups| groups[row])),
            };
            if label.tf {
                families.insert(key);
            }
            let next = numbers.len() as u32;
            groups.push(*numbers.entry(key).or_insert(next));
        }
        if families.len() < FOLDS as usize {
            return self.folds().fold;
        }
        Folds::dealt(self.labels, &groups, FOLDS, self.seed).fold
    }

    fn factor_question(
        &self,
        rows: &[usize],
        evidence: &[Evidence],
        composition: &Composition<'_>,
        progress: &dyn Progress,
    ) -> Result<FactorQuestion> {
        let answers: Vec<usize> = rows.iter().map(|&row| self.labels[row].tf.into()).collect();
        let (logs, composition) = composition.fit(rows, &answers, FACTOR_ANSWERS, progress)?;
        let logits: Vec<f64> = logs
            .as_chunks::<2>()
            .0
            .iter()
            .map(|[no, yes]| yes - no)
            .collect();
        let length = |row: usize| self.proteins[row].sequence.len();
        let numbers: Vec<f32> = DISTANCES
            .iter()
            .flat_map(|&share| rows.iter().zip(&logits).map(move |pair| (share, pair)))
            .flat_map(|(share, (&row, &logit))| {
                let evidence = evidence[row].further_away(self.labels[row].tf, share);
                evidence.factor_row(logit, length(row))
            })
            .collect();
        let of_unknown: Vec<f32> = rows
            .iter()
            .zip(&logits)
            .flat_map(|(&row, &logit)| unknown_row(logit, length(row)))
            .collect();
        // Shares of proteins of which nothing is found, as if there were one more that has it.
        let alone = |tf: bool| {
            let of = rows.iter().filter(|&&row| self.labels[row].tf == tf);
            let alone = of.clone().filter(|&&row| evidence[row].is_none()).count();
            (alone + 1) as f64 / (of.count() + 1) as f64
        };
        let factors = answers.iter().filter(|&&answer| answer == 1).count();
        Ok(FactorQuestion {
            composition,
            weights: regression(
                &numbers,
                FACTOR_COLUMNS,
                &answers.repeat(DISTANCES.len()),
                FACTOR_ANSWERS,
                progress,
            )?,
            unknown: regression(
                &of_unknown,
                UNKNOWN_COLUMNS,
                &answers,
                FACTOR_ANSWERS,
                progress,
            )?,
            unknown_shift: (alone(true).max(UNKNOWN_FAMILIES) / alone(false)).ln(),
            share: factors as f64 / answers.len() as f64,
        })
    }

    fn class_question(
        &self,
        rows: &[usize],
        evidence: &[Evidence],
        composition: &Composition<'_>,
        progress: &dyn Progress,
    ) -> Result<ClassQuestion> {
        let class = |row: usize| self.labels[row].class.expect("rows of known class");
        let answers: Vec<usize> = rows.iter().map(|&row| class(row).index()).collect();
        let (logs, composition) = composition.fit(rows, &answers, CLASS_ANSWERS, progress)?;
        let numbers: Vec<f32> = rows
            .iter()
            .zip(logs.as_chunks::<FACTORS>().0)
            .flat_map(|(&row, logs)| evidence[row].class_row(logs))
            .collect();
        Ok(ClassQuestion {
            composition,
            weights: regression(&numbers, CLASS_COLUMNS, &answers, CLASS_ANSWERS, progress)?,
        })
    }
}

/// A regression on a few numbers, hardly penalised: as if there were one more protein.
fn regression(
    numbers: &[f32],
    columns: usize,
    answers: &[usize],
    classes: usize,
    progress: &dyn Progress,
) -> Result<Weights> {
    let mut weights = Weights::zero(classes, columns);
    let penalty = 1.0 / answers.len() as f64;
    weights.fit(numbers, answers, penalty, progress)?;
    Ok(weights)
}

/// Compositions of all proteins, and folds of these.
struct Composition<'a> {
    features: &'a MeanFeatures,
    fold: Vec<u32>,
}

impl Composition<'_> {
    /// Fits a regression of `answers` on the compositions of `rows`. Gives, too, the logarithms of
    /// the probabilities of each of them by a regression on the other folds, rows x classes.
    fn fit(
        &self,
        rows: &[usize],
        answers: &[usize],
        classes: usize,
        progress: &dyn Progress,
    ) -> Result<(Vec<f64>, Fitted)> {
        let mut shares = vec![0.0; classes];
        for &answer in answers {
            shares[answer] += 1.0 / answers.len() as f64;
        }
        let mut held_out = vec![shares.repeat(rows.len()); PENALTIES.len()];
        for fold in 0..FOLDS {
            let (test, train): (Vec<usize>, Vec<usize>) =
                (0..rows.len()).partition(|&place| self.fold[rows[place]] == fold);
            if test.is_empty() || train.is_empty() {
                continue;
            }
            let at = |places: &[usize]| -> Vec<usize> { places.iter().map(|&p| rows[p]).collect() };
            let standard = self.features.standard(&at(&train));
            let x = standard.apply(self.features, &at(&train));
            let x_test = standard.apply(self.features, &at(&test));
            let answers: Vec<usize> = train.iter().map(|&place| answers[place]).collect();
            if answers.iter().all(|&answer| answer == answers[0]) {
                // Of one kind nothing is learnt: compositions say nothing.
                for held_out in &mut held_out {
                    for &place in &test {
                        held_out[place * classes..][..classes].copy_from_slice(&shares);
                    }
                }
                continue;
            }
            let mut weights = Weights::zero(classes, self.features.columns());
            for (held_out, penalty) in held_out.iter_mut().zip(PENALTIES) {
                weights.fit(&x, &answers, penalty, progress)?;
                let p = weights.probabilities(&x_test);
                for (&place, p) in test.iter().zip(p.chunks_exact(classes)) {
                    held_out[place * classes..][..classes].copy_from_slice(p);
                }
            }
        }
        let losses: Vec<f64> = held_out.iter().map(|p| loss(p, answers, classes)).collect();
        let best = (0..losses.len()).min_by(|&a, &b| losses[a].total_cmp(&losses[b]));
        let best = best.expect("some penalties");
        let standard: Standard = self.features.standard(rows);
        let x = standard.apply(self.features, rows);
        let mut weights = Weights::zero(classes, self.features.columns());
        for penalty in &PENALTIES[..=best] {
            weights.fit(&x, answers, *penalty, progress)?;
        }
        // As a file keeps them.
        weights.round();
        let logs = held_out[best].iter().map(|&p| logarithm(p)).collect();
        Ok((logs, Fitted { standard, weights }))
    }
}
