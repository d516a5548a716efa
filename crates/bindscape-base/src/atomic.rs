//! Files that appear whole or not at all: temporary file, fsync, rename.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// A file under construction beside its final place. Dropped without
/// [`AtomicFile::commit`], it leaves nothing behind.
pub struct AtomicFile {
    writer: BufWriter<tempfile::NamedTempFile>,
    target: PathBuf,
}

impl AtomicFile {
    /// Starts writing what shall become `target`.
    ///
    /// # Errors
    /// If the directory of `target` is missing or not writable.
    pub fn create(target: impl AsRef<Path>) -> Result<Self> {
        let target = target.as_ref().to_path_buf();
        let directory = parent(&target);
        let name = target
            .file_name()
            .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let file = tempfile::Builder::new()
            .prefix(&format!(".{name}."))
            .suffix(".tmp")
            .tempfile_in(directory)
            .map_err(|source| Error::io("create", &target, source))?;
        Ok(Self {
            writer: BufWriter::with_capacity(1 << 20, file),
            target,
        })
    }

    /// Where the file will appear.
    #[must_use]
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// Makes the file appear at its place, safe on disk.
    ///
    /// # Errors
    /// If the disk is full or the place cannot be written.
    pub fn commit(self) -> Result<()> {
        let Self { writer, target } = self;
        let failed = |source| Error::io("write", &target, source);
        let file = writer
            .into_inner()
            .map_err(|error| failed(error.into_error()))?;
        // Temporary files are private to the user; an output has the usual permissions.
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = 0o666 & !current_umask();
            file.as_file()
                .set_permissions(std::fs::Permissions::from_mode(mode))
                .map_err(failed)?;
        }
        file.as_file().sync_all().map_err(failed)?;
        file.persist(&target).map_err(|error| failed(error.error))?;
        if let Ok(directory) = File::open(parent(&target)) {
            // Some file systems cannot sync a directory; the rename itself has happened.
            let _ = directory.sync_all();
        }
        Ok(())
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.writer.flush()
    }
}

/// Writes `bytes` as the whole content of `target`, at once.
///
/// # Errors
/// As [`AtomicFile::create`] and [`AtomicFile::commit`].
pub fn write(target: impl AsRef<Path>, bytes: &[u8]) -> Result<()> {
    let mut file = AtomicFile::create(&target)?;
    file.write_all(bytes)
        .map_err(|source| Error::io("write", &target, source))?;
    file.commit()
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(unix)]
fn current_umask() -> u32 {
    // The kernel tells the mask of a process without changing it, on Linux only;
    // elsewhere the usual 022 stands in.
    std::fs::read_to_string("/proc/self/status")
        .ok()
        .and_then(|status| {
            status
                .lines()
                .find_map(|line| line.strip_prefix("Umask:"))
                .and_then(|mask| u32::from_str_radix(mask.trim(), 8).ok())
        })
        .unwrap_or(0o022)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_appears_before_commit() {
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("out.tsv");
        let mut file = AtomicFile::create(&target).unwrap();
        file.write_all(b"half").unwrap();
        assert!(!target.exists());
        drop(file);
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
        write(&target, b"whole").unwrap();
        assert_eq!(std::fs::read(&target).unwrap(), b"whole");
    }
}
