//! Doubts about a measurement, stored with it and shown with advice.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A reason to doubt a row or a run, with what to do about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Warning {
    /// A parameter is not used as it was asked for.
    Adjusted {
        /// The parameter.
        key: String,
        /// The value asked for.
        requested: Value,
        /// The value in force.
        effective: Value,
        /// Why.
        reason: String,
    },
    /// An exact index missed true neighbours.
    ExactBelowOne {
        /// Its recall@k.
        recall: f64,
    },
    /// Some queries got fewer than k neighbours.
    FewerThanK {
        /// How many queries.
        queries: usize,
    },
    /// Ids were returned that name no base vector.
    IdsOutOfRange {
        /// How many ids.
        ids: usize,
    },
    /// Two rounds returned different ids for one query.
    UnstableResults {
        /// How many queries.
        queries: usize,
    },
    /// The index is built by several threads and may differ from build to build.
    UnseededBuild {
        /// Threads of the build.
        threads: usize,
    },
    /// Too few samples to state a percentile.
    PercentileWithheld {
        /// The percentile, such as 99.
        percentile: f64,
        /// Samples there were.
        samples: usize,
        /// Samples it takes.
        needed: usize,
    },
    /// Later rounds were faster or slower than earlier ones.
    Trend {
        /// Change in time from the first round to the last, 0.01 for one percent.
        drift: f64,
        /// Whether it went on although rounds were given a whole pass of warm-up by then.
        #[serde(default)]
        in_spite_of_warmup: bool,
    },
    /// Other work took the CPU while a point was timed.
    Disturbed {
        /// CPU time of other processes, in percent of what there was.
        others_percent: f64,
        /// CPU time that the machine's host gave to others, in percent of what there was.
        steal_percent: f64,
    },
    /// The kernel took the CPU from the measured threads while a point was timed.
    Preempted {
        /// How often a second.
        per_s: f64,
    },
    /// The clock of the CPUs was not the same in all rounds.
    ClockMoved {
        /// Lowest clock after a round, in MHz.
        lowest_mhz: f64,
        /// Highest clock after a round, in MHz.
        highest_mhz: f64,
    },
    /// Threads were not held to CPUs, although that was asked for.
    NotPinned {
        /// Why.
        reason: String,
    },
    /// A library would use other threads than it was told to.
    OtherThreads {
        /// Threads it was told to use.
        asked: usize,
        /// Threads OpenMP said afterwards.
        openmp: Option<usize>,
        /// Threads BLAS said afterwards.
        blas: Option<usize>,
    },
    /// The index holds fewer vectors than it was given.
    VectorsMissing {
        /// Vectors it holds.
        indexed: usize,
        /// Vectors of the base.
        base: usize,
    },
    /// No rate was found at which the p99 stays under what was asked for.
    SloNotMet {
        /// The p99 asked for, in microseconds.
        slo_p99_us: u64,
        /// Rounds without such a rate.
        rounds: usize,
        /// Rounds in all.
        of: usize,
    },
    /// An index that was to come from disk was still in memory.
    NotCold {
        /// Bytes that came from disk.
        read_bytes: u64,
        /// Bytes of its file.
        file_bytes: u64,
    },
    /// Pages were read from disk while a point was timed.
    PageFaults {
        /// How many.
        pages: u64,
    },
    /// Several answers held one id more than once.
    RepeatedIds {
        /// How many ids.
        ids: usize,
    },
    /// Queries that were asked before are answered far faster.
    SuspectedCache {
        /// How many times faster, at the median.
        speedup: f64,
    },
    /// Queries arrived faster than they were answered.
    FellBehind {
        /// Queries that arrived a second.
        offered_qps: f64,
        /// Queries that were answered a second.
        answered_qps: f64,
    },
    /// The budget was spent before the rounds asked for were done.
    BudgetSpent {
        /// Rounds done.
        rounds: usize,
        /// Rounds asked for; none where intervals of a given width were.
        wanted: Option<usize>,
    },
    /// The index library was compiled for less than this CPU has.
    GenericBuild {
        /// The library.
        library: String,
        /// Instruction sets left unused.
        unused: Vec<String>,
    },
    /// The environment steers BLAS or OpenMP; the variable was taken away from the workers.
    EnvironmentOverridden {
        /// The variable.
        variable: String,
        /// Its value.
        value: String,
    },
    /// The environment steers BLAS or OpenMP; the variable was kept as the experiment asks.
    EnvironmentKept {
        /// The variable.
        variable: String,
        /// Its value.
        value: String,
    },
    /// BLAS runs kernels for another CPU than it would choose itself.
    BlasBelowCpu {
        /// Kernels in force.
        in_force: String,
        /// Kernels of BLAS's own choice.
        own_choice: String,
    },
    /// The run has not been finished: what it holds is told.
    Unfinished {
        /// Measured so far: operating points, under each load.
        measured: usize,
        /// Planned.
        planned: usize,
    },
    /// This program was compiled without optimisation.
    DebugBuild,
    /// Queries are drawn from the base and still in it: each finds itself.
    QueriesInBase {
        /// How many queries.
        queries: usize,
    },
    /// The index was built by an earlier run: its times and memory are of then.
    FromCache {
        /// The day it was built.
        built: String,
    },
}

