//! Arguments of the commands that work with files of embeddings: inspect, data.

use std::path::PathBuf;

use annbench_vectors::Metric;
use clap::{Args, Subcommand, ValueEnum};

use super::groups::{
    CacheArgs, ColumnArgs, DtypeArgs, MetricArgs, OutputArgs, SampleSeedArgs, SourceArgs,
    ThreadsArgs,
};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  annbench inspect embeddings.parquet
  annbench inspect s3://bucket/embeddings.parquet    a few kB of it are read")]
pub(crate) struct InspectArgs {
    /// A file of vectors: .parquet, .npy, .arrow, .hdf5, .fvecs, .fbin, .safetensors, .jsonl, .csv and
    /// others; or its address
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DataCommand {
    /// Convert, cut or sample a file of embeddings
    Convert(ConvertArgs),
    /// List the field's public sets of vectors, and which are here
    List(CatalogArgs),
    /// Download a public set, check it and make a dataset of it
    Fetch(FetchArgs),
    /// Examine vectors: what spoils a benchmark, how hard they are to search, what to do
    Check(CheckArgs),
    /// Make vectors from a seed, as many as the disk holds
    Make(MakeArgs),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  annbench data list
  annbench data list --json")]
pub(crate) struct CatalogArgs {
    #[command(flatten)]
    pub(crate) datasets: DatasetsArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Where public sets are kept.
#[derive(Debug, Args)]
pub(crate) struct DatasetsArgs {
    /// Folder of public sets, a folder in it for each
    #[arg(
        long = "to",
        value_name = "DIR",
        env = "ANNBENCH_DATASETS",
        default_value = "datasets"
    )]
    pub(crate) folder: PathBuf,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  annbench data fetch wikipedia-1k-cohere
  annbench quick catalog:wikipedia-1k-cohere
  annbench data fetch sift-128-euclidean --mirror https://mirror.example/ann
  annbench data fetch sift-128-euclidean --mirror downloads
A fetch that was cut goes on with what is missing when the same command is given again. In an
experiment, [dataset] path = \"catalog:NAME\" is what was fetched.")]
pub(crate) struct FetchArgs {
    /// Its name, as `annbench data list` shows it
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) datasets: DatasetsArgs,
    /// Take the files, by their own names, from this folder: at an address, or of this machine
    #[arg(long, value_name = "URL_OR_DIR")]
    pub(crate) mirror: Option<String>,
    /// Fetch again what is there; it must be what it was
    #[arg(long)]
    pub(crate) again: bool,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  annbench data check embeddings.parquet
  annbench data check base.npy --queries queries.npy --metric l2
  annbench data check datasets/wordnet-minilm --json
Exit codes: 0 a run may go on, 1 something found forbids it, 2 bad input.
Nearly equal vectors, difficulty, hubness and rounding are judged by a sample, all else by all rows.")]
pub(crate) struct CheckArgs {
    /// A file of vectors: .parquet, .npy, .arrow, .hdf5, .fvecs, .fbin, .safetensors, .jsonl, .csv and
    /// others; or its address, a folder of Parquet files, a dataset's folder, or catalog:NAME
    pub(crate) file: PathBuf,
    /// Queries from a file of their own [default: the dataset's, if it has any]
    #[arg(long, value_name = "FILE")]
    pub(crate) queries: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) metric: MetricArgs,
    /// Vectors whose exact neighbours are found, and as many queries
    #[arg(long, default_value_t = 500, value_name = "N")]
    pub(crate) sample: usize,
    #[command(flatten)]
    pub(crate) seed: SampleSeedArgs,
    #[command(flatten)]
    pub(crate) threads: ThreadsArgs,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
    #[command(flatten)]
    pub(crate) columns: ColumnArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  annbench data convert vectors.npy vectors.parquet --dtype f16
  annbench data convert all.parquet base.parquet --skip-rows query_rows.npy
  annbench data convert all.parquet small.parquet --sample 10000 --seed 42
  annbench data convert base.parquet set.hdf5 --queries queries.parquet --metric l2
