//! What measurements mean: ground truth with ties, recall@k, latency statistics, intervals,
//! comparisons, the Pareto front. Pure functions: no IO, no clock, no global state; randomness comes
//! from a seed.
//!
//! Start reading at [`GroundTruth`] and [`recall()`] for what an index finds, at [`Samples`] and
//! [`qps_interval`] for how fast it is. [`paired_ratio`] and [`recall_difference()`] compare two
//! operating points, [`verdict`] says whether a run can tell them apart, [`tiers`] which of them
//! nothing beats, [`repay()`] when an index is worth its build and [`crossing()`] from which size
//! on. [`recall_tail`] tells of the queries that a mean hides, [`relative_contrasts`] how hard they
//! are. [`trend()`] and [`suspected_cache`] doubt what was measured, and [`selftest()`] all of this,
//! with simulated runs of known truth. [`doctor`] examines the vectors before any of it.
//!
//! Invariants:
//!
//! - recall is in `[0, 1]`, and 1 for an exact index, on a base smaller than `k` too;
//! - an interval holds its estimate and says what coverage it promises;
//! - a percentile is a sample, and is withheld where too few samples lie beyond it.
//!
//! ```
//! use annbench_eval::{Bootstrap, GroundTruth, recall, recall_interval};
//! use annbench_exact::Options;
//! use annbench_vectors::{Matrix, Metric, Neighbors};
//!
//! let base = Matrix::from_vec(vec![0.0, 1.0, 2.0, 3.0], 1)?;
//! let queries = Matrix::from_vec(vec![0.1], 1)?;
//! let mut options = Options::new(1);
//! let truth = GroundTruth::compute(base.view(), queries.view(), Metric::L2, 2, &mut options)?;
//! assert_eq!(truth.ids(0), [0, 1]);
//!
//! let mut neighbors = Neighbors::new(1, 2);
//! neighbors.as_mut().fill(0, [(0, 0.01), (3, 8.41)]);
//! let report = recall(&truth, base.view(), queries.view(), &neighbors, 1)?;
//! assert_eq!(report.mean(), 0.5);
//! assert!(recall_interval(&report.per_query(), &Bootstrap::default()).is_some());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod contrast;
mod crossing;
mod depth;
pub mod doctor;
mod family;
mod floor;
mod hierarchy;
mod interval;
mod landing;
mod latency;
mod median_law;
mod method;
mod order;
mod paired;
mod pareto;
mod percentiles;
mod query_means;
mod query_shares;
mod recall;
mod recall_difference;
mod repay;
mod response_cache;
mod samples;
mod selftest;
mod simulate;
mod split;
mod spread;
mod tail;
mod throughput;
mod tier;
mod trend;
mod truth;

// What `GroundTruth::compute` and `from_exact` take and give, so that callers need not name `exact`.
pub use annbench_exact::{
    BlockSearch, ExactError, Options as ExactOptions, Progress as ExactProgress,
};
pub use contrast::relative_contrasts;
pub use crossing::{Crossing, crossing};
pub use depth::depths;
pub use family::Family;
pub use floor::{Verdict, noise_floor, resolution, verdict};
pub use interval::{Bootstrap, Interval, median_interval, recall_interval};
pub use landing::{Landmark, Reach, Step, expected_at, expected_qps, landing, projected_at};
pub use latency::{
    LatencySummary, MIN_BEYOND, carried_percentile, percentile, samples_needed, summarize,
};
pub use method::Method;
pub use paired::{independent_ratio, paired_ratio};
pub use pareto::front;
pub use percentiles::percentile_curve;
pub use recall::{QueryRecall, RecallError, RecallReport, recall};
pub use recall_difference::recall_difference;
pub use repay::{Repay, repay};
pub use response_cache::{CACHE_SPEEDUP, repeat_speedup, suspected_cache};
pub use samples::Samples;
pub use selftest::{SelfTest, SelfTestOptions, selftest};
pub use simulate::{Noise, SimulatedRun};
pub use split::{Choice, Figures, choose_and_report};
pub use spread::{Spread, spread};
pub use tail::{LOST_BELOW, RecallTail, TENTHS, recall_tail, tenths};
pub use throughput::{qps, qps_interval, qps_interval_of_these_queries};
pub use tier::{Tier, tiers};
pub use trend::{TREND_LEVEL, Trend, trend};
pub use truth::{GroundTruth, TruthError, TruthParts};

/// The example in the project's README compiles and runs.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
