//! From what was written down to the rows people read.

mod doubts;

use annbench_eval::{
    Method, Samples, qps_interval, qps_interval_of_these_queries, recall_interval, spread,
    summarize,
};
use annbench_store::results::{
    BuildRow, Estimate, LatencyUs, Load, Noise, PointRow, QueryRow, Role, Settled, SplitChoice,
    Spread, Status,
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
    rows
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
            role: self.planned.role,
            k: self.plan.k,
            status: self.status(),
            recall: answered.and_then(|answered| self.recall(answered)),
            qps,
            tier: None,
            ties: Vec::new(),
            spread: self.spread(),
            settled: self.settled(),
            latency_us: self.latency_us(),
            n_queries: answered.map_or(0, |answered| answered.hits.len()),
            rounds_s: self.rounds().iter().map(seconds).collect(),
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

    /// Query by query, the mean over all builds of the index.
    fn per_query_recall(&self, answered: &Answered) -> Vec<f64> {
        let repetitions = self.plan.repetitions_of(self.key.0);
        let all: Vec<&Answered> = repetitions
            .filter_map(|(point, _)| self.events.answered.get(&(point, self.key.1)))
            .collect();
        let share = |query_idx: usize| {
            let hits = all
                .iter()
                .map(|answered| f64::from(answered.hits[query_idx]));
            hits.sum::<f64>() / (all.len() * self.divisor) as f64
        };
        (0..answered.hits.len()).map(share).collect()
    }

    /// None for the null index, which finds nothing on purpose.
    fn recall(&self, answered: &Answered) -> Option<Estimate> {
        let recalls = self.per_query_recall(answered);
        let interval = recall_interval(&recalls, &bootstrap(self.plan.seed))?;
        (self.planned.role != Role::Null).then(|| estimate(interval))
    }

    fn n_queries(&self) -> Option<usize> {
        Some(self.events.answered.get(&self.key)?.hits.len())
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
        let Some(answered) = self.events.answered.get(&self.key) else {
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

fn seconds(timed: &Timed) -> f64 {
    timed.elapsed_ns as f64 / 1e9
}
