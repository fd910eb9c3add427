//! The rows of a run's tables.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Warning;

/// How queries are offered to an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// One thread, one query a call.
    Single,
    /// All queries in one call.
    Batch,
}

impl Mode {
    /// The name users write: `single` or `batch`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Batch => "batch",
        }
    }
}

/// Whether a row holds a measurement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It does.
    Ok,
    /// It does not, and this is why.
    Failed(String),
}

impl Status {
    /// Whether the row holds a measurement.
    pub fn is_ok(&self) -> bool {
        *self == Self::Ok
    }
}

/// An estimate with the interval that holds it in 95 of 100 repetitions.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The estimate.
    pub value: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
}

/// One index built (or loaded), with what it cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BuildRow {
    /// Number of the build in the plan, from 0.
    pub build: usize,
    /// What the table calls it: the index type with the parameters that vary.
    pub label: String,
    /// Name of the backend.
    pub backend: String,
    /// Build parameters as asked for, defaults filled in.
    pub requested: Map<String, Value>,
    /// Build parameters in force.
    pub effective: Map<String, Value>,
    /// Whether the index is exact by construction.
    pub is_exact: bool,
    /// Seed of the build.
    pub seed: u64,
    /// Threads of the build.
    pub threads: usize,
    /// Whether it was built, or why not.
    pub status: Status,
    /// Time spent learning from the vectors, in seconds.
    pub train_s: f64,
    /// Time spent adding them, in seconds.
    pub add_s: f64,
    /// Memory three ways.
    pub memory: Memory,
    /// The persisted index, relative to the run's folder.
    pub index_file: Option<String>,
    /// Whether it was taken from the cache: its times and memory are those of when it was built.
    #[serde(default)]
    pub from_cache: bool,
    /// What a reader must know of this build.
    pub warnings: Vec<Warning>,
}

impl BuildRow {
    /// Time of the whole build, in seconds.
    pub fn build_s(&self) -> f64 {
        self.train_s + self.add_s
    }
}

/// Memory of an index, three ways side by side; bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Memory {
    /// The textbook formula of its kind, where there is one.
    pub estimate_bytes: Option<u64>,
    /// Size of the persisted file.
    pub serialized_bytes: Option<u64>,
    /// Resident memory that the worker gained by the build.
    pub rss_bytes: Option<u64>,
    /// Most resident memory the worker had above its start while building.
    pub peak_rss_bytes: Option<u64>,
}

/// Latencies of single calls, in microseconds.
///
/// A percentile is the smallest sample that at least that share of the samples do not exceed
/// (nearest rank); `None` where too few samples lie beyond it to carry it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LatencyUs {
    /// Arithmetic mean.
    pub mean: f64,
    /// Sample standard deviation.
    pub std: f64,
    /// Median.
    pub p50: f64,
    /// 95th percentile.
    pub p95: Option<f64>,
    /// 99th percentile.
    pub p99: Option<f64>,
}

/// One operating point in one mode: an index with search parameters, measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PointRow {
    /// Number of the operating point in the plan, from 0; the same in every mode.
    pub point: usize,
    /// Number of its build in the plan.
    pub build: usize,
    /// What the table calls its index.
    pub label: String,
    /// Name of the backend.
    pub backend: String,
    /// Search parameters as asked for, defaults filled in.
    pub requested: Map<String, Value>,
    /// Search parameters in force.
    pub effective: Map<String, Value>,
    /// How queries were offered.
    pub mode: Mode,
    /// Threads a call could use.
    pub threads: usize,
    /// Neighbours asked for.
    pub k: usize,
    /// Whether it was measured, or why not.
    pub status: Status,
    /// recall@k over the queries.
    pub recall: Option<Estimate>,
    /// Queries a second, over rounds.
    pub qps: Option<Estimate>,
    /// Latency of a call (of one query in mode single, of all of them in mode batch).
    pub latency_us: Option<LatencyUs>,
    /// Queries a round.
    pub n_queries: usize,
    /// Duration of each timed round in seconds, in the order they were run; all of them.
    pub rounds_s: Vec<f64>,
    /// What a reader must know of this row.
    pub warnings: Vec<Warning>,
}

/// One query at one operating point, in one mode.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QueryRow {
    /// Number of the operating point in the plan.
    pub point: usize,
    /// How queries were offered.
    pub mode: Mode,
    /// Number of the query, from 0.
    pub query_idx: usize,
    /// Median over rounds of its latency in nanoseconds; `None` in mode batch, where a query has
    /// no latency of its own.
    pub latency_ns: Option<u64>,
    /// How many of the k wanted it found, by the definition of recall@k.
    pub hits: usize,
    /// How many neighbours were returned.
    pub returned: usize,
}
