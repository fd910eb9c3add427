//! Parquet: the canonical form of embeddings, and what other producers make of it.

mod fast;
mod file;
mod id_table;
mod levels;
mod read;
mod row_groups;
mod values;
mod write;
mod write_error;

pub use id_table::{read_ids, write_ids};
pub use write::{WriteOptions, write_parquet};
pub use write_error::WriteError;

pub(crate) use file::guard;
pub(crate) use read::{layout, load};
pub(crate) use row_groups::RowGroups;
pub(crate) use write::{check_range, write_with_progress};
pub(crate) use write_error::Failure;
