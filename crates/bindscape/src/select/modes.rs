//! Binding modes of TFs: which of them have motifs of one cluster.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use bindscape_base::digest::InputFile;
use bindscape_base::input::Lines;
use bindscape_base::progress::Progress;
use bindscape_base::{Error, Place, Result, table};
use bindscape_motif::cluster::{Thresholds, cluster};

use crate::motif::{factors, motif_file, motifs_from};
use crate::session::Session;

/// The binding modes of TFs. Names are compared without case: JASPAR has mouse symbols (`Rxra`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Modes {
    /// Modes by the name of the TF in upper case.
    of: BTreeMap<String, BTreeSet<String>>,
    /// The table, or motif file, if it is a file.
    input: Option<InputFile>,
}

/// A name without case.
pub(super) fn fold(name: &str) -> String {
    name.to_uppercase()
}

impl Modes {
    /// Reads them from `source`: a table with a header and the columns `tf` and `modes` (or
    /// `clusters`, as in `modes.tsv` of `motif cluster`, where `modes` is their number), or motifs,
    /// which are clustered ([`Modes::of_motifs`]).
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn read(source: &str, session: &Session<'_>) -> Result<Self> {
        let path = Path::new(source);
        if path.is_file() && is_table(path)? {
            return Ok(Self {
                input: motif_file("modes", source)?,
                ..Self::of_table(path)?
            });
        }
        Ok(Self {
            input: motif_file("motifs", source)?,
            ..Self::of_motifs(source, session)?
        })
    }

    /// The clusters of motifs, with the thresholds of `motif cluster`. A TF has the clusters of all
    /// its motifs, variants and heterodimers among them; each subunit of a dimer has the dimer's.
    ///
    /// # Errors
    /// If the motifs cannot be read.
    pub fn of_motifs(source: &str, session: &Session<'_>) -> Result<Self> {
        let motifs = motifs_from(source, session)?.motifs;
        session.begin("finding binding modes", Some(motifs.len() as u64));
        let clustering = cluster(&motifs, Thresholds::default(), session)?;
        session.finish();
        let mut modes = Self::default();
        for (number, members) in (1..).zip(&clustering.clusters) {
            for member in members {
                for factor in factors(&motifs[member.motif]) {
                    modes.add(factor, number.to_string());
                }
            }
        }
        Ok(modes)
    }

    /// Reads a table of TFs and their modes.
    fn of_table(path: &Path) -> Result<Self> {
        let mut modes = Self::default();
        let mut columns = None;
        table::each_row(path, |line, fields| {
            let Some((tf, list)) = columns else {
                columns = columns_of(fields);
                return match columns {
                    Some(_) => Ok(()),
                    None => Err(Error::input(
                        path,
                        Place::Line(line),
                        "a header with the columns `tf` and `modes`",
                        format!("{:?}", fields.join("\t")),
                    )),
                };
            };
            let (Some(&tf), Some(&list)) = (fields.get(tf), fields.get(list)) else {
                return Err(Error::input(
                    path,
                    Place::Line(line),
                    format!("{} columns", tf.max(list) + 1),
                    fields.len().to_string(),
                ));
            };
            if tf.is_empty() {
                return Err(Error::input(
                    path,
                    Place::Line(line),
                    "the name of a TF",
                    "none",
                ));
            }
            let words = list.split(|c: char| c == ',' || c == ';' || c.is_whitespace());
            for mode in words.filter(|mode| !mode.is_empty()) {
                modes.add(tf, mode.to_owned());
            }
            Ok(())
        })?;
        if modes.of.is_empty() {
            return Err(Error::input(
                path,
                Place::File,
                "TFs with their modes",
                "none",
            ));
        }
        Ok(modes)
    }

    fn add(&mut self, tf: &str, mode: String) {
        self.of.entry(fold(tf)).or_default().insert(mode);
    }

    /// The modes of `tf`; none where they are not known. Numbers are sorted as numbers.
    #[must_use]
    pub fn of(&self, tf: &str) -> Vec<String> {
        let mut modes: Vec<String> = self
            .of
            .get(&fold(tf))
            .into_iter()
            .flatten()
            .cloned()
            .collect();
        modes.sort_by_cached_key(|mode| (mode.parse::<u64>().unwrap_or(u64::MAX), mode.clone()));
        modes
    }

    /// The TFs whose modes are known, in upper case.
    pub fn tfs(&self) -> impl Iterator<Item = &str> {
        self.of.keys().map(String::as_str)
    }

    /// The file they come from, if they come from one.
    #[must_use]
    pub fn input(&self) -> Option<&InputFile> {
        self.input.as_ref()
    }
}

/// The columns of TFs and of their modes.
fn columns_of(header: &[&str]) -> Option<(usize, usize)> {
    let column = |name: &str| {
        header
            .iter()
            .position(|field| field.eq_ignore_ascii_case(name))
    };
    column("tf").zip(column("clusters").or_else(|| column("modes")))
}

