//! A run's tables as Parquet with plain typed columns, and its record as JSON: what pandas, DuckDB
//! and the report read; and latencies as HdrHistogram's tools read them. All files are written
//! atomically. What an older run does not have, `query_facts.parquet` and `map.json`, reads as none.

mod builds;
mod latencies;
mod map;
mod points;
mod queries;
mod query_facts;
mod reader;
mod record;
mod writer;

use std::{
    io,
    path::{Path, PathBuf},
};

pub use builds::{read_builds, write_builds};
pub use latencies::{
    LatencyHistogram, PointLatencies, latency_tag, read_latencies, write_latencies,
};
pub use map::{read_map, write_map};
pub use points::{read_points, write_points};
pub use queries::{read_queries, write_queries};
pub use query_facts::{read_query_facts, write_query_facts};
pub use record::{read_record, write_record};

/// A table or record that could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The file system refused.
    #[error("{doing} {}{}", .path.display(), remedy(.doing))]
    Io {
        /// What was being done.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The Parquet library refused.
    #[error("{doing} {}: not a sound Parquet file{}", .path.display(), remedy(.doing))]
    Parquet {
        /// What was being done.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: parquet::errors::ParquetError,
    },
    /// A column that is not there, or of another type.
    #[error("{}: no column `{column}` of type {expected}; it was written by another version of annbench, run the experiment again", .path.display())]
    Column {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
        /// The type looked for.
        expected: &'static str,
    },
    /// A cell that is empty or says nothing sensible.
    #[error("{}: column `{column}`, row {row}: {problem}; run the experiment again", .path.display())]
    Cell {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
        /// The row, from 0.
        row: usize,
        /// What is wrong.
        problem: String,
    },
    /// Latencies that no histogram holds.
    #[error("{}: the latencies make no histogram: {problem}", .path.display())]
    Histogram {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A record that is no record.
    #[error("{}: not a run's record; run the experiment again", .path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// Where in it and why.
        source: serde_json::Error,
    },
}

impl TableError {
    /// Whether a file that was read is to blame, rather than a place to write to.
    pub fn is_bad_input(&self) -> bool {
        match self {
            Self::Io { doing, .. } | Self::Parquet { doing, .. } => *doing == READ,
            Self::Column { .. } | Self::Cell { .. } | Self::Record { .. } => true,
            Self::Histogram { .. } => false,
        }
    }
}

/// What is done to a file that is there.
const READ: &str = "read";

fn remedy(doing: &str) -> &'static str {
    match doing {
        READ => "; run the experiment again if the file is lost or damaged",
        _ => "",
    }
}

fn io_error(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> TableError {
    move |source| TableError::Io {
        doing,
        path: path.into(),
        source,
    }
}
