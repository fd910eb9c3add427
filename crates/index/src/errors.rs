//! One small error for each family of operations.

use std::path::PathBuf;

use serde_json::Value;

use crate::nearest;

/// A parameter that cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ParamError {
    /// A key that nobody knows.
    #[error("unknown key `{key}`{}", suggestion(key, "keys", .known))]
    Unknown {
        /// The key as written.
        key: String,
        /// All known keys.
        known: Vec<String>,
    },
    /// A value of another type.
    #[error("`{key}` must be {expected}, not {found}")]
    WrongType {
        /// The key.
        key: String,
        /// The type it must have, in words.
        expected: String,
        /// The value given.
        found: Value,
    },
    /// A value outside its range.
    #[error("{key} = {value} is out of range; use {range}")]
    OutOfRange {
        /// The key.
        key: String,
        /// The value given.
        value: Value,
        /// The range, in words.
        range: String,
    },
    /// A key that must be given and was not.
    #[error("`{key}` is missing; give {expected}")]
    Missing {
        /// The key.
        key: String,
        /// What it must be, in words.
        expected: String,
    },
    /// A value that cannot work with this base or with the other parameters.
    #[error("{key} = {value} {problem}; {remedy}")]
    Refused {
        /// The key.
        key: String,
        /// The value given.
        value: Value,
        /// What is wrong with it.
        problem: String,
        /// What to do.
        remedy: String,
    },
}

impl ParamError {
    /// The key at fault.
    pub fn key(&self) -> &str {
        match self {
            Self::Unknown { key, .. }
            | Self::WrongType { key, .. }
            | Self::OutOfRange { key, .. }
            | Self::Missing { key, .. }
            | Self::Refused { key, .. } => key,
        }
    }
}

/// How a complaint about an unknown name goes on: with the known name most like it, if one is alike
/// enough to be meant, and all known names. `what` says what they are, in the plural.
pub fn suggestion(word: &str, what: &str, known: &[String]) -> String {
    let all = known.join(", ");
    match nearest(word, known.iter().map(String::as_str)) {
        _ if known.is_empty() => format!("; there are no {what} here"),
        Some(nearest) => format!("; did you mean `{nearest}`? known {what}: {all}"),
        None => format!("; known {what}: {all}"),
    }
}

/// A build that did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The parameters cannot be used.
    #[error(transparent)]
    Params(#[from] ParamError),
    /// The library refused or failed.
    #[error("{doing}: {reason}")]
    Library {
        /// What was being done: `create`, `train` or `add`.
        doing: &'static str,
        /// The library's own words.
        reason: String,
    },
}

/// Search parameters that were not accepted.
#[derive(Debug, thiserror::Error)]
pub enum ConfigureError {
    /// The parameters cannot be used.
    #[error(transparent)]
    Params(#[from] ParamError),
    /// The library refused.
    #[error("set {key} = {value}: {reason}")]
    Library {
        /// The parameter.
        key: String,
        /// The value asked for.
        value: Value,
        /// The library's own words.
        reason: String,
    },
}

/// A search that did not succeed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SearchError {
    /// The queries have another dimension than the index.
    #[error("queries have dim = {queries}, the index has dim = {index}; embed both with one model")]
    DimMismatch {
        /// Components a query has.
        queries: usize,
        /// Components an indexed vector has.
        index: usize,
    },
    /// The buffer has room for another number of queries.
    #[error("{queries} queries, room for the neighbours of {room}")]
    Room {
        /// Queries given.
        queries: usize,
        /// Queries there is room for.
        room: usize,
    },
    /// The library failed.
    #[error("{0}")]
    Library(String),
}

impl SearchError {
    /// Checks that queries fit an index and a buffer: the first lines of every search.
    ///
    /// # Errors
    /// [`SearchError::DimMismatch`] or [`SearchError::Room`].
    pub fn check_shapes(
        queries: annbench_vectors::MatrixView<'_>,
        dim: usize,
        out: &annbench_vectors::NeighborsMut<'_>,
    ) -> Result<(), Self> {
        if queries.dim() != dim {
            return Err(Self::DimMismatch {
                queries: queries.dim(),
                index: dim,
            });
        }
        if queries.n() != out.n_queries() {
            return Err(Self::Room {
                queries: queries.n(),
                room: out.n_queries(),
            });
        }
        Ok(())
    }
}

/// An index that could not be written.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// The file system refused.
    #[error("write {}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The library failed.
    #[error("write {}: {reason}", .path.display())]
    Library {
        /// The file.
        path: PathBuf,
        /// The library's own words.
        reason: String,
    },
}

/// An index that could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file system refused.
    #[error("read {}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// There is no index, or no description beside it.
    #[error("{}: there is no index with a description ({}) here; name a file that a run has left in its folder indexes", .path.display(), .card.display())]
    NotFound {
        /// The index.
        path: PathBuf,
        /// The description's file.
        card: PathBuf,
    },
    /// The description beside the index cannot be read.
    #[error("read {}: not a description of an annbench index; build the index again", .path.display())]
    Card {
        /// The description's file.
        path: PathBuf,
        /// Where and why.
        source: serde_json::Error,
    },
    /// The library failed.
    #[error("load {}: {reason}; the file is damaged or of another kind, build the index again", .path.display())]
    Library {
        /// The file.
        path: PathBuf,
        /// The library's own words.
        reason: String,
    },
    /// The file holds something else than the description beside it says.
    #[error("{}: holds {found}, its description says {expected}; build the index again", .path.display())]
    Differs {
        /// The file.
        path: PathBuf,
        /// What the file holds.
        found: String,
        /// What its description says.
        expected: String,
    },
    /// No backend of the name in the description.
    #[error(transparent)]
    UnknownBackend(#[from] crate::UnknownBackend),
}
