//! Why vectors are not made.

use std::path::PathBuf;

use crate::WriteError;

/// A recipe that makes no sense.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RecipeError {
    /// Vectors without components.
    #[error("dim = 0: a vector has at least one component")]
    ZeroDim,
    /// Vectors longer than files can hold.
    #[error("dim = {dim} is more than files of vectors hold; use less than 2147483648")]
    TooWide {
        /// The dim asked for.
        dim: usize,
    },
    /// A mixture of nothing.
    #[error("clusters = 0 leaves nowhere to put vectors; use clusters = 1 or more")]
    NoClusters,
    /// Directions that the space does not have.
    #[error("intrinsic_dim = {intrinsic_dim} does not fit into dim = {dim}; use 1 to {dim}")]
    IntrinsicDim {
        /// The directions asked for.
        intrinsic_dim: usize,
        /// The dim.
        dim: usize,
    },
    /// A spread that is no length.
    #[error("spread = {spread}: use a positive number, such as 0.5")]
    Spread {
        /// The spread asked for.
        spread: f64,
    },
    /// More clusters than memory is meant for.
    #[error(
        "the directions of these clusters take {bytes} bytes of memory; lower clusters or intrinsic_dim"
    )]
    Structure {
        /// The bytes.
        bytes: u128,
    },
    /// More vectors than there is memory for.
    #[error("{n} x {dim} values do not fit into memory; write them to a file")]
    TooLarge {
        /// Vectors asked for.
        n: usize,
        /// The dim.
        dim: usize,
    },
}

/// Vectors that were not written; the path is as it was.
#[derive(Debug, thiserror::Error)]
pub enum MakeError {
    /// Nothing to write.
    #[error("n = 0 makes no vectors; use n = 1 or more")]
    NoRows,
    /// The disk is too small.
    #[error("{}: {needed} bytes are needed, the disk has {available} free; lower n or dim, or write elsewhere", .path.display())]
    Space {
        /// The file.
        path: PathBuf,
        /// Bytes it takes.
        needed: u64,
        /// Bytes there are.
        available: u64,
    },
    /// The file cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}
