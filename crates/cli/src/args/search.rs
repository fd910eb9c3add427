//! Arguments of the commands that find neighbours: search, truth.

use std::path::PathBuf;

use clap::Args;

use super::{
    groups::{CacheArgs, ColumnArgs, MetricArgs, OutputArgs, SourceArgs, ThreadsArgs},
    values::bytes,
};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  annbench search --index runs/default/latest/indexes/02-hnsw.index --queries new.parquet --k 10
  annbench search --index FILE --queries new.npy --set ef_search=128 --json")]
pub(crate) struct SearchArgs {
    #[command(flatten)]
    pub(crate) index: IndexArgs,
    #[command(flatten)]
    pub(crate) threads: ThreadsArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// An index and what to ask it.
#[derive(Debug, Args)]
pub(crate) struct IndexArgs {
    /// The index, with its description (FILE.json) beside it
    #[arg(long, value_name = "FILE")]
    pub(crate) index: PathBuf,
    /// The queries: a file of vectors, such as .parquet or .npy
    #[arg(long, value_name = "FILE")]
    pub(crate) queries: PathBuf,
    /// Neighbours wanted per query
    #[arg(long, default_value_t = 10)]
    pub(crate) k: usize,
    /// Set a search parameter, such as nprobe=8; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    #[command(flatten)]
    pub(crate) source: SourceArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  annbench truth base.parquet queries.parquet --k 100 --metric cosine -o truth.parquet
  annbench truth 'base-*.parquet' queries.npy --memory 4GB -o truth.ivecs
An experiment takes the file as `[dataset] ground_truth`. Neighbours are told by row number, and in
Parquet also by the base's own ids. Vectors are taken as they are, scores computed in f64.")]
pub(crate) struct TruthArgs {
    /// The base: a file of vectors or its address, a folder of Parquet files, a dataset's folder, or
    /// catalog:NAME
    pub(crate) base: PathBuf,
    /// The queries: a file of vectors, or its address
    pub(crate) queries: PathBuf,
    /// A .parquet, .ivecs or .npy file to write; beside the last two, NAME_scores gets the scores
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Neighbours wanted per query
    #[arg(long, default_value_t = 100)]
    pub(crate) k: usize,
    #[command(flatten)]
    pub(crate) metric: MetricArgs,
    /// Memory that may be taken, such as 4GB: a larger base is read from Parquet in blocks
    /// [default: half of the machine's]
    #[arg(long, value_parser = bytes, value_name = "SIZE")]
    pub(crate) memory: Option<f64>,
    #[command(flatten)]
    pub(crate) threads: ThreadsArgs,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
    /// Compute it even where the cache has it, and do not keep it there
    #[arg(long)]
    pub(crate) no_cache: bool,
    #[command(flatten)]
    pub(crate) columns: ColumnArgs,
}
