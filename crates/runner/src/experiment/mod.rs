//! The experiment file: what a user asks for. The only module that knows the TOML.
//!
//! What it means on this machine is another type, [`Plan`](crate::Plan).

mod load;
mod places;
mod schema;
mod texts;
mod unknown;

use std::{path::PathBuf, time::Duration};

use annbench_store::results::Mode;
use annbench_vectors::Metric;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use load::{Mistake, Place, Written};
pub use places::Places;
pub use schema::experiment_schema;

/// A benchmark of indexes on one dataset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Experiment {
    /// Name of the experiment and of its folder among the results.
    pub name: String,
    /// Neighbours wanted per query.
    #[serde(default = "default_k")]
    #[schemars(range(min = 1))]
    pub k: usize,
    /// Seed of everything random: sampled queries, order of measurements, builds.
    #[serde(default = "default_seed")]
    pub seed: u64,
    /// Folder of results, relative to the experiment file; left out, `runs` where annbench is
    /// started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub out: Option<PathBuf>,
    /// The vectors.
    pub dataset: DatasetSpec,
    /// How to measure.
    #[serde(default)]
    pub measure: MeasureSpec,
    /// How to treat the machine.
    #[serde(default)]
    pub machine: MachineSpec,
    /// What `annbench tune` looks for; `annbench run` measures the whole grid whatever it says.
    #[serde(default)]
    pub tune: TuneSpec,
    /// The indexes to compare.
    #[serde(default)]
    pub index: Vec<IndexSpec>,
}

/// The vectors to search, and those to search for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DatasetSpec {
    /// A folder with a dataset.toml, such a manifest, a file of vectors (.parquet, .npy, .arrow,
    /// .fvecs, .fbin, .safetensors, .jsonl, .csv and others), or a folder or pattern of Parquet files;
    /// relative to the experiment file.
    pub path: Option<PathBuf>,
    /// In the place of `path`, texts to embed with `model`: a text file, or a Parquet, JSON lines or
    /// CSV file with a column of texts; relative to the experiment file.
    pub corpus: Option<PathBuf>,
    /// What a text of a plain file is: each of its `lines` (the default), or each of its
    /// `paragraphs`, which blank lines separate.
    pub split: Option<TextSplit>,
    /// The column of texts; left out, one called `text`, or the only one there is.
    pub text_column: Option<String>,
    /// A JSON file with what is known of each text: an array of as many values as there are texts.
    pub metadata: Option<PathBuf>,
    /// The sentence-transformers model that embeds texts: its folder (relative to the experiment
    /// file), or its name on the Hugging Face hub.
    pub model: Option<String>,
    /// What is put before every text of the corpus, such as `passage: `; left out, what the model
    /// asks for.
    pub prefix: Option<String>,
    /// A Parquet file that `annbench embed` wrote of the same texts with the same model: it serves
    /// where the model is not at hand.
    pub embedded: Option<PathBuf>,
    /// What makes two vectors near; left out, the manifest's, or cosine.
    pub metric: Option<Metric>,
    /// The column of vectors; left out, the only one there is.
    pub vector_column: Option<String>,
    /// The column of ids; left out, one called `id`, if any.
    pub id_column: Option<String>,
    /// Uses only the first so many base vectors.
    #[schemars(range(min = 1))]
    pub limit: Option<usize>,
    /// Where queries come from; left out, the manifest's, or 1,000 held out of the base.
    #[serde(default)]
    pub queries: QueriesSpec,
    /// The exact neighbours of the queries, if they are known: a file that `annbench truth` has
    /// written (.parquet, .npy), ivecs, ibin or the HDF5 of ann-benchmarks, relative to the experiment
    /// file, or its address. It is checked against the data; left out, they are those that the
    /// dataset brings for its queries, if any, or computed.
    pub ground_truth: Option<PathBuf>,
}

/// What a text of a plain file is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TextSplit {
    /// Each line.
    #[default]
    Lines,
    /// Each sequence of lines without a blank one.
    Paragraphs,
}

/// Queries in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum QueryTexts {
    /// A file, as for the corpus; one query a line if it is a plain one.
    File(PathBuf),
    /// The queries themselves.
    List(#[schemars(length(min = 1))] Vec<String>),
}

