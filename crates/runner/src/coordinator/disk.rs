//! Telling a full disk from an index that fails.

use std::{
    fs::{self, File},
    io::{self, ErrorKind, Write},
    path::Path,
};

use anyhow::{Context, Result};

use super::{Coordinator, WorkerError};

/// Bytes that must find room, or what failed may well have failed for want of it.
const ROOM: usize = 1 << 20;

impl Coordinator<'_> {
    /// Passes a failure on, unless there is no room on the run's disk: then all that follows would
    /// fail too, and the run ends here, to go on when there is.
    pub(super) fn unless_disk_is_full(&self, failure: WorkerError) -> Result<WorkerError> {
        let probe = self.folder.scratch("probe");
        let room = write(&probe);
        let _ = fs::remove_file(&probe);
        match room {
            Err(error) if is_full(&error) => Err(error)
                .with_context(|| format!("{failure}: write into {}", self.folder.path().display())),
            _ => Ok(failure),
        }
    }
}

fn write(path: &Path) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(&vec![1; ROOM])?;
    file.sync_data()
}

fn is_full(error: &io::Error) -> bool {
    use ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}
