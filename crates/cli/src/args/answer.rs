//! Arguments of the commands that answer from runs: recommend, diff, list, open.

use std::{path::PathBuf, time::Duration};

use annbench_store::results::Mode;
use clap::Args;

use super::{
    groups::{OutputArgs, ResultsArgs},
    values::{bytes, mode, share, time},
};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  annbench recommend default --recall 0.95
  annbench recommend runs/default/latest --recall 0.9 --p99 2ms --memory 500MB --build 60s
  annbench recommend default --mode batch --confidence 0.99 --json
RUN is a run's folder, an experiment's folder or name (its newest run), a run's name, or latest.
Times and sizes have units: 500us, 2ms, 1m 30s; 500kB, 40MB, 1.5GiB.
Exits with 1 where no configuration keeps to all constraints, and says which to loosen.")]
pub(crate) struct RecommendArgs {
    /// The run to answer from
    #[arg(value_name = "RUN")]
    pub(crate) run: PathBuf,
    /// recall@k that the lower end of its interval is to reach
    #[arg(long, default_value_t = 0.95, value_parser = share, allow_hyphen_values = true)]
    pub(crate) recall: f64,
    /// The k that the run is to have been measured with
    #[arg(long)]
    pub(crate) k: Option<usize>,
    /// Most that the 99th percentile of the latency may be, such as 2ms
    #[arg(long, value_parser = time, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) p99: Option<Duration>,
    /// Most resident memory that the index may take, such as 500MB
    #[arg(long, value_parser = bytes, value_name = "SIZE", allow_hyphen_values = true)]
    pub(crate) memory: Option<f64>,
    /// Most time that the index may take to build, such as 60s
    #[arg(long, value_parser = time, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) build: Option<Duration>,
    /// Confidence of the interval of recall
    #[arg(long, default_value_t = 0.95, value_parser = share, allow_hyphen_values = true)]
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
  annbench diff main-run branch-run --gate                  no limits: noise alone is excused
  annbench diff laptop-run server-run --across-machines
RUN is a run's folder, an experiment's folder or name (its newest run), a run's name, or latest.
Ratios are B over A. Without --gate nothing fails; --gate alone, which stands last, fails on what is
worse beyond the noise that both runs measured of themselves, and on points that fail in B and did
not in A. Points of one run alone are listed and not judged. Noise is widened by the number of
figures compared: as far as a run's own rounds show it all, at most 5 in 100 runs that do not differ
fail, however many points they have. Recall is compared over the same data, queries and k alone,
times on the same machine alone.
Exits with 1 where the gate fails, with 2 where there is nothing it could judge or a run cannot be
read. docs/ci.md of the sources has a workflow for GitHub Actions.")]
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
  annbench list --out /tmp/results --json
The newest run comes first. Its best qps is that of the fastest point that is sure of recall 0.95;
annbench recommend finds it at another. Exits with 1 where a run's record cannot be read.")]
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
RUN is a run's folder, an experiment's folder or name (its newest run), or a run's name.
Without a display the path is printed instead.")]
pub(crate) struct OpenArgs {
    /// The run whose report to open [default: the newest]
    #[arg(value_name = "RUN")]
    pub(crate) run: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) results: ResultsArgs,
}
