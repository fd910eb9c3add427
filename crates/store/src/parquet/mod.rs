//! Parquet: the canonical form of embeddings, and what other producers make of it.

mod columns;
mod file;
mod ids;
mod read;
mod vectors;
mod write;

pub use write::{WriteError, WriteOptions, write_parquet};

pub(crate) use columns::{Roles, dtype_of};
pub(crate) use file::ParquetFile;
pub(crate) use read::{load, select_rows};
pub(crate) use write::{check_range, write_with_progress};
