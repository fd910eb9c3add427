//! NumPy's array files: what users bring, and the form of the cache and the ground truth.
//!
//! [`read`] and [`write()`] handle arrays of annbench's own (C order, little-endian, 1-D or 2-D);
//! [`MappedMatrix`] maps one without reading it. Users' arrays, in any dtype and order, come
//! in through [`load`](crate::load).

mod array;
mod element;
mod error;
mod header;
mod load;
mod mapped;
mod write;

pub use array::{read, read_row_numbers, write, write_matrix};
pub use element::Element;
pub use error::NpyError;
pub use mapped::MappedMatrix;

pub(crate) use array::read_row_lists;
use header::Header;
pub(crate) use load::Array;
pub(crate) use write::NpyWriter;
