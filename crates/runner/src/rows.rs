//! From what was written down to the rows people read.

use annbench_eval::{
    Method, Samples, qps_interval, qps_interval_of_these_queries, recall_interval, samples_needed,
    spread, summarize, trend,
};
use annbench_store::results::{
    BuildRow, Estimate, LatencyUs, Load, Noise, PointRow, QueryRow, Role, Settled, SplitChoice,
    Spread, Status, Warning,
};

use crate::{
    compare,
    ledger::{Answered, Events, PointLoad, Timed},
    plan::{Plan, PlannedPoint},
    split,
    statistics::{bootstrap, estimate, samples},
    threads::all_threads,
    worker::Disturbance,
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
        if answered.repeated > 0 {
            warnings.push(Warning::RepeatedIds {
                ids: answered.repeated,
            });
        }
        warnings.extend(self.withheld());
        warnings.extend(self.trend());
        warnings.extend(self.disturbed());
        warnings.extend(self.fell_behind());
        warnings
    }

    fn trend(&self) -> Option<Warning> {
        let rounds_s: Vec<f64> = self.rounds().iter().map(seconds).collect();
        let drift = trend(&rounds_s)?.drift;
        (drift.abs() >= WORTH_A_WORD).then_some(Warning::Trend { drift })
    }

    fn disturbed(&self) -> Vec<Warning> {
        let rounds = self.rounds().iter().map(|timed| timed.disturbance);
        let all = rounds.fold(Disturbance::default(), Disturbance::plus);
        let percent = |seconds: f64| 100.0 * seconds / (all.watched_s * all_threads() as f64);
        let mut warnings = Vec::new();
        // Books are kept in hundredths of a second: of less than half a second they say nothing.
        let (others_percent, steal_percent) = (percent(all.others_s), percent(all.steal_s));
        if all.watched_s > 0.5 && others_percent + steal_percent > MUCH_OF_THE_CPU {
            warnings.push(Warning::Disturbed {
                others_percent,
                steal_percent,
            });
        }
        if all.major_faults > 0 {
            warnings.push(Warning::PageFaults {
                pages: all.major_faults,
            });
        }
        warnings
    }

    /// In mode open loop, a point that answered fewer queries than arrived.
    fn fell_behind(&self) -> Option<Warning> {
        let offered_qps = self.key.1.rate_qps? as f64;
        let answered_qps = self.qps()?.value;
        (answered_qps < KEEPS_UP * offered_qps).then_some(Warning::FellBehind {
            offered_qps,
            answered_qps,
        })
    }

    /// Parameters that the library did not take as they were asked for.
    fn clamped<'s>(&'s self, answered: &'s Answered) -> impl Iterator<Item = Warning> + 's {
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
        match self.key.1.mode.times_queries() {
            true => withheld.filter(is_short).collect(),
            false => Vec::new(),
        }
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

/// An exact index below this is wrong, not merely rounded: float arithmetic may swap two neighbours
/// that are equally near but for the last bits, in a query here and there.
const EXACT_ENOUGH: f64 = 0.99;

/// Drift from the first round to the last that a reader should know of: less than the width that
/// intervals are asked to have, it changes no decision.
const WORTH_A_WORD: f64 = 0.02;

/// Share of the machine, in percent, that other work may take before a figure is doubtful.
const MUCH_OF_THE_CPU: f64 = 5.0;

/// Share of the queries offered that an index must answer to keep up: random arrivals alone make
/// the last of 1,000 come 3 percent early or late.
const KEEPS_UP: f64 = 0.9;

fn is_short(warning: &Warning) -> bool {
    matches!(warning, Warning::PercentileWithheld { samples, needed, .. } if samples < needed)
}

fn seconds(timed: &Timed) -> f64 {
    timed.elapsed_ns as f64 / 1e9
}