Rows are chosen in this order: --rows or --skip-rows, --sample, --limit.
Files may be larger than memory: both are read and written block by block.")]
pub(crate) struct ConvertArgs {
    /// A file of vectors: .parquet, .npy, .arrow, .hdf5, .fvecs, .fbin, .safetensors, .jsonl, .csv and
    /// others; of .hdf5 --vector-column names the dataset, such as test; or its address
    pub(crate) input: PathBuf,
    /// A .parquet, .npy, .hdf5, .fvecs or .fbin file to write; the last three hold f32 alone
    pub(crate) output: PathBuf,
    /// Keep only the rows whose numbers this .npy file lists, in its order
    #[arg(long, value_name = "FILE.npy")]
    pub(crate) rows: Option<PathBuf>,
    /// Leave out the rows whose numbers this .npy file lists
    #[arg(long, value_name = "FILE.npy", conflicts_with = "rows")]
    pub(crate) skip_rows: Option<PathBuf>,
    /// Keep so many rows at random, in their order
    #[arg(long, value_name = "N")]
    pub(crate) sample: Option<usize>,
    #[command(flatten)]
    pub(crate) seed: SampleSeedArgs,
    /// Keep only the first so many rows
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
    #[command(flatten)]
    pub(crate) dtype: DtypeArgs,
    /// For .hdf5: queries to put beside the base, with their true neighbours, as ann-benchmarks wants
    #[arg(long, value_name = "FILE", conflicts_with_all = ["rows", "skip_rows", "sample", "limit"])]
    pub(crate) queries: Option<PathBuf>,
    /// With --queries: what makes two vectors near [default: cosine]
    #[arg(long, requires = "queries")]
    pub(crate) metric: Option<Metric>,
    /// With --queries: neighbours to find for each
    #[arg(long, default_value_t = 100, requires = "queries")]
    pub(crate) k: usize,
    #[command(flatten)]
    pub(crate) source: SourceArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  annbench data make base.parquet --kind gaussian --n 1000000 --dim 128
  annbench data make base.parquet --kind clustered --n 1000000 --dim 384 --intrinsic-dim 12 \\
    --queries queries.parquet --out-of-distribution
The same seed gives the same numbers on every machine, whatever the threads.")]
pub(crate) struct MakeArgs {
    /// A .parquet, .npy, .hdf5, .fvecs or .fbin file to write
    pub(crate) output: PathBuf,
    /// What vectors are like
    #[arg(long, value_enum)]
    pub(crate) kind: KindArg,
    /// Number of vectors
    #[arg(long)]
    pub(crate) n: usize,
    /// Components a vector has
    #[arg(long)]
    pub(crate) dim: usize,
    /// Seed of all that is random
    #[arg(long, default_value_t = 42)]
    pub(crate) seed: u64,
    /// Clustered: number of clusters [default: 100]
    #[arg(long, value_name = "N")]
    pub(crate) clusters: Option<u32>,
    /// Clustered: directions that a cluster extends in [default: 16]
    #[arg(long, value_name = "N")]
    pub(crate) intrinsic_dim: Option<usize>,
    /// Clustered: distance of vectors from the center of their cluster, where centers lie 1.4
    /// apart [default: 0.5]
    #[arg(long, value_name = "LENGTH")]
    pub(crate) spread: Option<f64>,
    /// Write queries of the same distribution too
    #[arg(long, value_name = "FILE")]
    pub(crate) queries: Option<PathBuf>,
    /// Number of queries
    #[arg(long, default_value_t = 1000, requires = "queries")]
    pub(crate) n_queries: usize,
    /// Queries come from elsewhere: other clusters, other means
    #[arg(long, requires = "queries")]
    pub(crate) out_of_distribution: bool,
    #[command(flatten)]
    pub(crate) threads: ThreadsArgs,
}

/// A distribution of vectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum KindArg {
    /// Every component normal, mean 0, variance 1
    Gaussian,
    /// Uniform on the unit sphere
    Sphere,
    /// A mixture of clusters of few dimensions each
    Clustered,
    /// Every component a whole number from 0 to 255
    U8,
}