/// Whether the first line of a file that is no comment is the header of a table of modes.
fn is_table(path: &Path) -> Result<bool> {
    let mut lines = Lines::open(path)?;
    while let Some((_, line)) = lines.next()? {
        if line.trim_ascii().is_empty() || line.starts_with(b"#") {
            continue;
        }
        let Ok(line) = std::str::from_utf8(line) else {
            return Ok(false);
        };
        let fields: Vec<&str> = table::fields(line).collect();
        return Ok(fields.len() > 1 && fields[0].eq_ignore_ascii_case("tf")
            || columns_of(&fields).is_some());
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn modes_of(name: &str, text: &str) -> Result<Modes> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("a writable folder");
        Modes::read(path.to_str().expect("UTF-8"), &Session::silent())
    }

    #[test]
    fn a_table_of_either_form_is_read_without_case() {
        let text = "# mine\ntf\tmodes\nHnf4a\t4, 2\nRXRA\t4;13 30\nrxra\tx\nMAX\t\n";
        let modes = modes_of("m.tsv", text).expect("modes");
        assert_eq!(modes.of("HNF4A"), ["2", "4"]);
        assert_eq!(modes.of("Rxra"), ["4", "13", "30", "x"]);
        assert!(modes.of("MAX").is_empty());
        assert_eq!(modes.input().expect("a file").name, "m.tsv");
        // As `motif cluster` writes it: the modes stand below `clusters`.
        let modes = modes_of(
            "modes.tsv",
            "tf\tmodes\tclusters\tmotifs\nA\t2\t7,9\tM1,M2\n",
        );
        assert_eq!(modes.expect("modes").of("a"), ["7", "9"]);
    }

    #[test]
    fn faults_of_a_table_are_named() {
        let told = |text| modes_of("m.tsv", text).unwrap_err().to_string();
        let message = told("tf\tmode\nA\t1\n");
        assert!(
            message.contains("line 1: expected a header with the columns `tf` and `modes`"),
            "{message}"
        );
        let message = told("tf\tmodes\nA\n");
        assert!(
            message.contains("line 2: expected 2 columns, found 1"),
            "{message}"
        );
        let message = told("tf\tmodes\n\t3\n");
        assert!(
            message.contains("line 2: expected the name of a TF"),
            "{message}"
        );
        assert!(told("tf\tmodes\n").contains("TFs with their modes"));
    }

    #[test]
    fn subunits_and_variants_have_the_clusters_of_their_motifs() {
        let modes = Modes::of_motifs("jaspar:HNF4A,RXRA,CTCF", &Session::silent()).expect("modes");
        let shared = |a: &str, b: &str| modes.of(a).iter().any(|mode| modes.of(b).contains(mode));
        assert!(shared("HNF4A", "Rxra") && shared("hnf4a", "RXRA"));
        assert!(!shared("HNF4A", "CTCF"));
        assert_eq!(modes.input(), None);
    }

    /// The clusters of JASPAR 2020 by RSAT, which the paper's binding modes are.
    #[test]
    #[ignore = "needs ../shared/data"]
    fn shared_data_modes_are_those_of_the_paper() {
        let modes = crate::select::tests::modes_of_2020();
        let shared = |a: &str, b: &str| {
            let of_b = modes.of(b);
            let shared = modes.of(a).into_iter().filter(|mode| of_b.contains(mode));
            shared.count()
        };
        // The paper's numbers of modes are RSAT's, these are ours; the modes are the same.
        for (target, relatives, number) in [
            // Modes 2 and 4; 1 and 18; 4, 13, 30, 58 and, as `Nr1h3::Rxra`, 54.
            (
                "HNF4A",
                [("TEAD4", 1), ("RXRA", 1), ("HNF4G", 1), ("TCF7L2", 1)],
                2,
            ),
            (
                "JUND",
                [("NFE2L1", 1), ("ATF7", 1), ("FOSL2", 2), ("CREB1", 1)],
                2,
            ),
            (
                "RXRA",
                [("NR2F1", 2), ("RARA", 1), ("VDR", 1), ("HNF4A", 1)],
                5,
            ),
            (
                "SP1",
                [("EGR1", 1), ("KLF9", 1), ("ZNF740", 1), ("MAX", 0)],
                1,
            ),
        ] {
            assert_eq!(modes.of(target).len(), number, "{target}");
            for (relative, common) in relatives {
                assert_eq!(shared(target, relative), common, "{target}, {relative}");
            }
        }
        assert_eq!(shared("TEAD4", "RXRA") + shared("NFE2L1", "ATF7"), 0);
        let fifty = crate::select::tests::FIFTY;
        assert!(fifty.iter().all(|tf| !modes.of(tf).is_empty()));
        let all: BTreeSet<String> = fifty.iter().flat_map(|tf| modes.of(tf)).collect();
        assert_eq!(all.len(), 34);
    }
}
