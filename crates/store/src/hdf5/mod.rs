//! HDF5 in the layout of ann-benchmarks: `train` (the base), `test` (the queries), `neighbors` and
//! `distances` (the ground truth), and the metric in the attribute `distance`.
//!
//! # Source
//! The files of ann-benchmarks.com and the code of `ann_benchmarks/datasets.py` that writes them.

mod encode;
mod read;
mod write;

pub use write::Companions;

pub(crate) use read::{Arrays, companions, has_queries, has_truth, metric, truth};
pub(crate) use write::Hdf5Writer;

/// The dataset of base vectors.
pub(crate) const TRAIN: &str = "train";
/// The dataset of queries.
pub(crate) const TEST: &str = "test";
/// Row numbers of each query's true neighbours, best first.
const NEIGHBORS: &str = "neighbors";
/// Their distances, in the words of ann-benchmarks.
const DISTANCES: &str = "distances";
/// The attribute that names the metric.
const DISTANCE: &str = "distance";
