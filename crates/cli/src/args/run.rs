//! Arguments of the commands that measure: run, tune, quick.

use std::path::PathBuf;

use annbench_store::results::Mode;
use clap::{ArgAction, Args};

use super::{
    groups::{ColumnArgs, FolderArgs, MetricArgs, OutputArgs},
    values::{mode, share},
};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  annbench run configs/default.toml
  annbench run configs/default.toml --set k=100 --set index.0.nlist=64
  ANNBENCH_DATA=my.parquet annbench run configs/full.toml --out /tmp/results
An unfinished run of the same plan is continued; --fresh begins a new one.
CORPUS_PATH and CORPUS_META_PATH put other texts in the place of an experiment's corpus.
Indexes built before are taken from the cache; --rebuild builds them again.")]
pub(crate) struct RunArgs {
    /// The experiment
    #[arg(value_name = "CONFIG.toml")]
    pub(crate) config: PathBuf,
    /// Print the plan and stop before anything is built
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Change a value of the experiment, such as index.0.nlist=64; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Use this dataset instead of the experiment's
    #[arg(long, value_name = "PATH", env = "ANNBENCH_DATA")]
    pub(crate) data: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) folders: FolderArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  annbench tune configs/sweep.toml --recall 0.95
  annbench tune configs/sweep.toml --recall 0.9 --recall 0.99 --mode batch
Lists of search parameters are the ranges that are searched, lists of build parameters the builds to
choose from. One half of the queries is searched for tuning; what wins is then measured on the other
half as annbench run does it, for the share of [measure] budget that those points would have had in
the grid. What was cut off is continued by the same command.")]
pub(crate) struct TuneArgs {
    #[command(flatten)]
    pub(crate) run: RunArgs,
    /// A recall to land on; may be repeated [default: the experiment's tune.recall, else 0.9, 0.95
    /// and 0.99]
    #[arg(long, value_parser = share)]
    pub(crate) recall: Vec<f64>,
    /// The mode whose qps counts [default: the experiment's tune.mode, else the first measured]
    #[arg(long, value_parser = mode(), value_name = "MODE")]
    pub(crate) mode: Option<Mode>,
    /// Measure at most so many operating points while looking
    #[arg(long)]
    pub(crate) points: Option<usize>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  annbench quick embeddings.parquet
  annbench quick vectors.npy --metric l2 --k 10 --hnsw-m 16 --hnsw-ef-search 32,64
  annbench quick vectors.npy --queries 10 --holdout=false --ivf-nlist 8 --ivf-nprobe 4
What is not given suits the number of vectors: IVF has about 4 sqrt(n) lists, and both indexes are
searched harder and harder, so that recall can be bought with speed.
Small data shrinks IVF's nlist by itself and says so; --no-auto-adjust-ivf keeps it.")]
pub(crate) struct QuickArgs {
    /// A file of vectors (.parquet, .npy, .arrow, .hdf5, .fvecs, .fbin, .safetensors, .jsonl, .csv)
    /// or its address (s3://, gs://, az://, https://), a folder of Parquet files, a dataset's folder, or
    /// catalog:NAME
    #[arg(env = "ANNBENCH_DATA")]
    pub(crate) data: PathBuf,
    #[command(flatten)]
    pub(crate) metric: MetricArgs,
    /// Queries sampled from the base [default: the dataset's own, or else a tenth of the base, at
    /// most 1,000]
    #[arg(long)]
    pub(crate) queries: Option<usize>,
    /// Take sampled queries out of the base, so that none finds itself
    #[arg(
        long,
        value_name = "BOOL",
        default_value_t = true,
        default_missing_value = "true",
        num_args = 0..=1,
        require_equals = true,
        action = ArgAction::Set
    )]
    pub(crate) holdout: bool,
    /// Queries from a file of their own, instead of a sample
    #[arg(long, value_name = "FILE", conflicts_with_all = ["queries", "holdout"])]
    pub(crate) queries_file: Option<PathBuf>,
    /// Neighbours wanted per query
    #[arg(long, default_value_t = 5)]
    pub(crate) k: usize,
    /// IVF: lists to divide the base into, one number or several [default: about 4 sqrt(n)]
    #[arg(long, value_delimiter = ',')]
    pub(crate) ivf_nlist: Vec<usize>,
    /// IVF: lists to search, one number or several [default: 4, 8, 16, ... up to half of all, at
    /// most 64]
    #[arg(long, value_delimiter = ',')]
    pub(crate) ivf_nprobe: Vec<usize>,
    /// IVF: keep nlist even where the base is too small for it
    #[arg(long)]
    pub(crate) no_auto_adjust_ivf: bool,
    /// HNSW: links a vector, one number or several
    #[arg(long, value_delimiter = ',', default_value = "32")]
    pub(crate) hnsw_m: Vec<usize>,
    /// HNSW: candidates kept while building, one number or several
    #[arg(long, value_delimiter = ',', default_value = "128")]
    pub(crate) hnsw_ef_construction: Vec<usize>,
    /// HNSW: candidates kept while searching, one number or several
    #[arg(long, value_delimiter = ',', default_value = "16,32,64,128")]
    pub(crate) hnsw_ef_search: Vec<usize>,
    /// Seed of the sample, the builds and the order of measurements
    #[arg(long, default_value_t = 42)]
    pub(crate) seed: u64,
    /// Measure exactly so many rounds [default: until intervals are 2 % wide, or for 45 s]
    #[arg(long)]
    pub(crate) rounds: Option<usize>,
    #[command(flatten)]
    pub(crate) columns: ColumnArgs,
    #[command(flatten)]
    pub(crate) folders: FolderArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}
