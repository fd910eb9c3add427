//! One file out of an archive.
//!
//! Names in the archive are compared and nothing more: what is written goes to a place that the
//! caller chose, so that no archive reaches outside of it.

use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::{Component, Path, PathBuf},
};

use flate2::bufread::MultiGzDecoder;
use tar::{Archive, Entry};

use super::{FetchError, download::io_error};

/// The archive, and what messages call it.
pub(super) struct Packed<'a> {
    pub(super) path: &'a Path,
    pub(super) address: &'a str,
}

type Gzip = MultiGzDecoder<BufReader<File>>;

impl Packed<'_> {
    /// Writes the file `member`, of at most `limit` bytes, to `target`.
    pub(super) fn take(&self, member: &str, limit: u64, target: &Path) -> Result<(), FetchError> {
        let file = File::open(self.path).map_err(|source| io_error(self.path, source))?;
        let mut archive = Archive::new(MultiGzDecoder::new(BufReader::new(file)));
        let mut others = Vec::new();
        for entry in archive.entries().map_err(|error| self.damaged(error))? {
            let entry = entry.map_err(|error| self.damaged(error))?;
            let path = plain(&entry.path().map_err(|error| self.damaged(error))?);
            if path == plain(Path::new(member)) {
                return self.write(entry, member, limit, target);
            }
            if others.len() < NAMED {
                others.push(path.display().to_string());
            }
        }
        let problem = format!("is not in it, which holds {}", others.join(", "));
        Err(self.refused(member, problem))
    }

    fn write(
        &self,
        mut entry: Entry<'_, Gzip>,
        member: &str,
        limit: u64,
        target: &Path,
    ) -> Result<(), FetchError> {
        if !entry.header().entry_type().is_file() {
            return Err(self.refused(member, "is no plain file".into()));
        }
        if entry.size() > limit {
            let problem = format!("has {} bytes, {limit} at most were expected", entry.size());
            return Err(self.refused(member, problem));
        }
        let mut file = File::create(target).map_err(|source| io_error(target, source))?;
        let mut buffer = vec![0; BUFFER_BYTES];
        loop {
            let read = match entry.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(read) => read,
                Err(error) => return Err(self.damaged(error)),
            };
            io::Write::write_all(&mut file, &buffer[..read])
                .map_err(|source| io_error(target, source))?;
        }
    }

    fn damaged(&self, source: io::Error) -> FetchError {
        FetchError::Archive {
            address: self.address.into(),
            source,
        }
    }

    fn refused(&self, member: &str, problem: String) -> FetchError {
        FetchError::Member {
            address: self.address.into(),
            member: member.into(),
            problem,
        }
    }
}

/// Files that a message names.
const NAMED: usize = 8;

const BUFFER_BYTES: usize = 1 << 16;

/// A path without `.`, of which archives often begin with one.
fn plain(path: &Path) -> PathBuf {
    let parts = path.components();
    parts.filter(|part| *part != Component::CurDir).collect()
}
