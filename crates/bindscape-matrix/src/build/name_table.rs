//! What the names `EXPERIMENT.TF.CELL` of one file stand for, and `TF:CELL,CELL`, as ReMap's
//! non-redundant peaks have them.
//!
//! A file has tens of millions of names and some thousand different ones, and
//! looking them up is most of the work on it. The experiment does not matter;
//! what follows it lies inside the table's entries, not behind a pointer.

use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use rustc_hash::FxHashMap;

use super::pairs::Named;
use bindscape_base::input::TO_UTF8;
use bindscape_genome::bed::{Malformed, find, quoted};

/// Bytes of a key that are left for the name; the last one is its length.
const SHORT: usize = 31;

/// A name of at most [`SHORT`] bytes, padded, with its length.
type ShortName = [u64; 4];

/// Names as they are learnt.
#[derive(Default)]
pub(super) struct NameTable {
    short: FxHashMap<ShortName, Named>,
    long: FxHashMap<Box<[u8]>, Named>,
    /// Whole names of peaks that several experiments found.
    joint: FxHashMap<Box<[u8]>, Named>,
}

impl NameTable {
    /// What a name stands for, if its TF and cell were met before.
    #[inline]
    pub(super) fn get(&self, name: &[u8]) -> Option<&Named> {
        if !self.joint.is_empty()
            && let Some(named) = self.joint.get(name)
        {
            return Some(named);
        }
        let experiment = find(name, b'.')?;
        let pair = &name[experiment + 1..];
        match short(pair) {
            Some(key) => self.short.get(&key),
            None => self.long.get(pair),
        }
    }

    fn insert(&mut self, pair: &[u8], named: Named) {
        match short(pair) {
            Some(key) => self.short.insert(key, named),
            None => self.long.insert(pair.into(), named),
        };
    }
}

#[inline]
fn short(pair: &[u8]) -> Option<ShortName> {
    let length = u8::try_from(pair.len()).ok()?;
    let mut bytes = [0; SHORT + 1];
    bytes[..SHORT].get_mut(..pair.len())?.copy_from_slice(pair);
    bytes[SHORT] = length;
    let mut key = [0; 4];
    for (word, bytes) in key.iter_mut().zip(bytes.chunks_exact(8)) {
        *word = u64::from_le_bytes(bytes.try_into().expect("chunks of 8 bytes"));
    }
    Some(key)
}

/// What the names of a TF and a cell stand for.
type Resolve<'a> = dyn Fn(&str, &str) -> Named + Sync + 'a;

/// Whether a name is that of a cell with accessible regions.
type IsCell<'a> = dyn Fn(&str) -> bool + Sync + 'a;

/// The names of one file and what they stand for, shared by the threads that read it.
pub(super) struct Names<'a> {
    resolve: Box<Resolve<'a>>,
    is_cell: Box<IsCell<'a>>,
    known: RwLock<NameTable>,
}

impl<'a> Names<'a> {
    /// Names whose TF and cell stand for what `resolve` says; `is_cell` tells which names are
    /// those of cells with accessible regions.
    pub(super) fn new(
        resolve: impl Fn(&str, &str) -> Named + Sync + 'a,
        is_cell: impl Fn(&str) -> bool + Sync + 'a,
    ) -> Self {
        Self {
            resolve: Box::new(resolve),
            is_cell: Box::new(is_cell),
            known: RwLock::default(),
        }
    }

    pub(super) fn read(&self) -> RwLockReadGuard<'_, NameTable> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Learns a name. The caller must not hold a guard of [`Names::read`].
    pub(super) fn learn(&self, name: &[u8]) -> Result<Named, Box<Malformed>> {
        // Bytes of another encoding would make one name of several.
        let text = std::str::from_utf8(name).map_err(|_| {
            Malformed::new("a name in UTF-8 in column 4", quoted(name)).hint(TO_UTF8)
        })?;
        let known = || self.known.write().unwrap_or_else(PoisonError::into_inner);
        if let Some((tf, cells)) = split_joint_name(text) {
            let cells: Vec<Named> = cells.map(|cell| (self.resolve)(tf, cell)).collect();
            let named = match <[Named; 1]>::try_from(cells) {
                Ok([named]) => named,
                Err(several) => Named::Several(several.into()),
            };
            known().joint.insert(name.into(), named.clone());
            return Ok(named);
        }
        let Some((tf, cell)) = split_remap_name(text, &self.is_cell) else {
            return Err(Malformed::new(
                "a name EXPERIMENT.TF.CELL, or TF:CELL,CELL, in column 4",
                quoted(name),
            )
            .hint("if the whole file is of one TF and cell, state them in a sample sheet"));
        };
        let named = (self.resolve)(tf, cell);
        let experiment = find(name, b'.').map_or(0, |end| end + 1);
        known().insert(&name[experiment..], named.clone());
        Ok(named)
    }
}

