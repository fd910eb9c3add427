//! Vectors by key, appended one behind another: what was computed once is found again, by the next
//! program too, and a killed one loses no more than it was about to write.

use std::{
    collections::HashMap,
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

/// What a vector is found by: the first half of the sha256 of what it was made from.
pub type Key = [u8; 16];

/// The [`Key`] of a text.
pub fn key_of(text: &str) -> Key {
    first_bytes(Sha256::digest(text.as_bytes()).as_slice())
}

const CHECK_BYTES: usize = 8;

/// An opened log of vectors of one dim.
///
/// The file is a sequence of records: a key, `dim` little-endian f32, and a checksum over both. It
/// is locked while it is open; the lock ends with the process, however that ends. Memory: some 40
/// bytes a vector.
#[derive(Debug)]
pub struct VectorLog {
    path: PathBuf,
    file: File,
    dim: usize,
    /// Numbers of records.
    places: HashMap<Key, u64>,
    records: u64,
}

/// A log that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum VectorLogError {
    /// The file system refused.
    #[error("{doing} {}", .path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another process has it open.
    #[error("{}: another process is writing it; wait until it ends, or use another cache folder", .path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
}

impl VectorLog {
    /// Opens a log, creating it if it is missing, and reads it once to find its vectors.
    ///
    /// What follows the last whole record is what a killed writer leaves: it is cut off. A damaged
    /// record is passed over.
    ///
    /// # Errors
    /// [`VectorLogError`] if the file cannot be used, or another process has it open.
    pub fn open(path: &Path, dim: usize) -> Result<Self, VectorLogError> {
        let io = |doing| move |source| failure(doing, path, source);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(io("create the folder of"))?;
        }
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let file = options.open(path).map_err(io("open"))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(VectorLogError::InUse { path: path.into() });
            }
            Err(TryLockError::Error(source)) => return Err(failure("lock", path, source)),
        }
        let mut log = Self {
            path: path.into(),
            file,
            dim,
            places: HashMap::new(),
            records: 0,
        };
        log.find().map_err(io("read"))?;
        Ok(log)
    }

    /// Vectors in it.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Whether it holds the vector of a key.
    pub fn contains(&self, key: &Key) -> bool {
        self.places.contains_key(key)
    }

    /// Copies the vector of a key into `vector`, which has `dim` components; false where there is
    /// none.
    ///
    /// # Errors
    /// [`VectorLogError`] if the file cannot be read.
    pub fn get(&mut self, key: &Key, vector: &mut [f32]) -> Result<bool, VectorLogError> {
        let Some(&place) = self.places.get(key) else {
            return Ok(false);
        };
        let mut record = vec![0; self.record_bytes()];
        let start = SeekFrom::Start(place * record.len() as u64);
        let read = self
            .file
            .seek(start)
            .and_then(|_| self.file.read_exact(&mut record));
        read.map_err(|source| failure("read", &self.path, source))?;
        let components = record[size_of::<Key>()..].as_chunks().0.iter();
        for (value, bytes) in vector.iter_mut().zip(components) {
            *value = f32::from_le_bytes(*bytes);
        }
        Ok(true)
    }

    /// Appends vectors, `dim` components each, and hands them to the operating system: they outlive
    /// this process, however it ends.
    ///
    /// # Errors
    /// [`VectorLogError`] if the file cannot be written.
    pub fn append<'v>(
        &mut self,
        vectors: impl IntoIterator<Item = (Key, &'v [f32])>,
    ) -> Result<(), VectorLogError> {
        let mut bytes = Vec::new();
        let mut keys = Vec::new();
        for (key, vector) in vectors {
            let start = bytes.len();
            bytes.extend(key);
            bytes.extend(vector.iter().flat_map(|value| value.to_le_bytes()));
            let check = check(&bytes[start..]);
            bytes.extend(check);
            keys.push(key);
        }
        let end = SeekFrom::Start(self.records * self.record_bytes() as u64);
        let written = self
            .file
            .seek(end)
            .and_then(|_| self.file.write_all(&bytes));
        written.map_err(|source| failure("append to", &self.path, source))?;
        self.places.extend(keys.into_iter().zip(self.records..));
        self.records += (bytes.len() / self.record_bytes()) as u64;
        Ok(())
    }

    fn record_bytes(&self) -> usize {
        size_of::<Key>() + self.dim * size_of::<f32>() + CHECK_BYTES
    }

    fn find(&mut self) -> io::Result<()> {
        let mut record = vec![0; self.record_bytes()];
        let whole = self.file.metadata()?.len() / record.len() as u64;
        let mut reader = io::BufReader::with_capacity(1 << 20, &self.file);
        for place in 0..whole {
            reader.read_exact(&mut record)?;
            let (content, sum) = record.split_at(record.len() - CHECK_BYTES);
            if check(content) == sum {
                self.places.insert(first_bytes(content), place);
            }
        }
        self.records = whole;
        self.file.set_len(whole * record.len() as u64)
    }
}

