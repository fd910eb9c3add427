//! One measurement of one point: asked of its worker, judged, written down.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
};

use annbench_eval::trend;
use annbench_index::Params;
use annbench_store::results::{InForce, Load, Mode, Role};
use annbench_vectors::Neighbors;
use anyhow::{Context, Result};

use super::{Coordinator, WorkerError, WorkerProcess};
use crate::{
    ledger::{Answered, Cold, Event, Failed, PointLoad, Timed},
    threads::all_threads,
    worker::{
        Disturbance,
        answers::{self, Answers},
        protocol::{MeasureRequest, Reply, Request},
        working_set_query,
    },
};

/// Queries searched untimed before a point is timed again: another index has had the caches since.
pub(crate) const REWARM_QUERIES: usize = 64;

/// What a worker measured once.
struct Measured {
    effective: Params,
    elapsed_ns: u64,
    disturbance: Disturbance,
    repeat_speedup: Option<f64>,
    in_force: InForce,
    answers: Answers,
}

impl Coordinator<'_> {
    pub(super) fn measure(&mut self, key: PointLoad, round: usize) -> Result<()> {
        let request = self.request(key, round);
        let asked = match key.1.mode {
            Mode::Cold => self.ask_cold(key, &request)?,
            _ => self.ask(key, &request)?.map(|measured| (measured, None)),
        };
        match asked {
            Ok((measured, cold)) => {
                let warmup_queries = request.warmup_queries;
                self.keep(key, round, warmup_queries, measured, cold)
            }
            Err(error) => self.fail(key, error),
        }
    }

    fn request(&self, key: PointLoad, round: usize) -> MeasureRequest {
        let (point, load) = key;
        MeasureRequest {
            queries: self.data.queries_path.clone(),
            k: self.plan.k,
            load,
            arrivals_seed: self.plan.seed.wrapping_add(round as u64),
            search: self.plan.points[point].search.clone(),
            warmup_queries: warmup_queries(
                load,
                self.ledger.events().rounds_of(key),
                self.data.card.n_queries,
            ),
            cpus: self.placement.measured(load),
            answers: self.folder.scratch("answers"),
        }
    }

    fn ask(
        &mut self,
        (point, load): PointLoad,
        request: &MeasureRequest,
    ) -> Result<Result<Measured, WorkerError>> {
        let build = self.plan.points[point].build;
        let worker = self.workers[build].as_mut();
        let worker = worker.context("a point without a worker was measured")?;
        let aside = self.placement.step_aside(load);
        let reply = worker.ask(
            &Request::Measure(request.clone()),
            self.plan.point_limit(),
            |_| {},
        );
        drop(aside);
        self.measured(build, reply, &request.answers)
    }

    /// Has a new process load the index and search it.
    fn ask_cold(
        &mut self,
        (point, load): PointLoad,
        request: &MeasureRequest,
    ) -> Result<Result<(Measured, Option<Cold>), WorkerError>> {
        let build = self.plan.points[point].build;
        let path = self
            .index_of(build)
            .context("a point without an index was measured")?;
        let log = self.folder.file(format!("logs/cold-{build:02}.log"));
        let mut worker = WorkerProcess::start(self.launcher, &log)?;
        let limit = self.plan.point_limit();
        let aside = self.placement.step_aside(load);
        let loaded = worker.ask(&Request::LoadCold { path }, limit, |_| {});
        let cold = match loaded {
            Ok(Reply::LoadedCold { load_s, read_bytes }) => Cold { load_s, read_bytes },
            Ok(other) => return Ok(Err(unexpected(&other))),
            Err(error) => return Ok(Err(error)),
        };
        let reply = worker.ask(&Request::Measure(request.clone()), limit, |_| {});
        drop(aside);
        let measured = self.measured(build, reply, &request.answers)?;
        Ok(measured.map(|measured| (measured, Some(cold))))
    }

    /// The persisted index of a build.
    pub(super) fn index_of(&self, build: usize) -> Option<PathBuf> {
        let row = self.ledger.events().builds.get(&build)?;
        row.index_file.as_ref().map(|file| self.folder.file(file))
    }

    fn measured(
        &mut self,
        build: usize,
        reply: Result<Reply, WorkerError>,
        answers: &Path,
    ) -> Result<Result<Measured, WorkerError>> {
        match reply {
            Ok(Reply::Measured {
                effective,
                elapsed_ns,
                disturbance,
                repeat_speedup,
                in_force,
            }) => Ok(Ok(Measured {
                effective,
                elapsed_ns,
                disturbance,
                repeat_speedup,
                in_force,
                answers: self.answers(build, answers)?,
            })),
            Ok(other) => Ok(Err(unexpected(&other))),
            Err(error) => Ok(Err(error)),
        }
    }

    /// What a worker answered, by the rows of the base.
    fn answers(&mut self, build: usize, file: &Path) -> Result<Answers> {
        let mut answers = answers::read(file).context("read what the worker answered")?;
        if let Some(order) = self.insertion_order(build) {
            answers.neighbors = order.undone(&answers.neighbors);
        }
        Ok(answers)
    }

    fn keep(
        &mut self,
        key: PointLoad,
        round: usize,
        warmup_queries: usize,
        measured: Measured,
        cold: Option<Cold>,
    ) -> Result<()> {
        let (point, load) = key;
        let neighbors = &measured.answers.neighbors;
        let ids_hash = ids_hash(neighbors);
        let changed = match self.ledger.events().answered.get(&key) {
            Some(first) => differences(&first.ids_hash, &ids_hash),
            None => {
                let answered = self.judge(key, measured.effective, neighbors, ids_hash)?;
                self.ledger.record(Event::Answered(answered))?;
                0
            }
        };
        self.ledger.record(Event::Timed(Timed {
            point,
            load,
            round,
            latencies_ns: measured.answers.latencies_ns,
            elapsed_ns: measured.elapsed_ns,
            disturbance: measured.disturbance,
            repeat_speedup: measured.repeat_speedup,
            changed,
            warmup_queries,
            in_force: measured.in_force,
            cold,
        }))
    }

    fn judge(
        &self,
        (point, load): PointLoad,
        effective: Params,
        neighbors: &Neighbors,
        ids_hash: Vec<u64>,
    ) -> Result<Answered> {
        let (base, queries) = (self.data.base.view(), self.data.queries.view());
        let asked = asked(load, queries.n());
        let neighbors = spread(neighbors, &asked, queries.n());
        let n = self.plan.builds[self.plan.points[point].build].n;
        let truth = self.truths.of(n)?;
        let report = annbench_eval::recall(truth, base, queries, &neighbors, all_threads())
            .context("compute recall")?;
        let counts = asked.iter().map(|&query_idx| report.queries()[query_idx]);
        let missed = |&query_idx: &usize| {
            let hits = report.queries()[query_idx].hits;
            truth.missed(query_idx, neighbors.ids(query_idx), hits)
        };
        let of_asked = |hits: &Vec<u32>| asked.iter().map(|&at| hits[at]).collect();
        let hits_at = report
            .hits_at()
            .iter()
            .map(|(depth, hits)| (*depth, of_asked(hits)));
        // The null index finds nothing, on purpose.
        let (missed, hits_at) = match self.plan.points[point].role {
            Role::Null => (Vec::new(), BTreeMap::new()),
            _ => (asked.iter().map(missed).collect(), hits_at.collect()),
        };
        Ok(Answered {
            point,
            load,
            effective,
            missed,
            hits_at,
            hits: counts.clone().map(|query| query.hits as u32).collect(),
            returned: counts.map(|query| query.returned as u32).collect(),
            ids_hash,
            out_of_range: report.out_of_range(),
            repeated: report.repeated(),
        })
    }

    /// Writes a failed point down. A worker that died is replaced, for the sake of its other points.
    fn fail(&mut self, key: PointLoad, error: WorkerError) -> Result<()> {
        let build = self.plan.points[key.0].build;
        let error = self.unless_disk_is_full(error.unless_stopped()?)?;
        let reason = error.to_string();
        self.observer
            .note(&format!("{}: {reason}", self.plan.builds[build].label));
        self.record_failure(key, &reason)?;
        match error {
            WorkerError::Refused(_) => Ok(()),
            // The worker that died was a new one; the one that was there before still is.
            _ if key.1.mode == Mode::Cold => Ok(()),
            _ => self.restart(build, &reason),
        }
    }

    pub(super) fn record_failure(&mut self, (point, load): PointLoad, reason: &str) -> Result<()> {
        self.ledger.record(Event::Failed(Failed {
            point,
            load,
            reason: reason.to_owned(),
        }))
    }
}

