//! From what was written down to the rows people read: the statistics.

use annbench_eval::{
    Bootstrap, Interval, median_interval, recall_interval, samples_needed, summarize,
};
use annbench_store::results::{
    BuildRow, Estimate, LatencyUs, Mode, PointRow, QueryRow, Status, Warning,
};

use crate::{
    ledger::{Answered, Events, PointMode, Timed},
    plan::{Plan, PlannedPoint},
};

/// Share of repetitions whose interval is to hold the truth.
const LEVEL: f64 = 0.95;

/// The rows of a run's tables.
pub(crate) struct Rows {
    pub(crate) builds: Vec<BuildRow>,
    pub(crate) points: Vec<PointRow>,
    pub(crate) queries: Vec<QueryRow>,
}

pub(crate) fn rows(plan: &Plan, n: usize, events: &Events) -> Rows {
    let mut rows = Rows {
        builds: events.builds.values().cloned().collect(),
        points: Vec::new(),
        queries: Vec::new(),
    };
    for (number, planned) in plan.points.iter().enumerate() {
        for &mode in &plan.modes {
            let row = PointBuilder {
                plan,
                events,
                planned,
                key: (number, mode),
                divisor: plan.k.min(n),
            };
            rows.points.push(row.point());
            rows.queries.extend(row.queries());
        }
    }
    rows
}

/// Makes the rows of one operating point in one mode.
struct PointBuilder<'a> {
    plan: &'a Plan,
    events: &'a Events,
    planned: &'a PlannedPoint,
    key: PointMode,
    /// Hits that make a recall of 1.
    divisor: usize,
}

