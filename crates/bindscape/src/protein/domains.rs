//! Labelled domains of the proteins of a job.

use std::path::{Path, PathBuf};

use bindscape_base::progress::Progress;
use bindscape_base::{Error, Place, Result};
use bindscape_protein::profile::SHORTEST_DOMAIN;
use bindscape_protein::{Domain, Domains, Protein};

use crate::data::{counted, thousands};

/// A table of domains, if one is given.
#[derive(Debug)]
pub struct DomainTable(Option<(Domains, PathBuf)>);

impl DomainTable {
    /// Reads the table at `path`.
    ///
    /// # Errors
    /// As [`Domains::read`], or if a name has a blank.
    pub fn read(path: Option<&Path>) -> Result<Self> {
        let Some(path) = path else {
            return Ok(Self(None));
        };
        let domains = Domains::read(path)?;
        domains.check_names()?;
        Ok(Self(Some((domains, path.to_path_buf()))))
    }

    /// As [`DomainTable::find`], and tells how many are in the table.
    ///
    /// # Errors
    /// If a domain ends behind its protein, or none of the proteins is in the table.
    pub fn of<'a>(
        &'a self,
        proteins: &[Protein],
        progress: &dyn Progress,
    ) -> Result<Vec<&'a [Domain]>> {
        let Some((_, path)) = &self.0 else {
            progress.note(
                "no table of domains (⟦domains⟧): there are no profiles, and distant relatives of \
                 known families are missed",
            );
            return Ok(vec![&[]; proteins.len()]);
        };
        let all = self.find(proteins)?;
        let with = all.iter().filter(|domains| !domains.is_empty()).count();
        if with == 0 {
            return Err(Error::input(
                path,
                Place::File,
                "domains of some of the proteins",
                "none of their ids",
            )
            .hint("the column `accession` holds ids as the FASTA file and the labels have them"));
        }
        progress.note(&format!(
            "domains in the table: of {} of the {}",
            thousands(with as u64),
            counted(proteins.len() as u64, "protein")
        ));
        let short: Vec<(&Protein, &Domain)> = (proteins.iter().zip(&all))
            .flat_map(|(protein, domains)| domains.iter().map(move |domain| (protein, domain)))
            .filter(|(_, domain)| domain.end - domain.start < SHORTEST_DOMAIN)
            .collect();
        if let Some((protein, domain)) = short.first() {
            progress.note(&format!(
                "warning: {} of fewer than {SHORTEST_DOMAIN} residues in {} are part of no profile, the \
                 first {} of {}",
                counted(short.len() as u64, "domain"),
                path.display(),
                domain.name,
                protein.id
            ));
        }
        Ok(all)
    }

    /// The domains of each of `proteins`; none for those that are not in the table.
    ///
    /// # Errors
    /// If a domain ends behind its protein.
    pub fn find<'a>(&'a self, proteins: &[Protein]) -> Result<Vec<&'a [Domain]>> {
        let of = |protein: &Protein| -> Result<&'a [Domain]> {
            let Some((table, _)) = &self.0 else {
                return Ok(&[]);
            };
            let domains = table.get(&protein.id, protein.sequence.len())?;
            Ok(domains.unwrap_or_default())
        };
        proteins.iter().map(of).collect()
    }
}
