//! Why nothing was converted.

use std::path::PathBuf;

use crate::{LoadError, WriteError};

/// A conversion that did not happen; the output is as it was.
#[derive(Debug, thiserror::Error)]
pub enum ConvertError {
    /// The input is refused.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The output cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A row number past the end of the input.
    #[error("{}: row {row} is asked for, it has {n} rows; give row numbers from 0", .path.display())]
    PastEnd {
        /// The input.
        path: PathBuf,
        /// The row asked for.
        row: usize,
        /// Rows it has.
        n: usize,
    },
    /// A row number given twice.
    #[error("row {row} is asked for twice; give each row once, ids must stay distinct")]
    Repeated {
        /// The row.
        row: usize,
    },
    /// No row is left.
    #[error("{}: no row is left to write; ask for more rows or skip fewer", .path.display())]
    NothingLeft {
        /// The input.
        path: PathBuf,
    },
}
