//! `map.json`: the vectors in two dimensions.

use std::path::Path;

use super::{READ, TableError, io_error};
use crate::{atomic, results::VectorMap};

/// Writes a map as JSON, atomically.
///
/// # Errors
/// [`TableError`] if the file system refuses.
pub fn write_map(path: &Path, map: &VectorMap) -> Result<(), TableError> {
    let text = serde_json::to_vec(map).map_err(|source| TableError::Record {
        path: path.into(),
        source,
    })?;
    atomic::write_atomic(path, &text).map_err(io_error("write", path))
}

/// Reads what [`write_map`] wrote; none where there is no such file.
///
/// # Errors
/// [`TableError`] if the file cannot be read or is no map.
pub fn read_map(path: &Path) -> Result<Option<VectorMap>, TableError> {
    if !path.exists() {
        return Ok(None);
    }
    let text = std::fs::read(path).map_err(io_error(READ, path))?;
    let map = serde_json::from_slice(&text).map_err(|source| TableError::Record {
        path: path.into(),
        source,
    })?;
    Ok(Some(map))
}
