//! Measuring: rounds over all operating points, each round in an order of its own.

use std::time::{Duration, Instant};

use annbench_eval::{Bootstrap, qps_interval_of_these_queries};
use annbench_store::results::Settled;
use anyhow::Result;
use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

use super::Coordinator;
use crate::{ledger::PointLoad, plan::Plan, statistics::samples};

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
    ///
    /// A finished run of which something failed is brought to the rounds it had, and no further.
    pub(crate) fn measure_rounds(&mut self) -> Result<(usize, Settled)> {
        let mut clock = Budget::of(self.plan);
        let per_round = self.plan.points.len() * self.plan.loads.len();
        self.observer.begin("measure", Some(clock.total(per_round)));
        let mut round = 0;
        let settled = loop {
            match self.plan.rounds {
                Some(rounds) if round >= rounds => break Settled::Rounds,
                None if self.had_rounds.is_some_and(|had| round >= had) => break self.settled(),
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

    /// Why a run that is only repaired goes no further.
    fn settled(&self) -> Settled {
        match self.is_narrow() {
            true => Settled::Target,
            false => Settled::Budget,
        }
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
            // No rate was low enough in any round: there is nothing to be made narrower.
            if samples.is_empty() && !events.rounds_of(key).is_empty() {
                return true;
            }
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
