//! The rows of a run's tables.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{ColdStart, InForce, Warning};
use crate::RowFacts;

/// How queries are offered to an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// One thread, one query a call.
    Single,
    /// All queries in one call.
    Batch,
    /// Several clients, each with a thread of its own, one query a call, the next as soon as the
    /// last is answered.
    Concurrent,
    /// Queries arrive at random at a given rate, whether the index keeps up or not.
    OpenLoop,
    /// One thread, one query a call, in a process that has just loaded the index from disk.
    Cold,
}

impl Mode {
    /// All modes.
    pub const ALL: [Self; 5] = [
        Self::Single,
        Self::Batch,
        Self::Concurrent,
        Self::OpenLoop,
        Self::Cold,
    ];

    /// The name users write: `single`, `batch`, `concurrent`, `open_loop` or `cold`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Batch => "batch",
            Self::Concurrent => "concurrent",
            Self::OpenLoop => "open_loop",
            Self::Cold => "cold",
        }
    }

    /// Whether a query has a latency of its own.
    pub fn times_queries(self) -> bool {
        self != Self::Batch
    }
}

/// A mode with what there is to choose in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Load {
    /// How queries are offered.
    pub mode: Mode,
    /// Threads that search: one in mode single, those of the one call in mode batch, a client each
    /// in mode concurrent, those that serve in mode open loop.
    pub threads: usize,
    /// Queries that arrive a second, in mode open loop.
    pub rate_qps: Option<u64>,
    /// The 99th percentile of latency, in microseconds, under which the highest rate is looked for,
    /// in mode open loop in place of a rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slo_p99_us: Option<u64>,
    /// Distinct queries that are asked over and over, in mode single; none where each query is asked
    /// once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distinct_queries: Option<usize>,
}

impl Load {
    /// A mode with so many threads, and nothing else chosen.
    pub const fn new(mode: Mode, threads: usize) -> Self {
        Self {
            mode,
            threads,
            rate_qps: None,
            slo_p99_us: None,
            distinct_queries: None,
        }
    }
}

impl fmt::Display for Load {
    /// `batch, 2 threads`; `open_loop, 500 qps, 2 threads`; alone where there is nothing to choose.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.mode.name())?;
        if let Some(rate) = self.rate_qps {
            write!(f, ", {rate} qps")?;
        }
        if let Some(slo) = self.slo_p99_us {
            write!(f, ", p99<{}ms", slo as f64 / 1e3)?;
        }
        match self.distinct_queries {
            Some(1) => f.write_str(", 1 distinct query")?,
            Some(distinct) => write!(f, ", {distinct} distinct queries")?,
            None => {}
        }
        let noun = match self.mode {
            Mode::Concurrent => "client",
            _ => "thread",
        };
        match (self.mode, self.threads) {
            (Mode::Single | Mode::Cold, _) => Ok(()),
            (_, 1) => write!(f, ", 1 {noun}"),
            (_, threads) => write!(f, ", {threads} {noun}s"),
        }
    }
}

/// What a point is measured for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// To be compared with others.
    #[default]
    Candidate,
    /// To know what the harness itself costs: an index that does nothing.
    Null,
    /// To know what differs between a point and itself (A/A).
    Duplicate,
    /// To know what differs between builds: a candidate on an index built again.
    Rebuilt,
    /// To know how speed grows with the base: a candidate on a part of it.
    Subset,
}

/// Where a point stands among those of its load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// On the Pareto front of recall and qps, by the estimates.
    Front,
    /// Behind it by the estimates, but no point is better beyond doubt.
    Tied,
    /// Another point is better beyond doubt.
    Beaten,
}

/// Why no further round was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Settled {
    /// The interval is as narrow as was asked for.
    Target,
    /// The budget is spent.
    Budget,
    /// The rounds that were asked for are done.
    Rounds,
}

/// How much measurements of one point differ, level by level: standard deviations relative to the
/// estimate, 0.01 for one percent; none where a level has no two to compare.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Between builds.
    pub builds: Option<f64>,
    /// Between rounds.
    pub rounds: Option<f64>,
    /// Between queries.
    pub queries: Option<f64>,
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

