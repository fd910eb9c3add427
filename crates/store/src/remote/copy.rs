//! A local copy of a file that lies elsewhere: of its size, with holes where bytes are not here.
//!
//! Readers open it like any file. What is here stands in a record beside it, so that a transfer
//! that was cut or killed goes on with what is missing. A record never claims bytes that are not
//! in the file: they are written and synced first.

use std::{
    fs::File,
    io::{Seek, SeekFrom, Write},
    ops::Range,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{RemoteError, ranges::Ranges};
use crate::atomic::write_atomic;

/// Bytes that may be written before the record says so: what a killed transfer reads again.
const RECORD_EVERY: u64 = 64 << 20;

/// Which file it is that lies there: another version has another tag, date or size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Version {
    pub(super) etag: Option<String>,
    pub(super) modified: Option<String>,
    pub(super) bytes: u64,
}

/// The record beside a copy.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    address: String,
    version: Version,
    have: Ranges,
}

/// A copy being filled.
pub(super) struct Copy {
    path: PathBuf,
    file: File,
    record: Record,
    unrecorded: u64,
}

impl Copy {
    /// Opens the copy of one version of a file; begins anew where the one at `path` is of another,
    /// or of a version that nothing but its size tells apart.
    pub(super) fn open(path: &Path, address: &str, version: Version) -> Result<Self, RemoteError> {
        let keep = |source| RemoteError::Keep {
            path: path.into(),
            source,
        };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(keep)?;
        }
        let have = earlier(path, &version);
        if have.is_none() {
            remove(path).map_err(keep)?;
        }
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)
            .map_err(keep)?;
        file.set_len(version.bytes).map_err(keep)?;
        Ok(Self {
            path: path.into(),
            file,
            record: Record {
                address: address.into(),
                version,
                have: have.unwrap_or_default(),
            },
            unrecorded: 0,
        })
    }

    /// Where it lies.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Size of the whole file.
    pub(super) fn bytes(&self) -> u64 {
        self.record.version.bytes
    }

    /// The version it is a copy of.
    pub(super) fn version(&self) -> &Version {
        &self.record.version
    }

    /// What of a range is not here.
    pub(super) fn missing(&self, range: Range<u64>) -> Vec<Range<u64>> {
        self.record.have.missing(range)
    }

    /// Writes bytes to their place.
    pub(super) fn write(&mut self, start: u64, bytes: &[u8]) -> Result<(), RemoteError> {
        let place = SeekFrom::Start(start);
        let written = self
            .file
            .seek(place)
            .and_then(|_| self.file.write_all(bytes));
        written.map_err(|source| self.keep(source))?;
        let length = bytes.len() as u64;
        self.record.have.add(start..start + length);
        self.unrecorded += length;
        match self.unrecorded >= RECORD_EVERY {
            true => self.save(),
            false => Ok(()),
        }
    }

    /// Brings the record up to date.
    pub(super) fn save(&mut self) -> Result<(), RemoteError> {
        let saved = self.file.sync_data().and_then(|()| {
            let text = serde_json::to_vec(&self.record)?;
            write_atomic(&record_path(&self.path), &text)
        });
        self.unrecorded = 0;
        saved.map_err(|source| self.keep(source))
    }

    fn keep(&self, source: std::io::Error) -> RemoteError {
        RemoteError::Keep {
            path: self.path.clone(),
            source,
        }
    }
}

/// Removes a copy and its record, if they are there.
fn remove(path: &Path) -> std::io::Result<()> {
    for file in [record_path(path), path.into()] {
        match std::fs::remove_file(file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// What the copy at `path` holds of this version; `None` if it is none of it. A version without
/// tag and date could be another of the same size: nothing of it is taken over.
fn earlier(path: &Path, version: &Version) -> Option<Ranges> {
    let text = std::fs::read(record_path(path)).ok()?;
    let record: Record = serde_json::from_slice(&text).ok()?;
    let is_told_apart = version.etag.is_some() || version.modified.is_some();
    let size = std::fs::metadata(path).ok()?.len();
    let is_same = record.version == *version && size == version.bytes;
    (is_told_apart && is_same && record.have.are_sound(size)).then_some(record.have)
}

fn record_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".here.json");
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(etag: Option<&str>, bytes: u64) -> Version {
        Version {
            etag: etag.map(String::from),
            modified: None,
            bytes,
        }
    }

    /// What is missing of a copy of `first` after bytes 2 to 5 were written and it is opened again
    /// as `second`.
    fn check(first: Version, second: Version) -> Vec<Range<u64>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/base.npy");
        let mut copy = Copy::open(&path, "https://host/base.npy", first).unwrap();
        copy.write(2, b"abc").unwrap();
        copy.save().unwrap();
        let bytes = second.bytes;
        let copy = Copy::open(&path, "https://host/base.npy", second).unwrap();
        assert_eq!(std::fs::metadata(copy.path()).unwrap().len(), bytes);
        copy.missing(0..bytes)
    }

    #[test]
    fn a_copy_goes_on_only_where_it_is_of_the_same_version() {
        assert_eq!(
            check(version(Some("1"), 9), version(Some("1"), 9)),
            [0..2, 5..9]
        );
        let others = [
            (Some("1"), Some("2"), 9),
            (None, None, 9),
            (Some("1"), Some("1"), 8),
        ];
        for (before, after, bytes) in others {
            let whole = std::slice::from_ref(&(0..bytes)).to_vec();
            assert_eq!(check(version(before, 9), version(after, bytes)), whole);
        }
    }

    #[test]
    fn a_damaged_record_is_not_believed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("base.npy");
        let open = || Copy::open(&path, "a", version(Some("1"), 9)).unwrap();
        let mut copy = open();
        copy.write(0, b"abc").unwrap();
        copy.save().unwrap();
        let record = std::fs::read_to_string(record_path(&path)).unwrap();
        for damaged in [
            record.replace(":3}", ":99}"),
            record.replace("have", "hove"),
            String::new(),
        ] {
            std::fs::write(record_path(&path), damaged).unwrap();
            let whole = 0..9;
            assert_eq!(open().missing(0..9), [whole]);
            std::fs::write(record_path(&path), &record).unwrap();
        }
    }
}
