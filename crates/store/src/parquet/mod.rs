//! Parquet: the canonical form of embeddings, and what other producers make of it.

mod fast;
mod file;
mod id_table;
mod levels;
mod read;
mod values;
mod write;
mod write_error;

pub use id_table::{read_ids, write_ids};
pub use write::{WriteOptions, write_parquet};
pub use write_error::WriteError;

pub(crate) use file::guard;
pub(crate) use read::{ParquetTable, load};
pub(crate) use write::ParquetWriter;