/// Where queries come from: a file of their own, texts, or a sample of the base.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QueriesSpec {
    /// A file of vectors, as for the base; relative to the experiment file.
    pub file: Option<PathBuf>,
    /// Texts to embed with the dataset's `model`: a list of them, or a file of texts, relative to
    /// the experiment file.
    pub texts: Option<QueryTexts>,
    /// What is put before every query in words, such as `query: `; left out, what the model asks for.
    pub prefix: Option<String>,
    /// As the dataset's `embedded`, of the queries.
    pub embedded: Option<PathBuf>,
    /// Uses only the first so many queries of the file.
    #[schemars(range(min = 1))]
    pub limit: Option<usize>,
    /// Draws so many base vectors at random as queries.
    #[schemars(range(min = 1))]
    pub sample: Option<usize>,
    /// Whether sampled queries are taken out of the base (the default), so that none finds itself.
    pub holdout: Option<bool>,
}

/// How to measure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MeasureSpec {
    /// How queries are offered: `single` (one thread, one query a call), `batch` (all in one call),
    /// `concurrent` (several clients, one query a call each), `open_loop` (queries arrive at random
    /// at given rates), `cold` (one query a call in a new process that has just loaded the index from
    /// disk).
    #[schemars(with = "Vec<ModeName>")]
    pub modes: Vec<Mode>,
    /// Chooses the fastest points at the usual recalls on one half of the queries and tells of them
    /// on the other, so that the luck of the choice shows.
    pub split_queries: bool,
    /// Builds every index that is not exact so often, with other seeds and other orders of insertion,
    /// and measures all of them: their spread is shown, and intervals hold for another build as well. Three or
    /// more, or 1.
    #[schemars(range(min = 1))]
    pub builds: usize,
    /// Rounds go on until the 95 % interval of every point's qps is this narrow, as a share of the
    /// estimate to either side: 0.02 for 2 %.
    #[schemars(range(min = 0.0001, max = 1.0))]
    pub target: f64,
    /// Measures exactly so many rounds, within the budget, however narrow the intervals; in each,
    /// every operating point is measured once in every mode.
    #[schemars(range(min = 1))]
    pub rounds: Option<usize>,
    /// Time to spend measuring, such as `90s` or `5m`; builds not counted. At least two rounds are
    /// measured whatever they take.
    #[serde(with = "humantime_text")]
    #[schemars(with = "String")]
    pub budget: Duration,
    /// Time a build may take, such as `30m` or `2h`; one that takes longer is ended and shown as
    /// failed.
    #[serde(with = "humantime_text")]
    #[schemars(with = "String")]
    pub build_timeout: Duration,
    /// Time one measurement of an operating point may take; a search that hangs is ended then, and
    /// its point shown as failed.
    #[serde(with = "humantime_text")]
    #[schemars(with = "String")]
    pub point_timeout: Duration,
    /// Threads of a batch search, or a list of such numbers; left out, all of the machine's.
    pub threads: Option<Counts>,
    /// Clients in mode concurrent, or a list of such numbers; left out, 1, 2, 4 and so on up to the
    /// machine's threads.
    pub clients: Option<Counts>,
    /// Queries that arrive a second in mode open_loop, or a list of such numbers. All of the machine's
    /// threads serve them.
    pub rates: Option<Counts>,
    /// Looks in mode open_loop for the highest rate whose 99th percentile of latency, counted from the
    /// moment a query is due, stays under this, such as `2ms`; or a list of such times.
    pub slo_p99: Option<Times>,
    /// Asks so few distinct queries over and over in mode single, beside all of them once; or a list
    /// of such numbers. Shows what the CPU's caches, or an index that remembers answers, make of it.
    pub working_set: Option<Counts>,
    /// Holds measured threads to a physical core each and the coordinator elsewhere, where the system
    /// allows it and there is a choice.
    pub pin: bool,
    /// Adds annbench's own exact search to the points that are compared where no index of the
    /// experiment is exact, so that every run says what an approximate index is worth.
    pub baseline: bool,
    /// Builds and measures all points on parts of the base as well, to show from which size on an
    /// index overtakes exact search: a list of shares such as [0.125, 0.25, 0.5], or true for these.
    pub subsets: Subsets,
    /// Threads of a build; left out, all of the machine's. With 1, builds repeat exactly.
    #[schemars(range(min = 1))]
    pub build_threads: Option<usize>,
}

