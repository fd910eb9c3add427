//! From what was written down to the rows people read.

mod conditions;
mod doubts;
mod repay;
mod scaling;

use std::time::Duration;

use annbench_eval::{
    Method, Samples, median_interval, qps_interval, qps_interval_of_these_queries, recall_interval,
    spread, summarize,
};
use annbench_store::results::{
    BuildRow, ColdStart, Estimate, InForce, LatencyUs, Load, Noise, PointRow, QueryRow, RecallAt,
    Role, Scaling, Settled, SplitChoice, Spread, Status, tables::PointLatencies,
};

use crate::{
    compare,
    ledger::{Answered, Events, PointLoad, Timed},
    plan::{Plan, PlannedPoint},
    split,
    statistics::{bootstrap, estimate, samples},
};

/// The rows of a run's tables.
pub(crate) struct Rows {
    pub(crate) builds: Vec<BuildRow>,
    pub(crate) points: Vec<PointRow>,
    pub(crate) queries: Vec<QueryRow>,
    pub(crate) noise: Vec<Noise>,
    pub(crate) by_method: Vec<ByMethod>,
    pub(crate) choices: Vec<SplitChoice>,
    pub(crate) scaling: Vec<Scaling>,
}

/// Queries a second of one point, as one method sums its samples up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ByMethod {
    /// Number of the point.
    pub point: usize,
    /// How its queries were offered.
    pub load: Load,
    /// The method.
    pub method: Method,
    /// Queries a second.
    pub qps: f64,
}

/// The rows of all that was measured; `settled` says why no further round was.
pub(crate) fn rows(plan: &Plan, n: usize, events: &Events, settled: Settled) -> Rows {
    let builds = events.builds.values();
    let mut rows = Rows {
        builds: builds
            .filter(|row| !plan.builds[row.build].is_control)
            .cloned()
            .collect(),
        points: Vec::new(),
        queries: Vec::new(),
        noise: Vec::new(),
        by_method: Vec::new(),
        choices: Vec::new(),
        scaling: Vec::new(),
    };
    for (number, planned) in plan.points.iter().enumerate() {
        for key in plan.loads_of(number) {
            let row = PointBuilder {
                plan,
                events,
                planned,
                key,
                divisor: plan.k.min(n),
                settled,
            };
            rows.points.push(row.point());
            if planned.role == Role::Candidate {
                rows.queries.extend(row.queries());
                rows.by_method.extend(row.by_method());
            }
        }
    }
    rows.noise = compare::compare(plan, events, &mut rows.points);
    rows.choices = split::choices(plan, events, &rows.points);
    repay::fill_in(&rows.builds, &mut rows.points);
    rows.scaling = scaling::scaling(&rows.builds, &rows.points);
    rows
}

/// Latencies of the points that are compared, where a query has one; all rounds together.
pub(crate) fn latencies(plan: &Plan, events: &Events) -> impl Iterator<Item = PointLatencies> {
    let keys = plan
        .candidates()
        .flat_map(move |(point, _)| plan.loads_of(point));
    let timed = keys.filter(|(_, load)| load.mode.times_queries());
    timed.filter_map(move |(point, load)| {
        let rounds = events.rounds_of((point, load));
        let latencies_ns = rounds.iter().flat_map(|timed| &timed.latencies_ns);
        let elapsed = |timed: &Timed| Duration::from_nanos(timed.elapsed_ns);
        (!rounds.is_empty()).then(|| PointLatencies {
            point,
            load,
            latencies_ns: latencies_ns.copied().collect(),
            elapsed: rounds.iter().map(elapsed).sum(),
        })
    })
}

/// Whether two builds are of one index, be it on another part of the base or built again.
fn is_same_index(a: &BuildRow, b: &BuildRow) -> bool {
    (&a.label, &a.backend, &a.requested) == (&b.label, &b.backend, &b.requested)
}

/// Makes the rows of one operating point in one mode.
struct PointBuilder<'a> {
    plan: &'a Plan,
    events: &'a Events,
    planned: &'a PlannedPoint,
    key: PointLoad,
    /// Hits that make a recall of 1.
    divisor: usize,
    settled: Settled,
}

impl<'a> PointBuilder<'a> {
    fn point(&self) -> PointRow {
        let build = &self.plan.builds[self.planned.build];
        let answered = self.events.answered.get(&self.key);
        let qps = self.qps();
        let effective = answered.map_or(&self.planned.search, |answered| &answered.effective);
        PointRow {
            point: self.key.0,
            build: self.planned.build,
            label: build.label.clone(),
            backend: build.backend.clone(),
            requested: self.planned.search.to_map(),
            effective: effective.to_map(),
            mode: self.key.1.mode,
            threads: self.key.1.threads,
            rate_qps: self.key.1.rate_qps,
            slo_p99_us: self.key.1.slo_p99_us,
            distinct_queries: self.key.1.distinct_queries,
            role: self.planned.role,
            n: build.n,
            k: self.plan.k,
            status: self.status(),
            recall: answered.and_then(|_| self.recall()),
            recall_at: answered.map_or_else(Vec::new, |answered| self.recall_at(answered)),
            qps,
            repay: None,
            tier: None,
            ties: Vec::new(),
            spread: self.spread(),
            settled: self.settled(),
            latency_us: self.latency_us(),
            n_queries: self.n_queries().unwrap_or(0),
            rounds_s: self.rounds().iter().map(seconds).collect(),
            in_force: self.in_force(),
            cold: self.cold(),
            warnings: self.warnings(answered),
        }
    }

    fn samples(&self) -> Samples<'a> {
        samples(self.plan, self.events, self.key)
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

