//! Files that appear whole or not at all: temporary file, fsync, rename.

use std::fs::File;
use std::io::{BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// A file under construction beside its final place. Dropped without
/// [`AtomicFile::commit`], it leaves nothing behind.
pub struct AtomicFile {
    writer: BufWriter<tempfile::NamedTempFile>,
    target: PathBuf,
}

impl AtomicFile {
    /// Starts writing what shall become `target`. A symbolic link is followed. An existing file
    /// keeps its permissions and, where the system allows it, its owner and group; a new one has
    /// the usual permissions. A directory that is missing is made.
    ///
    /// # Errors
    /// If `target` is a symbolic link to nothing, or its directory cannot be made or is not
    /// writable.
    pub fn create(target: impl AsRef<Path>) -> Result<Self> {
        let target = target.as_ref();
        refuse_dangling(target)?;
        let target = match std::fs::read_link(target) {
            Ok(_) => std::fs::canonicalize(target)
                .map_err(|source| Error::io("create", target, source))?,
            Err(_) => target.to_path_buf(),
        };
        make_parent(&target)?;
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
        #[cfg(unix)]
        keep_access(file.as_file(), &target).map_err(failed)?;
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

/// Makes the directory in which `target` lies, if it is missing.
///
/// # Errors
/// If it cannot be made.
pub fn make_parent(target: &Path) -> Result<()> {
    make_directory(parent(target))
}

/// Makes a directory and those above it, where they are missing.
///
/// # Errors
/// If one of them cannot be made, or is a symbolic link to nothing.
pub fn make_directory(directory: &Path) -> Result<()> {
    refuse_dangling(directory)?;
    std::fs::create_dir_all(directory).map_err(|source| Error::io("create", directory, source))
}

/// Refuses what leads through a symbolic link to something that does not exist: the system calls
/// that missing, or says that it exists.
fn refuse_dangling(path: &Path) -> Result<()> {
    for path in path.ancestors() {
        match std::fs::metadata(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            _ => break,
        }
        if let Ok(target) = std::fs::read_link(path) {
            return Err(Error::conflict(
                path,
                "a place where something can be written",
                format!(
                    "a symbolic link to {}, which does not exist",
                    target.display()
                ),
            )
            .hint("remove the link, or make what it leads to"));
        }
    }
    Ok(())
}

/// Makes sure, before any work, that `target` could be written: the nearest directory above it that
/// is there takes a file. Nothing is left there. Devices and pipes pass.
///
/// # Errors
/// If it does not, or `target` leads through a symbolic link to nothing.
pub fn check_writable(target: &Path) -> Result<()> {
    refuse_dangling(target)?;
    let mut directory = match std::fs::metadata(target) {
        Ok(metadata) if metadata.is_dir() => target,
        Ok(metadata) if !metadata.is_file() => return Ok(()),
        _ => parent(target),
    };
    while !directory.exists() {
        directory = parent(directory);
    }
    tempfile::Builder::new()
        .prefix(".bindscape.")
        .tempfile_in(directory)
        .map(drop)
        .map_err(|source| Error::io("create", target, source))
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Gives `file`, which is private to the user as a temporary file, the access of the file that it
/// replaces, or the usual one.
#[cfg(unix)]
fn keep_access(file: &File, target: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
    let Ok(old) = std::fs::metadata(target) else {
        let mode = 0o666 & !current_umask();
        return file.set_permissions(std::fs::Permissions::from_mode(mode));
    };
    let own = file.metadata()?;
    if (old.uid(), old.gid()) != (own.uid(), own.gid()) {
        // Only root may give files away; for others, the group alone may be possible.
        let _ = fchown(file, Some(old.uid()), Some(old.gid()))
            .or_else(|_| fchown(file, None, Some(old.gid())));
    }
    // After the owner, since a change of owner clears some bits.
    file.set_permissions(old.permissions())
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

    #[test]
    fn directories_are_made_and_what_cannot_be_is_found_before() {
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("new/below/out.tsv");
        check_writable(&target).unwrap();
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
        write(&target, b"whole").unwrap();
        check_writable(&target).unwrap();
        check_writable(directory.path()).unwrap();
        let error = check_writable(&target.join("x.tsv")).unwrap_err();
        assert!(error.to_string().contains("out.tsv/x.tsv"), "{error}");
        check_writable(Path::new("out.tsv")).unwrap();
        #[cfg(unix)]
        check_writable(Path::new("/dev/null")).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_replaced_file_keeps_its_access_and_links_stay() {
        use std::os::unix::fs::{MetadataExt, PermissionsExt};
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("out.tsv");
        let mode = |path: &Path| std::fs::metadata(path).unwrap().mode() & 0o777;
        write(&target, b"first").unwrap();
        assert_eq!(mode(&target), 0o666 & !current_umask());
        std::fs::set_permissions(&target, std::fs::Permissions::from_mode(0o640)).unwrap();
        // Only root can make files of another owner.
        let others = std::os::unix::fs::chown(&target, Some(12345), Some(12345)).is_ok();
        write(&target, b"second").unwrap();
        assert_eq!(mode(&target), 0o640);
        if others {
            assert_eq!(std::fs::metadata(&target).unwrap().uid(), 12345);
        }
        let link = directory.path().join("link.tsv");
        std::os::unix::fs::symlink("out.tsv", &link).unwrap();
        write(&link, b"third").unwrap();
        assert_eq!(std::fs::read_link(&link).unwrap(), Path::new("out.tsv"));
        assert_eq!(std::fs::read(&target).unwrap(), b"third");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_nothing_is_named_and_stays() {
        let directory = tempfile::tempdir().unwrap();
        let link = directory.path().join("link");
        std::os::unix::fs::symlink("nowhere/at all", &link).unwrap();
        let below = link.join("new/out.tsv");
        for error in [
            write(&link, b"text").unwrap_err(),
            write(&below, b"text").unwrap_err(),
            check_writable(&link).unwrap_err(),
            check_writable(&below).unwrap_err(),
            make_directory(&link).unwrap_err(),
        ] {
            let message = format!(
                "{}: expected a place where something can be written, found a symbolic link to \
                 nowhere/at all, which does not exist",
                link.display()
            );
            assert_eq!(error.to_string(), message);
            assert!(error.advice().unwrap().contains("remove the link"));
        }
        assert!(std::fs::read_link(&link).is_ok());
        // What it leads to may be made.
        std::fs::create_dir_all(directory.path().join("nowhere/at all")).unwrap();
        write(&below, b"text").unwrap();
        make_directory(&link).unwrap();
    }
}
