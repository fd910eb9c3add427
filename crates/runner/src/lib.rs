//! From an experiment file to measured rows.
//!
//! [`Experiment`] is what a user writes, [`Plan`] what it means for this data on this machine,
//! [`run`] does it: it starts a worker process a build ([`worker`]), measures round by round over
//! all of them, and writes every finished measurement down before the next begins. Start reading at
//! [`run`].
//!
//! Invariants:
//!
//! - everything a user can get wrong fails before the first build, pointing at file, line and column;
//! - no backend is known here: they come in a [`Registry`](annbench_index::Registry), and the tests
//!   of this crate run with no index library on the machine;
//! - a timed region holds the search alone;
//! - a run that is cut off at any moment loses no finished measurement, and goes on when it is
//!   started again.

mod compare;
mod coordinator;
mod data;
mod describe;
mod experiment;
mod folder;
mod git;
mod glance;
mod insertion;
mod ledger;
mod libraries;
mod machine;
mod observer;
mod plan;
mod resume;
mod rows;
mod run;
mod runs;
mod so_far;
mod split;
mod statistics;
mod threads;
mod truth;
mod tune;
pub mod worker;

pub use coordinator::{Interrupted, Launcher, Limit, Stop, WorkerError, WorkerProcess};
pub use data::Prepared;
pub use experiment::{
    Axes, BlasEnv, Counts, DatasetSpec, Experiment, IndexSpec, MachineSpec, MeasureSpec, Mistake,
    Place, Places, QueriesSpec, QueryTexts, Subsets, TextSplit, Times, TuneSpec, Written,
    experiment_schema,
};
pub use folder::RunFolder;
pub use machine::{Environment, Steering, machine};
pub use observer::{Observer, Silent};
pub use plan::{Plan, PlannedBuild, PlannedPoint};
pub use rows::ByMethod;
pub use run::{Finished, Setup, run};
pub use runs::{FoundRun, NoRun, RunState, Runs};
pub use so_far::{SoFar, SoFarError, so_far};
pub use threads::all_threads;
pub use truth::{TooLarge, TruthBase, TruthCache, TruthJob, TruthKey};
pub use tune::{Goal, Landing, Looked, Trail, Tuned, tune};
