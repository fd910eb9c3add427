//! Doubts about one operating point.

use annbench_eval::samples_needed;
use annbench_store::results::Warning;

use super::{
    PointBuilder,
    conditions::{not_as_asked, of_rounds},
};
use crate::ledger::Answered;

impl PointBuilder<'_> {
    /// What a reader must know of the point.
    pub(super) fn warnings(&self, answered: Option<&Answered>) -> Vec<Warning> {
        let Some(answered) = answered else {
            return Vec::new();
        };
        let mut warnings = Vec::new();
        warnings.extend(self.clamped(answered));
        warnings.extend(self.below_one());
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
        warnings.extend(self.fell_behind());
        warnings.extend(of_rounds(self.key.1, self.rounds()));
        warnings.extend(not_as_asked(self.key.1, &self.in_force()));
        warnings.extend(self.not_cold());
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

    fn not_cold(&self) -> Option<Warning> {
        let read_bytes = self.cold()?.read_bytes?;
        let build = self.events.builds.get(&self.planned.build)?;
        let file_bytes = build.memory.serialized_bytes?;
        (read_bytes < file_bytes / 2).then_some(Warning::NotCold {
            read_bytes,
            file_bytes,
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

    fn below_one(&self) -> Option<Warning> {
        let recall = self.recall()?.value;
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

/// Share of the queries offered that an index must answer to keep up: random arrivals alone make
/// the last of 1,000 come 3 percent early or late.
const KEEPS_UP: f64 = 0.9;

fn is_short(warning: &Warning) -> bool {
    matches!(warning, Warning::PercentileWithheld { samples, needed, .. } if samples < needed)
}