fn unexpected(reply: &Reply) -> WorkerError {
    WorkerError::Refused(format!("unexpected reply {reply:?}"))
}

/// A whole pass the first time; and from then on where rounds have got faster, as those of an index
/// do that was not warm.
fn warmup_queries(load: Load, rounds: &[Timed], n_queries: usize) -> usize {
    let rounds_s = rounds.iter().map(|timed| timed.elapsed_ns as f64);
    let gets_faster = || trend(&rounds_s.collect::<Vec<_>>()).is_some_and(|t| t.drift < 0.0);
    match load.mode {
        Mode::Cold => 0,
        _ if rounds.is_empty() || gets_faster() => n_queries,
        _ => REWARM_QUERIES,
    }
}

/// The queries that are asked under a load, by number.
fn asked(load: Load, n_queries: usize) -> Vec<usize> {
    let distinct = load.distinct_queries.unwrap_or(n_queries);
    let asked = (0..distinct).map(|at| working_set_query(at, distinct, n_queries));
    asked.collect()
}

/// Answers to some queries, each in the place of its query; the other places empty.
fn spread(neighbors: &Neighbors, asked: &[usize], n_queries: usize) -> Neighbors {
    let mut spread = Neighbors::new(n_queries, neighbors.k());
    for (at, &query_idx) in asked.iter().enumerate() {
        let ids = neighbors.ids(at).iter().copied();
        let pairs = ids.zip(neighbors.scores(at).iter().copied());
        spread.row_mut(query_idx).fill(0, pairs);
    }
    spread
}

