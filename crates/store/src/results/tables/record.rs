//! `run.json`.

use std::path::Path;

use super::{READ, TableError, io_error};
use crate::{atomic, results::RunRecord};

/// Writes a run's record as indented JSON, atomically.
///
/// # Errors
/// [`TableError`] if the file system refuses.
pub fn write_record(path: &Path, record: &RunRecord) -> Result<(), TableError> {
    let mut text = serde_json::to_vec_pretty(record).map_err(|source| TableError::Record {
        path: path.into(),
        source,
    })?;
    text.push(b'\n');
    atomic::write_atomic(path, &text).map_err(io_error("write", path))
}

/// Reads a run's record.
///
/// # Errors
/// [`TableError`] if the file cannot be read or is no record.
pub fn read_record(path: &Path) -> Result<RunRecord, TableError> {
    let text = std::fs::read(path).map_err(io_error(READ, path))?;
    serde_json::from_slice(&text).map_err(|source| TableError::Record {
        path: path.into(),
        source,
    })
}
