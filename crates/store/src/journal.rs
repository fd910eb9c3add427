//! A file of JSON lines that is appended to and survives being cut off.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read, Seek, SeekFrom, Write},
    marker::PhantomData,
    path::{Path, PathBuf},
};

use serde::{Serialize, de::DeserializeOwned};

/// The entries of a journal, read without touching it: another process may be writing it, or have been
/// killed while it was. A last line without its end is no entry yet.
///
/// # Errors
/// [`JournalError`] if the file cannot be read, or a whole line is no entry.
pub fn read_journal<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>, JournalError> {
    let bytes = std::fs::read(path).map_err(|source| JournalError::Io {
        doing: "read",
        path: path.into(),
        source,
    })?;
    parse(path, &bytes[..whole_lines(&bytes)])
}

/// An open journal of entries of type `T`, one JSON line each.
///
/// An entry that [`append`](Self::append) returned from is on the disk. The file is locked while
/// it is open; the lock ends with the process, however that ends.
#[derive(Debug)]
pub struct Journal<T> {
    path: PathBuf,
    file: File,
    /// Bytes of whole lines.
    length: u64,
    entries: PhantomData<fn(&T)>,
}

/// A journal that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
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
    #[error("{}: another process is writing it; wait until it ends, or stop it", .path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// A whole line that is no entry.
    #[error("{} line {line}: not an entry of this journal; move the file away to start anew", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// Where in the line and why.
        source: serde_json::Error,
    },
    /// An entry that would not be read back, such as one with a NaN, for which JSON has no word.
    #[error("append to {}: the entry would not be read back", .path.display())]
    Entry {
        /// The file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
}

impl<T: Serialize + DeserializeOwned> Journal<T> {
    /// Opens a journal, creating it if it is missing, and reads its entries.
    ///
    /// A last line without its end is what a killed writer leaves: it is cut off.
    ///
    /// # Errors
    /// [`JournalError`] if the file cannot be opened, another process has it open, or a whole
    /// line is no entry; nothing is then changed.
    pub fn open(path: &Path) -> Result<(Vec<T>, Self), JournalError> {
        let io = |doing| {
            move |source| JournalError::Io {
                doing,
                path: path.into(),
                source,
            }
        };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(io("create the folder of"))?;
        }
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(path).map_err(io("open"))?;
        lock(path, &file)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(io("read"))?;
        let whole = whole_lines(&bytes);
        let entries = parse(path, &bytes[..whole])?;
        let mut journal = Self {
            path: path.into(),
            file,
            length: whole as u64,
            entries: PhantomData,
        };
        journal.cut().map_err(io("cut off the torn last line of"))?;
        Ok((entries, journal))
    }

    /// Appends an entry and waits until it is on the disk.
    ///
    /// # Errors
    /// [`JournalError`] if it cannot be written, or would not be read back; the journal is then
    /// as it was.
    pub fn append(&mut self, entry: &T) -> Result<(), JournalError> {
        let mut line = self.line(entry)?;
        line.push('\n');
        let written = self.write(line.as_bytes());
        if let Err(source) = written {
            // A part of the line may be in the file: the next one must not be glued to it. Should
            // the cut fail too, the next open cuts it.
            let _ = self.cut();
            return Err(JournalError::Io {
                doing: "append to",
                path: self.path.clone(),
                source,
            });
        }
        self.length += line.len() as u64;
        Ok(())
    }

    fn line(&self, entry: &T) -> Result<String, JournalError> {
        let line = serde_json::to_string(entry);
        let checked = line.and_then(|line| serde_json::from_str::<T>(&line).map(|_| line));
        checked.map_err(|source| JournalError::Entry {
            path: self.path.clone(),
            source,
        })
    }

    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        self.file.write_all(line)?;
        self.file.sync_data()
    }

    /// Forgets what follows the last whole line, and goes there.
    fn cut(&mut self) -> io::Result<()> {
        self.file.set_len(self.length)?;
        self.file.seek(SeekFrom::Start(self.length)).map(drop)
    }
}

impl<T> Drop for Journal<T> {
    fn drop(&mut self) {
        // Said, not left to closing: a process that is just being started has the file open too.
        let _ = self.file.unlock();
    }
}

fn lock(path: &Path, file: &File) -> Result<(), JournalError> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(JournalError::InUse { path: path.into() }),
        // A file system without locks: better unlocked than not at all.
        Err(TryLockError::Error(_)) => Ok(()),
    }
}

/// How many bytes the lines take that have their end.
fn whole_lines(bytes: &[u8]) -> usize {
    let last = bytes.iter().rposition(|&byte| byte == b'\n');
    last.map_or(0, |end| end + 1)
}

fn parse<T: DeserializeOwned>(path: &Path, whole: &[u8]) -> Result<Vec<T>, JournalError> {
    let lines = whole.split_inclusive(|&byte| byte == b'\n').enumerate();
    lines
        .map(|(line, text)| {
            serde_json::from_slice(text).map_err(|source| JournalError::Damaged {
                path: path.into(),
                line: line + 1,
                source,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    type Entries = Vec<(u32, f64)>;

    fn written(path: &Path, entries: &Entries) {
        let (_, mut journal) = Journal::open(path).unwrap();
        entries
            .iter()
            .for_each(|entry| journal.append(entry).unwrap());
    }

    #[test]
    fn entries_are_read_back_whatever_was_torn() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("runs/journal.jsonl");
        let entries: Entries = vec![(1, 0.1), (2, 1e-300), (3, -7.5)];
        written(&path, &entries);
        let whole = std::fs::read(&path).unwrap();
        for length in 0..=whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            let lines = whole[..length]
                .iter()
                .filter(|&&byte| byte == b'\n')
                .count();
            let looked: Entries = read_journal(&path).unwrap();
            assert_eq!(looked, entries[..lines], "cut at {length}");
            let touched = std::fs::metadata(&path).unwrap().len();
            assert_eq!(touched, length as u64, "a look changes nothing");
            let (read, mut journal) = Journal::<(u32, f64)>::open(&path).unwrap();
            assert_eq!(read, entries[..lines], "cut at {length}");
            journal.append(&(9, 9.0)).unwrap();
            drop(journal);
            let (read, _) = Journal::<(u32, f64)>::open(&path).unwrap();
            assert_eq!((read.len(), read[lines]), (lines + 1, (9, 9.0)));
        }
    }

    #[test]
    fn a_damaged_middle_is_refused_by_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        let text = "[1,0.5]\n[2,oh]\n[3,0.5]\n";
        std::fs::write(&path, text).unwrap();
        let message = Journal::<(u32, f64)>::open(&path).unwrap_err().to_string();
        assert!(message.contains("line 2"), "{message}");
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            text,
            "left as it was"
        );
    }

    #[test]
    fn two_writers_exclude_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        let (_, first) = Journal::<u32>::open(&path).unwrap();
        assert!(matches!(
            Journal::<u32>::open(&path),
            Err(JournalError::InUse { .. })
        ));
        drop(first);
        assert!(Journal::<u32>::open(&path).is_ok());
    }

    #[test]
    fn an_entry_that_json_cannot_hold_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        let (_, mut journal) = Journal::<f64>::open(&path).unwrap();
        assert!(matches!(
            journal.append(&f64::NAN),
            Err(JournalError::Entry { .. })
        ));
        journal.append(&0.5).unwrap();
        drop(journal);
        assert_eq!(Journal::<f64>::open(&path).unwrap().0, [0.5]);
    }
}
