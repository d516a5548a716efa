//! What is read on behalf of a job: warnings about files, and checksums that are taken while a file
//! is read, so that it is not read again for them.
//!
//! Readers of streams lie far below whoever runs a job. What is read within
//! [`Reading::enter`] on a thread belongs to that [`Reading`]; readers that go on in threads of
//! their own keep the one in which they were opened. Tasks that are handed to other threads and
//! open files enter it there. Two jobs at once therefore never see each other's files. Outside of
//! any, nothing is noted.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs::Metadata;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use sha2::{Digest, Sha256};

use crate::hexadecimal::hex;

thread_local! {
    static CURRENT: RefCell<Option<Reading>> = const { RefCell::new(None) };
}

/// What was read on behalf of one job; copies share it.
///
/// ```
/// use bindscape_base::digest;
/// use bindscape_base::input::Lines;
/// use bindscape_base::reading::Reading;
///
/// # let folder = tempfile::tempdir().expect("a temporary directory");
/// # let path = folder.path().join("peaks.bed");
/// # std::fs::write(&path, "chr1\t5\t9\n").expect("written");
/// let reading = Reading::default();
/// let file = reading.enter(|| {
///     reading.digest_as_read([path.as_path()]);
///     let mut lines = Lines::open(&path)?;
///     while lines.next()?.is_some() {}
///     // The file is not read again.
///     digest::input_file("chip", &path)
/// })?;
/// assert_eq!(file.bytes, 9);
/// assert!(reading.take_warnings().is_empty());
/// # Ok::<(), bindscape_base::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Reading(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// Files that are digested as they are read.
    wanted: HashSet<PathBuf>,
    digests: HashMap<PathBuf, (Identity, Digested)>,
    warnings: BTreeSet<String>,
}

/// Size and SHA-256 of the bytes of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Digested {
    pub(crate) bytes: u64,
    pub(crate) sha256: String,
}

/// What tells that a path still holds the file that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    /// `None` for a pipe or device.
    bytes: Option<u64>,
    modified: Option<SystemTime>,
    #[cfg(unix)]
    file: (u64, u64),
}

impl Identity {
    /// `None` for a directory.
    pub(crate) fn of(metadata: &Metadata) -> Option<Self> {
        #[cfg(unix)]
        use std::os::unix::fs::MetadataExt;
        (!metadata.is_dir()).then(|| Self {
            bytes: metadata.is_file().then_some(metadata.len()),
            // A pipe is another with everything that passes through it.
            modified: metadata
                .is_file()
                .then(|| metadata.modified().ok())
                .flatten(),
            #[cfg(unix)]
            file: (metadata.dev(), metadata.ino()),
        })
    }
}

impl Reading {
    /// The one on whose behalf this thread works, or a new one.
    #[must_use]
    pub fn current() -> Self {
        Self::entered().unwrap_or_default()
    }

    pub(crate) fn entered() -> Option<Self> {
        CURRENT.with_borrow(Clone::clone)
    }

    /// Does `work` on behalf of this one.
    pub fn enter<T>(&self, work: impl FnOnce() -> T) -> T {
        struct Before(Option<Reading>);
        impl Drop for Before {
            fn drop(&mut self) {
                CURRENT.set(self.0.take());
            }
        }
        let _before = Before(CURRENT.replace(Some(self.clone())));
        work()
    }

    /// From now on, takes the checksums of `files` while they are read as text
    /// ([`crate::input::open`]), for [`crate::digest::input_file`].
    pub fn digest_as_read<'a>(&self, files: impl IntoIterator<Item = &'a Path>) {
        let mut state = self.lock();
        state
            .wanted
            .extend(files.into_iter().map(Path::to_path_buf));
    }

    /// Notes a warning about a file.
    pub fn warn(&self, text: String) {
        self.lock().warnings.insert(text);
    }

    /// The warnings about files that were read since the last call.
    #[must_use]
    pub fn take_warnings(&self) -> Vec<String> {
        std::mem::take(&mut self.lock().warnings)
            .into_iter()
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the checksum of the file at `path` is still to be taken as it is read. What comes
    /// out of a pipe comes once, and cannot be read again for it.
    pub(crate) fn wants(&self, path: &Path, is_pipe: bool) -> bool {
        let state = self.lock();
        (is_pipe || state.wanted.contains(path)) && !state.digests.contains_key(path)
    }

    /// What is known of the file at `path`, if it is still the same.
    pub(crate) fn digested(&self, path: &Path) -> Option<Digested> {
        let now = Identity::of(&std::fs::metadata(path).ok()?)?;
        let state = self.lock();
        let (read, digested) = state.digests.get(path)?;
        (*read == now).then(|| digested.clone())
    }

    pub(crate) fn keep(&self, path: &Path, identity: Identity, digested: Digested) {
        let entry = (identity, digested);
        self.lock().digests.insert(path.to_path_buf(), entry);
    }
}

/// Passes a file on, and keeps its checksum once its end was read.
pub(crate) struct Digesting<R> {
    inner: R,
    reading: Reading,
    path: PathBuf,
    identity: Identity,
    digest: Sha256,
    bytes: u64,
}

impl<R> Digesting<R> {
    pub(crate) fn new(inner: R, reading: Reading, path: &Path, identity: Identity) -> Self {
        Self {
            inner,
            reading,
            path: path.to_path_buf(),
            identity,
            digest: Sha256::new(),
            bytes: 0,
        }
    }
}