/// Queries after which building an index and asking it has taken no longer than exact search alone.
/// None stands for never: of the estimate where the index is no faster than exact search, of an end
/// where its interval does not rule that out.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Repay {
    /// The estimate.
    pub queries: Option<f64>,
    /// Lower end of the interval.
    pub low: Option<f64>,
    /// Upper end of the interval.
    pub high: Option<f64>,
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
    /// Number of vectors it holds: the whole base, or the part of it that was drawn.
    pub n: usize,
    /// Whether the index is exact by construction.
    pub is_exact: bool,
    /// Which build of the same index it is, from 0: the later ones have other seeds and insert the
    /// base in another order, and are there to be compared with the first.
    pub repetition: usize,
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
    /// Threads that searched, see [`Load`].
    pub threads: usize,
    /// Queries that arrived a second, in mode open loop.
    pub rate_qps: Option<u64>,
    /// The p99 in microseconds under which the highest rate was looked for; qps is that rate.
    #[serde(default)]
    pub slo_p99_us: Option<u64>,
    /// Distinct queries that were asked over and over, see [`Load`].
    #[serde(default)]
    pub distinct_queries: Option<usize>,
    /// What it is measured for.
    pub role: Role,
    /// Number of vectors searched: the whole base, or the part of it that was drawn.
    pub n: usize,
    /// Neighbours asked for.
    pub k: usize,
    /// Whether it was measured, or why not.
    pub status: Status,
    /// recall@k over the queries.
    pub recall: Option<Estimate>,
    /// The same of the first few answers, for depths below k; none of a run before there was any.
    #[serde(default)]
    pub recall_at: Vec<RecallAt>,
    /// Queries a second, over rounds.
    pub qps: Option<Estimate>,
    /// Queries that repay the build of its index; none of an exact index, where no exact index was
    /// measured, and where queries come at a given rate.
    pub repay: Option<Repay>,
    /// Where it stands among the points of its load.
    pub tier: Option<Tier>,
    /// Points of the same load whose qps this run cannot tell from its own, by number.
    pub ties: Vec<usize>,
    /// How much its measurements differ.
    pub spread: Spread,
    /// Why no further round was measured.
    pub settled: Option<Settled>,
    /// Latency of a call (of one query, or of all of them in mode batch). In mode open loop it
    /// counts from the moment the query was due, so that a stall is charged to all it delays.
    pub latency_us: Option<LatencyUs>,
    /// Queries a round.
    pub n_queries: usize,
    /// Duration of each timed round in seconds, in the order they were run; all of them.
    pub rounds_s: Vec<f64>,
    /// What it ran on, as read back.
    #[serde(default)]
    pub in_force: InForce,
    /// What the start took, in mode cold.
    #[serde(default)]
    pub cold: Option<ColdStart>,
    /// What a reader must know of this row.
    pub warnings: Vec<Warning>,
}

impl PointRow {
    /// How its queries were offered.
    pub fn load(&self) -> Load {
        Load {
            mode: self.mode,
            threads: self.threads,
            rate_qps: self.rate_qps,
            slo_p99_us: self.slo_p99_us,
            distinct_queries: self.distinct_queries,
        }
    }
}

/// recall@k of the first few answers of a search for more.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RecallAt {
    /// Answers that count: of them as many true neighbours are wanted.
    pub k: usize,
    /// recall@k over the queries.
    pub recall: Estimate,
}

/// What is known of one query before any index is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QueryFacts {
    /// Number of the query, from 0.
    pub query_idx: usize,
    /// What the user calls it and says of it.
    pub row: RowFacts,
    /// Its relative contrast at k: the mean distance to the base over that to the k-th neighbour.
    /// The nearer to 1, the harder the query; infinite where that neighbour equals it.
    pub contrast: f64,
}

/// A map of the vectors: their first two principal components.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VectorMap {
    /// Share of the sample's variance along each axis, in `0..=1`.
    pub variance_shares: [f64; 2],
    /// Places of a sample of the base.
    pub base: Vec<[f32; 2]>,
    /// Places of the queries, by number.
    pub queries: Vec<[f32; 2]>,
}

/// One query at one operating point, under one load.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QueryRow {
    /// Number of the operating point in the plan.
    pub point: usize,
    /// How queries were offered.
    pub load: Load,
    /// Number of the query, from 0.
    pub query_idx: usize,
    /// Median over rounds of its latency in nanoseconds; `None` in mode batch, where a query has
    /// no latency of its own.
    pub latency_ns: Option<u64>,
    /// How many of the k wanted it found, by the definition of recall@k.
    pub hits: usize,
    /// How many neighbours were returned.
    pub returned: usize,
    /// The true neighbours it did not find, by their rows in the base, the nearest first: as many
    /// as its hits fall short of k.
    pub missed: Vec<u64>,
}
