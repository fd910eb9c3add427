//! Why an exact search did not answer.

use crate::Kernel;

/// A search that could not be done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExactError {
    /// Base and queries come from different models.
    #[error("queries have dim = {queries}, the base has dim = {base}; embed both with one model")]
    DimMismatch {
        /// Components a query has.
        queries: usize,
        /// Components a base vector has.
        base: usize,
    },
    /// A component is NaN or infinite: such a vector is near to nothing.
    #[error(
        "row {row} of the {which} holds a NaN or an infinity; remove the row or embed it again"
    )]
    NotFinite {
        /// Where the row lies.
        which: Which,
        /// Its number, from 0; the first of its kind.
        row: usize,
    },
    /// No neighbours were asked for.
    #[error("k = 0 asks for no neighbours; use k = 1 or more")]
    ZeroK,
    /// No thread may do the work.
    #[error("threads = 0 leaves nobody to search; use threads = 1 or more")]
    ZeroThreads,
    /// A kernel whose instructions are missing.
    #[error("this CPU has no {kernel}; use the kernel that `Kernel::best` finds, or none")]
    NoKernel {
        /// The kernel asked for.
        kernel: Kernel,
    },
    /// The packed copy does not fit into memory.
    #[error(
        "no memory for the packed copy of {n} vectors of dim = {dim}; search the base in blocks"
    )]
    NoMemory {
        /// Vectors of the base.
        n: usize,
        /// Components of each.
        dim: usize,
    },
    /// The caller's flag was raised.
    #[error("exact search was cancelled")]
    Cancelled,
}

/// One of the two sets of vectors a search takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// The vectors searched.
    Base,
    /// The vectors searched for.
    Queries,
}

impl std::fmt::Display for Which {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Base => "base",
            Self::Queries => "queries",
        })
    }
}