    /// Query by query, the mean over all builds of the index, of the hits that `of` picks; `divisor`
    /// of them make a recall of 1. A build without them does not count.
    fn per_query_recall(
        &self,
        of: impl for<'h> Fn(&'h Answered) -> Option<&'h Vec<u32>>,
        divisor: usize,
    ) -> Vec<f64> {
        let repetitions = self.plan.repetitions_of(self.key.0);
        let all: Vec<&Vec<u32>> = repetitions
            .filter_map(|(point, _)| of(self.events.answered.get(&(point, self.key.1))?))
            .collect();
        let share = |query_idx: usize| {
            let hits = all.iter().map(|hits| f64::from(hits[query_idx]));
            hits.sum::<f64>() / (all.len() * divisor) as f64
        };
        (0..all.first().map_or(0, |hits| hits.len()))
            .map(share)
            .collect()
    }

    /// None for the null index, which finds nothing on purpose.
    fn recall(&self) -> Option<Estimate> {
        let recalls = self.per_query_recall(|answered| Some(&answered.hits), self.divisor);
        let interval = recall_interval(&recalls, &bootstrap(self.plan.seed))?;
        (self.planned.role != Role::Null).then(|| estimate(interval))
    }

    /// That of the first few answers.
    fn recall_at(&self, answered: &Answered) -> Vec<RecallAt> {
        let recall = |&k: &usize| {
            let divisor = k.min(self.divisor);
            let recalls = self.per_query_recall(|answered| answered.hits_at.get(&k), divisor);
            let interval = recall_interval(&recalls, &bootstrap(self.plan.seed))?;
            Some(RecallAt {
                k,
                recall: estimate(interval),
            })
        };
        answered.hits_at.keys().filter_map(recall).collect()
    }

    /// Queries a round, if there was one.
    fn n_queries(&self) -> Option<usize> {
        let answered = self.events.answered.contains_key(&self.key);
        answered.then_some(self.plan.n_queries)
    }

    fn qps(&self) -> Option<Estimate> {
        let samples = self.samples();
        let interval = qps_interval(&samples, self.n_queries()?, &bootstrap(self.plan.seed))?;
        Some(estimate(interval))
    }

    fn by_method(&self) -> Vec<ByMethod> {
        let samples = self.samples();
        let told = |method: Method| {
            Some(ByMethod {
                point: self.key.0,
                load: self.key.1,
                method,
                qps: method.qps(&samples, self.n_queries()?)?,
            })
        };
        Method::ALL.into_iter().filter_map(told).collect()
    }

    fn spread(&self) -> Spread {
        let found = spread(&self.samples(), self.n_queries().unwrap_or(0));
        Spread {
            builds: found.builds,
            rounds: found.rounds,
            queries: found.queries,
        }
    }

    /// A point may be as sharp as was asked for where the run as a whole is not.
    fn settled(&self) -> Option<Settled> {
        let samples = self.samples();
        let bootstrap = bootstrap(self.plan.seed);
        let interval = qps_interval_of_these_queries(&samples, self.n_queries()?, &bootstrap)?;
        let is_narrow = interval.relative_half_width() <= self.plan.target;
        match self.settled {
            Settled::Budget if is_narrow => Some(Settled::Target),
            settled => Some(settled),
        }
    }

    /// Of the first round in which something was refused, if one is; else of the last.
    fn in_force(&self) -> InForce {
        let rounds = self.rounds();
        let refused = rounds.iter().find(|timed| timed.in_force.refused.is_some());
        let shown = refused.or(rounds.last());
        shown
            .map(|timed| timed.in_force.clone())
            .unwrap_or_default()
    }

    fn cold(&self) -> Option<ColdStart> {
        let rounds = || {
            self.rounds()
                .iter()
                .filter_map(|timed| Some((timed, timed.cold?)))
        };
        let load_s: Vec<f64> = rounds().map(|(_, cold)| cold.load_s).collect();
        let first_us = |timed: &Timed| timed.latencies_ns.first().map(|&ns| ns as f64 / 1e3);
        let first_us: Vec<f64> = rounds().filter_map(|(timed, _)| first_us(timed)).collect();
        let read_bytes: Option<Vec<f64>> = rounds()
            .map(|(_, cold)| Some(cold.read_bytes? as f64))
            .collect();
        Some(ColdStart {
            load_s: median(&load_s)?,
            first_query_us: median(&first_us)?,
            read_bytes: read_bytes.and_then(|bytes| Some(median(&bytes)? as u64)),
        })
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

    fn queries(&self) -> Vec<QueryRow> {
        // A query that is asked over and over has no row of its own.
        let asked_once = self.key.1.distinct_queries.is_none();
        let answered = self.events.answered.get(&self.key);
        let Some(answered) = answered.filter(|_| asked_once) else {
            return Vec::new();
        };
        let counts = answered.hits.iter().zip(&answered.returned).enumerate();
        let row = |(query_idx, (&hits, &returned)): (usize, (&u32, &u32))| QueryRow {
            point: self.key.0,
            load: self.key.1,
            query_idx,
            latency_ns: self.latency_ns(query_idx),
            hits: hits as usize,
            returned: returned as usize,
            missed: answered.missed.get(query_idx).cloned().unwrap_or_default(),
        };
        counts.map(row).collect()
    }

    fn latency_ns(&self, query_idx: usize) -> Option<u64> {
        if !self.key.1.mode.times_queries() {
            return None;
        }
        let rounds = self.rounds().iter();
        let mut latencies_ns: Vec<u64> = rounds
            .filter_map(|timed| timed.latencies_ns.get(query_idx).copied())
            .collect();
        Some(summarize(&mut latencies_ns)?.p50)
    }
}

fn median(values: &[f64]) -> Option<f64> {
    Some(median_interval(values, 0.95)?.value)
}

fn seconds(timed: &Timed) -> f64 {
    timed.elapsed_ns as f64 / 1e9
}