fn check(content: &[u8]) -> [u8; CHECK_BYTES] {
    first_bytes(Sha256::digest(content).as_slice())
}

fn first_bytes<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut first = [0; N];
    first.copy_from_slice(&bytes[..N]);
    first
}

fn failure(doing: &'static str, path: &Path, source: io::Error) -> VectorLogError {
    VectorLogError::Io {
        doing,
        path: path.into(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VECTORS: [[f32; 3]; 3] = [[1.0, 2.0, 3.0], [f32::MIN, 0.0, -0.0], [7.0, 8.0, 9.0]];

    fn fill(log: &mut VectorLog) {
        let keys = ["a", "b", "c"].map(key_of);
        log.append(keys.into_iter().zip(VECTORS.iter().map(|v| &v[..])))
            .unwrap();
    }

    fn get(log: &mut VectorLog, text: &str) -> Option<[f32; 3]> {
        let mut vector = [0.0; 3];
        log.get(&key_of(text), &mut vector)
            .unwrap()
            .then_some(vector)
    }

    #[test]
    fn vectors_are_found_again_by_this_process_and_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/log");
        let mut log = VectorLog::open(&path, 3).unwrap();
        assert!(log.is_empty());
        fill(&mut log);
        for _ in 0..2 {
            assert_eq!(log.len(), 3);
            assert_eq!(
                ["a", "b", "c"].map(|text| get(&mut log, text).unwrap()),
                VECTORS
            );
            assert_eq!(get(&mut log, "d"), None);
            drop(log);
            log = VectorLog::open(&path, 3).unwrap();
        }
        log.append([(key_of("d"), &[0.5, 0.5, 0.5][..])]).unwrap();
        assert_eq!(get(&mut log, "d"), Some([0.5; 3]));
        assert_eq!(get(&mut log, "c"), Some(VECTORS[2]));
    }

    #[test]
    fn a_torn_end_is_cut_off_and_a_damaged_record_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        fill(&mut VectorLog::open(&path, 3).unwrap());
        let whole = std::fs::read(&path).unwrap();
        for length in 0..whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            let mut log = VectorLog::open(&path, 3).unwrap();
            assert_eq!(log.len(), length * 3 / whole.len(), "{length}");
            fill(&mut log);
            assert_eq!(get(&mut log, "b"), Some(VECTORS[1]));
        }
        let mut bytes = whole.clone();
        bytes[whole.len() / 2] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        let mut log = VectorLog::open(&path, 3).unwrap();
        assert_eq!((log.len(), get(&mut log, "b")), (2, None));
    }

    #[test]
    fn two_processes_do_not_write_one_log() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let _open = VectorLog::open(&path, 3).unwrap();
        let error = VectorLog::open(&path, 3).unwrap_err().to_string();
        assert!(error.contains("another process"), "{error}");
    }
}
