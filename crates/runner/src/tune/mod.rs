//! Tuning: instead of every point of a grid, those that it takes to find the best.
//!
//! Half of the queries are searched for tuning: points are proposed one by one ([`race`]), measured
//! a few rounds each and journalled ([`session`]). What won is then measured as any run does it, on
//! the other half of the queries, which had no say. Start reading at [`tune`].

mod arms;
mod race;
mod session;
mod trail;

use std::collections::BTreeMap;

use annbench_index::Params;
use annbench_store::results::Load;
use anyhow::Result;

pub use trail::{Landing, Looked, Trail};

use self::{
    arms::Candidate,
    race::{Arm, Race},
    session::Session,
};
use crate::{
    coordinator::IndexCache,
    data::Prepared,
    experiment::{Mistake, Written},
    ledger::Ledger,
    observer::Observer,
    plan::Plan,
    run::{self, Finished, Setup, begin, run},
    truth::Truths,
};

/// The folder of tunings within an experiment's.
const FOLDER: &str = "tuning";

/// A tuning that is done: what was tried, and the run that tells of what won.
#[derive(Debug)]
pub struct Tuned {
    /// What was tried on the tuning queries, and where it landed.
    pub trail: Trail,
    /// The run of the finalists on the other queries.
    pub finished: Finished,
}

/// What a tuning is to find.
#[derive(Debug, Clone, PartialEq)]
pub struct Goal {
    /// The recalls to land on, ascending.
    pub targets: Vec<f64>,
    /// The load whose qps counts.
    pub load: Load,
    /// Points to measure at most.
    pub points: usize,
}

impl Goal {
    /// What the experiment's `[tune]` asks for, under the loads of its plan.
    ///
    /// # Errors
    /// [`Mistake`] where a recall is none, or the mode is not measured.
    pub fn of(written: &Written, plan: &Plan) -> Result<Self, Mistake> {
        let spec = &written.experiment.tune;
        let mut targets = spec.recall.clone();
        targets.sort_by(f64::total_cmp);
        let is_recall = |target: &f64| *target > 0.0 && *target < 1.0;
        if targets.is_empty() || !targets.iter().all(is_recall) {
            let message = "needs recalls between 0 and 1; write [0.9, 0.95, 0.99]";
            return Err(written.places.mistake("tune.recall", message));
        }
        let of_mode = |load: &&Load| spec.mode.is_none_or(|mode| load.mode == mode);
        let load = match spec.mode {
            Some(_) => plan.loads.iter().rfind(of_mode),
            None => plan.loads.first(),
        };
        let load = load.copied().ok_or_else(|| {
            let message = "is not among [measure] modes; add it there";
            written.places.mistake("tune.mode", message)
        })?;
        Ok(Self {
            targets,
            load,
            points: spec.points.unwrap_or(usize::MAX).max(1),
        })
    }
}

/// Looks for the fastest index and parameters at each recall, then measures what won, or goes on
/// where an earlier tuning of the same grid was cut off.
///
/// `grid` is the experiment's plan; its lists of search parameters are the ranges to search.
///
/// # Errors
/// As for [`run`](crate::run()); [`Mistake`] if there are too few queries to halve them.
pub fn tune(
    written: &Written,
    data: &Prepared,
    grid: &Plan,
    goal: &Goal,
    setup: &Setup<'_>,
    observer: &mut dyn Observer,
) -> Result<Tuned> {
    let (tuning, reporting) = data.halves(written, grid.seed)?;
    let compared = grid.compared();
    let candidates = arms::candidates(&compared.builds, &compared.points);
    let plan = bare(grid, &tuning, goal.load);
    let experiment = run::experiment_folder(setup, &plan.name).join(FOLDER);
    let (begun, mut ledger) = begin(written, &tuning, &plan, setup, &experiment, observer)?;
    let search = Search {
        begun: &begun,
        candidates: &candidates,
        tuning: &tuning,
        goal,
        setup,
    };
    let found = search.look(plan, &mut ledger, observer);
    let (mut trail, finalists) = found.map_err(|error| begun.cut_off(error, setup, &ledger))?;
    trail.grid_points = grid.candidates().count();
    let mut chosen = grid.chosen(&reporting, &finalists, setup.registry);
    let share = share_of_budget(chosen.points.len(), grid.points.len());
    chosen.budget = grid.budget.mul_f64(share);
    observer.note(&format!(
        "tune: what won is measured for at most {:.0} s, {:.0} % of the budget",
        chosen.budget.as_secs_f64(),
        100.0 * share
    ));
    let finished = run(written, &reporting, &chosen, setup, observer)?;
    trail.write(&finished.folder.join("tuning.json"))?;
    begun.mark_finished()?;
    Ok(Tuned { trail, finished })
}

