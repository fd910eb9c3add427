//! What a measurement ran on and under, read back after it.

use serde::{Deserialize, Serialize};

/// Where threads ran and how many there were, as the machine and the libraries said afterwards.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InForce {
    /// CPUs that the measured threads were held to, ascending; empty where they were free to run
    /// anywhere.
    pub cpus: Vec<usize>,
    /// Why they were not held to CPUs although that was asked for.
    pub refused: Option<String>,
    /// Threads that OpenMP would use in the measuring thread; none where there is no OpenMP.
    pub openmp_threads: Option<usize>,
    /// Threads that BLAS would use; none where there is no BLAS that says so.
    pub blas_threads: Option<usize>,
}

/// What it took to begin: a new process and an index that comes from disk. Medians over rounds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ColdStart {
    /// Time to load the index, in seconds.
    pub load_s: f64,
    /// Latency of the very first query, in microseconds.
    pub first_query_us: f64,
    /// Bytes that really came from a disk while it was loaded; none where the system does not say.
    pub read_bytes: Option<u64>,
}

/// Where the threads of a run were to run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pinning {
    /// Whether it was asked for.
    pub asked: bool,
    /// Why it could not be done.
    pub refused: Option<String>,
    /// CPUs in the order in which measured threads take them: one of each physical core before any
    /// second one of a core.
    pub cpus: Vec<usize>,
    /// CPUs on which the coordinator waits while one thread is measured.
    pub coordinator: Vec<usize>,
    /// What governs the clock of the CPUs, such as `performance`; none where the machine does not
    /// tell, as most virtual ones do not.
    pub governor: Option<String>,
}
