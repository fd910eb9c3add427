//! Arguments of the commands that measure the harness itself: overhead, selftest, repeat.

use clap::Args;

use super::{groups::OutputArgs, run::RunArgs, search::IndexArgs};

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
