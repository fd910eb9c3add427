//! Going on after a worker died in the middle of a point.

use anyhow::Result;

use super::Coordinator;
use crate::{ledger::PointLoad, worker::protocol::Request};

/// Deaths after which the rest of a build's points is given up: an index that is broken as such
/// would die at each, and one that hangs would spend a `point_timeout` on each.
const DEATHS: usize = 3;

impl Coordinator<'_> {
    /// Replaces the worker of a build, which died for this reason, or gives up the build's points
    /// that were never measured. Those that were keep what they have.
    pub(super) fn restart(&mut self, build: usize, reason: &str) -> Result<()> {
        self.workers[build] = None;
        let deaths = self.deaths.entry(build).or_default();
        *deaths += 1;
        if *deaths < DEATHS && self.replace(build)? {
            return Ok(());
        }
        for key in self.unmeasured(build) {
            self.record_failure(key, reason)?;
        }
        Ok(())
    }

    /// Whether another worker could load the index.
    fn replace(&mut self, build: usize) -> Result<bool> {
        let Some(path) = self.index_of(build) else {
            return Ok(false);
        };
        let label = self.plan.builds[build].label.clone();
        match self.start(build, &label, &Request::Load { path })? {
            Ok((worker, _)) => self.workers[build] = Some(worker),
            Err(reason) => self.observer.note(&format!("{label}: {reason}")),
        }
        Ok(self.workers[build].is_some())
    }

    /// Points of a build that have neither a time nor a failure.
    fn unmeasured(&self, build: usize) -> Vec<PointLoad> {
        let events = self.ledger.events();
        let points = self.plan.points_of(build);
        let keys = points.flat_map(|(point, _)| self.plan.loads_of(point));
        keys.filter(|key| events.rounds_of(*key).is_empty() && !events.failed.contains_key(key))
            .collect()
    }
}
