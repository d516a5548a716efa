//! Locks that keep a second process away from what one is writing.

use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// An exclusive lock on a file, which the operating system frees when this is dropped or the
/// process ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
    path: PathBuf,
}

impl Lock {
    /// Locks the file at `path`, which is created if it is missing; `None` if another process
    /// holds the lock.
    ///
    /// File systems without locks (some network mounts) are not an error: there the caller is as
    /// safe as without a lock.
    ///
    /// # Errors
    /// If the file cannot be created.
    pub fn acquire(path: &Path) -> Result<Option<Self>> {
        let file = File::create(path).map_err(|source| Error::io("create", path, source))?;
        Ok(try_lock(&file, path)?.then(|| Self {
            _file: file,
            path: path.to_path_buf(),
        }))
    }

    /// Frees the lock and removes its file.
    pub fn remove(self) {
        // Where it cannot be removed, an empty file is left, which harms nobody.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Locks `file`, which lies at `path`, until it is closed; whether it was free. As
/// [`Lock::acquire`] where there are no locks.
///
/// # Errors
/// If the operating system cannot say.
pub fn try_lock(file: &File, path: &Path) -> Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(source)) if source.kind() == ErrorKind::Unsupported => Ok(true),
        Err(TryLockError::Error(source)) => Err(Error::io("lock", path, source)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_held_once_and_freed_when_dropped() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(".lock");
        let held = Lock::acquire(&path).unwrap().expect("free");
        assert!(Lock::acquire(&path).unwrap().is_none());
        drop(held);
        assert!(Lock::acquire(&path).unwrap().is_some());
    }
}
