//! `dataset.toml`: what is known of a dataset's files.

use std::path::{Path, PathBuf};

use annbench_vectors::Metric;
use serde::{Deserialize, Serialize};

use super::DatasetError;
use crate::LoadError;

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
}
