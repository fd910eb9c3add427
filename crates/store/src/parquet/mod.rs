//! Parquet: the canonical form of embeddings, and what other producers make of it.

mod blocks;
mod fast;
mod file;
mod id_table;
mod levels;
mod parts;
mod read;
mod table_file;
mod values;
mod write;
mod write_error;

pub use blocks::VectorBlocks;
pub use id_table::{read_ids, write_ids};
pub use parts::{PartWriter, read_notes, write_parquet_parts};
pub use write::{WriteOptions, write_parquet};
pub use write_error::WriteError;

pub(crate) use file::{ParquetFile, guard};
pub(crate) use read::{ParquetTable, load, outline};
pub(crate) use table_file::TableFile;
pub(crate) use write::ParquetWriter;
