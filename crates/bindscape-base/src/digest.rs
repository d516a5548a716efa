//! Fingerprints of files, for the provenance of what is made from them.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
pub use crate::hexadecimal::hex;
use crate::reading::{Digested, Identity, Reading};

/// A file that a result was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputFile {
    /// What it was used as (`dhs`, `chip`, `tfbs`, `matrix`, `sequences`…).
    pub role: String,
    /// File name without its directory.
    pub name: String,
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
}

/// Name, size and SHA-256 of the file at `path` as it lies on disk; `role` says what it was used as
/// (`dhs`, `chip`, `matrix`…). It is read in one pass, unless its checksum is known to the job on
/// whose behalf this thread works ([`Reading`]). A pipe is not read again: its checksum is [`UNKNOWN`]
/// unless that job took it.
///
/// # Errors
/// If the file cannot be read.
pub fn input_file(role: &str, path: &Path) -> Result<InputFile> {
    let reading = Reading::entered();
    let known = reading.as_ref().and_then(|reading| reading.digested(path));
    let Digested { bytes, sha256 } = match known {
        Some(known) => known,
        None if is_pipe(path) => Digested {
            bytes: 0,
            sha256: UNKNOWN.to_owned(),
        },
        None => {
            let (identity, digested) = read(path)?;
            if let (Some(reading), Some(identity)) = (reading, identity) {
                reading.keep(path, identity, digested.clone());
            }
            digested
        }
    };
    Ok(InputFile {
        role: role.to_owned(),
        name: path
            .file_name()
            .unwrap_or(path.as_os_str())
            .to_string_lossy()
            .into_owned(),
        bytes,
        sha256,
    })
}

/// In place of the checksum of a pipe that is not known.
pub const UNKNOWN: &str = "unknown: read from a pipe";

fn is_pipe(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir())
}

/// Reads the file at `path` for its checksum.
fn read(path: &Path) -> Result<(Option<Identity>, Digested)> {
    let failed = |source| Error::io("read", path, source);
    let mut file = File::open(path).map_err(failed)?;
    let identity = Identity::of(&file.metadata().map_err(failed)?);
    let mut digest = Sha256::new();
    let mut buffer = vec![0; 1 << 18];
    let mut bytes = 0;
    loop {
        let count = file.read(&mut buffer).map_err(failed)?;
        if count == 0 {
            break;
        }
        digest.update(&buffer[..count]);
        bytes += count as u64;
    }
    let sha256 = hex(&digest.finalize());
    Ok((identity, Digested { bytes, sha256 }))
}

/// SHA-256 of `bytes`, hexadecimal.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_standard() {
        // FIPS 180-2, appendix B.1.
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256_hex(b"abc"), expected);
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("peaks.bed");
        std::fs::write(&path, b"abc").unwrap();
        let file = input_file("chip", &path).unwrap();
        assert_eq!(
            (file.name.as_str(), file.bytes, file.sha256.as_str()),
            ("peaks.bed", 3, expected)
        );
    }
}
