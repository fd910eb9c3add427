//! Row-major vectors, ids, metrics and neighbour lists: the nouns that every
//! annbench crate shares.
//!
//! The crate is a leaf: it does no IO and knows no file format. Start reading at
//! [`Matrix`] (owned) and [`MatrixView`] (borrowed); [`Neighbors`] is what a search
//! fills, [`Metric`] says what its scores mean.
//!
//! Invariants, kept by every constructor:
//!
//! - a matrix of `n` rows and `dim` columns holds exactly `n * dim` values, and `dim >= 1`;
//! - a row of [`Neighbors`] holds at most `k` neighbours; a missing one makes it shorter.
//!
//! ```
//! use annbench_vectors::{Matrix, Metric};
//!
//! let base = Matrix::from_vec(vec![1.0, 0.0, 0.0, 2.0], 2)?;
//! let query = [1.0, 1.0];
//! assert_eq!(Metric::InnerProduct.score(base.row(1), &query), 2.0);
//! assert_eq!(Metric::L2.score(base.row(0), &query), 1.0);
//! # Ok::<(), annbench_vectors::ShapeError>(())
//! ```

mod ids;
mod matrix;
mod metric;
mod neighbors;
mod normalize;
mod principal;
mod room;

pub use ids::{Id, Ids};
pub use matrix::{Matrix, MatrixView, ShapeError};
pub use metric::{Metric, UnknownMetric};
pub use neighbors::{Neighbors, NeighborsMut};
pub use normalize::{ZeroVector, normalize_rows, refuse_zero_rows};
pub use principal::PrincipalComponents;
pub use room::zeroed_vec;
