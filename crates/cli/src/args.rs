//! The command line.

mod answer;

use std::path::PathBuf;

use annbench_store::{Dtype, results::Mode};
use annbench_vectors::Metric;
use clap::{
    Args, Parser, Subcommand, ValueEnum,
    builder::{PossibleValuesParser, TypedValueParser},
};
use clap_complete::Shell;

pub(crate) use answer::{DiffArgs, ListArgs, OpenArgs, RecommendArgs};

/// Which vector index, with which parameters, for your own embeddings: measured, with intervals.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, after_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES: &str = "\
Examples:
  annbench quick embeddings.parquet            compare Flat, HNSW and IVF-Flat, no file needed
  annbench run configs/default.toml            run an experiment
  annbench run configs/sweep.toml --dry-run    show what it would build and measure
  annbench recommend default --recall 0.95     name the configuration to take
  annbench search --index FILE --queries FILE  search an index that a run has left behind
  annbench ask RUN 'a question in words'       ask the indexes of a run on texts

Exit codes: 0 fine, 1 something failed or is missing from the results, 2 bad input,
130 stopped by Ctrl-C: the same command goes on.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run an experiment: build, measure, report
    Run(RunArgs),
    /// Compare Flat, HNSW and IVF-Flat on a file of embeddings, with no experiment file
    Quick(QuickArgs),
    /// Search for the best index and parameters instead of measuring a whole grid
    Tune(TuneArgs),
    /// Name the configuration to take, from a run that was measured
    Recommend(RecommendArgs),
    /// Compare two runs: what is faster, what recalls more, beyond noise
    Diff(DiffArgs),
    /// List the runs there are
    List(ListArgs),
    /// Open a run's report
    Open(OpenArgs),
    /// Search an index that a run has persisted
    Search(SearchArgs),
    /// Ask a question in words of an index of texts, and see what exact search would have answered
    Ask(AskArgs),
    /// List the index types with their parameters
    Backends(OutputArgs),
    /// Show what a file of embeddings holds
    Inspect(InspectArgs),
    /// Work with files of embeddings
    #[command(subcommand)]
    Data(DataCommand),
    /// Find the exact neighbours of queries and write them to a file
    Truth(TruthArgs),
    /// Turn texts into embeddings with a sentence-transformers model
    Embed(EmbedArgs),
    /// Print the JSON Schema of the experiment file
    Schema,
    /// Measure what the harness itself costs: the same searches through it and bare
    Overhead(OverheadArgs),
    /// Show that the statistics keep their promises, on simulated runs with known truth
    Selftest(SelftestArgs),
    /// Run an experiment several times and compare how steady other methods' figures would be
    Repeat(RepeatArgs),
    /// Print completions for a shell
    #[command(
        after_help = "Example:\n  annbench completions bash > /etc/bash_completion.d/annbench"
    )]
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Build and search one index, told by a coordinator on stdin
    #[command(hide = true)]
    Worker,
}

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

