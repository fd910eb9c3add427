//! The description beside a persisted index.

use std::path::{Path, PathBuf};

use annbench_vectors::Metric;
use serde::{Deserialize, Serialize};

use crate::{Library, LoadError, Params, SaveError};

/// What a persisted index holds: enough to load it, to search it, and to know what it was made of.
///
/// Written as JSON beside the index, as `FILE.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IndexCard {
    /// Name of the backend that built it.
    pub backend: String,
    /// The metric it was built for. Cosine means that its vectors are L2-normalised, and that
    /// queries must be.
    pub metric: Metric,
    /// Number of vectors.
    pub n: usize,
    /// Components a vector has.
    pub dim: usize,
    /// Build parameters as asked for.
    pub requested: Params,
    /// Build parameters in force.
    pub params: Params,
    /// Seed of the build.
    pub seed: u64,
    /// Threads of the build.
    pub threads: usize,
    /// Time spent learning from the vectors, in seconds.
    pub train_s: f64,
    /// Time spent adding them, in seconds.
    pub add_s: f64,
    /// The library that built it.
    pub library: Library,
    /// What it was built from.
    pub dataset: DatasetRef,
    /// The file that maps row numbers to the user's own ids, relative to the index; none where
    /// rows are called by their numbers.
    pub ids: Option<PathBuf>,
}

/// Which vectors an index was built from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetRef {
    /// The dataset's name.
    pub name: String,
    /// sha256 of the base vectors as indexed, in hexadecimal.
    pub sha256: String,
}

impl IndexCard {
    /// Where the description of the index at `index` lies.
    pub fn path(index: &Path) -> PathBuf {
        let mut name = index.as_os_str().to_owned();
        name.push(".json");
        name.into()
    }

    /// Writes the description beside the index at `index`.
    ///
    /// # Errors
    /// [`SaveError::Io`] if the file cannot be written.
    pub fn write(&self, index: &Path) -> Result<(), SaveError> {
        let path = Self::path(index);
        let json = serde_json::to_vec_pretty(self).map_err(std::io::Error::from);
        json.and_then(|json| std::fs::write(&path, json))
            .map_err(|source| SaveError::Io { path, source })
    }

    /// Reads the description beside the index at `index`.
    ///
    /// # Errors
    /// [`LoadError`] if it is missing or is no such description.
    pub fn read(index: &Path) -> Result<Self, LoadError> {
        let path = Self::path(index);
        match std::fs::read(&path) {
            Ok(json) => {
                serde_json::from_slice(&json).map_err(|source| LoadError::Card { path, source })
            }
            Err(source) if source.kind() == std::io::ErrorKind::NotFound => {
                Err(LoadError::NotFound {
                    path: index.to_owned(),
                    card: path,
                })
            }
            Err(source) => Err(LoadError::Io { path, source }),
        }
    }
}