/// TF and cell of a name `EXPERIMENT.TF.CELL` of ReMap. Both may hold dots: the TF ends at the
/// first dot behind which the name of a cell stands, as `is_cell` knows them, and at the first of
/// all where none does.
fn split_remap_name<'n>(name: &'n str, is_cell: &IsCell<'_>) -> Option<(&'n str, &'n str)> {
    let (experiment, pair) = name.split_once('.')?;
    let splits = || {
        pair.match_indices('.')
            .map(|(at, _)| (&pair[..at], &pair[at + 1..]))
            .filter(|(tf, cell)| !tf.is_empty() && !cell.is_empty())
    };
    let first = splits().next()?;
    let split = splits().find(|(_, cell)| is_cell(cell)).unwrap_or(first);
    (!experiment.is_empty()).then_some(split)
}

/// TF and cells of a name `TF:CELL,CELL` of ReMap's non-redundant peaks.
fn split_joint_name(name: &str) -> Option<(&str, impl Iterator<Item = &str>)> {
    let (tf, cells) = name.split_once(':')?;
    // With two dots before the colon, an experiment and a TF are.
    let tf_alone = tf.matches('.').count() < 2 && !tf.is_empty();
    let cells = || {
        cells
            .split(',')
            .map(str::trim)
            .filter(|cell| !cell.is_empty())
    };
    (tf_alone && cells().next().is_some()).then(|| (tf, cells()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_may_be_in_tfs_and_in_cells() {
        let cells = ["K562", "HL-60.day.2", "day.2"];
        let is_cell = |cell: &str| cells.contains(&cell);
        for (name, expected) in [
            ("GSE1.SPI1.K562", Some(("SPI1", "K562"))),
            ("GSE1.NKX2.5.K562", Some(("NKX2.5", "K562"))),
            ("GSE1.SPI1.HL-60.day.2", Some(("SPI1", "HL-60.day.2"))),
            ("GSE1.NKX2.5.HL-60.day.2", Some(("NKX2.5", "HL-60.day.2"))),
            // A cell that is not known may hold dots, too.
            ("GSE1.SPI1.HL-60.day.3", Some(("SPI1", "HL-60.day.3"))),
            ("GSE1.SPI1", None),
            ("GSE1..K562", None),
            (".SPI1.K562", None),
            ("GSE1.SPI1.", None),
        ] {
            assert_eq!(split_remap_name(name, &is_cell), expected, "{name}");
        }
    }

    #[test]
    fn joint_names_are_of_several_cells() {
        let split = |name| {
            let (tf, cells) = split_joint_name(name)?;
            Some((tf, cells.collect::<Vec<_>>()))
        };
        assert_eq!(
            split("JUND:K562,HepG2"),
            Some(("JUND", vec!["K562", "HepG2"]))
        );
        assert_eq!(
            split("JUND: K562, HepG2"),
            Some(("JUND", vec!["K562", "HepG2"]))
        );
        assert_eq!(
            split("NKX2.5:HL-60.day.2,"),
            Some(("NKX2.5", vec!["HL-60.day.2"]))
        );
        for other in ["GSE1.SPI1.K562", "GSE1.SPI1.a:b", ":K562", "JUND:", "JUND"] {
            assert_eq!(split(other), None, "{other}");
        }
    }

    #[test]
    fn short_and_long_names_are_distinguished() {
        let mut table = NameTable::default();
        let long = "TF.".to_owned() + &"c".repeat(40);
        table.insert(b"MAX.K562", Named::NotProfiled);
        table.insert(long.as_bytes(), Named::TfNotAskedFor);
        assert!(matches!(
            table.get(b"E1.MAX.K562"),
            Some(Named::NotProfiled)
        ));
        assert!(matches!(
            table.get(b"E2.MAX.K562"),
            Some(Named::NotProfiled)
        ));
        assert!(matches!(
            table.get(format!("E.{long}").as_bytes()),
            Some(Named::TfNotAskedFor)
        ));
        for absent in ["E1.MAX.K56", "E1.MAX.K562\0", "MAX.K562", "MAX", ""] {
            assert!(table.get(absent.as_bytes()).is_none(), "{absent}");
        }
        // The longest name that is stored in place, and one more.
        assert!(short(&[b'x'; SHORT]).is_some());
        assert!(short(&[b'x'; SHORT + 1]).is_none());
    }
}