/// How output is written.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct OutputArgs {
    /// Print JSON, for machines
    #[arg(long)]
    pub(crate) json: bool,
}

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
half as annbench run does it. What was cut off is continued by the same command.")]
pub(crate) struct TuneArgs {
    #[command(flatten)]
    pub(crate) run: RunArgs,
    /// A recall to land on; may be repeated [default: the experiment's tune.recall, else 0.9, 0.95
    /// and 0.99]
    #[arg(long, value_parser = answer::share)]
    pub(crate) recall: Vec<f64>,
    /// The mode whose qps counts [default: the experiment's tune.mode, else the first measured]
    #[arg(long, value_parser = answer::mode(), value_name = "MODE")]
    pub(crate) mode: Option<Mode>,
    /// Measure at most so many operating points while looking
    #[arg(long)]
    pub(crate) points: Option<usize>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  annbench quick embeddings.parquet
  annbench quick vectors.npy --metric l2 --queries 100 --k 10 --hnsw-m 16
Small data shrinks IVF's nlist by itself and says so; --no-auto-adjust-ivf keeps it.")]
pub(crate) struct QuickArgs {
    /// A file of vectors (.parquet, .npy, .arrow, .hdf5, .fvecs, .fbin, .safetensors, .jsonl, .csv)
    /// or its address (s3://, gs://, az://, https://), a folder of Parquet files, a dataset's folder, or
    /// catalog:NAME
    #[arg(env = "ANNBENCH_DATA")]
    pub(crate) data: PathBuf,
    /// What makes two vectors near: cosine, inner_product or l2 [default: the dataset's, or cosine]
    #[arg(long)]
    pub(crate) metric: Option<Metric>,
    /// Queries sampled from the base
    #[arg(long, default_value_t = 10)]
    pub(crate) queries: usize,
    /// Take sampled queries out of the base, so that none finds itself
    #[arg(long)]
    pub(crate) holdout: bool,
    /// Queries from a file of their own, instead of a sample
    #[arg(long, value_name = "FILE", conflicts_with_all = ["queries", "holdout"])]
    pub(crate) queries_file: Option<PathBuf>,
    /// Neighbours wanted per query
    #[arg(long, default_value_t = 5)]
    pub(crate) k: usize,
    /// IVF: lists to divide the base into
    #[arg(long, default_value_t = 8)]
    pub(crate) ivf_nlist: usize,
    /// IVF: lists to search
    #[arg(long, default_value_t = 4)]
    pub(crate) ivf_nprobe: usize,
    /// IVF: keep nlist even where the base is too small for it
    #[arg(long)]
    pub(crate) no_auto_adjust_ivf: bool,
    /// HNSW: links a vector
    #[arg(long, default_value_t = 32)]
    pub(crate) hnsw_m: usize,
    /// HNSW: candidates kept while building
    #[arg(long, default_value_t = 128)]
    pub(crate) hnsw_ef_construction: usize,
    /// HNSW: candidates kept while searching
    #[arg(long, default_value_t = 64)]
    pub(crate) hnsw_ef_search: usize,
    /// Seed of the sample, the builds and the order of measurements
    #[arg(long, default_value_t = 42)]
    pub(crate) seed: u64,
    /// Measure exactly so many rounds [default: until intervals are 2 % wide, or for 30 s]
    #[arg(long)]
    pub(crate) rounds: Option<usize>,
    #[command(flatten)]
    pub(crate) columns: ColumnArgs,
    #[command(flatten)]
    pub(crate) folders: FolderArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Where copies of what lies elsewhere are kept.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct CacheArgs {
    /// Folder for copies of files at an address (s3://, gs://, az://, https://)
    /// [default: runs/.cache]
    #[arg(long, value_name = "DIR", env = "ANNBENCH_CACHE")]
    pub(crate) cache: Option<PathBuf>,
}

/// Which columns of a file to read.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ColumnArgs {
    /// The column of vectors [default: the only one there is]
    #[arg(long, value_name = "NAME")]
    pub(crate) vector_column: Option<String>,
    /// The column of ids; "" for row numbers [default: one called id or the like, if any]
    #[arg(long, value_name = "NAME")]
    pub(crate) id_column: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  annbench search --index runs/default/latest/indexes/02-hnsw.index --queries new.parquet --k 10
  annbench search --index FILE --queries new.npy --set ef_search=128 --json")]
pub(crate) struct SearchArgs {
    #[command(flatten)]
    pub(crate) index: IndexArgs,
    /// Threads to search with [default: all]
    #[arg(long)]
    pub(crate) threads: Option<usize>,
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
    pub(crate) columns: ColumnArgs,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
}

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
    pub(crate) columns: ColumnArgs,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
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
A fetch that was cut goes on with what is missing when the same command is given again. In an
experiment, [dataset] path = \"catalog:NAME\" is what was fetched.")]
pub(crate) struct FetchArgs {
    /// Its name, as `annbench data list` shows it
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) datasets: DatasetsArgs,
    /// Take the files, by their own names, from this folder at an address
    #[arg(long, value_name = "URL")]
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
    /// What makes two vectors near: cosine, inner_product or l2 [default: the dataset's, or cosine]
    #[arg(long)]
    pub(crate) metric: Option<Metric>,
    /// Vectors whose exact neighbours are found, and as many queries
    #[arg(long, default_value_t = 500, value_name = "N")]
    pub(crate) sample: usize,
    /// Seed of the sample
    #[arg(long, default_value_t = 42)]
    pub(crate) seed: u64,
    /// Threads to compute with [default: all]
    #[arg(long)]
    pub(crate) threads: Option<usize>,
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
    /// Threads to compute with [default: all]
    #[arg(long)]
    pub(crate) threads: Option<usize>,
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
    /// Seed of the sample
    #[arg(long, default_value_t = 42)]
    pub(crate) seed: u64,
    /// Keep only the first so many rows
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
    /// How to store components
    #[arg(long, default_value = "f32", value_parser = dtype(), value_name = "DTYPE")]
    pub(crate) dtype: Dtype,
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
    pub(crate) columns: ColumnArgs,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
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
    /// What makes two vectors near: cosine, inner_product or l2 [default: the dataset's, or cosine]
    #[arg(long)]
    pub(crate) metric: Option<Metric>,
    /// Memory that may be taken, such as 4GB: a larger base is read from Parquet in blocks
    /// [default: half of the machine's]
    #[arg(long, value_name = "SIZE")]
    pub(crate) memory: Option<String>,
    /// Threads to search with [default: all]
    #[arg(long)]
    pub(crate) threads: Option<usize>,
    /// Folder of ground truth computed before, which runs share, and of copies of files at an address
    /// [default: runs/.cache]
    #[arg(long, value_name = "DIR", env = "ANNBENCH_CACHE")]
    pub(crate) cache: Option<PathBuf>,
    /// Compute it even where the cache has it, and do not keep it there
    #[arg(long)]
    pub(crate) no_cache: bool,
    #[command(flatten)]
    pub(crate) columns: ColumnArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  annbench ask runs/tutorial/latest \"why is the sky blue?\"
  annbench ask runs/tutorial/latest/indexes/02-ivf_flat-nlist-32.index \"whales\" --set nprobe=1
