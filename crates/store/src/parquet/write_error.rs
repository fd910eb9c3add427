//! Why embeddings are not written.

use std::{
    io,
    path::{Path, PathBuf},
};

use arrow_schema::ArrowError;
use parquet::errors::ParquetError;

use crate::{Dtype, Format, format};

/// Embeddings that were not written; the path is as it was.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The file system refused.
    #[error("write {}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The Parquet encoder refused.
    #[error("write {}: encode Parquet", .path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// Why.
        source: ParquetError,
    },
    /// A component that the wanted type cannot hold: beyond its range, or between its integers.
    #[error("write {}: row {row} holds {value}, which {dtype} has no place for; write f32", .path.display())]
    Overflow {
        /// The file.
        path: PathBuf,
        /// The row, from 0.
        row: usize,
        /// The component's value.
        value: f32,
        /// The type wanted.
        dtype: Dtype,
    },
    /// A component type that the format does not take.
    #[error("write {}: {format} takes {takes}, not {dtype}; choose another dtype or format", .path.display())]
    Dtype {
        /// The file.
        path: PathBuf,
        /// Its format.
        format: Format,
        /// The type wanted.
        dtype: Dtype,
        /// The types it takes.
        takes: String,
    },
    /// Two columns of one name.
    #[error("write {}: two columns would be called `{column}`; set vector_column or id_column to another name, or leave the other columns out", .path.display())]
    ColumnTaken {
        /// The file.
        path: PathBuf,
        /// The name.
        column: String,
    },
    /// Ids or other columns of another length than the vectors.
    #[error("write {}: {n} vectors with {rows} ids or rows of other columns; give one a vector", .path.display())]
    RowCount {
        /// The file.
        path: PathBuf,
        /// Number of vectors.
        n: usize,
        /// Number of ids or rows.
        rows: usize,
    },
    /// A format that ground truth is not written in.
    #[error("write {}: ground truth is written as Parquet, ivecs or npy; end it in .parquet, .ivecs or .npy", .path.display())]
    NoTruthFormat {
        /// The file.
        path: PathBuf,
    },
    /// No rows at all.
    #[error("write {}: there are no rows; give at least one", .path.display())]
    NoRows {
        /// The file.
        path: PathBuf,
    },
    /// A format that the output's name does not tell.
    #[error("write {}: the name tells no format that annbench writes; end it in {}", .path.display(), format::writable())]
    UnknownFormat {
        /// The file.
        path: PathBuf,
    },
}

/// A file error or an encoding error, before the path is known.
pub(super) enum Failure {
    Io(io::Error),
    Parquet(ParquetError),
}

impl Failure {
    pub(crate) fn at(self, path: &Path) -> WriteError {
        let path = path.into();
        match self {
            Self::Io(source) => WriteError::Io { path, source },
            Self::Parquet(source) => WriteError::Parquet { path, source },
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<ParquetError> for Failure {
    fn from(error: ParquetError) -> Self {
        Self::Parquet(error)
    }
}

impl From<ArrowError> for Failure {
    fn from(error: ArrowError) -> Self {
        Self::Parquet(error.into())
    }
}
