//! Arguments that several commands have in common.

use std::path::PathBuf;

use annbench_store::Dtype;
use annbench_vectors::Metric;
use clap::Args;

use super::values::dtype;

/// Where results and data lie.
#[derive(Debug, Clone, Args)]
pub(crate) struct FolderArgs {
    /// Folder of results [default: the experiment's `out`, else runs]
    #[arg(long, value_name = "DIR", env = "ANNBENCH_OUT")]
    pub(crate) out: Option<PathBuf>,
    /// Folder of cached vectors, ground truth and indexes [default: .cache within the results]
    #[arg(long, value_name = "DIR", env = "ANNBENCH_CACHE")]
    pub(crate) cache: Option<PathBuf>,
    /// Begin a new run even where an unfinished one could be continued
    #[arg(long)]
    pub(crate) fresh: bool,
    /// Build every index anew, even one that the cache holds
    #[arg(long)]
    pub(crate) rebuild: bool,
}

/// Where runs are looked for.
#[derive(Debug, Clone, Args)]
pub(crate) struct ResultsArgs {
    /// Folder of results, where runs are looked for by name
    #[arg(long, value_name = "DIR", env = "ANNBENCH_OUT", default_value = "runs")]
    pub(crate) out: PathBuf,
}

/// How output is written.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct OutputArgs {
    /// Print JSON, for machines
    #[arg(long)]
    pub(crate) json: bool,
}

/// Where what was computed or brought is kept for the next time.
#[derive(Debug, Clone, Args)]
pub(crate) struct CacheArgs {
    /// Folder of the cache, which runs share: ground truth, embeddings, copies of files at an address
    /// (s3://, gs://, az://, https://)
    #[arg(
        long = "cache",
        value_name = "DIR",
        env = "ANNBENCH_CACHE",
        default_value = "runs/.cache"
    )]
    pub(crate) folder: PathBuf,
}

/// Which columns of a file to read.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ColumnArgs {
    /// The column of vectors [default: the only one there is]
    #[arg(long, value_name = "NAME")]
    pub(crate) vector_column: Option<String>,
    #[command(flatten)]
    pub(crate) id: IdColumnArgs,
}

/// Which column of a file names its rows.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct IdColumnArgs {
    /// The column of ids; "" for row numbers [default: one called id or the like, if any]
    #[arg(long, value_name = "NAME")]
    pub(crate) id_column: Option<String>,
}

/// How a file of vectors is found and read.
#[derive(Debug, Clone, Args)]
pub(crate) struct SourceArgs {
    #[command(flatten)]
    pub(crate) columns: ColumnArgs,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
}

/// Which rows a sample is of.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct SampleSeedArgs {
    /// Seed of the sample
    #[arg(long, default_value_t = 42)]
    pub(crate) seed: u64,
}

/// What makes two vectors near.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct MetricArgs {
    /// What makes two vectors near: cosine, inner_product or l2 [default: the dataset's, or cosine]
    #[arg(long)]
    pub(crate) metric: Option<Metric>,
}

/// How components are stored.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct DtypeArgs {
    /// How to store components
    #[arg(long, default_value = "f32", value_parser = dtype(), value_name = "DTYPE")]
    pub(crate) dtype: Dtype,
}

/// How many threads compute.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct ThreadsArgs {
    /// Threads to compute with [default: all]
    #[arg(long)]
    pub(crate) threads: Option<usize>,
}
