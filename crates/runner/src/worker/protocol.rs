//! What coordinator and worker say to each other, a JSON object a line.

use std::path::PathBuf;

use annbench_index::{BuildProgress, IndexCard, Library, Params};
use annbench_store::results::{InForce, Load, Memory};
use annbench_vectors::Metric;
use serde::{Deserialize, Serialize};

use super::disturbance::Disturbance;

/// What a worker is told. It answers each with any number of [`Reply::Progress`] and then one
/// other [`Reply`]; at the end of its input it leaves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// Say which libraries are behind the backends.
    Libraries,
    /// Build an index and persist it.
    Build(BuildRequest),
    /// Load a persisted index.
    Load {
        /// The index, with its description beside it.
        path: PathBuf,
    },
    /// Load a persisted index that the system is made to forget first, and time that.
    LoadCold {
        /// The index, with its description beside it.
        path: PathBuf,
    },
    /// Search the index and time it.
    Measure(MeasureRequest),
}

/// What to build.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BuildRequest {
    /// The base: a cached matrix, n x dim.
    pub base: PathBuf,
    /// Where to persist the index.
    pub index: PathBuf,
    /// Its description, the times still zero.
    pub card: IndexCard,
}

/// What to measure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MeasureRequest {
    /// The queries: a cached matrix, n_queries x dim.
    pub queries: PathBuf,
    /// Neighbours wanted per query.
    pub k: usize,
    /// How queries are offered.
    pub load: Load,
    /// Seed of the moments at which queries arrive, in mode open loop.
    pub arrivals_seed: u64,
    /// Search parameters.
    pub search: Params,
    /// Queries to search before the timing starts.
    pub warmup_queries: usize,
    /// CPUs to hold all threads to meanwhile; empty where they are free.
    pub cpus: Vec<usize>,
    /// Where to write times and answers.
    pub answers: PathBuf,
}

/// What a worker answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// How far the build is.
    Progress(BuildProgress),
    /// The libraries behind the backends, in their order.
    Libraries(Vec<Library>),
    /// The index is there.
    Ready {
        /// Time spent learning from the vectors, in seconds.
        train_s: f64,
        /// Time spent adding them, in seconds.
        add_s: f64,
        /// Memory three ways.
        memory: Memory,
        /// Vectors in it.
        n: usize,
    },
    /// The index came from disk, as far as that can be had.
    LoadedCold {
        /// Time it took, in seconds.
        load_s: f64,
        /// Bytes that came from a disk meanwhile; none where the system does not say.
        read_bytes: Option<u64>,
    },
    /// The searches are done and the file of answers is written.
    Measured {
        /// Search parameters in force.
        effective: Params,
        /// Time from the first query to the last answer, in nanoseconds.
        elapsed_ns: u64,
        /// What else happened on the machine meanwhile.
        disturbance: Disturbance,
        /// How many times faster queries were answered than when they were first asked.
        repeat_speedup: Option<f64>,
        /// What they ran on, as read back.
        in_force: InForce,
    },
    /// The request could not be met; the worker goes on.
    Failed {
        /// Why.
        reason: String,
    },
}

impl BuildRequest {
    /// The metric to build for.
    pub fn metric(&self) -> Metric {
        self.card.metric
    }
}
