//! The measuring of a tuning: points proposed one by one, each built, measured and journalled as a
//! run does it, so that a tuning that was cut off goes on.

use std::collections::BTreeMap;

use annbench_eval::{Landmark, qps, recall_interval};
use annbench_index::Params;
use annbench_store::results::{Load, Role};
use anyhow::Result;

use super::{arms::Candidate, race::Measure};
use crate::{
    coordinator::{Coordinator, IndexCache, WorkerProcess},
    data::Prepared,
    ledger::{Event, Ledger, PointLoad, Proposed},
    observer::Observer,
    plan::{Plan, PlannedPoint},
    run::Begun,
    statistics::{bootstrap, samples},
    truth::Truths,
};

/// Rounds that a proposal is measured: their median shrugs off one that was disturbed.
const ROUNDS: usize = 3;

/// A tuning under way.
pub(super) struct Session<'a> {
    pub(super) plan: Plan,
    pub(super) candidates: &'a [Candidate],
    pub(super) load: Load,
    pub(super) data: &'a Prepared,
    pub(super) truths: &'a Truths,
    pub(super) begun: &'a Begun,
    pub(super) cache: &'a IndexCache,
    pub(super) ledger: &'a mut Ledger,
    pub(super) observer: &'a mut dyn Observer,
    pub(super) workers: Vec<Option<WorkerProcess>>,
    pub(super) deaths: BTreeMap<usize, usize>,
}

impl Measure for Session<'_> {
    fn measure(&mut self, arm: usize, at: f64) -> Result<Option<(Landmark, f64)>> {
        let candidate = &self.candidates[arm];
        let (build, search) = (candidate.build, candidate.at(at));
        let point = self.point(build, search)?;
        let key = (point, self.load);
        if self.ledger.events().rounds_of(key).len() < ROUNDS {
            self.measure_key(key)?;
        }
        let found = self.found(key, at);
        self.tell(key, &found);
        Ok(found)
    }
}

impl Session<'_> {
    /// The number of a point: the one it was proposed with before, or a new one.
    fn point(&mut self, build: usize, search: Params) -> Result<usize> {
        let mut points = self.plan.points.iter();
        let known = points.position(|point| point.build == build && point.search == search);
        if let Some(point) = known {
            return Ok(point);
        }
        let proposed = Proposed { build, search };
        self.ledger.record(Event::Proposed(proposed.clone()))?;
        self.plan.points.push(planned(proposed));
        Ok(self.plan.points.len() - 1)
    }

    fn measure_key(&mut self, key: PointLoad) -> Result<()> {
        let mut coordinator = Coordinator {
            plan: &self.plan,
            data: self.data,
            truths: self.truths,
            launcher: &self.begun.launcher,
            placement: &self.begun.placement,
            had_rounds: None,
            folder: &self.begun.folder,
            ledger: self.ledger,
            observer: self.observer,
            workers: std::mem::take(&mut self.workers),
            orders: BTreeMap::new(),
            deaths: std::mem::take(&mut self.deaths),
            cache: self.cache,
        };
        let done = coordinator.measure_alone(key, ROUNDS);
        (self.workers, self.deaths) = (coordinator.workers, coordinator.deaths);
        done
    }

    /// What the journal holds of a point, with the lower end of its recall; none if it failed.
    fn found(&self, key: PointLoad, at: f64) -> Option<(Landmark, f64)> {
        let events = self.ledger.events();
        let answered = events.answered.get(&key)?;
        let n = self.plan.builds[self.plan.points[key.0].build].n;
        let divisor = self.truths.of(n).ok()?.found().max(1) as f64;
        let recalls = answered.hits.iter().map(|&hits| f64::from(hits) / divisor);
        let recalls: Vec<f64> = recalls.collect();
        let recall = recall_interval(&recalls, &bootstrap(self.plan.seed))?;
        let mark = Landmark {
            at,
            recall: recall.value,
            qps: qps(&samples(&self.plan, events, key), recalls.len())?,
        };
        Some((mark, recall.low))
    }

    fn tell(&mut self, (point, _): PointLoad, found: &Option<(Landmark, f64)>) {
        let planned = &self.plan.points[point];
        let label = &self.plan.builds[planned.build].label;
        let name = format!("{label} {}", planned.search);
        let told = match found {
            Some((mark, _)) => format!("recall {:.3}, {:.0} qps", mark.recall, mark.qps),
            None => "could not be measured".to_owned(),
        };
        self.observer
            .note(&format!("tune {}: {}: {told}", point + 1, name.trim_end()));
    }
}

/// A proposal as a point of the plan.
pub(super) fn planned(proposed: Proposed) -> PlannedPoint {
    PlannedPoint {
        build: proposed.build,
        search: proposed.search,
        role: Role::Candidate,
        twin: None,
    }
}
