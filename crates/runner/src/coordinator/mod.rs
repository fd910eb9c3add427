//! The coordinator: builds one index a worker, then measures round by round over all of them, one
//! worker at a time, the others asleep.

mod build;
mod build_row;
mod death;
mod disk;
mod index_cache;
mod measurement;
mod process;
mod restart;
mod rounds;
mod steps;
mod stop;

use std::collections::BTreeMap;

use crate::{
    data::Prepared, folder::RunFolder, insertion::Order, ledger::Ledger, machine::Placement,
    observer::Observer, plan::Plan, truth::Truths,
};

pub use death::WorkerError;
pub(crate) use index_cache::IndexCache;
pub(crate) use measurement::REWARM_QUERIES;
pub use process::{Launcher, Limit, WorkerProcess};
pub use stop::{Interrupted, Stop};

/// One run under way.
pub(crate) struct Coordinator<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) data: &'a Prepared,
    pub(crate) truths: &'a Truths,
    pub(crate) launcher: &'a Launcher,
    /// Where measured threads run.
    pub(crate) placement: &'a Placement,
    pub(crate) folder: &'a RunFolder,
    pub(crate) ledger: &'a mut Ledger,
    pub(crate) observer: &'a mut dyn Observer,
    /// Rounds that a finished run had of which something failed; none of others.
    pub(crate) had_rounds: Option<usize>,
    /// One worker a build, in the plan's order; none where the build failed or the worker died.
    pub(crate) workers: Vec<Option<WorkerProcess>>,
    /// Orders in which indexes that are built again, or on a part of the base, insert it, by build.
    pub(crate) orders: BTreeMap<usize, Order>,
    /// How often the worker of a build has died while it was measured.
    pub(crate) deaths: BTreeMap<usize, usize>,
    /// Indexes built before, here or by other runs.
    pub(crate) cache: &'a IndexCache,
}

impl Coordinator<'_> {
    /// The order in which a build inserts the base; none where it is the base's own.
    fn insertion_order(&mut self, build: usize) -> Option<&Order> {
        let planned = &self.plan.builds[build];
        if planned.repetition == 0 && planned.n == self.data.card.n {
            return None;
        }
        let shuffled = || Order::shuffled(self.data.card.n, planned.seed).first(planned.n);
        Some(self.orders.entry(build).or_insert_with(shuffled))
    }
}
