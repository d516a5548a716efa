//! Labelled domains of the proteins of a job.

use std::path::Path;

use bindscape_base::Result;
use bindscape_base::progress::Progress;
use bindscape_protein::{Domain, Domains, Protein};

use crate::data::thousands;

/// A table of domains, if one is given.
#[derive(Debug)]
pub struct DomainTable(Option<Domains>);

impl DomainTable {
    /// Reads the table at `path`.
    ///
    /// # Errors
    /// As [`Domains::read`].
    pub fn read(path: Option<&Path>) -> Result<Self> {
        Ok(Self(path.map(Domains::read).transpose()?))
    }

    /// The domains of each of `proteins`; none for those that are not in the table. Tells how many
    /// are.
    ///
    /// # Errors
    /// If a domain ends behind its protein.
    pub fn of<'a>(
        &'a self,
        proteins: &[Protein],
        progress: &dyn Progress,
    ) -> Result<Vec<&'a [Domain]>> {
        let Some(table) = &self.0 else {
            progress.note(
                "no table of domains (⟦domains⟧): there are no profiles, and distant relatives of \
                 known families are missed",
            );
            return Ok(vec![&[]; proteins.len()]);
        };
        let of = |protein: &Protein| {
            let domains = table.get(&protein.id, protein.sequence.len())?;
            Ok(domains.unwrap_or_default())
        };
        let all: Vec<&[Domain]> = proteins.iter().map(of).collect::<Result<_>>()?;
        let with = all.iter().filter(|domains| !domains.is_empty()).count();
        progress.note(&format!(
            "{} of {} proteins have domains in the table",
            thousands(with as u64),
            thousands(proteins.len() as u64)
        ));
        Ok(all)
    }
}
