//! Parquet: the canonical form of embeddings, and what other producers make of it.

mod columns;
mod file;
mod id_table;
mod ids;
mod read;
mod vectors;
mod write;
mod write_error;

pub use id_table::{read_ids, write_ids};
pub use write::{WriteOptions, write_parquet};
pub use write_error::WriteError;

pub(crate) use columns::{Roles, dtype_of};
pub(crate) use file::ParquetFile;
pub(crate) use read::{load, select_rows};
pub(crate) use write::{check_range, write_with_progress};