impl PointBuilder<'_> {
    fn point(&self) -> PointRow {
        let build = &self.plan.builds[self.planned.build];
        let answered = self.events.answered.get(&self.key);
        let effective = answered.map_or(&self.planned.search, |answered| &answered.effective);
        PointRow {
            point: self.key.0,
            build: self.planned.build,
            label: build.label.clone(),
            backend: build.backend.clone(),
            requested: self.planned.search.to_map(),
            effective: effective.to_map(),
            mode: self.key.1,
            threads: match self.key.1 {
                Mode::Single => 1,
                Mode::Batch => self.plan.threads,
            },
            k: self.plan.k,
            status: self.status(),
            recall: answered.and_then(|answered| self.recall(answered)),
            qps: self.qps(),
            latency_us: self.latency_us(),
            n_queries: answered.map_or(0, |answered| answered.hits.len()),
            rounds_s: self.rounds().iter().map(seconds).collect(),
            warnings: self.warnings(answered),
        }
    }

    fn rounds(&self) -> &[Timed] {
        self.events.rounds_of(self.key)
    }

    fn status(&self) -> Status {
        let build = self.events.builds.get(&self.planned.build);
        let build = build.map(|build| &build.status);
        let failed = self.events.failed.get(&self.key);
        match (build, failed, self.rounds()) {
            (Some(Status::Failed(reason)), _, _) => Status::Failed(reason.clone()),
            (_, Some(failed), _) => Status::Failed(failed.reason.clone()),
            (_, None, []) => Status::Failed("was not measured".into()),
            _ => Status::Ok,
        }
    }

    fn per_query_recall(&self, answered: &Answered) -> Vec<f64> {
        let share = |&hits: &u32| f64::from(hits) / self.divisor as f64;
        answered.hits.iter().map(share).collect()
    }

    fn recall(&self, answered: &Answered) -> Option<Estimate> {
        let bootstrap = Bootstrap {
            seed: self.plan.seed,
            level: LEVEL,
            ..Bootstrap::default()
        };
        recall_interval(&self.per_query_recall(answered), &bootstrap).map(estimate)
    }

    fn qps(&self) -> Option<Estimate> {
        let n_queries = self.events.answered.get(&self.key)?.hits.len() as f64;
        let rounds = self.rounds().iter();
        let qps: Vec<f64> = rounds.map(|timed| n_queries / seconds(timed)).collect();
        median_interval(&qps, LEVEL).map(estimate)
    }

    fn latency_us(&self) -> Option<LatencyUs> {
        let summary = summarize(&mut self.samples_ns())?;
        let us = |ns: u64| ns as f64 / 1e3;
        Some(LatencyUs {
            mean: summary.mean / 1e3,
            std: summary.std / 1e3,
            p50: us(summary.p50),
            p95: summary.p95.map(us),
            p99: summary.p99.map(us),
        })
    }

    /// The latencies of all rounds together.
    fn samples_ns(&self) -> Vec<u64> {
        let rounds = self.rounds().iter();
        rounds
            .flat_map(|timed| timed.latencies_ns.iter().copied())
            .collect()
    }

    fn warnings(&self, answered: Option<&Answered>) -> Vec<Warning> {
        let Some(answered) = answered else {
            return Vec::new();
        };
        let mut warnings = Vec::new();
        warnings.extend(self.clamped(answered));
        warnings.extend(self.below_one(answered));
        let short = |&&returned: &&u32| (returned as usize) < self.divisor;
        let short = answered.returned.iter().filter(short).count();
        if short > 0 {
            warnings.push(Warning::FewerThanK { queries: short });
        }
        if answered.out_of_range > 0 {
            warnings.push(Warning::IdsOutOfRange {
                ids: answered.out_of_range,
            });
        }
        let changed = self.rounds().iter().map(|timed| timed.changed).max();
        if let Some(queries) = changed.filter(|&queries| queries > 0) {
            warnings.push(Warning::UnstableResults { queries });
        }
        warnings.extend(self.withheld());
        warnings
    }

    /// Parameters that the library did not take as they were asked for.
    fn clamped<'a>(&'a self, answered: &'a Answered) -> impl Iterator<Item = Warning> + 'a {
        let pairs = answered.effective.iter();
        pairs.filter_map(|(key, effective)| {
            let requested = self.planned.search.get(key)?;
            (requested != effective).then(|| Warning::Adjusted {
                key: key.to_owned(),
                requested: requested.clone(),
                effective: effective.clone(),
                reason: "the library clamps it".into(),
            })
        })
    }

    fn below_one(&self, answered: &Answered) -> Option<Warning> {
        let recall = self.recall(answered)?.value;
        let build = &self.plan.builds[self.planned.build];
        (build.is_exact && recall < EXACT_ENOUGH).then_some(Warning::ExactBelowOne { recall })
    }

    /// Percentiles of single latencies that too few samples carry; of batches, nobody expects any.
    fn withheld(&self) -> Vec<Warning> {
        let samples = self.samples_ns().len();
        let percentiles = [95.0, 99.0].into_iter();
        let withheld = percentiles.map(|percentile| Warning::PercentileWithheld {
            percentile,
            samples,
            needed: samples_needed(percentile),
        });
        match self.key.1 {
            Mode::Single => withheld.filter(is_short).collect(),
            Mode::Batch => Vec::new(),
        }
    }

    fn queries(&self) -> Vec<QueryRow> {
        let Some(answered) = self.events.answered.get(&self.key) else {
            return Vec::new();
        };
        let counts = answered.hits.iter().zip(&answered.returned).enumerate();
        let row = |(query_idx, (&hits, &returned)): (usize, (&u32, &u32))| QueryRow {
            point: self.key.0,
            mode: self.key.1,
            query_idx,
            latency_ns: self.latency_ns(query_idx),
            hits: hits as usize,
            returned: returned as usize,
        };
        counts.map(row).collect()
    }

    fn latency_ns(&self, query_idx: usize) -> Option<u64> {
        if self.key.1 == Mode::Batch {
            return None;
        }
        let rounds = self.rounds().iter();
        let mut latencies_ns: Vec<u64> = rounds
            .filter_map(|timed| timed.latencies_ns.get(query_idx).copied())
            .collect();
        Some(summarize(&mut latencies_ns)?.p50)
    }
}

/// An exact index below this is wrong, not merely rounded: float arithmetic may swap two neighbours
/// that are equally near but for the last bits, in a query here and there.
const EXACT_ENOUGH: f64 = 0.99;

fn is_short(warning: &Warning) -> bool {
    matches!(warning, Warning::PercentileWithheld { samples, needed, .. } if samples < needed)
}

fn seconds(timed: &Timed) -> f64 {
    timed.latencies_ns.iter().sum::<u64>() as f64 / 1e9
}

fn estimate(interval: Interval) -> Estimate {
    Estimate {
        value: interval.value,
        low: interval.low,
        high: interval.high,
    }
}
