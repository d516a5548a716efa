//! A file behind Parquet readers of several threads.
//!
//! The reader that the `parquet` crate has for a plain file shares one file
//! position among its clones, so that threads would disturb each other.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};

/// A file that several threads read at positions of their own.
pub(super) struct SharedFile {
    file: Arc<Mutex<File>>,
    pub(super) length: u64,
}

impl SharedFile {
    pub(super) fn new(file: File) -> io::Result<Self> {
        Ok(Self {
            length: file.metadata()?.len(),
            file: Arc::new(Mutex::new(file)),
        })
    }

    pub(super) fn read_at(&self, position: u64, out: &mut [u8]) -> io::Result<()> {
        let mut file = lock(&self.file)?;
        file.seek(SeekFrom::Start(position))?;
        file.read_exact(out)
    }
}

fn lock(file: &Mutex<File>) -> io::Result<std::sync::MutexGuard<'_, File>> {
    file.lock()
        .map_err(|_| io::Error::other("another reader of the file failed"))
}

impl Length for SharedFile {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for SharedFile {
    type T = io::BufReader<SharedFileReader>;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        Ok(io::BufReader::new(SharedFileReader {
            file: Arc::clone(&self.file),
            position: start,
        }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        if start
            .checked_add(length as u64)
            .is_none_or(|end| end > self.length)
        {
            return Err(ParquetError::EOF(format!(
                "{length} bytes at {start} of a file of {}",
                self.length
            )));
        }
        let mut buffer = vec![0; length];
        self.read_at(start, &mut buffer)?;
        Ok(buffer.into())
    }
}

/// A stream over a [`SharedFile`].
pub(super) struct SharedFileReader {
    file: Arc<Mutex<File>>,
    position: u64,
}

impl Read for SharedFileReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut file = lock(&self.file)?;
        file.seek(SeekFrom::Start(self.position))?;
        let count = file.read(out)?;
        self.position += count as u64;
        Ok(count)
    }
}