The model is the one that embedded the texts, as their Parquet file says.")]
pub(crate) struct AskArgs {
    /// A run's folder, or one of its indexes
    #[arg(value_name = "RUN_OR_INDEX")]
    pub(crate) place: PathBuf,
    /// The question
    pub(crate) question: String,
    /// Texts wanted
    #[arg(long, default_value_t = 5)]
    pub(crate) k: usize,
    /// Set a search parameter, such as nprobe=8; may be repeated [default: as the run measured first]
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// The Parquet file of texts and embeddings that was indexed [default: the run's]
    #[arg(long, value_name = "FILE")]
    pub(crate) texts: Option<PathBuf>,
    /// The model: its folder, or its name on the Hugging Face hub [default: the one that embedded the
    /// texts]
    #[arg(long, value_name = "DIR_OR_NAME")]
    pub(crate) model: Option<String>,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  annbench embed sentences.txt -o sentences.parquet
  annbench embed book.txt --paragraphs -o book.parquet --model models/bge-small-en --dtype f16
  annbench embed articles.jsonl --column body -o articles.parquet --model intfloat/e5-small-v2 \\
      --prefix 'passage: ' --query-prefix 'query: '
Blank lines of a text file are no texts. The output has the columns id, embedding, text and, where it
is given, metadata. What was computed is kept in the cache: the same command goes on where it was
interrupted, and texts that have not changed are not computed again.
Models come from the hub's cache (HF_HOME), or are downloaded into it unless HF_HUB_OFFLINE=1.")]
pub(crate) struct EmbedArgs {
    /// A UTF-8 text file, or a Parquet, JSON lines or CSV file with a column of texts
    #[arg(value_name = "IN")]
    pub(crate) input: PathBuf,
    /// The Parquet file to write
    #[arg(short, long, value_name = "OUT.parquet")]
    pub(crate) output: PathBuf,
    /// A sentence-transformers model of the BERT family (MiniLM, MPNet, BGE, E5, GTE): its folder, or
    /// its name on the Hugging Face hub
    #[arg(
        long,
        value_name = "DIR_OR_NAME",
        default_value = "sentence-transformers/all-MiniLM-L6-v2"
    )]
    pub(crate) model: String,
    /// Texts of a text file are paragraphs, with blank lines between, rather than lines
    #[arg(long)]
    pub(crate) paragraphs: bool,
    /// The column of texts [default: one called text or the like, else the only one]
    #[arg(long, value_name = "NAME")]
    pub(crate) column: Option<String>,
    /// The column of ids; "" for row numbers [default: one called id or the like, if any]
    #[arg(long, value_name = "NAME")]
    pub(crate) id_column: Option<String>,
    /// A JSON file with a value of metadata a text: an array, or JSON lines
    #[arg(long, value_name = "FILE.json")]
    pub(crate) metadata: Option<PathBuf>,
    /// What to put before every text [default: what the model asks for, mostly nothing]
    #[arg(long)]
    pub(crate) prefix: Option<String>,
    /// What is to be put before questions to these texts; noted in the output
    #[arg(long)]
    pub(crate) query_prefix: Option<String>,
    /// Texts computed together, at most
    #[arg(long, default_value_t = 64)]
    pub(crate) batch: usize,
    /// Threads to compute with [default: all]
    #[arg(long)]
    pub(crate) threads: Option<usize>,
    /// How to store components
    #[arg(long, default_value = "f32", value_parser = dtype(), value_name = "DTYPE")]
    pub(crate) dtype: Dtype,
    /// Folder of the cache
    #[arg(
        long,
        value_name = "DIR",
        env = "ANNBENCH_CACHE",
        default_value = "runs/.cache"
    )]
    pub(crate) cache: PathBuf,
}

/// The names of [`Dtype`], for help and completion.
fn dtype() -> impl TypedValueParser<Value = Dtype> {
    let all = [Dtype::F16, Dtype::F32, Dtype::F64];
    PossibleValuesParser::new(all.map(Dtype::name)).map(move |name| {
        let named = all.into_iter().find(|dtype| dtype.name() == name);
        named.unwrap_or_default()
    })
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  annbench overhead --index runs/default/latest/indexes/02-hnsw.index --queries queries.parquet")]
pub(crate) struct OverheadArgs {
    #[command(flatten)]
    pub(crate) index: IndexArgs,
    /// How often to repeat both, in turn
    #[arg(long, default_value_t = 11)]
    pub(crate) repeats: usize,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  annbench selftest
  annbench selftest --experiments 10000 --seed 7
Exits with 1 where a promise is broken.")]
pub(crate) struct SelftestArgs {
    /// Simulated experiments, and as many pairs of points
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(100..))]
    pub(crate) experiments: u32,
    /// Seed of the simulations
    #[arg(long, default_value_t = 42)]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  annbench repeat configs/default.toml --times 10
Indexes are built once. Each repetition is a run of its own; its samples are summed up as annbench
does and as others do: the best of five rounds, the mean of one window, a single pass.")]
pub(crate) struct RepeatArgs {
    #[command(flatten)]
    pub(crate) run: RunArgs,
    /// How often to run it
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(2..))]
    pub(crate) times: u32,
}
