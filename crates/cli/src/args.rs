//! The command line.

mod answer;
mod data;
mod groups;
mod harness;
mod report;
mod run;
mod search;
mod text;
mod values;

use clap::{Parser, Subcommand};
use clap_complete::Shell;

pub(crate) use answer::{DiffArgs, ListArgs, OpenArgs, RecommendArgs};
pub(crate) use data::{
    CatalogArgs, CheckArgs, ConvertArgs, DataCommand, FetchArgs, InspectArgs, KindArg, MakeArgs,
};
pub(crate) use groups::{CacheArgs, ColumnArgs, FolderArgs, OutputArgs, ThreadsArgs};
pub(crate) use harness::{OverheadArgs, RepeatArgs, SelftestArgs};
pub(crate) use report::{Picture, ReportArgs};
pub(crate) use run::{QuickArgs, RunArgs, TuneArgs};
pub(crate) use search::{IndexArgs, SearchArgs, TruthArgs};
pub(crate) use text::{AskArgs, EmbedArgs};

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
  annbench report default --plots svg,png      tables and charts, for papers
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
    /// Make a run's report anew, in any format: page, tables, charts
    Report(ReportArgs),
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
