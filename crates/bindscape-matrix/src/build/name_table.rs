//! What the names `EXPERIMENT.TF.CELL` of one file stand for.
//!
//! A file has tens of millions of names and some thousand different ones, and
//! looking them up is most of the work on it. The experiment does not matter;
//! what follows it lies inside the table's entries, not behind a pointer.

use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use rustc_hash::FxHashMap;

use super::pairs::Named;
use bindscape_genome::bed::{Malformed, find, quoted, split_remap_name};

/// Bytes of a key that are left for the name; the last one is its length.
const SHORT: usize = 31;

/// A name of at most [`SHORT`] bytes, padded, with its length.
type ShortName = [u64; 4];

/// Names as they are learnt.
#[derive(Default)]
pub(super) struct NameTable {
    short: FxHashMap<ShortName, Named>,
    long: FxHashMap<Box<[u8]>, Named>,
}

impl NameTable {
    /// What `EXPERIMENT.TF.CELL` stands for, if its TF and cell were met before.
    #[inline]
    pub(super) fn get(&self, name: &[u8]) -> Option<&Named> {
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

/// The names of one file and what they stand for, shared by the threads that read it.
pub(super) struct Names<'a> {
    resolve: Box<Resolve<'a>>,
    known: RwLock<NameTable>,
}

impl<'a> Names<'a> {
    /// Names whose TF and cell stand for what `resolve` says.
    pub(super) fn new(resolve: impl Fn(&str, &str) -> Named + Sync + 'a) -> Self {
        Self {
            resolve: Box::new(resolve),
            known: RwLock::default(),
        }
    }

    pub(super) fn read(&self) -> RwLockReadGuard<'_, NameTable> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Learns a name. The caller must not hold a guard of [`Names::read`].
    pub(super) fn learn(&self, name: &[u8]) -> Result<Named, Box<Malformed>> {
        let Some((experiment, tf, cell)) = split_remap_name(name) else {
            return Err(
                Malformed::new("a name EXPERIMENT.TF.CELL in column 4", quoted(name))
                    .hint("if the whole file is of one TF and cell, state them in a sample sheet"),
            );
        };
        let (tf, cell) = (String::from_utf8_lossy(tf), String::from_utf8_lossy(cell));
        let named = (self.resolve)(&tf, &cell);
        self.known
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(&name[experiment.len() + 1..], named.clone());
        Ok(named)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
