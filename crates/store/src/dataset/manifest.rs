//! `dataset.toml`: what is known of a dataset's files.

use std::{
    io,
    path::{Path, PathBuf},
};

use annbench_vectors::Metric;
use serde::{Deserialize, Serialize};

use super::DatasetError;
use crate::{LoadError, atomic::write_atomic};

/// A dataset as its manifest describes it; unknown keys are refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The dataset's name.
    pub name: String,
    /// Where the vectors come from, in words.
    pub source: Option<String>,
    /// Their licence.
    pub licence: Option<String>,
    /// The metric they are made for.
    pub metric: Option<Metric>,
    /// Components a vector has.
    pub dim: Option<usize>,
    /// The column of vectors, where its type does not tell.
    pub vector_column: Option<String>,
    /// The column of ids, where its name does not tell.
    pub id_column: Option<String>,
    /// The base vectors.
    pub base: FileEntry,
    /// Queries that are not in the base.
    pub queries: Option<FileEntry>,
    /// The exact neighbours of these queries among the base, as
    /// [`read_truth`](crate::read_truth) reads them.
    pub ground_truth: Option<FileEntry>,
    /// The files that a [fetch](crate::fetch::fetch) made it of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub origins: Vec<Origin>,
}

/// A file that was downloaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// Its address in the catalogue, also if it came from a mirror.
    pub url: String,
    /// sha256 of its bytes, in hex; of parts, what [`sha256_parts`](crate::hash::sha256_parts)
    /// makes of their hashes.
    pub sha256: String,
}

/// A file as the manifest describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileEntry {
    /// Its path, relative to the manifest's folder; or a folder, or a pattern such as
    /// `train-*.parquet`, of the Parquet files of one table.
    pub file: PathBuf,
    /// sha256 of its bytes, in hex; of several files, what [`sha256_parts`](crate::hash::sha256_parts)
    /// makes of their hashes.
    pub sha256: Option<String>,
    /// Rows it holds.
    pub n: Option<usize>,
}

impl Manifest {
    /// Reads a manifest.
    ///
    /// # Errors
    /// [`DatasetError`] if the file cannot be read or is no manifest; the error says at which
    /// line and column.
    pub fn read(path: &Path) -> Result<Self, DatasetError> {
        let text = std::fs::read_to_string(path).map_err(|source| LoadError::io(path, source))?;
        toml::from_str(&text).map_err(|source| DatasetError::Manifest {
            path: path.into(),
            source: Box::new(source),
        })
    }

    /// Writes the manifest, atomically.
    ///
    /// # Errors
    /// [`DatasetError`] if the file system refuses.
    pub fn write(&self, path: &Path) -> Result<(), DatasetError> {
        let text = toml::to_string(self).map_err(io::Error::other);
        let written = text.and_then(|text| write_atomic(path, text.as_bytes()));
        Ok(written.map_err(|source| LoadError::io(path, source))?)
    }
}
