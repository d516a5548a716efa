//! The cache on disk.

use std::path::{Path, PathBuf};

use bindscape_base::{Error, Result, atomic};
use sha1::Digest as _;

use super::shards::shard_names;

/// The files with weights that a repository may have, in the order of preference.
pub(super) const SINGLE: &str = "model.safetensors";
pub(super) const INDEX: &str = "model.safetensors.index.json";
pub(super) const CONFIG: &str = "config.json";

/// The snapshot that `refs/main` names, if all files are there.
pub(super) fn whole_snapshot(model: &Path) -> Result<Option<PathBuf>> {
    let Ok(commit) = std::fs::read_to_string(model.join("refs/main")) else {
        return Ok(None);
    };
    let commit = commit.trim();
    if !is_commit(commit) {
        return Ok(None);
    }
    let snapshot = model.join("snapshots").join(commit);
    if !snapshot.join(CONFIG).exists() {
        return Ok(None);
    }
    let whole = snapshot.join(SINGLE).exists()
        || (snapshot.join(INDEX).exists()
            && shards(&snapshot)?
                .iter()
                .all(|shard| snapshot.join(shard).exists()));
    Ok(whole.then_some(snapshot))
}

/// The shards that a snapshot's index names.
pub(super) fn shards(snapshot: &Path) -> Result<Vec<String>> {
    let index = snapshot.join(INDEX);
    let text =
        std::fs::read_to_string(&index).map_err(|source| Error::io("read", &index, source))?;
    shard_names(&text, &index)
}

/// Lets `refs/main` name a commit; its snapshot's directory.
pub(super) fn point_to(model: &Path, commit: &str) -> Result<PathBuf> {
    create(&model.join("refs"))?;
    atomic::write(model.join("refs/main"), commit.as_bytes())?;
    Ok(model.join("snapshots").join(commit))
}

/// Whether a text from outside is a commit, and so can be a part of a path.
pub(super) fn is_commit(text: &str) -> bool {
    text.len() >= 7 && text.len() <= 64 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

pub(super) fn create(directory: &Path) -> Result<()> {
    std::fs::create_dir_all(directory).map_err(|source| Error::io("create", directory, source))
}

/// Lets a snapshot's file be the blob, by a link or, where there are none, a copy.
pub(super) fn link(model: &Path, commit: &str, file: &str, blob: &str) -> Result<()> {
    let snapshot = model.join("snapshots").join(commit);
    create(&snapshot)?;
    let path = snapshot.join(file);
    if path.exists() {
        return Ok(());
    }
    #[cfg(unix)]
    let linked = std::os::unix::fs::symlink(Path::new("../../blobs").join(blob), &path);
    #[cfg(not(unix))]
    let linked = std::fs::hard_link(model.join("blobs").join(blob), &path);
    match linked {
        Ok(()) => Ok(()),
        // Another process may have been first.
        Err(_) if path.exists() => Ok(()),
        Err(_) => std::fs::copy(model.join("blobs").join(blob), &path)
            .map(|_| ())
            .map_err(|source| Error::io("write", &path, source)),
    }
}

/// The checksum of a file in the form of the entity tag `etag`: SHA-256 for large files, the
/// name of a git blob (SHA-1) for small ones; `None` for a tag of another form.
pub(super) fn checksum(path: &Path, etag: &str) -> Result<Option<String>> {
    let hexadecimal = etag.bytes().all(|b| b.is_ascii_hexdigit());
    match etag.len() {
        64 if hexadecimal => Ok(Some(
            bindscape_base::digest::input_file("weights", path)?.sha256,
        )),
        40 if hexadecimal => {
            let bytes = std::fs::read(path).map_err(|source| Error::io("read", path, source))?;
            Ok(Some(git_blob(&bytes)))
        }
        _ => Ok(None),
    }
}

/// The name that git gives a file of these bytes.
pub(super) fn git_blob(bytes: &[u8]) -> String {
    let mut digest = sha1::Sha1::new();
    digest.update(format!("blob {}\0", bytes.len()));
    digest.update(bytes);
    bindscape_base::digest::hex(&digest.finalize())
}