impl Default for MeasureSpec {
    fn default() -> Self {
        Self {
            modes: vec![Mode::Single, Mode::Batch],
            split_queries: false,
            builds: 1,
            target: 0.02,
            rounds: None,
            budget: Duration::from_secs(60),
            build_timeout: Duration::from_secs(30 * 60),
            point_timeout: Duration::from_secs(5 * 60),
            threads: None,
            clients: None,
            rates: None,
            slo_p99: None,
            working_set: None,
            pin: true,
            baseline: true,
            subsets: Subsets::default(),
            build_threads: None,
        }
    }
}

/// Parts of the base to measure on as well.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Subsets {
    /// The usual ones, or none.
    Usual(bool),
    /// These shares of it, each above 0 and under 1.
    Shares(Vec<f64>),
}

impl Subsets {
    /// The shares of the base, in the order they are written.
    pub fn shares(&self) -> &[f64] {
        match self {
            Self::Usual(true) => &[0.125, 0.25, 0.5],
            Self::Usual(false) => &[],
            Self::Shares(shares) => shares,
        }
    }
}

impl Default for Subsets {
    fn default() -> Self {
        Self::Usual(false)
    }
}

/// The names of [`Mode`], for the schema alone: `store` has no business with JSON Schema.
#[derive(JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used")]
enum ModeName {
    Single,
    Batch,
    Concurrent,
    OpenLoop,
    Cold,
}

/// A number or a list of numbers, each an operating point of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Counts {
    /// One number.
    One(#[schemars(range(min = 1))] usize),
    /// Several.
    Many(#[schemars(length(min = 1), inner(range(min = 1)))] Vec<usize>),
}

impl Counts {
    /// The numbers, in the order they are written.
    pub fn as_slice(&self) -> &[usize] {
        match self {
            Self::One(count) => std::slice::from_ref(count),
            Self::Many(counts) => counts,
        }
    }
}

/// A time such as `2ms`, or a list of times, each an operating point of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Times {
    /// One time.
    One(String),
    /// Several.
    Many(#[schemars(length(min = 1))] Vec<String>),
}

impl Times {
    /// The times, in the order and the words they are written in.
    pub fn as_slice(&self) -> &[String] {
        match self {
            Self::One(time) => std::slice::from_ref(time),
            Self::Many(times) => times,
        }
    }
}

/// How to treat the machine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MachineSpec {
    /// Whether variables that steer BLAS and OpenMP reach the workers.
    pub blas_env: BlasEnv,
}

/// What `annbench tune` looks for: the fastest index and parameters at each recall. Lists of search
/// parameters are the ranges it searches, lists of build parameters the builds it chooses from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TuneSpec {
    /// The recalls to land on.
    #[schemars(length(min = 1))]
    pub recall: Vec<f64>,
    /// The mode whose qps counts, one of the modes measured; left out, the first of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<ModeName>")]
    pub mode: Option<Mode>,
    /// Measures at most so many operating points while it looks; left out, as many as it takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub points: Option<usize>,
}

impl Default for TuneSpec {
    fn default() -> Self {
        Self {
            recall: vec![0.90, 0.95, 0.99],
            mode: None,
            points: None,
        }
    }
}

/// What becomes of variables that steer BLAS and OpenMP.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BlasEnv {
    /// They are taken away: BLAS chooses its kernels for this CPU, annbench the threads.
    #[default]
    Own,
    /// They are kept as the user set them.
    Keep,
}

/// One kind of index, with build parameters and search parameters beside each other in the file.
/// A parameter given as a list is an axis of the grid.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IndexSpec {
    /// The index type; `annbench backends` lists them.
    #[serde(rename = "type")]
    pub kind: String,
    /// What tables call it; left out, the type with its parameters.
    pub label: Option<String>,
    /// Search parameters, swept without building anew.
    #[serde(default)]
    pub search: Axes,
    /// Build parameters.
    #[serde(flatten)]
    pub build: Axes,
}

/// Parameters in the order they are written; a value may be a list.
pub type Axes = serde_json::Map<String, Value>;

fn default_k() -> usize {
    10
}

fn default_seed() -> u64 {
    42
}

/// Durations as people write them.
mod humantime_text {
    use super::*;
    use serde::{Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(
        duration: &Duration,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&humantime::format_duration(*duration))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Duration, D::Error> {
        let text = String::deserialize(deserializer)?;
        humantime::parse_duration(&text).map_err(|error| {
            D::Error::custom(format!(
                "{text:?} is no duration ({error}); write 90s or 5m"
            ))
        })
    }
}