fn ids_hash(neighbors: &Neighbors) -> Vec<u64> {
    let hash = |query_idx| {
        let mut hasher = DefaultHasher::new();
        neighbors.ids(query_idx).hash(&mut hasher);
        hasher.finish()
    };
    (0..neighbors.n_queries()).map(hash).collect()
}

fn differences(first: &[u64], later: &[u64]) -> usize {
    first.iter().zip(later).filter(|(a, b)| a != b).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::rounds_of;

    fn check(elapsed_ns: &[u64], expected: usize) {
        let single = Load::new(Mode::Single, 1);
        let rounds = rounds_of(single, elapsed_ns);
        assert_eq!(
            warmup_queries(single, &rounds, 1_000),
            expected,
            "{elapsed_ns:?}"
        );
    }

    #[test]
    fn rounds_that_get_faster_are_given_more_warmup() {
        check(&[], 1_000);
        check(&[100, 99, 101, 100, 98, 102, 100, 99], REWARM_QUERIES);
        check(&[150, 140, 130, 120, 115, 110, 105, 101], 1_000);
        check(&[101, 105, 110, 115, 120, 130, 140, 150], REWARM_QUERIES);
    }

    #[test]
    fn a_cold_index_is_not_warmed_up() {
        let cold = Load::new(Mode::Cold, 1);
        assert_eq!(warmup_queries(cold, &[], 1_000), 0);
    }

    #[test]
    fn answers_of_a_working_set_stand_in_the_places_of_its_queries() {
        let load = Load {
            distinct_queries: Some(2),
            ..Load::new(Mode::Single, 1)
        };
        let asked = asked(load, 6);
        assert_eq!(asked, [0, 3]);
        let mut neighbors = Neighbors::new(2, 1);
        neighbors.as_mut().fill(0, [(7, 0.5)]);
        neighbors.as_mut().fill(1, [(9, 0.5)]);
        let spread = spread(&neighbors, &asked, 6);
        let ids: Vec<&[u64]> = (0..6).map(|query_idx| spread.ids(query_idx)).collect();
        assert_eq!(ids, [&[7][..], &[], &[], &[9], &[], &[]]);
    }
}
