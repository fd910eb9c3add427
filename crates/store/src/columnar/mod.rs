//! Tables with a column of vectors, whatever file they lie in: which column is for what, and the
//! way of its batches into embeddings.

mod ids;
mod roles;
mod sink;
mod table;
mod vectors;

pub(crate) use ids::{IdSink, check_distinct, without_dictionary};
pub(crate) use roles::{Roles, column_cards, dtype_of, id_column, is_text, place};
pub(crate) use sink::{Sink, TableSize, select_rows};
pub(crate) use table::{Table, TableBlocks, fill, layout, load};
