//! Doubts about one operating point.

use annbench_eval::{CACHE_SPEEDUP, samples_needed, trend};
use annbench_store::results::Warning;

use super::{PointBuilder, seconds};
use crate::{ledger::Answered, threads::all_threads, worker::Disturbance};

impl PointBuilder<'_> {
    /// What a reader must know of the point.
    pub(super) fn warnings(&self, answered: Option<&Answered>) -> Vec<Warning> {
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
        warnings.extend(self.remembers());
        warnings.extend(self.trend());
        warnings.extend(self.disturbed());
        warnings.extend(self.fell_behind());
        warnings
    }

    /// Answers that seem to be looked up rather than searched for.
    fn remembers(&self) -> Option<Warning> {
        let speedups = self
            .rounds()
            .iter()
            .filter_map(|timed| timed.repeat_speedup);
        let speedup = speedups.max_by(f64::total_cmp)?;
        (speedup >= CACHE_SPEEDUP).then_some(Warning::SuspectedCache { speedup })
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
