//! Arguments of the commands that answer from runs: recommend, diff, list, open.

use std::{path::PathBuf, time::Duration};

use annbench_store::results::Mode;
use clap::Args;

use super::{
    groups::{OutputArgs, ResultsArgs},
    values::{bytes, mode, share},
};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  annbench recommend default --recall 0.95
  annbench recommend runs/default/latest --recall 0.9 --p99 2ms --memory 500MB --build 60s
  annbench recommend default --mode batch --confidence 0.99 --json
RUN is a run's folder, an experiment's folder or name (its newest run), or a run's name.
Exits with 1 where no configuration keeps to all constraints, and says which to loosen.")]
pub(crate) struct RecommendArgs {
    /// The run to answer from
    #[arg(value_name = "RUN")]
    pub(crate) run: PathBuf,
    /// recall@k that the lower end of its interval is to reach
    #[arg(long, default_value_t = 0.95, value_parser = share)]
    pub(crate) recall: f64,
    /// The k that the run is to have been measured with
    #[arg(long)]
    pub(crate) k: Option<usize>,
    /// Most that the 99th percentile of the latency may be, such as 2ms
    #[arg(long, value_parser = humantime::parse_duration, value_name = "TIME")]
    pub(crate) p99: Option<Duration>,
    /// Most resident memory that the index may take, such as 500MB
    #[arg(long, value_parser = bytes, value_name = "SIZE")]
    pub(crate) memory: Option<f64>,
    /// Most time that the index may take to build, such as 60s
    #[arg(long, value_parser = humantime::parse_duration, value_name = "TIME")]
    pub(crate) build: Option<Duration>,
    /// Confidence of the interval of recall
    #[arg(long, default_value_t = 0.95, value_parser = share)]
    pub(crate) confidence: f64,
    /// How queries are offered [default: single, or what the run measured]
    #[arg(long, value_parser = mode(), value_name = "MODE")]
    pub(crate) mode: Option<Mode>,
    #[command(flatten)]
    pub(crate) results: ResultsArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  annbench diff runs/default/2026-11-23T134600Z-e01556 default
  annbench diff main-run branch-run --gate qps=-3%,recall=-0.005
  annbench diff laptop-run server-run --across-machines
Ratios are B over A. Without --gate nothing fails; --gate alone fails on what is worse beyond the
noise that both runs measured of themselves. Noise is widened by the number of figures compared: as
far as a run's own rounds show it all, at most 5 in 100 runs that do not differ fail, however many
points they have. Recall is compared over the same data, queries and k alone, times on the same
machine alone.
Exits with 1 where the gate fails, with 2 where there is nothing it could judge.")]
pub(crate) struct DiffArgs {
    /// The run to compare with
    #[arg(value_name = "RUN_A")]
    pub(crate) a: PathBuf,
    /// The run to judge
    #[arg(value_name = "RUN_B")]
    pub(crate) b: PathBuf,
    /// Fail on a regression that is larger than this, and than the noise, such as
    /// qps=-3%,recall=-0.005
    #[arg(long, value_name = "LIMITS", num_args = 0..=1, default_missing_value = "")]
    pub(crate) gate: Option<String>,
    /// Compare times though the machines differ
    #[arg(long)]
    pub(crate) across_machines: bool,
    #[command(flatten)]
    pub(crate) results: ResultsArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  annbench list
  annbench list --out /tmp/results --json")]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub(crate) results: ResultsArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  annbench open
  annbench open default
Without a display the path is printed instead.")]
pub(crate) struct OpenArgs {
    /// The run whose report to open [default: the newest]
    #[arg(value_name = "RUN")]
    pub(crate) run: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) results: ResultsArgs,
}
