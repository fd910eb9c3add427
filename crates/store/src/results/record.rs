//! `run.json`: what a run was, apart from its rows.

use std::path::PathBuf;

use annbench_vectors::Metric;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Estimate, Load, Pinning, Warning};

/// All that identifies a run and the place it was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// The experiment's name.
    pub experiment: String,
    /// The run's own name, unique among the experiment's runs.
    pub run_id: String,
    /// When it began, RFC 3339 in UTC.
    pub started: String,
    /// When it ended; none while it goes on or if it was cut off.
    pub finished: Option<String>,
    /// Version of annbench.
    pub annbench_version: String,
    /// Revision of the git checkout it was run in, with `+` where files were changed.
    pub git_revision: Option<String>,
    /// sha256 of the plan: equal hashes measure the same things.
    pub plan_sha256: String,
    /// The plan, resolved: every build and operating point.
    pub plan: Value,
    /// The experiment as written, after `--set`.
    pub experiment_toml: String,
    /// The data.
    pub dataset: DatasetCard,
    /// The machine.
    pub machine: Machine,
    /// The index libraries, as found in a worker.
    pub libraries: Vec<LibraryCard>,
    /// What of the environment steers BLAS and OpenMP.
    pub blas: BlasEnvironment,
    /// Where threads were to run.
    #[serde(default)]
    pub pinning: Pinning,
    /// Builds and operating points that failed; what a run of the same plan tries again.
    #[serde(default)]
    pub failures: usize,
    /// How sharp the run is, load by load; empty until it is finished.
    #[serde(default)]
    pub noise: Vec<Noise>,
    /// Points chosen on half of the queries and told on the other; empty unless it was asked for.
    #[serde(default)]
    pub choices: Vec<SplitChoice>,
    /// How speed grows with the base, load by load and index by index; empty unless parts of the
    /// base were asked for.
    #[serde(default)]
    pub scaling: Vec<Scaling>,
    /// What a reader must know of the whole run.
    pub warnings: Vec<Warning>,
}

/// How sharp a run is under one load.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Noise {
    /// How queries were offered.
    pub load: Load,
    /// qps of a point over qps of its own duplicate (A/A), with the interval of that ratio.
    pub duplicate: Option<Estimate>,
    /// Relative difference that a point may show to itself: what differs by less is not told apart.
    pub floor: Option<f64>,
    /// The smallest relative difference that the run could have found.
    pub resolution: Option<f64>,
    /// What the harness costs around an index that does nothing, in nanoseconds a query.
    pub null_ns: Option<f64>,
}

/// The fastest point that meets a recall, chosen on one half of the queries, with what the other
/// half, which had no say, makes of it: the first figures are too good on average, for luck helped
/// the point win.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SplitChoice {
    /// How queries were offered.
    pub load: Load,
    /// The recall to be met.
    pub target: f64,
    /// Number of the point.
    pub point: usize,
    /// Its recall on the queries that chose it.
    pub chosen_recall: f64,
    /// Its qps on them; in mode single alone, else that of all queries.
    pub chosen_qps: f64,
    /// Its recall on the others.
    pub reported_recall: f64,
    /// Its qps on the others.
    pub reported_qps: f64,
}

/// How the speed of an index grows with the base.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scaling {
    /// How queries were offered.
    pub load: Load,
    /// Number of the build on the whole base.
    pub build: usize,
    /// What the table calls its index.
    pub label: String,
    /// Whether the index is exact by construction.
    pub is_exact: bool,
    /// The recall that its points had to be sure of.
    pub recall: f64,
    /// Its fastest such point at each size, ascending.
    pub steps: Vec<ScalingStep>,
    /// Where it overtakes exact search; none of exact search itself, and where no point is sure of
    /// the recall.
    pub overtakes: Option<Overtakes>,
}

/// The fastest point of an index on so many vectors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScalingStep {
    /// Number of base vectors.
    pub n: usize,
    /// Number of the point in the plan; none where none is sure of the recall.
    pub point: Option<usize>,
    /// Its recall.
    pub recall: Option<Estimate>,
    /// Its qps.
    pub qps: Option<Estimate>,
}

/// From which size of the base on an index is faster than exact search.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Overtakes {
    /// From this one on at the latest, the smallest that was measured.
    Below(usize),
    /// From about so many vectors on, between two sizes that were measured.
    At(f64),
    /// It is slower at this one, the largest.
    NotWithin(usize),
}

/// The data a run was made on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DatasetCard {
    /// Its name.
    pub name: String,
    /// Where the vectors come from, in words.
    pub source: Option<String>,
    /// Their licence.
    pub licence: Option<String>,
    /// The metric.
    pub metric: Metric,
    /// Number of base vectors.
    pub n: usize,
    /// Number of queries.
    pub n_queries: usize,
    /// Components a vector has.
    pub dim: usize,
    /// How the queries came about, in words.
    pub queries: String,
    /// Where the exact neighbours came from, in words; none where they were computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ground_truth: Option<String>,
    /// sha256 of the base vectors as indexed.
    pub base_sha256: String,
    /// sha256 of the queries as searched.
    pub queries_sha256: String,
    /// The file that the base was read from, where the run was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_file: Option<PathBuf>,
}

/// The machine a run was made on.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Machine {
    /// CPU model.
    pub cpu: String,
    /// Instruction sets of the CPU that matter here.
    pub cpu_flags: Vec<String>,
    /// Physical cores.
    pub physical_cores: Option<usize>,
    /// Threads that may run at once.
    pub threads: usize,
    /// Memory in bytes.
    pub memory_bytes: u64,
    /// Operating system and its version.
    pub os: String,
}

/// An index library as found in a worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LibraryCard {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The instruction sets it says it was compiled for.
    pub compile_options: String,
    /// BLAS behind it: version and build.
    pub blas: Option<String>,
    /// CPU family whose kernels BLAS chose.
    pub blas_core: Option<String>,
    /// Threads BLAS uses.
    pub blas_threads: Option<usize>,
    /// Threads OpenMP uses at most.
    pub openmp_threads: Option<usize>,
}

/// What of the environment steers BLAS and OpenMP.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BlasEnvironment {
    /// Whether the user's variables were kept.
    pub kept: bool,
    /// Variables the user had set.
    pub found: Vec<EnvVariable>,
    /// Variables that annbench set for the workers.
    pub set: Vec<EnvVariable>,
}

/// A variable of the environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvVariable {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}