impl<R: Read> Read for Digesting<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(out)?;
        if count > 0 {
            self.digest.update(&out[..count]);
            self.bytes += count as u64;
        } else if !out.is_empty() && self.identity.bytes.is_none_or(|bytes| bytes == self.bytes) {
            // A file that grew or shrank meanwhile is read again for its checksum.
            let digested = Digested {
                bytes: self.bytes,
                sha256: hex(&self.digest.clone().finalize()),
            };
            self.reading
                .keep(&self.path, self.identity.clone(), digested);
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;
    use crate::digest::{input_file, sha256_hex};
    use crate::input::Lines;

    fn read(path: &Path) -> u64 {
        let mut lines = Lines::open(path).unwrap();
        let mut count = 0;
        while lines.next().unwrap().is_some() {
            count += 1;
        }
        count
    }

    /// Text that takes many reads, in the compressions that are read.
    fn files(directory: &Path) -> Vec<PathBuf> {
        let mut text = Vec::new();
        for place in 0..200_000_u64 {
            let start = place.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 34;
            writeln!(text, "chr1\t{start}\t{}", start + 200).unwrap();
        }
        let plain = directory.join("plain.bed");
        std::fs::write(&plain, &text).unwrap();
        let gzip = directory.join("members.bed.gz");
        let mut out = File::create(&gzip).unwrap();
        for half in [&text[..1 << 20], &text[1 << 20..]] {
            let mut encoder = GzEncoder::new(&mut out, Compression::fast());
            encoder.write_all(half).unwrap();
            encoder.finish().unwrap();
        }
        let blocks = directory.join("blocks.bed.gz");
        let mut out = crate::bgzf::TextFile::create(&blocks).unwrap();
        out.write_all(&text).unwrap();
        out.commit().unwrap();
        let small = directory.join("small.bed");
        std::fs::write(&small, "chr1\t1\t2").unwrap();
        let marked = directory.join("marked.bed");
        std::fs::write(&marked, "\u{feff}chr1\t1\t2\n").unwrap();
        vec![plain, gzip, blocks, small, marked]
    }

    #[test]
    fn checksums_taken_while_reading_are_those_of_the_file() {
        let directory = tempfile::tempdir().unwrap();
        for path in files(directory.path()) {
            let expected = input_file("chip", &path).unwrap();
            assert_eq!(expected.sha256, sha256_hex(&std::fs::read(&path).unwrap()));
            let reading = Reading::default();
            reading.digest_as_read([path.as_path()]);
            reading.enter(|| {
                // Looking at its beginning is not reading it.
                Lines::open(&path).unwrap().next().unwrap();
                read(&path);
                assert!(reading.digested(&path).is_some(), "{}", path.display());
                assert_eq!(input_file("chip", &path).unwrap(), expected);
            });
        }
    }

    #[test]
    fn a_file_that_was_replaced_or_not_read_is_read_for_its_checksum() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("peaks.bed");
        let before = "chr1\t1\t2\n".repeat(100_000);
        std::fs::write(&path, &before).unwrap();
        let reading = Reading::default();
        reading.digest_as_read([path.as_path()]);
        reading.enter(|| {
            Lines::open(&path).unwrap().next().unwrap();
            assert_eq!(reading.digested(&path), None);
            read(&path);
            let of = |text: &str| sha256_hex(text.as_bytes());
            assert_eq!(input_file("chip", &path).unwrap().sha256, of(&before));
            // Of the same length, moved in place.
            let after = before.replace("chr1\t1", "chr2\t1");
            crate::atomic::write(&path, after.as_bytes()).unwrap();
            assert_eq!(input_file("chip", &path).unwrap().sha256, of(&after));
        });
    }

    #[test]
    fn two_jobs_at_once_have_their_own_warnings() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("cut.bed.gz");
        let mut out = crate::bgzf::TextFile::create(&path).unwrap();
        out.write_all(&b"chr1\t1\t2\n".repeat(500_000)).unwrap();
        out.commit().unwrap();
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() - crate::bgzf::END.len()]).unwrap();
        let warnings = std::thread::scope(|scope| {
            let jobs = [true, false].map(|reads| {
                let path = &path;
                scope.spawn(move || {
                    let reading = Reading::default();
                    reading.enter(|| {
                        if reads {
                            assert_eq!(read(path), 500_000);
                        }
                    });
                    reading.take_warnings()
                })
            });
            jobs.map(|job| job.join().unwrap())
        });
        assert_eq!(warnings.map(|warnings| warnings.len()), [1, 0]);
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_is_read_once() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(made.unwrap().success());
        let unread = input_file("chip", &path).unwrap();
        assert_eq!(unread.sha256, crate::digest::UNKNOWN);
        let writer = {
            let path = path.clone();
            std::thread::spawn(move || std::fs::write(path, b"chr1\t5\t9\n").unwrap())
        };
        let file = Reading::default().enter(|| {
            assert_eq!(read(&path), 1);
            input_file("chip", &path)
        });
        writer.join().unwrap();
        let file = file.unwrap();
        let expected = sha256_hex(b"chr1\t5\t9\n");
        assert_eq!((file.bytes, file.sha256), (9, expected));
    }
}
