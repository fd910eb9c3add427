//! The coordinator: builds one index a worker, then measures round by round over all of them, one
//! worker at a time, the others asleep.

mod build;
mod process;
mod rounds;

use crate::{data::Prepared, folder::RunFolder, ledger::Ledger, observer::Observer, plan::Plan};

pub use process::{Launcher, WorkerError, WorkerProcess};

/// One run under way.
pub(crate) struct Coordinator<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) data: &'a Prepared,
    pub(crate) truth: &'a annbench_eval::GroundTruth,
    pub(crate) launcher: &'a Launcher,
    pub(crate) folder: &'a RunFolder,
    pub(crate) ledger: &'a mut Ledger,
    pub(crate) observer: &'a mut dyn Observer,
    /// One worker a build, in the plan's order; none where the build failed or the worker died.
    pub(crate) workers: Vec<Option<WorkerProcess>>,
}