impl Warning {
    /// What to do about it.
    pub fn advice(&self) -> String {
        match self {
            Self::Adjusted { key, .. } => {
                format!("set {key} to what is in force, or auto_adjust = false where there is one")
            }
            Self::Unfinished { .. } => "the command that began it goes on with it".into(),
            Self::ExactBelowOne { .. } => {
                "do not trust this run: check the metric, the ground truth and the build".into()
            }
            Self::FewerThanK { .. } => "search more of the index, or ask for a smaller k".into(),
            Self::IdsOutOfRange { .. } => {
                "do not trust this index: it returns ids it was never given".into()
            }
            Self::UnstableResults { .. } => {
                "the index answers differently from search to search: compare with care".into()
            }
            Self::UnseededBuild { .. } => {
                "set [measure] build_threads = 1 for builds that repeat exactly".into()
            }
            Self::PercentileWithheld { needed, .. } => {
                format!("give {needed} samples: more queries or more rounds")
            }
            Self::Trend {
                in_spite_of_warmup: true,
                ..
            } => "it is not for want of warm-up: look for what else on the machine changes, and \
                  measure again"
                .into(),
            Self::Trend { .. } => {
                "the machine or the index was still warming up: measure longer, or again".into()
            }
            Self::Preempted { .. } => {
                "leave the machine to the benchmark, and give it a core more than it measures"
                    .into()
            }
            Self::ClockMoved { .. } => "fix the clock (cpupower frequency-set -g performance, no \
                                        boost), or compare points by their paired ratios alone"
                .into(),
            Self::NotPinned { .. } => {
                "allow sched_setaffinity, or set [measure] pin = false to do without".into()
            }
            Self::OtherThreads { .. } => {
                "do not trust the number of threads: unset what limits OpenMP or BLAS".into()
            }
            Self::VectorsMissing { .. } => {
                "do not trust this index: it was given more vectors than it holds".into()
            }
            Self::SloNotMet { .. } => "allow a higher slo_p99, or search less of the index".into(),
            Self::NotCold { .. } => "take its load time for that of a file in memory: some file \
                                     systems (tmpfs, some containers') cannot be made to forget"
                .into(),
            Self::Disturbed { .. } => "stop other work on this machine and measure again".into(),
            Self::PageFaults { .. } => "give the machine more memory than the indexes need".into(),
            Self::RepeatedIds { .. } => "a repeated id counts once: doubt the index".into(),
            Self::SuspectedCache { .. } => {
                "the index may remember answers: turn that off, or ask more distinct queries".into()
            }
            Self::FellBehind { .. } => "ask for a lower rate, or serve with more threads".into(),
            Self::BudgetSpent { .. } => "raise [measure] budget, or measure fewer points".into(),
            Self::GenericBuild { .. } => {
                "build with CXXFLAGS=-march=native, as .cargo/config.toml does, on this machine"
                    .into()
            }
            Self::EnvironmentOverridden { .. } => {
                "unset it, or keep it with [machine] blas_env = \"keep\"".into()
            }
            Self::EnvironmentKept { variable, .. } => {
                format!("unset {variable}, or drop [machine] blas_env = \"keep\"")
            }
            Self::BlasBelowCpu { .. } => {
                "unset OPENBLAS_CORETYPE, or drop [machine] blas_env = \"keep\"".into()
            }
            Self::DebugBuild => "build with --release".into(),
            Self::QueriesInBase { .. } => "set queries.holdout = true".into(),
            Self::FromCache { .. } => "build it anew with --rebuild".into(),
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Adjusted {
                key,
                requested,
                effective,
                reason,
            } => write!(f, "{key} = {effective} instead of {requested}: {reason}"),
            Self::Unfinished { measured, planned } => write!(
                f,
                "UNFINISHED: {measured} of {planned} points have been measured, not all of them as often \
                 as they will be"
            ),
            Self::ExactBelowOne { recall } => {
                write!(f, "EXACT INDEX BELOW 1: recall is {recall:.4}")
            }
            Self::FewerThanK { queries } => {
                write!(f, "{queries} queries got fewer than k neighbours")
            }
            Self::IdsOutOfRange { ids } => {
                write!(f, "{ids} ids returned that name no base vector")
            }
            Self::UnstableResults { queries } => {
                write!(f, "{queries} queries got other ids in another round")
            }
            Self::UnseededBuild { threads } => write!(
                f,
                "built by {threads} threads: graph and recall differ a little from build to build"
            ),
            Self::PercentileWithheld {
                percentile,
                samples,
                ..
            } => write!(
                f,
                "p{percentile} withheld: {samples} samples do not carry it"
            ),
            Self::Trend {
                drift,
                in_spite_of_warmup,
            } => write!(
                f,
                "rounds got {} by {:.1} % from first to last{}",
                if *drift < 0.0 { "faster" } else { "slower" },
                100.0 * drift.abs(),
                match in_spite_of_warmup {
                    true => ", in spite of more warm-up",
                    false => "",
                }
            ),
            Self::Preempted { per_s } => write!(
                f,
                "the kernel took the CPU from it {per_s:.0} times a second while it was timed"
            ),
            Self::ClockMoved {
                lowest_mhz,
                highest_mhz,
            } => write!(
                f,
                "the CPUs ran at {lowest_mhz:.0} MHz after one round and at {highest_mhz:.0} MHz after another"
            ),
            Self::NotPinned { reason } => {
                write!(f, "threads were not held to CPUs: {reason}")
            }
            Self::OtherThreads {
                asked,
                openmp,
                blas,
            } => {
                write!(f, "told to use {asked} threads, ")?;
                match (openmp.filter(|n| n != asked), blas) {
                    (Some(openmp), _) => write!(f, "OpenMP would use {openmp}"),
                    (None, blas) => write!(f, "BLAS would use {}", blas.unwrap_or_default()),
                }
            }
            Self::VectorsMissing { indexed: 0, base } => {
                write!(
                    f,
                    "the index is empty: none of the {base} base vectors is in it"
                )
            }
            Self::VectorsMissing { indexed, base } => {
                write!(f, "the index holds {indexed} of the {base} base vectors")
            }
            Self::SloNotMet {
                slo_p99_us,
                rounds,
                of,
            } => write!(
                f,
                "no rate kept the p99 under {} ms in {rounds} of {of} rounds",
                *slo_p99_us as f64 / 1e3
            ),
            Self::NotCold {
                read_bytes,
                file_bytes,
            } => write!(
                f,
                "only {read_bytes} of the index's {file_bytes} bytes came from disk: the rest was in memory"
            ),
            Self::Disturbed {
                others_percent,
                steal_percent,
            } => write!(
                f,
                "while it was timed, other processes took {others_percent:.0} % of the CPU and the \
                 host {steal_percent:.0} %"
            ),
            Self::PageFaults { pages } => {
                write!(f, "{pages} pages were read from disk while it was timed")
            }
            Self::RepeatedIds { ids } => write!(f, "{ids} ids were returned more than once"),
            Self::SuspectedCache { speedup } => write!(
                f,
                "queries asked before are answered {speedup:.0} times as fast as new ones"
            ),
            Self::FellBehind {
                offered_qps,
                answered_qps,
            } => write!(
                f,
                "answered {answered_qps:.0} of {offered_qps:.0} queries a second: it fell behind"
            ),
            Self::BudgetSpent { rounds, wanted } => {
                write!(f, "budget spent after {rounds}")?;
                match wanted {
                    Some(wanted) => write!(f, " of {wanted} rounds"),
                    None => write!(f, " rounds, before every interval was narrow enough"),
                }
            }
            Self::GenericBuild { library, unused } => write!(
                f,
                "{library} is compiled without {}, which this CPU has",
                unused.join(", ")
            ),
            Self::EnvironmentOverridden { variable, value } => {
                write!(f, "{variable}={value} in the environment, not passed on")
            }
            Self::EnvironmentKept { variable, value } => {
                write!(f, "{variable}={value} in the environment, kept")
            }
            Self::BlasBelowCpu {
                in_force,
                own_choice,
            } => write!(
                f,
                "BLAS runs {in_force} kernels; for this CPU it would choose {own_choice}"
            ),
            Self::DebugBuild => write!(f, "annbench was compiled without optimisation"),
            Self::QueriesInBase { queries } => {
                write!(f, "{queries} queries are in the base and find themselves")
            }
            Self::FromCache { built } => write!(
                f,
                "taken from the cache: build time and memory are those of its build on {built}"
            ),
        }
    }
}
