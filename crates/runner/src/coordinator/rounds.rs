//! Measuring: rounds over all operating points, each round in an order of its own.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    path::Path,
    time::{Duration, Instant},
};

use annbench_eval::{Bootstrap, QueryRecall, qps_interval_of_these_queries};
use annbench_index::Params;
use annbench_store::results::{Role, Settled};
use annbench_vectors::Neighbors;
use anyhow::{Context, Result};
use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

use super::{Coordinator, WorkerError};
use crate::{
    ledger::{Answered, Event, Failed, PointLoad, Timed},
    plan::Plan,
    statistics::samples,
    threads::all_threads,
    worker::{
        Disturbance,
        answers::{self, Answers},
        protocol::{MeasureRequest, Reply, Request},
    },
};

/// Queries searched untimed before a point is timed again: another index has had the caches since.
const REWARM_QUERIES: usize = 64;

/// Rounds measured before it is asked whether they are enough: the fewer, the less an interval
/// knows of its own width.
const ENOUGH_TO_ASK: usize = 5;

/// Rounds measured whatever they take: one has nothing to compare itself with.
const AT_LEAST: usize = 2;

/// Resamples by which it is decided whether to go on: the table's own intervals take more.
const RESAMPLES_TO_ASK: usize = 200;

impl Coordinator<'_> {
    /// Measures until every interval is narrow enough or all rounds asked for are done, or until
    /// the next round would overrun the budget. Says which.
    pub(crate) fn measure_rounds(&mut self) -> Result<(usize, Settled)> {
        let mut clock = Budget::of(self.plan);
        let per_round = self.plan.points.len() * self.plan.loads.len();
        self.observer.begin("measure", Some(clock.total(per_round)));
        let mut round = 0;
        let settled = loop {
            match self.plan.rounds {
                Some(rounds) if round >= rounds => break Settled::Rounds,
                None if round >= ENOUGH_TO_ASK && self.is_narrow() => break Settled::Target,
                _ if round >= AT_LEAST && clock.is_spent() => break Settled::Budget,
                _ => {}
            }
            let begin = Instant::now();
            self.measure_round(round, &clock)?;
            clock.took(begin.elapsed());
            round += 1;
        };
        self.observer.end();
        Ok((round, settled))
    }

    /// Measures one point so many rounds, those it has counted; its index is built where it must be.
    pub(crate) fn measure_alone(&mut self, key: PointLoad, rounds: usize) -> Result<()> {
        let build = self.plan.points[key.0].build;
        let has_failed = self.ledger.events().builds.get(&build);
        let has_failed = has_failed.is_some_and(|row| !row.status.is_ok());
        if self.workers[build].is_none() && !has_failed {
            self.workers[build] = self.provide(build)?;
        }
        for round in 0..rounds {
            if self.is_due(key, round) {
                self.measure(key, round)?;
            }
        }
        Ok(())
    }

    fn measure_round(&mut self, round: usize, clock: &Budget) -> Result<()> {
        let order = self.order_of(round);
        for (position, &key) in order.iter().enumerate() {
            if self.is_due(key, round) {
                self.measure(key, round)?;
            }
            let measured = round * order.len() + position + 1;
            self.observer.advance(clock.done(measured));
        }
        Ok(())
    }

    /// Whether the interval of every point that can still be measured is as narrow as asked for.
    ///
    /// Intervals are those for these very queries: what other queries would change is in the table,
    /// but no further round would make it less.
    fn is_narrow(&self) -> bool {
        let bootstrap = Bootstrap {
            resamples: RESAMPLES_TO_ASK,
            seed: self.plan.seed,
            ..Bootstrap::default()
        };
        let events = self.ledger.events();
        let keys = self
            .plan
            .candidates()
            .flat_map(|(point, _)| self.plan.loads_of(point));
        let live = keys.filter(|key| {
            let build = self.plan.points[key.0].build;
            self.workers[build].is_some() && !events.failed.contains_key(key)
        });
        let n_queries = self.data.card.n_queries;
        live.into_iter().all(|key| {
            let samples = samples(self.plan, events, key);
            let interval = qps_interval_of_these_queries(&samples, n_queries, &bootstrap);
            interval.is_some_and(|interval| interval.relative_half_width() <= self.plan.target)
        })
    }

    /// All points under all loads, shuffled by the seed and the round.
    fn order_of(&self, round: usize) -> Vec<PointLoad> {
        let points = 0..self.plan.points.len();
        let mut order: Vec<PointLoad> =
            points.flat_map(|point| self.plan.loads_of(point)).collect();
        let mut random = ChaCha8Rng::seed_from_u64(self.plan.seed);
        random.set_stream(round as u64);
        order.shuffle(&mut random);
        order
    }

    fn is_due(&self, key: PointLoad, round: usize) -> bool {
        let events = self.ledger.events();
        let build = self.plan.points[key.0].build;
        self.workers[build].is_some()
            && !events.failed.contains_key(&key)
            && !events
                .rounds_of(key)
                .iter()
                .any(|timed| timed.round == round)
    }

    fn measure(&mut self, key: PointLoad, round: usize) -> Result<()> {
        match self.ask(key, round)? {
            Ok(measured) => self.keep(key, round, measured),
            Err(error) => self.fail(key, error),
        }
    }

    fn ask(&mut self, key: PointLoad, round: usize) -> Result<Result<Measured, WorkerError>> {
        let (point, load) = key;
        let planned = &self.plan.points[point];
        let file = self.folder.scratch("answers");
        let warm = self.ledger.events().answered.contains_key(&key);
        let request = Request::Measure(MeasureRequest {
            queries: self.data.queries_path.clone(),
            k: self.plan.k,
            load,
            arrivals_seed: self.plan.seed.wrapping_add(round as u64),
            search: planned.search.clone(),
            warmup_queries: match warm {
                true => REWARM_QUERIES,
                false => self.data.card.n_queries,
            },
            answers: file.clone(),
        });
        let worker = self.workers[planned.build].as_mut();
        let worker = worker.context("a point without a worker was measured")?;
        match worker.ask(&request, self.plan.point_limit(), |_| {}) {
            Ok(Reply::Measured {
                effective,
                elapsed_ns,
                disturbance,
                repeat_speedup,
            }) => Ok(Ok(Measured {
                effective,
                elapsed_ns,
                disturbance,
                repeat_speedup,
                answers: self.answers(planned.build, &file)?,
            })),
            Ok(other) => Ok(Err(WorkerError::Refused(format!(
                "unexpected reply {other:?}"
            )))),
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

    fn keep(&mut self, key: PointLoad, round: usize, measured: Measured) -> Result<()> {
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
        let report = annbench_eval::recall(self.truth, base, queries, neighbors, all_threads())
            .context("compute recall")?;
        let counts = report.queries().iter();
        Ok(Answered {
            point,
            load,
            effective,
            missed: self.missed(point, neighbors, report.queries()),
            hits: counts.clone().map(|query| query.hits as u32).collect(),
            returned: counts.map(|query| query.returned as u32).collect(),
            ids_hash,
            out_of_range: report.out_of_range(),
            repeated: report.repeated(),
        })
    }

    /// What each query missed; of the null index, which finds nothing on purpose, nothing.
    fn missed(&self, point: usize, neighbors: &Neighbors, counts: &[QueryRecall]) -> Vec<Vec<u64>> {
        if self.plan.points[point].role == Role::Null {
            return Vec::new();
        }
        let counts = counts.iter().enumerate();
        let missed = |(query_idx, count): (usize, &QueryRecall)| {
            let returned = neighbors.ids(query_idx);
            self.truth.missed(query_idx, returned, count.hits)
        };
        counts.map(missed).collect()
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

/// What a worker measured once.
struct Measured {
    effective: Params,
    elapsed_ns: u64,
    disturbance: Disturbance,
    repeat_speedup: Option<f64>,
    answers: Answers,
}

/// The time there is for measuring, and how much of it is gone.
struct Budget {
    start: Instant,
    budget: Duration,
    rounds: Option<usize>,
    longest_round: Duration,
}

impl Budget {
    fn of(plan: &Plan) -> Self {
        Self {
            start: Instant::now(),
            budget: plan.budget,
            rounds: plan.rounds,
            longest_round: Duration::ZERO,
        }
    }

    fn took(&mut self, round: Duration) {
        self.longest_round = self.longest_round.max(round);
    }

    /// Whether another round would overrun it.
    fn is_spent(&self) -> bool {
        self.start.elapsed() + self.longest_round > self.budget
    }

    /// What there is to do: measurements where the number of rounds is given, else thousandths of
    /// the time, which may not all be needed.
    fn total(&self, per_round: usize) -> u64 {
        self.rounds
            .map_or(1000, |rounds| (rounds * per_round) as u64)
    }

    /// How much of that is done after so many measurements.
    fn done(&self, measured: usize) -> u64 {
        let of_time = self.start.elapsed().as_secs_f64() / self.budget.as_secs_f64().max(1e-3);
        match self.rounds {
            Some(_) => measured as u64,
            None => (of_time.min(1.0) * 1000.0) as u64,
        }
    }
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
