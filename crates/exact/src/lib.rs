//! Exact k-nearest neighbours: the source of ground truth, also an index backend.
mod bound;
mod error;
mod kernel;
mod neighbors;
mod norms;
mod options;
mod scan;
mod schedule;
mod searcher;
mod top;

pub use error::{ExactError, Which};
pub use neighbors::ExactNeighbors;
pub use options::{Options, Progress};
pub use searcher::{Searcher, search};