/// What finalists get of the budget: as much as they would have had within the grid, so that looking
/// first saves time and costs no precision. A quarter at least, for grids of many points.
fn share_of_budget(finalists: usize, grid: usize) -> f64 {
    (finalists as f64 / grid.max(1) as f64).clamp(0.25, 1.0)
}

/// The grid's builds without points, for the tuning queries and one load.
fn bare(grid: &Plan, tuning: &Prepared, load: Load) -> Plan {
    Plan {
        loads: vec![load],
        points: Vec::new(),
        ..grid.compared().on_queries_of(tuning)
    }
}

/// A build with search parameters.
type Finalist = (usize, Params);

/// What looking takes.
struct Search<'a> {
    begun: &'a run::Begun,
    candidates: &'a [Candidate],
    tuning: &'a Prepared,
    goal: &'a Goal,
    setup: &'a Setup<'a>,
}

impl Search<'_> {
    /// Races the candidates on the tuning queries.
    fn look(
        &self,
        mut plan: Plan,
        ledger: &mut Ledger,
        observer: &mut dyn Observer,
    ) -> Result<(Trail, Vec<Finalist>)> {
        let Setup { cache, stop, .. } = self.setup;
        let truths = Truths::of_run(self.tuning, &plan, cache, stop, observer)?;
        let indexes = self.index_cache()?;
        let proposed = ledger.events().proposed.iter().cloned();
        plan.points = proposed.map(session::planned).collect();
        let mut session = Session {
            workers: plan.builds.iter().map(|_| None).collect(),
            plan,
            candidates: self.candidates,
            load: self.goal.load,
            data: self.tuning,
            truths: &truths,
            begun: self.begun,
            cache: &indexes,
            ledger,
            observer,
            deaths: BTreeMap::new(),
        };
        let arms = self
            .candidates
            .iter()
            .map(|candidate| candidate.arm.clone());
        let arms: Vec<Arm> = arms.collect();
        let mut race = Race::new(&arms, self.goal.points);
        race.run(&self.goal.targets, &mut session)?;
        let trail = Trail::of(&race, self.candidates, &session.plan, self.goal);
        Ok((trail, self.finalists(&race)))
    }

    fn index_cache(&self) -> Result<IndexCache> {
        let Setup {
            registry,
            cache,
            rebuild,
            ..
        } = self.setup;
        let machine = &self.begun.record.machine;
        IndexCache::open(cache, registry, &self.begun.libraries, machine, !rebuild)
    }

    fn finalists(&self, race: &Race<'_>) -> Vec<Finalist> {
        let finalists = race.finalists(&self.goal.targets).into_iter();
        let planned = |(arm, at): (usize, f64)| {
            let candidate = &self.candidates[arm];
            (candidate.build, candidate.at(at))
        };
        finalists.map(planned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finalists_get_the_time_they_would_have_had_in_the_grid() {
        assert_eq!(share_of_budget(6, 12), 0.5);
        assert_eq!(share_of_budget(6, 600), 0.25);
        assert_eq!(share_of_budget(9, 5), 1.0);
    }
}
