//! The directory that a job fills with several files: all of them are there in the end, or none that
//! was not there before.

use std::path::{Path, PathBuf};

use bindscape_base::{Result, atomic};

/// A directory whose files are being written. Dropped without [`OutputDirectory::keep`], as when the
/// disk is full, it removes the files that are new in it, and itself if it was made for them.
pub(crate) struct OutputDirectory {
    path: PathBuf,
    /// Directories that were missing, the innermost first.
    made: Vec<PathBuf>,
    /// Files that were missing.
    new: Vec<PathBuf>,
}

impl OutputDirectory {
    /// Makes the directory and those above it, where they are missing.
    ///
    /// # Errors
    /// If it cannot be made.
    pub(crate) fn make(path: &Path) -> Result<Self> {
        let missing = path
            .ancestors()
            .filter(|above| !above.as_os_str().is_empty())
            .take_while(|above| !above.exists());
        let directory = Self {
            path: path.to_path_buf(),
            made: missing.map(Path::to_path_buf).collect(),
            new: Vec::new(),
        };
        atomic::make_directory(path)?;
        Ok(directory)
    }

    /// Place of the file `name`, which is about to be written.
    pub(crate) fn file(&mut self, name: impl AsRef<Path>) -> PathBuf {
        let file = self.path.join(name);
        // A link that leads to nothing is there, too.
        if file.symlink_metadata().is_err() {
            self.new.push(file.clone());
        }
        file
    }

    /// Writes the file `name`.
    ///
    /// # Errors
    /// As [`atomic::write`].
    pub(crate) fn write(&mut self, name: impl AsRef<Path>, bytes: impl AsRef<[u8]>) -> Result<()> {
        atomic::write(self.file(name), bytes.as_ref())
    }

    /// Keeps all files: they are complete.
    pub(crate) fn keep(mut self) {
        self.new.clear();
        self.made.clear();
    }
}

impl Drop for OutputDirectory {
    fn drop(&mut self) {
        // Why the job failed matters more than what cannot be removed.
        for file in &self.new {
            let _ = std::fs::remove_file(file);
        }
        // Of directories, only empty ones go: other files in them are someone else's.
        for directory in &self.made {
            let _ = std::fs::remove_dir(directory);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_kept_goes_and_what_was_there_stays() {
        let here = tempfile::tempdir().unwrap();
        let files = |path: &Path| std::fs::read_dir(path).unwrap().count();
        let path = here.path().join("new/out");
        let fill = |path: &Path| {
            let mut directory = OutputDirectory::make(path).unwrap();
            directory.write("a.tsv", "new").unwrap();
            directory.write("b.tsv", "new").unwrap();
            // Its turn never came.
            directory.file("c.tsv");
            directory
        };
        drop(fill(&path));
        assert_eq!(files(here.path()), 0);
        fill(&path).keep();
        assert_eq!(files(&path), 2);
        std::fs::remove_file(path.join("b.tsv")).unwrap();
        drop(fill(&path));
        assert_eq!(files(&path), 1);
        assert!(path.join("a.tsv").exists());
        // A file of someone else keeps the directory.
        let other = here.path().join("other");
        let directory = fill(&other);
        std::fs::write(other.join("notes.txt"), "mine").unwrap();
        drop(directory);
        assert_eq!(files(&other), 1);
    }
}
