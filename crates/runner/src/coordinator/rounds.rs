//! Measuring: rounds over all operating points, each round in an order of its own.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    time::{Duration, Instant},
};

use annbench_index::Params;
use annbench_store::results::Mode;
use annbench_vectors::Neighbors;
use anyhow::{Context, Result};
use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

use super::{Coordinator, WorkerError};
use crate::{
    ledger::{Answered, Event, Failed, PointMode, Timed},
    threads::all_threads,
    worker::{
        answers::{self, Answers},
        protocol::{MeasureRequest, Reply, Request},
    },
};

/// Queries searched untimed before a point is timed again: another index has had the caches since.
const REWARM_QUERIES: usize = 64;

impl Coordinator<'_> {
    /// Measures until all rounds are done, or until the next one would overrun the budget. The
    /// first round is measured whatever it takes. Returns the number of rounds done.
    pub(crate) fn measure_rounds(&mut self) -> Result<usize> {
        let start = Instant::now();
        let mut longest_round = Duration::ZERO;
        let (rounds, n_points) = (
            self.plan.rounds,
            self.plan.points.len() * self.plan.modes.len(),
        );
        self.observer
            .begin("measure", Some((rounds * n_points) as u64));
        let mut done = 0;
        while done < rounds && (done == 0 || start.elapsed() + longest_round <= self.plan.budget) {
            let round_start = Instant::now();
            self.measure_round(done)?;
            longest_round = longest_round.max(round_start.elapsed());
            done += 1;
        }
        self.observer.end();
        Ok(done)
    }

    fn measure_round(&mut self, round: usize) -> Result<()> {
        let order = self.order_of(round);
        for (position, &key) in order.iter().enumerate() {
            if self.is_due(key, round) {
                self.measure(key, round)?;
            }
            let done = round * order.len() + position + 1;
            self.observer.advance(done as u64);
        }
        Ok(())
    }

    /// All points in all modes, shuffled by the seed and the round.
    fn order_of(&self, round: usize) -> Vec<PointMode> {
        let points = 0..self.plan.points.len();
        let modes = &self.plan.modes;
        let mut order: Vec<PointMode> = points
            .flat_map(|point| modes.iter().map(move |&mode| (point, mode)))
            .collect();
        let mut random = ChaCha8Rng::seed_from_u64(self.plan.seed);
        random.set_stream(round as u64);
        order.shuffle(&mut random);
        order
    }

    fn is_due(&self, key: PointMode, round: usize) -> bool {
        let events = self.ledger.events();
        let build = self.plan.points[key.0].build;
        self.workers[build].is_some()
            && !events.failed.contains_key(&key)
            && !events
                .rounds_of(key)
                .iter()
                .any(|timed| timed.round == round)
    }

    fn measure(&mut self, key: PointMode, round: usize) -> Result<()> {
        match self.ask(key)? {
            Ok((effective, answers)) => self.keep(key, round, effective, answers),
            Err(error) => self.fail(key, error),
        }
    }

    fn ask(&mut self, key: PointMode) -> Result<Result<(Params, Answers), WorkerError>> {
        let (point, mode) = key;
        let planned = &self.plan.points[point];
        let file = self.folder.scratch("answers");
        let warm = self.ledger.events().answered.contains_key(&key);
        let request = Request::Measure(MeasureRequest {
            queries: self.data.queries_path.clone(),
            k: self.plan.k,
            threads: match mode {
                Mode::Single => 1,
                Mode::Batch => self.plan.threads,
            },
            mode,
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
            Ok(Reply::Measured { effective }) => {
                let answers = answers::read(&file).context("read what the worker answered")?;
                Ok(Ok((effective, answers)))
            }
            Ok(other) => Ok(Err(WorkerError::Refused(format!(
                "unexpected reply {other:?}"
            )))),
            Err(error) => Ok(Err(error)),
        }
    }

    fn keep(
        &mut self,
        key: PointMode,
        round: usize,
        effective: Params,
        answers: Answers,
    ) -> Result<()> {
        let (point, mode) = key;
        let ids_hash = ids_hash(&answers.neighbors);
        let changed = match self.ledger.events().answered.get(&key) {
            Some(first) => differences(&first.ids_hash, &ids_hash),
            None => {
                let answered = self.judge(key, effective, &answers.neighbors, ids_hash)?;
                self.ledger.record(Event::Answered(answered))?;
                0
            }
        };
        self.ledger.record(Event::Timed(Timed {
            point,
            mode,
            round,
            latencies_ns: answers.latencies_ns,
            changed,
        }))
    }

    fn judge(
        &self,
        (point, mode): PointMode,
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
            mode,
            effective,
            hits: counts.clone().map(|query| query.hits as u32).collect(),
            returned: counts.map(|query| query.returned as u32).collect(),
            ids_hash,
            out_of_range: report.out_of_range(),
        })
    }

    /// Writes a failed point down. A worker that died is replaced, for the sake of its other points.
    fn fail(&mut self, (point, mode): PointMode, error: WorkerError) -> Result<()> {
        let build = self.plan.points[point].build;
        let error = self.unless_disk_is_full(error.unless_stopped()?)?;
        let reason = error.to_string();
        self.observer
            .note(&format!("{}: {reason}", self.plan.builds[build].label));
        self.record_failure(point, mode, &reason)?;
        match error {
            WorkerError::Refused(_) => Ok(()),
            _ => self.restart(build, &reason),
        }
    }

    pub(super) fn record_failure(&mut self, point: usize, mode: Mode, reason: &str) -> Result<()> {
        self.ledger.record(Event::Failed(Failed {
            point,
            mode,
            reason: reason.to_owned(),
        }))
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
